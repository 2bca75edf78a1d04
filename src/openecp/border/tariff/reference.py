# SPDX-License-Identifier: Apache-2.0
"""Measures, nomenclature and requirements of a profile as the tables that the tariff steps join.

Measures are prepared at load: expanded on every known code, amounts in other currencies turned into national ones
for each period of the exchange rate, so that online one equality and a range of dates find them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from openecp.border.tariff.measures import FIRST_DAY, LAST_DAY, Measure, read_measures
from openecp.border.tariff.prepare import MAX_AMOUNTS, MAX_SEGMENTS, Shape, TariffTables, prepare
from openecp.border.tariff.units import Units
from openecp.kernel.profile import Profile, ProfileError

_E6 = Decimal("0.000001")
REQUIREMENT_COLUMNS = (
    ("requirement_id", "BIGINT"),
    ("tariff_key", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("movement", "VARCHAR"),
    ("procedure", "VARCHAR"),
    ("any_of", "VARCHAR[]"),
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
)
# How a tax type takes part in the steps; the composition root fills it from the revenue capability's tax types.
Part = Mapping[str, tuple[int, str, frozenset[str], str, str, bool]]  # stage, group, parts, regime, movement, positive


def profile_units(profile: Profile) -> Units:
    """Return the units of a profile; raise ProfileError where its units.csv cannot be read."""
    try:
        return Units.from_rows(profile.table("units"))
    except ValueError as fault:
        raise ProfileError(f"{profile.folder}: {fault}") from fault


def load_measures(data: bytes, where: str, profile: Profile) -> Sequence[Measure]:
    """Read measures in CSV form.

    Raises: ProfileError with every fault of the file, each with its line and column.
    """
    found = read_measures(data, units=profile_units(profile), currency=profile.currency)
    if found.faults:
        more = f"\n… and {found.faults_not_shown} more" if found.faults_not_shown else ""
        raise ProfileError(f"{where}: " + f"\n{where}: ".join(str(fault) for fault in found.faults) + more)
    return found.measures


def prepare_tariff(profile: Profile, measures: Sequence[Measure]) -> TariffTables:
    """Prepare measures on the codes of the measures, the nomenclature and the requirements."""
    codes = {row["goods_code"] for row in profile.table("nomenclature")}
    codes |= {row["goods_code"] for table in _REQUIREMENT_TABLES for row in profile.table(table)}
    codes.discard("")
    return prepare(
        measures, codes, currency=profile.currency, exponent=profile.currency_exponent, units=profile_units(profile)
    )


PLAIN = Shape(
    segments=1, amounts=(0, 0, 0, 0), additional_codes=0, units=(), currencies=(), may_be_negative=False, needs_human=0
)  # one rate on the base


class Keys:
    """What the goods of each tariff key can bear, so that a batch is composed for what it holds."""

    def __init__(self, tables: TariffTables, stages: Mapping[str, int]) -> None:
        compound, excise = set(), set()
        columns = tables.measures.select(["tariff_key", "tax_type", "rate_text"]).to_pydict()
        for key, tax_type, rate in zip(columns["tariff_key"], columns["tax_type"], columns["rate_text"], strict=True):
            if rate is None:
                compound.add(key)
            if stages.get(tax_type) == 2:
                excise.add(key)
        self.compound, self.excise = frozenset(compound), frozenset(excise)


def measure_columns(shape: Shape) -> tuple[tuple[str, str], ...]:
    """Return the columns of the measures table that a tariff of this shape needs."""
    return (
        ("tariff_key", "VARCHAR"),
        ("measure_id", "BIGINT"),
        ("tax_type", "VARCHAR"),
        *((name, "VARCHAR") for name in ("origin", "preference", "order_number")),
        *((f"additional_code_{n}", "VARCHAR") for n in (1, 2, 3)),
        ("regime", "VARCHAR"),
        ("movement", "VARCHAR"),
        ("valid_from", "DATE"),
        ("valid_to", "DATE"),
        ("specificity", "INTEGER"),
        ("stage", "INTEGER"),
        ("tax_group", "VARCHAR"),
        *((f"on_{part}", "INTEGER") for part in ("value", "duty", "territorial", "safeguard", "excise")),
        ("positive_base", "BOOLEAN"),
        *duty_columns(shape),
    )


def line_columns(shape: Shape, parts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the columns of lines that were selected for an item, with the parts that bases are made of."""
    types = dict(measure_columns(shape))
    names = ("measure_id", "tax_type", "stage", "tax_group", *(f"on_{part}" for part in parts), "positive_base")
    kept = (("relief_id", "BIGINT"), ("effect", "VARCHAR"), ("kept", "INTEGER"))
    return (("row_id", "BIGINT"), *((name, types[name]) for name in names), *duty_columns(shape), *kept)


