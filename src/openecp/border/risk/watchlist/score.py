# SPDX-License-Identifier: Apache-2.0
"""How sure it is that two are the same party, from 0 to 1, with the parts that made the score.

The likeness of the names is weighed by a table (weights.csv, refitted by `openecp watchlist fit`); agreeing dates,
countries and identifiers raise it, contradicting ones lower it.
Source: logistic regression over `alike.PARTS`; the weights of the evidence beside names are set by hand.
Limits: a date or country alone never makes a hit; an equal identifier alone does.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from openecp.border.risk.watchlist.alike import PARTS, WordPair, compare
from openecp.border.risk.watchlist.party import ListEntry, Party, read_day
from openecp.border.risk.watchlist.plain import PlainName
from openecp.kernel.parties.entity_key import identifier_forms

EVIDENCE = (
    "date_agrees",
    "year_agrees",
    "date_near",
    "date_contradicts",
    "country_agrees",
    "country_contradicts",
    "identifier_agrees",
    "identifier_contradicts",
    "address_agrees",
)
NAMES_MIN = -1.0  # names further apart than this are made one by no date, country or address


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """The table that turns parts into a score, and the score from which it is a hit."""

    intercept: float
    threshold: float
    parts: dict[str, float]
    evidence: dict[str, float]

    def vector(self) -> tuple[float, ...]:
        """Return the weights of the parts in their order."""
        return tuple(self.parts[name] for name, _, _ in PARTS)


class ScorePart(msgspec.Struct, frozen=True):
    """One part of a score: what was found, from 0 to 1, and how many points (log-odds) it gives or takes."""

    part: str
    value: float
    points: float


class Scored(msgspec.Struct, frozen=True):
    """A score with its parts and the words that were taken for one another."""

    score: float
    parts: tuple[ScorePart, ...]
    words: tuple[WordPair, ...]


@cache
def shipped_weights() -> Weights:
    """Return the table that ships."""
    return read_weights((files("openecp.border.risk.watchlist") / "weights.csv").read_text(encoding="utf-8"))


def read_weights(text: str) -> Weights:
    """Read a table of weights. Raises: ValueError for a row that is missing, not known or not a number."""
    rows: dict[str, float] = {}
    wanted = ["intercept", "threshold", *(name for name, _, _ in PARTS), *EVIDENCE]
    for line, row in enumerate(csv.reader(text.splitlines()), start=1):
        if line == 1 or not row:
            continue
        try:
            rows[row[0]] = float(row[1])
        except (IndexError, ValueError):
            raise ValueError(f"weights, line {line}: expected part,weight,meaning; got {','.join(row)[:80]}") from None
        if row[0] not in wanted or not math.isfinite(rows[row[0]]):
            raise ValueError(f"weights, line {line}: expected one of {', '.join(wanted)}; got {row[0][:40]}")
    if missing := [name for name in wanted if name not in rows]:
        raise ValueError(f"weights: expected a row for each part; missing: {', '.join(missing)}; refit the table")
    return Weights(
        intercept=rows["intercept"],
        threshold=rows["threshold"],
        parts={name: rows[name] for name, _, _ in PARTS},
        evidence={name: rows[name] for name in EVIDENCE},
    )


class Scorer:
    """Scores pairs with one table of weights."""

    def __init__(self, weights: Weights | None = None) -> None:
        self.weights = weights or shipped_weights()
        self._vector = self.weights.vector()

    def points(self, one: PlainName, other: PlainName) -> float:
        """Return the log-odds of two names alone."""
        parts = compare(one, other).parts
        return self.weights.intercept + sum([weight * part for weight, part in zip(self._vector, parts, strict=True)])

    def explained(self, one: PlainName, other: PlainName, evidence: Iterable[str] = ()) -> Scored:
        """Return the score of two names with evidence beside them, part by part."""
        likeness = compare(one, other)
        parts = [
            ScorePart(name, round(value, 4), round(weight * value, 3))
            for (name, _, _), weight, value in zip(PARTS, self._vector, likeness.parts, strict=True)
        ]
        found = list(evidence)
        parts += [ScorePart(name, 1.0, self.weights.evidence[name]) for name in found]
        points = self.weights.intercept + sum(
            [weight * value for weight, value in zip(self._vector, likeness.parts, strict=True)]
        )
        return Scored(self.score(points, found), tuple(parts), likeness.pairs)

    def score(self, points: float, evidence: Iterable[str] = ()) -> float:
        """Return log-odds of names and the evidence beside them as a score from 0 to 1."""
        found = tuple(evidence)
        weights = self.weights.evidence
        beside = sum([weights[name] for name in found if name != "identifier_agrees"])
        total = points + (min(beside, 0.0) if points < NAMES_MIN else beside)
        if "identifier_agrees" in found:
            total = max(total, weights["identifier_agrees"])
        return _logistic(total)


def _logistic(points: float) -> float:
    return round(1 / (1 + math.exp(-min(max(points, -30.0), 30.0))), 4)


def evidence_of(party: Party, entry: ListEntry) -> tuple[str, ...]:
    """Return what agrees or contradicts beside the names."""
    found: list[str] = []
    day = read_day(party.birth_date) if entry.birth_dates else None
    if day is not None:
        told: list[DateTold] = [_dates(day, listed) for listed in entry.birth_dates]
        found.append(min(told, key=_DATE_ORDER.index))
    if party.countries and entry.countries:
        mine, theirs = ({one.strip().upper() for one in side} for side in (party.countries, entry.countries))
        found.append("country_contradicts" if mine.isdisjoint(theirs) else "country_agrees")
    if party.identifiers and entry.identifiers:
        ours, listed_numbers = (set(filter(None, identifier_forms(side))) for side in
                                (party.identifiers, entry.identifiers))  # fmt: skip
        if ours & listed_numbers:
            found.append("identifier_agrees")
        elif ours and listed_numbers:
            found.append("identifier_contradicts")
    if party.address and entry.addresses and any(same_place(party.address, one) for one in entry.addresses):
        found.append("address_agrees")
    return tuple(found)


DateTold = Literal["date_agrees", "year_agrees", "date_near", "date_contradicts"]
_DATE_ORDER: tuple[DateTold, ...] = ("date_agrees", "year_agrees", "date_near", "date_contradicts")


def _dates(one: str, other: str) -> DateTold:
    """Compare two dates, of which either may be a year or month alone."""
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return "date_agrees" if size == 10 else "year_agrees"
    years = abs(int(one[:4]) - int(other[:4]))
    if size == 10 and (years == 0 or one[4:] == other[4:]) and years < 11:
        swapped = one[5:7] == other[8:10] and one[8:10] == other[5:7]
        wrong = sum(a != b for a, b in zip(one, other, strict=True))
        return "date_near" if swapped or wrong <= 2 else "date_contradicts" if years > 2 else "date_near"
    return "date_near" if years <= 2 else "date_contradicts"


@cache
def _place(address: str) -> tuple[frozenset[str], frozenset[str]]:
    from openecp.kernel.parties.entity_key import plain_addresses

    words = frozenset(plain_addresses([address])[0].split())
    return words, frozenset(word for word in words if any(sign.isdigit() for sign in word))


def same_place(one: str, other: str) -> bool:
    """Tell whether two addresses can be one: no number contradicts, most words are shared."""
    words, numbers = _place(one[:400])
    other_words, other_numbers = _place(other[:400])
    shared = words & other_words
    if numbers and other_numbers and not (numbers <= other_numbers or other_numbers <= numbers):
        return False
    return len(shared) >= 3 and len(shared) >= 0.7 * min(len(words), len(other_words))
