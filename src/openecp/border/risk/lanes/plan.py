# SPDX-License-Identifier: Apache-2.0
"""The plan of selection: for each office and lane the share that is to be reached, the share drawn at random, the cap.

Source: the profile's selection_plan.csv, dated rows; a row without an office holds for every office without its own.
Rates are millionths, so that no comparison rounds. Limits: 20,000 rows; one row an office, lane and day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

import msgspec

from openecp.kernel.profile import Profile, ProfileError

LANES = ("green", "blue", "yellow", "red")
E6 = 1_000_000
ROWS_MAX = 20_000
NO_CAP = -1
HOURS_MAX = 8_784  # a leap year
TopUp = Literal["draw", "stake"]  # whether the top-up draws, or prefers what has more expected revenue
_FOREVER = date(9999, 12, 31)
_COLUMNS = ("lane", "expected_rate", "random_rate")


class LaneRule(msgspec.Struct, frozen=True, kw_only=True):
    """What one lane of one office is to reach; rates in millionths."""

    lane: int
    expected_e6: int = 0  # share of declarations that should come into the lane; 0: no top-up
    random_e6: int = 0  # share drawn at random, whatever criteria do
    hits_max: int = NO_CAP  # criteria of this lane that a declaration may hit and escape; one more selects it
    trusted_e6: int = E6  # factor on random selection and top-up for trusted operators
    floor_e6: int = 0  # the random share of trusted operators never goes below this
    moves_after_s: int = 0  # a declaration that waits so long moves; 0: it stays
    moves_to: int = 0
    moves_mandatory: bool = False  # it moves also what a mandatory criterion selected

    def random_for(self, *, trusted: bool) -> int:
        """Return the share drawn at random: lower for a trusted operator, never zero where others are drawn."""
        if not trusted:
            return self.random_e6
        return min(self.random_e6, max(self.floor_e6, self.random_e6 * self.trusted_e6 // E6))


class OfficePlan(msgspec.Struct, frozen=True):
    """The rules of one office on one day: blue, yellow, red."""

    office: str
    rules: tuple[LaneRule, LaneRule, LaneRule]

    def rule(self, lane: int) -> LaneRule:
        """Return the rule of a lane, 1 blue to 3 red."""
        return self.rules[lane - 1]

    def moves(self) -> dict[str, dict[str, object]]:
        """Return by lane where a declaration moves that waits too long, as a selection's record holds it."""
        found: dict[str, dict[str, object]] = {}
        for rule in self.rules:
            if rule.moves_after_s:
                found[LANES[rule.lane]] = {"after_s": rule.moves_after_s, "to": LANES[rule.moves_to]}
                if rule.moves_mandatory:
                    found[LANES[rule.lane]]["mandatory"] = True
        return found


class PlanRow(msgspec.Struct, frozen=True):
    """One dated row of the plan."""

    office: str
    rule: LaneRule
    valid_from: date
    valid_to: date
    line: int


class LanePlan:
    """The plan of an administration. Empty where its profile has none: selection is then as it is without one."""

    def __init__(
        self, rows: Sequence[PlanRow], *, default: int = 0, offices: Iterable[str] = (), topup: TopUp = "draw"
    ) -> None:
        """Take the rows, the lane of what nothing selects, the offices that there are, and how the top-up chooses."""
        self.rows, self.default, self.topup = tuple(rows), default, topup
        self._offices = frozenset(row.office for row in rows) | frozenset(offices)
        self._of: dict[tuple[str, date], OfficePlan] = {}

    def __bool__(self) -> bool:
        """Whether there is a plan."""
        return bool(self.rows)

    def key(self, office: str | None) -> str:
        """Return under which office a declaration is counted: one that is known, else all others together."""
        return office if office and office in self._offices else ""

    def offices(self) -> list[str]:
        """Return the offices that are counted apart, first the one that stands for all others."""
        return ["", *sorted(self._offices - {""})]

    def of(self, office: str, day: date) -> OfficePlan:
        """Return an office's plan on a day, lane by lane its own row, else that of all offices, else nothing."""
        found = self._of.get((office, day))
        if found is None:
            rules = []
            for lane in (1, 2, 3):
                rows = [r for r in self.rows if r.rule.lane == lane and r.valid_from <= day <= r.valid_to]
                rows.sort(key=lambda r: r.office != office)  # its own before that of all
                rules.append(next((r.rule for r in rows if r.office in (office, "")), LaneRule(lane=lane)))
            if len(self._of) > 10_000:
                self._of.clear()
            found = self._of[office, day] = OfficePlan(office, (rules[0], rules[1], rules[2]))
            _check(found)
        return found


def _check(plan: OfficePlan) -> None:
    where = f"selection_plan.csv, office {plan.office!r}"
    if (total := sum(rule.random_e6 for rule in plan.rules)) > E6:
        raise ProfileError(
            f"{where}: expected random rates that come to 1 at most, got {Decimal(total) / E6}; lower one of them"
        )
    yellow, red = plan.rule(2), plan.rule(3)
    if (yellow.moves_to, red.moves_to) == (3, 2):
        raise ProfileError(f"{where}: expected moves that end, got yellow to red and red to yellow; drop one of them")


