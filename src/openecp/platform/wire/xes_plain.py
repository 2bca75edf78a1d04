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
_STAYS: _Step = (_SAME, _SAME, ())  # the next attribute belongs to what the last one does


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
        steps = self._known(starts, pieces[2::4], end)
        if steps is None or not _is_allowed({*keys}, values, self.text_max):
            return None
        if "&" in text:
            try:
                keys, values = _resolved(keys), _resolved(values)
            except ValueError:
                return None
        return self._events(steps, keys, values, self._steps[end])

    def _known(self, starts: list[str], equals: list[str], end: str) -> list[_Step] | None:
        """Return what the structures before the attributes do; None where one does not fit the grammar."""
        if len(self._steps) > _STRUCTURES_MAX or len(self._equals) > _STRUCTURES_MAX:
            self._steps.clear()
            self._equals.clear()
        if equals.count(equals[0]) < len(equals) or equals[0] not in self._equals:
            for between in {*equals} - self._equals:
                if not _VALUE.fullmatch(between):
                    return None
                self._equals.add(between)
        try:
            steps = [*map(self._steps.__getitem__, starts), self._steps[end]]
        except KeyError:
            for structure in {*starts, end} - self._steps.keys():
                step = _step(structure)
                if step is None:
                    return None
                self._steps[structure] = step
            steps = [*map(self._steps.__getitem__, starts), self._steps[end]]
        _, after, begun = steps.pop()
        return steps if after == _LOG and not begun and steps[0][0] == _LOG else None

    def _events(self, steps: list[_Step], keys: list[str], values: list[str], end: _Step) -> tuple[Columns, int] | None:
        """Return the columns of the events. A loop over all attributes of a log: nothing else costs as much."""
        columns: Columns = {}
        trace: dict[str, str] = {}
        row, place, most = -1, _LOG, len(steps)  # a structure begins one event at most
        for step, key, value in zip(steps, keys, values, strict=True):
            if step is not _STAYS:
                before, place_after, begun = step
                if before != place:
                    return None
                place = place_after
                for each in begun:
                    if each == _TRACE:
                        trace = {}
                        continue
                    row += 1
                    for name, common in trace.items():
                        if name not in columns and not self._has_added(columns, name, most):
                            return None
                        columns[name][row] = common
            if place == _EVENT:
                try:
                    columns[key][row] = value
                except KeyError:
                    if not self._has_added(columns, key, most):
                        return None
                    columns[key][row] = value
            else:
                trace["case:" + key] = value
        for column in columns.values():
            del column[row + 1 :]
        return (columns, row + 1) if end[0] == place else None

    def _has_added(self, columns: Columns, name: str, most: int) -> bool:
        if len(columns) >= self.names_max:
            return False
        columns[name] = [None] * most
        return True


def _step(structure: str) -> _Step | None:
    """Return what the text between two attributes does; None where it is not plain.

    An attribute begins in a trace or an event, the last structure ends where none begins; an event has attributes.
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
    if (fits[2] is None) != (place == _LOG) or begun.count(_EVENT) > 1:
        return None
    return (first, place, tuple(begun)) if place != _SAME else _STAYS


def _is_allowed(keys: set[str], values: list[str], text_max: int) -> bool:
    """Tell whether the parser would take all characters of these, and as they stand; and none has too many."""
    held = "".join(values) + "".join(keys)
    if "\ufffe" in held or "\uffff" in held or (len(held) > text_max and max(map(len, values)) > text_max):
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
