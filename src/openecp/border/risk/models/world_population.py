# SPDX-License-Identifier: Apache-2.0
"""Who trades what in the planted world: goods, origins, companies and private people, all drawn from one seed.

Limits: invented shapes (Zipf, log-normal), calibrated by no real country; nothing here says how common fraud is.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rng = np.random.Generator

PRODUCTS, CHAPTERS, ORIGINS, HUBS, OFFICES, DECLARANTS = 600, 40, 40, 3, 8, 150
COMPANIES, PEOPLE, SLOTS, FARMS = 5_000, 60_000, 6, 60
VAT = 0.2
DUTIES = (0.0, 0.025, 0.05, 0.08, 0.12, 0.2)
PARTNERS = 12  # origins with a preferential agreement


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in the world that does not change from week to week."""

    chapter: Ints  # by product
    heading: Ints
    unit: Ints  # 0 kilogram, 1 piece
    log_price: Floats
    log_weight: Floats
    price_spread: Floats
    weight_spread: Floats
    duty: Floats
    popularity: Floats
    season: Ints  # week of the year when it sells best
    consumer: Ints  # products that private people buy
    origin_share: Floats
    origin_price: Floats
    preferential: NDArray[np.bool_]
    share: Floats  # by company
    first_day: Floats
    last_day: Floats
    portfolio: Ints  # company x slot: product
    usual_origin: Ints
    usual_seller: Ints
    declarant: Ints
    price_factor: Floats
    size_factor: Floats


def zipf(many: int, power: float) -> Floats:
    """Return shares that fall by a power of the rank."""
    ranks = np.arange(1, many + 1, dtype=np.float64) ** -power
    shares: Floats = ranks / ranks.sum()
    return shares


def population(rng: Rng, days: float, past_days: float) -> Population:
    """Draw goods, origins and companies; a third of the companies begin while the world runs."""
    chapter = rng.choice(CHAPTERS, PRODUCTS, p=zipf(CHAPTERS, 0.6)) + 1
    popularity = rng.permutation(zipf(PRODUCTS, 1.0))
    origin_share = zipf(ORIGINS, 1.1)
    portfolio = rng.choice(PRODUCTS, (COMPANIES, SLOTS), p=popularity)
    started = rng.random(COMPANIES) < 0.65
    first = np.where(started, -past_days - 1.0, rng.uniform(-past_days, days, COMPANIES))
    stays = np.where(rng.random(COMPANIES) < 0.15, rng.uniform(20, 120, COMPANIES), 1e6)
    return Population(
        chapter=chapter,
        heading=chapter * 100 + rng.integers(1, 9, PRODUCTS),
        unit=(rng.random(PRODUCTS) < 0.6).astype(np.int64),
        log_price=rng.normal(2.5, 1.5, PRODUCTS),
        log_weight=rng.normal(-0.5, 1.2, PRODUCTS),
        price_spread=rng.uniform(0.12, 0.55, PRODUCTS),
        weight_spread=rng.uniform(0.05, 0.3, PRODUCTS),
        duty=rng.choice(DUTIES, PRODUCTS, p=(0.25, 0.2, 0.2, 0.15, 0.15, 0.05)),
        popularity=popularity,
        season=rng.integers(0, 52, PRODUCTS),
        consumer=rng.choice(PRODUCTS, PRODUCTS // 4, replace=False),
        origin_share=origin_share,
        origin_price=rng.normal(0.0, 0.2, ORIGINS),
        preferential=rng.permutation(np.arange(ORIGINS) < PARTNERS),
        share=rng.permutation(zipf(COMPANIES, 0.85)),
        first_day=first,
        last_day=first + stays,
        portfolio=portfolio,
        usual_origin=rng.choice(ORIGINS, (COMPANIES, SLOTS), p=origin_share),
        usual_seller=rng.integers(0, 8_000, (COMPANIES, SLOTS)),
        declarant=rng.choice(DECLARANTS, COMPANIES, p=zipf(DECLARANTS, 0.8)),
        price_factor=rng.normal(0.0, 0.15, COMPANIES),
        size_factor=rng.normal(0.0, 0.9, COMPANIES),
    )
