# SPDX-License-Identifier: Apache-2.0
"""Makes the files of a study: figures from its inputs, the report in its languages and formats, open data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from openecp.border.time_release.report.blocks import Column, Figure, StudyReport, Table
from openecp.border.time_release.report.build import build_report
from openecp.border.time_release.report.compared import Earlier
from openecp.border.time_release.report.figures import Figures, Found
from openecp.border.time_release.report.gather import gathered
from openecp.border.time_release.report.recommended import proposals, recommended
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.study import HOUR_US, Definition, Frozen, InputHash, StudyFault, definition_sha256
from openecp.platform.core.event_sources import SourcesRead, read_map, read_sources
from openecp.platform.documents.collector_papers import written_csv
from openecp.platform.engines.trs_engine import TrsEngine

FORMATS = ("html", "pdf", "docx")


def figures_of(
    definition: Definition,
    files: Sequence[Path],
    exported: Sequence[Path] = (),
    *,
    map_file: Path | None = None,
    threads: int = 2,
) -> Figures:
    """Return a study's figures from files of events and from the journal's exported files.

    Raises: StudyFault, ClockFault, one of READ_FAULTS.
    """
    engine = TrsEngine(threads=threads)
    if exported:
        last = definition.journal.last_seq if definition.journal else 0
        engine.read_export(exported)
        if last:
            cut = msgspec.structs.replace(definition, journal=None)
            return gathered(_UpTo(engine, last), cut)
    read = read_sources(engine, files, read_map(map_file)) if files else SourcesRead(sources=())
    figures = gathered(engine, definition)
    losses = [
        Found(f"left_out:{reason}", "fault", f"{source.source}: {reason.replace('_', ' ')}", rows, 0)
        for source in read.sources
        for reason, rows in sorted(source.left_out.items())
        if rows
    ]
    return msgspec.structs.replace(figures, findings=(*losses, *figures.findings))


class _UpTo:
    """An engine of the journal's events up to a sequence number."""

    def __init__(self, engine: TrsEngine, last_seq: int) -> None:
        self._engine = engine
        engine.stage("trs_frozen", f"SELECT * FROM trs_events WHERE seq <= {int(last_seq)}")  # noqa: S608 - a number

    def columns(self) -> list[str]:
        return self._engine.columns()

    def stage(self, name: str, statement: str) -> None:
        self._engine.stage(name, statement.replace("trs_events", "trs_frozen"))

    def ask(self, statement: str) -> list[dict[str, Any]]:
        return self._engine.ask(statement.replace("trs_events", "trs_frozen"))

    def arrays(self, statement: str) -> dict[str, Any]:
        return self._engine.arrays(statement.replace("trs_events", "trs_frozen"))


def results_bytes(figures: Figures) -> bytes:
    """Return the figures as JSON, sorted, floats to a thousandth of a microsecond: same figures, same bytes."""
    rounded = _rounded(msgspec.to_builtins(figures))
    return msgspec.json.format(msgspec.json.encode(rounded, order="deterministic"), indent=1) + b"\n"


def figures_from(data: bytes, where: str) -> Figures:
    """Return the figures of a results file.

    Raises: StudyFault.
    """
    try:
        return msgspec.json.decode(data, type=Figures)
    except msgspec.DecodeError as error:
        raise StudyFault(where, "the results of a study", str(error)[:160], "Run the study again.") from None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    return value


def report_files(
    figures: Figures,
    definition: Definition,
    *,
    data_note: str,
    formats: Sequence[str] = FORMATS,
    earlier: Earlier | None = None,
    plan: str = "",
) -> dict[str, bytes]:
    """Return the files of a report by name: report-en.html and so on, press summaries, tables as CSV, proposals."""
    made = recommended(figures, definition)
    found: dict[str, bytes] = {}
    for language in definition.languages:
        wording = Wording(language, definition.k, definition.labels)
        report = build_report(figures, definition, made, wording, data_note=data_note, earlier=earlier)
        for kind in formats:
            found.update(_written(report, kind))
        if language == definition.languages[0]:
            found.update(_open_data(report, figures, definition))
    found["proposals.json"] = (
        msgspec.json.format(msgspec.json.encode(proposals(made, definition.name, plan)), indent=1) + b"\n"
    )
    return found


