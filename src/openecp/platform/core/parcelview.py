# SPDX-License-Identifier: Apache-2.0
"""A decided parcel as it is read: its record, where it stands now, its history; the same for API, console and CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.low_value.parcel_acts import acts_allowed
from openecp.border.low_value.parcel_case import ParcelCase, parcel_case_of, parcel_event_for, parcel_stream
from openecp.border.low_value.parcel_commands import OF_THE_LODGER, OnRecord
from openecp.kernel.journal.bulk import ParcelRow
from openecp.kernel.journal.model import CaseRow, Event, StoredDocument
from openecp.kernel.parties.model import Principal

HISTORY_MAX = 500
SHOWN_TO_LODGER = ("question", "answer", "payment_reference")
_PLACES = ("question", "answer", "reference")


class ParcelSource(Protocol):
    """The part of the store that reading a parcel needs."""

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]: ...

    def parcel_receipt(self, parcel_id: str, posted_on: str | None = None) -> dict[str, object] | None: ...

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def entry_ids(self, seq: int) -> dict[tuple[str, str], str]:
        """Return the ledger entries written with an event, by debit and credit."""


class FoundParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as it stands: what is on record, and its case where something happened since."""

    on_record: OnRecord
    decided_at: str
    case: ParcelCase | None
    last_seq: int

    @property
    def status(self) -> str:
        """Where the parcel stands."""
        if self.case is not None:
            return self.case.status
        decision = str(self.on_record.record["decision"])
        return {"hold": "held", "full_declaration": "full_declaration"}.get(decision, "decided")


class ParcelEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a parcel's history; `words` are what was asked, answered or, for officers, the ground."""

    seq: int
    kind: str
    occurred_at: str
    actor: str
    body: dict[str, Any]
    words: dict[str, str]


def find_parcel(source: ParcelSource, parcel_id: str, posted_on: str) -> FoundParcel | None:
    """Return a parcel by its key, None where it was never decided."""
    rows = source.parcel_rows(parcel_id, posted_on)
    if not rows:
        return None
    row = rows[0]
    event = source.events(after_seq=row.seq - 1, limit=1)[0]
    on_record = OnRecord(
        seq=row.seq,
        number=row.number,
        record=msgspec.json.decode(row.record),
        organisation=lodger_of(source, event, row.number),
        jurisdiction=event.body["jurisdiction"],
    )
    found = source.case(parcel_stream(row.parcel_id, row.posted_on))
    case = parcel_case_of(found[0].state) if found is not None else None
    return FoundParcel(
        on_record=on_record,
        decided_at=event.recorded_at,
        case=case,
        last_seq=found[1] if found is not None else 0,
    )


def lodger_of(source: ParcelSource, event: Event, number: int) -> str:
    """Return who lodged the parcel of this number: a batch of the door names them in runs, a file has one."""
    for organisation, count in event.body.get("lodgers", ()):
        if number < count:
            return str(organisation)
        number -= count
    found = source.case(event.case_id)
    return found[0].organisation if found is not None else ""


def lodger_runs(organisations: Sequence[str]) -> list[list[Any]]:
    """Return organisations as runs, `[["org-1", 3], ["org-2", 1]]`: one after the other, how many parcels."""
    runs: list[list[Any]] = []
    for organisation in organisations:
        if runs and runs[-1][0] == organisation:
            runs[-1][1] += 1
        else:
            runs.append([organisation, 1])
    return runs


def history_of(source: ParcelSource, parcel: FoundParcel, audience: str) -> list[ParcelEvent]:
    """Return what happened to a parcel since its decision, as `audience` may see it."""
    if parcel.case is None:
        return []
    found = []
    for event in source.events(case_id=parcel.case.case_id, limit=HISTORY_MAX):
        body = parcel_event_for(event.body, audience)
        found.append(
            ParcelEvent(
                seq=event.seq,
                kind=event.kind,
                occurred_at=event.occurred_at,
                actor=event.actor if audience == "officer" else event.actor.partition(":")[0],
                body=body,
                words=_words(source.document, body),
            )
        )
    return found


def _words(document: Callable[[str], StoredDocument | None], body: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts that an event's body names; one that was erased is left out."""
    places = {name: body[name] for name in _PLACES if isinstance(body.get(name), dict)}
    if "note" in body.get("officer", {}):
        places["reason"] = body["officer"]["note"]
    found = {}
    for name, place in places.items():
        kept = document(place["id"])
        if kept is not None:
            found[name] = kept.content.decode("utf-8", "replace")
    return found


def acts_for(principal: Principal, parcel: FoundParcel) -> tuple[str, ...]:
    """Return the acts that this principal may try now."""
    state = parcel.case
    allowed = acts_allowed(state)
    if state is None and parcel.status != "decided":
        allowed = acts_allowed(_standing(parcel.status))
    if "officer" in principal.roles:
        return allowed
    if "trader" in principal.roles and principal.organisation == parcel.on_record.organisation:
        return tuple(act for act in allowed if act in OF_THE_LODGER)
    return ()


def _standing(status: str) -> ParcelCase:
    """Return a case that stands in a state: for a parcel whose stream nobody has opened yet."""
    return ParcelCase(
        case_id="", parcel_id="", posted_on="", organisation="", jurisdiction="", status=status, decision="",
        currency="", batch_seq=0, number=0, opened_at="",
    )  # fmt: skip
