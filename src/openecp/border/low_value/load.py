# SPDX-License-Identifier: Apache-2.0
"""Reads regime files, and says everything that is wrong or missing in them, with the line.

A fault stops the file from loading; what is incomplete loads and refuses quotes; what has no source is refused by
strict mode alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from openecp.border.low_value.faults import Fault
from openecp.border.low_value.model import MONEY_FORM, SHARE_FORM, Jurisdiction, Regime, Treatment
from openecp.border.low_value.tables import missing_fields

BYTES_MAX, REGIMES_MAX = 1_000_000, 200


class RegimeFault(ValueError):  # noqa: N818 - what whoever writes the file reads
    """A regime file cannot be loaded; `faults` tells all of it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.text for fault in faults))
        self.faults = tuple(faults)


def shipped_folder() -> Path:
    """Return the folder of the regime files that ship with the package."""
    return Path(str(files("openecp") / "profiles" / "regimes"))


def load_regimes(folder: Path | None = None) -> list[Jurisdiction]:
    """Return the jurisdictions of a folder, or those that ship, sorted by code.

    Raises: RegimeFault.
    """
    found = []
    for path in sorted((folder or shipped_folder()).glob("*.toml")):
        found.append(load_file(path))
    codes = [one.jurisdiction for one in found]
    if doubled := {code for code in codes if codes.count(code) > 1}:
        raise RegimeFault([_fault(", ".join(doubled), "one file a jurisdiction", "two", "Join the files.", None)])
    return found


def load_file(path: Path) -> Jurisdiction:
    """Return the jurisdiction of one file.

    Raises: RegimeFault with all faults; what is incomplete or has no source is none.
    """
    jurisdiction, faults = check_file(path)
    hard = [fault for fault in faults if fault.severity == "fault"]
    if hard or jurisdiction is None:
        raise RegimeFault(hard)
    return jurisdiction


def check_file(path: Path) -> tuple[Jurisdiction | None, list[Fault]]:
    """Return what a file says, and everything that is wrong, incomplete or unsourced in it, by line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [_fault(str(path), "a file that can be read", str(error), "Correct the path.", None)]
    return check_text(data, path.name)


def check_text(data: bytes, name: str) -> tuple[Jurisdiction | None, list[Fault]]:
    """Check the bytes of a regime file; see `check_file`."""
    if len(data) > BYTES_MAX:
        return None, [_fault(name, f"at most {BYTES_MAX} bytes", str(len(data)), "Split the file.", None)]
    try:
        text = data.decode("utf-8")
        content = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        return None, [_fault(name, "TOML 1.0 in UTF-8", str(error), "Correct the text.", line and int(line.group(1)))]
    lines = Lines(text)
    faults = [
        _fault(f"{name}, {place}", expected, got, "See docs/low-value.md for the format.", lines.of(place))
        for place, expected, got in _type_faults(content)
    ]
    if faults:
        return None, faults
    try:
        jurisdiction = msgspec.convert(content, Jurisdiction)
    except msgspec.ValidationError as error:
        return None, [_fault(name, "the format of docs/low-value.md", str(error), "Correct the field.", 1)]
    faults = list(_rule_faults(jurisdiction, name, lines))
    faults += _incomplete(jurisdiction, name, lines)
    faults += _unsourced(jurisdiction, name, lines)
    return jurisdiction, faults


def _type_faults(content: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each table that does not fit the format: place, what was expected, what was got."""
    head = {key: value for key, value in content.items() if key != "regimes"}
    yield from _converted(head, Jurisdiction, "")
    regimes = content.get("regimes", [])
    if not isinstance(regimes, list) or len(regimes) > REGIMES_MAX:
        yield "regimes", f"a list of at most {REGIMES_MAX} tables [[regimes]]", type(regimes).__name__
        return
    for number, regime in enumerate(regimes):
        where = f"regimes[{number}]"
        if not isinstance(regime, dict):
            yield where, "a table", type(regime).__name__
            continue
        yield from _converted({key: value for key, value in regime.items() if key != "treatments"}, Regime, where)
        treatments = regime.get("treatments", [])
        for place, treatment in enumerate(treatments if isinstance(treatments, list) else []):
            yield from _converted(treatment, Treatment, f"{where}.treatments[{place}]")


