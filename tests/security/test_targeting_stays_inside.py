# SPDX-License-Identifier: Apache-2.0
"""How goods were targeted never reaches a trader: API, notifications, receipts, answers, command line are all tried."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.e2e.api_doubles import World

from openecp.bootstrap import Installation
from openecp.border.lodgement.case import OFFICER_EVENTS
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import load_profile
from openecp.platform.cli.main import openecp
from openecp.platform.cli.show import case_object
from openecp.platform.core.desk import Desk
from openecp.platform.core.settings import Settings

DEMO = Path(__file__).resolve().parents[2] / "demo" / "declarations"
TARGETED = (
    "161-beef-documents.xml",
    "163-cigarettes-control.xml",
    "164-televisions-audit.xml",
    "165-medicines-detained.xml",
    "166-handsets-seized.xml",
    "167-open-control.xml",
)


@pytest.fixture(scope="module")
def installation() -> Installation:
    return Installation(Settings(profile="demo"))


@pytest.fixture(scope="module")
def world(installation: Installation) -> World:
    def desk_of(store: MemoryStore) -> Desk:
        return installation.desk(store)

    return World(desk_of=desk_of)


@pytest.fixture(scope="module")
def secrets() -> set[str]:
    """Names, grounds and instructions of every risk criterion."""
    found = set()
    for row in load_profile("demo").table("risk_criteria"):
        for column in ("criterion", "reason_en", "reason_fr", "instructions_en", "instructions_fr", "owner"):
            if len(row.get(column, "")) > 3:
                found.add(row[column])
    assert len(found) > 10
    return found


@pytest.fixture(scope="module")
def lodged(world: World) -> dict[str, Any]:
    """Lodge targeted goods; return the answers by file."""
    answers = {}
    for name in TARGETED:
        reply = world.call(
            "POST",
            "/declarations",
            content=(DEMO / name).read_bytes(),
            headers={"content-type": "application/xml"},
        )
        assert reply.status_code == 201, reply.text
        answers[name] = reply
    return answers


def exposed(text: str, secrets: set[str]) -> list[str]:
    """Return the secrets in a text, also those in base64 in it."""
    texts = [text]
    for word in text.replace('"', " ").replace("\\n", " ").split():
        if len(word) > 16:
            try:
                texts.append(base64.b64decode(word, validate=True).decode())
            except ValueError:
                continue
    return [secret for secret in secrets for each in texts if secret in each or json.dumps(secret)[1:-1] in each]


def test_the_targeting_is_there_for_officers(world: World, lodged: dict[str, Any], secrets: set[str]) -> None:
    """The test would prove nothing if there was nothing to find."""
    for name, reply in lodged.items():
        told = world.call("GET", f"/declarations/{reply.json()['mrn']}/assessment", token="officer-customs")
        assert told.status_code == 200, told.text
        assert exposed(told.text, secrets), name


def test_no_answer_or_page_shows_it_to_the_trader(world: World, lodged: dict[str, Any], secrets: set[str]) -> None:
    for name, reply in lodged.items():
        assert exposed(reply.text, secrets) == [], name
        assert reply.json()["channel"] != "blue"
        mrn = reply.json()["mrn"]
        for path in ("", "/assessment", "/notifications", "/receipt"):
            told = world.call("GET", f"/declarations/{mrn}{path}")
            assert told.status_code == 200, told.text
            assert exposed(told.text, secrets) == [], (name, path)
            assert '"officer"' not in told.text, (name, path)
            assert '"blue"' not in told.text, (name, path)
    for path in ("/notifications", "/declarations", "/declarations?channel=blue", "/declarations?channel=green"):
        told = world.call("GET", path)
        assert exposed(told.text, secrets) == [], path
        assert '"blue"' not in told.text


def test_asking_for_blue_finds_nothing_that_green_does_not(world: World, lodged: dict[str, Any]) -> None:
    blue = world.call("GET", "/declarations?channel=blue").json()["cases"]
    assert blue == []


def test_receipts_of_events_for_officers_only(world: World, lodged: dict[str, Any]) -> None:
    for reply in lodged.values():
        mrn = reply.json()["mrn"]
        receipts = world.call("GET", f"/declarations/{mrn}/receipt")
        for receipt in receipts.json()["receipts"]:
            event = receipt.get("event")
            if event is not None:
                text = base64.b64decode(event).decode() if isinstance(event, str) else json.dumps(event)
                assert '"audit"' not in text
                assert '"officer"' not in text


def test_a_repeated_message_shows_no_more(world: World, lodged: dict[str, Any], secrets: set[str]) -> None:
    for name in TARGETED:
        content = (DEMO / name).read_bytes()
        reply = world.call("POST", "/declarations", content=content, headers={"content-type": "application/xml"})
        assert reply.status_code == 200
        assert exposed(reply.text, secrets) == [], name


def test_acts_are_refused_without_a_word(world: World, lodged: dict[str, Any], secrets: set[str]) -> None:
    mrn = lodged["163-cigarettes-control.xml"].json()["mrn"]
    reply = world.call("POST", f"/declarations/{mrn}/acts", json={"act": "release"})
    assert reply.status_code == 403
    assert exposed(reply.text, secrets) == []


@pytest.mark.parametrize("arguments", [["--as", "trader"], ["--json"]])
def test_the_command_line_assesses_for_traders(
    installation: Installation, secrets: set[str], arguments: list[str]
) -> None:
    files = [str(DEMO / name) for name in TARGETED]
    result = CliRunner().invoke(openecp, ["assess", *files, "--profile", "demo", *arguments], obj=installation)
    assert result.exit_code == 0, result.output
    assert exposed(result.output, secrets) == []
    assert "blue" not in result.output


def test_the_command_line_assesses_for_officers(installation: Installation, secrets: set[str]) -> None:
    files = [str(DEMO / name) for name in TARGETED]
    arguments = ["assess", *files, "--profile", "demo", "--json", "--as", "officer"]
    result = CliRunner().invoke(openecp, arguments, obj=installation)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(exposed(json.dumps(line, ensure_ascii=False), secrets) for line in lines)
    assert {line["channel"] for line in lines} == {"yellow", "red", "blue"}


def test_show_for_traders(world: World, lodged: dict[str, Any], secrets: set[str]) -> None:
    for reply in lodged.values():
        row = world.store.find_case(mrn=reply.json()["mrn"])
        assert row is not None
        trader = json.dumps(case_object(row, world.store, "trader"), ensure_ascii=False)
        assert exposed(trader, secrets) == []
        assert '"officer"' not in trader
        assert '"audit":true' not in trader
        assert exposed(json.dumps(case_object(row, world.store, "officer"), ensure_ascii=False), secrets)


def act(world: World, mrn: str, token: str, **body: Any) -> Any:
    """Ask for another lane."""
    content = msgspec.json.encode({"act": "override_lane", **body})
    headers = {"content-type": "application/json"}
    return world.call("POST", f"/declarations/{mrn}/acts", content=content, headers=headers, token=token)


def test_an_officer_overrides_a_lane_and_the_trader_learns_what_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a reason; out of the lane of a mandatory criterion by two persons; no event of it is a trader's to see."""
    known = world.register.principal_of_token

    def principal_of_token(token: str) -> Principal | None:
        if not token.startswith("person-"):
            return known(token)
        found = known("officer-customs")
        assert found is not None
        return msgspec.structs.replace(found, principal_id=token, kind="person")

    monkeypatch.setattr(world.register, "principal_of_token", principal_of_token)
    headers = {"content-type": "application/xml"}
    beef = (
        (DEMO / "161-beef-documents.xml")
        .read_bytes()
        .replace(b"</FunctionalReferenceID>", b"-L</FunctionalReferenceID>", 1)
    )
    lodged = world.call("POST", "/declarations", content=beef, headers=headers)
    mrn, case_id = lodged.json()["mrn"], lodged.json()["case_id"]
    assert lodged.json()["status"] == "documents_required"

    assert act(world, mrn, "trader-a", lane="green", reason="mine").status_code == 403
    for wrong, told in (
        ({"lane": "red"}, "OECP-REASON-MISSING"),
        ({"lane": "pink", "reason": "why"}, "OECP-RESULT-MISSING"),
        ({"lane": "green", "reason": "why"}, "OECP-OFFICER-IN-PERSON"),
    ):
        refused = act(world, mrn, "officer-customs", **wrong)
        assert refused.json()["code"] == told, refused.text
        assert refused.status_code in (403, 422)

    asked = act(world, mrn, "person-1", lane="green", reason="Papers were seen at the gate.")
    assert (asked.status_code, asked.json()["status"]) == (200, "documents_required")
    again = act(world, mrn, "person-1", lane="green", reason="Again.")
    assert (again.status_code, again.json()["code"]) == (403, "OECP-SECOND-OFFICER")
    stricter = act(world, mrn, "officer-customs", result="red", reason="Seal is broken.")
    assert (stricter.status_code, stricter.json()["status"]) == (200, "under_control")
    for person in ("person-1", "person-2"):
        last = act(world, mrn, person, lane="blue", reason="Examined at the pier.")
    assert (last.status_code, last.json()["status"]) == (200, "cleared"), last.text

    events = world.store.events(case_id=case_id)
    assert [event.kind for event in events if event.kind in OFFICER_EVENTS] == [
        "LaneOverrideAsked", "LaneOverridden", "LaneOverrideAsked", "LaneOverridden", "ControlsLifted",
    ]  # fmt: skip
    hidden = {event.seq for event in events if event.kind in OFFICER_EVENTS}
    for path in ("", "/assessment", "/notifications", "/receipt"):
        seen = world.call("GET", f"/declarations/{mrn}{path}")
        assert seen.status_code == 200
        assert not any(word in seen.text for word in ("blue", "verrid", "Examined", "mandatory"))
    receipts = world.call("GET", f"/declarations/{mrn}/receipt").json()["receipts"]
    assert not hidden & {receipt["seq"] for receipt in receipts}
    shown = world.call("GET", f"/declarations/{mrn}", token="officer-customs").json()
    assert shown["channel"] == "blue"
