# SPDX-License-Identifier: Apache-2.0
"""Posts, officers and items in a store in memory, through the core and the commands that everybody uses; invented."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import msgspec

from openecp.border.postal.acts import PostalAct
from openecp.border.postal.assessing import PostalAssessment, PostalAssessor, PostalCharge
from openecp.border.postal.compliance import requirements, vague_terms
from openecp.border.postal.form import SdrRates, sdr_rates
from openecp.border.postal.item import ContentPiece, PostalItem, PostalParty
from openecp.border.postal.response import ResponseReason, decision_codes
from openecp.border.postal.s10 import check_digit
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.postwork import PostalCasework, PostalRules
from openecp.platform.core.programme import NoClearance, ProgrammeCasework

POST = Principal(principal_id="xpost", kind="system", organisation="x-post", name="X Post", roles=("trader",))
OTHER = Principal(principal_id="ypost", kind="system", organisation="y-post", name="Y Post", roles=("trader",))
OFFICER = Principal(principal_id="mara", kind="person", organisation="customs", name="Mara", roles=("officer",))
CODES = decision_codes(
    [(2, {"decision": "release", "post_code": "R1"}), (3, {"decision": "release_with_charges", "post_code": "R2"})],
    "codes",
)
RULES = PostalRules(
    requirements=requirements(
        enumerate(
            [
                {"destination": "*", "category": "", "mail_class": "", "element": e, "valid_from": "2020-01-01"}
                for e in ("sender_name", "addressee_name", "addressee_address", "value", "net_weight")
            ]
            + [
                {"destination": "AU", "category": "sale_of_goods", "mail_class": "*", "element": "hs6",
                 "valid_from": "2026-01-01", "source": "Invented notice 4"},
                {"destination": "AU", "category": "*", "mail_class": "parcel", "element": "addressee_contact",
                 "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
            ],
            start=2,
        ),
        "rules",
    ),
    rates=sdr_rates(
        enumerate([{"currency": "EUR", "rate": "1.2", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}], start=2),
        "rates",
    ),
    codes={"x-post": CODES},
    is_vague=vague_terms(("gift", "parts")),
)  # fmt: skip


def s10(number: int, service: str = "RB", country: str = "DE") -> str:
    """Return a good identifier."""
    serial = f"{number:08d}"
    return f"{service}{serial}{check_digit(serial)}{country}"


SHIRTS = ContentPiece(
    description="cotton T-shirt", quantity="2", net_weight_kg="0.4", value="18.00", hs="610910", origin="CN"
)
SHOES = ContentPiece(
    description="leather shoes", quantity="1", net_weight_kg="0.9", value="30.00", hs="640319", origin="VN"
)


def item(number: int = 1, posted_on: str = "2026-07-01", **changes: Any) -> PostalItem:
    """Return an item without a fault that meets every demand."""
    plain = PostalItem(
        s10=s10(number),
        posted_on=posted_on,
        category="sale_of_goods",
        origin_post="DEFRAA",
        destination_post="AUSYDA",
        currency="EUR",
        gross_weight_kg="1.6",
        postage="7.50",
        sender=PostalParty(name="Ada Berg", street="Ring 1", postcode="60311", city="Frankfurt", country="DE"),
        addressee=PostalParty(
            name="Lee Ford", street="9 Quay St", postcode="2000", city="Sydney", country="AU", telephone="+61 5550100"
        ),
        pieces=(SHIRTS, SHOES),
    )
    return msgspec.structs.replace(plain, **changes)


class FlatTax:
    """Charges a tenth of each piece's value as tax, in whole minor units; holds what has no value."""

    def assess(self, item: PostalItem, on: date, post: str) -> PostalAssessment:
        """Return the charges."""
        if any(piece.value is None for piece in item.pieces):
            reason = ResponseReason(code="OECP-TEST-VALUE", text="A value is missing.")
            return PostalAssessment(outcome="hold_for_documents", jurisdiction="XX", currency="EUR", reasons=(reason,))
        charges = tuple(
            PostalCharge(piece=number, type="tax", minor=round(float(piece.value or 0) * 10), by="post", due="border",
                         account="collector:post:x-post:EUR")
            for number, piece in enumerate(item.pieces, start=1)
        )  # fmt: skip
        return PostalAssessment(outcome="release_with_charges", jurisdiction="XX", currency="EUR", charges=charges)


class PostalWorld:
    """A store, a core, a clock that moves a second with each reading."""

    def __init__(
        self, *, day: str = "2026-07-10", rules: PostalRules = RULES, assessor: PostalAssessor | None = None
    ) -> None:
        self.day = day
        self._ticks = itertools.count()
        self.store = MemoryStore(clock=self.now)
        post = PostalCasework(self.store, rules=rules, assessor=assessor, clock=self.now)
        programme = ProgrammeCasework(self.store, clock=self.now, others=(post,))
        nothing = NoClearance()
        desk = Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=programme)
        self.core = InProcessCore(desk)

    def now(self) -> str:
        """Return the time."""
        count = next(self._ticks)
        return f"{self.day}T{8 + count // 3600 % 12:02d}:{count // 60 % 60:02d}:{count % 60:02d}.000000Z"

    def do(self, act: PostalAct, who: Principal = POST, key: str | None = None) -> Answer:
        """Give one command."""
        return self.core.submit_all([ProgrammeCommand(principal=who, act=act, key=key)])[0]

    def kinds(self, case_id: str) -> list[str]:
        """Return the kinds of the events of a stream."""
        return [event.kind for event in self.store.events(case_id=case_id)]

    def body(self, case_id: str, kind: str) -> dict[str, Any]:
        """Return the body of the last event of a kind in a stream."""
        return [event.body for event in self.store.events(case_id=case_id) if event.kind == kind][-1]


NO_RATES = SdrRates()
