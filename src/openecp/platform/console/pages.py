# SPDX-License-Identifier: Apache-2.0
"""What every page of the console shares: what it is made with, who looks at it, and how it is sent.

Pages are templates; they carry no script or style of their own, and the content security policy allows none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.queries import Queries
from openecp.kernel.parties.model import Principal, Register
from openecp.kernel.profile.profile import Profile
from openecp.platform.console import findings, session, words
from openecp.platform.console.assets import Assets
from openecp.platform.console.language import LANGUAGES_BY_NAME, Language, load_languages, moment_of, preferred
from openecp.platform.console.names import Names
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.plans.desk import PlanDesk
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.console.session import SignInBrake, Visitor
from openecp.platform.console.times.desk import TimesDesk
from openecp.platform.console.tree import element_of
from openecp.platform.core.model import Command
from openecp.platform.core.permissions import may
from openecp.platform.core.recordbook import RecordBook

TEMPLATE_FOLDER = Path(__file__).parent / "templates"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}
ADDRESS_CHARS_MAX = 2000

P = ParamSpec("P")
T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]
Page = Response[str]
InPath = FromPath[str]
NumberInPath = FromPath[int]


class Submits(Protocol):
    """What the console needs of the core: decide and record one command."""

    async def submit(self, command: Command) -> Answer: ...


class ConsoleSettings(Protocol):
    """What the console needs of the installation's settings."""

    @property
    def cookie_secure(self) -> bool: ...


class SignInNeededError(Exception):
    """The page is for people who have signed in."""


