# SPDX-License-Identifier: Apache-2.0
"""Chooses actions by a filter: first by what is cheap to see, then by what must be computed."""

from __future__ import annotations

import unicodedata

from openecp.programme.action_plan.judge import days_left, face_of
from openecp.programme.action_plan.plans import ActionFilter
from openecp.programme.action_plan.rollup import quarter
from openecp.programme.action_plan.state import ActionState
from openecp.programme.action_plan.views import ActionView


def folded(text: str) -> str:
    """Return a text without case and accents, for finding."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


class Chosen:
    """A filter as of a day."""

    def __init__(self, wanted: ActionFilter, as_of: str) -> None:
        self._wanted = wanted
        self._as_of = as_of
        self._text = folded(wanted.text) if wanted.text else ""

    def state(self, state: ActionState) -> bool:
        """Tell whether what the stream holds fits."""
        wanted, text = self._wanted, state.text
        role = wanted.role or "responsible"
        bodies = [each.body for each in text.responsibilities if each.role == role] or [""]
        return (
            (wanted.withdrawn is None or state.withdrawn == wanted.withdrawn)
            and (wanted.body is None or not set(wanted.body).isdisjoint(bodies))
            and (wanted.programme is None or not set(wanted.programme).isdisjoint(text.work_programmes or ("",)))
            and (wanted.section is None or text.section in wanted.section)
            and (wanted.timeframe is None or text.timeframe.kind in wanted.timeframe)
            and (wanted.lifecycle is None or state.lifecycle in wanted.lifecycle)
            and (wanted.quarter is None or quarter(text.timeframe.due) in wanted.quarter)
            and self._fits_date(state)
            and self._fits_text(state)
        )

    def _fits_date(self, state: ActionState) -> bool:
        wanted = self._wanted
        if wanted.overdue is None and wanted.due_within_days is None:
            return True
        left = days_left(face_of(state), self._as_of)
        if wanted.overdue is not None and (left is not None and left < 0) != wanted.overdue:
            return False
        return wanted.due_within_days is None or (left is not None and 0 <= left < wanted.due_within_days)

    def _fits_text(self, state: ActionState) -> bool:
        if not self._text:
            return True
        text = state.text
        parts = (
            *text.titles.values(),
            text.title_as_written,
            text.responsible_as_written,
            f"{state.plan}-{text.number:02d}",
        )
        return any(self._text in folded(part) for part in parts)

    def view(self, view: ActionView) -> bool:
        """Tell whether what was computed fits."""
        return self._wanted.colour is None or view.assessment.colour in self._wanted.colour
