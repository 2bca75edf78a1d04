# SPDX-License-Identifier: Apache-2.0
"""Clears one uploaded file by the runner of `openecp clear`, and says what came out, as the journal has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from openecp.kernel.datamodel.parcel_check import FIXES
from openecp.kernel.journal.model import Event
from openecp.platform.console.parcels.inbox import FileProgress, InboxFile
from openecp.platform.core.clearing import FileCleared, FileClearing, Options, Wiring

EVENTS_READ = 200
SENDERS_MAX = 100


class ReadsEvents(Protocol):
    """The part of the store that tells what was recorded of a file."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...


class StoppedError(Exception):
    """The server ends; the file goes on when it is there again."""


class ClearFile:
    """Clears a file in this process; `wiring` gives what clears for a jurisdiction and regime."""

    def __init__(
        self, wiring: Callable[[str, str], Wiring], store: ReadsEvents, *, today: Callable[[], date] = date.today
    ) -> None:
        self._wiring, self._store, self._today = wiring, store, today

    def __call__(
        self, file: InboxFile, path: Path, folder: Path, told: Callable[[FileProgress], None], stopped: threading.Event
    ) -> dict[str, Any]:
        """Clear it and return the summary.

        Raises: ClearingFault, ParcelFileRefused where the file cannot be used; StoppedError.
        """

        def shown(done: int, rows: int, parcels: int) -> None:
            told(FileProgress(rows=rows, rows_done=done, parcels=parcels))
            if stopped.is_set() and done < rows:
                raise StoppedError

        options = Options(
            jurisdiction=file.jurisdiction,
            regime=file.regime,
            on=date.fromisoformat(file.on) if file.on else None,
            organisation=file.organisation,
            out=folder,
            today=self._today(),
        )
        cleared = FileClearing(self._wiring(file.jurisdiction, file.regime), options, path, shown).run()
        totals = cleared.totals
        told(FileProgress(rows=totals.rows, rows_done=totals.rows, parcels=totals.parcels, refused=totals.refused_rows))
        return summary_of(cleared, self._bodies(cleared.case_id))

    def _bodies(self, case_id: str) -> Iterator[Mapping[str, Any]]:
        after = 0
        while events := self._store.events(case_id=case_id, after_seq=after, limit=EVENTS_READ):
            yield from (event.body for event in events if event.kind == "ParcelsCleared")
            after = events[-1].seq


def summary_of(cleared: FileCleared, bodies: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what came out of a file: its totals, and by collector, reason and sender what its batches say."""
    totals = cleared.totals
    charges: dict[tuple[str, str], int] = {}
    reasons: dict[str, int] = {}
    senders: dict[str, dict[str, Any]] = {}
    for body in bodies:
        for one in body.get("charged", ()):
            key = (str(one["account"]), str(one["type"]))
            charges[key] = charges.get(key, 0) + int(one["minor"])
        for code, count in {**body.get("reasons", {})}.items():
            reasons[code] = reasons.get(code, 0) + int(count)
        for one in body.get("senders", ()):
            row = senders.setdefault(one["sender"], {"sender": one["sender"], "parcels": 0, "flagged": 0, "held": 0})
            for name in ("parcels", "flagged", "held"):
                row[name] += int(one[name])
    return {
        "parcels": totals.parcels,
        "rows": totals.rows,
        "refused_rows": totals.refused_rows,
        "known": cleared.repeated,
        "decisions": totals.decisions,
        "categories": totals.categories,
        "reasons": reasons,
        "remarks": totals.quality,
        "charges": [
            {"account": account, "type": kind, "minor": minor} for (account, kind), minor in sorted(charges.items())
        ],
        "refusals": [
            {"code": code, "rows": count, "fix": FIXES.get(code, "")} for code, count in sorted(totals.refused.items())
        ],
        "quality": sorted(senders.values(), key=lambda row: (-row["parcels"], row["sender"]))[:SENDERS_MAX],
        "warnings": list(cleared.warnings),
        "results": [cleared.result.name],
        "case_id": cleared.case_id,
    }
