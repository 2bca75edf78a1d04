# SPDX-License-Identifier: Apache-2.0
"""Gives the post's room what deciding asks for: streams, declared data, earlier uses of an identifier, time and ids.

Commands about postal items travel the way of the programme's: one after the other, written by the same single writer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, get_args

import msgspec

from openecp.border.postal.acts import DecideItem, PostalAct, ReviseItem
from openecp.border.postal.assessing import PostalAssessor
from openecp.border.postal.compliance import IsVague, Requirement, requirements
from openecp.border.postal.decide import concerns, concerns_further, decide, documents_of, identifiers_of
from openecp.border.postal.deciding import PostalActor, PostalContext, PostalRefusal, PostalStream
from openecp.border.postal.faults import PostalFault, PostalRefused
from openecp.border.postal.form import SdrRates, sdr_rates
from openecp.border.postal.item import PostalItem
from openecp.border.postal.response import DecisionCodes, decision_codes
from openecp.border.postal.state import ROOM, item_state
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.bulk import ParcelRow
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, Event, Idempotency, StoredDocument
from openecp.kernel.journal.queries import CaseFilter
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import Profile
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.plain_answers import encode, idempotency

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
USES_MAX = 20  # earlier uses of one identifier that are looked at
_item = msgspec.json.Decoder(PostalItem).decode


class PostalSource(Protocol):
    """The part of the store that deciding about postal items, and reading them, needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def cases(self, wanted: CaseFilter, *, after: str | None = None, limit: int = 50) -> list[CaseRow]: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]: ...


