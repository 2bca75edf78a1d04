# SPDX-License-Identifier: Apache-2.0
"""The champion and the challenger beside the pipeline, and the sentence that says why rules alone select.

Reads: the registry, by hash and signature. A champion that cannot be used scores nothing, and that is on record once.
A champion whose traffic drifted goes on scoring unused, so that the next measurement may find it fit again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.registry import DriftNote, ModelState

if TYPE_CHECKING:
    from openecp.border.risk.models.live import LiveModel
    from openecp.platform.core.model_desk import ModelDesk

ROWS_A_DAY = 5_000  # with so many rows drift is measured on the day itself, else when the day is over
ACTOR = "customs"
log = logging.getLogger("openecp.risk")


class ModelSight:
    """Which models score. `read` and `measure` are for who reads the journal; the rest is read by who assesses."""

    def __init__(self, desk: ModelDesk, *, today: Callable[[], date]) -> None:
        """Take the registry and the administration's day."""
        self._desk, self._today = desk, today
        self._loaded: dict[str, LiveModel] = {}
        self._refused: dict[str, str] = {}
        self._day = today()
        self.champion: LiveModel | None = None  # selects
        self.scoring: LiveModel | None = None  # the champion, also where its traffic drifted
        self.challenger: LiveModel | None = None
        self.fallback = ""  # why rules alone select; empty where a model does, or none was ever registered

    def read(self) -> Callable[[], None]:
        """Read the registry and return what takes it up, which is quick."""
        states, choice = self._desk.models(), self._desk.choice()
        champion = next((one for one in states if one.status == "champion"), None)
        challenger = next((one for one in states if one.status == "challenger"), None)
        drifted = champion is not None and champion.drift is not None and champion.drift.beyond
        usable = champion is not None and (choice.model == champion.sha256 or drifted)
        scoring = self._model(champion) if champion is not None and usable else None
        fallback = "" if choice.model or not states else choice.told
        if usable and champion is not None and scoring is None:
            fallback = f"rules alone: the champion cannot be used, {self._refused[champion.sha256]}"
        other = self._model(challenger) if challenger is not None else None

        def take_up() -> None:
            self.scoring, self.challenger, self.fallback = scoring, other, fallback
            self.champion = scoring if choice.model else None
            kept = {one.sha256 for one in (scoring, other) if one is not None}
            self._loaded = {sha256: one for sha256, one in self._loaded.items() if sha256 in kept}

        return take_up

    def measure(self) -> bool:
        """Measure once a day how far traffic has moved from what the champion learnt; tell whether it was done."""
        today, model = self._today(), self.scoring
        turned, self._day = today != self._day, today
        if model is None:
            return False
        state = self._desk.state(model.sha256)
        measured_on = state.drift.day if state.drift is not None else ""
        if measured_on >= today.isoformat() or not (turned or model.sample.held >= ROWS_A_DAY):
            return False
        return self._note(model, today)

    def _note(self, model: LiveModel, today: date) -> bool:
        drift = model.drift()
        if not drift.found:
            return False
        score = next((one for one in drift.found if one.column == "score"), None)
        note = DriftNote(
            day=today.isoformat(), rows=drift.rows, score_e6=round(score.value * 1e6) if score is not None else 0,
            alarms=tuple(one.column for one in drift.found if one.alarm)[:20], beyond=drift.beyond,
        )  # fmt: skip
        self._desk.drifted(model.sha256, note)
        if note.alarms:
            log.warning("drift of live traffic against model %s: %s", model.sha256[:16], ", ".join(note.alarms))
        return True

    def _model(self, state: ModelState) -> LiveModel | None:
        from openecp.border.risk.models.live import LiveModel

        if state.sha256 in self._loaded:
            return self._loaded[state.sha256]
        if state.sha256 in self._refused:
            return None
        try:
            found = LiveModel(self._desk.read(state), where=f"model {state.sha256[:16]}")
        except ModelRefused as refused:
            self._refused[state.sha256] = (
                f"{refused.message} (expected {refused.expected[:120]}, got {refused.got[:120]})"
            )
            self._desk.refuse(refused, actor=ACTOR)
            log.error("model %s is not used: %s; got %s", state.sha256[:16], refused.message, refused.got)
            return None
        self._loaded[state.sha256] = found
        return found
