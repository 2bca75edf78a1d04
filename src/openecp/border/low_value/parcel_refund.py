# SPDX-License-Identifier: Apache-2.0
"""What stands charged for a parcel after charges were given back: all of them, or those of one item; each once.

The amounts are those of the parcel's record. After a revision the record no longer says what an item bears, so only the
whole parcel can be refunded; a part is given back by another revision.
Source: Revised Kyoto Convention, General Annex, standards 4.18 to 4.24 (repayment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openecp.border.low_value.parcel_case import Charge, ParcelCase
from openecp.border.low_value.parcel_commands import ActRefused


def as_charged_first(case: ParcelCase, charged: Sequence[Charge]) -> bool:
    """Tell whether what stands was entered with the batch: nothing was revised, nothing charged at release."""
    return not case.revision and bool(charged)


def charges_after_refund(
    case: ParcelCase, record: Mapping[str, Any], charged: Sequence[Charge], item: int | None
) -> tuple[Charge, ...]:
    """Return what stands after a refund.

    Raises: ActRefused, where nothing stands, or the item bore nothing or was refunded before.
    """
    if not any(charge.minor > 0 for charge in case.charges):
        raise _refused("Nothing is charged any more.", "act", "charges that stand", "none: refunded or reversed before")
    if item is None:
        return ()
    if not as_charged_first(case, charged):
        raise _refused(
            "What one item bears is no longer known.", "item", "a parcel that was never revised",
            f"revision {case.revision}", fix="Refund the whole parcel, or revise the goods.",
        )  # fmt: skip
    if item in case.refunded:
        raise _refused("The item was refunded before.", "item", "an item that was not refunded", f"item {item}")
    back: dict[tuple[str, str], int] = {}
    for amount in record["amounts"]:
        if amount["item"] == item:
            key = (amount["by"], amount["type"])
            back[key] = back.get(key, 0) + amount["minor"]
    if not back:
        bearing = sorted({amount["item"] for amount in record["amounts"]})
        raise _refused(
            "Nothing was charged for this item.", "item", "one of the items " + ", ".join(map(str, bearing)), str(item),
            fix="Name an item that bears charges.", status=422,
        )  # fmt: skip
    left = [(charge, charge.minor - back.get((charge.account, charge.type), 0)) for charge in case.charges]
    return tuple(Charge(account=one.account, type=one.type, minor=minor) for one, minor in left if minor)


def _refused(
    message: str, where: str, expected: str, got: str, *, fix: str = "Look at the parcel's history.", status: int = 409
) -> ActRefused:
    return ActRefused("OECP-PARCEL-REFUND", message, where=where, expected=expected, got=got, fix=fix, status=status)
