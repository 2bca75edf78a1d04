# SPDX-License-Identifier: Apache-2.0
"""The parcels of the journal as history for risk: what `openecp clear` and POST /parcels have recorded.

Limits: two million items; a batch whose goods were erased is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Protocol

from openecp.border.risk.features.definitions import ITEMS
from openecp.border.risk.features.item_rows import PartyKeys
from openecp.border.risk.typologies.parcel_rows import Worth, parcel_item_rows
from openecp.kernel.journal.model import Event, StoredDocument
from openecp.platform.core.clearing_batch import EVENT_KIND

ITEMS_MAX, PAGE = 2_000_000, 1_000
_NAMES = tuple(name for name, _ in ITEMS)
Rows = Callable[[bytes], list[dict[str, Any]]]


class ParcelJournal(Protocol):
    """The part of the store that parcels are read from."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...


class TooManyParcels(ValueError):  # noqa: N818 - a state of what was asked
    """The journal holds more items of parcels than history takes at once."""


def parcel_batch_rows(
    journal: ParcelJournal, event: Event, read: Rows, parties: PartyKeys, worth: Worth
) -> list[dict[str, Any]] | None:
    """Return the rows of one recorded batch of parcels; None where its goods are gone."""
    kept = {one["kind"]: journal.document(one["id"]) for one in event.body.get("documents", ())}
    goods, people = kept.get("parcel_goods"), kept.get("parcel_persons")
    if goods is None or not goods.content:
        return None
    persons = read(people.content) if people is not None and people.content else []
    moment = datetime.fromisoformat(event.occurred_at.replace("Z", "+00:00")).timestamp()
    return parcel_item_rows(
        read(goods.content), {row["row_id"]: row for row in persons}, seq=event.seq, at_us=round(moment * 1_000_000),
        accepted_on=date.fromisoformat(event.body.get("accepted_on") or event.occurred_at[:10]), parties=parties,
        worth=worth,
    )  # fmt: skip


def parcel_tuples(
    journal: ParcelJournal, read: Rows, parties: PartyKeys, worth: Worth, *, most: int = ITEMS_MAX
) -> tuple[list[tuple[Any, ...]], int]:
    """Return the items of all recorded parcels as rows of ITEMS, and of how many batches the goods are gone.

    Raises: TooManyParcels.
    """
    found: list[tuple[Any, ...]] = []
    after = gone = 0
    while page := journal.events(after_seq=after, limit=PAGE):
        after = page[-1].seq
        for event in page:
            if event.kind != EVENT_KIND:
                continue
            rows = parcel_batch_rows(journal, event, read, parties, worth)
            gone += rows is None
            found += [tuple(row[name] for name in _NAMES) for row in rows or ()]
            if len(found) > most:
                raise TooManyParcels(f"journal: expected at most {most} items of parcels, got more")
    return found, gone
