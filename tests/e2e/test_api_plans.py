# SPDX-License-Identifier: Apache-2.0
"""Action plans over HTTP: as of any day, filters, commands, uploads; who may do what is also in tests/security."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.e2e.api_doubles import World

from openecp.platform.core.seeding import seed_register

SECRETARIAT, DELEGATE, TRADER = "secretariat-wco", "delegate-wco", "trader-a"
ROWS = "No.,Action,Responsible body,Related work programme,Timeframe\n1,Guidance on zones,PTC,PTC-WP,December 2019\n"


@pytest.fixture(scope="module")
def world() -> World:
    found = World()
    assert seed_register(found.core, found.store, {}) > 30
    return found


def get(world: World, path: str, token: str = TRADER) -> Any:
    reply = world.call("GET", path, token=token)
    assert reply.status_code == 200, reply.text
    return reply.json()


def post(world: World, path: str, body: Any, token: str = SECRETARIAT, **headers: str) -> Any:
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return world.call("POST", path, token=token, content=json.dumps(body).encode(), headers=named)


def test_everybody_who_is_signed_in_reads_the_plans(world: World) -> None:
    assert [plan["id"] for plan in get(world, "/plans")["plans"]] == ["ECP-III", "ECP-IV"]
    assert get(world, "/plans?as_of=2016-12-31") == {"plans": []}
    page = get(world, "/plans/ECP-IV/actions?body=SAFE%20WG&timeframe=date&as_of=2020-02-01&limit=2")
    assert (page["total"] > 2, len(page["actions"])) == (True, 2)
    late = get(world, "/plans/ECP-IV/actions?overdue=true&as_of=2020-02-01")["actions"]
    assert [action["id"] for action in late] == ["ECP-IV-05", "ECP-IV-43", "ECP-IV-48"]
    counts = get(world, "/plans/ECP-IV/roll-up?as_of=2020-02-01")
    assert (counts["total"], counts["overall"]["overdue"]) == (63, 3)
    assert get(world, "/lineage?earlier=ECP-III&later=ECP-IV")["links"]
    assert len(get(world, "/bodies")["bodies"]) >= 23


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/plans/NONE", 404),
        ("/plans/ECP-IV?as_of=2000-01-01", 404),
        ("/plans/ECP-IV?as_of=tomorrow", 400),
        ("/plans/ECP-IV/actions?lifecycle=done", 400),
        ("/plans/ECP-IV/actions?section=one", 400),
        ("/plans/ECP-IV/diff?old=0&new=9", 404),
        ("/actions/ECP-IV-99", 404),
        ("/actions/%00", 404),
        ("/sessions?session=NONE", 404),
    ],
)
def test_what_is_wrong_is_said(world: World, path: str, status: int) -> None:
    reply = world.call("GET", path, token=TRADER)
    assert reply.status_code == status, reply.text
    problem = reply.json()
    assert problem["code"]
    assert problem["expected"]


def test_a_delegate_reports_for_its_own_body_and_nobody_else_for_others(world: World) -> None:
    mine, other = "/actions/ECP-IV-08/updates", "/actions/ECP-IV-43/updates"
    body = {"status": "in_progress", "note": "Draft", "evidence": {"ref": "SF0100"}, "on": "2020-01-10"}
    assert post(world, mine, body, DELEGATE).status_code == 200
    refused = post(world, other, body, DELEGATE)
    assert (refused.status_code, refused.json()["code"]) == (403, "OECP-PLAN-BODY")
    assert post(world, mine, body, TRADER).status_code == 403
    act = {"act": {"type": "OverrideStatus", "action": "ECP-IV-08", "colour": "green", "reason": "please"}}
    assert post(world, "/plan-acts", act, DELEGATE).status_code == 403
    action = get(world, "/actions/ECP-IV-08?as_of=2020-02-01")
    assert (action["lifecycle"], action["evidence"][0]["ref"]) == ("in_progress", "SF0100")
    history = get(world, "/actions/ECP-IV-08/history")["changes"]
    assert [change["by"] for change in history][-1] == "system:delegate-wco"
    changes = get(world, "/plans/ECP-IV/changes?since=2020-01-09&until=2020-01-10")["changes"]
    assert {change["subject"] for change in changes} == {"ECP-IV-08"}


def test_commands_are_refused_with_a_reason_or_done_once(world: World) -> None:
    path = "/actions/ECP-IV-44/updates"
    refused = post(world, path, {"status": "delivered"})
    assert (refused.status_code, refused.json()["code"]) == (409, "OECP-PLAN-EVIDENCE")
    assert refused.json()["where"] == "evidence"
    assert post(world, path, {"status": "sleeping"}).status_code == 400
    assert post(world, path, {"color": "red"}).status_code == 400
    first = post(world, path, {"note": "once"}, idempotency_key="k9").json()
    second = post(world, path, {"note": "once"}, idempotency_key="k9").json()
    assert (first["last_seq"], second["last_seq"]) == (first["last_seq"], first["last_seq"])
    assert post(world, path, {"note": "twice"}, idempotency_key="k9").status_code == 422
    assert [update["note"] for update in get(world, "/actions/ECP-IV-44")["updates"]] == ["once"]


def test_a_session_a_decision_and_what_it_changed(world: World) -> None:
    held = {
        "type": "HoldSession",
        "session": "PTC/225",
        "body": "PTC",
        "name": "x",
        "starts": "2019-10-10",
        "ends": "2019-10-12",
    }
    assert post(world, "/plan-acts", {"act": held}).status_code == 200
    change = {"action": "ECP-IV-05", "timeframe": {"kind": "date", "due": "2020-06-30"}}
    decided = {"type": "RecordDecision", "session": "PTC/225", "text": "More time.", "changes": [change]}
    assert post(world, "/plan-acts", {"act": decided}).json()["subject"] == "PTC/225/D1"
    (session,) = get(world, "/sessions?session=PTC/225")["sessions"]
    assert session["decisions"][0]["changes"][0]["fields"][0]["after"] == "2020-06-30"
    assert get(world, "/sessions?body=PTC")["sessions"][0]["id"] == "PTC/225"


def test_a_document_is_uploaded_once(world: World) -> None:
    body = {"name": "nctf.csv", "content": base64.b64encode(ROWS.encode()).decode(), "plan": "NCTF-2"}
    first, second = post(world, "/plans", body), post(world, "/plans", body)
    assert (first.status_code, first.json()["outcome"]) == (200, "done")
    assert (second.status_code, second.json()["outcome"]) == (200, "repeated")
    assert get(world, "/plans/NCTF-2/versions")["versions"][0]["source_name"] == "nctf.csv"
    broken = post(world, "/plans", {"name": "x.pdf", "content": base64.b64encode(b"%PDF-1.7 nothing").decode()})
    assert broken.status_code == 422
    assert broken.json()["fix"]


def test_a_stream_of_the_register_is_no_case(world: World) -> None:
    """Work lists and case pages of Customs do not show the register's streams."""
    assert world.call("GET", "/declarations/plan%2FECP-IV", token="officer-customs").status_code == 404
    cases = world.call("GET", "/declarations", token="officer-customs").json()["cases"]
    assert cases == []