def _written(report: StudyReport, kind: str) -> dict[str, bytes]:
    language = report.language
    if kind == "html":
        from openecp.platform.documents.trs_html import write_html, write_press_html

        return {f"report-{language}.html": write_html(report), f"press-{language}.html": write_press_html(report)}
    if kind == "pdf":
        from openecp.platform.documents.trs_pdf import write_pdf, write_press_pdf

        return {f"report-{language}.pdf": write_pdf(report), f"press-{language}.pdf": write_press_pdf(report)}
    if kind == "docx":
        from openecp.platform.documents.trs_docx import write_docx

        return {f"report-{language}.docx": write_docx(report)}
    raise StudyFault("--formats", ", ".join(FORMATS), kind[:40], "Choose of these.")


def _open_data(report: StudyReport, figures: Figures, definition: Definition) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    dictionary: list[Sequence[str]] = [("file", "place", "column", "meaning", "kind")]
    for block in report.blocks:
        table = block.table if isinstance(block, Figure) else block if isinstance(block, Table) else None
        if table is None:
            continue
        found[f"data/{table.name}.csv"] = written_csv(
            [[c.title for c in table.columns], *(_plain(row, table.columns, report.language) for row in table.rows)]
        )
        for place, column in enumerate(table.columns, start=1):
            kind = "number" if column.figures else "text"
            dictionary.append((f"{table.name}.csv", str(place), column.title, table.caption, kind))
    if figures.cross:
        names = [*definition.segments, "n", "mean_h", "median_h", "p90_h"]
        found["data/cross.csv"] = written_csv([names, *_cross_rows(figures, definition)])
        dictionary += [
            ("cross.csv", str(at), name, figures.head.clock, "text" if name in definition.segments else "number")
            for at, name in enumerate(names, start=1)
        ]
    found["data/dictionary.csv"] = written_csv(dictionary)
    return found


def _plain(row: Sequence[str], columns: Sequence[Column], language: str) -> list[str]:
    """Return a row with figures as programs read them: a point, no blanks; nothing for what is hidden."""
    mark = "." if language == "fr" else ""
    return [
        ("" if text == "–" else text.replace("\u202f", "").replace("\u2212", "-").replace(",", mark))
        if column.figures
        else text
        for text, column in zip(row, columns, strict=True)
    ]


def _cross_rows(figures: Figures, definition: Definition) -> list[Sequence[str]]:
    """Return the cross of all segments; empty where a cell, or a subtraction from its margins, is below k."""
    counts = {key: n for key, n, *_ in figures.cross}
    hidden = set(hidden_cells(counts, definition.k))
    for place, name in enumerate(definition.segments):  # where a margin is not shown, neither are its cells
        margins = hidden_cells({(one.label,): one.n for one in figures.head.by[name]}, definition.k)
        hidden |= {key for key in counts if (key[place],) in margins}
    rows: list[Sequence[str]] = []
    for key, n, *values in figures.cross:
        shown = ["" if us is None else f"{us / HOUR_US:.4f}" for us in values]
        rows.append([*key, "", "", "", ""] if key in hidden else [*key, str(n), *shown])
    return rows


def frozen_of(
    definition: Definition, files: Sequence[Path], exported: Sequence[Path] = (), *, checkpoint: str = "", on: str = ""
) -> Frozen:
    """Return what a study rests on now: hashes of its files, or of the journal's rows in its range."""
    inputs = []
    for path in sorted(files, key=lambda one: one.name):
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            inputs.append(
                InputHash(
                    name=path.name, sha256=hashlib.file_digest(stream, "sha256").hexdigest(), bytes=path.stat().st_size
                )
            )
    last, rows = 0, ""
    if definition.journal is not None:
        last, rows = _journal_hash(exported, definition.journal.last_seq)
    return Frozen(
        definition_sha256=definition_sha256(definition),
        inputs=tuple(inputs),
        journal_last_seq=last,
        journal_rows_sha256=rows,
        journal_checkpoint=checkpoint,
        frozen_on=on,
    )


def _journal_hash(exported: Sequence[Path], last_seq: int) -> tuple[int, str]:
    engine = TrsEngine(threads=1)
    engine.read_export(exported)
    last = last_seq or int(engine.ask("SELECT COALESCE(MAX(seq), 0) AS n FROM trs_events")[0]["n"])
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in engine.columns())
    digest = hashlib.sha256()
    for row in engine.values(f"SELECT {names} FROM trs_events WHERE seq <= {last} ORDER BY seq, activity"):  # noqa: S608
        digest.update(msgspec.json.encode(row))
    return last, digest.hexdigest()
