# SPDX-License-Identifier: Apache-2.0
"""Goal: active risk profiles select alike online and in batch. Method: the same declarations through both."""

from __future__ import annotations

from datetime import date
from pathlib import Path

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
)


@pytest.mark.slow
def test_profiles_select_alike(tmp_path: Path) -> None:
    base = load_profile("demo")
    rows = []
    for number, predicate in enumerate(PREDICATES, start=1):
        profile = profile_from({
            "id": f"PAR-{number}", "name": "parity", "purpose": "parity", "legal_basis": "parity", "lane": "yellow",
            "valid_from": "2026-01-01", "expires_on": "2026-12-31", "instructions": "none", "predicate": predicate,
            "percentage": 60,
        }, where="test")  # fmt: skip
        rows += criteria_rows(profile, number, check_profile(profile, today=date(2026, 3, 2)), owner="test")
    profile_rows = base.with_rows("risk_criteria", rows)
    measures = list(load_measures((base.folder / "measures.csv").read_bytes(), "measures.csv", base))
    traffic = Traffic(base, measures, seed=6, faults=0.05)
    declarations = [traffic.declaration(number) for number in range(150)]
    online = Assessor(profile_rows, DuckEngine(), measures).assess(declarations, DAY)
    batch = BatchAssessor(profile_rows, DuckBatchEngine(threads=1), measures)
    batch.assess_files(write_inputs(batch, declarations, tmp_path), tmp_path / "answers.parquet")
    found: list[set[str]] = [set() for _ in declarations]
    table: pa.Table = pq.read_table(tmp_path / "answers.parquet")
    for row in table.to_pylist():
        refs = [reason["ref"] for reason in row["officer_reasons"] or ()]
        assert len(refs) == len(set(refs)), "alternatives of one profile are told once"
        found[row["declaration_no"]] |= set(refs)
    wanted = [{r.rule for r in one.reasons if r.layer == "risk" and r.code != "RANDOM"} for one in online]
    assert found == wanted
    assert {rule for each in wanted for rule in each} >= {f"risk.PAR-{n}.{n}" for n in range(1, len(PREDICATES) + 1)}
