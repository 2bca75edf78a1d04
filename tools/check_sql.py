# SPDX-License-Identifier: Apache-2.0
"""Checks the SQL steps: every column they read is declared, every column they declare comes out, with its type.

Each step is expanded as the pipelines compose it (with every fact of a batch and with none), qualified by sqlglot
against the schemas of input tables, reference tables and the steps before it, and annotated with types. What breaks
exactness, repeatability or the way to Spark is refused: len(), division, floats, clocks, randomness.

Usage: check_sql.py [profile …]. Prints one line a fault, `file: reason`; exit code 1 if there is any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from openecp.border.batch import BATCH_STEPS, OUTSIDE_COLUMNS, BatchAssessor
from openecp.border.batch_lanes import LANE_TABLES
from openecp.border.data_quality.columns import QUALITY_STEPS
from openecp.border.low_value.charges import LOW_VALUE_STEPS, SEVERAL, ChargeAssessor
from openecp.border.low_value.item_rows import (
    CLEARANCE_STEPS,
    ITEM_MACROS,
    SHARED,
    STAGED_TABLES,
)
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.splits import SEEN_COLUMNS, SPLIT_STEPS, SplitRule, split_composer
from openecp.border.low_value.tables import EXCHANGE_COLUMNS
from openecp.border.low_value.tables import ITEM_COLUMNS as PARCEL_COLUMNS
from openecp.border.online import PATTERN_FACTS, item_steps
from openecp.border.pipeline import STEPS, Assessor
from openecp.kernel.assessment.engine import Schema
from openecp.kernel.assessment.steps import Composer, Facts, Step
from openecp.kernel.datamodel.columns import CHARGE_COLUMNS, ITEM_COLUMNS, OVERRIDE_COLUMNS
from openecp.kernel.profile import Profile, load_profile

INPUTS: dict[str, Schema] = {
    "items": ITEM_COLUMNS,
    "charges": CHARGE_COLUMNS,
    "overrides": OVERRIDE_COLUMNS,
    "outside_faults": OUTSIDE_COLUMNS,
    **LANE_TABLES,
}
ALL_FACTS: Facts = frozenset({"charges", "overrides", "expected", "reliefs", "excise", "compound", "foreign",
                              "requirements", "risk"})  # fmt: skip
LINES_COLUMNS: Schema = (  # of batch_lines, which batch_lines.py writes and no step file
    *(("row_id", "BIGINT"), ("declaration_no", "INTEGER"), ("item", "INTEGER"), ("data_set", "VARCHAR")),
    *(("customs_value_minor", "BIGINT"), ("statistical_value_minor", "BIGINT"), ("value_open", "BOOLEAN")),
    *(("value_currency", "VARCHAR"), ("taxed", "BOOLEAN"), ("relation_bits", "BIGINT"), ("draw", "BIGINT")),
    ("taxes", "STRUCT(type VARCHAR, base BIGINT, amount BIGINT, assessed BIGINT, payable BIGINT, measure BIGINT)[]"),
    *((f"{name}_minor", "BIGINT") for name in ("assessed", "payable", "secured")),
    ("open_lines", "BIGINT[]"),
)
_FLOATS = {exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE}
_CLOCKS = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentUser, exp.Rand, exp.Uuid)
_BANNED_NAMES = {"now", "today", "random", "setseed", "uuid", "gen_random_uuid", "get_current_timestamp", "nextval"}
_BANNED_NAMES |= {"read_parquet", "read_csv", "read_text", "getenv"}
_WHOLE = ("BIGINT", "INT", "INTEGER", "SMALLINT", "INT128", "HUGEINT")


class SchemaOnly:
    """Stands in for an engine and keeps the schemas of the reference tables that are loaded."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Keep the schema."""
        self.schemas[name] = tuple(schema)

    def run(self, statement: str, inputs: Any) -> list[tuple[Any, ...]]:
        """Refuse: nothing is run here."""
        raise NotImplementedError


def file_of(step: Step, facts: Facts) -> str:
    """Return the file that a step is read from, as people name it."""
    without = step.optional and step.optional not in facts
    room = step.package.rpartition(".")[2]
    return f"border/{room}/steps/{step.name}{f'.without_{step.optional}' if without else ''}.sql"


def banned(tree: exp.Expression, text: str) -> Iterator[str]:
    """Yield what a step may not say."""
    if re.search(r"\blen\s*\(", text, re.IGNORECASE):
        yield "len() is transpiled to a text length: use ARRAY_LENGTH"
    for node in tree.walk():
        if isinstance(node, exp.Div | exp.IntDiv):
            yield f"division in {node.sql('duckdb')[:80]}: multiply, never divide"
        elif isinstance(node, exp.DataType) and node.this in _FLOATS:
            yield "a float type: amounts are integers, rates decimals"
        elif isinstance(node, exp.Literal) and not node.is_string and "e" in node.name.lower():
            yield f"the number {node.name} is a float: write it out"
        elif isinstance(node, _CLOCKS) or (isinstance(node, exp.Anonymous) and node.name.lower() in _BANNED_NAMES):
            yield f"{node.sql('duckdb')}: date, seed and files are given as tables, never asked"


def same_type(wanted: str, got: Any) -> bool | None:
    """Say whether a found type is the declared one; None where sqlglot cannot tell."""
    if got is None or got.this in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        return None
    if any(part.this in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL) for part in got.find_all(exp.DataType)):
        return None
    declared = exp.DataType.build(wanted, dialect="duckdb")
    if declared == got:
        return True
    text, found = (one.sql("duckdb").replace("VARCHAR", "TEXT") for one in (declared, got))
    if text == found:
        return True
    if text in _WHOLE and found in _WHOLE:
        return _WHOLE.index(found) >= 0 and (text, found) != ("INT", "BIGINT")
    return found.split("(")[0] == text.split("(")[0] == "DECIMAL" and "(" not in found


