# SPDX-License-Identifier: Apache-2.0
"""Clocks of two sources that do not agree, estimated from cases that both of them saw.

Where both record the same activity, the median of the difference is the skew. Else order tells: what cannot come before
something else, and yet does in most cases, says that one clock runs behind by at least so much. Both directions bound
the skew from both sides.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from openecp.border.time_release.clocks import quoted

LEAST_PAIRS = 10
LEAST_SHARE = 0.2  # of pairs in the wrong order, before a clock is doubted rather than the cases
LEAST_US = 60_000_000
QUARTER_US = 900_000_000
# What hardly ever comes in the other order, and so tells of clocks, beside what never may (verification.ORDERS).
ALMOST_ALWAYS: tuple[tuple[str, str], ...] = (
    ("ARRIVAL", "STORED"),
    ("ARRIVAL", "INSPECT_START"),
    ("UNLOADED", "INSPECT_START"),
    ("UNLOADED", "GATE_OUT"),
    ("STORED", "GATE_OUT"),
    ("AGENCY_DECIDED", "RELEASED"),
    ("PAYMENT_CONFIRMED", "RELEASED"),
    ("ASSESSED", "PAYMENT_INITIATED"),
    ("DELIVERY_ORDER", "GATE_OUT"),
)


class Asks(Protocol):
    """The part of an engine that is asked here."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


class Skew(NamedTuple):
    """How far the clock of `source` runs ahead of that of `against` (negative: behind), and how that is known.

    `is_same` tells that both record the same activities; else the size is the least that the order of events needs.
    """

    source: str
    against: str
    us: int
    pairs: int
    wrong: int
    is_same: bool

    def shown(self) -> str:
        """Return the skew in words."""
        size = abs(self.us)
        least = "" if self.is_same else "at least "
        side = "ahead of" if self.us > 0 else "behind"
        told = f"{self.source} runs {least}{size // 1_000_000} s {side} {self.against}"
        nearest = round(size / QUARTER_US) * QUARTER_US
        if nearest >= 2 * QUARTER_US and abs(size - nearest) <= 120_000_000 and self.is_same:
            sign = "+" if self.us > 0 else "-"
            told += f": a time zone off by {sign}{nearest // 3_600_000_000:02}:{nearest // 60_000_000 % 60:02}"
        elif size >= 2 * QUARTER_US:
            told += ": a wrong time zone?"
        return told


def skews(engine: Asks, orders: tuple[tuple[str, str], ...]) -> list[Skew]:
    """Return the skews between the sources of `trs_events`; `orders` are pairs of which the first must come first."""
    sources = [row["source"] for row in engine.ask("SELECT DISTINCT source FROM trs_events ORDER BY source")]
    if len(sources) < 2:
        return []
    same = _same(engine)
    known = {(skew.source, skew.against) for skew in same}
    return [s for s in same if _counts(s)] + [s for s in _ordered(engine, orders) if (s.source, s.against) not in known]


def _counts(skew: Skew) -> bool:
    return skew.pairs >= LEAST_PAIRS and abs(skew.us) >= LEAST_US


def _same(engine: Asks) -> list[Skew]:
    """Compare the first stamps of one activity of one case in two sources."""
    rows = engine.ask(
        "WITH f AS (SELECT case_id, activity, source, MIN(ts_us) AS us FROM trs_events WHERE precision <> 'day' "
        "GROUP BY case_id, activity, source) "
        "SELECT b.source AS source, a.source AS against, COUNT(*) AS n, CAST(MEDIAN(b.us - a.us) AS BIGINT) AS us "
        "FROM f AS a JOIN f AS b ON b.case_id = a.case_id AND b.activity = a.activity AND b.source > a.source "
        "GROUP BY b.source, a.source ORDER BY b.source, a.source"
    )
    return [
        Skew(row["source"], row["against"], row["us"], row["n"], 0, True) for row in rows if row["n"] >= LEAST_PAIRS
    ]


def _ordered(engine: Asks, orders: tuple[tuple[str, str], ...]) -> list[Skew]:
    pairs = ", ".join(f"({quoted(first)}, {quoted(then)})" for first, then in dict.fromkeys((*orders, *ALMOST_ALWAYS)))
    rows = engine.ask(
        f"WITH o(one, other) AS (VALUES {pairs}), "
        "f AS (SELECT case_id, activity, source, MIN(ts_us) AS us FROM trs_events WHERE precision <> 'day' "
        "GROUP BY case_id, activity, source) "
        "SELECT a.source AS one, b.source AS other, o.one AS first, o.other AS then, COUNT(*) AS n, "
        "COUNT(*) FILTER (WHERE b.us < a.us) AS wrong, "
        "CAST(QUANTILE_DISC(b.us - a.us, 0.02) AS BIGINT) AS low FROM f AS a JOIN o ON o.one = a.activity "
        "JOIN f AS b ON b.case_id = a.case_id AND b.activity = o.other AND b.source <> a.source "
        "GROUP BY a.source, b.source, o.one, o.other ORDER BY 1, 2, 3, 4"
    )
    found: dict[tuple[str, str], Skew] = {}
    for row in rows:
        wrong, n, low = row["wrong"], row["n"], row["low"]
        if n < LEAST_PAIRS or wrong < LEAST_SHARE * n or -low < LEAST_US:
            continue
        # the second event's clock is behind, or the first one's ahead: told of the source that is named later
        ahead, against = max(row["one"], row["other"]), min(row["one"], row["other"])
        us = low if ahead == row["other"] else -low
        known = found.get((ahead, against))
        if known is None or abs(us) > abs(known.us):
            found[ahead, against] = Skew(ahead, against, us, n, wrong, False)
    return list(found.values())
