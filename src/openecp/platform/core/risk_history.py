# SPDX-License-Identifier: Apache-2.0
"""The journal as history for risk: its declarations as rows of items, what selected them, what controls found.

Limits: messages are read from the store one by one; a message that was erased leaves its declaration without items.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from openecp.border.risk.features.definitions import ITEMS
from openecp.border.risk.features.feedback import SelectedCase, SelectionBook
from openecp.border.risk.features.item_rows import PartyKeys, item_rows
from openecp.kernel.assessment.reasons import Assessment, ItemValue
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import Event, StoredDocument
from openecp.platform.wire import Unreadable, read

_PAGE = 1_000
_ITEM_NAMES = tuple(name for name, _ in ITEMS)
_assessment = msgspec.json.Decoder(Assessment)
log = logging.getLogger("openecp.risk")


class Journal(Protocol):
    """The part of the store that history is read from."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def pseudonym(self, purpose: str, name: str) -> str: ...

    def size(self) -> int: ...


class RiskHistory(msgspec.Struct, kw_only=True):
    """What happened: cases in the journal's order, their items, and how many messages are gone."""

    cases: list[SelectedCase]
    items: dict[str, list[dict[str, Any]]]  # by case
    without_items: int = 0

    def item_tuples(self) -> list[tuple[Any, ...]]:
        """Return the items as rows of ITEMS."""
        return [
            tuple(row[name] for name in _ITEM_NAMES) for case in self.cases for row in self.items.get(case.case_id, ())
        ]

    def result_tuples(self) -> list[tuple[Any, ...]]:
        """Return what controls found as rows of RESULTS, in the journal's order."""
        found = [  # an item of two findings of one audit was controlled once
            (result.seq, case.mrn or case.case_id, item, int(result.irregular))
            for case in self.cases
            for result in case.results
            for item in (result.items if result.irregular and result.items else (0,))
        ]
        return sorted(set(found))


def selection_cases(
    journal: Journal, shares: Mapping[str, float], progress: Callable[[int, int], None] | None = None
) -> list[SelectedCase]:
    """Return what the journal says of selection and control, without opening a message."""
    book, after, size = SelectionBook(shares), 0, journal.size()
    while page := journal.events(after_seq=after, limit=_PAGE):
        for event in page:
            book.take(event)
        after = page[-1].seq
        if progress is not None:
            progress(after, size)
    return list(book.cases())


def risk_history(
    journal: Journal, shares: Mapping[str, float], *, movement: str, currency: str, exponent: int,
    progress: Callable[[int, int], None] | None = None,
) -> RiskHistory:  # fmt: skip
    """Read the journal's declarations of a movement as history."""
    cases = [case for case in selection_cases(journal, shares, progress) if case.movement == movement or not movement]
    history = RiskHistory(cases=cases, items={})
    parties = PartyKeys(lambda key: journal.pseudonym("risk", key))
    for case in cases:
        declaration = declaration_of(journal.document(case.document_id))
        if declaration is None:
            history.without_items += 1
            continue
        values = values_of(journal.document(case.assessment_id) if case.assessment_id else None)
        history.items[case.case_id] = item_rows(case, declaration, values, currency, exponent, parties)
    return history


def declaration_of(document: StoredDocument | None) -> Declaration | None:
    """Return the declaration of a stored message, None where it is gone or cannot be read."""
    if document is None or not document.content:
        return None
    try:
        media = "json" if document.media_type == "application/json" else "xml"
        return read(document.content, media=media).declaration  # type: ignore[arg-type]
    except Unreadable:
        log.error("document %s was stored, and cannot be read", document.document_id)
        return None


def values_of(document: StoredDocument | None) -> tuple[ItemValue, ...]:
    """Return the values of a stored assessment, none where it is gone or cannot be read."""
    if document is None or not document.content:
        return ()
    try:
        return _assessment.decode(document.content).values
    except msgspec.DecodeError:
        log.error("assessment %s was stored, and cannot be read", document.document_id)
        return ()
