# SPDX-License-Identifier: Apache-2.0
"""Reads what comes in at the parcels' door: one parcel as JSON, a WCO DM declaration, a postal form, or lines of JSON.

Every line stands alone: a bad one has its faults and spoils no other. Numbers in JSON are taken as their digits.
Limits: LINES_MAX parcels a request, LINE_MAX bytes a line, DEPTH of JSON by the parcel's own form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.low_value.declared import parcel_of_declaration
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.datamodel.parcel_check import CheckLimits, ParcelFault, check_parcel, shown
from openecp.platform.api.http import Refusal
from openecp.platform.api.parcel_shapes import every_fault
from openecp.platform.wire import Unreadable, read

LINES_MAX = 1_000
LINE_MAX = 1_000_000
DIGITS_MAX = 15  # of a JSON number; beyond that, digits may have been lost before it came
JSON, XML, LINES = "application/json", ("application/xml", "text/xml"), ("application/x-ndjson", "application/jsonl")
POSTAL = tuple(f"application/vnd.openecp.cn23+{form}" for form in ("json", "xml", "csv"))
_WCO = re.compile(rb'\s*\{\s*"[A-Z]')  # element names of the data model begin with a capital letter
_PLACE = re.compile(r"^\$?\.?(?:items\[(\d+)\]\.?)?(.*)$")
_strict = msgspec.json.Decoder(Parcel)
_loose = msgspec.json.Decoder(float_hook=str)


class BodyFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a parcel: `where` as in JSON (`items[0].unit_price`), `item` from 1 (0: the parcel itself)."""

    code: str
    where: str
    item: int
    expected: str
    got: str
    fix: str


