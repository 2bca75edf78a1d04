# SPDX-License-Identifier: Apache-2.0
"""The three forms of an object-centric log, read into one."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.parsers import expat

import msgspec

from openecp.platform.wire.ocel import (
    ITEMS_MAX,
    ObjectValue,
    OcelEvent,
    OcelLog,
    OcelObject,
    Relation,
    UnreadableOcel,
)

_DEPTH_MAX = 32
_TEXT_MAX = 1 << 20
_TOKEN_MAX = 16 << 20


class _JsonValue(msgspec.Struct):
    name: str = ""
    value: Any = None
    time: str = ""


class _JsonItem(msgspec.Struct):
    id: str | int
    type: str
    time: str = ""
    attributes: list[_JsonValue] = []
    relationships: list[Relation] = []


class _JsonLog(msgspec.Struct):
    events: list[_JsonItem]
    objects: list[_JsonItem] = []


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else str(value)


def read_json(path: Path) -> OcelLog:
    """Read the JSON form.

    Raises: UnreadableOcel.
    """
    try:
        found = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), type=_JsonLog, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableOcel(path.name, "an object-centric log in JSON", str(error)[:200], "Export it again.") from None
    return OcelLog(
        events=tuple(
            OcelEvent(
                str(item.id),
                item.type,
                item.time,
                {value.name: _text(value.value) for value in item.attributes},
                tuple(item.relationships),
            )
            for item in found.events
        ),
        objects=tuple(
            OcelObject(
                str(item.id),
                item.type,
                tuple(ObjectValue(value.name, _text(value.value), value.time) for value in item.attributes),
                tuple(item.relationships),
            )
            for item in found.objects
        ),
    )


class _XmlReader:
    """Follows the parser: objects and events with what stands directly in them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path: list[str] = []
        self.events: list[OcelEvent] = []
        self.objects: list[OcelObject] = []
        self.item: dict[str, str] = {}
        self.values: list[ObjectValue] = []
        self.relations: list[Relation] = []
        self.value: dict[str, str] = {}
        self.text: list[str] = []
        self.size = 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self.parser.EntityDeclHandler = self.doctype
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler = self.characters

    def doctype(self, *_: object) -> None:
        raise self.fault("no DOCTYPE", "a DOCTYPE or an entity", "Write the log without it.")

    def fault(self, expected: str, got: str, fix: str) -> UnreadableOcel:
        return UnreadableOcel(f"{self.name}, line {self.parser.CurrentLineNumber}", expected, got, fix)

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self.path.append(tag)
        depth = len(self.path)
        if depth == 1 and tag != "log":
            raise self.fault("an object-centric log, <log>", f"<{tag[:40]}>", "Give a log in OCEL 2.0.")
        if depth > _DEPTH_MAX:
            raise self.fault(f"at most {_DEPTH_MAX} levels", "deeper ones", "Is this a log?")
        if depth == 3 and tag in ("event", "object"):
            self.item, self.values, self.relations = given, [], []
        elif depth >= 4 and tag == "attribute":
            self.value, self.text, self.size = given, [], 0
        elif depth >= 4 and "object-id" in given:
            self.relations.append(Relation(given["object-id"], given.get("qualifier", "")))
        if len(self.relations) > ITEMS_MAX or len(self.events) > ITEMS_MAX:
            raise self.fault(f"at most {ITEMS_MAX} events", "more", "Split the log.")

    def characters(self, text: str) -> None:
        if self.path and self.path[-1] == "attribute":
            self.size += len(text)
            if self.size > _TEXT_MAX:
                raise self.fault(f"values of at most {_TEXT_MAX} characters", "a longer one", "Shorten it.")
            self.text.append(text)

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        depth = len(self.path)
        if depth >= 4 and tag == "attribute" and self.value:
            given = self.value
            self.values.append(ObjectValue(given.get("name", ""), "".join(self.text), given.get("time", "")))
            self.value = {}
        elif depth == 3 and tag == "event":
            item = self.item
            attributes = {value.name: value.value for value in self.values}
            related = tuple(self.relations)
            self.events.append(
                OcelEvent(item.get("id", ""), item.get("type", ""), item.get("time", ""), attributes, related)
            )
        elif depth == 3 and tag == "object":
            item = self.item
            self.objects.append(
                OcelObject(item.get("id", ""), item.get("type", ""), tuple(self.values), tuple(self.relations))
            )
        self.path.pop()


