# SPDX-License-Identifier: Apache-2.0
"""Scorecards of origin posts: how good the data of their items are, by post and day, with the trend.

For officers and auditors. Limits: the journal's postal events are read whole, so an answer is kept for a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec
from babel.dates import format_date
from litestar import Response, get
from litestar.exceptions import NotFoundException, PermissionDeniedException
from markupsafe import Markup

from openecp.border.postal.scorecard import COUNTED, ScoreFilter, ScoreRow
from openecp.platform.console.charts.svg import Day
from openecp.platform.console.charts.timeline import Axis
from openecp.platform.console.charts.trend import SERIES_MAX, Series, draw_trend
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.parcels.basket_form import day_of_field
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.plans.files import csv_file

DAYS_SHOWN = 30
DAYS_MAX = 400
ROWS_SHOWN = 500
TICKS = 8


class PostSum(msgspec.Struct, frozen=True, kw_only=True):
    """One post over the period: items, and thousandths of them for each thing that is counted."""

    post: str
    items: int
    without_data: int
    shares: dict[str, int]
    trend: int | None  # of the last day


def wanted_of(pf: ParcelFrame) -> ScoreFilter:
    """Read the filter from the address; without days, the last thirty."""
    parameters = pf.request.query_params
    today = date.fromisoformat(pf.today)
    until = day_of_field(str(parameters.get("until", ""))) or today
    since = day_of_field(str(parameters.get("since", ""))) or until - timedelta(days=DAYS_SHOWN - 1)
    since = max(min(since, until), until - timedelta(days=DAYS_MAX - 1))
    post = str(parameters.get("post", "")).strip().upper()[:10]
    by: Literal["posted", "received"] = "received" if parameters.get("by") == "received" else "posted"
    return ScoreFilter(origin_post=post if post.isalnum() else "", since=since, until=until, by=by)


def _rows(pf: ParcelFrame, wanted: ScoreFilter) -> list[ScoreRow]:
    if pf.desk.scorecard is None:
        raise NotFoundException
    if not pf.sees_all:
        raise PermissionDeniedException
    return pf.desk.scorecard(wanted)


def sums_of(rows: Sequence[ScoreRow]) -> list[PostSum]:
    """Return each post over all its days, the one with most items first."""
    by_post: dict[str, list[ScoreRow]] = {}
    for row in rows:
        by_post.setdefault(row.origin_post, []).append(row)
    found = []
    for post, mine in by_post.items():
        items = sum(row.items for row in mine)
        counts = {name: sum(getattr(row, name) for row in mine) for name in COUNTED}
        found.append(
            PostSum(
                post=post,
                items=items,
                without_data=sum(row.without_data for row in mine),
                shares={name: (2000 * count + items) // (2 * items) if items else 0 for name, count in counts.items()},
                trend=max(mine, key=lambda row: row.day).trend,
            )
        )
    return sorted(found, key=lambda one: (-one.items, one.post))


@get("/parcels/posts")
@in_thread
def show_posts(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Posts over a period, the trend of complete data, and each day."""
    pf = ParcelFrame(request, console, visitor)
    wanted = wanted_of(pf)
    rows = _rows(pf, wanted)
    sums = sums_of(rows)
    return pf.page(
        "posts.html",
        wanted=wanted,
        sums=sums,
        rows=sorted(rows, key=lambda row: (row.day, row.origin_post), reverse=True)[:ROWS_SHOWN],
        found=len(rows),
        counted=COUNTED,
        chart=chart_of(pf, wanted, rows, sums) if rows else "",
        drawn=min(SERIES_MAX, len(sums)),
        query={"post": wanted.origin_post, "since": wanted.since, "until": wanted.until, "by": wanted.by},
    )


def chart_of(pf: ParcelFrame, wanted: ScoreFilter, rows: Sequence[ScoreRow], sums: Sequence[PostSum]) -> Markup:
    """Return the chart: the share of items whose data are complete, for the posts with most items."""
    series = [
        Series(
            label=pf.post(one.post),
            points={row.day: row.shares["compliant"] for row in rows if row.origin_post == one.post},
        )
        for one in sums[:SERIES_MAX]
    ]
    title = pf.language.text(N_("Items with complete data, by day"))
    description = pf.language.text(N_("A line for each post. The table below has the same data."))
    return Markup(  # noqa: S704 - the chart escapes what it is given
        draw_trend("posts-trend", series, axis_of(pf, wanted), title=title, description=description)
    )


def axis_of(pf: ParcelFrame, wanted: ScoreFilter) -> Axis:
    """Return the axis of the days asked for."""
    assert wanted.since is not None
    assert wanted.until is not None
    last = max(wanted.until, wanted.since + timedelta(days=1))
    step = max(1, (last - wanted.since).days // TICKS)
    ticks = []
    day = wanted.since
    while day <= last:
        ticks.append(Day(day.isoformat(), format_date(day, "d MMM", locale=pf.language.locale)))
        day += timedelta(days=step)
    return Axis(first=wanted.since.isoformat(), last=last.isoformat(), ticks=tuple(ticks))


@get("/parcels/posts.csv")
@in_thread
def posts_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Response[bytes]:
    """The scorecard as CSV: a row for each post and day."""
    pf = ParcelFrame(request, console, visitor)
    return csv_file("posts.csv", _cells(_rows(pf, wanted_of(pf))))


def _cells(rows: Sequence[ScoreRow]) -> Iterator[tuple[str, ...]]:
    yield ("origin_post", "day", "items", "without_data", *COUNTED, "trend_thousandths")
    for row in rows:
        counts = [str(getattr(row, name)) for name in ("items", "without_data", *COUNTED)]
        yield (row.origin_post, row.day, *counts, "" if row.trend is None else str(row.trend))
