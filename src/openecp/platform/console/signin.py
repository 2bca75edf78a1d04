# SPDX-License-Identifier: Apache-2.0
"""Signing in and out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from openecp.kernel.parties.model import Principal
from openecp.platform.console import session
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Console, Page, own_address, redirect
from openecp.platform.console.session import Visitor

NAME_CHARS_MAX = 200
PASSWORD_CHARS_MAX = 1000


async def form_of(request: AnyRequest) -> dict[str, str]:
    """Return the fields of a form; a field given twice counts once, a file not at all."""
    fields = await request.form()
    return {key: value for key, value in fields.items() if isinstance(value, str)}


def form_is_ours(request: AnyRequest, visitor: Visitor, fields: Mapping[str, str]) -> bool:
    """Tell whether a form was sent from our own page: its token fits the cookie, and no other site sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    return session.token_fits(visitor.secret, fields.get("form_token", ""))


@get("/sign-in", sync_to_thread=False)
def show_sign_in(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """The sign-in page; who is signed in goes on to the work list."""
    back = own_address(request.query_params.get("back"))
    if visitor.principal is not None:
        return redirect(back)
    return _sign_in_page(request, console, visitor, back)


@post("/sign-in")
async def sign_in(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Open a session for a name and its password."""
    fields = await form_of(request)
    back = own_address(fields.get("back"))
    if visitor.fresh or not form_is_ours(request, visitor, fields):
        return _sign_in_page(request, console, visitor, back, fault="form", status_code=403)
    name, password = fields.get("name", "").strip(), fields.get("password", "")
    missing = [field for field, text in (("name", name), ("password", password)) if not text]
    if missing:
        return _sign_in_page(request, console, visitor, back, name=name, missing=missing, status_code=422)
    address = request.client.host if request.client else ""
    wait_s = console.brake.wait_s(name, address)
    if wait_s > 0:
        minutes = math.ceil(wait_s / 60)
        retry = {"Retry-After": str(math.ceil(wait_s))}
        return _sign_in_page(
            request, console, visitor, back, name=name, fault="wait", minutes=minutes, status_code=429, headers=retry
        )
    principal = await asyncio.to_thread(_principal, console, name, password)
    if principal is None:
        console.brake.failed(name, address)
        return _sign_in_page(request, console, visitor, back, name=name, fault="wrong", status_code=401)
    console.brake.succeeded(name, address)
    secret = await asyncio.to_thread(console.register.open_session, principal.principal_id, now=console.now_text())
    return redirect(
        back,
        [
            session.cookie(session.SESSION_COOKIE, secret, secure=console.secure, max_age=session.SESSION_AGE_S),
            Cookie(
                key=session.VISIT_COOKIE, value="", path="/console", max_age=0, httponly=True, secure=console.secure
            ),
            console.language_cookie(visitor.language),
        ],
    )


@post("/sign-out")
async def sign_out(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Redirect:
    """Close the session here and in the store."""
    fields = await form_of(request)
    if visitor.principal is None:
        return redirect("/console/sign-in")
    if not form_is_ours(request, visitor, fields):
        return redirect("/console")
    await asyncio.to_thread(console.register.close_session, visitor.secret)
    gone = Cookie(
        key=session.SESSION_COOKIE, value="", path="/console", max_age=0, httponly=True, secure=console.secure
    )
    return redirect("/console/sign-in?signed-out=1", [gone])


def _principal(console: Console, name: str, password: str) -> Principal | None:
    if len(name) > NAME_CHARS_MAX or len(password) > PASSWORD_CHARS_MAX:
        return None
    found = console.register.principal_of_password(name, password)
    return found if found is not None and found.kind == "person" else None


def _sign_in_page(
    request: AnyRequest,
    console: Console,
    visitor: Visitor,
    back: str,
    *,
    name: str = "",
    fault: str = "",
    missing: list[str] | None = None,
    minutes: int = 0,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
) -> Page:
    address = "/console/sign-in"
    return console.page(
        request,
        visitor,
        "sign_in.html",
        status_code=status_code,
        address=address if request.method == "POST" else None,
        headers=headers,
        back=back,
        name=name[:NAME_CHARS_MAX],
        fault=fault,
        missing=missing or [],
        minutes=minutes,
        signed_out=request.query_params.get("signed-out") == "1",
    )