def _converted(value: Any, kind: Any, where: str) -> Iterator[tuple[str, str, str]]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        unknown = re.search(r"unknown field `(\w+)`", said)
        missing = re.search(r"missing required field `(\w+)`", said)
        place = where + place.rstrip("`")
        word = unknown or missing
        if word:
            place = f"{place}.{word.group(1)}"
        if unknown:
            yield place.lstrip("."), "a field that the format knows", f"the unknown field {unknown.group(1)}"
        elif missing:
            yield place.lstrip("."), f"the field {missing.group(1)}", "none"
        else:
            got = _at(value, place.removeprefix(where))
            yield place.lstrip(".") or "the head", _expected(said, kind, place.removeprefix(where)), repr(got)[:80]


def _steps(place: str) -> list[str]:
    return re.findall(r"\w+", place)


def _at(value: Any, place: str) -> Any:
    """Return the value at a place as `.limits[0].scope`."""
    for step in _steps(place):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _expected(said: str, kind: Any, place: str) -> str:
    """Say in words of the format what the reader of types says in its own."""
    if "Invalid enum value" in said:
        return "one of " + ", ".join(map(str, dict.fromkeys(_words(kind, _steps(place)))))
    for form, words in _FORMS.items():
        if repr(form)[1:-1] in said or form in said:
            return words
    return said.removeprefix("Expected ").partition(", got")[0].replace("`", "")


_FORMS = {
    "RFC3339": "a day as 2026-07-31, without quotes",
    MONEY_FORM: 'an amount as text: "150.00", no thousands mark',
    SHARE_FORM: 'a share as text: "0.20" for 20 %',
}


def _words(kind: Any, steps: list[str]) -> tuple[Any, ...]:
    """Return the words that a field may hold; the path leads through lists and tables."""
    hints = [kind]
    for step in steps:
        inner = [part for hint in hints for part in _parts(hint)]
        hints = inner if step.isdigit() else [
            field.type
            for part in inner
            if isinstance(part, type) and issubclass(part, msgspec.Struct)
            for field in msgspec.structs.fields(part)
            if field.name == step
        ]  # fmt: skip
    literals = [part for hint in hints for part in _parts(hint) if get_origin(part) is Literal]
    return tuple(word for literal in literals for word in get_args(literal))


def _parts(hint: Any) -> list[Any]:
    """Return a type and all that it is made of."""
    if get_origin(hint) is Literal:
        return [hint]
    return [hint, *(inner for part in get_args(hint) for inner in _parts(part))]


def _rule_faults(file: Jurisdiction, name: str, lines: Lines) -> Iterator[Fault]:
    """Yield what the types cannot say: dates in order, one amount a limit, patterns that match, one ordinary regime."""
    seen: set[str] = set()
    for number, regime in enumerate(file.regimes):
        where = f"regimes[{number}]"
        told: list[tuple[str, str, str, str]] = []
        if regime.id in seen:
            told.append((f"{where}.id", "an id of its own", regime.id, "Rename one."))
        seen.add(regime.id)
        if not regime.id.startswith(file.jurisdiction + "-"):
            told.append((f"{where}.id", f"an id that begins with {file.jurisdiction}-", regime.id, "Rename it."))
        if regime.valid_from and regime.valid_to and regime.valid_from > regime.valid_to:
            told.append((f"{where}.valid_to", "a day not before valid_from", str(regime.valid_to), "Correct one."))
        for pattern in (*(regime.scheme.patterns if regime.scheme else ()), *regime.buyer_patterns):
            if not pattern or re.search(r"[0-9|]", pattern):
                told.append(
                    (
                        f"{where}.scheme",
                        "a pattern of letters, and # for each digit",
                        pattern,
                        "Write # in place of digits.",
                    )
                )
        told += _treatment_faults(regime, where)
        for place, expected, got, fix in told:
            yield _fault(f"{name}, {place}", expected, got, fix, lines.of(place))
    ordinary = [regime.id for regime in file.regimes if regime.ordinary]
    runnable = [regime for regime in file.regimes if not regime.ordinary and not missing_fields(regime)]
    if runnable and not ordinary:
        yield _fault(name, "a regime with ordinary = true, which holds where no other does", "none", "Add it.", 1)


