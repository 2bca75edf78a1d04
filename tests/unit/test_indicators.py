# SPDX-License-Identifier: Apache-2.0
"""Indicators of the border: each figure with its n, from what the journal tells of each declaration."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from openecp.border.lodgement.indicators import INDICATORS
from openecp.border.lodgement.lifecycle import EVENT_KINDS
from openecp.kernel.indicators.model import measure

BY_ID = {indicator.id: indicator for indicator in INDICATORS}
UNTIL = "2026-01-31T23:59:59.999999Z"


def at(second: int) -> str:
    return f"2026-01-31T10:00:{second:02d}.000000Z"


class Window:
    """A journal that tells of cases as they are written here: kind and second of each event."""

    def __init__(self, cases: list[dict[str, int]], notifications: tuple[int, int] = (0, 0)) -> None:
        self.cases, self.told = cases, notifications

    def firsts(self, kinds: tuple[str, ...], *, since: str | None, until: str) -> Iterable[tuple[str | None, ...]]:
        return [tuple(at(case[kind]) if kind in case else None for kind in kinds) for case in self.cases]

    def notifications(self, *, since: str | None, until: str) -> tuple[int, int]:
        return self.told

    def position(self) -> int:
        return 77


CASES = [
    {"DeclarationAccepted": 1, "DeclarationCleared": 3},
    {"DeclarationAccepted": 1, "GoodsReleased": 11, "DeclarationCleared": 40},
    {"DeclarationAccepted": 2, "DocumentsRequired": 3, "DeclarationCleared": 32},
    {"DeclarationAccepted": 5, "DocumentsRequired": 6},
    {"DeclarationRejected": 7},
    {"DeclarationRegistered": 8, "DeclarationRejected": 9},
]


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("declarations_accepted", "4", 4),
        ("released_without_documents", "0.6667", 3),
        ("rejected_at_first", "0.1667", 6),
        ("release_time_median", "10.000", 3),
        ("release_time_p90", "30.000", 3),
        ("notifications_delivered", "0.9000", 10),
    ],
)
def test_figures(name: str, value: str, n: int) -> None:
    found = measure(BY_ID[name], Window(CASES, (10, 9)), as_of=UNTIL, since=None, window_days=None)
    assert (found.value, found.n, found.as_of, found.journal_position) == (value, n, UNTIL, 77)
    assert len(found.query_hash) == 64


@pytest.mark.parametrize("name", sorted(BY_ID))
def test_nothing_counted_is_no_figure(name: str) -> None:
    found = measure(BY_ID[name], Window([]), as_of=UNTIL, since=None, window_days=None)
    assert (found.value, found.n) == (None, 0)


def test_a_query_is_named_by_its_hash() -> None:
    hashes = {indicator.query_hash(days) for indicator in INDICATORS for days in (None, 90)}
    assert len(hashes) == 2 * len(INDICATORS)


def test_indicators_say_what_they_count_in_both_languages_and_claim_nothing_for_others() -> None:
    for indicator in INDICATORS:
        assert set(indicator.title) == {"en", "fr"}
        assert indicator.scope == "instance"
        assert indicator.rule.endswith(".")
        for kind in {"DeclarationAccepted", "DocumentsRequired", "GoodsReleased"}:
            assert kind in EVENT_KINDS
