# SPDX-License-Identifier: Apache-2.0
"""What a model learns from: rows as columns of text, what each column is, and everything that makes them unfit.

Reads: any source that gives columns (a CSV or Parquet file; the journal, by `TrainingSource`).
Limits: rows, columns and distinct codes; see the constants.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.fault import ModelRefused

Floats = NDArray[np.float64]
Texts = Mapping[str, Sequence[str]]
ROWS_MIN, ROWS_MAX, IRREGULAR_MIN, CODES_MAX, SHOWN = 200, 5_000_000, 20, 500_000, 3
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CODE_NAME = re.compile(r"(^|[_\s])(id|ids|code|codes|type|no|number|office|mode|hs\d*|use)($|[_\s])", re.IGNORECASE)
COPY_AUC, COPY_CODES = 0.9999, 10
SIZE_MAX = 1e16  # no amount, mass or count of a declaration is larger


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns of a source mean; every other column is a feature."""

    label: str
    day: str
    id: str = ""
    revenue: str = ""  # what the control recovered
    stake: str = ""  # charges on what was declared: what expected revenue is measured against
    chance: str = ""  # the probability with which the row came to be inspected
    numbers: tuple[str, ...] | None = None  # features that are numbers; None: those that look like it
    left_out: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()  # columns that say who a row is about; looked at, not learnt from

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that are no features."""
        own = (self.label, self.day, self.id, self.revenue, self.stake, self.chance)
        return (*(name for name in own if name), *self.left_out, *self.parties)


class TrainingSource(Protocol):
    """Gives rows to learn from: a file, or what the journal knew of each declaration when it was accepted."""

    def columns(self) -> Texts:
        """Return every column as text, empty where nothing is known, in one order of rows."""

    def described(self) -> str:
        """Return what the source is, for the model card."""


class TrainingTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in the order of their days, ready to learn from."""

    described: str
    numbers: dict[str, Floats]
    codes: dict[str, Sequence[str]]
    label: NDArray[np.bool_]
    day: NDArray[np.int64]  # days since 1970-01-01
    revenue: Floats | None
    stake: Floats | None
    chance: Floats | None
    stake_column: str = ""
    parties: dict[str, Sequence[str]] = {}  # who rows are about, where that is no feature
    flags: tuple[str, ...] = ()  # what is suspect in them

    @property
    def features(self) -> tuple[str, ...]:
        """The features in the order in which models read them."""
        return (*self.numbers, *self.codes)


def training_table(source: TrainingSource, roles: Roles, *, today: date) -> TrainingTable:
    """Return the rows of a source in order of time, where a model may learn from them.

    Raises: ModelRefused, with everything that is wrong.
    """
    columns, described = source.columns(), source.described()
    faults = _missing(columns, roles, described)
    if faults:
        raise refused(faults, described)
    many = len(columns[roles.label])
    label, day = _labels(columns, roles, described, faults), _days(columns, roles, described, today, faults)
    numbers, codes = _features(columns, roles, described, faults)
    amounts = {
        name: _amounts(columns, getattr(roles, name), described, faults) for name in ("revenue", "stake", "chance")
    }
    if not faults:
        _judge(columns, roles, described, label, numbers, codes, amounts, faults)
    if faults:
        raise refused(faults, described)
    order = np.argsort(day, kind="stable")
    listed = order.tolist()
    return TrainingTable(
        described=f"{described}, {many} rows",
        numbers={name: column[order] for name, column in numbers.items()},
        codes={name: [column[place] for place in listed] for name, column in codes.items()},
        label=label[order] == 1,
        day=day[order],
        revenue=None if amounts["revenue"] is None else amounts["revenue"][order],
        stake=None if amounts["stake"] is None else amounts["stake"][order],
        chance=None if amounts["chance"] is None else amounts["chance"][order],
        stake_column=roles.stake,
        parties={name: [columns[name][place] for place in listed] for name in roles.parties},
    )


def refused(faults: list[ModelRefused], where: str) -> ModelRefused:
    """Return one refusal that tells every fault."""
    first = faults[0]
    more = "".join(f"; also {one.message} ({one.where}: got {one.got})" for one in faults[1:6])
    return ModelRefused(
        first.message + more, where=first.where, expected=first.expected, got=first.got, fix=first.fix,
        code="OECP-MODEL-TRAINING",
    )  # fmt: skip


def _fault(message: str, where: str, expected: str, got: str, fix: str) -> ModelRefused:
    return ModelRefused(message, where=where, expected=expected, got=got, fix=fix, code="OECP-MODEL-TRAINING")


