# SPDX-License-Identifier: Apache-2.0
"""Verifies what lies beside the log: documents against the salted hashes in events, and the ledger's chain."""

from __future__ import annotations

import base64
import hashlib
from typing import Protocol

from openecp.kernel.journal.model import LedgerEntry
from openecp.platform.store.admit import ledger_link
from openecp.platform.store.finding import Finding
from openecp.platform.store.pool import Connection

ERASURE_STREAM = "installation:erasure"  # stream of events about the store itself, which belong to no case


class Report(Protocol):
    """What findings are added to."""

    documents: int
    documents_erased: int
    ledger_entries: int

    def add(self, finding: Finding) -> None:
        """Name a finding."""


def verify_documents(connection: Connection, report: Report) -> None:
    """Compare each document with its digest, and the digest with the events of its case."""
    with connection.cursor(name="documents") as cursor:
        cursor.itersize = 500
        cursor.execute(
            "SELECT document_id, case_id, content, salt, digest, erased_at, redacted_digest FROM documents "
            "ORDER BY number"
        )
        pending: list[tuple[str, str, str]] = []
        for document_id, case_id, content, salt, digest, erased_at, redacted in cursor:
            expected = bytes(digest if redacted is None else redacted).hex()
            if content is None:
                report.documents_erased += 1
                if erased_at is None or salt is not None:
                    report.add(_document(document_id, "content, or a time of erasure and no salt", "neither"))
            else:
                report.documents += 1
                got = hashlib.sha256(bytes(salt or b"") + bytes(content)).hexdigest()
                if got != expected:
                    report.add(_document(document_id, f"salted hash {expected}", got))
            pending.append((document_id, case_id, bytes(digest).hex()))
            if redacted is not None:
                pending.append((document_id, ERASURE_STREAM, expected))
            if len(pending) >= 500:
                _verify_named(connection, report, pending)
                pending = []
        _verify_named(connection, report, pending)


def _verify_named(connection: Connection, report: Report, documents: list[tuple[str, str, str]]) -> None:
    """Look for each digest in the events of its case, in hexadecimal or base64."""
    rows = connection.execute(
        """SELECT w.n FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS w (n, case_id, hex, b64)
           WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.case_id = w.case_id
               AND (strpos(e.record, w.hex) > 0 OR strpos(e.record, w.b64) > 0))""",
        (
            list(range(len(documents))),
            [case_id for _, case_id, _ in documents],
            [digest for _, _, digest in documents],
            [base64.b64encode(bytes.fromhex(digest)).decode() for _, _, digest in documents],
        ),
    ).fetchall()
    for (number,) in rows:
        document_id, case_id, digest = documents[number]
        report.add(_document(document_id, f"an event of case {case_id} with its salted hash {digest}", "none"))


def _document(document_id: str, expected: str, got: str) -> Finding:
    return Finding(what="document", seq=None, where=document_id, expected=expected, got=got)


def verify_ledger(connection: Connection, report: Report, last_number: int, last_chain: bytes) -> None:
    """Recompute the ledger's chain, and that each reversal mirrors what it reverses and takes back no more."""
    chain, number = b"", 0
    reversals: dict[str, int] = {}
    with connection.cursor(name="ledger") as cursor:
        cursor.itersize = 5_000
        cursor.execute(
            "SELECT number, entry_id, case_id, debit, credit, amount_minor, currency, reason, reverses, recorded_at, "
            "chain FROM ledger ORDER BY number"
        )
        for found, entry_id, case_id, debit, credit, amount, currency, reason, reverses, recorded_at, stored in cursor:
            number += 1
            if found != number:
                report.add(_entry(entry_id, f"number {number}", f"{found}"))
                number = found
            entry = LedgerEntry(
                entry_id=entry_id, case_id=case_id, debit=debit, credit=credit, amount_minor=amount,
                currency=currency, reason=reason, reverses=reverses,
            )  # fmt: skip
            link = ledger_link(chain, number, entry, recorded_at)
            if link != bytes(stored):
                report.add(_entry(entry_id, f"chain {bytes(stored).hex()}", link.hex()))
            chain = bytes(stored)
            report.ledger_entries += 1
            if reverses is not None:
                reversals[entry_id] = number
    if (number, chain) != (last_number, last_chain):
        report.add(_entry("head", f"{last_number} entries, chain {last_chain.hex()}", f"{number}, {chain.hex()}"))
    if reversals:
        rows = connection.execute(
            """SELECT r.entry_id, e.entry_id FROM ledger r LEFT JOIN ledger e ON e.entry_id = r.reverses
               WHERE r.reverses IS NOT NULL AND (e.entry_id IS NULL OR e.debit <> r.credit OR e.credit <> r.debit
                   OR e.currency <> r.currency)
               UNION ALL
               SELECT e.entry_id, 'over' FROM ledger e JOIN ledger r ON r.reverses = e.entry_id
               GROUP BY e.entry_id, e.amount_minor HAVING sum(r.amount_minor) > e.amount_minor"""
        ).fetchall()
        for entry_id, fault in rows:
            got = "more reversed than was entered" if fault == "over" else "another"
            report.add(_entry(entry_id, "reversals that mirror the entry and take back no more", got))


def _entry(entry_id: str, expected: str, got: str) -> Finding:
    return Finding(what="ledger", seq=None, where=entry_id, expected=expected, got=got)


def verify_faces(connection: Connection, report: Report) -> None:
    """Check that each face stands at an event of its own case and room, and that the last one is kept as the last."""
    # A record ends with its times, seq and version, each of known length: so its time is found without parsing.
    rows = connection.execute(
        """SELECT s.case_id, f.seq, e.case_id, left(right(e.record, 86 + length(e.seq::text)), 27) > f.occurred_at
           FROM faces f LEFT JOIN face_streams s USING (stream) LEFT JOIN events e ON e.seq = f.seq
           WHERE s.case_id IS NULL OR e.case_id IS DISTINCT FROM s.case_id
               OR left(right(e.record, 86 + length(e.seq::text)), 27) > f.occurred_at
           ORDER BY f.seq LIMIT 1001"""
    ).fetchall()
    for case_id, seq, found, late in rows:
        got = "an earlier time than its event's" if late else f"one of case {found}"
        report.add(_face(str(case_id), seq, "a face at an event of its case, no earlier than it", got))
    rows = connection.execute(
        """SELECT s.case_id, s.seq, c.room, f.seq FROM face_streams s LEFT JOIN cases c USING (case_id)
           LEFT JOIN LATERAL (SELECT seq, occurred_at, coalesce(face, large) AS face FROM faces
               WHERE stream = s.stream ORDER BY occurred_at DESC, seq DESC LIMIT 1) AS f ON true
           WHERE c.room IS DISTINCT FROM s.room
               OR (f.seq, f.occurred_at, f.face) IS DISTINCT FROM (s.seq, s.occurred_at, s.face)
           ORDER BY s.seq LIMIT 1001"""
    ).fetchall()
    for case_id, seq, room, last in rows:
        report.add(_face(case_id, seq, "the last face of a case in its room", f"face {last} of room {room}"))


def _face(case_id: str, seq: int, expected: str, got: str) -> Finding:
    return Finding(what="face", seq=seq, where=case_id, expected=expected, got=got)
