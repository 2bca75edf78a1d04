# SPDX-License-Identifier: Apache-2.0
"""The planted world: a year of declarations of which it is known which are irregular, how, and for how much.

The rows before day 0 are the past that a journal already holds; nothing in it was ever controlled.
Limits: see docs/risk-models.md; the world shows what a strategy can find, never how much fraud there is.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.world_plants import PLANTS, plant
from openecp.border.risk.models.world_population import (
    COMPANIES,
    DECLARANTS,
    HUBS,
    OFFICES,
    ORIGINS,
    PEOPLE,
    PRODUCTS,
    SLOTS,
    VAT,
    Population,
    Rng,
    population,
    zipf,
)

Column = NDArray[np.float64] | NDArray[np.int64]
Columns = dict[str, NDArray[np.float64]]
TYPOLOGIES = tuple(PLANTS)
USUAL = (
    "undervaluation", "wrong_hs", "origin_shift", "phantom_consignees", "short_lived_importers", "weight_mismatch",
    "listed_party_alias", "split_consignments",
)  # fmt: skip
PARCEL_SHARE = 0.3
NOVEL = 0.12  # of honest trade, what a company never bought before
COUNTED = (
    "importer", "address", "identifier", "declarant", "seller", "product", "origin", "departure", "described_chapter",
    "office", "private", "preference", "gift", "placeholder", "entity",
)  # fmt: skip


class WorldSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a planted world is made of; the same settings make the same world."""

    seed: int = 1
    typologies: tuple[str, ...] = USUAL
    appears: str = ""  # the typology that begins mid-year; the last of the list where none is named
    weeks: int = 40
    past_weeks: int = 12
    weekly: int = 10_000
    base_rate: float = 0.02
    inspected: float = 0.05
    detection: float = 0.9  # of irregular consignments that are inspected, the share that is found to be so
    wave: float = 0.3  # of irregular declarations that follow a typology, the newcomer's share once it is there
    unnamed: float = 0.15  # of irregular declarations, the share that follows no typology

    @property
    def newcomer(self) -> str:
        """The typology that begins mid-year."""
        return self.appears or self.typologies[-1]

    @property
    def appears_in_week(self) -> int:
        """The week (from 0) in which it begins."""
        return self.weeks * 3 // 5

    def checked(self) -> WorldSettings:
        """Return these settings where a world can be made of them.

        Raises: ModelRefused.
        """
        unknown = [name for name in (*self.typologies, self.newcomer) if name not in TYPOLOGIES]
        if unknown or len(set(self.typologies)) < 2:
            raise ModelRefused(
                "the typologies cannot be used", where="--typologies",
                expected=f"two or more of {', '.join(TYPOLOGIES)}", got=", ".join(unknown or self.typologies),
                fix="Name others.",
            )  # fmt: skip
        ranges = {
            "weeks": (20, 104), "past_weeks": (5, 52), "weekly": (1_000, 100_000), "base_rate": (0.002, 0.2),
            "inspected": (0.005, 0.5), "detection": (0.1, 1.0), "wave": (0.02, 0.9), "unnamed": (0.0, 0.9),
        }  # fmt: skip
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise ModelRefused(
                    f"{name} cannot be used", where=name, expected=f"{least} to {most}",
                    got=str(getattr(self, name)), fix="Choose a value in that range.",
                )  # fmt: skip
        return self


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Declarations in the order of their acceptance, and the truth about them that no strategy sees."""

    settings: WorldSettings
    goods: Population
    columns: Columns  # what is declared, one array a column; codes are numbers
    week: NDArray[np.int64]  # negative before the first week
    typology: NDArray[np.int64]  # -1 regular, else the place in `names`
    revenue: NDArray[np.float64]  # what a control recovers
    names: tuple[str, ...]

    @property
    def irregular(self) -> NDArray[np.bool_]:
        """Which declarations are irregular."""
        found: NDArray[np.bool_] = self.typology >= 0
        return found


def make_world(settings: WorldSettings) -> World:
    """Make the world of these settings, week by week.

    Raises: ModelRefused where they cannot be used.
    """
    settings.checked()
    rng = np.random.default_rng([settings.seed, 20_260_701])
    people = population(rng, settings.weeks * 7.0, settings.past_weeks * 7.0)
    names = (*dict.fromkeys((*settings.typologies, settings.newcomer)), "unnamed")
    weeks: list[Columns] = []
    for week in range(-settings.past_weeks, settings.weeks):
        rows = _week(rng, people, settings, week)
        _plant_all(rng, people, settings, names, rows, week)
        order = np.argsort(rows["day"], kind="stable")
        weeks.append({name: column[order] for name, column in rows.items()})
    columns = {name: np.concatenate([one[name] for one in weeks]) for name in weeks[0]}
    typology = columns.pop("typology").astype(np.int64)
    revenue, week_of = columns.pop("revenue"), columns.pop("week").astype(np.int64)
    return World(
        settings=settings, goods=people, columns=columns, week=week_of, typology=typology, revenue=revenue, names=names
    )


def _week(rng: Rng, people: Population, settings: WorldSettings, week: int) -> Columns:
    """Draw one week of honest trade: companies' consignments, and parcels of private people."""
    wave = 1.0 + 0.12 * np.sin(2 * np.pi * (week + 10) / 52)
    many = int(rng.poisson(settings.weekly * wave))
    parcels = int(many * PARCEL_SHARE)
    trade, post = _trade(rng, people, many - parcels, week), _parcels(rng, people, parcels)
    rows = {name: np.concatenate([trade[name], post[name]]) for name in trade}
    rows["day"] = week * 7 + np.floor(rng.random(many) * 7) + np.sort(rng.random(many)) * 0.999
    rows["week"] = np.full(many, float(week))
    rows["typology"], rows["revenue"] = np.full(many, -1.0), np.zeros(many)
    _noise(rng, rows)
    return rows