def _missing(columns: Texts, roles: Roles, where: str) -> list[ModelRefused]:
    faults = []
    for option, name in (("--label", roles.label), ("--date", roles.day), ("--id", roles.id),
                         ("--revenue", roles.revenue), ("--stake", roles.stake),
                         ("--chance", roles.chance)):  # fmt: skip
        if name and name not in columns:
            listed = ", ".join(list(columns)[:40])
            faults.append(_fault(f"{option} names a column that is not there", where, listed, name, "Correct it."))
    unknown = [name for name in (*(roles.numbers or ()), *roles.left_out, *roles.parties) if name not in columns]
    if unknown:
        faults.append(_fault("columns are named that are not there", where, "columns of the file", ", ".join(unknown),
                             "Correct --number and --leave-out."))  # fmt: skip
    many = len(columns.get(roles.label, ()))
    if not faults and not ROWS_MIN <= many <= ROWS_MAX:
        faults.append(_fault("too few or too many rows", where, f"{ROWS_MIN} to {ROWS_MAX}", str(many),
                             "Give another file."))  # fmt: skip
    return faults


def _labels(columns: Texts, roles: Roles, where: str, faults: list[ModelRefused]) -> Floats:
    values = columns[roles.label]
    found = np.fromiter((1.0 if v in ("1", "1.0") else 0.0 if v in ("0", "0.0") else np.nan for v in values), float)
    bad = np.flatnonzero(np.isnan(found))
    if len(bad):
        shown = ", ".join(f"{values[place]!r} in row {place + 1}" for place in bad[:SHOWN])
        faults.append(_fault("labels that are neither 0 nor 1", f"{where}, column {roles.label}", "0 or 1",
                             f"{shown}; {len(bad)} in all", "Keep inspected rows with a result only."))  # fmt: skip
        return found
    irregular = int(found.sum())
    if not IRREGULAR_MIN <= irregular <= len(found) - IRREGULAR_MIN:
        faults.append(_fault("labels of one class", f"{where}, column {roles.label}",
                             f"{IRREGULAR_MIN} or more of each class", f"{irregular} of {len(found)} are 1",
                             "Give rows of both kinds."))  # fmt: skip
    return found


def _days(columns: Texts, roles: Roles, where: str, today: date, faults: list[ModelRefused]) -> NDArray[np.int64]:
    place = f"{where}, column {roles.day}"
    found = np.zeros(len(columns[roles.day]), dtype=np.int64)
    known: dict[str, int] = {}
    bad: list[int] = []
    for row, text in enumerate(columns[roles.day]):
        short = text[:10]
        if short not in known:
            try:
                known[short] = (date.fromisoformat(short) - date(1970, 1, 1)).days
            except ValueError:
                known[short] = -1_000_000
        found[row] = known[short]
        if known[short] == -1_000_000:
            bad.append(row)
    if bad:
        shown = ", ".join(f"{columns[roles.day][row][:20]!r} in row {row + 1}" for row in bad[:SHOWN])
        faults.append(_fault("dates that cannot be read", place, "YYYY-MM-DD", f"{shown}; {len(bad)} in all",
                             "Correct them."))  # fmt: skip
    late = np.flatnonzero(found > (today - date(1970, 1, 1)).days)
    if len(late):
        shown = ", ".join(f"{columns[roles.day][row][:10]} in row {row + 1}" for row in late[:SHOWN])
        faults.append(_fault("dates in the future", place, f"at most {today}", f"{shown}; {len(late)} in all",
                             "Correct them: what has not happened cannot have been controlled."))  # fmt: skip
    return found


def _features(
    columns: Texts, roles: Roles, where: str, faults: list[ModelRefused]
) -> tuple[dict[str, Floats], dict[str, Sequence[str]]]:
    numbers: dict[str, Floats] = {}
    codes: dict[str, Sequence[str]] = {}
    for name, values in columns.items():
        if name in roles.named:
            continue
        if name in roles.numbers if roles.numbers is not None else looks_like_number(name, values):
            numbers[name] = _number_column(name, values, where, faults)
        else:
            codes[name] = values
            if len(set(values)) > CODES_MAX:
                faults.append(_fault("a column of too many codes", f"{where}, column {name}",
                                     f"at most {CODES_MAX} distinct values", f"{len(set(values))}",
                                     f'Leave it out: --leave-out "{name}".'))  # fmt: skip
    if not numbers and not codes:
        faults.append(_fault("no feature is left", where, "one column or more beside label and date", "none",
                             "Leave fewer columns out."))  # fmt: skip
    return numbers, codes


