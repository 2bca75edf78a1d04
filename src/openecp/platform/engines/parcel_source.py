# SPDX-License-Identifier: Apache-2.0
"""What the three kinds of parcel files have in common: blocks of rows as columns of text, and refusals of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec
import pyarrow as pa

from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS
from openecp.kernel.datamodel.parcel_check import CheckLimits, shown

NAMES = tuple(name for name, _, _ in PARCEL_COLUMNS)
NEEDED = tuple(name for name, _, needed in PARCEL_COLUMNS if needed)
BOM = b"\xef\xbb\xbf"
UNKNOWN_MAX = 20  # names of unknown columns that are told


class ParcelLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel file may hold."""

    file_bytes: int = 256 << 30
    rows: int = 1_000_000_000
    row_bytes: int = 16 << 20  # of one row; what is longer is skipped and reported
    columns: int = 200
    block_bytes: int = 4 << 20  # read at a time
    block_rows: int = 65_536
    chunk_rows: int = 100_000  # a chunk ends before it has more
    first_day: date = date(2000, 1, 1)
    last_day: date = date(2099, 12, 31)

    @property
    def check(self) -> CheckLimits:
        """The days that are believed."""
        return CheckLimits(first_day=self.first_day, last_day=self.last_day)


class ParcelFileRefused(ValueError):  # noqa: N818 - an answer that the sender can act on
    """A file that cannot be used at all: says where, what was wanted, what was got and what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}; got {got}. {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Block(NamedTuple):
    """A piece of the input that is read at once: its first row from 1, its rows, and where it lies."""

    first_row: int
    rows: int
    place: tuple[int, ...]


class RowFault(NamedTuple):
    """A row that has no right shape, so that its cells cannot all be believed."""

    row_id: int
    code: str
    column: str
    expected: str
    got: str


class Rows(NamedTuple):
    """The rows of a block: a column for each that the file has, by name, and what is wrong with the shape of rows."""

    table: pa.Table
    faults: tuple[RowFault, ...] = ()


class Source(Protocol):
    """A file of one kind."""

    kind: str

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of columns that nobody knows."""

    def index(self) -> Iterator[tuple[Block, pa.Array, pa.Array]]:
        """Yield every block with the text of parcel_id and posted_on of its rows."""

    def read(self, block: Block) -> Rows:
        """Read a block again."""

    def lines(self, block: Block) -> Sequence[int] | None:
        """Return the line of each row of a block, where lines are what a sender sees."""


def file_digest(file: Path, most: int) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    size = file.stat().st_size
    if size > most:
        raise ParcelFileRefused(str(file.name), f"at most {most} bytes", f"{size} bytes", "Send several files.")
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def known_columns(file: str, given: Sequence[str], most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of ours that a file has, and those that nobody knows.

    Raises: ParcelFileRefused where a needed column is missing or a column stands twice.
    """
    if len(given) > most:
        raise ParcelFileRefused(file, f"at most {most} columns", f"{len(given)}", "Leave out what is not asked for.")
    doubled = sorted({name for name in given if given.count(name) > 1 and name in NAMES})
    if doubled:
        raise ParcelFileRefused(
            f"{file}, header", "each column once", ", ".join(doubled) + " twice", "Remove one of the two."
        )
    missing = [name for name in NEEDED if name not in given]
    if missing:
        got = ", ".join(shown(name) for name in given[:12]) or "no columns"
        raise ParcelFileRefused(
            f"{file}, header", "the columns " + ", ".join(NEEDED), f"{got}; missing: {', '.join(missing)}",
            "Name the columns in the first row; docs/parcel-files.md lists them.",
        )  # fmt: skip
    unknown = tuple(shown(name) for name in given if name not in NAMES)[:UNKNOWN_MAX]
    return tuple(name for name in NAMES if name in given), unknown


def content_end(file: BinaryIO) -> int:
    """Return where the last row of a file ends: empty lines at the end are not rows."""
    end = file.seek(0, 2)
    while end:
        begin = max(0, end - 65_536)
        file.seek(begin)
        kept = len(file.read(end - begin).rstrip(b"\r\n"))
        if kept:
            return begin + kept
        end = begin
    return 0
