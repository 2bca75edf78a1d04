# SPDX-License-Identifier: Apache-2.0
"""What is suspect in rows that a model would learn from: labels that speak against all others, amounts beyond measure.

Labels of one party that were swapped: for each party, a model that never saw that party's labels says what the others'
controls foresee for its goods; where the swapped labels fit that far better than the written ones, the party is named.
A party that truly cheats with every consignment looks the same: it is a question to an officer, not a proof.
Limits: parties of 20 rows or more, columns named as parties, 5 names a column. What was swapped here and there is not
seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.explore import selection_weights
from openecp.border.risk.models.gbm import TreeSettings, grow
from openecp.border.risk.models.model import Feature, learn_codes, matrix
from openecp.border.risk.models.table import TrainingTable, looks_like_number

Floats = NDArray[np.float64]
ROWS_OF_PARTY, NAMED_MAX, COLUMNS_MAX, FOLDS = 20, 5, 4, 2
FAR, FITS_BETTER = 6.0, 10.0  # standard deviations; natural logarithm of the likelihood ratio
BEYOND, EXPLORED_LEAST, ODD_MOST = 1_000.0, 0.02, 0.01
_PARTY = re.compile(
    r"importer|declarant|seller|exporter|consignee|consignor|party|trader|operator|broker", re.IGNORECASE
)
_TREES = TreeSettings(trees=40, leaves=15)


def suspects(table: TrainingTable, *, seed: int) -> list[str]:
    """Return what is suspect in rows, as sentences; none where nothing is."""
    found = [*_amounts(table), *_explored(table), *_almost_numbers(table)]
    groups = {**{name: column for name, column in table.codes.items() if _PARTY.search(name)}, **table.parties}
    for name, column in list(groups.items())[:COLUMNS_MAX]:
        found += _swapped(table, name, column, seed)
    return found


def _amounts(table: TrainingTable) -> list[str]:
    found = []
    for name, column in (("revenue", table.revenue), ("stake", table.stake)):
        if column is None:
            continue
        known = column[np.isfinite(column) & (column > 0)]
        if len(known) < ROWS_OF_PARTY:
            continue
        limit = BEYOND * float(np.quantile(known, 0.95))
        many = int((known > limit).sum())
        if many:
            found.append(
                f"{name}: {many} amounts above {BEYOND:,.0f} times what 95 in 100 rows stay below ({limit:.4g})"
            )
    return found


def _almost_numbers(table: TrainingTable) -> list[str]:
    """Name columns of which a few values keep all others from being read as numbers."""
    found = []
    for name, column in table.codes.items():
        times = Counter(value for value in column if value)
        odd = [value for value in times if not looks_like_number(name, (value.lstrip("0") or "0",))]
        many, filled = sum(times[value] for value in odd), times.total()
        if odd and many <= ODD_MOST * filled:
            found.append(
                f"{name}: {many} of {filled} values are no numbers, {odd[0][:20]!a} the first; "
                "because of them the column is learnt as codes"
            )
    return found


def _explored(table: TrainingTable) -> list[str]:
    """Say where next to nothing was inspected by chance: such a model sees what rules saw."""
    if table.chance is None:
        return []
    share = float(np.mean(table.chance < 1.0))
    if share >= EXPLORED_LEAST:
        return []
    told = f"only {100 * share:.1f} % of the rows were inspected by chance"
    return [f"{told}: the model sees what criteria chose, and no more"]


def _swapped(table: TrainingTable, name: str, column: Sequence[str], seed: int) -> list[str]:
    keys = np.asarray([str(key) for key in column])
    names, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    often = np.flatnonzero((counts >= ROWS_OF_PARTY) & (names != ""))
    if not len(often) or len(names) < FOLDS * 2:
        return []
    p, label = _foreseen(table, name, keys, seed), table.label
    written = np.where(label, np.log(p), np.log1p(-p))
    swapped = np.where(label, np.log1p(-p), np.log(p))
    better = np.bincount(places, swapped - written)
    seen, wanted = np.bincount(places, label), np.bincount(places, p)
    spread = np.sqrt(np.bincount(places, p * (1.0 - p)))
    bad = [n for n in often if better[n] > FITS_BETTER and abs(seen[n] - wanted[n]) > FAR * max(spread[n], 1e-9)]
    bad.sort(key=lambda n: -better[n])
    return [
        f"{name} {names[n][:40]}: {int(seen[n])} of {counts[n]} rows are irregular where the others' controls foresee "
        f"{wanted[n]:.1f}; its labels look swapped"
        for n in bad[:NAMED_MAX]
    ] + ([f"{name}: {len(bad) - NAMED_MAX} more like these"] if len(bad) > NAMED_MAX else [])


def _foreseen(table: TrainingTable, name: str, keys: NDArray[np.str_], seed: int) -> Floats:
    """Return what the labels of other parties foresee for each row: no party's label speaks for itself."""
    fold = np.asarray([crc32(key.encode()) % FOLDS for key in keys.tolist()])
    features = [
        Feature(name=one, kind="number") if one in table.numbers
        else Feature(name=one, kind="code", codes=learn_codes([str(value) for value in table.codes[one]]))
        for one in table.features if one != name
    ]  # fmt: skip
    rows = matrix(features, {**table.numbers, **table.codes}) if features else np.zeros((len(keys), 1))
    found = np.zeros(len(keys))
    for part in range(FOLDS):
        learn, told = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        label = table.label[learn]
        if not len(told) or not 0 < label.sum() < len(label):
            found[told] = float(np.clip(table.label.mean(), 0.001, 0.999))
            continue
        weights = None if table.chance is None else selection_weights(table.chance[learn], cap=20.0)
        grown = grow(rows[learn], label.astype(np.float64), settings=_TREES, seed=seed, weights=weights)
        found[told] = grown.score(rows[told])
    return np.clip(found, 0.001, 0.999)
