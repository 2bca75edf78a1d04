# SPDX-License-Identifier: Apache-2.0
"""A cell that lists bodies or work programmes: known names are matched first, the longest, and only then is it split.

A comma or an “and” inside a name does not part it. What is not known is kept as written, without a code, for a person.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from openecp.programme.action_plan.importing.fold import fold, one_line, squeeze
from openecp.programme.action_plan.importing.segment import respaced
from openecp.programme.action_plan.importing.vocabulary import Name, Names

_MARKS = ",;&•·|/"
_LOOSE = re.compile(r" [,;]|[,;](?=\S)")  # a blank before a comma, or none after it
_WORDS = ("and", "et", "or", "ou")


class ListRead(NamedTuple):
    """Codes in their order, the parts as written, what is not known, and the cell's words without torn blanks."""

    codes: tuple[str, ...]
    parts: tuple[str, ...]
    unknown: tuple[str, ...]
    written: str
    torn: bool
    doubt: str


class _Cell:
    def __init__(self, text: str) -> None:
        self.text = one_line(text)
        self.squeezed = squeeze(self.text)
        self.at = [position for position, letter in enumerate(self.text) if not letter.isspace()]
        self.starts = {0, len(self.squeezed)}
        offset = 0
        for word in self.text.split():
            self.starts.add(offset := offset + len(word))

    def written(self, start: int, end: int) -> str:
        """Return a part as it stands in the cell."""
        return self.text[self.at[start] : self.at[end - 1] + 1]


def read_list(text: str, names: Names) -> ListRead:
    """Return the bodies or work programmes that a cell names."""
    cell = _Cell(text)
    squeezed, codes, parts, unknown, told = cell.squeezed, [], [], [], ""
    position, torn, doubt, separated = 0, _LOOSE.search(cell.text) is not None, "", True
    while position < len(squeezed):
        skipped, mark = _separator(cell, position, names)
        if skipped > position:
            if " " in mark:
                mark, torn = mark.replace(" ", ""), True
            told += f" {mark}" if mark in _WORDS or mark in "&/" else mark
            position, separated = skipped, True
            continue
        name = _name_at(cell, position, names)
        if name is not None:
            end = position + len(name.squeezed)
            part = cell.written(position, end)
            model = respaced(part, name.written)
            if model and fold(part) not in names.forms[name.squeezed]:
                part, torn = model, True
            codes.append(name.code)
            if not separated:
                doubt = f"nothing parts {part!r} from what stands before it"
        else:
            end = _unknown_end(cell, position, names)
            part = cell.written(position, end)
            unknown.append(part)
        parts.append(part)
        told += part if not told else f" {part}"
        position, separated = end, False
    return ListRead(tuple(dict.fromkeys(codes)), tuple(parts), tuple(unknown), told if torn else cell.text, torn, doubt)


def _separator(cell: _Cell, position: int, names: Names) -> tuple[int, str]:
    """Return where a separator ends that stands at a position, and the separator."""
    letter = cell.squeezed[position]
    if letter in _MARKS or (letter == "." and position + 1 == len(cell.squeezed)):
        return position + 1, letter
    for word in _WORDS:
        end = position + len(word)
        if position and cell.squeezed.startswith(word, position) and position in cell.starts and end in cell.starts:
            return end, cell.written(position, end)
    return position, ""


def _name_at(cell: _Cell, position: int, names: Names) -> Name | None:
    """Return the longest known name that is a whole part of the list."""
    for name in names.starting(cell.squeezed, position):
        end = position + len(name.squeezed)
        if end == len(cell.squeezed) or cell.squeezed[end] in _MARKS + "." or _parted(cell, end, names):
            return name
    return None


def _parted(cell: _Cell, end: int, names: Names) -> bool:
    """Return whether a name may end before a blank: a word that joins follows, or another known name."""
    if end not in cell.starts:
        return False
    if _separator(cell, end, names)[0] > end:
        return True
    return any(True for _ in names.starting(cell.squeezed, end))


def _unknown_end(cell: _Cell, position: int, names: Names) -> int:
    """Return where an unknown part ends: at a comma or semicolon, or where a known name follows a joining word."""
    for end in range(position + 1, len(cell.squeezed)):
        if cell.squeezed[end] in ",;":
            return end
        if end in cell.starts:
            after, mark = _separator(cell, end, names)
            if mark in _WORDS and after < len(cell.squeezed) and _name_at(cell, after, names):
                return end
    return len(cell.squeezed)
