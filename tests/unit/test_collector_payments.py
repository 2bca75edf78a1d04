# SPDX-License-Identifier: Apache-2.0
"""A collector's payment goes through the core: by revenue alone, once for a key, the balance before in its event."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from parcel_console_world import ParcelConsole, form_token
from tests.collector_world import OFFICER, POST, REVENUE, SELLER, TRADER, cleared, payment

from openecp.border.revenue.collector_payments import collector_stream, result_of
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseWrite, Written
from openecp.kernel.parties.model import Principal
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.paymentwork import PaymentCasework
from openecp.platform.core.programme import NoClearance, ProgrammeCasework

ACCOUNT = "collector:post:XBPOST:EUR"
PAGE = f"/console/parcels/collectors/{ACCOUNT}"


def now() -> str:
    return "2026-08-03T10:00:00.000000Z"


class Rival(MemoryStore):
    """A store into which another payment comes between a decision and its writing, where `before` says so."""

    def __init__(self, before: Iterator[bool]) -> None:
        super().__init__(clock=now)
        self.before = before

    def write(self, batch: list[CaseWrite]) -> list[Written]:
        """Let the other payment in first."""
        if next(self.before, False):
            CollectorDesk(self, new_id=lambda: "other", clock=now).pay(payment(7, key="other"), REVENUE)
        return super().write(batch)


def core_over(store: MemoryStore) -> InProcessCore:
    nothing, ids = NoClearance(), itertools.count()
    work = PaymentCasework(store, new_id=lambda: f"id-{next(ids)}", clock=now)
    programme = ProgrammeCasework(store, clock=now, others=(work,))
    return InProcessCore(Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=programme))


@pytest.fixture
def store() -> MemoryStore:
    found = MemoryStore(clock=now)
    cleared(found, {"P1": [(POST, "tax", 1, 1_000), (SELLER, "tax", 1, 500)]})
    return found


def command(minor: int, who: Principal = REVENUE, **changes: Any) -> ProgrammeCommand:
    return ProgrammeCommand(principal=who, act=payment(minor, **changes))


def test_payments_sent_together_see_each_other(store: MemoryStore) -> None:
    sent = [command(100 * n, key=f"k-{n}") for n in range(1, 5)]
    answers = core_over(store).submit_all([*sent, sent[0], command(9, account=SELLER, key="s-1")])
    assert [answer.http_status for answer in answers] == [201] * 4 + [200, 201]
    assert answers[4].first_seq == answers[0].first_seq
    events = store.events(case_id=collector_stream(POST))
    told = [result_of(event.body) for event in events]
    assert [(one.before_minor, one.minor, one.after_minor) for one in told] == [
        (1_000, 100, 900), (900, 200, 700), (700, 300, 400), (400, 400, 0),
    ]  # fmt: skip
    assert told[-1].standing == "settled"
    assert {event.actor for event in events} == {"person:r-1"}
    assert [event.body["before_minor"] for event in events] == [1_000, 900, 700, 400]


@pytest.mark.parametrize("who", [OFFICER, TRADER])
def test_revenue_alone_receives(store: MemoryStore, who: Principal) -> None:
    (answer,) = core_over(store).submit_all([command(100, who)])
    assert answer.error is not None
    assert (answer.http_status, answer.error.expected) == (403, "one of the roles revenue")
    assert store.size() == 1


def test_a_payment_that_came_second_is_decided_again() -> None:
    store = Rival(iter([True, False]))
    cleared(store, {"P1": [(POST, "tax", 1, 1_000)]})
    (answer,) = core_over(store).submit_all([command(100)])
    assert answer.http_status == 201
    told = [result_of(event.body) for event in store.events(case_id=collector_stream(POST))]
    assert [(one.before_minor, one.minor) for one in told] == [(1_000, 7), (993, 100)]


def test_a_payment_travels_to_the_core_as_it_is() -> None:
    sent = command(100)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=ProgrammeCommand) == sent


@pytest.fixture(scope="module")
def console() -> ParcelConsole:
    found = ParcelConsole()
    found.fill()
    return found


def pay(client: TestClient[Litestar], **fields: str) -> Any:
    page = client.get(PAGE).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    data = {"form_token": form_token(page), "key": key[1] if key else "", "amount": "1.25", "reference": "RF18 77"}
    return client.post(f"{PAGE}/payments", data=data | fields, follow_redirects=False)


def test_revenue_records_a_payment_at_the_console(console: ParcelConsole) -> None:
    rita = console.client("rita")
    stream = collector_stream(ACCOUNT)
    page = rita.get(PAGE).text
    assert "Record a payment" in page
    assert "The balance today is 3.00 EUR" in page.replace("\u00a0", " ")
    fixed = {"key": "a-key-of-this-form"}
    done = pay(rita, **fixed)
    assert done.status_code in (302, 303)
    told = rita.get(done.headers["location"]).text.replace("\u00a0", " ")
    assert "The balance was 3.00 and is 1.75" in told
    assert "RF18 77" in told
    again = pay(rita, **fixed)
    assert again.headers["location"] == done.headers["location"]
    assert len(console.store.events(case_id=stream)) == 1
    other = pay(rita, amount="1.30", **fixed)
    assert (other.status_code, "OECP-IDEMPOTENCY-CONFLICT" in other.text) == (422, True)
    event = console.store.events(case_id=stream)[0]
    assert (event.actor, event.body["before_minor"], event.body["amount_minor"]) == ("person:rita", 300, 125)


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"amount": ""}, 422, "Enter an amount such as 120.50"),
        ({"amount": "-3"}, 422, "Enter an amount"),
        ({"amount": "1,25"}, 422, "Enter an amount"),
        ({"amount": "0.00"}, 422, "Enter an amount"),
        ({"reference": ""}, 422, "Enter the bank’s reference"),
        ({"reference": "=HYPERLINK(1)"}, 422, "OECP-COLLECTOR-PAYMENT"),
        ({"on": "2099-01-01"}, 422, "a value date up to"),
        ({"on": "tomorrow"}, 422, "a value date up to"),
        ({"jurisdiction": "US"}, 422, "OECP-COLLECTOR-JURISDICTION"),
        ({"form_token": "x"}, 403, "open too long"),
        ({"key": ""}, 403, "open too long"),
    ],
)
def test_a_form_that_cannot_be_used_keeps_what_was_typed(
    console: ParcelConsole, fields: dict[str, str], status: int, says: str
) -> None:
    before = console.store.size()
    reply = pay(console.client("rita"), **fields)
    assert (reply.status_code, says in reply.text) == (status, True)
    assert 'value="RF18 77"' in reply.text or "reference" in fields
    assert console.store.size() == before


def test_who_is_not_of_revenue_sees_no_form_and_records_nothing(console: ParcelConsole) -> None:
    before = console.store.size()
    for name, its_account in (("anna", True), ("tom", True), ("uma", False)):
        client = console.client(name)
        assert "Record a payment" not in client.get(PAGE).text
        data = {"form_token": form_token(client.get("/console/parcels/calculator").text), "key": "a" * 20}
        data |= {"amount": "1.00", "reference": "R1"}
        reply = client.post(f"{PAGE}/payments", data=data, follow_redirects=False)
        assert reply.status_code == (403 if its_account else 404), name
    assert console.client("rita").get(PAGE.replace("XBPOST", "NOBODY")).status_code == 404
    assert console.store.size() == before


def test_reconciliation_is_for_who_sees_all(console: ParcelConsole) -> None:
    assert console.client("tom").get("/console/parcels/collectors/reconciliation").status_code == 403
    page = console.client("rita").get("/console/parcels/collectors/reconciliation?month=2026-07").text
    assert "Reconciliation" in page
