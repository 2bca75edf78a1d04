# SPDX-License-Identifier: Apache-2.0
"""Gives acts on parcels what deciding asks for: the record, the case, the goods, their new assessment, time and ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from openecp.border.low_value.parcel_acts import decide_parcel_act
from openecp.border.low_value.parcel_commands import ActContext, ActRefused, ParcelAct
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import Idempotency
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided
from openecp.platform.core.parcelview import FoundParcel, ParcelSource, find_parcel
from openecp.platform.core.plain_answers import encode


class AssessesParcels(Protocol):
    """Reads what was declared, and assesses goods as found by the same steps as the door."""

    def declared(self, seq: int, number: int, parcel_id: str, posted_on: str) -> Parcel | None:
        """Return a parcel as declared, without personal data; None where its goods were erased."""

    def assess(self, goods: Parcel, *, jurisdiction: str, on: str) -> Mapping[str, Any]:
        """Return the record of goods on a day of acceptance; the quality of the data holds nothing up."""


class ParcelCasework:
    """Decides acts on parcels with `openecp.border.low_value.parcel_acts`."""

    def __init__(self, source: ParcelSource, assessor: AssessesParcels, *, clock: Callable[[], str] = utc_now) -> None:
        self._source, self._assessor, self._clock = source, assessor, clock
        self._randomness = Randomness()

    def decide(self, command: ParcelAct) -> Decided:
        """Decide one act; one that is refused tells its key, unless its sender may not ask."""
        decided, key = self._decide(command), act_idempotency(command)
        if decided.write is not None:
            write = msgspec.structs.replace(decided.write, answer=encode(decided.answer), idempotency=key)
            return msgspec.structs.replace(decided, write=write)
        return decided if decided.answer.http_status == 403 else msgspec.structs.replace(decided, idempotency=key)

    def _decide(self, command: ParcelAct) -> Decided:
        found = find_parcel(self._source, command.parcel_id, command.posted_on)
        if found is None:
            return Decided(_refusal(_unknown(command)))
        try:
            decision = decide_parcel_act(command, found.case, self._context(command, found))
        except ActRefused as refused:
            return Decided(_refusal(refused))
        answer = Answer(outcome="done", case_id=decision.case.case_id, status=decision.case.status)
        return Decided(answer, decision.write)

    def _context(self, command: ParcelAct, found: FoundParcel) -> ActContext:
        context = ActContext(
            now=self._clock(),
            new_id=self._randomness.uuid7,
            salt=self._randomness.salt,
            on_record=found.on_record,
            last_seq=found.last_seq,
        )
        if command.act == "refund":
            return msgspec.structs.replace(context, entered=self._source.entry_ids(found.on_record.seq))
        if command.act not in ("revise", "release"):
            return context
        record = found.on_record.record
        held = (found.case.decision if found.case is not None else record["decision"]) == "hold"
        if command.act == "release" and not held:
            return context
        declared = self._assessor.declared(
            found.on_record.seq, found.on_record.number, command.parcel_id, command.posted_on
        )
        goods = command.goods if command.act == "revise" else self._as_it_stands(found, declared)
        if goods is None:
            return msgspec.structs.replace(context, declared=declared)
        if declared is not None and command.act == "revise":
            goods = as_found(declared, goods)
        assessed = self._assessor.assess(goods, jurisdiction=found.on_record.jurisdiction, on=record["date"])
        return msgspec.structs.replace(context, declared=declared, assessed=assessed)

    def _as_it_stands(self, found: FoundParcel, declared: Parcel | None) -> Parcel | None:
        """Return the goods as an officer last found them, else as declared."""
        revision = found.case.revision_id if found.case is not None else None
        kept = self._source.document(revision) if revision is not None else None
        if kept is None:
            return declared
        goods = msgspec.json.decode(kept.content, type=Parcel)
        return as_found(declared, goods) if declared is not None else goods


def act_idempotency(command: ParcelAct) -> Idempotency | None:
    """Return the sender's key with the hash of what was asked and by whom; none where no key was given."""
    if command.key is None:
        return None
    asked = {name: getattr(command, name) for name in command.__struct_fields__ if name not in ("principal", "key")}
    digest = hashlib.sha256(encode((command.principal.actor, asked))).digest()
    return Idempotency(organisation=command.principal.organisation, key=f"parcel act {command.key}", body_hash=digest)


def as_found(declared: Parcel, found: Parcel) -> Parcel:
    """Return the goods as found with the header as declared, wherever the officer says nothing else."""
    said = {
        name: value
        for name in Parcel.__struct_fields__
        if name not in ("parcel_id", "posted_on") and (value := getattr(found, name)) != _PLAIN[name]
    }
    return msgspec.structs.replace(declared, **said)


_PLAIN = msgspec.structs.asdict(Parcel(parcel_id="", posted_on=""))


def _refusal(refused: ActRefused) -> Answer:
    error = Reason(
        code=refused.code,
        layer="state",
        rule="parcel",
        message=refused.message,
        json_pointer=refused.where,
        expected=refused.expected,
        got=refused.got,
        fix=refused.fix,
        severity="reject",
    )
    return Answer(outcome="refused", error=error, http_status=refused.status)


def _unknown(command: ParcelAct) -> ActRefused:
    return ActRefused(
        "OECP-PARCEL-UNKNOWN",
        "There is no such parcel.",
        where="parcel_id",
        expected="posting date and identifier of a parcel that was decided",
        got=f"{command.posted_on}/{command.parcel_id}"[:80],
        fix="Correct them, or lodge the parcel first.",
        status=404,
    )
