# SPDX-License-Identifier: Apache-2.0
"""Carries notifications from the feed to the organisations' webhooks, in order, at least once, each receiver by itself.

A receiver is claimed for a while; what it does not take is tried again later and later, and given up after 12
attempts. Given-up messages stay in the pull feed and in the list of dead letters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec

from openecp.kernel.journal.model import OutboxMessage
from openecp.platform.store.pool import Pool, Row
from openecp.platform.store.reads import feed_entry

MAX_ATTEMPTS = 12
FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 3_600.0
LEASE_SECONDS = 300
MESSAGES_A_TURN = 20
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Where an organisation's notifications go, and the key that signs them."""

    organisation: str
    url: str
    secret: bytes


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that the receiver did not take."""

    organisation: str
    number: int
    attempts: int
    attempted_at: str
    detail: str


# Sends one message; returns an empty text when it was taken, else why not.
Send = Callable[[Receiver, OutboxMessage], str]


class Relay:
    """The sending half of the outbox."""

    pool: Pool

    def deliver_due(
        self,
        send: Send,
        now: str,
        *,
        receivers: int = 16,
        workers: int = 4,
        jitter: Callable[[], float] = random.random,
    ) -> int:
        """Deliver what is due to up to so many receivers, several at a time; return how many messages were taken."""
        claimed = self._claim(now, receivers)
        if workers <= 1 or len(claimed) <= 1:
            return sum(self._serve(row, send, now, jitter) for row in claimed)
        with ThreadPoolExecutor(min(workers, len(claimed))) as threads:
            return sum(threads.map(lambda row: self._serve(row, send, now, jitter), claimed))

    def dead_letters(self, organisation: str | None = None, *, limit: int = 100) -> list[DeadLetter]:
        """Return notifications that were given up, newest first."""
        rows = self.pool.fetch(
            "SELECT organisation, number, attempt, attempted_at, detail FROM webhook_deliveries WHERE outcome = 'dead' "
            "AND (%s::text IS NULL OR organisation = %s) ORDER BY attempted_at DESC LIMIT %s",
            (organisation, organisation, limit),
        )
        return [
            DeadLetter(organisation=row[0], number=row[1], attempts=row[2], attempted_at=row[3], detail=row[4])
            for row in rows
        ]

    def undelivered(self) -> dict[str, int]:
        """Return how many notifications wait at each receiver."""
        return dict(
            self.pool.fetch(
                "SELECT w.organisation, f.last_number - w.delivered FROM webhooks w JOIN feed_heads f "
                "USING (organisation) WHERE f.last_number > w.delivered"
            )
        )

    def _claim(self, now: str, limit: int) -> list[Row]:
        """Lease receivers for which something is due; a lease that was not given back ends by itself."""
        with self.pool.transaction() as connection:
            return connection.execute(
                "UPDATE webhooks w SET leased_until = %s FROM (SELECT organisation FROM webhooks "
                "JOIN feed_heads f USING (organisation) WHERE delivered < f.last_number AND next_at <= %s "
                "AND leased_until <= %s ORDER BY next_at LIMIT %s FOR UPDATE OF webhooks SKIP LOCKED) AS due "
                "WHERE w.organisation = due.organisation "
                "RETURNING w.organisation, w.url, w.secret, w.delivered, w.attempts",
                (_later(now, LEASE_SECONDS), now, now, limit),
            ).fetchall()

    def _serve(self, row: Row, send: Send, now: str, jitter: Callable[[], float]) -> int:
        """Send to one receiver in the order of its feed until it fails or nothing is left."""
        organisation, url, secret, delivered, attempts = row
        receiver = Receiver(organisation=organisation, url=url, secret=bytes(secret))
        taken = 0
        messages = self.pool.fetch(
            "SELECT number, message_id, organisation, case_id, kind, body, created_at FROM outbox "
            "WHERE organisation = %s AND number > %s ORDER BY number LIMIT %s",
            (organisation, delivered, MESSAGES_A_TURN),
        )
        next_at = now
        for entry in map(feed_entry, messages):
            try:
                fault = send(receiver, entry.message)
            except Exception as error:  # a receiver's fault must not end the relay
                fault = f"{type(error).__name__}: {error}"
            attempts += 1
            if not fault:
                self._note(organisation, entry.number, attempts, now, "delivered", "")
                taken, delivered, attempts = taken + 1, entry.number, 0
            elif attempts >= MAX_ATTEMPTS:
                self._note(organisation, entry.number, attempts, now, "dead", fault)
                delivered, attempts = entry.number, 0
            else:
                self._note(organisation, entry.number, attempts, now, "failed", fault)
                next_at = _later(now, retry_delay(attempts, jitter()))
                break
        with self.pool.transaction() as connection:
            connection.execute(
                "UPDATE webhooks SET delivered = greatest(delivered, %s), attempts = %s, next_at = %s, "
                "leased_until = '' WHERE organisation = %s AND url = %s",
                (delivered, attempts, next_at, organisation, url),
            )
        return taken

    def _note(self, organisation: str, number: int, attempt: int, now: str, outcome: str, detail: str) -> None:
        with self.pool.transaction() as connection:
            connection.execute(
                "INSERT INTO webhook_deliveries VALUES (%s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (organisation, number, attempt) DO UPDATE SET attempted_at = excluded.attempted_at, "
                "outcome = excluded.outcome, detail = excluded.detail",
                (organisation, number, attempt, now, outcome, detail.replace("\x00", "")[:500]),
            )


def retry_delay(attempts: int, chance: float) -> float:
    """Return the seconds to wait after so many failed attempts: doubling, at most an hour, half of it by chance."""
    longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempts - 1))
    return longest * (0.5 + 0.5 * chance)


def _later(now: str, seconds: float) -> str:
    return (datetime.strptime(now, _FORMAT) + timedelta(seconds=seconds)).strftime(_FORMAT)
