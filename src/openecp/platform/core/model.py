# SPDX-License-Identifier: Apache-2.0
"""What the core offers to the API, the console and the command line, and what it needs from casework and assessment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from openecp.border.lodgement.commands import Command as LodgementCommand
from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.postal.acts import PostalAct
from openecp.border.revenue.collector_payments import CollectorPayment
from openecp.border.risk.audit.acts import AuditAct
from openecp.border.risk.profiles.acts import ProfileAct
from openecp.border.time_release.recording import RecordActivities
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, Written
from openecp.kernel.parties.model import Principal
from openecp.programme.action_plan.commands import PlanAct
from openecp.programme.compendia.commands import RecordAct


class ProgrammeCommand(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A command of the programme side: who gives it, and what is to be recorded."""

    principal: Principal
    act: PlanAct | RecordAct | PostalAct | RecordActivities | CollectorPayment | ProfileAct | AuditAct
    key: str | None = None  # Idempotency-Key


Command = LodgementCommand | ProgrammeCommand | ParcelAct


class Core(Protocol):
    """The one place where commands are decided and recorded; in this process or behind a Unix socket."""

    async def submit(self, command: Command) -> Answer:
        """Decide and record one command; the answer comes after the commit."""

    async def statistics(self) -> dict[str, Any]:
        """Return counters of the core, for /metrics and /health."""


class LoadedCase(msgspec.Struct, frozen=True):
    """A case as it stands in the store: its row, the last seq of its stream, and what casework made of it."""

    row: CaseRow
    seq: int
    opened: Any = None


class Decided(msgspec.Struct, frozen=True):
    """What casework decided: the answer, and what is to be recorded (None where the command is refused)."""

    answer: Answer
    write: CaseWrite | None = None
    more: tuple[CaseWrite, ...] = ()  # of the same group: recorded with `write`, or not at all
    idempotency: Idempotency | None = None  # of one that does nothing: the key its sender may have used before

    @property
    def does_nothing(self) -> bool:
        """Nothing of what was asked is done; at most it is put on record that it was refused."""
        return self.write is None or self.answer.outcome == "refused"


class AssessesDeclarations(Protocol):
    """Assesses declarations in one batch; the answers stand in the order of the declarations."""

    def assess(self, declarations: list[Declaration], on: date | None = None) -> Sequence[Assessment]: ...


class Casework(Protocol):
    """The rules of the case, as pure functions: what must be assessed for a command, and what it changes."""

    def open(self, row: CaseRow) -> Any:
        """Read what the store holds of a case, for `LoadedCase.opened`."""

    def to_assess(self, command: LodgementCommand, case: LoadedCase | None) -> tuple[Declaration, date | None] | None:
        """Return the declaration to be assessed for this command and the date of its law; None where none is."""

    def decide(self, command: LodgementCommand, case: LoadedCase | None, assessment: Assessment | None) -> Decided:
        """Decide one command about one case."""

    def not_recorded(self, write: CaseWrite) -> None:
        """A decision came to nothing: what was counted for it is taken back."""


class CaseReader(Protocol):
    """The part of the store that deciding reads."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def find_case(
        self, *, mrn: str | None = None, lrn: str | None = None, organisation: str | None = None
    ) -> CaseRow | None: ...

    def answered_before(self, key: Idempotency) -> Written | None:
        """Return what was answered under a key, or that it was used for another body; None for a new key."""
