# SPDX-License-Identifier: Apache-2.0
"""Lanes, live: what came into each lane by office, today and in the last days, against the plan of selection.

Counts are of first assessments, as the journal has them up to now; the plan and the chance of top-up are those that
select. Limits: the last 35 days.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from openecp.border.risk.lanes.counters import chances
from openecp.border.risk.lanes.plan import E6, NO_CAP, OfficePlan
from openecp.border.risk.lanes.plan import LANES as LANE_NUMBERS
from openecp.border.risk.wilson import wilson_bounds
from openecp.platform.console.charts.limits import LimitBar, draw_limits
from openecp.platform.console.charts.owners import Mark, OwnerBar, Part, draw_bars
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.risk import words
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.pictures import marks_to
from openecp.platform.core.risk_pages import LANES, LaneDay

SPANS = (1, 7, 28)
OFFICES_DRAWN = 12
DAYS_SHOWN = 14
Z99 = 2.5758293035489004
_PER_DRAW = 1_000_000_000


class LaneLine(msgspec.Struct, frozen=True, kw_only=True):
    """One lane of one office over the span: what came, what the plan wants, what the draw and the top-up do."""

    lane: str
    count: int
    share: float
    low: float
    high: float
    expected: float | None = None  # of the plan; None: it has none
    drawn: int = 0  # at random
    drawn_share: float = 0.0
    random: float | None = None  # of the plan
    top_up: float | None = None  # chance of top-up that holds now
    cap: int | None = None  # criteria that may let it through
    odd: bool = False  # the plan lies outside the interval


class OfficeLanes(msgspec.Struct, frozen=True, kw_only=True):
    """One office over the span."""

    office: str
    total: LaneDay
    lines: list[LaneLine]


def offices_of(kf: RiskFrame, days: list[LaneDay], today: date) -> list[OfficeLanes]:
    """Return the offices with their lanes, the busiest first."""
    plans = kf.desk.plan
    totals: dict[str, LaneDay] = {}
    for row in days:
        made = LaneDay(day=row.day, office=row.office, lanes={}, grounds={}, random={})
        totals.setdefault(row.office, made).add(row)
    frozen = kf.desk.counters() if plans is not None else None
    found = []
    for office, total in sorted(totals.items(), key=lambda pair: (-pair[1].seen, pair[0])):
        plan = plans.of(office, today) if plans is not None else None
        tops = chances(plan, frozen.of(office)) if plan is not None and frozen is not None else None
        found.append(OfficeLanes(office=office, total=total, lines=_lines(total, plan, tops)))
    return found


def _lines(total: LaneDay, plan: OfficePlan | None, tops: tuple[int, int, int] | None) -> list[LaneLine]:
    lines = []
    for lane in LANES:
        count, drawn = total.lanes.get(lane, 0), total.random.get(lane, 0)
        share = count / total.seen if total.seen else 0.0
        low, high = wilson_bounds(share, total.seen, Z99)
        line = LaneLine(
            lane=lane, count=count, share=share, low=low, high=high, drawn=drawn,
            drawn_share=drawn / total.seen if total.seen else 0.0,
        )  # fmt: skip
        number = LANE_NUMBERS.index(lane)
        if plan is not None and number:
            rule = plan.rule(number)
            expected = rule.expected_e6 / E6 if rule.expected_e6 else None
            line = msgspec.structs.replace(
                line, expected=expected, random=rule.random_e6 / E6,
                top_up=tops[number - 1] / _PER_DRAW if tops is not None and rule.expected_e6 else None,
                cap=None if rule.hits_max == NO_CAP else rule.hits_max,
                odd=expected is not None and not low <= expected <= high,
            )  # fmt: skip
        lines.append(line)
    return lines


@get("/risk/lanes")
@in_thread
def show_lanes(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Response[None]:
    """Lanes by office; asked with the number of the last event that was seen, nothing where nothing has happened."""
    kf = RiskFrame(request, console, visitor)
    follower = kf.desk.followed()
    if follower is None:
        raise NotFoundException
    seen, current = request.query_params.get("seen"), follower.is_current
    if request.headers.get("hx-request") and seen == str(follower.seq) and current:
        return Response(content=None, status_code=204)
    today = console.now().date()
    asked = str(request.query_params.get("days", "1"))
    span = int(asked) if asked in map(str, SPANS) else 1
    first = (today - timedelta(days=span - 1)).isoformat()
    office = str(request.query_params.get("office", ""))[:17]
    with kf.desk.lock:
        every = follower.lane_days()
        wanted = [row for row in every if row.day >= first]
        offices = offices_of(kf, wanted, today)
    whole = LaneDay(day="", office="", lanes={}, grounds={}, random={})
    for one in offices:
        whole.add(one.total)
    known = {one.office for one in offices} | {row.office for row in every}
    return kf.page(
        "lanes.html",
        follower=follower,
        span=span,
        spans=SPANS,
        office=office if office in known else "",
        known=sorted(known),
        offices=[one for one in offices if not office or office not in known or one.office == office],
        whole=whole,
        planned=kf.desk.plan is not None,
        days=_by_day(every, office if office in known else ""),
        stack=_stack(kf, offices) if offices else "",
        against=_against(kf, offices) if kf.desk.plan is not None and offices else "",
        lane_order=LANES,
        grounds=[(name, whole.grounds[name]) for name in words.GROUNDS if whole.grounds.get(name)],
        today=today.isoformat(),
    )


def _by_day(every: list[LaneDay], office: str) -> list[LaneDay]:
    found: dict[str, LaneDay] = {}
    for row in every:
        if not office or row.office == office:
            made = LaneDay(day=row.day, office=office, lanes={}, grounds={}, random={})
            found.setdefault(row.day, made).add(row)
    return [found[day] for day in sorted(found, reverse=True)[:DAYS_SHOWN]]


def _stack(kf: RiskFrame, offices: list[OfficeLanes]) -> Markup:
    bars = [
        OwnerBar(
            label=kf.office(one.office),
            parts=tuple(
                Part(line.count, line.lane, f"{kf.word(words.LANES, line.lane)}{kf.language.colon} {line.count}")
                for line in one.lines
                if line.count
            ),
            end=kf.language.number(one.total.seen),
        )
        for one in offices[:OFFICES_DRAWN]
    ]
    drawn = draw_bars(
        "lanes", bars, [Mark(0, "0")], title=kf.language.text(N_("Declarations by office and lane")),
        description=kf.language.text(N_("A bar for each office, parted by lane. The table has the numbers.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def _against(kf: RiskFrame, offices: list[OfficeLanes]) -> Markup | str:
    bars = [
        LimitBar(
            f"{one.office or kf.office('')} {kf.word(words.LANES, line.lane)}", line.share, line.expected, False,
            kf.percent(line.share),
        )
        for one in offices[:OFFICES_DRAWN]
        for line in one.lines
        if line.lane != "green" and (line.expected or line.count)
    ]  # fmt: skip
    if not bars:
        return ""
    most = max([0.01, *(max(bar.value, bar.limit or 0.0) for bar in bars)])
    drawn = draw_limits(
        "against", bars, marks_to(kf, most, share=True),
        title=kf.language.text(N_("Share of each lane against the plan")),
        description=kf.language.text(N_("A bar for each office and lane; the upright stroke is the expected rate.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped
