# SPDX-License-Identifier: Apache-2.0
"""`openecp journal`: verify the journal, sign a checkpoint, print a receipt that anyone can verify offline."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from rich.progress import Progress

from openecp.platform.cli.wiring import CommandFault, console, data_option, installation


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
@click.argument("name", metavar="SEQ|MRN")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for one file a receipt.")
@data_option
@click.pass_context
def receipt(context: click.Context, name: str, out: Path | None, data: str | None) -> None:
    """Print the receipt of an event by its seq, or of all events of a case by its MRN, one JSON line each."""
    from openecp.platform.cli.show import find

    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
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
            if out is None:
                click.echo(msgspec.json.encode(found))
            else:
                out.mkdir(parents=True, exist_ok=True)
                (out / f"receipt-{seq}.json").write_bytes(msgspec.json.encode(found))
    finally:
        store.close()
