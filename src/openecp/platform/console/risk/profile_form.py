# SPDX-License-Identifier: Apache-2.0
"""The editor of profiles: conditions as rows, the SQL beside them, each fault at its field, and the proposal.

Nothing is stored before it is proposed. Without script each button sends the form; with it the check follows.
"""

from __future__ import annotations

import asyncio

from litestar import get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.border.risk.profiles.acts import ProposeProfile
from openecp.border.risk.profiles.checking import compiled
from openecp.border.risk.profiles.compiled import Criteria
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.profile import RiskProfile
from openecp.kernel.assessment.reasons import Reason
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Console, InPath, Page, in_thread, redirect
from openecp.platform.console.risk.condition_words import GROUP_WORDS, column_words
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.predicate_rows import (
    NUMBER_OPERATORS,
    TEXT_OPERATORS,
    column_groups,
    unit_of,
)
from openecp.platform.console.risk.predicate_view import predicate_view
from openecp.platform.console.risk.profile_draft import (
    LANES,
    ProfileDraft,
    changed,
    checked,
    draft_from,
    draft_of,
    empty_draft,
)
from openecp.platform.console.risk.profiles import submit
from openecp.platform.console.session import Visitor
from openecp.platform.console.signin import form_is_ours, form_of

TRY_DAYS = 90


def editor_frame(request: AnyRequest, console: Console, visitor: Visitor) -> RiskFrame:
    """Return the frame of a reader who may write profiles.

    Raises: NotFoundException, PermissionDeniedException.
    """
    kf = RiskFrame(request, console, visitor)
    if kf.desk.profiles is None:
        raise NotFoundException
    if not kf.acts:
        raise PermissionDeniedException
    return kf


def active_criteria(kf: RiskFrame) -> list[tuple[str, Criteria]]:
    """Return what the profiles that select now cost."""
    assert kf.desk.profiles is not None, "looked at before"
    with kf.desk.lock:
        found = kf.desk.profiles.active()
    return [(version.profile.id, compiled(version.profile.predicate)) for version in found]


def column_options(kf: RiskFrame) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the columns by what they are about, with their words and what they are written in."""
    units = {"money": kf.desk.money.currency, "percent": "%", "kg": "kg"}
    found = []
    for group, names in column_groups():
        options = []
        for name in names:
            unit = units.get(unit_of(name), "")
            options.append((name, column_words(name, kf.language) + (f" ({unit})" if unit else "")))
        found.append((kf.word(GROUP_WORDS, group), options))
    return found


def form_page(
    kf: RiskFrame, draft: ProfileDraft, *, name: str = "", tell: bool = False, refused: Reason | None = None,
    fault: str = "", status_code: int = 200,
) -> Page:  # fmt: skip
    """Return the editor; `tell`: say at each field what is wrong with it."""
    result = checked(draft, kf.money, kf.console.now().date(), active_criteria(kf))
    return kf.page(
        "profile_form.html",
        status_code=status_code,
        address=kf.href("profiles", name, "edit") if name else kf.href("profiles", "new"),
        draft=draft,
        name=name,
        result=result,
        tell=tell,
        refused=refused,
        fault=fault,
        lanes=LANES,
        columns=column_options(kf),
        text_operators=TEXT_OPERATORS,
        number_operators=NUMBER_OPERATORS,
        shown=predicate_view(kf, result.sql) if result.sql and "predicate" not in result.faults else None,
        many=sum(len(group.rows) for group in draft.rows.groups),
    )


def _start(kf: RiskFrame, name: str) -> ProfileDraft:
    """Return the form as it opens: empty, of a back-test that was tried, or of the version on record."""
    key = str(kf.request.query_params.get("of", ""))
    job = kf.desk.jobs.job(key) if kf.desk.jobs is not None and key else None
    if job is not None and (not name or job.profile.id == name):
        return draft_of(job.profile, kf.money)
    if not name:
        return empty_draft(kf.console.now().date())
    found = kf.desk.profile(name)
    version = (found[0].waiting or found[0].current) if found is not None else None
    if version is None or (found is not None and found[0].retired):
        raise NotFoundException
    return draft_of(version.profile, kf.money)


@get("/risk/profiles/new")
@in_thread
def show_new(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The form of a new profile."""
    kf = editor_frame(request, console, visitor)
    return form_page(kf, _start(kf, ""))


@get("/risk/profiles/{name:str}/edit")
@in_thread
def show_edit(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page:
    """The form of a new version of a profile."""
    kf = editor_frame(request, console, visitor)
    return form_page(kf, _start(kf, name), name=name)


@post("/risk/profiles/new")
async def send_new(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Check, change or propose a new profile."""
    return await _sent(request, console, visitor, "")


@post("/risk/profiles/{name:str}/edit")
async def send_edit(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page | Redirect:
    """Check, change or propose a new version."""
    return await _sent(request, console, visitor, name)


async def _sent(request: AnyRequest, console: Console, visitor: Visitor, name: str) -> Page | Redirect:
    kf = await asyncio.to_thread(editor_frame, request, console, visitor)
    if name and await asyncio.to_thread(kf.desk.profile, name) is None:
        raise NotFoundException
    fields = await form_of(request)
    draft, wish = draft_from(fields, name=name), fields.get("do", "")
    if not form_is_ours(request, visitor, fields):
        return await asyncio.to_thread(form_page, kf, draft, name=name, fault="form", status_code=403)
    if wish in ("propose", "try"):
        return await _taken(kf, draft, name, wish)
    after = await asyncio.to_thread(changed, draft, wish, kf.money)
    stuck = "rows" if wish == "to-rows" and after.mode == "sql" else ""
    return await asyncio.to_thread(form_page, kf, after, name=name, tell=wish in ("", "check"), fault=stuck)


async def _taken(kf: RiskFrame, draft: ProfileDraft, name: str, wish: str) -> Page | Redirect:
    result = await asyncio.to_thread(
        lambda: checked(draft, kf.money, kf.console.now().date(), active_criteria(kf))
    )  # fmt: skip
    profile = result.profile
    if profile is None:
        return await asyncio.to_thread(form_page, kf, draft, name=name, tell=True, status_code=422)
    if not name and await asyncio.to_thread(kf.desk.profile, profile.id) is not None:
        return await asyncio.to_thread(form_page, kf, draft, fault="known", status_code=409)
    if wish == "try":
        return await asyncio.to_thread(_tried, kf, draft, name, profile)
    answer = await submit(kf, ProposeProfile(profile=profile))
    if answer.error is not None:
        code = answer.http_status if 400 <= answer.http_status < 500 else 409
        return await asyncio.to_thread(
            form_page, kf, draft, name=name, tell=True, refused=answer.error, status_code=code
        )  # fmt: skip
    after = await asyncio.to_thread(kf.desk.profile, profile.id)
    return redirect(kf.href("profiles", profile.id, done=after[1] if after else None))


def _tried(kf: RiskFrame, draft: ProfileDraft, name: str, profile: RiskProfile) -> Page | Redirect:
    if kf.desk.jobs is None:
        raise NotFoundException
    try:
        key = kf.desk.jobs.ask(profile, by=kf.principal.actor, now=kf.console.now_text(), days=TRY_DAYS)
    except (OSError, ProfileRefused):
        return form_page(kf, draft, name=name, fault="full", status_code=507)
    return redirect(kf.href("backtests", key))
