# SPDX-License-Identifier: Apache-2.0
"""Copies of the plans that copying and converting have damaged are still read right, or flagged; nothing is invented.

Goal: 95 in 100 fields right, 98 in 100 right or flagged, in each kind of damage and in mixtures. Method: the damages of
tests/fixtures/plan_damage.py on the two published texts, compared with the transcription; seeds reproduce a copy.
"""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import pytest
from tests.corpus import SHARED
from tests.fixtures import plan_damage
from tests.fixtures.plan_damage import LAYOUTS, Copy, Damage, Score, compare, damaged

from openecp.platform.documents.reading import import_plan
from openecp.programme.action_plan.importing.as_json import plan_json

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

FILES = {"lines": "phase-iii", "tabs": "phase-iv"}
MIXTURES = range(8)
MIXTURES_SLOW = range(100, 160)
if not (SHARED / "plan").is_dir():
    pytest.skip("../shared/plan is not here: public data that is not part of the project", allow_module_level=True)


@cache
def original(layout: str) -> tuple[str, dict[str, Any]]:
    """Return the text with a layout, and its transcription."""
    folder = SHARED / "plan"
    text = (folder / f"ecp-{FILES[layout]}.txt").read_bytes().decode()
    return text, json.loads((folder / f"{FILES[layout]}.json").read_text(encoding="utf-8"))


def read(copy: Copy, score: Score, name: str) -> None:
    """Read a copy and add to a score."""
    compare(copy, plan_json(import_plan("copy.txt", copy.text.encode())), score, name)


def hold(score: Score) -> None:
    """Require what is promised of damaged copies."""
    assert score.invented == [], "an action that is not in the text"
    assert score.right >= 0.95 * score.total, score.wrong[:5] + score.silent[:5]
    assert score.right + score.flagged >= 0.98 * score.total, score.silent[:10]
    assert score.unmarked == [], "an emptied title or timeframe without a flag"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_copy_scores_full(layout: str) -> None:
    """The measure itself: a copy without damage is right in every field."""
    text, gold = original(layout)
    score = Score()
    read(Copy(text, layout, gold), score, "whole")
    assert (score.right, score.flagged, score.silent) == (score.total, 0, [])


@pytest.mark.parametrize(
    ("layout", "damage"),
    [(layout, damage) for layout, damages in LAYOUTS.items() for damage in damages],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_each_damage(layout: str, damage: Damage) -> None:
    """Each kind of damage alone, at full and at half strength; it must change something."""
    text, gold = original(layout)
    score, done = Score(), 0
    for seed, strength in ((0, 1.0), (1, 0.5)):
        copy = damaged(text, gold, layout, [damage], seed, strength)
        done += bool(copy.done)
        read(copy, score, f"{seed}/{strength}")
    assert done
    hold(score)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_mixtures(layout: str) -> None:
    """Several damages in one copy, drawn by a seed."""
    for seed in MIXTURES:
        hold_mixture(layout, seed)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_mixtures(layout: str) -> None:
    """The same for many seeds; over all of them, hardly a field is wrong without a flag."""
    scores = [hold_mixture(layout, seed) for seed in MIXTURES_SLOW]
    silent, total = sum(len(score.silent) for score in scores), sum(score.total for score in scores)
    assert silent <= 0.001 * total


def hold_mixture(layout: str, seed: int) -> Score:
    """Damage a copy in the ways that a seed draws, and require of it what is promised."""
    text, gold = original(layout)
    rng = random.Random(seed)
    damages = rng.sample(LAYOUTS[layout], rng.randint(2, 5))
    score = Score()
    read(damaged(text, gold, layout, damages, seed, rng.choice((0.2, 0.5, 1.0))), score, f"mixture {seed}")
    names = [one.__name__ for one in damages]
    assert score.invented == []
    assert score.right + score.flagged >= 0.98 * score.total, (seed, names, score.silent[:5])
    assert score.right >= 0.95 * score.total, (seed, names, score.wrong[:5])
    return score


def test_every_damage_has_its_place_in_the_order() -> None:
    """A damage that is not in the order would be left out."""
    assert {damage for damages in LAYOUTS.values() for damage in damages} == set(plan_damage.ORDER)
