# SPDX-License-Identifier: Apache-2.0
"""The registry of risk models in the store: models and cards as documents, acts and refusals as events.

Limits: 1,000 models; a model is read from the store only where its hash and signature are right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.registry import (
    MODEL_STREAM,
    MODELS_MAX,
    REFUSED_STREAM,
    ROOM,
    Choice,
    DriftNote,
    ModelDecision,
    ModelState,
    Role,
    activate,
    check_signature,
    choose,
    measured,
    registered,
    retire,
)
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Face, NewEvent, StoredDocument, Written
from openecp.platform.core.ids import Randomness

if TYPE_CHECKING:
    from openecp.border.risk.models.model import RiskModel

CARD_BYTES_MAX = 4 << 20
_state = msgspec.json.Decoder(ModelState).decode


class ModelStore(Protocol):
    """The part of the store that the registry needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class ModelDesk:
    """Models in the store. One thread at a time."""

    def __init__(self, store: ModelStore, key: bytes, *, clock: Callable[[], str] = utc_now) -> None:
        """Take the store, the key that signs models, and the clock."""
        self._store, self._key, self._clock = store, key, clock
        self._randomness = Randomness()

    def models(self) -> list[ModelState]:
        """Return the models on record, the newest first."""
        found = [_state(face.face) for face in self._store.faces(room=ROOM, prefix=MODEL_STREAM)]
        return sorted(found, key=lambda state: state.registered_at, reverse=True)

    def choice(self, *, days_max: int = 400) -> Choice:
        """Return which model selects today, or why rules alone do."""
        return choose(self.models(), today=date.fromisoformat(self._clock()[:10]), days_max=days_max)

    def state(self, name: str) -> ModelState:
        """Return a model by its SHA-256 or the beginning of it.

        Raises: ModelRefused.
        """
        found = [state for state in self.models() if len(name) >= 6 and state.sha256.startswith(name)]
        if len(found) != 1:
            raise ModelRefused(
                "no such model is on record", where="model", expected="the SHA-256 of one, or six digits of it or more",
                got=name[:70], fix="`openecp risk models list` shows them.",
            )  # fmt: skip
        return found[0]

    def add(self, content: bytes, card: bytes, signature: str, *, actor: str, where: str) -> ModelState:
        """Take a model that was trained here into the registry; anything else is refused, and that is on record.

        Raises: ModelRefused.
        """
        from openecp.border.risk.models.card import ModelCard
        from openecp.border.risk.models.live import unknown_columns
        from openecp.border.risk.models.model import FILE_BYTES_MAX, read_model

        try:
            if len(content) > FILE_BYTES_MAX or len(card) > CARD_BYTES_MAX:
                raise ModelRefused(
                    "the file is too large", where=where, expected=f"at most {FILE_BYTES_MAX} bytes",
                    got=str(max(len(content), len(card))), fix="Train it here.", code="OECP-MODEL-FOREIGN",
                )  # fmt: skip
            sha256 = check_signature(self._key, content, card, signature, where=where)
            model = read_model(content, where=where)
        except ModelRefused as refused:
            self.refuse(refused, actor=actor)
            raise
        told = msgspec.json.decode(card, type=ModelCard)
        known = next((state for state in self.models() if state.sha256 == sha256), None)
        if known is not None:
            return known
        if len(self.models()) >= MODELS_MAX:
            raise ModelRefused("the registry is full", where="models", expected=f"at most {MODELS_MAX}", got="one more",
                               fix="Keep fewer.")  # fmt: skip
        documents = [self._document("risk_model", content), self._document("risk_model_card", card)]
        p5 = next(at.precision.value for at in told.knobs[0].shares if at.share == 0.05)
        state = ModelState(
            sha256=sha256, card_sha256=hashlib.sha256(card).hexdigest(), signature=signature, author=actor,
            registered_at=self._clock(), learnt_to=model.file.learnt_to, auc_e6=round(told.auc.value * 1e6),
            p5_e6=round(p5 * 1e6), document=documents[0].document_id, card_document=documents[1].document_id,
            unknown=unknown_columns(model.file)[:20],
        )  # fmt: skip
        self._record([registered(state)], actor, documents)
        return state

    def activate(self, name: str, role: Role, *, actor: str) -> ModelState:
        """Put a model to use; its bytes and signature are looked at again.

        Raises: ModelRefused.
        """
        state = self.state(name)
        self.read(state)
        decisions = activate(state, role, actor=actor, others=self.models())
        self._record(decisions, actor, [])
        return decisions[-1].state

    def drifted(self, sha256: str, note: DriftNote) -> ModelState:
        """Put on record how far live traffic has moved from what a model learnt.

        Raises: ModelRefused.
        """
        decision = measured(self.state(sha256), note)
        self._record([decision], "customs", [])
        return decision.state

    def flag(self, flags: Sequence[str], *, actor: str, where: str) -> None:
        """Put on record what is suspect in rows that a model was trained on all the same."""
        name = REFUSED_STREAM + self._randomness.uuid7()
        body = {
            "where": where[:200],
            "flags": [_clean(flag)[:300] for flag in flags[:20]],
            "more": max(0, len(flags) - 20),
        }
        event = NewEvent(kind="RiskTrainingFlagged", occurred_at=self._clock(), actor=actor, body=body)
        state = canonical({"message": "flagged"})
        self._write([CaseWrite(row=self._row(name, "flagged", 1, state, event), expected_seq=0, events=(event,))])

    def retire(self, name: str, *, actor: str, reason: str) -> ModelState:
        """Take a model out of use.

        Raises: ModelRefused.
        """
        decision = retire(self.state(name), actor=actor, reason=reason)
        self._record([decision], actor, [])
        return decision.state

    def read(self, state: ModelState) -> RiskModel:
        """Return a model of the registry.

        Raises: ModelRefused where it was erased, or is not what was signed.
        """
        from openecp.border.risk.models.model import read_model

        where = f"model {state.sha256[:16]} of the registry"
        content, card = self._store.document(state.document), self._store.document(state.card_document)
        if content is None or card is None:
            raise ModelRefused("the model is no longer kept", where=where, expected="its file and card", got="nothing",
                               fix="Train it again.")  # fmt: skip
        check_signature(self._key, content.content, card.content, state.signature, where=where)
        return read_model(content.content, where=where)

    def card(self, state: ModelState) -> bytes:
        """Return the card of a model, as JSON.

        Raises: ModelRefused.
        """
        found = self._store.document(state.card_document)
        if found is None:
            raise ModelRefused("the card is no longer kept", where="card", expected="a card", got="nothing",
                               fix="Train the model again.")  # fmt: skip
        return found.content

    def refuse(self, refused: ModelRefused, *, actor: str, kind: str = "RiskModelRefused") -> None:
        """Put on record that a model file or training file was refused, and why."""
        body = {
            "code": refused.code, "message": refused.message[:400], "where": refused.where[:200],
            "expected": refused.expected[:200], "got": refused.got[:200],
        }  # fmt: skip
        name = REFUSED_STREAM + self._randomness.uuid7()
        state = canonical({"message": refused.message[:400]})
        event = NewEvent(kind=kind, occurred_at=self._clock(), actor=actor, body=_plain(body))
        self._write([CaseWrite(row=self._row(name, "refused", 1, state, event), expected_seq=0, events=(event,))])

    def _record(self, decisions: list[ModelDecision], actor: str, documents: list[StoredDocument]) -> None:
        writes = []
        group = self._randomness.uuid7() if len(decisions) > 1 else None
        for decision in decisions:
            name = MODEL_STREAM + decision.state.sha256
            case = self._store.case(name)
            told = canonical(msgspec.to_builtins(decision.state))
            body = decision.body
            if documents:
                body = body | {
                    "documents": [{"id": d.document_id, "sha256": salted_digest(d.salt, d.content)} for d in documents]
                }
            event = NewEvent(kind=decision.kind, occurred_at=self._clock(), actor=actor, body=body)
            row = self._row(name, decision.state.status, case[0].version + 1 if case else 1, told, event)
            writes.append(
                CaseWrite(
                    row=row,
                    expected_seq=case[1] if case else 0,
                    events=(event,),
                    documents=tuple(documents),
                    face=told,
                    group=group,
                )
            )
        self._write(writes)

    def _write(self, writes: list[CaseWrite]) -> None:
        for written in self._store.write(writes):
            if written.outcome != "recorded":
                raise ModelRefused(
                    "the journal did not take it", where="journal", expected="a write that is recorded",
                    got=written.error or written.outcome, fix="Try again; another may have been quicker.",
                )  # fmt: skip

    def _row(self, name: str, status: str, version: int, state: bytes, event: NewEvent) -> CaseRow:
        return CaseRow(
            case_id=name, organisation="customs", lrn=name, mrn=None, status=status, channel=None, office=None,
            movement=None, version=version, state=state, updated_at=event.occurred_at, room=ROOM,
        )  # fmt: skip

    def _document(self, kind: str, content: bytes) -> StoredDocument:
        return StoredDocument(
            document_id=self._randomness.uuid7(), kind=kind, media_type="application/json", content=content,
            salt=self._randomness.salt(),
        )  # fmt: skip


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """Return texts without what no journal takes: lone surrogates and NUL."""
    return {name: _clean(str(text)) for name, text in body.items()}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
