# SPDX-License-Identifier: Apache-2.0
"""A record's fields as a page shows them: labels, words for codes, names of Members, the language of each text.

The same for the console and for published pages. A text that is not there in the page's language is shown in the one
it was written in, and says so; it is never passed off as a translation.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from openecp.programme.compendia.editions import Entry, ValueChange
from openecp.programme.compendia.templates import Choice, Column, Template

MemberNames = Mapping[str, tuple[str, str]]  # code: name in English, in French


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """A field to be shown. `language` is that of the text where it is not the page's; tables have head and rows."""

    name: str
    label: str
    kind: str
    paragraphs: tuple[str, ...] = ()
    language: str = ""
    outdated: bool = False
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def field_views(entry: Entry, template: Template, language: str, members: MemberNames) -> tuple[FieldView, ...]:
    """Return the fields of an entry that have a value, in the template's order, without title and contacts."""
    found = []
    for field in template.fields:
        label = field.label.in_language(language)
        if field.name == "title" or field.kind == "contact":
            continue
        if field.translated:
            text, of = text_of(entry, field.name, language)
            if text:
                found.append(
                    FieldView(
                        name=field.name,
                        label=label,
                        kind=field.kind,
                        paragraphs=paragraphs_of(text),
                        language="" if of == language else of,
                        outdated=f"{field.name}.{of}" in entry.outdated,
                    )
                )
            continue
        value = entry.values.get(field.name)
        if value in (None, "", []):
            continue
        if field.kind == "table":
            head, rows = table_of(field.columns, value, language, members)
            found.append(FieldView(name=field.name, label=label, kind="table", head=head, rows=rows))
        else:
            shown = value_text(field.kind, value, field.choices, language, members)
            found.append(FieldView(name=field.name, label=label, kind=field.kind, paragraphs=paragraphs_of(shown)))
    return tuple(found)


def text_of(entry: Entry, name: str, language: str) -> tuple[str, str]:
    """Return a text and its language: the wanted one, else that in which the record was written, else any."""
    texts = entry.texts.get(name, {})
    for code in (language, entry.language, *sorted(texts)):
        if texts.get(code):
            return texts[code], code
    return "", language


def paragraphs_of(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text."""
    return tuple(part.strip() for part in text.split("\n\n") if part.strip())


def table_of(
    columns: Sequence[Column], rows: Sequence[Mapping[str, str]], language: str, members: MemberNames
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return head and rows of a table: columns of the page's language, and only those that say something."""
    shown = [
        column
        for column in columns
        if column.language in (None, language) and any(_cell(column, columns, row) for row in rows)
    ]
    head = tuple(column.label.in_language(language).split(" (")[0] for column in shown)
    body = tuple(
        tuple(
            value_text(column.kind, cell, column.choices, language, members)
            if (cell := _cell(column, columns, row))
            else ""
            for column in shown
        )
        for row in rows
    )
    return head, body


def _cell(column: Column, columns: Sequence[Column], row: Mapping[str, str]) -> str:
    """Return a cell; where a text is not there in its language, what its twin in another language says."""
    if column.language is None or row.get(column.name):
        return row.get(column.name, "")
    stem = column.name.removesuffix(f"_{column.language}")
    twins = [each.name for each in columns if each.language and each.name == f"{stem}_{each.language}"]
    return next((row[name] for name in twins if row.get(name)), "")


def value_text(kind: str, value: Any, choices: Sequence[Choice], language: str, members: MemberNames) -> str:
    """Return a value in words of a language."""
    words = {choice.code: (choice.fr if language == "fr" else choice.en) for choice in choices}
    match kind:
        case "choice":
            return words.get(value, str(value))
        case "choices":
            return ", ".join(words.get(code, str(code)) for code in value)
        case "member":
            return member_name(value, language, members)
        case "members":
            return ", ".join(member_name(code, language, members) for code in value)
        case "date":
            return date_text(value, language)
        case "number":
            return format_decimal(value, locale=_locale(language))
    return str(value)


def member_name(code: str, language: str, members: MemberNames) -> str:
    """Return the name of a Member with its code, the code alone where the table does not have it."""
    if code not in members:
        return code
    return f"{members[code][1 if language == 'fr' else 0]} ({code})"


def date_text(text: str, language: str) -> str:
    """Return a day or month in words: `12 March 2020`, `mars 2020`."""
    try:
        if len(text) == 7:
            month = datetime.date.fromisoformat(f"{text}-01")
            return format_skeleton("yMMMM", month, locale=_locale(language))
        return format_date(datetime.date.fromisoformat(text), "long", locale=_locale(language))
    except ValueError:
        return text


LINKS = {
    "owner": ("Published by", "Publié par"),
    "actions": ("Actions", "Actions"),
    "bodies": ("Bodies", "Organes"),
    "evidence": ("Evidence", "Éléments probants"),
}


class ChangeText(msgspec.Struct, frozen=True, kw_only=True):
    """A field that differs: its name, what it said before and after, in which language where not the page's."""

    label: str
    before: str
    after: str
    language: str = ""


def change_text(change: ValueChange, template: Template | None, language: str, members: MemberNames) -> ChangeText:
    """Return a field that differs, in words of a language."""
    name, _, of = change.field.partition(".")
    field = template.field(name) if template is not None else None
    if field is None:
        label = LINKS[name][1 if language == "fr" else 0] if name in LINKS else name
        return ChangeText(label=label, before=_listed(change.before), after=_listed(change.after))
    label = field.label.in_language(language) + (f" ({of})" if of else "")

    def told(value: Any) -> str:
        if value in (None, "", []):
            return "–"
        if field.kind == "table":
            _, rows = table_of(field.columns, value, language, members)
            return "; ".join(", ".join(cell for cell in row if cell) for row in rows)
        return value_text(field.kind, value, field.choices, language, members)

    other = of if of and of != language else ""
    return ChangeText(label=label, before=told(change.before), after=told(change.after), language=other)


def _listed(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _locale(language: str) -> str:
    return "fr" if language == "fr" else "en_GB"
