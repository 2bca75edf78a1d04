# SPDX-License-Identifier: Apache-2.0
"""The session paper: every count is right, every list is named, nothing unfounded is printed.

Method: a register in memory with some forty invented updates; figures are counted again here from the actions, by hand.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache

import msgspec
import pytest
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, action, codes, fill

from openecp.kernel.indicators.model import Indicator
from openecp.platform.documents.session_paper import FORMATS, session_papers
from openecp.programme.action_plan.commands import SetThresholds, UpdateAction
from openecp.programme.action_plan.plans import RollUp
from openecp.programme.action_plan.views import MeasurementView, Thresholds
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import Basis, PaperError, gather
from openecp.programme.reports.paper import Chart, Heading, Mark, Paper, Paragraph, Table
from openecp.programme.reports.wording import Wording

FIGURE = MeasurementView(
    indicator="release_time",
    version=1,
    title={"en": "Median time to release", "fr": "Délai médian de mainlevée"},
    unit="s",
    value="1412.5",
    n=1873,
    as_of="2020-01-31",
    journal_position=4200,
    query_hash="b" * 64,
    scope="instance",
    frozen_on="2020-01-31",
)


@cache
def world() -> ReportWorld:
    """Return one register for all tests that only read."""
    return fill(ReportWorld())


@cache
def basis() -> Basis:
    """Return what the papers of the tests rest on."""
    return gather(world().plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=[(action(55), FIGURE)])


@cache
def paper(language: str) -> Paper:
    """Return the paper in a language."""
    return build_paper(basis(), Wording(language, codes(language)))  # type: ignore[arg-type]


def table(caption: str, told: Paper | None = None) -> Table:
    """Return the table whose caption begins so."""
    (found,) = [
        each for each in (told or paper("en")).blocks if isinstance(each, Table) and each.caption.startswith(caption)
    ]
    return found


def words(row: tuple[str | Mark, ...]) -> list[str]:
    """Return the cells of a row as text."""
    return [cell.text if isinstance(cell, Mark) else cell for cell in row]


def paragraphs(told: Paper) -> list[str]:
    """Return the paragraphs of a paper."""
    return [each.text for each in told.blocks if isinstance(each, Paragraph)]


def headings(told: Paper) -> list[str]:
    """Return the headings of a paper."""
    return [each.text for each in told.blocks if isinstance(each, Heading)]


def test_key_figures_are_those_of_the_actions() -> None:
    """Counted again from the actions themselves, and from what the world recorded."""
    actions = world().plans.actions("ECP-IV", as_of=AS_OF)
    told = dict(words(row) for row in table("Key figures").rows)  # type: ignore[misc]
    wanted = {
        "Actions in the plan": 63,
        "Timeframe: by a date": 33,
        "Timeframe: continuous": 29,
        "Timeframe: every year": 1,
        "Without a timeframe": 0,
        "Without a responsible body": 13,
        "Without a work programme": 34,
        "Overdue": 2,  # 5 (December 2019) and 48 (January 2020); 43 was delivered
        "Due within 90 days": 1,  # 20 (March 2020)
        "Due after the plan ends": 6,  # the five of the text, and 12, which a decision moved to December 2020
        "With at least one evidence": sum(bool(each.evidence) for each in actions),
        "With a colour set by a person": 1,  # 44; that of 10 has expired
    }
    assert told == {name: str(number) for name, number in wanted.items()}
    assert wanted["With at least one evidence"] == 13


def test_summary_sentences() -> None:
    """The sentences hold the same counts."""
    actions = world().plans.actions("ECP-IV", as_of=AS_OF)
    colours = Counter(each.assessment.colour for each in actions)
    states = Counter(each.lifecycle for each in actions)
    first, second, third, fourth = (each.replace("\u00a0", " ") for each in paragraphs(paper("en"))[:4])
    assert first == (
        f"On 1 February 2020 the plan held 63 actions in 5 sections: {colours['green']} on track, "
        f"{colours['amber']} at risk, {colours['red']} late, {colours['grey']} without assessment."
    )
    assert second == (
        f"By lifecycle: {states['planned']} planned, {states['in_progress']} in progress, {states['delivered']} "
        f"delivered, {states['suspended']} suspended."
    )
    assert "2 actions are overdue; 1 falls due within 90 days." in third
    assert f"{len(basis().changes)} changes were recorded since" in third
    assert fourth.startswith("1 action also carries a colour that a person set")


def test_status_tables_add_up() -> None:
    """Each row adds up over colours, each column over sections; the chart shows the same."""
    by_colour = [[int(cell) for cell in words(row)[1:]] for row in table("Actions by section and assessment").rows]
    *sections, total = by_colour
    assert all(row[0] == sum(row[1:5]) for row in by_colour)
    assert total == [sum(column) for column in zip(*sections, strict=True)]
    assert [row[0] for row in sections] == [17, 16, 9, 16, 5]
    (chart,) = [each for each in paper("en").blocks if isinstance(each, Chart)]
    assert [list(bar.counts) for bar in chart.bars] == [row[1:5] for row in sections]
    by_state = [[int(cell) for cell in words(row)[1:]] for row in table("Actions by section and lifecycle").rows]
    assert all(row[0] == sum(row[1:]) for row in by_state)
    bodies = {row[0]: int(str(row[1])) for row in table("Actions by responsible body").rows}
    assert bodies["Permanent Technical Committee"] == 23
    assert bodies["SAFE Working Group"] == 12
    assert bodies["No responsible body"] == 13


def test_changes_are_named_with_their_decision() -> None:
    """Each change of the half year stands with day, action and ground; older ones do not."""
    rows = [words(row) for row in table("Recorded after").rows]
    assert len(rows) == len(basis().changes)
    assert all(each.on > SINCE for each in basis().changes)
    told = {(row[1].partition(":")[0], row[2]): row[3] for row in rows}
    assert told["ECP-IV-12", "Timeframe: 30\u00a0June\u00a02020 → 31\u00a0December\u00a02020"] == "Decision PTC/223/D1"
    assert told["ECP-IV-11", "Reported: planned → in progress"] == "Decision PTC/223/D1"
    assert ("ECP-IV-46", "Reported: in progress → delivered") in told
    assert ("ECP-IV-46", "Evidence added: PM0481E1a") in told
    assert ("ECP-IV-43", "Reported: in progress → delivered") not in told  # in June, before the last session
    assert ("ECP-IV-44", "Colour set by a person: at risk") in told
    assert ("ECP-IV-15", "Evidence verified") in told


def test_deadlines_say_why() -> None:
    """Overdue and due soon, with owner, number of days and last update."""
    overdue = [words(row) for row in table("Overdue on").rows]
    assert [row[0].partition(":")[0] for row in overdue] == ["ECP-IV-05", "ECP-IV-48"]
    plain = [[cell.replace("\u00a0", " ") for cell in row] for row in overdue]
    assert plain[0][1] == "Permanent Technical Committee, Other relevant WCO committees or working groups"
    assert plain[0][2] == "Due 31 December 2019, 32 days ago. Last update: 11 May 2019."
    assert plain[1][1] == "No responsible body"
    assert plain[1][2] == "Due 31 January 2020, 1 day ago. No update yet."
    (soon,) = [words(row) for row in table("Due within 90 days of").rows]
    assert soon[0].startswith("ECP-IV-20: ")
    assert soon[2].replace("\u00a0", " ") == "Due 31 March 2020, 59 days left. Last update: 15 January 2020."


def test_decisions_asked_for() -> None:
    """Overdue without an update, delivered and not closed, links unconfirmed, overrides that expire or have."""
    overdue = [words(row)[0][:9] for row in table("Overdue actions without").rows]
    assert overdue == ["ECP-IV-05", "ECP-IV-48"]
    (closing,) = [words(row) for row in table("Actions that need a closing status").rows]
    assert closing[0].startswith("ECP-IV-43")
    assert closing[1] == "Delivered since 20\u00a0June\u00a02019: endorse, or close?"
    links = [words(row) for row in table("Links that the register proposed").rows]
    assert len(links) == len(world().plans.lineage("ECP-III", "ECP-IV"))
    assert all(row[0].startswith("ECP-III-") and ": " in row[0] for row in links)
    overrides = {words(row)[0][:9]: words(row)[3] for row in table("Colours set by a person").rows}
    assert list(overrides) == ["ECP-IV-10", "ECP-IV-44"]
    assert overrides["ECP-IV-10"].startswith("expired on 31\u00a0December\u00a02019")
    assert overrides["ECP-IV-44"].startswith("expires on 31\u00a0March\u00a02020")


def test_after_its_end_a_plan_asks_what_becomes_of_its_actions() -> None:
    """On a day after June 2020, running actions without date or with one that is met need a closing status."""
    later = gather(world().plans, "ECP-IV", as_of="2020-09-01", since=AS_OF)
    told = build_paper(later, Wording("en", codes("en")))
    asked = {words(row)[0][:9]: words(row)[1] for row in table("Actions that need a closing status", told).rows}
    assert asked["ECP-IV-06"].replace("\u00a0", " ") == (
        "The plan ended in June 2020, and the action is still in progress: close, carry over or cancel?"
    )
    assert "ECP-IV-02" not in asked  # due in June 2021
    assert "ECP-IV-01" not in asked  # overdue: it is asked about there
    assert asked["ECP-IV-33"].endswith("still suspended: close, carry over or cancel?")


def test_figures_stand_with_what_makes_them_one() -> None:
    """Value, n, day, position and scope; the scope's limit is said."""
    (row,) = [words(row) for row in table("Figures of the running system").rows]
    plain = [cell.replace("\u00a0", " ") for cell in row]
    assert plain == [
        "ECP-IV-55", "Median time to release", "1,412.5 s", "1,873", "31 January 2020", "4,200",
        "this installation only",
    ]  # fmt: skip
    assert any("says nothing of other administrations" in each for each in paragraphs(paper("en")))
    french = words(table("Mesures du système", paper("fr")).rows[0])
    assert french[1:4] == ["Délai médian de mainlevée", "1\u00a0412,5\u00a0s", "1\u00a0873"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": -1},
        {"n": 0},
        {"value": None},
        {"as_of": ""},
        {"as_of": "soon"},
        {"query_hash": ""},
        {"journal_position": -1},
        {"n": None},
    ],
    ids=str,
)
def test_an_unfounded_figure_is_refused(wrong: dict[str, object]) -> None:
    """Without n, day, position or query there is no paper; the message names the figure."""
    figure = msgspec.structs.replace(FIGURE, **wrong)
    with pytest.raises(PaperError, match="ECP-IV-55, release_time"):
        gather(world().plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=[(action(55), figure)])


