# SPDX-License-Identifier: Apache-2.0
"""What Customs tells the post about an item: the decision, in the post's own code too, what is due, and why.

The codes are the post's: it fills a table, and a decision without a row is named, never sent under a guessed code.
Source: the values of the UPU's own list of treatments are not public; the words of `DECISIONS` are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from openecp.border.postal.faults import PostalFault, PostalRefused, shown
from openecp.border.postal.table import read_rows, rows_csv

Decision = Literal[
    "release",
    "release_with_charges",
    "hold_for_documents",
    "examine",
    "seize",
    "return",
    "destroy",
    "no_decision",
]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
CODE_COLUMNS = ("decision", "post_code", "meaning", "source")
CODE_MAX = 35


class ResponseCharge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One charge on one content piece, in decimal text of the response's currency."""

    piece: int  # from 1
    type: str  # duty, tax
    amount: str
    base: str | None = None
    rate: str | None = None
    collected_by: str | None = None
    due: str | None = None


class ResponseReason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why Customs decided so, as the post and the addressee may read it."""

    code: str
    text: str = ""


class PostalResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of Customs about one postal item; `post_code` is missing where the post's table has no row."""

    s10: str
    posted_on: str
    decision: Decision
    decided_on: str
    post_code: str | None = None
    regime: str | None = None
    revised: bool = False  # what was assessed is not what was declared
    currency: str | None = None
    duty: str | None = None
    tax: str | None = None
    total: str | None = None
    charges: tuple[ResponseCharge, ...] = ()
    reasons: tuple[ResponseReason, ...] = ()


RESPONSE_COLUMNS = (
    "s10", "posted_on", "decision", "post_code", "decided_on", "regime", "revised", "currency", "duty", "tax", "total",
    "piece", "type", "amount", "base", "rate", "collected_by", "due", "reasons",
)  # fmt: skip


class DecisionCodes:
    """A post's own codes of the decisions."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self._codes = dict(rows)

    def code(self, decision: str) -> str | None:
        """Return the post's code, None where its table has none."""
        return self._codes.get(decision)

    @property
    def missing(self) -> tuple[str, ...]:
        """The decisions without a code."""
        return tuple(decision for decision in DECISIONS if decision not in self._codes)

    def decision_of(self, code: str) -> str | None:
        """Return the decision of a post's code, None where there is none or several."""
        found = [decision for decision, held in self._codes.items() if held == code]
        return found[0] if len(found) == 1 else None


def decision_codes(rows: Iterable[tuple[int, Mapping[str, str]]], where: str) -> DecisionCodes:
    """Return the codes of a table's rows (line, cells).

    Raises: PostalRefused naming every row that cannot be used.
    """
    found: dict[str, str] = {}
    faults: list[PostalFault] = []
    for line, row in rows:
        decision, code = row.get("decision", ""), row.get("post_code", "")
        if decision not in DECISIONS:
            faults.append(_fault(where, line, "There is no such decision.", ", ".join(DECISIONS), decision))
        elif decision in found:
            faults.append(_fault(where, line, "The decision has two codes.", "one row a decision", decision))
        elif len(code) > CODE_MAX or not code.isprintable():
            faults.append(_fault(where, line, "This is no code.", f"at most {CODE_MAX} printable characters", code))
        elif code:
            found[decision] = code
    if faults:
        raise PostalRefused(faults)
    return DecisionCodes(found)


def read_decision_codes(data: bytes, where: str = "codes") -> DecisionCodes:
    """Return the codes of a CSV file that the post fills.

    Raises: PostalRefused.
    """
    return decision_codes(read_rows(data, CODE_COLUMNS, CODE_COLUMNS[:2]), where)


def with_code(response: PostalResponse, codes: DecisionCodes) -> PostalResponse:
    """Return the response in the post's own code; one that its table lacks is named as a reason."""
    code = codes.code(response.decision)
    if code is not None:
        return msgspec.structs.replace(response, post_code=code)
    unmapped = ResponseReason(
        code="OECP-POSTAL-NO-CODE", text=f"The post's table of codes has no row for {response.decision}."
    )
    return msgspec.structs.replace(response, post_code=None, reasons=(*response.reasons, unmapped))


def write_responses_csv(responses: Sequence[PostalResponse]) -> bytes:
    """Return responses as CSV: one row a charge, one row where nothing is charged."""
    rows: list[list[str | None]] = []
    for each in responses:
        reasons = "; ".join(f"{reason.code} {reason.text}".strip() for reason in each.reasons)
        for charge in each.charges or (None,):
            rows.append(
                [each.s10, each.posted_on, each.decision, each.post_code, each.decided_on, each.regime,
                 "yes" if each.revised else "no", each.currency, each.duty, each.tax, each.total,
                 *(() if charge is None else (str(charge.piece), charge.type, charge.amount, charge.base, charge.rate,
                                              charge.collected_by, charge.due)),
                 *([""] * 7 if charge is None else ()), reasons]
            )  # fmt: skip
    return rows_csv(RESPONSE_COLUMNS, rows)


def _fault(where: str, line: int, message: str, expected: str, got: str) -> PostalFault:
    return PostalFault(
        code="OECP-POSTAL-CODES", where=where, line=line, message=message, expected=expected, got=shown(got),
        fix="Correct the row; decisions without a code may be left out.",
    )  # fmt: skip
