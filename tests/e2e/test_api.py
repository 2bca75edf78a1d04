# SPDX-License-Identifier: Apache-2.0
"""The HTTP API: statuses, limits, idempotency, lists, problems; the same on the raw way and through Litestar."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from tests.e2e.api_doubles import World, declaration

from openecp.platform.core.settings import Settings

XML = b"""<?xml version="1.0"?>
<MetaData xmlns="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2">
<Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2">
<FunctionCode>9</FunctionCode><FunctionalReferenceID>X1</FunctionalReferenceID><TypeCode>IMA</TypeCode>
</Declaration></MetaData>"""


@pytest.fixture(params=["raw", "litestar"])
def world(request: pytest.FixtureRequest) -> World:
    return World(Settings(max_body_bytes=20_000, max_list=5), raw=request.param == "raw")


def assert_problem(reply: httpx.Response, status: int, code: str) -> dict:  # type: ignore[type-arg]
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["code"] == code
    assert problem["status"] == status
    for name in ("title", "detail", "expected", "got", "fix"):
        assert problem.get(name), f"{name} is missing: {problem}"
    return problem


def test_lodge_json(world: World) -> None:
    reply = world.lodge(declaration("A"))
    assert reply.status_code == 201
    told = reply.json()
    assert (told["outcome"], told["lrn"], told["mrn"], told["first_seq"]) == ("accepted", "A", "MRNA", 1)


def test_lodge_xml(world: World) -> None:
    for media in ("application/xml", "text/xml; charset=utf-8"):
        body = XML.replace(b"X1", b"X2") if "text" in media else XML
        reply = world.call("POST", "/declarations", content=body, headers={"content-type": media})
        assert reply.status_code == 201, reply.text


def test_a_list_gets_an_answer_for_each(world: World) -> None:
    reply = world.lodge([declaration("A"), 17, declaration("B")])
    assert reply.status_code == 200
    first, second, third = reply.json()
    assert (first["lrn"], first["http_status"], third["lrn"]) == ("A", 201, "B")
    assert second["status"] == 400
    assert second["code"].startswith("OECP-")


def test_limits_of_a_list(world: World) -> None:
    assert_problem(world.lodge([declaration(f"L{n}") for n in range(6)]), 400, "OECP-JSON-LIST")
    assert_problem(world.lodge([]), 400, "OECP-JSON-LIST")
    assert world.store.events() == []


def test_a_request_joins_its_case(world: World) -> None:
    world.lodge(declaration("A"))
    request = {"FunctionCode": "13", "FunctionalReferenceID": "R", "ID": "MRNA", "TypeCode": "COR"}
    reply = world.lodge(request, path="/requests")
    assert reply.status_code == 201
    assert reply.json()["version"] == 2
    unknown = world.lodge({**request, "ID": "NOBODY"})
    assert unknown.status_code == 404


def test_same_key_same_body_gets_the_same_answer_other_body_is_refused(world: World) -> None:
    first = world.lodge(declaration("A"), idempotency_key="k1")
    again = world.lodge(declaration("A"), idempotency_key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "http_status": 200}
    assert_problem(world.lodge(declaration("B"), idempotency_key="k1"), 422, "OECP-IDEMPOTENCY-CONFLICT")
    assert len(world.store.events()) == 1
    assert world.lodge(declaration("C"), token="trader-b", idempotency_key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "\x7f"])
def test_a_key_that_cannot_be_used(world: World, key: str) -> None:
    assert_problem(world.lodge(declaration("A"), idempotency_key=key), 400, "OECP-IDEMPOTENCY-KEY")


@pytest.mark.parametrize(
    ("body", "line"),
    [(b'{"FunctionCode": "9",\n\n "x": }', 3), (b"", 1), (b"\xff\xfe", None), (b"[1", 1), (b"[" * 9999, None)],
)
def test_what_is_not_json_is_400_with_its_line(world: World, body: bytes, line: int | None) -> None:
    reply = world.lodge(body)
    assert reply.status_code == 400, reply.text
    problem = reply.json()
    assert problem["code"].startswith("OECP-")
    if line is not None:
        assert problem["line"] == line


def test_xml_faults_are_400_with_their_line(world: World) -> None:
    for body in (XML + b"junk", XML[:150], b'<!DOCTYPE a [<!ENTITY b "c">]><Declaration/>', b"<Response/>"):
        reply = world.call("POST", "/declarations", content=body, headers={"content-type": "application/xml"})
        assert reply.status_code == 400, reply.text
        assert reply.json()["code"].startswith("OECP-")
        assert reply.json()["fix"]


def test_body_above_the_limit_is_413_by_header_and_by_count(world: World) -> None:
    large = json.dumps(declaration("x" * 30_000)).encode()
    assert_problem(world.lodge(large), 413, "OECP-TOO-LARGE")

    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(30):
            yield b" " * 1000

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=world.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            headers = {"content-type": "application/json", "authorization": "Bearer trader-a"}
            return await client.post("/declarations", content=chunks(), headers=headers)

    assert_problem(asyncio.run(once()), 413, "OECP-TOO-LARGE")


@pytest.mark.parametrize("media", ["text/plain", "", "application/json; charset=utf-16", "multipart/form-data"])
def test_other_media_types_are_415(world: World, media: str) -> None:
    assert_problem(world.lodge(declaration("A"), content_type=media), 415, "OECP-MEDIA-TYPE")


def test_headers_above_the_limit_are_431(world: World) -> None:
    reply = world.lodge(declaration("A"), x_more="y" * 20_000)
    assert_problem(reply, 431, "OECP-HEADERS")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer " + "x" * 600])
def test_without_a_good_token_401(world: World, header: str | None) -> None:
    headers = {"authorization": header} if header is not None else {}
    reply = world.call("GET", "/declarations", token=None, headers=headers)
    assert_problem(reply, 401, "OECP-TOKEN")
    assert "Bearer" in reply.headers["www-authenticate"]


def test_tokens_are_remembered_for_a_moment_and_a_lost_store_is_503(world: World) -> None:
    for _ in range(5):
        world.lodge(declaration("A"))
    assert world.register.lookups == 1
    world.register.fails = True
    assert world.lodge(declaration("A")).status_code == 200
    assert_problem(world.lodge(declaration("A"), token="trader-z"), 503, "OECP-STORE-UNAVAILABLE")


def test_reading_a_case(world: World) -> None:
    told = world.lodge(declaration("A")).json()
    for name in (told["mrn"], told["case_id"]):
        assert world.call("GET", f"/declarations/{name}").json()["lrn"] == "A"
    receipts = world.call("GET", f"/declarations/{told['mrn']}/receipt").json()["receipts"]
    assert [receipt["seq"] for receipt in receipts] == [1]
    page = world.call("GET", "/declarations?limit=1").json()
    assert [case["mrn"] for case in page["cases"]] == ["MRNA"]
    assert world.call("GET", f"/declarations?limit=1&after={page['next']}").json()["cases"] == []
    assert world.call("GET", "/notifications").json() == {"notifications": [], "next": 0}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=99999", "after=x", "limit=١", "limit=1e3", "after=|||", "limit=" + "9" * 400]
)
def test_query_parameters_out_of_their_limits_are_400(world: World, query: str) -> None:
    assert_problem(world.call("GET", f"/declarations?{query}"), 400, "OECP-QUERY")


def test_a_foreign_case_is_not_found_just_as_one_that_is_not_there(world: World) -> None:
    mrn = world.lodge(declaration("A")).json()["mrn"]
    foreign = world.call("GET", f"/declarations/{mrn}", token="trader-b")
    missing = world.call("GET", "/declarations/NOBODY", token="trader-b")
    assert_problem(foreign, 404, "OECP-NO-CASE")
    assert {**foreign.json(), "got": ""} == {**missing.json(), "got": ""}
    assert world.call("GET", "/declarations", token="trader-b").json()["cases"] == []
    assert world.call("GET", f"/declarations?organisation=a", token="trader-b").json()["cases"] == []  # noqa: F541
    assert world.call("GET", f"/declarations/{mrn}", token="officer-customs").status_code == 200


def test_acts_of_officers(world: World) -> None:
    mrn = world.lodge(declaration("A")).json()["mrn"]
    path = f"/declarations/{mrn}/acts"
    act = {"act": "release", "reason": "all in order"}
    assert world.call("POST", path, json=act, token="trader-a").status_code == 403
    assert world.call("POST", path, json=act, token="officer-customs").status_code == 200
    assert_problem(world.call("POST", path, json={"act": "dance"}, token="officer-customs"), 400, "OECP-ACT")
    assert_problem(world.call("POST", path, json={**act, "more": 1}, token="officer-customs"), 400, "OECP-ACT")
    large = {"act": "hold", "reason": "x" * 70_000}
    assert world.call("POST", path, json=large, token="officer-customs").status_code == 413


def test_unknown_routes_and_methods_are_problems(world: World) -> None:
    assert_problem(world.call("GET", "/nothing"), 404, "OECP-HTTP-404")
    assert_problem(world.call("DELETE", "/declarations"), 405, "OECP-HTTP-405")


def test_health_and_metrics(world: World) -> None:
    health = world.call("GET", "/health", token=None)
    assert (health.status_code, health.json()["ready"]) == (200, True)
    world.lodge(declaration("A"))
    text = world.call("GET", "/metrics", token="operator-customs").text
    assert 'openecp_lodged_total{outcome="accepted"} 1' in text
    assert "openecp_core_commands 1" in text
    assert 'openecp_http_requests_total{method="POST",route="/declarations",status="201"} 1' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2


def test_a_message_that_cannot_be_worked_is_422_and_never_5xx(world: World) -> None:
    world.assessor.poison = frozenset({"P"})
    assert_problem(world.lodge(declaration("P")), 422, "OECP-UNPROCESSABLE")