class ReadParcel(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a request: the parcel, or why it is none."""

    line: int
    parcel: Parcel | None = None
    faults: tuple[BodyFault, ...] = ()


class PostalForms(Protocol):
    """Reads CN22 and CN23 in the binding of border/postal; given by bootstrap where post is wired."""

    media_types: tuple[str, ...]  # of POSTAL

    def read(self, body: bytes, media: str) -> tuple[Sequence[Parcel], Sequence[tuple[int, ParcelFault]]]:
        """Return the parcels of a body, and faults with the number of their parcel from 0.

        Raises: Unreadable where it is no such form.
        """


MEDIA = (JSON, *LINES, *XML, *POSTAL)


def read_parcels(
    body: bytes, content_type: str | None, postal: PostalForms | None = None, limits: CheckLimits | None = None
) -> list[ReadParcel]:
    """Return the parcels of a request, each checked, in the order in which they stand.

    Raises: Refusal 400 where the body as a whole cannot be read, 413 for too many lines, 415.
    """
    media = (content_type or "").partition(";")[0].strip().lower()
    if media in LINES:
        return _lines(body, limits)
    if postal is not None and media in postal.media_types:
        return _postal(body, media, postal, limits)
    if media in XML or (media == JSON and _WCO.match(body[:200].removeprefix(b"\xef\xbb\xbf"))):
        return [_declared(body, "xml" if media in XML else "json", limits)]
    if media != JSON:
        raise Refusal(
            415, "OECP-MEDIA-TYPE", "A parcel is written in JSON, lines of JSON, or WCO Data Model XML.",
            where="header Content-Type", expected=", ".join(MEDIA if postal is not None else (JSON, *LINES, *XML)),
            got=(content_type or "none")[:80], fix="Say in Content-Type which of these the body is.",
        )  # fmt: skip
    return [_line(1, body.removeprefix(b"\xef\xbb\xbf"), limits)]


def _lines(body: bytes, limits: CheckLimits | None) -> list[ReadParcel]:
    found: list[ReadParcel] = []
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        text = line.strip(b" \t\r")
        if not text:
            continue
        if len(found) >= LINES_MAX:
            raise Refusal(
                413, "OECP-TOO-LARGE", "There are too many lines.", where=f"line {number}", line=number,
                expected=f"at most {LINES_MAX} parcels a request", got="more",
                fix="Send several requests, or the file as a whole (openecp clear).",
            )  # fmt: skip
        found.append(_line(number, text, limits))
    if not found:
        raise Refusal(
            400, "OECP-PARCEL-BODY", "There is no parcel in the body.", where="body",
            expected="one JSON object a line", got="nothing", fix="Send at least one parcel.",
        )  # fmt: skip
    return found


def _line(number: int, text: bytes, limits: CheckLimits | None) -> ReadParcel:
    if len(text) > LINE_MAX:
        return _bad(
            number, "OECP-TOO-LARGE", "", f"at most {LINE_MAX} bytes", f"{len(text)} bytes", "Split the parcel."
        )
    try:
        return _checked(number, _strict.decode(text), limits)
    except msgspec.ValidationError:
        tree = _digits(_loose.decode(text))  # amounts as numbers, flags as words, or a wrong shape
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _bad(number, "OECP-PARCEL-JSON", "", "one JSON object in UTF-8", str(error)[:80], "Correct the text.")
    try:
        return _checked(number, msgspec.convert(tree, Parcel, strict=False), limits)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ReadParcel(line=number, faults=tuple(_face(fault) for fault in every_fault(tree, limits)))


def _digits(tree: Any, depth: int = 0) -> Any:
    if isinstance(tree, dict) and depth < 4:
        return {name: _digits(value, depth + 1) for name, value in tree.items()}
    if isinstance(tree, list) and depth < 4:
        return [_digits(value, depth + 1) for value in tree]
    if isinstance(tree, int) and not isinstance(tree, bool) and abs(tree) < 10**DIGITS_MAX:
        return str(tree)
    return tree


def _bad(number: int, code: str, where: str, expected: str, got: str, fix: str) -> ReadParcel:
    place = _PLACE.match(where)
    item = int(place[1]) + 1 if place and place[1] else 0
    fault = BodyFault(code=code, where=where or "parcel", item=item, expected=expected, got=got, fix=fix)
    return ReadParcel(line=number, faults=(fault,))


def _checked(number: int, parcel: Parcel, limits: CheckLimits | None, more: Sequence[ParcelFault] = ()) -> ReadParcel:
    faults = [*more, *check_parcel(parcel, limits)]
    if faults:
        return ReadParcel(line=number, faults=tuple(_face(fault) for fault in faults))
    return ReadParcel(line=number, parcel=parcel)


def _face(fault: ParcelFault) -> BodyFault:
    where = f"items[{fault.item - 1}].{fault.column}".rstrip(".") if fault.item else fault.column or "parcel"
    return BodyFault(
        code=fault.code, where=where, item=fault.item, expected=fault.expected, got=fault.got, fix=fault.fix
    )


def _declared(body: bytes, media: Any, limits: CheckLimits | None) -> ReadParcel:
    try:
        reading = read(body, media=media)
    except Unreadable as fault:
        return _unreadable(fault)
    parcel, faults = parcel_of_declaration(reading.declaration)
    if reading.faults:
        said = reading.faults[0]
        where = said.pointer or said.json_pointer or f"line {said.line}"
        return _bad(
            1, said.code, where, said.expected or "the form of the data model", said.got or "another", said.fix or ""
        )
    return _checked(1, parcel, limits, faults)


def _unreadable(fault: Unreadable) -> ReadParcel:
    where = fault.json_pointer or (f"line {fault.line}, column {fault.column}" if fault.line is not None else "body")
    return _bad(
        1, fault.code, where, fault.expected or "a message that can be read", shown(fault.got or fault.message),
        fault.fix or "Correct the message.",
    )  # fmt: skip


def _postal(body: bytes, media: str, postal: PostalForms, limits: CheckLimits | None) -> list[ReadParcel]:
    try:
        parcels, faults = postal.read(body, media)
    except Unreadable as fault:
        return [_unreadable(fault)]
    if len(parcels) > LINES_MAX:
        raise Refusal(
            413, "OECP-TOO-LARGE", "There are too many items.", where="body",
            expected=f"at most {LINES_MAX} items a request", got=f"{len(parcels)}", fix="Send several requests.",
        )  # fmt: skip
    by_parcel: dict[int, list[ParcelFault]] = {}
    for number, found in faults:
        by_parcel.setdefault(number, []).append(found)
    return [_checked(number + 1, parcel, limits, by_parcel.get(number, ())) for number, parcel in enumerate(parcels)]
