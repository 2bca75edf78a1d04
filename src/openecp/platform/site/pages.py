# SPDX-License-Identifier: Apache-2.0
"""Writes a frozen edition as static pages: plain, accessible, printable, in English and French, without scripts.

The same edition gives the same bytes. The pages load nothing from elsewhere; `data.json` beside them is the edition
itself, and its hash stands on every page.
"""

from __future__ import annotations

import csv
import datetime
import io
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from openecp.platform.core.recordview import (
    change_text,
    field_views,
    member_name,
    text_of,
    value_text,
)
from openecp.platform.site.words import say
from openecp.programme.compendia.editions import DataSet, EditionDiff, Entry, diff, digest, encode_data_set
from openecp.programme.compendia.templates import LANGUAGES, Template

FOLDER = Path(__file__).parent / "templates"
NAMES = {"en": "English", "fr": "Français"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Page:
    """What every page of one language is made with."""

    def __init__(self, edition: DataSet, language: str, sha256: str) -> None:
        self.edition, self.language = edition, language
        self.templates = {template.type: template for template in edition.templates}
        head_title, head_language = text_of(edition.head, "title", language)
        self.context: dict[str, Any] = {
            "edition": edition,
            "language": language,
            "languages": NAMES,
            "sha256": sha256,
            "heading": head_title,
            "heading_language": "" if head_language == language else head_language,
            "day": self.day(edition.on),
            "say": lambda key, *values: say(key, language, *(str(value) for value in values)),
        }

    def day(self, text: str) -> str:
        """Return a day in words."""
        locale = "fr" if self.language == "fr" else "en_GB"
        return format_date(datetime.date.fromisoformat(text), "long", locale=locale)

    def render(self, template: str, name: str, **context: Any) -> bytes:
        """Return a page; `name` is its file in each language's folder."""
        found = _environment().get_template(template).render({**self.context, "name": name, **context})
        return (found.rstrip("\n") + "\n").encode()

    def entry_row(self, entry: Entry) -> dict[str, Any]:
        """Return what the list shows of an entry."""
        title, of = text_of(entry, "title", self.language)
        template = self.templates[entry.type]
        found: dict[str, Any] = {"id": entry.id, "title": title, "of": "" if of == self.language else of}
        member, topics = entry.values.get("member"), template.field("topics")
        found["member"] = member_name(member, self.language, self.edition.members) if member else ""
        codes = entry.values.get("topics") or []
        found["topics"] = (
            value_text("choices", codes, topics.choices, self.language, {}) if topics is not None and codes else ""
        )
        return found


def site_files(edition: DataSet, before: DataSet | None) -> dict[str, bytes]:
    """Return every file of an edition's pages by name, in a fixed order; `before` is the edition before it."""
    content = encode_data_set(edition)
    sha256 = digest(content)
    differs = diff(before, edition)
    files = {"index.html": _Page(edition, "en", sha256).render("start.html", "index.html")}
    for language in LANGUAGES:
        page = _Page(edition, language, sha256)
        files[f"{language}/index.html"] = _index(page, before)
        files[f"{language}/changes.html"] = _changes(page, before, differs)
        for entry in edition.entries:
            files[f"{language}/{entry.id}.html"] = _entry(page, entry)
    files["style.css"] = (FOLDER / "style.css").read_bytes()
    files["data.json"] = content
    files["data.csv"] = _table(edition)
    return files


def _index(page: _Page, before: DataSet | None) -> bytes:
    groups = [
        {"template": page.templates[kind], "entries": [page.entry_row(entry) for entry in entries]}
        for kind, entries in groupby(page.edition.entries, key=lambda entry: entry.type)
    ]
    about, of = text_of(page.edition.head, "about", page.language)
    return page.render(
        "contents.html",
        "index.html",
        groups=groups,
        about=[part for part in about.split("\n\n") if part.strip()],
        about_language="" if of == page.language else of,
        figures=_figures(page, before),
    )


def _figures(page: _Page, before: DataSet | None) -> list[dict[str, Any]]:
    found = []
    for template in page.edition.templates:
        for figure in template.figures:
            name = f"{template.type}.{figure.name}"
            value = page.edition.figures.get(name, "0")
            earlier = before.figures.get(name) if before is not None else None
            found.append(
                {
                    "label": figure.label.in_language(page.language),
                    "value": value,
                    "before": earlier,
                    "difference": difference_of(earlier, value),
                }
            )
    return found


def difference_of(before: str | None, after: str) -> str:
    """Return after less before with its sign; "" where one of them is no whole number."""
    if before is None or not (before.isdigit() and after.isdigit()):
        return ""
    by = int(after) - int(before)
    return f"+{by}" if by > 0 else "0" if by == 0 else f"−{-by}"


def _changes(page: _Page, before: DataSet | None, differs: EditionDiff) -> bytes:
    kinds = {entry.id: entry.type for entry in (*(before.entries if before else ()), *page.edition.entries)}
    kept = {template.type: template for template in (before.templates if before else ())} | page.templates
    members = {**(before.members if before else {}), **page.edition.members}

    def titled(change: Any) -> dict[str, Any]:
        titles = change.titles
        of = page.language if page.language in titles else next(iter(titles), page.language)
        template: Template | None = kept.get(kinds[change.id])
        return {
            "id": change.id,
            "title": titles.get(of, change.id),
            "of": "" if of == page.language else of,
            "fields": [change_text(field, template, page.language, members) for field in change.fields],
        }

    return page.render(
        "changes.html",
        "changes.html",
        before=before,
        added=[titled(change) for change in differs.added],
        removed=[titled(change) for change in differs.removed],
        changed=[titled(change) for change in differs.changed],
        figures=_figures(page, before),
    )


def _entry(page: _Page, entry: Entry) -> bytes:
    template = page.templates[entry.type]
    title, of = text_of(entry, "title", page.language)
    return page.render(
        "entry.html",
        f"{entry.id}.html",
        entry=entry,
        kind=template.label.in_language(page.language),
        title=title,
        title_language="" if of == page.language else of,
        title_outdated=f"title.{of}" in entry.outdated,
        fields=field_views(entry, template, page.language, page.edition.members),
    )


def _table(edition: DataSet) -> bytes:
    """Return the entries as CSV: identifier, type, titles, owner, links, and every plain value as JSON-free text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "type", "version", "title_en", "title_fr", "owner", "member", "topics", "actions", "bodies"))
    for entry in edition.entries:
        title = entry.texts.get("title", {})
        cells = (
            entry.id,
            entry.type,
            str(entry.version),
            title.get("en", ""),
            title.get("fr", ""),
            entry.owner,
            str(entry.values.get("member") or " ".join(entry.values.get("members") or ())),
            " ".join(entry.values.get("topics") or ()),
            " ".join(entry.actions),
            " ".join(entry.bodies),
        )
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells])
    return text.getvalue().encode()
