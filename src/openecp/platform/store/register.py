# SPDX-License-Identifier: Apache-2.0
"""The register of organisations, people and systems: who may act, proved by token, password or session.

Limits: only salted hashes of secrets are kept; a session ends after 12 hours, a principal has at most 10.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from datetime import datetime, timedelta
from typing import LiteralString

from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.store.pool import Pool, Row

SESSION_HOURS = 12
SESSIONS_KEPT = 10
MIN_SECRET = 8
MAX_SECRET = 1024
TOKEN_MEMORY_SECONDS = 2.0  # how long a token once checked is taken as good without asking again
TOKEN_MEMORY = 4096
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_PRINCIPAL: LiteralString = (
    "SELECT p.principal_id, p.kind, p.organisation, p.name, p.roles, p.office, p.password_salt, p.password_hash, "
    "p.bodies FROM principals p "
)


class PartyRegister:
    """Organisations and principals in the store."""

    pool: Pool
    _pepper: bytes

    def __init__(self) -> None:
        """Begin without remembered tokens."""
        self._tokens: dict[bytes, tuple[float, Principal]] = {}
        self._tokens_lock = threading.Lock()

    def add_organisation(self, organisation: Organisation) -> None:
        """Add an organisation, or replace what is known of it; its webhook gets a secret of its own."""
        with self.pool.transaction() as connection:
            connection.execute(
                "INSERT INTO organisations (organisation_id, name, webhook_url) VALUES (%s, %s, %s) "
                "ON CONFLICT (organisation_id) DO UPDATE SET name = excluded.name, webhook_url = excluded.webhook_url, "
                "erased_at = NULL",
                (organisation.organisation_id, organisation.name, organisation.webhook_url),
            )
            connection.execute(
                "DELETE FROM organisation_identifiers WHERE organisation_id = %s", (organisation.organisation_id,)
            )
            for identifier in dict.fromkeys(organisation.identifiers):
                connection.execute(
                    "INSERT INTO organisation_identifiers VALUES (%s, %s)", (identifier, organisation.organisation_id)
                )
            if organisation.webhook_url is None:
                connection.execute("DELETE FROM webhooks WHERE organisation = %s", (organisation.organisation_id,))
            else:  # a new receiver starts at the end of the feed: what was before, it pulls
                connection.execute(
                    "INSERT INTO webhooks (organisation, url, secret, delivered) VALUES (%s, %s, %s, "
                    "coalesce((SELECT last_number FROM feed_heads WHERE organisation = %s), 0)) "
                    "ON CONFLICT (organisation) DO UPDATE SET url = excluded.url, attempts = 0, next_at = ''",
                    (
                        organisation.organisation_id,
                        organisation.webhook_url,
                        secrets.token_bytes(32),
                        organisation.organisation_id,
                    ),
                )

    def organisation(self, organisation_id: str) -> Organisation | None:
        """Return an organisation by its id."""
        rows = self.pool.fetch(
            "SELECT organisation_id, name, webhook_url, ARRAY(SELECT identifier FROM organisation_identifiers i "
            "WHERE i.organisation_id = o.organisation_id ORDER BY identifier) "
            "FROM organisations o WHERE organisation_id = %s",
            (organisation_id,),
        )
        return _organisation(rows[0]) if rows else None

    def organisation_of(self, identifier: str) -> Organisation | None:
        """Return the organisation that uses this number in declarations."""
        rows = self.pool.fetch(
            "SELECT organisation_id FROM organisation_identifiers WHERE identifier = %s", (identifier,)
        )
        return self.organisation(rows[0][0]) if rows else None

    def organisations(self, *, limit: int = 1000) -> list[Organisation]:
        """Return the organisations in order of their ids."""
        rows = self.pool.fetch(
            "SELECT organisation_id, name, webhook_url, ARRAY(SELECT identifier FROM organisation_identifiers i "
            "WHERE i.organisation_id = o.organisation_id ORDER BY identifier) "
            "FROM organisations o ORDER BY organisation_id LIMIT %s",
            (limit,),
        )
        return [_organisation(row) for row in rows]

    def webhook_secret(self, organisation_id: str) -> bytes | None:
        """Return the key that signs an organisation's webhook calls, for the operator to hand over."""
        rows = self.pool.fetch("SELECT secret FROM webhooks WHERE organisation = %s", (organisation_id,))
        return bytes(rows[0][0]) if rows else None

    def add_principal(self, principal: Principal, *, token: str | None = None, password: str | None = None) -> None:
        """Add a person or system, or replace what is known of it; a new token or password replaces the old ones.

        Raises: ValueError, for a secret shorter than 8 or longer than 1,024 characters.
        """
        for name, secret in (("token", token), ("password", password)):
            if secret is not None and not MIN_SECRET <= len(secret) <= MAX_SECRET:
                raise ValueError(f"{name}: expected {MIN_SECRET} to {MAX_SECRET} characters, found {len(secret)}")
        salt = secrets.token_bytes(16) if password is not None else None
        hashed = _password_hash(password, salt) if password is not None and salt is not None else None
        with self.pool.transaction() as connection:
            connection.execute(
                "INSERT INTO principals (principal_id, kind, organisation, name, roles, office, password_salt, "
                "password_hash, bodies) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (principal_id) DO UPDATE SET "
                "kind = excluded.kind, organisation = excluded.organisation, name = excluded.name, "
                "roles = excluded.roles, office = excluded.office, bodies = excluded.bodies, erased_at = NULL, "
                "password_salt = coalesce(excluded.password_salt, principals.password_salt), "
                "password_hash = coalesce(excluded.password_hash, principals.password_hash)",
                (
                    principal.principal_id,
                    principal.kind,
                    principal.organisation,
                    principal.name,
                    list(principal.roles),
                    principal.office,
                    salt,
                    hashed,
                    list(principal.bodies),
                ),
            )
            if password is not None:
                connection.execute("DELETE FROM sessions WHERE principal_id = %s", (principal.principal_id,))
            if token is not None:
                connection.execute("DELETE FROM tokens WHERE principal_id = %s", (principal.principal_id,))
                connection.execute(
                    "INSERT INTO tokens VALUES (%s, %s)", (self._secret_hash("token", token), principal.principal_id)
                )
        self._forget_tokens()

    def principals(self, *, limit: int = 1000) -> list[Principal]:
        """Return the principals in order of their ids."""
        rows = self.pool.fetch(_PRINCIPAL + "WHERE erased_at IS NULL ORDER BY principal_id LIMIT %s", (limit,))
        return [_principal(row) for row in rows]

    def revoke(self, principal_id: str) -> None:
        """End a principal's token, password and sessions at once."""
        with self.pool.transaction() as connection:
            connection.execute("DELETE FROM tokens WHERE principal_id = %s", (principal_id,))
            connection.execute("DELETE FROM sessions WHERE principal_id = %s", (principal_id,))
            connection.execute(
                "UPDATE principals SET password_hash = NULL, password_salt = NULL WHERE principal_id = %s",
                (principal_id,),
            )
        self._forget_tokens()

    def principal_of_token(self, token: str) -> Principal | None:
        """Return whose token this is."""
        if not MIN_SECRET <= len(token) <= MAX_SECRET:
            return None
        hashed = self._secret_hash("token", token)
        now = time.monotonic()
        known = self._tokens.get(hashed)
        if known is not None and known[0] > now:
            return known[1]
        rows = self.pool.fetch(_PRINCIPAL + "JOIN tokens t USING (principal_id) WHERE t.token_hash = %s", (hashed,))
        if not rows:
            return None
        principal = _principal(rows[0])
        with self._tokens_lock:
            if len(self._tokens) >= TOKEN_MEMORY:
                self._tokens.clear()
            self._tokens[hashed] = (now + TOKEN_MEMORY_SECONDS, principal)
        return principal

    def principal_of_password(self, principal_id: str, password: str) -> Principal | None:
        """Return the person if the password is theirs; takes as long for a person who is not known."""
        if len(password) > MAX_SECRET or "\x00" in principal_id:
            return None
        rows = self.pool.fetch(_PRINCIPAL + "WHERE principal_id = %s", (principal_id[:500],))
        salt, hashed = (rows[0][6], rows[0][7]) if rows and rows[0][7] is not None else (bytes(16), bytes(32))
        same = hmac.compare_digest(_password_hash(password, bytes(salt)), bytes(hashed))
        return _principal(rows[0]) if rows and rows[0][7] is not None and same else None

    def open_session(self, principal_id: str, *, now: str) -> str:
        """Return a new session secret for the console's cookie."""
        secret = secrets.token_urlsafe(32)
        expires = datetime.strptime(now, _FORMAT) + timedelta(hours=SESSION_HOURS)
        with self.pool.transaction() as connection:
            connection.execute(
                "INSERT INTO sessions VALUES (%s, %s, %s, %s)",
                (self._secret_hash("session", secret), principal_id, now, expires.strftime(_FORMAT)),
            )
            connection.execute(
                "DELETE FROM sessions WHERE principal_id = %s AND (expires_at <= %s OR secret_hash IN (SELECT "
                "secret_hash FROM sessions WHERE principal_id = %s ORDER BY opened_at DESC, secret_hash OFFSET %s))",
                (principal_id, now, principal_id, SESSIONS_KEPT),
            )
        return secret

    def principal_of_session(self, secret: str, *, now: str) -> Principal | None:
        """Return who is signed in with this session secret."""
        if not MIN_SECRET <= len(secret) <= MAX_SECRET:
            return None
        rows = self.pool.fetch(
            _PRINCIPAL + "JOIN sessions s USING (principal_id) WHERE s.secret_hash = %s AND s.expires_at > %s",
            (self._secret_hash("session", secret), now),
        )
        return _principal(rows[0]) if rows else None

    def close_session(self, secret: str) -> None:
        """Sign out."""
        with self.pool.transaction() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE secret_hash = %s", (self._secret_hash("session", secret[:MAX_SECRET]),)
            )

    def _secret_hash(self, purpose: str, secret: str) -> bytes:
        """Hash a random secret with the installation's salt, so that it can be looked up without being kept."""
        text = secret.encode("utf-8", "surrogatepass")
        return hmac.digest(self._pepper, purpose.encode() + b"\x00" + text, "sha256")

    def pseudonym(self, purpose: str, name: str) -> str:
        """Return what stands for a name where it may not be shown: one for a name and purpose."""
        return self._secret_hash("pseudonym " + purpose, name).hex()[:16]

    def _forget_tokens(self) -> None:
        with self._tokens_lock:
            self._tokens.clear()


def _password_hash(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=1 << 14, r=8, p=1, maxmem=64 << 20, dklen=32)


def _organisation(row: Row) -> Organisation:
    return Organisation(organisation_id=row[0], name=row[1], webhook_url=row[2], identifiers=tuple(row[3]))


def _principal(row: Row) -> Principal:
    return Principal(
        principal_id=row[0],
        kind=row[1],
        organisation=row[2],
        name=row[3],
        roles=tuple(row[4]),
        office=row[5],
        bodies=tuple(row[8]),
    )
