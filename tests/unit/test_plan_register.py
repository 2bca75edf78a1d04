# SPDX-License-Identifier: Apache-2.0
"""The register of plans: what may be recorded, what is refused, and what it shows as of any day."""

from __future__ import annotations

import msgspec
import pytest
from tests.register_world import (
    DELEGATE,
    TRADER,
    RegisterWorld,
    date_frame,
    other_source,
    small_plan,
    with_action,
    world_with_plan,
)

from openecp.kernel.journal.memory import utc_now
from openecp.programme.action_plan.bodies import iati_codes
from openecp.programme.action_plan.codes import Lifecycle
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    BindEvidence,
    Change,
    FreezeMeasurements,
    HoldSession,
    IssueReport,
    Link,
    NewEvidence,
    OverrideStatus,
    RecordDecision,
    ReviseAction,
    SetMilestone,
    SetPlanStatus,
    SetThresholds,
    StageDeliverable,
    TakePlan,
    UpdateAction,
    VerifyEvidence,
)
from openecp.programme.action_plan.plans import ActionFilter
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import BindingView, MeasurementView, Responsibility, Thresholds

DOCUMENT = NewEvidence(ref="PC0543")


@pytest.fixture
def world() -> RegisterWorld:
    return world_with_plan()


# -- documents and versions -------------------------------------------------------------------------------------------


def test_the_same_document_again_changes_nothing(world: RegisterWorld) -> None:
    before = len(world.store.log)
    answer = world.do(TakePlan(document=small_plan()))
    assert (answer.outcome, answer.case_id) == ("repeated", "TEST")
    assert len(world.store.log) == before


def test_a_plan_holds_from_the_first_day_of_its_period(world: RegisterWorld) -> None:
    assert [plan.id for plan in world.book.plans(as_of="2019-01-01")] == ["TEST"]
    assert world.book.plans(as_of="2018-12-31") == []
    with pytest.raises(LookupError, match="expected a plan"):
        world.book.plan("TEST", as_of="2018-12-31")


def test_a_changed_document_is_a_new_version_with_its_diff(world: RegisterWorld) -> None:
    changed = with_action(small_plan(), 1, timeframe=date_frame("2020-03-31"), title="Guidance on special zones")
    more = msgspec.structs.replace(changed.actions[4], number=7, id="TEST-07", title="A new action")
    changed = msgspec.structs.replace(changed, actions=(*changed.actions[:4], *changed.actions[5:], more))
    answer = world.do(TakePlan(document=other_source(changed, "second")))
    assert answer.outcome == "done"
    version = world.book.versions("TEST")[-1]
    assert (version.number, version.added, version.changed, version.withdrawn) == (
        2, ("TEST-07",), ("TEST-01",), ("TEST-05",),
    )  # fmt: skip
    diff = {each.id: each for each in world.book.diff("TEST", 1, 2)}
    assert {name: each.what for name, each in diff.items()} == {
        "TEST-01": "changed", "TEST-05": "withdrawn", "TEST-07": "added",
    }  # fmt: skip
    fields = {field.field: (field.before, field.after) for field in diff["TEST-01"].fields}
    assert fields["timeframe"] == ("2019-12-31", "2020-03-31")
    assert fields["title_as_written"] == ("Guidance on zones", "Guidance on special zones")
    turned = {each.id: each.what for each in world.book.diff("TEST", 2, 1)}
    assert turned == {"TEST-01": "changed", "TEST-05": "added", "TEST-07": "withdrawn"}
    assert [action.number for action in world.book.actions("TEST")] == [1, 2, 3, 4, 6, 7]
    assert world.book.roll_up("TEST").total == 6
    assert [action.number for action in world.book.actions("TEST", as_of="2020-07-09")] == [1, 2, 3, 4, 5, 6]