def lane_plan(profile: Profile) -> LanePlan:
    """Read the plan of a profile.

    Raises: ProfileError, naming file, line, what was expected and got.
    """
    where = profile.folder / "selection_plan.csv"
    table = profile.table("selection_plan", _COLUMNS)
    if len(table) > ROWS_MAX:
        raise ProfileError(f"{where}: expected at most {ROWS_MAX} rows, got {len(table)}; drop rows of the past")
    rows = [_row(row, f"{where}, line {number}", number) for number, row in enumerate(table, start=2)]
    for day in {row.valid_from for row in rows}:  # all sums are reached on a day on which some row begins
        plan = LanePlan(rows)
        for office in {row.office for row in rows}:
            plan.of(office, day)
    _check_overlaps(rows, str(where))
    default = str(profile.setting("selection", "default", default="green"))
    offices = [row["office"] for row in profile.table("offices") if row.get("office")]
    topup = profile.setting("selection", "topup", default="draw")
    if topup not in get_args(TopUp):
        raise ProfileError(
            f"{profile.folder / 'profile.toml'}: expected selection.topup as {' or '.join(get_args(TopUp))}, got "
            f"{topup!r}; mend the setting"
        )
    return LanePlan(rows, default=max(0, LANES.index(default)), offices=offices, topup=topup)


def _check_overlaps(rows: Sequence[PlanRow], where: str) -> None:
    before: dict[tuple[str, int], PlanRow] = {}
    for row in sorted(rows, key=lambda r: (r.office, r.rule.lane, r.valid_from)):
        last = before.get((row.office, row.rule.lane))
        if last is not None and row.valid_from <= last.valid_to:
            raise ProfileError(
                f"{where}, line {row.line}: expected one row an office, lane and day, got another in line "
                f"{last.line} for {row.office or 'all offices'}, {LANES[row.rule.lane]}; end that one first"
            )
        before[row.office, row.rule.lane] = row


def _row(row: dict[str, str], where: str, line: int) -> PlanRow:
    lane = row["lane"]
    if lane not in LANES[1:]:
        raise ProfileError(f"{where}: expected the lane blue, yellow or red, got {lane!r}; mend the row")
    expected, random = (_rate(row, name, where) for name in ("expected_rate", "random_rate"))
    if expected and expected < random:
        raise ProfileError(
            f"{where}: expected an expected_rate of at least the random_rate, got {row['expected_rate']} below "
            f"{row['random_rate']}; raise the one or lower the other"
        )
    factor = _rate(row, "trusted_factor", where) if row.get("trusted_factor") else E6
    floor = _rate(row, "trusted_floor", where) if row.get("trusted_floor") else max(1, random // 100)
    if random and not 0 < floor <= random:
        raise ProfileError(
            f"{where}: expected a trusted_floor above 0 and up to the random_rate, got {row.get('trusted_floor')}; "
            "a trusted operator is drawn less often, never never"
        )
    days = []
    for name, default in (("valid_from", date(1900, 1, 1)), ("valid_to", _FOREVER)):
        try:
            days.append(date.fromisoformat(row[name]) if row.get(name) else default)
        except ValueError:
            raise ProfileError(f"{where}: expected {name} as 2026-01-31, got {row[name]!r}; mend the row") from None
    if days[1] < days[0]:
        raise ProfileError(f"{where}: expected valid_to from {days[0]} on, got {days[1]}; mend the row")
    after_s, to, mandatory = _moves(row, lane, where)
    rule = LaneRule(
        lane=LANES.index(lane), expected_e6=expected, random_e6=random, hits_max=_cap(row, where), trusted_e6=factor,
        floor_e6=floor if random else 0, moves_after_s=after_s, moves_to=to, moves_mandatory=mandatory,
    )  # fmt: skip
    return PlanRow(row.get("office", ""), rule, days[0], days[1], line)


def _moves(row: dict[str, str], lane: str, where: str) -> tuple[int, int, bool]:
    """Return after how many seconds a declaration leaves the lane, for which, and whether a mandatory one does too."""
    hours, to, mandatory = (row.get(name, "") for name in ("moves_after_hours", "moves_to", "moves_mandatory"))
    if not (hours or to or mandatory):
        return 0, 0, False
    try:
        seconds = Decimal(hours) * 3600
    except InvalidOperation:
        seconds = Decimal(0)
    if not (seconds.is_finite() and 1 <= seconds <= HOURS_MAX * 3600):
        raise ProfileError(
            f"{where}: expected moves_after_hours from a second (0.0003) to {HOURS_MAX} hours, got {hours!r}; mend the "
            "row"
        )
    if lane not in ("yellow", "red") or to not in LANES or to == lane:
        raise ProfileError(
            f"{where}: expected moves_to another lane, out of yellow or red, where goods wait for a control; got "
            f"{lane!r} to {to!r}; mend the row"
        )
    if mandatory not in ("", "yes", "no"):
        raise ProfileError(f"{where}: expected moves_mandatory yes, no or empty, got {mandatory!r}; mend the row")
    return int(seconds), LANES.index(to), mandatory == "yes"


def _rate(row: dict[str, str], name: str, where: str) -> int:
    text = row.get(name) or "0"
    try:
        millionths = Decimal(text) * E6
    except InvalidOperation:
        millionths = Decimal(-1)
    if not (millionths.is_finite() and 0 <= millionths <= E6 and millionths == int(millionths)):
        raise ProfileError(
            f"{where}: expected {name} as a share from 0 to 1 with at most six decimals, got {text!r}; mend the row"
        )
    return int(millionths)


def _cap(row: dict[str, str], where: str) -> int:
    text = row.get("hits_max", "")
    if not text:
        return NO_CAP
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ProfileError(f"{where}: expected hits_max as a number or empty (no cap), got {text!r}; mend the row")
    return int(text)
