# SPDX-License-Identifier: Apache-2.0
"""Fits the table of weights to labelled pairs of names, and says how good it is on pairs that it had not seen.

Each part may speak in its own direction only (`alike.PARTS`); one that the data turn round is left out. Pairs of
different groups that share words are taken as pairs of two parties, so that a common word alone makes no hit.
Source: logistic regression by Newton's method with a small ridge. Limits: 200,000 pairs. Same pairs, same table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from openecp.border.risk.watchlist.alike import PARTS, compare
from openecp.border.risk.watchlist.block import Blocks
from openecp.border.risk.watchlist.plain import PlainName, plain_names
from openecp.border.risk.watchlist.score import EVIDENCE, Weights, shipped_weights

RIDGE = 1.0
BACKGROUND = 0.3  # what a pair that nobody labelled weighs
AT_MOST = {"one_of_many": -1.2}  # by hand: pairs on file hold few bare surnames, declarations hold many
FOLDS = 10
PAIRS_MAX = 200_000


class LabelledPair(msgspec.Struct, frozen=True):
    """Two names, whether they are of people, and whether they are of one party."""

    one: PlainName
    other: PlainName
    same: bool


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted table, and how it does on the pairs: F1, precision and recall at the threshold."""

    weights: Weights
    pairs: int
    groups: int
    background: int
    f1_unseen: float  # each pair scored by weights of the other folds; pairs that share a name stay in one fold
    precision_unseen: float
    recall_unseen: float
    f1_seen: float


