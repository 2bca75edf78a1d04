# SPDX-License-Identifier: Apache-2.0
"""Checks what is written in a record against its template: all faults in one pass, none silently mended.

Pure: what comes in is JSON-like, what goes out can stand in the journal. Persons never do: they are handed out apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from openecp.programme.compendia.templates import LANGUAGES, Choice, Column, Field, Template

DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?")
MEMBER = re.compile(r"[A-Z]{2,3}")
ADDRESS = re.compile(r"https?://[^\s<>\"\\]{3,400}")
MAIL = re.compile(r"[^@\s]{1,100}@[^@\s]{1,150}")
LIST_MAX = 250
FAULTS_MAX = 50


class ValueFault(msgspec.Struct, frozen=True):
    """What is wrong with one field: where, what was wanted, what was got, what to do."""

    where: str
    expected: str
    got: str
    fix: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A contact: it goes beside the journal, under the e-mail address as the key that `openecp erase` takes."""

    name: str
    email: str

    @property
    def key(self) -> str:
        """The key of the person."""
        return self.email.strip().lower()


class Taken(msgspec.Struct, kw_only=True):
    """What was written, field by field; None takes a value or text away."""

    values: dict[str, Any] = {}
    texts: dict[str, dict[str, str | None]] = {}
    contacts: dict[str, Person | None] = {}
    faults: list[ValueFault] = []


def take_values(template: Template, given: Mapping[str, Any], language: str) -> Taken:
    """Return what was given for fields of a template, checked; a plain text of a translated field is in `language`."""
    taken = Taken(values={}, texts={}, contacts={}, faults=[])
    for name, value in given.items():
        field = template.field(name)
        if field is None:
            known = f"a field of {template.type}: " + ", ".join(each.name for each in template.fields)
            taken.faults.append(ValueFault(str(name)[:60], known, "none", "Rename it."))
        elif field.translated:
            _take_texts(field, value, language, taken)
        elif field.kind == "contact":
            _take_contact(field, value, taken)
        elif value is None or value == "" or value == []:
            taken.values[name] = None
        else:
            faults = list(_faults(field, value))
            taken.faults += faults
            if not faults:
                taken.values[name] = _plain(field, value)
    del taken.faults[FAULTS_MAX:]
    return taken


def missing(
    template: Template,
    values: Mapping[str, Any],
    texts: Mapping[str, Mapping[str, Any]],
    contacts: Mapping[str, Any],
    language: str,
) -> Iterator[ValueFault]:
    """Yield what a record still lacks before it can be submitted."""
    for field in template.fields:
        if not field.required:
            continue
        if field.translated:
            there = bool(texts.get(field.name, {}).get(language))
        else:
            there = field.name in (contacts if field.kind == "contact" else values)
        if not there:
            yield ValueFault(field.name, f"{field.label.en} ({field.kind})", "nothing", "Fill it in.")


def _take_texts(field: Field, value: Any, language: str, taken: Taken) -> None:
    given = {language: value} if isinstance(value, str) or value is None else value
    if not isinstance(given, Mapping):
        taken.faults.append(ValueFault(field.name, "a text, or texts by language", type(value).__name__, "Write it."))
        return
    found: dict[str, str | None] = {}
    for code, text in given.items():
        where = f"{field.name}.{str(code)[:10]}"
        if code not in LANGUAGES:
            taken.faults.append(ValueFault(where, "one of " + ", ".join(LANGUAGES), str(code)[:40], "Correct it."))
        elif text is None or (isinstance(text, str) and not text.strip()):
            found[code] = None
        else:
            faults = list(_text_faults(where, text, field.max, lines=field.kind == "long_text"))
            taken.faults += faults
            if not faults:
                found[code] = _clean(text)
    taken.texts[field.name] = found


def _take_contact(field: Field, value: Any, taken: Taken) -> None:
    if value is None or value == "":
        taken.contacts[field.name] = None
        return
    name = value.get("name", "") if isinstance(value, Mapping) else ""
    email = value.get("email", "") if isinstance(value, Mapping) else ""
    if not (isinstance(name, str) and isinstance(email, str)) or len(name) > 200 or not MAIL.fullmatch(email.strip()):
        wanted = "a name and an e-mail address"
        taken.faults.append(ValueFault(field.name, wanted, "something else", "Give both: name, email."))
        return
    taken.contacts[field.name] = Person(name=name.strip(), email=email.strip())


