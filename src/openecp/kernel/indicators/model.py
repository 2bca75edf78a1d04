# SPDX-License-Identifier: Apache-2.0
"""An indicator is a stored, versioned query; a measurement is its figure with all that a reader needs to trust it.

Limits: scope `instance` says what this installation shows, and nothing about others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import msgspec

IndicatorScope = Literal["instance", "member", "programme"]


class JournalWindow(Protocol):
    """The journal as queries read it: up to an instant, and from one on."""

    def firsts(self, kinds: tuple[str, ...], *, since: str | None, until: str) -> Iterable[tuple[str | None, ...]]:
        """Return for each case when each kind of event first occurred, after `since` up to `until`; None: not then."""

    def notifications(self, *, since: str | None, until: str) -> tuple[int, int]:
        """Return how many notifications were created in the window, and how many of them were delivered."""

    def position(self) -> int:
        """Return the last sequence number of the journal."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A figure: its value as decimal text (None where no case is counted), n, as of when, and how it was computed."""

    value: str | None
    n: int
    as_of: str
    journal_position: int
    query_hash: str


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted and how: `rule` is the sentence that says it, `compute` gives value and n of a window.

    `direction` says which way is better. The hash of id, version, rule and window is frozen with every figure: a
    query that is changed without a new version shows.
    """

    id: str
    version: int
    title: dict[str, str]  # by language
    unit: str  # "cases", "share", "s"
    rule: str
    compute: Callable[[JournalWindow, str | None, str], tuple[str | None, int]]
    scope: IndicatorScope = "instance"
    direction: Literal["up", "down", ""] = ""

    def query_hash(self, window_days: int | None) -> str:
        """Return the hash that names this query."""
        text = msgspec.json.encode([self.id, self.version, self.rule, window_days])
        return hashlib.sha256(text).hexdigest()


def measure(
    indicator: Indicator, journal: JournalWindow, *, as_of: str, since: str | None, window_days: int | None
) -> Measurement:
    """Run an indicator up to the instant `as_of`."""
    position = journal.position()
    value, n = indicator.compute(journal, since, as_of)
    return Measurement(
        value=value if n else None,
        n=n,
        as_of=as_of,
        journal_position=position,
        query_hash=indicator.query_hash(window_days),
    )
