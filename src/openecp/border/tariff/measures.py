# SPDX-License-Identifier: Apache-2.0
"""Tariff measures: which duty holds for which goods, origin, preference, additional codes and quota, and when.

A file of measures is CSV with exactly the columns of HEADER. An empty cell matches anything; several additional codes
joined by `|` must all be declared, in any order. Every fault of a file is reported in one pass, each with its line and
column. Rows that differ in nothing but their source, at the same time, would charge a duty twice: they are a fault.
Rows with one key and different duties all apply, one tax line each: they are a warning.

Limits: 512 MiB of text, 2,000,000 rows, 1,000 rows of one key, cells of 500 characters, 3 additional codes a row,
100 faults shown.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from openecp.border.tariff.duty_expression import AmountPerUnit, DutyExpression, DutyExpressionError, parse
from openecp.border.tariff.units import STANDARD_UNITS, Units

HEADER = (
    "goods_code",
    "additional_code",
    "origin",
    "preference",
    "order_number",
    "tax_type",
    "duty",
    "valid_from",
    "valid_to",
    "source",
)
MAX_BYTES = 512 * 1024 * 1024
READ_MAX = 131_072  # characters of a cell; a quote that is never closed runs into it
MAX_ROWS = 2_000_000
MAX_FAULTS = 100
MAX_CELL = 500
MAX_ADDITIONAL_CODES = 3
MAX_ROWS_OF_A_KEY = 1000
FIRST_DAY = date(1900, 1, 1)  # an empty valid_from
LAST_DAY = date(9999, 12, 31)  # an empty valid_to

_CELLS: dict[str, tuple[re.Pattern[str], str, str]] = {
    "goods_code": (re.compile(r"[0-9]{0,18}"), "up to 18 digits or nothing", "leave out dots and spaces"),
    "origin": (
        re.compile(r"([A-Z]{2})?"),
        "a country code of 2 letters or nothing",
        "write one row a country; leave the cell empty for all origins",
    ),
    "preference": (re.compile(r"[A-Z0-9]{0,3}"), "up to 3 letters or digits or nothing", "write for example 100"),
    "order_number": (re.compile(r"[A-Z0-9.]{0,17}"), "up to 17 letters or digits or nothing", "write the quota number"),
    "tax_type": (re.compile(r"[A-Z0-9]{1,6}"), "a tax type of up to 6 letters or digits", "write for example A00"),
}
_ADDITIONAL = re.compile(r"[A-Z0-9]{1,6}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a tariff: the duty of one tax type for the goods, origin, preference and codes that it names."""

    goods_code: str  # a prefix: it holds for every longer code; "" holds for all goods
    tax_type: str
    duty_text: str
    duty: DutyExpression | None  # None where `needs_human` says why
    additional_codes: tuple[str, ...] = ()  # all must be declared; sorted, none twice
    origin: str = ""
    preference: str = ""
    order_number: str = ""
    valid_from: date = FIRST_DAY
    valid_to: date = LAST_DAY
    source: str = ""
    line: int = 0
    needs_human: str | None = None

    @property
    def filled_cells(self) -> int:
        """Return how many of additional code, origin, preference and order number the row fills in."""
        return bool(self.additional_codes) + bool(self.origin) + bool(self.preference) + bool(self.order_number)

    @property
    def specificity(self) -> int:
        """Return the rank of the row among those of its tax type: the longest goods code, then most filled cells."""
        return len(self.goods_code) * 100 + self.filled_cells


class MeasureFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong (or, as a warning, odd) in a file of measures."""

    code: str
    line: int
    column: str  # the header's name; empty where the whole line or file is meant
    expected: str
    got: str
    fix: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: expected {self.expected}, got {self.got}; {self.fix} [{self.code}]"


class MeasureFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of measures holds: the measures, every fault and warning, and how many faults are not shown."""

    measures: tuple[Measure, ...]
    faults: tuple[MeasureFault, ...] = ()
    warnings: tuple[MeasureFault, ...] = ()
    faults_not_shown: int = 0


class _Faults:
    """Collects faults up to MAX_FAULTS and counts the rest."""

    def __init__(self) -> None:
        self.shown: list[MeasureFault] = []
        self.hidden = 0

    def add(self, code: str, line: int, column: str, expected: str, got: str, fix: str) -> None:
        if len(self.shown) >= MAX_FAULTS:
            self.hidden += 1
            return
        got = got if len(got) <= 80 else got[:77] + "..."
        self.shown.append(MeasureFault(code=code, line=line, column=column, expected=expected, got=got, fix=fix))


