# SPDX-License-Identifier: Apache-2.0
"""Postal items as CSV: one row a content piece, the rows of an item together, the item's own cells in each of them.

What we write is safe to open in a spreadsheet: a cell that would run as a formula, or begins with an apostrophe, gets
an apostrophe before it, which is taken off when it is read. Several numbers in one cell are separated by `|`.
Limits: ROWS_MAX rows, 100,000 characters a cell, ITEMS_MAX items.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec

from openecp.border.postal.faults import FAULTS_MAX, PostalFault, PostalRefused, refuse, shown
from openecp.border.postal.item import ContentPiece, PostalItem, PostalParty, tidy_item

ROWS_MAX, CELL_MAX, ITEMS_MAX = 200_000, 100_000, 10_000
_MARKS = ("=", "+", "-", "@", "\t", "\r", "'")
_PARTIES = ("sender", "addressee")
_LISTS = ("licence_numbers", "certificate_numbers", "invoice_numbers")


def _columns() -> tuple[tuple[str, ...], tuple[str, ...]]:
    header: list[str] = []
    for name in PostalItem.__struct_fields__:
        if name in _PARTIES:
            header += [f"{name}_{part}" for part in PostalParty.__struct_fields__]
        elif name != "pieces":
            header.append(name)
    return tuple(header), tuple(f"piece_{name}" for name in ContentPiece.__struct_fields__)


ITEM_CELLS, PIECE_CELLS = _columns()
CSV_COLUMNS = ITEM_CELLS + PIECE_CELLS


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_MARKS) else text


def plain_cell(text: str) -> str:
    """Return what a safe cell says."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_MARKS) else text


def rows_csv(columns: tuple[str, ...], rows: Iterable[Iterable[str | None]]) -> bytes:
    """Return rows as CSV in UTF-8, each cell safe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(cell or "") for cell in row])
    return text.getvalue().encode()


def write_items_csv(items: Iterable[PostalItem]) -> bytes:
    """Return items as CSV."""
    return rows_csv(CSV_COLUMNS, (row for item in items for row in _rows(item)))


def _rows(item: PostalItem) -> list[list[str | None]]:
    cells: list[str | None] = []
    for name in PostalItem.__struct_fields__:
        held = getattr(item, name)
        if name in _PARTIES:
            party = held or PostalParty()
            cells += [getattr(party, part) for part in PostalParty.__struct_fields__]
        elif name in _LISTS:
            cells.append("|".join(held))
        elif name != "pieces":
            cells.append(held)
    return [
        cells + [getattr(piece, name) for name in ContentPiece.__struct_fields__]
        for piece in item.pieces or (ContentPiece(),)
    ]


def read_rows(data: bytes, columns: tuple[str, ...], needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file with their line numbers; columns in any order, those not needed may be absent.

    Raises: PostalRefused.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("OECP-POSTAL-CSV", "file", "The file is not text in UTF-8.", expected="UTF-8",
                     got=f"byte {error.start}", fix="Save it as CSV in UTF-8.") from None  # fmt: skip
    csv.field_size_limit(CELL_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, columns, needed)
        for row in reader:
            if len(found) == ROWS_MAX:
                raise refuse("OECP-POSTAL-LIMIT", "file", "The file is too long.", expected=f"at most {ROWS_MAX} rows",
                             got="more", fix="Send several files.")  # fmt: skip
            if len(row) != len(header) and row:
                raise refuse("OECP-POSTAL-CSV", f"line {reader.line_num}", "The row has another number of cells.",
                             expected=f"{len(header)}", got=len(row), fix="Quote cells with a comma.")  # fmt: skip
            if any(row):
                found.append((reader.line_num, dict(zip(header, map(plain_cell, row), strict=True))))
    except csv.Error as error:
        raise refuse("OECP-POSTAL-CSV", f"line {reader.line_num}", "The row cannot be read.", expected="CSV (RFC 4180)",
                     got=str(error), fix="Write the table anew.") from None  # fmt: skip
    return found


def _check_header(header: list[str], columns: tuple[str, ...], needed: tuple[str, ...]) -> None:
    unknown = [name for name in header if name not in columns]
    missing = [name for name in needed if name not in header]
    doubled = {name for name in header if header.count(name) > 1}
    faults = [
        PostalFault(code="OECP-POSTAL-CSV", where=f"column {shown(name)}", message=message, expected=", ".join(columns),
                    got=shown(name), fix="Correct the header row.", line=1)
        for message, names in (("There is no such column.", unknown), ("The column is missing.", missing),
                               ("The column is there twice.", sorted(doubled)))
        for name in names[:FAULTS_MAX]
    ]  # fmt: skip
    if faults:
        raise PostalRefused(faults)


def read_items_csv(data: bytes) -> tuple[list[PostalItem], list[PostalFault]]:
    """Return the items of a file and what is wrong with its rows.

    Raises: PostalRefused where the file is none of this kind.
    """
    items: list[PostalItem] = []
    faults: list[PostalFault] = []
    before: dict[str, str] = {}
    pieces: list[ContentPiece] = []
    for line, row in read_rows(data, CSV_COLUMNS, ("s10", "posted_on")):
        own = {name: row.get(name, "") for name in ITEM_CELLS}
        key = (own["s10"], own["posted_on"])
        if not before or key != (before["s10"], before["posted_on"]):
            if before:
                items.append(_item(before, pieces))
            if len(items) >= ITEMS_MAX:
                raise refuse("OECP-POSTAL-LIMIT", f"line {line}", "There are too many items.",
                             expected=f"at most {ITEMS_MAX}", got="more", fix="Send several files.")  # fmt: skip
            before, pieces = own, []
        faults += _differences(before, own, line)
        pieces.append(ContentPiece(**{name[6:]: row.get(name) or None for name in PIECE_CELLS}))
    if before:
        items.append(_item(before, pieces))
    return items, faults[:FAULTS_MAX]


def _differences(first: dict[str, str], row: dict[str, str], line: int) -> list[PostalFault]:
    return [
        PostalFault(code="OECP-POSTAL-CSV", where=f"column {name}", message="Rows of one item tell different things.",
                    expected=shown(first[name]), got=shown(row[name]), fix="Make them the same.", line=line)
        for name in ITEM_CELLS
        if first[name] != row[name]
    ]  # fmt: skip


def _item(own: dict[str, str], pieces: list[ContentPiece]) -> PostalItem:
    given: dict[str, Any] = {}
    for name in PostalItem.__struct_fields__:
        if name in _PARTIES:
            parts = {part: own[f"{name}_{part}"] or None for part in PostalParty.__struct_fields__}
            given[name] = PostalParty(**parts)
        elif name in _LISTS:
            given[name] = tuple(text for text in own[name].split("|") if text)
        elif name != "pieces":
            given[name] = own[name] or None
    given |= {"s10": own["s10"], "posted_on": own["posted_on"], "pieces": tuple(pieces)}
    return tidy_item(msgspec.structs.replace(PostalItem(), **given))
