# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the shape of a parcel in JSON, all of it at once; what can be read is read and checked too.

A field that is not known, not there or of a wrong type is a fault of its own and hides no other: the parcel is read
without it, and its cells are looked at by the same rules as those of a good one.
Limits: FAULTS_MAX faults of shape are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import CheckLimits, ParcelFault, check_parcel, shown

FAULTS_MAX = 50
_HEADER = {field.name: field for field in msgspec.structs.fields(Parcel) if field.name != "items"}
_ITEM = {field.name: field for field in msgspec.structs.fields(ParcelItem)}
_STANDS_IN = {"parcel_id": "0", "posted_on": "2000-01-01"}  # so that the rest of a parcel without a key is looked at
_NAMED = "Remove it, or correct its name; docs/parcels.md lists the fields."
_TEXT = 'Write text; amounts and rates as decimal strings, such as "12.50".'


class Shaped(NamedTuple):
    """What of a parcel can be read, the faults of its shape, and the cells (item, column) that they are about."""

    parcel: Parcel
    faults: list[ParcelFault]
    cells: set[tuple[int, str]]


def every_fault(tree: Any, limits: CheckLimits | None = None) -> list[ParcelFault]:
    """Return all faults of a parcel whose shape is wrong: those of shape first, then those of its cells."""
    shaped = _shaped(tree)
    checked = check_parcel(shaped.parcel, limits)
    return [
        *shaped.faults[:FAULTS_MAX],
        *(fault for fault in checked if (fault.item, fault.column) not in shaped.cells),
    ]


def _shaped(tree: Any) -> Shaped:
    found = Shaped(Parcel(parcel_id="0", posted_on="2000-01-01"), [], set())
    if not isinstance(tree, dict):
        _tell(found, 0, "", "OECP-CELL-TYPE", "an object", _kind(tree), _TEXT)
        return found._replace(cells={(0, fault.column) for fault in check_parcel(found.parcel)})
    header = _cells(tree, 0, _HEADER, found, besides="items")
    for name, stand_in in _STANDS_IN.items():
        if name not in header:
            header[name] = stand_in
            if name not in tree:
                found.cells.add((0, name))
                _tell(found, 0, name, "OECP-CELL-MISSING", "a value", "nothing", "Fill in this field.")
    lines = tree.get("items", [])
    if not isinstance(lines, list):
        found.cells.add((0, "items"))
        _tell(found, 0, "items", "OECP-CELL-TYPE", "a list", _kind(lines), "Write the goods as a list in [ ].")
        lines = []
    items = []
    for number, line in enumerate(lines, start=1):
        if isinstance(line, dict):
            items.append(ParcelItem(**_cells(line, number, _ITEM, found)))
        else:
            _tell(found, number, "", "OECP-CELL-TYPE", "an object", _kind(line), _TEXT)
            items.append(ParcelItem())
            found.cells.update((number, name) for name in ("", *_ITEM))
    return found._replace(parcel=Parcel(**header, items=tuple(items)))


def _cells(
    given: Mapping[str, Any], item: int, fields: Mapping[str, Any], found: Shaped, besides: str = ""
) -> dict[str, Any]:
    """Return the fields of an object that can be read."""
    cells: dict[str, Any] = {}
    for name, value in given.items():
        if name == besides:
            continue
        if name not in fields:
            _tell(found, item, name[:80], "OECP-PARCEL-FIELD", "a field of the parcel", shown(name), _NAMED)
            continue
        try:
            cells[name] = msgspec.convert(value, fields[name].type, strict=False)
        except msgspec.ValidationError as error:
            found.cells.add((item, name))
            expected, _, got = str(error).removeprefix("Expected ").partition(", got ")
            expected = expected.replace("`", "").replace("str", "text").replace(" | null", "")
            _tell(found, item, name, "OECP-CELL-TYPE", expected, shown(got.replace("`", "")), _TEXT)
    return cells


def _kind(value: Any) -> str:
    return {list: "array", dict: "object", str: "text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )


def _tell(found: Shaped, item: int, column: str, code: str, expected: str, got: str, fix: str) -> None:
    found.faults.append(ParcelFault(item=item, column=column, code=code, expected=expected, got=got, fix=fix))
