# SPDX-License-Identifier: Apache-2.0
"""The console: pages for officers and traders under /console, over the same commands and queries as the API."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from openecp.kernel.journal.queries import Queries
from openecp.kernel.parties.model import Register
from openecp.kernel.profile.profile import Profile
from openecp.platform.console import cases, officer_acts, signin, worklist
from openecp.platform.console.assets import Asset
from openecp.platform.console.pages import (
    HEADERS,
    AnyRequest,
    AtConsole,
    Console,
    ConsoleSettings,
    InPath,
    SignInNeededError,
    Submits,
    provide_visitor,
    redirect,
    visitor_of,
)
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.parcels.routes import parcel_routes
from openecp.platform.console.plans.desk import PlanDesk
from openecp.platform.console.plans.routes import plan_routes
from openecp.platform.console.records.routes import record_routes
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.console.risk.routes import risk_routes
from openecp.platform.console.session import Visitor, new_visit
from openecp.platform.console.times.desk import TimesDesk
from openecp.platform.console.times.routes import times_routes
from openecp.platform.core.recordbook import RecordBook

FORM_BYTES_MAX = 64_000
STATIC_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
log = logging.getLogger(__name__)


def console_routes(
    queries: Queries,
    core: Submits,
    register: Register,
    settings: ConsoleSettings,
    *,
    profile: Profile | None = None,
    desk: PlanDesk | None = None,
    book: RecordBook | None = None,
    parcels: ParcelDesk | None = None,
    times: TimesDesk | None = None,
    risk: RiskDesk | None = None,
    **clocks: Any,
) -> list[ControllerRouterHandler]:
    """Return the console's routes, all under /console.

    `profile` gives offices and taxes their names; `desk` brings the pages of action plans, `book` those
    of records, `parcels` those of low-value regimes and parcels, `times` those of release times, `risk` the risk desk.
    """
    console = Console(
        queries,
        core,
        register,
        settings,
        profile=profile,
        desk=desk,
        book=book,
        parcels=parcels,
        times=times,
        risk=risk,
        **clocks,
    )
    return [
        Router(
            path="/console",
            route_handlers=[
                signin.show_sign_in,
                signin.sign_in,
                signin.sign_out,
                worklist.show_work_list,
                worklist.find,
                worklist.work_list_csv,
                cases.show_case,
                cases.show_changes,
                cases.show_declared,
                cases.show_message,
                cases.message_file,
                cases.show_notifications,
                cases.show_receipt,
                cases.receipt_file,
                officer_acts.do_act,
                *(plan_routes() if desk is not None else ()),
                *(record_routes() if book is not None else ()),
                *(parcel_routes() if parcels is not None else ()),
                *(times_routes() if times is not None else ()),
                *(risk_routes() if risk is not None else ()),
                static_file,
                nothing_here,
            ],
            dependencies={
                "console": Provide(lambda: console, sync_to_thread=False),
                "visitor": Provide(provide_visitor),
            },
            exception_handlers=_fault_handlers(console),
            request_max_body_size=FORM_BYTES_MAX,
            include_in_schema=False,
        )
    ]


@get("/static/{version:str}/{name:path}", sync_to_thread=False)
def static_file(request: AnyRequest, console: AtConsole, version: InPath, name: InPath) -> Response[bytes]:
    """A stylesheet, script or font, under a name that changes when it does."""
    asset: Asset | None = console.assets.find(version, name.lstrip("/"))
    if asset is None:
        raise NotFoundException
    headers = dict(STATIC_HEADERS)
    content = asset.content
    if asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = asset.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(content=content, media_type=asset.media_type, headers=headers)


@get("/{rest:path}", sync_to_thread=False)
def nothing_here(rest: InPath) -> Response[str]:
    """Any other address under /console."""
    raise NotFoundException


def _visitor(request: AnyRequest, console: Console) -> Visitor:
    """The visitor as the handler knew him; where it never came so far, from the cookies."""
    known = request.scope["state"].get("console_visitor")
    if isinstance(known, Visitor):
        return known
    try:
        return visitor_of(request, console)
    except Exception:  # the store is away: the page that says so needs no name
        return Visitor(principal=None, language="en", secret=new_visit())


def _fault_handlers(console: Console) -> ExceptionHandlersMap:
    """One table from faults to pages."""

    def problem(request: AnyRequest, status_code: int, kind: str) -> Response[Any]:
        visitor = _visitor(request, console)
        return console.page(request, visitor, "problem.html", status_code=status_code, address="/console", kind=kind)

    def ask_to_sign_in(request: AnyRequest, _: SignInNeededError) -> Response[Any]:
        if request.headers.get("hx-request"):
            headers = {**HEADERS, "HX-Redirect": "/console/sign-in"}
            return Response(content="", media_type="text/html", status_code=200, headers=headers)
        here = console.return_address(request) if request.method == "GET" else ""
        answer: Redirect = redirect(f"/console/sign-in?{here}" if here else "/console/sign-in")
        return answer

    def refused(request: AnyRequest, fault: HTTPException) -> Response[Any]:
        kinds = {403: "forbidden", 404: "not_found", 405: "not_found", 413: "too_large"}
        kind = kinds.get(fault.status_code, "bad_request" if fault.status_code < 500 else "failure")
        return problem(request, fault.status_code, kind)

    def failed(request: AnyRequest, fault: Exception) -> Response[Any]:
        log.error("console: %s %s failed", request.method, request.url.path, exc_info=fault)
        return problem(request, 500, "failure")

    return {SignInNeededError: ask_to_sign_in, HTTPException: refused, Exception: failed}
