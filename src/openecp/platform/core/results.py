# SPDX-License-Identifier: Apache-2.0
"""Assessments and answers as people and systems read them: JSON objects, the same from API and command line."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.kernel.assessment.reasons import Assessment, Audience, Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.pointers import to_json_pointer
from openecp.kernel.datamodel.response import Response
from openecp.platform.core.reading import Message, reasons_of_reading
from openecp.platform.wire import Unreadable

NOTIFICATION_NAMES = {
    "01": "ACC", "02": "RCV", "03": "REJ", "05": "CTL", "06": "DOC", "07": "RES", "08": "ROG", "09": "CLE",
    "10": "INV", "11": "REQ", "13": "TAX", "14": "CPI", "15": "CPR", "16": "EOG", "17": "EXT", "18": "GER",
    "50": "ALV", "51": "QRY", "52": "DET",
}  # fmt: skip


class TaxFace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One tax line as it is told; `charge` false: the line only informs."""

    item: int
    type: str
    base_minor: int | None
    rate: str | None
    assessed_minor: int | None
    payable_minor: int | None
    currency: str
    charge: bool | msgspec.UnsetType = msgspec.UNSET


class ErrorFace(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: what, where, what was expected, what was got, what to do."""

    code: str
    layer: str
    pointer: str | None
    json_pointer: str | None
    line: int | None
    message: str
    expected: str | None
    got: str | None
    fix: str | None


class NotificationFace(msgspec.Struct, frozen=True, kw_only=True):
    """The face of a notification: which, about which version, with what status, when."""

    function_code: str
    name: str
    status: str | None
    version: str | None
    issued: str | None


ERROR_FIELDS = ("code", "layer", "pointer", "json_pointer", "line", "message", "expected", "got", "fix")


def located(
    reasons: tuple[Reason, ...], message: Message | None, declaration: Declaration, *, faults_only: bool = False
) -> tuple[Reason, ...]:
    """Complete where reasons point: the JSON pointer, and the line of the message, which is read again for that."""
    places = [
        place
        for place, reason in enumerate(reasons)
        if reason.pointer is not None
        and (reason.line is None or reason.json_pointer is None)
        and not (faults_only and reason.severity == "info")
    ]
    if not places:
        return reasons
    lines: dict[str, int | None] = {}
    wanted = tuple({pointer: None for place in places if (pointer := reasons[place].pointer)})
    if message is not None and message.reading is not None:
        lines = dict(zip(wanted, message.reading.lines_of(wanted), strict=True))
    changed = list(reasons)
    for place in places:
        changed[place] = _located(reasons[place], lines, declaration)
    return tuple(changed)


def _located(reason: Reason, lines: dict[str, int | None], declaration: Declaration) -> Reason:
    if reason.pointer is None:
        return reason
    changes: dict[str, Any] = {}
    if reason.json_pointer is None:
        changes["json_pointer"] = _json_pointer(reason.pointer, declaration)
    if reason.line is None:
        changes["line"] = lines.get(reason.pointer)
    return msgspec.structs.replace(reason, **changes) if changes else reason


def _json_pointer(pointer: str, declaration: Declaration) -> str | None:
    try:
        return to_json_pointer(pointer, declaration)
    except (ValueError, KeyError, LookupError):  # a pointer to what is not declared may have no place yet
        return None


def error_object(reason: Reason) -> dict[str, Any]:
    """Return an error as the facts that a sender needs."""
    return {name: getattr(reason, name) for name in ERROR_FIELDS}


def error_face(reason: Reason) -> ErrorFace:
    """Return an error as the facts that a sender needs."""
    return ErrorFace(
        code=reason.code,
        layer=reason.layer,
        pointer=reason.pointer,
        json_pointer=reason.json_pointer,
        line=reason.line,
        message=reason.message,
        expected=reason.expected,
        got=reason.got,
        fix=reason.fix,
    )


def error_of_unreadable(fault: Unreadable) -> dict[str, Any]:
    """Return why a message cannot be read, in the form of an error."""
    return {
        "code": fault.code,
        "layer": "syntax",
        "pointer": None,
        "json_pointer": fault.json_pointer,
        "line": fault.line,
        "message": fault.message,
        "expected": fault.expected,
        "got": fault.got,
        "fix": fault.fix,
    }


def reason_objects(assessment: Assessment) -> list[dict[str, Any]]:
    """Return every reason, faults included."""
    return [msgspec.to_builtins(reason) for reason in assessment.reasons]


def tax_faces(assessment: Assessment) -> list[TaxFace]:
    """Return the tax lines; a line that is no charge says so."""
    return [
        TaxFace(
            item=line.item,
            type=line.type,
            base_minor=line.base_minor,
            rate=line.rate,
            assessed_minor=line.assessed_minor,
            payable_minor=line.payable_minor,
            currency=line.currency,
            charge=msgspec.UNSET if line.charge else False,
        )
        for line in assessment.taxes
    ]


def tax_objects(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the tax lines as JSON objects."""
    return [msgspec.to_builtins(face) for face in tax_faces(assessment)]


def complete(assessment: Assessment, message: Message, audience: Audience, *, faults_only: bool = False) -> Assessment:
    """Add what reading found and where each reason points, then cut to the audience.

    `faults_only` spares explanations their line: finding lines means to read the message again.
    """
    reading = message.reading
    if reading is None:
        return assessment.for_audience(audience)
    found: tuple[Reason, ...] = ()
    if reading.faults or reading.unknown:
        known = {(reason.code, reason.line, reason.got) for reason in assessment.reasons}
        found = tuple(
            reason for reason in reasons_of_reading(reading) if (reason.code, reason.line, reason.got) not in known
        )
    whole = msgspec.structs.replace(assessment, reasons=(*found, *assessment.reasons)) if found else assessment
    cut = whole.for_audience(audience)
    reasons = located(cut.reasons, message, reading.declaration, faults_only=faults_only)
    rejected = cut.outcome == "rejected" or any(reason.severity == "reject" for reason in found)
    if reasons is cut.reasons and not rejected:
        return cut
    return msgspec.structs.replace(
        cut,
        reasons=reasons,
        outcome="rejected" if rejected else "accepted",
        channel=None if rejected else cut.channel,
        taxes=() if rejected and cut.outcome != "rejected" else cut.taxes,
    )


def amount_text(minor: int, exponent: int = 2) -> str:
    """Return an amount of minor units in major units, `12,345.60`."""
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    if exponent == 0:
        return f"{sign}{int(digits):,}"
    return f"{sign}{int(digits[:-exponent]):,}.{digits[-exponent:]}"


def line_of_file(file: str, message: Message, assessment: Assessment | None) -> dict[str, Any]:
    """Return the line that `openecp assess --json` prints for one message."""
    if message.unreadable is not None or assessment is None or message.declaration is None:
        errors = [error_of_unreadable(message.unreadable)] if message.unreadable is not None else []
        return {
            "file": file,
            "outcome": "unreadable",
            "lrn": None,
            "errors": errors,
            "taxes": [],
            "channel": None,
            "reasons": [],
        }
    return {
        "file": file,
        "outcome": assessment.outcome,
        "lrn": message.declaration.functional_reference_id,
        "errors": [error_object(reason) for reason in assessment.errors],
        "taxes": tax_objects(assessment),
        "channel": assessment.channel,
        "reasons": reason_objects(assessment),
    }


def notification_face(response: Response) -> NotificationFace:
    """Return the face of a notification."""
    code = response.function_code or ""
    declaration = response.declaration
    return NotificationFace(
        function_code=code,
        name=NOTIFICATION_NAMES.get(code, ""),
        status=response.status[0].name_code if response.status else None,
        version=declaration.version_id if declaration is not None else None,
        issued=response.issue_date_time.value if response.issue_date_time is not None else None,
    )


def notification_object(response: Response) -> dict[str, Any]:
    """Return the face of a notification as a JSON object."""
    face: dict[str, Any] = msgspec.to_builtins(notification_face(response))
    return face
