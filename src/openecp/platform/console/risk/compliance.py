# SPDX-License-Identifier: Apache-2.0
"""Compliance by the random sample alone: irregular share with its interval, by office, lane or month.

Limits: 200,000 declarations; segments that need each message opened (origin, chapter) are for the command line.
"""

from __future__ import annotations

from datetime import date, timedelta

from litestar import get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from openecp.border.risk.features.compliance import MeasuredCompliance
from openecp.platform.console.charts.medians import MedianRow, draw_medians
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.risk import words
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.pictures import marks_to
from openecp.platform.core.risk_pages import PLAIN_SEGMENTS

DAYS = 365
DRAWN_MAX = 40
SEGMENTS = {"office": N_("Office"), "lane": N_("Lane"), "month": N_("Month")}


@get("/risk/compliance")
@in_thread
def show_compliance(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The report: the whole, then each segment; the method stands below."""
    kf = RiskFrame(request, console, visitor)
    follower = kf.desk.followed()
    if follower is None:
        raise NotFoundException
    today = console.now().date()
    by = str(request.query_params.get("by", "office"))
    by = by if by in PLAIN_SEGMENTS else "office"
    last = _day(str(request.query_params.get("to", ""))) or today
    first = _day(str(request.query_params.get("from", ""))) or last - timedelta(days=DAYS)
    with kf.desk.lock:
        found = follower.compliance(by, (first.isoformat(), last.isoformat()))
    return kf.page(
        "compliance.html",
        follower=follower,
        found=found,
        whole=found[0] if found else None,
        segments=found[1:] if found else [],
        by=by,
        titles=SEGMENTS,
        first=first.isoformat(),
        last=last.isoformat(),
        label=lambda one: segment_words(kf, by, one.segment),
        drawn=_drawn(kf, by, found) if found and any(one.rate is not None for one in found) else "",
    )


def segment_words(kf: RiskFrame, by: str, segment: str) -> str:
    """Return what a segment is called."""
    if segment == "all":
        return kf.language.text(N_("All declarations"))
    if by == "office":
        return kf.office("" if segment == "none" else segment)
    return kf.word(words.LANES, segment) if by == "lane" else kf.month(segment)


def _drawn(kf: RiskFrame, by: str, found: list[MeasuredCompliance]) -> Markup:
    rows = [
        MedianRow(segment_words(kf, by, one.segment), one.rate, (one.low, one.high), kf.percent(one.rate))
        for one in found[:DRAWN_MAX]
        if one.rate is not None and one.low is not None and one.high is not None
    ]
    most = max([0.01, *(row.interval[1] for row in rows if row.interval)])
    drawn = draw_medians(
        "compliance", rows, marks_to(kf, most, share=True),
        title=kf.language.text(N_("Irregular share of the random sample")),
        description=kf.language.text(
            N_("A dot for each rate, on the line of its interval. The table has the numbers.")
        ),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
