# SPDX-License-Identifier: Apache-2.0
"""What the journal says of selection and control, case by case: lane, ground, chance, results, recovered amounts.

Reads: events of declarations; what is for officers stands under `officer` there.
Limits: a declaration enters history when it is first assessed and was not rejected; later versions change nothing. A
criterion counts as if it selected whatever it hits: its percentage, where it has one, is not in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from openecp.kernel.datamodel.declared import apportion
from openecp.kernel.journal.model import Event

DRAWS = 1_000_000_000
RECORDED = ("list_hits", "list_score_e6", "p_e6", "stake_minor")  # what an assessment records of what risk knew
RESULT_OF: dict[str, tuple[str, str, bool]] = {  # event: control, result, irregular; a detention is no result yet
    "DocumentsVerified": ("documents", "conform", False),
    "DocumentsNotConform": ("documents", "not_conform", True),
    "ControlConform": ("goods", "conform", False),
    "ControlIrregular": ("goods", "irregular", True),
    "GoodsSeized": ("goods", "seized", True),
}
Ground = Literal["none", "mandatory", "criteria", "hits", "random", "topup", "override"]


class ControlResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one control of a case came to."""

    seq: int
    at: str
    control: str  # documents, goods or audit
    result: str
    irregular: bool
    irregularity: str = ""
    recovered_minor: int = 0
    items: tuple[int, ...] = ()  # none: the whole declaration


class SelectedCase(msgspec.Struct, kw_only=True):
    """One declaration as history has it."""

    case_id: str
    office: str = ""
    movement: str = ""
    document_id: str = ""
    assessment_id: str = ""
    mrn: str = ""
    seq: int = 0  # of its first assessment; 0: it was not taken in
    at: str = ""
    day: str = ""  # of acceptance, else of the assessment
    lane: str = "green"
    ground: Ground = "none"
    chance: float = 1.0  # with which it came to be selected as it was
    sampled: bool = False  # it fell into the random sample, whatever else selected it
    sample_chance: float | None = None
    charges: dict[int, int] = {}  # payable by item
    known: dict[int, dict[str, int]] = {}  # by item: scores and list hits, as recorded when it was first assessed
    results: list[ControlResult] = []

    @property
    def irregular(self) -> bool:
        """Whether any control found something."""
        return any(result.irregular for result in self.results)

    def label_of(self, item: int) -> int:
        """Return 1 where a control found something in this item, 0 where it was controlled and conforms."""
        return int(any(r.irregular and (not r.items or item in r.items) for r in self.results))

    def recovered(self, items: list[int]) -> dict[int, int]:
        """Return what controls brought in by item: shared out by charges where several items are concerned."""
        found = dict.fromkeys(items, 0)
        for result in self.results:
            named = [item for item in items if not result.items or item in result.items] or items
            shares = apportion(result.recovered_minor, [self.charges.get(item, 0) for item in named])
            for item, share in zip(named, shares, strict=True):
                found[item] += share
        return found


