# SPDX-License-Identifier: Apache-2.0
"""Duplication, gaps and load of any plan.

Method: small invented plans in which the right answer can be counted by hand, and large ones for the time.
"""

from __future__ import annotations

import random
import time

import pytest

from openecp.programme.action_plan.gaps import find_duplicates, find_gaps, load, quarter_of, quarters
from openecp.programme.action_plan.records import ActionRecord, Period, PlanRecord, Timeframe

SECONDS_MAX = 5.0  # of processor time; the aim is 2 on an idle machine
ACTIONS = 10_000


def action(number: int, title: str = "", **more: object) -> ActionRecord:
    """Return an action of an invented plan."""
    return ActionRecord(id=f"N-{number}", number=number, section=1, title=title, **more)  # type: ignore[arg-type]


def due(day: str) -> Timeframe:
    """Return a timeframe that ends on a day."""
    return Timeframe(kind="date", due=day, year_month=day[:7])


CONTINUOUS = Timeframe(kind="continuous")


def test_the_same_work_of_two_bodies_is_shown() -> None:
    """With a score, the terms that both share, and whose it is; work of one body is its own affair."""
    actions = [
        action(1, "Handbook on container seals", responsible=("PORTS",)),
        action(2, "Update of the container seal handbook", responsible=("ROADS",)),
        action(3, "Container seals: a handbook", responsible=("ROADS",)),
        action(4, "Repair the weighbridge", responsible=("PORTS",)),
    ]
    found = find_duplicates(actions)
    assert {(row.first, row.second) for row in found.candidates} == {("N-1", "N-2"), ("N-1", "N-3")}
    first = found.candidates[0]
    assert first.score >= 0.8
    assert {"container", "seals"} <= set(first.shared)
    assert (first.first_bodies, first.second_bodies) == (("PORTS",), ("ROADS",))
    assert found.complete


def test_other_programmes_are_enough() -> None:
    """One body may do one work under two programmes without noticing."""
    actions = [
        action(1, "Study on cold chains", responsible=("PORTS",), work_programmes=("W1",)),
        action(2, "Study of the cold chains", responsible=("PORTS",), work_programmes=("W2",)),
    ]
    assert find_duplicates(actions).found == 1


def test_deliverables_are_compared_too() -> None:
    """Two titles that say nothing of it may deliver the same."""
    actions = [
        action(1, "Better gates", responsible=("PORTS",)),
        action(2, "Modern roads", responsible=("ROADS",)),
    ]
    assert find_duplicates(actions).found == 0
    told = {"N-1": ["Manual on container seals"], "N-2": ["Container seals: manual for drivers"]}
    assert find_duplicates(actions, deliverables=told).found == 1


def test_what_belongs_together_already_is_left_out() -> None:
    """A confirmed link between two actions is no duplication."""
    actions = [
        action(1, "Study on cold chains", responsible=("PORTS",)),
        action(2, "Study on cold chains", responsible=("ROADS",)),
    ]
    assert find_duplicates(actions).found == 1
    assert find_duplicates(actions, linked={frozenset(("N-1", "N-2"))}).found == 0


def test_what_every_plan_says_is_no_subject() -> None:
    """`Support the development of …` does not make two actions alike; who supports all of them owns none."""
    actions = [
        action(1, "Support the development of new guidance on vessels", responsible=("PORTS",), supporting=("SEC",)),
        action(2, "Support the development of new guidance on honey", responsible=("ROADS",), supporting=("SEC",)),
    ]
    assert find_duplicates(actions).found == 0


def test_the_order_of_candidates_is_fixed() -> None:
    """The likeliest first, then by identifier; the list is cut, the count is not."""
    actions = [action(number, "Study on cold chains", responsible=(f"B{number}",)) for number in range(30)]
    found = find_duplicates(actions, candidates_max=5)
    assert (found.found, len(found.candidates)) == (29, 5)
    assert found == find_duplicates(actions, candidates_max=5)
    assert [row.score for row in found.candidates] == [1.0] * 5