def check(composer: Composer, facts: Facts, schemas: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield (file, reason) for the steps of a pipeline, composed for some facts; `schemas` grows with their outputs."""
    for step in composer.steps:
        where = file_of(step, facts)
        try:
            body = composer.body(step, facts)
            for reason in banned(body, step.text):
                yield where, reason
            for table in body.find_all(exp.Table):
                if table.name not in schemas:
                    yield where, f"table {table.name}: no input, reference table or step before it has this name"
            tree = qualify(
                body.copy(),
                schema=MappingSchema(schemas, dialect="duckdb"),
                dialect="duckdb",
                quote_identifiers=False,
            )
            tree = annotate_types(tree, schema=MappingSchema(schemas, dialect="duckdb"), dialect="duckdb")
        except SqlglotError as fault:
            yield where, re.sub(r"\x1b\[\d+m", "", str(fault)).splitlines()[0]
            schemas[step.name] = dict(step.columns)
            continue
        found = {one.alias_or_name: one.type for one in tree.selects}
        for name, kind in step.columns:
            if name not in found:
                yield where, f"column {name} is declared, and does not come out: {', '.join(found)}"
            elif same_type(kind, found[name]) is False:
                yield where, f"column {name}: declared {kind}, found {found[name].sql('duckdb')}"
        declared = dict(step.columns)
        schemas[step.name] = {n: declared.get(n) or _type_text(k) for n, k in found.items()}


def _type_text(kind: Any) -> str:
    known = kind is not None and kind.this not in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)
    return kind.sql("duckdb") if known else "UNKNOWN"


def check_profile(profile: Profile) -> set[tuple[str, str]]:
    """Return the faults of both pipelines under a profile."""
    faults: set[tuple[str, str]] = set()
    for kind in (Assessor, BatchAssessor):
        engine = SchemaOnly()
        assessor = kind(profile, engine, today=lambda: date(2026, 1, 1))
        for facts in (ALL_FACTS, frozenset[str]()):
            schemas = {name: dict(schema) for name, schema in (INPUTS | engine.schemas).items()}
            if kind is BatchAssessor:
                schemas["batch_lines"] = dict(LINES_COLUMNS)
            faults.update(check(assessor._composer, facts, schemas))
            if kind is Assessor:
                online = assessor._online
                schemas["selected_lines"] = dict(online.line_columns["compound" in facts])
                faults.update(check(online.composer, facts - PATTERN_FACTS, schemas))
    return faults


def check_low_value() -> set[tuple[str, str]]:
    """Return the faults of the steps that charge low-value goods."""
    engine = SchemaOnly()
    composer = ChargeAssessor(load_regimes(), engine).composer
    inputs: dict[str, Schema] = {"parcel_items": PARCEL_COLUMNS, "exchange": EXCHANGE_COLUMNS}
    faults: set[tuple[str, str]] = set()
    for facts in (frozenset({SEVERAL}), frozenset[str]()):
        schemas = {name: dict(schema) for name, schema in (inputs | engine.schemas).items()}
        faults.update(check(composer, facts, schemas))
    splits = split_composer(SplitRule(threshold_micro=150_000_000, currency="EUR"))
    faults.update(check(splits, frozenset(), {"seen_parcels": dict(SEEN_COLUMNS)}))
    return faults


def check_clearance() -> set[tuple[str, str]]:
    """Return the faults of the step that makes items of declared rows."""
    parameters = {"jurisdiction": "EU", "regime": "", "acceptance_date": "CAST('2026-07-01' AS DATE)"}
    composer = Composer(
        CLEARANCE_STEPS,
        parameters=parameters,
        macros=ITEM_MACROS,
        column_groups={},
        macro_facts=frozenset({SEVERAL, SHARED}),
    )
    faults: set[tuple[str, str]] = set()
    for facts in (frozenset({SEVERAL, SHARED}), frozenset({SEVERAL}), frozenset[str]()):
        faults.update(check(composer, facts, {name: dict(schema) for name, schema in STAGED_TABLES.items()}))
    return faults


def files_without_step(root: Path) -> Iterator[tuple[str, str]]:
    """Yield step files that no step names."""
    steps = {
        step.file or step.name
        for step in (
            *STEPS,
            *item_steps(STEPS),
            *BATCH_STEPS,
            *LOW_VALUE_STEPS,
            *CLEARANCE_STEPS,
            *SPLIT_STEPS,
            *QUALITY_STEPS,
        )
    }
    for path in sorted(root.glob("*/steps/*.sql")):
        try:
            sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb")
        except SqlglotError as fault:
            yield f"border/{path.relative_to(root)}", str(fault).splitlines()[0]
        if path.name.split(".")[0] not in steps:
            yield (
                f"border/{path.relative_to(root)}",
                "no step of a pipeline names this file: remove it, or add the step",
            )


def main(names: Sequence[str]) -> int:
    """Check the steps under the named profiles and print what is wrong."""
    border = Path(__file__).parents[1] / "src" / "openecp" / "border"
    faults = set(files_without_step(border)) | check_low_value() | check_clearance()
    for name in names:
        faults |= check_profile(load_profile(name))
    for where, reason in sorted(faults):
        print(f"{where}: {reason}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["demo", "uk-trade-test"]))
