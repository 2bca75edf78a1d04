# SPDX-License-Identifier: Apache-2.0
"""Plays the planted world week by week under several ways of selecting, and judges what each finds.

Every strategy sees the same declarations, inspects the same share and starts with weeks of random controls. Only the
judge knows the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.metrics import Interval, wilson
from openecp.border.risk.models.world import WorldSettings, charges_of, make_world
from openecp.border.risk.models.world_anchors import Anchor, anchors
from openecp.border.risk.models.world_features import dense, event_features, group_codes
from openecp.border.risk.models.world_strategy import STRATEGIES, Controlled, Shared, Strategy

JUDGED_FROM = 12  # the weeks before are for learning
FOUND_SHARE, FOUND_CASES = 0.25, 3


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy did and could have done in one week."""

    week: int
    rows: int
    inspected: int
    irregular: int
    found: int
    revenue: float
    revenue_found: float
    newcomers: int
    newcomers_found: int
    newcomers_explored: int
    newcomers_first: int = 0  # among the first 5 % by probability
    first_1: int = 0
    hits_1: int = 0
    first_5: int = 0
    hits_5: int = 0
    revenue_5: float = 0.0
    hits_5_stake: int = 0
    revenue_5_stake: float = 0.0
    hits_5_log: int = 0
    revenue_5_log: float = 0.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy found from the judged weeks on; shares are of what there was."""

    strategy: str
    precision: Interval  # of its controls
    cases: float
    revenue: float
    p1: Interval | None  # precision of the first 1 % by probability
    p1_lift: float | None
    p5: float | None
    revenue_by_p: float | None  # found at the inspected share, ranked by probability alone
    p5_by_stake: float | None
    revenue_by_stake: float | None  # … by probability x expected revenue
    p5_by_log: float | None
    revenue_by_log: float | None  # … by probability x log(1 + expected revenue)
    revenue_ratio: float | None
    weeks_to_find: int | None  # until three controls have confirmed the newcomer
    weeks_to_learn: int | None  # until a quarter of a week's newcomers stands among the first 5 % by probability
    newcomer: tuple[tuple[int, int, int, int], ...]  # a week: there, confirmed, of these explored, among the first 5 %


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A world and what each strategy found in it."""

    settings: WorldSettings
    newcomer: str
    appears_in_week: int
    rows: int
    base_rate: float
    verdicts: tuple[Verdict, ...]
    anchors: tuple[Anchor, ...]  # what rankings without a model find, beside what was published
    revenue_gain: float | None  # revenue found by inspecting by expected revenue over that by probability alone

    def of(self, strategy: str) -> Verdict:
        """Return one strategy's verdict."""
        return next(verdict for verdict in self.verdicts if verdict.strategy == strategy)


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """All controls of one strategy: which declarations, with what probability, what was found, what was known then."""

    places: NDArray[np.int64]
    chance: NDArray[np.float64]
    found: NDArray[np.bool_]
    known: NDArray[np.float64]  # one column a name of NAMES


def prepared(settings: WorldSettings) -> Shared:
    """Make the world of these settings, and reckon what no control changes.

    Raises: ModelRefused where the settings cannot be used.
    """
    world = make_world(settings)
    goods, product = world.goods, world.columns["product"].astype(np.int64)
    base = event_features(
        world.columns, goods.chapter[product], goods.heading[product], goods.unit[product], goods.duty[product]
    )
    keys = {name: dense(group_codes(world.columns[name])) for name in ("importer", "seller", "declarant")}
    keys["product_origin"] = dense(group_codes(world.columns["product"], world.columns["origin"]))
    return Shared(world=world, base=base, keys=keys, stake=charges_of(goods, world.columns, preference=False))


def play_strategy(shared: Shared, name: str) -> tuple[Verdict, Controls]:
    """Play one strategy from the first week to the last."""
    world, strategy = shared.world, Strategy(name, shared)
    weeks, controls = [], []
    for week in range(world.settings.weeks):
        places = np.flatnonzero(world.week == week)
        done = strategy.week(places, week)
        weeks.append(_judge(shared, places, week, done))
        controls.append((places[done.selection.rows], done.selection.probability, done.found, done.known))
    at, chance, found, known = (np.concatenate(column) for column in zip(*controls, strict=True))
    verdict = _verdict(name, weeks, world.settings.appears_in_week)
    return verdict, Controls(places=at, chance=chance, found=found, known=known)


def play(settings: WorldSettings, strategies: Sequence[str] = STRATEGIES) -> Played:
    """Make the world of these settings and play it.

    Raises: ModelRefused where the settings cannot be used.
    """
    shared = prepared(settings)
    return played_of(shared, [play_strategy(shared, name)[0] for name in strategies])


