# SPDX-License-Identifier: Apache-2.0
"""Split consignments: parcels of one party from one seller, each below a limit, together above it, within some days.

Who is one party is said by the caller: by the exact key (`kernel.parties.similar.same_key`) or, where names are
mistyped, by `similar`. What is found is a ground to look, for officers alone; it decides nothing.
Source: WCO Cross-Border E-Commerce Framework of Standards, on splitting consignments to stay below a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from openecp.kernel.assessment.engine import Engine
from openecp.kernel.assessment.steps import Composer, Step

_PACKAGE = "openecp.border.low_value"
SEEN_COLUMNS = (
    ("parcel_no", "BIGINT"),
    ("party_no", "BIGINT"),
    ("seller_no", "BIGINT"),
    ("goods", "VARCHAR"),
    ("day_no", "INTEGER"),
    ("value_micro", "BIGINT"),
)
SPLIT_STEPS: tuple[Step, ...] = (
    Step("split_windows", _PACKAGE, (*SEEN_COLUMNS, ("window_micro", "BIGINT"), ("window_parcels", "BIGINT"))),
    Step("splits", _PACKAGE, SEEN_COLUMNS),
)
WINDOW_DAYS_MAX = 366
PARCELS_MAX = 5_000_000


class SplitRule(NamedTuple):
    """What counts as a split: a limit, how many days count together, whether the goods must be alike.

    `comparator` is the limit's own: under `le` a parcel worth the limit itself passes, under `lt` it does not.
    """

    threshold_micro: int
    currency: str
    window_days: int = 3  # 1: the same day
    comparator: Literal["le", "lt"] = "le"
    parcels_min: int = 2
    same_goods: bool = False


class SeenParcel(NamedTuple):
    """A parcel as far as splits go: its value in the limit's currency, its party and seller as numbers of groups."""

    parcel_id: str
    posted_on: date
    value_micro: int
    party: int
    seller: int
    goods: str = ""  # HS subheading or any other word for what it is


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One split consignment, with its reason in words."""

    parcels: tuple[str, ...]
    party: int
    seller: int
    goods: str
    first_day: date
    last_day: date
    sum_micro: int
    threshold_micro: int
    currency: str
    reason: str
    audience: Literal["officer"] = "officer"


def split_composer(rule: SplitRule) -> Composer:
    """Return the steps that find what a rule calls a split."""
    below = 0 if rule.comparator == "le" else 1
    parameters: dict[str, int | str] = {
        "days_before": rule.window_days - 1,
        "parcel_most_micro": rule.threshold_micro - below,
        "sum_most_micro": rule.threshold_micro - below,
        "parcels_min": rule.parcels_min,
    }
    return Composer(SPLIT_STEPS, parameters=parameters, macros={}, column_groups={})


def find_splits(parcels: Sequence[SeenParcel], rule: SplitRule, engine: Engine) -> list[Split]:
    """Return the splits among some parcels, in the order of party, seller and day.

    Raises: ValueError for a rule or a number of parcels beyond the limits.
    """
    if not 1 <= rule.window_days <= WINDOW_DAYS_MAX or rule.threshold_micro <= 0 or rule.parcels_min < 2:
        raise ValueError(
            f"split rule: expected 1 to {WINDOW_DAYS_MAX} days, a limit above 0 and at least 2 parcels, got {rule}"
        )
    if len(parcels) > PARCELS_MAX:
        raise ValueError(f"splits: expected at most {PARCELS_MAX} parcels, got {len(parcels)}; take fewer days at once")
    rows = [
        (place, one.party, one.seller, one.goods if rule.same_goods else "", one.posted_on.toordinal(), one.value_micro)
        for place, one in enumerate(parcels)
    ]
    statement = split_composer(rule).statement("splits", facts=frozenset(), dialect=engine.dialect)
    caught = sorted(engine.run(statement, {"seen_parcels": (SEEN_COLUMNS, rows)}), key=lambda row: (*row[1:5], row[0]))
    runs: list[list[int]] = []
    last: tuple[object, ...] = ()
    last_day = 0
    for place, *group, day, _ in caught:
        if tuple(group) != last or day - last_day >= rule.window_days:
            runs.append([])
        runs[-1].append(place)
        last, last_day = tuple(group), day
    return [_split([parcels[place] for place in run], rule) for run in runs]


def _split(members: list[SeenParcel], rule: SplitRule) -> Split:
    total = sum(one.value_micro for one in members)
    goods = sorted({one.goods for one in members if one.goods})
    first, last = members[0].posted_on, members[-1].posted_on
    days = (last - first).days + 1
    when = f"on {first.isoformat()}" if days == 1 else f"from {first.isoformat()} to {last.isoformat()}"
    limit = f"{_amount(rule.threshold_micro)} {rule.currency}"
    passes = "not above" if rule.comparator == "le" else "below"
    reason = (
        f"{len(members)} parcels from one seller to one party {when}, each {passes} {limit}, "
        f"the largest {_amount(max(one.value_micro for one in members))} {rule.currency}; "
        f"together {_amount(total)} {rule.currency}."
    )
    if len(goods) == 1:
        reason += f" All are declared as {goods[0]}."
    return Split(
        parcels=tuple(one.parcel_id for one in members),
        party=members[0].party,
        seller=members[0].seller,
        goods=goods[0] if len(goods) == 1 else "",
        first_day=first,
        last_day=last,
        sum_micro=total,
        threshold_micro=rule.threshold_micro,
        currency=rule.currency,
        reason=reason,
    )


def _amount(micro: int) -> str:
    """Return millionths as an amount with at least two decimals."""
    whole, rest = divmod(micro, 1_000_000)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{decimals}"
