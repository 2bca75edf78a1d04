# SPDX-License-Identifier: Apache-2.0
"""Finds the line and column of a JSON pointer in a message; read again only when somebody asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def places_of(data: bytes, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return line and column, both from 1, of each JSON pointer; of what is absent, those of what encloses it."""
    text = data.decode("utf-8-sig", "replace")
    asked = set(pointers)
    wanted = {above for pointer in asked for above in _with_ancestors(pointer)}
    offsets = _offsets(text, wanted)
    found: dict[str, tuple[int, int]] = {}
    for pointer in asked:
        at = next(offsets[above] for above in _with_ancestors(pointer) if above in offsets)
        found[pointer] = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return found


def place_of(data: bytes, pointer: str) -> tuple[int, int]:
    """Return line and column of one JSON pointer."""
    return places_of(data, (pointer,))[pointer]


def _with_ancestors(pointer: str) -> list[str]:
    """Return a pointer and all above it, the nearest first, ending with the whole message."""
    parts = pointer.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _offsets(text: str, wanted: set[str]) -> dict[str, int]:
    """Return where the value of each wanted pointer begins. A broken text gives what stands before the break."""
    found: dict[str, int] = {"": 0}
    names: list[str | int] = []  # one for each open object or array: its current field or index
    at_name = False
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in ("}", "]"):
            if not names:
                break
            names.pop()
            at_name = False
        elif mark == ",":
            if names and isinstance(names[-1], int):
                names[-1] += 1
            else:
                at_name = True
        elif mark == ":":
            at_name = False
        elif at_name and names:
            names[-1] = _unquoted(mark)
        else:
            pointer = "".join(f"/{name}" for name in names)
            if pointer in wanted:
                found.setdefault(pointer, token.start())
                if len(found) == len(wanted):
                    break
            if mark == "{":
                names.append("")
                at_name = True
            elif mark == "[":
                names.append(0)
    return found


def _unquoted(mark: str) -> str:
    if "\\" not in mark:
        name = mark.strip('"')
    else:
        try:
            name = str(json.loads(mark))
        except ValueError:
            name = mark
    return name.replace("~", "~0").replace("/", "~1")
