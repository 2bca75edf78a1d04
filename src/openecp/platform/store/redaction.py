# SPDX-License-Identifier: Apache-2.0
"""Takes one person out of a document that tells of many: the persons of a batch of parcels.

The document keeps the digest that its event holds; what is left of it gets a salt and a digest of its own, which the
event of the erasure holds. With the first salt gone, the first digest says nothing any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import LiteralString, NamedTuple

from openecp.kernel.journal.bulk import ParcelRow
from openecp.kernel.journal.canonical import salted_digest
from openecp.platform.store.errors import StoreError
from openecp.platform.store.pool import Connection, Pool

Redaction = Callable[[bytes, Sequence[ParcelRow]], bytes]  # content, and the parcels of the person in it
MAX_NAMED = 2_000  # documents of one event
SEARCH_TIME = "1h"

_PARCELS: LiteralString = (
    "SELECT seq, number, parcel_id, posted_on::text, record, person FROM parcels WHERE person = ANY(%s) "
    "ORDER BY seq, number"
)
# A batch's documents are those of its case that its event names, by their digest or their id.
_DOCUMENTS: LiteralString = """
    SELECT d.document_id, d.kind, d.content, d.salt FROM events e
    JOIN documents d ON d.case_id = e.case_id AND d.kind = ANY(%s) AND d.content IS NOT NULL
        AND (strpos(e.record, encode(d.digest, 'hex')) > 0 OR strpos(e.record, d.document_id) > 0)
    WHERE e.seq = %s"""


class Redacted(NamedTuple):
    """What a document becomes."""

    document_id: str
    old_salt: bytes
    content: bytes
    salt: bytes
    digest: str


# What officers and lodgers wrote about one parcel lies in the parcel's own stream.
_OWN: LiteralString = """
    UPDATE documents d SET content = NULL, salt = NULL, erased_at = %s
    FROM unnest(%s::text[], %s::text[]) AS w (parcel_id, posted_on)
    JOIN cases c ON lower(c.lrn) = lower(w.parcel_id) AND c.lrn = w.parcel_id AND c.room = 'parcel'
        AND starts_with(c.case_id, 'parcel/' || w.posted_on || '/')
    WHERE d.case_id = c.case_id AND d.erased_at IS NULL"""


def redacted_documents(
    pool: Pool, persons: Sequence[str], redactions: Mapping[str, Redaction]
) -> tuple[list[Redacted], list[ParcelRow]]:
    """Return what becomes of the documents about many persons when this one is taken out, and the person's parcels."""
    found: list[Redacted] = []
    parcels: list[ParcelRow] = []
    with pool.transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SELECT set_config('statement_timeout', %s, true)", (SEARCH_TIME,))
        batches: dict[int, list[ParcelRow]] = {}
        for seq, number, parcel_id, posted_on, record, person in connection.execute(
            _PARCELS, (list(persons),)
        ).fetchall():
            row = ParcelRow(
                seq=seq, number=number, parcel_id=parcel_id, posted_on=posted_on, record=record, person=person
            )
            batches.setdefault(seq, []).append(row)
            parcels.append(row)
        for seq, rows in batches.items():
            for document_id, kind, content, salt in connection.execute(_DOCUMENTS, (list(redactions), seq)).fetchall():
                left, new = redactions[kind](bytes(content), rows), secrets.token_bytes(16)
                found.append(Redacted(document_id, bytes(salt), left, new, salted_digest(new, left)))
    return found, parcels


def blank_own_documents(connection: Connection, parcels: Sequence[ParcelRow], now: str) -> int:
    """Blank what lies in the streams of single parcels; return how many documents."""
    keys = list(dict.fromkeys((row.parcel_id, row.posted_on) for row in parcels))
    return connection.execute(_OWN, (now, [key[0] for key in keys], [key[1] for key in keys])).rowcount


def redact_documents(connection: Connection, redacted: Sequence[Redacted]) -> None:
    """Put what is left in the place of what was.

    Raises: StoreError, when a document was changed meanwhile.
    """
    for document_id, old_salt, content, salt, digest in redacted:
        done = connection.execute(
            "UPDATE documents SET content = %s, salt = %s, redacted_digest = %s WHERE document_id = %s AND salt = %s",
            (content, salt, bytes.fromhex(digest), document_id, old_salt),
        )
        if done.rowcount != 1:
            raise StoreError(f"{document_id}: expected it as it was read, found it changed; fix: erase again")
