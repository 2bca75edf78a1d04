# SPDX-License-Identifier: Apache-2.0
"""Audits after release: opened by a draw, found, closed by two where money is waived, and their results flow back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.lifecycle_office import OFFICER, TRADER, Office, assessed, declaration, line

from openecp.border.risk.audit.acts import (
    AnswerAuditClosing,
    AssignAudit,
    CloseAudit,
    OpenAudit,
    RecordAuditFinding,
    RecordAuditRecovery,
    WithdrawAuditFinding,
)
from openecp.border.risk.audit.sample import DRAWS, AuditPlan, AuditRule, audit_plan
from openecp.border.risk.features.compliance import compliance
from openecp.border.risk.features.feedback import SelectedCase, SelectionBook
from openecp.border.risk.profiles.operation import operation_of
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.kernel.ledger.accounts import balances
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import Profile, ProfileError
from openecp.platform.core.audit_desk import AuditDesk
from openecp.platform.core.audit_work import AuditCasework
from openecp.platform.core.model import ProgrammeCommand

SECOND = Principal(principal_id="o2", kind="person", organisation="customs", name="B", roles=("officer",))
REVENUE = Principal(principal_id="r1", kind="system", organisation="customs", name="R", roles=("revenue",))


class People:
    """The office's store, with the people of the office."""

    def __init__(self, office: Office) -> None:
        self._store: Any = office.store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def principals(self, *, limit: int = 1000) -> list[Principal]:
        return [OFFICER, SECOND, TRADER, REVENUE]


class Audits:
    """An office with its audits."""

    def __init__(self, share_e6: int = 1_000_000, draw: int = 5) -> None:
        self.office = Office()
        plan = AuditPlan([AuditRule(share_e6=share_e6, due_days=30)])
        store = People(self.office)
        self.work = AuditCasework(store, plan, draw=lambda _: draw, currency="XBM", clock=lambda: self.office.now)
        self.desk = AuditDesk(store, self.work, clock=lambda: self.office.now)

    def lodge(self, lrn: str, channel: str = "blue", selection: dict[str, Any] | None = None) -> str:
        told = assessed(line(1, payable=300), line(2, payable=100), channel=channel, selection=selection)
        self.office.lodge(declaration(lrn), told)
        return self.office.last

    def do(self, act: Any, who: Principal = OFFICER) -> str:
        """Have an act decided and recorded; return how the audit then stands, or the code of the refusal."""
        decided = self.work.decide(ProgrammeCommand(principal=who, act=act))
        if decided.answer.error is not None:
            assert decided.write is None
            return f"{decided.answer.http_status} {decided.answer.error.code} {decided.answer.error.json_pointer}"
        assert decided.write is not None
        assert self.office.store.write([decided.write])[0].outcome == "recorded"
        return str(decided.answer.status)

    def find(self, audit: str, minor: int = 900, items: tuple[int, ...] = (2,), kind: str = "value") -> str:
        finding = ControlFinding(irregularity=kind, recovered_minor=minor, items=items, found="another invoice")
        return self.do(RecordAuditFinding(audit=audit, finding=finding))

    def cases(self) -> list[SelectedCase]:
        book = SelectionBook({})
        for event in self.office.store.events():
            book.take(event)
        return list(book.cases())


def test_blue_is_opened_once_and_told_when_overdue() -> None:
    here = Audits()
    blue, green = here.lodge("LRN-1"), here.lodge("LRN-2", channel="green")
    assert (here.desk.open_due(), here.desk.open_due()) == (1, 0)
    assert here.desk.audit(green) is None
    shown = here.desk.audit(blue)
    assert shown is not None
    assert (shown.audit.ground, shown.audit.status, shown.audit.due_on) == ("plan", "open", "2026-06-03")
    assert (here.desk.tell_overdue(), here.desk.audits(overdue=True)) == (0, [])
    here.office.pass_days(31)
    assert (here.desk.tell_overdue(), here.desk.tell_overdue()) == (1, 0)
    assert [state.declaration for state in here.desk.audits(overdue=True)] == [blue]
    kinds = [event.kind for event in here.office.store.events(case_id="risk/audit/" + blue)]
    assert kinds == ["AuditOpened", "AuditOverdue"]
    sampled = here.office.store.events(case_id="risk/audits")
    assert [(event.body["released"], event.body["opened"]) for event in sampled] == [(1, 1)]


