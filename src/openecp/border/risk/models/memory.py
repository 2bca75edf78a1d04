# SPDX-License-Identifier: Apache-2.0
"""Tells skill from memory: rows of the test that repeat a pair of values of training, and how the model does on others.

Why: where labels travel with a tuple of values, a table of that tuple looks like a good model and finds no new fraud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.card import Memory
from openecp.border.risk.models.metrics import at_share, auc, auc_interval, ranking

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
PAIRED, SUSPECT = 3, 0.2


def suspect_pair(
    numbers: Mapping[str, Floats], codes: Mapping[str, Sequence[str]], train: NDArray[np.int64], test: NDArray[np.int64]
) -> tuple[str, str] | None:
    """Return the code and number whose pairs the test repeats most, where it does so more than chance explains.

    Limits: the three columns with most codes against each number that is rarely the same twice.
    """
    most = sorted(codes, key=lambda name: (-len(set(codes[name])), name))[:PAIRED]
    best: tuple[float, str, str] | None = None
    for number, column in numbers.items():
        distinct = len(np.unique(column[train]))
        if distinct < 0.1 * len(train):
            continue
        for code in most:
            known = {(codes[code][row], column[row]) for row in train.tolist()}
            share = float(np.mean([(codes[code][row], column[row]) in known for row in test.tolist()]))
            if share > SUSPECT and (best is None or share > best[0]):
                best = (share, code, number)
    return None if best is None else (best[1], best[2])


def memory_of(
    pair: tuple[str, str], columns: Mapping[str, Floats | Sequence[str]], label: Flags, score: Floats,
    train: NDArray[np.int64], test: NDArray[np.int64], *, seed: int,
) -> Memory | None:  # fmt: skip
    """Return what a table of the pair alone reaches on the test, and what the model reaches on new pairs.

    `score` is the model's of the test rows.
    """
    one, other = columns[pair[0]], columns[pair[1]]
    seen: dict[tuple[object, object], list[int]] = {}
    for row in train.tolist():
        counts = seen.setdefault((one[row], other[row]), [0, 0])
        counts[0] += 1
        counts[1] += int(label[row])
    found = [seen.get((one[row], other[row])) for row in test.tolist()]
    mean = float(label[train].mean())
    rate = np.array([mean if counts is None else (counts[1] + mean) / (counts[0] + 1) for counts in found])
    new = np.array([counts is None for counts in found])
    if int(new.sum()) < 20:
        return None
    order = ranking(score[new], seed=seed)
    return Memory(
        columns=pair, repeated=float((~new).mean()), lookup_auc=auc(rate, label[test]), new_rows=int(new.sum()),
        new_auc=auc_interval(score[new], label[test][new], seed=seed),
        new_p5=at_share(order, 0.05, label[test][new], None).precision,
    )  # fmt: skip
