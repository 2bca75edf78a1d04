# SPDX-License-Identifier: Apache-2.0
"""Whether the parties of a declaration are known, and hold the authorisations that they name, on the day.

Reads: parties.csv, authorisations.csv, representations.csv, each with validity dates; relations.csv, rules
`party_known` and `authorisation_held` (error_code, severity): a rule without a row is off. `[registers] parties` and
`authorisations`: `open` lets pass who is not listed, `closed` (default) does not; a listed row that is not valid on
the day is refused either way.
Source: Revised Kyoto Convention, General Annex, chapters 3 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import msgspec

from openecp.border.lodgement.context import setting
from openecp.border.lodgement.representation import representation_faults
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.pointers import to_json_pointer
from openecp.kernel.profile import Profile

Row = dict[str, str]


class Register:
    """The profile's registers, indexed; `faults` is what they say against a declaration."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._parties: dict[str, list[Row]] = {}
        for row in profile.table("parties"):
            self._parties.setdefault(row["identifier"], []).append(row)
        self._held: dict[tuple[str, str], list[Row]] = {}
        for row in profile.table("authorisations"):
            self._held.setdefault((row["holder"], row["category"]), []).append(row)
        self._rules = {row["rule"]: row for row in profile.table("relations")}
        self._parties_open = setting(profile, "registers", "parties", default="closed") == "open"
        self._held_open = setting(profile, "registers", "authorisations", default="closed") == "open"

    def faults(self, declaration: Declaration, movement: str, on: date) -> Sequence[Reason]:
        """Return what the registers say against the declaration's parties, authorisations and representation."""
        day = on.isoformat()
        found = [*self._unknown_parties(declaration, movement, day), *self._not_held(declaration, day)]
        if "representation" in self._rules:
            found += representation_faults(declaration, self._profile, on=day, movement=movement)
        return [_with_json_pointer(reason, declaration) for reason in found]

    def _unknown_parties(self, declaration: Declaration, movement: str, day: str) -> Iterator[Reason]:
        if "party_known" not in self._rules:
            return
        for pointer, identifier in _identified(declaration, movement):
            rows = self._parties.get(identifier)
            if rows is None and self._parties_open:
                continue
            if not any(_valid(row, day) for row in rows or ()):
                yield self._fault(
                    "party_known", "The party is not registered on this day", pointer,
                    expected=f"a number of the register, valid on {day}",
                    got=identifier if not rows else f"{identifier}, registered {_spans(rows)}",
                    fix="Correct the number, or register the party first.",
                )  # fmt: skip

    def _not_held(self, declaration: Declaration, day: str) -> Iterator[Reason]:
        if "authorisation_held" not in self._rules:
            return
        for position, holder in enumerate(declaration.authorisation_holder, start=1):
            if not (holder.id and holder.category_code):
                continue
            rows = self._held.get((holder.id, holder.category_code))
            if rows is None and self._held_open:
                continue
            if not any(_valid(row, day) for row in rows or ()):
                yield self._fault(
                    "authorisation_held", "The authorisation is not held on this day", f"42A/17C[{position}].R145",
                    expected=f"an authorisation {holder.category_code} of {holder.id}, valid on {day}",
                    got="none" if not rows else f"held {_spans(rows)}",
                    fix="Correct the kind or the holder, or apply for the authorisation.",
                )  # fmt: skip

    def _fault(self, rule: str, message: str, pointer: str, *, expected: str, got: str, fix: str) -> Reason:
        row = self._rules[rule]
        return Reason(
            code=row["error_code"], layer="authority", rule=rule, message=message, pointer=pointer,
            severity="warn" if row.get("severity") == "warn" else "reject", expected=expected, got=got, fix=fix,
            source=row.get("source") or None,
        )  # fmt: skip


def authority_of(profile: Profile) -> Callable[[Declaration, str, date], Sequence[Reason]]:
    """Return the check of a profile's registers."""
    return Register(profile).faults


def _identified(declaration: Declaration, movement: str) -> Iterator[tuple[str, str]]:
    """Yield pointer and number of each party that must be registered here: not the seller or consignee abroad."""
    if declaration.declarant and declaration.declarant.id:
        yield "42A/57B.R123", declaration.declarant.id
    if declaration.agent and declaration.agent.id:
        yield "42A/05A.R004", declaration.agent.id
    for position, holder in enumerate(declaration.authorisation_holder, start=1):
        if holder.id:
            yield f"42A/17C[{position}].R144", holder.id
    shipment = declaration.goods_shipment
    if movement == "export" and declaration.exporter and declaration.exporter.id:
        yield "42A/57A.R032", declaration.exporter.id
    if movement == "import" and shipment and shipment.importer and shipment.importer.id:
        yield "42A/67A/74A.R038", shipment.importer.id


def _valid(row: Row, day: str) -> bool:
    return (row.get("valid_from") or "") <= day <= (row.get("valid_to") or "9999-12-31")


def _spans(rows: Sequence[Row]) -> str:
    return "; ".join(f"{row.get('valid_from') or '…'} to {row.get('valid_to') or '…'}" for row in rows[:5])


def _with_json_pointer(reason: Reason, declaration: Declaration) -> Reason:
    if reason.pointer is None or reason.json_pointer is not None:
        return reason
    return msgspec.structs.replace(reason, json_pointer=to_json_pointer(reason.pointer, declaration))