def read_measures(data: bytes, *, units: Units = STANDARD_UNITS, currency: str | None = None) -> MeasureFile:
    """Read a CSV file of measures; nothing is raised for bad content, every fault is in the answer.

    `currency` is what `$` and cents mean in its duty expressions.
    """
    faults = _Faults()
    text = _decode(data, faults)
    if text is None:
        return MeasureFile(measures=(), faults=tuple(faults.shown))
    rows = _rows(text, faults)
    header = next(rows, None)
    if header is None or not _header_is_right(header[1], header[0], faults):
        if header is None and not faults.shown:
            faults.add(
                "OECP-TARIFF-HEADER", 1, "", ",".join(HEADER), "an empty file", "write the header, then the rows"
            )
        return MeasureFile(measures=(), faults=tuple(faults.shown))
    reader = _RowReader(faults, units, currency)
    measures: list[Measure] = []
    for line, cells in rows:
        if len(measures) >= MAX_ROWS:
            faults.add("OECP-TARIFF-SIZE", line, "", f"at most {MAX_ROWS} rows", "more", "split the file")
            break
        measure = reader.read(cells, line)
        if measure is not None:
            measures.append(measure)
    warnings = _Faults()
    _find_overlaps(measures, faults, warnings)
    return MeasureFile(
        measures=tuple(measures),
        faults=tuple(faults.shown),
        warnings=tuple(warnings.shown),
        faults_not_shown=faults.hidden,
    )


def _decode(data: bytes, faults: _Faults) -> str | None:
    if len(data) > MAX_BYTES:
        faults.add("OECP-TARIFF-SIZE", 1, "", f"at most {MAX_BYTES} bytes", str(len(data)), "split the file")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{data[error.start]:02x}"
        faults.add("OECP-TARIFF-ENCODING", line, "", "UTF-8 text", byte, "save the file as UTF-8")
        return None


def _rows(text: str, faults: _Faults) -> Iterator[tuple[int, list[str]]]:
    """Give each row with the line on which it begins; a broken quote is a fault and its row is left out."""
    csv.field_size_limit(READ_MAX)  # one number for the whole process: other readers set theirs
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fix = "close the quote, and write a quote inside a cell twice"
            faults.add("OECP-TARIFF-QUOTE", line, "", "cells in matching quotes", str(error), fix)
            continue
        if cells:  # an empty line is no row
            yield line, cells


def _header_is_right(cells: list[str], line: int, faults: _Faults) -> bool:
    if tuple(cells) == HEADER:
        return True
    missing = [name for name in HEADER if name not in cells]
    extra = [name for name in cells if name not in HEADER]
    if missing or extra:
        fix = "; ".join(
            ([f"add {', '.join(missing)}"] if missing else [])
            + ([f"remove {', '.join(map(repr, extra[:10]))}"] if extra else [])
        )
    else:
        fix = "put each column once, in this order"
    faults.add("OECP-TARIFF-HEADER", line, "", ",".join(HEADER), ",".join(cells), fix)
    return False


