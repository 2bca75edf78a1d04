# SPDX-License-Identifier: Apache-2.0
"""Gives casework what it asks for: the case's declaration and open requests from the store, time, ids, payments."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from openecp.border.lodgement import decide as lodgement
from openecp.border.lodgement.case import DeclarationCase, case_of
from openecp.border.lodgement.commands import Command, Lodge
from openecp.border.lodgement.context import Context
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, StoredDocument
from openecp.kernel.ledger.settlement import Settle
from openecp.kernel.profile.profile import Profile
from openecp.platform.core.accounts import Accounts
from openecp.platform.core.ids import MrnSerials, Randomness
from openecp.platform.core.model import Decided, LoadedCase
from openecp.platform.wire import Unreadable, read

log = logging.getLogger("openecp.core")


class Documents(Protocol):
    """The part of the store that holds messages."""

    def document(self, document_id: str) -> StoredDocument | None: ...


class Opened(msgspec.Struct, frozen=True):
    """A case opened for deciding: its folded state, its declaration, its requests that are not answered yet."""

    case: DeclarationCase
    declaration: Declaration | None
    requests: Mapping[str, Declaration]


class LodgementCasework:
    """Opens cases and decides with `openecp.border.lodgement`."""

    def __init__(
        self,
        *,
        profile: Profile,
        documents: Documents,
        settle: Settle,
        clock: Callable[[], str] = utc_now,
        accounts: Accounts | None = None,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._accounts = accounts
        self._zone = ZoneInfo(str(profile.setting("time_zone", default="UTC")))
        randomness = Randomness()
        self._context = Context(
            profile=profile,
            now="",
            new_id=randomness.uuid7,
            mrn_serial=MrnSerials(),
            salt=randomness.salt,
            settle=settle,
            funds=accounts if accounts is not None else {},
        )

    def open(self, row: CaseRow) -> Opened:
        """Read what the store holds of a case."""
        case = case_of(row.state)
        wanted = {change.document_id for change in case.unannounced}
        if case.open_request is not None:
            wanted.add(case.open_request.document_id)
        requests = {name: found for name in wanted if (found := self._declaration(name)) is not None}
        return Opened(case, self._declaration(case.document_id), requests)

    def _declaration(self, document_id: str) -> Declaration | None:
        document = self._documents.document(document_id)
        if document is None:
            return None
        try:
            return read(
                document.content, media="json" if document.media_type == "application/json" else "xml"
            ).declaration
        except Unreadable:
            log.error("document %s was stored, and cannot be read", document_id)
            return None

    def to_assess(self, command: Command, case: LoadedCase | None) -> tuple[Declaration, date | None] | None:
        """Return the declaration to be assessed for this command and the day it is assessed on; None where none is."""
        if isinstance(command, Lodge) and command.declaration.function_code != "13":
            return command.declaration, self.today()
        if case is None:
            return None
        opened: Opened = case.opened
        request = None
        if opened.case.open_request is not None:
            request = opened.requests.get(opened.case.open_request.document_id)
        found = lodgement.to_assess(command, opened.case, opened.declaration, request)
        if found is None:
            return None
        return found[0], date.fromisoformat(found[1]) if found[1] else self.today()

    def today(self) -> date:
        """Return the administration's legal date now: that of its own time zone."""
        return datetime.fromisoformat(self._clock().replace("Z", "+00:00")).astimezone(self._zone).date()

    def decide(self, command: Command, case: LoadedCase | None, assessment: Assessment | None) -> Decided:
        """Decide one command about one case."""
        opened: Opened | None = case.opened if case is not None else None
        declaration = opened.declaration if opened is not None else None
        now = self._clock()
        if self._accounts is not None:
            self._accounts.on(now[:10])
        context = msgspec.structs.replace(
            self._context,
            now=now,
            assessment=assessment,
            declaration=declaration,
            requests=opened.requests if opened is not None else {},
            last_seq=case.seq if case is not None else 0,
        )
        decision = lodgement.decide(command, opened.case if opened is not None else None, context)
        if decision.write is not None and self._accounts is not None:
            self._accounts.count(decision.write)
        if decision.write is None:
            key = lodgement.idempotency_of(command, opened.case if opened is not None else None)
            return Decided(decision.answer, idempotency=key)
        return Decided(decision.answer, decision.write)

    def not_recorded(self, write: CaseWrite) -> None:
        """Take back what a decision counted, because it was not recorded."""
        if self._accounts is not None:
            self._accounts.count(write, sign=-1)
