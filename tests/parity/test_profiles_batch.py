# SPDX-License-Identifier: Apache-2.0
"""Goal: active risk profiles select alike online and in batch. Method: the same declarations through both."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.oracle.traffic import Traffic
from tests.parity.test_batch_equals_online import DAY, write_inputs

from openecp.border.batch import BatchAssessor
from openecp.border.pipeline import Assessor
from openecp.border.risk.profiles.checking import check_profile, criteria_rows
from openecp.border.risk.profiles.profile import profile_from
from openecp.border.tariff.reference import load_measures
from openecp.kernel.assessment.sight import SIGHT_COLUMNS, SightRow
from openecp.kernel.profile import load_profile
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.duck_batch import DuckBatchEngine

PREDICATES = (
    "goods_code LIKE '6%' AND origin IN ('QP', 'QT', 'QS')",
    "value_minor > 100000 AND procedure = '4000'",
    "value_minor / net_kg > 500 AND goods_code LIKE '8%'",
    "description <> '' AND NOT description LIKE '%zz%' AND origin <> 'ZZ' AND goods_code > '3'",
    "ends_with(importer, '1') OR NOT declarant LIKE '%0%'",
    "origin = export_country OR net_kg BETWEEN 5 AND 50",
    "(origin = 'QP' OR mode = '4') AND (value_minor < 50000 OR net_kg > 100)",
    "length(importer) > 3 AND value_minor * 2 > net_kg AND mode <> '1'",
    "p_e6 > 500000 AND goods_code < '5'",
    "list_hits > 0 AND office <> '' OR novelty >= 4 AND office = ''",
    "office IN ('XB000401', 'XB000001') AND importer_days < 5 AND value_minor > 1000",
    "stake_minor / greatest(value_minor, 1) > 2 OR price_to_reference_e6 BETWEEN 1 AND 300000",
)
FIGURES = (0, 1, 3, 5, 7_000, 250_000, 900_000)


class Drawn:
    """What is known of items is drawn at random, the same each time; the rows are kept."""

    def __init__(self) -> None:
        self.rows: list[SightRow] = []

    def look(self, declarations: Any, values: Any) -> list[list[SightRow]]:
        draws = random.Random(3)
        found = [[SightRow(*(draws.choice(FIGURES) for _ in SIGHT_COLUMNS)) for _ in own] for own in values]
        self.rows = [row for own in found for row in own]
        return found

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        return {}


def with_sight(items: Path, rows: list[SightRow], *, office: bool) -> None:
    """Fill the columns of what is known in a file of items; without `office` the file has no such column."""
    table: pa.Table = pq.read_table(items)
    order = table.column("row_id").to_pylist()
    for place, (name, _) in enumerate(SIGHT_COLUMNS):
        cells = pa.array([rows[row_id][place] for row_id in order], pa.int64())
        table = table.set_column(table.schema.get_field_index(name), name, cells)
    pq.write_table(table if office else table.drop_columns(["office"]), items)


def profiles(predicates: tuple[str, ...]) -> list[dict[str, str]]:
    rows = []
    for number, predicate in enumerate(predicates, start=1):
        profile = profile_from({
            "id": f"PAR-{number}", "name": "parity", "purpose": "parity", "legal_basis": "parity", "lane": "yellow",
            "valid_from": "2026-01-01", "expires_on": "2026-12-31", "instructions": "none", "predicate": predicate,
            "percentage": 60,
        }, where="test")  # fmt: skip
        rows += criteria_rows(profile, number, check_profile(profile, today=date(2026, 3, 2)), owner="test")
    return rows


@pytest.mark.slow
def test_profiles_select_alike(tmp_path: Path) -> None:
    base = load_profile("demo")
    profile_rows = base.with_rows("risk_criteria", profiles(PREDICATES))
    measures = list(load_measures((base.folder / "measures.csv").read_bytes(), "measures.csv", base))
    traffic = Traffic(base, measures, seed=6, faults=0.05)
    declarations = [traffic.declaration(number) for number in range(150)]
    sight = Drawn()
    online = Assessor(profile_rows, DuckEngine(), measures, looks=sight).assess(declarations, DAY)
    batch = BatchAssessor(profile_rows, DuckBatchEngine(threads=1), measures)
    files = write_inputs(batch, declarations, tmp_path)
    with_sight(files.items[0], sight.rows, office=True)
    batch.assess_files(files, tmp_path / "answers.parquet")
    found: list[set[str]] = [set() for _ in declarations]
    table: pa.Table = pq.read_table(tmp_path / "answers.parquet")
    for row in table.to_pylist():
        refs = [reason["ref"] for reason in row["officer_reasons"] or ()]
        assert len(refs) == len(set(refs)), "alternatives of one profile are told once"
        found[row["declaration_no"]] |= set(refs)
    wanted = [{r.rule for r in one.reasons if r.layer == "risk" and r.code != "RANDOM"} for one in online]
    assert found == wanted
    assert {rule for each in wanted for rule in each} >= {f"risk.PAR-{n}.{n}" for n in range(1, len(PREDICATES) + 1)}


@pytest.mark.slow
def test_a_file_without_what_risk_knows_is_one_where_nothing_is_known(tmp_path: Path) -> None:
    base = load_profile("demo")
    rows = profiles(("office = '' AND p_e6 = 0", "list_hits > 0 OR office <> ''"))
    traffic = Traffic(base, [], seed=6, faults=0)
    declarations = [traffic.declaration(number) for number in range(20)]
    batch = BatchAssessor(base.with_rows("risk_criteria", rows), DuckBatchEngine(threads=1))
    files = write_inputs(batch, declarations, tmp_path)
    table: pa.Table = pq.read_table(files.items[0])
    pq.write_table(table.drop_columns(["office", *(name for name, _ in SIGHT_COLUMNS)]), files.items[0])
    count = batch.assess_files(files, tmp_path / "answers.parquet")
    told = pq.read_table(tmp_path / "answers.parquet").column("officer_reasons").to_pylist()
    refs = [{reason["ref"] for reason in reasons or ()} for reasons in told]
    assert len(refs) == count
    assert any("risk.PAR-1.1" in each for each in refs)
    assert not any("risk.PAR-2.2" in each for each in refs)
    unknown = pq.read_table(files.items[0]).append_column("office", pa.nulls(count, pa.string()))
    pq.write_table(unknown.append_column("p_e6", pa.nulls(count, pa.int64())), files.items[0])
    batch.assess_files(files, tmp_path / "again.parquet")
    again = pq.read_table(tmp_path / "again.parquet")
    assert again.sort_by("row_id") == pq.read_table(tmp_path / "answers.parquet").sort_by("row_id")
    wrong = unknown.append_column("p_e6", pa.array(["1"] * count))
    pq.write_table(wrong, files.items[0])
    with pytest.raises(ValueError, match=r"expected columns p_e6 BIGINT \(got VARCHAR\)"):
        batch.assess_files(files, tmp_path / "answers.parquet")
