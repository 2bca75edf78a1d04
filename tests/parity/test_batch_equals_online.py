# SPDX-License-Identifier: Apache-2.0
"""Goal: a batch from Parquet answers what the online path answers. Method: the same declarations through both."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.oracle.traffic import Traffic

from openecp.border.batch import OUTSIDE_COLUMNS, BatchAssessor, BatchFiles
from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.reference import load_measures
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import load_profile
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.duck_batch import DuckBatchEngine

DAY = date(2026, 3, 2)
STEPS_LAYERS = {"obligation", "code_list", "relation", "tariff", "valuation", "revenue"}


def write_inputs(assessor: Assessor, declarations: list[Declaration], folder: Path) -> BatchFiles:
    """Write the item rows of declarations as a batch reads them."""
    engine = DuckEngine()
    rows, _ = assessor.rows(declarations, DAY)
    files: dict[str, list[Path]] = {"items": [], "charges": [], "overrides": []}
    for name, schema, given in inputs_of(rows):
        if given:
            path = folder / f"{name}.parquet"
            engine.connection.register("given", engine.arrow(schema, given))
            engine.connection.execute(f"COPY (SELECT * FROM given) TO '{path}' (FORMAT parquet)")
            files[name].append(path)
    return BatchFiles(files["items"], files["charges"], files["overrides"])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Assessment], list[list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("batch")
    profile = load_profile("demo")
    measures = list(load_measures((profile.folder / "measures.csv").read_bytes(), "measures.csv", profile))
    traffic = Traffic(profile, measures, seed=5, faults=0.15)
    declarations = [traffic.declaration(number) for number in range(400)]
    online = Assessor(profile, DuckEngine(), measures).assess(declarations, DAY)
    batch = BatchAssessor(profile, DuckBatchEngine(threads=1), measures)
    files = write_inputs(batch, declarations, folder)
    outside = [
        (number, reason.code, reason.severity == "reject")
        for number, answer in enumerate(online)
        for reason in answer.reasons
        if reason.layer == "authority"
    ]
    engine = DuckEngine()
    pq.write_table(engine.arrow(OUTSIDE_COLUMNS, outside), folder / "outside.parquet")
    files = files._replace(outside_faults=[folder / "outside.parquet"])
    count = batch.assess_files(files, folder / "answers.parquet")
    answers: list[list[dict[str, Any]]] = [[] for _ in declarations]
    table: pa.Table = pq.read_table(folder / "answers.parquet")
    assert table.num_rows == count
    for row in sorted(table.to_pylist(), key=lambda r: r["row_id"]):
        answers[row["declaration_no"]].append(row)
    return online, answers


def test_every_item_is_answered_once(both: Any) -> None:
    online, answers = both
    assert all(len({row["row_id"] for row in rows}) == len(rows) for rows in answers)
    assert all(rows for rows in answers)
    assert len(online) == len(answers)


def test_outcome_and_channel(both: Any) -> None:
    online, answers = both
    for one, rows in zip(online, answers, strict=True):
        assert {row["outcome"] for row in rows} == {one.outcome}
        assert {row["channel"] for row in rows} == {one.channel}
    assert len({one.channel for one in online}) == 5, "traffic reaches every channel"


def test_values(both: Any) -> None:
    online, answers = both
    for one, rows in zip(online, answers, strict=True):
        wanted = [(v.item, v.customs_value_minor, v.statistical_value_minor) for v in one.values]
        got = [(r["item"], r["customs_value_minor"], r["statistical_value_minor"]) for r in rows if r["item"]]
        assert got == wanted


def test_taxes(both: Any) -> None:
    online, answers = both
    lines = 0
    for one, rows in zip(online, answers, strict=True):
        wanted = [
            (t.item, t.type, t.base_minor, t.assessed_minor, t.payable_minor) for t in one.taxes if t.duty is not None
        ]
        got = [
            (row["item"], line["type"], line["base"], line["assessed"], line["payable"])
            for row in rows
            for line in row["taxes"] or ()
        ]
        assert sorted(got, key=repr) == sorted(wanted, key=repr)
        lines += len(got)
    assert lines > 500


def test_reasons(both: Any) -> None:
    online, answers = both
    kinds: Counter[str] = Counter()
    for one, rows in zip(online, answers, strict=True):
        wanted = {r.code for r in one.reasons if r.layer in STEPS_LAYERS and r.severity in ("reject", "warn")}
        got = {reason["code"] for row in rows for reason in row["reasons"] or ()}
        assert got == wanted
        officer = {r.code for r in one.reasons if r.audience == "officer" and r.code != "RANDOM"}
        assert {reason["code"] for row in rows for reason in row["officer_reasons"] or ()} == officer
        assert any(row["at_random"] for row in rows) == any(r.code == "RANDOM" for r in one.reasons)
        kinds.update(reason["kind"] for row in rows for reason in (row["reasons"] or ()))
    assert set(kinds) >= {"obligation", "code_list", "tariff", "requirement", "quantity"}
