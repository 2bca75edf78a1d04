# SPDX-License-Identifier: Apache-2.0
"""SQL that reads stamps as people and systems write them, and says of each how it was written and how exact it is.

A stamp with a zone is that moment. One without is local to the zone that is declared, UTC where none is. Dates with
slashes say by themselves whether the day comes first only where it is above 12: a column is read one way where all of
it agrees, else what stays open is left out as ambiguous.
Limits: the years 1901 to 2199; other stamps stand for "none" or "never" in some system, and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEAST_US = -2_177_452_800_000_000  # 1901-01-01
MOST_US = 7_258_118_400_000_000  # 2200-01-01
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000

_TIME = r"[T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_ZONE = r" ?(Z|z|UTC|GMT|[+-](0\d|1[0-4])(:?\d{2})?)"
_HALF = r"( ?[AaPp][Mm])?"
_SHAPES: tuple[tuple[str, str], ...] = (
    ("iso_zone", rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}{_TIME}{_ZONE}"),
    ("iso", rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}({_TIME}{_HALF})?"),
    ("dots", rf"\d{{1,2}}\.\d{{1,2}}\.\d{{4}}({_TIME}{_HALF})?"),
    ("slashes", rf"\d{{1,2}}[-/]\d{{1,2}}[-/]\d{{4}}({_TIME}{_HALF})?"),
    ("month_name", r"\d{1,2}[ -][A-Za-z]{3}[ -]\d{4}([T ]+\d{1,2}:\d{2}(:\d{2})?)?"),
    ("compact", r"\d{8}(T? ?\d{4}(\d{2})?Z?)?"),
    ("epoch", r"\d{10}|\d{13}|\d{16}"),
    ("day_number", r"\d{5}(\.\d+)?"),
)
SLASHES = r"^(\d{1,2})[-/](\d{1,2})[-/](\d{4})"


class StampSql(NamedTuple):
    """SQL over a column `t` of text without blanks around it: how it is written, when it was, how exact it is."""

    shape: str
    ts_us: str
    precision: str
    midnight: str
    gap: str  # a local time that the clocks jumped over


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def local_us(stamp: str, zone: str) -> str:
    """Return SQL of a local TIMESTAMP's microseconds UTC; UTC itself where no zone is declared."""
    return f"EPOCH_US(timezone({literal(zone)}, {stamp}))" if zone else f"EPOCH_US({stamp})"


def typed_us(column: str, kind: str, zone: str, *, is_local: bool = False) -> str:
    """Return SQL of a column that holds moments or dates by its type; moments without a zone are UTC unless local."""
    if "ZONE" in kind:
        return f"EPOCH_US({column})"
    return local_us(f"CAST({column} AS TIMESTAMP)", zone if is_local or kind.startswith("DATE") else "")


def is_typed(kind: str) -> bool:
    """Tell whether a column's type is that of moments or dates."""
    return kind.startswith(("TIMESTAMP", "DATE"))