def test_no_case_is_said_so() -> None:
    """A figure without cases has no value; a share is shown in per cent."""
    none = msgspec.structs.replace(FIGURE, value=None, n=0)
    share = msgspec.structs.replace(FIGURE, indicator="share", value="0.93418", unit="share")
    told = gather(
        world().plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=[(action(55), none), (action(14), share)]
    )
    values = [words(row)[2] for row in table("Figures", build_paper(told, Wording("en", codes("en")))).rows]
    assert values == ["93.4%", "no case"]


def test_lists_and_counts_must_agree() -> None:
    """A register that changes between two questions gives no paper."""

    class Changing:
        def __getattr__(self, name: str) -> object:
            return getattr(world().plans, name)

        def roll_up(self, plan: str, *, as_of: str) -> RollUp:
            counted = world().plans.roll_up(plan, as_of=as_of)
            return msgspec.structs.replace(counted, overall=msgspec.structs.replace(counted.overall, overdue=3))

    with pytest.raises(PaperError, match=r"overdue actions: expected the 3 of the roll-up, got a list of 2"):
        gather(Changing(), "ECP-IV", as_of=AS_OF, since=SINCE)  # type: ignore[arg-type]


def test_days_that_cannot_be() -> None:
    """Since after as-of, or no day at all."""
    for since, as_of in (("2020-02-02", AS_OF), ("July", AS_OF), (SINCE, "2020-02")):
        with pytest.raises(PaperError, match="expected a day"):
            gather(world().plans, "ECP-IV", as_of=as_of, since=since)
    with pytest.raises(LookupError):
        gather(world().plans, "ECP-XX", as_of=AS_OF, since=SINCE)