def test_a_withdrawn_action_comes_back_with_its_history(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-05", note="begun"))
    less = msgspec.structs.replace(small_plan(), actions=small_plan().actions[:4] + small_plan().actions[5:])
    world.do(TakePlan(document=other_source(less, "less")))
    assert world.book.action("TEST-05").withdrawn
    world.do(TakePlan(document=other_source(small_plan(), "again")))
    action = world.book.action("TEST-05")
    assert not action.withdrawn
    assert [update.note for update in action.updates] == ["begun"]
    assert world.book.diff("TEST", 1, 3) == []


def test_wording_alone_holds_from_the_start(world: RegisterWorld) -> None:
    wording = with_action(small_plan(), 2, title="Share good practices")
    world.do(TakePlan(document=other_source(wording, "wording")))
    assert world.book.action("TEST-02", as_of="2019-02-01").title_as_written == "Share good practices"


def test_wording_of_an_action_that_came_later_holds_from_its_own_first_day(world: RegisterWorld) -> None:
    plan = small_plan()
    more = msgspec.structs.replace(plan.actions[4], number=7, id="TEST-07", title="A new action")
    longer = msgspec.structs.replace(plan, actions=(*plan.actions, more))
    world.do(TakePlan(document=other_source(longer, "longer"), on="2019-09-01"))
    world.do(TakePlan(document=other_source(with_action(longer, 7, title="A newer action"), "worded")))
    assert world.book.action("TEST-07", as_of="2019-09-01").title_as_written == "A newer action"
    with pytest.raises(LookupError):
        world.book.action("TEST-07", as_of="2019-08-31")
    early = TakePlan(document=other_source(with_action(longer, 1, title="x"), "early"), on="2018-12-31")
    assert world.refused(early) == "OECP-PLAN-BEFORE"


def test_a_work_programme_is_a_plan_whose_items_belong_to_actions(world: RegisterWorld) -> None:
    plan = msgspec.structs.replace(small_plan().plan, plan_id="PTC-2019", source_sha256="ab" * 32)
    world.do(TakePlan(document=msgspec.structs.replace(small_plan(), plan=plan), work_programme="PTC-WP"))
    link = Link(from_id="TEST-01", to_id="PTC-2019-02", kind="includes", reason="item")
    world.do(AssertDependency(links=(link,), state="confirmed"))
    assert [(each.to_id, each.kind) for each in world.book.action("TEST-01").dependencies] == [
        ("PTC-2019-02", "includes")
    ]
    programmes = {each.code: each.items for each in world.book.work_programmes()}
    assert (programmes["PTC-WP"], programmes["TFAWG-WP"]) == ("PTC-2019", None)
    assert world.book.plan("PTC-2019").work_programme == "PTC-WP"
    assert world.book.roll_up("TEST").total == 6


def test_another_plan_under_the_same_name_is_refused_unless_confirmed(world: RegisterWorld) -> None:
    plan = small_plan()
    period = msgspec.structs.replace(plan.plan.period, start="2021-01", end="2022-12")
    other = other_source(msgspec.structs.replace(plan, plan=msgspec.structs.replace(plan.plan, period=period)), "other")
    assert world.refused(TakePlan(document=other)) == "OECP-PLAN-OTHER"
    assert world.do(TakePlan(document=other, confirmed=True)).outcome == "done"
    unlike = small_plan()
    for number in (1, 2, 3, 4):
        unlike = with_action(unlike, number, responsible=("IMSC",))
    fresh = world_with_plan()
    assert fresh.refused(TakePlan(document=other_source(unlike, "unlike"))) == "OECP-PLAN-OTHER"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": 2}, "OECP-PLAN-DOCUMENT"),
        ({"number": 0}, "OECP-PLAN-DOCUMENT"),
        ({"title": " "}, "OECP-PLAN-TEXT"),
        ({"section": 9}, "OECP-PLAN-DOCUMENT"),
        ({"timeframe": date_frame("2020-13-01")}, "OECP-PLAN-DAY"),
    ],
)
def test_a_document_that_cannot_be_a_plan_is_refused_whole(change: dict[str, object], code: str) -> None:
    world = RegisterWorld()
    assert world.refused(TakePlan(document=with_action(small_plan(), 1, **change))) == code
    assert world.book.plans() == []