def looks_like_number(name: str, values: Sequence[str]) -> bool:
    """Tell whether a column is a measure: numbers without leading zeros, under a name that is not a code's."""
    if _CODE_NAME.search(name):
        return False
    filled = [value for value in values[:5_000] if value]
    zeros = any(len(v) > 1 and v[0] == "0" and v[1] != "." for v in filled)
    return bool(filled) and not zeros and all(_NUMBER.fullmatch(v) or v.lower() in _INFINITE for v in filled)


_INFINITE = {"inf", "-inf", "+inf", "infinity", "-infinity", "nan"}


def read_numbers(values: Sequence[str]) -> Floats:
    """Return a column of numbers; empty is unknown.

    Raises: ValueError for text.
    """
    return np.array([float(value) if value else math.nan for value in values], dtype=np.float64)


def _number_column(name: str, values: Sequence[str], where: str, faults: list[ModelRefused]) -> Floats:
    place = f"{where}, column {name}"
    try:
        found = read_numbers(values)
    except ValueError as error:
        faults.append(_fault("a column of numbers holds text", place, "numbers, or nothing", str(error)[-80:],
                             "Correct it, or name the columns of numbers: --number."))  # fmt: skip
        return np.zeros(len(values))
    told = np.array([bool(value) for value in values])
    endless = np.flatnonzero(told & ~np.isfinite(found))
    if len(endless):
        shown = f"{values[endless[0]]!r} in row {endless[0] + 1}; {len(endless)} in all"
        faults.append(
            _fault("values without end", place, "finite numbers", shown, "Correct them, or leave them empty.")
        )
        return found
    absurd = np.flatnonzero(np.abs(np.nan_to_num(found)) > SIZE_MAX)
    if len(absurd):
        shown = f"{values[absurd[0]]!r:.40} in row {absurd[0] + 1}; {len(absurd)} in all"
        faults.append(_fault("values beyond any size", place, f"at most {SIZE_MAX:.0e}", shown, "Correct them."))
    return found


def _amounts(columns: Texts, name: str, where: str, faults: list[ModelRefused]) -> Floats | None:
    return _number_column(name, columns[name], where, faults) if name else None


def _judge(
    columns: Texts, roles: Roles, where: str, label: Floats, numbers: dict[str, Floats],
    codes: dict[str, Sequence[str]], amounts: dict[str, Floats | None], faults: list[ModelRefused],
) -> None:  # fmt: skip
    """Look for what makes rows unfit that are well formed: ids with two labels, copies of the label, amounts."""
    if roles.id:
        seen: dict[str, float] = {}
        twice = [
            one for one, is_it in zip(columns[roles.id], label, strict=True) if seen.setdefault(one, is_it) != is_it
        ]
        if twice:
            faults.append(_fault("ids with two labels", f"{where}, column {roles.id}", "one label an id",
                                 f"{', '.join(twice[:SHOWN])}; {len(twice)} in all",
                                 "Keep the last result."))  # fmt: skip
    copies = [name for name, column in numbers.items() if _is_copy(column, label)]
    copies += [name for name, column in codes.items() if _tells(column, label)]
    for name in copies:
        faults.append(_fault("a feature that is a copy of the label", f"{where}, column {name}",
                             "what was known before the control", f"{name} says the label of every row",
                             f'Leave it out: --leave-out "{name}".'))  # fmt: skip
    chance, revenue, stake = (amounts[name] for name in ("chance", "revenue", "stake"))
    if chance is not None and not np.all((chance > 0) & (chance <= 1)):
        faults.append(_fault("probabilities of inspection that are none", f"{where}, column {roles.chance}",
                             "more than 0, at most 1", str(chance[~((chance > 0) & (chance <= 1))][0]),
                             "Correct them; a row that was not inspected has no label."))  # fmt: skip
    for name, column in ((roles.revenue, revenue), (roles.stake, stake)):
        if column is not None and np.any(np.nan_to_num(column) < 0):
            faults.append(_fault("amounts below zero", f"{where}, column {name}", "0 or more",
                                 str(float(np.nanmin(column))), "Correct them."))  # fmt: skip


def _is_copy(column: Floats, label: Floats) -> bool:
    """Tell whether a number orders the labels without a fault."""
    from openecp.border.risk.models.metrics import auc

    known = np.isfinite(column)
    if known.sum() < ROWS_MIN or not 0 < label[known].sum() < known.sum():
        return np.array_equal(known, label == 1) or np.array_equal(~known, label == 1)
    return abs(auc(column[known], label[known] == 1) - 0.5) > COPY_AUC - 0.5


def _tells(column: Sequence[str], label: Floats) -> bool:
    """Tell whether a few codes stand for the label, each for one class."""
    classes: dict[str, float] = {}
    for code, is_it in zip(column, label, strict=True):
        if classes.setdefault(code, is_it) != is_it or len(classes) > COPY_CODES:
            return False
    return True