def test_thresholds_of_the_plan_are_those_of_the_paper() -> None:
    """With 160 days, what falls due by June is due soon, and the paper says 160 everywhere."""
    own = fill(ReportWorld())
    own.do(
        SetThresholds(plan="ECP-IV", thresholds=Thresholds(due_soon_days=160), reason="a long term", on="2019-02-01")
    )
    told = build_paper(gather(own.plans, "ECP-IV", as_of=AS_OF, since=SINCE), Wording("en", codes("en")))
    soon = table("Due within 160 days of", told)
    assert len(soon.rows) == int(dict(words(row) for row in table("Key figures", told).rows)["Due within 160 days"]) > 1  # type: ignore[misc]
    assert "90" not in " ".join(headings(told))


@pytest.mark.slow
def test_same_inputs_same_bytes() -> None:
    """Two registers with the same updates give the same files, in both languages and all formats."""
    hashes = []
    for made in (world(), fill(ReportWorld())):
        told = gather(made.plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=[(action(55), FIGURE)])
        files = session_papers(told, ("en", "fr"), FORMATS)
        hashes.append(
            {name: hashlib.sha256(data).hexdigest() for each in files.values() for name, data in each.items()}
        )
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 12


def test_later_updates_do_not_change_an_earlier_paper() -> None:
    """The paper of February is the same whatever is recorded of May."""
    own = fill(ReportWorld())
    before = session_papers(gather(own.plans, "ECP-IV", as_of=AS_OF, since=SINCE), ("en",), ("json",))
    own.do(UpdateAction(action=action(48), status="in_progress", note="later", on="2020-05-02"))
    after = session_papers(gather(own.plans, "ECP-IV", as_of=AS_OF, since=SINCE), ("en",), ("json",))
    assert before == after