def test_an_import_stands_or_falls_whole() -> None:
    """The writes of an import carry one group."""
    world = RegisterWorld()
    seen: list[str | None] = []
    write = world.store.write

    def watch(batch: list[object]) -> object:
        seen.extend(each.group for each in batch)  # type: ignore[attr-defined]
        return write(batch)  # type: ignore[arg-type]

    world.store.write = watch  # type: ignore[method-assign,assignment]
    world.do(TakePlan(document=small_plan()))
    assert len(seen) == 7
    assert len(set(seen)) == 1
    assert seen[0]


def test_a_document_is_kept_and_its_salted_hash_recorded(world: RegisterWorld) -> None:
    world.do(TakePlan(document=other_source(with_action(small_plan(), 1, title="Other"), "kept"), source=b"the text"))
    version = world.book.versions("TEST")[-1]
    document = world.store.document(version.document_id or "")
    assert document is not None
    assert document.content == b"the text"


# -- updates ----------------------------------------------------------------------------------------------------------


def test_delivered_needs_evidence(world: RegisterWorld) -> None:
    for status in ("delivered", "endorsed", "closed"):
        assert world.refused(UpdateAction(action="TEST-01", status=status)) == "OECP-PLAN-EVIDENCE"  # type: ignore[arg-type]
    world.do(UpdateAction(action="TEST-01", status="delivered", evidence=DOCUMENT, on="2019-11-15"))
    action = world.book.action("TEST-01")
    assert (action.lifecycle, action.assessment.colour, action.assessment.ground) == ("delivered", "green", "delivered")
    assert action.updates[0].evidence == ("E1",)