def test_gaps_are_listed_by_name() -> None:
    """Owner, programme, date, timeframe, plan's end; bodies and programmes that nobody names."""
    actions = [
        action(1, responsible=("PORTS",), work_programmes=("W1",), timeframe=due("2020-06-30")),
        action(2, responsible=(), work_programmes=(), timeframe=due("2020-07-31")),
        action(3, responsible=("ANYONE",), work_programmes=("W1",), timeframe=CONTINUOUS),
        action(4, responsible=("PORTS",), supporting=("SEC",)),
    ]
    plan = PlanRecord(plan_id="N", title="N", period=Period(start="2019-01", end="2020-06"))
    gaps = find_gaps(
        plan,
        actions,
        bodies=("PORTS", "ROADS", "SEC", "ANYONE"),
        programmes=("W1", "W2"),
        placeholders=("ANYONE",),
    )
    assert gaps.total == 4
    assert gaps.without_owner == ("N-2",)
    assert gaps.owner_open_ended == ("N-3",)
    assert gaps.without_programme == ("N-2", "N-4")
    assert gaps.without_date == ("N-3", "N-4")
    assert gaps.without_timeframe == ("N-4",)
    assert gaps.after_plan_end == ("N-2",)
    assert gaps.bodies_without_actions == ("ROADS",)
    assert gaps.programmes_without_actions == ("W2",)


def test_without_a_period_nothing_is_late() -> None:
    """A plan that states no end cannot be overrun."""
    gaps = find_gaps(PlanRecord(plan_id="N", title="N"), [action(1, timeframe=due("2030-01-31"))])
    assert gaps.after_plan_end == ()


def test_load_per_body_and_quarter() -> None:
    """An action of two bodies counts in each; lasting work counts in every quarter of the period; no owner is ""."""
    actions = [
        action(1, responsible=("PORTS", "ROADS"), timeframe=due("2019-03-31")),
        action(2, responsible=("PORTS",), timeframe=CONTINUOUS),
        action(3, timeframe=due("2020-01-31")),
        action(4, responsible=("PORTS",)),
    ]
    rows = {
        (row.body, row.quarter): (row.due, row.lasting) for row in load(actions, Period(start="2019-01", end="2019-06"))
    }
    assert rows == {
        ("", "2020-Q1"): (1, 0),
        ("PORTS", "2019-Q1"): (1, 1),
        ("PORTS", "2019-Q2"): (0, 1),
        ("ROADS", "2019-Q1"): (1, 0),
    }


def test_quarters() -> None:
    """March ends the first quarter, December the fourth; a period without an end has none; a long one is cut."""
    assert [quarter_of(day) for day in ("2019-03-31", "2019-04-01", "2019-12")] == ["2019-Q1", "2019-Q2", "2019-Q4"]
    assert list(quarters("2019-11", "2020-04")) == ["2019-Q4", "2020-Q1", "2020-Q2"]
    assert list(quarters("2019-01", None)) == []
    assert len(list(quarters("0001-01", "9999-12"))) == 400


@pytest.mark.slow
def test_ten_thousand_actions() -> None:
    """Titles of a small vocabulary, so that all have something in common, and titles of a large one."""
    chance = random.Random(7)

    def word(syllables: int) -> str:
        return "".join(chance.choice("bdfgklmnprt") + chance.choice("aeiou") for _ in range(syllables))

    for vocabulary in ([word(2) for _ in range(300)], [word(4) for _ in range(5_000)]):
        actions = [
            action(
                number,
                f"Update the handbook on {' '.join(chance.sample(vocabulary, 8))}",
                responsible=(f"B{number % 40}",),
                work_programmes=(f"W{number % 9}",),
                timeframe=due(f"20{19 + number % 3}-0{1 + number % 9}-28"),
            )
            for number in range(ACTIONS - 1)
        ]
        actions.append(action(ACTIONS, actions[17].title + " again", responsible=("OTHERS",)))
        start = time.process_time()
        found = find_duplicates(actions)
        find_gaps(PlanRecord(plan_id="N", title="N"), actions, bodies=[f"B{number}" for number in range(60)])
        load(actions, Period(start="2019-01", end="2021-12"))
        assert time.process_time() - start < SECONDS_MAX
        assert ("N-17", f"N-{ACTIONS}") in {(row.first, row.second) for row in found.candidates}
