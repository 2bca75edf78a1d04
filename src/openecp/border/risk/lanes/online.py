# SPDX-License-Identifier: Apache-2.0
"""Chooses the lane of a declaration as it is decided, where the administration has a plan of selection.

The draw, the trusted operators and the frozen counters come in here; the rule itself is `select`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from openecp.border.risk.lanes.counters import OFFICES_MAX, FrozenCounters
from openecp.border.risk.lanes.draw import KEEPS_DAYS, KEEPS_DAYS_MAX, DailyDraw, purpose_of, sub_draw
from openecp.border.risk.lanes.plan import E6, LANES, LanePlan, OfficePlan, lane_plan
from openecp.border.risk.lanes.select import CriterionHit, LaneFacts, Selection, select, tops_of
from openecp.border.risk.lanes.stake import Cuts
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.declared import office_of
from openecp.kernel.profile import Profile, ProfileError

_DRAWS_PER_MILLIONTH = 1_000
_DRAWS_KEPT = 2_000  # of declarations whose rows are made and that are not decided yet
Criteria = Mapping[int, tuple[CriterionHit, str]]  # by number: the hit, the criterion's name


class ChosenLane(NamedTuple):
    """A declaration's lane: the selection, what is recorded of it for officers, and the criteria that are told."""

    selection: Selection
    record: dict[str, Any]
    told: frozenset[int]


def drawn_reason(lane: str, *, topup: bool = False) -> Reason:
    """Return what officers are told of a lane that no criterion chose."""
    return Reason(
        code="RANDOM", layer="risk", rule="risk.random", severity="info", audience="officer",
        message="Selected to reach the lane's expected share" if topup else "Selected at random", expected=lane,
    )  # fmt: skip


def criteria_of(
    table: Sequence[Sequence[Any]], columns: Sequence[tuple[str, str]], names: Sequence[str]
) -> tuple[list[tuple[Any, ...]], Criteria]:
    """Return criteria that select whatever they hit, and beside them by number the percentage that is drawn here.

    Why: the steps tell every hit, since those that are let through count too.
    """
    share = next(at for at, (name, _) in enumerate(columns) if name == "share_millionths")
    number, lane = (next(at for at, (name, _) in enumerate(columns) if name == wanted) for wanted in
                    ("criterion_id", "lane"))  # fmt: skip
    held: dict[int, tuple[CriterionHit, str]] = {}
    first: dict[tuple[str, int, int], int] = {}  # rows of one criterion are alternatives: however many hit, it is one
    for row, name in zip(table, names, strict=True):
        ref = first.setdefault((name, row[lane], row[share]), row[number])
        held[row[number]] = CriterionHit(ref, row[lane], row[share], purpose_of(name)), name
    return [(*row[:share], E6, *row[share + 1 :]) for row in table], held


def trusted_operators(profile: Profile) -> dict[str, list[tuple[str, str]]]:
    """Return who holds an authorisation of a category that makes a trusted operator, and from when to when."""
    categories = profile.setting("selection", "trusted", default=[])
    if not isinstance(categories, list):
        raise ProfileError(
            f'{profile.folder / "profile.toml"}: expected selection.trusted as a list such as ["AEOC"], got '
            f"{categories!r}; mend the setting"
        )
    found: dict[str, list[tuple[str, str]]] = {}
    for row in profile.table("authorisations") if categories else ():
        if row["category"] in categories:
            span = (row.get("valid_from") or "", row.get("valid_to") or "9999-12-31")
            found.setdefault(row["holder"], []).append(span)
    return found


def lane_chooser(profile: Profile, secret: bytes, *, today: Callable[[], date]) -> LaneChooser | None:
    """Return what chooses lanes under a profile; None where it has no plan.

    Raises: ProfileError.
    """
    plan = lane_plan(profile)
    if not plan:
        return None
    days = profile.setting("selection", "draw_keeps_days", default=KEEPS_DAYS)
    if not isinstance(days, int) or not 1 <= days <= KEEPS_DAYS_MAX:
        raise ProfileError(
            f"{profile.folder / 'profile.toml'}: expected selection.draw_keeps_days from 1 to {KEEPS_DAYS_MAX}, got "
            f"{days!r}; mend the setting"
        )
    master = hmac.new(secret, b"openecp lanes", hashlib.sha256).digest()
    return LaneChooser(plan, DailyDraw(master, today=today, keeps_days=days), trusted_operators(profile), today=today)


