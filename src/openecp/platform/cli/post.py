# SPDX-License-Identifier: Apache-2.0
"""`openecp post`: check postal declarations, send data ahead, record arrivals, scorecards, answers to the post."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.postal.acts import AdviseItems, in_parts
from openecp.border.postal.binding import ItemReading, decoded
from openecp.border.postal.compliance import IsVague, Requirement, read_requirements, vague_terms
from openecp.border.postal.faults import PostalFault, PostalRefused
from openecp.border.postal.form import SdrRates, read_sdr_rates
from openecp.border.postal.report import ItemReport, reports_of
from openecp.border.postal.response import DECISIONS, read_decision_codes, with_code
from openecp.border.postal.scorecard import ScoreFilter, ScoreRow
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.desk import told
from openecp.platform.cli.post_desk import LINES, as_post, fail_with, post_desk, read_bytes
from openecp.platform.cli.post_officer import decide, revise, show, step
from openecp.platform.cli.wiring import console, data_option, installation
from openecp.platform.core.postbook import (
    PostalMedia,
    media_of_bytes,
    read_arrival_file,
    read_dispatch_file,
    read_item_file,
    write_responses,
)
from openecp.platform.core.postwork import PostalRules

FORMAT = click.option("--format", "media", type=click.Choice(["json", "xml", "csv"]), default="json", show_default=True)
ORGANISATION = click.option("--organisation", default="local", show_default=True, help="The post that sends.")


@click.group()
def post() -> None:
    """Postal items: check, send data ahead, record arrivals, scorecards, answers."""


@post.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rates", type=click.Path(dir_okay=False, path_type=Path), help="SDR rates, as CSV.")
@click.option("--rules", type=click.Path(dir_okay=False, path_type=Path), help="Demands of destinations, as CSV.")
@click.option("--vague", type=click.Path(dir_okay=False, path_type=Path), help="Terms that say nothing, one a line.")
@click.option("--profile", metavar="NAME", help="Administration whose tables apply where no file is given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line an item.")
@click.pass_context
def check(
    context: click.Context,
    file: Path,
    rates: Path | None,
    rules: Path | None,
    vague: Path | None,
    profile: str | None,
    as_json: bool,
) -> None:
    """Check the CN22 and CN23 data in FILE (JSON, XML, CSV): identifier, form, faults, demands; exit code 1 if any."""
    try:
        known = installation(context).with_settings(profile=profile).post_rules()
        reading = read_item_file(read_bytes(file))
        reports = reports_of(reading.items, *_tables(known, rates, rules, vague))
    except PostalRefused as refused:
        fail_with(refused.faults)
    if as_json:
        for report in reports:
            click.echo(msgspec.json.encode(report))
        if reading.faults:
            click.echo(msgspec.json.encode({"faults": reading.faults}))
    else:
        print_reports(reports, reading)
    wrong = any(_wrong(report) for report in reports) or bool(reading.faults)
    sys.exit(1 if wrong else 0)


def _tables(
    known: PostalRules, rates: Path | None, rules: Path | None, vague: Path | None
) -> tuple[tuple[Requirement, ...], SdrRates, IsVague]:
    judge = known.is_vague
    if vague is not None:
        judge = vague_terms(
            line for line in read_bytes(vague).decode("utf-8-sig", "replace").splitlines() if line.strip()
        )
    return (
        read_requirements(read_bytes(rules), str(rules)) if rules is not None else known.requirements,
        read_sdr_rates(read_bytes(rates), str(rates)) if rates is not None else known.rates,
        judge,
    )


def _wrong(report: ItemReport) -> bool:
    return not report.compliant or any(fault.severity == "fault" for fault in report.faults)


def print_reports(reports: list[ItemReport], reading: ItemReading) -> None:
    """Print what was found, for people."""
    table = Table("Item", "Service", "Form", "Why", "Faults", "Missing", "Vague", title="Postal items")
    for report in reports[:LINES]:
        table.add_row(
            report.item,
            report.identifier.meaning if report.identifier is not None else "?",
            report.form.form or "?",
            "; ".join(report.form.reasons),
            str(len(report.faults)),
            str(len(report.compliance.missing)),
            str(len(report.vague)),
        )
    console().print(table)
    faults: list[PostalFault] = [fault for each in reports for fault in (*each.faults, *each.compliance.missing)]
    for fault in [*reading.faults, *faults][:LINES]:
        click.echo(f"{fault.severity + ':':<9}{fault.code}  {fault.text}")


@post.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@ORGANISATION
@data_option
@click.pass_context
def advise(context: click.Context, file: Path, organisation: str, data: str | None) -> None:
    """Send the data in FILE ahead: items, or a dispatch with its receptacles; bad items are told of and left out."""
    content = read_bytes(file)
    try:
        act: Any
        if _is_dispatch(content):
            act = read_dispatch_file(content)
            reading = ItemReading(items=act.items)
        else:
            reading = read_item_file(content)
            act = AdviseItems(items=())
        with post_desk(context, data) as desk:
            reports = desk.reports(reading.items, organisation)
            good = tuple(item for item, report in zip(reading.items, reports, strict=True) if report.usable)
            parts = in_parts(msgspec.structs.replace(act, items=good))
            answers = [desk.do(part, as_post(organisation)) for part in parts]
    except PostalRefused as refused:
        fail_with(refused.faults)
    bad = [fault for report in reports if not report.usable for fault in report.faults]
    for fault in [*reading.faults, *bad][:LINES]:
        click.echo(f"left out: {fault.text}", err=True)
    new = [answer for answer in answers if answer.outcome != "repeated"]
    if answers:
        click.echo(f"{len(good)} of {len(reading.items)} items taken; {told((new or answers)[-1])}")
    sys.exit(1 if bad or reading.faults else 0)


def _is_dispatch(content: bytes) -> bool:
    """Tell a pre-advice from a list of items: by its field in JSON, by its root in XML."""
    if media_of_bytes(content) != "json":
        return re.search(rb"<(?:[\w.-]+:)?DispatchAdvice[\s>/]", content[:4096]) is not None
    value = decoded(content)
    return isinstance(value, dict) and "dispatch" in value


@post.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@ORGANISATION
@click.option("--json", "as_json", is_flag=True, help="The match as JSON.")
@data_option
@click.pass_context
def arrive(context: click.Context, file: Path, organisation: str, as_json: bool, data: str | None) -> None:
    """Record the arrival of the receptacles in FILE and print how they match the pre-advice."""
    who = as_post(organisation)
    try:
        act = read_arrival_file(read_bytes(file))
        with post_desk(context, data) as desk:
            desk.do(act, who)
            found = desk.book.dispatch(act.dispatch_id, who)
    except PostalRefused as refused:
        fail_with(refused.faults)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for name, counts in (("receptacles", found.receptacles), ("items", found.items)):
        click.echo(f"{name}: " + ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items()))
    for each in found.differences[:LINES]:
        click.echo(f"  {each.item}: {each.outcome.replace('_', ' ')}"
                   + (f", pre-advised in {each.preadvised_in}" if each.preadvised_in else "")
                   + (f", arrived in {each.arrived_in}" if each.arrived_in else ""))  # fmt: skip


@post.command()
@click.option("--since", metavar="DATE", help="First day.")
@click.option("--until", metavar="DATE", help="Last day.")
@click.option("--by", type=click.Choice(["posted", "received"]), default="posted", show_default=True)
@click.option("--origin", default="", metavar="POST", help="One origin post, or all of a country: DE.")
@click.option("--organisation", default="", help="Only what this post has sent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a post and day.")
@data_option
@click.pass_context
def scorecard(
    context: click.Context,
    since: str | None,
    until: str | None,
    by: Any,
    origin: str,
    organisation: str,
    as_json: bool,
    data: str | None,
) -> None:
    """Show by origin post and day how complete the data were, read off the journal."""
    wanted = ScoreFilter(
        origin_post=origin, organisation=organisation, since=read_date(since), until=read_date(until), by=by
    )
    try:
        with post_desk(context, data) as desk:
            rows = desk.book.scorecard(wanted)
    except PostalRefused as refused:
        fail_with(refused.faults)
    if as_json:
        for row in rows:
            click.echo(msgspec.json.encode(row))
    else:
        print_scorecard(rows)


def print_scorecard(rows: list[ScoreRow]) -> None:
    """Print a scorecard for people; shares in per cent."""
    names = ("hs6", "weight", "value", "contact", "vague", "compliant")
    table = Table("Post", "Day", "Items", "No data", "HS6", "Weight", "Value", "Contact", "Vague", "Compliant", "Trend",
                  title="Data of postal items")  # fmt: skip
    for row in rows[:LINES]:
        trend = "" if row.trend is None else f"{'+' if row.trend > 0 else ''}{row.trend / 10:.1f}"
        shares = [f"{row.shares[name] / 10:.1f} %" for name in names]
        table.add_row(row.origin_post, row.day, str(row.items), str(row.without_data), *shares, trend)
    console().print(table)


@post.command()
@ORGANISATION
@FORMAT
@click.option("--after", default=0, help="Number of the feed last seen.")
@click.option("--limit", default=1000, type=click.IntRange(1, 10_000), help="Most responses.")
@click.option("--codes", type=click.Path(dir_okay=False, path_type=Path), help="The post's own codes, as CSV.")
@data_option
@click.pass_context
def response(
    context: click.Context,
    organisation: str,
    media: PostalMedia,
    after: int,
    limit: int,
    codes: Path | None,
    data: str | None,
) -> None:
    """Write what Customs decided about a post's items, in the post's own codes."""
    try:
        table = read_decision_codes(read_bytes(codes), str(codes)) if codes is not None else None
        with post_desk(context, data) as desk:
            found = [each.response for each in desk.book.responses(organisation, after=after, limit=limit)]
    except PostalRefused as refused:
        fail_with(refused.faults)
    if table is not None:
        found = [with_code(each, table) for each in found]
        if table.missing:
            click.echo("no code for: " + ", ".join(n for n in DECISIONS if n in table.missing), err=True)
    sys.stdout.buffer.write(write_responses(found, media))
    sys.stdout.buffer.flush()


for _command in (step, revise, decide, show):
    post.add_command(_command)
