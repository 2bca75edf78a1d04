# SPDX-License-Identifier: Apache-2.0
"""Who is asking: bearer tokens become principals, looked up in the store and remembered for a moment."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable

from openecp.kernel.parties.model import Principal
from openecp.platform.api.http import Refusal
from openecp.platform.core.permissions import Permission, may, roles_with

_MAX_REMEMBERED = 10_000
_MAX_TOKEN = 512


class Tokens:
    """Principals by token. A revoked token works on for at most `remember_s`."""

    def __init__(self, *, remember_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._remember_s = remember_s
        self._clock = clock
        self._known: dict[bytes, tuple[Principal | None, float]] = {}
        self._asked: dict[bytes, asyncio.Future[Principal | None]] = {}

    def remembered(self, token: str) -> tuple[bool, Principal | None]:
        """Return whether the token is remembered, and whose it is."""
        entry = self._known.get(_digest(token))
        if entry is None or entry[1] < self._clock():
            return False, None
        return True, entry[0]

    def remember(self, token: str, principal: Principal | None) -> None:
        """Remember whose token it is; a wrong one only for a second."""
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        keep_s = self._remember_s if principal is not None else min(1.0, self._remember_s)
        self._known[_digest(token)] = (principal, self._clock() + keep_s)

    async def looked_up(self, token: str, ask: Callable[[], Awaitable[Principal | None]]) -> Principal | None:
        """Ask whose token it is, and remember it; requests that come meanwhile share the one question.

        Raises: whatever `ask` raises, for all who share it.
        """
        key = _digest(token)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.ensure_future(ask())
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        principal = await asyncio.shield(asked)  # who goes away does not end it for the others
        self.remember(token, principal)
        return principal


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header.

    Raises: Refusal 401.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN or not token.isascii():
        raise wrong_token("no bearer token" if not authorization else "another form")
    return token


def wrong_token(got: str) -> Refusal:
    """Return the refusal of someone whom we do not know."""
    return Refusal(
        401,
        "OECP-TOKEN",
        "This needs a token of a person or a system that is known here.",
        where="header Authorization",
        expected="Bearer and a valid token",
        got=got,
        fix="Ask the operator for a token (openecp token).",
    )


def demand(principal: Principal, permission: Permission) -> None:
    """Refuse a principal who may not do this.

    Raises: Refusal 403.
    """
    if not may(principal, permission):
        raise Refusal(
            403,
            "OECP-ROLE",
            "Your role does not allow this.",
            expected="one of the roles " + ", ".join(roles_with(permission)),
            got=", ".join(principal.roles) or "no role",
            fix="Use a token of a person or system with that role.",
        )
