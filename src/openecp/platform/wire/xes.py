# SPDX-License-Identifier: Apache-2.0
"""Reads an event log in XES, as process-mining tools write it, in one pass and little memory.

Each event becomes a row: the trace's name is the case, the event's `concept:name` the activity, `time:timestamp` the
stamp as text; every other attribute of the event keeps its key, those of the trace are prefixed with `case:`. Only
direct children are attributes: what is nested inside an attribute is its annotation, and `<global>` holds defaults.
Whole traces that are written plainly do not pass the parser (xes_plain): it reads what stands before, between and after
them, and every trace that is not plain. The rows are the same either way.
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

from openecp.platform.wire.xes_plain import Columns, PlainTraces

_TRACE, _TRACE_END = b"<trace>", b"</trace>"
_VALUES = frozenset({"string", "date", "int", "float", "boolean", "id"})
NEEDED = frozenset({"case:concept:name", "concept:name", "time:timestamp"})
Batch = Columns


class XesLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a log may hold: bytes unpacked, nesting, names of attributes, characters of a value, rows a batch."""

    bytes_max: int = 8 << 30
    depth_max: int = 32
    names_max: int = 200
    text_max: int = 20_000
    batch_rows: int = 20_000
    read_bytes: int = 1 << 16  # bytes unpacked at once: what the processor's cache holds
    token_max: int = 16 << 20  # bytes of one element: the parser holds it whole
    ratio_max: int = 400  # times that a packed log may grow, once `ratio_from` bytes were unpacked
    ratio_from: int = 256 << 20


class UnreadableXes(ValueError):  # noqa: N818
    """A log that cannot be read on: where, what was wanted, what was found, what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class _Reader:
    """Follows the parser and holds the events that are not handed over yet.

    The handlers are closures: they run for every element of a log that is not plain, and nothing else costs as much.
    """

    def __init__(self, name: str, limits: XesLimits, is_plain: bool) -> None:
        self.name, self.limits = name, limits
        self.rows: list[dict[str, str]] = []
        self.columns: Columns = {}
        self.count = 0
        self.plain = PlainTraces(limits.names_max, limits.text_max)
        self.is_plain = is_plain  # from here on, too: nothing was met in which a trace may only look like one
        self.rest = b""
        self.parsed = self.lines = 0  # bytes that the parser was given, and lines that it was not
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = True
        self.parser.XmlDeclHandler = self.declared
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype
        self.parser.StartCdataSectionHandler = self.by_parser
        self.widest: Callable[[], int] = lambda: 0
        self.depth: Callable[[], int] = lambda: 0
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.handlers()

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() != "utf-8":
            self.by_parser()

    def by_parser(self) -> None:
        self.is_plain = False

    def doctype(self, *_: object) -> None:
        raise self.fault("no DOCTYPE", "a DOCTYPE or an entity", "Write the log without it.")

    def fault(self, expected: str, got: str, fix: str) -> UnreadableXes:
        return UnreadableXes(f"{self.name}, line {self.parser.CurrentLineNumber + self.lines}", expected, got, fix)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the log; none at its end."""
        data, self.rest = self.rest + chunk, b""
        if b"\0" in chunk:  # no UTF-8
            self.by_parser()
        end = data.rfind(_TRACE_END) + len(_TRACE_END)
        if not chunk or not self.is_plain or end < len(_TRACE_END):
            self.parse(data, not chunk)
            return
        start = 0
        if not self.is_between():
            start = max(data.find(_TRACE, 0, end), 0)
            self.parse(data[:start])
        block, self.rest = data[start:end], data[end:]
        found = self.plain.columns(block) if self.is_between() else None
        if found is None:
            self.parse(block)
            return
        self.settle()
        self.hold(*found)
        self.lines += block.count(b"\n")
        if b"\r" in block:
            self.lines += block.count(b"\r") - block.count(b"\r\n")

    def is_between(self) -> bool:
        """Tell whether the parser has read all that it was given and stands in the log, outside of all traces."""
        return self.is_plain and self.depth() == 1 and self.parser.CurrentByteIndex == self.parsed

    def parse(self, data: bytes, is_last: bool = False) -> None:
        """Give bytes to the parser.

        Raises: UnreadableXes where they are not well-formed.
        """
        self.parsed += len(data)
        try:
            self.parser.Parse(data, is_last)
        except expat.ExpatError as error:
            raise self.fault("well-formed XML", expat.ErrorString(error.code), "Export the log again.") from None
        except UnreadableXes:
            raise
        except (LookupError, ValueError) as error:  # what the log says its encoding is
            raise self.fault("an encoding that is known", str(error)[:120], "Write the log in UTF-8.") from None

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
        self.depth = lambda: depth
        return start, end

    def cut(self, name: str, value: str | None) -> str | None:
        """Return a value that may be kept; a longer one marked, so that it is counted where it is used."""
        if value is None or len(value) <= self.limits.text_max:
            return value
        return value[:200] + "…" if name not in NEEDED else value[: self.limits.text_max]

    def settle(self) -> None:
        """Make columns of the rows that the parser found.

        Raises: UnreadableXes where there are too many names.
        """
        rows, self.rows = self.rows, []
        if not rows:
            return
        names = dict.fromkeys(name for row in rows for name in row)
        self.narrow(len(names))
        columns: Columns = {name: [row.get(name) for row in rows] for name in names}
        for name, column in columns.items():
            if max(len(value) for value in column if value is not None) > self.limits.text_max:
                columns[name] = [self.cut(name, value) for value in column]
        self.hold(columns, len(rows))

    def hold(self, columns: Columns, count: int) -> None:
        """Put events behind those that are held.

        Raises: UnreadableXes where there are too many names.
        """
        self.narrow(len(self.columns.keys() | columns.keys()))
        for name, column in columns.items():
            if name not in self.columns:
                self.columns[name] = [None] * self.count
            self.columns[name] += column
        self.count += count
        for held in self.columns.values():
            held += [None] * (self.count - len(held))

    def narrow(self, names: int) -> None:
        """Refuse more names of attributes than are allowed."""
        if names > self.limits.names_max:
            raise self.fault(f"at most {self.limits.names_max} attributes by name", f"{names}", "Leave some out.")

    def take(self) -> Batch:
        """Hand over the events so far as columns of one length.

        Raises: UnreadableXes where there are too many names.
        """
        self.settle()
        columns = self.columns or {"concept:name": [None] * self.count}  # events without attributes are events
        self.columns, self.count = {}, 0
        return columns


