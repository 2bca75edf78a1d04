# SPDX-License-Identifier: Apache-2.0
"""What collectors owe: statements add up, payments and refunds are recorded once, and the ledger equals the records."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.collector_world import OFFICER, POST, REVENUE, SELLER, TRADER, Line, cleared, payment
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    shared_database,
    store,
    tamper,
)

from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.revenue.collector_feed import FEED_DICTIONARY
from openecp.border.revenue.collector_payments import collector_stream
from openecp.border.revenue.collectors import CollectorRefused, parse_account, period
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import LedgerEntry
from openecp.kernel.parties.model import Principal
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.documents.collector_papers import (
    feed_csv,
    feed_json,
    feed_lines,
    minor_of,
    statement_csv,
    statement_json,
    statement_text,
    written_csv,
)
from openecp.platform.store import PostgresStore


def july() -> dict[str, list[Line]]:
    return {
        "P1": [(POST, "duty", 1, 300), (POST, "tax", 1, 1_080), (POST, "duty", 2, 300), (POST, "tax", 2, 60)],
        "P2": [(SELLER, "tax", 1, 960)],
        "P3": [],
        "P4": [(POST, "tax", 1, 200)],
    }


def desk_of(over: Any, today: str = "2026-08-03") -> CollectorDesk:
    ids = (f"id-{number}" for number in itertools.count())
    return CollectorDesk(over, new_id=lambda: next(ids), clock=lambda: f"{today}T10:00:00.000000Z")


@pytest.fixture(params=["memory", "postgres"])
def any_store(request: pytest.FixtureRequest) -> Any:
    """Return each kind of store in turn."""
    clock = (f"2026-07-01T08:{n // 60:02}:{n % 60:02}.000000Z" for n in itertools.count())
    if request.param == "memory":
        return MemoryStore(clock=lambda: next(clock))
    found = request.getfixturevalue("store")
    found.writer._clock = lambda: next(clock)
    return found


def test_a_statement_adds_up(any_store: Any) -> None:
    cleared(any_store, july())
    cleared(any_store, {"P5": [(POST, "duty", 1, 50)]}, on="2026-06-30", first_row=100)
    cleared(any_store, {"P6": [(POST, "tax", 1, 7)]}, on="2026-08-01", first_row=200)
    cleared(any_store, {"P7": [(POST, "tax", 1, 11)]}, on="2026-07-31", jurisdiction="XB", first_row=300)
    desk = desk_of(any_store)
    assert desk.pay(payment(1_000, jurisdiction="EU"), REVENUE).after_minor == 1_008
    found = desk.statement(POST, "2026-07-01", "2026-07-31")
    assert (found.opening_minor, found.charged_minor, found.refunded_minor, found.paid_minor) == (50, 1_951, 0, 0)
    assert [(line.jurisdiction, line.type, line.charged_minor) for line in found.lines] == [
        ("EU", "duty", 600), ("EU", "tax", 1_340), ("XB", "tax", 11),
    ]  # fmt: skip
    assert (found.closing_minor, found.standing) == (2_001, "to_pay")
    after = desk.statement(POST, "2026-08-01", "2026-08-31")
    assert (after.opening_minor, after.charged_minor, after.paid_minor, after.closing_minor) == (2_001, 7, 1_000, 1_008)
    assert [(one.on, one.minor, one.reference) for one in after.payments] == [("2026-08-01", 1_000, "RF18")]
    assert desk.statement(SELLER, "2026-07-01", "2026-07-01").closing_minor == 960
    with pytest.raises(CollectorRefused, match="Nothing was ever entered"):
        desk.statement("collector:post:NOBODY:EUR", "2026-07-01", "2026-07-31")
    assert [(one.account, one.balance_minor, one.jurisdictions) for one in desk.balances()] == [
        (POST, 1_008, ("EU", "XB")), (SELLER, 960, ("EU",)),
    ]  # fmt: skip


def test_too_much_and_too_little_are_shown(any_store: Any) -> None:
    cleared(any_store, july())
    desk = desk_of(any_store)
    few = desk.pay(payment(1_900), REVENUE)
    assert (few.before_minor, few.after_minor, few.standing) == (1_940, 40, "to_pay")
    again = desk.pay(payment(1_900), REVENUE)
    assert again == few  # the same key is the same payment
    many = desk.pay(payment(100, key="k-2"), REVENUE)
    assert (many.after_minor, many.standing) == (-60, "overpaid")
    assert desk.statement(POST, "2026-08-01", "2026-08-31").standing == "overpaid"
    with pytest.raises(CollectorRefused, match="used before for another payment"):
        desk.pay(payment(1_901), REVENUE)
    assert len(any_store.events(case_id=collector_stream(POST))) == 2
    assert desk.pay(payment(1, account=SELLER, key="k-3"), REVENUE).after_minor == 959


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"minor": 0}, "amount"),
        ({"minor": -5}, "amount"),
        ({"on": "2026-08-04"}, "on"),
        ({"on": "2026-02-30"}, "on"),
        ({"reference": "=HYPERLINK(1)"}, "reference"),
        ({"reference": "x" * 36}, "reference"),
        ({"key": ""}, "key"),
        ({"account": "collector:post:NOBODY:EUR"}, "account"),
        ({"account": "revenue:tax:EU:EUR"}, "account"),
        ({"jurisdiction": "XB"}, "jurisdiction"),
    ],
)
def test_a_payment_that_cannot_be_recorded_says_why(changes: dict[str, Any], where: str) -> None:
    memory = MemoryStore()
    cleared(memory, july())
    with pytest.raises(CollectorRefused) as refused:
        desk_of(memory).pay(payment(**{"minor": 10} | changes), REVENUE)
    assert refused.value.where == where
    assert memory.size() == 1


def refund(desk: CollectorDesk, parcel_id: str, item: int | None = None, by: Principal = OFFICER) -> Any:
    return desk.refund(by, parcel_id, "2026-07-01", reason="goods returned", item=item)


def test_a_refund_is_made_once(any_store: Any) -> None:
    cleared(any_store, july())
    desk = desk_of(any_store)
    assert refund(desk, "P1", 2).outcome == "done"
    twice = refund(desk, "P1", 2)
    assert (twice.outcome, twice.http_status) == ("refused", 409)
    assert refund(desk, "P1", 3).error.expected == "one of the items 1, 2"
    found = desk.statement(POST, "2026-07-01", "2026-07-31")
    assert (found.charged_minor, found.refunded_minor, found.closing_minor) == (1_940, 360, 1_580)
    assert refund(desk, "P1").outcome == "done"  # what is left of it
    assert refund(desk, "P1").http_status == 409
    assert desk.statement(POST, "2026-07-01", "2026-07-31").closing_minor == 200
    assert refund(desk, "P3").http_status == 409  # nothing was charged
    assert refund(desk, "PX").http_status == 404
    assert refund(desk, "P4", by=TRADER).http_status == 403
    reversals = [entry for entry in entries_of(any_store) if entry[2] is not None]
    assert sorted((debit, minor) for debit, minor, _ in reversals) == [
        ("revenue:duty:EU:EUR", 300), ("revenue:duty:EU:EUR", 300),
        ("revenue:tax:EU:EUR", 60), ("revenue:tax:EU:EUR", 1_080),
    ]  # fmt: skip
    report = desk.reconcile("2026-07-01", "2026-07-31")
    assert (report.ok, report.parcels, report.batches, report.parcel_cases) == (True, 4, 1, 1)
    returned = ParcelAct(principal=OFFICER, parcel_id="P4", posted_on="2026-07-01", act="return", reason="refused")
    assert desk.act(returned).outcome == "done"
    assert refund(desk, "P4").http_status == 409
    assert desk.reconcile("2026-07-01", "2026-07-31").ok
    assert desk.statement(POST, "2026-07-01", "2026-07-31").standing == "settled"


def entries_of(of: Any) -> list[tuple[str, int, str | None]]:
    if isinstance(of, MemoryStore):
        return [(entry.debit, entry.amount_minor, entry.reverses) for entry in of.entries.values()]
    return of.pool.fetch("SELECT debit, amount_minor, reverses FROM ledger")


def test_ledger_and_records_are_equal_by_collector_and_type(any_store: Any) -> None:
    cleared(any_store, july())
    cleared(any_store, {"P8": [(POST, "tax", 1, 5)]}, on="2026-08-02", first_row=50)
    desk = desk_of(any_store)
    report = desk.reconcile("2026-07-01", "2026-07-31")
    assert report.ok
    assert [(one.account, one.type, one.records_minor, one.ledger_minor) for one in report.totals] == [
        (POST, "duty", 600, 600), (POST, "tax", 1_340, 1_340), (SELLER, "tax", 960, 960),
    ]  # fmt: skip
    assert desk.reconcile("0001-01-01", "9999-12-31").parcels == 5


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        (
            "UPDATE ledger SET amount_minor = amount_minor + 1 WHERE credit LIKE 'revenue:duty%'",
            (POST, "duty", 600, 601),
        ),
        ("DELETE FROM ledger WHERE debit LIKE 'collector:seller%'", (SELLER, "tax", 960, 0)),
        ("UPDATE parcels SET record = replace(record, '\"minor\":200', '\"minor\":199')", (POST, "tax", 1_339, 1_340)),
    ],
)
def test_a_difference_is_named_with_its_batch(
    store: PostgresStore,  # noqa: F811
    statement: str,
    difference: tuple[str, str, int, int],
) -> None:
    cleared(store, july())
    cleared(store, {"P8": [(POST, "tax", 1, 5)]}, first_row=50)
    tamper(store, statement.replace("%", "%%"))
    report = desk_of(store).reconcile("2026-07-01", "2026-07-31")
    assert not report.ok
    assert [(one.account, one.type, one.records_minor, one.ledger_minor) for one in report.differences] == [difference]
    assert report.differences[0].where == "event 1: file-1 rows 1 to 4"


def test_what_a_ruling_posted_is_compared_with_its_event(any_store: Any) -> None:
    cleared(any_store, july())
    desk = desk_of(any_store)
    for number, (told, posted) in enumerate(((40, 40), (40, 41))):
        stream = f"parcels/ruling/R{number}"
        entry = LedgerEntry(
            entry_id=f"ruling-{number}", case_id=stream, debit="revenue:tax:EU:EUR", credit=POST, amount_minor=posted,
            currency="EUR", reason="ruling",
        )  # fmt: skip
        difference = {"account": POST, "type": "tax", "currency": "EUR", "was": 1_340, "would": 1_340 - told}
        write = case_write(
            stream, lrn="", room="parcels", events=1, ledger=(entry,), body={"differences": [difference]}
        )
        assert any_store.write([write])[0].outcome == "recorded"
        report = desk.reconcile("2026-07-01", "2026-07-31")
        assert (report.ok, report.rulings, report.batches) == (number == 0, number + 1, 1)
    assert [one.where for one in report.differences] == ["parcels/ruling/R1: no batch"]


def test_the_feed_has_tax_by_collector_and_month(any_store: Any) -> None:
    cleared(any_store, july())
    cleared(any_store, {"P8": [(POST, "tax", 1, 5)]}, on="2026-08-02", first_row=50)
    desk = desk_of(any_store)
    refund(desk, "P2")
    rows = desk.feed("2026-07-01", "2026-12-31")
    told = [(row.month, row.collector_role, row.tax_charged_minor, row.tax_refunded_minor) for row in rows]
    assert told == [("2026-07", "post", 1_340, 0), ("2026-07", "seller", 960, 960), ("2026-08", "post", 5, 0)]
    names = [name for name, _, _ in FEED_DICTIONARY]
    assert list(feed_json(rows[0])) == names
    read = list(csv.DictReader(io.StringIO(feed_csv(rows).decode("utf-8-sig"))))
    assert [row["tax_net"] for row in read] == ["13.40", "0.00", "0.05"]
    assert [json.loads(line)["tax_net"] for line in feed_lines(rows).splitlines()] == ["13.40", "0.00", "0.05"]
    assert desk.feed("2026-09-01", "2026-09-30") == []


def test_a_statement_in_three_forms(any_store: Any) -> None:
    cleared(any_store, july())
    desk = desk_of(any_store)
    desk.pay(payment(2_000, on="2026-07-31"), REVENUE)
    refund(desk, "P4")
    found = desk.statement(POST, "2026-07-01", "2026-07-31")
    told = statement_json(found)
    assert (told["charged"], told["refunded"], told["paid"], told["closing"]) == ("19.40", "2.00", "20.00", "-2.60")
    rows = list(csv.reader(io.StringIO(statement_csv(found).decode("utf-8-sig"))))
    amounts = [(row[0], row[-1]) for row in rows[3:]]
    assert amounts == [
        ("opening", "0.00"), ("charged", "6.00"), ("charged", "13.40"), ("refunded", "-2.00"), ("paid", "-20.00"),
        ("closing", "-2.60"),
    ]  # fmt: skip
    text = statement_text(found)
    assert "Paid too much: 2.60 EUR" in text
    assert "refunded: tax EU" in text


def test_what_a_spreadsheet_would_run_is_made_harmless() -> None:
    lines = list(csv.reader(io.StringIO(written_csv([["=1+1", "-2+3", "-2.00", "@x", "+1"]]).decode("utf-8-sig"))))
    assert lines == [["'=1+1", "'-2+3", "-2.00", "'@x", "'+1"]]


def test_amounts_and_periods_are_read_exactly() -> None:
    good = {"12": 1_200, "12.3": 1_230, "0.05": 5, "12.30": 1_230}
    assert {text: minor_of(text, "EUR") for text in good} == good
    assert [minor_of(text, "EUR") for text in ("", "-1", "1.", ".5", "1.234", "1,0", "1e3", "٣")] == [None] * 8
    assert (minor_of("12", "JPY"), minor_of("12.5", "JPY"), minor_of("0.001", "KWD")) == (12, None, 1)
    assert period("2028-02") == ("2028-02-01", "2028-02-29")
    assert period(None, "2026-01-01", "2026-01-01") == ("2026-01-01", "2026-01-01")
    bad: list[Callable[[], Any]] = [
        lambda: period("2026-13"),
        lambda: period("2026-01", "2026-01-01", None),
        lambda: period(None, "2026-01-02", None),
        lambda: period(None, "2026-01-02", "2026-01-01"),
        lambda: parse_account("collector:post:XB:eur"),
    ]
    for each in bad:
        with pytest.raises(CollectorRefused):
            each()


def test_every_account_has_a_stream_of_its_own() -> None:
    accounts = [POST, "collector:post:XB POST:EUR", "collector:post:XB@20POST:EUR", f"collector:post:{'é' * 120}:EUR"]
    streams = {collector_stream(account) for account in accounts}
    assert len(streams) == len(accounts)
    assert max(map(len, streams)) <= 128


def test_the_commands_end_to_end(store: PostgresStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: F811
    from click.testing import CliRunner

    from openecp.bootstrap import Installation
    from openecp.platform.cli.main import openecp
    from openecp.platform.core.settings import Settings

    cleared(store, july())
    monkeypatch.setattr(Installation, "open_store", lambda self: PostgresStore(url=store.url, folder=tmp_path))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(openecp, ["collectors", *arguments], obj=Installation(Settings()))

    assert "19.40" in run("list").output
    paid = run("pay", "post:XB-POST:EUR", "19.00", "--reference", "RF18", "--key", "a", "--on", "2026-07-31", "--json")
    assert json.loads(paid.output)["after"] == "0.40"
    assert run("refund", "P4", "--posted", "2026-07-01", "--reason", "returned").output.startswith("P4 of 2026-07-01")
    out = tmp_path / "statement.csv"
    assert (
        run("statement", "post:XB-POST:EUR", "--month", "2026-07", "--format", "csv", "--out", str(out)).exit_code == 0
    )
    assert out.read_bytes().startswith(b"\xef\xbb\xbfaccount,")
    assert json.loads(run("statement", POST, "--month", "2026-07", "--format", "json").output)["paid"] == "19.00"
    assert "equal to the minor unit" in run("reconcile").output
    assert run("feed", "--month", "2026-07").output.count("\n") == 3
    assert json.loads(run("feed", "--dictionary").output)["version"] == 1
    tamper(store, "UPDATE ledger SET amount_minor = 1 WHERE debit LIKE 'collector:seller%%'")
    assert run("reconcile").exit_code == 1
