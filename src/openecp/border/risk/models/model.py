# SPDX-License-Identifier: Apache-2.0
"""A risk model: two heads, the codes that they learnt, the calibration, and how to score rows with them.

The first head says how probable an irregularity is, the second what it would bring where there is one. The knob between
them is explicit: by probability, by probability x revenue, or by probability x log(1 + revenue).
Limits: a file of at most 64 MB; JSON with LightGBM's text inside, never code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.calibration import Calibration
from openecp.border.risk.models.drift import Profile
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.gbm import Trees, read_trees
from openecp.border.risk.models.table import read_numbers

Floats = NDArray[np.float64]
FORMAT = "openecp-risk-model/1"
FILE_BYTES_MAX = 64 << 20
KNOBS = ("p", "p_stake", "p_log_stake")
Knob = Literal["p", "p_stake", "p_log_stake"]


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A column that the model reads: a number, or codes as they were learnt (unseen ones become -1)."""

    name: str
    kind: Literal["number", "code"]
    codes: tuple[str, ...] = ()


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of a model; the same training gives the same bytes."""

    format: str
    seed: int
    learnt_to: str  # the last day that it learnt from
    features: tuple[Feature, ...]
    risk: str  # LightGBM's text
    worth: str  # LightGBM's text, empty where the training rows told no revenue
    on_stake: bool  # the second head is told relative to the stake
    smear: float
    calibration: Calibration
    profiles: dict[str, Profile]
    scores: tuple[float, ...]  # quantiles of the score in training, for its drift
    stake_column: str = ""  # which column the second head is told relative to
    weighed: bool = False  # profiles stand for all traffic: rows count by the inverse of their chance of inspection
    score_profile: Profile | None = None  # of the score among rows that it had not learnt from


def learn_codes(values: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of a column in the order in which they appear; empty is a code of its own."""
    return tuple(dict.fromkeys(values))


def matrix(features: Sequence[Feature], columns: Mapping[str, Floats | Sequence[str]]) -> Floats:
    """Return rows as numbers: codes by their place, unseen ones -1, unknown numbers as not a number."""
    many = len(next(iter(columns.values()))) if columns else 0
    rows = np.empty((many, len(features)))
    for place, feature in enumerate(features):
        column = columns[feature.name]
        if feature.kind == "number":
            rows[:, place] = column if isinstance(column, np.ndarray) else read_numbers(column)
        else:
            known = {code: number for number, code in enumerate(feature.codes)}
            rows[:, place] = np.fromiter((known.get(str(value), -1) for value in column), np.float64, many)
    return rows


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of rows."""

    raw: Floats
    p: Floats
    revenue: Floats | None  # expected where the row is irregular

    @property
    def p_e6(self) -> NDArray[np.int64]:
        """The probability in millionths."""
        found: NDArray[np.int64] = np.round(self.p * 1e6).astype(np.int64)
        return found

    def ranked_by(self, knob: Knob) -> Floats:
        """Return the number to rank by; the raw score breaks ties of the calibrated one."""
        p = self.p + self.raw * 1e-9
        if knob == "p" or self.revenue is None:
            return p
        return p * self.revenue if knob == "p_stake" else p * np.log1p(self.revenue)


class RiskModel:
    """A model in memory."""

    def __init__(self, file: ModelFile, risk: Trees, worth: Trees | None) -> None:
        self.file, self.risk, self.worth = file, risk, worth

    @cached_property
    def content(self) -> bytes:
        """The bytes of the model's file."""
        return msgspec.json.encode(self.file)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file, by which the model is known."""
        return hashlib.sha256(self.content).hexdigest()

    def rows(self, columns: Mapping[str, Floats | Sequence[str]]) -> Floats:
        """Return columns as the rows that the model reads.

        Raises: ModelRefused where one is missing or holds no numbers.
        """
        missing = [feature.name for feature in self.file.features if feature.name not in columns]
        if missing:
            raise ModelRefused(
                "columns are missing that the model reads", where="columns",
                expected=", ".join(feature.name for feature in self.file.features), got=f"no {', '.join(missing)}",
                fix="Give the same columns as in training.",
            )  # fmt: skip
        try:
            return matrix(self.file.features, columns)
        except ValueError as error:
            raise ModelRefused(
                "a column of numbers holds text", where="columns", expected="numbers, or nothing",
                got=str(error)[-80:], fix="Correct it.",
            ) from None  # fmt: skip

    def score(self, rows: Floats, stake: Floats | None = None, *, threads: int = 1) -> Scores:
        """Return probability and expected revenue of rows.

        Raises: ModelRefused where the second head needs the stake and there is none.
        """
        raw = self.risk.score(rows, threads=threads)
        revenue = None
        if self.worth is not None:
            if self.file.on_stake and stake is None:
                raise ModelRefused(
                    "the model needs the stake of each row", where="--stake", expected="a column of charges",
                    got="none",
                    fix="Name the column that was named in training.",
                )  # fmt: skip
            told = self.worth.score(rows, threads=threads)
            if self.file.on_stake and stake is not None:
                told = told + np.log1p(np.maximum(np.nan_to_num(stake), 0.0))
            revenue = np.maximum(np.expm1(np.minimum(told, 40.0)), 0.0) * self.file.smear
        return Scores(raw=raw, p=self.file.calibration.apply(raw), revenue=revenue)

    def reasons(self, rows: Floats, *, top: int = 3) -> list[list[tuple[str, float]]]:
        """Return the columns that raise each row's score most, with what they add to its log odds.

        Limits: about a thousand rows a second: for what is selected, not for all.
        """
        names = [feature.name for feature in self.file.features]
        found = []
        for line in self.risk.contributions(rows)[:, :-1]:
            best = np.argsort(-line, kind="stable")[:top]
            found.append([(names[place], round(float(line[place]), 4)) for place in best if line[place] > 0])
        return found


def read_model(content: bytes, *, where: str) -> RiskModel:
    """Return the model of a file; one that is not ours is refused before anything of it is loaded.

    Raises: ModelRefused.
    """
    if len(content) > FILE_BYTES_MAX:
        raise _foreign(where, f"at most {FILE_BYTES_MAX} bytes", f"{len(content)} bytes")
    try:
        file = msgspec.json.decode(content, type=ModelFile)
    except msgspec.MsgspecError as error:
        raise _foreign(where, f"a file of the format {FORMAT}", f"{content[:12]!r}: {error}"[:200]) from None
    if file.format != FORMAT:
        raise _foreign(where, f"a file of the format {FORMAT}", file.format[:60])
    risk = read_trees(file.risk.encode(), where=where)
    worth = read_trees(file.worth.encode(), where=where) if file.worth else None
    wide = len(file.features)
    if risk.features != wide or (worth is not None and worth.features != wide):
        raise _foreign(where, f"trees over {wide} columns", f"{risk.features} columns")
    return RiskModel(file, risk, worth)


def _foreign(where: str, expected: str, got: str) -> ModelRefused:
    return ModelRefused(
        "the file is not a model that can be used", where=where, expected=expected, got=got,
        fix="Train the model here with `openecp risk train`.", code="OECP-MODEL-FOREIGN",
    )  # fmt: skip
