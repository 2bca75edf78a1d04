# SPDX-License-Identifier: Apache-2.0
"""What the pages of release times ask: the journal's tail, the explorer, studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from openecp.border.time_release.live import Figures
from openecp.border.time_release.report.figures import Figures as StudyFigures
from openecp.border.time_release.study_rounds import PublishedFigure
from openecp.platform.core.times_view import TimesView


class FollowsJournal(Protocol):
    """The dashboard's figures, and how far the journal has been read."""

    seq: int
    size: int
    is_current: bool

    def figures(self) -> Figures:
        """Return the figures now."""


class StudyFace(msgspec.Struct, frozen=True, kw_only=True):
    """A study as the pages list it: what it asks, where it stands, its files."""

    study_id: str
    name: str
    state: str  # draft, frozen
    purpose: str = ""
    created_at: str = ""
    clocks: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    source: str = ""
    k: int = 0
    digest: str = ""
    files: tuple[str, ...] = ()  # names that can be fetched
    tables: tuple[str, ...] = ()  # of the open data
    phases: tuple[tuple[str, str, str, str], ...] = ()  # name, state, begun, ended
    inputs: tuple[tuple[str, str], ...] = ()  # what was frozen: name, SHA-256


class Studies(Protocol):
    """The studies of this installation."""

    def listed(self) -> Sequence[StudyFace]:
        """Return the studies, the latest first."""

    def figures(self, study_id: str) -> StudyFigures | None:
        """Return a study's figures; None where it was not run."""

    def proposals(self, study_id: str) -> list[dict[str, Any]]:
        """Return what a study recommends."""

    def rounds(self) -> tuple[PublishedFigure, ...]:
        """Return the figures of published studies that are kept here."""

    def tables(self, study_id: str) -> bytes | None:
        """Return the tables of a study as one archive; None where it has none."""

    def path(self, study_id: str, name: str) -> Path | None:
        """Return one of a study's files; None where there is none of this name."""


class TimesDesk:
    """Everything that the pages of release times ask."""

    def __init__(self, tail: FollowsJournal, view: TimesView, studies: Studies | None = None) -> None:
        self.tail, self.view, self.studies = tail, view, studies
