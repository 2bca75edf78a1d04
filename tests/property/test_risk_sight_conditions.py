# SPDX-License-Identifier: Apache-2.0
"""What risk knows of items is a column like others: random conditions select what plain Python says, and say why.

Method: random declarations, a look that answers at random, random profiles over what it answers; each predicate is made
together with a function that says the same, and both ways of comparing criteria are asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.oracle.traffic import Traffic

from openecp.border.lodgement.case import event_for_audience
from openecp.border.lodgement.clearance import _reason_fact
from openecp.border.pipeline import Assessor
from openecp.border.risk.profiles.checking import check_profile, criteria_rows
from openecp.border.risk.profiles.columns import COLUMNS, SIGHT
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.profile import profile_from
from openecp.border.risk.reference import criteria_rules
from openecp.border.tariff.reference import load_measures
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.assessment.sight import SIGHT_COLUMNS, SightRow
from openecp.kernel.datamodel.columns import ITEM_COLUMNS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile, load_profile
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.few_rows import FewRowsEngine

DAY = date(2026, 3, 2)
Item = dict[str, Any]
Says = Callable[[Item], bool]
NAMES = {f"SIGHT-{number}" for number in range(14)} | {"ZERO", "MORE"}
_AT = {name: place for place, (name, _) in enumerate(ITEM_COLUMNS)}
LEVELS = {"_e6": (0, 250_000, 500_000, 1_000_000), "_minor": (0, 5_000, 90_000), "": (0, 1, 2, 5)}


class SomeSight:
    """Answers at random, the same for the same declaration and item; keeps what it was asked."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: list[tuple[int, list[list[int | None]]]] = []
        self.told_of: list[tuple[int, bool]] = []
        self.rows: list[list[SightRow]] = []

    def look(
        self, declarations: Sequence[Declaration], values: Sequence[Sequence[int | None]]
    ) -> Sequence[Sequence[SightRow]]:
        self.asked.append((len(declarations), [list(each) for each in values]))
        self.rows = [
            [
                self._row(random.Random(f"{self.seed} {declaration.functional_reference_id} {at}"))
                for at in range(len(own))
            ]
            for declaration, own in zip(declarations, values, strict=True)
        ]
        return self.rows

    @staticmethod
    def _row(draws: random.Random) -> SightRow:
        return SightRow(*(draws.choice(levels_of(name)) for name, _ in SIGHT_COLUMNS))

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        self.told_of.append((declaration_at, selected))
        return {"at": declaration_at} if selected else {}


def levels_of(name: str) -> tuple[int, ...]:
    return next(levels for ending, levels in LEVELS.items() if name.endswith(ending))


def atom(draws: random.Random, offices: Sequence[str]) -> tuple[str, Says]:
    """Return a comparison, and what it says in Python."""
    kind = draws.randrange(8)
    one, other = draws.sample(sorted(SIGHT), 2)
    level = draws.choice(levels_of(one))
    if kind == 0:
        office = draws.choice(offices)
        return f"office = '{office}'", lambda item: bool(item["office"] == office)
    if kind == 1:
        limit = draws.choice((1_000, 50_000, 400_000))
        return f"value_minor >= {limit}", lambda item: bool(item["value_minor"] >= limit)
    if kind == 2:
        return f"{one} * 2 > {other} + 1", lambda item: bool(item[one] * 2 > item[other] + 1)
    if kind == 3:
        share = draws.choice(("0.5", "10"))
        return (
            f"stake_minor / net_kg > {share}",
            lambda item: bool(item["net_e6"] and item["stake_minor"] / (item["net_e6"] / 1e6) > float(share)),
        )
    if kind == 4:
        among = sorted({level, draws.choice(levels_of(one))})
        return f"{one} IN ({', '.join(map(str, among))})", lambda item: item[one] in among
    if kind == 5:
        return f"greatest({one}, {other}) = {level}", lambda item: bool(max(item[one], item[other]) == level)
    if kind == 6:
        return f"{one} BETWEEN 1 AND {level + 1}", lambda item: bool(1 <= item[one] <= level + 1)
    return f"{one} > {level}", lambda item: bool(item[one] > level)