class LaneChooser:
    """Chooses lanes by one plan. `frozen` is put in from outside whenever counters are frozen anew."""

    def __init__(
        self, plan: LanePlan, draw: DailyDraw, trusted: Mapping[str, Iterable[tuple[str, str]]], *,
        today: Callable[[], date],
    ) -> None:  # fmt: skip
        """Take the plan, the draw, who is trusted and when, and the administration's day."""
        self.plan, self.draw, self.today = plan, draw, today
        self._trusted = {holder: tuple(spans) for holder, spans in trusted.items()}
        self.frozen = FrozenCounters()
        self._draws: dict[int, tuple[Declaration, date, tuple[int, date]]] = {}
        self._known: tuple[FrozenCounters, dict[tuple[str, date], tuple[tuple[int, int, int], Cuts]]] = (
            self.frozen, {}
        )  # fmt: skip

    def choose(
        self, declaration: Declaration, refs: Iterable[int], criteria: Criteria, *, stake_minor: int = 0
    ) -> ChosenLane:
        """Return the lane of a declaration that hits these criteria; `stake_minor` is the revenue expected of it."""
        today, frozen = self.today(), self.frozen
        draw, draw_day = self._drawn(declaration, today)
        office = self.plan.key(office_of(declaration))
        plan = self.plan.of(office, today)
        rows = sorted(set(refs))
        hits = tuple({criteria[ref][0].ref: criteria[ref][0] for ref in rows}.values())
        facts = LaneFacts(office, today, draw, hits, self.is_trusted(declaration, today), stake_minor=stake_minor)
        tops, cuts = self._tops(frozen, office, plan, today)
        found = select(facts, plan, tops, default=self.plan.default, frozen_seq=frozen.seq, cuts=cuts)
        told = {hit.ref for hit in hits if sub_draw(draw, hit.purpose) < hit.share_e6 * _DRAWS_PER_MILLIONTH}
        told |= set(found.refs)
        shown = frozenset(ref for ref in rows if criteria[ref][0].ref in told)
        record = _record(found, facts, draw_day, criteria, by_stake=self.plan.topup == "stake")
        if moves := plan.moves():
            record["moves"] = moves
        return ChosenLane(found, record, shown)

    def _tops(
        self, frozen: FrozenCounters, office: str, plan: OfficePlan, today: date
    ) -> tuple[tuple[int, int, int], Cuts]:
        """Return the chances of top-up of an office; worked once a freeze, office and day."""
        if self._known[0] is not frozen or len(self._known[1]) > OFFICES_MAX:
            self._known = (frozen, {})
        held = self._known[1]
        if (office, today) not in held:
            held[office, today] = tops_of(self.plan, plan, frozen, office)
        return held[office, today]

    def row_draw(self, declaration: Declaration) -> int:
        """Return a declaration's draw of today, for its item rows."""
        return self._drawn(declaration, self.today())[0]

    def _drawn(self, declaration: Declaration, today: date) -> tuple[int, date]:
        """Return the draw and its day; worked once for the rows of a batch and its decisions."""
        known = self._draws.get(id(declaration))
        if known is not None and known[0] is declaration and known[1] == today:
            return known[2]
        if len(self._draws) >= _DRAWS_KEPT:
            self._draws.clear()
        found = self.draw.drawn(declaration, today)
        self._draws[id(declaration)] = (declaration, today, found)
        return found

    def trusted_on(self, today: date) -> frozenset[str]:
        """Return who is a trusted operator on a day."""
        day = today.isoformat()
        return frozenset(
            holder for holder, spans in self._trusted.items() if any(first <= day <= last for first, last in spans)
        )

    def is_trusted(self, declaration: Declaration, today: date) -> bool:
        """Tell whether the importer, or without its number the declarant, is a trusted operator on the day."""
        shipment = declaration.goods_shipment
        importer = shipment.importer.id if shipment is not None and shipment.importer is not None else None
        declarant = declaration.declarant.id if declaration.declarant is not None else None
        spans, day = self._trusted.get(importer or declarant or "", ()), today.isoformat()
        return any(first <= day <= last for first, last in spans)


def _record(
    found: Selection, facts: LaneFacts, draw_day: date, criteria: Criteria, *, by_stake: bool
) -> dict[str, Any]:
    """Return what is recorded of a selection, so that it can be worked again: for officers alone."""
    told: dict[str, Any] = {
        "office": facts.office, "lane": LANES[found.lane], "ground": found.ground or "none", "draw": found.draw,
        "draw_day": draw_day.isoformat(), "counters": found.frozen_seq,
    }  # fmt: skip
    if found.refs:
        told["criteria"] = [criteria[ref][1] for ref in found.refs]
    if facts.hits:
        told["hits"] = [criteria[hit.ref][1] for hit in facts.hits]
    if found.random_lane:
        told["random"] = LANES[found.random_lane]
    if found.let_through:
        told["escaped"] = found.escaped
        told["let_through"] = sorted({criteria[ref][1] for ref in found.let_through})
    if found.mandatory:
        told["mandatory"] = LANES[found.mandatory]
    if by_stake and found.stake_minor:
        told["stake_minor"] = found.stake_minor
    if found.above:
        told["above"] = found.above
    if found.below:
        told["below"] = found.below
    if facts.trusted:
        told["trusted"] = True
    return told
