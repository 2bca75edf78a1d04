# SPDX-License-Identifier: Apache-2.0
"""Collectors over HTTP: each sees its own accounts, a payment is recorded once, forms and faults are told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.api_doubles import World
from tests.parcel_world import parcel_batch, parcel_record

from openecp.kernel.journal.model import LedgerEntry

OWN, FOREIGN, UNNAMED = "collector:post:N-a:EUR", "collector:seller:IM1:EUR", "collector:post:unnamed:EUR"


@pytest.fixture
def world() -> World:
    found = World()
    ledger, amounts = [], []
    for number, account in enumerate((OWN, FOREIGN, UNNAMED)):
        ledger.append(
            LedgerEntry(
                entry_id=f"e-{number}", case_id="parcels/file/1", debit=account, credit="revenue:tax:EU:EUR",
                amount_minor=960, currency="EUR", reason="parcels cleared",
            )
        )  # fmt: skip
        amounts.append({"by": account, "item": 1, "minor": 960, "type": "tax"})
    batch = parcel_batch(
        ["P1"], records=[parcel_record("P1", amounts=amounts)], ledger=tuple(ledger), body={"accepted_on": "2026-07-01"}
    )
    assert found.store.write_parcels(batch).outcome == "recorded"
    return found


def accounts(world: World, token: str) -> list[str]:
    return [one["account"] for one in world.call("GET", "/collectors", token=token).json()["collectors"]]


def test_each_sees_its_own_accounts(world: World) -> None:
    assert accounts(world, "trader-a") == [OWN]
    assert accounts(world, "trader-unnamed") == []
    assert accounts(world, "trader-b") == []
    assert accounts(world, "officer-customs") == [OWN, UNNAMED, FOREIGN]
    own = world.call("GET", f"/collectors/{OWN}/statement?month=2026-07", token="trader-a")
    assert own.json()["closing"] == "9.60"
    for account in (FOREIGN, UNNAMED, "post:nobody:EUR", "x"):
        reply = world.call("GET", f"/collectors/{account}/statement?month=2026-07", token="trader-a")
        assert (reply.status_code, "IM1" in reply.json().get("detail", "")) == (404, False), account


def test_a_payment_is_recorded_once(world: World) -> None:
    body = {"amount": "10.00", "reference": "RF18", "on": "2026-07-31"}

    def pay(key: str | None, content: Any = body, account: str = OWN) -> Any:
        headers = {} if key is None else {"idempotency-key": key}
        return world.call(
            "POST", f"/collectors/{account}/payments", token="revenue-customs", json=content, headers=headers
        )

    first = pay("k 1").json()
    assert (first["before"], first["after"], first["standing"]) == ("9.60", "-0.40", "overpaid")
    again = pay("k 1")
    assert (again.status_code, again.json()) == (200, first)  # recorded once, told twice
    assert pay("k 1", {**body, "on": "2026-07-30"}).json()["code"] == "OECP-IDEMPOTENCY-CONFLICT"
    assert pay("k 1", body | {"amount": "9.00"}).status_code == 422
    assert pay(None).status_code == 400
    assert pay("k 2", body | {"amount": "1.005"}).status_code == 422
    assert pay("k 3", body | {"more": 1}).status_code == 400
    assert pay("k 4", account="post:nobody:EUR").status_code == 404
    text = world.call("GET", f"/collectors/{OWN}/statement?month=2026-07&format=text", token="trader-a").text
    assert "Paid too much: 0.40 EUR" in text
    assert len(world.store.events(case_id="collector/post:N-a:EUR")) == 1


def test_reconciliation_and_feed_are_for_officers(world: World) -> None:
    report = world.call("GET", "/collectors/reconciliation", token="officer-customs").json()
    assert (report["ok"], report["parcels"], len(report["totals"])) == (True, 1, 3)
    feed = world.call("GET", "/collectors/feed?from=2026-07-01&to=2026-07-31&format=csv", token="auditor-x")
    assert feed.headers["content-type"].startswith("text/csv")
    assert feed.text.count("9.60") == 6
    assert world.call("GET", "/collectors/feed?month=2026-13", token="auditor-x").status_code == 400
    assert world.call("GET", "/collectors/feed?format=xml", token="auditor-x").status_code == 400
    assert world.call("GET", "/collectors/feed", token="trader-a").status_code == 403
