# SPDX-License-Identifier: Apache-2.0
"""The registry's rules: who may put a model to use, which one selects, and when rules alone select instead."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from openecp.border.risk.models.fault import ModelRefused

ROOM = "risk"
MODEL_STREAM = "risk/model/"
REFUSED_STREAM = "risk/model-refused/"
EVENT_KINDS = (
    "RiskModelRegistered", "RiskModelActivated", "RiskModelRetired", "RiskModelRefused", "RiskTrainingRefused",
    "RiskTrainingFlagged", "RiskModelDriftMeasured",
)  # fmt: skip
Role = Literal["champion", "challenger"]
MODELS_MAX = 1_000


class DriftNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far live traffic had moved from what a model learnt, on a day."""

    day: str
    rows: int
    score_e6: int = 0  # PSI of the score
    alarms: tuple[str, ...] = ()  # columns whose PSI is above what chance explains
    beyond: bool = False  # so far that rules alone select


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it stands in the registry."""

    sha256: str
    card_sha256: str
    signature: str
    author: str
    registered_at: str
    learnt_to: str
    auc_e6: int
    p5_e6: int
    status: Literal["candidate", "champion", "challenger", "retired"] = "candidate"
    by: str = ""  # who activated or retired it
    reason: str = ""
    document: str = ""
    card_document: str = ""
    unknown: tuple[str, ...] = ()  # columns that are not known of a declaration: with any it scores files only
    drift: DriftNote | None = None  # of live traffic, as it was measured last


class ModelDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What an act on the registry makes: an event and the state after it."""

    kind: str
    body: dict[str, Any]
    state: ModelState


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which model selects; without one, rules alone, and why."""

    model: str  # its SHA-256, or nothing
    told: str  # what stands beside a selection


def signature_of(key: bytes, sha256: str, card_sha256: str) -> str:
    """Return the registry's signature of a model and its card: an HMAC with the installation's key."""
    told = f"openecp risk model\n{sha256}\n{card_sha256}\n".encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def check_signature(key: bytes, content: bytes, card: bytes, signature: str, *, where: str) -> str:
    """Return the SHA-256 of a model whose signature, with its card's, is this installation's.

    Raises: ModelRefused.
    """
    sha256, card_sha256 = hashlib.sha256(content).hexdigest(), hashlib.sha256(card).hexdigest()
    if not hmac.compare_digest(signature_of(key, sha256, card_sha256), signature):
        raise ModelRefused(
            "the model is not signed by this installation, or it was changed", where=where,
            expected="a model that was trained here, with the card that was written with it",
            got=f"model {sha256[:16]}, card {card_sha256[:16]}, signature {signature[:16] or 'none'}",
            fix="Train the model here with `openecp risk train`.", code="OECP-MODEL-SIGNATURE",
        )  # fmt: skip
    return sha256


def registered(state: ModelState) -> ModelDecision:
    """Take a model into the registry, where it waits."""
    body = {
        "sha256": state.sha256, "card_sha256": state.card_sha256, "signature": state.signature,
        "learnt_to": state.learnt_to, "auc_e6": state.auc_e6, "p5_e6": state.p5_e6,
    }  # fmt: skip
    return ModelDecision(kind="RiskModelRegistered", body=body, state=state)


def activate(state: ModelState, role: Role, *, actor: str, others: Sequence[ModelState]) -> list[ModelDecision]:
    """Put a model to use as champion or challenger; a champion before it becomes challenger.

    Raises: ModelRefused where its author does so, or it is retired.
    """
    if actor == state.author:
        raise _refused(state, "a second person: nobody activates their own model", actor, "Ask another officer.")
    if state.status == "retired":
        raise _refused(state, "a model that is not retired", "retired", "Train it again.")
    if state.status == role:
        raise _refused(state, f"a model that is not {role} already", state.status, "Nothing is to be done.")
    decisions = []
    for other in others:
        if role == "champion" and other.status == "champion" and other.sha256 != state.sha256:
            body = {"sha256": other.sha256, "role": "challenger", "reason": f"followed by {state.sha256}"}
            after = msgspec.structs.replace(other, status="challenger", by=actor)
            decisions.append(ModelDecision(kind="RiskModelActivated", body=body, state=after))
    after = msgspec.structs.replace(state, status=role, by=actor, reason="")
    body = {"sha256": state.sha256, "role": role, "reason": ""}
    return [*decisions, ModelDecision(kind="RiskModelActivated", body=body, state=after)]


def retire(state: ModelState, *, actor: str, reason: str) -> ModelDecision:
    """Take a model out of use for good; where it was champion, rules alone select.

    Raises: ModelRefused.
    """
    if state.status == "retired":
        raise _refused(state, "a model in use or waiting", "retired already", "Nothing is to be done.")
    if not 3 <= len(reason.strip()) <= 400:
        raise _refused(state, "a reason of 3 to 400 characters", f"{len(reason)} characters", "Say why.")
    after = msgspec.structs.replace(state, status="retired", by=actor, reason=reason.strip())
    return ModelDecision(kind="RiskModelRetired", body={"sha256": state.sha256, "reason": reason.strip()}, state=after)


def measured(state: ModelState, note: DriftNote) -> ModelDecision:
    """Record how far live traffic has moved from what a model learnt."""
    body = {"sha256": state.sha256, "drift": msgspec.to_builtins(note)}
    return ModelDecision(kind="RiskModelDriftMeasured", body=body, state=msgspec.structs.replace(state, drift=note))


def choose(states: Sequence[ModelState], *, today: date, days_max: int = 400) -> Choice:
    """Return the champion, or that rules alone select: there is none, or what it knows is too old."""
    champion = next((state for state in states if state.status == "champion"), None)
    if champion is None:
        return Choice(model="", told="rules alone: no model is champion")
    age = (today - date.fromisoformat(champion.learnt_to)).days
    if age > days_max:
        told = (
            f"rules alone: the champion learnt to {champion.learnt_to}, {age} days ago, at most {days_max} are allowed"
        )
        return Choice(model="", told=told)
    note = champion.drift
    if note is not None and note.beyond:
        told = (
            f"rules alone: on {note.day} the champion's scores had drifted (PSI {note.score_e6 / 1e6:.2f} over "
            f"{note.rows} rows)"
        )
        return Choice(model="", told=told)
    return Choice(model=champion.sha256, told=f"model {champion.sha256[:16]}, learnt to {champion.learnt_to}")


def without_scores(choice: Choice, missing: int, rows: int) -> Choice:
    """Return the choice for rows of which some have no score: where any is missing, rules alone select among those."""
    if not missing or not choice.model:
        return choice
    told = f"{choice.told}; rules alone for {missing} of {rows} rows, whose scores are missing"
    return Choice(model=choice.model if missing < rows else "", told=told)


def _refused(state: ModelState, expected: str, got: str, fix: str) -> ModelRefused:
    return ModelRefused(
        "this cannot be done with the model", where=f"model {state.sha256[:16]}", expected=expected, got=got, fix=fix,
        code="OECP-MODEL-ACT",
    )  # fmt: skip