def duty_columns(shape: Shape) -> tuple[tuple[str, str], ...]:
    """Return the columns of a duty that `duty_amount` reads; amounts are for 1/1,000,000 of the unit."""
    columns: list[tuple[str, str]] = []
    for segment in range(1, shape.segments + 1):
        columns.append((f"s{segment}_rate", "DECIMAL(12,9)"))
        for term in range(1, shape.amounts[segment - 1] + 1):
            columns += [(f"s{segment}_t{term}_amount", "DECIMAL(18,15)"), (f"s{segment}_t{term}_unit", "VARCHAR")]
        if segment > 1:
            columns.append((f"op_{segment - 1}", "VARCHAR"))
    return tuple(columns)


def measure_rows(
    tables: TariffTables, parts: Part, rates: Mapping[str, Sequence[tuple[Decimal, date, date]]]
) -> list[tuple[Any, ...]]:
    """Return the measures table's rows.

    A measure with amounts in another currency gives one row a period of its rate, and one without figures for each time
    that has no rate: the measure applies then as well, and its amount stands open.
    """
    rows: list[tuple[Any, ...]] = []
    wanted = [name for name, _ in duty_columns(tables.shape)]
    for raw in tables.measures.to_pylist():
        part = parts.get(raw["tax_type"])
        if part is None:
            raise ProfileError(
                f"measure for {raw['goods_code'] or 'all goods'}: expected a tax type of tax_types.csv, got "
                f"{raw['tax_type']!r}; add it there or mend the measure"
            )
        periods = _periods(raw, rates)
        for factor, first, last in periods:
            rows.append((*_keys(raw, part, first, last), *_duty(raw, wanted, factor)))
        for first, last in _uncovered(raw["valid_from"], raw["valid_to"], periods):
            rows.append((*_keys(raw, part, first, last), *_no_duty(wanted)))
    return rows


def open_rows(shape: Shape, parts: Part) -> list[tuple[Any, ...]]:
    """Return one row a tax type without a rate: the line that stands open where no measure is known."""
    blank: dict[str, Any] = {"tariff_key": "", "specificity": 0}
    wanted = [name for name, _ in duty_columns(shape)]
    return [
        (
            *_keys({**blank, "tax_type": code, "measure_id": -number}, part, FIRST_DAY, LAST_DAY),
            *_no_duty(wanted),
        )
        for number, (code, part) in enumerate(parts.items(), start=1)
    ]


def _keys(raw: Mapping[str, Any], part: Any, first: date, last: date) -> tuple[Any, ...]:
    stage, group, on, regime, movement, positive = part
    return (
        raw["tariff_key"],
        raw["measure_id"],
        raw["tax_type"],
        *(raw.get(name) or "" for name in ("origin", "preference", "order_number")),
        *(raw.get(f"additional_code_{n}") or "" for n in (1, 2, 3)),
        regime,
        movement,
        first,
        last,
        raw["specificity"],
        stage,
        group,
        *(int(name in on) for name in ("value", "duty", "territorial", "safeguard", "excise")),
        positive,
    )


def _duty(raw: Mapping[str, Any], wanted: Sequence[str], factor: Mapping[str, Decimal]) -> list[Any]:
    values: list[Any] = []
    for name in wanted:
        if name.endswith("_amount"):
            currency = raw[name.replace("_amount", "_currency")]
            amount = raw[name] * _E6 * (factor[currency] if currency else 1)
            values.append(round(amount, 15))
        elif name.endswith("_unit"):
            values.append(raw[name] or "")
        else:
            values.append(raw[name])
    return values


