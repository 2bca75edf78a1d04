# SPDX-License-Identifier: Apache-2.0
"""The parcels' door over HTTP: lodge one or a thousand, read what was decided and why, prove it, act on it.

A parcel of another organisation is not found (404) for a trader: its existence is nobody else's business.
Limits: 1,000 parcels and max_body_bytes a request.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import msgspec

from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.parcel_case import Charge
from openecp.border.low_value.parcel_commands import ActKind, ParcelAct
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.platform.api.http import (
    TITLES,
    Call,
    Problem,
    Refusal,
    Reply,
    json_reply,
    problem_of_reason,
    problem_reply,
)
from openecp.platform.api.lodging import key_of
from openecp.platform.api.parcel_bodies import LINES, BodyFault, PostalForms, ReadParcel, read_parcels
from openecp.platform.api.parcel_faces import (
    ParcelDecision,
    ParcelReceipt,
    decision_face,
    faulty_face,
    refused_face,
)
from openecp.platform.core.client import CoreClient
from openecp.platform.core.parcel_model import LodgeParcels, ParcelOutcome, ParcelsAnswer
from openecp.platform.core.parcelview import (
    FoundParcel,
    ParcelEvent,
    ParcelSource,
    acts_for,
    find_parcel,
    history_of,
)
from openecp.platform.core.permissions import may_read

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_NDJSON = "application/x-ndjson"
SLASH = "\u2044"  # stands for a slash inside one part of a path; no identifier holds it, they are ASCII
_encode = msgspec.json.Encoder().encode


class ParcelView(msgspec.Struct, kw_only=True):
    """A decided parcel: the decision with the trace of every amount, where it stands now, and what happened since."""

    parcel_id: str
    posted_on: str
    jurisdiction: str
    organisation: str
    decided_at: str
    status: str
    record: dict[str, Any]
    decision: ParcelDecision
    charges: tuple[Charge, ...] | None  # as they stand now; null: as decided
    last_seq: int
    acts: tuple[str, ...]
    history: list[ParcelEvent]


class ParcelActBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An act on a parcel; which of the fields it needs docs/parcels.md says."""

    act: ActKind
    reason: str = ""
    text: str = ""
    result: str | None = None
    on: str | None = None
    declaration: str | None = None
    goods: Parcel | None = None
    item: int | None = None
    expected_seq: int | None = None


class ParcelActDone(msgspec.Struct, kw_only=True):
    """Where the parcel stands after an act."""

    outcome: str
    case_id: str | None
    status: str | None
    first_seq: int
    last_seq: int


_act = msgspec.json.Decoder(ParcelActBody)


