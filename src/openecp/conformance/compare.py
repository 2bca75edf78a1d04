# SPDX-License-Identifier: Apache-2.0
"""Compares what this software made of a case with what was published: verdict, places of errors, taxes, notifications.

Every difference gets a reason, and the reason comes from a rule over the data (a tax type without a row in the
measures, a reply of another run, an item that Customs split), never from a list of scenarios. A difference that no
rule explains is `unexplained`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from openecp.conformance.replay import Replayed, Told
from openecp.conformance.scenarios import Message, Reply, Run, Scenario
from openecp.kernel.assessment.reasons import Assessment, TaxLine
from openecp.kernel.datamodel.item import DutyTaxFee
from openecp.kernel.datamodel.pointers import PointerError, from_structs, normalise

Kind = Literal["reading", "verdict", "pointer", "tax", "notification", "order"]
KINDS: tuple[Kind, ...] = ("reading", "verdict", "pointer", "tax", "notification", "order")
Status = Literal["agrees", "open", "differs", "outside"]  # outside: not this declaration's run, or not in the folder
UNEXPLAINED = "unexplained"
_SPECIFIC = "the reply's line is specific or compound, the measures hold ad valorem rates only"
_NO_ROW = "the measures hold no row of this tax type for this code, origin and preference"
_INFORMING = "an informing line; the measures hold no rate that it could be computed from"
_OPEN_BASE = "its base holds a line that is open"
_SPLIT = "Customs split the item: a quota was allocated in part"
OTHER_RUN = "the reply belongs to another run of the case (another reference number)"
_EXCERPT = "the folder holds an excerpt of the replies"
_NO_FINAL = "the folder holds the first replies of this run only"
_WRAPPER = "a wrapper of the transport stands around the declaration"
_UNKNOWN_ELEMENT = "an element that the data model does not have; it is reported with its path"
_FOLLOWS = "follows from the verdict"
_INSIDE = re.compile(r"/Declaration(?:\[\d+\])?(?:/|@|$)")
_IN_OTHER_RUN = "shown by a reply of another run in the folder"

# Within one version: the first never comes after the second.
ORDER = (
    *(("01", later) for later in ("05", "06", "07", "08", "09", "13/4", "13/115")),
    ("13/115", "08"),
    ("08", "13/4"),
    ("13/4", "09"),
    ("02", "11/39"),
    ("02", "11/41"),
    ("11/39", "10"),
    ("09", "16"),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing compared: what was published, what came out here, and why they differ."""

    kind: Kind
    status: Status
    what: str
    published: str
    here: str
    reason: str = ""


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration compared."""

    scenario: str
    file: str
    lrn: str
    data_set: str | None
    outcome: str
    own_run: bool
    day: str
    findings: tuple[Finding, ...]
    steps: tuple[str, ...]

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """Return the findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)


def compare(scenario: Scenario, message: Message, runs: list[Run], played: Replayed) -> CaseResult:
    """Compare one declaration with the first of its runs; the other runs only explain."""
    run = runs[0] if runs else None
    first = played.assessments.get(1) or next(iter(played.assessments.values()), None)
    findings = [*_reading(message)]
    if run is not None:
        findings += _verdict(run, played)
        findings += _pointers(run, first)
        findings += _taxes(run, message, played)
        agreed = all(finding.status == "agrees" for finding in findings if finding.kind == "verdict")
        findings += _notifications(run, runs[1:], played.told, agreed)
    for other in runs[1:]:
        findings += [_outside(other)]
    return CaseResult(
        scenario=scenario.name,
        file=message.file,
        lrn=message.lrn,
        data_set=first.data_set if first is not None else None,
        outcome=played.outcome,
        own_run=run.own if run is not None else False,
        day=run.first_day if run is not None else "",
        findings=tuple(findings),
        steps=played.steps,
    )


# Reading --------------------------------------------------------------------------------------------------------


def _reading(message: Message) -> Iterable[Finding]:
    lost = message.reading.unknown
    here = "nothing lost" if not lost else "; ".join(f"{each.path}" for each in lost[:5])
    wrapped = not any(_INSIDE.search(each.path) for each in lost)
    yield Finding(
        kind="reading",
        status="agrees" if wrapped else "open",
        what="every element of the declaration is read",
        published="all",
        here=here,
        reason=(_WRAPPER if wrapped else _UNKNOWN_ELEMENT) if lost else "",
    )


# Verdict and places ---------------------------------------------------------------------------------------------