class Console:
    """Everything that the pages are made with, put together once at start."""

    def __init__(
        self,
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
        now: Callable[[], datetime] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.desk = desk  # of action plans; None: this console has no such pages
        self.book = book  # of records; None: this console has no such pages
        self.parcels = parcels  # regimes, quotes, parcels; None: this console has no such pages
        self.times = times  # release times; None: this console has no such pages
        self.risk = risk  # the risk desk; None: this console has no such pages
        self.queries, self.core, self.register = queries, core, register
        self.secure = settings.cookie_secure
        self.now = now or (lambda: datetime.now(UTC))
        self.assets = Assets()
        self.languages = load_languages()
        self.names = Names(profile)
        self.brake = SignInBrake(ticks)
        self._templates = {code: self._environment(language) for code, language in self.languages.items()}

    def now_text(self) -> str:
        """Return the present moment as the journal writes moments."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def language(self, visitor: Visitor) -> Language:
        """Return the visitor's language."""
        return self.languages[visitor.language]

    def _environment(self, language: Language) -> Environment:
        templates = Environment(
            loader=FileSystemLoader(TEMPLATE_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        templates.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
        templates.globals.update(
            language=language,
            words=words,
            findings=findings,
            names=self.names,
            asset=self.assets.url,
            parts_missing=self.assets.missing,
            languages=LANGUAGES_BY_NAME,
            element_of=element_of,
            moment_of=moment_of,
            may=may,
            has_plans=self.desk is not None,
            reads_declarations=reads_declarations,
            has_records=self.book is not None,
            has_parcels=self.parcels is not None,
            has_times=self.times is not None,
            has_risk=self.risk is not None,
            sees_all=sees_all,
        )
        templates.filters["say"] = lambda code, table: language.text(words.word_of(table, code)) if code else ""
        templates.filters["amount"] = language.amount
        return templates

    def page(
        self,
        request: AnyRequest,
        visitor: Visitor,
        template: str,
        *,
        status_code: int = 200,
        address: str | None = None,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> Page:
        """Return a page in the visitor's language; `address` is where it can be read again (for language links)."""
        here = address or _address_of(request)
        context.update(
            visitor=visitor,
            here=here,
            language_links=[
                (code, name, with_parameter(here, "lang", code)) for code, name in LANGUAGES_BY_NAME.items()
            ],
        )
        html = self._templates[visitor.language].get_template(template).render(context)
        return Response(
            content=html,
            media_type="text/html",
            status_code=status_code,
            headers={**HEADERS, "Content-Language": visitor.language, **(headers or {})},
            cookies=self._cookies(visitor),
        )

    def return_address(self, request: AnyRequest) -> str:
        """Return the query that brings a visitor back to this page after signing in."""
        here = _address_of(request)
        return "" if here == "/console" else urlencode({"back": here})

    def _cookies(self, visitor: Visitor) -> list[Cookie]:
        cookies = []
        if visitor.fresh:
            cookies.append(session.cookie(session.VISIT_COOKIE, visitor.secret, secure=self.secure))
        if visitor.chosen:
            cookies.append(self.language_cookie(visitor.language))
        return cookies

    def language_cookie(self, code: str) -> Cookie:
        """Return the cookie that remembers the language."""
        return session.cookie(session.LANGUAGE_COOKIE, code, secure=self.secure, max_age=session.LANGUAGE_AGE_S)


AtConsole = NamedDependency[Console]
ByVisitor = NamedDependency[Visitor]


def redirect(address: str, cookies: list[Cookie] | None = None) -> Redirect:
    """Send the browser to another page of the console, by GET."""
    return Redirect(path=address, status_code=303, headers=dict(HEADERS), cookies=cookies or [])


def with_parameter(address: str, name: str, value: str) -> str:
    """Return an address of ours with one query parameter set and all others kept."""
    path, _, query = address.partition("?")
    kept = [(key, old) for key, old in parse_qsl(query, keep_blank_values=True) if key != name]
    return f"{path}?{urlencode([*kept, (name, value)])}"


def own_address(text: str | None, otherwise: str = "/console") -> str:
    """Return an address if it leads to a page of the console, else another one: no link leads away from us."""
    if not text or len(text) > ADDRESS_CHARS_MAX or "\\" in text or any(ord(c) < 32 for c in text):
        return otherwise
    path = text.partition("?")[0]
    return text if path == "/console" or (path.startswith("/console/") and "/../" not in path) else otherwise


def _address_of(request: AnyRequest) -> str:
    query = request.scope.get("query_string", b"").decode("ascii", "replace")
    path = request.url.path
    return own_address(f"{path}?{query}" if query else path)


def in_thread(handler: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Make a handler that reads the store run in a thread, so that a slow query holds up nobody else."""

    @wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(handler, *args, **kwargs)

    return run


def visitor_of(request: AnyRequest, console: Console) -> Visitor:
    """Return who is visiting, from the cookies; reads the register, so it runs in a thread of its own."""
    cookies = request.cookies
    secret = cookies.get(session.SESSION_COOKIE, "")[: session.COOKIE_CHARS_MAX]
    principal = console.register.principal_of_session(secret, now=console.now_text()) if secret else None
    wanted = request.query_params.get("lang", "")
    remembered = cookies.get(session.LANGUAGE_COOKIE, "")
    chosen = wanted in console.languages and wanted != remembered
    if wanted not in console.languages:
        known = remembered in console.languages
        wanted = remembered if known else preferred(request.headers.get("accept-language", ""), console.languages)
    if principal is not None and principal.kind == "person":
        return Visitor(principal=principal, language=wanted, secret=secret, chosen=chosen)
    visit = cookies.get(session.VISIT_COOKIE, "")[: session.COOKIE_CHARS_MAX]
    fresh = len(visit) < 16
    return Visitor(
        principal=None, language=wanted, secret=session.new_visit() if fresh else visit, fresh=fresh, chosen=chosen
    )


async def provide_visitor(request: AnyRequest, console: AtConsole) -> Visitor:
    """Provide handlers with the visitor."""
    visitor = await asyncio.to_thread(visitor_of, request, console)
    request.scope["state"]["console_visitor"] = visitor
    return visitor


def signed_in(visitor: Visitor) -> Principal:
    """Return the principal who has signed in.

    Raises: SignInNeededError.
    """
    if visitor.principal is None:
        raise SignInNeededError
    return visitor.principal


def reads_declarations(principal: Principal) -> bool:
    """Tell whether the principal reads any declarations: all, or those of the own organisation."""
    return may(principal, "read_own") or may(principal, "read_all")


def sees_all(principal: Principal) -> bool:
    """Tell whether the principal reads every organisation's cases, and what is for officers only."""
    return may(principal, "read_all") and principal.audience == "officer"
