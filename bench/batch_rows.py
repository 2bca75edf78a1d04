# SPDX-License-Identifier: Apache-2.0
"""Item rows in bulk for the batch bench: real declarations become rows, and the rows are varied and repeated.

Each template is a declaration of the demo profile put through columns.py; each copy of it has its own numbers, date
(of one month), price and draw, so that amounts differ. Seeded: the same seed, the same file.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
from tests.oracle.traffic import Traffic

from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.measures import Measure
from openecp.kernel.datamodel.sight_columns import SIGHT_COLUMNS
from openecp.kernel.profile import Profile
from openecp.platform.engines.duck import DuckEngine

_COPY = """
COPY (
  SELECT * {without} REPLACE (
    (t.row_id + c.copy * {rows})::BIGINT AS row_id,
    (t.declaration_no + c.copy * {declarations})::INTEGER AS declaration_no,
    (t.on_date + (hash(c.copy, t.declaration_no, {seed}) % 28)::INTEGER)::DATE AS on_date,
    (t.value_e4 // 1000 * (500 + hash(c.copy, t.row_id, {seed} + 1) % 1000)::BIGINT)::BIGINT AS value_e4,
    (hash(c.copy, t.declaration_no, {seed} + 2) % 1000000000)::BIGINT AS draw{more}
  )
  FROM range({copies}) AS c(copy), templates AS t
  WHERE t.row_id + c.copy * {rows} < {count}
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
_COPY_CHARGES = """
COPY (
  SELECT * REPLACE (
    (t.row_id + c.copy * {rows})::BIGINT AS row_id,
    (t.declaration_no + c.copy * {declarations})::INTEGER AS declaration_no
  )
  FROM range({copies}) AS c(copy), charges AS t
  WHERE t.row_id + c.copy * {rows} < {count}
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def write_rows(
    profile: Profile, measures: list[Measure], folder: Path, count: int, *, seed: int, templates: int = 3000,
    sight: bool = False,
) -> tuple[Path, Path]:  # fmt: skip
    """Write `count` item rows and their charges; return the two files.

    `sight`: with the columns that tell what risk knows, filled at random; else the file has none of them.
    """
    traffic = Traffic(profile, measures, seed)
    assessor = Assessor(profile, DuckEngine(), measures)
    rows, _ = assessor.rows([traffic.declaration(n) for n in range(templates)], date(2026, 3, 1))
    engine = DuckEngine(threads=2)
    connection = engine.connection
    for name, schema, given in inputs_of(rows):
        if name in ("items", "charges"):
            connection.register("templates" if name == "items" else name, engine.arrow(schema, given))
    names = {
        "rows": len(rows.items),
        "declarations": templates,
        "copies": -(-count // len(rows.items)),
        "count": count,
        "seed": seed,
    }
    items, charges = folder / "items.parquet", folder / "charges.parquet"
    known = [name for name, _ in SIGHT_COLUMNS]
    more = "".join(f", {_figure(name, place, seed)} AS {name}" for place, name in enumerate(known)) if sight else ""
    without = "" if sight else f"EXCLUDE ({', '.join(('office', *known))})"
    connection.execute(_COPY.format(path=items, more=more, without=without, **names))
    connection.execute(_COPY_CHARGES.format(path=charges, **names))
    assert isinstance(connection, duckdb.DuckDBPyConnection)
    return items, charges


def _figure(name: str, place: int, seed: int) -> str:
    """Return SQL of a figure that is drawn for each item: a share in millionths, an amount, or a small count."""
    most = 1_000_000 if name.endswith("_e6") else 500_000 if name.endswith("_minor") else 20
    return f"(hash(c.copy, t.row_id, {seed + 10 + place}) % {most})::BIGINT"
