# SPDX-License-Identifier: Apache-2.0
"""What is known of a declaration at this moment is a replay of its events, and nothing else.

`fold` in fold.py takes the events of one case in their order and returns the `DeclarationCase`; the store keeps it as
canonical JSON beside the events, and a test compares both. Nothing personal is in it: parties are internal ids,
declared account numbers and free texts stay in the stored documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from openecp.kernel.assessment.reasons import Audience, Channel, TaxLine

Body = Mapping[str, Any]
Money = Literal["none", "open", "short", "awaited", "settled"]


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request of the declarant that is not answered yet."""

    kind: Literal["COR", "INV"]
    lrn: str
    document_id: str
    requested_at: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One granted change that the trader has not been told the result of: why and where; values are in the document."""

    reason: str
    pointer: str
    document_id: str


class Posting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ledger entry of this case that stands, as far as a reversal needs it."""

    entry_id: str
    debit: str
    credit: str
    amount_minor: int


class LaneMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Into which lane a declaration moves that waits in another one too long."""

    after_s: int
    to: str
    mandatory: bool = False  # moves also what a mandatory criterion selected


class OverrideAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An officer asks for another lane than a mandatory criterion wants; a second officer must agree."""

    lane: str
    by: str


class DeclarationCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One declaration's case, as its events tell it."""

    case_id: str
    organisation: str
    lrn: str
    status: str
    submitted_at: str
    mrn: str | None = None
    version: int = 1
    function_code: str | None = None
    type_code: str | None = None
    movement: str | None = None
    data_set: str | None = None
    office: str | None = None
    prelodged: bool = False
    document_id: str = ""  # the declaration as it stands in this version
    assessment_id: str | None = None  # the assessment of this version, where it was kept
    registered_at: str | None = None
    presented_at: str | None = None
    accepted_at: str | None = None
    acceptance_date: str | None = None  # the legal date whose rates apply
    released_at: str | None = None
    cleared_at: str | None = None
    exited_at: str | None = None
    ended_at: str | None = None
    channel: Channel | None = None  # officers only
    audit: bool = False  # officers only: to be audited after clearance
    ground: str = ""  # officers only, like the four below: on what ground the lane was chosen
    mandatory: str | None = None  # the strictest lane that a mandatory criterion wants
    moves: Mapping[str, LaneMove] = {}  # what the plan says of waiting, by lane
    override: str | None = None  # the stricter lane that an officer wanted: it stands for later versions too
    override_asked: OverrideAsked | None = None
    attention: str | None = None  # why an officer should look: documents_overdue, payment_overdue …
    documents_open: bool = False
    documents_limit: str | None = None
    control_open: bool = False
    controlled: bool = False  # a control or check of documents ended well
    held: bool = False
    release_ordered: bool = False
    scheduled_until: str | None = None
    currency: str = ""
    taxes: tuple[TaxLine, ...] = ()
    payable_minor: int = 0
    security_minor: int = 0
    provisional_minor: int = 0
    money: Money = "none"
    provisional: bool = False  # released under security, the final amount is not decided
    short_minor: int = 0
    short_kind: str | None = None  # deferment, guarantee or cash; the number is in the declaration
    reminders: int = 0
    postings: tuple[Posting, ...] = ()
    open_request: OpenRequest | None = None
    unannounced: tuple[Change, ...] = ()
    clocks: dict[str, str] = {}

    def for_audience(self, audience: Audience) -> DeclarationCase:
        """Return what `audience` may see: how the goods were targeted is for officers only."""
        if audience == "officer":
            return self
        return msgspec.structs.replace(
            self, channel=None, audit=False, attention=None, ground="", mandatory=None, moves={}, override=None,
            override_asked=None, clocks={name: at for name, at in self.clocks.items() if name != "lane"},
        )  # fmt: skip

    def state_bytes(self) -> bytes:
        """Return the case as canonical JSON, as the store keeps it."""
        return _encoder.encode(self)


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(DeclarationCase)


def case_of(state: bytes) -> DeclarationCase:
    """Return the case that the store kept as canonical JSON."""
    return _decoder.decode(state)


# A trader does not learn that there is one: from their number he could tell how his goods were targeted.
OFFICER_EVENTS = frozenset({"LaneOverrideAsked", "LaneOverridden", "LaneMoved", "ControlsLifted"})


def event_for_audience(body: Body, audience: Audience) -> dict[str, Any]:
    """Return the body of an event as `audience` may see it; what is for officers stands under `officer`."""
    if audience == "officer":
        return dict(body)
    return {key: value for key, value in body.items() if key != "officer"}
