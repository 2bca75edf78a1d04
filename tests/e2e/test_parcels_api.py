# SPDX-License-Identifier: Apache-2.0
"""The parcels' door over HTTP: what is answered, what is proven, what is refused and why, and the acts that follow."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.e2e.api_doubles import World, parcel

from openecp.border.low_value.declared import declaration_of_parcel
from openecp.border.low_value.parcel_case import fold_parcel, parcel_case_of
from openecp.border.postal.item import PostalItem
from openecp.border.postal.state import PostalItemState, item_stream
from openecp.border.postal.table import write_items_csv
from openecp.kernel.datamodel.binding import encode_json, message_of
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.ledger.accounts import balances
from openecp.platform.wire import write

JULY = "2026-07-02T08:00:00.000000Z"
PERSON = {"buyer_name": "Wilhelmina Zimmerfrau", "buyer_address": "Lindenhof 77", "buyer_id": "A1B2C3D4E5"}
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def world() -> World:
    """A world in which some parcels were lodged together: a batch of one takes as long as one of hundreds."""
    found = World(clock=lambda: JULY)
    vague = [{**parcel("x")["items"][0], "description": "gift"}]
    bodies = [
        parcel("RA000000002CN"),
        parcel("RA000000010CN"),
        parcel("RA000000011CN"),
        *(parcel(f"RA00000001{n}CN", carrier="LEDGER") for n in (2, 3, 4)),
        parcel("RA000000015CN", items=vague),
        parcel("RA000000016CN", **PERSON),
    ]
    reply = found.call("POST", "/parcels", content="\n".join(map(json.dumps, bodies)).encode(), headers=NDJSON)
    assert [json.loads(line)["outcome"] for line in reply.content.splitlines()] == ["decided"] * len(bodies)
    return found


def lodge(world: World, body: Any, **more: Any) -> Any:
    """Lodge one parcel as JSON."""
    return world.lodge(body, path="/parcels", **more)


def act(world: World, identifier: str, *, token: str = "officer-customs", **body: Any) -> Any:
    """Act on a parcel."""
    content = json.dumps(body).encode()
    path = f"/parcels/2026-07-02/{identifier}/acts"
    return world.call("POST", path, token=token, content=content, headers={"content-type": "application/json"})


def show(world: World, identifier: str, token: str = "trader-a") -> Any:
    """Read a parcel."""
    return world.call("GET", f"/parcels/2026-07-02/{identifier}", token=token).json()


def test_the_answer_says_what_is_charged_by_whom_and_why(world: World) -> None:
    shoes = {"description": "leather shoes", "hs": "640319", "origin": "CN", "unit_price": "30.00", "tax_rate": "0.20"}
    body = parcel("RA000000001CN")
    reply = lodge(world, {**body, "items": [*body["items"], shoes]})
    told = reply.json()
    assert reply.status_code == 201
    assert (told["decision"], told["regime"], told["category"]) == ("release_with_charges", "EU-FLAT-2026", 3)
    assert (told["duty"], told["tax"], told["total"]) == ("6.00", "10.80", "16.80")
    amounts = {(one["item"], one["type"]): one for one in told["amounts"]}
    assert amounts[1, "duty"]["amount"] == "3.00"
    assert amounts[1, "duty"]["account"] == "collector:post:POST-1:EUR"
    assert (amounts[2, "tax"]["collected_by"], amounts[2, "tax"]["due"]) == ("seller", "sale")
    words = " ".join(reason["text"] for reason in told["reasons"])
    assert "3.00 EUR" in words
    assert "collected by the seller IM1234567890, due at sale" in words
    assert world.call("GET", told["receipt"]["href"]).json()["number"] == told["receipt"]["number"]


def test_the_same_parcel_gets_its_first_answer_again_and_another_one_none(world: World) -> None:
    again = lodge(world, parcel("RA000000002CN"))
    assert (again.status_code, again.json()["outcome"]) == (200, "repeated")
    assert again.json()["receipt"] == show(world, "RA000000002CN")["decision"]["receipt"]
    other = lodge(world, parcel("RA000000002CN", freight="3.00"))
    assert (other.status_code, other.json()["code"]) == (409, "OECP-PARCEL-KNOWN")


def test_a_key_stands_for_one_body(world: World) -> None:
    assert lodge(world, parcel("RA000000003CN"), idempotency_key="k1").status_code == 201
    again = lodge(world, parcel("RA000000003CN"), idempotency_key="k1")
    assert (again.status_code, again.json()["outcome"]) == (200, "repeated")
    other = lodge(world, parcel("RA000000004CN"), idempotency_key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "OECP-IDEMPOTENCY-CONFLICT")
    assert show(world, "RA000000004CN")["code"] == "OECP-PARCEL-UNKNOWN"


def test_a_bad_line_spoils_no_other(world: World) -> None:
    lines = [
        json.dumps(parcel("RA000000005CN")),
        "{no json",
        json.dumps(parcel("RA000000006CN", currency="EURO")),
        "",
        json.dumps(parcel("RA000000007CN")),
        json.dumps(parcel("RA000000007CN")),
    ]
    reply = world.call("POST", "/parcels", content="\n".join(lines).encode(), headers=NDJSON)
    told = [json.loads(line) for line in reply.content.splitlines()]
    assert reply.status_code == 200
    assert [(one["line"], one["outcome"]) for one in told] == [
        (1, "decided"), (2, "refused"), (3, "refused"), (5, "decided"), (6, "repeated"),
    ]  # fmt: skip
    assert told[1]["errors"][0]["code"] == "OECP-PARCEL-JSON"
    assert (told[2]["errors"][0]["where"], told[2]["errors"][0]["code"]) == ("currency", "OECP-CELL-CURRENCY")
    assert told[0]["receipt"]["seq"] == told[3]["receipt"]["seq"]


def test_a_declaration_is_the_same_parcel(world: World) -> None:
    known = msgspec.convert(parcel("RA000000008CN", freight="2.50"), Parcel)
    declaration = declaration_of_parcel(known)
    first = lodge(world, encode_json(message_of(declaration)))
    assert first.status_code == 201, first.text
    as_xml = world.call("POST", "/parcels", content=write(declaration), headers={"content-type": "application/xml"})
    as_json = lodge(world, parcel("RA000000008CN", freight="2.50"))
    assert [as_xml.json()["outcome"], as_json.json()["outcome"]] == ["repeated", "repeated"]


def test_a_postal_form_is_a_parcel(world: World) -> None:
    item = {
        "s10": "RB123456785GB", "posted_on": "2026-07-02", "category": "gift", "currency": "EUR",
        "pieces": [{"description": "wool scarf", "quantity": "3", "value": "10.00", "hs": "621420", "origin": "GB"}],
    }  # fmt: skip
    media = {"content-type": "application/vnd.openecp.cn23+json"}
    reply = world.call("POST", "/parcels", content=json.dumps(item).encode(), headers=media)
    assert reply.json()["parcel_id"] == "RB123456785GB", reply.text
    table = write_items_csv([msgspec.convert({**item, "posted_on": "2026-07-01"}, PostalItem)])
    as_csv = world.call("POST", "/parcels", content=table, headers={"content-type": media["content-type"][:-4] + "csv"})
    assert (as_csv.status_code, as_csv.json()["posted_on"]) == (201, "2026-07-01"), as_csv.text
    wrong = world.call("POST", "/parcels", content=json.dumps({**item, "s10": "RB123456786GB"}).encode(), headers=media)
    assert wrong.status_code >= 400
    assert wrong.json()["code"].startswith("OECP-S10")


BAD: dict[str, tuple[bytes, str, int, str]] = {
    "no object": (b"[1]", "application/json", 422, "OECP-CELL-TYPE"),
    "cut off": (b'{"parcel_id": "A', "application/json", 400, "OECP-PARCEL-JSON"),
    "not UTF-8": (b'{"parcel_id": "\xff"}', "application/json", 400, "OECP-PARCEL-JSON"),
    "unknown field": (b'{"parcel_id":"A","posted_on":"2026-07-02","colour":"red"}', "application/json", 400,
                      "OECP-PARCEL-FIELD"),
    "no items": (b'{"parcel_id":"A","posted_on":"2026-07-02","currency":"EUR"}', "application/json", 400,
                 "OECP-PARCEL-ITEMS"),
    "no such day": (json.dumps(parcel("A", posted_on="2026-02-30")).encode(), "application/json", 422,
                    "OECP-CELL-DATE"),
    "nothing": (b"\n\n", "application/x-ndjson", 400, "OECP-PARCEL-BODY"),
    "too many lines": (b"{}\n" * 1001, "application/x-ndjson", 413, "OECP-TOO-LARGE"),
    "another medium": (b"a,b", "text/csv", 415, "OECP-MEDIA-TYPE"),
    "entities": (b'<!DOCTYPE a [<!ENTITY b "c">]><Declaration>&b;</Declaration>', "application/xml", 400,
                 "OECP-XML-DOCTYPE"),
    "no XML": (b"<Declaration>", "application/xml", 400, "OECP-XML-TRUNCATED"),
    "a depth bomb": (b"<a>" * 5000, "application/xml", 400, "OECP-XML"),
    "an empty declaration": (b'{"Declaration":{"FunctionCode":"9"}}', "application/json", 400, "OECP-CELL-MISSING"),
    "a request": (b'{"Declaration":{"FunctionCode":"13","FunctionalReferenceID":"A"}}', "application/json", 400,
                  "OECP-PARCEL-DECLARATION"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_has_a_named_fault(world: World, name: str) -> None:
    body, media, status, code = BAD[name]
    before = world.store.size()
    reply = world.call("POST", "/parcels", content=body, headers={"content-type": media})
    told = reply.json()
    assert (reply.status_code, told["code"].startswith(code)) == (status, True), reply.text
    assert told["expected"]
    assert told["fix"]
    assert world.store.size() == before


def test_every_fault_of_a_body_is_told_at_once(world: World) -> None:
    """A field that is not known hides no other fault, nor does a value of a wrong type."""
    body = parcel("RA000000021CN", posted_on="2026-02-30", colour="red", carrier=["x"])
    body["items"] = [{**body["items"][0], "hs": "12", "size": "L"}, "nothing", {"unit_price": "-1"}]
    told = lodge(world, body).json()
    assert [(fault["where"], fault["code"]) for fault in told["errors"]] == [
        ("carrier", "OECP-CELL-TYPE"), ("colour", "OECP-PARCEL-FIELD"), ("items[0].size", "OECP-PARCEL-FIELD"),
        ("items[1]", "OECP-CELL-TYPE"), ("posted_on", "OECP-CELL-DATE"), ("items[0].hs", "OECP-CELL-HS"),
        ("items[2].description", "OECP-CELL-MISSING"), ("items[2].unit_price", "OECP-CELL-NEGATIVE"),
    ]  # fmt: skip
    assert all(fault["expected"] and fault["got"] and fault["fix"] for fault in told["errors"])
    nameless = lodge(world, {"currency": "EURO", "items": [{"quantity": 2}], "x": 1}).json()["errors"]
    assert {fault["where"] for fault in nameless} >= {"x", "parcel_id", "posted_on", "currency", "items[0].unit_price"}


def test_a_slash_in_an_identifier_is_escaped(world: World) -> None:
    told = lodge(world, parcel("BOX/7 a")).json()
    assert told["receipt"]["href"] == "/parcels/2026-07-02/BOX%2F7%20a/receipt"
    assert world.call("GET", told["receipt"]["href"]).json()["number"] == told["receipt"]["number"]
    assert show(world, "BOX%2F7%20a")["parcel_id"] == "BOX/7 a"
    assert act(world, "BOX%2F7%20a", token="trader-a", act="present").json()["outcome"] == "done"


def test_one_item_has_one_decision(world: World) -> None:
    """What was decided as a postal item is refused as a parcel, with where it was decided."""
    key = "RB123456799GB/2026-07-02"
    state = PostalItemState(
        s10="RB123456799GB", posted_on="2026-07-02", decision="release", decided_on="2026-07-02T08:00:00Z"
    )
    row = world.store.rows[next(iter(world.store.rows))]
    world.store.rows[item_stream(key)] = msgspec.structs.replace(row, state=msgspec.json.encode(state))
    reply = lodge(world, parcel("RB123456799GB"))
    assert (reply.status_code, reply.json()["code"]) == (409, "OECP-PARCEL-DECIDED-BY-POST")
    assert f"postal item {key}" in reply.json()["got"]
    assert lodge(world, parcel("RB123456785GB", posted_on="2026-07-03")).status_code == 201
    del world.store.rows[item_stream(key)]


def test_an_unknown_jurisdiction_is_named(world: World) -> None:
    reply = world.lodge(parcel("RA000000009CN"), path="/parcels?jurisdiction=ZZ")
    assert (reply.status_code, reply.json()["code"]) == (400, "OECP-JURISDICTION")


def test_a_parcel_is_its_lodgers_business(world: World) -> None:
    assert show(world, "RA000000010CN")["organisation"] == "a"
    for place in ("", "/receipt"):
        reply = world.call("GET", f"/parcels/2026-07-02/RA000000010CN{place}", token="trader-b")
        assert (reply.status_code, reply.json()["code"]) == (404, "OECP-PARCEL-UNKNOWN")
    assert act(world, "RA000000010CN", token="trader-b", act="present").status_code == 404
    assert show(world, "RA000000010CN", "auditor-customs")["status"] == "decided"
    assert show(world, "x" * 40)["code"] == "OECP-PARCEL-UNKNOWN"


def test_the_life_of_a_parcel_and_what_its_lodger_sees_of_it(world: World) -> None:
    name = "RA000000011CN"
    assert act(world, name, token="trader-a", act="present").json()["status"] == "decided"
    assert act(world, name, token="trader-a", act="hold", reason="no").json()["code"] == "OECP-ROLE"
    assert act(world, name, act="hold").json()["where"] == "reason"
    assert act(world, name, act="hold", reason="secret profile 7").json()["status"] == "held"
    assert act(world, name, act="query", text="What is it made of?", reason="secret").json()["status"] == "queried"
    seen = show(world, name)
    assert seen["acts"] == ["answer"]
    assert "What is it made of?" in json.dumps(seen)
    assert act(world, name, token="trader-a", act="answer", text="Cotton.").json()["status"] == "held"
    goods = parcel(name, items=[{**parcel(name)["items"][0], "unit_price": "90.00", "hs": "640319"}])
    revised = act(world, name, act="revise", reason="secret: undervalued", goods=goods)
    assert revised.status_code == 200, revised.text
    assert act(world, name, act="release", reason="done").json()["status"] == "released"
    told = show(world, name, "officer-customs")
    row = next(event for event in told["history"] if event["kind"] == "ParcelRevised")["body"]["items"][0]
    assert (row["declared"]["hs"], row["revised"]["hs"]) == ("610910", "640319")
    assert (row["declared"]["unit_price"], row["revised"]["unit_price"]) == ("18.00", "90.00")
    assert "secret" not in json.dumps(show(world, name))
    assert "secret" in json.dumps(told)
    stale = act(world, name, act="return", reason="unclaimed", expected_seq=1)
    assert stale.json()["code"] == "OECP-CASE-MOVED-ON"
    assert act(world, name, act="return", reason="unclaimed").json()["status"] == "returned"
    over = act(world, name, act="seize", reason="late")
    assert (over.status_code, over.json()["code"]) == (409, "OECP-PARCEL-STATE")
    case_id = f"parcel/2026-07-02/{name}"
    events = world.store.events(case_id=case_id)
    assert fold_parcel(events) == parcel_case_of(world.store.rows[case_id].state)


def test_the_ledger_mirrors_the_records_and_what_was_taken_back(world: World) -> None:
    names = ("RA000000012CN", "RA000000013CN", "RA000000014CN")
    records = [show(world, name)["record"] for name in names]
    assert [(record["duty"], record["tax"]) for record in records] == [(300, 420)] * 3
    before = balances(world.store.entries.values())
    goods = parcel(names[0], carrier="LEDGER", items=[{**parcel(names[0])["items"][0], "unit_price": "100.00"}])
    assert act(world, names[0], act="revise", reason="weighed", goods=goods).status_code == 200
    assert act(world, names[1], act="destroy", reason="mould").status_code == 200
    assert act(world, names[2], act="pay", text="RF18").status_code == 200
    found = {
        account: minor - before.get(account, 0) for account, minor in balances(world.store.entries.values()).items()
    }
    assert found["collector:post:LEDGER:EUR"] == -300 - 300  # one destroyed, one paid
    assert found["bank:EU:EUR"] == 300 + 420
    assert found["revenue:tax:EU:EUR"] == 420 - (2060 - 420)  # taken back, and more after the revision
    assert found["collector:seller:IM1234567890:EUR"] == 2060 - 420 - 420 - 420
    assert found["revenue:duty:EU:EUR"] == 300
    assert sum(found.values()) == 0


def test_what_is_held_is_charged_when_it_is_released(world: World) -> None:
    name = "RA000000015CN"
    record = show(world, name)["record"]
    assert (record["decision"], record["amounts"]) == ("hold", [])
    assert act(world, name, act="release", reason="opened: a shirt").json()["status"] == "released"
    assert {(one["type"], one["minor"]) for one in show(world, name)["charges"]} == {("duty", 300), ("tax", 420)}


def test_personal_data_stays_out_of_the_log(world: World) -> None:
    name = "RA000000016CN"
    assert act(world, name, act="revise", reason="Zimmerfrau called", goods=parcel(name, **PERSON)).status_code == 200
    log = b"".join(data for _, data in world.store.log)
    for words in (b"Zimmerfrau", b"Lindenhof", b"A1B2C3D4E5"):
        assert words not in log


def test_an_act_with_a_key_is_answered_again(world: World) -> None:
    """What the act itself changed does not refuse it where it is sent again."""
    path, own = "/parcels/2026-07-02/RA000000014CN/acts", show(world, "RA000000014CN")
    assert own["decision"] != "hold", own

    def give(reason: str, key: str) -> Any:
        headers = {"content-type": "application/json", "idempotency-key": key}
        content = json.dumps({"act": "hold", "reason": reason}).encode()
        return world.call("POST", path, token="officer-customs", content=content, headers=headers)

    first, again, other, new = give("x", "k1"), give("x", "k1"), give("y", "k1"), give("x", "k2")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "OECP-IDEMPOTENCY-CONFLICT")
    assert new.status_code == 409
