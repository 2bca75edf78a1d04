# SPDX-License-Identifier: Apache-2.0
"""The explorer: one clock over any cross of segments, its state in the address; from a bar to its cases."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from litestar import Response, get
from markupsafe import Markup

from openecp.border.time_release.attribution import owner_rank
from openecp.border.time_release.clocks import CLOCKS, ClockFault, clock_of
from openecp.border.time_release.journal_events import JOURNAL_SEGMENTS
from openecp.platform.console.charts.owners import Mark, OwnerBar, Part, draw_bars
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.parcels.basket_form import day_of_field
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.times.frame import TimesFrame
from openecp.platform.core.times_view import Asked, ShownCell
from openecp.platform.engines.trs_engine import EventFileFault

BY_MAX = 3
BARS_MAX = 40
TEXT_MAX = 120
_STEPS_H = (0.25, 0.5, 1, 2, 6, 12, 24, 48, 120, 240, 720, 2400)
HOUR_US = 3_600_000_000


def asked_of(request: AnyRequest) -> Asked:
    """Read the explorer's state from the address; what is not known is left out."""
    query = request.query_params
    clock = str(query.get("clock", "")).strip()[:TEXT_MAX] or "arrival_release"
    by = tuple(dict.fromkeys(name for name in query.getall("by", []) if name in JOURNAL_SEGMENTS))[:BY_MAX]
    filters = []
    for name in JOURNAL_SEGMENTS:
        value = str(query.get(f"is_{name}", ""))[:TEXT_MAX]
        if value:
            filters.append((name, "" if value == "-" else value))
    since, until = (day_of_field(str(query.get(name, ""))) for name in ("since", "until"))
    return Asked(
        clock=clock,
        by=by or (() if query.get("whole") else ("office",)),
        filters=tuple(filters),
        since=since,
        until=until,
        in_open_hours=query.get("hours") == "open",
    )


def address_of(tf: TimesFrame, page: str, asked: Asked, **more: Any) -> str:
    """Return the address that asks this."""
    query: dict[str, Any] = {"clock": asked.clock}
    query |= {f"is_{name}": value or "-" for name, value in asked.filters}
    query |= {"since": asked.since, "until": asked.until, "hours": "open" if asked.in_open_hours else ""}
    start = tf.href(page, **query, **more)
    return start + "".join(f"&by={name}" for name in asked.by)


