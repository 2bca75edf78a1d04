# SPDX-License-Identifier: Apache-2.0
"""The Harmonized Tariff Schedule of the United States as the USITC exports it to CSV: rates of the General column.

Rates stand on codes of eight digits, or of ten where the eight are not divided otherwise, and hold for the codes
below. What is mended is counted in `notes`: rates copied down to longer codes or up to headings, codes that lost
their last zero, mark-up and stray spaces in cells.

Source: USITC, HTS export (public domain); header of nine columns, see COLUMNS.
Limits: 200,000 rows. Special and Column 2 rates, and who may use which, are not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import msgspec

from openecp.border.tariff.measures import FIRST_DAY, HEADER, LAST_DAY, MAX_FAULTS, Measure, MeasureFault
from openecp.border.tariff.selection import TariffIndex
from openecp.border.tariff.units import STANDARD_UNITS, Units
from openecp.border.tariff.us_rate_text import UsRateError, clean, read_rate
from openecp.border.tariff.us_rates import (
    InputMissingError,
    SimpleRate,
    UsInputs,
    UsRate,
    duty_of,
    expression_of,
    kind_of,
    needs,
)

COLUMNS = (
    "HTS Number",
    "Indent",
    "Description",
    "Unit of Quantity",
    "General Rate of Duty",
    "Special Rate of Duty",
    "Column 2 Rate of Duty",
    "Quota Quantity",
    "Additional Duties",
)
_CODE = re.compile(r"\d{4}(\.\d{2}){0,3}")
_CUT_CODE = re.compile(r"\d{4}\.\d")
_LEAF = 8  # digits from which a code can carry a rate
MAX_REFERENCES = 5
MAX_ROWS = 200_000
_CUT = "codes of six digits that had lost their last zero, mended"
_CUT_HEADINGS = "headings with subheading 00 alone, which may have lost it from their code, left: they carry no rate"
_COPIED_UP = "rates copied to headings and rows without a code, left out"


class UsLine(msgspec.Struct, frozen=True, kw_only=True):
    """One rate of the schedule: its code without dots, the text as printed, and the typed rate or why there is none."""

    line: int
    code: str
    text: str
    rate: UsRate | None
    why: str | None = None
    doubt: str | None = None  # why the text may not be the published one


class UsTariff:
    """A snapshot: every code, every General rate typed or listed with its reason, and what had to be mended."""

    def __init__(
        self,
        lines: Iterable[UsLine],
        codes: Iterable[str],
        notes: dict[str, int],
        faults: tuple[MeasureFault, ...] = (),
    ) -> None:
        self.lines = tuple(lines)
        self.codes = frozenset(codes)
        self.notes = notes
        self.faults = faults
        self._by_code = {line.code: line for line in self.lines}
        self._index = TariffIndex(self._by_code)

    @property
    def needs_human(self) -> tuple[UsLine, ...]:
        """Return the rates that are not typed, each with its reason."""
        return tuple(line for line in self.lines if line.rate is None)

    def kinds(self) -> Counter[str]:
        """Count the rates by kind."""
        return Counter("needs a human" if line.rate is None else kind_of(line.rate) for line in self.lines)

    def rate_of(self, code: str) -> UsLine | None:
        """Return the rate that holds for a code: its own, or the one it inherits."""
        key = self._index.key(code.replace(".", ""))
        return None if key is None else self._by_code[key]

    def duty(self, code: str, inputs: UsInputs, *, units: Units = STANDARD_UNITS) -> Fraction:
        """Compute the General duty of goods in cents, exactly; references to other rates are followed.

        Raises: InputMissingError (also for a code without rate), QuantityMissingError.
        """

        def lookup(other: str, facts: UsInputs, depth: int) -> Fraction:
            line = self.rate_of(other)
            if line is None or line.rate is None:
                raise InputMissingError(f"typed rate of {other}")
            if depth > MAX_REFERENCES:
                raise InputMissingError(f"an end of the references from {code}")
            return duty_of(line.rate, facts, units, lookup, depth)

        return lookup(code, inputs, 0)

    def measures(
        self,
        *,
        tax_type: str = "A00",
        valid_from: date = FIRST_DAY,
        valid_to: date = LAST_DAY,
        source: str = "HTSUS, General column",
    ) -> list[Measure]:
        """Return every rate as a measure; what value and quantities alone cannot compute has `needs_human`."""
        return [self._measure(line, tax_type, valid_from, valid_to, source) for line in self.lines]

    @staticmethod
    def _measure(line: UsLine, tax_type: str, valid_from: date, valid_to: date, source: str) -> Measure:
        expression = None if line.rate is None else expression_of(line.rate)
        condition = line.rate.condition if isinstance(line.rate, SimpleRate) else None
        why: str | None = None
        if line.rate is None:
            why = line.why
        elif expression is None:
            why = f"{kind_of(line.rate)}: it needs {needs(line.rate)}"
        return Measure(
            goods_code=line.code,
            tax_type=tax_type,
            duty_text=line.text if expression is None else str(expression),
            duty=expression,
            valid_from=valid_from,
            valid_to=valid_to,
            source="; ".join(text for text in (source, condition, line.doubt) if text),
            line=line.line,
            needs_human=why,
        )


def read_us_hts(data: bytes) -> UsTariff:
    """Read a snapshot; bad content raises nothing, its faults are in the answer."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _refused("OECP-TARIFF-ENCODING", line, "UTF-8 text", "another encoding", "save the file as UTF-8")
    rows = _Rows()
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if tuple(cell.strip() for cell in header) != COLUMNS:
            got = ",".join(header)[:80] or "an empty file"
            return _refused("OECP-TARIFF-HEADER", 1, ",".join(COLUMNS), got, "export the schedule as CSV again")
        for number, cells in enumerate(reader):
            if number >= MAX_ROWS:
                got, fix = "more", "check that this is one schedule"
                return _refused("OECP-TARIFF-SIZE", reader.line_num, f"at most {MAX_ROWS} rows", got, fix)
            rows.take(cells, reader.line_num)
    except csv.Error as error:
        fix = "close the quote, and write a quote inside a cell twice"
        return _refused("OECP-TARIFF-QUOTE", reader.line_num, "cells in matching quotes", str(error), fix)
    return rows.tariff()