def read_pairs(text: str, where: str) -> list[LabelledPair]:
    """Read labelled pairs (CSV: schema, name1, name2, is_match). Raises: ValueError with the line."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    wanted = {"schema", "name1", "name2", "is_match"}
    if not wanted <= set(rows.fieldnames or ()):
        raise ValueError(f"{where}, line 1: expected the columns {', '.join(sorted(wanted))}; got {rows.fieldnames}")
    found: list[LabelledPair] = []
    for row in rows:
        if len(found) >= PAIRS_MAX:
            raise ValueError(f"{where}: expected at most {PAIRS_MAX} pairs; take fewer")
        label = (row["is_match"] or "").strip().lower()
        if label not in ("true", "false", "1", "0"):
            raise ValueError(f"{where}, line {rows.line_num}: expected is_match true or false; got {label[:40]!r}")
        person = row["schema"] == "Person"
        one, other = plain_names([row["name1"] or "", row["name2"] or ""], person=person)
        found.append(LabelledPair(one, other, label in ("true", "1")))
    if sum(pair.same for pair in found) < 20 or sum(not pair.same for pair in found) < 20:
        raise ValueError(f"{where}: expected at least 20 pairs of each label, got {len(found)} pairs; add some")
    return found


def fit(pairs: Sequence[LabelledPair], *, threshold: float = 0.5, seed: int = 0) -> Fit:
    """Fit the weights to pairs; the figures of unseen pairs come from folds grouped by shared names."""
    import numpy

    groups = groups_of((pair.one.key, pair.other.key) for pair in pairs)
    parts = numpy.array([compare(pair.one, pair.other).parts for pair in pairs])
    same = numpy.array([float(pair.same) for pair in pairs])
    between = _background(pairs, groups)
    others = numpy.array([row for row, _, _ in between]).reshape(-1, len(PARTS))
    fold = _folds(groups, seed)
    mine = numpy.array([fold[group] for group in groups])
    points = numpy.zeros(len(pairs))
    for number in range(FOLDS):
        kept = numpy.array([number not in (fold[a], fold[b]) for _, a, b in between], dtype=bool)
        learnt = mine != number
        intercept, weights = _fitted(parts[learnt], same[learnt], others[kept])
        points[~learnt] = intercept + parts[~learnt] @ weights
    intercept, weights = _fitted(parts, same, others)
    limit = float(numpy.log(threshold / (1 - threshold)))
    f1, precision, recall = _f1(points >= limit, same > 0)
    return Fit(
        weights=Weights(
            intercept=round(float(intercept), 3),
            threshold=threshold,
            parts={name: round(float(weight), 3) + 0.0 for (name, _, _), weight in zip(PARTS, weights, strict=True)},
            evidence=shipped_weights().evidence,
        ),
        pairs=len(pairs),
        groups=len(set(groups)),
        background=len(between),
        f1_unseen=f1,
        precision_unseen=precision,
        recall_unseen=recall,
        f1_seen=_f1(intercept + parts @ weights >= limit, same > 0)[0],
    )


def weights_text(weights: Weights) -> str:
    """Return the table as CSV."""
    lines = ["part,weight,meaning"]
    lines.append(f"intercept,{weights.intercept},where every comparison begins (log-odds)")
    lines.append(f"threshold,{weights.threshold},score from which it is a hit")
    lines += [f"{name},{weights.parts[name]},{said.replace(',', ';')}" for name, _, said in PARTS]
    lines += [f"{name},{weights.evidence[name]},set by hand" for name in EVIDENCE]
    return "\n".join(lines) + "\n"


def groups_of(keys: Iterable[tuple[str, str]]) -> list[str]:
    """Return the group of each pair: pairs that share a name, directly or through others, are in one."""
    pairs = list(keys)
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for one, other in pairs:
        parent[root(one)] = root(other)
    return [root(one) for one, _ in pairs]


def _folds(groups: Sequence[str], seed: int) -> dict[str, int]:
    import hashlib

    return {
        group: int.from_bytes(hashlib.sha256(f"{seed} {group}".encode()).digest()[:4], "big") % FOLDS
        for group in set(groups)
    }


def _background(pairs: Sequence[LabelledPair], groups: Sequence[str]) -> list[tuple[tuple[float, ...], str, str]]:
    """Return pairs of names of different groups that share words, with their groups."""
    found: list[tuple[tuple[float, ...], str, str]] = []
    for person in (True, False):
        of: dict[str, tuple[PlainName, str]] = {}
        for pair, group in zip(pairs, groups, strict=True):
            for name in (pair.one, pair.other):
                if name.person == person:
                    of[name.key] = (name, group)
        rows = list(of.values())
        blocks = Blocks([name for name, _ in rows], wide=True)
        for name, group in rows:
            for row in blocks.candidates(name):
                other, other_group = rows[row]
                if other_group != group and name.key < other.key:
                    found.append((compare(name, other).parts, group, other_group))
    return found


def _fitted(parts: Any, same: Any, others: Any) -> tuple[float, Any]:
    import numpy

    rows = numpy.concatenate([parts, others])
    labels = numpy.concatenate([same, numpy.zeros(len(others))])
    counts = numpy.concatenate([numpy.ones(len(parts)), numpy.full(len(others), BACKGROUND)])
    signs = numpy.array([sign for _, sign, _ in PARTS])
    use = numpy.arange(len(PARTS))
    while True:
        intercept, weights = _newton(rows[:, use], labels, counts)
        against = weights * signs[use] * rows[:, use].std(axis=0)
        if against.min() >= 0:
            found = numpy.zeros(len(PARTS))
            found[use] = weights
            for place, (name, _, _) in enumerate(PARTS):
                found[place] = min(found[place], AT_MOST.get(name, found[place]))
            return intercept, found
        use = numpy.delete(use, int(against.argmin()))


def _newton(rows: Any, labels: Any, counts: Any) -> tuple[float, Any]:
    import numpy

    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    known = numpy.column_stack([numpy.ones(len(rows)), (rows - middle) / spread])
    ridge = RIDGE * numpy.array([0.0] + [1.0] * rows.shape[1])
    found = numpy.zeros(known.shape[1])
    for _ in range(25):
        chance = 1 / (1 + numpy.exp(-known @ found))
        slope = known.T @ (counts * (labels - chance)) - ridge * found
        bend = (known * (counts * chance * (1 - chance))[:, None]).T @ known + numpy.diag(ridge)
        found += numpy.linalg.solve(bend, slope)
    weights = found[1:] / spread
    return float(found[0] - (middle * weights).sum()), weights


def _f1(told: Any, true: Any) -> tuple[float, float, float]:
    both, all_told, all_true = float((told & true).sum()), float(told.sum()), float(true.sum())
    precision, recall = both / max(all_told, 1.0), both / max(all_true, 1.0)
    return 2 * both / max(all_told + all_true, 1.0), precision, recall
