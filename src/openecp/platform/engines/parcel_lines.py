# SPDX-License-Identifier: Apache-2.0
"""Lines of a file one by one, however long: what is longer than a row may be is skipped and counted."""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

KEPT = 4_000  # bytes of a cell; more than any text may have
_PIECE = 1 << 20
_LINE_END = re.compile(rb"[\r\n]")


class Line(NamedTuple):
    """A line without its end."""

    text: bytes
    end: int  # where the next line begins
    cut: int  # bytes that were left out, for their number


class Lines:
    """The lines from a place of a file on; they end in LF, CR LF or CR."""

    def __init__(self, file: BinaryIO, place: int, end: int, row_bytes: int) -> None:
        self._file, self._at, self._end, self._row_bytes = file, place, end, row_bytes
        self._held, self._from = b"", 0  # what is read, and where in it the next line begins

    def back(self, place: int) -> None:
        """Read again from a line that was read before."""
        begin = self._at - self._from
        if begin <= place <= self._at:
            self._from = place - begin
        else:
            self._held, self._from = b"", 0
        self._at = place

    def _more(self) -> bool:
        piece_at = self._at + len(self._held) - self._from
        self._file.seek(piece_at)
        piece = self._file.read(min(_PIECE, self._end - piece_at))
        self._held, self._from = self._held[self._from :] + piece, 0
        return bool(piece)

    def read(self) -> Line | None:
        """Return the next line, or nothing at the end."""
        searched, cut = self._from, 0
        while True:
            found = _LINE_END.search(self._held, searched)
            if found and found.end() == len(self._held) and found[0] == b"\r":
                searched = found.start() - self._from
                if self._more():
                    continue
                found = _LINE_END.search(self._held, searched)
            if found:
                stop = found.end() + (found[0] == b"\r" and self._held[found.end() : found.end() + 1] == b"\n")
                text = self._held[self._from : found.start()]
                self._at += stop - self._from
                self._from = stop
                return Line(text, self._at, cut)
            if len(self._held) - self._from > self._row_bytes:
                dropped = len(self._held) - self._from - KEPT * 16
                self._held = self._held[self._from : self._from + KEPT * 16]
                self._at, self._from, cut = self._at + dropped, 0, cut + dropped
            searched = len(self._held) - self._from
            if not self._more():
                break
        text = self._held[self._from :]
        if not text:
            return None
        self._at, self._held, self._from = self._at + len(text), b"", 0
        return Line(text, self._at, cut)
