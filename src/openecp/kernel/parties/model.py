# SPDX-License-Identifier: Apache-2.0
"""Organisations, the people and systems that act for them, and what each may do."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Role = Literal["trader", "officer", "revenue", "operator", "auditor", "secretariat", "delegate", "partner"]


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A trader, broker, post, carrier, agency or Customs itself; `identifiers` are its numbers in declarations."""

    organisation_id: str
    name: str
    identifiers: tuple[str, ...] = ()
    webhook_url: str | None = None


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is acting: a person or a system of an organisation, with its roles. A trader sees only its own cases."""

    principal_id: str
    kind: Literal["person", "system"]
    organisation: str
    name: str
    roles: tuple[Role, ...]
    office: str | None = None  # the office of an officer
    # the bodies of a delegate, by code: it reports for their actions; of a partner what it is: terminal, bank, agency …
    bodies: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The actor as events name it, without a person's name."""
        return f"{self.kind}:{self.principal_id}"

    @property
    def audience(self) -> Literal["trader", "officer"]:
        """The audience of reasons this principal may read."""
        return "officer" if {"officer", "auditor"} & set(self.roles) else "trader"


class Register(Protocol):
    """Who is known to the installation; kept in the store."""

    def add_organisation(self, organisation: Organisation) -> None: ...

    def organisation(self, organisation_id: str) -> Organisation | None: ...

    def organisation_of(self, identifier: str) -> Organisation | None: ...

    def add_principal(self, principal: Principal, *, token: str | None = None, password: str | None = None) -> None:
        """Add a person or system; only salted hashes of token and password are kept."""

    def principal_of_token(self, token: str) -> Principal | None: ...

    def principal_of_password(self, principal_id: str, password: str) -> Principal | None: ...

    def open_session(self, principal_id: str, *, now: str) -> str:
        """Return a new session secret for the console's cookie."""

    def principal_of_session(self, secret: str, *, now: str) -> Principal | None: ...

    def close_session(self, secret: str) -> None: ...
