# SPDX-License-Identifier: Apache-2.0
"""Counts from the journal what profiles and the random sample selected, and what the controls found.

Reads: DeclarationAssessed (the officer's reasons), and the events that tell the result of a control.
Limits: a hit that its percentage let pass leaves no trace: hits are selections over the percentage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from openecp.border.risk.profiles.statistics import ProfileFigures

CONFORM = ("ControlConform", "DocumentsVerified")
IRREGULAR = ("ControlIrregular", "DocumentsNotConform", "GoodsDetained", "GoodsSeized")
_RULE = re.compile(r"risk\.([A-Z][A-Z0-9-]{2,39})\.(\d{1,9})")
Named = tuple[str, int]


class _Case(msgspec.Struct):
    selected: set[Named] = msgspec.field(default_factory=set)
    random: bool = False
    result: bool | None = None  # irregular


class Operation:
    """What selections came to, event by event."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}

    def add(self, case_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """Count one event; those of other kinds count nothing."""
        if kind == "DeclarationAssessed":
            reasons = (body.get("officer") or {}).get("reasons") or ()
            rules = [str(reason.get("rule", "")) for reason in reasons]
            found = [match for rule in rules if (match := _RULE.fullmatch(rule))]
            if found or "risk.random" in rules:
                case = self._cases.setdefault(case_id, _Case())
                case.selected |= {(match[1], int(match[2])) for match in found}
                case.random = case.random or "risk.random" in rules
        elif kind == "AuditClosed" and body.get("declaration") in self._cases and body.get("result") != "dropped":
            audited = self._cases[str(body["declaration"])]
            audited.result = body.get("result") == "irregular" or bool(audited.result)
        elif case_id in self._cases and kind in (*CONFORM, *IRREGULAR):
            case = self._cases[case_id]
            case.result = kind in IRREGULAR or bool(case.result)

    def sample(self) -> tuple[int, int]:
        """Return the results of the random sample, and how many were irregular."""
        results = [case.result for case in self._cases.values() if case.random and case.result is not None]
        return len(results), sum(results)

    def figures(self, shares: Mapping[Named, int]) -> list[ProfileFigures]:
        """Return the figures of each version, by id; `shares` are percentages in millionths."""
        counts: dict[Named, list[int]] = {name: [0, 0, 0] for name in shares}
        for case in self._cases.values():
            for name in case.selected & counts.keys():
                count = counts[name]
                count[0] += 1
                count[1] += case.result is not None
                count[2] += bool(case.result)
        return [
            ProfileFigures(
                profile=name[0], version=name[1], hits=count[0] * 1_000_000 // max(1, shares[name]),
                selections=count[0], results=count[1], irregular=count[2],
            )
            for name, count in sorted(counts.items())
        ]  # fmt: skip


def operation_of(events: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Operation:
    """Return what the events of a journal tell: case, kind, body of each, in order."""
    found = Operation()
    for case_id, kind, body in events:
        found.add(case_id, kind, body)
    return found
