# SPDX-License-Identifier: Apache-2.0
"""`openecp risk train`, `card` and `score` on files, as an officer types them; no store is opened."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from openecp.bootstrap import Installation
from openecp.border.risk.models.gbm import ModelRefused, read_trees
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings
from openecp.platform.engines.risk_files import RiskFileFault, RiskFiles


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(8)
    price = rng.normal(size=900)
    label = rng.random(900) < np.where(price < -0.5, 0.7, 0.05)
    days = [f"2026-{1 + place // 300:02}-{1 + place % 300 // 11:02}" for place in range(900)]
    lines = [f"D{place},{days[place]},{price[place]:.3f},0{place % 3},{int(label[place])}" for place in range(900)]
    path = tmp_path_factory.mktemp("controls") / "controls.csv"
    path.write_text("mrn,accepted,price,goods code,irregular\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(data: Path, *arguments: str) -> str:
    told = CliRunner().invoke(openecp, ["risk", *arguments], obj=Installation(Settings(data=str(data))))
    assert told.exit_code == 0, (told.output, told.exception)
    return told.output


def test_train_then_score(controls: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    given = ("--label", "irregular", "--date", "accepted", "--id", "mrn", "--trees", "20", "--out", str(out))
    told = run(tmp_path, "train", str(controls), *given)
    assert "# Model card" in told
    assert "price" in told
    first = (out / "model.json").read_bytes()
    run(tmp_path, "train", str(controls), *given)
    assert (out / "model.json").read_bytes() == first
    assert json.loads(run(tmp_path, "card", str(out), "--format", "json"))["seed"] == 1
    lines = [json.loads(line) for line in run(
        tmp_path, "score", str(controls), "--model", str(out), "--id", "mrn", "--select", "0.01", "--json",
    ).splitlines()]  # fmt: skip
    assert len(lines) == 900
    assert [line["rank"] for line in lines[:3]] == [1, 2, 3]
    assert lines[0]["p_e6"] >= lines[-1]["p_e6"]
    assert sum(line["selected"] for line in lines) == 9
    assert lines[0]["reasons"][0]["column"] == "price"
    assert "reasons" not in lines[-1]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for name, content, told in (
        ("a.csv", None, "nothing there"), ("a.xlsx", b"x", "a name that ends with"),
        ("a.parquet", b"PAR1no", "rows with"),
    ):  # fmt: skip
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(RiskFileFault, match=told):
            RiskFiles([path]).columns()


def test_a_name_with_marks_of_patterns_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "a*.csv").write_text("x\n2\n", encoding="utf-8")
    assert RiskFiles([tmp_path / "a*.csv"]).columns() == {"x": ["2"]}


def test_a_tree_file_that_would_exhaust_the_machine_is_refused() -> None:
    head = b"tree\nversion=v4\nnum_class=1\nmax_feature_idx=3\nobjective=binary sigmoid:1\n\n"
    with pytest.raises(ModelRefused, match="not a model"):
        read_trees(head + b"Tree=0\nnum_leaves=999999999\n\nend of trees\n", where="file")


def test_a_file_of_rows_that_differ_in_length_says_so(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,b,c\n" + "1,2,3\n" * 50 + "1,2\n" + "1,2,3\n" * 50)
    with pytest.raises(RiskFileFault, match="differ in number under a,b,c"):
        RiskFiles([file]).columns()
    file.write_bytes(b"a,b,c\n" + b"1,2,3\n" * 50 + b"1,M\xfcller,3\n")
    with pytest.raises(RiskFileFault, match="utf-8"):
        RiskFiles([file]).columns()
