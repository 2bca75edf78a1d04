# SPDX-License-Identifier: Apache-2.0
"""Loads a tariff file and says what it holds: counts by kind of duty, what needs a human, every fault, and the time.

Formats: `csv`, the ten columns of measures; `us-hts`, the USITC export of the US schedule. Either may be gzipped.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from openecp.border.tariff.measures import (
    FIRST_DAY,
    LAST_DAY,
    MAX_BYTES,
    MAX_FAULTS,
    Measure,
    MeasureFault,
    MeasureFile,
    read_measures,
)
from openecp.border.tariff.prepare import MAX_PREPARED_ROWS, TariffTables, TariffTooLargeError, prepare
from openecp.border.tariff.units import STANDARD_UNITS, Units
from openecp.border.tariff.us_hts import read_us_hts

TariffFormat = Literal["csv", "us-hts"]


class NeedsHuman(msgspec.Struct, frozen=True, kw_only=True):
    """A duty that the software does not compute by itself, with the reason."""

    line: int
    goods_code: str
    duty: str
    why: str


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a tariff file holds. `untyped` are rates that nobody could type; `not_in_steps` are typed, but need facts
    that a measure's row has no place for (values of parts, other goods), so the assessment asks a person."""

    path: str
    format: TariffFormat
    seconds: float
    rates: int
    codes: int
    kinds: dict[str, int]
    untyped: tuple[NeedsHuman, ...] = ()
    not_in_steps: tuple[NeedsHuman, ...] = ()
    notes: dict[str, int] = {}
    faults: tuple[MeasureFault, ...] = ()
    faults_not_shown: int = 0
    warnings: tuple[MeasureFault, ...] = ()
    measures: tuple[Measure, ...] = ()
    tables: TariffTables | None = None

    @property
    def usable(self) -> bool:
        """Tell whether the file may be used: it has no fault."""
        return not self.faults


def load_file(
    path: str | Path,
    format: TariffFormat = "csv",
    *,
    currency: str | None = None,
    exponent: int = 2,
    units: Units = STANDARD_UNITS,
    tax_type: str = "A00",
    valid_from: date = FIRST_DAY,
    extra_codes: Iterable[str] = (),
    clock: Callable[[], float] = time.perf_counter,
) -> LoadReport:
    """Read, type and prepare a tariff file; bad content is in the report, never raised.

    `currency` is the administration's (default GBP; us-hts: USD); `tax_type` and `valid_from` are for us-hts, whose
    rows have none. Raises: OSError where the file cannot be read.
    """
    started = clock()
    data, fault = _bytes_of(Path(path))
    if fault is not None:
        return LoadReport(path=str(path), format=format, seconds=0.0, rates=0, codes=0, kinds={}, faults=(fault,))
    if format == "us-hts":
        report, us_codes = _load_us(data, path, tax_type, valid_from)
        national, nomenclature = currency or "USD", us_codes | set(extra_codes)
    else:
        report = _load_csv(read_measures(data, units=units, currency=currency), path)
        national, nomenclature = currency or "GBP", set(extra_codes)
    if report.faults:
        return msgspec.structs.replace(report, seconds=clock() - started)
    try:
        tables = prepare(report.measures, nomenclature, currency=national, exponent=exponent, units=units)
    except TariffTooLargeError as error:
        expected, fix = f"at most {MAX_PREPARED_ROWS} prepared rows", "give fewer rows an empty or short goods code"
        fault = MeasureFault(
            code="OECP-TARIFF-SIZE", line=1, column="", expected=expected, got=str(error).split(":")[0], fix=fix
        )
        return msgspec.structs.replace(report, faults=(fault,), seconds=clock() - started)
    untyped = {(item.line, item.goods_code) for item in report.untyped}
    not_in_steps = tuple(
        NeedsHuman(line=measure.line, goods_code=measure.goods_code, duty=measure.duty_text, why=why)
        for measure, why in tables.needs_human
        if (measure.line, measure.goods_code) not in untyped
    )
    return msgspec.structs.replace(
        report, tables=tables, not_in_steps=not_in_steps, codes=len(tables.index), seconds=clock() - started
    )


