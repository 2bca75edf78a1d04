# SPDX-License-Identifier: Apache-2.0
"""What the pages of posts ask: the scorecard of origin posts."""

from __future__ import annotations

from collections.abc import Callable

from openecp.border.postal.scorecard import ScoreFilter, ScoreRow

ReadsScores = Callable[[ScoreFilter], list[ScoreRow]]