def _treatment_faults(regime: Regime, where: str) -> list[tuple[str, str, str, str]]:
    told = []
    for number, one in enumerate(regime.treatments):
        place = f"{where}.treatments[{number}]"
        for at, limit in enumerate(one.limits):
            if limit.le is not None and limit.lt is not None:
                told.append((f"{place}.limits[{at}]", "either le or lt", "both", "Remove one."))
        duty = one.duty
        if one.scheme and regime.scheme is None:
            told.append((f"{place}.scheme", "the regime's scheme", "none", "Add scheme to the regime."))
        if duty is not None and duty.bands:
            uptos = [float(band.upto) for band in duty.bands if band.upto]
            if uptos != sorted(uptos):
                told.append((f"{place}.duty.bands", "bands from low to high", str(uptos), "Sort them."))
            if len(one.limits) + bool(uptos) > 2:
                told.append((f"{place}.limits", "at most two limits, a band's among them", "more", "Remove one."))
            if any(band.deduct for band in duty.bands) and duty.kind != "ad_valorem":
                told.append((f"{place}.duty.bands", "a deduction from an ad valorem duty", duty.kind, "Change one."))
        if one.tax is not None and one.tax.inside and one.tax.rate is not None and float(one.tax.rate) >= 1:
            told.append((f"{place}.tax.rate", "a rate below 1 inside its own base", one.tax.rate, "Correct it."))
    return told


def _incomplete(file: Jurisdiction, name: str, lines: Lines) -> Iterator[Fault]:
    for number, regime in enumerate(file.regimes):
        for field in missing_fields(regime):
            place = f"regimes[{number}].{field}"
            yield Fault(
                code="OECP-REGIME-INCOMPLETE",
                where=f"{name}, {regime.id}, {field}",
                line=lines.of(place),
                message="The regime loads as incomplete and refuses quotes.",
                expected="a value",
                got="none",
                fix="Add it with its source.",
                severity="incomplete",
            )


def _unsourced(file: Jurisdiction, name: str, lines: Lines) -> Iterator[Fault]:
    for number, regime in enumerate(file.regimes):
        fields = [*regime.background]
        if not regime.sources and not regime.ordinary:
            fields.append("sources")
        for field in fields:
            yield Fault(
                code="OECP-REGIME-UNSOURCED",
                where=f"{name}, {regime.id}, {field}",
                line=lines.of(f"regimes[{number}].{field}"),
                message="No cited source supports this.",
                expected="a source",
                got="none",
                fix="Cite one and take the field off the list background; strict mode refuses it until then.",
                severity="unsourced",
            )


def _fault(where: str, expected: str, got: str, fix: str, line: int | None) -> Fault:
    return Fault(
        code="OECP-REGIME-FILE",
        where=where,
        line=line,
        message="This does not fit.",
        expected=expected,
        got=got[:200],
        fix=fix,
    )


class Lines:
    """Where each table and field of a TOML text stands."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        counts: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if head := re.match(r"\s*\[\[([\w.]+)\]\]", line):
                table = self._array_place(head.group(1), counts)
                self._lines[table] = number
            elif head := re.match(r"\s*\[([\w.]+)\]", line):
                table = self._path(head.group(1), counts)
                self._lines[table] = number
            elif key := re.match(r"\s*([\w.-]+)\s*=", line):
                self._lines.setdefault(f"{table}.{key.group(1)}".lstrip("."), number)

    def _array_place(self, dotted: str, counts: dict[str, int]) -> str:
        parent, _, last = dotted.rpartition(".")
        place = f"{self._path(parent, counts)}.{last}".lstrip(".")
        counts[place] = counts.get(place, -1) + 1
        return f"{place}[{counts[place]}]"

    @staticmethod
    def _path(dotted: str, counts: dict[str, int]) -> str:
        place = ""
        for word in dotted.split(".") if dotted else []:
            place = f"{place}.{word}".lstrip(".")
            if place in counts:
                place = f"{place}[{counts[place]}]"
        return place

    def of(self, place: str) -> int | None:
        """Return the line of a place, or of the nearest table around it."""
        place = place.split(" ")[0]
        while place:
            if place in self._lines:
                return self._lines[place]
            shorter = re.sub(r"(\.?[^.\[\]]+|\[\d+\])$", "", place)
            place = shorter if shorter != place else ""
        return None
