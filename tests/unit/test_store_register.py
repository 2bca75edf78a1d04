# SPDX-License-Identifier: Apache-2.0
"""Who may act: tokens, passwords and sessions, none of them kept in the clear."""

from __future__ import annotations

import msgspec
import pytest
from tests.store_world import database_server, later, shared_database, store  # noqa: F401  fixtures

from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.store import PostgresStore

TOKEN, PASSWORD = "token-of-the-broker", "one-time-password"
BROKER = Principal(principal_id="p-1", kind="person", organisation="XB-1", name="Ada", roles=("trader",))


@pytest.fixture
def register(store: PostgresStore) -> PostgresStore:  # noqa: F811
    store.add_organisation(Organisation(organisation_id="XB-1", name="Broker", identifiers=("XB123", "XB124")))
    store.add_principal(BROKER, token=TOKEN, password=PASSWORD)
    return store


def test_organisations_are_found_by_id_and_number(register: PostgresStore) -> None:
    found = register.organisation_of("XB124")
    assert found == Organisation(organisation_id="XB-1", name="Broker", identifiers=("XB123", "XB124"))
    assert (register.organisation("XB-1"), register.organisation("none")) == (found, None)
    register.add_organisation(Organisation(organisation_id="XB-1", name="New name", identifiers=("XB125",)))
    assert register.organisation_of("XB123") is None
    assert [o.name for o in register.organisations()] == ["New name"]


def test_a_token_names_its_principal_until_replaced_or_revoked(register: PostgresStore) -> None:
    assert register.principal_of_token(TOKEN) == BROKER
    assert register.principal_of_token(TOKEN) == BROKER  # remembered
    for wrong in ("", "short", TOKEN + "x", "x" * 5000, "\x00" * 20, "\ud800" * 20):
        assert register.principal_of_token(wrong) is None
    officer = msgspec.structs.replace(BROKER, roles=("officer",), office="XB000001")
    register.add_principal(officer, token="another-token")
    assert (register.principal_of_token(TOKEN), register.principal_of_token("another-token")) == (None, officer)
    register.revoke("p-1")
    assert register.principal_of_token("another-token") is None
    assert register.principal_of_password("p-1", PASSWORD) is None
    assert register.principals() == [officer]


def test_a_password_opens_and_a_wrong_one_does_not(register: PostgresStore) -> None:
    assert register.principal_of_password("p-1", PASSWORD) == BROKER
    for who, password in (("p-1", "wrong"), ("p-1", ""), ("none", PASSWORD), ("\x00", PASSWORD), ("p-1", "\ud800")):
        assert register.principal_of_password(who, password) is None
    with pytest.raises(ValueError, match="password: expected 8 to 1024 characters, found 3"):
        register.add_principal(BROKER, password="abc")


def test_a_session_lasts_half_a_day_and_ten_at_most(register: PostgresStore) -> None:
    secret = register.open_session("p-1", now=later(0))
    assert register.principal_of_session(secret, now=later(3000)) == BROKER
    assert register.principal_of_session(secret, now="2026-01-31T21:00:01.000000Z") is None
    secrets = [register.open_session("p-1", now=later(n + 1)) for n in range(10)]
    assert register.principal_of_session(secret, now=later(20)) is None  # the oldest had to go
    register.close_session(secrets[3])
    kept = [register.principal_of_session(s, now=later(20)) is not None for s in secrets]
    assert kept == [n != 3 for n in range(10)]
    register.add_principal(BROKER, password="a new password")
    assert register.principal_of_session(secrets[5], now=later(20)) is None


def test_no_secret_lies_in_the_store(register: PostgresStore) -> None:
    session = register.open_session("p-1", now=later(0))
    with register.connect() as connection:
        for table in ("principals", "tokens", "sessions"):
            text = str(connection.execute(f"SELECT * FROM {table}").fetchall())  # type: ignore[call-overload]
            assert not any(secret in text for secret in (TOKEN, PASSWORD, session))
