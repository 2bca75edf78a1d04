# SPDX-License-Identifier: Apache-2.0
"""Scorecards: how good the data of each sender, platform, carrier or origin post is, day by day.

Rows in (one an item, with its codes), rows out (one a party and day). No person is named: who sends as an organisation
is known by its identifier, and who has none is counted together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from openecp.border.data_quality.flags import ACTIONS

MOST_CODES = 5  # named on one card


class QualityRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item with its codes: `by` is platform, post, carrier or sender, `party` its identifier, `day` ISO."""

    by: str
    party: str
    day: str
    parcel: str
    quality: str = ""  # codes with a blank between them, as the step gives them
    hs: bool = False  # whether an HS code was declared


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """One party and day: parcels and items, how many are good, warned and held, HS codes present, commonest faults."""

    by: str
    party: str
    day: str
    parcels: int
    items: int
    good: int
    warned: int
    held: int
    with_hs: int
    score: int  # 0 to 100: good items count whole, warned ones half
    codes: tuple[tuple[str, int], ...]


def scorecards(rows: Iterable[QualityRow]) -> list[Scorecard]:
    """Return a card for each party and day, in the order of kind, party and day."""
    grouped: dict[tuple[str, str, str], list[QualityRow]] = defaultdict(list)
    for row in rows:
        grouped[row.by, row.party, row.day].append(row)
    return [_card(key, grouped[key]) for key in sorted(grouped)]


def _card(key: tuple[str, str, str], rows: list[QualityRow]) -> Scorecard:
    by, party, day = key
    codes = [row.quality.split() for row in rows]
    held = sum(any(ACTIONS.get(code) == "hold" for code in found) for found in codes)
    good = sum(not found for found in codes)
    warned = len(rows) - held - good
    counted = Counter(code for found in codes for code in found)
    return Scorecard(
        by=by,
        party=party,
        day=day,
        parcels=len({row.parcel for row in rows}),
        items=len(rows),
        good=good,
        warned=warned,
        held=held,
        with_hs=sum(row.hs for row in rows),
        score=(200 * good + 100 * warned + len(rows)) // (2 * len(rows)),
        codes=tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_CODES]),
    )
