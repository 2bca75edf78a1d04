# SPDX-License-Identifier: Apache-2.0
"""How a declaration becomes rows: the one place where declared text becomes numbers, dates and columns.

A declaration gives one row an item (grain: declaration, SequenceNumeric), with the header's facts repeated, and one
row a charge (58B and the freight charge). A message without items gives one row with item 0, so that header rules
have something to stand on. Types are named as in DuckDB. Amounts are integers in 1/10,000 of the currency's main
unit (`_e4`), quantities integers in 1/1,000,000 of the unit (`_e6`): nothing is rounded here. Text that is no
number is null here and a format fault in `DeclarationRows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.declared import (
    apportion,
    charges_of,
    day_of,
    declared_value,
    e4,
    e6,
    goods_codes,
    number_of,
    office_of,
    origin_of,
    procedure_of,
    weights_of,
)
from openecp.kernel.datamodel.item import DutyTaxFee, GovernmentAgencyGoodsItem
from openecp.kernel.datamodel.sight_columns import NOTHING_SEEN, SIGHT_COLUMNS
from openecp.kernel.datamodel.watch import Seen, Watch

WORD = 62
REQUEST = "13"  # FunctionCode of a message about a declaration lodged before
_WORD_MASK = (1 << WORD) - 1

ITEM_COLUMNS: tuple[tuple[str, str], ...] = (
    ("row_id", "BIGINT"),  # position in the batch: answers are joined by it
    ("declaration_no", "INTEGER"),
    ("item", "INTEGER"),  # SequenceNumeric, 0 for the row of a message without items
    ("on_date", "DATE"),  # the date whose law applies
    ("data_set", "VARCHAR"),
    ("movement", "VARCHAR"),
    ("present_1", "BIGINT"),  # bits of watched elements, 62 a word
    ("present_2", "BIGINT"),
    ("present_3", "BIGINT"),
    ("codes", "VARCHAR[]"),  # `<coded element>:<value>`, and `T:<commodity code>` where the nomenclature is closed
    ("tariff_key", "VARCHAR"),  # longest code known to the tariff that begins the declared one
    ("goods_code", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("preference", "VARCHAR"),
    ("order_number", "VARCHAR"),
    ("additional_codes", "VARCHAR[]"),
    ("documents", "VARCHAR[]"),  # category + type, item and header
    ("statements", "VARCHAR[]"),
    ("procedure", "VARCHAR"),  # current + previous
    ("additional_procedures", "VARCHAR[]"),
    ("value_e4", "BIGINT"),  # the item price 112; without one the customs value 108, else the statistical value 114
    ("value_currency", "VARCHAR"),
    ("value_from", "VARCHAR"),  # "112", "108", "114", or "" where no value is declared
    ("statistical_e4", "BIGINT"),  # 114, where it is in the national currency
    ("regime", "VARCHAR"),  # which of the administration's tariffs applies
    ("taxed", "BOOLEAN"),  # the data set is one that is charged, and no override is declared
    ("expected_taxes", "VARCHAR[]"),  # tax types that are due even where no measure is known
    ("incoterm", "VARCHAR"),
    ("net_e6", "BIGINT"),  # kilogram
    ("gross_e6", "BIGINT"),
    ("quantities_e6", "MAP(VARCHAR, BIGINT)"),  # by base unit
    ("relation_bits", "BIGINT"),  # counts and comparisons that need the whole declaration, see RELATION_FACTS
    ("importer", "VARCHAR"),
    ("declarant", "VARCHAR"),
    ("export_country", "VARCHAR"),
    ("mode", "VARCHAR"),
    ("description", "VARCHAR"),  # of the goods, in lower case
    ("draw", "BIGINT"),  # 0 … 999,999,999, seeded outside
    ("office", "VARCHAR"),  # as declared, '' where none is
    *SIGHT_COLUMNS,
)

CHARGE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("declaration_no", "INTEGER"),
    ("row_id", "BIGINT"),  # null for a charge of the whole shipment
    ("charge_type", "VARCHAR"),
    ("amount_e4", "BIGINT"),
    ("currency", "VARCHAR"),
)

OVERRIDE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("row_id", "BIGINT"),
    ("tax_type", "VARCHAR"),
    ("assessed_e4", "BIGINT"),
    ("payable_e4", "BIGINT"),
)

RELATION_FACTS: tuple[str, ...] = (
    "item_count",  # GoodsItemQuantity differs from the number of items
    "package_count",  # TotalPackageQuantity differs from the sum of the items' packages
    "item_numbers",  # a SequenceNumeric occurs twice
    "data_set_unknown",  # type, procedure and additional procedures lead to no data set
    "procedure_pair",  # current and previous procedure do not go together
    "format",  # a text breaks its format, see DeclarationRows.format_faults
    "data_set_uniform",  # the items derive different data sets
    "header_or_item",  # an element that may stand once stands at header and item
    "net_exceeds_gross",
    "additional_000_alone",  # 000 beside other additional procedures
    "acceptance_not_future",
    "acceptance_age",
    "acceptance_not_allowed",
)


class RowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows need to know of the administration's reference data."""

    watch: Watch
    data_set: Callable[[str, str, str, tuple[str, ...]], tuple[str | None, str]]
    tariff_key: Callable[[str], str | None]
    regime: Callable[[list[str]], str] = lambda statements: ""
    taxed: Callable[[str | None, bool], bool] = lambda data_set, fees: True
    expected_taxes: Callable[[str, list[str], list[str]], list[str]] = lambda regime, declared, codes: []
    override_statement: str = ""
    national_currency: str = ""
    apportion_by: str = "value"  # or "mass": how a charge of the whole shipment is shared out
    units: Mapping[str, tuple[str, int, int]]  # unit → base unit, factor as numerator / denominator
    pseudo: Mapping[str, tuple[tuple[frozenset[str], tuple[str, ...], int], ...]]  # name → values, prefixes, bits
    pseudo_present: Mapping[str, int]
    pseudo_coded: Mapping[str, tuple[str, ...]]
    tariff_classifications: tuple[str, ...] = ("TSP", "TRC")
    additional_classifications: tuple[str, ...] = ("TRA", "GN")
    acceptance_days_back: int = 180
    reports_acceptance: Callable[[str], bool] = lambda type_code: False
    codes_closed: bool = False  # the nomenclature is complete: another commodity code is a fault
    incoterms: frozenset[str] = frozenset()  # terms the administration knows; another counts as none
    procedures: frozenset[str] = frozenset()  # pairs that may be declared, `40*` for any previous; none: any
    draw: Callable[[Declaration], int] = lambda declaration: 0


