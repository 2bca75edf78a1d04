# SPDX-License-Identifier: Apache-2.0
"""What the journal says of workload: declarations by office, day and hour, shares of lanes, minutes of inspections.

Limits: the whole journal is read, without messages; a control's minutes are measured where somebody records when an
inspection began and ended (INSPECT_START, INSPECT_END), from 10 of them on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from openecp.border.risk.features.feedback import SelectionBook
from openecp.border.risk.lanes.plan import E6, LANES, LanePlan
from openecp.border.risk.workload.forecast import ForecastTest, OfficeModel, backtest, fitted, hour_shares
from openecp.border.risk.workload.staffing import CONTROLLED, DutyTable, LaneWork, OfficeDay, planned
from openecp.kernel.journal.model import Event

PAGE, MEASURED_MIN, MINUTES_MAX = 1_000, 10, 1_440.0
Counts = dict[str, Counter[date]]


class WorkloadJournal(Protocol):
    """The part of the store that workload is read from."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...


class WorkloadFacts(msgspec.Struct, kw_only=True):
    """What the past says: declarations by office and day, by weekday and hour; into which lanes; minutes measured."""

    days: Counts
    hours: dict[str, list[list[int]]]  # by office: weekday, hour
    lanes: dict[str, Counter[str]]
    minutes: dict[str, float]
    last: date


class OfficeWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """The workload of one office: its days, how its forecast did in the past, and when on a day declarations come."""

    office: str
    days: list[OfficeDay]
    tested: ForecastTest | None
    history_days: int
    hours: dict[str, list[float]]  # share of each hour by weekday, of those with 50 declarations or more


def workload_facts(journal: WorkloadJournal, shares: Mapping[str, float], zone: str, until: date) -> WorkloadFacts:
    """Read the journal; declarations up to a day, by the clock of the administration."""
    book, after = SelectionBook(shares), 0
    begun: dict[str, datetime] = {}
    spent: list[float] = []
    while page := journal.events(after_seq=after, limit=PAGE):
        after = page[-1].seq
        for event in page:
            book.take(event)
            if event.kind == "ActivityRecorded":
                _inspection(event, begun, spent)
    place = ZoneInfo(zone)
    days: Counts = {}
    hours: dict[str, list[list[int]]] = {}
    lanes: dict[str, Counter[str]] = {}
    for case in book.cases():
        moment = _moment(case.at).astimezone(place)
        if moment.date() > until:
            continue
        office = case.office or "none"
        days.setdefault(office, Counter())[moment.date()] += 1
        hours.setdefault(office, [[0] * 24 for _ in range(7)])[moment.weekday()][moment.hour] += 1
        lanes.setdefault(office, Counter())[case.lane] += 1
    minutes = {"red": median(spent)} if len(spent) >= MEASURED_MIN else {}
    return WorkloadFacts(days=days, hours=hours, lanes=lanes, minutes=minutes, last=until)


def lane_work(
    facts: WorkloadFacts, office: str, day: date, plan: LanePlan, minutes: Mapping[str, float]
) -> list[LaneWork]:
    """Return the share of each lane: the plan's expected share where it has one, else what the past had."""
    rules = plan.of(plan.key(office), day) if plan else None
    seen = facts.lanes.get(office, Counter())
    total = sum(seen.values())
    found = []
    for lane in CONTROLLED:
        rule = rules.rule(LANES.index(lane)) if rules is not None else None
        past = seen[lane] / total if total else 0.0
        random = rule.random_e6 / E6 if rule is not None else 0.0
        share = rule.expected_e6 / E6 if rule is not None and rule.expected_e6 else max(past, random)
        found.append(LaneWork(lane=lane, share=share, random=random, minutes=minutes[lane]))
    return found


def workload(
    facts: WorkloadFacts, *, first: date, days: int, plan: LanePlan, minutes: Mapping[str, float], duty: DutyTable,
    offices: Iterable[str] = (), tested: bool = False,
) -> list[OfficeWorkload]:  # fmt: skip
    """Return the workload of offices with 28 days of history or more, by office; others have no days."""
    found = []
    for office in sorted(facts.days):
        if (wanted := tuple(offices)) and office not in wanted:
            continue
        counts = facts.days[office]
        model = fitted(office, counts, facts.last)
        found.append(OfficeWorkload(
            office=office, days=_days(model, facts, first, days, plan, minutes, duty) if model else [],
            tested=backtest(counts, facts.last) if tested else None,
            history_days=(facts.last - min(counts)).days + 1,
            hours={str(weekday): list(hour_shares(row)) for weekday, row in enumerate(facts.hours[office])
                   if sum(row) >= 50},
        ))  # fmt: skip
    return found


def _days(
    model: OfficeModel, facts: WorkloadFacts, first: date, days: int, plan: LanePlan, minutes: Mapping[str, float],
    duty: DutyTable,
) -> list[OfficeDay]:  # fmt: skip
    wanted = [first + timedelta(days=n) for n in range(days)]
    return [
        planned(model.forecast(day), lane_work(facts, model.office, day, plan, minutes), duty.of(model.office, day))
        for day in wanted
    ]


def _inspection(event: Event, begun: dict[str, datetime], spent: list[float]) -> None:
    """Take the minutes between an inspection's begin and its end; a longer one than a day is none."""
    body: Mapping[str, Any] = event.body
    case, activity = str(body.get("case") or event.case_id), body.get("activity")
    if activity == "INSPECT_START":
        begun[case] = _moment(event.occurred_at)
    elif activity == "INSPECT_END" and case in begun:
        minutes = (_moment(event.occurred_at) - begun.pop(case)).total_seconds() / 60
        if 0 < minutes <= MINUTES_MAX:
            spent.append(minutes)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