class _RowReader:
    """Turns the cells of one line into a Measure, remembering the expressions and dates that it has seen."""

    def __init__(self, faults: _Faults, units: Units, currency: str | None) -> None:
        self.faults, self.units, self.currency = faults, units, currency
        self.duties: dict[str, DutyExpression] = {}
        self.dates: dict[str, date] = {}

    def read(self, cells: list[str], line: int) -> Measure | None:
        """Return the measure, or None where the line has a fault."""
        if len(cells) != len(HEADER):
            fix = "give every column a cell, empty or not, and quote cells with commas"
            self.faults.add("OECP-TARIFF-ROW", line, "", f"{len(HEADER)} cells", f"{len(cells)} cells", fix)
            return None
        before = len(self.faults.shown) + self.faults.hidden
        code, additional, origin, preference, order, tax_type, duty_text, start, end, source = map(str.strip, cells)
        for name, cell in zip(HEADER, cells, strict=True):
            if len(cell) > MAX_CELL:
                self.faults.add("OECP-TARIFF-CELL", line, name, f"at most {MAX_CELL} characters", cell, "shorten it")
        checked = (code, origin, preference, order, tax_type)
        for cell, (name, (pattern, expected, fix)) in zip(checked, _CELLS.items(), strict=True):
            if not pattern.fullmatch(cell):
                self.faults.add("OECP-TARIFF-CELL", line, name, expected, repr(cell), fix)
        codes = self.additional_codes(additional, line)
        duty = self.duty(duty_text, line)
        valid_from = self.date(start, line, "valid_from") if start else FIRST_DAY
        valid_to = self.date(end, line, "valid_to") if end else LAST_DAY
        if valid_from and valid_to and valid_to < valid_from:
            fix = "mend the dates: a measure holds from its first to its last day"
            self.faults.add("OECP-TARIFF-DATE", line, "valid_to", f"{valid_from} or later", str(valid_to), fix)
        if len(self.faults.shown) + self.faults.hidden > before or valid_from is None or valid_to is None:
            return None
        return Measure(
            goods_code=code,
            additional_codes=codes,
            origin=origin,
            preference=preference,
            order_number=order,
            tax_type=tax_type,
            duty_text=duty_text,
            duty=duty,
            valid_from=valid_from,
            valid_to=valid_to,
            source=source,
            line=line,
        )

    def additional_codes(self, text: str, line: int) -> tuple[str, ...]:
        if not text:
            return ()
        codes = text.split("|")
        if not all(map(_ADDITIONAL.fullmatch, codes)):
            expected = "codes of up to 6 letters or digits joined by |"
            self.faults.add(
                "OECP-TARIFF-CELL", line, "additional_code", expected, repr(text), "write A100 or A100|B200"
            )
        distinct = tuple(sorted(set(codes)))
        if len(distinct) > MAX_ADDITIONAL_CODES:
            expected = f"at most {MAX_ADDITIONAL_CODES} additional codes"
            self.faults.add(
                "OECP-TARIFF-CELL", line, "additional_code", expected, str(len(distinct)), "split the measure"
            )
        return distinct

    def duty(self, text: str, line: int) -> DutyExpression | None:
        known = self.duties.get(text)
        if known is not None:
            return known
        try:
            duty = parse(text, currency=self.currency)
        except DutyExpressionError as error:
            expected = f"{error.expected} as {error.label} at character {error.position}"
            self.faults.add("OECP-TARIFF-DUTY", line, "duty", expected, f"{error.got} in {text!r}", error.hint)
            return None
        unknown = [
            part.unit
            for part in duty.components
            if isinstance(part, AmountPerUnit) and self.units.base(part.unit) is None
        ]
        for unit in unknown:
            fix = "use a unit of Recommendation 20 or add the unit to the profile's units.csv"
            self.faults.add("OECP-TARIFF-UNIT", line, "duty", "a known unit", repr(unit), fix)
        if unknown:
            return None
        self.duties[text] = duty
        return duty

    def date(self, text: str, line: int, column: str) -> date | None:
        known = self.dates.get(text)
        if known is not None:
            return known
        try:
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            day = date.fromisoformat(text)
        except ValueError:
            fix = "write the date as YYYY-MM-DD, or leave it empty for an open end"
            self.faults.add("OECP-TARIFF-DATE", line, column, "a day such as 2026-01-31", repr(text), fix)
            return None
        self.dates[text] = day
        return day


def _find_overlaps(measures: Iterable[Measure], faults: _Faults, warnings: _Faults) -> None:
    """Report rows of one key that hold on the same day: a fault with the same duty, a warning with another."""
    groups: dict[tuple[object, ...], list[Measure]] = defaultdict(list)
    for measure in measures:
        key = (measure.goods_code, measure.tax_type, measure.additional_codes, measure.origin, measure.preference)
        groups[*key, measure.order_number].append(measure)
    for group in groups.values():
        if len(group) == 1:
            continue
        if len(group) > MAX_ROWS_OF_A_KEY:
            expected, fix = f"at most {MAX_ROWS_OF_A_KEY} rows of one key", "remove rows that are no longer needed"
            faults.add("OECP-TARIFF-SIZE", group[0].line, "goods_code", expected, str(len(group)), fix)
            continue
        latest: dict[object, Measure] = {}
        for measure in sorted(group, key=lambda row: (row.valid_from, row.line)):
            duty: object = measure.duty if measure.duty is not None else measure.duty_text
            for other_duty, other in latest.items():
                if other.valid_to < measure.valid_from:
                    continue
                _report_overlap(measure, other, faults if other_duty == duty else warnings, other_duty == duty)
            held = latest.get(duty)
            if held is None or measure.valid_to > held.valid_to:
                latest[duty] = measure


def _report_overlap(measure: Measure, other: Measure, faults: _Faults, same_duty: bool) -> None:
    first, second = sorted((measure, other), key=lambda row: row.line)
    got = f"the same key as line {first.line}, from {measure.valid_from} on"
    if not same_duty:
        fix = f"both apply, one tax line each ({first.duty_text} and {second.duty_text}); end one if only one is law"
        faults.add("OECP-TARIFF-TIE", second.line, "goods_code", "one duty per key and day", got, fix)
    elif measure.valid_from == other.valid_from:
        expected, fix = "a key that occurs once", "remove one of the two rows: the duty would be charged twice"
        faults.add("OECP-TARIFF-DUPLICATE", second.line, "goods_code", expected, got, fix)
    else:
        expected, fix = "periods that do not overlap", f"end the earlier row before {measure.valid_from}, or remove one"
        faults.add("OECP-TARIFF-OVERLAP", second.line, "valid_from", expected, got, fix)
