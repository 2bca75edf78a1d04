# SPDX-License-Identifier: Apache-2.0
"""The cases behind a bar, and one consignment over time with the owner of each stretch."""

from __future__ import annotations

from litestar import get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from openecp.border.time_release.attribution import Stretch, owner_rank
from openecp.border.time_release.clocks import ClockFault, clock_of
from openecp.platform.console.charts.owners import Mark, draw_gantt
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.times.explore import address_of, asked_of, label_of
from openecp.platform.console.times.frame import TimesFrame
from openecp.platform.core.times_view import CASES_SHOWN, Consignment
from openecp.platform.engines.trs_engine import EventFileFault

TICKS = 5


@get("/times/cases")
@in_thread
def show_cases(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The longest cases behind a bar of the explorer."""
    tf = TimesFrame(request, console, visitor)
    asked = asked_of(request)._replace(by=())
    owner = str(request.query_params.get("owner", ""))[:60]
    try:
        clock_of(asked.clock)
        count, cases = tf.desk.view.cases(asked, owner) if tf.desk.tail.size else (0, [])
    except (ClockFault, EventFileFault):
        raise NotFoundException from None
    return tf.page(
        "cases.html",
        asked=asked,
        owner=owner,
        count=count,
        cases=cases,
        most=CASES_SHOWN,
        k=tf.desk.view.k,
        what=label_of(tf, dict(asked.filters)),
        back=address_of(tf, "explore", asked._replace(by=("office",))),
    )


@get("/times/case/{case_id:str}")
@in_thread
def show_consignment(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """One consignment: what happened when, and whose time each stretch was."""
    tf = TimesFrame(request, console, visitor)
    found = tf.desk.view.consignment(case_id) if len(case_id) <= 100 and case_id.isprintable() else None
    if found is None:
        raise NotFoundException
    row = console.queries.case(case_id)
    office = next((each.segments["office"] for each in found.rows if each.segments.get("office")), "")
    sums: dict[str, int] = {}
    for stretch in found.stretches:
        share, rest = divmod(stretch.until_us - stretch.since_us, len(stretch.owners))
        for place, owner in enumerate(stretch.owners):
            sums[owner] = sums.get(owner, 0) + share + (0 if place else rest)
    return tf.page(
        "case.html",
        found=found,
        office=office,
        lrn=row[0].lrn if row is not None else "",
        has_case=row is not None and row[0].room == "lodgement",
        sums=sorted(sums.items(), key=lambda each: owner_rank(each[0])),
        whole=sum(sums.values()),
        ended={stamp.ts_us: stamp.activity for stamp in reversed(found.stamps)},
        chart=_gantt(tf, found, office, list(sums)) if found.stretches else "",
    )


def _gantt(tf: TimesFrame, found: Consignment, office: str, owners: list[str]) -> Markup:
    first, last = found.stretches[0].since_us, found.stretches[-1].until_us
    whole = max(last - first, 1)

    def says(stretch: Stretch, owner: str) -> str:
        return f"{tf.owner(owner)}{tf.language.colon} {tf.length(stretch.until_us - stretch.since_us)}"

    rows = [
        (
            tf.capital(tf.owner(owner)),
            owner.partition(":")[0],
            [
                ((each.since_us - first) / whole, (each.until_us - first) / whole, says(each, owner))
                for each in found.stretches
                if owner in each.owners
            ],
        )
        for owner in sorted(owners, key=owner_rank)
    ]
    moments = [
        (
            (stamp.ts_us - first) / whole,
            f"{tf.activity(stamp.activity)}{tf.language.colon} {tf.moment(stamp.ts_us, office)}",
        )
        for stamp in found.stamps
    ]
    marks = [Mark(n / TICKS, tf.length(whole * n / TICKS) if n else "0") for n in range(TICKS + 1)]
    title = tf.language.text(N_("The consignment over time"))
    text = tf.language.text(
        N_("A row for each owner with the stretches in which it was awaited; dots are events. The tables say the same.")
    )
    return Markup(draw_gantt("gantt", rows, moments, marks, title=title, description=text))  # noqa: S704 - escaped