class PostalRules(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation knows for the post: demands, SDR rates, codes of each post, terms that say nothing."""

    requirements: tuple[Requirement, ...] = ()
    rates: SdrRates = SdrRates()
    codes: Mapping[str, DecisionCodes] = {}  # by organisation; "" for all others
    is_vague: IsVague = lambda text: False

    def codes_of(self, organisation: str) -> DecisionCodes:
        """Return the codes of a post."""
        return self.codes.get(organisation) or self.codes.get("") or DecisionCodes({})


def rules_of(profile: Profile, is_vague: IsVague | None = None) -> PostalRules:
    """Return what a profile's tables say: postal_requirements, postal_sdr_rates, postal_response_codes.

    Raises: PostalRefused with every row that cannot be used.
    """
    by_post: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in _rows(profile, "postal_response_codes"):
        by_post.setdefault(row.get("organisation", ""), []).append((line, row))
    return PostalRules(
        requirements=requirements(_rows(profile, "postal_requirements"), "postal_requirements.csv"),
        rates=sdr_rates(_rows(profile, "postal_sdr_rates"), "postal_sdr_rates.csv"),
        codes={post: decision_codes(rows, "postal_response_codes.csv") for post, rows in by_post.items()},
        is_vague=is_vague or (lambda text: False),
    )


def _rows(profile: Profile, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    return enumerate(profile.table(name), start=2)


class PostalCasework:
    """Decides commands about postal items with `openecp.border.postal`."""

    acts = PostalAct

    def __init__(
        self,
        source: PostalSource,
        *,
        rules: PostalRules | Callable[[], PostalRules],
        assessor: PostalAssessor | None = None,
        clock: Callable[[], str] = utc_now,
    ) -> None:
        self._source = source
        self._rules = rules
        self._assessor = assessor
        self._clock = clock
        self._randomness = Randomness()

    @property
    def rules(self) -> PostalRules:
        """The rules, read when they are first needed."""
        if not isinstance(self._rules, PostalRules):
            self._rules = self._rules()
        return self._rules

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about items is kept."""
        return idempotency(command, "post")

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command about postal items."""
        act: Any = command.act
        assert is_postal_act(act), "the desk hands over commands about postal items only"
        try:
            self._refuse_decided_parcel(act)
            decision = decide(act, postal_actor(command.principal), self._context(act, command.principal))
        except PostalRefusal as refused:
            return Decided(refusal_answer(refused.faults, refused.status))
        except PostalRefused as refused:
            return Decided(refusal_answer(refused.faults, 422))
        answer = Answer(outcome=decision.outcome, case_id=decision.subject, status=decision.status or None)
        if not decision.writes:
            return Decided(answer)
        first = msgspec.structs.replace(decision.writes[0], answer=encode(answer), idempotency=self.key_of(command))
        if len(decision.writes) == 1:
            first = msgspec.structs.replace(first, group=None)
        return Decided(answer, first, decision.writes[1:])

    def _refuse_decided_parcel(self, act: PostalAct) -> None:
        """Refuse to decide an item that the parcels' door has decided: one item has one decision.

        Raises: PostalRefusal.
        """
        if not isinstance(act, DecideItem):
            return
        identifier, _, posted_on = act.item.partition("/")
        rows = self._source.parcel_rows(identifier, posted_on) if _DAY.fullmatch(posted_on) else []
        if rows:
            fault = PostalFault(
                code="OECP-POSTAL-DECIDED-AS-PARCEL", where="item",
                message="The item was decided as a parcel; it has one decision.",
                expected="an item that has no decision yet",
                got=f"parcel {posted_on}/{identifier}, event {rows[0].seq}",
                fix=f"Act on it as a parcel: POST /parcels/{posted_on}/{identifier}/acts.",
            )  # fmt: skip
            raise PostalRefusal([fault], status=409)

    def _context(self, act: PostalAct, who: Principal) -> PostalContext:
        streams = self._streams(concerns(act))
        on_record = {text: uses_of(self._source, text, who.organisation) for text in identifiers_of(act)}
        streams |= self._streams(concerns_further(act, streams, on_record))
        declared = {}
        for name in documents_of(act, streams):
            document = self._source.document(name)
            if document is not None:
                declared[name] = _item(document.content)
        return PostalContext(
            now=self._clock(),
            group=self._randomness.uuid7(),
            new_id=self._randomness.uuid7,
            salt=self._randomness.salt,
            rules=self.rules.requirements,
            is_vague=self.rules.is_vague,
            codes=self.rules.codes_of(_organisation(act, streams)),
            assessor=self._assessor,
            streams=streams,
            declared=declared,
            on_record=on_record,
        )

    def _streams(self, names: Iterable[str]) -> dict[str, PostalStream]:
        found = {}
        for name in names:
            case = self._source.case(name) if len(name) <= 120 and name.isascii() and name.isprintable() else None
            if case is not None and case[0].room == ROOM:
                found[name] = PostalStream(case[1], case[0].version, case[0].state)
        return found


def _organisation(act: PostalAct, streams: Mapping[str, PostalStream]) -> str:
    """Return the post whose item a decision is about."""
    if isinstance(act, DecideItem | ReviseItem):
        for name in concerns(act):
            if name in streams:
                return item_state(streams[name].state).organisation
    return ""


def uses_of(source: PostalSource, identifier: str, organisation: str) -> tuple[str, ...]:
    """Return the posting dates under which a post has an identifier on record, earliest first."""
    if not identifier.isascii() or not identifier.isalnum():
        return ()
    rows = source.cases(CaseFilter(room=ROOM, organisation=organisation, text=f"{identifier}/"), limit=USES_MAX)
    return tuple(sorted(row.lrn.partition("/")[2] for row in rows))


def is_postal_act(act: object) -> bool:
    """Tell whether a command is about postal items."""
    return isinstance(act, get_args(PostalAct))


def postal_actor(principal: Principal) -> PostalActor:
    """Return who acts, as the post's room sees it: a post for its own items, or an officer."""
    return PostalActor(
        actor=principal.actor,
        organisation=principal.organisation,
        is_post=may(principal, "lodge"),
        is_officer=may(principal, "act"),
    )


def refusal_answer(faults: tuple[PostalFault, ...], status: int) -> Answer:
    """Return the answer of a command that was not done; where several things are wrong, the message tells of all."""
    first = faults[0]
    more = "".join(f" Also {fault.text}" for fault in faults[1:20])
    error = Reason(
        code=first.code,
        layer="state",
        rule="postal",
        message=(first.message + more)[:4000],
        json_pointer=first.where,
        expected=first.expected,
        got=first.got,
        fix=first.fix,
        severity="reject",
    )
    return Answer(outcome="refused", error=error, http_status=status)