def predicate(draws: random.Random, offices: Sequence[str], depth: int = 0) -> tuple[str, Says]:
    if depth == 2 or draws.random() < 0.4:
        return atom(draws, offices)
    parts = [predicate(draws, offices, depth + 1) for _ in range(2)]
    word, every = draws.choice((("AND", all), ("OR", any)))
    negated = draws.random() < 0.3

    def says(item: Item) -> bool:
        return every(each(item) for _, each in parts) != negated

    return f"{'NOT ' if negated else ''}({f' {word} '.join(text for text, _ in parts)})", says


def items_of(assessor: Assessor, declarations: list[Declaration], sight: SomeSight) -> list[list[Item]]:
    """Return the figures of each declaration's items, as a predicate names them."""
    rows, _ = assessor.rows(declarations, DAY)
    values = iter(value for _, given in sight.asked[-1:] for own in given for value in own)
    seen = iter(row for own in sight.rows for row in own)
    found: list[list[Item]] = [[] for _ in declarations]
    for row in rows.items:
        item = dict(next(seen)._asdict(), value_minor=next(values) or 0)
        found[row[_AT["declaration_no"]]].append(
            {**item, "office": row[_AT["office"]], "net_e6": row[_AT["net_e6"]] or 0}
        )
    return found


class World:
    """Declarations, profiles and what they say, assessed both ways."""

    def __init__(self, seed: int) -> None:
        draws = random.Random(seed)
        base = load_profile("demo")
        measures = list(load_measures((base.folder / "measures.csv").read_bytes(), "measures.csv", base))
        traffic = Traffic(base, measures, seed=seed, faults=0.02)
        self.declarations = [traffic.declaration(number) for number in range(70)]
        offices = sorted({d.declaration_office_id or "" for d in self.declarations})
        self.says: dict[str, Says] = {}
        self.named: dict[str, set[str]] = {}
        criteria: list[dict[str, str]] = []
        while len(self.says) < len(NAMES) - 2:
            text, says = predicate(draws, offices)
            name = f"SIGHT-{len(self.says)}"
            try:
                rows = rows_of(name, text)
            except ProfileRefused:
                continue  # parts that contradict each other
            self.says[name] = says
            self.named[name] = {column for column in SIGHT if column in text.replace("(", " ").split()}
            criteria += rows
        self.profile = base.with_rows("risk_criteria", criteria)
        self.sight, self.again = SomeSight(seed), SomeSight(seed)
        duck = DuckEngine()
        self.planned = Assessor(self.profile, DuckEngine(), measures, looks=self.sight)
        self.unplanned = Assessor(
            self.profile, duck, measures, looks=self.again, criteria_engine=FewRowsEngine(duck, few=10_000)
        )
        self.answers = self.planned.assess(self.declarations, DAY)
        self.items = items_of(self.planned, self.declarations, self.sight)


def rows_of(name: str, text: str, percentage: str = "100") -> list[dict[str, str]]:
    profile = profile_from({
        "id": name, "name": "sight", "purpose": "sight", "legal_basis": "sight", "lane": "yellow",
        "valid_from": "2026-01-01", "expires_on": "2026-12-31", "instructions": "none", "predicate": text,
        "percentage": percentage,
    }, where="test")  # fmt: skip
    return criteria_rows(profile, 1, check_profile(profile, today=DAY), owner="test")


def hits(answer: Assessment) -> set[str]:
    return {reason.code for reason in answer.reasons if reason.layer == "risk" and reason.code in NAMES}


