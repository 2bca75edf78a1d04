# SPDX-License-Identifier: Apache-2.0
"""Which columns hold officers: no figure is ever shown by them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from openecp.border.time_release.clocks import ClockFault
from openecp.border.time_release.study import OFFICER_COLUMNS

_PERSONS = frozenset(("officer", "inspector", "examiner", "recorder", "user", "actor"))
_IDENTITIES = frozenset(("id", "name", "no", "number", "code", "login", "key", "badge"))


def is_officer_column(name: str) -> bool:
    """Tell whether a column's name says that it holds officers (`Customs officer`, `inspector_id`, `org:resource`)."""
    if name.strip().lower() in OFFICER_COLUMNS:
        return True
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    while words and words[-1] in _IDENTITIES:
        words.pop()
    return bool(words) and words[-1] in _PERSONS


def refuse_officers(columns: Iterable[str]) -> None:
    """Refuse to part figures by officers.

    Raises: ClockFault.
    """
    for name in columns:
        if is_officer_column(name):
            raise ClockFault(
                f"--by {name[:80]!r}: expected a segment of goods, offices or traders, got a column of officers: "
                "a study measures the work of offices, and officers are never named; fix: leave it out"
            )
