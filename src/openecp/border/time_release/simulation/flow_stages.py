# SPDX-License-Identifier: Apache-2.0
"""The stages of goods at one office: when each event of every case happens, one activity after the other."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from openecp.border.time_release.simulation.flow_plan import (
    COLLECT,
    CUSTOMS_HOLIDAYS,
    DEPART,
    HOUR_US,
    LODGE,
    MINUTE_US,
    SECOND_US,
    UNLOAD,
    FlowOffice,
    FlowPlan,
)
from openecp.border.time_release.simulation.flow_queue import served
from openecp.border.time_release.simulation.open_hours import OpenHours

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
ABSENT = -(2**62)  # no such event


class Way(NamedTuple):
    """The cases of one office before anything has happened to them, one place a case."""

    office: FlowOffice
    arrival: Numbers
    means: Numbers
    unload_of_means: NDArray[np.float64]  # how slow the ship is: all its cases wait together
    aeo: Flags
    pre: Flags
    export: Flags
    channel: Numbers  # 0 green, 1 yellow, 2 red
    has_agency: Flags
    chapter: Numbers


class _Desk:
    """Draws lengths of work, in minutes, and lays them into the hours of those who do it."""

    def __init__(self, way: Way, plan: FlowPlan, draw: np.random.Generator) -> None:
        office = way.office
        first, days = plan.first - timedelta(days=14), plan.days + 120
        years = range(first.year, first.year + 5)
        shut = [date(year, month, day) for year in years for month, day in CUSTOMS_HOLIDAYS]
        self.customs = OpenHours(
            office.zone, first, days, opens=office.opens, closes=office.closes, weekdays=office.weekdays, holidays=shut
        )
        self.traders = OpenHours(office.zone, first, days, opens=7 * 60, closes=20 * 60, weekdays=range(6))
        self.banks = OpenHours(office.zone, first, days, opens=9 * 60, closes=16 * 60, holidays=shut)
        self.agencies = OpenHours(office.zone, first, days, opens=8 * 60, closes=15 * 60, holidays=shut)
        self._draw, self._size = draw, len(way.aeo)
        self._planted = [planted for planted in plan.planted if planted.office == office.code]

    def lasts(self, minutes: float, spread: float) -> Numbers:
        """Return lengths of work: a median in minutes and the spread of the logarithm, in whole seconds."""
        import numpy as np

        raw = self._draw.lognormal(np.log(minutes * 60), spread, self._size)
        found: Numbers = np.minimum(raw, 60 * 86_400).astype(np.int64) * SECOND_US + SECOND_US
        return found

    def chance(self, share: float) -> Flags:
        """Return which cases something happens to."""
        found: Flags = self._draw.random(self._size) < share
        return found

    def late(self, stage: str, begun: Numbers, ended: Numbers) -> Numbers:
        """Return the end of a stage with the delays that are planted in it."""
        import numpy as np

        for planted in self._planted:
            if planted.stage == stage:
                hit = (begun >= planted.since_us) & (begun < planted.until_us)
                ended = np.where(hit, ended + planted.added_us, ended)
        return ended


def stamped(way: Way, plan: FlowPlan, draw: np.random.Generator) -> dict[str, Numbers]:
    """Return, by activity, when it happens to each case of an office; ABSENT where it does not."""
    import numpy as np

    desk = _Desk(way, plan, draw)
    at: dict[str, Numbers] = {}
    _arrival(way, desk, at)
    _lodgement(way, desk, at)
    _documents(way, desk, at)
    _agency(way, desk, at)
    _inspection(way, desk, plan, at)
    _release(way, desk, at)
    _outcomes(way, desk, at)
    for name in ("ACI_FILED", "ACI_ASSESSED", "MANIFEST_ACCEPTED", "UNLOADED", "STORED", "DELIVERY_ORDER", "GATE_OUT"):
        at[name] = np.where(way.export, ABSENT, at[name])
    return {name: stamps for name, stamps in at.items() if not name.startswith("_")}


def _arrival(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    import numpy as np

    mode = way.office.mode
    at["ARRIVAL"] = way.arrival
    at["ACI_FILED"] = way.arrival - desk.lasts(26 * 60 if mode == "sea" else 4 * 60, 0.3)
    at["ACI_ASSESSED"] = np.minimum(at["ACI_FILED"] + desk.lasts(25, 0.6), way.arrival)
    at["MANIFEST_ACCEPTED"] = way.arrival + desk.lasts(35 if mode != "road" else 6, 0.5)
    minutes, spread = UNLOAD[mode]
    whole = (desk.lasts(minutes, spread) * way.unload_of_means).astype(np.int64) // SECOND_US * SECOND_US
    at["UNLOADED"] = desk.late("unload", way.arrival, way.arrival + whole)
    stored = at["UNLOADED"] + desk.lasts(40, 0.6)
    at["STORED"] = np.where(desk.chance(0.0 if mode == "road" else 0.7), stored, ABSENT)
    at["_here"] = np.where(way.export, way.arrival, at["UNLOADED"])


def _lodgement(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    import numpy as np

    minutes, spread = LODGE[way.office.mode]
    later = desk.traders.after(at["_here"], desk.lasts(minutes, spread))
    later = desk.late("lodge", at["_here"], later)
    early = way.arrival - desk.lasts(14 * 60 if way.office.mode == "sea" else 3 * 60, 0.6)
    at["LODGED"] = np.where(way.pre | way.export, early, later)
    answered = at["LODGED"] + desk.lasts(3, 0.6)
    wrong = desk.chance(0.03)
    at["REJECTED"] = np.where(wrong, answered, ABSENT)
    amended = desk.traders.after(answered, desk.lasts(90, 0.9))
    at["AMENDED"] = np.where(wrong, amended, ABSENT)
    accepted = np.where(wrong, amended, at["LODGED"]) + desk.lasts(3, 0.6)
    at["ACCEPTED"] = desk.late("accept", at["LODGED"], accepted)
    at["CHANNELLED"] = at["ACCEPTED"] + desk.lasts(0.3, 0.4)


def _documents(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    import numpy as np

    checked = way.channel > 0
    start = desk.customs.after(at["CHANNELLED"], desk.lasts(70, 0.8))
    end = desk.customs.after(start, desk.lasts(25, 0.6))
    asked = checked & desk.chance(0.22)
    raised = start + desk.lasts(8, 0.4)
    answered = desk.traders.after(raised, desk.lasts(4 * 60, 0.9))
    end = np.where(asked, desk.customs.after(answered, desk.lasts(25, 0.5)), end)
    end = desk.late("doc_check", start, end)
    at["DOC_CHECK_START"], at["DOC_CHECK_END"] = np.where(checked, start, ABSENT), np.where(checked, end, ABSENT)
    at["QUERY_RAISED"], at["QUERY_ANSWERED"] = np.where(asked, raised, ABSENT), np.where(asked, answered, ABSENT)
    at["_checked"] = np.where(checked, end, at["CHANNELLED"])


def _agency(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    import numpy as np

    wanted = way.has_agency
    requested = at["LODGED"] + desk.lasts(12, 0.6)
    paid = desk.late("agency_fee", requested, desk.traders.after(requested, desk.lasts(150, 0.9)))
    start = desk.agencies.after(np.maximum(paid, at["_here"]), desk.lasts(3 * 60, 0.7))
    start = desk.late("agency_wait", paid, start)
    end = desk.agencies.after(start, desk.lasts(35, 0.5))
    decided = desk.late("agency_decision", end, desk.agencies.after(end, desk.lasts(80, 0.8)))
    for name, stamps in (
        ("AGENCY_REQUESTED", requested),
        ("AGENCY_FEE_PAID", paid),
        ("AGENCY_INSPECT_START", start),
        ("AGENCY_INSPECT_END", end),
        ("AGENCY_DECIDED", decided),
    ):
        at[name] = np.where(wanted, stamps, ABSENT)


def _inspection(way: Way, desk: _Desk, plan: FlowPlan, at: dict[str, Numbers]) -> None:
    import numpy as np

    red = way.channel == 2
    hours = desk.customs
    called = at["_checked"] + desk.lasts(6, 0.5)
    presented = desk.traders.after(np.maximum(called, at["_here"]), desk.lasts(95, 0.6))
    presented = desk.late("present", called, presented)
    work = desk.lasts(75, 0.55)
    chosen = np.flatnonzero(red)
    weekly = len(red) / plan.days * 7
    officers = max(1, ceil(way.office.inspectors_per_thousand * weekly / 1000))
    on_duty = [officers + (way.office.monday if day == 0 else 0) for day in hours.weekday.tolist()]
    begun = served(
        hours.worked(presented[chosen]).tolist(),
        work[chosen].tolist(),
        way.aeo[chosen].tolist(),
        hours.bounds.tolist(),
        on_duty,
    )
    opened = np.zeros(len(red), dtype=np.int64)
    opened[chosen] = np.array(begun, dtype=np.int64)
    start = desk.late("inspection_wait", presented, np.maximum(hours.moment(opened), presented))
    end = desk.late("inspection", start, hours.after(start, work))
    sampled = red & desk.chance(0.04)
    taken = np.where(sampled, end - 5 * MINUTE_US, ABSENT)
    result = desk.late("laboratory", taken, desk.agencies.after(np.where(sampled, end, 0), desk.lasts(15 * 60, 0.5)))
    for name, stamps in (
        ("INSPECT_CALLED", called),
        ("INSPECT_PRESENTED", presented),
        ("INSPECT_START", start),
        ("INSPECT_END", end),
    ):
        at[name] = np.where(red, stamps, ABSENT)
    at["SAMPLE_TAKEN"], at["LABORATORY_RESULT"] = taken, np.where(sampled, result, ABSENT)
    at["_checked"] = np.where(sampled, result, np.where(red, end, at["_checked"]))


def _release(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    import numpy as np

    by_hand = way.channel > 0
    assessed = np.where(
        by_hand, desk.customs.after(at["_checked"], desk.lasts(20, 0.6)), at["_checked"] + desk.lasts(1, 0.5)
    )
    at["ASSESSED"] = assessed
    on_account = (way.aeo & desk.chance(0.7)) | desk.chance(0.2) | way.export
    initiated = desk.late("pay", assessed, desk.traders.after(assessed, desk.lasts(80, 0.9)))
    confirmed = desk.late("bank", initiated, desk.banks.after(initiated, desk.lasts(45, 0.7)))
    at["GUARANTEE_ACCEPTED"] = np.where(on_account & ~way.export, assessed + desk.lasts(1, 0.5), ABSENT)
    at["PAYMENT_INITIATED"] = np.where(on_account, ABSENT, initiated)
    at["PAYMENT_CONFIRMED"] = np.where(on_account, ABSENT, confirmed)
    paid = np.where(on_account, assessed + MINUTE_US, confirmed)
    ready = np.maximum(np.maximum(paid, at["AGENCY_DECIDED"]), np.where(way.aeo & way.pre, paid, at["_here"]))
    released = np.where(by_hand, desk.customs.after(ready, desk.lasts(25, 0.7)), ready + desk.lasts(4, 0.5))
    at["RELEASED"] = desk.late("release", paid, released)
    minutes, spread = COLLECT[way.office.mode]
    given = np.maximum(at["RELEASED"], at["UNLOADED"])
    at["DELIVERY_ORDER"] = desk.late("deliver", given, given + desk.lasts(40, 0.7))
    left = desk.traders.after(at["DELIVERY_ORDER"], desk.lasts(minutes, spread))
    at["GATE_OUT"] = desk.late("collect", at["DELIVERY_ORDER"], left)
    minutes, spread = DEPART[way.office.mode]
    at["DEPARTURE"] = np.where(way.export, at["RELEASED"] + desk.lasts(minutes, spread), ABSENT)


def _outcomes(way: Way, desk: _Desk, at: dict[str, Numbers]) -> None:
    """End a few cases in another way than by release; what would have come after that has not happened."""
    import numpy as np

    held = at["RELEASED"].copy()
    ends = {
        "CANCELLED": (desk.chance(0.004), at["ACCEPTED"] + desk.lasts(6 * 60, 1.0)),
        "SEIZED": ((way.channel == 2) & desk.chance(0.03), at["_checked"] + desk.lasts(90, 0.6)),
        "ABANDONED": (~way.pre & ~way.export & desk.chance(0.002), at["_here"] + 20 * 24 * HOUR_US),
    }
    for name, (hit, stamps) in ends.items():
        hit = hit & (stamps < held)
        for other in at:
            at[other] = np.where(hit & (at[other] > stamps), ABSENT, at[other])
        at[name] = np.where(hit, stamps, ABSENT)
        held = np.where(hit, ABSENT, held)
