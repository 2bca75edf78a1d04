# SPDX-License-Identifier: Apache-2.0
"""Which customs form an item needs: CN22 for letter post of small value and weight, CN23 for all else.

The limit is in special drawing rights (SDR); their rate is a dated table that the operator gives. Nothing is rounded:
the value is compared with limit times rate. Where something is not known, the answer says what.
Source: limits of 300 SDR and 2 kg as posts publish them (seen); a rule of one's own is a `FormRule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from openecp.border.postal.check import amount, posting_date, total_value
from openecp.border.postal.faults import PostalFault, PostalRefused, shown
from openecp.border.postal.item import PostalItem, mail_class_word
from openecp.border.postal.s10 import s10_faults
from openecp.border.postal.table import read_rows

RATE_COLUMNS = ("currency", "rate", "valid_from", "valid_to", "source")
SDR = "XDR"  # ISO 4217 code of the special drawing right
_LAST = date(9999, 12, 31)


class FormRule(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a CN22 suffices: value in SDR and gross weight, both included, and for which mail."""

    value_sdr: str = "300"
    weight_kg: str = "2"
    mail: tuple[str, ...] = ("letter",)


class SdrRate(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a currency for one SDR, in force from day to day, both included."""

    currency: str
    rate: Decimal
    valid_from: date
    valid_to: date = _LAST
    source: str = ""


class FormAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form an item needs and why; `form` is missing where it cannot be said, and `faults` say what is not known."""

    form: Literal["CN22", "CN23"] | None
    reasons: tuple[str, ...]
    value: str | None = None
    limit: str | None = None  # of the value, in the item's currency
    rate_source: str | None = None
    faults: tuple[PostalFault, ...] = ()


class SdrRates:
    """The dated table of SDR rates."""

    def __init__(self, rates: Iterable[SdrRate] = ()) -> None:
        self._rates: dict[str, list[SdrRate]] = {}
        for rate in rates:
            self._rates.setdefault(rate.currency, []).append(rate)

    def rate(self, currency: str, on: date) -> SdrRate | None:
        """Return the rate of a currency in force on a day, None where the table has none."""
        if currency == SDR:
            return SdrRate(currency=SDR, rate=Decimal(1), valid_from=date.min, source="one SDR is one SDR")
        return next((rate for rate in self._rates.get(currency, ()) if rate.valid_from <= on <= rate.valid_to), None)


def sdr_rates(rows: Iterable[tuple[int, Mapping[str, str]]], where: str) -> SdrRates:
    """Return the rates of a table's rows (line, cells).

    Raises: PostalRefused naming every row that cannot be used, overlapping periods among them.
    """
    faults: list[PostalFault] = []
    found: list[SdrRate] = []
    for line, row in rows:
        try:
            rate = SdrRate(
                currency=row["currency"],
                rate=amount(row["rate"]) or Decimal(0),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row.get("valid_to") else _LAST,
                source=row.get("source", ""),
            )
            good = rate.rate > 0 and len(rate.currency) == 3 and rate.currency.isupper()
        except ValueError:
            good = False
        if not good:
            faults.append(_row_fault(where, line, "The row cannot be used.", ", ".join(RATE_COLUMNS[:3]), row))
        elif any(_overlap(rate, other) for other in found):
            faults.append(
                _row_fault(where, line, "Two rates are in force on one day.", "periods one after another", row)
            )
        else:
            found.append(rate)
    if faults:
        raise PostalRefused(faults)
    return SdrRates(found)


def read_sdr_rates(data: bytes, where: str = "rates") -> SdrRates:
    """Return the rates of a CSV file: `currency,rate,valid_from,valid_to,source`, units of the currency for one SDR.

    Raises: PostalRefused.
    """
    return sdr_rates(read_rows(data, RATE_COLUMNS, RATE_COLUMNS[:3]), where)


def mail_of(item: PostalItem) -> str:
    """Return the kind of mail: as declared, else what the identifier's service indicator says."""
    found, _ = s10_faults(item.s10)
    return mail_class_word(item.mail_class) or (found.mail if found is not None else "")


def form_for(item: PostalItem, rates: SdrRates, rule: FormRule | None = None) -> FormAnswer:
    """Return which form an item needs; one sure ground for a CN23 suffices, a CN22 needs all of them known."""
    rule = rule or FormRule()
    mail, weight, value, on = mail_of(item), amount(item.gross_weight_kg), total_value(item), posting_date(item)
    grounds: list[str] = []
    faults: list[PostalFault] = []
    if mail not in rule.mail:
        if mail:
            grounds.append(f"{mail} mail is not among {', '.join(rule.mail)}")
        else:
            faults.append(_unknown("MAIL-CLASS", "mail_class", "the kind of mail", "the mail class, or an identifier"))
    if weight is None:
        faults.append(_unknown("WEIGHT", "gross_weight_kg", "the gross weight", "the gross weight in kilograms"))
    elif weight > Decimal(rule.weight_kg):
        grounds.append(f"{weight} kg is more than {rule.weight_kg} kg")
    rate = rates.rate(item.currency, on) if item.currency and on else None
    limit = Decimal(rule.value_sdr) * rate.rate if rate is not None else None
    if value is None:
        faults.append(_unknown("VALUE", "pieces", "the value of the contents", "the value of each line, or the total"))
    elif limit is not None and value > limit:
        grounds.append(f"{value} {item.currency} is more than {rule.value_sdr} SDR, {limit} {item.currency}")
    elif limit is None and value > 0:
        faults.append(_no_rate(item.currency, on))
    answer = FormAnswer(
        form="CN22",
        reasons=(f"{mail} mail, at most {rule.weight_kg} kg and {rule.value_sdr} SDR",),
        value=str(value) if value is not None else None,
        limit=str(limit) if limit is not None else None,
        rate_source=rate.source or None if rate is not None else None,
    )
    if grounds:
        return msgspec.structs.replace(answer, form="CN23", reasons=tuple(grounds))
    if faults:
        names = tuple(fault.message for fault in faults)
        return msgspec.structs.replace(answer, form=None, reasons=names, faults=tuple(faults))
    return answer


def _unknown(code: str, where: str, what: str, expected: str) -> PostalFault:
    return PostalFault(code=f"OECP-POSTAL-{code}", where=where, message=f"The form cannot be told without {what}.",
                       expected=expected, got="nothing that can be used", fix="Declare it.")  # fmt: skip


def _no_rate(currency: str | None, on: date | None) -> PostalFault:
    return PostalFault(
        code="OECP-SDR-RATE",
        where="currency",
        message="No SDR rate is known for this currency and day.",
        expected="a row of the table of SDR rates",
        got=f"{currency or 'no currency'} on {on.isoformat() if on else 'no day'}",
        fix="Add the rate to the table (--rates FILE, or postal_sdr_rates.csv of the profile).",
    )


def _overlap(one: SdrRate, other: SdrRate) -> bool:
    return one.currency == other.currency and one.valid_from <= other.valid_to and other.valid_from <= one.valid_to


def _row_fault(where: str, line: int, message: str, expected: str, row: Mapping[str, str]) -> PostalFault:
    got = ", ".join(f"{name} {row.get(name, '')}" for name in RATE_COLUMNS[:4])
    return PostalFault(code="OECP-SDR-TABLE", where=where, line=line, message=message, expected=expected,
                       got=shown(got), fix="Correct the row.")  # fmt: skip
