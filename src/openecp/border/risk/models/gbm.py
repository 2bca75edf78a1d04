# SPDX-License-Identifier: Apache-2.0
"""Gradient-boosted trees: rows and a target in, a model as text out; the same rows and seed give the same text.

Source: LightGBM (MIT), its text format; nothing is ever unpickled.
Limits: one process; the number of threads is part of the settings, since sums of floats hang on it.
"""

from __future__ import annotations

import ctypes
import re
from typing import TYPE_CHECKING, Any

import msgspec

from openecp.border.risk.models.fault import ModelRefused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

THREADS = 1
MODEL_BYTES_MAX = 32 << 20
TREES_MAX, FEATURES_MAX, LEAVES_MAX = 5_000, 2_000, 4_096
FEW = 64  # rows up to which a call's preparation matters
_FLOAT64, _BY_ROW, _NORMAL = ctypes.c_int(1), ctypes.c_int(1), ctypes.c_int(0)  # as c_api.h of LightGBM has them
_FROM_FIRST, _ALL_TREES, _ONE_THREAD = ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_char_p(b"num_threads=1")
_FIRST = "tree\nversion=v4\n"
_OBJECTIVES = ("binary sigmoid:1", "regression")


class TreeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How trees are grown; the defaults are LightGBM's own."""

    trees: int = 100
    learning_rate: float = 0.1
    leaves: int = 31
    rows_in_leaf: int = 20
    bagging: float = 1.0  # share of rows a tree; below 1 the seed matters
    features: float = 1.0  # share of columns a tree
    l2: float = 0.0
    bins: int = 255
    threads: int = THREADS


def lightgbm() -> Any:
    """Return the library, loaded on first use.

    Raises: ModelRefused where the system lacks what it needs.
    """
    try:
        import lightgbm as library
    except OSError as error:
        raise ModelRefused(
            "LightGBM cannot start", where="lightgbm", expected="the system's OpenMP library (libgomp.so.1)",
            got=str(error)[:200], fix="Install it: on Debian and Ubuntu `apt-get install libgomp1`.",
            code="OECP-MODEL-LIBRARY",
        ) from None  # fmt: skip
    return library


class Trees:
    """A grown model: its text, and what it says of rows."""

    def __init__(self, text: str, booster: Any = None) -> None:
        """Take the text, and the model in memory where it is there already."""
        self.text = text
        self._booster = booster if booster is not None else lightgbm().Booster(model_str=text)
        self._wide = int(self._booster.num_feature())

    @property
    def features(self) -> int:
        """How many columns it reads."""
        return self._wide

    def score(self, rows: Floats, *, threads: int = THREADS) -> Floats:
        """Return one number a row: a probability, or the regression's value."""
        if len(rows) <= FEW and (few := self._score_few(rows)) is not None:
            return few
        found: Floats = self._booster.predict(rows, num_threads=threads)
        return found

    def _score_few(self, rows: Floats) -> Floats | None:
        """Return the same for a few rows by the library's C interface itself; None where it does not answer.

        Why: its Python layer takes longer to prepare a call than trees take to answer a declaration.
        """
        import numpy as np

        handle = getattr(self._booster, "_handle", None)
        call = getattr(getattr(lightgbm().basic, "_LIB", None), "LGBM_BoosterPredictForMat", None)
        if (
            handle is None
            or call is None
            or rows.shape[1] != self._wide
            or rows.dtype != np.float64
            or not rows.flags.c_contiguous
            or not len(rows)
        ):
            return None
        many, wide = rows.shape
        found, length = np.empty(many), ctypes.c_int64(0)
        failed = call(
            handle, ctypes.c_void_p(rows.ctypes.data), _FLOAT64, ctypes.c_int32(many), ctypes.c_int32(wide),
            _BY_ROW, _NORMAL, _FROM_FIRST, _ALL_TREES, _ONE_THREAD, ctypes.byref(length),
            ctypes.c_void_p(found.ctypes.data),
        )  # fmt: skip
        return found if not failed and length.value == many else None

    def contributions(self, rows: Floats) -> Floats:
        """Return what each column adds to each row's raw score; the last column is the mean.

        Limits: about a thousand rows a second: for what is selected, not for all.
        """
        found: Floats = self._booster.predict(rows, pred_contrib=True, num_threads=THREADS)
        return found

    def gains(self) -> list[float]:
        """Return what each column gained while the trees were grown."""
        return [float(value) for value in self._booster.feature_importance("gain")]


def grow(
    rows: Floats, target: Floats, *, settings: TreeSettings, seed: int, weights: Floats | None = None,
    binary: bool = True,
) -> Trees:  # fmt: skip
    """Grow trees on rows and their target: 0 or 1 for a probability, any number for a regression."""
    library = lightgbm()
    told = {
        "objective": "binary" if binary else "regression",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.rows_in_leaf,
        "bagging_fraction": settings.bagging,
        "bagging_freq": 1 if settings.bagging < 1 else 0,
        "feature_fraction": settings.features,
        "lambda_l2": settings.l2,
        "max_bin": settings.bins,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads,
        "verbosity": -1,
    }
    data = library.Dataset(rows, label=target, weight=weights, free_raw_data=True, params={"verbosity": -1})
    booster = library.train(told, data, num_boost_round=settings.trees)
    text: str = booster.model_to_string()
    return Trees(text, booster)


def read_trees(text: bytes, *, where: str) -> Trees:
    """Return the model of a text that was written by LightGBM; anything else is refused before it is loaded.

    Limits: bytes, trees, columns and leaves, so that a hostile file exhausts nothing.
    Raises: ModelRefused.
    """
    if len(text) > MODEL_BYTES_MAX:
        raise _not_ours(where, f"at most {MODEL_BYTES_MAX} bytes", f"{len(text)} bytes")
    try:
        plain = text.decode("ascii")
    except UnicodeDecodeError:
        raise _not_ours(where, "LightGBM's text format, version v4", f"bytes that are no text: {text[:12]!r}") from None
    if not plain.startswith(_FIRST) or "\nend of trees\n" not in plain:
        raise _not_ours(where, "LightGBM's text format, version v4", repr(plain[:40]))
    head = plain[: plain.find("\n\n")]
    fields = dict(re.findall(r"^(\w+)=(.*)$", head, re.MULTILINE))
    if fields.get("objective") not in _OBJECTIVES or fields.get("num_class") != "1":
        raise _not_ours(where, "one probability or one value a row", f"objective {fields.get('objective')!r}")
    trees = plain.count("\nTree=")
    leaves = [int(found) for found in re.findall(r"^num_leaves=(\d{1,9})$", plain, re.MULTILINE)]
    columns = int(fields.get("max_feature_idx", "-1")) + 1 if fields.get("max_feature_idx", "").isdigit() else 0
    if not 0 < trees <= TREES_MAX or not 0 < columns <= FEATURES_MAX or max(leaves, default=0) > LEAVES_MAX:
        limits = f"1 to {TREES_MAX} trees of at most {LEAVES_MAX} leaves over 1 to {FEATURES_MAX} columns"
        raise _not_ours(where, limits, f"{trees} trees, {max(leaves, default=0)} leaves, {columns} columns")
    try:
        return Trees(plain)
    except lightgbm().basic.LightGBMError as error:
        raise _not_ours(where, "a model that LightGBM loads", str(error)[:200]) from None


def _not_ours(where: str, expected: str, got: str) -> ModelRefused:
    return ModelRefused(
        "the file is not a model that can be used", where=where, expected=expected, got=got,
        fix="Train the model here with `openecp risk train`.", code="OECP-MODEL-FOREIGN",
    )  # fmt: skip