class SelectionBook:
    """Follows the journal and keeps what selection and control say of each declaration."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        """Take the administration's shares of random selection by lane, for cases that do not tell their own."""
        self._shares = shares
        self._cases: dict[str, SelectedCase] = {}

    def take(self, event: Event) -> None:
        """Take one event; those of other rooms are left out."""
        if event.kind == "DeclarationSubmitted":
            body = event.body
            self._cases[event.case_id] = SelectedCase(
                case_id=event.case_id, office=body.get("office") or "", movement=body.get("movement") or "",
                document_id=body.get("document", {}).get("id", ""), charges={}, known={}, results=[],
            )  # fmt: skip
            return
        if event.kind in ("AuditOpened", "AuditClosed"):
            audited = self._cases.get(str(event.body.get("declaration")))
            if audited is not None:
                _audited(audited, event)
            return
        case = self._cases.get(event.case_id)
        if case is None:
            return
        if event.kind in ("DeclarationAccepted", "DeclarationRegistered"):
            case.mrn = event.body.get("mrn") or case.mrn
            case.day = event.body.get("acceptance_date") or case.day or event.occurred_at[:10]
        elif event.kind == "DeclarationAssessed":
            self._assessed(case, event)
        elif event.kind in RESULT_OF:
            case.results.append(_result(event))

    def _assessed(self, case: SelectedCase, event: Event) -> None:
        officer = event.body.get("officer") or {}
        if not case.seq:
            case.seq, case.at = event.seq, event.occurred_at
            case.assessment_id = (event.body.get("assessment") or {}).get("id", "")
            case.movement = event.body.get("movement") or case.movement
            for line in event.body.get("taxes") or ():
                if line.get("charge", True):
                    item = line.get("item", 0)
                    case.charges[item] = case.charges.get(item, 0) + (line.get("payable_minor") or 0)
            for one in (officer.get("risk") or {}).get("items") or ():
                case.known[one["item"]] = {name: one[name] for name in RECORDED if name in one}
        if not case.results:  # what was selected before a control was done
            _selected(case, officer, self._shares)

    def cases(self) -> Iterator[SelectedCase]:
        """Yield the declarations that were taken in, in the journal's order."""
        yield from sorted((case for case in self._cases.values() if case.seq), key=lambda case: case.seq)


def _result(event: Event) -> ControlResult:
    control, result, irregular = RESULT_OF[event.kind]
    finding = (event.body.get("officer") or {}).get("finding") or {}
    return ControlResult(
        seq=event.seq, at=event.occurred_at, control=control, result=result, irregular=irregular,
        irregularity=finding.get("irregularity", ""), recovered_minor=finding.get("recovered_minor", 0),
        items=tuple(finding.get("items", ())),
    )  # fmt: skip


def _audited(case: SelectedCase, event: Event) -> None:
    """Take an audit after release: its draw with the opening, what was found with the closing; given up: no result.

    What is found counts before anything is waived: a waiver says nothing of the goods.
    """
    body = event.body
    if event.kind == "AuditOpened":
        share = body["below"] / DRAWS
        if body["ground"] == "plan":
            case.chance *= share
        if case.sampled and body["ground"] != "released":
            case.sampled = body["draw"] < body["below"]  # an officer's choice is no random one
            case.sample_chance = case.sample_chance * share if case.sample_chance is not None else None
        return
    if body["result"] == "dropped":
        return
    findings = body["findings"] or [{}]
    if any(not finding.get("items") for finding in findings):
        total = sum(finding.get("recovered_minor", 0) for finding in findings)
        findings = [{**findings[0], "recovered_minor": total, "items": ()}]
    case.results += [
        ControlResult(
            seq=event.seq, at=event.occurred_at, control="audit", result=body["result"],
            irregular=body["result"] == "irregular", irregularity=finding.get("irregularity", ""),
            recovered_minor=finding.get("recovered_minor", 0), items=tuple(finding.get("items", ())),
        )
        for finding in findings
    ]  # fmt: skip


def _selected(case: SelectedCase, officer: Mapping[str, Any], shares: Mapping[str, float]) -> None:
    """Read lane, ground and chance: from the selection that lanes recorded, else from the reasons for officers."""
    told = officer.get("selection")
    if isinstance(told, dict):
        case.lane, case.ground = told.get("lane", "green"), told.get("ground", "none")
        below = told.get("below", 0)
        case.sampled = case.ground == "random" or "random" in told
        case.chance = below / DRAWS if case.ground in ("random", "topup") and below else 1.0
        case.sample_chance = below / DRAWS if case.ground == "random" and below else None
        return
    case.lane = officer.get("channel") or "green"
    rules = {reason.get("rule", "") for reason in officer.get("reasons") or ()}
    case.sampled = "risk.random" in rules
    others = any(rule.startswith("risk.") and rule != "risk.random" for rule in rules)
    share = shares.get(case.lane) or None
    case.sample_chance = share if case.sampled else None
    case.ground = "criteria" if others else "random" if case.sampled else "none"
    case.chance = share or 1.0 if case.ground == "random" else 1.0