def test_a_finding_names_items_that_are_there() -> None:
    here = Audits()
    audit = here.lodge("LRN-1")
    here.desk.open_due()
    assert here.find(audit, items=(2, 99)) == "422 OECP-AUDIT finding (finding_items)"
    assert here.find(audit, items=(2,)) == "open"


def test_a_share_is_drawn_out_of_the_draw_of_the_selection() -> None:
    """The same draw gives the same sample; about the share of many is drawn."""
    plan = AuditPlan([AuditRule(share_e6=300_000), AuditRule(office="B", share_e6=0)])
    draws = [plan.draw(number * 7919 % DRAWS, "A", date(2026, 5, 4)) for number in range(20_000)]
    assert sum(draw.drawn for draw in draws) == pytest.approx(6_000, abs=300)
    assert draws[7] == plan.draw(7 * 7919, "A", date(2026, 5, 4))
    assert not plan.draw(0, "B", date(2026, 5, 4)).drawn
    here = Audits(share_e6=1)
    name = here.lodge("LRN-1", selection={"lane": "blue", "ground": "criteria", "draw": 12, "office": "A"})
    assert here.desk.open_due() == 0
    assert here.office.store.events(case_id="risk/audits")[0].body["released"] == 1
    assert here.do(OpenAudit(declaration=name, reason="a tip")) == "open"
    state = here.desk.audits()[0]
    assert (state.ground, state.draw < state.below) == ("officer", False)


def test_findings_claim_and_four_eyes() -> None:
    here = Audits()
    name = here.lodge("LRN-1")
    here.desk.open_due()
    assert here.do(AssignAudit(audit=name, officer="t1")).startswith("422")
    assert here.do(AssignAudit(audit=name, officer="o1")) == "assigned"
    assert here.find(name) == "assigned"
    assert here.find(name, 50, (), "origin") == "assigned"
    assert here.do(WithdrawAuditFinding(audit=name, number=2, reason="a mistake")) == "assigned"
    assert here.do(CloseAudit(audit=name, waived_minor=901, reason="too small")).startswith("422")
    assert here.do(CloseAudit(audit=name, waived_minor=100)).endswith("reason"), "waiving needs its reason"
    assert here.do(CloseAudit(audit=name, waived_minor=100, reason="under the limit")) == "proposed"
    assert here.find(name).startswith("409")
    assert here.do(AnswerAuditClosing(audit=name, agree=True)).startswith("403 OECP-AUDIT-SELF-APPROVAL")
    assert here.do(AnswerAuditClosing(audit=name, agree=False, reason="claim all"), SECOND) == "assigned"
    assert here.do(CloseAudit(audit=name, waived_minor=100, reason="under the limit")) == "proposed"
    assert here.do(AnswerAuditClosing(audit=name, agree=True), SECOND) == "closed"
    assert here.do(CloseAudit(audit=name)).startswith("409")
    pay = RecordAuditRecovery(audit=name, amount_minor=300, reference="BANK 7")
    assert here.do(pay, REVENUE) == "closed"
    assert here.do(RecordAuditRecovery(audit=name, amount_minor=501, reference="X")).startswith("422")
    ledger = [entry for entry in here.office.store.entries.values() if entry.case_id == "risk/audit/" + name]
    assert balances(ledger) == {"claim:org-trader": 500, "revenue:audit": -800, "cash:org-trader": 300}
    shown = here.desk.audit(name)
    assert shown is not None
    assert shown.found == {1: "another invoice", 2: "another invoice"}
    assert (shown.audit.result, shown.audit.claim_minor, shown.audit.recovered_minor) == ("irregular", 800, 300)
    assert "invoice" not in repr(here.office.store.events(case_id="risk/audit/" + name)), "words stay outside the log"


