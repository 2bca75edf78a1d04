# SPDX-License-Identifier: Apache-2.0
"""Reads the parties that are to be looked for: one name a line, or CSV with a header as lists have it.

Limits: 256 MB, a million names; a name of more than 500 characters or without a letter is a fault, the rest is read.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from openecp.border.risk.watchlist.imports import BYTES_MAX, COLUMNS, ENTRIES_MAX, FAULTS_MAX, ListFault, ListRefused
from openecp.border.risk.watchlist.party import KINDS, NAME_MAX, Kind, Party, read_day, shown


class NamedParty(NamedTuple):
    """A party with the line that it stands on."""

    line: int
    party: Party


def read_parties(content: bytes, where: str, *, kind: Kind = "") -> tuple[list[NamedParty], list[ListFault]]:
    """Return the parties of a file and what is wrong with its rows. Raises: ListRefused where it is no such file."""
    if len(content) > BYTES_MAX or b"\x00" in content[:1000]:
        raise ListRefused(where=where, expected=f"names in UTF-8, at most {BYTES_MAX:,} bytes",
                          got=f"{len(content):,} bytes", fix="give a text or CSV file")  # fmt: skip
    text = content.decode("utf-8-sig", errors="replace")
    first = text.lstrip().partition("\n")[0][:10_000]
    if first.startswith(('{"', "[{")):
        raise ListRefused(where=where, expected="names: one a line, or CSV with a header", got="JSON",
                          fix="give JSON with --list, and names as text or CSV")  # fmt: skip
    delimiter = max(",;\t|", key=first.count)
    header = [name.strip().strip('"').lower().replace(" ", "_") for name in first.split(delimiter)]
    places = {field: [header.index(name) for name in names if name in header] for field, names in COLUMNS.items()}
    faults: list[ListFault] = []
    found: list[NamedParty] = []
    if places["name"]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        next(rows)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as error:
                _tell(faults, f"{where}, line {rows.line_num}", "a row of CSV", str(error), "close its quotes")
                continue
            if row:
                one = {f: [row[at].strip() for at in p if at < len(row) and row[at].strip()] for f, p in places.items()}
                _take(found, faults, where, rows.line_num, one, kind)
    elif where.lower().endswith((".csv", ".tsv")) and delimiter in first:
        raise ListRefused(where=f"{where}, line 1", expected=f"a column {', '.join(COLUMNS['name'])}",
                          got=shown(first), fix="name the column so, or give names alone in a .txt file")  # fmt: skip
    else:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                _take(found, faults, where, number, {"name": [line.strip()]}, kind)
    if not found:
        raise ListRefused(where=where, expected="at least one name", got="none", fix="write one name a line, or CSV")
    return found, faults


def _take(
    found: list[NamedParty], faults: list[ListFault], where: str, line: int, one: dict[str, list[str]], kind: Kind
) -> None:
    name = (one["name"] or [""])[0]
    if not name or len(name) > NAME_MAX or len(found) >= ENTRIES_MAX:
        _tell(faults, f"{where}, line {line}, name", f"a name of 1 to {NAME_MAX} characters, {ENTRIES_MAX:,} names",
              name, "shorten it")  # fmt: skip
        return
    told = (one.get("schema") or [""])[0]
    days = [day for text in one.get("birth_date", ()) if (day := read_day(text)) is not None]
    found.append(NamedParty(line, Party(
        name=name,
        kind=next((known for known in KINDS if known.lower() == told.lower()), kind),
        birth_date=days[0] if days else "",
        countries=tuple(code.upper() for text in one.get("countries", ()) for code in text.split(";")
                        if len(code.strip()) == 2),
        identifiers=tuple(part.strip() for text in one.get("identifiers", ()) for part in text.split(";")),
        address=(one.get("addresses") or [""])[0][:400],
    )))  # fmt: skip


def _tell(faults: list[ListFault], where: str, expected: str, got: str, fix: str) -> None:
    if len(faults) < FAULTS_MAX:
        faults.append(
            ListFault(where=where, expected=expected, got=shown(got)[:80] or "nothing", fix=fix, loaded=False)
        )
