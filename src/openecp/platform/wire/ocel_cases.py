# SPDX-License-Identifier: Apache-2.0
"""Projects an object-centric log to cases: one row for each case that an event belongs to, and back.

A case is an object of one type. An event that names none of that type belongs to those that its objects are tied to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from openecp.platform.wire.ocel import ObjectValue, OcelEvent, OcelLog, OcelObject, Relation, UnreadableOcel

BATCH_ROWS = 50_000


class OcelCases:
    """The rows of a log seen by one type of object, and what could not be brought to a case."""

    def __init__(self, log: OcelLog, case: str) -> None:
        self.log, self.case = log, case
        self.kinds = {item.id: item.type for item in log.objects}
        self.ties: dict[str, list[str]] = defaultdict(list)
        for item in log.objects:
            for relation in item.relationships:
                self.ties[item.id].append(relation.object_id)
                self.ties[relation.object_id].append(item.id)
        self.first = {item.id: _first_values(item.attributes) for item in log.objects if item.type == case}
        self._without = 0
        self._shared = 0

    def cases(self, event: OcelEvent) -> list[str]:
        """Return the cases of an event: those that it names, else those that its objects are tied to."""
        related = [relation.object_id for relation in event.relationships]
        direct = [item for item in related if self.kinds.get(item) == self.case]
        if not direct:
            direct = [other for item in related for other in self.ties[item] if self.kinds.get(other) == self.case]
        return list(dict.fromkeys(direct))

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield one row for each case of each event."""
        for event in self.log.events:
            found = self.cases(event)
            if not found:
                self._without += 1
            self._shared += len(found) > 1
            if not found:
                continue
            row = {"event_id": event.id, "activity": event.type, "ts": event.time}
            by_kind: dict[str, list[str]] = defaultdict(list)
            for relation in event.relationships:
                by_kind[self.kinds.get(relation.object_id, "unknown")].append(relation.object_id)
            row |= {f"object:{kind}": "|".join(dict.fromkeys(items)) for kind, items in by_kind.items()}
            row |= {name: value for name, value in event.attributes.items() if name not in row and name != "case_id"}
            for case in found:
                named = {f"case:{name}": value for name, value in self.first.get(case, {}).items()}
                yield row | named | {"case_id": case}

    def batches(self) -> Iterator[dict[str, list[str | None]]]:
        """Yield the rows as columns of text."""
        batch: list[dict[str, str]] = []
        for row in self.rows():
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                yield _columns(batch)
                batch = []
        if batch:
            yield _columns(batch)

    def left_out(self) -> dict[str, int]:
        """Return the events without a case; known after the rows were read."""
        return {"no_case_object": self._without} if self._without else {}

    def notes(self) -> dict[str, int]:
        """Return the events that belong to several cases, and so make several rows."""
        return {"events_of_several_cases": self._shared} if self._shared else {}


def _first_values(values: Iterable[ObjectValue]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.name, value.value)
    return found


def _columns(rows: Sequence[Mapping[str, str]]) -> dict[str, list[str | None]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def cases_of(log: OcelLog, case: str = "") -> OcelCases:
    """See a log by a type of object; by the one that most events name where none is given.

    Raises: UnreadableOcel where the log has no object of that type.
    """
    kinds = {item.id: item.type for item in log.objects}
    counted = Counter(
        kind
        for event in log.events
        for kind in {kinds[relation.object_id] for relation in event.relationships if relation.object_id in kinds}
    )
    known = sorted(set(kinds.values()))
    if not known or (case and case not in known):
        raise UnreadableOcel(
            "--case-object", f"one of the types {', '.join(known)}"[:300], case or "a log without objects", "Name one."
        )
    return OcelCases(log, case or min(known, key=lambda kind: (-counted[kind], kind)))


def ocel_of(rows: Iterable[Mapping[str, str | None]], case: str, objects: Mapping[str, str]) -> OcelLog:
    """Return an object-centric log of rows of a study (seq, case_id, activity, ts, segments).

    `objects` maps types of objects to the columns of their numbers. Rows that tell of one event (`event_id`, else the
    same seq) become one event of several objects.
    """
    events: dict[str, OcelEvent] = {}
    found: dict[tuple[str, str], None] = {}
    for row in rows:
        key = row.get("event_id") or f"e{row['seq']}"
        related = [(case, str(row["case_id"]))]
        for kind, column in objects.items():
            related += [(kind, number) for number in (row.get(column) or "").split("|") if number]
        found.update(dict.fromkeys(related))
        relations = tuple(Relation(f"{kind}:{number}", kind) for kind, number in related)
        known = events.get(key)
        if known is not None:
            relations = tuple(dict.fromkeys((*known.relationships, *relations)))
        left = {"event_id", "seq", "case_id", "activity", "ts", *objects.values()}
        attributes = {name: value for name, value in row.items() if name not in left and value}
        events[key] = OcelEvent(key, str(row["activity"]), str(row["ts"]), attributes, relations)
    items = tuple(OcelObject(f"{kind}:{number}", kind) for kind, number in found)
    return OcelLog(tuple(events.values()), items)
