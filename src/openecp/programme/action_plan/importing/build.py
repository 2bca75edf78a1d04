# SPDX-License-Identifier: Apache-2.0
"""Makes the record of an action from its cells, and says what a person should look at."""

from __future__ import annotations

import msgspec

from openecp.programme.action_plan.importing.fold import one_line, squeeze
from openecp.programme.action_plan.importing.lists import ListRead, read_list
from openecp.programme.action_plan.importing.segment import respaced
from openecp.programme.action_plan.importing.timeframes import Due, Timeframes
from openecp.programme.action_plan.importing.vocabulary import Vocabulary
from openecp.programme.action_plan.importing.words import Lexicon, mend
from openecp.programme.action_plan.records import ActionRecord, Timeframe

FIELDS = {  # cell: the fields of the record that stand on it
    "number": ("number",),
    "section": ("section", "section_title", "strategic_code"),
    "title": ("title",),
    "body": ("responsible_as_written", "responsible", "responsible_parts_as_written", "responsible_open_ended"),
    "body words": ("responsible_as_written", "responsible_parts_as_written"),
    "programme": ("work_programmes_as_written", "work_programmes"),
    "programme words": ("work_programmes_as_written",),
    "time": ("timeframe_as_written", "timeframe", "beyond_phase_period"),
    "time words": ("timeframe_as_written",),
}
_DOUBT_COST = 0.8


class Row(msgspec.Struct):
    """A row as it was cut: its cells as they stand, where they stand, and doubts by cell."""

    number: int
    title: str
    body: str
    programme: str
    time: str
    lines: tuple[int, int] | None = None
    place: str = ""
    section: int = 0
    supporting: str = ""  # a column of its own
    doubts: dict[str, str] = msgspec.field(default_factory=dict)

    def doubt(self, cell: str, why: str) -> None:
        """Note why a cell needs a person's eye; the first reason stands."""
        self.doubts.setdefault(cell, why)


class Reader:
    """Makes records; remembers what cells say, since most say the same."""

    def __init__(self, vocabulary: Vocabulary, timeframes: Timeframes, lexicon: Lexicon) -> None:
        self.vocabulary, self.timeframes, self.lexicon = vocabulary, timeframes, lexicon
        self._times: dict[str, tuple[str, Due | None, dict[str, str]]] = {}
        self._bodies: dict[str, ListRead] = {}
        self._programmes: dict[str, ListRead] = {}

    def bodies(self, cell: str) -> ListRead:
        """Return the bodies that a cell names."""
        if cell not in self._bodies:
            self._bodies[cell] = read_list(cell, self.vocabulary.bodies)
        return self._bodies[cell]

    def programmes(self, cell: str) -> ListRead:
        """Return the work programmes that a cell names."""
        if cell not in self._programmes:
            self._programmes[cell] = read_list(cell, self.vocabulary.programmes)
        return self._programmes[cell]

    def record(self, row: Row, plan_id: str, supporting: tuple[str, ...], end: str | None) -> ActionRecord:
        """Return the record of a row; `end` is the plan's last month."""
        bodies, programmes = self.bodies(row.body), self.programmes(row.programme)
        title = mend(one_line(row.title), self.lexicon)
        written, due = self._time(row)
        self._doubt_lists(row, bodies, programmes)
        if not title.text:
            row.doubt("title", "the title is empty")
        if title.repairs:
            row.doubt("title", f"torn words put together: {'; '.join(title.repairs)}")
        if title.doubtful:
            row.doubt("title", f"may be torn or misspelt: {'; '.join(title.doubtful)}")
        timeframe = due.timeframe if due else Timeframe()
        return ActionRecord(
            id=f"{plan_id}-{row.number:02}",
            number=row.number,
            section=row.section,
            title=title.text,
            responsible_as_written=bodies.written,
            responsible_parts_as_written=bodies.parts,
            responsible=bodies.codes,
            responsible_open_ended=any(code in self.vocabulary.open_ended for code in bodies.codes),
            supporting=tuple(dict.fromkeys((*supporting, *self.bodies(row.supporting).codes))),
            work_programmes_as_written=programmes.written,
            work_programmes=programmes.codes,
            timeframe_as_written=written,
            timeframe=timeframe,
            beyond_phase_period=bool(end and timeframe.due and timeframe.due[:7] > end),
            source_lines=row.lines,
            flags=tuple(dict.fromkeys(field for cell in FIELDS if cell in row.doubts for field in FIELDS[cell])),
            confidence=round(_DOUBT_COST ** len(row.doubts), 2),
            notes=tuple(dict.fromkeys(row.doubts[cell] for cell in FIELDS if cell in row.doubts)),
        )

    def _time(self, row: Row) -> tuple[str, Due | None]:
        if row.time not in self._times:
            self._times[row.time] = self._read_time(row.time)
        written, due, doubts = self._times[row.time]
        for cell, why in doubts.items():
            row.doubt(cell, why)
        return written, due

    def _read_time(self, cell: str) -> tuple[str, Due | None, dict[str, str]]:
        written = one_line(cell)
        squeezed = squeeze(written)
        if not squeezed:
            return "", None, {"time": "no timeframe is stated"}
        due = self.timeframes.whole(squeezed)
        if due is None:
            return written, None, {"time": f"not understood as a timeframe: {written!r}"}
        doubts = {}
        if not due.certain:
            doubts["time"] = f"{written!r} is read as {due.timeframe.due or due.timeframe.kind}"
        model = self.timeframes.spaced(squeezed)
        mended = respaced(written, model) if model else None
        if mended and mended != written:
            doubts["time words"] = f"torn words put together: {written!r}"
            written = mended
        return written, due, doubts

    def _doubt_lists(self, row: Row, bodies: ListRead, programmes: ListRead) -> None:
        for cell, read, what in (("body", bodies, "body"), ("programme", programmes, "work programme")):
            if read.unknown:
                row.doubt(cell, f"not known as a {what}: {'; '.join(read.unknown)}")
            elif read.doubt:
                row.doubt(cell, read.doubt)
            if read.torn:
                row.doubt(
                    f"{cell} words",
                    f"torn words put together: {one_line(row.body if cell == 'body' else row.programme)!r}",
                )