def _refused(code: str, line: int, expected: str, got: str, fix: str) -> UsTariff:
    fault = MeasureFault(code=code, line=line, column="", expected=expected, got=got, fix=fix)
    return UsTariff((), (), {}, (fault,))


class _Rows:
    """Takes the rows one by one, keeps codes and rates, and mends what can be mended."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.rates: dict[str, tuple[str, int]] = {}
        self.repeats: set[str] = set()  # codes of chapters 98 and 99 whose rate is that of the row before
        self.notes: Counter[str] = Counter()
        self.faults: list[MeasureFault] = []
        self.before = ""
        self.before_code = ""

    def take(self, cells: list[str], line: int) -> None:
        if not cells:
            return
        if len(cells) != len(COLUMNS):
            self.fault(line, "", f"{len(COLUMNS)} cells", f"{len(cells)} cells", "export the schedule again")
            return
        printed, rate = cells[0].strip(), cells[4].strip()
        if _CUT_CODE.fullmatch(printed):
            printed += "0"
            self.notes[_CUT] += 1
        elif printed and not _CODE.fullmatch(printed):
            self.fault(line, "HTS Number", "a code such as 0101.21.00", repr(printed), "write the code as published")
            return
        code = printed.replace(".", "")
        if code and code in self.codes:
            self.fault(line, "HTS Number", f"a code that occurs once (line {self.codes[code]})", code, "remove one row")
            return
        if code:
            self.codes[code] = line
        if rate:
            self.rate(code, rate, line)
        self.before, self.before_code = rate, code

    def rate(self, code: str, rate: str, line: int) -> None:
        if len(code) < _LEAF:
            self.notes[_COPIED_UP] += 1
            return
        if clean(rate) != rate:
            self.notes["rates with mark-up, brackets or stray characters, cleaned"] += 1
        parent = self.rates.get(code[:_LEAF]) if len(code) > _LEAF else None
        if parent and parent[0] == rate:
            self.notes["rates copied down to a longer code, inherited instead"] += 1
            return
        if code[:2] in ("98", "99") and rate == self.before and not code.startswith(self.before_code or "-"):
            self.repeats.add(code)
        self.rates[code] = (rate, line)

    def fault(self, line: int, column: str, expected: str, got: str, fix: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            fault = MeasureFault(
                code="OECP-TARIFF-ROW", line=line, column=column, expected=expected, got=got[:80], fix=fix
            )
            self.faults.append(fault)

    def tariff(self) -> UsTariff:
        notes = dict(self.notes)
        # A file filled downwards has rates on headings too: what was empty cannot be told from what was equal.
        doubtful = self.repeats if _COPIED_UP in notes else set()
        if doubtful:
            notes["rates of chapters 98 and 99 that may be copies of the row before"] = len(doubtful)
        if _CUT in notes:
            below: dict[str, set[str]] = {}
            for code in self.codes:
                below.setdefault(code[:4], set()).add(code[4:6])
            if count := sum(1 for places in below.values() if places == {"", "00"}):
                notes[_CUT_HEADINGS] = count
        lines = []
        for code, (text, line) in self.rates.items():
            doubt = "may be a copy of the row before" if code in doubtful else None
            try:
                lines.append(UsLine(line=line, code=code, text=text, rate=read_rate(text), doubt=doubt))
            except UsRateError as error:
                lines.append(UsLine(line=line, code=code, text=text, rate=None, why=str(error), doubt=doubt))
        return UsTariff(lines, self.codes, notes, tuple(self.faults))


def to_csv(measures: Iterable[Measure]) -> str:
    """Write measures as CSV in the form that `read_measures` reads; those without a duty expression are left out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for measure in measures:
        if measure.duty is None:
            continue
        writer.writerow(
            (
                measure.goods_code,
                "|".join(measure.additional_codes),
                measure.origin,
                measure.preference,
                measure.order_number,
                measure.tax_type,
                str(measure.duty),
                "" if measure.valid_from == FIRST_DAY else measure.valid_from.isoformat(),
                "" if measure.valid_to == LAST_DAY else measure.valid_to.isoformat(),
                measure.source,
            )
        )
    return out.getvalue()
