# SPDX-License-Identifier: Apache-2.0
"""What the ledger in memory says of collectors: the plain model of what the store reads."""

from __future__ import annotations

from collections.abc import Iterator

from openecp.kernel.journal.bulk import ParcelBatch
from openecp.kernel.journal.model import Event, LedgerEntry
from openecp.kernel.ledger.collected import COLLECTOR, DATED_STREAMS, DAY_MEMBERS, CollectedBatch, CollectedSum


class MemoryCollected:
    """Sums and batches of a store in memory."""

    log: list[tuple[Event, bytes]]
    entries: dict[str, LedgerEntry]
    entry_seq: dict[str, int]  # last event of the write that an entry came with
    batches: dict[int, ParcelBatch]

    def collected_sums(self, *, account: str | None = None, by_day: bool = True) -> list[CollectedSum]:
        """Return the sums of one collector's account, or of all of them: by day, else of all time with no day."""
        sums: dict[tuple[str, str, str, str, str], list[int]] = {}
        for entry in self.entries.values():
            sides = [side for side in (entry.debit, entry.credit) if side.startswith(COLLECTOR)]
            if not sides or (account is not None and account not in sides):
                continue
            stream = entry.case_id.partition("/")[0]
            key = (self._day(entry) if by_day else "", entry.debit, entry.credit, entry.currency, stream)
            total = sums.setdefault(key, [0, 0])
            total[0] += entry.amount_minor
            total[1] += 1
        return [
            CollectedSum(
                on=on, debit=debit, credit=credit, currency=currency, minor=minor, entries=count, stream=stream
            )
            for (on, debit, credit, currency, stream), (minor, count) in sorted(sums.items())
        ]

    def _day(self, entry: LedgerEntry) -> str:
        event = self.log[self.entry_seq[entry.entry_id] - 1][0]
        if entry.case_id.partition("/")[0] in DATED_STREAMS:
            for name in DAY_MEMBERS:
                if isinstance(event.body.get(name), str):
                    return str(event.body[name])
        return event.recorded_at[:10]

    def collected_batches(self) -> list[CollectedBatch]:
        """Return the batches of parcels with their entries, and entries of such streams that belong to none."""
        entered: dict[int, dict[tuple[str, str], int]] = {seq: {} for seq in self.batches}
        for entry in self.entries.values():
            if entry.case_id.startswith("parcels/"):
                sums = entered.setdefault(self.entry_seq[entry.entry_id], {})
                key = (entry.debit, entry.credit)
                sums[key] = sums.get(key, 0) + entry.amount_minor
        found = []
        for seq, entries in sorted(entered.items()):
            batch, event = self.batches.get(seq), self.log[seq - 1][0]
            on = next((str(event.body[name]) for name in DAY_MEMBERS if name in event.body), event.recorded_at[:10])
            found.append(
                CollectedBatch(
                    seqs=(seq,) if batch is not None else (),
                    case_id=event.case_id,
                    on=on,
                    source=batch.source if batch is not None else "",
                    first_row=batch.first_row if batch is not None else 0,
                    last_row=batch.last_row if batch is not None else 0,
                    entries=tuple((debit, credit, minor) for (debit, credit), minor in sorted(entries.items())),
                )
            )
        return found

    def records_between(self, first_seq: int, last_seq: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the records of the batches of these events."""
        for seq, batch in self.batches.items():
            if first_seq <= seq <= last_seq:
                yield seq, list(batch.records)

    def entry_ids(self, seq: int) -> dict[tuple[str, str], str]:
        """Return the ledger entries written with an event, by debit and credit."""
        return {(e.debit, e.credit): e.entry_id for e in self.entries.values() if self.entry_seq[e.entry_id] == seq}

    def entered_in(self, case_id: str) -> list[tuple[str, str, int]]:
        """Return debit, credit and amount of the entries of a case."""
        return [(e.debit, e.credit, e.amount_minor) for e in self.entries.values() if e.case_id == case_id]