def _trade(rng: Rng, people: Population, many: int, week: int) -> Columns:
    day = week * 7 + 3.5
    here = (people.first_day <= day) & (people.last_day >= day)
    shares = np.where(here, people.share, 0.0)
    importer = rng.choice(COMPANIES, many, p=shares / shares.sum())
    season = 1.0 + 0.6 * np.cos(2 * np.pi * (week - people.season[people.portfolio[importer]]) / 52)
    weights = season * zipf(SLOTS, 1.0)
    slot = (rng.random(many)[:, None] * weights.sum(1)[:, None] > weights.cumsum(1)).sum(1)
    product = people.portfolio[importer, slot]
    usual = rng.random(many)
    origin = np.where(
        usual < 0.88,
        people.usual_origin[importer, slot],
        np.where(usual < 0.97, people.usual_origin[importer, 0], rng.choice(len(people.origin_share), many)),
    )
    novel = rng.random(many) < NOVEL
    product = np.where(novel, rng.choice(PRODUCTS, many, p=people.popularity), product)
    origin = np.where(novel, rng.choice(ORIGINS, many, p=people.origin_share), origin)
    seller = np.where(
        ~novel & (rng.random(many) < 0.9), people.usual_seller[importer, slot], rng.integers(0, 8_000, many)
    )
    quantity = np.maximum(1.0, np.round(np.exp(rng.normal(4.2, 1.3, many) + people.size_factor[importer])))
    log_price = people.log_price[product] + people.origin_price[origin] + people.price_factor[importer]
    log_price = log_price + 0.002 * week + people.price_spread[product] * rng.standard_normal(many)
    return _declared(
        rng, people, importer=importer, product=product, origin=origin, seller=seller, quantity=quantity,
        value=np.exp(log_price) * quantity, private=0.0,
        declarant=np.where(rng.random(many) < 0.92, people.declarant[importer], rng.choice(DECLARANTS, many)),
    )  # fmt: skip


def _parcels(rng: Rng, people: Population, many: int) -> Columns:
    product = rng.choice(people.consumer, many)
    importer = COMPANIES + (PEOPLE * rng.random(many) ** 1.6).astype(np.int64)
    value = np.exp(rng.normal(3.7, 0.8, many))
    price = np.exp(people.log_price[product] + 1.4 * people.price_spread[product] * rng.standard_normal(many))
    return _declared(
        rng, people, importer=importer, product=product,
        origin=rng.choice(12, many, p=zipf(12, 1.2)),
        seller=20_000 + (2_000 * rng.random(many) ** 2.0).astype(np.int64),
        quantity=np.maximum(1.0, np.round(value / price)), value=value, private=1.0,
        declarant=DECLARANTS + rng.integers(0, 6, many),
    )  # fmt: skip


