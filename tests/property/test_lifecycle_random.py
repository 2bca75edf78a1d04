# SPDX-License-Identifier: Apache-2.0
"""Whatever is lodged, asked, done or left to time, in any order: replay is state, the ledger balances, no secret leaks.

The office compares the replay with the stored state after every command that was recorded.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle_office import Office, assessed, declaration, fault, line, pointer, refused, request

from openecp.border.lodgement.acts import possible_acts
from openecp.border.lodgement.case import event_for_audience
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.ledger.accounts import balances, check, kind_balance
from openecp.kernel.ledger.settlement import Funds

SECRET = "TARGETED-BECAUSE"
MONEY = st.integers(min_value=0, max_value=10**9)
ACTS = st.sampled_from(
    [
        ("documents_checked", "conform"),
        ("documents_checked", "not_conform"),
        ("control_result", "conform"),
        ("control_result", "detained"),
        ("control_result", "seized"),
        ("release", None),
        ("hold", None),
        ("lift_hold", None),
        ("override_lane", "green"),
        ("override_lane", "yellow"),
        ("override_lane", "red"),
        ("grant_request", None),
        ("refuse_request", None),
        ("confirm_payment", None),
        ("confirm_exit", None),
        ("confirm_arrival", "XBAUNORTHPORT"),
        ("confirm_arrival", None),
    ]
)


MOVES = {"red": {"after_s": 60, "to": "yellow"}, "yellow": {"after_s": 90_000, "to": "blue", "mandatory": True}}
SELECTIONS = [
    None, {"ground": SECRET}, {"ground": SECRET, "moves": MOVES}, {"ground": SECRET, "moves": MOVES, "mandatory": "red"}
]  # fmt: skip


@st.composite
def assessments(draw: Any) -> Assessment:
    hidden = Reason(
        code=SECRET, layer="risk", rule=SECRET, message=SECRET, severity="info", audience="officer", pointer="42A.023"
    )
    if draw(st.integers(0, 9)) == 0:
        return refused(fault(), hidden)
    methods = st.sampled_from([None, "A", "E", "G", "P", "R", "?"])
    lines = [
        line(item=draw(st.integers(1, 3)), type=kind, payable=draw(MONEY), method=draw(methods))
        for kind in draw(st.lists(st.sampled_from(["A00", "B00", "333"]), max_size=4))
    ]
    secured = draw(st.sampled_from([0, 0, 700]))
    return assessed(
        *lines,
        channel=draw(st.sampled_from(["green", "blue", "yellow", "red"])),
        movement=draw(st.sampled_from(["import", "export"])),
        security_minor=secured,
        provisional_minor=draw(st.sampled_from([0, secured])),
        reasons=(hidden, fault("XB-W", severity="warn")),
        selection=draw(st.sampled_from(SELECTIONS)),
    )


def commands() -> st.SearchStrategy[tuple[Any, ...]]:
    asked = st.tuples(st.just("request"), st.sampled_from(["COR", "INV", "GPR", "XXX"]), assessments())
    acted = st.tuples(st.just("act"), ACTS, assessments())
    passed = st.tuples(st.just("time"), st.sampled_from([0.01, 11.0, 31.0, 95.0, 200.0]), assessments())
    return st.one_of(asked, acted, acted, passed)


def settings_of(draw: st.DataObject) -> dict[str, Any]:
    states = st.lists(st.sampled_from(sorted(MACHINE.states)), unique=True)
    return {
        "requests": {
            "amend_automatically_in": draw.draw(states),
            "invalidate_automatically_in": draw.draw(states),
        },
        "clocks": {"release_wait_s": draw.draw(st.sampled_from([0, 60]))},
        "payment": {"await_immediate": draw.draw(st.booleans())},
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_order_of_commands_is_recorded_or_refused(data: st.DataObject) -> None:
    office = Office(**settings_of(data))
    kind = data.draw(st.sampled_from(["IMA", "IMD", "EXA", "EXD"]))
    answer = office.lodge(declaration(type_code=kind), data.draw(assessments()))
    mrn = answer.mrn or ""
    for number, (what, which, assessment) in enumerate(data.draw(st.lists(commands(), max_size=10))):
        give(office, data, number, what, which, assessment, mrn)
        case = office.case()
        assert case.status in MACHINE.states
        check_clocks(office)
        if "lane" in case.clocks:
            assert not (case.mandatory and not case.moves[case.channel or ""].mandatory)
            assert not case.held
            assert not case.controlled
            assert case.ground != "override"
        assert set(possible_acts(case)) <= {name for name, _ in ACTS_TUPLE}
    check_money(office)
    check_secrets(office)


ACTS_TUPLE = [(name, None) for name in {act for act, _ in ACTS.elements}]  # type: ignore[attr-defined]


def give(
    office: Office, data: st.DataObject, number: int, what: str, which: Any, assessment: Assessment, mrn: str
) -> None:
    if what == "act":
        answer = office.act(which[0], which[1], assessment)
        assert answer.outcome in ("done", "refused")
    elif what == "time":
        office.pass_days(which)
        for act, due in sorted(office.case().clocks.items()):
            if due <= office.now and act in office.case().clocks:
                office.clock(act, assessment)
    else:
        brought: dict[str, Any] = {}
        if which == "COR":
            target = data.draw(st.sampled_from(["42A.228", "42A/67A/68A[2]", "42A.D026", "42A/67A/68A[1].108"]))
            brought = {
                "Amendment": [{"ChangeReasonCode": "30" if "68A[2]" in target else "28", "Pointer": pointer(target)}],
                "GoodsItemQuantity": {"value": "2"},
            }
        answer = office.lodge(request(mrn, which, lrn=f"REQ-{number}", **brought), assessment)
        assert answer.outcome in ("accepted", "rejected", "registered", "refused")


AT_THE_END_OF = {
    "presentation": "DeclarationExpired",
    "documents": "DocumentsOverdue",
    "lane": "LaneMoved",
    "payment": "PaymentReminded",
    "release": "ReleaseDue",
    "security_decision": "ClearanceOrdered",
    "exit_reminder": "ExitAwaited",
    "exit": "ExitExpired",
}


def check_clocks(office: Office) -> None:
    running = {name: due for (case_id, name), due in office.store.clocks.items() if case_id == office.last}
    assert running == office.case().clocks
    allowed = MACHINE.allowed(office.case().status)
    for name in running:
        assert AT_THE_END_OF[name] in allowed, f"clock {name} runs in {office.case().status} and nothing can come of it"
    if MACHINE.states[office.case().status].final and office.case().status != "exited":
        assert running == {}


def check_money(office: Office) -> None:
    entries = list(office.store.entries.values())
    check(entries)
    assert sum(balances(entries).values()) == 0
    case = office.case()
    settled = -kind_balance(entries, "revenue") - kind_balance(entries, "provisional")
    standing = case.money == "settled" and case.status not in ("invalidated", "expired")
    assert settled == (case.payable_minor if standing else 0)
    assert sum(p.amount_minor for p in case.postings) == settled - kind_balance(entries, "security")


def check_secrets(office: Office) -> None:
    for messages in office.store.feeds.values():
        for message in messages:
            assert SECRET.encode() not in message.body
    for event in office.store.events(case_id=office.last):
        assert SECRET not in str(event_for_audience(event.body, "trader"))
    case = office.case().for_audience("trader")
    assert (case.channel, case.audit, case.attention, case.ground, case.moves) == (None, False, None, "", {})


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.tuples(MONEY, st.sampled_from(["A", "E", "G", "P", "R", None]), st.sampled_from(["A00", "B00"]))),
    security=MONEY,
    limit=st.integers(0, 2 * 10**9),
)
def test_the_ledger_holds_what_the_tax_lines_say(
    lines: list[tuple[int, str | None, str]], security: int, limit: int
) -> None:
    funds = {
        "DAN-4711": Funds(account="d", available_minor=limit),
        "GRN-0815": Funds(account="g", available_minor=limit),
    }
    office = Office(funds=funds, payment={"await_immediate": False})
    taxes = [line(type=kind, payable=minor, method=method) for minor, method, kind in lines]
    office.lodge(declaration(), assessed(*taxes, security_minor=security))
    entries = list(office.store.entries.values())
    check(entries)
    total = -kind_balance(entries, "revenue") - kind_balance(entries, "provisional")
    if office.case().status == "cleared":
        assert total == sum(minor for minor, _, _ in lines)
        assert -kind_balance(entries, "security") == security
        assert balances(entries).get("deferment:d", 0) <= limit
        assert balances(entries).get("guarantee:g", 0) <= limit
    else:
        assert office.case().status == "payment_pending"
        assert entries == []
