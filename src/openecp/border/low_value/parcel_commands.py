# SPDX-License-Identifier: Apache-2.0
"""Acts on a parcel after its decision as they are asked for: by whom, what is needed for each, and how one is refused.

An officer's `reason` stays inside; `text` is said to or by whoever lodged the parcel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.parties.model import Principal

ActKind = Literal[
    "present", "hold", "lift_hold", "query", "answer", "examine", "examined", "revise", "release", "seize", "return",
    "destroy", "pay", "refund",
]  # fmt: skip
ACTS: tuple[str, ...] = ActKind.__args__  # type: ignore[attr-defined]
OF_THE_LODGER: frozenset[str] = frozenset({"present", "answer"})  # whoever lodged the parcel may do these too
NEEDS_REASON: frozenset[str] = frozenset(
    {"hold", "examine", "revise", "release", "seize", "return", "destroy", "refund"}
)
NEEDS_TEXT: dict[str, str] = {"query": "the question", "answer": "the answer", "pay": "the reference of the payment"}
LIMIT_TEXT = 2_000  # characters


class ParcelAct(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An act on one parcel: `reason` is the officer's and stays inside, `text` is said to or by the lodger."""

    principal: Principal
    parcel_id: str
    posted_on: str
    act: ActKind
    reason: str = ""
    text: str = ""
    result: Literal["conform", "not_conform"] | None = None  # of an examination
    on: str | None = None  # the day of arrival, where it is not today
    declaration: str | None = None  # reference of the full declaration that a release relies on
    goods: Parcel | None = None  # the parcel as found, for a revision
    item: int | None = None  # the one item whose charges are refunded; without it, all that stand
    expected_seq: int | None = None  # refused where the case has moved on since the officer looked
    key: str | None = None  # Idempotency-Key


class ActRefused(Exception):  # noqa: N818 - an answer that the asker can act on
    """The act was not done: where, what was wanted, what was got, what to do."""

    def __init__(
        self, code: str, message: str, *, where: str, expected: str, got: str, fix: str, status: int = 422
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.where = code, message, where
        self.expected, self.got, self.fix, self.status = expected, got, fix, status


class OnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A decided parcel: its record, where it stands, and who lodged it where."""

    seq: int
    number: int
    record: Mapping[str, Any]
    organisation: str
    jurisdiction: str


class ActContext(msgspec.Struct, frozen=True, kw_only=True):
    """The world at the moment of an act; `assessed` is the record of the goods as they stand now.

    For a revision that is of the goods as found, for a release of a held parcel of those declared or last found; the
    quality of the data holds nothing up there, since an officer has looked at it.
    """

    now: str
    new_id: Callable[[], str]
    salt: Callable[[], bytes]
    on_record: OnRecord
    last_seq: int = 0
    declared: Parcel | None = None
    assessed: Mapping[str, Any] | None = None
    entered: Mapping[tuple[str, str], str] = {}  # the batch's ledger entries by debit and credit, for a refund


def may_act(act: ParcelAct, organisation: str) -> bool:
    """Tell whether the principal may do this act on a parcel that an organisation lodged."""
    if "officer" in act.principal.roles:
        return True
    return act.act in OF_THE_LODGER and "trader" in act.principal.roles and act.principal.organisation == organisation
