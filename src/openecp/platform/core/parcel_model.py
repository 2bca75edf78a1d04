# SPDX-License-Identifier: Apache-2.0
"""What travels between web and core about parcels that are lodged one by one, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.journal.bulk import BatchWritten, EarlierParcel, ParcelBatch, ParcelRow
from openecp.kernel.journal.model import CaseRow
from openecp.kernel.parties.model import Principal


class LodgeParcels(msgspec.Struct, frozen=True, kw_only=True):
    """Parcels of one request, checked cell by cell; the same key with the same body is the same request."""

    principal: Principal
    jurisdiction: str
    parcels: tuple[Parcel, ...]
    key: str | None = None
    body_hash: bytes = b""


class ParcelOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one parcel; `record` is its record as the journal has it.

    `decided`: now; `repeated`: decided before on the same goods; `conflict`: decided before on other goods; `refused`:
    it could not be worked. `elsewhere` says where the same item was decided, as a conflict: as a postal item.
    """

    outcome: Literal["decided", "repeated", "conflict", "refused"]
    record: str = ""
    seq: int = 0
    number: int = 0
    incident: str = ""
    elsewhere: str = ""


class RequestFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a whole request was not worked."""

    code: str
    message: str
    where: str
    expected: str
    got: str
    fix: str
    status: int


class ParcelsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One outcome a parcel of the request, in its order; or why the request as a whole was not worked."""

    items: tuple[ParcelOutcome, ...] = ()
    fault: RequestFault | None = None


class OnlineStore(Protocol):
    """The part of the store that the online door needs."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten: ...

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]: ...

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]: ...

    def keys_known(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bytes]:
        """Return the body hash of each (organisation, key) that was used before."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def states(self, case_ids: Sequence[str]) -> Mapping[str, bytes]:
        """Return the states of those cases that there are, by id."""


class ParcelPlace(msgspec.Struct, frozen=True):
    """A parcel to be cleared: who lodged it, and the row that it is of its source."""

    parcel: Parcel
    organisation: str
    row: int


class ClearsParcels(Protocol):
    """Assesses parcels of one jurisdiction together and makes the batch that records them; the same as for a file."""

    def clear(self, places: Sequence[ParcelPlace], *, jurisdiction: str, source: str) -> ParcelBatch:
        """Return what is to be recorded, one record a parcel in the order given.

        Raises: LookupError for a jurisdiction that has no regimes.
        """

    def jurisdictions(self) -> tuple[str, ...]:
        """Return the jurisdictions that parcels can be lodged for."""

    def same_goods(self, row: ParcelRow, parcel: Parcel) -> bool:
        """Tell whether a decided parcel was declared with these goods."""


def request_fault(
    code: str, message: str, *, where: str, expected: str, got: str, fix: str, status: int
) -> ParcelsAnswer:
    """Return the answer of a request that was not worked."""
    return ParcelsAnswer(
        fault=RequestFault(code=code, message=message, where=where, expected=expected, got=got, fix=fix, status=status)
    )
