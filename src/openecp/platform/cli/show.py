# SPDX-License-Identifier: Apache-2.0
"""`openecp show`: one case, its taxes, reasons, notifications and history."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.lodgement.case import OFFICER_EVENTS, event_for_audience
from openecp.kernel.assessment.reasons import Audience, channel_for
from openecp.kernel.journal.model import CaseRow
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation
from openecp.platform.core.casefile import assessment_of, notification_entries
from openecp.platform.core.results import amount_text, error_object, reason_objects, tax_objects


@click.command()
@click.argument("name", metavar="MRN")
@click.option("--as", "audience", type=click.Choice(["trader", "officer"]), default="trader", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@data_option
@click.pass_context
def show(context: click.Context, name: str, audience: Audience, as_json: bool, data: str | None) -> None:
    """Show a case by its MRN, case id or LRN."""
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        case = case_object(find(store, name), store, audience)
    finally:
        store.close()
    if as_json:
        click.echo(msgspec.json.encode(case))
        return
    print_case(case)


def find(store: Any, name: str) -> CaseRow:
    """Return the case.

    Raises: CommandFault.
    """
    row: CaseRow | None = store.find_case(mrn=name) or store.find_case(lrn=name)
    if row is None and (found := store.case(name)):
        row = found[0]
    if row is None:
        raise CommandFault(
            f"{name}: no such case",
            where="MRN",
            expected="the MRN, case id or LRN of a case in this data folder",
            got=name,
            fix="Look at the answer to the lodgement; --data names another folder.",
        )
    return row


def case_object(row: CaseRow, store: Any, audience: Audience) -> dict[str, Any]:
    """Return a case as an audience may see it."""
    assessment = assessment_of(row, store)
    seen = assessment.for_audience(audience) if assessment is not None else None
    events = store.events(case_id=row.case_id, limit=1000)
    return {
        "case_id": row.case_id,
        "organisation": row.organisation,
        "lrn": row.lrn,
        "mrn": row.mrn,
        "status": row.status,
        "channel": channel_for(row.channel, audience),
        "version": row.version,
        "errors": [error_object(reason) for reason in seen.errors] if seen else [],
        "taxes": tax_objects(seen) if seen else [],
        "reasons": reason_objects(seen) if seen else [],
        "notifications": [
            {"number": number, "kind": message.kind, "created_at": message.created_at}
            for number, message in notification_entries(row, store)
        ],
        "events": [
            {
                "seq": event.seq,
                "kind": event.kind,
                "occurred_at": event.occurred_at,
                "actor": event.actor,
                "body": event_for_audience(event.body, audience),
            }
            for event in events
            if audience == "officer" or event.kind not in OFFICER_EVENTS
        ],
    }


def print_case(case: dict[str, Any]) -> None:
    """Print a case for people."""
    out = console()
    out.print(f"[bold]{case['mrn'] or 'no MRN'}[/bold]  LRN {case['lrn']}  version {case['version']}", highlight=False)
    out.print(f"status {case['status']}, channel {case['channel'] or '-'}, organisation {case['organisation']}")
    if case["taxes"]:
        table = Table("Item", "Tax", "Base", "Rate", "Assessed", "Payable", "", title="Taxes")
        for tax in case["taxes"]:
            amounts = [_amount(tax[name]) for name in ("base_minor", "assessed_minor", "payable_minor")]
            rate = f"{tax['rate']} %" if tax["rate"] is not None else ""
            table.add_row(str(tax["item"]), tax["type"], amounts[0], rate, amounts[1], amounts[2], tax["currency"])
        out.print(table)
    if case["reasons"]:
        table = Table("Code", "Layer", "What", "Where", title="Reasons")
        for reason in case["reasons"]:
            table.add_row(reason["code"], reason["layer"], reason["message"], reason.get("pointer") or "")
        out.print(table)
    table = Table("Seq", "When (UTC)", "Event", "Actor", title="History")
    for event in case["events"]:
        table.add_row(str(event["seq"]), event["occurred_at"], event["kind"], event["actor"])
    out.print(table)
    told = ", ".join(f"{each['kind']} ({each['created_at'][:19]})" for each in case["notifications"])
    out.print(f"Notifications: {told or 'none'}", highlight=False)


def _amount(minor: int | None) -> str:
    return amount_text(minor) if minor is not None else "-"
