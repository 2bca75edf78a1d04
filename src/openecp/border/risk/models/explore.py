# SPDX-License-Identifier: Apache-2.0
"""Whom to inspect so that the model does not blind itself: by score, by chance, and where little is known.

Arms are the ends of indicators (the lowest and highest half per cent of weight per unit, of prices, of a party's age …)
and what stands just below the cut. An arm that was seldom controlled, where controls found much, or that is fuller than
it used to be, is drawn from more often (Thompson sampling on a fading memory). Every inspection keeps the probability
with which it came to be: the weight by which training corrects for selection.
Limits: knows no typology; an irregularity that shows at no end of any indicator is found by chance alone.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Rng = np.random.Generator
TAIL, WIDEST, FADE, DRAWS, FULL, BY_CHANCE = 0.005, 0.02, 0.85, 512, 0.5, 0.25
DOUBT = (0.4, 12.0)  # what an arm without controls is believed to be: as good as 0.4 finds in 12.4 controls


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are inspected, on what ground and with what probability they came to be."""

    rows: Places
    ground: Places  # 0 score, 1 random, 2 uncertainty
    probability: Floats


def arms_of(indicators: Floats, edges: Floats) -> NDArray[np.bool_]:
    """Return which rows stand at which end of which indicator; a row may stand at several."""
    low, high = indicators <= edges[0], indicators >= edges[1]
    found: NDArray[np.bool_] = np.concatenate([low, high], axis=1)
    return found


def edges_of(indicators: Floats) -> Floats:
    """Return the ends of each indicator among earlier rows: the outer half per cent, or what is beyond the usual.

    Where many rows stand at the very end (no parcel of the same order before), only what goes beyond them counts.
    """
    low, high = np.nanquantile(indicators, [TAIL, 1.0 - TAIL], axis=0)
    low = np.where((indicators <= low).mean(axis=0) > WIDEST, np.nextafter(low, -np.inf), low)
    high = np.where((indicators >= high).mean(axis=0) > WIDEST, np.nextafter(high, np.inf), high)
    return np.stack([low, high])


class Explorer:
    """Remembers what controls found in each arm and says where to look next."""

    def __init__(self, arms: int) -> None:
        """Know nothing."""
        self.found, self.conform = np.zeros(arms), np.zeros(arms)

    @staticmethod
    def fuller(arms: NDArray[np.bool_], usual: Floats) -> Floats:
        """Return how many deviations an arm holds more rows than its usual share of them foresees, from 0 to 6."""
        foreseen = np.maximum(usual * len(arms), 1.0)
        found: Floats = np.clip((arms.sum(axis=0) - foreseen) / np.sqrt(foreseen), 0.0, 6.0)
        return found

    def tell(self, arms: NDArray[np.bool_], irregular: NDArray[np.bool_]) -> None:
        """Add a period's results; what is older fades."""
        self.found = self.found * FADE + arms[irregular].sum(axis=0)
        self.conform = self.conform * FADE + arms[~irregular].sum(axis=0)

    def chances(self, rng: Rng, arms: NDArray[np.bool_], many: int, fuller: Floats) -> Floats:
        """Return each row's probability of being drawn, `many` in sum: by how often its arms come out best.

        An arm that is fuller than it used to be is believed to hold more.
        """
        believed = rng.beta(DOUBT[0] + self.found, DOUBT[1] + self.conform, (DRAWS, len(self.found)))
        believed *= np.exp(fuller * FULL)
        size = arms.sum(axis=0)
        believed[:, size == 0] = -1.0
        best = np.bincount(believed.argmax(axis=1), minlength=len(size)) / DRAWS
        chance: Floats = arms.astype(np.float64) @ np.where(size > 0, best * many / np.maximum(size, 1), 0.0)
        for _ in range(4):  # nobody is drawn more than once: what is over goes to the others
            over = chance > 1.0
            chance = np.clip(chance, 0.0, 1.0)
            rest = many - chance.sum()
            if rest < 0.5 or not over.any() or not chance[~over].sum():
                break
            chance[~over] *= 1.0 + rest / chance[~over].sum()
        return np.clip(chance, 0.0, 1.0)


def systematic(rng: Rng, chance: Floats) -> Places:
    """Return rows drawn with exactly these probabilities, as many as they sum up to."""
    order = rng.permutation(len(chance))
    line = np.cumsum(chance[order]) + rng.random()
    drawn: Places = order[np.flatnonzero(np.floor(line) > np.floor(np.r_[line[0] - chance[order[0]], line[:-1]]))]
    return drawn


def hybrid(
    rng: Rng, score: Floats, arms: NDArray[np.bool_], explorer: Explorer, many: int, *, usual: Floats,
    share: float = 0.1,
) -> Selection:  # fmt: skip
    """Return `many` rows: the highest scores, and of the share for exploring a quarter by chance, the rest by doubt.

    `usual` is the share of earlier rows that stood in each arm.
    """
    by_chance = max(1, round(many * share * BY_CHANCE))
    by_doubt = round(many * share) - by_chance
    order = np.lexsort((rng.random(len(score)), -score))
    top, rest = order[: many - by_chance - by_doubt], np.sort(order[many - by_chance - by_doubt :])
    flat = by_chance / len(rest)
    near = np.zeros(len(score), dtype=bool)
    near[order[len(top) : len(top) + max(1, len(score) // 100)]] = True
    fuller = np.r_[explorer.fuller(arms, usual), 0.0]
    chance = explorer.chances(rng, np.column_stack([arms, near])[rest], by_doubt, fuller)
    drawn = systematic(rng, np.full(len(rest), flat))
    by_arm = np.setdiff1d(systematic(rng, chance), drawn)
    at = np.concatenate([drawn, by_arm])
    return Selection(
        rows=np.concatenate([top, rest[at]]),
        ground=np.repeat([0, 1, 2], [len(top), len(drawn), len(by_arm)]),
        probability=np.concatenate([np.ones(len(top)), 1.0 - (1.0 - flat) * (1.0 - chance[at])]),
    )


def selection_weights(probability: Floats, *, cap: float = 20.0) -> Floats:
    """Return what each inspected row counts in training: the inverse of its probability, at most `cap`, mean 1."""
    weights = np.minimum(1.0 / np.maximum(probability, 1e-9), cap)
    found: Floats = weights / weights.mean()
    return found