def _declared(rng: Rng, people: Population, **given: Column | float) -> Columns:
    """Complete drawn goods to whole rows."""
    rows: Columns = {}
    product, origin = (np.asarray(given[name], dtype=np.int64) for name in ("product", "origin"))
    many = len(product)
    for name, column in given.items():
        rows[name] = np.asarray(column, dtype=np.float64) * np.ones(many)
    spread = people.weight_spread[product]
    if given["private"]:
        rows["value"] = np.maximum(1.0, rows["value"])
    rows["mass"] = np.exp(people.log_weight[product] + spread * rng.standard_normal(many)) * rows["quantity"]
    direct = rng.random(many) < 0.86
    rows["departure"] = np.where(direct, origin, ORIGINS + rng.integers(0, HUBS, many)).astype(np.float64)
    rows["preference"] = (people.preferential[origin] & (rng.random(many) < 0.8)).astype(np.float64)
    rows["address"], rows["identifier"] = rows["importer"].copy(), rows["importer"].copy()
    rows["entity"] = rows["importer"].copy()
    rows["gift"] = np.where(rows["private"] == 1, rng.random(many) < 0.07, False).astype(np.float64)
    rows["office"] = ((rows["declarant"] * 7 + rows["departure"]) % OFFICES).astype(np.float64)
    rows["described_chapter"] = people.chapter[product].astype(np.float64)
    rows["placeholder"] = (rng.random(many) < 0.004).astype(np.float64)
    rows["list_score"] = np.clip(rng.beta(3.0, 7.0, many), 0.0, 1.0)
    return rows


def _noise(rng: Rng, rows: Columns) -> None:
    """Let honest people err and trade oddly: sales, wrong units of weight, vague words, names like listed ones."""
    many = len(rows["day"])
    sale = rng.random(many) < 0.012
    rows["value"][sale] *= rng.uniform(0.35, 0.8, int(sale.sum()))
    slip = rng.random(many) < 0.003
    rows["mass"][slip] *= rng.choice([0.1, 0.45, 2.2, 10.0], int(slip.sum()))
    vague = rng.random(many) < 0.05
    rows["described_chapter"][vague] = rng.integers(1, 41, int(vague.sum()))
    shared = (rng.random(many) < 0.05) & (rows["private"] == 0)
    rows["address"][shared] = -1.0 - rng.integers(0, 150, int(shared.sum()))  # business centres
    alike = rng.random(many) < 0.004
    rows["list_score"][alike] = rng.uniform(0.75, 0.95, int(alike.sum()))


def charges_of(people: Population, rows: Columns, preference: bool = True) -> NDArray[np.float64]:
    """Return duty and tax on the declared value, with the preference claimed or without it."""
    duty = people.duty[rows["product"].astype(np.int64)]
    if preference:
        duty = np.where(rows["preference"] == 1, 0.0, duty)
    charged: NDArray[np.float64] = rows["value"] * (duty + VAT * (1.0 + duty))
    return charged


def _plant_all(
    rng: Rng, people: Population, settings: WorldSettings, names: tuple[str, ...], rows: Columns, week: int
) -> None:
    """Plant this week's irregularities: the same share of each typology that is at work."""
    target = settings.base_rate * len(rows["day"])
    new = settings.wave if week >= settings.appears_in_week else 0.0
    named = (1.0 - settings.unnamed) * (1.0 - new) / (len(names) - 2)
    shares = dict.fromkeys(names, named) | {
        "unnamed": settings.unnamed, settings.newcomer: (1.0 - settings.unnamed) * new,
    }  # fmt: skip
    for name in names:
        many = int(rng.poisson(target * shares[name]))
        if many:
            plant(rng, people, rows, name, names.index(name), many, seed=settings.seed)
