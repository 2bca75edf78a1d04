# SPDX-License-Identifier: Apache-2.0
"""A small world for the console's tests: invented declarations in a store in memory, a core of few lines, people.

Everything here is invented; the declarations are written by our own writer from our own structs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from litestar import Litestar

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.case import case_of
from openecp.border.lodgement.clearance import assess, route
from openecp.border.lodgement.commands import Command, OfficerAct
from openecp.border.lodgement.context import Context
from openecp.border.lodgement.decide import decide
from openecp.border.lodgement.draft import Draft
from openecp.border.revenue.payment import payment_settler
from openecp.kernel.assessment.reasons import Assessment, ItemValue, Reason, TaxLine
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.item import (
    Classification,
    Commodity,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    GovernmentProcedure,
    InvoiceLine,
    Origin,
)
from openecp.kernel.datamodel.parties import Declarant
from openecp.kernel.datamodel.transport import PresentationOffice
from openecp.kernel.datamodel.values import Amount, Quantity
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Organisation, Principal
from openecp.kernel.profile import load_profile
from openecp.platform.console.app import console_routes
from openecp.platform.wire import write

PASSWORD = "a long invented password"
ANNA = Principal(
    principal_id="anna", kind="person", organisation="customs", name="Anna Berg", roles=("officer",), office="XB000101"
)
TOM = Principal(principal_id="tom", kind="person", organisation="brise", name="Tom Reyes", roles=("trader",))
UMA = Principal(principal_id="uma", kind="person", organisation="other", name="Uma Okoye", roles=("trader",))
OLIVE = Principal(principal_id="olive", kind="person", organisation="customs", name="Olive Tan", roles=("auditor",))
OSCAR = Principal(principal_id="oscar", kind="person", organisation="customs", name="Oscar Lind", roles=("operator",))
MACHINE_ACCOUNT = Principal(principal_id="erp", kind="system", organisation="brise", name="ERP", roles=("trader",))
PEOPLE = (ANNA, TOM, UMA, OLIVE, OSCAR, MACHINE_ACCOUNT)
SECRET_REASON = "Importer seen with undervalued batteries twice this year"  # for officers only
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Settings(msgspec.Struct):
    """The settings that the console reads."""

    cookie_secure: bool = False


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.when = NOW
        self.ticks = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return self.when

    def text(self) -> str:
        """The time of day as the journal writes it."""
        return self.when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.ticks


class MemoryRegister:
    """People and sessions in memory."""

    def __init__(self) -> None:
        self.people = {person.principal_id: person for person in PEOPLE}
        self.sessions: dict[str, str] = {}
        self.numbers = itertools.count(1)
        self.asked = 0

    def principal_of_password(self, principal_id: str, password: str) -> Principal | None:
        """Everyone has the same password here."""
        self.asked += 1
        return self.people.get(principal_id) if password == PASSWORD else None

    def open_session(self, principal_id: str, *, now: str) -> str:
        """Open a session."""
        secret = f"session-secret-{next(self.numbers)}-{principal_id}"
        self.sessions[secret] = principal_id
        return secret

    def principal_of_session(self, secret: str, *, now: str) -> Principal | None:
        """Whose session it is."""
        return self.people.get(self.sessions.get(secret, ""))

    def close_session(self, secret: str) -> None:
        """End a session."""
        self.sessions.pop(secret, None)

    def organisation(self, organisation_id: str) -> Organisation | None:
        """Any organisation has its id as a name."""
        return Organisation(organisation_id=organisation_id, name=f"Invented {organisation_id} Ltd")

    def organisation_of(self, identifier: str) -> Organisation | None:
        """Nobody is found by number."""
        return None

    def add_organisation(self, organisation: Organisation) -> None:
        """Not needed here."""

    def add_principal(self, principal: Principal, *, token: str | None = None, password: str | None = None) -> None:
        """Add a person."""
        self.people[principal.principal_id] = principal

    def principal_of_token(self, token: str) -> Principal | None:
        """Nobody has a token here."""
        return None


def declaration_of(lrn: str, items: int = 2, *, net_mass: bool = True) -> Declaration:
    """An invented import declaration."""
    goods = ("Roasted coffee, not decaffeinated", "Lithium-ion accumulators", "Cotton shirts <men's>")
    codes = ("09012100", "85076000", "61051000")
    lines = []
    for n in range(1, items + 1):
        which = (n - 1) % len(goods)
        mass = Quantity(value=f"{120 * n}.5", unit_code="KGM") if net_mass else None
        lines.append(
            GovernmentAgencyGoodsItem(
                sequence_numeric=str(n),
                commodity=Commodity(
                    description=goods[which],
                    classification=(
                        Classification(id=codes[which], identification_type_code="TSP"),
                        Classification(id="00", identification_type_code="TRC"),
                    ),
                    goods_measure=GoodsMeasure(
                        gross_mass_measure=Quantity(value=f"{130 * n}"), net_net_weight_measure=mass
                    ),
                    invoice_line=InvoiceLine(item_charge_amount=Amount(value=f"{1500 * n}.00", currency_id="EUR")),
                ),
                government_procedure=(
                    GovernmentProcedure(current_code="40", previous_code="00"),
                    GovernmentProcedure(current_code="000"),
                ),
                origin=(Origin(country_code="BR", type_code="1"),),
            )
        )
    return Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code="IMA",
        goods_item_quantity=Quantity(value=str(items)),
        declarant=Declarant(name="Invented Trading & Sons", id="XB123456789000"),
        presentation_office=PresentationOffice(id="XB000101"),
        goods_shipment=GoodsShipment(government_agency_goods_item=tuple(lines)),
    )


def assessment_of(channel: str | None, items: int = 2, rejected: bool = False) -> Assessment:
    """An invented assessment with reasons for both audiences."""
    taxes, values, reasons = [], [], []
    for n in range(1, items + 1):
        value = 150_000 * n
        duty, vat = value * 75 // 1000, (value + value * 75 // 1000) * 15 // 100
        values.append(ItemValue(item=n, customs_value_minor=value + 4200, statistical_value_minor=value + 4200))
        taxes += [
            TaxLine(
                item=n, type="D10", base_minor=value, rate="7.5", assessed_minor=duty, payable_minor=duty,
                currency="EUR", method="E", preference="100", duty="7.5%", source="Invented tariff 2026, chapter 9",
            ),
            TaxLine(
                item=n, type="V10", base_minor=value + duty, rate="15", assessed_minor=vat, payable_minor=0,
                currency="EUR", method="G", source="Invented VAT act, art. 12",
            ),
        ]  # fmt: skip
        reasons += [
            Reason(
                code="XB-V01", layer="valuation", rule="customs_value", severity="info", item=n,
                message="Freight to the place of entry is added to the price.", expected="CIF", got="FOB + 42.00 EUR",
                source="Invented customs act, art. 70",
            ),
            Reason(
                code="XB-T10", layer="revenue", rule="duty", severity="info", item=n,
                message=f"Duty is 7.5 % of the customs value of item {n}.", source="Invented tariff 2026, chapter 9",
            ),
        ]  # fmt: skip
    if channel in ("red", "yellow"):
        reasons.append(
            Reason(
                code="RISK-17", layer="risk", rule="criterion 17 v3", severity="hold", audience="officer",
                message=SECRET_REASON, expected="declared value near 9.00 a kilogram", got="3.10 a kilogram",
            )
        )  # fmt: skip
    if rejected:
        reasons += [
            Reason(
                code="XB-O01", layer="obligation", rule="net mass", item=2, pointer="42A/67A/68A[2]/23A/65A.128",
                json_pointer="/Declaration/GoodsShipment/GovernmentAgencyGoodsItem/1/Commodity/GoodsMeasure",
                message="Net mass is missing.", expected="a number of kilograms", got="nothing",
                fix="Add NetNetWeightMeasure to item 2.", source="Invented data annex, table H1",
            ),
            Reason(
                code="XB-C07", layer="code_list", rule="office", pointer="42A/15C.G015",
                message="The office is not known.", expected="an office of the list", got="XB999999 <b>",
                fix="Take the code of the office of presentation from the list of offices.",
            ),
            Reason(
                code="XB-W02", layer="relation", rule="credibility", severity="warn", pointer="42A/67A/68A[1]",
                message="Price per kilogram is unusually low.", expected="2 to 40 EUR", got="1.25 EUR",
            ),
        ]  # fmt: skip
    return Assessment(
        outcome="rejected" if rejected else "accepted", data_set="H1", movement="import", currency="EUR",
        channel=channel, reasons=tuple(reasons), values=tuple(values), taxes=() if rejected else tuple(taxes),
        profile="demo", decided_on="2026-11-20",
    )  # type: ignore[arg-type]  # fmt: skip


class World:
    """A store in memory with invented cases, and a core that records officer acts in it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock.text)
        self.register = MemoryRegister()
        self.profile = load_profile("demo")
        self.numbers = itertools.count(1)
        self.submitted: list[Command] = []
        self.refuse_with: Answer | None = None
        self.cases: dict[str, str] = {}

    def context(self, last_seq: int, **more: Any) -> Context:
        """The world at this moment."""
        return Context(
            profile=self.profile,
            now=self.clock.text(),
            new_id=lambda: f"id-{next(self.numbers):06d}",
            mrn_serial=lambda: f"{next(self.numbers):012d}",
            salt=lambda: b"invented salt 16",
            settle=payment_settler(self.profile),
            last_seq=last_seq,
            **more,
        )

    def lodge(
        self, lrn: str, channel: str | None = "green", *, organisation: str = "brise", items: int = 2,
        rejected: bool = False, keep: bool = True, minutes: int = 1, assessment: Assessment | None = None,
    ) -> str:  # fmt: skip
        """Lodge an invented declaration and return its case; `assessment` in place of the usual one."""
        self.clock.when += timedelta(minutes=minutes)
        case_id = f"case-{len(self.cases) + 1:04d}"
        declaration = declaration_of(lrn, items, net_mass=not rejected)
        assessment = assessment or assessment_of(channel, items, rejected)
        draft = Draft(self.context(0), None, "system:erp")
        raw = write(declaration)
        draft.record(
            "DeclarationSubmitted", case_id=case_id, organisation=organisation, lrn=lrn, function_code="9",
            type_code="IMA", movement="import", data_set="H1", office="XB000101", items=items,
            document=draft.store("declaration", raw, "application/xml"),
        )  # fmt: skip
        mrn = f"26XB{next(self.numbers):013d}R{len(self.cases) % 10}"
        if rejected:
            kept = draft.store("assessment", msgspec.json.encode(assessment), "application/json") if keep else None
            faults = assessment.errors
            draft.record(
                "DeclarationRejected", tell=(notice.rejected(draft.subject(mrn=mrn), faults),), mrn=mrn, version=1,
                assessment=kept, reasons=[{"code": f.code, "rule": f.rule, "layer": f.layer} for f in faults],
            )  # fmt: skip
        else:
            told = notice.accepted(draft.subject(mrn=mrn), acceptance=notice.date_time(self.clock.text()))
            draft.record("DeclarationAccepted", tell=(told,), mrn=mrn, version=1, acceptance_date="2026-11-20")
            assess(draft, assessment)
            route(draft)
            if channel in ("green", "blue", None):
                draft.record("PaymentSettled", amount_minor=0)
                draft.record("DeclarationCleared", tell=(notice.cleared(draft.subject(), checked=False),), version=1)
        self._record(draft)
        self.cases[lrn] = case_id
        return case_id

    async def submit(self, command: Command) -> Answer:
        """Decide an officer act by the real casework and record it."""
        self.submitted.append(command)
        if self.refuse_with is not None:
            return self.refuse_with
        assert isinstance(command, OfficerAct)
        found = self.store.case(command.case_id)
        assert found is not None
        row, seq = found
        self.clock.when += timedelta(minutes=7)
        decision = decide(command, case_of(row.state), self.context(seq))
        if decision.write is None:
            return decision.answer
        written = self.store.write([decision.write])[0]
        assert written.outcome == "recorded", written
        return msgspec.structs.replace(decision.answer, first_seq=written.first_seq, last_seq=written.last_seq)

    def _record(self, draft: Draft) -> tuple[int, int]:
        written = self.store.write([draft.write(Answer(outcome="done"))])[0]
        assert written.outcome == "recorded", written
        return written.first_seq, written.last_seq

    def app(self) -> Litestar:
        """The console alone, as SERVE mounts it."""
        return Litestar(
            route_handlers=console_routes(
                self.store, self, self.register, Settings(), profile=self.profile,
                now=self.clock.now, ticks=self.clock.monotonic,
            ),
            openapi_config=None,
            logging_config=None,
        )  # fmt: skip


