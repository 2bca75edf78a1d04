# SPDX-License-Identifier: Apache-2.0
"""What the store holds of one case, for whoever may read it: its assessment and its notifications."""

from __future__ import annotations

from itertools import islice

import msgspec

from openecp.border.lodgement.case import DeclarationCase, case_of
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.journal.model import CaseRow, OutboxMessage
from openecp.kernel.journal.queries import Queries

_PAGE = 1000
_MAX_NOTIFICATIONS = 2000


_assessment = msgspec.json.Decoder(Assessment)


def assessment_of(row: CaseRow, queries: Queries) -> Assessment | None:
    """Return the assessment of the case's current version; of a rejected one, the faults that the journal holds."""
    try:
        case = case_of(row.state)
    except msgspec.DecodeError:
        return None
    if case.status == "rejected":
        return _rejection(row, case, queries)
    if case.assessment_id is None:
        return None
    document = queries.document(case.assessment_id)
    return _assessment.decode(document.content) if document is not None else None


def _rejection(row: CaseRow, case: DeclarationCase, queries: Queries) -> Assessment | None:
    for event in queries.events(case_id=row.case_id, limit=_PAGE):
        if event.kind == "DeclarationRejected":
            reasons = tuple(
                Reason(
                    code=fact["code"],
                    layer=fact["layer"],
                    rule=fact["rule"],
                    message="See notification 03 of this case.",
                    pointer=fact.get("pointer"),
                )
                for fact in event.body.get("reasons", ())
            )
            return Assessment(
                outcome="rejected",
                data_set=case.data_set,
                movement=case.movement,
                currency=case.currency,
                reasons=reasons,
            )
    return None


def notification_entries(row: CaseRow, queries: Queries) -> list[tuple[int, OutboxMessage]]:
    """Return the notifications of a case with their numbers in the organisation's feed, oldest first."""
    entries = (
        entry for entry in queries.notifications_of(row.case_id) if entry.message.organisation == row.organisation
    )
    return [(entry.number, entry.message) for entry in islice(entries, _MAX_NOTIFICATIONS)]
