# SPDX-License-Identifier: Apache-2.0
"""Who is visiting: the session cookie, the token that every form carries, and the brake on guessing passwords.

A form's token is an HMAC of the secret in an HttpOnly cookie: of the session's, or before sign-in of a random one
(double submit). Whoever cannot read the cookie cannot make the token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import msgspec
from litestar.datastructures import Cookie

from openecp.kernel.parties.model import Principal

SESSION_COOKIE = "openecp_session"
VISIT_COOKIE = "openecp_visit"
LANGUAGE_COOKIE = "openecp_language"
SESSION_AGE_S = 12 * 3600
LANGUAGE_AGE_S = 365 * 24 * 3600
COOKIE_CHARS_MAX = 256


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """The person at the other end: signed in or not, and in which language."""

    principal: Principal | None
    language: str
    secret: str  # of the session, else of the visit: what form tokens are made of
    fresh: bool = False  # the visit's cookie has still to be set
    chosen: bool = False  # the language was chosen in this address: remember it

    @property
    def form_token(self) -> str:
        """The token for every form of this visitor."""
        return form_token(self.secret)


def form_token(secret: str) -> str:
    """Return the token that forms carry for this cookie secret."""
    return hmac.new(secret.encode(), b"openecp console form", hashlib.sha256).hexdigest()


def token_fits(secret: str, token: str) -> bool:
    """Tell whether a form's token belongs to the cookie's secret."""
    return bool(secret) and hmac.compare_digest(form_token(secret).encode(), token.encode())


def new_visit() -> str:
    """Return a random secret for a visitor who is not signed in."""
    return secrets.token_urlsafe(24)


def cookie(
    name: str, value: str, *, secure: bool, max_age: int | None = None, same_site: Literal["lax", "strict"] = "lax"
) -> Cookie:
    """Return a cookie that scripts cannot read and other sites' forms do not send."""
    return Cookie(
        key=name, value=value, path="/console", httponly=True, samesite=same_site, secure=secure, max_age=max_age
    )


class SignInBrake:
    """Slows down guessing: after a few failures a name at an address has to wait; so does the address, and the name.

    A stranger who guesses from elsewhere does not lock a person out before `per_name` failures.
    Limits: failures within `window_s` for a name at an address, for an address, for a name; `names_max` kept of each.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        per_pair: int = 5,
        per_address: int = 30,
        per_name: int = 50,
        window_s: float = 900.0,
        names_max: int = 10_000,
    ) -> None:
        self._clock = clock
        self._limits = {"pair": per_pair, "address": per_address, "name": per_name}
        self._window_s = window_s
        self._kept_max = names_max * len(self._limits)
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait_s(self, name: str, address: str) -> float:
        """Return how long this name from this address has to wait; 0 where it may try."""
        return max(self._wait_of(key) for key in _keys(name, address))

    def failed(self, name: str, address: str) -> None:
        """Remember a failed try."""
        now = self._clock()
        for key in _keys(name, address):
            self._failures[key] = [*self._recent(key), now][-self._limits[key[0]] :]
            self._failures.move_to_end(key)
        while len(self._failures) > self._kept_max:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name at this address: the person has signed in."""
        self._failures.pop(_keys(name, address)[0], None)

    def _recent(self, key: tuple[str, str]) -> list[float]:
        oldest = self._clock() - self._window_s
        return [moment for moment in self._failures.get(key, []) if moment > oldest]

    def _wait_of(self, key: tuple[str, str]) -> float:
        recent = self._recent(key)
        if len(recent) < self._limits[key[0]]:
            return 0.0
        return max(0.0, recent[0] + self._window_s - self._clock())


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    digest = hashlib.sha256(name.strip().casefold().encode()).hexdigest()
    return ("pair", f"{digest} {address}"), ("address", address), ("name", digest)