class Parcels:
    """Answers what is asked about parcels; reads through its own threads."""

    def __init__(
        self,
        core: CoreClient,
        source: ParcelSource,
        *,
        files: Mapping[str, Jurisdiction],
        jurisdiction: str = "",
        postal: PostalForms | None = None,
    ) -> None:
        """Take the regimes by jurisdiction (for words), and the profile's own jurisdiction where nobody names one."""
        self._core, self._source = core, source
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="parcel")
        self._files, self._jurisdiction, self._postal = files, jurisdiction, postal

    def answerers(self) -> dict[str, Any]:
        """Return the routes' answers by name."""
        return {
            "parcels": self.lodge,
            "parcel": self.show,
            "parcel_receipt": self.receipt,
            "parcel_act": self.act,
        }

    # -- lodging --------------------------------------------------------------------------------------------------

    async def lodge(self, call: Call) -> Reply:
        """Lodge what a body holds, and answer after the commit."""
        content_type = call.headers.get("content-type")
        jurisdiction = self._wanted(call.query.get("jurisdiction"))
        key = key_of(call.headers.get("idempotency-key"))
        read = read_parcels(call.body, content_type, self._postal)
        good = tuple(one.parcel for one in read if one.parcel is not None)
        answer = ParcelsAnswer()
        if good:
            answer = await self._core.send_parcels(
                LodgeParcels(
                    principal=call.who,
                    jurisdiction=jurisdiction,
                    parcels=good,
                    key=key,
                    body_hash=_body_hash(call.body, jurisdiction),
                )
            )
        if answer.fault is not None:
            fault = answer.fault
            raise Refusal(
                fault.status, fault.code, fault.message, where=fault.where, expected=fault.expected, got=fault.got,
                fix=fault.fix,
            )  # fmt: skip
        many = (content_type or "").partition(";")[0].strip().lower() in LINES or len(read) > 1
        outcomes = iter(answer.items)
        faces = [
            faulty_face(one, many=many)
            if one.parcel is None
            else self._face(next(outcomes), one, jurisdiction, many=many)
            for one in read
        ]
        if many:
            return Reply(200, b"".join(_encode(face) + b"\n" for face in faces), _NDJSON)
        return _single(faces[0])

    def _wanted(self, given: str | None) -> str:
        name = (given or self._jurisdiction).upper()
        if name not in self._files:
            raise Refusal(
                400, "OECP-JURISDICTION", "No regime of this jurisdiction is known.", where="?jurisdiction",
                expected="one of " + ", ".join(sorted(self._files)), got=(given or "none")[:40],
                fix="Name one of these in the query, as ?jurisdiction=EU.",
            )  # fmt: skip
        return name

    def _face(self, outcome: ParcelOutcome, one: ReadParcel, jurisdiction: str, *, many: bool) -> ParcelDecision:
        assert one.parcel is not None
        line = one.line if many else 0
        parcel_id, posted_on = one.parcel.parcel_id, one.parcel.posted_on
        if outcome.elsewhere:
            return refused_face(
                one, line, 409, "OECP-PARCEL-DECIDED-BY-POST", "parcel_id", "an item that has no decision yet",
                outcome.elsewhere, "Ask for its decision, or have it changed, as a postal item (/post/items).",
            )  # fmt: skip
        if outcome.outcome == "conflict":
            return refused_face(
                one, line, 409, "OECP-PARCEL-KNOWN", "parcel_id", "a parcel not decided before, or the same goods",
                f"other goods than event {outcome.seq} decided on",
                "Have the goods revised by an officer, or correct identifier and posting date.",
            )  # fmt: skip
        if outcome.outcome == "refused":
            return refused_face(
                one, line, 422, "OECP-UNPROCESSABLE", "parcel", "a parcel that the rules can be applied to",
                f"an internal fault, incident {outcome.incident}",
                "Give the incident number to the operator, whose log says more.",
            )  # fmt: skip
        record = _decode(outcome.record)
        status = 201 if outcome.outcome == "decided" else 200
        return decision_face(
            record, self._files.get(jurisdiction), outcome=outcome.outcome, http_status=status, line=line,
            receipt=ParcelReceipt(
                seq=outcome.seq, number=outcome.number, href=receipt_path(parcel_id, posted_on)
            ),
        )  # fmt: skip

    # -- reading --------------------------------------------------------------------------------------------------

    async def show(self, call: Call) -> Reply:
        """Show a parcel: record, trace, history."""
        view = await self._read(self._view, call)
        return json_reply(view)

    def _view(self, call: Call) -> ParcelView:
        found, who = self._found(call), call.who
        record = dict(found.on_record.record)
        return ParcelView(
            parcel_id=record["id"],
            posted_on=record["posted"],
            jurisdiction=found.on_record.jurisdiction,
            organisation=found.on_record.organisation,
            decided_at=found.decided_at,
            status=found.status,
            record=record,
            decision=decision_face(
                record, self._files.get(found.on_record.jurisdiction), outcome="decided", http_status=200,
                receipt=ParcelReceipt(
                    seq=found.on_record.seq, number=found.on_record.number,
                    href=receipt_path(record["id"], record["posted"]),
                ),
            ),
            charges=found.case.charges if found.case is not None else None,
            last_seq=found.last_seq,
            acts=acts_for(who, found),
            history=history_of(self._source, found, who.audience),
        )  # fmt: skip

    async def receipt(self, call: Call) -> Reply:
        """Show the receipt of a parcel's decision: record, path to its batch, signed checkpoint."""

        def proof(asked: Call) -> dict[str, object]:
            found = self._found(asked)
            record = found.on_record.record
            given = self._source.parcel_receipt(record["id"], record["posted"])
            if given is None:
                raise _not_found(asked)
            return given

        return json_reply(await self._read(proof, call))

    async def _read(self, question: Any, call: Call) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, question, call)

    def _found(self, call: Call) -> FoundParcel:
        """Return the parcel that the path names.

        Raises: Refusal 404, the same for one that is not there and one that is none of the reader's business.
        """
        parcel_id, posted_on = call.parameters["parcel_id"].replace(SLASH, "/"), call.parameters["posted_on"]
        found = None
        if not check_parcel_key(parcel_id, posted_on):
            found = find_parcel(self._source, parcel_id, posted_on)
        if found is None or not may_read(call.who, found.on_record.organisation):
            raise _not_found(call)
        return found

    # -- acts -----------------------------------------------------------------------------------------------------

    async def act(self, call: Call) -> Reply:
        """Record an act on a parcel."""
        try:
            asked = _act.decode(call.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(
                400, "OECP-PARCEL-ACT", "The act cannot be read.", where="body",
                expected="a JSON object with act, and the fields that the act needs", got=str(error)[:200],
                fix="Correct the field; docs/parcels.md lists the acts.",
            ) from None  # fmt: skip
        _check_goods(asked.goods)
        found: FoundParcel = await self._read(self._found, call)
        record = found.on_record.record
        answer = await self._core.submit(
            ParcelAct(
                principal=call.who, parcel_id=record["id"], posted_on=record["posted"], act=asked.act,
                reason=asked.reason, text=asked.text, result=asked.result, on=asked.on,  # type: ignore[arg-type]
                declaration=asked.declaration, goods=asked.goods, item=asked.item, expected_seq=asked.expected_seq,
                key=key_of(call.headers.get("idempotency-key")),
            )
        )  # fmt: skip
        if answer.error is not None:
            problem = problem_of_reason(answer.error, answer.http_status if answer.http_status != 200 else 409)
            problem.case_id = answer.case_id
            return problem_reply(problem)
        return json_reply(
            ParcelActDone(
                outcome=answer.outcome, case_id=answer.case_id, status=answer.status, first_seq=answer.first_seq,
                last_seq=answer.last_seq,
            )
        )  # fmt: skip


def receipt_path(parcel_id: str, posted_on: str) -> str:
    """Return the path of a parcel's receipt; what may not stand in a path is escaped, a slash as `%2F`."""
    name = parcel_id if parcel_id.isascii() and parcel_id.isalnum() else quote(parcel_id, safe="")
    return f"/parcels/{posted_on}/{name}/receipt"


def check_parcel_key(parcel_id: str, posted_on: str) -> bool:
    """Tell whether a path's parcel is no parcel at all, so that the store need not be asked."""
    probe = Parcel(parcel_id=parcel_id, posted_on=posted_on)
    return any(fault.column in ("parcel_id", "posted_on") for fault in check_parcel(probe))


def _check_goods(goods: Parcel | None) -> None:
    faults = check_parcel(goods) if goods is not None else []
    if faults:
        first = faults[0]
        place = f"goods.items[{first.item - 1}].{first.column}" if first.item else f"goods.{first.column}"
        raise Refusal(
            422, first.code, "The goods as found cannot be used.", where=place, expected=first.expected, got=first.got,
            fix=first.fix,
        )  # fmt: skip


def _body_hash(body: bytes, jurisdiction: str) -> bytes:
    return hashlib.sha256(jurisdiction.encode() + b"\n" + body).digest()


def _single(face: ParcelDecision) -> Reply:
    if not face.errors:
        return json_reply(face, face.http_status)
    first = face.errors[0]
    details = {409: "The parcel was decided before.", 413: "The message is too large."}
    problem = Problem(
        title=TITLES[face.http_status], status=face.http_status, code=first.code,
        detail=details.get(face.http_status, "The parcel cannot be used."), where=first.where,
        expected=first.expected, got=first.got, fix=first.fix, errors=_errors(face.errors),
    )  # fmt: skip
    return problem_reply(problem)


def _errors(faults: Sequence[BodyFault]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(fault) for fault in faults]


def _not_found(call: Call) -> Refusal:
    return Refusal(
        404, "OECP-PARCEL-UNKNOWN", "There is no such parcel, or it is none of yours.", where="path",
        expected="posting date and identifier of a parcel that was decided",
        got=f"{call.parameters['posted_on']}/{call.parameters['parcel_id'].replace(SLASH, '/')}"[:80],
        fix="Correct them, or lodge the parcel first.",
    )  # fmt: skip