class DeclarationRows(msgspec.Struct):
    """Rows of a batch, as tuples in the order of the column schemas, and the texts that break their format."""

    items: list[tuple[Any, ...]] = []
    charges: list[tuple[Any, ...]] = []
    overrides: list[tuple[Any, ...]] = []
    format_faults: list[tuple[int, int, int, str]] = []  # declaration_no, item, format number, text


def add_rows(
    rows: DeclarationRows,
    declaration: Declaration,
    declaration_no: int,
    law: date,
    lodged_on: date | None,
    settings: RowSettings,
) -> None:
    """Add one declaration's rows to a batch: `law` is the date whose law applies, `lodged_on` the day of lodging."""
    shipment = declaration.goods_shipment or GoodsShipment()
    items = shipment.government_agency_goods_item
    header = Seen(codes=[], format_faults=[])
    settings.watch.header(declaration, header)
    for number, text in header.format_faults:
        rows.format_faults.append((declaration_no, 0, number, text))
    facts = _HeaderFacts(declaration, shipment, settings, law, lodged_on)
    first_row = len(rows.items)
    if not items:
        rows.items.append(_item_row(len(rows.items), declaration_no, None, 0, facts, header, rows, settings))
    for position, item in enumerate(items, start=1):
        number = number_of(item, position)
        rows.items.append(_item_row(len(rows.items), declaration_no, item, number, facts, header, rows, settings))
    _add_charges(rows, shipment, declaration_no, first_row, settings)


class _HeaderFacts:
    """What every item of a declaration shares."""

    __slots__ = (
        "declarant",
        "declaration",
        "documents",
        "draw",
        "export_country",
        "function_code",
        "importer",
        "incoterm",
        "mode",
        "office",
        "on",
        "origin",
        "relation_bits",
        "shipment",
        "statements",
        "type_code",
    )

    def __init__(
        self,
        declaration: Declaration,
        shipment: GoodsShipment,
        settings: RowSettings,
        law: date,
        lodged_on: date | None,
    ) -> None:
        self.declaration, self.shipment, self.on = declaration, shipment, law
        self.function_code = declaration.function_code or ""
        self.type_code = declaration.type_code or ""
        self.documents = [(d.category_code or "") + (d.type_code or "") for d in declaration.additional_document]
        self.statements = [s.statement_code for s in declaration.additional_information if s.statement_code]
        self.incoterm = (shipment.trade_terms.condition_code or "") if shipment.trade_terms else ""
        self.export_country = (shipment.export_country.id or "") if shipment.export_country else ""
        means = declaration.border_transport_means
        self.mode = (means.mode_code or "") if means else ""
        self.importer = (shipment.importer.id or "") if shipment.importer else ""
        self.declarant = (declaration.declarant.id or "") if declaration.declarant else ""
        self.relation_bits = _header_relations(declaration, shipment, settings, lodged_on)
        self.draw = settings.draw(declaration)
        self.office = office_of(declaration) or ""


