# SPDX-License-Identifier: Apache-2.0
"""Trains a model on rows in the order of time, judges it on later rows, and writes its card.

The first 70 % of the days are learnt from, the next 15 % calibrate, the last 15 % judge; then the same trees are grown
on all rows, so that the model that is kept knows the latest. Figures of the card are those of the judged one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.calibration import Calibration, calibrate
from openecp.border.risk.models.card import KnobLine, ModelCard, Window
from openecp.border.risk.models.drift import column_drift, profile_of, score_drift
from openecp.border.risk.models.explore import selection_weights
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.gbm import Trees, TreeSettings, grow
from openecp.border.risk.models.memory import memory_of, suspect_pair
from openecp.border.risk.models.metrics import (
    SHARES,
    at_share,
    auc_interval,
    brier,
    ranking,
    reliability,
    wilson,
)
from openecp.border.risk.models.model import FORMAT, KNOBS, Feature, ModelFile, RiskModel, Scores, learn_codes, matrix
from openecp.border.risk.models.table import TrainingTable

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
WORTH_MIN = 100


class TrainSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is trained; the same rows and settings give the same bytes."""

    seed: int = 1
    trees: TreeSettings = TreeSettings()
    worth: TreeSettings = TreeSettings(trees=60, leaves=15)
    learn: float = 0.7
    calibrate: float = 0.15
    refit: bool = True
    cap: float = 20.0  # the most that a row counts for having been unlikely to be inspected


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """A model and its card."""

    model: RiskModel
    card: ModelCard


def train(table: TrainingTable, settings: TrainSettings) -> Trained:
    """Train, judge and describe a model.

    Raises: ModelRefused where the windows hold too little.
    """
    parts = windows_of(table, settings)
    learn, check, test = parts
    judged = _fit(table, settings, learn, check)
    scores = judged.score(judged.rows(_part(table, test)), _taken(table.stake, test))
    final = _fit(table, settings, np.arange(len(table.day)), check, judged.file) if settings.refit else judged
    return Trained(model=final, card=_card(table, settings, parts, judged, scores, final))


def windows_of(table: TrainingTable, settings: TrainSettings) -> tuple[Places, Places, Places]:
    """Return the rows that teach, calibrate and judge: three stretches of time that share no day.

    Raises: ModelRefused.
    """
    day, many = table.day, len(table.day)
    first = int(np.searchsorted(day, day[min(many - 1, int(many * settings.learn))], side="left"))
    second_day = day[min(many - 1, int(many * (settings.learn + settings.calibrate)))]
    second = int(np.searchsorted(day, second_day, side="left"))
    parts = (np.arange(first), np.arange(first, second), np.arange(second, many))
    for name, part in zip(("training", "calibration", "test"), parts, strict=True):
        irregular = int(table.label[part].sum())
        if irregular < 5 or irregular == len(part):
            raise ModelRefused(
                f"the window of {name} holds too little", where=table.described,
                expected="5 irregular rows or more, and regular ones, over days enough for three windows",
                got=f"{irregular} irregular of {len(part)} rows", fix="Give more rows, or rows of more days.",
                code="OECP-MODEL-TRAINING",
            )  # fmt: skip
    return parts


def _taken(column: Floats | None, rows: Places) -> Floats | None:
    return None if column is None else column[rows]


def _part(table: TrainingTable, rows: Places) -> dict[str, Floats | Sequence[str]]:
    listed = rows.tolist()
    found: dict[str, Floats | Sequence[str]] = {name: column[rows] for name, column in table.numbers.items()}
    return found | {name: [column[row] for row in listed] for name, column in table.codes.items()}


def _fit(
    table: TrainingTable, settings: TrainSettings, learn: Places, check: Places, judged: ModelFile | None = None
) -> RiskModel:
    """Grow both heads; the calibration is the judged model's where there is one."""
    columns = _part(table, learn)
    features = tuple(
        Feature(name=name, kind="number") if name in table.numbers
        else Feature(name=name, kind="code", codes=learn_codes([str(value) for value in columns[name]]))
        for name in table.features
    )  # fmt: skip
    rows, label = matrix(features, columns), table.label[learn]
    weights = None if table.chance is None else selection_weights(table.chance[learn], cap=settings.cap)
    risk = grow(rows, label.astype(np.float64), settings=settings.trees, seed=settings.seed, weights=weights)
    worth, on_stake = _worth(table, settings, learn, rows)
    draft = ModelFile(
        format=FORMAT, seed=settings.seed, learnt_to=_iso(table.day[learn[-1]]), features=features, risk=risk.text,
        worth=worth.text if worth is not None else "", on_stake=on_stake, smear=1.0,
        calibration=Calibration(kind="platt"),
        profiles={name: profile_of(column, weights) for name, column in columns.items()},
        scores=tuple(np.quantile(risk.score(rows), np.linspace(0, 1, 201)).tolist()),
        stake_column=table.stake_column if on_stake else "",
        weighed=table.chance is not None and float(table.chance.min()) < 1.0,
    )  # fmt: skip
    if judged is not None:
        file = msgspec.structs.replace(
            draft, smear=judged.smear, calibration=judged.calibration, scores=judged.scores,
            score_profile=judged.score_profile,
        )  # fmt: skip
        return RiskModel(file, risk, worth)
    model = RiskModel(draft, risk, worth)
    told = model.score(model.rows(_part(table, check)), _taken(table.stake, check))
    chance = None if table.chance is None else selection_weights(table.chance[check], cap=settings.cap)
    calibration = calibrate(told.raw, table.label[check], chance)
    smear = 1.0
    if told.revenue is not None and table.revenue is not None:
        known = table.label[check] & np.isfinite(table.revenue[check])
        foreseen = float(told.revenue[known].sum())
        smear = float(np.clip(table.revenue[check][known].sum() / foreseen, 0.1, 10.0)) if foreseen > 0 else 1.0
    file = msgspec.structs.replace(
        draft, smear=smear, calibration=calibration, scores=_quantiles(told.raw),
        score_profile=profile_of(told.raw, chance),
    )  # fmt: skip
    return RiskModel(file, risk, worth)


