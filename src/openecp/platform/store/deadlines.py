# SPDX-License-Identifier: Apache-2.0
"""Clocks of cases that have run out, each given to one caller at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from openecp.platform.store.pool import Pool

CLAIM_SECONDS = 60
MAX_CLAIMS = 1_000
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class DueDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that has run out: the casework is to apply `act` to the case."""

    case_id: str
    act: str
    due_at: str


class Deadlines:
    """The clocks in the store."""

    pool: Pool

    def due(self, now: str, limit: int = 100) -> list[DueDeadline]:
        """Claim clocks that have run out, earliest first; one not dropped by a write is given again after a minute."""
        until = (datetime.strptime(now, _FORMAT) + timedelta(seconds=CLAIM_SECONDS)).strftime(_FORMAT)
        with self.pool.transaction() as connection:
            rows = connection.execute(
                "UPDATE deadlines d SET claimed_until = %s FROM (SELECT case_id, act FROM deadlines "
                "WHERE due_at <= %s AND claimed_until <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED) AS w "
                "WHERE d.case_id = w.case_id AND d.act = w.act RETURNING d.case_id, d.act, d.due_at",
                (until, now, now, max(0, min(limit, MAX_CLAIMS))),
            ).fetchall()
        found = [DueDeadline(case_id=case_id, act=act, due_at=due_at) for case_id, act, due_at in rows]
        return sorted(found, key=lambda d: (d.due_at, d.case_id, d.act))

    def deadlines_of(self, case_id: str) -> dict[str, str]:
        """Return the clocks of a case: act and due time."""
        return dict(self.pool.fetch("SELECT act, due_at FROM deadlines WHERE case_id = %s ORDER BY act", (case_id,)))
