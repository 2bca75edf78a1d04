# SPDX-License-Identifier: Apache-2.0
"""Reads the files of a study into its engine, each by its content and its place in the mapping, and joins them.

Reads: CSV, XLSX, Parquet, XES, OCEL 2.0 (JSON, XML, SQLite), each gzipped too. A file that cannot be read at all is
named as such; all others say how many rows came in, how many are used, and how many were left out for which reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from openecp.border.time_release.mapping import FileLook, MapFault, SourceMap, StudyMap, study_map
from openecp.platform.documents.event_sheet import UnreadableSheet, read_event_sheet
from openecp.platform.engines.trs_engine import EventFileFault, SourceSpec, TrsEngine
from openecp.platform.engines.trs_look import sampled, sampled_batches
from openecp.platform.engines.trs_match import Match
from openecp.platform.engines.trs_packed import GZIP, packed_start, unpacked
from openecp.platform.wire.ocel import UnreadableOcel, is_ocel, read_ocel, write_ocel
from openecp.platform.wire.ocel_cases import cases_of, ocel_of
from openecp.platform.wire.xes import UnreadableXes, XesLimits, read_xes

READ_FAULTS = (EventFileFault, UnreadableXes, UnreadableSheet, UnreadableOcel, MapFault)


class SourceRead(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file: rows in are rows used and rows left out, by reason; `notes` count what is odd."""

    source: str
    rows: int
    used: int
    left_out: dict[str, int]
    notes: dict[str, int]


class FileRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A file of which nothing could be read, and why."""

    source: str
    expected: str
    got: str
    fix: str


class SourcesRead(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files of a study, and of the join between them."""

    sources: tuple[SourceRead, ...]
    refused: tuple[FileRefused, ...] = ()
    matches: tuple[Match, ...] = ()


def read_map(path: Path | None) -> StudyMap:
    """Return the mapping of a file; an empty one without a file.

    Raises: MapFault.
    """
    if path is None:
        return StudyMap()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise MapFault(path.name, "text in UTF-8", str(error)[:120], "Save it as UTF-8.") from None
    return study_map(text, path.name)


def read_sources(
    engine: TrsEngine,
    files: Sequence[Path],
    mapping: StudyMap | None = None,
    *,
    case_object: str = "",
    keep_going: bool = False,
) -> SourcesRead:
    """Read files of events into the engine and join them; `keep_going` lists files that cannot be read at all.

    Raises: one of READ_FAULTS.
    """
    mapping = mapping or StudyMap()
    found: list[SourceRead] = []
    refused: list[FileRefused] = []
    for path in files:
        try:
            found.append(read_source(engine, path, mapping, case_object))
        except (EventFileFault, UnreadableXes, UnreadableSheet, UnreadableOcel) as fault:
            if not keep_going:
                raise
            refused.append(FileRefused(source=path.name, expected=fault.expected, got=fault.got, fix=fault.fix))
    matches = engine.join() if found else []
    lost = {match.source: match.unmatched for match in matches}
    return SourcesRead(
        sources=tuple(
            msgspec.structs.replace(
                source,
                used=source.used - sum(lost[source.source].values()),
                left_out={**source.left_out, **lost[source.source]},
            )
            if source.source in lost
            else source
            for source in found
        ),
        refused=tuple(refused),
        matches=tuple(matches),
    )


