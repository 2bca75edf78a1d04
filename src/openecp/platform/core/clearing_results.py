# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""The result file of an input: a row for each parcel as its record says, and one for each row that was refused.

Made of parts, one a chunk, which are put together at the end; a part is written before its chunk is recorded, and again
where that had to be decided anew. CSV is safe to open in a spreadsheet: no cell begins a formula.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec

from openecp.kernel.assessment.engine import Schema

FORMATS = ("csv", "ndjson", "parquet")
COLUMNS = (
    "row", "parcel_id", "posted_on", "decision", "category", "regime", "treatment", "currency", "duty", "tax",
    "total", "amounts", "reasons", "quality", "errors",
)  # fmt: skip
REPEATED_COLUMNS: Schema = (
    ("row_id", "BIGINT"),
    ("parcel_id", "VARCHAR"),
    ("posted_on", "DATE"),
    ("errors", "VARCHAR"),
)
RESULT_COLUMNS: Schema = (
    ("first_row", "BIGINT"),
    ("parcel_id", "VARCHAR"),
    ("posted_on", "DATE"),
    ("decision", "VARCHAR"),
    ("category", "INTEGER"),
    ("regime", "VARCHAR"),
    ("treatment", "VARCHAR"),
    ("currency", "VARCHAR"),
    ("duty_minor", "BIGINT"),
    ("tax_minor", "BIGINT"),
    ("amounts", "VARCHAR"),
    ("reasons", "VARCHAR"),
    ("quality", "VARCHAR"),
    ("record", "VARCHAR"),
)


class ResultEngine(Protocol):
    """What writes a part."""

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None: ...

    def ask(self, statement: str) -> list[dict[str, Any]]: ...

    def columns(self, statement: str) -> list[list[Any]]: ...

    def write(self, statement: str, file: Path) -> int: ...

    def ordered(self, statement: str, key: str) -> Any:
        """Run a statement; return its rows in the order of a column, of which pieces can be cut."""

    def write_csv(self, rows: Any, file: Path, names: Sequence[str]) -> None:
        """Write columns of rows into a CSV file without a header."""

    def join(self, parts: Sequence[Path], file: Path) -> int:
        """Put Parquet files together."""


class ResultFile:
    """The result of one input, in its parts and as a whole."""

    def __init__(self, folder: Path, stem: str, digest: str, kind: str) -> None:
        """Keep where it goes; `kind` is one of FORMATS."""
        self.kind = kind
        self.path = folder / f"{stem}.result.{kind}"
        self._parts = folder / f".{stem}.{digest[:12]}.parts"

    def part(self, first_row: int) -> Path:
        """Return where the part of a chunk stands."""
        return self._parts / f"{first_row:012d}.{self.kind}"

    def has_part(self, first_row: int) -> bool:
        """Tell whether a chunk has its part."""
        return self.part(first_row).is_file()

    def rows(self, engine: ResultEngine) -> Any:
        """Return the rows of all that is staged: of parcel_results, parcel_faults and repeated_parcels."""
        lines = self.kind == "ndjson"
        return engine.ordered(_LINES if lines else _rows_statement(spreadsheet=self.kind == "csv"), "row")

    def write_part(self, engine: ResultEngine, rows: Any, first_row: int, last_row: int) -> None:
        """Write the part of a chunk from the rows of all that is staged."""
        self._parts.mkdir(parents=True, exist_ok=True)
        path = self.part(first_row)
        draft = path.with_suffix(".draft")
        part = rows.between(first_row, last_row)
        if self.kind == "parquet":
            part.write(draft, COLUMNS)
        elif self.kind == "csv":
            engine.write_csv(part, draft, COLUMNS)
        else:
            with draft.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in part.columns("line")[0])
        _kept(draft, path)

    def put_together(self, engine: ResultEngine, first_rows: Iterable[int]) -> Path:
        """Put the parts together in their order, and remove them."""
        parts = [self.part(first) for first in first_rows]
        draft = self.path.with_name(f".{self.path.name}.draft")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.kind == "parquet":
            self._join_parquet(engine, parts, draft)
        else:
            with draft.open("wb") as whole:
                if self.kind == "csv":
                    whole.write((",".join(COLUMNS) + "\n").encode())
                for part in parts:
                    with part.open("rb") as opened:
                        shutil.copyfileobj(opened, whole, 1 << 20)
        _kept(draft, self.path)
        shutil.rmtree(self._parts, ignore_errors=True)
        return self.path

    @staticmethod
    def _join_parquet(engine: ResultEngine, parts: Sequence[Path], draft: Path) -> None:
        if parts:
            engine.join(parts, draft)
        else:
            engine.write(f"SELECT * FROM ({_rows_statement(spreadsheet=False)}) WHERE FALSE", draft)


