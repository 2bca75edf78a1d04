# SPDX-License-Identifier: Apache-2.0
"""Reads whole traces of a log in XES that are written plainly, without the parser; all others are left to the parser.

Plain are elements `<trace>` and `<event>` that hold nothing but `<string key="…" value="…"/>` and its like, with blanks
between. Such text, split at its quotation marks, is by turns structure and value. Structures repeat, so that each is
judged once: it must fit the grammar below from its first character to its last, and follow on the one before it.
Limits: what does not fit, or holds longer values or more names of attributes than allowed, is left
to the parser.
"""

from __future__ import annotations

import re

Columns = dict[str, list[str | None]]
_LOG, _TRACE, _EVENT, _SAME = 0, 1, 2, -1
_TAGS = {
    "<trace>": (_LOG, _TRACE),
    "<event>": (_TRACE, _EVENT),
    "</event>": (_EVENT, _TRACE),
    "</trace>": (_TRACE, _LOG),
}
_TAG = re.compile("</?(?:trace|event)>")
_BLANK = "[ \t\r\n]"
_BETWEEN = re.compile(
    f"{_BLANK}*+/>((?:{_BLANK}|</?trace>|</?event>)*+)"
    f"(<(?:string|date|int|float|boolean|id){_BLANK}++key{_BLANK}*+={_BLANK}*+)?"
)
_VALUE = re.compile(f"{_BLANK}++value{_BLANK}*+={_BLANK}*+")
_REFERENCE = re.compile("&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# What no value may hold as it stands. XML allows tabs and ends of lines, but the parser makes blanks of them.
_NEVER = bytes(range(0x20)) + b"<"
_STRUCTURES_MAX = 1_000

# What a structure does: the place where it may stand, the place that it leads to, and what it begins on the way.
_Step = tuple[int, int, tuple[int, ...]]


class PlainTraces:
    """Turns plain traces into columns, and knows the structures that it met."""

    def __init__(self, names_max: int, text_max: int) -> None:
        self.names_max, self.text_max = names_max, text_max
        self._steps: dict[str, _Step] = {}
        self._equals: set[str] = set()

    def columns(self, block: bytes) -> tuple[Columns, int] | None:
        """Return the events of whole traces as columns of one length, and how many; None where they are not plain."""
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            return None
        pieces = text.split('"')
        if len(pieces) < 5 or len(pieces) % 4 != 1:
            return None
        pieces[0] = "/>" + pieces[0]  # as if an attribute ended before: all structures are then of one form
        starts, keys, values, end = pieces[:-1:4], pieces[1::4], pieces[3::4], pieces[-1]
        if not self._is_known(starts, pieces[2::4], end) or not _is_allowed({*keys}, values):
            return None
        if max(map(len, values)) > self.text_max:
            return None
        if "&" in text:
            try:
                keys, values = _resolved(keys), _resolved(values)
            except ValueError:
                return None
        count = text.count("<event>")
        found = self._events(starts, keys, values, end, count)
        return None if found is None else (found, count)

    def _is_known(self, starts: list[str], equals: list[str], end: str) -> bool:
        """Tell whether every structure fits the grammar; from then on it is known."""
        if len(self._steps) > _STRUCTURES_MAX or len(self._equals) > _STRUCTURES_MAX:
            self._steps.clear()
            self._equals.clear()
        for between in {*equals} - self._equals:
            if not _VALUE.fullmatch(between):
                return False
            self._equals.add(between)
        for structure in {*starts, end} - self._steps.keys():
            step = _step(structure)
            if step is None:
                return False
            self._steps[structure] = step
        _, after, begun = self._steps[end]
        return after == _LOG and not begun and self._steps[starts[0]][0] == _LOG

    def _events(self, starts: list[str], keys: list[str], values: list[str], end: str, count: int) -> Columns | None:
        """Return the columns of the events. A loop over all attributes of a log: nothing else costs as much."""
        columns: Columns = {}
        trace: dict[str, str] = {}
        row, place = -1, _LOG
        for (before, after, begun), key, value in zip(map(self._steps.__getitem__, starts), keys, values, strict=True):
            if after != _SAME:
                if before != place:
                    return None
                place = after
                for each in begun:
                    if each == _TRACE:
                        trace = {}
                        continue
                    row += 1
                    for name, common in trace.items():
                        if name not in columns and not self._has_added(columns, name, count):
                            return None
                        columns[name][row] = common
            if place == _TRACE:
                trace["case:" + key] = value
                continue
            try:
                columns[key][row] = value
            except KeyError:
                if not self._has_added(columns, key, count):
                    return None
                columns[key][row] = value
        return columns if self._steps[end][0] == place else None

    def _has_added(self, columns: Columns, name: str, count: int) -> bool:
        if len(columns) >= self.names_max:
            return False
        columns[name] = [None] * count
        return True


def _step(structure: str) -> _Step | None:
    """Return what stands between two attributes does; None where it is not plain.

    An attribute begins in a trace or an event, and the last structure ends where none begins.
    """
    fits = _BETWEEN.fullmatch(structure)
    if fits is None:
        return None
    first = place = _SAME
    begun = []
    for tag in _TAG.findall(fits[1]):
        before, after = _TAGS[tag]
        if place == _SAME:
            first = before
        elif place != before:
            return None
        place = after
        if tag in ("<trace>", "<event>"):
            begun.append(after)
    if (fits[2] is None) != (place == _LOG):
        return None
    return first, place, tuple(begun)


def _is_allowed(keys: set[str], values: list[str]) -> bool:
    """Tell whether the parser would take all characters of these, and as they stand."""
    held = "".join(values) + "".join(keys)
    if "\ufffe" in held or "\uffff" in held:
        return False
    plain = held.encode()
    return len(plain) == len(plain.translate(None, _NEVER))


def _resolved(texts: list[str]) -> list[str]:
    """Return texts with their references replaced.

    Raises: ValueError where one is unknown.
    """
    return [_REFERENCE.sub(_character, text) if "&" in text else text for text in texts]


def _character(reference: re.Match[str]) -> str:
    name, decimal, digits = reference.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(digits or "0", 16)
    if number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000:
        return chr(number)
    raise ValueError(reference[0])
