# SPDX-License-Identifier: Apache-2.0
"""A predicate as pages show it: in words, as SQL, and what it costs."""

from __future__ import annotations

import msgspec

from openecp.border.risk.profiles.checking import compiled
from openecp.border.risk.profiles.compiled import CONDITIONS_MAX, KEYLESS_MAX, Criteria
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.platform.console.risk.condition_words import Said, said
from openecp.platform.console.risk.frame import RiskFrame


class PredicateView(msgspec.Struct, frozen=True, kw_only=True):
    """A predicate in words, as its author wrote it, and its cost; `refused` where it is not understood any more."""

    sql: str
    said: Said | None = None
    cost: Criteria | None = None
    conditions_max: int = CONDITIONS_MAX
    keyless_max: int = KEYLESS_MAX
    refused: ProfileRefused | None = None


def predicate_view(kf: RiskFrame, sql: str) -> PredicateView:
    """Return a predicate as pages show it."""
    try:
        condition = read_predicate(sql)
        words = said(condition, kf.language, kf.money)
        return PredicateView(sql=sql, said=words, cost=compiled(sql))
    except ProfileRefused as refused:
        return PredicateView(sql=sql, refused=refused)
