# SPDX-License-Identifier: Apache-2.0
"""Writes an object-centric log in the three forms of OCEL 2.0."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from openecp.platform.wire.ocel import OcelEvent, OcelLog, OcelObject, Relation

_START = "1970-01-01T00:00:00Z"  # an attribute that never changed


def _event_types(log: OcelLog) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for event in log.events:
        found[event.type].update(dict.fromkeys(event.attributes))
    return {kind: list(names) for kind, names in found.items()}


def _object_types(log: OcelLog) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for item in log.objects:
        found[item.type].update(dict.fromkeys(value.name for value in item.attributes))
    return {kind: list(names) for kind, names in found.items()}


def write_json(log: OcelLog, path: Path) -> None:
    """Write the JSON form."""

    def types(found: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [
            {"name": kind, "attributes": [{"name": name, "type": "string"} for name in names]}
            for kind, names in found.items()
        ]

    def relations(given: Iterable[Relation]) -> list[dict[str, str]]:
        return [{"objectId": one.object_id, "qualifier": one.qualifier} for one in given]

    def of_object(item: OcelObject) -> dict[str, Any]:
        values = [{"name": v.name, "time": v.time or _START, "value": v.value} for v in item.attributes]
        return {"id": item.id, "type": item.type, "attributes": values, "relationships": relations(item.relationships)}

    def of_event(event: OcelEvent) -> dict[str, Any]:
        values = [{"name": name, "value": value} for name, value in event.attributes.items()]
        return {"id": event.id, "type": event.type, "time": event.time, "attributes": values,
                "relationships": relations(event.relationships)}  # fmt: skip

    whole = {
        "objectTypes": types(_object_types(log)),
        "eventTypes": types(_event_types(log)),
        "objects": [of_object(item) for item in log.objects],
        "events": [of_event(event) for event in log.events],
    }
    path.write_bytes(msgspec.json.encode(whole))


def write_xml(log: OcelLog, path: Path) -> None:
    """Write the XML form."""

    def a(text: str) -> str:
        return quoteattr("".join(mark for mark in text if mark >= " " or mark in "\t\n\r"))

    def relations(given: Iterable[Relation]) -> str:
        inner = "".join(f"<relationship object-id={a(r.object_id)} qualifier={a(r.qualifier)}/>" for r in given)
        return f"<objects>{inner}</objects>"

    def types(name: str, found: dict[str, list[str]]) -> str:
        inner = "".join(
            f"<{name} name={a(kind)}><attributes>"
            + "".join(f'<attribute name={a(each)} type="string"/>' for each in names)
            + f"</attributes></{name}>"
            for kind, names in found.items()
        )
        return f"<{name}s>{inner}</{name}s>\n"

    with path.open("w", encoding="utf-8") as out:
        out.write("<?xml version='1.0' encoding='UTF-8'?>\n<log>\n")
        out.write(types("object-type", _object_types(log)) + types("event-type", _event_types(log)) + "<objects>\n")
        for item in log.objects:
            values = "".join(
                f"<attribute name={a(v.name)} time={a(v.time or _START)}>{escape(v.value)}</attribute>"
                for v in item.attributes
            )
            out.write(f"<object id={a(item.id)} type={a(item.type)}><attributes>{values}</attributes>")
            out.write(relations(item.relationships) + "</object>\n")
        out.write("</objects>\n<events>\n")
        for event in log.events:
            values = "".join(
                f"<attribute name={a(name)}>{escape(value)}</attribute>" for name, value in event.attributes.items()
            )
            out.write(f"<event id={a(event.id)} type={a(event.type)} time={a(event.time)}><attributes>{values}")
            out.write(f"</attributes>{relations(event.relationships)}</event>\n")
        out.write("</events>\n</log>\n")


def write_sqlite(log: OcelLog, path: Path) -> None:
    """Write the SQLite form."""
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    try:
        base.executescript(
            "CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);"
            "CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);"
            "CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);"
            "CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);"
            "CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT, "
            "PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));"
            "CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT, "
            "PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));"
        )
        _write_types(base, "event", _event_types(log), "ocel_id TEXT PRIMARY KEY, ocel_time TIMESTAMP")
        _write_types(base, "object", _object_types(log), "ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT")
        base.executemany("INSERT INTO event VALUES (?, ?)", ((e.id, e.type) for e in log.events))
        base.executemany("INSERT INTO object VALUES (?, ?)", ((o.id, o.type) for o in log.objects))
        base.executemany("INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)",
                         ((e.id, r.object_id, r.qualifier) for e in log.events for r in e.relationships))  # fmt: skip
        base.executemany("INSERT OR IGNORE INTO object_object VALUES (?, ?, ?)",
                         ((o.id, r.object_id, r.qualifier) for o in log.objects for r in o.relationships))  # fmt: skip
        tables = dict(base.execute("SELECT ocel_type, ocel_type_map FROM event_map_type"))
        for event in log.events:
            _insert(
                base, f"event_{tables[event.type]}", {"ocel_id": event.id, "ocel_time": event.time} | event.attributes
            )
        tables = dict(base.execute("SELECT ocel_type, ocel_type_map FROM object_map_type"))
        for item in log.objects:
            _write_object(base, f"object_{tables[item.type]}", item)
        base.commit()
    finally:
        base.close()


def _write_object(base: sqlite3.Connection, table: str, item: OcelObject) -> None:
    """Write an object's first values as one row, and each later value of an attribute as a row of its own."""
    first: dict[str, str] = {}
    later = []
    start = min((value.time or _START for value in item.attributes), default=_START)
    for value in item.attributes:
        if value.name not in first and (value.time or _START) == start:
            first[value.name] = value.value
        else:
            later.append(value)
    _insert(base, table, {"ocel_id": item.id, "ocel_time": start} | first)
    for value in later:
        changed = {"ocel_id": item.id, "ocel_time": value.time, "ocel_changed_field": value.name}
        _insert(base, table, changed | {value.name: value.value})


def _write_types(base: sqlite3.Connection, kind: str, types: dict[str, list[str]], fixed: str) -> None:
    used: set[str] = set()
    for name, attributes in types.items():
        mapped = "".join(mark for mark in name.title() if mark.isalnum()) or "Type"
        while mapped.lower() in used or mapped.lower() in ("object", "map_type"):
            mapped += "_"
        used.add(mapped.lower())
        base.execute(f"INSERT INTO {kind}_map_type VALUES (?, ?)", (name, mapped))  # noqa: S608 - our own word
        columns = "".join(f", {_name(attribute)} TEXT" for attribute in attributes)
        base.execute(f"CREATE TABLE {_name(f'{kind}_{mapped}')} ({fixed}{columns})")


def _insert(base: sqlite3.Connection, table: str, row: dict[str, str]) -> None:
    names = ", ".join(map(_name, row))
    marks = ", ".join("?" * len(row))
    base.execute(f"INSERT INTO {_name(table)} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - quoted


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