def text_stamps(zone: str, formats: Sequence[str], day_first: bool | None) -> StampSql:
    """Return the SQL for text; `day_first` is what the column's dates with slashes say, None where they disagree."""
    shape = "CASE " + " ".join(f"WHEN REGEXP_FULL_MATCH(t, {literal(p)}) THEN '{n}'" for n, p in _SHAPES)
    shape += " ELSE 'other' END"
    precision = (
        r"CASE WHEN REGEXP_MATCHES(t, '\d:\d{2}:\d{2}|^\d{8}T? ?\d{6}|^\d{10,}') THEN 'second' "
        r"WHEN REGEXP_MATCHES(t, '\d:\d{2}|^\d{8}T? ?\d{4}|\.\d{3,}$') THEN 'minute' ELSE 'day' END"
    )
    midnight = r"(NOT REGEXP_MATCHES(t, '\d:\d') OR REGEXP_MATCHES(t, '[T ]00:00(:00([.,]0+)?)?([^:0-9.,]|$)'))"
    if formats:
        zoned = [text for text in formats if "%z" in text or "%Z" in text]
        plain = [text for text in formats if text not in zoned]
        ways = [f"EPOCH_US(TRY_STRPTIME(t, {literal(text)}))" for text in zoned]
        local = f"TRY_STRPTIME(t, [{', '.join(map(literal, plain))}])" if plain else "CAST(NULL AS TIMESTAMP)"
        ways += [local_us(local, zone)] if plain else []
        return StampSql(shape, f"COALESCE({', '.join(ways)})", precision, midnight, _gap(local, zone))
    local = _local(day_first)
    cleaned = (
        r"REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(t, ',', '.'), ' ?(Z|z|UTC|GMT)$', '+00:00'), ' ([+-]\d{2})', '\1')"
    )
    ts_us = (
        "CASE shape WHEN 'iso_zone' THEN "
        f"EPOCH_US(COALESCE(TRY_CAST(t AS TIMESTAMPTZ), TRY_CAST({cleaned} AS TIMESTAMPTZ))) "
        "WHEN 'epoch' THEN TRY_CAST(t AS BIGINT) * CASE LENGTH(t) WHEN 10 THEN 1000000 WHEN 13 THEN 1000 ELSE 1 END "
        f"WHEN 'other' THEN NULL ELSE {local_us(local, zone)} END"
    )
    return StampSql(shape, ts_us, precision, midnight, _gap(f"CASE WHEN shape <> 'iso_zone' THEN {local} END", zone))


def _gap(local: str, zone: str) -> str:
    if not zone:
        return "FALSE"
    there = f"timezone({literal(zone)}, {local})"
    return f"COALESCE(timezone({literal(zone)}, {there}) <> {local}, FALSE)"


def _local(day_first: bool | None) -> str:
    """Return SQL of the local TIMESTAMP of text in any shape without a zone."""
    if day_first is None:  # only those that can be read one way
        first, second = (f"CAST(REGEXP_EXTRACT(t, {literal(SLASHES)}, {group}) AS INTEGER)" for group in (1, 2))
        slashes = (
            f"CASE WHEN {first} > 12 OR {first} = {second} THEN {_turned('3-2-1')} "
            f"WHEN {second} > 12 THEN {_turned('3-1-2')} END"
        )
    else:
        slashes = _turned("3-2-1" if day_first else "3-1-2")
    compact = (
        r"REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(t, '^(\d{4})(\d{2})(\d{2})[T ]*', '\1-\2-\3 '), "
        r"' (\d{2})(\d{2})', ' \1:\2'), ':(\d{2})(\d{2})Z?$', ':\1:\2')"
    )
    months = ", ".join(
        literal(f"%d{mark}%b{mark}%Y{time}") for mark in "- " for time in (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "")
    )
    written = (
        f"CASE shape WHEN 'dots' THEN REGEXP_REPLACE(t, '^(\\d{{1,2}})\\.(\\d{{1,2}})\\.(\\d{{4}})', '\\3-\\2-\\1') "
        f"WHEN 'slashes' THEN {slashes} WHEN 'compact' THEN RTRIM({compact}, 'Z ') ELSE REPLACE(t, ',', '.') END"
    )
    halves = "['%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M%p', '%Y-%m-%d %I:%M:%S%p']"
    return (
        f"CASE WHEN shape = 'month_name' THEN TRY_STRPTIME(t, [{months}]) "
        "WHEN shape = 'day_number' THEN TIMESTAMP '1899-12-30' + "
        "TO_MICROSECONDS(CAST(ROUND(TRY_CAST(t AS DOUBLE) * 86400) AS BIGINT) * 1000000) "
        f"WHEN REGEXP_MATCHES(t, '[AaPp][Mm]$') THEN TRY_STRPTIME({written}, {halves}) "
        f"ELSE TRY_CAST({written} AS TIMESTAMP) END"
    )


def _turned(order: str) -> str:
    groups = "-".join(f"\\{group}" for group in order.split("-"))
    return f"REGEXP_REPLACE(t, {literal(SLASHES)}, '{groups}')"
