# SPDX-License-Identifier: Apache-2.0
"""Each step file says what it does, and stands in a pipeline; the check of the SQL finds what it is there to find."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from openecp.border.batch import BATCH_STEPS
from openecp.border.data_quality.columns import QUALITY_STEPS
from openecp.border.low_value.charges import LOW_VALUE_STEPS
from openecp.border.low_value.item_rows import CLEARANCE_STEPS
from openecp.border.low_value.splits import SPLIT_STEPS
from openecp.border.online import item_steps
from openecp.border.pipeline import STEPS
from openecp.kernel.profile import load_profile

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "src/openecp/border").glob("*/steps/*.sql"))
ALL_STEPS = (*STEPS, *item_steps(STEPS), *BATCH_STEPS, *LOW_VALUE_STEPS, *CLEARANCE_STEPS, *SPLIT_STEPS, *QUALITY_STEPS)
HEADINGS = ("Source:", "Reads:", "Adds:", "Rows:", "Limits:", "Why:", "Raises:")


def leading_comment(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line[3:] for line in lines[: next(n for n, x in enumerate(lines) if not x.startswith("--"))]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_step_file_is_documented(path: Path) -> None:
    comment = leading_comment(path)
    assert comment[0] == "SPDX-License-Identifier: Apache-2.0"
    sentence = comment[1]
    assert sentence[0].isupper()
    assert sentence.rstrip().endswith((".", ":", ",")) or len(comment) > 2, "a sentence"
    assert not sentence.startswith(HEADINGS)
    headings = {line.split(":")[0] + ":" for line in comment if line.split(" ")[0] in HEADINGS}
    if ".without_" not in path.name:
        assert headings >= {"Reads:", "Rows:"}, "what it reads, and one row of what"
        assert "Adds:" in headings or "Rows:" in headings


def test_each_step_has_its_file_and_each_file_its_step() -> None:
    names = {(step.package.rpartition(".")[2], step.file or step.name) for step in ALL_STEPS}
    files = {(path.parent.parent.name, path.name.split(".")[0]) for path in FILES}
    assert names == files
    for step in STEPS:
        assert step.text.startswith("-- SPDX")


def test_each_form_without_a_fact_belongs_to_a_step_with_that_fact() -> None:
    optional = {(step.name, step.optional) for step in STEPS}
    for path in FILES:
        name, _, without = path.stem.partition(".without_")
        if without:
            assert (name, without) in optional


def test_steps_stand_before_those_that_read_them() -> None:
    for steps in (STEPS, item_steps(STEPS), BATCH_STEPS, LOW_VALUE_STEPS):
        seen: set[str] = set()
        names = {step.name for step in steps}
        for step in steps:
            text = "\n".join(line for line in step.text.splitlines() if not line.startswith("--"))
            read = {table.name for table in sqlglot.parse_one(text, read="duckdb").find_all(sqlglot.exp.Table)}
            assert read & names <= seen, f"{step.name} reads {sorted(read & names - seen)} before they are made"
            seen.add(step.name)


@pytest.fixture(scope="module")
def checker() -> Any:
    spec = importlib.util.spec_from_file_location("check_sql", ROOT / "tools/check_sql.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_sql_of_the_demo_profile_is_sound(checker: Any) -> None:
    assert checker.check_profile(load_profile("demo")) == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT len(i.codes) AS n FROM items AS i", "len()"),
        ("SELECT i.value_e4 / 100 AS n FROM items AS i", "division"),
        ("SELECT i.value_e4 // 100 AS n FROM items AS i", "division"),
        ("SELECT CAST(i.value_e4 AS DOUBLE) AS n FROM items AS i", "float"),
        ("SELECT i.value_e4 * 1e-2 AS n FROM items AS i", "float"),
        ("SELECT CURRENT_DATE AS n FROM items AS i", "never asked"),
        ("SELECT now() AS n FROM items AS i", "never asked"),
        ("SELECT random() AS n FROM items AS i", "never asked"),
    ],
)
def test_the_check_refuses(checker: Any, text: str, reason: str) -> None:
    assert any(reason in said for said in checker.banned(sqlglot.parse_one(text, read="duckdb"), text))


@pytest.mark.parametrize(
    ("text", "columns", "reason"),
    [
        ("SELECT i.row_ident FROM items AS i", (), "row_ident"),
        ("SELECT i.row_id FROM itemz AS i", (), "itemz"),
        ("SELECT i.row_id FROM items AS i", (("net", "BIGINT"),), "does not come out"),
        ("SELECT i.row_id FROM items AS i", (("row_id", "VARCHAR"),), "declared VARCHAR"),
        (
            "SELECT CAST(i.row_id AS DECIMAL(18, 2)) AS a FROM items AS i",
            (("a", "DECIMAL(36, 12)"),),
            "declared DECIMAL",
        ),
    ],
)
def test_the_check_finds(checker: Any, text: str, columns: Any, reason: str) -> None:
    from openecp.kernel.assessment.steps import Composer, Step

    step = Step("given", "openecp.border.risk", columns)
    step.__dict__["text"] = text  # what the cached property would read from a file
    composer = Composer([step], parameters={}, macros={}, column_groups={})
    schemas = {name: dict(schema) for name, schema in checker.INPUTS.items()}
    found = [said for _, said in checker.check(composer, checker.ALL_FACTS, schemas)]
    assert any(reason in said for said in found), found
