# SPDX-License-Identifier: Apache-2.0
"""`openecp trs verify|match|map|dfg|export`: what a study's files hold, before and beside its clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.time_release.directly_follows import directly_follows
from openecp.border.time_release.mapping import StudyMap, proposed_map
from openecp.border.time_release.verification import Finding, read_findings, verified
from openecp.platform.cli.wiring import CommandFault, console
from openecp.platform.core.event_sources import READ_FAULTS, SourcesRead, looked, read_map, read_sources, written_ocel
from openecp.platform.engines.trs_engine import TrsEngine

_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
_Command = Callable[..., Any]


def _files(command: _Command) -> _Command:
    command = click.option("--json", "as_json", is_flag=True, help="JSON lines.")(command)
    command = click.option("--case-object", default="", metavar="TYPE", help="A case in an object-centric log.")(
        command
    )
    command = click.option("--map", "map_file", type=_PATH, help="The mapping of the files.")(command)
    return click.argument("events", nargs=-1, required=True, type=_PATH)(command)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except READ_FAULTS as fault:
        raise CommandFault(
            "The events cannot be read.", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None


@click.command()
@_files
@click.option(
    "--as-of", type=click.DateTime(), help="The moment of the study, UTC; later stamps are faults. Now if left out."
)
def verify(
    events: tuple[Path, ...], map_file: Path | None, case_object: str, as_json: bool, as_of: datetime | None
) -> None:
    """Say what is odd about files of EVENTS, with counts: nothing is left out in silence."""
    with _faults():
        engine, mapping = TrsEngine(), read_map(map_file)
        read = read_sources(engine, events, mapping, case_object=case_object, keep_going=True)
        moment = int(as_of.replace(tzinfo=UTC).timestamp() * 1_000_000) if as_of else time.time_ns() // 1000
        found = _findings(engine, mapping, read, moment)
    if as_json:
        for source in read.sources:
            click.echo(msgspec.json.encode({"kind": "source"} | msgspec.to_builtins(source)))
        for refused in read.refused:
            click.echo(msgspec.json.encode({"kind": "refused"} | msgspec.to_builtins(refused)))
        for finding in found:
            click.echo(msgspec.json.encode({"kind": "finding"} | msgspec.to_builtins(finding)))
        return
    _print_sources(read)
    table = Table(title="Findings")
    for name in ("code", "severity", "rows", "cases", "what", "examples"):
        table.add_column(name, justify="right" if name in ("rows", "cases") else "left")
    for finding in found:
        row = (finding.code, finding.severity, str(finding.rows), str(finding.cases), finding.what)
        table.add_row(*row, ", ".join(finding.examples)[:200])
    console().print(table)


def _findings(engine: TrsEngine, mapping: StudyMap, read: SourcesRead, moment: int) -> list[Finding]:
    found = [
        Finding(
            code="unreadable_file",
            severity="fault",
            what=f"{refused.source}: expected {refused.expected}, got {refused.got}; fix: {refused.fix}",
            rows=0,
            cases=0,
        )
        for refused in read.refused
    ]
    for source in read.sources:
        found += read_findings(source.source, source.rows, source.used, source.left_out, source.notes)
    if read.sources:
        found += verified(engine, as_of_us=moment, known=tuple(mapping.owner_of()), zones=engine.zones())
    return found


def _print_sources(read: SourcesRead) -> None:
    table = Table(title="Files")
    for name in ("source", "rows", "used", "left out"):
        table.add_column(name, justify="right" if name in ("rows", "used") else "left")
    for source in read.sources:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(source.left_out.items()))
        table.add_row(source.source, str(source.rows), str(source.used), reasons)
    for refused in read.refused:
        table.add_row(refused.source, "", "", f"cannot be read: {refused.got}")
    console().print(table)


@click.command()
@_files
def match(events: tuple[Path, ...], map_file: Path | None, case_object: str, as_json: bool) -> None:
    """Say which rows of several files of EVENTS found their case by the declared keys, and which did not and why."""
    with _faults():
        engine = TrsEngine()
        read = read_sources(engine, events, read_map(map_file), case_object=case_object)
        shared = shared_cases(engine)
    if as_json:
        for found in read.matches:
            click.echo(msgspec.json.encode(found))
        for row in shared:
            click.echo(msgspec.json.encode(row))
        return
    if not read.matches:
        click.echo("No source of these needs a key to find its case: equal case numbers are one case.")
    _print_shared(shared)
    for found in read.matches:
        table = Table(title=f"{found.source}: {' → '.join(found.way)}")
        table.add_column("what")
        table.add_column("count", justify="right")
        table.add_column("examples")
        table.add_row("rows that found a case", f"{found.rows_matched} of {found.rows}", "")
        table.add_row("numbers that found a case", f"{found.keys_matched} of {found.keys}", "")
        for reason, count in found.unmatched.items():
            table.add_row(f"rows without: {reason}", str(count), ", ".join(found.examples[reason]))
        table.add_row("numbers of several cases", str(found.several_cases), "")
        table.add_row("cases of several numbers", str(found.several_keys), "")
        table.add_row("cases without this source", str(found.cases_without), ", ".join(found.cases_without_examples))
        console().print(table)


def shared_cases(engine: TrsEngine) -> list[dict[str, Any]]:
    """Return by source how many cases it has, how many of them another source has too, and which none has."""
    rows = engine.ask(
        "WITH s AS (SELECT DISTINCT source, case_id FROM trs_events), "
        "c AS (SELECT case_id, COUNT(*) AS n FROM s GROUP BY case_id) "
        "SELECT s.source, COUNT(*) AS cases, COUNT(*) FILTER (WHERE c.n > 1) AS shared, "
        "(LIST(s.case_id ORDER BY s.case_id) FILTER (WHERE c.n = 1))[1:5] AS examples "
        "FROM s JOIN c ON c.case_id = s.case_id GROUP BY s.source ORDER BY s.source"
    )
    return [
        {
            "source": row["source"],
            "cases": row["cases"],
            "matched": row["shared"],
            "unmatched": row["cases"] - row["shared"],
            "unmatched_examples": row["examples"] or [],
        }
        for row in rows
    ]


def _print_shared(rows: list[dict[str, Any]]) -> None:
    if len(rows) < 2:
        return
    table = Table(title="Cases by source")
    for name in ("source", "cases", "in another source too", "in this one alone", "examples"):
        table.add_column(name, justify="right" if name in ("cases", "in another source too") else "left")
    for row in rows:
        figures = (str(row["cases"]), str(row["matched"]), str(row["unmatched"]))
        table.add_row(row["source"] or "-", *figures, ", ".join(row["unmatched_examples"]))
    console().print(table)


@click.command("map")
@click.argument("events", nargs=-1, required=True, type=_PATH)
def propose(events: tuple[Path, ...]) -> None:
    """Propose a mapping for files of EVENTS, to be looked at, mended and kept."""
    with _faults():
        click.echo(proposed_map(tuple(looked(path) for path in events)), nl=False)


@click.command()
@_files
def dfg(events: tuple[Path, ...], map_file: Path | None, case_object: str, as_json: bool) -> None:
    """Show which activity of EVENTS follows which within a case, how often, and the time between them."""
    with _faults():
        engine = TrsEngine()
        read_sources(engine, events, read_map(map_file), case_object=case_object)
        rows = directly_follows(engine)
    names = ("mean", "median", "std", "least", "most")
    if as_json:
        for row in rows:
            shown = {"from": row["activity"], "to": row["next_activity"], "n": row["n"]}
            figures = {_SHOWN[name]: None if row[f"{name}_us"] is None else row[f"{name}_us"] / 1e6 for name in names}
            click.echo(msgspec.json.encode(shown | figures))
        return
    table = Table(title="Directly follows")
    for name in ("from", "to", "n", *(_SHOWN[name] for name in names)):
        table.add_column(name)
    for row in rows:
        told = ("" if row[f"{name}_us"] is None else f"{row[f'{name}_us'] / 1e6:.0f}" for name in names)
        table.add_row(row["activity"], row["next_activity"], str(row["n"]), *told)
    console().print(table)


_SHOWN = {"mean": "mean_s", "median": "median_s", "std": "std_s", "least": "min_s", "most": "max_s"}


@click.command()
@_files
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A .json, .xml or .sqlite.")
@click.option("--object", "objects", multiple=True, metavar="TYPE=COLUMN", help="Other objects; may be repeated.")
def export(
    events: tuple[Path, ...],
    map_file: Path | None,
    case_object: str,
    as_json: bool,
    out: Path,
    objects: tuple[str, ...],
) -> None:
    """Write EVENTS as an object-centric log, OCEL 2.0; `--case-object` names what a case is."""
    wanted = dict(text.partition("=")[::2] for text in objects)
    with _faults():
        engine, mapping = TrsEngine(), read_map(map_file)
        read_sources(engine, events, mapping, case_object=case_object)
        if missing := [column for column in wanted.values() if column not in engine.columns()]:
            raise click.UsageError(f"--object: expected columns of the events, got {', '.join(missing)}.")
        counts = written_ocel(engine, out, case_object or mapping.case or "case", wanted)
    if as_json:
        click.echo(msgspec.json.encode({"events": counts[0], "objects": counts[1]}))
    else:
        click.echo(f"{out.name}: {counts[0]} events, {counts[1]} objects.")
