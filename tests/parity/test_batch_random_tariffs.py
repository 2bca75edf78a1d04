# SPDX-License-Identifier: Apache-2.0
"""Goal: patterns, slots and 64-bit amounts change nothing. Method: random tariffs, amounts of every size, both ways."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.property.test_money import CODES, MODES, profile_with, rows_of, some_item, some_measure, steps_of

from openecp.border.batch import BatchAssessor, BatchFiles
from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.duck_batch import DuckBatchEngine

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save


def both_ways(seed: int, mode: str, folder: Path) -> int:
    """Assert that a batch and the online steps agree on items; return how many lines they agree on."""
    draw = random.Random(seed)
    profile = profile_with(
        mode, draw.choice(("CIF", "FOB")), complete=draw.random() < 0.5, positive=draw.random() < 0.3
    )
    measures = [some_measure(draw) for _ in range(draw.randrange(4, 14))]
    online = Assessor(profile, DuckEngine(), measures)
    items = [some_item(draw, CODES, ("A101", "A102")) for _ in range(400)]
    # Around the limits of the 64-bit form, and far beyond them.
    edges = (10**11 - 1, 10**11, 10**12 - 1, 10**12, 10**13 + 7, 10**14 + 3)
    items = [one._replace(price_e4=draw.choice(edges)) if draw.random() < 0.15 else one for one in items]
    values, lines = steps_of(online, items)
    engine = DuckBatchEngine(threads=1)
    batch = BatchAssessor(profile, engine, measures)
    files = {}
    for name, schema, given in inputs_of(rows_of(online, items)):
        files[name] = folder / f"{name}-{seed}.parquet"
        pq.write_table(engine.arrow(schema, given), files[name])
    out = folder / f"answers-{seed}.parquet"
    assert batch.assess_files(BatchFiles([files["items"]], [files["charges"]]), out) == len(items)
    agreed = 0
    for row in pq.read_table(out).to_pylist():
        number = row["row_id"]
        assert row["customs_value_minor"] == values[number][0]
        if row["outcome"] == "rejected":
            continue
        wanted = sorted((x.measure, x.amount, x.assessed, x.payable) for x in lines[number])
        got = [(x["measure"], x["amount"], x["assessed"], x["payable"]) for x in row["taxes"] or () if x["measure"] > 0]
        assert sorted(got) == wanted, items[number]
        if all(line["assessed"] is not None for line in row["taxes"] or ()):
            assert row["assessed_minor"] == (sum(x[2] or 0 for x in wanted) if row["taxes"] else None)
        else:
            assert row["assessed_minor"] is None, "a total with an open line would be wrong"
        agreed += len(wanted)
    return agreed


@pytest.mark.parametrize("mode", [MODES[0], *(pytest.param(mode, marks=pytest.mark.slow) for mode in MODES[1:])])
def test_a_batch_is_the_steps(mode: str, tmp_path: Path) -> None:
    assert both_ways(MODES.index(mode), mode, tmp_path) >= 0


@pytest.mark.slow
def test_many_batches_are_the_steps(tmp_path: Path) -> None:
    assert sum(both_ways(seed, MODES[seed % 4], tmp_path) for seed in range(100, 140)) > 2000


def test_a_batch_without_items_answers_none(tmp_path: Path) -> None:
    profile = profile_with("floor", "CIF")
    engine = DuckBatchEngine(threads=1)
    batch = BatchAssessor(profile, engine, [])
    for name, schema, _ in inputs_of(rows_of(batch, [])):
        if name == "items":
            pq.write_table(engine.arrow(schema, []), tmp_path / "items.parquet")
    assert batch.assess_files(BatchFiles([tmp_path / "items.parquet"]), tmp_path / "answers.parquet") == 0


def test_a_file_that_lacks_a_column_is_refused_by_name(tmp_path: Path) -> None:
    profile = profile_with("floor", "CIF")
    engine = DuckBatchEngine(threads=1)
    pq.write_table(engine.arrow((("row_id", "BIGINT"),), [(1,)]), tmp_path / "items.parquet")
    with pytest.raises(ValueError, match=r"declaration_no INTEGER \(got none\)"):
        BatchAssessor(profile, engine, []).assess_files(
            BatchFiles([tmp_path / "items.parquet"]), tmp_path / "out.parquet"
        )
