# SPDX-License-Identifier: Apache-2.0
"""A request to amend names places by pointers and brings their new values; what it does not name stays as it is.

A pointer that ends in a data element replaces, inserts or (reason 30) removes that element; one that ends in a class
replaces, inserts or removes the whole of it. Elements that carry a SequenceNumeric are named by it, others by their
position from 1. Counts and totals of the header are changed by pointers of their own, never by us.

Source: WCO Data Model 3.6, class 06A Amendment with pointers 97A.
Limits: 999 amendments a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from openecp.border.lodgement.merge import AmendmentFault, Merge, place_of, tree_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.pointers import format_pointer

__all__ = ["NEVER", "AmendmentFault", "amended", "amended_values", "apply_amendment", "changes_of", "texts_of"]

# What no request changes: it would be another declaration. A path ends in a class or in a data element.
NEVER: tuple[str, ...] = ("42A.017", "42A.D026", "42A.D014", "42A.D013", "42A/17B", "42A/06A", "42A/57B")


def apply_amendment(
    declaration: Declaration,
    request: Declaration,
    *,
    codes: Mapping[str, str] | None = None,
    never: Iterable[str] = NEVER,
) -> Declaration:
    """Return the declaration as it would stand with the request granted.

    Raises: AmendmentFault with a reason for each amendment that cannot be applied; nothing is applied in part.
    """
    return Merge(declaration, request, dict(codes or {}), tuple(never)).run()


def amended(declaration: Declaration, request: Declaration) -> Declaration:
    """Return the declaration with the request's changes, with our own error codes.

    Raises: AmendmentFault.
    """
    return apply_amendment(declaration, request)


def changes_of(request: Declaration) -> list[tuple[str, str]]:
    """Return the reason and the normalised pointer of each amendment of a request."""
    return [
        (amendment.change_reason_code or "", format_pointer(place_of(amendment.pointer)))
        for amendment in request.amendment
        if amendment.pointer
    ]


def texts_of(request: Declaration, count: int) -> list[str | None]:
    """Return the declarant's text for each of `count` amendments, by the AES statements that point at them.

    The n-th text points at `42A/06A[n]`; some senders count the 42A instead and leave the 06A at 1: then the texts
    stand in the order of the amendments.
    """
    texts: list[str | None] = [None] * count
    statements = [info for info in request.additional_information if info.statement_type_code == "AES"]
    for place, info in enumerate(statements):
        last = info.pointer[-1] if info.pointer else None
        number = place + 1
        if last is not None and last.document_section_code == "06A" and (last.sequence_numeric or "").isdigit():
            number = int(last.sequence_numeric or "1")
        if number <= count and texts[number - 1] is None:
            texts[number - 1] = info.statement_description
        elif place < count and texts[place] is None:
            texts[place] = info.statement_description
    return texts


def amended_values(requests: Iterable[Declaration]) -> Declaration | None:
    """Return the new values of requests as the second Declaration of 07: FunctionCode 9 and what was brought."""
    tree: dict[str, Any] = {}
    for request in requests:
        brought = tree_of(request)
        for name in ("FunctionCode", "FunctionalReferenceID", "ID", "TypeCode", "Amendment", "Submitter"):
            brought.pop(name, None)
        notes = [info for info in brought.pop("AdditionalInformation", ()) if info.get("StatementTypeCode") != "AES"]
        if notes:
            brought["AdditionalInformation"] = notes
        _overlay(tree, brought)
    tree["FunctionCode"] = "9"
    return msgspec.convert(tree, Declaration)


def _overlay(tree: dict[str, Any], brought: dict[str, Any]) -> None:
    for name, value in brought.items():
        present = tree.get(name)
        if isinstance(present, dict) and isinstance(value, dict):
            _overlay(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            tree[name] = present + value
        else:
            tree[name] = value
