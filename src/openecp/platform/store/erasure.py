# SPDX-License-Identifier: Apache-2.0
"""Erasure of a person, and of documents whose time is over; the journal holds hashes only and stays verifiable."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.canonical import body_bytes, salted_digest
from openecp.kernel.journal.model import NewEvent
from openecp.platform.store.pool import Connection, Pool
from openecp.platform.store.redaction import (
    MAX_NAMED,
    Redaction,
    blank_own_documents,
    redact_documents,
    redacted_documents,
)
from openecp.platform.store.verify_records import ERASURE_STREAM
from openecp.platform.store.writer import Writer

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased. Whoever keeps `salt` can prove later that the event `seq` was about this person."""

    seq: int
    documents: int
    parties: int
    answers: int
    salt: bytes


class Erasures:
    """Erases what is kept outside the log."""

    pool: Pool
    writer: Writer
    settings: StoreSettings
    redactions: Mapping[str, Redaction] = MappingProxyType({})  # by kind of document: how one person is taken out
    clock: Callable[[], str]

    def erase(self, person_key: str, *, actor: str = "customs", parcel_persons: Sequence[str] = ()) -> Erasure:
        """Blank the documents about a person and what the register knows of them; record it with a salted hash only.

        Blanked are documents whose `person_keys` name the person (with the answers kept for repeated requests of the
        same cases), the person or system of this id, and the organisation of this id or number. A document about many
        of whose kind `redactions` knows how to take one out loses the parcels recorded for this person: for its key,
        or for one of `parcel_persons` (see `person_hashes`); what was written about these parcels is blanked.
        """
        if not person_key:
            raise ValueError("person: expected the key of a person, found an empty text")
        salt = secrets.token_bytes(16)
        now = self.clock()
        done: dict[str, int] = {}
        hashed = {"person_sha256": salted_digest(salt, person_key.encode())}
        redacted, parcels = redacted_documents(self.pool, [person_key, *parcel_persons], self.redactions)
        named = [{"id": each.document_id, "sha256": each.digest} for each in redacted]
        bodies: list[dict[str, Any]] = [
            hashed | {"documents": named[at : at + MAX_NAMED]} for at in range(0, len(named), MAX_NAMED)
        ]
        events = [
            (event, body_bytes(event))
            for body in bodies or [hashed]
            for event in [NewEvent(kind="PersonErased", occurred_at=now, actor=actor, body=body)]
        ]

        def blank(connection: Connection) -> None:
            redact_documents(connection, redacted)
            own = blank_own_documents(connection, parcels, now) if parcels else 0
            cases = connection.execute(
                "UPDATE documents SET content = NULL, salt = NULL, erased_at = %s WHERE erased_at IS NULL AND "
                "document_id IN (SELECT document_id FROM document_persons WHERE person_key = %s) RETURNING case_id",
                (now, person_key),
            ).fetchall()
            done["documents"] = len(cases) + len(redacted) + own
            connection.execute("DELETE FROM document_persons WHERE person_key = %s", (person_key,))
            done["answers"] = connection.execute(
                "UPDATE idempotency SET answer = '' WHERE case_id = ANY(%s) AND answer <> ''",
                (sorted({row[0] for row in cases}),),
            ).rowcount
            done["parties"] = _blank_parties(connection, person_key, now)

        seq = self.writer.append(ERASURE_STREAM, events, blank)
        return Erasure(seq=seq, salt=salt, **done)

    def purge_expired(self, now: str) -> int:
        """Blank documents whose retention is over, by their own date or their kind's period; return how many."""
        total: dict[str, int] = {}
        limits = [("", now)]
        for kind, days in sorted(self.settings.retention_days.items()):
            limit = datetime.strptime(now, _FORMAT) - timedelta(days=days)
            limits.append((kind, limit.strftime(_FORMAT)))
        waiting = self.pool.fetch(
            "SELECT 1 FROM documents d WHERE erased_at IS NULL AND (retain_until <= %s OR EXISTS (SELECT 1 FROM "
            "unnest(%s::text[], %s::text[]) AS w (kind, before) WHERE d.kind = w.kind AND d.recorded_at <= w.before)) "
            "LIMIT 1",
            (now, [kind for kind, _ in limits[1:]], [before for _, before in limits[1:]]),
        )
        if not waiting:
            return 0
        event = NewEvent(kind="DocumentsExpired", occurred_at=now, actor="customs", body={"before": now})

        def blank(connection: Connection) -> None:
            for kind, before in limits:
                rows = connection.execute(
                    "UPDATE documents SET content = NULL, salt = NULL, erased_at = %s WHERE erased_at IS NULL AND "
                    "CASE WHEN %s = '' THEN retain_until <= %s ELSE kind = %s AND retain_until IS NULL "
                    "AND recorded_at <= %s END RETURNING document_id",
                    (now, kind, before, kind, before),
                ).fetchall()
                ids = [row[0] for row in rows]
                connection.execute("DELETE FROM document_persons WHERE document_id = ANY(%s)", (ids,))
                total[kind] = len(ids)

        self.writer.append(ERASURE_STREAM, [(event, body_bytes(event))], blank)
        return sum(total.values())


def _blank_parties(connection: Connection, person_key: str, now: str) -> int:
    """Blank name and secrets of the principals and organisations that this key names; return how many."""
    principals = [
        row[0]
        for row in connection.execute(
            "UPDATE principals SET name = '', password_salt = NULL, password_hash = NULL, erased_at = %s "
            "WHERE principal_id = %s AND erased_at IS NULL RETURNING principal_id",
            (now, person_key),
        )
    ]
    connection.execute("DELETE FROM tokens WHERE principal_id = ANY(%s)", (principals,))
    connection.execute("DELETE FROM sessions WHERE principal_id = ANY(%s)", (principals,))
    organisations = [
        row[0]
        for row in connection.execute(
            "UPDATE organisations SET name = '', webhook_url = NULL, erased_at = %s WHERE erased_at IS NULL AND "
            "(organisation_id = %s OR organisation_id IN (SELECT organisation_id FROM organisation_identifiers "
            "WHERE identifier = %s)) RETURNING organisation_id",
            (now, person_key, person_key),
        )
    ]
    connection.execute("DELETE FROM organisation_identifiers WHERE organisation_id = ANY(%s)", (organisations,))
    connection.execute("DELETE FROM webhooks WHERE organisation = ANY(%s)", (organisations,))
    return len(principals) + len(organisations)
