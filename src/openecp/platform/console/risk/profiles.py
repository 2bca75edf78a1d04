# SPDX-License-Identifier: Apache-2.0
"""Risk profiles: the list with figures of operation, one profile with its versions and back-tests, and who decides.

What is decided is the core's to decide; the pages offer and show. Nobody activates their own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.border.risk.profiles.acts import (
    ActivateProfile,
    AttachBacktest,
    Backtest,
    ProfileAct,
    RetireProfile,
    SuspendProfile,
)
from openecp.border.risk.profiles.statistics import ProfileFigures, Share, below_chance, wilson
from openecp.border.risk.profiles.versions import ProfileState, ProfileVersion, backtest_digest
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Console, InPath, Page, in_thread, redirect
from openecp.platform.console.risk import profile_pictures as pictures
from openecp.platform.console.risk.frame import RiskFrame, reason_fault
from openecp.platform.console.risk.predicate_view import PredicateView, predicate_view
from openecp.platform.console.session import Visitor
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.risk_pages import RiskFollower, WeekFigures, last_weeks, summed

STATES = ("active", "waiting", "suspended", "expired", "retired")
ACTS = ("activate", "suspend", "retire", "attach")
WEEKS_SHOWN = 12


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One profile of the list."""

    state: ProfileState
    version: ProfileVersion
    status: str
    figures: ProfileFigures
    rate: Share | None
    weeks: list[WeekFigures]  # the last four
    below: str  # why it finds less than chance; nothing where it does not


def rows_of(kf: RiskFrame, follower: RiskFollower | None) -> tuple[list[ProfileRow], tuple[int, int]]:
    """Return the profiles with their figures, and the random sample: results, irregular."""
    assert kf.desk.profiles is not None, "looked at before"
    states, today = kf.desk.profiles.states(), kf.console.now().date()
    shown = [(state, version) for state in states if (version := state.current or state.waiting) is not None]
    names = [(state.profile_id, version.number) for state, version in shown]
    weeks: dict[tuple[str, int], list[WeekFigures]] = follower.profile_weeks(names) if follower is not None else {}
    sample_weeks = follower.sample_weeks() if follower is not None else []
    sample = sum(one.results for one in sample_weeks), sum(one.irregular for one in sample_weeks)
    mondays = last_weeks(today, 4)
    rows = []
    for (state, version), name in zip(shown, names, strict=True):
        mine = weeks.get(name, [])
        by_week = {one.week: one for one in mine}
        figures = summed(name, mine)
        rows.append(
            ProfileRow(
                state=state, version=version, status=state.status(today), figures=figures,
                rate=figures.hit_rate() if figures.results else None,
                weeks=[by_week.get(week, WeekFigures(week=week)) for week in mondays],
                below=below_chance(figures, sample_results=sample[0], sample_irregular=sample[1]),
            )
        )  # fmt: skip
    return rows, sample


