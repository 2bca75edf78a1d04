# SPDX-License-Identifier: Apache-2.0
"""The demo profile agrees with itself: keys are unique, codes exist, dates are in order, texts in both languages."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import openecp.profiles
from openecp.kernel.datamodel.elements import paths

FOLDER = Path(next(iter(openecp.profiles.__path__))) / "demo"
Row = dict[str, str]


def rows(table: str) -> list[Row]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def codes(name: str) -> set[str]:
    return {row["code"] for row in rows(f"code_lists/{name}")}


def column(table: str, name: str) -> set[str]:
    return {row[name] for row in rows(table)}


TABLES = sorted(str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.rglob("*.csv"))
LISTS = [name for name in TABLES if name.startswith("code_lists/")]
GOODS = rows("nomenclature")
MEASURES = rows("measures")

KEYS = {
    "accounts": ("number",),
    "additional_code_requirements": ("goods_code", "origin", "valid_from"),
    "authorisations": ("holder", "category", "number"),
    "charge_types": ("type",),
    "coded_elements": ("element", "list", "data_set"),
    "data_sets": ("priority",),
    "document_requirements": ("goods_code", "origin", "movement", "error_code", "valid_from"),
    "exchange_rates": ("currency", "valid_from"),
    "formats": ("element",),
    "incoterms": ("incoterm",),
    "measures": ("goods_code", "additional_code", "origin", "preference", "order_number", "tax_type", "valid_from"),
    "nomenclature": ("goods_code", "valid_from"),
    "obligations": ("data_set", "element", "obligation", "condition"),
    "office_hours": ("office", "day", "opens"),
    "offices": ("office", "valid_from"),
    "parties": ("identifier", "valid_from"),
    "payment_methods": ("code",),
    "postal_requirements": ("destination", "category", "mail_class", "element", "valid_from"),
    "postal_response_codes": ("organisation", "decision"),
    "postal_sdr_rates": ("currency", "valid_from"),
    "procedures": ("procedure",),
    "relations": ("rule",),
    "reliefs": ("procedure", "additional_procedure", "tax_type"),
    "representations": ("principal", "agent", "kind", "valid_from"),
    "risk_criteria": ("criterion", "version"),
    "tax_types": ("tax_type",),
    "type_codes": ("type_code",),
    "units": ("unit",),
}


def test_every_table_is_known_and_filled() -> None:
    assert set(KEYS) == {name for name in TABLES if name not in LISTS}
    for table in TABLES:
        assert rows(table), table


@pytest.mark.parametrize("table", TABLES)
def test_rows_have_the_cells_of_the_header_and_no_outer_blanks(table: str) -> None:
    for number, row in enumerate(rows(table), start=2):
        assert None not in row, (table, number)
        assert None not in row.values(), (table, number)
        assert all(cell == cell.strip() for cell in row.values()), (table, number)


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_unique(table: str) -> None:
    key = KEYS.get(table, ("code",))
    doubled = [k for k, n in Counter(tuple(row[c] for c in key) for row in rows(table)).items() if n > 1]
    assert not doubled, (table, doubled)


@pytest.mark.parametrize("table", TABLES)
def test_dates_are_dates_in_order(table: str) -> None:
    for row in rows(table):
        first = date.fromisoformat(row.get("valid_from") or "1900-01-01")
        last = date.fromisoformat(row.get("valid_to") or "9999-12-31")
        assert first <= last, (table, row)


@pytest.mark.parametrize("table", TABLES)
def test_texts_stand_in_both_languages(table: str) -> None:
    for row in rows(table):
        for name in row:
            if name.endswith("_en"):
                assert row[name], (table, name, row)
                french = name[:-3] + "_fr"
                assert row.get(french, "-"), (table, french, row)


@pytest.mark.parametrize("table", ["measures", "exchange_rates"])
def test_periods_of_one_key_do_not_overlap(table: str) -> None:
    key = [c for c in KEYS[table] if c != "valid_from"]
    periods: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in rows(table):
        periods.setdefault(tuple(row[c] for c in key), []).append((row["valid_from"], row["valid_to"] or "9999-12-31"))
    for name, spans in periods.items():
        spans.sort()
        assert all(a[1] < b[0] for a, b in itertools.pairwise(spans)), name


def test_codes_that_other_tables_name_exist() -> None:
    additional = codes("additional_codes")
    for row in MEASURES:
        assert set(filter(None, row["additional_code"].split("|"))) <= additional, row
    for row in rows("additional_code_requirements"):
        assert set(row["codes"].split("|")) <= additional, row
    assert column("measures", "origin") - {""} <= codes("countries")
    assert column("measures", "preference") - {""} <= codes("preferences")
    assert column("measures", "tax_type") <= column("tax_types", "tax_type")
    assert column("exchange_rates", "currency") <= codes("currencies")
    documents = codes("documents")
    for row in rows("document_requirements"):
        assert set(row["documents"].split("|")) | set(filter(None, row["waivers"].split("|"))) <= documents, row
        assert row["agency"] in codes("agencies"), row
    for row in rows("reliefs"):
        assert set(filter(None, row["tax_type"].split("|"))) <= column("tax_types", "tax_type"), row
        assert row["additional_procedure"] in codes("additional_procedures") | {""}, row
        assert any(p.startswith(row["procedure"].rstrip("*")) for p in column("procedures", "procedure")), row
    assert column("coded_elements", "list") <= {name.removeprefix("code_lists/") for name in LISTS}
    units = column("units", "unit")
    assert column("units", "base_unit") <= units
    assert column("nomenclature", "unit") - {""} <= units
    assert column("authorisations", "category") <= codes("authorisation_kinds")


def test_parties_that_other_tables_name_exist() -> None:
    parties = column("parties", "identifier")
    for table, names in (("authorisations", ("holder",)), ("accounts", ("holder",))):
        for name in names:
            assert column(table, name) <= parties, table
    for row in rows("representations"):
        assert {row["principal"], row["agent"]} <= parties, row
        assert row["kind"] in ("direct", "indirect"), row
    expired = [row for row in rows("representations") if row["valid_to"]]
    assert expired, "one representation has ended, to show the fault"
    assert all(re.fullmatch(r"XB[0-9]{8}", p) for p in parties)


@pytest.mark.parametrize(
    ("table", "name", "columns"),
    [
        ("tax_types", "tax_types", "tax_type"),
        ("payment_methods", "payment_methods", "code"),
        ("charge_types", "charge_types", "type"),
        ("incoterms", "incoterms", "incoterm"),
        ("procedures", "procedures", "procedure"),
        ("units", "units", "unit"),
        ("offices", "offices", "office"),
    ],
)
def test_code_lists_that_mirror_a_table_hold_the_same(table: str, name: str, columns: str) -> None:
    assert column(table, columns) == codes(name)


def test_exit_offices_are_the_offices_of_exit() -> None:
    assert codes("exit_offices") == {row["office"] for row in rows("offices") if "exit" in row["kinds"].split("|")}


def test_goods_locations_belong_to_one_office() -> None:
    places = [place for row in rows("offices") for place in row["locations"].split("|") if place]
    assert len(places) == len(set(places))


def test_data_sets_are_those_of_the_issue_and_types_are_known() -> None:
    sets = rows("data_sets")
    assert {row["data_set"] for row in sets} >= {"H1", "H7", "B1", "C21", "I1", "COR", "INV", "GPR"}
    types = codes("type_codes")
    for row in sets:
        assert set(row["type_codes"].split("|")) <= types, row
    known = {row["data_set"] for row in sets}
    for row in rows("obligations"):
        assert set(row["data_set"].split("|")) <= known, row
        assert row["obligation"] in ("M", "C", "N", "O"), row
        assert bool(row["condition"]) or row["obligation"] != "C", row
    assert column("type_codes", "becomes") - {""} <= types


def test_elements_are_paths_of_the_data_model() -> None:
    known = set(paths())
    for table in ("obligations", "formats", "coded_elements"):
        for row in rows(table):
            for element in row["element"].split("|"):
                assert element.startswith("@") or element in known, (table, element)
    for row in rows("obligations"):
        for term in filter(None, row["condition"].split(" & ")):
            name = re.split(r"!?=", term.removeprefix("!"))[0]
            assert name.startswith("@") or name in known, (name, row)


def test_error_codes_say_their_layer() -> None:
    wanted = {
        "obligations": "1", "formats": "2", "coded_elements": "2", "relations": "34567", "document_requirements": "5",
        "additional_code_requirements": "5",
    }  # fmt: skip
    for table, layers in wanted.items():
        for row in rows(table):
            assert re.fullmatch(rf"XB-[{layers}][0-9]{{3}}", row["error_code"]), (table, row)
            assert len(row["error_code"]) <= 8  # the reply's ValidationCode is an..8


FORMS = {
    "ad valorem": r"[0-9.]+%",
    "specific": r"[0-9.]+ XBM / TNE",
    "compound": r"[0-9.]+% \+ [0-9.]+ XBM / 100 KG",
    "minimum": r"[0-9.]+% MIN [0-9.]+ XBM / NPR",
    "maximum": r".*% \+ .* MAX [0-9.]+%",
    "compound maximum": r"[0-9.]+% \+ [0-9.]+ XBM / 100 KG MAX [0-9.]+% \+ [0-9.]+ XBM / 100 KG",
    "minimum and maximum": r"[0-9.]+% MIN .* MAX .*",
    "none": r"NIHIL",
    "per 100 kilograms": r"[0-9.]+ XBM / 100 KG",
    "per litre of pure alcohol": r"[0-9.]+ XBM / LPA",
    "retail price with a minimum": r"[0-9.]+% of retail price .*MIN .*",
    "per hectolitre": r"[0-9.]+ XBM / HLT",
    "per piece within bounds": r"[0-9.]+ XBM / NAR MIN [0-9.]+% MAX [0-9.]+ XBM / NAR",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_duty_form_occurs(form: str) -> None:
    assert any(re.fullmatch(FORMS[form], row["duty"]) for row in MEASURES), form


def test_every_kind_of_measure_occurs() -> None:
    assert len(MEASURES) >= 300
    assert any("|" in row["additional_code"] for row in MEASURES), "additional codes in pairs"
    assert any(row["tax_type"] == "D30" and row["origin"] and row["additional_code"] for row in MEASURES)
    assert any(row["preference"] and row["origin"] for row in MEASURES), "preference by origin"
    assert any(row["order_number"] for row in MEASURES), "quota"
    assert {"0%", "8%", "20%"} <= {row["duty"] for row in MEASURES if row["tax_type"] == "V10"}
    seasons = {(r["valid_from"][5:], r["valid_to"][5:]) for r in MEASURES if r["goods_code"] == "07020000"}
    assert ("06-01", "09-30") in seasons
    ends = {
        (row["goods_code"], row["tax_type"], str(date.fromisoformat(row["valid_to"]) + timedelta(days=1)))
        for row in MEASURES
        if row["valid_to"]
    }
    assert ends & {(row["goods_code"], row["tax_type"], row["valid_from"]) for row in MEASURES}, "a successor on a day"


@pytest.mark.parametrize("day", ["2025-01-01", "2026-11-21", "2030-07-15", "2035-12-31"])
def test_every_goods_code_has_one_general_duty_on_any_day(day: str) -> None:
    found: Counter[str] = Counter()
    for row in MEASURES:
        plain = not (row["additional_code"] or row["origin"] or row["preference"] or row["order_number"])
        if row["tax_type"] == "D10" and plain and row["valid_from"] <= day <= (row["valid_to"] or "9999"):
            found[row["goods_code"]] += 1
    for row in GOODS:
        if row["valid_from"] <= day <= (row["valid_to"] or "9999"):
            assert found[row["goods_code"]] == 1, (row["goods_code"], day, found[row["goods_code"]])


def test_measures_hang_on_goods_codes() -> None:
    known = column("nomenclature", "goods_code")
    for row in MEASURES:
        assert any(code.startswith(row["goods_code"]) for code in known), row
    for table in ("document_requirements", "additional_code_requirements", "risk_criteria"):
        for row in rows(table):
            prefix = row.get("goods_code", row.get("goods_prefix", ""))
            assert any(code.startswith(prefix) for code in known), (table, prefix)


def test_rates_of_exchange_are_positive_and_without_a_gap() -> None:
    by_currency: dict[str, list[Row]] = {}
    for row in rows("exchange_rates"):
        assert Decimal(row["rate"]) > 0
        by_currency.setdefault(row["currency"], []).append(row)
    for spans in by_currency.values():
        assert spans[-1]["valid_to"] == ""
        for a, b in itertools.pairwise(spans):
            assert date.fromisoformat(a["valid_to"]) + timedelta(days=1) == date.fromisoformat(b["valid_from"])
    assert "XBM" not in by_currency


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-zàâçéèêëîïôûùœ]{4,}", text.lower()))


def test_what_officers_read_resembles_nothing_that_traders_read() -> None:
    trader: list[set[str]] = []
    for table in TABLES:
        if table == "risk_criteria":
            continue
        for row in rows(table):
            trader += [_words(row[n]) for n in row if n.startswith(("hint_", "title_", "name_", "description_"))]
    for row in rows("risk_criteria"):
        assert Decimal(row["share"]) > 0
        for name in ("reason_en", "reason_fr", "instructions_en", "instructions_fr"):
            said = _words(row[name])
            assert len(said) >= 3, row
            for other in trader:
                assert len(said & other) < max(3, len(said) * 0.6), (row[name], other)


def test_risk_criteria_use_every_channel_and_shares() -> None:
    criteria = rows("risk_criteria")
    assert {row["channel"] for row in criteria} == {"blue", "yellow", "red"}
    assert any(Decimal(row["share"]) < 1 for row in criteria)
    for name in ("goods_prefix", "origin", "importer", "value_min_minor", "value_max_minor"):
        assert any(row[name] for row in criteria), name
