# SPDX-License-Identifier: Apache-2.0
"""Risk models: the registry with what selects today, a model's card, and who puts it to use or retires it."""

from __future__ import annotations

import asyncio

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.registry import Choice, ModelState
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Console, InPath, Page, in_thread, redirect
from openecp.platform.console.risk import pictures
from openecp.platform.console.risk.frame import RiskFrame, reason_fault
from openecp.platform.console.session import Visitor
from openecp.platform.console.signin import form_is_ours, form_of

LEARNT_DAYS_MAX = 400  # as the registry has it
ACTS = ("champion", "challenger", "retire")


@get("/risk/models")
@in_thread
def show_models(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The models on record, and what selects today."""
    kf = RiskFrame(request, console, visitor)
    found, choice = kf.desk.registry()
    return kf.page(
        "models.html",
        models=found,
        choice=choice,
        standing={one.sha256: standing(one, choice) for one in found},
        champion=next((one for one in found if one.status == "champion"), None),
        days=LEARNT_DAYS_MAX,
    )


def standing(state: ModelState, choice: Choice) -> str:
    """Return how a model stands; a champion that learnt too long ago to select is stale."""
    return "stale" if state.status == "champion" and choice.model != state.sha256 else state.status


class ModelForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer filled in about a model, and what is wrong with it."""

    act: str = ""
    reason: str = ""
    faults: tuple[str, ...] = ()
    refused: str = ""


def model_page(
    request: AnyRequest, console: Console, visitor: Visitor, sha256: str, form: ModelForm, status_code: int = 200
) -> Page:
    """Return a model's page."""
    kf = RiskFrame(request, console, visitor)
    found = kf.desk.model(sha256)
    if found is None:
        raise NotFoundException
    state, card, history = found
    own = state.author == kf.principal.actor
    possible = [act for act in ACTS[:2] if not own and state.status not in ("retired", act) and card is not None]
    if state.status != "retired":
        possible.append("retire")
    drawn = {}
    if card is not None:
        drawn = {
            "calibration": pictures.calibration(kf, card) if card.reliability else "",
            "precision": pictures.precision(kf, card),
            "drift": pictures.drift(kf, card) if card.drift else "",
            "features": pictures.features(kf, card) if card.features else "",
        }
    return kf.page(
        "model.html",
        status_code=status_code,
        address=kf.href("models", sha256),
        state=state,
        card=card,
        history=history,
        standing=standing(state, kf.desk.registry()[1]),
        days=LEARNT_DAYS_MAX,
        drawn=drawn,
        alarms=sum(one.alarm for one in card.drift) if card is not None else 0,
        features=list(card.features.items())[: pictures.FEATURES_SHOWN] if card is not None else [],
        form=form,
        own=own,
        possible=possible if kf.acts else [],
        seq=history[-1].seq if history else 0,
        done=request.method == "GET" and bool(history) and request.query_params.get("done") == str(history[-1].seq),
    )


@get("/risk/models/{sha256:str}")
@in_thread
def show_model(request: AnyRequest, console: AtConsole, visitor: ByVisitor, sha256: InPath) -> Page:
    """One model with its card."""
    return model_page(request, console, visitor, sha256, ModelForm())


@post("/risk/models/{sha256:str}/acts")
async def act_on_model(request: AnyRequest, console: AtConsole, visitor: ByVisitor, sha256: InPath) -> Page | Redirect:
    """Put a model to use, or retire it."""
    kf = await asyncio.to_thread(RiskFrame, request, console, visitor)
    if not kf.acts:
        raise PermissionDeniedException
    fields = await form_of(request)
    form = ModelForm(act=fields.get("act", ""), reason=" ".join(fields.get("reason", "").split()))
    if not form_is_ours(request, visitor, fields):
        wrong = msgspec.structs.replace(form, faults=("form",))
        return await asyncio.to_thread(model_page, request, console, visitor, sha256, wrong, 403)
    return await asyncio.to_thread(_decide, kf, sha256, form, fields.get("expected_seq", ""))


def _decide(kf: RiskFrame, sha256: str, form: ModelForm, expected: str) -> Page | Redirect:
    def again(status_code: int, *faults: str, refused: str = "") -> Page:
        told = msgspec.structs.replace(form, faults=faults, refused=refused)
        return model_page(kf.request, kf.console, kf.visitor, sha256, told, status_code)

    with kf.desk.lock:
        found = kf.desk.model(sha256)
        if found is None or form.act not in ACTS:
            raise NotFoundException
        state, _, history = found
        if expected != str(history[-1].seq if history else 0):
            return again(409, "changed")
        if form.act != "retire" and state.author == kf.principal.actor:
            return again(403, "own_model")
        wrong = reason_fault(form.reason) if form.act == "retire" else ""
        if wrong:
            return again(422, wrong)
        try:
            if form.act == "retire":
                kf.desk.models.retire(sha256, actor=kf.principal.actor, reason=form.reason)
            else:
                role = "champion" if form.act == "champion" else "challenger"
                kf.desk.models.activate(sha256, role, actor=kf.principal.actor)  # type: ignore[arg-type]
        except ModelRefused as refused:
            return again(409, refused=f"{refused.message}: expected {refused.expected}, got {refused.got}. "
                                      f"{refused.fix}")  # fmt: skip
        after = kf.desk.model(sha256)
    return redirect(kf.href("models", sha256, done=after[2][-1].seq if after else None))