def _header_relations(declaration: Declaration, shipment: GoodsShipment, settings: RowSettings, on: date | None) -> int:
    items = shipment.government_agency_goods_item
    bits = 0
    if declaration.function_code == REQUEST:  # holds only what is to change
        return bits
    declared = e6(declaration.goods_item_quantity)
    if declared is not None and declared != len(items) * 1_000_000:
        bits |= _bit("item_count")
    packages = e6(declaration.total_package_quantity)
    if packages is not None:
        counted = sum(e6(p.quantity_quantity) or 0 for item in items for p in item.packaging)
        if counted != packages:
            bits |= _bit("package_count")
    numbers = [item.sequence_numeric for item in items]
    if len(numbers) > 1 and len(set(numbers)) != len(numbers):
        bits |= _bit("item_numbers")
    if len(items) > 1:
        sets = {
            settings.data_set(declaration.function_code or "", declaration.type_code or "", *procedure_of(i))
            for i in items
        }
        if len(sets) > 1:
            bits |= _bit("data_set_uniform")
    accepted = declaration.acceptance_date_time
    if accepted is not None:
        day = day_of(accepted.value)
        if day is not None:
            if not settings.reports_acceptance(declaration.type_code or ""):
                bits |= _bit("acceptance_not_allowed")
            if on is not None and day > on:
                bits |= _bit("acceptance_not_future")
            elif on is not None and (on - day).days > settings.acceptance_days_back:
                bits |= _bit("acceptance_age")
    return bits


def _bit(fact: str) -> int:
    return 1 << RELATION_FACTS.index(fact)


NO_KEY = "-"  # no code of the tariff begins the declared one; "" is the key of measures for all goods


def _key(found: str | None) -> str:
    return NO_KEY if found is None else found


def _quantities(item: GovernmentAgencyGoodsItem, settings: RowSettings, net: int | None) -> dict[str, int]:
    found: dict[str, int] = {}
    commodity = item.commodity
    measure = commodity.goods_measure if commodity else None
    if net is not None:
        found["KGM"] = net
    if measure is not None and (supplementary := e6(measure.tariff_quantity)) is not None:
        assert measure.tariff_quantity is not None
        _put(found, measure.tariff_quantity.unit_code or "SUP", supplementary, settings)
    for entry in commodity.duty_tax_fee if commodity else ():
        base = entry.specific_tax_base_quantity
        if base is not None and base.unit_code and (amount := e6(base)) is not None:
            _put(found, base.unit_code, amount, settings)
    return found


def _put(found: dict[str, int], unit: str, amount: int, settings: RowSettings) -> None:
    unit = unit.replace("\u00a0", "").rstrip("#")
    base, numerator, denominator = settings.units.get(unit, (unit, 1, 1))
    found[base] = amount * numerator // denominator


