# SPDX-License-Identifier: Apache-2.0
"""Texts to learn HS codes from, as an operator has them: the nomenclature, a tariff, search terms, past descriptions.

Recognised by header or first lines: the nomenclature (`code,level,parent,description`), a tariff schedule
(`HTS Number`, `Indent`, `Description`), search terms (lines `term: "answer that names headings"`), and any CSV with
the columns `text` (or `description`) and `code` (or `hs`, `hs6`). Files may be gzipped.
Limits: 512 MB unpacked a file, 3 million texts, 1,000 characters a text.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import IO, Literal, NamedTuple, cast

from openecp.border.data_quality.features import LONGEST_TEXT
from openecp.border.data_quality.terms import TermsRefused

LARGEST, MOST_TEXTS = 512_000_000, 3_000_000
Kind = Literal["nomenclature", "tariff", "terms", "texts"]
WEIGHTS: dict[str, float] = {"nomenclature": 1.0, "tariff": 0.5, "terms": 2.0, "texts": 2.0}
_TAG = re.compile(r"<[^>]*>")
_TERM = re.compile(r'^\s+"?([^":]{2,80})"?: "(.*)"\s*$')
_LAST_CHAPTER = "97"  # chapters 98 and 99 are national


class Labelled(NamedTuple):
    """A text and what it is: two, four or six digits of the HS."""

    code: str
    text: str
    kind: Kind


def own_words() -> list[Labelled]:
    """Return the package's everyday names of goods with their headings."""
    text = (resources.files("openecp.border.data_quality") / "goods_words.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return [Labelled(row["code"], word, "texts") for row in rows for word in row["words"].split("|")]


def read_texts(path: Path) -> list[Labelled]:
    """Read one file of labelled texts.

    Raises: TermsRefused where the file is none of the kinds, or holds no usable row.
    """
    try:
        with _open(path) as raw:
            text = raw.read(LARGEST + 1)
    except (OSError, EOFError) as error:
        raise _refused(path, "a file that can be read", str(error)) from None
    if len(text) > LARGEST:
        raise _refused(path, "at most 512 MB", "more")
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, "UTF-8", f"byte {error.start} is not") from None
    found = []
    for labelled in _rows(lines, path):
        if 2 <= len(labelled.code) <= 6 and labelled.code[:2] <= _LAST_CHAPTER and labelled.code[:2] != "00":
            found.append(labelled._replace(text=labelled.text[:LONGEST_TEXT]))
        if len(found) > MOST_TEXTS:
            raise _refused(path, f"at most {MOST_TEXTS:,} texts", "more")
    if not found:
        raise _refused(path, "texts with HS codes", "no usable row")
    return found


def read_checks(path: Path) -> dict[str, list[Labelled]]:
    """Read texts with codes to measure a model on, by their language where a column names it."""
    try:
        with _open(path) as raw:
            rows = list(_dicts(raw.read(LARGEST).decode("utf-8-sig")))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _refused(path, "a CSV file", str(error)) from None
    names = {name.strip().lower(): name for name in (rows[0] if rows else {})}
    said, code = _columns(names)
    if said is None or code is None:
        raise _refused(path, "columns text and code", ", ".join(names)[:60] or "none")
    found: dict[str, list[Labelled]] = {}
    for row in rows:
        digits = re.sub(r"\D", "", row[code] or "")[:6]
        if row[said] and len(digits) in (2, 4, 6):
            found.setdefault(row.get("language") or path.name, []).append(Labelled(digits, row[said], "texts"))
    return found


def _columns(names: dict[str, str]) -> tuple[str | None, str | None]:
    said = next((names[name] for name in ("text", "description", "product_title") if name in names), None)
    codes = ("code", "hs", "hs6", "hs_code", "expected_hs_code")
    return said, next((names[name] for name in codes if name in names), None)


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _refused(path: Path, expected: str, got: str) -> TermsRefused:
    fix = "Give the nomenclature, a tariff, search terms, or CSV with the columns text and code."
    return TermsRefused("the texts cannot be used", where=path.name, expected=expected, got=got[:80], fix=fix)


def _rows(text: str, path: Path) -> Iterator[Labelled]:
    header = next(csv.reader([text[:2_000].partition("\n")[0]]), [])
    names = {name.strip().lower(): name for name in header}
    if {"code", "level", "description"} <= names.keys():
        yield from (Labelled(row["code"], row["description"], "nomenclature") for row in _dicts(text) if row["code"])
    elif {"hts number", "indent", "description"} <= names.keys():
        yield from _tariff(text)
    elif _TERM.search(text[: text.find("\n", text.find("\n") + 1) + 1].partition("\n")[2].rstrip("\n")):
        yield from _terms(text)
    else:
        said, code = _columns(names)
        if said is None or code is None:
            raise _refused(path, "columns text and code", ", ".join(header)[:60] or "none")
        for row in _dicts(text):
            digits = re.sub(r"\D", "", row[code] or "")[:6]
            if row[said] and len(digits) in (2, 4, 6):
                yield Labelled(digits, row[said], "texts")


def _dicts(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _tariff(text: str) -> Iterator[Labelled]:
    """Lines of a schedule stand under each other by indent; a line without a number belongs to the one above."""
    path: list[str] = []
    for row in _dicts(text):
        indent = int(row["Indent"]) if (row["Indent"] or "").isdigit() else 0
        path = [*path[:indent], re.sub(r"\D", "", row["HTS Number"] or "")]
        code = next((known for known in reversed(path) if len(known) >= 4), "")
        if code:
            yield Labelled(code[:6] if len(code) >= 6 else code[:4], _TAG.sub(" ", row["Description"] or ""), "tariff")


def _terms(text: str) -> Iterator[Labelled]:
    """A term whose answer names one heading, or one chapter and nothing else, is labelled by it."""
    for line in text.splitlines():
        match = _TERM.match(line)
        if not match:
            continue
        term, answer = match.groups()
        numbers = re.findall(r"\b\d{4,10}\b", answer)
        chapters = {chapter.zfill(2) for chapter in re.findall(r"chapter (\d\d?)\b", answer)}
        if len({number[:4] for number in numbers}) == 1 and not chapters:
            longest = max(numbers, key=len)
            yield Labelled(longest[:6] if len(longest) >= 6 else longest[:4], term, "terms")
        elif not numbers and len(chapters) == 1:
            yield Labelled(chapters.pop(), term, "terms")
