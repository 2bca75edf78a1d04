# SPDX-License-Identifier: Apache-2.0
"""A model at work beside the pipeline: which columns it may read, what it says of items, why, and whether they drift.

Columns match by name: those of `FEATURES` and five codes are known of an item when it is decided, and no others.
Reads: items as history has them, with their features. Limits: reasons cost a millisecond a row, for the selected alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.features.definitions import FEATURES
from openecp.border.risk.models.calibration import LEAST
from openecp.border.risk.models.drift import Drift, column_drift, drifts
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.gbm import FEW
from openecp.border.risk.models.model import ModelFile, RiskModel

Floats = NDArray[np.float64]
LIVE_CODES: dict[str, str] = {
    "goods": "commodity code as declared",
    "origin": "country of origin",
    "departure": "country of export",
    "mode": "mode of transport at the border",
    "unit": "unit of the quantity",
}
LIVE_COLUMNS = (*FEATURES, *LIVE_CODES)
LIVE_STAKE = "value_minor"  # what expected revenue may be learnt relative to: the Customs value
UNSEEN = "\x00unseen"
DRIFT_ROWS_MIN, DRIFT_ROWS_MAX = 500, 8_000
DRIFT_MAX = 0.25  # PSI of the score above which rules alone select: usually called a significant shift
REASONS = 3


class ItemScore(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of one item."""

    p_e6: int
    stake_minor: int  # expected revenue of a control of it; 0 where the model learnt none


def unknown_columns(file: ModelFile) -> tuple[str, ...]:
    """Return the columns of a model that are not known of an item when it is decided."""
    return tuple(feature.name for feature in file.features if feature.name not in LIVE_COLUMNS)


def check_live(file: ModelFile, *, where: str) -> None:
    """Look whether a model reads only columns that are known of an item when it is decided.

    Raises: ModelRefused.
    """
    unknown = unknown_columns(file)
    if unknown:
        raise ModelRefused(
            "the model reads columns that are not known when a declaration is decided", where=where,
            expected=f"columns among {', '.join(LIVE_COLUMNS)}",
            got=f"{', '.join(unknown[:8])}{f' and {len(unknown) - 8} more' if len(unknown) > 8 else ''}",
            fix="Train it on the journal (`openecp risk train --journal`), or leave those columns out (--leave-out).",
            code="OECP-MODEL-COLUMNS",
        )  # fmt: skip