def verdict_of(replies: Iterable[Reply]) -> str:
    """Return `rejected` or `accepted` as the replies say."""
    return "rejected" if any(reply.code == "03" for reply in replies) else "accepted"


def _verdict(run: Run, played: Replayed) -> Iterable[Finding]:
    published = verdict_of(run.replies)
    here = "rejected" if played.outcome == "rejected" else "accepted"
    yield Finding(
        kind="verdict",
        status="agrees" if published == here else "differs",
        what="verdict",
        published=published,
        here=here,
        reason=("" if run.own else OTHER_RUN) if published == here else (UNEXPLAINED if run.own else OTHER_RUN),
    )


def plain_pointer(pointer: str) -> str:
    """Return a pointer without the number 1, which old replies leave out and new ones print."""
    try:
        return normalise(pointer).replace("[1]", "")
    except PointerError:
        return pointer.replace("[1]", "")


def digits(code: str) -> str:
    """Return the number of an error code, which outlived its letters: DMS12050 is CDS12050."""
    return re.sub(r"\D", "", code)


def _pointers(run: Run, assessment: Assessment | None) -> Iterable[Finding]:
    here = assessment.errors if assessment is not None else ()
    found = {(digits(reason.code), plain_pointer(reason.pointer or "")) for reason in here}
    found |= {(digits(r.code), plain_pointer(related)) for r in here for related in r.related_pointers}
    for reply in run.replies:
        if reply.code != "03":
            continue
        for error in reply.response.error:
            code = error.validation_code or ""
            pointer = from_structs(error.pointer) if error.pointer else ""
            wanted = (digits(code), plain_pointer(pointer))
            agrees = wanted in found or (not pointer and any(number == wanted[0] for number, _ in found))
            yield Finding(
                kind="pointer",
                status="agrees" if agrees else "differs",
                what=f"error {code}",
                published=pointer or "(no place)",
                here=", ".join(f"{reason.code} {reason.pointer or ''}".strip() for reason in here) or "none",
                reason="" if agrees else UNEXPLAINED,
            )


# Taxes ----------------------------------------------------------------------------------------------------------


class _Line(msgspec.Struct, frozen=True):
    item: int
    type: str
    base: int | None
    assessed: int | None
    rate: str | None
    specific: bool
    charge: bool


def _minor(text: str | None) -> int | None:
    try:
        return int(Decimal(text) * 100) if text else None
    except InvalidOperation:
        return None


def _published_lines(reply: Reply) -> list[_Line]:
    shipment = reply.response.declaration.goods_shipment if reply.response.declaration else None
    lines = []
    for item in shipment.government_agency_goods_item if shipment else ():
        for fee in item.commodity.duty_tax_fee if item.commodity else ():
            lines.append(_published_line(int(item.sequence_numeric or 0), fee))
    return lines


def _published_line(item: int, fee: DutyTaxFee) -> _Line:
    payment = fee.payment
    base = fee.ad_valorem_tax_base_amount
    assessed = payment.tax_assessed_amount if payment else None
    return _Line(
        item,
        fee.type_code or "",
        _minor(base.value if base else None),
        _minor(assessed.value if assessed else None),
        fee.tax_rate_numeric,
        base is None and fee.tax_rate_numeric is None,
        payment is not None and payment.payment_amount is not None,
    )


def _taxes(run: Run, message: Message, played: Replayed) -> Iterable[Finding]:
    shipment = message.declaration.goods_shipment
    declared = {int(i.sequence_numeric or 0) for i in (shipment.government_agency_goods_item if shipment else ())}
    for version, replies in sorted(_tax_replies(run).items()):
        assessment = _assessment_of(played, version)
        here = list(assessment.taxes) if assessment is not None else []
        lines = _published_lines(replies[-1])
        what = f"version {version}, 13/{'+'.join(sorted({r.name.partition('/')[2] for r in replies}))}"
        yield from _compare_lines(what, lines, here, declared, run.own)


def _tax_replies(run: Run) -> dict[int, list[Reply]]:
    found: dict[int, list[Reply]] = {}
    for reply in run.replies:
        if reply.code == "13":
            found.setdefault(reply.version or 1, []).append(reply)
    return found


def _assessment_of(played: Replayed, version: int) -> Assessment | None:
    """Return the assessment of a version, else of the one before: presenting goods does not always assess again."""
    known = [number for number in played.assessments if number <= version]
    return played.assessments[max(known)] if known else None


