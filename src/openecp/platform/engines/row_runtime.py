# SPDX-License-Identifier: Apache-2.0
"""What translated statements call: quotients, partitions, sums over them, joins by an index, groups.

Null is None; what holds no value is passed over in a sum, and a sum of nothing is null, as in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

Places = list[int]


class Rows:
    """A table as columns, with an index for each set of columns that a join asks for."""

    __slots__ = ("columns", "count", "indexes")

    def __init__(self, columns: dict[str, list[Any]], count: int) -> None:
        self.columns, self.count = columns, count
        self.indexes: dict[tuple[str, ...], dict[Any, Places]] = {}

    def index(self, names: tuple[str, ...]) -> dict[Any, Places]:
        """Return the places of each key."""
        if names not in self.indexes:
            self.indexes[names] = index_of(self.count, tuple(self.columns[name] for name in names))
        return self.indexes[names]

    def add(self, columns: dict[str, list[Any]], count: int) -> None:
        """Add rows; what indexes know goes on."""
        for name, values in self.columns.items():
            values.extend(columns[name])
        for names, known in self.indexes.items():
            for key, places in index_of(count, tuple(columns[name] for name in names)).items():
                known.setdefault(key, []).extend(place + self.count for place in places)
        self.count += count


def half_up(whole: int, divisor: int) -> int:
    """Divide and round halves away from zero."""
    cut, rest = divmod(abs(whole), divisor)
    found = cut + (rest * 2 >= divisor)
    return found if whole >= 0 else -found


def quotient(a: int, b: int) -> int | None:
    """Divide whole numbers, cut towards zero; nothing by zero."""
    if b == 0:
        return None
    return a // b if (a >= 0) is (b > 0) else -(-a // b)


def remainder(a: int, b: int) -> int | None:
    """Return what a quotient leaves; it has the sign of `a`."""
    cut = quotient(a, b)
    return None if cut is None else a - cut * b


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """Return a pattern as a database reads it: its `$` is the end, and no place before a last line feed."""
    return re.compile(f"{text[:-1]}\\Z" if text.endswith("$") and not text.endswith("\\$") else text, re.ASCII)


def matched(text: str, pattern: str) -> bool:
    """Tell whether a pattern is found in a text."""
    return _pattern(pattern).search(text) is not None


def least(*values: Any) -> Any:
    """Return the least of what is known."""
    return min((value for value in values if value is not None), default=None)


def greatest(*values: Any) -> Any:
    """Return the greatest of what is known."""
    return max((value for value in values if value is not None), default=None)


def divided(a: float | None, b: float | None) -> float | None:
    """Divide doubles; nothing by zero."""
    return None if a is None or not b else a / b


def lowered(text: str) -> str:
    """Return a text in lower case as a database writes it: letter by letter, each of them one."""
    if text.isascii():
        return text.lower()
    return "".join(sign.lower()[0] for sign in text)


def raised(text: str) -> str:
    """Return a text in upper case as a database writes it: letter by letter, each of them one."""
    if text.isascii():
        return text.upper()
    return "".join(_raised(sign) for sign in text)


def _raised(sign: str) -> str:
    """Return the one letter that stands for a small one; its title case where the large one takes two."""
    for large in (sign.upper(), sign.title()):
        if len(large) == 1:
            return large
    return "\u1e9e" if sign == "\u00df" else sign


def _keys(lists: Sequence[Sequence[Any]], rows: int) -> Iterable[Any]:
    if len(lists) == 1:
        return lists[0]
    return zip(*lists, strict=True) if lists else [()] * rows


def partitions(rows: int, keys: Sequence[list[Any]], order: Sequence[tuple[list[Any], bool]]) -> list[Places]:
    """Return the places of each partition, in their order: (values, falling)."""
    found: dict[Any, Places] = {}
    for place, key in enumerate(_keys(keys, rows)):
        known = found.get(key)
        if known is None:
            found[key] = [place]
        else:
            known.append(place)
    for places in found.values():
        if len(places) > 1:
            for values, falling in reversed(order):
                _sort(places, values, falling)
    return list(found.values())


def _sort(places: Places, values: list[Any], falling: bool) -> None:
    """Put places in the order of their values; what is null comes last."""
    cells = [values[place] for place in places]
    if None in cells:
        unknown = [place for place in places if values[place] is None]
        places[:] = [place for place in places if values[place] is not None]
        places.sort(key=values.__getitem__, reverse=falling)
        places.extend(unknown)
    elif falling or cells != sorted(cells):
        places.sort(key=values.__getitem__, reverse=falling)


groups = partitions


def numbered(rows: int, parts: list[Places]) -> list[int]:
    """Number the rows of each partition from 1."""
    found = [0] * rows
    for places in parts:
        for number, place in enumerate(places, start=1):
            found[place] = number
    return found


def _whole(values: list[Any], parts: list[Places], total: Callable[[list[Any]], Any]) -> list[Any]:
    if len(parts) == len(values):  # each row alone
        return [int(value is not None) for value in values] if total is len else list(values)
    found: list[Any] = [None] * len(values)
    for places in parts:
        known = [values[place] for place in places]
        whole = total([value for value in known if value is not None] if None in known else known)
        for place in places:
            found[place] = whole
    return found


def sum_whole(values: list[Any], parts: list[Places]) -> list[Any]:
    """Sum each partition up."""
    return _whole(values, parts, total_sum)


def max_whole(values: list[Any], parts: list[Places]) -> list[Any]:
    """Return the greatest of each partition."""
    return _whole(values, parts, total_max)


def min_whole(values: list[Any], parts: list[Places]) -> list[Any]:
    """Return the least of each partition."""
    return _whole(values, parts, total_min)


def count_whole(values: list[Any], parts: list[Places]) -> list[Any]:
    """Count the known values of each partition."""
    return _whole(values, parts, len)


def sum_so_far(values: list[Any], parts: list[Places]) -> list[Any]:
    """Sum each partition up to each row."""
    found: list[Any] = [None] * len(values)
    for places in parts:
        total = None
        for place in places:
            if values[place] is not None:
                total = values[place] if total is None else total + values[place]
            found[place] = total
    return found


def lag(values: list[Any], parts: list[Places]) -> list[Any]:
    """Return the value of the row before."""
    found: list[Any] = [None] * len(values)
    for places in parts:
        for before, place in pairwise(places):
            found[place] = values[before]
    return found


def index_of(rows: int, lists: Sequence[Sequence[Any]]) -> dict[Any, Places]:
    """Return the places of each key; one that is null is nowhere."""
    found: dict[Any, Places] = {}
    several = len(lists) > 1
    for place, key in enumerate(_keys(lists, rows)):
        if key is None or (several and None in key):
            continue
        known = found.get(key)
        if known is None:
            found[key] = [place]
        else:
            known.append(place)
    return found


_NOBODY = (-1,)


def joined(rows: int, lists: Sequence[list[Any]], index: dict[Any, Places], outer: bool) -> tuple[Any, Places]:
    """Return the places left and right of each pair; None for the left where each row stands once, in order.

    `outer`: a row without a partner stays, with -1 for it.
    """
    partners: list[Any] = list(map(index.get, _keys(lists, rows)))
    if outer:
        partners = [found or _NOBODY for found in partners]
    elif not all(partners):
        partners = [found or () for found in partners]
    right = [other for found in partners for other in found]
    if len(right) == rows and all(partners):  # one for each
        return None, right
    return [place for place, found in enumerate(partners) for _ in found], right


def outer_kept(rows: int, left: Any, right: Places, kept: list[Any]) -> tuple[Any, Places]:
    """Return the pairs of which a condition holds, and each row without one beside -1; see `joined`."""
    pairs = zip(left if left is not None else range(rows), right, kept, strict=True)
    held = [(one, other) for one, other, known in pairs if known]
    if len(held) == rows and [one for one, _ in held] == list(range(rows)):
        return None, [other for _, other in held]
    by_row: list[Places] = [[] for _ in range(rows)]
    for one, other in held:
        by_row[one].append(other)
    found = [(place, other) for place, others in enumerate(by_row) for other in (others or [-1])]
    return [one for one, _ in found], [other for _, other in found]


def having(rows: int, lists: Sequence[list[Any]], index: dict[Any, Places], wanted: bool) -> Places:
    """Return the places of rows that have a partner, or of those that have none."""
    return [place for place, key in enumerate(_keys(lists, rows)) if (key in index) is wanted]


def taken(driver: Any, places: Any) -> Any:
    """Return the places that a selection leaves of a driver."""
    return driver if places is None else [driver[place] for place in places]


def of_groups(values: list[Any], members: list[Places], total: Callable[[list[Any]], Any]) -> list[Any]:
    """Return a figure of the known values of each group."""
    found = []
    for places in members:
        known = [values[place] for place in places]
        found.append(total([value for value in known if value is not None] if None in known else known))
    return found


def total_sum(known: list[Any]) -> Any:
    """Sum up."""
    return sum(known) if known else None


def total_max(known: list[Any]) -> Any:
    """Return the greatest."""
    return max(known) if known else None


def total_min(known: list[Any]) -> Any:
    """Return the least."""
    return min(known) if known else None


def total_or(known: list[Any]) -> Any:
    """Tell whether one is true."""
    return True in known if known else None


def total_bits(known: list[Any]) -> Any:
    """Return the bits that stand in any."""
    bits = 0
    for one in known:
        bits |= one
    return bits if known else None


def texts_joined(
    values: list[Any], order: Sequence[list[Any]], members: list[Places], between: str, once: bool
) -> list[Any]:
    """Join the texts of each group in their order; `once` each text once."""
    found = []
    for places in members:
        known = [place for place in places if values[place] is not None]
        known.sort(key=lambda place: tuple((one[place] is None, one[place]) for one in order))
        texts = [values[place] for place in known]
        found.append(between.join(dict.fromkeys(texts) if once else texts) if texts else None)
    return found


def sorted_places(rows: int, order: Sequence[tuple[list[Any], bool]]) -> Places:
    """Return the places of rows in order; (values, falling); what is null comes last."""
    places = list(range(rows))
    for values, falling in reversed(order):
        _sort(places, values, falling)
    return places


NAMES: dict[str, Any] = {
    "date": date, "half_up": half_up, "quotient": quotient, "remainder": remainder, "least": least, "matched": matched,
    "partitions": partitions, "groups": groups, "numbered": numbered, "sum_whole": sum_whole, "max_whole": max_whole,
    "min_whole": min_whole, "count_whole": count_whole, "sum_so_far": sum_so_far, "lag": lag, "index_of": index_of,
    "joined": joined, "outer_kept": outer_kept, "having": having, "taken": taken, "of_groups": of_groups,
    "total_sum": total_sum, "total_max": total_max, "total_min": total_min, "total_or": total_or,
    "total_bits": total_bits, "total_count": len, "texts_joined": texts_joined, "sorted_places": sorted_places,
    "greatest": greatest, "divided": divided, "lowered": lowered, "raised": raised,
}  # fmt: skip