def _quantiles(score: Floats) -> tuple[float, ...]:
    return tuple(np.quantile(score, np.linspace(0, 1, 201)).tolist())


def _worth(table: TrainingTable, settings: TrainSettings, learn: Places, rows: Floats) -> tuple[Trees | None, bool]:
    """Grow the head that says what an irregularity brings, on the irregular rows whose revenue is known."""
    if table.revenue is None:
        return None, False
    known = table.label[learn] & np.isfinite(table.revenue[learn])
    if known.sum() < WORTH_MIN:
        return None, False
    target = np.log1p(table.revenue[learn][known])
    if table.stake is not None:
        target = target - np.log1p(np.nan_to_num(table.stake[learn][known]))
    grown = grow(rows[known], target, settings=settings.worth, seed=settings.seed, binary=False)
    return grown, table.stake is not None


def _iso(day: np.int64) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(day))).isoformat()


def _card(
    table: TrainingTable, settings: TrainSettings, parts: tuple[Places, Places, Places], judged: RiskModel,
    scores: Scores, final: RiskModel,
) -> ModelCard:  # fmt: skip
    learn, _, test = parts
    label, revenue = table.label[test], _taken(table.revenue, test)
    truth = None if revenue is None else np.where(label, np.nan_to_num(revenue), 0.0)
    knobs = []
    for knob in KNOBS if scores.revenue is not None else KNOBS[:1]:
        order = ranking(scores.ranked_by(knob), seed=settings.seed)  # type: ignore[arg-type]
        shares = tuple(at_share(order, share, label, truth) for share in SHARES)
        knobs.append(KnobLine(knob=knob, shares=shares))
    columns: dict[str, Floats | Sequence[str]] = {**table.numbers, **table.codes}
    pair = suspect_pair(table.numbers, table.codes, learn, test)
    memory = (
        None if pair is None
        else memory_of(pair, columns, table.label, scores.raw, learn, test, seed=settings.seed)
    )  # fmt: skip
    later = _part(table, test)
    drift = [score_drift(np.array(judged.file.scores), scores.raw, seed=settings.seed)]
    drift += sorted(
        (
            column_drift(name, profile, later[name], columns=len(later))
            for name, profile in judged.file.profiles.items()
        ),
        key=lambda one: -one.value,
    )
    gains = np.array(judged.risk.gains())
    shares_of = dict(zip((f.name for f in judged.file.features), gains / max(gains.sum(), 1e-12), strict=True))
    windows = tuple(
        Window(use=use, first=_iso(table.day[part[0]]), last=_iso(table.day[part[-1]]), rows=len(part),
               irregular=int(table.label[part].sum()))
        for use, part in zip(("training", "calibration", "test"), parts, strict=True)
    )  # fmt: skip
    return ModelCard(
        model_sha256=final.sha256, source=table.described, seed=settings.seed,
        trees={name: float(value) for name, value in msgspec.structs.asdict(settings.trees).items()},
        windows=windows, base_rate=wilson(int(label.sum()), len(label)), labels=_labels(table),
        auc=auc_interval(scores.raw, label, seed=settings.seed), brier=brier(scores.p, label),
        calibration=judged.file.calibration.kind, reliability=tuple(reliability(scores.p, label)), knobs=tuple(knobs),
        memory=memory, drift=tuple(drift),
        features={name: float(share) for name, share in sorted(shares_of.items(), key=lambda one: -one[1])},
        blind_spots=_blind_spots(table, judged, later, memory is not None, truth is None),
    )  # fmt: skip


def _labels(table: TrainingTable) -> str:
    if table.chance is None:
        return "rows with a result; no probability of inspection was given, so nothing corrects for who was chosen."
    return "rows with a result, each weighed by the inverse of its probability of inspection, at most 20 times."


def _blind_spots(
    table: TrainingTable, judged: RiskModel, later: dict[str, Floats | Sequence[str]], memory: bool, no_revenue: bool
) -> tuple[str, ...]:
    """Return what the model is known not to see, as sentences."""
    spots = ["It knows what was inspected, and no typology that began after its last day or was never controlled."]
    if table.chance is None:
        spots.append("Whoever was never chosen is not in its data: its figures hold for goods like those inspected.")
    if memory:
        spots.append("Most of what it finds is memory of value pairs seen in training: see Memory or skill.")
    if no_revenue:
        spots.append("It was told no revenue: it ranks by probability alone.")
    for feature in judged.file.features:
        if feature.kind == "code":
            known = set(feature.codes)
            values = later[feature.name]
            share = sum(str(value) not in known for value in values) / max(1, len(values))
            if share > 0.05:
                spots.append(f"{feature.name}: {100 * share:.0f} % of later rows have a code that training never saw.")
    for name, column in table.numbers.items():
        empty = float(np.mean(~np.isfinite(column)))
        if empty > 0.2:
            spots.append(f"{name}: empty in {100 * empty:.0f} % of the rows.")
    spots += [f"Suspect in its rows: {flag}." for flag in table.flags]
    return tuple(spots)
