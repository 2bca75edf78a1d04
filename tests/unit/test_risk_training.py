# SPDX-License-Identifier: Apache-2.0
"""Learning from the journal: chance as weight, stake as it is known live; suspect rows are told and on record."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from tests.lifecycle_office import assessed, line
from tests.risk_sight_world import VALUES, SightOffice, shipped

from openecp.bootstrap import Installation
from openecp.border.risk.models.gbm import TreeSettings, grow
from openecp.border.risk.models.live import LIVE_COLUMNS, LiveModel
from openecp.border.risk.models.model import read_model
from openecp.border.risk.models.poison import suspects
from openecp.border.risk.models.table import Roles, TrainingTable, training_table
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.platform.cli.main import openecp
from openecp.platform.core.risk_history import RiskHistory, risk_history
from openecp.platform.core.settings import Settings

FIRST = (date(2026, 1, 1) - date(1970, 1, 1)).days


def controlled(*, turned: str = "", seed: int = 3, **more: Any) -> TrainingTable:
    """Return rows of 60 importers; the labels of one of them are turned round."""
    rng, rows = np.random.default_rng(seed), 3_000
    importer = rng.integers(0, 60, rows)
    price = rng.normal(0.0, 1.0, rows)
    label = rng.random(rows) < np.where(price < -1.0, 0.8, 0.03)
    names = [f"I{number}" for number in importer]
    if turned:
        label = label ^ (np.asarray(names) == turned)
    values: dict[str, Any] = {
        "described": "made up", "numbers": {"price_ratio": price, "importer_age": rng.normal(size=rows)}, "codes": {},
        "label": label, "day": FIRST + np.arange(rows) // 20, "revenue": np.where(label, 900.0, 0.0),
        "stake": np.full(rows, 5_000.0), "chance": np.full(rows, 0.1), "parties": {"importer": names},
    }  # fmt: skip
    return TrainingTable(**(values | more))


def test_labels_that_were_turned_for_one_importer_are_named() -> None:
    assert suspects(controlled(), seed=1) == []
    (told,) = suspects(controlled(turned="I7"), seed=1)
    assert told.startswith("importer I7: ")
    assert told.endswith("its labels look swapped")
    as_code = controlled(turned="I7", parties={})
    (told,) = suspects(
        msgspec.structs.replace(as_code, codes={"Importer ID": controlled().parties["importer"]}), seed=1
    )
    assert told.startswith("Importer ID I7: ")


def test_a_column_that_few_values_keep_from_being_numbers_is_named() -> None:
    values = [f"{number}.5" for number in range(3_000)]
    goods = ["01012100" if number % 200 else "61091000" for number in range(3_000)]
    origins = ["XB"] * 3_000
    assert suspects(controlled(codes={"value": values, "goods": goods, "origin": origins}), seed=1) == []
    (told,) = suspects(controlled(codes={"value": [*values[:-1], "abc"]}), seed=1)
    assert (
        told == "value: 1 of 3000 values are no numbers, 'abc' the first; because of them the column is learnt as codes"
    )


def test_amounts_beyond_measure_and_rows_that_nobody_drew() -> None:
    revenue = np.where(controlled().label, 900.0, 0.0)
    revenue[5] = 1e12
    assert "1 amounts above 1,000 times" in suspects(controlled(revenue=revenue), seed=1)[0]
    assert "0.0 % of the rows were inspected by chance" in suspects(controlled(chance=np.ones(3_000)), seed=1)[0]
    columns = {"label": ["0", "1"] * 150, "date": ["2026-01-05"] * 300, "mass": ["4"] * 299 + ["1e40"]}
    source: Any = type("Rows", (), {"columns": lambda _: columns, "described": lambda _: "rows"})()
    with pytest.raises(Exception, match="values beyond any size"):
        training_table(source, Roles(label="label", day="date"), today=date(2026, 2, 1))


def test_few_rows_score_as_many_do() -> None:
    rng = np.random.default_rng(9)
    rows = np.where(rng.random((3_000, 12)) < 0.1, np.nan, rng.normal(size=(3_000, 12)))
    target = (np.nan_to_num(rows[:, 0]) + rng.normal(size=3_000) > 1).astype(float)
    for binary in (True, False):
        trees = grow(rows, target, settings=TreeSettings(trees=30), seed=1, binary=binary)
        whole = trees.score(rows)
        for many in (1, 3, 17, 64):
            part = np.ascontiguousarray(rows[:many])
            assert trees._score_few(part) is not None, "LightGBM's interface answers"
            assert np.array_equal(trees.score(part), whole[:many])


@pytest.fixture(scope="module")
def history() -> RiskHistory:
    """Return 150 controlled declarations of two items: drawn ones and hit ones, one in four irregular."""
    here = SightOffice()
    for n in range(150):
        lane = (
            {"lane": "red", "ground": "random", "below": 50_000_000} if n % 3 else {"lane": "red", "ground": "criteria"}
        )
        here.look(shipped(f"L-{n}", importer=f"Importer {n % 12}"))
        risk = here.sight.told(0, selected=False)
        here.office.lodge(
            shipped(f"L-{n}", importer=f"Importer {n % 12}"),
            assessed(
                line(1),
                line(2),
                channel="red",
                risk=risk,
                values=VALUES,
                selection=lane,
                decided_on=here.today().isoformat(),
            ),
        )
        here.office.act("documents_checked", "conform")
        if n % 12 in (0, 1, 2):
            found = ControlFinding(irregularity="value", recovered_minor=5_000, items=(1,))
            here.office.act("control_result", "irregular", finding=found)
        else:
            here.office.act("control_result", "conform")
        here.office.pass_days(1)
    return risk_history(here.store, {}, movement="import", currency="XBM", exponent=2)


@pytest.mark.slow
def test_a_model_is_trained_on_the_journal(
    history: RiskHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openecp.platform.cli.risk_features.history_of", lambda *_: history)
    monkeypatch.setattr("openecp.platform.cli.risk_models._today", lambda: date(2026, 5, 4) + timedelta(days=200))
    noted: list[str] = []
    monkeypatch.setattr("openecp.platform.cli.risk_models.model_desk", _Noting(noted))
    out = tmp_path / "model"
    told = CliRunner().invoke(
        openecp, ["risk", "train", "--journal", "--out", str(out), "--trees", "5", "--leave-out", "importer_rate"],
        obj=Installation(Settings(data=str(tmp_path))),
    )  # fmt: skip
    assert told.exit_code == 0, (told.output, told.exception)
    model = read_model((out / "model.json").read_bytes(), where="file")
    names = [feature.name for feature in model.file.features]
    assert set(names) <= set(LIVE_COLUMNS)
    assert "importer_rate" not in names
    assert {"goods", "origin", "unit", "importer_before"} <= set(names)
    assert "importer" not in names, "a party is looked at, never learnt from"
    assert (model.file.weighed, model.file.stake_column in ("", "value_minor")) == (True, True)
    assert LiveModel(model).sha256 == model.sha256
    assert "200 of its rows of the random sample" in told.output
    assert all("importer" in flag for flag in noted)
    nothing = RiskHistory(cases=[], items={})
    monkeypatch.setattr("openecp.platform.cli.risk_features.history_of", lambda *_: nothing)
    few = CliRunner().invoke(openecp, ["risk", "train", "--journal"], obj=Installation(Settings(data=str(tmp_path))))
    assert "too few or too many rows" in str(few.exception)
    refused = CliRunner().invoke(openecp, ["risk", "train"], obj=Installation(Settings(data=str(tmp_path))))
    assert getattr(refused.exception, "expected", "") == "FILEs, or --journal"


class _Noting:
    """A registry that notes what is flagged."""

    def __init__(self, noted: list[str]) -> None:
        self.noted = noted

    def __call__(self, *_: Any) -> _Noting:
        return self

    def __enter__(self) -> tuple[_Noting, None]:
        return self, None

    def __exit__(self, *_: object) -> None:
        return None

    def flag(self, flags: Any, **_: Any) -> None:
        self.noted += flags

    def refuse(self, refused: Exception, **_: Any) -> None:
        self.noted.append(str(refused))
