# SPDX-License-Identifier: Apache-2.0
"""`openecp trs report`: a study's report in HTML, PDF and DOCX, English and French, with its tables as open data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from openecp.border.time_release.clocks import ClockFault
from openecp.border.time_release.report.compared import Earlier
from openecp.border.time_release.study import Definition, StudyFault, checked
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.event_sources import READ_FAULTS

_FILE = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("events", nargs=-1, type=_FILE)
@click.option("--clock", "clocks", multiple=True, help="A clock; the first is the headline. Default: arrival_release.")
@click.option("--by", default="", metavar="COLUMNS", help="Segments, joined by commas: office,channel.")
@click.option("--cluster", default="", metavar="COLUMNS", help="What waits together (the ship), for the intervals.")
@click.option("--target", "targets", multiple=True, metavar="CLOCK=HOURS", help="A target; may be repeated.")
@click.option("--map", "map_file", type=_FILE, help="The mapping of the files' columns.")
@click.option("--lang", type=click.Choice(["en", "fr", "both"]), default="en", show_default=True)
@click.option("--formats", default="html,pdf,docx", show_default=True)
@click.option("--name", default="", help="The title of the report.")
@click.option("--k", type=click.IntRange(1, 1000), default=5, show_default=True, help="Smaller groups are not shown.")
@click.option("--earlier", type=_FILE, help="results.json of an earlier round, or its study folder.")
@click.option("--plan", default="", help="The action plan that recommendations are proposed to.")
@click.option("--journal", "live", is_flag=True, help="The events of this installation's journal.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("trs-report"), show_default=True)
@data_option
@click.pass_context
def report(
    context: click.Context,
    events: tuple[Path, ...],
    clocks: tuple[str, ...],
    by: str,
    cluster: str,
    targets: tuple[str, ...],
    map_file: Path | None,
    lang: str,
    formats: str,
    name: str,
    k: int,
    earlier: Path | None,
    plan: str,
    live: bool,
    out: Path,
    data: str | None,
) -> None:
    """Write the report of a study: files of EVENTS, the journal, or one folder of a frozen study that was run."""
    if not events and not live:
        raise click.UsageError("Expected files of events, a study's folder or --journal, got none of them.")
    from openecp.platform.core.study_reports import figures_of, report_files

    languages = ("en", "fr") if lang == "both" else (lang,)
    wanted = [each.strip() for each in formats.split(",") if each.strip()]
    with told():
        if len(events) == 1 and events[0].is_dir():
            from openecp.platform.cli.trs_study import study_of

            definition, figures, note = study_of(events[0])
            definition = _in_languages(definition, languages)
        else:
            definition = checked(
                Definition(
                    name=name,
                    clocks=clocks or ("arrival_release",),
                    segments=names(by),
                    clusters=names(cluster),
                    targets_h=_targets(targets),
                    k=k,
                    languages=languages,
                ),
                "trs report",
            )
            exported, last = _exported(context, data) if live else ([], 0)
            figures = figures_of(definition, events, exported, map_file=map_file)
            parts = [f"{path.name} (SHA-256 {_sha256(path)[:16]}…)" for path in events]
            note = "; ".join([f"journal 1–{last}", *parts] if live else parts)
        files = report_files(figures, definition, data_note=note, formats=wanted, earlier=_earlier(earlier), plan=plan)
        write_files(out, files)
    for file in sorted(files):
        if not file.startswith("data/"):
            click.echo(str(out / file))


def _exported(context: click.Context, data: str | None) -> tuple[list[Path], int]:
    from openecp.platform.core.release_times import export_journal

    store = installation(context).with_settings(data=data).open_store()
    try:
        export = export_journal(store, Path(store.folder) / "events")
        return export.files(), export.last_seq()
    finally:
        store.close()


def _in_languages(definition: Definition, languages: tuple[str, ...]) -> Definition:
    import msgspec

    return msgspec.structs.replace(definition, languages=languages)


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list joined by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _targets(texts: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in texts:
        clock, _, hours = text.rpartition("=")
        try:
            found[clock] = float(hours)
        except ValueError:
            raise click.UsageError(f"--target {text[:60]!r}: expected CLOCK=HOURS; fix: arrival_release=48") from None
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _earlier(path: Path | None) -> Earlier | None:
    if path is None:
        return None
    from openecp.platform.core.study_reports import figures_from

    file = path / "results.json" if path.is_dir() else path
    return Earlier(name=path.stem if path.is_file() else path.name, figures=figures_from(file.read_bytes(), file.name))


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder, each whole."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(data)
        partial.replace(path)


@contextmanager
def told() -> Iterator[None]:
    """Tell faults of a study as the command line does."""
    try:
        yield
    except ClockFault as fault:
        raise click.UsageError(str(fault)) from None
    except (StudyFault, *READ_FAULTS) as fault:
        raise CommandFault(
            "The study cannot be made.", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None