def test_data_holds_the_same_figures() -> None:
    """JSON and paper say the same."""
    data = paper("fr").data
    assert data["counts"]["overall"]["overdue"] == 2
    assert data["overdue"] == ["ECP-IV-05", "ECP-IV-48"]
    assert data["due_soon"] == ["ECP-IV-20"]
    assert len(data["actions"]) == 63
    assert data["measurements"][0]["n"] == 1873
    assert [each["decision"] for each in data["changes"] if each["subject"] == "ECP-IV-12"] == ["PTC/223/D1"]


def test_the_shipped_indicators_of_the_system_can_stand_in_it() -> None:
    """Figures that are bound and measured come out with n and position."""
    indicator = Indicator(
        id="declarations_accepted",
        version=1,
        title={"en": "Declarations accepted", "fr": "Déclarations acceptées"},
        unit="cases",
        rule="Counts accepted declarations.",
        compute=lambda journal, since, until: ("0", 0),
    )
    own = ReportWorld({indicator.id: indicator})
    figures = own.plans.measure("ECP-IV", as_of=AS_OF)
    told = gather(own.plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=figures, draft=True)
    shown = build_paper(told, Wording("fr", codes("fr")))
    assert len(figures) >= 1
    assert [words(row)[2] for row in table("Mesures", shown).rows] == ["aucun cas"] * len(figures)
    assert any(each.startswith("Projet") for each in paragraphs(shown))