class Forward:
    """Stands for a part of whatever world is in use now, so that one app serves many tests."""

    def __init__(self, part: Callable[[], Any]) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part(), name)


class Stage:
    """One app for many worlds: building it takes longer than a test."""

    def __init__(self) -> None:
        self.world = World()
        self._ticks = itertools.count(0, 100_000)
        self._started = 0
        self.app = Litestar(
            route_handlers=console_routes(
                Forward(lambda: self.world.store),
                Forward(lambda: self.world),
                Forward(lambda: self.world.register),
                Settings(),
                profile=self.world.profile,
                now=lambda: self.world.clock.now(),
                ticks=lambda: self._started + self.world.clock.ticks,
            ),
            openapi_config=None,
            logging_config=None,
        )

    def show(self, world: World) -> World:
        """Put another world behind the app, long after the one before."""
        self.world = world
        self._started = next(self._ticks)
        return world


def busy_world(many: int = 0) -> World:
    """Return a world with a case of every kind that the pages show, and `many` more."""
    world = World()
    world.lodge("LRN-CLEARED-01", "green")
    world.lodge("LRN-AUDITED-01", "blue", items=1)
    world.lodge("LRN-FOREIGN-01", "green", organisation="other")
    world.lodge("LRN-REJECTED-1", None, rejected=True)
    world.lodge("LRN-DOCS-01", "yellow", items=1)
    world.lodge("LRN-CONTROL-01", "red", items=3)
    for n in range(many):
        world.lodge(f"LRN-MANY-{n:04d}", ("green", "green", "yellow", "blue")[n % 4], items=1)
    return world


def make_app() -> Litestar:
    """Return an app over a busy world, for a server in a process of its own (`granian --factory`)."""
    world = busy_world(60)
    for n in range(1, 10):
        world.lodge(f"LRN-JOURNEY-{n}", "red")
    return world.app()
