# SPDX-License-Identifier: Apache-2.0
"""A checked parcel in the typed flat form, one row an item, as a staged file has it; and such rows as a parcel again.

Amounts and counts are whole millionths, shares 1/100,000,000, days dates; what is empty is absent, and defaults are
filled in as for a file.
Limits: a parcel that `check_parcel` has no fault of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Any

from openecp.kernel.datamodel.parcel import (
    PARCEL_COLUMNS,
    PARCEL_HEADER_COLUMNS,
    PARCEL_ITEM_COLUMNS,
    PERSONAL_COLUMNS,
    Parcel,
    ParcelItem,
)

_KINDS = {name: kind for name, kind, _ in PARCEL_COLUMNS}
_ENDS = {"amount": "_micro", "count": "_micro", "share": "_e8"}
_PLACES = {"amount": 6, "count": 6, "share": 8}
_TYPES = {"text": "VARCHAR", "date": "DATE", "flag": "BOOLEAN"}
TYPED_NAMES = {name: name + _ENDS.get(kind, "") for name, kind, _ in PARCEL_COLUMNS}
TYPED_COLUMNS: tuple[tuple[str, str], ...] = (
    ("row_id", "BIGINT"),
    ("parcel_no", "BIGINT"),
    ("item", "INTEGER"),
    *((TYPED_NAMES[name], _TYPES.get(kind, "BIGINT")) for name, kind, _ in PARCEL_COLUMNS),
)
_DEFAULTS: dict[str, Any] = {"channel": "post", "trade": "B2C", "quantity": 1_000_000}
_HEADER_KINDS = tuple((name, _KINDS[name]) for name in PARCEL_HEADER_COLUMNS)
_ITEM_KINDS = tuple((name, _KINDS[name]) for name in PARCEL_ITEM_COLUMNS)
_header_cells, _item_cells = attrgetter(*PARCEL_HEADER_COLUMNS), attrgetter(*PARCEL_ITEM_COLUMNS)


def _work(kinds: tuple[tuple[str, str], ...]) -> tuple[tuple[int, str, str], ...]:
    """Return the columns in which more than plain text stands, by place."""
    return tuple(
        (place, name, kind)
        for place, (name, kind) in enumerate(kinds)
        if kind != "text" or name == "hs" or name in _DEFAULTS
    )


_HEADER_WORK, _ITEM_WORK = _work(_HEADER_KINDS), _work(_ITEM_KINDS)


def typed_rows(parcel: Parcel, parcel_no: int, first_row: int) -> list[tuple[Any, ...]]:
    """Return the rows of a parcel in the order of TYPED_COLUMNS."""
    header = _typed(_header_cells(parcel), _HEADER_WORK)
    return [
        (first_row + number, parcel_no, number + 1, *header, *_typed(_item_cells(item), _ITEM_WORK))
        for number, item in enumerate(parcel.items)
    ]


def _typed(cells: Iterable[Any], work: Iterable[tuple[int, str, str]]) -> list[Any]:
    typed = [cell or None for cell in cells]  # a plain text stays as it is
    for place, name, kind in work:
        typed[place] = _cell(name, kind, typed[place])
    return typed


def _cell(name: str, kind: str, value: Any) -> Any:
    if kind == "flag":
        return bool(value)
    if value is None or value == "":
        return _DEFAULTS.get(name)
    if kind == "text":
        return value.replace(".", "").replace(" ", "") if name == "hs" else value
    if kind == "date":
        return date.fromisoformat(value)
    return scaled(value, _PLACES[kind])


def scaled(text: str, places: int) -> int:
    """Return decimal text as a whole number of its last place."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(places, "0"))


def plain_decimal(value: int, places: int) -> str:
    """Return a whole number of a last place as decimal text, with two decimals or as many as are needed."""
    digits = str(value).zfill(places + 1)
    fraction = digits[-places:].rstrip("0")
    return f"{digits[:-places]}.{fraction.ljust(2, '0')}"


def parcel_of_rows(rows: Iterable[Mapping[str, Any]]) -> Parcel:
    """Return the parcel of typed rows, in their order; columns that are not there (personal data) stay empty."""
    listed = list(rows)
    header = {name: _text(kind, listed[0].get(TYPED_NAMES[name])) for name, kind in _HEADER_KINDS}
    items = tuple(
        ParcelItem(**{name: _text(kind, row.get(TYPED_NAMES[name])) for name, kind in _ITEM_KINDS}) for row in listed
    )
    return Parcel(**header, items=items)


def _text(kind: str, value: Any) -> Any:
    if kind == "flag":
        return bool(value)
    if value is None or kind == "text":
        return value
    if kind == "date":
        return value.isoformat()
    return plain_decimal(value, _PLACES[kind])


def goods_of(parcel: Parcel) -> list[tuple[Any, ...]]:
    """Return what a parcel declares without personal data, in one form: equal for equal goods."""
    names = [name for name, _ in TYPED_COLUMNS]
    kept = [place for place, name in enumerate(names) if name not in (*PERSONAL_COLUMNS, "row_id", "parcel_no")]
    return [tuple(row[place] for place in kept) for row in typed_rows(parcel, 1, 1)]