@get("/risk/profiles")
@in_thread
def show_profiles(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The profiles on record: how they stand and what they find beside the random sample."""
    kf = RiskFrame(request, console, visitor)
    if kf.desk.profiles is None:
        raise NotFoundException
    follower = kf.desk.followed()
    with kf.desk.lock:
        rows, sample = rows_of(kf, follower)
    counts = {state: sum(row.status == state for row in rows) for state in STATES}
    wanted = str(request.query_params.get("status", ""))
    shown = [row for row in rows if row.status == wanted] if wanted in STATES else rows
    order = {state: place for place, state in enumerate(STATES)}
    shown.sort(key=lambda row: (order[row.status], row.version.profile.priority, row.state.profile_id))
    most = max([1, *(week.selections for row in shown for week in row.weeks)])
    return kf.page(
        "profiles.html",
        rows=shown,
        counts=counts,
        status=wanted if wanted in STATES else "",
        states=STATES,
        sample=sample,
        sample_rate=wilson(sample[1], sample[0]) if sample[0] else None,
        follower=follower,
        weeks_picture=lambda row: pictures.weeks(row.weeks, most),
    )


class ProfileForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer filled in about a profile, and what is wrong with it."""

    act: str = ""
    version: int = 0
    backtest: str = ""  # the digest that was looked at
    job: str = ""
    reason: str = ""
    faults: tuple[str, ...] = ()
    error: Reason | None = None  # the core's refusal


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version as the page shows it."""

    version: ProfileVersion
    place: str  # current or waiting
    predicate: PredicateView
    drawn: dict[str, Any]
    digest: str


def version_view(kf: RiskFrame, version: ProfileVersion, place: str) -> VersionView:
    """Return a version with its condition in words and the pictures of its back-test."""
    found = version.backtest
    return VersionView(
        version=version, place=place, predicate=predicate_view(kf, version.profile.predicate),
        drawn=pictures.backtest(kf, found, place) if found else {}, digest=backtest_digest(found) if found else "",
    )  # fmt: skip


def profile_page(
    request: AnyRequest, console: Console, visitor: Visitor, name: str, form: ProfileForm, status_code: int = 200
) -> Page:
    """Return a profile's page."""
    kf = RiskFrame(request, console, visitor)
    found = kf.desk.profile(name)
    if found is None:
        raise NotFoundException
    state, seq, history = found
    today = console.now().date()
    status = state.status(today)
    both = (("waiting", state.waiting), ("current", state.current))
    versions = [version_view(kf, one, place) for place, one in both if one is not None]
    due = state.waiting or (state.current if status == "suspended" else None)  # what may be activated
    follower = kf.desk.followed()
    number = state.current.number if state.current else 0
    with kf.desk.lock:
        weeks = follower.profile_weeks([(name, number)])[name, number] if follower is not None and number else []
        sample = follower.sample_weeks() if follower is not None else []
    figures = summed((name, number), weeks)
    return kf.page(
        "profile.html",
        status_code=status_code,
        address=kf.href("profiles", name),
        state=state,
        status=status,
        versions=versions,
        due=due,
        own=due is not None and due.author == kf.principal.actor,
        history=history,
        seq=seq,
        form=form,
        figures=figures,
        rate=figures.hit_rate() if figures.results else None,
        sample=pictures.total(sample),
        drawn={
            "rate": pictures.against_sample(kf, figures, sample) if figures.results else "",
            "weeks": pictures.rates_by_week(kf, [(name, weeks)], sample, today, WEEKS_SHOWN) if weeks else "",
        },
        weeks=weeks,
        sample_of={one.week: one for one in sample},
        jobs=kf.desk.jobs.jobs(name)[:5] if kf.desk.jobs is not None else [],
        job_status=lambda job: kf.desk.jobs.status(job.key)[0] if kf.desk.jobs is not None else "",
        today=today,
        done=request.method == "GET" and str(request.query_params.get("done", "")) == str(seq) and bool(seq),
    )


@get("/risk/profiles/{name:str}")
@in_thread
def show_profile(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page:
    """One profile."""
    return profile_page(request, console, visitor, name, ProfileForm())


def _form_of(fields: dict[str, str]) -> ProfileForm:
    number = fields.get("version", "")
    return ProfileForm(
        act=fields.get("act", ""),
        version=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0,
        backtest=fields.get("backtest", "")[:64], job=fields.get("job", "")[:16],
        reason=" ".join(fields.get("reason", "").split()),
    )  # fmt: skip


@post("/risk/profiles/{name:str}/acts")
async def act_on_profile(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page | Redirect:
    """Put a back-test beside a version, activate it as a second officer, suspend or retire it."""
    kf = await asyncio.to_thread(RiskFrame, request, console, visitor)
    if not kf.acts:
        raise PermissionDeniedException
    fields = await form_of(request)
    form = _form_of(fields)

    async def again(status_code: int, *faults: str, error: Reason | None = None) -> Page:
        told = msgspec.structs.replace(form, faults=faults, error=error)
        return await asyncio.to_thread(profile_page, request, console, visitor, name, told, status_code)

    if not form_is_ours(request, visitor, fields):
        return await again(403, "form")
    found = await asyncio.to_thread(kf.desk.profile, name)
    if found is None or form.act not in ACTS:
        raise NotFoundException
    if fields.get("expected_seq", "") != str(found[1]):
        return await again(409, "changed")
    wrong = reason_fault(form.reason) if form.act in ("suspend", "retire") else ""
    act = None if wrong else await asyncio.to_thread(_act_of, kf, name, form)
    if act is None:
        return await again(422, wrong or "backtest")
    answer = await submit(kf, act)
    if answer.error is not None:
        return await again(answer.http_status if 400 <= answer.http_status < 500 else 409, error=answer.error)
    after = await asyncio.to_thread(kf.desk.profile, name)
    return redirect(kf.href("profiles", name, done=after[1] if after else None))


def _act_of(kf: RiskFrame, name: str, form: ProfileForm) -> ProfileAct | None:
    match form.act:
        case "activate":
            return ActivateProfile(profile_id=name, version=form.version, backtest=form.backtest)
        case "suspend":
            return SuspendProfile(profile_id=name, reason=form.reason)
        case "retire":
            return RetireProfile(profile_id=name, reason=form.reason)
    found = backtest_of(kf, form.job)
    return AttachBacktest(profile_id=name, backtest=found) if found is not None else None


def backtest_of(kf: RiskFrame, key: str) -> Backtest | None:
    """Return what a back-test that was asked for came to; None where there is none."""
    outcome = kf.desk.jobs.status(key)[2] if kf.desk.jobs is not None and kf.desk.jobs.job(key) else None
    return outcome.backtest if outcome is not None else None


async def submit(kf: RiskFrame, act: ProfileAct) -> Answer:
    """Have the core decide and record a command."""
    return await kf.console.core.submit(ProgrammeCommand(principal=kf.principal, act=act))
