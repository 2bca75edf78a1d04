# SPDX-License-Identifier: Apache-2.0
"""`openecp trs study`: a study that is written down, frozen and run again with the same answer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.study import (
    PHASES,
    Definition,
    Frozen,
    JournalRange,
    Phase,
    StudyFault,
    definition_of,
    definition_sha256,
    differences,
    phases_shown,
)
from openecp.platform.cli.trs_report import told, write_files
from openecp.platform.cli.wiring import data_option, installation

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW = """\
name = "{name}"
purpose = ""
administration = ""
# first_day = 2026-01-05
# last_day = 2026-01-11
files = []                      # beside this file; or: journal = {{}}
clocks = ["arrival_release", "lodged_release"]
segments = []                   # columns of the events, such as "office"
clusters = []                   # what waits together, such as "means"
targets_h = {{ }}
k = 5                           # smaller groups are not shown
trim = 0.01
zone = "UTC"
languages = ["en", "fr"]

# [[exclusions]]
# reason = "seized"
# activity = "SEIZED"
"""


@click.group()
def study() -> None:
    """Studies as folders: study.toml, what was frozen, results, phases."""


@study.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="The study's name.")
def new(folder: Path, name: str) -> None:
    """Begin a study: a folder with a definition to fill in."""
    path = folder / "study.toml"
    if path.exists():
        raise click.UsageError(f"{path}: expected no study yet, got one; fix: choose another folder")
    title = "".join(sign for sign in name or folder.name if sign.isprintable()).replace("\\", "").replace('"', "'")
    write_files(folder, {"study.toml": _NEW.format(name=title).encode()})
    click.echo(str(path))


@study.command()
@click.argument("folder", type=_FOLDER)
@click.option("--on", metavar="DAY", default="", help="The day on which it is frozen; today if not given.")
@data_option
@click.pass_context
def freeze(context: click.Context, folder: Path, on: str, data: str | None) -> None:
    """Freeze a study: its definition and inputs are kept by their hashes."""
    from openecp.platform.core.study_reports import frozen_of

    with told():
        if (folder / "frozen.json").exists():
            raise StudyFault(str(folder), "a study that is not frozen", "a frozen one", "Begin a new study.")
        definition = _definition(folder)
        exported, checkpoint = _journal(context, data, definition)
        frozen = frozen_of(
            definition, _files(folder, definition), exported, checkpoint=checkpoint, on=on or date.today().isoformat()
        )
        write_files(folder, {"frozen.json": _json(frozen)})
    click.echo(_json(frozen).decode())


@study.command()
@click.argument("folder", type=_FOLDER)
@data_option
@click.pass_context
def run(context: click.Context, folder: Path, data: str | None) -> None:
    """Run a frozen study: the same bytes each time; changed inputs are refused."""
    from openecp.platform.core.study_reports import figures_of, frozen_of, results_bytes

    with told():
        definition, frozen = _definition(folder), _frozen(folder)
        if definition.journal is not None:
            definition = msgspec.structs.replace(definition, journal=JournalRange(last_seq=frozen.journal_last_seq))
        exported, _ = _journal(context, data, definition)
        now = frozen_of(definition, _files(folder, definition), exported)
        now = msgspec.structs.replace(now, definition_sha256=definition_sha256(_definition(folder)))
        changed = differences(frozen, now)
        if changed:
            raise StudyFault(
                str(folder), "the inputs that were frozen", "; ".join(changed), "Put them back, or begin a new study."
            )
        map_file = folder / definition.mapping if definition.mapping else None
        figures = figures_of(
            definition, [folder / name for name in definition.files], exported, map_file=map_file, threads=1
        )
        write_files(folder, {"results.json": results_bytes(figures)})
    click.echo(str(folder / "results.json"))


@study.command()
@click.argument("folder", type=_FOLDER)
@click.argument("name", type=click.Choice(PHASES))
@click.option("--begun", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--ended", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
def phase(folder: Path, name: str, begun: Any, ended: Any) -> None:
    """Say when a phase of a study began or ended."""
    phases = _phases(folder)
    was = phases.get(name, Phase())
    now = Phase(begun=begun.date() if begun else was.begun, ended=ended.date() if ended else was.ended)
    if now.ended is not None and (now.begun is None or now.ended < now.begun):
        raise click.UsageError(f"{name}: expected an end after the beginning, got {now.ended}; fix: give --begun DAY")
    write_files(folder, {"phases.json": _json(dict(sorted({**phases, name: now}.items())))})
    click.echo(f"{name}: {now.state()}")


@study.command()
@click.argument("folder", type=_FOLDER)
def show(folder: Path) -> None:
    """Show a study: its phases, what is frozen, whether it was run."""
    with told():
        definition = _definition(folder)
        frozen = _frozen(folder) if (folder / "frozen.json").exists() else None
        told_of = {
            "name": definition.name,
            "clocks": definition.clocks,
            "segments": definition.segments,
            "phases": phases_shown(_phases(folder)),
            "frozen": frozen,
            "run": (folder / "results.json").exists(),
        }
    click.echo(_json(told_of).decode())


def study_of(folder: Path) -> tuple[Definition, Figures, str]:
    """Return a study that was run: definition, figures, and what the figures rest on in one line.

    Raises: StudyFault.
    """
    from openecp.platform.core.study_reports import figures_from

    definition, frozen = _definition(folder), _frozen(folder)
    path = folder / "results.json"
    if not path.exists():
        raise StudyFault(str(folder), "a study that was run", "no results.json", f"openecp trs study run {folder.name}")
    note = "; ".join(f"{one.name} (SHA-256 {one.sha256[:16]}…)" for one in frozen.inputs)
    if frozen.journal_last_seq:
        note = f"journal 1–{frozen.journal_last_seq} (SHA-256 {frozen.journal_rows_sha256[:16]}…)"
    return definition, figures_from(path.read_bytes(), path.name), note


def _definition(folder: Path) -> Definition:
    path = folder / "study.toml"
    if not path.exists():
        raise StudyFault(str(folder), "study.toml", "none", f"openecp trs study new {folder.name}")
    return definition_of(path.read_bytes(), "study.toml")


def _frozen(folder: Path) -> Frozen:
    path = folder / "frozen.json"
    if not path.exists():
        raise StudyFault(str(folder), "a frozen study", "no frozen.json", f"openecp trs study freeze {folder.name}")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Frozen)
    except msgspec.DecodeError as error:
        raise StudyFault(path.name, "what freeze wrote", str(error)[:160], "Freeze a new study.") from None


def _phases(folder: Path) -> dict[str, Phase]:
    path = folder / "phases.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Phase]) if path.exists() else {}


def _files(folder: Path, definition: Definition) -> list[Path]:
    """Return the study's files; their names must stay inside its folder."""
    found = []
    for name in (*definition.files, *([definition.mapping] if definition.mapping else [])):
        path = folder / name
        if not path.is_file():
            raise StudyFault(f"study.toml files {name[:80]!r}", "a file beside study.toml", "none", "Put it there.")
        found.append(path)
    return found


def _journal(context: click.Context, data: str | None, definition: Definition) -> tuple[list[Path], str]:
    if definition.journal is None:
        return [], ""
    from openecp.platform.core.release_times import export_journal

    store = installation(context).with_settings(data=data).open_store()
    try:
        return export_journal(store, Path(store.folder) / "events").files(), store.checkpoint() or ""
    finally:
        store.close()


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