class LiveModel:
    """A model that was checked, ready to score many items in one call. One thread at a time."""

    def __init__(self, model: RiskModel, *, where: str = "model") -> None:
        """Take a model whose columns are known live. Raises: ModelRefused."""
        check_live(model.file, where=where)
        self.model = model
        places = {feature.name: place for place, feature in enumerate(model.file.features)}
        self._coded = [
            (feature.name, {code: float(number) for number, code in enumerate(feature.codes)})
            for feature in model.file.features
            if feature.kind == "code"
        ]
        self._numbers = [feature.name for feature in model.file.features if feature.kind == "number"]
        written = [*self._numbers, *(name for name, _ in self._coded)]
        self._order = np.argsort([places[name] for name in written])
        self._told = itemgetter(*self._numbers) if len(self._numbers) > 1 else None
        self._plain = all(name in FEATURES for name in self._numbers)
        self._x, self._y = np.array(model.file.calibration.x), np.array(model.file.calibration.y)
        self._worth = model.worth if not model.file.on_stake or model.file.stake_column == LIVE_STAKE else None
        self.sample = TrafficSample()

    @property
    def sha256(self) -> str:
        """The SHA-256 by which the model is known."""
        return self.model.sha256

    def rows(self, items: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Floats:
        """Return items, each with its features, as the rows that the model reads."""
        found = []
        for item, told in items:
            known = told if self._plain else {**item, **told}
            line = list(self._told(known)) if self._told is not None else [known[name] for name in self._numbers]
            for name, codes in self._coded:
                value = told[name] if name in told else item[name]
                line.append(codes.get("" if value is None else str(value), -1.0))
            found.append(line)
        rows: Floats = np.array(found, dtype=np.float64)[:, self._order]
        return np.ascontiguousarray(rows)

    def scores(self, rows: Floats, values: Sequence[int | None]) -> list[ItemScore]:
        """Return what the model says of rows; `values` are the items' Customs values."""
        file = self.model.file
        raw = self.model.risk.score(rows)
        p = self._calibrated(raw)
        p_e6 = [round(one * 1e6) for one in p]
        self.sample.add(rows, raw)
        if self._worth is None:
            return [ItemScore(p_e6=one, stake_minor=0) for one in p_e6]
        told = self._worth.score(rows)
        found = []
        for one, each, told_log, value in zip(p, p_e6, told.tolist(), values, strict=True):
            stake = math.log1p(max(value or 0, 0)) if file.on_stake else 0.0
            revenue = max(math.expm1(min(told_log + stake, 36.0)), 0.0) * file.smear
            found.append(ItemScore(p_e6=each, stake_minor=round(one * revenue)))
        return found

    def _calibrated(self, raw: Floats) -> list[float]:
        calibration = self.model.file.calibration
        if calibration.kind == "isotonic":
            found = np.interp(raw, self._x, self._y).tolist()
        elif len(raw) <= FEW:
            found = [1.0 / (1.0 + math.exp(-(calibration.slope * _log_odds(one) + calibration.offset))) for one in raw]
        else:
            found = calibration.apply(raw).tolist()
        return [min(max(one, LEAST), 1.0 - LEAST) for one in found]

    def reasons(self, row: Floats) -> list[dict[str, Any]]:
        """Return which columns raise an item's score most: column, value, millionths of log odds that it adds."""
        line = self.model.risk.contributions(row.reshape(1, -1))[0, :-1]
        found = []
        for place in np.argsort(-np.abs(line), kind="stable")[:REASONS].tolist():
            if abs(line[place]) < 1e-6:
                continue
            feature, value = self.model.file.features[place], float(row[place])
            if feature.kind == "code":
                shown = feature.codes[int(value)] if value >= 0 else "unseen in training"
            else:
                shown = "unknown" if np.isnan(value) else f"{value:.4g}"
            found.append({"name": feature.name, "value": shown, "adds_e6": round(float(line[place]) * 1e6)})
        return found

    def drift(self) -> TrafficDrift:
        """Return how far what was scored since the last asking has moved from training, and begin anew."""
        rows, raw = self.sample.taken()
        self.sample = TrafficSample()
        return traffic_drift(self.model.file, rows, raw)


def _log_odds(score: float) -> float:
    clipped = min(max(score, LEAST), 1.0 - LEAST)
    return math.log(clipped / (1.0 - clipped))


class TrafficSample:
    """Rows that were scored: all of them at first, then every second, fourth … so that they stay few."""

    def __init__(self) -> None:
        self._parts: list[tuple[Floats, Floats]] = []
        self._step, self._met, self._held = 1, 0, 0

    def add(self, rows: Floats, raw: Floats) -> None:
        """Take rows with their raw scores, where it is their turn."""
        self._met += 1
        if self._met % self._step:
            return
        self._parts.append((rows, raw))
        self._held += len(raw)
        while self._held > DRIFT_ROWS_MAX and len(self._parts) > 1:
            self._parts, self._step = self._parts[::2], self._step * 2
            self._held = sum(len(part[1]) for part in self._parts)

    @property
    def held(self) -> int:
        """How many rows are held."""
        return self._held

    def taken(self) -> tuple[Floats, Floats]:
        """Return the rows and their scores."""
        if not self._parts:
            return np.zeros((0, 0)), np.zeros(0)
        return np.concatenate([part[0] for part in self._parts]), np.concatenate([part[1] for part in self._parts])


class TrafficDrift(msgspec.Struct, frozen=True, kw_only=True):
    """How far live traffic has moved from what a model learnt."""

    rows: int
    found: tuple[Drift, ...]  # the score first where its profile is known, then columns, the largest first
    beyond: bool  # so far that rules alone should select


def traffic_drift(file: ModelFile, rows: Floats, raw: Floats) -> TrafficDrift:
    """Compare rows that were scored with a model's training; fewer than DRIFT_ROWS_MIN say nothing."""
    if len(raw) < DRIFT_ROWS_MIN:
        return TrafficDrift(rows=len(raw), found=(), beyond=False)
    columns: dict[str, Floats | Sequence[str]] = {}
    for place, feature in enumerate(file.features):
        column = rows[:, place]
        columns[feature.name] = column if feature.kind == "number" else [
            feature.codes[int(value)] if value >= 0 else UNSEEN for value in column
        ]  # fmt: skip
    known = {name: profile for name, profile in file.profiles.items() if name in columns}
    found, beyond = drifts(known, columns), False
    if file.score_profile is not None:
        score = column_drift("score", file.score_profile, raw, columns=1)
        found = [score, *found]
        beyond = file.weighed and score.alarm and score.value > DRIFT_MAX
    return TrafficDrift(rows=len(raw), found=tuple(found), beyond=beyond)


def told_words(risk: Mapping[str, Any]) -> list[str]:
    """Return what the officers' part `risk` of an assessment says, as sentences for an officer."""
    model, fallback = risk.get("model"), risk.get("fallback")
    words = [f"Scored by model {str(model)[:16]}."] if model else []
    if fallback:
        words.append(f"{str(fallback)[:1].upper()}{str(fallback)[1:]}.")
    for item in risk.get("items") or ():
        parts = []
        if item.get("p_e6"):
            parts.append(f"probability of an irregularity {item['p_e6'] / 1e4:.1f} %")
        if item.get("stake_minor"):
            parts.append(f"expected revenue of a control {item['stake_minor']} minor units")
        if item.get("list_hits"):
            parts.append(f"{item['list_hits']} list hits, the surest {item.get('list_score_e6', 0) / 1e6:.2f}")
        if parts:
            words.append(f"Item {item['item']}: {'; '.join(parts)}.")
        words += [f"Item {item['item']}: {contribution_words(one)}." for one in item.get("why") or ()]
    passed = risk.get("passed")
    if passed:
        words.append(f"{len(passed)} hits that officers have cleared do not count.")
    return words


def contribution_words(one: Mapping[str, Any]) -> str:
    """Return one contribution in words: what the column means, its value, and which way it moves the score."""
    name = str(one.get("name", ""))
    meaning = FEATURES.get(name) or LIVE_CODES.get(name) or name
    adds = int(one.get("adds_e6", 0))
    way = "raises" if adds > 0 else "lowers"
    return f"{meaning}: {one.get('value', '')} {way} it (log odds {adds / 1e6:+.2f})"