def _periods(
    raw: Mapping[str, Any], rates: Mapping[str, Sequence[tuple[Decimal, date, date]]]
) -> list[tuple[dict[str, Decimal], date, date]]:
    names = [f"s{s}_t{t}_currency" for s in range(1, MAX_SEGMENTS + 1) for t in range(1, MAX_AMOUNTS + 1)]
    used = sorted({raw[name] for name in names if raw[name]})
    periods: list[tuple[dict[str, Decimal], date, date]] = [({}, raw["valid_from"], raw["valid_to"])]
    for currency in used:
        periods = [
            ({**factors, currency: rate}, max(first, start), min(last, end))
            for factors, first, last in periods
            for rate, start, end in rates.get(currency, ())
            if max(first, start) <= min(last, end)
        ]
    return periods


def _no_duty(wanted: Sequence[str]) -> list[Any]:
    return ["" if name.endswith("_unit") else None for name in wanted]


def rateless(
    shape: Shape, rows: Sequence[tuple[Any, ...]], measures: Mapping[int, Measure]
) -> list[tuple[int, date, date]]:
    """Return measure, first and last day of each time for which the currency of a measure has no rate."""
    names = [name for name, _ in measure_columns(shape)]
    at = {name: names.index(name) for name in ("measure_id", "valid_from", "valid_to", "s1_rate")}
    found = {
        (row[at["measure_id"]], row[at["valid_from"]], row[at["valid_to"]])
        for row in rows
        if row[at["s1_rate"]] is None and (measure := measures.get(row[at["measure_id"]])) and measure.duty is not None
    }
    return sorted(found)


def _uncovered(
    first: date, last: date, periods: Sequence[tuple[Mapping[str, Decimal], date, date]]
) -> list[tuple[date, date]]:
    """Return the times from `first` to `last` that no period covers."""
    gaps: list[tuple[date, date]] = []
    day: date | None = first
    for _, start, end in sorted(periods, key=lambda period: period[1]):
        if day is not None and start > day:
            gaps.append((day, start - timedelta(days=1)))
        day = end + timedelta(days=1) if end < last else None
    if day is not None:
        gaps.append((day, last))
    return gaps


_REQUIREMENT_TABLES = ("document_requirements", "additional_code_requirements")


def requirements(profile: Profile, tables: TariffTables) -> tuple[list[tuple[Any, ...]], list[dict[str, str]]]:
    """Return required documents and additional codes by known code, and the rows that they come from."""
    sources: list[dict[str, str]] = []
    table: list[tuple[Any, ...]] = []
    known: list[str] = tables.codes.column("tariff_key").to_pylist()
    for name in _REQUIREMENT_TABLES:
        for row in profile.table(name):
            sources.append({**row, "table": name})
            any_of = [c for key in ("documents", "waivers", "codes") for c in row.get(key, "").split("|") if c]
            first = date.fromisoformat(row["valid_from"]) if row.get("valid_from") else FIRST_DAY
            last = date.fromisoformat(row["valid_to"]) if row.get("valid_to") else LAST_DAY
            procedure = row.get("procedure", "").rstrip("*")
            table.extend(
                (len(sources), key, row.get("origin", ""), row.get("movement", ""), procedure, any_of, first, last)
                for key in known
                if key.startswith(row["goods_code"])
            )
    return table, sources


def nomenclature(profile: Profile) -> list[tuple[Any, ...]]:
    """Return the codes of the nomenclature as entries of the code list `T`."""
    return [
        (
            f"T:{row['goods_code']}",
            date.fromisoformat(row["valid_from"]) if row.get("valid_from") else FIRST_DAY,
            date.fromisoformat(row["valid_to"]) if row.get("valid_to") else LAST_DAY,
        )
        for row in profile.table("nomenclature", ("goods_code",))
    ]
