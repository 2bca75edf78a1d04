# SPDX-License-Identifier: Apache-2.0
"""Which declarations of the blue lane are audited: all, or a share that is drawn out of the draw of their selection.

Source: the profile's audit_plan.csv, dated rows by office; a row without an office holds for every office without its
own. Without the table all are audited, within 90 days.
Limits: 20,000 rows; what an officer opens, and what would have been a control but was released already, is not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from openecp.border.risk.lanes.draw import purpose_of, sub_draw
from openecp.kernel.profile import Profile, ProfileError

E6, PER_MILLIONTH, ROWS_MAX = 1_000_000, 1_000, 20_000
DRAWS = E6 * PER_MILLIONTH
DUE_DAYS, DUE_DAYS_MAX = 90, 3_653
_COLUMNS = ("office", "share", "due_days")
_PURPOSE = purpose_of("audit after release")
_FOREVER = date(9999, 12, 31)


class AuditRule(msgspec.Struct, frozen=True, kw_only=True):
    """What share of an office's blue declarations is audited from a day on, and within how many days."""

    office: str = ""
    share_e6: int = E6
    due_days: int = DUE_DAYS
    valid_from: date = date(1900, 1, 1)
    valid_to: date = _FOREVER


class AuditDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration's draw for audits, and below which number it had to be."""

    draw: int
    below: int

    @property
    def drawn(self) -> bool:
        """Whether it fell into the sample."""
        return self.draw < self.below


class AuditPlan:
    """The sample plan of an administration."""

    def __init__(self, rows: Sequence[AuditRule] = ()) -> None:
        self.rows = tuple(rows)

    def of(self, office: str, day: date) -> AuditRule:
        """Return the rule of an office on a day."""
        held = [rule for rule in self.rows if rule.valid_from <= day <= rule.valid_to and rule.office in (office, "")]
        if self.rows and not held:
            return AuditRule(office=office, share_e6=0)
        return min(held, key=lambda rule: rule.office != office, default=AuditRule(office=office))

    def draw(self, drawn: int, office: str, day: date) -> AuditDraw:
        """Return the draw for audits, made out of the one of a declaration's selection by the same fixed mixing."""
        return AuditDraw(draw=sub_draw(drawn, _PURPOSE), below=self.of(office, day).share_e6 * PER_MILLIONTH)


def audit_plan(profile: Profile) -> AuditPlan:
    """Read the sample plan of a profile.

    Raises: ProfileError, naming file, line, what was expected and got.
    """
    where = profile.folder / "audit_plan.csv"
    table = profile.table("audit_plan", _COLUMNS)
    if len(table) > ROWS_MAX:
        raise ProfileError(f"{where}: expected at most {ROWS_MAX} rows, got {len(table)}; drop rows of the past")
    rules = [_rule(row, f"{where}, line {number}") for number, row in enumerate(table, start=2)]
    for at, rule in enumerate(rules):
        for other in rules[:at]:
            if rule.office == other.office and rule.valid_from <= other.valid_to and other.valid_from <= rule.valid_to:
                raise ProfileError(
                    f"{where}, line {at + 2}: expected one row an office and day, got another for "
                    f"{rule.office or 'all offices'}; end that one first"
                )
    return AuditPlan(rules)


def _rule(row: dict[str, str], where: str) -> AuditRule:
    try:
        share = Decimal(row["share"])
        good = share.is_finite() and 0 <= share <= 1 and share * E6 == int(share * E6)
    except InvalidOperation:
        good = False
    if not good:
        raise ProfileError(f"{where}: expected a share from 0 to 1 with six decimals at most, got {row['share']!r}; "
                           "mend the row")  # fmt: skip
    days = row["due_days"]
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= DUE_DAYS_MAX):
        raise ProfileError(f"{where}: expected due_days from 1 to {DUE_DAYS_MAX}, got {days!r}; mend the row")
    try:
        first = date.fromisoformat(row["valid_from"]) if row.get("valid_from") else date(1900, 1, 1)
        last = date.fromisoformat(row["valid_to"]) if row.get("valid_to") else _FOREVER
    except ValueError:
        raise ProfileError(f"{where}: expected days as 2026-01-31, got {row.get('valid_from')!r} and "
                           f"{row.get('valid_to')!r}; mend the row") from None  # fmt: skip
    if last < first:
        raise ProfileError(f"{where}: expected valid_to from {first} on, got {last}; mend the row")
    return AuditRule(
        office=row["office"], share_e6=int(share * E6), due_days=int(days), valid_from=first, valid_to=last
    )
