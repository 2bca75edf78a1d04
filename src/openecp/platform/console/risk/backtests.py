# SPDX-License-Identifier: Apache-2.0
"""Back-tests from the page: over the journal's last days or a file that is sent, watched while they run, and shown.

Limits: one file of at most 500 MB a form, CSV or Parquet, removed once it was read.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.risk import profile_pictures as pictures
from openecp.platform.console.risk.backtest_jobs import FILE_BYTES_MAX, SUFFIXES, BacktestJobs
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.predicate_view import predicate_view
from openecp.platform.console.risk.profile_form import editor_frame
from openecp.platform.console.signin import form_is_ours

SLACK, READ_BYTES, ROOM_LEFT = 100_000, 1_000_000, 500_000_000
DAYS_MAX = 1_000
FAULTS = {
    "form": N_("This page was open too long or was not sent from the console. Please try again."),
    "days": N_("Enter a number of days from 1 to 1,000."),
    "file": N_("Choose a file: Parquet (.parquet) or CSV (.csv)."),
    "empty": N_("The file is empty."),
    "full": N_("There is no room for this file on the server; tell the operator."),
}


def _jobs(kf: RiskFrame) -> BacktestJobs:
    if kf.desk.jobs is None:
        raise NotFoundException
    return kf.desk.jobs


def start_page(kf: RiskFrame, name: str, *, fault: str = "", status_code: int = 200) -> Page:
    """Return the form that asks for a back-test."""
    found = kf.desk.profile(name)
    version = (found[0].waiting or found[0].current) if found is not None else None
    if version is None:
        raise NotFoundException
    return kf.page(
        "backtest_form.html", status_code=status_code, address=kf.href("profiles", name, "backtests"), name=name,
        version=version, fault=FAULTS.get(fault, ""), fault_at=fault,
        jobs=_jobs(kf).jobs(name)[:20], job_status=lambda job: _jobs(kf).status(job.key)[0],
    )  # fmt: skip


@get("/risk/profiles/{name:str}/backtests")
@in_thread
def show_start(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page:
    """The form that asks for a back-test, and those that were asked for."""
    return start_page(editor_frame(request, console, visitor), name)


@post("/risk/profiles/{name:str}/backtests", request_max_body_size=FILE_BYTES_MAX + SLACK)
async def ask(request: AnyRequest, console: AtConsole, visitor: ByVisitor, name: InPath) -> Page | Redirect:
    """Ask for a back-test of the version that waits, else of the one in use."""
    kf = await asyncio.to_thread(editor_frame, request, console, visitor)
    found = await asyncio.to_thread(kf.desk.profile, name)
    version = (found[0].waiting or found[0].current) if found is not None else None
    if version is None:
        raise NotFoundException
    jobs = _jobs(kf)

    async def again(fault: str, status_code: int = 422) -> Page:
        return await asyncio.to_thread(start_page, kf, name, fault=fault, status_code=status_code)

    length = request.headers.get("content-length", "")
    draft = await asyncio.to_thread(jobs.draft)
    if shutil.disk_usage(draft.parent).free < 2 * (int(length) if length.isdigit() else 0) + ROOM_LEFT:
        return await again("full", 507)
    form = await request.form()  # a file is spooled to disk as it comes
    fields = {key: value.strip()[:200] for key, value in form.items() if isinstance(value, str)}
    if not form_is_ours(request, visitor, fields):
        return await again("form", 403)
    told: dict[str, Any] = {"by": kf.principal.actor, "now": kf.console.now_text()}
    if fields.get("source") == "file":
        sent = form.get("file")
        if not isinstance(sent, UploadFile) or not (sent.filename or "").lower().endswith(SUFFIXES):
            return await again("file")
        try:
            if not await asyncio.to_thread(_written, sent, draft):
                return await again("empty")
            key = await asyncio.to_thread(lambda: jobs.ask(version.profile, file=(draft, sent.filename), **told))
        finally:
            draft.unlink(missing_ok=True)
            await sent.close()
    else:
        days = fields.get("days", "")
        if not (days.isascii() and days.isdigit() and len(days) < 5 and 1 <= int(days) <= DAYS_MAX):
            return await again("days")
        key = await asyncio.to_thread(lambda: jobs.ask(version.profile, days=int(days), **told))
    return redirect(kf.href("backtests", key))


def _written(sent: UploadFile, draft: Any) -> int:
    size = 0
    sent.file.seek(0)
    with draft.open("wb") as file:
        while block := sent.file.read(READ_BYTES):
            size += file.write(block)
    return size


@get("/risk/backtests/{key:str}")
@in_thread
def show_backtest(request: AnyRequest, console: AtConsole, visitor: ByVisitor, key: InPath) -> Page | Response[None]:
    """A back-test: how far it is, and what it came to, as pictures and tables."""
    kf = RiskFrame(request, console, visitor)
    jobs = _jobs(kf)
    job = jobs.job(key)
    if job is None:
        raise NotFoundException
    status, progress, outcome = jobs.status(key)
    if request.headers.get("hx-request") and request.query_params.get("seen") == f"{status}-{progress.done}":
        return Response(content=None, status_code=204)
    found = outcome.backtest if outcome is not None else None
    known = kf.desk.profile(job.profile.id)
    on_record = [v for v in (known[0].waiting, known[0].current) if v is not None] if known is not None else []
    fits = next((v for v in on_record if v.profile.digest() == job.profile.digest()), None)
    return kf.page(
        "backtest.html",
        job=job,
        status=status,
        progress=progress,
        outcome=outcome,
        found=found,
        drawn=pictures.backtest(kf, found, "tested") if found is not None else {},
        predicate_of=predicate_view(kf, job.profile.predicate),
        known=known,
        fits=fits,
        attached=fits is not None and fits.backtest == found,
        seq=known[1] if known is not None else 0,
    )
