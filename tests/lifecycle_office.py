# SPDX-License-Identifier: Apache-2.0
"""A small office for tests of the lifecycle: counters for clocks and ids, a store in memory, a made-up profile."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import msgspec

from openecp.border.lodgement.case import DeclarationCase, case_of
from openecp.border.lodgement.commands import Command, DeadlinePassed, Lodge, OfficerAct
from openecp.border.lodgement.context import Context, plus_days
from openecp.border.lodgement.decide import decide, to_assess
from openecp.border.lodgement.fold import fold
from openecp.border.lodgement.mrn import serial_text
from openecp.border.revenue.payment import payment_settler
from openecp.kernel.assessment.reasons import Assessment, Reason, TaxLine
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import decode_message, encode_json, message_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.ledger.settlement import Funds
from openecp.kernel.parties.model import Principal

TRADER = Principal(principal_id="t1", kind="system", organisation="org-trader", name="ERP", roles=("trader",))
OTHER = Principal(principal_id="t2", kind="system", organisation="org-other", name="ERP", roles=("trader",))
OFFICER = Principal(
    principal_id="o1", kind="person", organisation="customs", name="Officer", roles=("officer",), office="XB000001"
)

TABLES: dict[str, list[dict[str, str]]] = {
    "type_codes": [
        {"type_code": "IMA", "movement": "import", "prelodged": "no", "becomes": ""},
        {"type_code": "IMD", "movement": "import", "prelodged": "yes", "becomes": "IMA"},
        {"type_code": "EXA", "movement": "export", "prelodged": "no", "becomes": ""},
        {"type_code": "EXD", "movement": "export", "prelodged": "yes", "becomes": "EXA"},
    ],
    "payment_methods": [
        {"code": "A", "kind": "immediate"},
        {"code": "E", "kind": "deferred"},
        {"code": "G", "kind": "postponed"},
        {"code": "P", "kind": "account"},
        {"code": "R", "kind": "secured"},
    ],
}


class FakeProfile:
    """Settings and tables of an administration that exists in tests only."""

    def __init__(self, **settings: Any) -> None:
        self.settings: dict[str, Any] = {"name": "test", "country": "XB", "currency": "XBM", **settings}

    def table(self, name: str) -> list[dict[str, str]]:
        return TABLES.get(name, [])


def line(item: int = 1, type: str = "A00", payable: int = 2000, method: str | None = "E", **more: Any) -> TaxLine:
    """A tax line at 2 %."""
    values: dict[str, Any] = {
        "base_minor": payable * 50,
        "rate": "2",
        "assessed_minor": payable,
        "payable_minor": payable,
        "currency": "XBM",
        "preference": "100",
    }
    return TaxLine(item=item, type=type, method=method, **(values | more))


def assessed(*lines: TaxLine, channel: str = "green", **more: Any) -> Assessment:
    """An accepted assessment with these lines."""
    values: dict[str, Any] = {"data_set": "H1", "movement": "import", "currency": "XBM", "decided_on": "2026-05-04"}
    return Assessment(outcome="accepted", channel=channel, taxes=lines, **(values | more))  # type: ignore[arg-type]


def refused(*reasons: Reason) -> Assessment:
    """A rejected assessment."""
    return Assessment(
        outcome="rejected", data_set="H1", movement="import", currency="XBM", reasons=reasons, decided_on="2026-05-04"
    )


def fault(code: str = "XB-001", pointer: str | None = "42A/67A/68A[1]/23A/65A.128", **more: Any) -> Reason:
    """A fault that a trader may read."""
    values: dict[str, Any] = {"layer": "obligation", "rule": "net_mass", "message": "Net mass is missing."}
    return Reason(code=code, pointer=pointer, **(values | more))


class Office:
    """Lodges, acts and lets time pass; every decision is recorded in the store, and the replay is compared."""

    def __init__(self, *, funds: dict[str, Funds] | None = None, **settings: Any) -> None:
        self.profile = FakeProfile(**settings)
        self.now = "2026-05-04T08:00:00.000000Z"
        self.store = MemoryStore(clock=lambda: self.now)
        self.numbers = itertools.count(1)
        self.funds = funds or {}
        self.settle = payment_settler(self.profile)
        self.told: list[tuple[str, str]] = []  # code (with status) and version of all notifications
        self.last = ""

    def pass_days(self, days: float) -> None:
        self.now = plus_days(self.now, days)

    def case(self, case_id: str | None = None) -> DeclarationCase:
        found = self.store.case(case_id or self.last)
        assert found is not None
        return case_of(found[0].state)

    def lodge(self, declaration: Declaration, assessment: Assessment | None = None, **more: Any) -> Answer:
        raw = encode_json(message_of(declaration))
        values: dict[str, Any] = {"principal": TRADER, "body_hash": hashlib.sha256(raw).digest()} | more
        return self.give(Lodge(declaration=declaration, raw=raw, media_type="application/json", **values), assessment)

    def act(self, act: str, result: str | None = None, assessment: Assessment | None = None, **more: Any) -> Answer:
        values: dict[str, Any] = {"principal": OFFICER, "reason": "as found", "case_id": self.last} | more
        return self.give(OfficerAct(act=act, result=result, **values), assessment)  # type: ignore[arg-type]

    def clock(self, act: str, assessment: Assessment | None = None) -> Answer:
        return self.give(DeadlinePassed(case_id=self.last, act=act), assessment)

    def give(self, command: Command, assessment: Assessment | None) -> Answer:
        case, seq = self._load(command)
        documents = self._documents(case)
        declaration = documents.get(case.document_id) if case is not None else None
        request = documents.get(case.open_request.document_id) if case is not None and case.open_request else None
        wanted = to_assess(command, case, declaration, request)
        context = Context(
            profile=self.profile,
            now=self.now,
            new_id=lambda: f"{next(self.numbers):032x}",
            mrn_serial=lambda: serial_text(next(self.numbers)),
            salt=lambda: bytes(16),
            settle=self.settle,
            assessment=assessment if wanted is not None else None,
            declaration=declaration,
            requests=documents,
            funds=self.funds,
            last_seq=seq,
        )
        decision = decide(command, case, context)
        if decision.write is not None:
            [written] = self.store.write([decision.write])
            assert written.outcome == "recorded", written
            self.last = decision.write.row.case_id
            events = self.store.events(case_id=self.last)
            replayed = fold(events)
            assert replayed.state_bytes() == decision.write.row.state
            assert replayed.status == decision.write.row.status
            for response in decision.answer.notifications:
                code = response.function_code or ""
                status = f"/{response.status[0].name_code}" if response.status and code in ("11", "13") else ""
                assert response.declaration is not None
                self.told.append((code + status, response.declaration.version_id or ""))
        return decision.answer

    def _load(self, command: Command) -> tuple[DeclarationCase | None, int]:
        if isinstance(command, Lodge):
            if command.declaration.function_code != "13":
                return None, 0
            row = self.store.find_case(mrn=command.declaration.id)
            if row is None:
                return None, 0
            case_id = row.case_id
        else:
            case_id = command.case_id
        found = self.store.case(case_id)
        return (case_of(found[0].state), found[1]) if found is not None else (None, 0)

    def _documents(self, case: DeclarationCase | None) -> dict[str, Declaration]:
        found: dict[str, Declaration] = {}
        if case is None:
            return found
        for document in self.store.documents_of(case.case_id):
            if document.kind in ("declaration", "request", "arrival"):
                message = decode_message(document.content)
                assert message.declaration is not None
                found[document.document_id] = message.declaration
        return found


def declaration(lrn: str = "LRN-1", type_code: str = "IMA", **more: Any) -> Declaration:
    """A small declaration with two items."""
    tree = {
        "FunctionCode": "9",
        "FunctionalReferenceID": lrn,
        "TypeCode": type_code,
        "GoodsItemQuantity": {"value": "2"},
        "TotalPackageQuantity": {"value": "15"},
        "InvoiceAmount": {"value": "1100", "currencyID": "XBM"},
        "Declarant": {"ID": "XB-DECLARANT-7"},
        "AdditionalDocument": [{"CategoryCode": "1", "TypeCode": "DAN", "ID": "DAN-4711"}],
        "ObligationGuarantee": [{"ReferenceID": "GRN-0815"}],
        "GoodsShipment": {
            "Consignment": {"GoodsLocation": {"Name": "PORT", "TypeCode": "A"}},
            "GovernmentAgencyGoodsItem": [
                {
                    "SequenceNumeric": "1",
                    "Commodity": {
                        "Description": "Goods of Jane Doe",
                        "GoodsMeasure": {"NetNetWeightMeasure": {"value": "100"}},
                        "InvoiceLine": {"ItemChargeAmount": {"value": "1000", "currencyID": "XBM"}},
                    },
                    "AdditionalDocument": [
                        {"CategoryCode": "N", "TypeCode": "935", "ID": "INV-1"},
                        {"CategoryCode": "9", "TypeCode": "100", "ID": "LIC-1", "LPCOExemptionCode": "ES"},
                    ],
                },
                {
                    "SequenceNumeric": "2",
                    "Commodity": {"InvoiceLine": {"ItemChargeAmount": {"value": "100", "currencyID": "XBM"}}},
                },
            ],
        },
    } | more
    return msgspec.convert(tree, Declaration)


def request(mrn: str, kind: str, lrn: str = "REQ-1", **more: Any) -> Declaration:
    """A request about a declaration."""
    tree = {"FunctionCode": "13", "FunctionalReferenceID": lrn, "ID": mrn, "TypeCode": kind} | more
    return msgspec.convert(tree, Declaration)


def pointer(text: str) -> list[dict[str, str]]:
    """Pointer steps as a request writes them, from `42A/67A[1]/68A[2].108`."""
    path, _, tag = text.partition(".")
    steps = []
    for part in path.split("/"):
        section, _, number = part.partition("[")
        steps.append({"DocumentSectionCode": section} | ({"SequenceNumeric": number.rstrip("]")} if number else {}))
    if tag:
        steps[-1]["TagID"] = tag
    return steps
