# SPDX-License-Identifier: Apache-2.0
"""The form of a record, made from its template: each field as it is filled in, and what is wrong beside it.

A table is a grid of its rows with a few empty ones; no script is needed, and saving gives further empty rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from openecp.programme.compendia.record import RecordState
from openecp.programme.compendia.templates import LANGUAGES, Field, Template
from openecp.programme.compendia.values import ValueFault

SPARE_ROWS = 3
_ROWS_MAX = 500


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """One field as the form shows it."""

    field: Field
    texts: dict[str, str] = {}  # by language, of a translated field
    outdated: tuple[str, ...] = ()  # languages whose text is older than the source
    value: str = ""
    chosen: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = ()
    person: dict[str, str] = {}
    kept: bool = False  # a contact is kept already
    faults: tuple[ValueFault, ...] = ()


def values_of(template: Template, form: FormMultiDict) -> dict[str, Any]:
    """Return what a form says, as commands take it; a contact that is left empty is left as it is."""
    found: dict[str, Any] = {}
    for field in template.fields:
        name = field.name
        if field.translated:
            found[name] = {code: _one(form, f"{name}.{code}") for code in LANGUAGES}
        elif field.kind == "choices":
            found[name] = [str(value) for value in form.getall(name, [])][:250]
        elif field.kind == "members":
            found[name] = re.findall(r"[A-Z]{2,}", _one(form, name).upper())[:250]
        elif field.kind == "member":
            found[name] = _one(form, name).upper()
        elif field.kind == "table":
            found[name] = _rows(field, form)
        elif field.kind == "contact":
            person = {"name": _one(form, f"{name}.name"), "email": _one(form, f"{name}.email")}
            if form.get(f"{name}.remove") == "yes":
                found[name] = None
            elif any(person.values()):
                found[name] = person
        else:
            found[name] = _one(form, name)
    return found


def codes_of(form: FormMultiDict, name: str) -> tuple[str, ...]:
    """Return codes that are separated by commas or semicolons."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[;,\n]", _one(form, name)) if part.strip()))[:60]


def _one(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""


def _rows(field: Field, form: FormMultiDict) -> list[dict[str, str]]:
    text = _one(form, f"{field.name}.rows")
    count = min(int(text), _ROWS_MAX) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    rows = [{c.name: _one(form, f"{field.name}.{n}.{c.name}") for c in field.columns} for n in range(count)]
    return [{name: cell for name, cell in row.items() if cell} for row in rows if any(row.values())]


def form_fields(
    template: Template,
    state: RecordState | None,
    given: Mapping[str, Any] | None = None,
    faults: Sequence[ValueFault] = (),
) -> list[FormField]:
    """Return the fields of the form: as they were given where the form comes back, else as the record has them."""
    outdated = state.outdated() if state is not None else ()
    found = []
    for field in template.fields:
        name = field.name
        value: Any = state.values.get(name) if state is not None else None
        texts = {c: t.text for c, t in state.texts.get(name, {}).items()} if state is not None else {}
        person: dict[str, str] = {}
        if given is not None and name in given:
            if field.translated:
                texts = dict(given[name])
            elif field.kind == "contact":
                person = dict(given[name] or {})
            else:
                value = given[name]
        found.append(
            FormField(
                field=field,
                texts=texts,
                outdated=tuple(code for code in LANGUAGES if f"{name}.{code}" in outdated),
                value=", ".join(value or ()) if field.kind == "members" else value if isinstance(value, str) else "",
                chosen=tuple(value) if field.kind == "choices" and value else (),
                rows=(*(value or ()), *({} for _ in range(SPARE_ROWS))) if field.kind == "table" else (),
                person=person,
                kept=state is not None and name in state.contacts,
                faults=tuple(fault for fault in faults if re.split(r"[.\[]", fault.where)[0] == name),
            )
        )
    return found
