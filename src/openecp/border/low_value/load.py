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
from itertools import islice
from pathlib import Path

import msgspec

from openecp.border.low_value.faults import Fault
from openecp.border.low_value.file_shape import shape_faults
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.tables import missing_fields

BYTES_MAX, REGIMES_MAX, FAULTS_MAX = 1_000_000, 200, 200


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
        _fault(
            f"{name}, {place or 'the head'}", expected, got, "See docs/low-value.md for the format.", lines.of(place)
        )
        for place, expected, got in islice(shape_faults(content), FAULTS_MAX)
    ]
    regimes = content.get("regimes", [])
    if isinstance(regimes, list) and len(regimes) > REGIMES_MAX:
        faults.append(_fault(name, f"at most {REGIMES_MAX} regimes", str(len(regimes)), "Split the file.", 1))
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
            if not re.fullmatch(r"[0-9A-Za-z# ./-]{1,35}", pattern, re.ASCII):
                told.append(
                    (
                        f"{where}.scheme",
                        "a pattern of at most 35 letters, digits, blanks, points, hyphens and strokes; # is any digit",
                        pattern,
                        "Write it as IM##########, with fixed digits as they are.",
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
