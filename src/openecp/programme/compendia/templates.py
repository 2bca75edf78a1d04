# SPDX-License-Identifier: Apache-2.0
"""A record type is a template: its fields, their languages and limits, its words. A new type is a file, not code.

Source: `templates/*.toml`, one file a type; a secretariat may add its own in the same form.
Limits: 60 fields a type, 20 columns a table, 500 rows a table, 20,000 characters a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import msgspec

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FieldKind = Literal[
    "text",  # one line
    "long_text",  # paragraphs
    "date",  # 2020-03-12, or 2020-03 where only the month is known
    "number",  # decimal text
    "choice",
    "choices",
    "member",  # code of a Member
    "members",
    "address",  # of a page, https
    "table",  # rows of columns: agenda, participants, outputs, questions
    "contact",  # a person: kept beside the journal, so that it can be erased
]
FIELDS_MAX, COLUMNS_MAX, ROWS_MAX, TEXT_MAX = 60, 20, 500, 20_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class TemplateError(ValueError):
    """A template cannot be used: says where, what was wanted, what was got and what to do."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in English and in French."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        """Return the words in a language, English where it is neither."""
        return self.fr if language == "fr" else self.en


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value that a field may have, and what it is called."""

    code: str
    en: str
    fr: str


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of a table. One with `language` is shown on pages of that language alone."""

    name: str
    label: Words
    kind: Literal["text", "date", "number", "member", "choice", "address"] = "text"
    required: bool = False
    max: int = 300
    language: Language | None = None
    choices: tuple[Choice, ...] = ()


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a record. `translated`: its text is kept in each language."""

    name: str
    label: Words
    kind: FieldKind = "text"
    hint: Words | None = None
    required: bool = False
    translated: bool = False
    max: int = 300
    choices: tuple[Choice, ...] = ()
    columns: tuple[Column, ...] = ()
    rows_max: int = 200


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of an edition: how many entries have these values, or the sum of a number field over them."""

    name: str
    label: Words
    where: dict[str, str] = {}
    sum: str = ""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record type. Each has a translated text field `title`; `use` names what more the software does with it."""

    type: str
    order: int
    label: Words
    plural: Words
    about: Words
    fields: tuple[Field, ...]
    figures: tuple[Figure, ...] = ()
    use: Literal["", "survey", "compendium"] = ""

    def field(self, name: str) -> Field | None:
        """Return a field by name."""
        return next((field for field in self.fields if field.name == name), None)


def read_template(content: bytes, source: str) -> Template:
    """Return the template that a TOML file holds.

    Raises: TemplateError.
    """
    try:
        template = msgspec.toml.decode(content, type=Template)
    except (msgspec.MsgspecError, ValueError) as error:
        raise TemplateError(
            f"{source}: expected a record template, got {error}. Compare it with one that ships."
        ) from None
    for fault in _faults(template):
        raise TemplateError(f"{source}: {fault}")
    return template


def _faults(template: Template) -> Iterable[str]:
    if _NAME.fullmatch(template.type) is None:
        yield f"type: expected a name of small letters, digits and _, got {template.type!r}; rename it"
    names = [field.name for field in template.fields]
    if len(names) > FIELDS_MAX or len(set(names)) != len(names):
        yield f"fields: expected at most {FIELDS_MAX} with names of their own, got {len(names)}; rename or remove some"
    title = template.field("title")
    if title is None or not (title.translated and title.required and title.kind == "text"):
        yield "fields: expected a required, translated text field `title`, got none; add it"
    for field in template.fields:
        where = f"field {field.name}"
        if _NAME.fullmatch(field.name) is None:
            yield f"{where}: expected a name of small letters, digits and _; rename it"
        if not 1 <= field.max <= TEXT_MAX:
            yield f"{where}: expected max from 1 to {TEXT_MAX}, got {field.max}; correct it"
        if field.translated and field.kind not in ("text", "long_text"):
            yield f"{where}: expected only texts to be translated, got {field.kind}; remove `translated`"
        if (field.kind in ("choice", "choices")) != bool(field.choices):
            yield f"{where}: expected choices for the kinds choice and choices, and for no other; correct it"
        if (field.kind == "table") != bool(field.columns) or len(field.columns) > COLUMNS_MAX:
            yield f"{where}: expected 1 to {COLUMNS_MAX} columns for a table, and for nothing else; correct it"
        if not 1 <= field.rows_max <= ROWS_MAX:
            yield f"{where}: expected rows_max from 1 to {ROWS_MAX}, got {field.rows_max}; correct it"
    for figure in template.figures:
        unknown = [name for name in (*figure.where, *([figure.sum] if figure.sum else [])) if name not in names]
        if unknown:
            yield f"figure {figure.name}: expected fields of the template, got {', '.join(unknown)}; correct it"


def by_type(templates: Iterable[Template]) -> dict[str, Template]:
    """Return templates by type, in their order.

    Raises: TemplateError where two have one type.
    """
    found: dict[str, Template] = {}
    for template in sorted(templates, key=lambda each: (each.order, each.type)):
        if template.type in found:
            raise TemplateError(f"{template.type}: expected one template of this type, got two; remove one")
        found[template.type] = template
    return found


@cache
def shipped_templates() -> Mapping[str, Template]:
    """Return the record types that ship with the package, in their order."""
    folder = files("openecp.programme.compendia").joinpath("templates")
    return by_type(
        read_template(entry.read_bytes(), entry.name) for entry in folder.iterdir() if entry.name.endswith(".toml")
    )
