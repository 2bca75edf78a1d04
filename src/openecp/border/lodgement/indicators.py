# SPDX-License-Identifier: Apache-2.0
"""What the clearance of declarations shows about itself: figures that action plans may rest on.

Each is a pure function of what the journal tells of each declaration. A figure speaks of this installation alone.
Source: Revised Kyoto Convention, General Annex, chapter 3; WCO Time Release Study, the notion of release time.
Limits: a declaration is counted where the events that it is counted by lie within the window asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from openecp.kernel.indicators.model import Indicator, JournalWindow

_KINDS = (
    "DeclarationAccepted",
    "DeclarationRegistered",
    "DeclarationRejected",
    "DocumentsRequired",
    "GoodsReleased",
    "DeclarationCleared",
)
_ACCEPTED, _REGISTERED, _REJECTED, _DOCUMENTS, _RELEASED, _CLEARED = range(6)


def declarations_accepted(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Count declarations accepted."""
    n = sum(1 for case in journal.firsts(_KINDS, since=since, until=until) if case[_ACCEPTED])
    return str(n), n


def released_without_documents(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Return the share of released declarations for which no document was ever asked."""
    n = without = 0
    for case in journal.firsts(_KINDS, since=since, until=until):
        if case[_RELEASED] or case[_CLEARED]:
            n += 1
            without += case[_DOCUMENTS] is None
    return _share(without, n), n


def rejected_at_first(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Return the share of declarations that were rejected when they were first presented."""
    n = rejected = 0
    for case in journal.firsts(_KINDS, since=since, until=until):
        if case[_ACCEPTED] or case[_REGISTERED] or case[_REJECTED]:
            n += 1
            rejected += case[_ACCEPTED] is None and case[_REGISTERED] is None
    return _share(rejected, n), n


def release_time_median(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Return the median of the seconds from acceptance to release."""
    return _percentile(journal, since, until, 50)


def release_time_p90(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Return the seconds from acceptance within which nine of ten declarations were released."""
    return _percentile(journal, since, until, 90)


def notifications_delivered(journal: JournalWindow, since: str | None, until: str) -> tuple[str | None, int]:
    """Return the share of notifications that are delivered."""
    created, delivered = journal.notifications(since=since, until=until)
    return _share(delivered, created), created


def _percentile(journal: JournalWindow, since: str | None, until: str, percent: int) -> tuple[str | None, int]:
    """Return the nearest-rank percentile in seconds, to a thousandth."""
    times = sorted(_release_times_ms(journal, since, until))
    if not times:
        return None, 0
    rank = max(1, -(-percent * len(times) // 100))
    ms = times[rank - 1]
    return f"{ms // 1000}.{ms % 1000:03d}", len(times)


def _release_times_ms(journal: JournalWindow, since: str | None, until: str) -> Iterator[int]:
    for case in journal.firsts(_KINDS, since=since, until=until):
        accepted = case[_ACCEPTED]
        ends = [end for end in (case[_RELEASED], case[_CLEARED]) if end]
        if accepted and ends and min(ends) >= accepted:
            passed = datetime.fromisoformat(min(ends)) - datetime.fromisoformat(accepted)
            yield round(passed.total_seconds() * 1000)


def _share(part: int, n: int) -> str | None:
    """Return a share with four places, rounded half up; None of nothing."""
    if not n:
        return None
    scaled = (part * 20_000 + n) // (2 * n)
    return f"{scaled // 10_000}.{scaled % 10_000:04d}"


INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        id="declarations_accepted",
        version=1,
        title={"en": "Declarations accepted", "fr": "Déclarations acceptées"},
        unit="cases",
        rule="Cases with DeclarationAccepted in the window.",
        compute=declarations_accepted,
    ),
    Indicator(
        id="released_without_documents",
        version=1,
        title={
            "en": "Share released without any document asked for",
            "fr": "Part des mainlevées sans aucun document demandé",
        },
        unit="share",
        rule="Of cases with GoodsReleased or DeclarationCleared in the window, those without DocumentsRequired in it.",
        compute=released_without_documents,
        direction="up",
    ),
    Indicator(
        id="rejected_at_first",
        version=1,
        title={"en": "Share rejected at first presentation", "fr": "Part des rejets à la première présentation"},
        unit="share",
        rule="Of cases accepted, registered or rejected in the window, those neither accepted nor registered.",
        compute=rejected_at_first,
        direction="down",
    ),
    Indicator(
        id="release_time_median",
        version=1,
        title={"en": "Median time from acceptance to release", "fr": "Durée médiane de l’acceptation à la mainlevée"},
        unit="s",
        rule="Nearest-rank 50th percentile of the seconds from the first DeclarationAccepted to the first "
        "GoodsReleased or DeclarationCleared, both in the window.",
        compute=release_time_median,
        direction="down",
    ),
    Indicator(
        id="release_time_p90",
        version=1,
        title={
            "en": "Time from acceptance to release, 90th percentile",
            "fr": "Durée de l’acceptation à la mainlevée, 90e centile",
        },
        unit="s",
        rule="Nearest-rank 90th percentile of the seconds from the first DeclarationAccepted to the first "
        "GoodsReleased or DeclarationCleared, both in the window.",
        compute=release_time_p90,
        direction="down",
    ),
    Indicator(
        id="notifications_delivered",
        version=1,
        title={"en": "Share of notifications delivered", "fr": "Part des notifications remises"},
        unit="share",
        rule="Of notifications created in the window, those taken by the receiver's webhook, or in the pull feed of a "
        "receiver without one.",
        compute=notifications_delivered,
        direction="up",
    ),
)