def _faults(field: Field, value: Any) -> Iterator[ValueFault]:
    name = field.name
    if field.kind in ("text", "long_text"):
        yield from _text_faults(name, value, field.max, lines=field.kind == "long_text")
    elif field.kind == "table":
        yield from _table_faults(field, value)
    elif field.kind in ("choices", "members"):
        if not isinstance(value, list | tuple) or len(value) > LIST_MAX:
            yield ValueFault(name, f"a list of at most {LIST_MAX} codes", str(value)[:60], "Give the codes as a list.")
            return
        for each in value:
            yield from _cell_faults(name, "choice" if field.kind == "choices" else "member", each, field.choices)
    else:
        yield from _cell_faults(name, field.kind, value, field.choices)


def _table_faults(field: Field, value: Any) -> Iterator[ValueFault]:
    if not isinstance(value, list | tuple) or len(value) > field.rows_max:
        yield ValueFault(field.name, f"at most {field.rows_max} rows", str(value)[:60], "Give a list of rows.")
        return
    columns = {column.name: column for column in field.columns}
    for number, row in enumerate(value, start=1):
        where = f"{field.name}[{number}]"
        if not isinstance(row, Mapping):
            yield ValueFault(where, "a row: " + ", ".join(columns), str(row)[:60], "Give values by column.")
            continue
        for name in row:
            if name not in columns:
                yield ValueFault(where, "columns " + ", ".join(columns), str(name)[:60], "Rename the column.")
        for name, column in columns.items():
            cell = row.get(name)
            if cell is None or cell == "":
                if column.required:
                    yield ValueFault(f"{where}.{name}", column.label.en, "nothing", "Fill it in.")
                continue
            yield from _column_faults(f"{where}.{name}", column, cell)


def _column_faults(where: str, column: Column, cell: Any) -> Iterator[ValueFault]:
    if column.kind == "text":
        yield from _text_faults(where, cell, column.max, lines=False)
    else:
        yield from _cell_faults(where, column.kind, cell, column.choices)


def _text_faults(where: str, text: Any, most: int, *, lines: bool) -> Iterator[ValueFault]:
    if not isinstance(text, str):
        yield ValueFault(where, "a text", type(text).__name__, "Write it as text.")
        return
    if len(text) > most:
        yield ValueFault(where, f"at most {most} characters", f"{len(text)} characters", "Shorten it.")
    strange = [c for c in text if not c.isprintable() and not (c in "\t\r\n" and lines)]
    if strange:
        yield ValueFault(where, "text" + ("" if lines else " in one line"), ascii(strange[0]), "Remove the character.")


def _cell_faults(where: str, kind: str, value: Any, choices: tuple[Choice, ...]) -> Iterator[ValueFault]:
    text = str(value)
    if kind == "choice" and value not in {choice.code for choice in choices}:
        yield ValueFault(where, "one of " + ", ".join(c.code for c in choices), text[:60], "Choose one of them.")
    elif kind == "member" and not (isinstance(value, str) and MEMBER.fullmatch(value)):
        yield ValueFault(where, "the code of a Member in two or three capitals", text[:60], "Use the ISO code.")
    elif kind == "date" and not (isinstance(value, str) and DAY.fullmatch(value)):
        yield ValueFault(where, "a day such as 2020-03-12, or a month, 2020-03", text[:60], "Correct the date.")
    elif kind == "address" and not (isinstance(value, str) and ADDRESS.fullmatch(value)):
        yield ValueFault(where, "an address that begins with https://", text[:60], "Correct the address.")
    elif kind == "number" and (isinstance(value, bool) or not _is_number(text)):
        yield ValueFault(where, "a number such as 12 or 3.5", text[:60], "Correct the number.")


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and len(text) <= 20 and abs(number.adjusted()) <= 15


def _plain(field: Field, value: Any) -> Any:
    """Return a checked value as the journal takes it: text, lists and objects of text."""
    if field.kind == "table":
        return [
            {column.name: _clean(str(row[column.name])) for column in field.columns if row.get(column.name)}
            for row in value
        ]
    if field.kind in ("choices", "members"):
        return list(dict.fromkeys(value))
    return _clean(str(value))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