@pytest.fixture(
    scope="module", params=[1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def test_conditions_select_what_they_say(world: World) -> None:
    wanted = [{name for name, says in world.says.items() if any(map(says, own))} for own in world.items]
    assert [hits(answer) for answer in world.answers] == wanted
    assert sum(map(len, wanted)) > 50
    assert [len(each) for each in wanted].count(len(world.says)) < len(wanted)


def test_both_ways_of_comparing_answer_the_same(world: World) -> None:
    again = world.unplanned.assess(world.declarations, DAY)
    assert msgspec.json.encode(again) == msgspec.json.encode(world.answers)
    engine: Any = world.unplanned._criteria_engine
    assert not engine._beyond, "no condition of a profile needs the database"


def test_every_selection_is_explained(world: World) -> None:
    """A reason of a profile that names what risk knows holds each figure that its condition read, as it was."""
    explained = 0
    for answer, own in zip(world.answers, world.items, strict=True):
        for reason in answer.reasons:
            if reason.code not in world.named or reason.layer != "risk":
                continue
            if not world.named[reason.code]:
                assert reason.read is None
                continue
            assert reason.read is not None
            figures = [{**one, "net_kg": format(Decimal(one["net_e6"]) / 1_000_000, "f")} for one in own]
            assert any(all(one[name] == value for name, value in reason.read.items()) for one in figures)
            assert world.named[reason.code] <= set(reason.read)
            assert reason.got == ", ".join(f"{name} = {value}" for name, value in reason.read.items())
            explained += 1
    assert explained > 30


def test_the_look_is_asked_once_and_told_to_officers_alone(world: World) -> None:
    sight, answers = world.sight, world.answers
    assert [count for count, _ in sight.asked] == [len(world.declarations)]
    values = [[one.customs_value_minor for one in answer.values] for answer in answers]
    assert [own for _, given in sight.asked for own in given] == values
    accepted = [at for at, answer in enumerate(answers) if answer.outcome == "accepted"]
    assert [at for at, _ in sight.told_of] == accepted
    for at, selected in sight.told_of:
        assert answers[at].risk == ({"at": at} if selected else None)
        assert selected == (answers[at].channel != "green")
        seen = answers[at].for_audience("trader")
        assert seen.risk is None
        assert all(reason.read is None for reason in seen.reasons)


@pytest.mark.slow
def test_nothing_is_known_where_nobody_looks() -> None:
    """A profile over what risk knows meets zeros; without one, the look changes no answer."""
    base = load_profile("demo")
    rows = rows_of("ZERO", "p_e6 = 0 AND importer_days = 0") + rows_of("MORE", "p_e6 > 0 OR list_hits > 0")
    traffic = Traffic(base, [], seed=4, faults=0)
    declarations = [traffic.declaration(number) for number in range(12)]
    found = Assessor(base.with_rows("risk_criteria", rows), DuckEngine()).assess(declarations, DAY)
    assert {name for answer in found for name in hits(answer)} == {"ZERO"}
    assert {tuple(r.read.items()) for a in found for r in a.reasons if r.read} == {(("p_e6", 0), ("importer_days", 0))}
    plain = Assessor(base, DuckEngine()).assess(declarations, DAY)

    class Blind(SomeSight):
        def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
            return {}

    assert Assessor(base, DuckEngine(), looks=Blind(1)).assess(declarations, DAY) == plain


def test_a_look_that_answers_for_others_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(SomeSight):
        def look(self, declarations: Any, values: Any) -> Any:
            return super().look(declarations, values)[:-1]

    monkeypatch.setattr(world.planned, "_looks", Short(1))
    with pytest.raises(AssertionError, match="expected a row for each item"):
        world.planned.assess(world.declarations[:3], DAY)


def test_columns_profiles_and_rows_have_one_name() -> None:
    names = [name for name, _ in SIGHT_COLUMNS]
    assert names == list(SightRow._fields) == [name for name, _ in ITEM_COLUMNS[-len(names) :]]
    assert all(SightRow._field_defaults[name] == 0 for name in names)
    assert all(COLUMNS[name].stored == name and COLUMNS[name].kind == "number" for name in names)
    profile: Profile = load_profile("demo").with_rows("risk_criteria", rows_of("SEEN", "office = 'A' AND novelty > 1"))
    assert criteria_rules(profile).seen() == ("office", "novelty")


def test_the_journal_holds_what_was_compared(world: World) -> None:
    """What a criterion compared stands in the officers' part of the event, and nothing of it in a trader's."""
    told = next(reason for answer in world.answers for reason in answer.reasons if reason.read)
    assert _reason_fact(told)["read"] == told.read
    body = {"version": 1, "officer": {"reasons": [_reason_fact(told)], "risk": {"items": [{"p_e6": 412_345}]}}}
    seen = msgspec.json.encode(event_for_audience(body, "trader")).decode()
    assert "412345" not in seen
    assert told.code not in seen