def played_of(shared: Shared, verdicts: Sequence[Verdict]) -> Played:
    """Return what strategies found in a world, side by side."""
    world, settings = shared.world, shared.world.settings
    played, found = world.week >= 0, {verdict.strategy: verdict.revenue for verdict in verdicts}
    alone = found.get("probability", 0.0)
    return Played(
        settings=settings, newcomer=settings.newcomer, appears_in_week=settings.appears_in_week,
        rows=int(played.sum()), base_rate=float(world.irregular[played].mean()), verdicts=tuple(verdicts),
        anchors=anchors(world),
        revenue_gain=found["exploitation"] / alone if alone and "exploitation" in found else None,
    )  # fmt: skip


def _judge(shared: Shared, places: NDArray[np.int64], week: int, done: Controlled) -> Week:
    """Compare a week's controls, and what other cuts of its scores would have found, with the truth."""
    world, chosen = shared.world, done.selection
    truth, revenue = world.irregular[places], world.revenue[places]
    new = world.typology[places] == world.names.index(world.settings.newcomer)
    confirmed = new[chosen.rows] & done.found
    told = Week(
        week=week, rows=len(places), inspected=len(chosen.rows), irregular=int(truth.sum()),
        found=int(done.found.sum()), revenue=float(revenue.sum()),
        revenue_found=float(revenue[chosen.rows][done.found].sum()), newcomers=int(new.sum()),
        newcomers_found=int(confirmed.sum()), newcomers_explored=int((confirmed & (chosen.ground > 0)).sum()),
    )  # fmt: skip
    if done.p is None or done.revenue is None:
        return told
    one, five, cut = (round(len(places) * share) for share in (0.01, 0.05, world.settings.inspected))
    by_p = np.argsort(-done.p, kind="stable")
    by_stake = np.argsort(-done.p * done.revenue, kind="stable")[:cut]
    by_log = np.argsort(-done.p * np.log1p(done.revenue), kind="stable")[:cut]
    return msgspec.structs.replace(
        told, newcomers_first=int(new[by_p[:five]].sum()), first_1=one, hits_1=int(truth[by_p[:one]].sum()),
        first_5=cut, hits_5=int(truth[by_p[:cut]].sum()), revenue_5=float(revenue[by_p[:cut]].sum()),
        hits_5_stake=int(truth[by_stake].sum()), revenue_5_stake=float(revenue[by_stake].sum()),
        hits_5_log=int(truth[by_log].sum()), revenue_5_log=float(revenue[by_log].sum()),
    )  # fmt: skip


def _verdict(name: str, weeks: list[Week], appears: int) -> Verdict:
    judged = [week for week in weeks if week.week >= JUDGED_FROM]
    late = [week for week in weeks if week.week >= appears]

    def total(field: str) -> float:
        return float(sum(getattr(week, field) for week in judged))

    def share(part: str, whole: str) -> float | None:
        return total(part) / total(whole) if scored and total(whole) else None

    scored = total("first_1") > 0
    by_p, by_stake = share("revenue_5", "revenue"), share("revenue_5_stake", "revenue")
    p1 = wilson(int(total("hits_1")), int(total("first_1"))) if scored else None
    base = total("irregular") / max(1.0, total("rows"))
    confirmed = np.cumsum([week.newcomers_found for week in late])
    learnt = [bool(w.newcomers) and w.newcomers_first >= FOUND_SHARE * w.newcomers for w in late]
    return Verdict(
        strategy=name, precision=wilson(int(total("found")), int(total("inspected"))),
        cases=total("found") / max(1.0, total("irregular")),
        revenue=total("revenue_found") / max(1.0, total("revenue")),
        p1=p1, p1_lift=p1.value / base if p1 is not None and base else None, p5=share("hits_5", "first_5"),
        revenue_by_p=by_p, p5_by_stake=share("hits_5_stake", "first_5"), revenue_by_stake=by_stake,
        p5_by_log=share("hits_5_log", "first_5"), revenue_by_log=share("revenue_5_log", "revenue"),
        revenue_ratio=by_stake / by_p if by_p and by_stake is not None else None,
        weeks_to_find=_first([c >= FOUND_CASES for c in confirmed]), weeks_to_learn=_first(learnt) if scored else None,
        newcomer=tuple(
            (w.newcomers, w.newcomers_found, w.newcomers_explored, w.newcomers_first) for w in late[:12]
        ),
    )  # fmt: skip


def _first(happened: Sequence[bool]) -> int | None:
    """Return the number from 1 of the first week in which something happened."""
    return next((number for number, it_did in enumerate(happened, start=1) if it_did), None)
