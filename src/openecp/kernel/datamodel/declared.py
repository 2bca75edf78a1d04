# SPDX-License-Identifier: Apache-2.0
"""What a declaration says, read as numbers, days and codes: the answers that `columns.py` puts into rows.

Amounts are integers in 1/10,000 of the currency's main unit (`e4`), quantities in 1/1,000,000 of the unit (`e6`).
Text that is no number, or has more decimals than these, is None: a format fault says so, nothing is rounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.item import CustomsValuation, GovernmentAgencyGoodsItem
from openecp.kernel.datamodel.values import Amount, Quantity, WcoClass

NUMBER_DIGITS_MAX = 5
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


def number_of(element: WcoClass, position: int) -> int:
    """Return the number by which pointers name an element: its SequenceNumeric (n..5), else its position from 1."""
    text = getattr(element, "sequence_numeric", None) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else position


def e4(amount: Amount | None) -> int | None:
    """Return an amount in 1/10,000 of its main unit, None where there is none or it is no number."""
    return None if amount is None else _scaled(amount.value, 4)


def e6(quantity: Quantity | None) -> int | None:
    """Return a quantity in 1/1,000,000 of its unit."""
    return None if quantity is None else _scaled(quantity.value, 6)


def _scaled(text: str, places: int) -> int | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > places:
        return None
    return int(whole + part.ljust(places, "0"))


def office_of(declaration: Declaration) -> str | None:
    """Return the office that a declaration is lodged at: the declaration's, else that of presentation or exit."""
    office = declaration.presentation_office or declaration.supervising_office or declaration.exit_office
    return declaration.declaration_office_id or (office.id if office is not None else None)


def day_of(text: str) -> date | None:
    """Return the day of a 102, 304 or ISO date text, None where it is none."""
    digits = text[:10].replace("-", "")[:8]
    if len(digits) < 8 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def procedure_of(item: GovernmentAgencyGoodsItem) -> tuple[str, tuple[str, ...]]:
    """Return the procedure (current + previous code) and the additional procedure codes of an item."""
    procedure, additional = "", []
    for code in item.government_procedure:
        if code.previous_code:
            procedure = procedure or (code.current_code or "") + code.previous_code
        elif code.current_code:
            additional.append(code.current_code)
    return procedure, tuple(additional)


def goods_codes(
    item: GovernmentAgencyGoodsItem, settings_tariff: tuple[str, ...], settings_additional: tuple[str, ...]
) -> tuple[str, list[str]]:
    """Return the commodity code as the tariff writes it and the additional codes of an item."""
    by_type: dict[str, str] = {}
    additional: list[str] = []
    if item.commodity is not None:
        for one in item.commodity.classification:
            if one.identification_type_code in settings_additional and one.id:
                additional.append(one.id)
            elif one.id and one.identification_type_code:
                by_type.setdefault(one.identification_type_code, one.id)
    return "".join(by_type.get(t, "") for t in settings_tariff), additional


def origin_of(item: GovernmentAgencyGoodsItem) -> str:
    """Return the origin that the charges follow: the preferential one (type 2) where declared, else the first."""
    origins = [o for o in item.origin if o.country_code]
    preferential = next((o.country_code for o in origins if o.type_code == "2"), None)
    return preferential or (origins[0].country_code if origins else "") or ""


def declared_value(item: GovernmentAgencyGoodsItem) -> tuple[Amount | None, str]:
    """Return the amount that the customs value starts from, and the data element that it was declared in."""
    line = item.commodity.invoice_line if item.commodity else None
    if line is not None and line.item_charge_amount is not None:
        return line.item_charge_amount, "112"
    if item.customs_value_amount is not None:
        return item.customs_value_amount, "108"
    if item.statistical_value_amount is not None:
        return item.statistical_value_amount, "114"
    return None, ""


def charges_of(valuation: CustomsValuation | None) -> list[tuple[Amount, str]]:
    """Return amount and type of each charge or deduction; freight that has a field of its own comes first."""
    if valuation is None:
        return []
    found = [(valuation.freight_charge_amount, "FREIGHT")] if valuation.freight_charge_amount else []
    for charge in valuation.charge_deduction:
        if charge.other_charge_deduction_amount is not None and charge.charges_type_code:
            found.append((charge.other_charge_deduction_amount, charge.charges_type_code))
    return found


def weights_of(items: Iterable[GovernmentAgencyGoodsItem], by: str) -> list[int]:
    """Return the weight of each item for apportioning: its gross mass, else its declared value."""
    if by == "mass":
        measures = (i.commodity.goods_measure if i.commodity else None for i in items)
        return [(e6(m.gross_mass_measure) or 0) if m else 0 for m in measures]
    return [e4(declared_value(item)[0]) or 0 for item in items]


def apportion(total: int, weights: list[int]) -> list[int]:
    """Share `total` out by weights in whole units: the largest remainders get what is left; the sum is exact.

    Without any weight every share is equal. The result depends on the weights alone.
    """
    if not weights:
        return []
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    shares = [total * w // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in order[: total - sum(shares)]:
        shares[n] += 1
    return shares
