# SPDX-License-Identifier: Apache-2.0
"""A lane after it was chosen: an officer overrides it, the clock moves it; a trader learns what is asked of him."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.lifecycle_office import OFFICER, Office, assessed, declaration, line

from openecp.border.lodgement.case import OFFICER_EVENTS, event_for_audience
from openecp.kernel.ledger.settlement import Funds
from openecp.kernel.parties.model import Principal

SECOND = msgspec.structs.replace(OFFICER, principal_id="o2", name="Second")
MOVES = {"yellow": {"after_s": 3_600, "to": "blue"}, "red": {"after_s": 7_200, "to": "yellow"}}
DUE = Funds(account="d-1", available_minor=100)


def lodged(channel: str, *, settings: dict[str, Any] | None = None, **selection: Any) -> Office:
    """An office with one declaration in a lane."""
    office = Office(**(settings or {}))
    office.lodge(declaration(), assessed(line(), channel=channel, selection={"ground": "criteria", **selection}))
    office.told.clear()
    return office


def kinds(office: Office) -> list[str]:
    return [event.kind for event in office.store.events(case_id=office.last)]


def codes(office: Office) -> list[str]:
    return [code for code, _ in office.told]


@pytest.mark.parametrize(("channel", "lane", "status", "told"), [
    ("red", "green", "cleared", ["13/4", "09"]),
    ("red", "blue", "cleared", ["13/4", "09"]),
    ("red", "yellow", "documents_required", []),  # they were asked for with the control
    ("yellow", "green", "cleared", ["13/4", "09"]),
    ("yellow", "red", "under_control", ["05"]),
])  # fmt: skip
def test_an_override_asks_for_what_the_lane_asks_for(channel: str, lane: str, status: str, told: list[str]) -> None:
    office = lodged(channel)
    limit = office.case().documents_limit
    assert office.act("override_lane", lane, reason="seen at the gate").status == status
    case = office.case()
    assert (case.channel, case.ground, case.audit, codes(office)) == (lane, "override", lane == "blue", told)
    assert case.documents_limit == (limit if status != "cleared" else None)
    if status == "documents_required":
        assert office.act("documents_checked", "conform").status == "cleared"


def test_red_without_documents_overridden_to_yellow_asks_for_them() -> None:
    office = lodged("red", settings={"control": {"red_asks_documents": False}})
    assert office.act("override_lane", "yellow").status == "documents_required"
    assert codes(office) == ["06"]


def test_what_waits_for_money_waits_for_the_control_first() -> None:
    office = Office(funds={"DAN-4711": DUE})
    assert office.lodge(declaration(), assessed(line())).status == "payment_pending"
    assert office.act("override_lane", "red", reason="called by the port").status == "under_control"
    assert set(office.case().clocks) == {"documents"}
    assert office.act("control_result", "conform").status == "payment_pending"
    assert office.case().money == "short"
    assert office.act("override_lane", "green").outcome == "refused"  # the control is done


def test_green_that_waits_for_its_time_of_release_is_taken_into_a_lane() -> None:
    office = Office(clocks={"release_wait_s": 60})
    office.lodge(declaration(), assessed(line()))
    assert office.act("override_lane", "blue").status == "assessed"
    assert set(office.case().clocks) == {"release"}
    assert office.act("override_lane", "yellow").status == "documents_required"
    assert set(office.case().clocks) == {"documents"}
    assert office.act("documents_checked", "conform").status == "cleared"


def test_what_was_done_is_not_overridden_and_a_reason_is_wanted() -> None:
    office = lodged("yellow")
    for result, reason in (("yellow", "the same"), ("green", " "), ("purple", "why"), (None, "why")):
        assert office.act("override_lane", result, reason=reason).outcome == "refused"
    office.act("documents_checked", "not_conform")
    refused = office.act("override_lane", "green")
    assert refused.error is not None
    assert "done already" in str(refused.error.message)
    office.act("control_result", "conform")
    assert office.act("override_lane", "red").outcome == "refused"
    system = Principal(principal_id="s", kind="system", organisation="x", name="S", roles=("trader",))
    assert lodged("red").act("override_lane", "green", principal=system).http_status == 403


def test_out_of_a_mandatory_lane_two_officers_go() -> None:
    office = lodged("red", mandatory="yellow", ground="random")
    assert office.act("override_lane", "yellow").status == "documents_required"  # not below what is mandatory
    office = lodged("red", mandatory="red", ground="mandatory")
    assert office.act("override_lane", "green").status == "under_control"
    assert (office.case().channel, office.case().attention) == ("red", "override_asked")
    again = office.act("override_lane", "green")
    assert (again.http_status, again.error and again.error.rule) == (403, "second_officer")
    machine = msgspec.structs.replace(OFFICER, principal_id="m", kind="system")
    assert office.act("override_lane", "green", principal=machine).http_status == 403
    assert office.act("override_lane", "blue", principal=SECOND).status == "under_control"  # asks for another one
    assert office.act("override_lane", "blue").status == "cleared"
    last = [e.body["officer"] for e in office.store.events(case_id=office.last) if e.kind == "LaneOverridden"][-1]
    assert (last["asked_by"], last["mandatory"], last["ground"]) == ("person:o2", "red", "override")
    assert office.case().override_asked is None
    assert office.case().attention is None


def test_without_a_plan_what_a_criterion_selected_is_mandatory() -> None:
    from openecp.kernel.assessment.reasons import Reason

    hit = Reason(code="R", layer="risk", rule="risk.TOYS.1", message="r", severity="info", audience="officer")
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow", reasons=(hit,)))
    assert office.act("override_lane", "green").status == "documents_required"
    assert office.case().override_asked is not None


def test_a_stricter_override_stands_for_later_versions_and_a_milder_one_does_not() -> None:
    from tests.lifecycle_office import pointer, request

    grant = {"requests": {"amend_automatically_in": ["documents_required", "under_control"]}}
    brought = {"Amendment": [{"ChangeReasonCode": "28", "Pointer": pointer("42A.228")}],
               "GoodsItemQuantity": {"value": "2"}}  # fmt: skip
    for first, lane, then, kept in (("yellow", "red", "green", "red"), ("red", "yellow", "red", "red")):
        office = lodged(first, settings=grant)
        office.act("override_lane", lane)
        office.lodge(request(office.case().mrn or "", "COR", **brought), assessed(line(), channel=then))
        assert office.case().channel == kept
        assert office.case().ground == ("override" if kept == lane else "")


def test_after_release_a_stricter_override_leads_to_no_audit() -> None:
    from tests.lifecycle_office import pointer, request

    office = lodged("yellow", settings={"requests": {"amend_automatically_in": ["cleared"]}})
    office.act("override_lane", "red")
    office.act("control_result", "conform")
    brought = {"Amendment": [{"ChangeReasonCode": "28", "Pointer": pointer("42A.228")}],
               "GoodsItemQuantity": {"value": "2"}}  # fmt: skip
    office.lodge(request(office.case().mrn or "", "COR", **brought), assessed(line()))
    assert (office.case().status, office.case().channel, office.case().audit) == ("cleared", "green", False)


def test_time_moves_what_waits_and_never_what_must_not_be_moved() -> None:
    office = lodged("red", moves=MOVES)
    assert set(office.case().clocks) == {"documents", "lane"}
    assert "lane" not in office.case().for_audience("trader").clocks
    assert office.clock("lane").outcome == "refused"
    office.pass_days(2 / 24)
    assert office.clock("lane").status == "documents_required"
    assert (office.case().channel, office.case().ground, codes(office)) == ("yellow", "timeout", [])
    office.pass_days(1 / 24)
    assert office.clock("lane").status == "cleared"
    assert office.case().audit
    assert codes(office) == ["13/4", "09"]
    moved = [event.body["officer"] for event in office.store.events(case_id=office.last) if event.kind == "LaneMoved"]
    assert [(one["from"], one["lane"], one["after_s"]) for one in moved] == [
        ("red", "yellow", 7_200), ("yellow", "blue", 3_600)
    ]  # fmt: skip

    assert "lane" not in lodged("yellow", moves=MOVES, mandatory="yellow").case().clocks
    moves = {"yellow": MOVES["yellow"] | {"mandatory": True}}
    assert "lane" in lodged("yellow", moves=moves, mandatory="yellow").case().clocks


def test_a_lane_moves_to_a_stricter_one_where_the_plan_says_so() -> None:
    office = lodged("yellow", moves={"yellow": {"after_s": 60, "to": "red"}})
    office.pass_days(1)
    assert office.clock("lane").status == "under_control"
    assert codes(office) == ["05"]
    assert office.clock("lane").outcome == "refused"


def test_while_something_of_a_control_is_on_record_no_clock_runs() -> None:
    office = lodged("red", moves=MOVES)
    office.act("hold")
    assert "lane" not in office.case().clocks
    office.pass_days(1)
    office.act("lift_hold")
    assert office.case().clocks["lane"] > office.now  # it begins anew
    office.act("documents_checked", "conform")
    assert "lane" not in office.case().clocks
    office.act("hold")
    office.act("lift_hold")
    assert "lane" not in office.case().clocks
    for act, result in (("documents_checked", "not_conform"), ("control_result", "detained"), ("release", None)):
        other = lodged("red", moves=MOVES)
        other.act(act, result)
        assert "lane" not in other.case().clocks
    overridden = lodged("red", moves=MOVES)
    overridden.act("override_lane", "yellow")
    assert "lane" not in overridden.case().clocks


def test_a_trader_learns_nothing_of_it() -> None:
    office = lodged("yellow", moves=MOVES, mandatory="yellow")
    office.act("override_lane", "blue")
    office.act("override_lane", "blue", principal=SECOND)
    seen = [event for event in office.store.events(case_id=office.last) if event.kind not in OFFICER_EVENTS]
    told = str([event_for_audience(event.body, "trader") for event in seen])
    assert not any(word in told for word in ("blue", "mandatory", "override", "yellow", "after_s"))
    case = office.case().for_audience("trader")
    assert (case.ground, case.mandatory, case.moves, case.override, case.override_asked) == ("", None, {}, None, None)