def _kept(draft: Path, path: Path) -> None:
    """Give a file its name once it is on the disk: what was recorded has its part, whatever happens."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(path)


def _money(minor: str) -> str:
    """SQL of minor units as decimal text with the currency's decimals."""
    return (
        f"CASE u.unit_micro WHEN 1000000 THEN CAST({minor} AS VARCHAR) "
        f"WHEN 1000 THEN CONCAT({minor} // 1000, '.', LPAD(CAST({minor} % 1000 AS VARCHAR), 3, '0')) "
        f"ELSE CONCAT({minor} // 100, '.', LPAD(CAST({minor} % 100 AS VARCHAR), 2, '0')) END"
    )


def _safe(text: str) -> str:
    """SQL of a text that begins no formula in a spreadsheet, in characters of usual or of double width."""
    risky = "'=', '+', '-', '@', CHR(9), CHR(10), CHR(13), CHR(65309), CHR(65291), CHR(65293), CHR(65312)"
    return f"CASE WHEN SUBSTR({text}, 1, 1) IN ({risky}) THEN '''' || {text} ELSE {text} END"


def _refused_statement() -> str:
    """SQL of the refused rows: one each, with all its errors."""
    one = "{" + ",".join(f'"{name}":\' || TO_JSON({cell}) || \'' for name, cell in (
        ("code", "f.code"), ("column", "f.column_name"), ("expected", "f.expected"), ("fix", "f.fix"), ("got", "f.got"),
    )) + "}"  # fmt: skip
    return (
        "SELECT f.row_id AS row, COALESCE(MIN(f.parcel_id), '') AS parcel_id, "
        f"CONCAT('[', STRING_AGG('{one}', ',' ORDER BY f.column_name, f.code), ']') AS errors "
        "FROM parcel_faults AS f GROUP BY f.row_id"
    )


def _rows_statement(*, spreadsheet: bool) -> str:
    text = _safe if spreadsheet else (lambda cell: cell)
    empty = "'' AS {}"
    blank = ", ".join(
        empty.format(name) for name in ("regime", "treatment", "currency", "duty", "tax", "total", "amounts")
    )
    last = "'' AS reasons, '' AS quality"
    return (
        f"SELECT * FROM (SELECT p.first_row AS row, {text('p.parcel_id')} AS parcel_id, "
        "CAST(p.posted_on AS VARCHAR) AS posted_on, p.decision, CAST(p.category AS VARCHAR) AS category, p.regime, "
        f"{text('p.treatment')} AS treatment, p.currency, {_money('p.duty_minor')} AS duty, "
        f"{_money('p.tax_minor')} AS tax, {_money('(p.duty_minor + p.tax_minor)')} AS total, "
        "CONCAT('[', p.amounts, ']') AS amounts, "
        "REPLACE(REPLACE(p.reasons, '\"', ''), ',', ' ') AS reasons, "
        "REPLACE(REPLACE(p.quality, '\"', ''), ',', ' ') AS quality, '' AS errors "
        "FROM parcel_results AS p LEFT JOIN currency_units AS u ON u.currency = p.currency UNION ALL "
        f"SELECT r.row, {text('r.parcel_id')}, '', 'refused', '', {blank}, {last}, r.errors "
        f"FROM ({_refused_statement()}) AS r UNION ALL "
        f"SELECT d.row_id, {text('d.parcel_id')}, CAST(d.posted_on AS VARCHAR), 'repeated', '', {blank}, {last}, "
        "d.errors FROM repeated_parcels AS d) AS x"
    )


def _lines_statement() -> str:
    told = 'CONCAT(\'{{"decision":"{}","errors":\', {}, \',"id":\', TO_JSON({}), \',"row":\', {}, \'}}\')'
    return (
        "SELECT first_row AS row, record AS line FROM parcel_results UNION ALL "
        f"SELECT r.row, {told.format('refused', 'r.errors', 'r.parcel_id', 'r.row')} "
        f"FROM ({_refused_statement()}) AS r UNION ALL "
        f"SELECT d.row_id, {told.format('repeated', 'd.errors', 'd.parcel_id', 'd.row_id')} FROM repeated_parcels AS d"
    )


_LINES = _lines_statement()


class _Record(msgspec.Struct):
    row: int
    id: str
    posted: str
    decision: str
    category: int
    regime: str
    treatment: str
    currency: str
    duty: int
    tax: int
    amounts: msgspec.Raw
    reasons: msgspec.Raw
    quality: msgspec.Raw


_decode = msgspec.json.Decoder(_Record).decode


def result_rows(records: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return rows of RESULT_COLUMNS from records as they stand in the journal."""
    rows = []
    for text in records:
        r = _decode(text)
        lists = (bytes(raw).decode()[1:-1] for raw in (r.amounts, r.reasons, r.quality))
        rows.append((
            r.row, r.id, date.fromisoformat(r.posted), r.decision, r.category, r.regime, r.treatment, r.currency,
            r.duty, r.tax, *lists, text,
        ))  # fmt: skip
    return rows