def read_xml(path: Path) -> OcelLog:
    """Read the XML form.

    Raises: UnreadableOcel.
    """
    reader = _XmlReader(path.name)
    fed = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(1 << 18)
            fed += len(chunk)
            try:
                reader.parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                raise reader.fault("well-formed XML", expat.ErrorString(error.code), "Export the log again.") from None
            if fed - reader.parser.CurrentByteIndex > _TOKEN_MAX:
                raise reader.fault(f"elements of at most {_TOKEN_MAX} bytes", "a longer one", "Shorten it.")
            if not chunk:
                return OcelLog(tuple(reader.events), tuple(reader.objects))


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def read_sqlite(path: Path) -> OcelLog:
    """Read the SQLite form.

    Raises: UnreadableOcel.
    """
    try:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise UnreadableOcel(
            path.name, "an object-centric log in SQLite", str(error)[:200], "Export it again."
        ) from None
    try:
        base.execute("PRAGMA trusted_schema = OFF")
        base.text_factory = lambda data: data.decode("utf-8", "replace")
        return _from_tables(base)
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise UnreadableOcel(
            path.name, "an object-centric log in SQLite", str(error)[:200], "Export it again."
        ) from None
    finally:
        base.close()


def _from_tables(base: sqlite3.Connection) -> OcelLog:
    tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    related: dict[str, list[Relation]] = defaultdict(list)
    for event, item, qualifier in base.execute(
        "SELECT ocel_event_id, ocel_object_id, ocel_qualifier FROM event_object"
    ):
        related[str(event)].append(Relation(str(item), _text(qualifier)))
    ties: dict[str, list[Relation]] = defaultdict(list)
    if "object_object" in tables:
        for one, other, qualifier in base.execute(
            "SELECT ocel_source_id, ocel_target_id, ocel_qualifier FROM object_object"
        ):
            ties[str(one)].append(Relation(str(other), _text(qualifier)))
    times: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}
    for row in _rows(base, tables, "event"):
        key = str(row.pop("ocel_id"))
        times[key] = _text(row.pop("ocel_time", ""))
        attributes[key] = {name: _text(value) for name, value in row.items() if value is not None}
    values: dict[str, list[ObjectValue]] = defaultdict(list)
    for row in _rows(base, tables, "object"):
        key, at = str(row.pop("ocel_id")), _text(row.pop("ocel_time", ""))
        changed = _text(row.pop("ocel_changed_field", ""))
        for name, value in row.items():
            if value is not None and (not changed or changed == name):
                values[key].append(ObjectValue(name, _text(value), at))
    events = [
        OcelEvent(
            str(key), kind, times.get(str(key), ""), attributes.get(str(key), {}), tuple(related.get(str(key), ()))
        )
        for key, kind in base.execute("SELECT ocel_id, ocel_type FROM event")
    ]
    objects = [
        OcelObject(str(key), kind, tuple(values.get(str(key), ())), tuple(ties.get(str(key), ())))
        for key, kind in base.execute("SELECT ocel_id, ocel_type FROM object")
    ]
    return OcelLog(tuple(events), tuple(objects))


def _rows(base: sqlite3.Connection, tables: set[str], kind: str) -> list[dict[str, Any]]:
    found = []
    for (mapped,) in base.execute(f"SELECT ocel_type_map FROM {kind}_map_type").fetchall():  # noqa: S608 - our own word
        table = f"{kind}_{mapped}"
        if table in tables:
            cursor = base.execute(f"SELECT * FROM {_name(table)}")  # noqa: S608 - quoted, one of the file's tables
            names = [column[0] for column in cursor.description]
            found += [dict(zip(names, row, strict=True)) for row in cursor]
    return found
