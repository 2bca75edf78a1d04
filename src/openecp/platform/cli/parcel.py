# SPDX-License-Identifier: Apache-2.0
"""`openecp parcel`: show a decided parcel, print its receipt, and act on it as an officer at this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.low_value.currencies import amount_text
from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.low_value.parcel_words import record_says
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.parcelview import FoundParcel, find_parcel, history_of

OFFICER = Principal(
    principal_id="command-line", kind="system", organisation="customs", name="command line", roles=("officer",)
)
_WHAT = {
    "present": "Record that a parcel has arrived.",
    "hold": "Hold a parcel.",
    "lift-hold": "Lift the hold of a parcel.",
    "query": "Ask whoever lodged a parcel.",
    "answer": "Record what was answered.",
    "examine": "Have a parcel examined.",
    "examined": "Record what the examination found.",
    "revise": "Put the goods as found beside those declared; the difference is charged.",
    "release": "Release a parcel.",
    "seize": "Seize a parcel; its charges are taken back.",
    "return": "Send a parcel back; its charges are taken back.",
    "destroy": "Have a parcel destroyed; its charges are taken back.",
    "pay": "Record that what is due for a parcel was paid.",
    "refund": "Give the charges of a parcel, or of one item, back.",
}


@click.group()
def parcel() -> None:
    """Show parcels that were decided, and act on them."""


def _parted(name: str) -> tuple[str, str]:
    """Return posting date and identifier of `2026-07-02/RB123456785GB`."""
    posted_on, slash, parcel_id = name.partition("/")
    if not slash or not parcel_id:
        raise CommandFault(
            "The parcel cannot be found by this name.",
            where="PARCEL",
            expected="posting date and identifier, 2026-07-02/RB123456785GB",
            got=name[:80],
            fix="Write both.",
        )
    return posted_on, parcel_id


def _found(store: Any, name: str) -> FoundParcel:
    posted_on, parcel_id = _parted(name)
    faults = check_parcel(Parcel(parcel_id=parcel_id, posted_on=posted_on))
    bad = any(fault.column in ("parcel_id", "posted_on") for fault in faults)
    found = None if bad else find_parcel(store, parcel_id, posted_on)
    if found is None:
        raise CommandFault(
            "There is no such parcel.",
            where="PARCEL",
            expected="a parcel that was decided",
            got=name[:80],
            fix="Correct date and identifier, or lodge the parcel first.",
        )
    return found


@parcel.command()
@click.argument("name", metavar="PARCEL")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@data_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool, data: str | None) -> None:
    """Show PARCEL (2026-07-02/RB123456785GB): its record, every amount in words, what happened since."""
    here = installation(context).with_settings(data=data)
    with here.open_store() as store:
        found = _found(store, name)
        history = history_of(store, found, "officer")
    record = dict(found.on_record.record)
    if as_json:
        told = {
            "record": record, "status": found.status, "organisation": found.on_record.organisation,
            "jurisdiction": found.on_record.jurisdiction, "seq": found.on_record.seq,
            "number": found.on_record.number, "last_seq": found.last_seq, "history": history,
            "charges": found.case.charges if found.case is not None else None,
        }  # fmt: skip
        click.echo(msgspec.json.encode(told).decode())
        return
    currency = record["currency"]
    click.echo(f"{record['id']}, posted {record['posted']}: {found.status} ({found.on_record.jurisdiction})")
    click.echo(f"duty {amount_text(record['duty'], currency)}, tax {amount_text(record['tax'], currency)} {currency}")
    for reason in record_says(record, here.parcel_regimes().get(found.on_record.jurisdiction)):
        click.echo(f"  {reason.text}")
    for event in history:
        words = "".join(f" {name}: {text}" for name, text in event.words.items())
        click.echo(f"  {event.occurred_at[:19]} {event.kind} by {event.actor}{words}")


@parcel.command()
@click.argument("name", metavar="PARCEL")
@data_option
@click.pass_context
def receipt(context: click.Context, name: str, data: str | None) -> None:
    """Print the receipt of PARCEL as JSON; tools/verify_receipt.py checks it without us."""
    here = installation(context).with_settings(data=data)
    with here.open_store() as store:
        record = _found(store, name).on_record.record
        click.echo(msgspec.json.format(msgspec.json.encode(store.parcel_receipt(record["id"], record["posted"]))))


def _goods(path: str | None) -> Parcel | None:
    if path is None:
        return None
    try:
        goods = msgspec.json.decode(Path(path).read_bytes(), type=Parcel)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CommandFault(
            "The goods as found cannot be read.",
            where=path,
            expected="a file with one parcel as JSON",
            got=str(error)[:200],
            fix="Correct it; docs/parcels.md lists the fields.",
        ) from None
    for fault in check_parcel(goods)[:1]:
        raise CommandFault(
            "The goods as found cannot be used.",
            where=f"{path}, item {fault.item}, {fault.column}",
            expected=fault.expected,
            got=fault.got,
            fix=fault.fix,
        )
    return goods


def _command(name: str, what: str) -> None:
    @parcel.command(name, help=f"{what} PARCEL is posting date and identifier, 2026-07-02/RB123456785GB.")
    @click.argument("parcel_name", metavar="PARCEL")
    @click.option("--reason", default="", help="Why; for officers alone.")
    @click.option("--text", default="", help="What is asked or answered, or the reference of the payment.")
    @click.option("--result", type=click.Choice(["conform", "not_conform"]), help="Of an examination.")
    @click.option("--on", metavar="DATE", help="Day of arrival.")
    @click.option("--declaration", metavar="MRN", help="The full declaration that a release relies on.")
    @click.option("--goods", metavar="FILE", help="The parcel as found, as JSON.")
    @click.option("--item", type=int, help="The one item to be refunded.")
    @data_option
    @click.pass_context
    def act(context: click.Context, /, parcel_name: str, goods: str | None, data: str | None, **given: Any) -> None:
        posted_on, parcel_id = _parted(parcel_name)
        command = ParcelAct(
            principal=OFFICER, parcel_id=parcel_id, posted_on=posted_on, act=name.replace("-", "_"),  # type: ignore[arg-type]
            goods=_goods(goods), **given,
        )  # fmt: skip
        here = installation(context).with_settings(data=data)
        with here.open_store() as store:
            _found(store, parcel_name)
            (answer,) = here.parcel_core(store).submit_all([command])
        if answer.error is not None:
            error = answer.error
            raise CommandFault(
                error.message, where=error.json_pointer or "", expected=error.expected or "", got=error.got or "",
                fix=error.fix or "",
            )  # fmt: skip
        click.echo(f"{parcel_name}: {answer.status}, event {answer.last_seq}")


for _name, _what in _WHAT.items():
    _command(_name, _what)
