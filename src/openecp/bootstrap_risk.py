# SPDX-License-Identifier: Apache-2.0
"""Wires risk profiles: what decides about them, and the assessment that takes up those that are active."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.core.profilework import ProfileBook, ProfileCasework

log = logging.getLogger("openecp.risk")
FRESH_S = 5.0
Criteria = list[dict[str, str]]


def profile_casework(store: Any) -> ProfileCasework:
    """Return what decides commands about risk profiles."""
    return ProfileCasework(store)


def active_criteria(store: Any) -> Criteria:
    """Return the rows of the profiles that select today."""
    return ProfileBook(store).criteria()


class AssessorOfActiveProfiles:
    """Assesses with the profiles that are active: it looks every few seconds, and makes a new assessor beside the old.

    Limits: a change is taken up within `fresh_s` and the time that making an assessor takes; meanwhile the old one
    answers. One thread assesses.
    """

    def __init__(
        self,
        read: Callable[[], Criteria],
        make: Callable[[Criteria], AssessesDeclarations],
        *,
        fresh_s: float = FRESH_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._make, self._fresh_s, self._clock = read, make, fresh_s, clock
        self._criteria = read()
        self._assessor = make(self._criteria)
        self._looked = clock()
        self._making: threading.Thread | None = None
        self._made: tuple[Criteria, AssessesDeclarations] | None = None

    def assess(self, declarations: list[Declaration], on: date | None = None) -> Sequence[Assessment]:
        """Assess declarations."""
        self._take_up()
        return self._assessor.assess(declarations, on)

    def _take_up(self) -> None:
        if self._made is not None:
            (self._criteria, self._assessor), self._made = self._made, None
        if self._clock() - self._looked < self._fresh_s or (self._making is not None and self._making.is_alive()):
            return
        self._looked = self._clock()
        try:
            criteria = self._read()
        except Exception:
            log.exception("active risk profiles could not be read; those before stay in use")
            return
        if criteria != self._criteria:
            self._making = threading.Thread(target=self._renew, args=(criteria,), name="risk-profiles", daemon=True)
            self._making.start()

    def _renew(self, criteria: Criteria) -> None:
        try:
            self._made = (criteria, self._make(criteria))
        except Exception:
            log.exception("active risk profiles could not be taken up; those before stay in use")
