# SPDX-License-Identifier: Apache-2.0
"""Reads and writes object-centric event logs, OCEL 2.0, in its three forms: JSON, XML and SQLite.

An event there belongs to any number of objects: a container to many consignments, a declaration to many containers.
Source: OCEL 2.0 specification (events, objects, their relations, attributes that change).
Limits: BYTES_MAX a file, ITEMS_MAX events, objects or relations; a DOCTYPE is refused; a database is opened read-only.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

BYTES_MAX = 1 << 30
ITEMS_MAX = 20_000_000
SQLITE = b"SQLite format 3\0"


class UnreadableOcel(ValueError):  # noqa: N818
    """A log that cannot be read: where, what was wanted, what was found, what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Relation(msgspec.Struct, frozen=True, rename="camel"):
    """A relation to an object, and what the object is in it."""

    object_id: str
    qualifier: str = ""


class ObjectValue(msgspec.Struct, frozen=True):
    """What an attribute of an object was from a time on."""

    name: str
    value: str
    time: str = ""


class OcelObject(msgspec.Struct, frozen=True):
    """An object: a declaration, a container, a bill of lading."""

    id: str
    type: str
    attributes: tuple[ObjectValue, ...] = ()
    relationships: tuple[Relation, ...] = ()


class OcelEvent(msgspec.Struct, frozen=True):
    """An event and the objects that it belongs to."""

    id: str
    type: str
    time: str
    attributes: dict[str, str] = {}
    relationships: tuple[Relation, ...] = ()


class OcelLog(msgspec.Struct, frozen=True):
    """A whole log, in the order of its file."""

    events: tuple[OcelEvent, ...]
    objects: tuple[OcelObject, ...]

    def types_of_objects(self) -> tuple[str, ...]:
        """Return the types of objects that occur."""
        return tuple(dict.fromkeys(item.type for item in self.objects))


def is_ocel(name: str, start: bytes) -> bool:
    """Tell from a file's name and first bytes whether it is an object-centric log."""
    if start.startswith(SQLITE) or name.endswith((".jsonocel", ".xmlocel")):
        return True
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    if text.startswith(b"{"):
        return True
    return text.startswith(b"<") and (b"<object-types" in text or b"<event-types" in text or b"<objects" in text)


def read_ocel(path: Path) -> OcelLog:
    """Read a log, by its content.

    Raises: UnreadableOcel.
    """
    from openecp.platform.wire.ocel_forms import read_json, read_sqlite, read_xml

    if path.stat().st_size > BYTES_MAX:
        raise UnreadableOcel(path.name, f"at most {BYTES_MAX} bytes", str(path.stat().st_size), "Split the log.")
    with path.open("rb") as stream:
        start = stream.read(64)
    if start.startswith(SQLITE):
        return read_sqlite(path)
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return read_json(path)
    return read_xml(path)


def write_ocel(log: OcelLog, path: Path) -> None:
    """Write a log in the form that the file's name asks for: .sqlite, .xml or .xmlocel, else JSON."""
    from openecp.platform.wire.ocel_writing import write_json, write_sqlite, write_xml

    name = path.name.lower()
    if name.endswith((".sqlite", ".db", ".sqlite3")):
        write_sqlite(log, path)
    elif name.endswith((".xml", ".xmlocel")):
        write_xml(log, path)
    else:
        write_json(log, path)
