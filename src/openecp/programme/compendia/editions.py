# SPDX-License-Identifier: Apache-2.0
"""Numbered editions of a compendium: which published records it collects, frozen with figures, hash and differences.

An edition holds the templates that it was made with and the names of Members, so that it can be read and printed
alone, and always the same. It holds no contact of a person. An entry keeps its id from edition to edition.
Limits: 10,000 entries.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from openecp.programme.compendia.record import EvidenceItem, RecordState
from openecp.programme.compendia.templates import Figure, Template

ENTRIES_MAX = 10_000
SCHEMA = "openecp.edition/1"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it stands in an edition: its last published version, without persons."""

    id: str
    type: str
    version: int
    owner: str
    language: str
    values: dict[str, Any] = {}
    texts: dict[str, dict[str, str]] = {}
    outdated: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()

    def title(self, language: str) -> str:
        """Return the title in a language, else in the language it was written in."""
        title = self.texts.get("title", {})
        return title.get(language) or title.get(self.language) or self.id


class DataSet(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen edition: everything that its pages show."""

    schema: str = SCHEMA
    compendium: str
    edition: int
    on: str
    title: str = ""
    note: str = ""
    head: Entry  # the compendium itself as published
    entries: tuple[Entry, ...]
    figures: dict[str, str] = {}  # "type.figure": number
    templates: tuple[Template, ...] = ()
    members: dict[str, tuple[str, str]] = {}  # code: name in English, in French


class ValueChange(msgspec.Struct, frozen=True):
    """One field of an entry that differs; `field` names the language of a text too, `benefits.fr`."""

    field: str
    before: Any
    after: Any


class EntryChange(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that differs between two editions."""

    id: str
    what: Literal["added", "removed", "changed"]
    titles: dict[str, str]
    fields: tuple[ValueChange, ...] = ()


class EditionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two editions, entry by entry and figure by figure."""

    added: tuple[EntryChange, ...] = ()
    removed: tuple[EntryChange, ...] = ()
    changed: tuple[EntryChange, ...] = ()
    figures: tuple[ValueChange, ...] = ()


def entry_of(state: RecordState) -> Entry | None:
    """Return what an edition shows of a record, None where nothing of it is public."""
    public = state.public
    if public is None:
        return None
    return Entry(
        id=state.id,
        type=state.type,
        version=public.number,
        owner=public.owner,
        language=public.language,
        values=public.values,
        texts=public.texts,
        outdated=public.outdated,
        actions=public.actions,
        bodies=public.bodies,
        evidence=public.evidence,
    )


def collected_types(head: Entry) -> tuple[str, ...]:
    """Return the record types that a compendium collects."""
    return tuple(dict.fromkeys(re.findall(r"[a-z][a-z0-9_]*", str(head.values.get("types", "")))))


def collects(head: Entry, entry: Entry) -> bool:
    """Tell whether a compendium collects an entry: by its type, and by its topics where the compendium names any."""
    wanted = set(head.values.get("topics") or ())
    return entry.type in collected_types(head) and (not wanted or bool(wanted & set(entry.values.get("topics") or ())))


def figures_of(entries: Iterable[Entry], templates: Iterable[Template]) -> dict[str, str]:
    """Return the figures that templates declare, counted over entries: `mra.in_force`: `57`."""
    listed = list(entries)
    found = {}
    for template in templates:
        mine = [entry for entry in listed if entry.type == template.type]
        for figure in template.figures:
            found[f"{template.type}.{figure.name}"] = _figure(figure, mine)
    return found


def _figure(figure: Figure, entries: Iterable[Entry]) -> str:
    chosen = [e for e in entries if all(e.values.get(name) == value for name, value in figure.where.items())]
    if not figure.sum:
        return str(len(chosen))
    total = sum((Decimal(str(entry.values.get(figure.sum) or "0")) for entry in chosen), Decimal(0))
    return f"{total:f}"


def data_set(
    head: Entry,
    entries: Iterable[Entry],
    templates: Mapping[str, Template],
    members: Mapping[str, tuple[str, str]],
    *,
    number: int,
    on: str,
    title: str = "",
    note: str = "",
) -> DataSet:
    """Return the next edition of a compendium, its entries in the order of type and id."""
    order = {name: place for place, name in enumerate(collected_types(head))}
    chosen = sorted((e for e in entries if collects(head, e)), key=lambda e: (order[e.type], e.id))
    used = [templates[name] for name in (head.type, *order) if name in templates]
    codes = {code for entry in chosen for code in _members_of(entry, templates.get(entry.type))}
    return DataSet(
        compendium=head.id,
        edition=number,
        on=on,
        title=title,
        note=note,
        head=head,
        entries=tuple(chosen),
        figures=figures_of(chosen, used),
        templates=tuple(used),
        members={code: members[code] for code in sorted(codes) if code in members},
    )


def _members_of(entry: Entry, template: Template | None) -> Iterable[str]:
    for field in template.fields if template is not None else ():
        value = entry.values.get(field.name)
        if field.kind == "member" and value:
            yield value
        elif field.kind == "members":
            yield from value or ()
        elif field.kind == "table":
            names = [column.name for column in field.columns if column.kind == "member"]
            yield from (row[name] for row in value or () for name in names if row.get(name))


def encode_data_set(edition: DataSet) -> bytes:
    """Return the bytes of an edition, always the same for the same edition."""
    return msgspec.json.encode(edition, order="sorted")


def read_data_set(content: bytes) -> DataSet:
    """Return an edition from its bytes.

    Raises: ValueError where they are none.
    """
    edition = msgspec.json.decode(content, type=DataSet)
    if edition.schema != SCHEMA:
        raise ValueError(f"edition: expected schema {SCHEMA}, got {edition.schema}; read it with the version it is of")
    return edition


def digest(content: bytes) -> str:
    """Return the SHA-256 of an edition's bytes, as its pages print it."""
    return hashlib.sha256(content).hexdigest()


def diff(old: DataSet | None, new: DataSet) -> EditionDiff:
    """Return what differs in an edition from an earlier one; of the first, everything is added."""
    before = {entry.id: entry for entry in old.entries} if old is not None else {}
    after = {entry.id: entry for entry in new.entries}
    changed = []
    for name, entry in after.items():
        if name in before and (fields := _changes(before[name], entry)):
            changed.append(EntryChange(id=name, what="changed", titles=_titles(entry), fields=fields))
    figures = old.figures if old is not None else {}
    return EditionDiff(
        added=tuple(EntryChange(id=n, what="added", titles=_titles(e)) for n, e in after.items() if n not in before),
        removed=tuple(
            EntryChange(id=n, what="removed", titles=_titles(e)) for n, e in before.items() if n not in after
        ),
        changed=tuple(changed),
        figures=tuple(
            ValueChange(name, figures.get(name), new.figures.get(name))
            for name in dict.fromkeys((*new.figures, *figures))
            if figures.get(name) != new.figures.get(name)
        ),
    )


def _titles(entry: Entry) -> dict[str, str]:
    return dict(entry.texts.get("title", {}))


def _changes(old: Entry, new: Entry) -> tuple[ValueChange, ...]:
    before, after = _flat(old), _flat(new)
    return tuple(
        ValueChange(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*after, *before))
        if before.get(name) != after.get(name)
    )


def _flat(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"owner": entry.owner, "actions": list(entry.actions), "bodies": list(entry.bodies)}
    for name, by_language in sorted(entry.texts.items()):
        found |= {f"{name}.{language}": text for language, text in sorted(by_language.items())}
    found |= dict(sorted(entry.values.items()))
    found["evidence"] = [item.ref for item in entry.evidence]
    return {name: value for name, value in found.items() if value not in ("", [], None)}