def _bytes_of(path: Path) -> tuple[bytes, MeasureFault | None]:
    """Read a file, unpacked where it is gzipped, up to the limit."""

    def fault(code: str, expected: str, got: str, fix: str) -> tuple[bytes, MeasureFault]:
        return b"", MeasureFault(code=code, line=1, column="", expected=expected, got=got, fix=fix)

    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            data = gzip.GzipFile(fileobj=file).read(MAX_BYTES + 1) if packed else file.read(MAX_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            return fault("OECP-TARIFF-GZIP", "a whole gzip file", str(error), "fetch or pack the file again")
    if len(data) > MAX_BYTES:
        return fault("OECP-TARIFF-SIZE", f"at most {MAX_BYTES} bytes", "more", "split the file")
    return data, None


def _load_csv(file: MeasureFile, path: str | Path) -> LoadReport:
    kinds: Counter[str] = Counter(measure.duty.kind for measure in file.measures if measure.duty is not None)
    return LoadReport(
        path=str(path),
        format="csv",
        seconds=0.0,
        rates=len(file.measures),
        codes=0,
        kinds=dict(kinds),
        faults=file.faults,
        faults_not_shown=file.faults_not_shown,
        warnings=file.warnings,
        measures=file.measures,
    )


def _load_us(data: bytes, path: str | Path, tax_type: str, valid_from: date) -> tuple[LoadReport, set[str]]:
    tariff = read_us_hts(data)
    untyped = tuple(
        NeedsHuman(line=line.line, goods_code=line.code, duty=line.text, why=line.why or "")
        for line in tariff.needs_human
    )
    report = LoadReport(
        path=str(path),
        format="us-hts",
        seconds=0.0,
        rates=len(tariff.lines),
        codes=0,
        kinds=dict(tariff.kinds()),
        untyped=untyped,
        notes=tariff.notes,
        faults=tariff.faults,
        measures=tuple(tariff.measures(tax_type=tax_type, valid_from=valid_from)),
    )
    return report, {code for code in tariff.codes if len(code) >= 8}


def report_text(report: LoadReport) -> str:
    """Write a report as people read it: faults first if there are any, else counts, what needs a human, and notes."""
    lines = [f"{report.path} ({report.format}): {report.rates:,} rates, {report.codes:,} codes, {report.seconds:.2f} s"]
    if report.faults:
        shown = len(report.faults) + report.faults_not_shown
        lines += [f"refused: {shown} fault{'s' if shown > 1 else ''}", *(f"  {fault}" for fault in report.faults)]
        if report.faults_not_shown:
            lines.append(f"  and {report.faults_not_shown} more")
        return "\n".join(lines)
    width = max((len(kind) for kind in report.kinds), default=0)
    for kind, count in sorted(report.kinds.items(), key=lambda pair: (-pair[1], pair[0])):
        lines.append(f"  {kind:<{width}} {count:>8,} {100 * count / report.rates:>6.2f} %")
    if report.untyped:
        share = 100 * len(report.untyped) / report.rates
        lines.append(f"needs a human: {len(report.untyped)} of {report.rates:,} rates ({share:.2f} %)")
        lines += [f"  line {item.line}, {item.goods_code}: {_short(item.duty)}: {item.why}" for item in report.untyped]
    if report.not_in_steps:
        lines.append(f"typed, but asked of a person at assessment: {len(report.not_in_steps)}")
        reasons = Counter(item.why for item in report.not_in_steps)
        lines += [f"  {count:>4} {why}" for why, count in reasons.most_common(10)]
        if len(reasons) > 10:
            lines.append(f"       and {len(reasons) - 10} more reasons")
    if report.notes:
        lines += ["mended or doubtful:", *(f"  {count:>6,} {note}" for note, count in sorted(report.notes.items()))]
    if report.warnings:
        shown_warnings = report.warnings[:MAX_FAULTS]
        lines += [f"warnings: {len(report.warnings)}", *(f"  {warning}" for warning in shown_warnings)]
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def measures_for(measures: Sequence[Measure], code: str, on: date) -> list[Measure]:
    """Return every measure that may hold for a goods code on a day, the most specific of each tax type first."""
    digits = code.replace(".", "").replace(" ", "")
    found = [
        measure
        for measure in measures
        if digits.startswith(measure.goods_code) and measure.valid_from <= on <= measure.valid_to
    ]
    return sorted(found, key=lambda measure: (measure.tax_type, -measure.specificity, measure.line))


def show(measures: Sequence[Measure], code: str, on: date) -> str:
    """Write what a tariff says of a goods code on a day, one line a measure, with where an inherited rate stands."""
    found = measures_for(measures, code, on)
    if not found:
        return f"{code} on {on}: no measure"
    lines = [f"{code} on {on}: {len(found)} measure{'s' if len(found) > 1 else ''}"]
    digits = code.replace(".", "").replace(" ", "")
    for measure in found:
        cells = [
            f"{name} {value}"
            for name, value in (
                ("origin", measure.origin),
                ("preference", measure.preference),
                ("quota", measure.order_number),
                ("additional codes", "|".join(measure.additional_codes)),
            )
            if value
        ]
        if measure.goods_code != digits:
            cells.append(f"inherited from {measure.goods_code}" if measure.goods_code else "for all goods")
        if measure.valid_from != FIRST_DAY or measure.valid_to != LAST_DAY:
            until = "" if measure.valid_to == LAST_DAY else str(measure.valid_to)
            cells.append(f"valid {'' if measure.valid_from == FIRST_DAY else measure.valid_from}..{until}")
        if measure.needs_human:
            cells.append(f"needs a human: {measure.needs_human}")
        if measure.source:
            cells.append(f"source {measure.source}")
        lines.append(f"  {measure.tax_type} {measure.duty_text}" + (f" ({'; '.join(cells)})" if cells else ""))
    return "\n".join(lines)
