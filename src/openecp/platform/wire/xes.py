# SPDX-License-Identifier: Apache-2.0
"""Reads an event log in XES, as process-mining tools write it, in one pass and little memory.

Each event becomes a row: the trace's name is the case, the event's `concept:name` the activity, `time:timestamp` the
stamp as text; every other attribute of the event keeps its key, those of the trace are prefixed with `case:`. Only
direct children are attributes: what is nested inside an attribute is its annotation, and `<global>` holds defaults.
Source: IEEE 1849 (XES).
Limits: LIMITS; a DOCTYPE is refused, so that no entity is ever expanded.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

import msgspec

_READ = 1 << 18
_VALUES = frozenset({"string", "date", "int", "float", "boolean", "id"})
NEEDED = frozenset({"case:concept:name", "concept:name", "time:timestamp"})
Batch = dict[str, list[str | None]]


class XesLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a log may hold: bytes unpacked, nesting, names of attributes, characters of a value, rows a batch."""

    bytes_max: int = 8 << 30
    depth_max: int = 32
    names_max: int = 200
    text_max: int = 20_000
    batch_rows: int = 20_000
    token_max: int = 16 << 20  # bytes of one element: the parser holds it whole
    ratio_max: int = 400  # times that a packed log may grow, once `ratio_from` bytes were unpacked
    ratio_from: int = 256 << 20


class UnreadableXes(ValueError):  # noqa: N818
    """A log that cannot be read on: where, what was wanted, what was found, what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class _Reader:
    """Follows the parser and holds the rows that are not handed over yet.

    The handlers are closures: they run for every element of the log, and nothing else costs as much.
    """

    def __init__(self, name: str, limits: XesLimits) -> None:
        self.name, self.limits = name, limits
        self.rows: list[dict[str, str]] = []
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype
        self.widest: Callable[[], int] = lambda: 0
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.handlers()

    def doctype(self, *_: object) -> None:
        raise self.fault("no DOCTYPE", "a DOCTYPE or an entity", "Write the log without it.")

    def fault(self, expected: str, got: str, fix: str) -> UnreadableXes:
        return UnreadableXes(f"{self.name}, line {self.parser.CurrentLineNumber}", expected, got, fix)

    def handlers(self) -> tuple[Callable[[str, list[str]], None], Callable[[str], None]]:
        """Return what the parser calls at each start and end of an element."""
        depth, inside, trace_depth, event_depth = 0, -9, -9, -9
        trace: dict[str, str] = {}
        event: dict[str, str] = {}
        depth_max, fault = self.limits.depth_max, self.fault

        def start(tag: str, given: list[str]) -> None:
            nonlocal depth, inside, trace_depth, event_depth, event
            depth += 1
            if depth == inside:  # an attribute of the event: nearly all elements are
                if tag in _VALUES or local(tag) in _VALUES:
                    if len(given) == 4 and given[0] == "key" and given[2] == "value":
                        event[given[1]] = given[3]
                    else:
                        _put(event, given)
            elif depth == trace_depth + 1:
                if local(tag) == "event":
                    event_depth, inside, event = depth, depth + 1, dict(trace)
                elif local(tag) in _VALUES:
                    _put(trace, given, "case:")
            elif depth == 2 and local(tag) == "trace":
                trace_depth = depth
                trace.clear()
            elif depth == 1 and local(tag) != "log":
                raise fault("an XES log, <log>", f"<{tag[:40]}>", "Give a log in XES.")
            elif depth > depth_max:
                raise fault(f"at most {depth_max} levels", "deeper ones", "Is this an event log?")

        def end(tag: str) -> None:
            nonlocal depth, inside, trace_depth, event_depth
            if depth == event_depth:
                event_depth = inside = -9
                self.rows.append(event)
            elif depth == trace_depth:
                trace_depth = -9
            depth -= 1

        self.widest = lambda: max(len(event), len(trace))
        return start, end

    def cut(self, name: str, value: str | None) -> str | None:
        """Return a value that may be kept; a longer one marked, so that it is counted where it is used."""
        if value is None or len(value) <= self.limits.text_max:
            return value
        return value[:200] + "…" if name not in NEEDED else value[: self.limits.text_max]

    def take(self) -> Batch:
        """Hand over the rows so far as columns of one length.

        Raises: UnreadableXes where there are too many names.
        """
        rows, self.rows = self.rows, []
        names = dict.fromkeys(name for row in rows for name in row)
        if len(names) > self.limits.names_max:
            raise self.fault(f"at most {self.limits.names_max} attributes by name", f"{len(names)}", "Leave some out.")
        columns: Batch = {name: [row.get(name) for row in rows] for name in names}
        for name, column in columns.items():
            if max(len(value) for value in column if value is not None) > self.limits.text_max:
                columns[name] = [self.cut(name, value) for value in column]
        return columns


def _put(into: dict[str, str], given: list[str], prefix: str = "") -> None:
    """Note an attribute whose key and value stand in another order, or beside others."""
    named = dict(zip(given[::2], given[1::2], strict=True))
    if "key" in named:
        into[prefix + named["key"]] = named.get("value", "")


def local(tag: str) -> str:
    """Return an element's name without its prefix."""
    return tag.rpartition(":")[2]


def read_xes(path: Path, limits: XesLimits | None = None) -> Iterator[Batch]:
    """Yield the events of a log (`.xes` or gzipped) as columns of text, in the order of the file.

    Raises: UnreadableXes where it is not well-formed, too large, no log, or holds a DOCTYPE.
    """
    limits = limits or XesLimits()
    reader = _Reader(path.name, limits)
    total = 0
    with _opened(path) as stream:
        while True:
            chunk = _guarded(lambda: stream.read(_READ), reader)
            total += len(chunk)
            if total > limits.bytes_max:
                raise reader.fault(f"at most {limits.bytes_max} bytes unpacked", "more", "Split the log.")
            try:
                reader.parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                raise reader.fault("well-formed XML", expat.ErrorString(error.code), "Export the log again.") from None
            _bounded(reader, total, path.stat().st_size)
            if len(reader.rows) >= limits.batch_rows:
                yield reader.take()
            if not chunk:
                break
    if reader.rows:
        yield reader.take()


def _bounded(reader: _Reader, total: int, packed: int) -> None:
    """Stop where one element, the names of one event or the whole log grow beyond measure."""
    limits = reader.limits
    if total - reader.parser.CurrentByteIndex > limits.token_max:
        raise reader.fault(f"elements of at most {limits.token_max} bytes", "a longer one", "Shorten its values.")
    if reader.widest() > limits.names_max:
        raise reader.fault(f"at most {limits.names_max} attributes by name", f"{reader.widest()}", "Leave some out.")
    if total > limits.ratio_from and total > limits.ratio_max * packed:
        raise reader.fault(
            f"at most {limits.ratio_max} times the packed bytes", f"{total} unpacked", "Unpack it first."
        )


def _guarded(read: Callable[[], bytes], reader: _Reader) -> bytes:
    try:
        return read()
    except (OSError, EOFError, zlib.error) as error:
        raise reader.fault("a whole file", str(error)[:120], "Fetch the file again.") from None


def _opened(path: Path) -> BinaryIO:
    stream = path.open("rb")
    magic = stream.read(2)
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if magic == b"\x1f\x8b" else stream  # type: ignore[return-value]