def read_source(engine: TrsEngine, path: Path, mapping: StudyMap, case_object: str = "") -> SourceRead:
    """Read one file of events, by its content."""
    source = mapping.source_of(path.name) or mapping.source_of(path.name.removesuffix(".gz"))
    if mapping.sources and source is None:
        patterns = ", ".join(pattern for each in mapping.sources for pattern in each.files)
        raise EventFileFault(
            path.name, f"a file that the mapping knows ({patterns})"[:200], "another", "Name it there."
        )
    spec = _spec(mapping, source)
    if not path.stat().st_size:
        raise EventFileFault(path.name, "a file of events", "an empty file", "Export it again.")
    with path.open("rb") as stream:
        start = stream.read(4096)
    name = path.name.lower()
    if start.startswith(GZIP) and not _is_packed_xes(name, path):
        path = unpacked(path, engine.folder())
        with path.open("rb") as stream:
            start = stream.read(4096)
    left_out: dict[str, int] = {}
    notes: dict[str, int] = {}
    if is_ocel(name, start):
        cases = cases_of(read_ocel(path), case_object or (source.case_object if source else "") or mapping.case)
        loaded = engine.read_batches(path.name, cases.batches(), spec=spec)
        left_out, notes = cases.left_out(), cases.notes()
    elif start.startswith(b"PK\x03\x04"):
        loaded = engine.read_batches(path.name, read_event_sheet(path, source.sheet if source else ""), spec=spec)
    elif name.endswith((".xes", ".xes.gz")) or start.startswith(b"\x1f\x8b") or _is_xml(start):
        rows = read_xes(path, XesLimits(batch_rows=2_000))  # the engine puts them together, in less memory
        loaded = engine.read_batches(path.name, rows, spec=spec)
    else:
        loaded = engine.read_file(path, spec=spec)
    extra = sum(left_out.values())
    return SourceRead(
        source=loaded.source,
        rows=loaded.rows + extra,
        used=loaded.used,
        left_out={**loaded.left_out, **left_out},
        notes={**loaded.notes, **notes},
    )


def _is_packed_xes(name: str, path: Path) -> bool:
    """Tell whether a gzipped file is a log in XES, which is read as it comes: it is never unpacked whole."""
    start = packed_start(path)
    return name.endswith(".xes.gz") or (_is_xml(start) and not is_ocel(name, start))


def _is_xml(start: bytes) -> bool:
    return start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith(b"<")


def _spec(mapping: StudyMap, source: SourceMap | None) -> SourceSpec:
    known = source or SourceMap(name="")
    keys = dict(known.keys)
    columns = known.columns()
    if keys and known.case_id:
        keys.setdefault(mapping.case, known.case_id)
    return SourceSpec(
        columns=columns,
        stamps=known.stamps,
        keys=keys,
        case=mapping.case if keys else "",
        activities={**mapping.activities, **known.activities},
        segments={**mapping.segments, **known.segments} if known.segments else {},
        zone=mapping.zone_of(source),
        is_local=known.local,
        formats=known.formats or mapping.formats,
        precision=known.precision,
        encoding=known.encoding,
        delimiter=known.delimiter,
        is_loose=mapping.match == "loose",
    )


def looked(path: Path) -> FileLook:
    """Return what a file of events looks like, for a proposal of its mapping.

    Raises: one of READ_FAULTS.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith(GZIP) and not _is_packed_xes(path.name.lower(), path):
        with TemporaryDirectory(prefix="openecp-trs-") as folder:
            return looked(unpacked(path, Path(folder)))
    if start.startswith(b"PK\x03\x04"):
        found = sampled_batches(path.name, read_event_sheet(path))
    elif start.startswith(b"\x1f\x8b") or _is_xml(start):
        found = sampled_batches(path.name, read_xes(path))
    else:
        found = sampled(path)
    columns, rows, stamps, distinct, values = found
    return FileLook(file=path.name, columns=columns, rows=rows, stamps=stamps, distinct=distinct, values=values)


def written_ocel(engine: TrsEngine, path: Path, case: str, objects: dict[str, str]) -> tuple[int, int]:
    """Write the events of an engine as an object-centric log; answer how many events and objects it holds."""
    shown = "STRFTIME(make_timestamp(ts_us), '%Y-%m-%dT%H:%M:%S.%fZ') AS ts"
    rest = ", ".join(
        '"' + name.replace('"', '""') + '"' for name in engine.columns() if name not in ("seq", "ts_us", "precision")
    )
    rows = engine.ask(f"SELECT CAST(seq AS VARCHAR) AS seq, {shown}, {rest} FROM trs_events ORDER BY ts_us, seq")  # noqa: S608
    log = ocel_of(rows, case, objects)
    write_ocel(log, path)
    return len(log.events), len(log.objects)
