# SPDX-License-Identifier: Apache-2.0
"""Scorecards of origin posts: day by day how many items came with which data, and how that has changed.

They are read off the journal's postal events in one pass: an event carries what is counted of its item, and one that
replaces earlier data carries those too, so that each item counts once, as it was last declared, without being
remembered. A tally goes on from the event where it stopped: what was read once is not read again.
Limits: GROUPS_MAX posts and days, TALLY_MAX groups that a tally remembers; shares in thousandths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from openecp.border.postal.faults import refuse

GROUPS_MAX = 200_000
TALLY_MAX = 500_000
TREND_DAYS = 7
COUNTED = ("hs6", "weight", "value", "contact", "vague", "compliant", "faultless")
By = Literal["posted", "received"]


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """One origin post on one day: counts of items, shares of them in thousandths, and how compliance has changed.

    `trend` is the share of compliant items less that of the seven days before, None where nothing came then.
    """

    origin_post: str
    day: str
    items: int
    without_data: int  # arrived, and nothing was declared
    hs6: int
    weight: int
    value: int
    contact: int
    vague: int
    compliant: int
    faultless: int
    shares: dict[str, int]
    trend: int | None = None


class ScoreFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which items are counted: of one origin post, of a period (both days included), by posting date or by receipt.

    `organisation` is the post that sent the data here.
    """

    origin_post: str = ""
    organisation: str = ""
    since: date | None = None
    until: date | None = None
    by: By = "posted"


Group = tuple[str, str, str, str]  # organisation, origin post, day of posting, day of receipt


def _group(told: Mapping[str, Any], occurred_at: str) -> Group:
    received = str(told.get("received_on") or occurred_at[:10])
    return str(told.get("organisation", "")), str(told.get("origin_post", "")), str(told.get("posted_on", "")), received


def _count(counts: dict[str, int], told: Mapping[str, Any], step: int) -> None:
    counts["items"] += step
    if told.get("without_data"):
        counts["without_data"] += step
        return
    for name in COUNTED:
        if told.get(name):
            counts[name] += step


class ScoreTally:
    """What all postal events up to one told, in groups from which any scorecard is added up."""

    def __init__(self) -> None:
        self.last_seq = 0
        self._groups: dict[Group, dict[str, int]] = {}

    @property
    def is_full(self) -> bool:
        """Whether there are more groups than it may remember; then it must not be used."""
        return len(self._groups) > TALLY_MAX

    def take(self, seq: int, body: Mapping[str, Any], occurred_at: str) -> None:
        """Count what a postal event tells of its item; events come in their order, each once."""
        if seq <= self.last_seq:
            return
        self.last_seq = seq
        for told, step in ((body.get("told_before"), -1), (body.get("told"), 1)):
            if not told or self.is_full:
                continue
            group = _group(told, occurred_at)
            if group not in self._groups:
                self._groups[group] = dict.fromkeys(("items", "without_data", *COUNTED), 0)
            _count(self._groups[group], told, step)

    def rows(self, wanted: ScoreFilter) -> list[ScoreRow]:
        """Return the rows of a scorecard.

        Raises: PostalRefused where there are too many posts and days.
        """
        card = Scorecard(wanted)
        for group, counts in self._groups.items():
            card.add(group, counts)
        return card.rows()


class Scorecard:
    """Counts items as events pass by."""

    def __init__(self, wanted: ScoreFilter | None = None) -> None:
        self._wanted = wanted or ScoreFilter()
        self._counts: dict[tuple[str, str], dict[str, int]] = {}

    def take(self, body: Mapping[str, Any], occurred_at: str) -> None:
        """Count what the body of a postal event tells of its item.

        Raises: PostalRefused where there are too many posts and days.
        """
        told, before = body.get("told"), body.get("told_before")
        if before:
            self._add(before, occurred_at, -1)
        if told:
            self._add(told, occurred_at, 1)

    def take_all(self, events: Iterable[tuple[Mapping[str, Any], str]]) -> Scorecard:
        """Count many bodies with their times; return this scorecard."""
        for body, occurred_at in events:
            self.take(body, occurred_at)
        return self

    def _add(self, told: Mapping[str, Any], occurred_at: str, step: int) -> None:
        counts = dict.fromkeys(("items", "without_data", *COUNTED), 0)
        _count(counts, told, step)
        self.add(_group(told, occurred_at), counts)

    def add(self, group: Group, more: Mapping[str, int]) -> None:
        """Add the counts of a group of items.

        Raises: PostalRefused where there are too many posts and days.
        """
        organisation, post, posted, received = group
        if self._wanted.organisation and organisation != self._wanted.organisation:
            return
        day = posted if self._wanted.by == "posted" else received
        if not self._in(post, day):
            return
        key = (post, day)
        counts = self._counts.get(key)
        if counts is None:
            if len(self._counts) >= GROUPS_MAX:
                raise refuse("OECP-POSTAL-LIMIT", "period", "There are too many posts and days.", got="more",
                             expected=f"at most {GROUPS_MAX}", fix="Name a shorter period or one post.")  # fmt: skip
            counts = self._counts[key] = dict.fromkeys(("items", "without_data", *COUNTED), 0)
        for name, many in more.items():
            counts[name] += many

    def _in(self, post: str, day: str) -> bool:
        wanted = self._wanted
        if wanted.origin_post and not post.startswith(wanted.origin_post):
            return False
        earliest = wanted.since - timedelta(days=TREND_DAYS) if wanted.since is not None else None
        return not (
            (earliest is not None and day < earliest.isoformat())
            or (wanted.until is not None and day > wanted.until.isoformat())
        )

    def rows(self) -> list[ScoreRow]:
        """Return the rows by post and day."""
        since = self._wanted.since.isoformat() if self._wanted.since is not None else ""
        return [
            self._row(post, day, counts)
            for (post, day), counts in sorted(self._counts.items())
            if counts["items"] and day >= since
        ]

    def _row(self, post: str, day: str, counts: Mapping[str, int]) -> ScoreRow:
        shares = {name: _thousandths(counts[name], counts["items"]) for name in COUNTED}
        before = self._before(post, day)
        trend = None if before is None else shares["compliant"] - before
        return ScoreRow(origin_post=post, day=day, shares=shares, trend=trend, **counts)

    def _before(self, post: str, day: str) -> int | None:
        """Return the share of compliant items of the days before, None where nothing came."""
        try:
            last = date.fromisoformat(day)
        except ValueError:
            return None
        days = [(last - timedelta(days=n)).isoformat() for n in range(1, TREND_DAYS + 1)]
        known = [self._counts[post, one] for one in days if (post, one) in self._counts]
        items = sum(counts["items"] for counts in known)
        return _thousandths(sum(counts["compliant"] for counts in known), items) if items else None


def _thousandths(part: int, whole: int) -> int:
    """Return a share in thousandths, rounded half up."""
    return (2000 * part + whole) // (2 * whole)
