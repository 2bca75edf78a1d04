# SPDX-License-Identifier: Apache-2.0
"""Which cells may not be published: those of fewer than k cases, and those from which they could be worked out.

A cell that alone is hidden in a line of a table follows from the line's total less the others. So a second one is
hidden beside it, the smallest that is shown, until no line has a single hidden cell and no line's hidden cells hold
fewer than k cases together. Cells without a case tell nothing of anybody and are shown.
Source: statistical disclosure control, primary and secondary suppression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ALL = "*"  # stands for every value of a segment: a total


def suppressed(counts: Mapping[tuple[str, ...], int], k: int) -> set[tuple[str, ...]]:
    """Return the cells to hide; `counts` are the cases of each cell of a cross of segments, totals not among them.

    Totals over any of the segments stay; they are those that `totals` gives. A total of fewer than k cases is hidden
    too, as a cell with `ALL` in place of the segments that it sums over.
    Raises: ValueError where k is below 1.
    """
    if k < 1:
        raise ValueError(f"suppression: expected k of 1 or more, got {k}; name the least number of cases to publish")
    width = len(next(iter(counts), ()))
    table = totals(counts)
    hidden = {cell for cell, n in table.items() if 0 < n < k}
    lines = _lines(table, width)
    changed = True
    while changed:
        changed = False
        for members in lines:
            within = [cell for cell in members if cell in hidden]
            if not within:
                continue
            alone = len(within) == 1 or sum(table[cell] for cell in within) < k
            rest = [cell for cell in members if cell not in hidden and table[cell]]
            if alone and rest:
                hidden.add(min(rest, key=lambda cell: (table[cell], cell)))
                changed = True
            elif alone and (total := _total_of(members[0], members[-1])) not in hidden and table.get(total, 0):
                hidden.add(total)  # nothing else to hide behind: the total would tell
                changed = True
    return hidden


def totals(counts: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """Return the cells and all their totals, over every choice of segments."""
    table: dict[tuple[str, ...], int] = {}
    for cell, n in counts.items():
        for mask in range(1 << len(cell)):
            key = tuple(ALL if mask >> place & 1 else value for place, value in enumerate(cell))
            table[key] = table.get(key, 0) + n
    return table


def _lines(table: Iterable[tuple[str, ...]], width: int) -> list[list[tuple[str, ...]]]:
    """Return the lines of the table: cells that differ in one segment only, and add up to one total."""
    lines: dict[tuple[tuple[str, ...], int], list[tuple[str, ...]]] = {}
    for cell in sorted(table):
        for place in range(width):
            if cell[place] != ALL:
                key = (*cell[:place], ALL, *cell[place + 1 :])
                lines.setdefault((key, place), []).append(cell)
    return list(lines.values())


def _total_of(first: tuple[str, ...], last: tuple[str, ...]) -> tuple[str, ...]:
    if first != last:
        return tuple(a if a == b else ALL for a, b in zip(first, last, strict=True))
    return first
