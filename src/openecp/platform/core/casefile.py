# SPDX-License-Identifier: Apache-2.0
"""What the store holds of one case, for whoever may read it: its assessment and its notifications."""

from __future__ import annotations

import msgspec

from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.journal.model import CaseRow, OutboxMessage
from openecp.kernel.journal.queries import Queries

_PAGE = 1000
_MAX_NOTIFICATIONS = 2000


class _State(msgspec.Struct):
    assessment: Assessment | None = None


_state = msgspec.json.Decoder(_State)


def assessment_of(row: CaseRow, queries: Queries) -> Assessment | None:
    """Return the assessment of the case's current version."""
    try:
        return _state.decode(row.state).assessment
    except msgspec.DecodeError:
        return None


def notification_entries(row: CaseRow, queries: Queries) -> list[tuple[int, OutboxMessage]]:
    """Return the notifications of a case with their numbers in the organisation's feed, oldest first."""
    found: list[tuple[int, OutboxMessage]] = []
    after = 0
    while len(found) < _MAX_NOTIFICATIONS:
        page = queries.feed(row.organisation, after=after, limit=_PAGE)
        found.extend((entry.number, entry.message) for entry in page if entry.message.case_id == row.case_id)
        if len(page) < _PAGE:
            break
        after = page[-1].number
    return found
