# SPDX-License-Identifier: Apache-2.0
"""From the findings of a batch to one assessment a declaration: outcome, channel, values, tax lines, reasons.

Nothing is computed here that the steps computed: rows are put to their declaration by number and to their item by
row id, never by position, and a batch that answers for more or fewer declarations than it was asked is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from openecp.border.explain import ITEM, Explainer, place
from openecp.border.revenue.reference import TaxType
from openecp.border.risk.lanes.online import ChosenLane, drawn_reason
from openecp.border.risk.profiles.columns import Column
from openecp.border.risk.reference import LANES, figures_read, random_lane, random_thresholds
from openecp.border.tariff.duty_expression import AmountPerUnit, Percentage
from openecp.border.tariff.measures import Measure
from openecp.border.tariff.units import Units
from openecp.kernel.assessment.reasons import Assessment, ItemValue, Reason, TaxLine
from openecp.kernel.datamodel.columns import ITEM_COLUMNS, RELATION_FACTS, DeclarationRows
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.declared import number_of
from openecp.kernel.datamodel.item import DutyTaxFee
from openecp.kernel.profile import Profile

_COLUMN = {name: position for position, (name, _) in enumerate(ITEM_COLUMNS)}
_ALWAYS = ("data_set_unknown", "format")  # without these nothing else can be judged
Authority = Callable[[Declaration, str, date], Sequence[Reason]]
Choose = Callable[..., ChosenLane]  # a declaration, the criteria that it hits; stake_minor, the revenue expected of it


def enabled_relations(profile: Profile) -> int:
    """Return the bits of the relation rules that are switched on."""
    rules = {*_ALWAYS, *(row["rule"] for row in profile.table("relations", ("rule", "error_code", "severity")))}
    return sum(1 << position for position, rule in enumerate(RELATION_FACTS) if rule in rules)


def acceptance_days(profile: Profile) -> int:
    """Return how many days an acceptance date may lie before lodging."""
    clocks = profile.setting("clocks", default={})
    return int(clocks.get("acceptance_age_days", clocks.get("acceptance_max_age_days", 180)))


class Decider:
    """Puts findings together, with one profile's texts and measures."""

    def __init__(
        self,
        profile: Profile,
        *,
        explainer: Explainer,
        types: Mapping[str, TaxType],
        measures: Mapping[int, Measure],
        units: Units,
        complete_tariff: bool,
        rateless: Sequence[tuple[int, date, date]],
        authority: Authority,
        choose: Choose | None = None,
        told: Callable[[int, bool], dict[str, Any]] | None = None,
        compared: Sequence[Sequence[Column]] = (),
    ) -> None:
        self._profile, self._explain, self._types = profile, explainer, types
        self._measures, self._units, self._authority = measures, units, authority
        self._complete_tariff, self._choose = complete_tariff, choose
        self._told, self._compared = told, compared
        self._rateless: dict[int, list[tuple[date, date]]] = {}
        for measure_id, start, end in rateless:
            self._rateless.setdefault(measure_id, []).append((start, end))
        self._enabled = enabled_relations(profile)
        self._random = random_thresholds(profile)
        self._open_types = dict(enumerate(types, start=1))
        self._repeats = {
            number: row.get("repeat_as", "") for number, row in enumerate(profile.table("reliefs"), start=1)
        }
        self._secured = {n for n, row in enumerate(profile.table("reliefs"), start=1) if row.get("secured") == "yes"}
        self._relief_sources = [row.get("source", "") for row in profile.table("reliefs")]
        self._postponed = frozenset(
            row["code"] for row in profile.table("payment_methods") if row.get("kind") == "postponed"
        )
        self._default_lane = max(0, LANES.index(str(profile.setting("selection", "default", default="green"))))

    def decide(
        self,
        declarations: Sequence[Declaration],
        days: Sequence[date],
        rows: DeclarationRows,
        found: list[tuple[Any, ...]],
    ) -> list[Assessment]:
        """Return one assessment a declaration."""
        by_declaration: list[list[tuple[Any, ...]]] = [[] for _ in declarations]
        for row in found:
            by_declaration[row[1]].append(row)
        if (valued := sum(row[0] == "V" for row in found)) != len(rows.items):
            raise AssertionError(
                f"batch of {len(rows.items)} items answered for {valued}: a reference table doubles rows"
            )
        formats: dict[int, list[tuple[int, int, str]]] = {}
        for number, item, format_number, text in rows.format_faults:
            formats.setdefault(number, []).append((item, format_number, text))
        first_rows: dict[int, tuple[Any, ...]] = {}
        for item_row in rows.items:
            first_rows.setdefault(item_row[1], item_row)
        asked = zip(declarations, days, by_declaration, strict=True)
        return [
            self._one(number, declaration, day, rows, first_rows[number], own, formats.get(number, []))
            for number, (declaration, day, own) in enumerate(asked)
        ]

    def _one(
        self,
        number: int,
        declaration: Declaration,
        day: date,
        rows: DeclarationRows,
        first: tuple[Any, ...],
        found: list[tuple[Any, ...]],
        formats: list[tuple[int, int, str]],
    ) -> Assessment:
        reasons: dict[tuple[Any, ...], Reason] = {}

        def add(*new: Reason) -> None:
            for reason in new:
                reasons.setdefault((reason.code, reason.rule, reason.pointer, reason.got, reason.audience), reason)

        for item, format_number, text in formats:
            add(*self._explain.format_fault(declaration, item, format_number, text))
        values: list[ItemValue] = []
        worth: dict[int, int | None] = {}
        drawn: dict[int, list[tuple[Any, ...]]] = {}
        hits: list[tuple[Any, ...]] = []  # of criteria, where a plan says which of them select
        lane = self._default_lane
        for row in sorted(found, key=_order):
            kind, row_id = row[0], row[2]
            item_row = rows.items[row_id]
            item = item_row[_COLUMN["item"]]
            if kind in "TO":
                drawn.setdefault(row_id, []).append(row)
            elif kind == "V":
                worth[row_id] = row[5]
                if item:
                    values.append(ItemValue(item=item, customs_value_minor=row[5], statistical_value_minor=row[7]))
                if bits := row[3] & self._enabled:
                    add(*self._explain.relation(declaration, item, bits))
                add(*self._value_reasons(declaration, item_row, row))
            elif kind != "K":
                add(*self._fault(declaration, item_row, row, day))
            elif self._choose is not None:
                hits.append(row)
            else:
                lane = max(lane, row[5])
                add(self._hit(item_row, row, worth))
        taxes: list[TaxLine] = []
        security = 0
        for row_id, lines in drawn.items():
            item_taxes, item_reasons, secured = self._taxes(declaration, rows.items[row_id], lines)
            taxes += item_taxes
            security += secured
            add(*item_reasons)
        add(*self._authority(declaration, first[_COLUMN["movement"]], day))
        rejected = any(reason.severity == "reject" for reason in reasons.values())
        subject = (declaration, rows, first, hits, worth, lane)
        lane, chosen, told = (lane, None, []) if rejected else self._channel(*subject)
        add(*told)
        risk = self._told(number, lane > self._default_lane) if self._told and not rejected else None
        return Assessment(
            outcome="rejected" if rejected else "accepted",
            data_set=first[_COLUMN["data_set"]] or None,
            movement=first[_COLUMN["movement"]],
            currency=self._profile.currency,
            channel=None if rejected else LANES[lane],  # type: ignore[arg-type]
            reasons=tuple(reasons.values()),
            values=tuple(v for v in values if v.item),
            taxes=() if rejected else tuple(taxes),
            security_minor=0 if rejected else security,
            profile=self._profile.name,
            decided_on=day.isoformat(),
            selection=chosen.record if chosen is not None else None,
            risk=risk or None,
        )

    def _channel(
        self, declaration: Declaration, rows: DeclarationRows, first: tuple[Any, ...],
        hits: Sequence[tuple[Any, ...]], worth: Mapping[int, int | None], lane: int,
    ) -> tuple[int, ChosenLane | None, list[Reason]]:  # fmt: skip
        """Return the lane of a declaration, how it was chosen where a plan rules, and what officers are told of it."""
        if self._choose is None:
            random = random_lane(first[_COLUMN["draw"]], self._random)
            return (random, None, [drawn_reason(LANES[random])]) if random > lane else (lane, None, [])
        stake = sum(rows.items[row_id][_COLUMN["stake_minor"]] for row_id in worth)
        chosen = self._choose(declaration, [row[3] for row in hits], stake_minor=stake)
        told = [self._hit(rows.items[row[2]], row, worth) for row in hits if row[3] in chosen.told]
        if chosen.selection.ground in ("random", "topup"):
            told.append(drawn_reason(LANES[chosen.selection.lane], topup=chosen.selection.ground == "topup"))
        return chosen.selection.lane, chosen, told

    def _fault(
        self, declaration: Declaration, item_row: tuple[Any, ...], row: tuple[Any, ...], day: date
    ) -> Sequence[Reason]:
        item = item_row[_COLUMN["item"]]
        kind, ref, text = row[0], row[3], row[4]
        code = item_row[_COLUMN["goods_code"]]
        if kind == "E":
            return [self._explain.missing_element(declaration, item, ref)]
        if kind == "C":
            if text.startswith("T:"):
                return [self._explain.unknown_goods_code(declaration, item, code, day.isoformat())]
            return self._explain.unknown_code(declaration, item, text, item_row[_COLUMN["data_set"]])
        if kind == "Q":
            return [self._explain.missing_requirement(declaration, item, ref, code)]
        raise ValueError(f"finding {kind!r}: expected E, C, Q")

    def _hit(self, item_row: tuple[Any, ...], row: tuple[Any, ...], worth: Mapping[int, int | None]) -> Reason:
        """Say which criterion selected an item, with the figures that it compared."""
        columns = self._compared[row[3] - 1]
        read = figures_read(
            columns, lambda name: worth[row[2]] if name == "customs_value_minor" else item_row[_COLUMN[name]]
        )
        return self._explain.risk_hit(item_row[_COLUMN["item"]], row[3], LANES[row[5]], read)

    def _value_reasons(
        self, declaration: Declaration, item_row: tuple[Any, ...], row: tuple[Any, ...]
    ) -> Sequence[Reason]:
        item = item_row[_COLUMN["item"]]
        if row[6]:
            currency = item_row[_COLUMN["value_currency"]]
            rejects = self._complete_tariff and item_row[_COLUMN["taxed"]]
            return [self._explain.rate_missing(declaration, item, currency, rejects=rejects)]
        if row[5] is None or not item:
            return []
        declared = _e4(item_row[_COLUMN["value_e4"]])
        parts = f"from {declared} {item_row[_COLUMN['value_currency']]} declared"
        basis = self._profile.settings.get("value_basis", "CIF")
        element = item_row[_COLUMN["value_from"]]
        path = {"112": f"{ITEM}/23A/79A.112", "108": f"{ITEM}.108"}.get(element, f"{ITEM}.114")
        return [
            Reason(
                code="VALUE",
                layer="valuation",
                rule="valuation.customs_value",
                severity="info",
                item=item,
                pointer=place(path, item),
                message=f"Customs value {self._money(row[5])} ({basis}) {parts}",
            )
        ]

    def _taxes(
        self, declaration: Declaration, item_row: tuple[Any, ...], lines: list[tuple[Any, ...]]
    ) -> tuple[list[TaxLine], list[Reason], int]:
        item = item_row[_COLUMN["item"]]
        fees = _fees(declaration, item)
        preference = item_row[_COLUMN["preference"]] or None
        taxes: list[TaxLine] = []
        again: list[TaxLine] = []
        reasons: list[Reason] = []
        secured = 0
        for row in lines:
            if row[0] == "O":
                taxes.append(self._override(item, row, fees, preference))
                continue
            amount, relief_id = row[6], row[7]
            line = self._line(item, row, fees, preference)
            taxes.append(line)
            measure = self._measures.get(row[3])
            if amount is None and measure is not None and measure.duty is not None and row[5] is not None:
                reasons.append(self._open_reason(declaration, item_row, row[3], measure))
            else:
                reasons.append(self._arithmetic(line, amount, relief_id))
            if row[4] == "suspended" or relief_id in self._secured:
                secured += amount or 0
            if relief_id is not None and amount and (name := self._repeats.get(relief_id, "")):
                again.append(self._repeat(item, name, amount, preference))
        return taxes + again, reasons, secured

    def _repeat(self, item: int, name: str, amount: int, preference: str | None) -> TaxLine:
        """Return the line that shows a relieved or suspended amount again, without charging it."""
        return TaxLine(
            item=item, type=name, base_minor=None, rate=None, assessed_minor=amount, payable_minor=None,
            currency=self._profile.currency, charge=False, preference=preference,
        )  # fmt: skip

    def _line(self, item: int, row: tuple[Any, ...], fees: Sequence[DutyTaxFee], preference: str | None) -> TaxLine:
        measure = self._measures.get(row[3])
        tax_type = measure.tax_type if measure else self._open_types[-row[3]]
        rate = measure.duty.ad_valorem if measure and measure.duty else None
        method = _method(tax_type, fees)
        return TaxLine(
            item=item,
            type=tax_type,
            base_minor=row[5] if rate is not None else None,
            rate=None if rate is None else f"{rate.normalize():f}",
            assessed_minor=row[8],
            payable_minor=0 if method in self._postponed and row[9] else row[9],
            currency=self._profile.currency,
            deducted_minor=(row[6] or 0) if row[4] == "relieved" else 0,
            charge=self._types[tax_type].charge,
            method=method,
            preference=preference,
            duty=measure.duty_text if measure else None,
            source=(measure.source or None) if measure else None,
        )

    def _override(self, item: int, row: tuple[Any, ...], fees: Sequence[DutyTaxFee], preference: str | None) -> TaxLine:
        return TaxLine(
            item=item,
            type=row[4],
            base_minor=None,
            rate=None,
            assessed_minor=row[5],
            payable_minor=row[6],
            currency=self._profile.currency,
            method=_method(row[4], fees),
            preference=preference,
            duty="as declared",
        )

    def _arithmetic(self, line: TaxLine, amount: int | None, relief_id: int | None) -> Reason:
        if line.duty is None:
            return Reason(
                code="OECP-TAX-NO-MEASURE",
                layer="revenue",
                rule=f"revenue.{line.type}",
                severity="info",
                item=line.item,
                pointer=place(f"{ITEM}/23A/50A.113", line.item),
                got=line.type,
                message=f"{line.type} is due, and the tariff that was loaded has no rate for these goods",
            )
        if amount is None:
            text = f"{line.type} at {line.duty}: open, because an amount before it is"
        elif line.base_minor is None:
            text = f"{line.type} at {line.duty} = {self._money(amount)}"
        else:
            text = f"{line.type} at {line.duty} of {self._money(line.base_minor)} = {self._money(amount)}"
        source = line.source
        if relief_id is not None:
            text += "; relieved" if line.assessed_minor == 0 else "; suspended"
            source = self._relief_sources[relief_id - 1] or source
        return Reason(
            code="TAX", layer="revenue", rule=f"revenue.{line.type}", severity="info", item=line.item, message=text,
            pointer=place(f"{ITEM}/23A/50A.113", line.item), source=source,
        )  # fmt: skip

    def _open_reason(
        self, declaration: Declaration, item_row: tuple[Any, ...], measure_id: int, measure: Measure
    ) -> Reason:
        """Say what a duty waits for: the rate of its currency on the day, else a quantity that is not declared."""
        day, item = item_row[_COLUMN["on_date"]], item_row[_COLUMN["item"]]
        if any(first <= day <= last for first, last in self._rateless.get(measure_id, ())):
            return self._explain.duty_rate_missing(
                declaration, item, measure.tax_type, measure.duty_text, rejects=self._complete_tariff
            )
        given = item_row[_COLUMN["quantities_e6"]]
        wanted: dict[str, None] = {}
        for segment in measure.duty.segments if measure.duty else ():
            for term in segment:
                part = term.component
                if isinstance(part, AmountPerUnit):
                    base = self._units.base(part.unit)
                    if base is not None and base.unit not in given:
                        wanted[part.unit] = None
                elif isinstance(part, Percentage) and part.of_retail and "RET" not in given:
                    wanted["RET"] = None
        return self._explain.quantity_missing(declaration, item, measure.tax_type, measure.duty_text, wanted)

    def _money(self, minor: int) -> str:
        exponent = self._profile.currency_exponent
        if not exponent:
            return f"{minor} {self._profile.currency}"
        sign, minor = ("-", -minor) if minor < 0 else ("", minor)
        return f"{sign}{minor // 10**exponent}.{minor % 10**exponent:0{exponent}d} {self._profile.currency}"


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[2] if row[2] is not None else -1, "VECQTOK".find(row[0]), abs(row[3] or 0), row[4] or "")


def _e4(value: int | None) -> str:
    return "0" if value is None else f"{value // 10000}.{value % 10000:04d}".rstrip("0").rstrip(".")


def _fees(declaration: Declaration, item: int) -> Sequence[DutyTaxFee]:
    shipment = declaration.goods_shipment
    for position, one in enumerate(shipment.government_agency_goods_item if shipment else (), start=1):
        if number_of(one, position) == item:
            return one.commodity.duty_tax_fee if one.commodity else ()
    return ()


def _method(tax_type: str, fees: Sequence[DutyTaxFee]) -> str | None:
    """Return the method of payment: that of the tax type, else that of the item, else the first declared."""
    declared = [(fee.type_code, fee.payment.method_code) for fee in fees if fee.payment and fee.payment.method_code]
    for wanted in (tax_type, None):
        for kind, method in declared:
            if kind == wanted:
                return method
    return declared[0][1] if declared else None
