# SPDX-License-Identifier: Apache-2.0
"""Runs a profile's condition over Parquet of the past: hits, results, offices and days, overlap with other profiles.

The condition comes as SQL that was written from a checked predicate. Files hold one row an item, with the columns of
the pipeline (`net_e6`, `customs_value_minor` or `value_minor`); `office`, `on_date`, `draw` and `irregular` (empty
where not controlled) are used where they are there.
Limits: no network, no extension, no file but those that are named; 2 GB of memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

MEMORY, FILES_MAX, OFFICES_MAX, PAIRS_MAX = "2GB", 1_000, 50, 50_000_000
_OTHER_NAMES = {
    "customs_value_minor": (("value_minor", '"value_minor"'),),
    "net_e6": (("net_kg", 'CAST(ROUND("net_kg" * 1000000) AS BIGINT)'),),
}
Condition = Callable[[Callable[[str], str]], str]  # where a column stands → SQL


class HistoryFault(ValueError):  # noqa: N818 - it is an answer, not a failure of the program
    """Files that cannot be used: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Found(NamedTuple):
    """What a condition would have done."""

    items: int
    days: int
    hits: int
    selected: int
    known: int
    irregular: int
    known_all: int
    irregular_all: int
    offices: tuple[tuple[str, int], ...]  # office, selected: the busiest
    overlaps: tuple[int, ...]  # hits that each other condition has too, in the order given
    every: int  # the overlap was counted on every n-th hit


class ItemHistory:
    """Items of the past in Parquet files."""

    def __init__(self, files: Sequence[Path], *, threads: int = 2) -> None:
        """Open the files; nothing is read but their columns.

        Raises: HistoryFault.
        """
        if not 0 < len(files) <= FILES_MAX:
            raise HistoryFault("files", f"1 to {FILES_MAX}", str(len(files)), "Name the files.")
        for file in files:
            if not file.is_file():
                raise HistoryFault(str(file), "a Parquet file", "nothing there", "Correct the path.")
        self._files = tuple(files)
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
        self._connection.execute(f"SET threads={int(threads)}; SET memory_limit='{MEMORY}'")
        self._connection.execute("SET enable_progress_bar=false; SET preserve_insertion_order=false")
        self._source = "read_parquet([" + ", ".join(f"'{_plain(file)}'" for file in files) + "])"
        try:
            told = self._connection.execute(f"DESCRIBE SELECT * FROM {self._source}").fetchall()  # noqa: S608 - paths
        except duckdb.Error as error:
            got = str(error).splitlines()[0][:200]
            raise HistoryFault(str(files[0]), "Parquet of items, of one shape", got, "Give such files.") from None
        self._columns = {str(row[0]): str(row[1]) for row in told}

    def close(self) -> None:
        """Close the engine."""
        self._connection.close()

    def sha256(self) -> str:
        """Return one hash over the files."""
        whole = hashlib.sha256()
        for file in self._files:
            with file.open("rb") as opened:
                whole.update(hashlib.file_digest(opened, "sha256").digest())
        return whole.hexdigest()

    def test(self, condition: Condition, share_millionths: int, others: Sequence[Condition] = ()) -> Found:
        """Return what a condition with a share would have done; conditions on columns that are not there overlap 0.

        Raises: HistoryFault where a column that the condition reads is not in the files.
        """
        reads: list[str] = []
        wanted = condition(lambda name: reads.append(name) or self._place(name))  # type: ignore[func-returns-value]
        known = [each for each in others if self._has(each)]
        more = sorted({column for each in known for column in self._read_by(each)} | set(reads))
        irregular = 'CAST("irregular" AS INTEGER)' if "irregular" in self._columns else "CAST(NULL AS INTEGER)"
        office = "COALESCE(CAST(\"office\" AS VARCHAR), '')" if "office" in self._columns else "''"
        chosen = f'("draw" % 1000000) < {share_millionths}' if "draw" in self._columns else "TRUE"
        carried = "".join(f', {self._place(name)} AS "{name}"' for name in more)
        try:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE hits AS SELECT {office} AS at_office, {irregular} AS was_irregular, "  # noqa: S608 - checked
                f"{chosen} AS chosen{carried} FROM {self._source} WHERE {wanted}"
            )
            return self._counted(irregular, share_millionths, known, others)
        except duckdb.Error as error:
            got = str(error).splitlines()[0][:200]
            raise HistoryFault("files", "columns of the documented types", got, "Correct the files.") from None

    def _counted(self, irregular: str, share: int, known: list[Condition], others: Sequence[Condition]) -> Found:
        days = 'COUNT(DISTINCT "on_date")' if "on_date" in self._columns else "0"
        items, many_days, known_all, irregular_all = self._row(
            f"SELECT COUNT(*), {days}, COUNT({irregular}), COALESCE(SUM({irregular}), 0) FROM {self._source}"  # noqa: S608
        )
        hits, selected, results, bad = self._row(
            "SELECT COUNT(*), COUNT(*) FILTER (chosen), COUNT(was_irregular), COALESCE(SUM(was_irregular), 0) FROM hits"
        )
        offices = self._connection.execute(
            "SELECT at_office, COUNT(*) FILTER (chosen) AS n FROM hits GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?",
            [OFFICES_MAX],
        ).fetchall()
        if "draw" not in self._columns:
            selected = hits * share // 1_000_000
            offices = [(name, count * share // 1_000_000) for name, count in offices]
        every = max(1, hits * len(known) // PAIRS_MAX)
        counts: dict[int, int] = {}
        if known and hits:
            sums = ", ".join(f"COUNT(*) FILTER ({each(lambda name: chr(34) + name + chr(34))})" for each in known)
            found = self._row(f"SELECT {sums} FROM hits WHERE rowid % {every} = 0")  # noqa: S608 - checked predicates
            counts = {id(each): int(n) * every for each, n in zip(known, found, strict=True)}
        return Found(
            items=items, days=many_days, hits=hits, selected=selected, known=results, irregular=bad,
            known_all=known_all, irregular_all=irregular_all, offices=tuple((str(o), int(n)) for o, n in offices),
            overlaps=tuple(counts.get(id(each), 0) for each in others), every=every,
        )  # fmt: skip

    def _row(self, statement: str) -> tuple[Any, ...]:
        row = self._connection.execute(statement).fetchone()
        assert row is not None, "a sum without groups has one row"
        return tuple(row)

    def _read_by(self, condition: Condition) -> list[str]:
        names: list[str] = []
        condition(lambda name: names.append(name) or name)  # type: ignore[func-returns-value]
        return names

    def _has(self, condition: Condition) -> bool:
        try:
            for name in self._read_by(condition):
                self._place(name)
        except HistoryFault:
            return False
        return True

    def _place(self, name: str) -> str:
        if name in self._columns:
            return f'"{name}"'
        for other, sql in _OTHER_NAMES.get(name, ()):
            if other in self._columns:
                return sql
        raise HistoryFault("files", f"the column {name}", ", ".join(self._columns)[:200],
                           "Give files with it, or leave it out of the predicate.")  # fmt: skip


def _plain(path: Path) -> str:
    """Return the path with the marks of patterns and quotes made plain, so that no other file is read."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve())).replace("'", "''")
