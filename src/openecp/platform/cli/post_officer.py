# SPDX-License-Identifier: Apache-2.0
"""`openecp post step|revise|decide|show`: where items are, what an officer found, what Customs decides."""

from __future__ import annotations

from typing import Any, get_args

import click
import msgspec
from rich.table import Table

from openecp.border.postal.acts import DecideItem, ItemStep, PieceRevision, RecordItemStep, ReviseItem
from openecp.border.postal.response import DECISIONS, ResponseReason
from openecp.platform.cli.desk import OFFICER, told
from openecp.platform.cli.post_desk import as_post, post_desk
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.platform.core.postbook import PostalItemFace

_FIELDS = tuple(name for name in PieceRevision.__struct_fields__ if name != "piece")


@click.command()
@click.argument("name", metavar="STEP", type=click.Choice(get_args(ItemStep)))
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("--office", default="", help="Where.")
@click.option("--organisation", default="local", show_default=True, help="The post that tells.")
@data_option
@click.pass_context
def step(
    context: click.Context, name: Any, items: tuple[str, ...], office: str, organisation: str, data: str | None
) -> None:
    """Record where items are; ITEM is identifier and posting date, RB123456785GB/2026-07-01."""
    with post_desk(context, data) as desk:
        answer = desk.do(RecordItemStep(items=items, step=name, office=office), as_post(organisation))
    click.echo(told(answer))


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--piece", type=int, required=True, help="Line of the contents, from 1.")
@click.option("--set", "pairs", multiple=True, required=True, metavar="FIELD=VALUE", help="description, hs, value, …")
@click.option("--reason", required=True, help="Why; for officers alone.")
@data_option
@click.pass_context
def revise(
    context: click.Context, item: str, piece: int, pairs: tuple[str, ...], reason: str, data: str | None
) -> None:
    """Put what an officer found of ITEM beside what was declared."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if name not in _FIELDS or not equals:
            raise CommandFault(
                f"--set {pair}: cannot be used",
                where="--set",
                expected="one of " + ", ".join(f"{field}=…" for field in _FIELDS),
                got=pair,
                fix="Name one of these fields.",
            )
        found[name] = value
    with post_desk(context, data) as desk:
        answer = desk.do(ReviseItem(item=item, pieces=(PieceRevision(piece=piece, **found),), reason=reason), OFFICER)
    click.echo(told(answer))


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--decision", type=click.Choice(DECISIONS), help="Without one, the charges say.")
@click.option("--reason", "reasons", multiple=True, help="For the post and the addressee.")
@click.option("--note", default="", help="For officers alone.")
@data_option
@click.pass_context
def decide(
    context: click.Context, item: str, decision: Any, reasons: tuple[str, ...], note: str, data: str | None
) -> None:
    """Decide about ITEM and answer the post."""
    why = tuple(ResponseReason(code="officer", text=text) for text in reasons)
    with post_desk(context, data) as desk:
        answer = desk.do(DecideItem(item=item, decision=decision, reasons=why, note=note), OFFICER)
    click.echo(told(answer))


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@data_option
@click.pass_context
def show(context: click.Context, item: str, as_json: bool, data: str | None) -> None:
    """Show ITEM: what was declared, what was found, and its history."""
    with post_desk(context, data) as desk:
        found = desk.book.item(item, OFFICER)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    print_item(found)


def print_item(face: PostalItemFace) -> None:
    """Print an item for people: declared and found side by side."""
    click.echo(f"{face.state.key}: {face.state.status.replace('_', ' ')}")
    table = Table("Piece", "Element", "Declared", "Found")
    found = face.found.pieces if face.found is not None else ()
    declared = face.declared.pieces if face.declared is not None else ()
    for number in range(max(len(declared), len(found))):
        for name in declared[0].__struct_fields__ if declared else _FIELDS:
            said = getattr(declared[number], name) if number < len(declared) else None
            seen = getattr(found[number], name) if number < len(found) else said
            table.add_row(str(number + 1), name, said or "", (seen or "") if seen != said else "as declared")
    console().print(table)
    for event in face.events:
        click.echo(f"  {event.occurred_at[:19]}  {event.kind}")
