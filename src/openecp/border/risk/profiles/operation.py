# SPDX-License-Identifier: Apache-2.0
"""Counts from the journal what profiles and the random sample selected or let through, and what controls found.

Reads: DeclarationAssessed (the officer's reasons and the selection), the events that tell the result of a control or
an audit. `Operation` keeps every case; `OperationCounts` is what goes on from a number of the journal.
Limits: where no plan of selection rules, a hit that its percentage let pass leaves no trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from openecp.border.risk.profiles.statistics import ProfileFigures

CONFORM = ("ControlConform", "DocumentsVerified")
IRREGULAR = ("ControlIrregular", "DocumentsNotConform", "GoodsDetained", "GoodsSeized")
AUDIT_STREAM = "risk/audit/"
_RULE = re.compile(r"risk\.([A-Z][A-Z0-9-]{2,39})\.(\d{1,9})")
Named = tuple[str, int]
Told = tuple[str, str, Mapping[str, Any]]  # case, kind and body of an event


class _Case(msgspec.Struct):
    selected: set[Named] = msgspec.field(default_factory=set)
    let_through: set[str] = msgspec.field(default_factory=set)
    lane: str = ""
    random: bool = False
    result: bool | None = None  # irregular

    def assessed(self, officer: Mapping[str, Any], rules: list[str]) -> None:
        """Take what an assessment says; one before the goods are presented decides nothing yet."""
        selection = officer.get("selection") or {}
        if selection.get("indicative"):
            return
        self.selected |= {(match[1], int(match[2])) for rule in rules if (match := _RULE.fullmatch(rule))}
        self.let_through |= set(selection.get("let_through") or ())
        self.lane = officer.get("channel") or self.lane
        # the random share alone: what the top-up took is no sample, what a criterion took may be one
        self.random = self.random or (bool(selection.get("random")) if selection else "risk.random" in rules)


class LetThrough(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the hits of one criterion that its percentage let through, below the lane's cap."""

    criterion: str
    hits: int = 0
    unchecked: int = 0  # green
    audited: int = 0  # blue
    selected: int = 0  # yellow or red on another ground
    results: int = 0
    irregular: int = 0


class Operation:
    """What selections came to, event by event."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}

    def add(self, case_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """Count one event; those of other kinds count nothing."""
        if kind == "DeclarationAssessed":
            officer = body.get("officer") or {}
            rules = [str(reason.get("rule", "")) for reason in officer.get("reasons") or ()]
            selection = officer.get("selection") or {}
            told = any(_RULE.fullmatch(rule) for rule in rules) or "risk.random" in rules
            if told or selection.get("random") or selection.get("let_through") or case_id in self._cases:
                self._cases.setdefault(case_id, _Case()).assessed(officer, rules)
        elif kind == "AuditClosed" and body.get("declaration") in self._cases and body.get("result") != "dropped":
            audited = self._cases[str(body["declaration"])]
            audited.result = body.get("result") == "irregular" or bool(audited.result)
            if body.get("ground") == "officer":  # an officer's choice is no random one, unless the draw had it too
                audited.random = audited.random and body.get("draw", 0) < body.get("below", 0)
        elif case_id in self._cases and kind in (*CONFORM, *IRREGULAR):
            case = self._cases[case_id]
            case.result = kind in IRREGULAR or bool(case.result)
        elif case_id in self._cases and kind in ("LaneOverridden", "LaneMoved"):
            self._cases[case_id].lane = str((body.get("officer") or {}).get("lane") or "")

    def sample(self) -> tuple[int, int]:
        """Return the results of the random sample, and how many were irregular."""
        results = [case.result for case in self._cases.values() if case.random and case.result is not None]
        return len(results), sum(results)

    def counts(self) -> OperationCounts:
        """Return the counts of all cases."""
        found = OperationCounts()
        for case in self._cases.values():
            found.count(case, 1)
        return found

    def figures(self, shares: Mapping[Named, int]) -> list[ProfileFigures]:
        """Return the figures of each version, by id; `shares` are percentages in millionths."""
        return self.counts().figures(shares)

    def let_through(self) -> list[LetThrough]:
        """Return by criterion what became of the hits that were let through."""
        return self.counts().let_through()


class OperationCounts(msgspec.Struct, kw_only=True):
    """Counts as they stand at a number of the journal; they go on from there, whatever was decided long before."""

    seq: int = 0
    profiles: dict[str, list[int]] = {}  # `id.version`: selections, results, irregular
    sample: list[int] = msgspec.field(default_factory=lambda: [0, 0])  # results, irregular
    through: dict[str, list[int]] = {}  # criterion: hits, unchecked, audited, selected, results, irregular

    def take(self, seq: int, told: Told, earlier: Callable[[str], list[Told]]) -> None:
        """Count one more event; `earlier` answers the events of a case, and of its audit, before this one."""
        case_id, kind, body = told
        self.seq = seq
        about = str(body.get("declaration") or "") if kind == "AuditClosed" else case_id
        if kind not in _COUNTED or not about:
            return
        first = kind == "DeclarationAssessed" and body.get("version", 1) == 1
        before, after = Operation(), Operation()
        for event in [] if first else earlier(about):
            before.add(*event)
            after.add(*event)
        after.add(*told)
        if (old := before._cases.get(about)) is not None:
            self.count(old, -1)
        if (new := after._cases.get(about)) is not None:
            self.count(new, 1)

    def count(self, case: _Case, sign: int) -> None:
        """Count a case, or take it back."""
        results = sign * (case.result is not None), sign * bool(case.result)
        for name, version in case.selected:
            _add(self.profiles, f"{name}.{version}", (sign, *results))
        if case.random:
            self.sample = [self.sample[0] + results[0], self.sample[1] + results[1]]
        lanes = [sign * (case.lane == "green"), sign * (case.lane == "blue"), sign * (case.lane in ("yellow", "red"))]
        for name in case.let_through:
            _add(self.through, name, (sign, *lanes, *results))

    def figures(self, shares: Mapping[Named, int]) -> list[ProfileFigures]:
        """Return the figures of each version, by id; `shares` are percentages in millionths."""
        found = []
        for name, share in sorted(shares.items()):
            selections, results, irregular = self.profiles.get(f"{name[0]}.{name[1]}", (0, 0, 0))
            hits = selections * 1_000_000 // max(1, share)
            found.append(
                ProfileFigures(
                    profile=name[0], version=name[1], hits=hits, selections=selections, results=results,
                    irregular=irregular,
                )
            )  # fmt: skip
        return found

    def let_through(self) -> list[LetThrough]:
        """Return by criterion what became of the hits that were let through."""
        names = LetThrough.__struct_fields__[1:]
        return [
            LetThrough(criterion=name, **dict(zip(names, row, strict=True)))
            for name, row in sorted(self.through.items())
        ]


_COUNTED = frozenset({"DeclarationAssessed", "AuditClosed", "LaneOverridden", "LaneMoved", *CONFORM, *IRREGULAR})


def _add(into: dict[str, list[int]], name: str, more: tuple[int, ...]) -> None:
    row = into.get(name) or [0] * len(more)
    into[name] = [a + b for a, b in zip(row, more, strict=True)]


def operation_of(events: Iterable[Told]) -> Operation:
    """Return what the events of a journal tell: case, kind, body of each, in order."""
    found = Operation()
    for case_id, kind, body in events:
        found.add(case_id, kind, body)
    return found