def _compare_lines(
    what: str, published: list[_Line], here: list[TaxLine], declared: set[int], own: bool
) -> Iterable[Finding]:
    left = list(here)
    for line in published:
        candidates = [each for each in left if each.item == line.item and each.type == line.type]
        best = next((c for c in candidates if c.assessed_minor == line.assessed), candidates[0] if candidates else None)
        if best is not None:
            left.remove(best)
        status, reason = _judge(line, best, line.item in declared)
        yield Finding(
            kind="tax",
            status=status,
            what=f"{what}: item {line.item} {line.type}",
            published=_text(line.base, line.rate, line.assessed),
            here=_text(best.base_minor, best.rate, best.assessed_minor) if best is not None else "no line",
            reason=reason or ("" if own else OTHER_RUN),
        )
    for each in left:
        yield Finding(
            kind="tax",
            status="open" if each.assessed_minor is None else "differs",
            what=f"{what}: item {each.item} {each.type}",
            published="no line",
            here=_text(each.base_minor, each.rate, each.assessed_minor),
            reason=_NO_ROW if each.assessed_minor is None else UNEXPLAINED,
        )


def _judge(line: _Line, here: TaxLine | None, declared: bool) -> tuple[Status, str]:
    if not declared:
        return "outside", _SPLIT
    if here is None:
        if not line.charge:
            return "open", _INFORMING
        return ("open", _SPECIFIC if line.specific else _NO_ROW)
    if here.assessed_minor is None:
        if line.specific:
            return "open", _SPECIFIC
        return "open", _OPEN_BASE if here.rate is not None else _NO_ROW
    if here.assessed_minor != line.assessed:
        return "differs", UNEXPLAINED
    if here.base_minor == line.base or line.base is None:
        return "agrees", ""
    if here.base_minor is None:
        return "open", f"the amount agrees; {_OPEN_BASE}"
    return "differs", UNEXPLAINED


def _text(base: int | None, rate: str | None, assessed: int | None) -> str:
    parts = [
        f"{base / 100:.2f}" if base is not None else "no base",
        f"at {Decimal(rate).normalize():f} %" if rate else "no rate",
        f"= {assessed / 100:.2f}" if assessed is not None else "open",
    ]
    return " ".join(parts)


# Notifications --------------------------------------------------------------------------------------------------


def _notifications(run: Run, others: list[Run], told: tuple[Told, ...], agreed: bool) -> Iterable[Finding]:
    published = {reply.code for reply in run.replies}
    here = {each.code for each in told}
    elsewhere = {reply.code for other in others for reply in other.replies}
    begins = bool(published & {"01", "02", "03"})
    ends = bool(published & {"03", "08", "09", "10", "14", "16"})
    missing, extra = sorted(published - here), sorted(here - published)
    unknown = UNEXPLAINED if agreed else _FOLLOWS
    reasons = dict.fromkeys(missing, unknown)
    for code in extra:
        if not begins:
            reasons[code] = _EXCERPT
        elif code in elsewhere:
            reasons[code] = _IN_OTHER_RUN
        elif not ends:
            reasons[code] = _NO_FINAL
        else:
            reasons[code] = unknown
    differs = any(reason in (UNEXPLAINED, _FOLLOWS) for reason in reasons.values())
    yield Finding(
        kind="notification",
        status="differs" if differs else "agrees",
        what="notifications as a set",
        published=" ".join(run.names),
        here=" ".join(each.name for each in told),
        reason="; ".join(f"{code}: {reason}" for code, reason in reasons.items()),
    )
    yield _order(told)


def _order(told: tuple[Told, ...]) -> Finding:
    broken = []
    for before, after in ORDER:
        for version in {each.version for each in told}:
            names = [each.name for each in told if each.version == version]
            if before in names and after in names and names.index(before) > names.index(after):
                broken.append(f"{before} after {after} in version {version}")
    return Finding(
        kind="order",
        status="differs" if broken else "agrees",
        what="causal order",
        published="01 first; 13/4 before 09; 02 before 11 before 10; 09 before 16",
        here="; ".join(broken) or "kept",
        reason=UNEXPLAINED if broken else "",
    )


def _outside(run: Run) -> Finding:
    return Finding(
        kind="notification",
        status="outside",
        what=f"run {run.mrn}",
        published=" ".join(run.names),
        here="not compared",
        reason=OTHER_RUN,
    )


def tally(results: Iterable[CaseResult], kind: Kind) -> Mapping[str, int]:
    """Count the findings of a kind by status."""
    counted = dict.fromkeys(("agrees", "open", "differs", "outside"), 0)
    for result in results:
        for finding in result.of(kind):
            counted[finding.status] += 1
    return counted
