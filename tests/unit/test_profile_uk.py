# SPDX-License-Identifier: Apache-2.0
"""The tables of profile uk-trade-test hold together: every path, list, data set and tax type that they name exists."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from openecp.border.lodgement.data_sets import DataSets
from openecp.border.lodgement.obligations import compile_obligations
from openecp.border.revenue.payment import payment_settler
from openecp.border.revenue.reference import Regimes, reliefs, tax_types
from openecp.border.risk.reference import risk_criteria
from openecp.border.valuation.reference import charge_types, exchange_rates
from openecp.kernel.datamodel.elements import paths
from openecp.kernel.profile import Profile, load_profile

PSEUDO = {
    *("@procedure", "@additional", "@type", "@document", "@statement", "@preference", "@origin", "@origin_type"),
    *("@incoterm", "@mode", "@valuation_method", "@authorisation", "@payment_method", "@party_identifier"),
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("uk-trade-test")


def rows(profile: Profile, table: str) -> list[dict[str, str]]:
    return profile.table(table)


def split(text: str) -> list[str]:
    return [part for part in text.split("|") if part]


@pytest.mark.parametrize("table", ["obligations", "formats", "coded_elements"])
def test_every_element_exists_in_the_data_model(profile: Profile, table: str) -> None:
    known = paths()
    unknown = [
        element
        for row in rows(profile, table)
        for element in split(row["element"])
        if element not in known and element not in PSEUDO
    ]
    assert unknown == []


def test_conditions_name_elements_that_exist(profile: Profile) -> None:
    known = paths()
    for row in rows(profile, "obligations"):
        for term in filter(None, (part.strip() for part in row["condition"].split("&"))):
            element = re.split(r"!?=", term.lstrip("!"))[0]
            assert element in known or element in PSEUDO, (row, element)


def test_data_sets_that_obligations_name_are_defined(profile: Profile) -> None:
    defined = {row["data_set"] for row in rows(profile, "data_sets")}
    named = {name for row in rows(profile, "obligations") for name in split(row["data_set"])}
    assert named <= defined
    assert {row["function_code"] for row in rows(profile, "data_sets")} == {"9", "13"}


def test_coded_elements_have_their_lists(profile: Profile) -> None:
    for row in rows(profile, "coded_elements"):
        codes = [entry["code"] for entry in profile.code_lists[row["list"]]]
        assert codes, row["list"]
        assert len(codes) == len(set(codes)), row["list"]


def test_error_codes_are_of_the_administration_or_none(profile: Profile) -> None:
    for table in ("obligations", "formats", "coded_elements", "relations"):
        for row in rows(profile, table):
            documentation = table == "obligations" and row["obligation"] == "O"
            assert re.fullmatch(r"CDS\d{5}|OECP-[A-Z]{1,3}", row["error_code"]) or documentation, row


def test_mandatory_elements_tell_what_to_do_in_both_languages(profile: Profile) -> None:
    for row in rows(profile, "obligations"):
        assert all((row["hint_en"], row["hint_fr"])), row


def test_the_tables_compile(profile: Profile) -> None:
    data_sets = DataSets(profile)
    assert compile_obligations(profile, data_sets.names).table
    types = tax_types(profile)
    assert reliefs(profile, types)
    assert charge_types(profile)
    assert exchange_rates(profile)
    assert risk_criteria(profile)
    payment_settler(profile)


def test_reliefs_name_known_tax_types(profile: Profile) -> None:
    types = tax_types(profile)
    for row in rows(profile, "reliefs"):
        assert row["tax_type"] == "" or row["tax_type"] in types
        assert row["show"] in ("deduct", "zero", "keep")


@pytest.mark.parametrize(
    ("statements", "regime"),
    [
        ([], "UK"),
        (["NIIMP"], "EU"),
        (["NIDOM"], "EU"),
        (["NIIMP", "NIREM"], "UK"),
        (["NIDOM", "NIREM", "00500"], "UK"),
        (["NIIMP", "NIREM", "NIAID"], "EU"),
        (["NIIMP", "NIQUO"], "UK"),
    ],
)
def test_statements_choose_the_tariff(profile: Profile, statements: list[str], regime: str) -> None:
    assert Regimes(profile)(statements) == regime


@pytest.mark.parametrize(
    ("type_code", "procedure", "additional", "data_set"),
    [
        ("IMA", "4000", ("000",), "H1"),
        ("IMZ", "4071", ("000",), "H1"),
        ("IMZ", "4071", ("1RD",), "H8"),
        ("IMD", "7122", ("B02",), "H2"),
        ("IMA", "5300", ("D12",), "H3"),
        ("IMA", "5100", ("000",), "H4"),
        ("COA", "4000", ("F15",), "H5"),
        ("IMD", "4000", ("1H7", "C07"), "H7"),
        ("IMC", "4421", ("000",), "I1CF"),
        ("IME", "4000", ("1PF",), "I1BE"),
        ("IMK", "4000", ("000",), "C21"),
        ("EXK", "0015", ("13C",), "C21"),
        ("IMQ", "0090", ("97F",), "FSD"),
        ("EXD", "1040", ("000",), "B1"),
        ("EXZ", "3171", ("000",), "B1"),
        ("EXA", "2100", ("1CS",), "B2"),
        ("COD", "1040", ("F75",), "B4"),
        ("EXF", "1040", ("000",), "C1"),
        ("IMZ", "9971", ("000",), None),
    ],
)
def test_the_data_set_is_derived(
    profile: Profile, type_code: str, procedure: str, additional: tuple[str, ...], data_set: str | None
) -> None:
    assert DataSets(profile).derive("9", type_code, procedure, additional)[0] == data_set


def test_exit_offices_have_the_form_of_the_list_or_a_range(profile: Profile) -> None:
    for entry in profile.code_lists["exit_offices"]:
        assert re.fullmatch(r"(GB|XI)\d{6}|(GB00\d|XI00)\*|[A-Z]{2}\*", entry["code"]), entry
    codes = {entry["code"] for entry in profile.code_lists["exit_offices"]}
    assert "GB999999" not in codes
    assert "GB*" not in codes


def test_dates_can_be_read(profile: Profile) -> None:
    for path in profile.folder.rglob("*.csv"):
        name = str(path.relative_to(profile.folder)).removesuffix(".csv")
        table = profile.code_lists[path.stem] if name.startswith("code_lists/") else profile.table(name)
        for row in table:
            for column in ("valid_from", "valid_to"):
                if row.get(column):
                    date.fromisoformat(row[column])


def test_law_of_the_tables_names_its_source(profile: Profile) -> None:
    for table in ("obligations", "formats", "coded_elements", "relations", "reliefs", "tax_types", "data_sets"):
        for row in rows(profile, table):
            documentation = table == "obligations" and row["obligation"] == "O"
            assert row["source"] or documentation, (table, row)


def test_every_table_is_described(profile: Profile) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
    for path in profile.folder.glob("*.csv"):
        assert f"`{path.name}`" in text, path.name
    for section in profile.settings:
        assert section in text, section
