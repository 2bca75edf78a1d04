# SPDX-License-Identifier: Apache-2.0
"""How each typology of fraud changes honest declarations, and what a control of them recovers.

Reads: a week's rows as arrays, which are changed in place; never a row that is planted already.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.world_population import (
    CHAPTERS,
    COMPANIES,
    FARMS,
    HUBS,
    ORIGINS,
    PEOPLE,
    PRODUCTS,
    VAT,
    Population,
    Rng,
)

Rows = dict[str, NDArray[np.float64]]
Places = NDArray[np.int64]
RING = 15  # companies that do the same thing again and again
RING_SHARE = 0.25  # of a typology's declarations, those of its ring; the rest are anybody's (docs/risk-models.md: why)
NEW_IDS = 1_000_000
LOW_VALUE = 150.0


def _charges(people: Population, rows: Rows, at: Places) -> NDArray[np.float64]:
    duty = people.duty[rows["product"][at].astype(np.int64)]
    found: NDArray[np.float64] = rows["value"][at] * (duty + VAT * (1.0 + duty))
    return found


def careful(rng: Rng, rows: Rows, at: Places) -> NDArray[np.bool_]:
    """Tell who hides it well: the more is at stake, the more do."""
    stake = np.clip((np.log(rows["value"][at]) - 3.5) / 4.5, 0.0, 1.0)
    found: NDArray[np.bool_] = rng.random(len(at)) < 0.1 + 0.85 * stake
    return found


def _undervaluation(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    bold = rng.choice([0.9, 0.7, 0.5, 0.1], len(at), p=(0.1, 0.25, 0.45, 0.2))
    factor = np.where(careful(rng, rows, at), rng.choice([0.9, 0.8, 0.7], len(at)), bold)
    rows["revenue"][at] = _charges(people, rows, at) * (1.0 - factor)
    rows["value"][at] *= factor


def _wrong_hs(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Declare a line with a lower duty: half within the chapter where there is one, half across."""
    cheap = np.argsort(people.duty + rng.random(PRODUCTS) * 0.02)[: PRODUCTS // 3]
    true = rows["product"][at].astype(np.int64)
    swapped = rng.choice(cheap, len(at))
    for place in np.flatnonzero(rng.random(len(at)) < 0.5):
        same = cheap[people.chapter[cheap] == people.chapter[true[place]]]
        if len(same):
            swapped[place] = rng.choice(same)
    told = np.flatnonzero(careful(rng, rows, at))  # a line of the same price, and the words that go with it
    for place in told:
        alike = np.abs(people.log_price[cheap] - people.log_price[true[place]])
        alike += np.abs(people.log_weight[cheap] - people.log_weight[true[place]])
        swapped[place] = cheap[np.argsort(alike)[rng.integers(0, 5)]]
        rows["described_chapter"][at[place]] = people.chapter[swapped[place]]
    gain = np.maximum(people.duty[true] - people.duty[swapped], 0.01)
    rows["revenue"][at] = rows["value"][at] * gain * (1.0 + VAT)
    rows["product"][at] = swapped


def _origin_shift(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Claim the preference of an origin that the goods never saw; they leave from where they are made, or a hub."""
    partners = np.flatnonzero(people.preferential)
    dutiable = np.flatnonzero(people.duty >= 0.08)
    swap = people.duty[rows["product"][at].astype(np.int64)] < 0.05
    rows["product"][at[swap]] = rng.choice(dutiable, int(swap.sum()))
    duty = people.duty[rows["product"][at].astype(np.int64)]
    rows["described_chapter"][at] = people.chapter[rows["product"][at].astype(np.int64)]
    product = rows["product"][at].astype(np.int64)
    rows["mass"][at] = rows["quantity"][at] * np.exp(people.log_weight[product])
    spread = people.price_spread[product] * rng.standard_normal(len(at))
    rows["value"][at] = rows["quantity"][at] * np.exp(people.log_price[product] + spread)
    rows["revenue"][at] = rows["value"][at] * duty * (1.0 + VAT)
    hub = rng.random(len(at)) < 0.6
    true = rows["origin"][at].copy()
    hidden = careful(rng, rows, at)  # one that much comes from, and by way of it
    share = people.origin_share[partners] / people.origin_share[partners].sum()
    rows["origin"][at] = np.where(hidden, rng.choice(partners, len(at), p=share), rng.choice(partners, len(at)))
    route = np.where(hub, ORIGINS + rng.integers(0, HUBS, len(at)), true)
    rows["departure"][at] = np.where(hidden, rows["origin"][at], route)
    rows["preference"][at] = 1.0


def _split(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Break one order into parcels under the low-value limit, within two days, partly under misspelt names."""
    cluster = np.cumsum(rng.random(len(at)) < 0.22)
    for one in np.unique(cluster):
        part = at[cluster == one]
        buyer = float(COMPANIES + rng.integers(0, PEOPLE))
        known = rng.random(len(part)) < 0.9  # an entity key resists most typing errors
        rows["entity"][part] = np.where(known, buyer, NEW_IDS * 5 + rng.integers(0, NEW_IDS, len(part)))
        rows["importer"][part] = np.where(rng.random(len(part)) < 0.5, buyer, NEW_IDS + rng.integers(0, 10**6))
        for name in ("seller", "product", "origin", "departure", "declarant", "described_chapter", "office"):
            rows[name][part] = rows[name][part[0]]
        rows["private"][part], rows["preference"][part], rows["gift"][part] = 1.0, 0.0, 0.0
        rows["value"][part] = rng.uniform(0.55, 0.97, len(part)) * LOW_VALUE
        rows["quantity"][part] = np.maximum(1.0, np.round(rows["value"][part] / np.exp(people.log_price[
            rows["product"][part].astype(np.int64)])))  # fmt: skip
        week = np.floor(rows["day"][part[0]] / 7) * 7
        rows["day"][part] = np.minimum(rows["day"][part[0]] + rng.random(len(part)) * 1.9, week + 6.999)
    product = rows["product"][at].astype(np.int64)
    rows["mass"][at] = rows["quantity"][at] * np.exp(people.log_weight[product])
    rows["revenue"][at] = _charges(people, rows, at)


def _phantom(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Name a consignee without history, at one of a few addresses that many such names share."""
    rows["importer"][at] = NEW_IDS * 2 + rng.integers(0, NEW_IDS, len(at))
    rows["entity"][at], rows["identifier"][at] = rows["importer"][at], rows["importer"][at]
    shared = NEW_IDS * 3 + rng.choice(FARMS, len(at))
    rows["address"][at] = shared
    stolen = at[careful(rng, rows, at)]  # under the name of a company that knows nothing of it
    victims = rng.choice(np.flatnonzero(people.first_day == people.first_day.min()), len(stolen))
    for name in ("importer", "entity", "identifier", "address"):
        rows[name][stolen] = victims
    rows["placeholder"][stolen] = 0.0
    rows["placeholder"][at] = (rng.random(len(at)) < 0.35).astype(np.float64)
    rows["revenue"][at] = _charges(people, rows, at) * rng.uniform(0.4, 1.0, len(at))


def _short_lived(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Trade in a burst under companies that are days old, with growing values, and be gone before the bill comes."""
    week = int(np.floor(rows["day"][at[0]] / 7))
    shells = NEW_IDS * 4 + (ring[0] * 1_000 + 100 + np.arange(week - 2, week + 1)) * 10
    begun = rng.integers(0, 3, len(at))
    rows["importer"][at] = shells[begun] + rng.integers(0, 2, len(at))
    bought = careful(rng, rows, at)  # a company with a past, bought for the purpose
    old = rng.choice(np.flatnonzero(people.first_day == people.first_day.min()), len(at))
    rows["importer"][at] = np.where(bought, old, rows["importer"][at])
    for name in ("entity", "address", "identifier"):
        rows[name][at] = rows["importer"][at]
    growth = np.where(begun == 0, 2.2, np.where(begun == 1, 1.5, 1.0))
    for name in ("value", "quantity", "mass"):
        rows[name][at] *= np.where(bought, 1.0, growth)
    rows["revenue"][at] = _charges(people, rows, at) * rng.uniform(0.6, 1.0, len(at))


def _weight(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    bold = rng.choice([0.3, 0.5, 1.6, 2.2, 3.5], len(at), p=(0.2, 0.2, 0.15, 0.25, 0.2))
    rows["mass"][at] *= np.where(careful(rng, rows, at), rng.choice([0.75, 1.3], len(at)), bold)
    rows["revenue"][at] = _charges(people, rows, at) * rng.uniform(0.3, 0.9, len(at))


def _listed(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    rows["list_score"][at] = np.clip(rng.normal(np.where(careful(rng, rows, at), 0.45, 0.84), 0.09), 0.2, 1.0)
    rows["revenue"][at] = np.minimum(rows["value"][at] * 0.3, 5_000.0)


def _gift(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Send goods of trade as presents, again and again from the same senders."""
    rows["gift"][at], rows["private"][at], rows["preference"][at] = 1.0, 1.0, 0.0
    rows["seller"][at] = 30_000 + ring[rng.integers(0, len(ring), len(at))]
    rows["importer"][at] = COMPANIES + rng.integers(0, PEOPLE, len(at))
    for name in ("entity", "address", "identifier"):
        rows[name][at] = rows["importer"][at]
    true = np.exp(rng.normal(5.0, 0.6, len(at)))
    rows["value"][at] = rng.uniform(20.0, 44.9, len(at))
    rows["revenue"][at] = true * 0.25


def _identifier(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Use one person's identifier for many parcels of others."""
    rows["private"][at], rows["preference"][at] = 1.0, 0.0
    rows["importer"][at] = COMPANIES + rng.integers(0, PEOPLE, len(at))
    rows["address"][at], rows["entity"][at] = rows["importer"][at], rows["importer"][at]
    rows["identifier"][at] = NEW_IDS * 6 + ring[rng.integers(0, len(ring), len(at))]
    rows["value"][at] = rng.uniform(0.3, 0.99, len(at)) * LOW_VALUE
    rows["revenue"][at] = _charges(people, rows, at)


def _misdescription(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Describe goods as others than they are, with the price and weight of the true ones."""
    true = rows["product"][at].astype(np.int64)
    rows["described_chapter"][at] = 1 + (people.chapter[true] + rng.integers(3, CHAPTERS - 3, len(at))) % CHAPTERS
    rows["revenue"][at] = _charges(people, rows, at) * rng.uniform(0.2, 0.8, len(at))


def _unnamed(rng: Rng, people: Population, rows: Rows, at: Places, ring: Places) -> None:
    """Err in a way that nothing declared gives away."""
    rows["revenue"][at] = _charges(people, rows, at) * rng.uniform(0.02, 0.3, len(at))


PLANTS: dict[str, Callable[[Rng, Population, Rows, Places, Places], None]] = {
    "undervaluation": _undervaluation,
    "wrong_hs": _wrong_hs,
    "origin_shift": _origin_shift,
    "split_consignments": _split,
    "phantom_consignees": _phantom,
    "short_lived_importers": _short_lived,
    "weight_mismatch": _weight,
    "listed_party_alias": _listed,
    "gift_senders": _gift,
    "reused_identifiers": _identifier,
    "misdescription": _misdescription,
}
OF_PARCELS = {"split_consignments", "gift_senders", "reused_identifiers"}
OF_TRADE = {"origin_shift", "short_lived_importers"}  # who claims a preference, or founds a company


def plant(rng: Rng, people: Population, rows: Rows, name: str, code: int, many: int, *, seed: int) -> None:
    """Make `many` honest rows irregular in one typology's way; its ring of companies does most of it."""
    places = list(PLANTS).index(name) if name in PLANTS else len(PLANTS)
    ring_rng = np.random.default_rng([seed, 77, places])
    weight = np.argsort(-people.share)[20:1_500]
    ring = np.sort(ring_rng.choice(weight, RING, replace=False)).astype(np.int64)
    free = rows["typology"] < 0
    if name in OF_PARCELS | OF_TRADE:
        free &= rows["private"] == (1.0 if name in OF_PARCELS else 0.0)
    own = np.flatnonzero(free & np.isin(rows["importer"], ring))
    own = rng.permutation(own)[: int(many * RING_SHARE)] if name != "unnamed" else own[:0]
    others = np.flatnonzero(free)
    others = rng.permutation(np.setdiff1d(others, own))[: max(0, many - len(own))]
    at = np.sort(np.concatenate([own, others])).astype(np.int64)
    if not len(at):
        return
    PLANTS.get(name, _unnamed)(rng, people, rows, at, ring)
    rows["typology"][at] = float(code)
