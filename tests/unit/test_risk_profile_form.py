# SPDX-License-Identifier: Apache-2.0
"""The editor of profiles: rows and SQL say the same, all faults stand at their fields, proposals alone are kept."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from risk_desk_world import DeskWorld
from test_risk_desk import PROFILES, send, token_of

from openecp.bootstrap_risk_desk import csv_items
from openecp.border.risk.profiles.columns import COLUMNS
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.terms import names_in, told
from openecp.platform.cli.risk_profiles import history_test
from openecp.platform.console.amounts import number_of
from openecp.platform.console.language import load_languages
from openecp.platform.console.risk.condition_words import COLUMN_WORDS, GROUP_WORDS, Said, said
from openecp.platform.console.risk.predicate_rows import (
    Money,
    PredicateGroup,
    PredicateRow,
    PredicateRows,
    condition_of,
    flat,
    row_faults,
    rows_of,
    sql_text,
)
from openecp.platform.console.risk.profile_draft import ProfileDraft, checked, draft_of, empty_draft
from openecp.platform.engines.risk_files import RiskFileFault

EURO, COMMA = Money("EUR", 2), Money("EUR", 2, comma=True)
NEW = f"{PROFILES}/new"
AS_ROWS = (
    "goods_code LIKE '64%' AND origin IN ('QP', 'QT') AND value_minor < 150050",
    "(goods_code LIKE '64%' OR goods_code LIKE '65%') AND (origin = 'QP' OR value_minor < 100 OR p_e6 >= 500000)",
    "(goods_code LIKE '64%' AND origin = 'QP') OR (importer = 'X' AND net_kg < 1.5) OR mode = '1'",
    "NOT (description LIKE '%a%' OR description LIKE '%b%')",
    "value_minor BETWEEN 100 AND 200 AND origin = '' AND importer <> ''",
    "procedure = '4000' AND movement NOT IN ('export', 'transit')",
    "ends_with(goods_code, '00') AND NOT starts_with(importer, 'XB') AND list_hits <> 0",
)
NOT_AS_ROWS = (
    "value_minor / net_kg < 1500",
    "lower(importer) = 'x'",
    "origin = export_country",
    "origin = 'QP' AND (mode = '1' OR (importer = '' AND net_kg > 1))",
    "p_e6 IN (1, 2)",
)


@pytest.fixture(scope="module")
def world() -> DeskWorld:
    """The desk."""
    return DeskWorld(models=False)


@pytest.mark.parametrize("text", AS_ROWS)
@pytest.mark.parametrize("money", [EURO, COMMA], ids=["point", "comma"])
def test_rows_and_sql_say_the_same(text: str, money: Money) -> None:
    condition = read_predicate(text)
    rows = rows_of(condition, money)
    assert rows is not None
    again = read_predicate(sql_text(condition_of(rows, money)))
    assert sorted(names_in(again)) == sorted(names_in(condition))
    assert rows_of(again, money) == rows
    assert row_faults(rows, money) == {}


@pytest.mark.parametrize("text", NOT_AS_ROWS)
def test_what_has_no_rows_stays_sql(text: str) -> None:
    assert rows_of(read_predicate(text), EURO) is None


def test_amounts_and_shares_as_people_write_them() -> None:
    cases = (("value_minor", "1,500.50", "150050"), ("value_minor", "1 500.50 EUR", "150050"),
             ("p_e6", "12.5 %", "125000"),
             ("net_kg", "0,5", "0.5"), ("value_minor", "1,500", "150000"))  # fmt: skip
    for column, value, wanted in cases:
        assert told(condition_of(_one(column, "lt", value), EURO)) == f"{column} < {wanted}"
    assert told(condition_of(_one("value_minor", "lt", "1.500,50"), COMMA)) == "value_minor < 150050"
    assert number_of("1,500", comma=True) == Decimal("1.500")
    assert [number_of(text, comma=False) for text in ("", "x", "1.2.3", "1e5", "٣", "--1")] == [None] * 6
    for row, field in ((_row("", "lt", "1"), "column"), (_row("origin", "lt", "1"), "operator"),
                       (_row("net_kg", "lt", "much"), "value"), (_row("origin", "is", ""), "value")):  # fmt: skip
        found = row_faults(PredicateRows("all", (PredicateGroup("all", (row,)),)), EURO)[0, 0]
        assert found.where == field
        assert found.expected
        assert found.fix


def _row(column: str, operator: str, value: str) -> PredicateRow:
    return PredicateRow(column, operator, value)


def _one(column: str, operator: str, value: str) -> PredicateRows:
    return PredicateRows("all", (PredicateGroup("all", (_row(column, operator, value),)),))


def test_every_column_has_words() -> None:
    assert set(COLUMNS) <= set(COLUMN_WORDS)
    assert {column.group for column in COLUMNS.values()} <= set(GROUP_WORDS)
    english, french = load_languages()["en"], load_languages()["fr"]
    condition = read_predicate(f"{AS_ROWS[1]} AND value_minor / net_kg < 20")
    words = _texts(said(condition, english, EURO))
    assert "commodity code begins with “64” or “65”" in words
    assert "Customs value of the item is below 1.00\u00a0EUR" in words
    assert "probability of an irregularity is at least 50\u00a0%" in words
    assert "(value_minor / net_kg) < 20" in words
    assert "valeur en douane de l’article est en dessous de 1,00\u00a0EUR" in _texts(said(condition, french, COMMA))
    assert flat(read_predicate("(origin = 'A' AND (mode = '1' AND net_kg > 1))")).parts[2:]  # type: ignore[union-attr]


def _texts(one: Said) -> list[str]:
    return [one.text or one.code, *(text for part in one.parts for text in _texts(part))]


def test_all_faults_of_all_fields_in_one_pass() -> None:
    today = date(2026, 11, 20)
    texts = {"id": "x", "name": "", "purpose": "a", "legal_basis": "", "valid_from": "soon", "expires_on": "2020-01-01",
             "lane": "green", "priority": "0", "percentage": "many", "instructions": ""}  # fmt: skip
    found = checked(ProfileDraft(texts=texts, rows=_one("net_kg", "lt", "much")), EURO, today, [])
    assert found.profile is None
    assert set(found.faults) == {*texts}
    assert set(found.rows) == {(0, 0)}
    assert all(fault.expected and fault.fix for fault in found.faults.values())
    empty = checked(empty_draft(today), EURO, today, [])
    assert set(empty.faults) == {"id", "name", "purpose", "legal_basis", "instructions", "predicate"}
    for sql, wanted in (("", "nothing"), ("origin = 1", "number"), ("SELECT 1", "")):
        told_fault = checked(ProfileDraft(texts=texts, sql=sql, mode="sql"), EURO, today, []).faults["predicate"]
        assert wanted in told_fault.got + told_fault.expected


def test_a_profile_is_written_without_sql(world: DeskWorld) -> None:
    bea = world.client("bea")
    start = bea.get(NEW).text
    assert "goods_code" in start  # as a value of the list of columns
    assert "<textarea" in start
    fields: dict[str, Any] = {"join": "all", "join-0": "all", "col-0-0": "goods_code", "op-0-0": "begins",
                              "val-0-0": "64; 65", "mode": "rows"}  # fmt: skip
    more = send(bea, NEW, do="add-row-0", **fields).text
    assert 'name="col-0-1"' in more
    grouped = send(bea, NEW, do="add-group", **fields).text
    assert 'id="join-1-any" name="join-1" value="any" checked' in grouped
    less = send(bea, NEW, do="drop-0-0", **fields, **{"col-0-1": "origin", "op-0-1": "is", "val-0-1": "QP"}).text
    assert 'name="col-0-1"' not in less
    assert 'value="QP"' in less
    live = send(bea, NEW, **fields).text  # as the script asks while one types
    assert "commodity code begins with “64” or “65”" in unescape(live)
    assert "starts_with(goods_code, &#39;64&#39;) OR" in live
    assert "2 rows of criteria" in live
    as_sql = send(bea, NEW, do="to-sql", **fields).text
    assert 'name="sql"' in as_sql
    text = {"mode": "sql", "sql": "origin = 'QP' AND net_kg > 5"}
    assert 'value="QP"' in send(bea, NEW, do="to-rows", **text).text
    stuck = send(bea, NEW, do="to-rows", **{**text, "sql": "value_minor / net_kg < 2"}).text
    assert "no form as rows" in stuck
    before = world.store.size()
    wrong = send(
        bea, NEW, do="propose", **fields, id="shoes", name="Shoes", expires_on="2020-01-01", valid_from="2020-01-01"
    )
    assert wrong.status_code == 422
    for field in ("expires_on", "purpose", "legal_basis", "instructions"):
        assert f'id="f-{field}-error"' in wrong.text, field
    assert 'value="SHOES"' in wrong.text
    assert "a day from 2026-11-20 on" in wrong.text
    assert world.store.size() == before
    good = {**fields, "id": "shoes", "name": "Shoes", "purpose": "Cheap ones", "legal_basis": "Act 1", "lane": "red",
            "instructions": "Weigh.", "valid_from": "2026-01-01", "expires_on": "2027-01-01", "priority": "50",
            "percentage": "12,5"}  # fmt: skip
    done = send(bea, NEW, do="propose", **good)
    assert done.status_code == 303
    state = world.desk.profile("SHOES")
    assert state is not None
    assert state[0].waiting is not None
    written = state[0].waiting.profile
    assert (written.percentage, written.predicate) == (
        Decimal("12.5"), "starts_with(goods_code, '64') OR starts_with(goods_code, '65')",
    )  # fmt: skip
    assert draft_of(written, EURO).rows.groups[0].rows == (PredicateRow("goods_code", "begins", "64; 65"),)
    assert send(bea, NEW, do="propose", **good).status_code == 409  # the id is taken
    assert send(bea, f"{PROFILES}/SHOES/edit", do="propose", **good).status_code == 303
    tried = send(bea, f"{PROFILES}/SHOES/edit", do="try", **{**good, "percentage": "7"})
    assert "Go on with the draft" in bea.get(tried.headers["location"]).text
    key = tried.headers["location"].rpartition("/")[2]
    assert 'name="percentage" value="7"' in bea.get(f"{PROFILES}/SHOES/edit?of={key}").text


def test_a_form_of_others_is_refused(world: DeskWorld) -> None:
    bea = world.client("bea")
    assert bea.post(NEW, data={"do": "propose", "form_token": "x"}).status_code == 403
    token = token_of(bea.get(NEW).text)
    head = {"sec-fetch-site": "cross-site"}
    assert bea.post(NEW, data={"do": "propose", "form_token": token}, headers=head).status_code == 403
    assert bea.get(f"{PROFILES}/NOBODY/edit").status_code == 404
    wild = {f"col-{g}-{r}": "origin" for g in range(30) for r in range(40)}
    assert len(re.findall('name="col-', send(bea, NEW, **wild).text)) == 8 * 20


def test_a_csv_file_is_history(world: DeskWorld, tmp_path: Path) -> None:
    """Types are those of the documented columns; what is wrong says where, expected, got, fix."""
    state = read_predicate("origin = 'QP' AND value_minor < 5000")
    source, parquet = tmp_path / "history.csv", tmp_path / "history.parquet"
    source.write_text("origin,value_minor,irregular,office,mine\nQP,100,yes,A,x\nQP,9000,,A,\nQP,70,0,B,\nQT,1,1,B,\n")
    csv_items(source, parquet)
    profile = world.desk.profile("FOOT-01")[0].current.profile  # type: ignore[index, union-attr]
    found = history_test(msgspec.structs.replace(profile, predicate=told(state)), (str(parquet),), ())
    assert (found.items, found.hits, found.known, found.irregular, found.known_all) == (4, 2, 2, 1, 3)
    for text in ("what\n1\n", "", "origin,value_minor\nQP,many\n"):
        source.write_text(text)
        with pytest.raises(RiskFileFault) as fault:
            csv_items(source, parquet)
        assert fault.value.expected
        assert fault.value.fix