def _put(into: dict[str, str], given: list[str], prefix: str = "") -> None:
    """Note an attribute whose key and value stand in another order, or beside others."""
    named = dict(zip(given[::2], given[1::2], strict=True))
    if "key" in named:
        into[prefix + named["key"]] = named.get("value", "")


def local(tag: str) -> str:
    """Return an element's name without its prefix."""
    return tag.rpartition(":")[2]


def read_xes(path: Path, limits: XesLimits | None = None, *, is_plain: bool = True) -> Iterator[Batch]:
    """Yield the events of a log (`.xes` or gzipped) as columns of text, in the order of the file.

    Without `is_plain` the parser reads all of it: the rows are the same, more slowly.
    Raises: UnreadableXes where it is not well-formed, too large, no log, or holds a DOCTYPE.
    """
    limits = limits or XesLimits()
    reader = _Reader(path.name, limits, is_plain)
    total = 0
    with _opened(path) as stream:
        while True:
            chunk = _guarded(lambda: stream.read(limits.read_bytes), reader)
            total += len(chunk)
            if total > limits.bytes_max:
                raise reader.fault(f"at most {limits.bytes_max} bytes unpacked", "more", "Split the log.")
            reader.feed(chunk)
            _bounded(reader, total, path.stat().st_size)
            if reader.count + len(reader.rows) >= limits.batch_rows:
                yield reader.take()
            if not chunk:
                break
    if reader.count or reader.rows:
        yield reader.take()


def _bounded(reader: _Reader, total: int, packed: int) -> None:
    """Stop where one element, the names of one event or the whole log grow beyond measure."""
    limits = reader.limits
    if reader.parsed - reader.parser.CurrentByteIndex > limits.token_max:
        raise reader.fault(f"elements of at most {limits.token_max} bytes", "a longer one", "Shorten its values.")
    reader.narrow(reader.widest())
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