def test_evidence_of_later_does_not_make_an_earlier_day_delivered(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-01", evidence=DOCUMENT, on="2019-11-15"))
    late = UpdateAction(action="TEST-01", status="delivered", on="2019-11-14")
    assert world.refused(late) == "OECP-PLAN-EVIDENCE"


def test_evidence_of_one_installation_does_not_speak_for_a_programme(world: RegisterWorld) -> None:
    own = NewEvidence(ref="release times", kind="metric", scope="instance")
    assert world.refused(UpdateAction(action="TEST-02", status="delivered", evidence=own)) == "OECP-PLAN-EVIDENCE"
    world.do(UpdateAction(action="TEST-02", evidence=own))
    action = world.book.action("TEST-02")
    assert not action.evidence[0].counts
    assert action.assessment.colour == "amber"


def test_what_is_told_later_of_the_past_takes_its_place(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-01", status="in_progress", on="2019-06-01"))
    world.do(UpdateAction(action="TEST-01", status="suspended", note="no budget", on="2019-03-01"))
    at = {day: world.book.action("TEST-01", as_of=day).lifecycle for day in ("2019-02-28", "2019-03-01", "2019-06-01")}
    assert at == {"2019-02-28": "planned", "2019-03-01": "suspended", "2019-06-01": "in_progress"}
    counted = {
        day: world.book.roll_up("TEST", as_of=day).overall.lifecycle
        for day in ("2019-02-28", "2019-03-01", "2019-06-01")
    }
    assert counted["2019-03-01"] == {"planned": 5, "suspended": 1}
    assert counted["2019-06-01"] == {"planned": 5, "in_progress": 1}
    assert counted["2019-02-28"] == {"planned": 6}


def test_a_note_told_later_leaves_the_lifecycle_of_its_day(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-01", note="looked at it", on="2019-06-01"))
    world.do(UpdateAction(action="TEST-01", status="in_progress", on="2019-03-01"))
    assert world.book.action("TEST-01").lifecycle == "in_progress"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (UpdateAction(action="TEST-01"), "OECP-PLAN-EMPTY"),
        (UpdateAction(action="TEST-01", note="x", on="2020-07-11"), "OECP-PLAN-FUTURE"),
        (UpdateAction(action="TEST-01", note="x", on="2018-12-31"), "OECP-PLAN-BEFORE"),
        (UpdateAction(action="TEST-01", note="x", on="yesterday"), "OECP-PLAN-DAY"),
        (UpdateAction(action="TEST-99", note="x"), "OECP-PLAN-UNKNOWN"),
        (UpdateAction(action="nonsense", note="x"), "OECP-PLAN-UNKNOWN"),
        (UpdateAction(action="TEST-01", status="cancelled"), "OECP-PLAN-REASON"),
        (UpdateAction(action="TEST-01", status="merged", note="x"), "OECP-PLAN-TARGET"),
        (UpdateAction(action="TEST-01", status="merged", note="x", target="TEST-01"), "OECP-PLAN-TARGET"),
        (UpdateAction(action="TEST-01", note="x" * 4001), "OECP-PLAN-TEXT"),
        (UpdateAction(action="TEST-01", evidence=NewEvidence(ref=" ")), "OECP-PLAN-TEXT"),
        (UpdateAction(action="TEST-01", evidence=NewEvidence(ref="x", sha256="AB")), "OECP-PLAN-HASH"),
        (VerifyEvidence(action="TEST-01", evidence="E1"), "OECP-PLAN-UNKNOWN"),
        (OverrideStatus(action="TEST-01", colour="red", reason="because"), "OECP-PLAN-EXPIRY"),
        (OverrideStatus(action="TEST-01", colour="red", reason=" ", expires="2021-01-01"), "OECP-PLAN-TEXT"),
        (ReviseAction(action="TEST-01", reason="no date", timeframe=Timeframe(kind="date")), "OECP-PLAN-TIMEFRAME"),
        (SetMilestone(action="TEST-01", milestone="M1", reached_on="2020-01-01"), "OECP-PLAN-UNKNOWN"),
        (StageDeliverable(action="TEST-01", stage="drafting"), "OECP-PLAN-TEXT"),
        (RecordDecision(session="PTC/1", text="agreed"), "OECP-PLAN-UNKNOWN"),
        (HoldSession(session="P/1", body="P", name="x", starts="2020-02-02", ends="2020-02-01"), "OECP-PLAN-SESSION"),
        (AssertLineage(links=(Link(from_id="TEST-01", to_id="TEST-02", confidence="2"),)), "OECP-PLAN-LINK"),
        (SetThresholds(plan="TEST", thresholds=Thresholds(silent_days=0), reason="test"), "OECP-PLAN-THRESHOLD"),
        (SetPlanStatus(plan="NONE", status="endorsed", reason="test"), "OECP-PLAN-UNKNOWN"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused_with_a_reason(world: RegisterWorld, act: object, code: str) -> None:
    assert world.refused(act) == code  # type: ignore[arg-type]


def test_a_key_gives_the_first_answer_again(world: RegisterWorld) -> None:
    act = UpdateAction(action="TEST-01", note="once")
    first, second = world.ask(act, key="k1"), world.ask(act, key="k1")
    assert first.outcome == "done"
    assert (second.first_seq, second.last_seq) == (first.first_seq, first.last_seq)
    assert len(world.book.action("TEST-01").updates) == 1
    other = world.ask(UpdateAction(action="TEST-01", note="twice"), key="k1")
    assert other.error is not None
    assert other.error.code == "OECP-IDEMPOTENCY-CONFLICT"


# -- assessment -------------------------------------------------------------------------------------------------------


def judged(world: RegisterWorld, action: str, day: str) -> tuple[str, str]:
    found = world.book.action(action, as_of=day).assessment
    return found.colour, found.ground


def test_a_dated_action_by_its_date(world: RegisterWorld) -> None:
    assert judged(world, "TEST-01", "2019-06-01") == ("grey", "no_data")  # 213 days left, nobody reported
    assert judged(world, "TEST-01", "2019-10-03") == ("amber", "due_soon")  # 89 days left
    assert judged(world, "TEST-01", "2019-12-31") == ("amber", "due_soon")
    assert judged(world, "TEST-01", "2020-01-01") == ("red", "overdue")
    assert world.book.action("TEST-01", as_of="2020-02-01").assessment.facts == {"due": "2019-12-31", "days": 32}
    world.do(UpdateAction(action="TEST-01", status="in_progress", on="2019-02-01"))
    assert judged(world, "TEST-01", "2019-06-01") == ("green", "on_course")  # 120 days silent
    assert judged(world, "TEST-01", "2019-06-02") == ("amber", "silent")
    assert judged(world, "TEST-01", "2019-10-02") == ("amber", "silent")  # 90 days left


def test_a_continuous_action_by_its_evidence(world: RegisterWorld) -> None:
    assert judged(world, "TEST-02", "2020-06-01") == ("grey", "no_data")
    world.do(UpdateAction(action="TEST-02", note="much was done", on="2019-01-10"))
    assert judged(world, "TEST-02", "2019-01-10") == ("amber", "one_period_without")  # words are no evidence
    world.do(UpdateAction(action="TEST-02", evidence=DOCUMENT, on="2019-03-01"))
    assert judged(world, "TEST-02", "2019-08-30") == ("green", "evidence_in_period")  # 182 days
    assert judged(world, "TEST-02", "2019-08-31") == ("amber", "one_period_without")
    assert judged(world, "TEST-02", "2020-02-28") == ("amber", "one_period_without")  # 364 days
    assert judged(world, "TEST-02", "2020-02-29") == ("red", "two_periods_without")


def test_an_annual_action_by_its_edition(world: RegisterWorld) -> None:
    assert judged(world, "TEST-03", "2020-01-01") == ("grey", "no_data")
    world.do(UpdateAction(action="TEST-03", evidence=DOCUMENT, on="2019-06-01"))
    assert judged(world, "TEST-03", "2019-12-31") == ("green", "edition_this_year")
    assert judged(world, "TEST-03", "2020-01-01") == ("amber", "edition_last_year")


def test_an_action_by_sessions_by_what_was_filed(world: RegisterWorld) -> None:
    for number, day in ((1, "2019-04-01"), (2, "2019-10-01")):
        world.do(HoldSession(session=f"PTC/{number}", body="PTC", name="x", starts=day, ends=day))
    assert judged(world, "TEST-04", "2019-03-01") == ("grey", "no_data")
    assert judged(world, "TEST-04", "2019-05-01") == ("amber", "session_without_report")
    assert judged(world, "TEST-04", "2019-11-01") == ("red", "session_without_report")
    world.do(UpdateAction(action="TEST-04", note="report", session="PTC/1", on="2019-04-01"))
    assert judged(world, "TEST-04", "2019-05-01") == ("green", "reported_each_session")
    assert judged(world, "TEST-04", "2019-11-01") == ("amber", "session_without_report")


def test_an_action_without_a_timeframe_says_so(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-05", note="begun"))
    assert judged(world, "TEST-05", "2020-07-10") == ("grey", "no_timeframe")


def test_what_does_not_run_is_grey(world: RegisterWorld) -> None:
    world.do(
        UpdateAction(action="TEST-01", status="carried_over", note="next phase", target="NEXT-01", on="2020-01-10")
    )
    assert judged(world, "TEST-01", "2020-02-01") == ("grey", "not_running")
    assert world.book.action("TEST-01").target == "NEXT-01"
    assert world.book.overdue("TEST", as_of="2020-02-01") == []


def test_an_override_stands_beside_the_computed_colour_until_it_expires(world: RegisterWorld) -> None:
    world.do(
        OverrideStatus(action="TEST-01", colour="green", reason="text agreed", expires="2020-03-01", on="2020-01-15")
    )
    action = world.book.action("TEST-01", as_of="2020-03-01")
    assert (action.assessment.colour, action.shown) == ("red", "green")
    assert world.book.action("TEST-01", as_of="2020-01-14").override is None
    later = world.book.action("TEST-01", as_of="2020-03-02")
    assert (later.shown, later.override is not None and later.override.in_force) == ("red", False)
    assert world.book.roll_up("TEST", as_of="2020-02-01").overridden == 1
    assert world.book.roll_up("TEST", as_of="2020-03-02").overridden == 0
    world.do(OverrideStatus(action="TEST-01", colour=None, reason="no longer", on="2020-02-10"))
    assert world.book.action("TEST-01", as_of="2020-02-11").override is None


def test_thresholds_are_the_plans_own_and_hold_from_their_day(world: RegisterWorld) -> None:
    world.do(SetThresholds(plan="TEST", thresholds=Thresholds(due_soon_days=10), reason="shorter", on="2019-11-01"))
    assert judged(world, "TEST-01", "2019-10-31") == ("amber", "due_soon")
    assert judged(world, "TEST-01", "2019-11-01") == ("grey", "no_data")
    assert world.book.roll_up("TEST", as_of="2019-10-31").overall.due_soon == 1
    assert world.book.roll_up("TEST", as_of="2019-11-01").overall.due_soon == 0


def test_every_lifecycle_but_the_moves_elsewhere_has_an_iati_code() -> None:
    assert set(iati_codes()) == set(Lifecycle.__args__) - {"merged", "carried_over"}  # type: ignore[attr-defined]
    assert iati_codes()["in_progress"] == "2"


# -- decisions, stages, figures ---------------------------------------------------------------------------------------


def test_a_decision_changes_actions_and_each_change_names_it(world: RegisterWorld) -> None:
    world.do(HoldSession(session="PTC/223", body="PTC", name="223rd", starts="2019-10-10", ends="2019-10-12"))
    changes = (
        Change(action="TEST-01", timeframe=date_frame("2020-12-31"), note="more time"),
        Change(action="TEST-05", responsible=(Responsibility(body="PTC"),)),
        Change(action="TEST-06", status="endorsed"),
    )
    answer = world.do(RecordDecision(session="PTC/223", text="Agreed to the changes.", changes=changes))
    assert answer.case_id == "PTC/223/D1"
    decision = world.book.session("PTC/223").decisions[0]
    assert (decision.id, decision.on) == ("PTC/223/D1", "2019-10-12")
    assert {(each.subject, each.kind) for each in decision.changes} == {
        ("TEST-01", "TimeframeChanged"), ("TEST-01", "StatusReported"), ("TEST-05", "ResponsibilityChanged"),
        ("TEST-06", "EvidenceAdded"), ("TEST-06", "StatusReported"),
    }  # fmt: skip
    first = world.book.action("TEST-01")
    assert first.timeframe.due == "2020-12-31"
    assert first.beyond_plan
    assert first.decisions == ("PTC/223/D1",)
    assert world.book.action("TEST-01", as_of="2019-10-11").timeframe.due == "2019-12-31"
    assert world.book.action("TEST-05").responsible == ("PTC",)
    assert world.book.action("TEST-06").lifecycle == "endorsed"
    assert world.book.action("TEST-06").evidence[0].ref == "PTC/223/D1"


def test_a_decision_about_an_unknown_action_records_nothing(world: RegisterWorld) -> None:
    world.do(HoldSession(session="PTC/223", body="PTC", name="223rd", starts="2019-10-10", ends="2019-10-12"))
    wrong = (Change(action="TEST-01", note="x"), Change(action="TEST-77", note="x"))
    assert world.refused(RecordDecision(session="PTC/223", text="Agreed.", changes=wrong)) == "OECP-PLAN-UNKNOWN"


def test_days_in_a_stage_are_counted(world: RegisterWorld) -> None:
    title = {"en": "Guidance", "fr": "Directives"}
    world.do(StageDeliverable(action="TEST-01", stage="drafting", titles=title, kind="guideline", on="2019-03-01"))
    world.do(
        StageDeliverable(action="TEST-01", instrument="TEST-01/D1", stage="ptc", on="2019-03-31", decision="PTC/1/D1")
    )
    deliverable = world.book.action("TEST-01", as_of="2019-04-10").deliverables[0]
    assert [(stage.stage, stage.days) for stage in deliverable.stages] == [("drafting", 30), ("ptc", 10)]
    assert (deliverable.stage, deliverable.titles) == ("ptc", title)
    world.do(
        StageDeliverable(instrument="D-I-99", stage="published", titles=title, actions=("TEST-02",), on="2019-01-05")
    )
    assert [each.id for each in world.book.action("TEST-02").deliverables] == ["D-I-99"]
    assert [each.id for each in world.book.instruments()] == ["D-I-99"]


def test_milestones(world: RegisterWorld) -> None:
    world.do(SetMilestone(action="TEST-01", title="First draft", due="2019-06-30", on="2019-01-20"))
    assert world.book.action("TEST-01", as_of="2019-07-01").milestones[0].overdue
    world.do(SetMilestone(action="TEST-01", milestone="M1", reached_on="2019-08-15"))
    found = world.book.action("TEST-01").milestones[0]
    assert (found.title, found.due, found.reached_on, found.overdue) == (
        "First draft",
        "2019-06-30",
        "2019-08-15",
        False,
    )


FIGURE = MeasurementView(
    indicator="release_time_median", version=1, title={"en": "x"}, unit="s", value="12.5", n=4, as_of="2020-07-01",
    journal_position=9, query_hash="ab" * 32, scope="instance", frozen_on="",
)  # fmt: skip


def test_a_figure_is_frozen_with_all_that_it_rests_on(world: RegisterWorld) -> None:
    world.do(FreezeMeasurements(plan="TEST", measurements=(("TEST-02", FIGURE),), report="R1"))
    found = world.book.action("TEST-02").measurements[0]
    assert (found.value, found.n, found.as_of, found.query_hash, found.report) == (
        "12.5", 4, "2020-07-01", "ab" * 32, "R1",
    )  # fmt: skip
    assert found.seq > 0
    assert judged(world, "TEST-02", "2020-07-10") == ("grey", "no_data")  # a figure alone is no evidence


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"n": -1},
        {"value": None},
        {"as_of": ""},
        {"query_hash": ""},
        {"journal_position": -1},
        {"value": "many"},
        {"as_of": "2020-07-11"},
    ],
)
def test_a_figure_without_n_or_as_of_is_refused(world: RegisterWorld, change: dict[str, object]) -> None:
    figure = msgspec.structs.replace(FIGURE, **change)
    act = FreezeMeasurements(plan="TEST", measurements=(("TEST-01", FIGURE), ("TEST-02", figure)))
    assert world.refused(act) == "OECP-PLAN-FIGURE"


def test_a_binding_that_stands_is_not_recorded_again(world: RegisterWorld) -> None:
    binding = BindingView(indicator="x", version=1, title={"en": "x"}, unit="s", scope="instance")
    act = BindEvidence(bindings=(("TEST-01", binding),))
    assert [world.do(act).outcome, world.do(act).outcome] == ["done", "repeated"]


def test_lineage_is_proposed_and_confirmed_by_a_person(world: RegisterWorld) -> None:
    link = Link(from_id="TEST-01", to_id="TEST-06", relation="continues", confidence="0.8", reason="same subject")
    world.do(AssertLineage(links=(link,)))
    assert world.book.action("TEST-06").predecessors[0].state == "proposed"
    world.do(AssertLineage(links=(link,), state="confirmed"))
    assert [each.state for each in world.book.lineage("TEST", "TEST")] == ["confirmed"]
    assert world.book.action("TEST-01").successors == world.book.action("TEST-06").predecessors


def test_a_report_is_recorded_once(world: RegisterWorld) -> None:
    act = IssueReport(plan="TEST", report="R1", language="en", as_of="2020-02-01", files={"r.docx": "ab" * 32})
    assert [world.do(act).outcome, world.do(act).outcome] == ["done", "repeated"]
    assert world.book.plan("TEST").reports[0].files == {"r.docx": "ab" * 32}


# -- reading ----------------------------------------------------------------------------------------------------------


def test_filters(world: RegisterWorld) -> None:
    def numbers(**wanted: object) -> list[int]:
        found = world.book.actions("TEST", msgspec.convert(wanted, ActionFilter), as_of="2020-02-01")
        return [action.number for action in found]

    assert numbers(body=["SAFE WG"]) == [2, 3, 6]
    assert numbers(body=[""]) == [5]
    assert numbers(programme=["PTC-WP"]) == [1, 6]
    assert numbers(section=[2], timeframe=["date"]) == [6]
    assert numbers(quarter=["2019-Q4"]) == [1]
    assert numbers(text="ZONES") == [1]
    assert numbers(overdue=True) == [1]
    assert numbers(due_within_days=151) == [6]
    assert numbers(due_within_days=150) == []
    assert numbers(colour=["red"]) == [1]


def test_changes_between_two_days(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-01", status="in_progress", on="2019-05-01"))
    world.do(UpdateAction(action="TEST-02", note="x", on="2019-06-01"))
    found = world.book.changes("TEST", since="2019-05-01", until="2019-06-01")
    assert [(each.subject, each.kind) for each in found] == [("TEST-02", "StatusReported")]
    found = world.book.changes("TEST", since="2019-04-30", until="2019-05-31")
    assert [(each.fields[0].before, each.fields[0].after) for each in found] == [("planned", "in_progress")]


def test_history_names_who_and_when(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-01", note="x", on="2019-05-01"))
    last = world.book.history("TEST-01")[-1]
    assert (last.by, last.on, last.recorded_at) == ("person:sena", "2019-05-01", world.now)
    assert last.seq == len(world.store.log)
    with pytest.raises(LookupError, match="got 'TEST-77'"):
        world.book.history("TEST-77")


# -- roles ------------------------------------------------------------------------------------------------------------


def test_a_delegate_reports_for_the_actions_of_its_own_body_only(world: RegisterWorld) -> None:
    world.do(UpdateAction(action="TEST-06", status="in_progress", evidence=DOCUMENT), DELEGATE)
    assert world.refused(UpdateAction(action="TEST-01", note="x"), DELEGATE) == "OECP-PLAN-BODY"
    assert world.refused(UpdateAction(action="TEST-05", note="x"), DELEGATE) == "OECP-PLAN-BODY"
    for act in (
        OverrideStatus(action="TEST-06", colour="green", reason="please", expires="2021-01-01"),
        ReviseAction(action="TEST-06", reason="please", timeframe=date_frame("2021-01-01")),
        TakePlan(document=other_source(small_plan(), "mine")),
        SetPlanStatus(plan="TEST", status="endorsed", reason="please"),
        VerifyEvidence(action="TEST-06", evidence="E1"),
    ):
        assert world.refused(act, DELEGATE) == "OECP-PLAN-ROLE"


def test_nobody_else_records_anything(world: RegisterWorld) -> None:
    assert world.refused(UpdateAction(action="TEST-06", note="x"), TRADER) == "OECP-ROLE"
    assert world.refused(TakePlan(document=small_plan()), TRADER) == "OECP-ROLE"


def test_the_clock_of_the_journal_is_not_the_day_that_is_told(world: RegisterWorld) -> None:
    world.now = utc_now()
    world.do(UpdateAction(action="TEST-01", note="x", on="2019-05-01"))
    assert world.book.action("TEST-01").updates[0].on == "2019-05-01"
    assert world.book.action("TEST-01").updates[0].recorded_at == world.now
