# SPDX-License-Identifier: Apache-2.0
"""`openecp collectors`: what platforms, posts, carriers and brokers collected for Customs, and what they paid."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openecp.border.revenue.collectors import CollectorRefused, period
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation

if TYPE_CHECKING:
    from openecp.platform.core.collector_desk import CollectorDesk

_FORMATS = click.Choice(["text", "json", "csv"])


@click.group()
def collectors() -> None:
    """Statements, payments, refunds and reconciliation of those who collect; the tax authority's feed."""


def period_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--month`, `--from` and `--to`."""
    command = click.option("--to", "last", metavar="DATE", help="Last day.")(command)
    command = click.option("--from", "first", metavar="DATE", help="First day.")(command)
    return click.option("--month", metavar="YYYY-MM", help="A month, in place of first and last day.")(command)


AT_THE_COMMAND_LINE = Principal(
    principal_id="command-line", kind="system", organisation="customs", name="command line", roles=("revenue",)
)


@contextmanager
def _desk(context: click.Context, data: str | None) -> Iterator[CollectorDesk]:
    """Open the store and the desk over it; a refusal ends the command with what to do."""
    from openecp.platform.core.collector_desk import CollectorDesk
    from openecp.platform.core.ids import Randomness

    store = installation(context).with_settings(data=data).open_store()
    try:
        yield CollectorDesk(store, new_id=Randomness().uuid7)
    except CollectorRefused as refused:
        raise CommandFault(
            str(refused), where=refused.where, expected=refused.expected, got=refused.got, fix=refused.fix
        ) from None
    finally:
        store.close()


def _account(text: str) -> str:
    return text if text.startswith("collector:") else f"collector:{text}"


def _period(month: str | None, first: str | None, last: str | None, *, whole: bool = False) -> tuple[str, str]:
    """Return the period; without one the present month, or all of time."""
    if month is None and first is None and last is None:
        return ("0001-01-01", "9999-12-31") if whole else period(month=utc_now()[:7])
    return period(month, first, last)


def _put(content: bytes, out: Path | None) -> None:
    if out is None:
        click.echo(content, nl=False)
    else:
        out.write_bytes(content)


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


@collectors.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one an account.")
@data_option
@click.pass_context
def list_(context: click.Context, as_json: bool, data: str | None) -> None:
    """List every collector's account with what was charged, refunded and paid, and where it stands."""
    from rich.table import Table

    from openecp.platform.documents.collector_papers import balance_json

    with _desk(context, data) as desk:
        rows = [balance_json(balance) for balance in desk.balances()]
    if as_json:
        _put(b"".join(_line(row) for row in rows), None)
        return
    table = Table("account", "jurisdictions", "charged", "refunded", "paid", "balance", "standing")
    for row in rows:
        table.add_row(
            row["account"], ", ".join(row["jurisdictions"]), row["charged"], row["refunded"], row["paid"],
            row["balance"], row["standing"].replace("_", " "),
        )  # fmt: skip
    console().print(table, markup=False)


@collectors.command()
@click.argument("account")
@period_options
@click.option("--format", "form", type=_FORMATS, default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write it to.")
@data_option
@click.pass_context
def statement(
    context: click.Context,
    account: str,
    month: str | None,
    first: str | None,
    last: str | None,
    form: str,
    out: Path | None,
    data: str | None,
) -> None:
    """Print the statement of an ACCOUNT, such as post:XB-POST:EUR, for a month or any period (else this month)."""
    from openecp.platform.documents.collector_papers import statement_csv, statement_json, statement_text

    with _desk(context, data) as desk:
        found = desk.statement(_account(account), *_period(month, first, last))
    if form == "json":
        _put(_line(statement_json(found)), out)
    else:
        _put(statement_csv(found) if form == "csv" else statement_text(found).encode(), out)


@collectors.command()
@click.argument("account")
@click.argument("amount")
@click.option("--reference", required=True, help="The bank's or payer's reference: up to 35 letters and digits.")
@click.option("--key", required=True, help="Names this payment: the same key records it once.")
@click.option("--on", metavar="DATE", help="Value date (else today).")
@click.option("--jurisdiction", help="For whom it is, where the account has charges of several.")
@click.option("--json", "as_json", is_flag=True)
@data_option
@click.pass_context
def pay(
    context: click.Context,
    account: str,
    amount: str,
    reference: str,
    key: str,
    on: str | None,
    jurisdiction: str | None,
    as_json: bool,
    data: str | None,
) -> None:
    """Record that a collector paid AMOUNT, in the currency of the ACCOUNT; too much or too little stays visible."""
    from openecp.border.revenue.collector_payments import CollectorPayment
    from openecp.border.revenue.collectors import parse_account
    from openecp.platform.documents.collector_papers import minor_of, payment_json

    with _desk(context, data) as desk:
        whose = parse_account(_account(account))
        minor = minor_of(amount, whose.currency)
        if minor is None:
            raise CommandFault(
                f"{amount}: no amount in {whose.currency}", where="AMOUNT",
                expected=f"digits with at most the decimals of {whose.currency}, such as 120.50", got=amount[:40],
                fix="Correct the amount.",
            )  # fmt: skip
        payment = CollectorPayment(
            account=whose.account, minor=minor, on=on or utc_now()[:10], reference=reference, key=key,
            jurisdiction=jurisdiction,
        )  # fmt: skip
        result = payment_json(desk.pay(payment, AT_THE_COMMAND_LINE))
    if as_json:
        _put(_line(result), None)
    else:
        click.echo(
            f"{result['account']}: {result['amount']} {result['currency']} paid on {result['on']}; balance before "
            f"{result['before']}, after {result['after']} ({result['standing'].replace('_', ' ')})"
        )


@collectors.command()
@click.argument("parcel")
@click.option("--posted", required=True, metavar="DATE", help="The parcel's posting date.")
@click.option("--item", type=click.IntRange(1, 9_999), help="One item; without it, all that is charged.")
@click.option("--reason", required=True, help="The ground: goods returned, charged in error, …")
@click.option("--json", "as_json", is_flag=True)
@data_option
@click.pass_context
def refund(
    context: click.Context, parcel: str, posted: str, item: int | None, reason: str, as_json: bool, data: str | None
) -> None:
    """Give back what was charged for a PARCEL or one item of it, once; the entries are reversed, never edited."""

    try:
        day = date.fromisoformat(posted).isoformat()
    except ValueError:
        day = ""
    if day != posted:
        raise CommandFault(
            f"{posted}: no date", where="--posted", expected="a date such as 2026-07-01", got=posted[:40],
            fix="Correct the posting date.",
        )  # fmt: skip
    officer = Principal(
        principal_id="command-line", kind="system", organisation="customs", name="Command line", roles=("officer",)
    )
    with _desk(context, data) as desk:
        answer = desk.refund(officer, parcel, posted, reason=reason, item=item)
    if answer.error is not None:
        error = answer.error
        raise CommandFault(
            error.message, where=error.json_pointer or "PARCEL", expected=error.expected or "", got=error.got or "",
            fix=error.fix or "",
        )  # fmt: skip
    if as_json:
        _put(_line({"parcel_id": parcel, "posted_on": posted, "item": item, "seq": answer.last_seq}), None)
    else:
        click.echo(f"{parcel} of {posted}: refunded{f', item {item}' if item else ''}, event {answer.last_seq}")


@collectors.command()
@period_options
@click.option("--json", "as_json", is_flag=True)
@data_option
@click.pass_context
def reconcile(
    context: click.Context, month: str | None, first: str | None, last: str | None, as_json: bool, data: str | None
) -> None:
    """Compare the ledger with the tax lines of every parcel's record (else of all time); exit code 1: they differ."""
    from openecp.kernel.datamodel.currencies import amount_text
    from openecp.platform.documents.collector_papers import reconciliation_json

    with _desk(context, data) as desk:
        report = desk.reconcile(*_period(month, first, last, whole=True))
    if as_json:
        _put(_line(reconciliation_json(report)), None)
    else:
        for total in report.totals:
            equal = "equal" if total.records_minor == total.ledger_minor else "DIFFERENT"
            click.echo(
                f"{total.account} {total.type}: records {amount_text(total.records_minor, total.currency)}, "
                f"ledger {amount_text(total.ledger_minor, total.currency)}: {equal}"
            )
        for one in report.differences:
            click.echo(
                f"DIFFERENCE {one.where}: {one.account} {one.type}: records {one.records_minor}, "
                f"ledger {one.ledger_minor} (minor units)"
            )
        more = f" and {report.differences_left_off} more" if report.differences_left_off else ""
        verdict = "equal to the minor unit" if report.ok else f"{len(report.differences)} differences{more}"
        click.echo(
            f"{report.parcels} parcels in {report.batches} batches, {report.parcel_cases} changed since, "
            f"{report.rulings} rulings posted: {verdict}"
        )
    sys.exit(0 if report.ok else 1)


@collectors.command()
@period_options
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--dictionary", is_flag=True, help="Say what each column means, as JSON, and nothing else.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write it to.")
@data_option
@click.pass_context
def feed(
    context: click.Context,
    month: str | None,
    first: str | None,
    last: str | None,
    form: str,
    dictionary: bool,
    out: Path | None,
    data: str | None,
) -> None:
    """Write the tax authority's feed: indirect taxes collected at import, by collector and month (else this month)."""
    from openecp.platform.documents.collector_papers import feed_csv, feed_dictionary, feed_lines

    if dictionary:
        _put(msgspec.json.format(_line(feed_dictionary())) + b"\n", out)
        return
    with _desk(context, data) as desk:
        rows = desk.feed(*_period(month, first, last))
    _put(feed_csv(rows) if form == "csv" else feed_lines(rows), out)