@get("/times/explore")
@in_thread
def show_explorer(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The cells of a clock as a table, medians with their intervals, and whose time it was."""
    tf = TimesFrame(request, console, visitor)
    asked, fault, seq = asked_of(request), "", 0
    cells: list[ShownCell] = []
    values: dict[str, list[str]] = {}
    try:
        seq, cells = _cells(tf, asked)
        values = tf.desk.view.values(("office", "channel", "direction")) if seq else {}
    except (ClockFault, EventFileFault) as error:
        fault = str(error)
    shown = [each for each in cells if not each.hidden and each.cell.n]
    owners = sorted({owner for each in shown for owner in each.cell.owners}, key=owner_rank)
    return tf.page(
        "explore.html",
        status_code=422 if fault else 200,
        asked=asked,
        chosen=dict(asked.filters),
        fault=fault,
        cells=cells,
        owners=owners,
        seq=seq,
        values=values,
        clocks=list(CLOCKS),
        segments=JOURNAL_SEGMENTS,
        k=tf.desk.view.k,
        chart=_bars(tf, asked, shown, owners) if shown else "",
        medians=_medians(tf, shown) if shown else "",
        more=max(len(shown) - BARS_MAX, 0),
        label=lambda cell: label_of(tf, cell.segment),
        cases=lambda cell, owner="": cases_address(tf, asked, cell.segment, owner),
        csv=address_of(tf, "explore.csv", asked),
    )


def _cells(tf: TimesFrame, asked: Asked) -> tuple[int, list[ShownCell]]:
    clock_of(asked.clock)
    if not tf.desk.tail.size:
        return 0, []
    return tf.desk.view.cells(asked)


def label_of(tf: TimesFrame, segment: dict[str, str | None]) -> str:
    """Return what a cell is called."""
    if not segment:
        return tf.language.text(N_("All cases"))
    return ", ".join(tf.value(name, value) for name, value in segment.items())


def cases_address(tf: TimesFrame, asked: Asked, segment: dict[str, str | None], owner: str = "") -> str:
    """Return the address of the cases behind a cell."""
    filters = dict(asked.filters) | {name: value or "" for name, value in segment.items()}
    narrowed = asked._replace(filters=tuple(filters.items()), by=())
    return address_of(tf, "cases", narrowed, owner=owner)


def _bars(tf: TimesFrame, asked: Asked, shown: list[ShownCell], owners: list[str]) -> Markup:
    """Draw the mean of each cell, parted by owner."""
    bars = []
    for each in shown[:BARS_MAX]:
        cell = each.cell
        parts = []
        for owner in owners:
            mean = cell.owners.get(owner, 0) / cell.n
            if mean > 0:
                says = f"{label_of(tf, cell.segment)}, {tf.owner(owner)}{tf.language.colon} {tf.length(mean)}"
                parts.append(Part(mean, owner.partition(":")[0], says, cases_address(tf, asked, cell.segment, owner)))
        bars.append(OwnerBar(label_of(tf, cell.segment), tuple(parts), tf.length((cell.sum_us or 0) / cell.n)))
    title = tf.language.text(N_("Whose time it was, a case on average"))
    says = tf.language.text(
        N_("A bar for each cell, parted by owner. Each part leads to its cases; the table has the figures.")
    )
    most = max(sum(part.length for part in bar.parts) for bar in bars) if bars else 0
    return Markup(draw_bars("owners", bars, marks_of(tf, most), title=title, description=says))  # noqa: S704 - escaped


def _medians(tf: TimesFrame, shown: list[ShownCell]) -> Markup:
    from openecp.platform.console.charts.medians import MedianRow, draw_medians

    rows = [
        MedianRow(
            label=label_of(tf, each.cell.segment),
            median=each.cell.quantiles["median"] or 0.0,
            interval=each.cell.median_ci_us,
            says=tf.length(each.cell.quantiles["median"]),
        )
        for each in shown[:BARS_MAX]
    ]
    most = max([row.interval[1] if row.interval else row.median for row in rows] + [0.0])
    title = tf.language.text(N_("Medians and their 95-percent intervals"))
    says = tf.language.text(N_("A dot for each cell's median on the line of its interval. The table has the figures."))
    return Markup(draw_medians("medians", rows, marks_of(tf, most), title=title, description=says))  # noqa: S704 - escaped


def marks_of(tf: TimesFrame, most_us: float) -> list[Mark]:
    """Return the marks of an axis of time."""
    hours = most_us / HOUR_US
    step = next((step for step in _STEPS_H if hours / step <= 7), ceil(hours / 7) or 1)
    count = int(hours / step) + 1
    return [
        Mark(number * step * HOUR_US, tf.length(number * step * HOUR_US) if number else "0") for number in range(count)
    ]


@get("/times/explore.csv")
@in_thread
def explorer_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Response[bytes]:
    """The cells as CSV, in seconds; suppressed cells have no figures."""
    tf = TimesFrame(request, console, visitor)
    asked = asked_of(request)
    try:
        _, cells = _cells(tf, asked)
    except (ClockFault, EventFileFault):
        cells = []
    return csv_file("release-times.csv", _rows(asked, cells))


def _rows(asked: Asked, cells: list[ShownCell]) -> Iterator[tuple[str, ...]]:
    figures = ("mean_s", "median_s", "p10_s", "p25_s", "p75_s", "p90_s", "p95_s", "std_s")
    yield ("clock", *asked.by, "n", "missing", "censored", *figures, "ci95_low_s", "ci95_high_s", "suppressed")
    for each in cells:
        shown = each.cell.shown()
        names = [each.cell.segment[name] or "" for name in asked.by]
        if each.hidden:
            yield (asked.clock, *names, *[""] * (len(figures) + 5), "yes")
            continue
        low, high = shown["ci95_median_s"] or ("", "")
        counts = [str(shown[name]) for name in ("n", "missing", "censored")]
        values = ["" if shown[name] is None else str(shown[name]) for name in figures]
        yield (asked.clock, *names, *counts, *values, str(low), str(high), "no")
