# SPDX-License-Identifier: Apache-2.0
"""Compares the elements that messages hold with those that the data model knows: `openecp conformance --elements`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from lxml import etree

from openecp.kernel.datamodel.elements import name_paths
from openecp.platform.wire.messages import DEFAULT_LIMITS, Limits, Unreadable
from openecp.platform.wire.xml_findings import local_name
from openecp.platform.wire.xml_guard import parse_xml
from openecp.platform.wire.xml_message import find_envelope


class ElementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One element path that occurs in messages: how often, in how many files, and whether the model knows it."""

    path: str  # names from Declaration or Response on, `Declaration/GoodsShipment/UCR/ID`
    wco_path: str | None  # `42A/67A/35B.016`; None where unknown
    occurrences: int
    files: int
    known: bool


class ElementReport(msgspec.Struct, frozen=True, kw_only=True):
    """The rows, and the files that gave none: not well-formed, or of another kind."""

    rows: tuple[ElementRow, ...]
    files: int
    unreadable: tuple[tuple[str, str], ...]  # file and error code

    @property
    def unknown(self) -> tuple[ElementRow, ...]:
        """Return the paths that the data model does not know."""
        return tuple(row for row in self.rows if not row.known)


def element_report(files: Iterable[Path], limits: Limits = DEFAULT_LIMITS) -> ElementReport:
    """Return every element path of the declarations and responses in XML files, compared with the data model.

    Limits: 100,000 distinct paths; paths beyond them are counted together as `…`.
    """
    occurrences: Counter[str] = Counter()
    in_files: Counter[str] = Counter()
    unreadable: list[tuple[str, str]] = []
    read = 0
    for file in files:
        try:
            roots = _roots(parse_xml(file.read_bytes(), limits))
        except Unreadable as error:
            unreadable.append((str(file), error.code))
            continue
        if not roots:
            unreadable.append((str(file), "OECP-NOT-A-DECLARATION"))
            continue
        read += 1
        found: Counter[str] = Counter()
        for root in roots:
            _count(root, found)
        for path, count in found.items():
            kept = path if path in occurrences or len(occurrences) < _MAXIMUM_PATHS else "…"
            occurrences[kept] += count
            in_files[kept] += 1
    known = name_paths()
    rows = tuple(
        ElementRow(
            path=path,
            wco_path=known.get(path),
            occurrences=occurrences[path],
            files=in_files[path],
            known=path in known,
        )
        for path in sorted(occurrences)
    )
    return ElementReport(rows=rows, files=read, unreadable=tuple(unreadable))


_MAXIMUM_PATHS = 100_000
_ROOTS = ("Declaration", "Response")


def _roots(root: etree._Element) -> list[etree._Element]:
    if local_name(root.tag) in _ROOTS:
        return [root]
    envelope = find_envelope(root)
    return [] if envelope is None else [child for child in envelope if local_name(child.tag) in _ROOTS]


def _count(root: etree._Element, found: Counter[str]) -> None:
    waiting = [(root, local_name(root.tag))]
    while waiting:
        node, path = waiting.pop()
        found[path] += 1
        waiting.extend((child, f"{path}/{local_name(child.tag)}") for child in node)
