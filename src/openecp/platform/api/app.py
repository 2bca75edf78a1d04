# SPDX-License-Identifier: Apache-2.0
"""The web application: a raw ASGI handler for lodging, Litestar for everything else, one table of routes for both."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from litestar import Litestar, Request, Response, route
from litestar.config.app import AppConfig
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from openecp import __version__
from openecp.border.low_value.quote import Quoter
from openecp.kernel.journal.queries import Queries
from openecp.kernel.parties.model import Principal, Register
from openecp.platform.api.access import Tokens, bearer_token, demand, wrong_token
from openecp.platform.api.activities import Activities
from openecp.platform.api.audit_routes import Audits
from openecp.platform.api.cases import Cases
from openecp.platform.api.collectors import Collectors
from openecp.platform.api.describe import Descriptions
from openecp.platform.api.http import TITLES, Call, Problem, Refusal, Reply, json_reply, problem_reply
from openecp.platform.api.lodging import Lodging, key_of, media_name, media_of, too_large
from openecp.platform.api.metrics import Counters
from openecp.platform.api.openapi import openapi
from openecp.platform.api.parcels import Parcels
from openecp.platform.api.plans import PlanApi
from openecp.platform.api.post import PostApi
from openecp.platform.api.quotes import Quotes
from openecp.platform.api.records import RecordApi
from openecp.platform.api.route import Route
from openecp.platform.api.routes import ROUTES, Health
from openecp.platform.core.audit_desk import AuditDesk
from openecp.platform.core.client import CoreClient
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.core.postbook import PostalBook
from openecp.platform.core.postwork import PostalRules
from openecp.platform.core.recordbook import RecordBook
from openecp.platform.core.settings import Settings
from openecp.programme.action_plan.plans import Plans

log = logging.getLogger("openecp.api")


class Api:
    """All routes over one core and one store."""

    def __init__(
        self,
        *,
        settings: Settings,
        core: CoreClient,
        queries: Queries,
        register: Register,
        plans: Plans | None = None,
        records: RecordBook | None = None,
        quoter: Callable[[], Quoter] | None = None,
        parcels: Parcels | None = None,
        collectors: CollectorDesk | None = None,
        post: tuple[PostalBook, Callable[[], PostalRules]] | None = None,
        audits: AuditDesk | None = None,
    ) -> None:
        self.settings = settings
        self._core = core
        self._queries = queries
        self._register = register
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="read")
        self._tokens = Tokens(remember_s=settings.token_cache_s)
        self.counters = Counters()
        self._lodging = Lodging(core, settings, self.counters)
        cases = Cases(queries, core, self._pool)
        self._cases = cases
        self._answerers: dict[str, Callable[[Call], Awaitable[Reply]]] = {
            "lodge": self._lodge,
            "cases": cases.work_list,
            "case": cases.status,
            "assessment": cases.assessment,
            "notifications": cases.notifications,
            "receipt": cases.receipt,
            "act": cases.act,
            "feed": cases.feed,
            "health": self._health,
            "metrics": self._metrics,
            "openapi": self._openapi,
            **(PlanApi(plans, core, self._pool).answerers() if plans is not None else {}),
            "descriptions": Descriptions().answer,
            "activities": Activities(core).record,
            **({"quote": Quotes(quoter).quote} if quoter is not None else {}),
            **(parcels.answerers() if parcels is not None else {}),
            **(Collectors(collectors, register, self._pool, core).answerers() if collectors is not None else {}),
            **(PostApi(*post, core, self._pool).answerers() if post is not None else {}),
            **(Audits(audits, core, self._pool).answerers() if audits is not None else {}),
            **(RecordApi(records, core, self._pool).answerers() if records is not None else {}),
        }

    async def answer(self, route: Route, call: Call, body: Callable[[int], Awaitable[bytes]]) -> Reply:
        """Answer a call: who asks, may he, is the body within its limits, and only then the route itself."""
        try:
            self._check_headers(call)
            if route.permission is not None:
                call.principal = await self.principal(call.headers.get("authorization"))
                demand(call.principal, route.permission)
            if route.body is not None:
                self._check_media(route, call)
                limit = min(route.max_body or self.settings.max_body_bytes, self.settings.max_body_bytes)
                self._check_length(call, limit)
                call.body = await body(limit)
            reply = await self._answerers[route.name](call)
        except Refusal as refusal:
            reply = refusal.reply()
        except Exception as error:
            reply = _incident(f"{route.method} {route.path}", error)
        self.counters.count(route.method, route.path, reply.status)
        return reply

    async def principal(self, authorization: str | None) -> Principal:
        """Return whose token it is.

        Raises: Refusal 401, and 503 where the store cannot say.
        """
        token = bearer_token(authorization)
        known, principal = self._tokens.remembered(token)
        if not known:
            try:
                principal = await self._tokens.looked_up(
                    token, lambda: self._cases.read(lambda: self._register.principal_of_token(token))
                )
            except Exception as error:
                log.warning("a token could not be looked up: %s", error)
                raise Refusal(
                    503,
                    "OECP-STORE-UNAVAILABLE",
                    "Who is asking cannot be looked up now.",
                    expected="the store to answer",
                    got=type(error).__name__,
                    fix="Ask again in a moment.",
                ) from None
        if principal is None:
            raise wrong_token("a token that nobody has")
        return principal

    def _check_headers(self, call: Call) -> None:
        size = len("".join(call.headers)) + len("".join(call.headers.values())) + 4 * len(call.headers)
        if size > self.settings.max_header_bytes:
            raise Refusal(
                431,
                "OECP-HEADERS",
                "The headers are too large.",
                where="headers",
                expected=f"at most {self.settings.max_header_bytes} bytes",
                got=f"{size} bytes",
                fix="Send fewer or shorter headers.",
            )

    def _check_media(self, route: Route, call: Call) -> None:
        if media_name(call.headers.get("content-type")) in route.more_media:
            return
        media = media_of(call.headers.get("content-type"))
        if media == "xml" and "application/xml" not in route.body_media:
            raise Refusal(
                415,
                "OECP-MEDIA-TYPE",
                "This route takes JSON.",
                where="header Content-Type",
                expected="application/json",
                got=call.headers.get("content-type", "none")[:80],
                fix="Send JSON.",
            )

    def _check_length(self, call: Call, limit: int) -> None:
        length = call.headers.get("content-length", "")
        if length.isdigit() and int(length[:18]) > limit:
            raise too_large(limit, f"{length[:18]} bytes")

    async def _lodge(self, call: Call) -> Reply:
        media = media_of(call.headers.get("content-type"))
        key = key_of(call.headers.get("idempotency-key"))
        return await self._lodging.lodge(call.who, media, call.body, key)

    async def _health(self, call: Call) -> Reply:
        core = self._core.ready
        try:
            await asyncio.wait_for(self._cases.read(lambda: self._queries.case("health")), 2.0)
            database = True
        except Exception:
            database = False
        health = Health(
            live=True,
            ready=core and database,
            core=core,
            database=database,
            profile=self.settings.profile,
            version=__version__,
        )
        return json_reply(health, 200 if health.ready else 503)

    async def _metrics(self, call: Call) -> Reply:
        text = self.counters.text(await self._core.statistics())
        return Reply(200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")

    async def _openapi(self, call: Call) -> Reply:
        return json_reply(openapi())


def _incident(where: str, error: Exception) -> Reply:
    incident = f"{time.time_ns():x}"
    log.error("incident %s in %s", incident, where, exc_info=error)
    problem = Problem(
        title=TITLES[500],
        status=500,
        code="OECP-FAULT",
        detail="The server failed to answer; this is not your fault.",
        got=f"incident {incident}",
        fix="Give the incident number to the operator.",
    )
    return problem_reply(problem)


def litestar_handler(api: Api, entry: Route) -> HTTPRouteHandler:
    """Return the Litestar handler of a route of the table."""
    path = re.sub(r"\{(\w+)\}", r"{\1:str}", entry.path)

    @route(path, http_method=[entry.method], include_in_schema=False, name=f"{entry.method} {entry.path}")  # type: ignore[list-item]
    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = dict(request.headers.items())
        call = Call(entry.method, entry.path, dict(request.path_params), dict(request.query_params), headers)

        async def body(limit: int) -> bytes:
            parts: list[bytes] = []
            size = 0
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_large(limit, "more")
                parts.append(part)
            return b"".join(parts)

        reply = await api.answer(entry, call, body)
        return Response(
            content=reply.body, status_code=reply.status, media_type=reply.media_type, headers=dict(reply.headers)
        )

    return handle


def build_litestar(api: Api, more: Sequence[Any] = ()) -> Litestar:
    """Return the Litestar application: the table's routes, and `more` handlers (the console)."""
    handlers = [litestar_handler(api, entry) for entry in ROUTES]
    return Litestar(
        route_handlers=[*handlers, *more],
        openapi_config=None,
        exception_handlers={HTTPException: _litestar_problem, Exception: _litestar_fault},
        request_max_body_size=None,
        on_app_init=[_plain],
    )


def _plain(config: AppConfig) -> AppConfig:
    config.logging_config = None
    return config


def _litestar_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    problem = Problem(
        title=TITLES.get(status, "Refused"),
        status=status,
        code=f"OECP-HTTP-{status}",
        detail=str(error.detail)[:300],
        where=request.scope["path"][:200],
        expected="a route of /openapi.json" if status in (404, 405) else None,
        got=f"{request.method} {request.scope['path']}"[:200],
        fix="See /openapi.json." if status in (404, 405) else None,
    )
    return _response(problem_reply(problem))


def _litestar_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, Refusal):
        return _response(error.reply())
    return _response(_incident(f"{request.method} {request.scope['path']}"[:200], error))


def _response(reply: Reply) -> Response[bytes]:
    return Response(
        content=reply.body, status_code=reply.status, media_type=reply.media_type, headers=dict(reply.headers)
    )
