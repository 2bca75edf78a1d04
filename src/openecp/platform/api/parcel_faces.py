# SPDX-License-Identifier: Apache-2.0
"""A parcel's decision as it is told over HTTP: amounts as decimal text, who collects them, reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from openecp.border.low_value.currencies import amount_text, micro_text, rate_text
from openecp.border.low_value.explain import Says
from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.parcel_words import record_says
from openecp.platform.api.parcel_bodies import BodyFault, ReadParcel


class ParcelAmount(msgspec.Struct, frozen=True, kw_only=True):
    """One charge on one item: amounts and rate as decimal text; `account` is the collector's in the ledger."""

    item: int
    type: str
    base: str
    rate: str
    amount: str
    collected_by: str
    account: str
    due: str


class ParcelReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Where the decision stands in the journal, and where its proof is."""

    seq: int
    number: int
    href: str


class ParcelDecision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one parcel; `http_status` is that of a single one, told here for a line of many."""

    outcome: str
    http_status: int
    line: int = 0
    parcel_id: str | None = None
    posted_on: str | None = None
    decision: str | None = None
    category: int | None = None
    regime: str | None = None
    currency: str | None = None
    duty: str | None = None
    tax: str | None = None
    total: str | None = None
    amounts: tuple[ParcelAmount, ...] = ()
    reasons: tuple[Says, ...] = ()
    receipt: ParcelReceipt | None = None
    errors: tuple[BodyFault, ...] = ()


def decision_face(
    record: Mapping[str, Any], file: Jurisdiction | None, *, outcome: str, http_status: int,
    receipt: ParcelReceipt, line: int = 0,
) -> ParcelDecision:  # fmt: skip
    """Return a record as it is told: amounts as decimal text, reasons in words."""
    currency = record["currency"]
    return ParcelDecision(
        outcome=outcome,
        http_status=http_status,
        line=line,
        parcel_id=record["id"],
        posted_on=record["posted"],
        decision=record["decision"],
        category=record["category"],
        regime=record["regime"] or None,
        currency=currency,
        duty=amount_text(record["duty"], currency),
        tax=amount_text(record["tax"], currency),
        total=amount_text(record["duty"] + record["tax"], currency),
        amounts=tuple(
            ParcelAmount(
                item=one["item"],
                type=one["type"],
                base=micro_text(one["base"], currency),
                rate=rate_text(one["rate"]),
                amount=amount_text(one["minor"], currency),
                collected_by=one["by"].split(":")[1],
                account=one["by"],
                due=one["due"],
            )
            for one in record["amounts"]
        ),
        reasons=tuple(record_says(record, file)),
        receipt=receipt,
    )


def faulty_face(one: ReadParcel, *, many: bool) -> ParcelDecision:
    """Return a line that could not be read or used, with its faults."""
    status = 413 if one.faults[0].code.endswith("TOO-LARGE") else 400
    if all(fault.code.startswith(("OECP-CELL", "OECP-LINE", "OECP-PARCEL-VALUE")) for fault in one.faults):
        status = 422
    return ParcelDecision(
        outcome="refused", http_status=status, line=one.line if many else 0, decision="refused", errors=one.faults
    )


def refused_face(
    one: ReadParcel, line: int, status: int, code: str, where: str, expected: str, got: str, fix: str
) -> ParcelDecision:
    """Return a parcel that was read and not worked, and why."""
    assert one.parcel is not None
    fault = BodyFault(code=code, where=where, item=0, expected=expected, got=got, fix=fix)
    return ParcelDecision(
        outcome="refused", http_status=status, line=line, parcel_id=one.parcel.parcel_id,
        posted_on=one.parcel.posted_on, errors=(fault,),
    )  # fmt: skip
