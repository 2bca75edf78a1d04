# SPDX-License-Identifier: Apache-2.0
"""What a basket costs at the border before it is bought: the steps of the assessment, nothing stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from openecp.border.low_value.basket import Basket, item_rows
from openecp.border.low_value.charges import ChargeAssessor
from openecp.border.low_value.currencies import amount_text, micro_text
from openecp.border.low_value.exchange import OfficialRates, exchange_row, own_pair
from openecp.border.low_value.explain import Says, line_rate, passed_over, why, why_parcel
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.scheme_numbers import named_by_number, numbered_schemes
from openecp.border.low_value.tables import FIRST_DAY, ITEM_AT, LAST_DAY, Entry, is_runnable, missing_fields
from openecp.kernel.assessment.engine import Engine

ALLOWED_MOST = 10_000  # answers to whether a regime may be asked for that are remembered
_PRICE = ITEM_AT["price_micro"]
_FOR_OTHERS = 1 | 16 | 65536  # bits of the mask: not asked for, not for this basket, after the one that holds


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """One charge on one item: who collects it, and when. Amounts are decimal text in the basket's currency."""

    item: int
    type: str  # duty, tax
    name: str  # Customs duty, VAT, ICMS, …
    base: str
    rate: str
    amount: str
    collected_by: str
    due: str


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a basket costs under a regime: totals count every charge, whoever collects it."""

    jurisdiction: str
    date: str
    regime: str
    category: int
    declaration: str | None
    currency: str
    value: str
    duty: str
    tax: str
    total: str
    lines: tuple[QuoteLine, ...]
    reasons: tuple[Says, ...]


class Quoter:
    """Quotes baskets under the regimes that it is given; one quoter serves one thread."""

    def __init__(self, files: Iterable[Jurisdiction], engine: Engine, rates: OfficialRates | None = None) -> None:
        self.files = {file.jurisdiction: file for file in files}
        self._numbered = {name: numbered_schemes(file) for name, file in self.files.items()}
        self._rates = rates or OfficialRates()
        self._assessor = ChargeAssessor(self.files.values(), engine)
        self._entries = self._assessor.entries
        self._allowed: set[tuple[str, date, str]] = set()  # jurisdictions, days and regimes that were not refused

    def warmed(self) -> Quoter:
        """Translate the steps now, so that no basket waits for it; return this quoter."""
        self._assessor.explained([], [])
        return self

    def quote(self, basket: Basket, jurisdiction: str, on: date, *, regime: str = "", strict: bool = False) -> Quote:
        """Return what a basket costs on a day.

        Raises: QuoteRefused where it cannot be said: everything that stands in the way, each with what to do.
        """
        file = self._file(jurisdiction)
        self._refuse_regimes(file, on, regime)
        basket, said = named_by_number(basket, self._numbered[jurisdiction])
        items = item_rows(basket, jurisdiction, on, regime=regime)
        exchange = self._exchange(file, basket, on)
        charged, tried = self._assessor.explained(items, exchange)
        if strict:
            self._refuse_unsourced(charged, tried)
        self._refuse_missing(basket, file, on, charged)
        value = sum(row[_PRICE] for row in items)
        answer = self._answer(basket, file, on, charged, tried, value)
        return msgspec.structs.replace(answer, reasons=(*said, *answer.reasons)) if said else answer

    def _file(self, jurisdiction: str) -> Jurisdiction:
        if jurisdiction not in self.files:
            raise _refused("OECP-JURISDICTION", "jurisdiction", "No regime of this jurisdiction is known.",
                           "one of " + ", ".join(sorted(self.files)), jurisdiction,
                           "Name one of these, or add a regime file (openecp regime check).")  # fmt: skip
        return self.files[jurisdiction]

    def _refuse_regimes(self, file: Jurisdiction, on: date, named: str) -> None:
        """Refuse a regime that is not there, not in force, or not complete."""
        asked_for = file.jurisdiction, on, named
        if asked_for in self._allowed:
            return
        ids = {regime.id: regime for regime in file.regimes}
        if named and named not in ids:
            raise _refused("OECP-REGIME", "regime", "There is no such regime.", "one of " + ", ".join(ids), named,
                           "Name one of these, or none: then the rule says which holds.")  # fmt: skip
        held = [one for one in file.regimes if in_force(one, on)]
        if named and ids[named] not in held:
            raise _refused("OECP-REGIME-DATE", "date", f"The regime {named} is not in force.", period_text(ids[named]),
                           on.isoformat(), "Ask for a day on which it is in force, or for no regime.")  # fmt: skip
        asked = [ids[named]] if named else [one for one in held if not one.ordinary]
        faults = [incomplete_fault(one) for one in asked if not is_runnable(one)]
        if faults and (named or len(faults) == len(asked)):
            raise QuoteRefused(faults)
        if not named and (unknown := before_all(file, on)) is not None:
            raise QuoteRefused([unknown])
        if not [one for one in held if is_runnable(one)]:
            raise _refused("OECP-REGIME-DATE", "date", f"No regime of {file.jurisdiction} is in force.",
                           "; ".join(f"{one.id} {period_text(one)}" for one in file.regimes), on.isoformat(),
                           "Ask for a day on which one is in force.")  # fmt: skip
        if len(self._allowed) >= ALLOWED_MOST:
            self._allowed.clear()
        self._allowed.add(asked_for)

    def _refuse_unsourced(self, charged: Sequence[dict[str, Any]], tried: dict[int, list[tuple[int, int]]]) -> None:
        """Refuse where the regime that holds, or one that was weighed before it, has a field without a source."""
        weighed: dict[str, Regime] = {}
        for row in charged:
            for number, failed in tried[row["row_id"]]:
                if number <= (row["treatment_no"] or number) and not failed & _FOR_OTHERS:
                    regime = self._entries[number].regime
                    weighed[regime.id] = regime
        faults = [fault for regime in weighed.values() for fault in unsourced_faults(regime)]
        if faults:
            raise QuoteRefused(faults)

    def _exchange(self, file: Jurisdiction, basket: Basket, on: date) -> list[tuple[Any, ...]]:
        key = "basket" if basket.exchange else ""
        rows = []
        for target in {regime.currency or file.currency for regime in file.regimes} | {basket.currency}:
            pair = (1, 1) if target == basket.currency else own_pair(basket.exchange or {}, basket.currency, target)
            if pair is None:
                pair = self._official_pair(file, basket.currency, target, on)
            if pair is not None:
                rows.append(exchange_row(key, basket.currency, target, (FIRST_DAY, LAST_DAY), pair))
        return rows

    def _official_pair(self, file: Jurisdiction, source: str, target: str, on: date) -> tuple[int, int] | None:
        for regime in file.regimes:
            if regime.exchange is not None and in_force(regime, on):
                pair = self._rates.pair(regime.exchange.table, source, target, on)
                if pair is not None:
                    return pair
        return None

    def _refuse_missing(self, basket: Basket, file: Jurisdiction, on: date, charged: Sequence[dict[str, Any]]) -> None:
        """Refuse where a rate is missing: an amount on half a rule would be wrong."""
        faults: dict[str, Fault] = {}
        for row in charged:
            item = basket.items[row["item"] - 1]
            unrated, chosen = row["unrated_no"], row["treatment_no"]
            if unrated is not None and (chosen is None or unrated < chosen):
                wanted = self._entries[unrated].regime.currency or file.currency
                pair = f"{basket.currency}/{wanted}"
                faults.setdefault(pair, missing_fault(
                    "exchange", "OECP-EXCHANGE", f"There is no rate of exchange {pair} for {on.isoformat()}.",
                    f"a rate in the official table, or exchange {{\"{pair}\": …}} in the basket",
                    "Give the rate, or the table with --rates."))  # fmt: skip
                continue
            entry = self._entries[chosen]
            if row["duty_minor"] is None:
                where = f"rates.duty[{item.hs or '?'}]"
                faults.setdefault(where, missing_fault(
                    where, "OECP-DUTY-RATE",
                    f"Item {row['item']} pays duty at the ordinary tariff ({entry.regime.id}); its rate is not known.",
                    "a rate for its HS code, as a share: {\"640319\": \"0.12\"}", "Add the rate (\"0\" if free)."
                    + ("" if item.hs else " Give the item an HS code first.")))  # fmt: skip
            elif row["tax_minor"] is None:
                faults.setdefault("rates.vat", missing_fault(
                    "rates.vat", "OECP-TAX-RATE", f"{entry.regime.id} has no rate of tax of its own.",
                    "a rate as a share: \"0.20\"", "Add the rate of the place of destination."))  # fmt: skip
            for fault in _required(entry, basket, row["item"]):
                faults.setdefault(fault.where, fault)
        if faults:
            raise QuoteRefused(list(faults.values()))

    def _answer(
        self,
        basket: Basket,
        file: Jurisdiction,
        on: date,
        charged: Sequence[dict[str, Any]],
        tried: dict[int, list[tuple[int, int]]],
        value: int,
    ) -> Quote:
        currency = basket.currency
        lines: list[QuoteLine] = []
        reasons: list[Says] = []
        entries = [self._entries[row["treatment_no"]] for row in charged]
        told: set[Any] = set()  # what holds for several items is said once
        for row, entry in zip(charged, entries, strict=True):
            weighed = row["treatment_no"], tuple(tried[row["row_id"]])
            if weighed not in told:
                reasons += passed_over(row, tried[row["row_id"]], self._entries, basket)
            if row["treatment_no"] not in told:
                reasons += why_parcel(entry, basket, on)
            told |= {weighed, row["treatment_no"]}
            reasons += why(row, entry, basket)
            lines += _lines(row, entry, currency)
        duty, tax = (sum(row[name] for row in charged) for name in ("duty_minor", "tax_minor"))
        chief = max(zip(charged, entries, strict=True), key=lambda one: (one[1].regime.ordinary, one[0]["category"]))
        return Quote(
            jurisdiction=file.jurisdiction,
            date=on.isoformat(),
            regime=chief[1].regime.id,
            category=max(row["category"] for row in charged),
            declaration=chief[1].treatment.declaration,
            currency=currency,
            value=micro_text(value, currency),
            duty=amount_text(duty, currency),
            tax=amount_text(tax, currency),
            total=amount_text(duty + tax, currency),
            lines=tuple(lines),
            reasons=tuple(dict.fromkeys(reasons)),
        )


def _lines(row: dict[str, Any], entry: Entry, currency: str) -> list[QuoteLine]:
    found = []
    duty, tax = entry.treatment.duty, entry.treatment.tax
    for kind, name in (("duty", "Customs duty" if duty else None), ("tax", tax.name if tax else None)):
        flat = kind == "duty" and duty is not None and duty.kind.startswith("flat")
        if name is None or (flat and not row["duty_base_micro"]):
            continue
        found.append(
            QuoteLine(
                item=row["item"],
                type=kind,
                name=name,
                base=micro_text(row[f"{kind}_base_micro"], currency),
                rate=line_rate(row, entry, kind),
                amount=amount_text(row[f"{kind}_minor"], currency),
                collected_by=row[f"{kind}_by"],
                due=row[f"{kind}_due"],
            )
        )
    return found


def _required(entry: Entry, basket: Basket, number: int) -> list[Fault]:
    item, found = basket.items[number - 1], []
    buyer = basket.buyer
    given = {
        "hs": item.hs,
        "origin": item.origin,
        "weight": item.weight_kg,
        "description": item.description,
        "buyer.id": buyer and buyer.id,
        "buyer.name": buyer and buyer.name,
        "dispatch_country": basket.dispatch_country,
    }
    for name in entry.treatment.requires:
        if not given[name]:
            field = {"weight": "weight_kg"}.get(name, name)
            where = field if "." in name or name == "dispatch_country" else f"items[{number - 1}].{field}"
            found.append(missing_fault(where, "OECP-REQUIRED", f"{entry.regime.id} requires it.", "a value", "Add it."))
    return found


def in_force(regime: Regime, on: date) -> bool:
    """Tell whether a regime is in force on a day; an unknown start is open."""
    return (regime.valid_from or FIRST_DAY) <= on <= (regime.valid_to or LAST_DAY)


def before_all(file: Jurisdiction, on: date) -> Fault | None:
    """Return the fault of a day before every dated regime of a file: what held then is not known, so nothing is said.

    The ordinary tariff alone would be a guess: another relief may have held, as it did before 2021 in the EU.
    """
    first = min((one.valid_from or FIRST_DAY for one in file.regimes if not one.ordinary), default=FIRST_DAY)
    if on >= first:
        return None
    ordinary = ", ".join(one.id for one in file.regimes if one.ordinary)
    return Fault(
        code="OECP-REGIME-DATE",
        where="date",
        message=f"The file of {file.jurisdiction} does not say what held before {first.isoformat()}.",
        expected=f"a day from {first.isoformat()} on",
        got=on.isoformat(),
        fix="Ask for a later day, or add the regime of that time to the file"
        + (f"; {ordinary} asked for by name says what the ordinary tariff comes to." if ordinary else "."),
    )


def period_text(regime: Regime) -> str:
    """Return when a regime is in force, in words."""
    start = regime.valid_from.isoformat() if regime.valid_from else "start not sourced"
    return f"{start} to {regime.valid_to.isoformat() if regime.valid_to else 'open'}"


def incomplete_fault(regime: Regime) -> Fault:
    """Return the refusal of a regime that cannot run, which names what is missing."""
    fields = ", ".join(missing_fields(regime))
    return Fault(
        code="OECP-REGIME-INCOMPLETE",
        where=f"regime {regime.id}",
        message=f"The regime is incomplete: {fields}.",
        expected=f"values for {fields} from a legal source",
        got="no value",
        fix="Add them to the regime file with their source; openecp regime check tells what else is missing.",
        severity="incomplete",
    )


def unsourced_faults(regime: Regime) -> list[Fault]:
    """Return what strict mode refuses: fields that no source supports, and a start that is not sourced."""
    fields = list(regime.background)
    if regime.support in (None, "background-unverified") and not fields:
        fields = ["all"]
    if regime.valid_from is None and not regime.ordinary and not any("valid_from" in name for name in fields):
        fields.append("valid_from")
    return [
        Fault(
            code="OECP-REGIME-UNSOURCED",
            where=f"regime {regime.id}, {name}",
            message="Strict mode: no cited source supports this field.",
            expected="a source",
            got="none",
            fix="Find an official source, correct the field, and take it off the list of background fields.",
            severity="unsourced",
        )
        for name in fields
    ]


def missing_fault(where: str, code: str, message: str, expected: str, fix: str) -> Fault:
    """Return the fault of something that is needed and not there."""
    return Fault(code=code, where=where, message=message, expected=expected, got="none", fix=fix)


def _refused(code: str, where: str, message: str, expected: str, got: str, fix: str) -> QuoteRefused:
    return QuoteRefused([Fault(code=code, where=where, message=message, expected=expected, got=got, fix=fix)])
