# SPDX-License-Identifier: Apache-2.0
"""`openecp reassess`: what a period's parcels would have paid under other rules; and the difference, posted."""

from __future__ import annotations

import csv
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.low_value.currencies import amount_text
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import RegimeFault
from openecp.kernel.journal.memory import utc_now
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.clear import refuse
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation
from openecp.platform.core.reassessing import Asked, ParcelChange, Reassessed, Reassessment, post

_RULING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", re.ASCII)


@click.command()
@click.option(
    "--as-if", "as_if", metavar="DATE|FILE", required=True, help="A day whose law is asked, or a regime file."
)
@click.option("--jurisdiction", metavar="CODE", required=True, help="Whose parcels: EU, BR, US, …")
@click.option("--from", "first", metavar="DATE", help="First day of acceptance.")
@click.option("--to", "last", metavar="DATE", help="Last day of acceptance.")
@click.option("--regime", metavar="ID", default="", help="A regime by name; without one the rule says which holds.")
@click.option("--rates", metavar="FILE", help="Official rates of exchange, as CSV.")
@click.option("--rates-of-duty", "duty_rates", metavar="FILE", help="Rates of duty, excise and tax, as CSV.")
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False), help="A row for each parcel, as CSV.")
@click.option("--post", "ruling", metavar="RULING", help="Post the difference under the name of a ruling, once.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@data_option
@click.pass_context
def reassess(context: click.Context, /, as_if: str, data: str | None, **asked: Any) -> None:
    """Answer what the parcels of a period would have paid under other rules, by collector and type."""
    ruling = asked["ruling"]
    if ruling is not None and not _RULING.fullmatch(ruling):
        raise CommandFault(
            "the name of a ruling cannot be used", where="--post", expected="letters, digits, . _ - (at most 61)",
            got=ruling, fix="Name the ruling, as in 2026-T-114.",
        )  # fmt: skip
    context.find_root().obj = installation(context).with_settings(data=data)
    what = Asked(
        jurisdiction=asked["jurisdiction"].upper(), first=read_date(asked["first"]), last=read_date(asked["last"]),
        as_if=Path(as_if).name if is_file(as_if) else as_if, all_dates=not is_file(as_if),
    )  # fmt: skip
    try:
        told = _told(context, what, as_if, asked)
    except (QuoteRefused, RegimeFault) as error:
        refuse(error.faults)
        return
    if asked["as_json"]:
        click.echo(msgspec.json.encode(told))
    else:
        print_answer(told)


def _told(context: click.Context, what: Asked, as_if: str, asked: dict[str, Any]) -> Reassessed:
    installed = installation(context)
    with installed.open_store() as store, ExitStack() as opened:
        engine, rules = installed.reassessing(
            jurisdiction=what.jurisdiction,
            file=as_if if is_file(as_if) else None,
            on=None if is_file(as_if) else read_date(as_if),
            regime=asked["regime"],
            rates=asked["rates"],
            duty_rates=asked["duty_rates"],
        )
        each = None
        if asked["out"]:
            file = opened.enter_context(Path(asked["out"]).open("w", encoding="utf-8", newline=""))
            each = _row_writer(csv.writer(file))
        told = Reassessment(store, engine, rules, what).run(each)
        if asked["ruling"]:
            post(store, told, ruling=asked["ruling"], asked=what, now=utc_now(), actor="system:reassess")
        return told


def is_file(text: str) -> bool:
    """Tell whether a regime file is named; everything else is a day."""
    return text.endswith(".toml") or "/" in text


def _row_writer(writer: Any) -> Any:
    writer.writerow([
        "parcel_id", "posted_on", "currency", "decision", "would_be", "duty", "tax", "would_duty", "would_tax",
    ])  # fmt: skip

    def write(one: ParcelChange) -> None:
        amounts = (amount_text(minor, one.currency) for minor in (one.duty, one.tax, one.would_duty, one.would_tax))
        name = f"'{one.parcel_id}" if one.parcel_id[:1] in "=+-@" else one.parcel_id
        writer.writerow([name, one.posted_on, one.currency, one.decision, one.would_be, *amounts])

    return write


def print_answer(told: Reassessed) -> None:
    """Print the sums."""
    out = console()
    out.print(
        f"{told.parcels:,} parcels of {told.jurisdiction} as if {told.as_if}: {told.changed:,} would pay otherwise",
        highlight=False,
    )
    table = Table(show_edge=False)
    for heading in ("Collector", "Type", "Currency", "Was", "Would be", "Difference"):
        table.add_column(heading, justify="right" if heading in ("Was", "Would be", "Difference") else "left")
    for one in told.sums:
        amounts = (amount_text(minor, one.currency) for minor in (one.was, one.would, one.difference))
        table.add_row(one.account.removeprefix("collector:"), one.type, one.currency, *amounts)
    out.print(table)
    if told.unanswered:
        out.print(f"{told.unanswered:,} of them would be held or need a full declaration: nothing is charged on them.")
    if told.left_out:
        out.print(f"{told.left_out:,} parcels left out: not released then, or their goods are no longer kept.")
    if told.posted:
        out.print(f"The ruling {'was posted before' if told.repeated else 'is posted'}: {told.posted}")