def test_only_officers_act_and_only_on_released_goods() -> None:
    here = Audits()
    name = here.lodge("LRN-1")
    wanted = OpenAudit(declaration=name, reason="mine")
    for who in (TRADER, REVENUE):
        assert here.do(wanted, who).startswith("403 OECP-ROLE")
    red = here.lodge("LRN-2", channel="red")
    assert here.do(OpenAudit(declaration=red, reason="early")).startswith("409")
    assert here.do(OpenAudit(declaration=name)).startswith("422"), "an officer says why"
    assert here.do(OpenAudit(declaration="risk/audits", reason="x")).startswith("404")
    assert here.do(CloseAudit(audit=name)).startswith("404")
    assert here.do(wanted) == "open"
    assert here.do(wanted).startswith("409")


def test_results_flow_back_with_the_chance_of_the_sample() -> None:
    here = Audits(share_e6=500_000, draw=0)
    random = {"lane": "blue", "ground": "random", "random": "blue", "below": 100_000_000, "draw": 4, "office": "A"}
    names = [here.lodge(f"LRN-{n}", selection=random | {"draw": 4 + n}) for n in range(8)]
    here.desk.open_due()
    drawn = [state.declaration for state in here.desk.audits()]
    assert 0 < len(drawn) < 8
    chosen = next(name for name in names if name not in drawn)
    assert here.do(OpenAudit(declaration=chosen, reason="a tip")) == "open"
    here.find(drawn[0])
    here.find(drawn[0], 100, (2, 1), "origin")
    here.find(chosen)
    for name in (*drawn, chosen):
        assert here.do(CloseAudit(audit=name)) == "closed"
    cases = {case.case_id: case for case in here.cases()}
    first = cases[drawn[0]]
    assert (first.chance, first.sample_chance, first.sampled) == (0.05, 0.05, True)
    assert [(r.control, r.irregularity, r.recovered_minor) for r in first.results] == [
        ("audit", "value", 900), ("audit", "origin", 100)
    ]  # fmt: skip
    assert (first.label_of(2), first.recovered([1, 2])) == (1, {1: 75, 2: 925})
    assert not cases[chosen].sampled, "what an officer chose is not random"
    whole = compliance(cases.values(), {})[0]
    assert (whole.controlled, whole.irregular) == (len(drawn), 1)
    given_up = here.lodge("LRN-9")
    here.do(OpenAudit(declaration=given_up, reason="a tip"))
    here.do(CloseAudit(audit=given_up, dropped=True, reason="books were burnt"))
    assert here.do(AnswerAuditClosing(audit=given_up, agree=True), SECOND) == "dropped"
    assert next(case for case in here.cases() if case.case_id == given_up).results == []


def test_statistics_of_profiles_count_audits() -> None:
    reasons = {"officer": {"reasons": [{"rule": "risk.FOOT-01.2"}]}}
    events = [("c1", "DeclarationAssessed", reasons), ("c2", "DeclarationAssessed", reasons)]
    closed = [("risk/audit/c1", "AuditClosed", {"declaration": "c1", "result": "irregular"}),
              ("risk/audit/c2", "AuditClosed", {"declaration": "c2", "result": "dropped"})]  # fmt: skip
    [figures] = operation_of([*events, *closed]).figures({("FOOT-01", 2): 1_000_000})
    assert (figures.selections, figures.results, figures.irregular) == (2, 1, 1)
    drawn = ("c3", "DeclarationAssessed", {"officer": {"reasons": [{"rule": "risk.random"}]}})
    told = {"declaration": "c3", "result": "irregular", "draw": 7, "below": 5}
    samples = [operation_of([drawn, ("risk/audit/c3", "AuditClosed", told | {"ground": ground})]).sample()
               for ground in ("plan", "officer")]  # fmt: skip
    assert samples == [(1, 1), (0, 0)], "an officer's choice is no random one"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,1.5,30,,", "a share from 0 to 1"), ("A,0.1234567,30,,", "six decimals"), ("A,1,0,,", "due_days from 1"),
        ("A,1,30,soon,", "days as 2026-01-31"), ("A,1,30,2026-02-01,2026-01-01", "valid_to from"),
        ("A,1,30,,\nA,0.5,30,2026-01-01,", "one row an office and day"),
    ],
)  # fmt: skip
def test_a_bad_plan_is_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    (tmp_path / "audit_plan.csv").write_text(f"office,share,due_days,valid_from,valid_to\n{row}\n")
    with pytest.raises(ProfileError, match=told):
        audit_plan(Profile(tmp_path, {}))
