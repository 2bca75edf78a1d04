# SPDX-License-Identifier: Apache-2.0
"""A duty in a currency without a rate on the date stays open, online and in a batch; no lower duty takes its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from openecp.border.batch import BatchAssessor, BatchFiles
from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.measures import Measure
from openecp.border.tariff.reference import load_measures
from openecp.kernel.profile import Profile, load_profile
from openecp.platform import wire
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.duck_batch import DuckBatchEngine

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

MEASURES = """goods_code,additional_code,origin,preference,order_number,tax_type,duty,valid_from,valid_to,source
,,,,,D10,10%,2020-01-01,,
8471,,,,,D10,2.00 USD / 1 KGM,2020-01-01,,
"""
BEFORE_ANY_RATE, WITH_A_RATE = date(2023, 6, 1), date(2024, 2, 1)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("demo")


@pytest.fixture(scope="module")
def measures(profile: Profile) -> list[Measure]:
    return list(load_measures(MEASURES.encode(), "measures.csv", profile))


@pytest.mark.parametrize(("day", "known"), [(BEFORE_ANY_RATE, False), (WITH_A_RATE, True)])
def test_the_duty_is_open_and_says_why(
    profile: Profile, measures: list[Measure], day: date, known: bool, tmp_path: Path
) -> None:
    raw = (Path(__file__).parents[2] / "demo/declarations/101-laptops.xml").read_bytes()
    declaration = wire.read(raw).declaration
    assert declaration is not None
    online = Assessor(profile, DuckEngine(), measures)
    answer = online.assess([declaration], day)[0]
    said = [r for r in answer.reasons if r.rule == "revenue.exchange_rate"]
    assert [r.code for r in said] == ([] if known else [online._decider._explain.code_of("exchange_rate", "")])
    assert not any(r.rule == "revenue.quantity" for r in answer.reasons), "the quantity is declared"

    engine = DuckBatchEngine(threads=1)
    batch = BatchAssessor(profile, engine, measures)
    rows, _ = online.rows([declaration], day)
    files = {}
    for name, schema, given in inputs_of(rows):
        if given:
            files[name] = tmp_path / f"{name}.parquet"
            pq.write_table(engine.arrow(schema, given), files[name])
    charges = [files["charges"]] if "charges" in files else []
    batch.assess_files(BatchFiles([files["items"]], charges), tmp_path / "answers.parquet")
    row = pq.read_table(tmp_path / "answers.parquet").to_pylist()[0]
    assert row["outcome"] == answer.outcome
    if known:
        duties = [line["measure"] for line in row["taxes"] if line["type"] == "D10"]
        assert duties == [2], "the measure of the code, not the one for all goods"
    else:
        assert answer.outcome == "rejected", "the demo's tariff is complete: a duty may not stay open"
    codes = [reason["code"] for reason in row["reasons"] or () if reason["kind"] == "revenue"]
    assert codes == [r.code for r in said]