def _item_row(  # one flat row: the length is the number of columns
    row_id: int,
    declaration_no: int,
    item: GovernmentAgencyGoodsItem | None,
    number: int,
    facts: _HeaderFacts,
    header: Seen,
    rows: DeclarationRows,
    settings: RowSettings,
) -> tuple[Any, ...]:
    item = item or GovernmentAgencyGoodsItem()
    seen = Seen(codes=list(header.codes), format_faults=[])
    settings.watch.item(item, seen)
    for format_number, text in seen.format_faults:
        rows.format_faults.append((declaration_no, number, format_number, text))
    format_bit = _bit("format") if header.format_faults or seen.format_faults else 0
    procedure, additional = procedure_of(item)
    data_set, movement = settings.data_set(facts.function_code, facts.type_code, procedure, additional)
    code, additional_codes = goods_codes(item, settings.tariff_classifications, settings.additional_classifications)
    commodity = item.commodity
    measure = commodity.goods_measure if commodity else None
    net, gross = (e6(measure.net_net_weight_measure), e6(measure.gross_mass_measure)) if measure else (None, None)
    fees = commodity.duty_tax_fee if commodity else ()
    preference = next((f.duty_regime_code for f in fees if f.duty_regime_code), "")
    order_number = next((f.quota_order_id for f in fees if f.quota_order_id), "")
    documents = [(d.category_code or "") + (d.type_code or "") for d in item.additional_document] + facts.documents
    statements = [s.statement_code for s in item.additional_information if s.statement_code] + facts.statements
    origin = origin_of(item)
    regime = settings.regime(statements)
    value, value_from = declared_value(item)
    statistical = item.statistical_value_amount
    overridden = bool(settings.override_statement) and settings.override_statement in statements
    if overridden and settings.taxed(data_set, bool(fees)):
        _add_overrides(rows, row_id, fees)
    relation = facts.relation_bits | format_bit
    if net is not None and gross is not None and net > gross:
        relation |= _bit("net_exceeds_gross")
    pairs = settings.procedures
    if procedure and pairs and procedure not in pairs and procedure[:2] + "*" not in pairs:
        relation |= _bit("procedure_pair")
    elif data_set is None:
        relation |= _bit("data_set_unknown")
    if "000" in additional and len(additional) > 1:
        relation |= _bit("additional_000_alone")
    export_country = (item.export_country.id or "") if item.export_country else facts.export_country
    importer = facts.importer
    method = (item.customs_valuation.method_code or "") if item.customs_valuation else ""
    bits = header.bits | seen.bits
    if settings.pseudo or settings.pseudo_present or settings.pseudo_coded:
        values = {
            "@procedure": (procedure,) if procedure else (),
            "@additional": additional,
            "@type": (facts.type_code,) if facts.type_code else (),
            "@document": documents,
            "@statement": statements,
            "@preference": (preference,) if preference else (),
            "@origin": (origin,) if origin else (),
            "@origin_type": [o.type_code for o in item.origin if o.type_code],
            "@incoterm": (facts.incoterm,) if facts.incoterm else (),
            "@mode": (facts.mode,) if facts.mode else (),
            "@valuation_method": (method,) if method else (),
            "@authorisation": [a.category_code for a in facts.declaration.authorisation_holder if a.category_code],
            "@payment_method": [f.payment.method_code for f in fees if f.payment and f.payment.method_code],
            "@additional_code": additional_codes,
            "@movement": (movement,),
            "@goods_code": (code,) if code else (),
        }
        bits |= _pseudo_bits(values, settings, seen.codes)
    if code and settings.codes_closed:
        seen.codes.append("T:" + code)
    return (
        row_id,
        declaration_no,
        number,
        facts.on,
        data_set or "",
        movement,
        bits & _WORD_MASK,
        bits >> WORD & _WORD_MASK,
        bits >> 2 * WORD & _WORD_MASK,
        tuple(seen.codes),
        _key(settings.tariff_key(code)) if code else NO_KEY,
        code,
        origin,
        preference or "",
        order_number or "",
        tuple(additional_codes),
        tuple(documents),
        tuple(statements),
        procedure,
        additional,
        e4(value),
        (value.currency_id or settings.national_currency) if value else "",
        value_from,
        e4(statistical) if statistical and statistical.currency_id in (None, settings.national_currency) else None,
        regime,
        not overridden and settings.taxed(data_set, bool(fees)),
        tuple(settings.expected_taxes(regime, [f.type_code for f in fees if f.type_code], additional_codes)),
        facts.incoterm if facts.incoterm in settings.incoterms else "",
        net,
        gross,
        _quantities(item, settings, net),
        relation,
        importer,
        facts.declarant,
        export_country,
        facts.mode,
        (commodity.description or "").lower() if commodity else "",
        facts.draw,
        facts.office,
        *NOTHING_SEEN,
    )


def _pseudo_bits(values: Mapping[str, Iterable[str]], settings: RowSettings, codes: list[str]) -> int:
    bits = 0
    for name, bit in settings.pseudo_present.items():
        if values[name]:
            bits |= bit
    for name, checks in settings.pseudo.items():
        for value in values[name]:
            for exact, prefixes, bit in checks:
                if value in exact or (prefixes and value.startswith(prefixes)):
                    bits |= bit
    for name, numbers in settings.pseudo_coded.items():
        for value in values[name]:
            codes.extend(number + value for number in numbers)
    return bits


def _add_charges(
    rows: DeclarationRows, shipment: GoodsShipment, declaration_no: int, first_row: int, settings: RowSettings
) -> None:
    items = shipment.government_agency_goods_item
    for amount, charge_type in charges_of(shipment.customs_valuation):
        shares = apportion(e4(amount) or 0, weights_of(items, settings.apportion_by))
        for offset, share in enumerate(shares):
            currency = amount.currency_id or settings.national_currency
            rows.charges.append((declaration_no, first_row + offset, charge_type, share, currency))
    for offset, item in enumerate(items):
        for amount, charge_type in charges_of(item.customs_valuation):
            currency = amount.currency_id or settings.national_currency
            rows.charges.append((declaration_no, first_row + offset, charge_type, e4(amount), currency))


def _add_overrides(rows: DeclarationRows, row_id: int, fees: Iterable[DutyTaxFee]) -> None:
    for fee in fees:
        if fee.payment is None or not fee.type_code:
            continue
        assessed, payable = e4(fee.payment.tax_assessed_amount), e4(fee.payment.payment_amount)
        amount = assessed if assessed is not None else payable
        if amount is not None:
            rows.overrides.append((row_id, fee.type_code, amount, payable if payable is not None else amount))
