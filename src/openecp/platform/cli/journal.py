# SPDX-License-Identifier: Apache-2.0
"""`openecp journal`: verify the journal, sign a checkpoint, print a receipt that anyone can verify offline."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.progress import Progress

from openecp.platform.cli.wiring import CommandFault, console, data_option, installation

if TYPE_CHECKING:
    from openecp.platform.store import PostgresStore


@click.group()
def journal() -> None:
    """Verify the journal, sign checkpoints, print receipts."""


@journal.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@data_option
@click.pass_context
def verify(context: click.Context, as_json: bool, processes: int, data: str | None) -> None:
    """Check every event, proof, checkpoint, document and ledger entry; exit code 1 names what was tampered with."""
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        with Progress(console=console(err=True), transient=True) as progress:
            bar = progress.add_task("Verifying", total=None)
            report = store.verify(
                processes=processes,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
            )
    finally:
        store.close()
    if as_json:
        click.echo(msgspec.json.encode({"ok": report.ok, **msgspec.to_builtins(report)}))
    else:
        for finding in report.findings:
            click.echo(str(finding))
        more = f" and {report.findings_left_off} more" if report.findings_left_off else ""
        verdict = "sound" if report.ok else f"NOT SOUND: {len(report.findings)} findings{more}"
        click.echo(
            f"journal {verdict}: {report.events} events, {report.checkpoints} checkpoints, {report.documents} "
            f"documents ({report.documents_erased} erased), {report.ledger_entries} ledger entries, "
            f"{report.parcels} parcels in {report.parcel_batches} batches, root {report.root}"
        )
    sys.exit(0 if report.ok else 1)


@journal.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write the checkpoint to.")
@data_option
@click.pass_context
def checkpoint(context: click.Context, out: Path | None, data: str | None) -> None:
    """Sign the journal as it stands and print the checkpoint (C2SP tlog-checkpoint)."""
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        note = store.sign_checkpoint()
    finally:
        store.close()
    if out is not None:
        out.write_text(note, encoding="utf-8")
    click.echo(note, nl=False)


@journal.command()
@data_option
@click.pass_context
def key(context: click.Context, data: str | None) -> None:
    """Print the journal's public keys, the present one first: tools/verify_receipt.py takes one of them."""
    store = installation(context).with_settings(data=data).open_store()
    try:
        keys = store.log_public_keys()
    finally:
        store.close()
    for one in keys:
        click.echo(one)


@journal.command()
@click.argument("name", metavar="SEQ|MRN|PARCEL")
@click.option("--parcel", is_flag=True, help="NAME is a parcel's identifier: the receipt of its decision in a batch.")
@click.option("--posted", metavar="DATE", help="The parcel's posting date (else its latest posting).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for one file a receipt.")
@data_option
@click.pass_context
def receipt(
    context: click.Context, name: str, parcel: bool, posted: str | None, out: Path | None, data: str | None
) -> None:
    """Print the receipt of an event by its seq, of all events of a case by its MRN, or of a parcel; JSON lines."""
    from openecp.platform.cli.show import find

    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        if parcel:
            _put(f"receipt-{posted or 'latest'}-{name}.json", _parcel_receipt(store, name, posted), out)
            return
        if name.isdigit() and len(name) < 16:
            seqs = [int(name)]
        else:
            seqs = [event.seq for event in store.events(case_id=find(store, name).case_id, limit=1000)]
        for seq in seqs:
            found = store.receipt(seq)
            if found is None:
                raise CommandFault(
                    f"{seq}: no such event",
                    where="SEQ",
                    expected="the seq of an event in the journal",
                    got=str(seq),
                    fix="Look it up with openecp show.",
                )
            _put(f"receipt-{seq}.json", found, out)
    finally:
        store.close()


def _parcel_receipt(store: PostgresStore, parcel_id: str, posted: str | None) -> dict[str, object]:
    """Return the receipt of a parcel's decision."""
    if posted is not None and not _is_date(posted):
        raise CommandFault(
            f"{posted}: no date",
            where="--posted",
            expected="a date such as 2026-07-01",
            got=posted,
            fix="Give the posting date, or leave it out for the latest posting.",
        )
    found = store.parcel_receipt(parcel_id, posted)
    if found is None:
        raise CommandFault(
            f"{parcel_id}: no such parcel was decided in a batch",
            where="PARCEL",
            expected="the identifier of a parcel, and the date it was posted on",
            got=f"{parcel_id} {posted or ''}".strip(),
            fix="Look at the result file of its batch.",
        )
    return found


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _put(name: str, receipt: dict[str, object], out: Path | None) -> None:
    """Write one receipt into a file of the folder, or as a line."""
    if out is None:
        click.echo(msgspec.json.encode(receipt))
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / name.replace("/", "_")).write_bytes(msgspec.json.encode(receipt))
