# SPDX-License-Identifier: Apache-2.0
"""Takes out what was kept for a time alone: idempotency keys, and how webhooks were delivered.

Neither is part of the log. A key that is gone is a new one: what it stood for is still found by LRN, identifier or
posting date. Limits: PART rows in one transaction, TURN_S seconds a turn; the rest waits for the next.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import LiteralString

from openecp.platform.store.pool import Pool

PART, TURN_S = 10_000, 20.0
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_KEYS: LiteralString = (
    "DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE recorded_at < %s LIMIT %s))"
)
_DELIVERIES: LiteralString = (
    "DELETE FROM webhook_deliveries WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM webhook_deliveries WHERE attempted_at < %s LIMIT %s))"
)


class Pruning:
    """The part of the store that forgets what it need not keep."""

    pool: Pool

    def prune(self, now: str, *, keys_days: int, deliveries_days: int, turn_s: float = TURN_S) -> int:
        """Take out keys and deliveries older than so many days; return how many."""
        end, taken = time.monotonic() + turn_s, 0
        for statement, days in ((_KEYS, keys_days), (_DELIVERIES, deliveries_days)):
            before = (datetime.strptime(now, _FORMAT) - timedelta(days=days)).strftime(_FORMAT)
            while time.monotonic() < end:
                with self.pool.transaction() as connection:
                    count = connection.execute(statement, (before, PART)).rowcount
                taken += count
                if count < PART:
                    break
        return taken
