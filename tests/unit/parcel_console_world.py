# SPDX-License-Identifier: Apache-2.0
"""The console over regimes and parcels in memory, for tests of pages. Everything in it is invented but the regimes."""

from __future__ import annotations

import atexit
import itertools
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from console_world import Clock, MemoryRegister, Settings
from jinja2 import Environment
from litestar import Litestar
from litestar.testing import TestClient

from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.low_value.quote import Quoter
from openecp.border.postal.scorecard import Scorecard, ScoreFilter, ScoreRow
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.journal.bulk import ParcelRow
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.console.app import console_routes
from openecp.platform.console.language import Language
from openecp.platform.console.pages import Console
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.parcels.inbox import FileProgress, Inbox, InboxFile
from openecp.platform.console.session import SESSION_COOKIE
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.parcelwork import ParcelCasework
from openecp.platform.core.paymentwork import PaymentCasework
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.engines.rows import RowEngine


@cache
def quoter() -> Quoter:
    """The regimes that ship."""
    return Quoter(load_regimes(), RowEngine())


SUMMARY = {
    "parcels": 9_990,
    "rows": 12_345,
    "refused_rows": 12,
    "known": 3,
    "decisions": {"release": 7_000, "release_with_charges": 2_500, "full_declaration": 90, "hold": 400},
    "categories": {"1": 40, "2": 6_960, "3": 2_500, "4": 90},
    "reasons": {"OECP-LIMIT": 80, "OECP-RESTRICTED": 10, "description_vague": 390, "OECP-DUTY-RATE": 10},
    "charges": [
        {"account": "collector:seller:IM1234567890:EUR", "type": "tax", "minor": 1_234_560},
        {"account": "collector:post:XBPOST:EUR", "type": "duty", "minor": 900_000},
        {"account": "collector:post:unnamed:EUR", "type": "tax", "minor": 777},
    ],
    "refusals": [
        {"code": "OECP-CELL-DATE", "rows": 7, "fix": "Write year, month and day with hyphens."},
        {"code": "OECP-CELL-NEGATIVE", "rows": 5, "fix": "Write an amount of 0 or more."},
    ],
    "remarks": {"description_vague": 390, "value_one": 4},
    "warnings": ["columns that are not known and were not read: colour"],
    "quality": [
        {"sender": "IM1234567890", "parcels": 5_000, "flagged": 300, "held": 290},
        {"sender": "CN", "parcels": 4_000, "flagged": 100, "held": 100},
        {"sender": "", "parcels": 990, "flagged": 0, "held": 0},
    ],
    "results": ["result.csv"],
}  # fmt: skip


class FileUnusableError(ValueError):
    """As a reader of files says it."""

    where, expected, got, fix = "input.csv", "the column parcel_id", "other columns", "Add the column parcel_id."


class InventedClearing:
    """Clears nothing: tells progress, writes a result, or refuses a file that says so."""

    def __init__(self) -> None:
        self.runs = 0
        self.hold: threading.Event | None = None  # a file waits in the middle until it is set

    def __call__(
        self, file: InboxFile, path: Path, folder: Path, told: Callable[[FileProgress], None], stopped: threading.Event
    ) -> dict[str, Any]:
        """Pretend."""
        self.runs += 1
        content = path.read_bytes()
        if b"unusable" in content:
            raise FileUnusableError
        if b"broken" in content:
            raise RuntimeError("a fault that nobody foresaw")
        told(FileProgress(rows=12_345, rows_done=6_000, parcels=4_800, refused=3))
        if self.hold is not None:
            self.hold.wait(20)
        (folder / "result.csv").write_text("parcel_id,decision\n", encoding="utf-8")
        told(FileProgress(rows=12_345, rows_done=12_345, parcels=9_990, refused=12))
        return SUMMARY


AMOUNTS = [
    {"base": 3_000_000, "by": "collector:post:XBPOST:EUR", "due": "border", "item": 1, "minor": 300, "rate": 0,
     "type": "duty"},
    {"base": 21_000_000, "by": "collector:seller:IM1234567890:EUR", "due": "sale", "item": 1, "minor": 420,
     "rate": 20_000_000, "type": "tax"},
]  # fmt: skip
SECRET = "Sender is watched by the risk unit"  # an officer's words: no trader reads them


def record_of(parcel_id: str, decision: str, **more: Any) -> dict[str, Any]:
    """Return an invented record of a parcel into the EU."""
    charged = decision == "release_with_charges"
    plain: dict[str, Any] = {
        "amounts": AMOUNTS if charged else [], "category": 3 if charged else 2, "currency": "EUR",
        "date": "2026-07-02", "decision": decision, "duty": 300 if charged else 0, "id": parcel_id,
        "posted": "2026-07-01", "quality": [], "reasons": [], "regime": "EU-FLAT-2026", "row": 1,
        "tax": 420 if charged else 0, "treatment": "IOSS", "v": 1,
    }  # fmt: skip
    return plain | more


def _ledger(case_id: str, records: list[dict[str, Any]]) -> Iterator[LedgerEntry]:
    for number, amount in enumerate(one for record in records for one in record["amounts"]):
        yield LedgerEntry(
            entry_id=f"{case_id}-{number}", case_id=case_id, debit=amount["by"], currency="EUR",
            credit=f"revenue:{amount['type']}:EU:EUR", amount_minor=amount["minor"], reason="parcels cleared",
        )  # fmt: skip


class MemoryParcels(MemoryStore):
    """A store in memory that knows parcels: a batch is one event and its records."""

    def __init__(self, clock: Callable[[], str]) -> None:
        super().__init__(clock=clock)
        self.parcels: list[ParcelRow] = []

    def decide(self, organisation: str, records: list[dict[str, Any]]) -> int:
        """Record a batch of an organisation; return its event."""
        now = "2026-07-02T08:00:00.000000Z"
        name = f"parcels/file/{len(self.parcels):032x}"
        row = CaseRow(
            case_id=name, organisation=organisation, lrn="", mrn=None, status="cleared", channel=None, office=None,
            movement="import", version=1, state=b"{}", updated_at=now, room="parcels",
        )  # fmt: skip
        body = {"jurisdiction": "EU", "parcels": len(records), "root": "00" * 32, "accepted_on": "2026-07-02"}
        event = NewEvent(kind="ParcelsCleared", occurred_at=now, actor="system:erp", body=body)
        written = self.write(
            [CaseWrite(row=row, expected_seq=0, events=(event,), ledger=tuple(_ledger(name, records)))]
        )[0]
        seq = written.last_seq
        for number, record in enumerate(records):
            text = msgspec.json.encode(record, order="sorted").decode()
            self.parcels.append(
                ParcelRow(seq=seq, number=number, parcel_id=record["id"], posted_on=record["posted"], record=text)
            )
        return seq

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""
        found = [row for row in self.parcels if row.parcel_id == parcel_id and posted_on in (None, row.posted_on)]
        return sorted(found, key=lambda row: row.posted_on, reverse=True)

    def parcel_receipt(self, parcel_id: str, posted_on: str | None = None) -> dict[str, object] | None:
        """Return something like a receipt."""
        rows = self.parcel_rows(parcel_id, posted_on)
        return {"format": "openecp-parcel-receipt-1", "parcel_id": rows[0].parcel_id} if rows else None


class InventedAssessment:
    """Goods as declared, and an assessment that charges what was found at a fixed rate."""

    def declared(self, seq: int, number: int, parcel_id: str, posted_on: str) -> Parcel | None:
        """Every parcel holds two T-shirts but one whose goods were erased."""
        if parcel_id == "ERASED-1":
            return None
        shirt = ParcelItem(description="knitted jersey", hs="610910", origin="CN", quantity="2", unit_price="9.00")
        return Parcel(parcel_id=parcel_id, posted_on=posted_on, currency="EUR", items=(shirt,))

    def assess(self, goods: Parcel, *, jurisdiction: str, on: str) -> dict[str, Any]:
        """Charge."""
        return record_of(goods.parcel_id, "release_with_charges", posted=goods.posted_on)


class ParcelRegister(MemoryRegister):
    """People in memory; brise is a post that collects under a number."""

    def organisation(self, organisation_id: str) -> Organisation | None:
        """Any organisation is there."""
        numbers = ("XBPOST",) if organisation_id == "brise" else ()
        return Organisation(organisation_id=organisation_id, name=organisation_id, identifiers=numbers)


def invented_scorecard(wanted: ScoreFilter) -> list[ScoreRow]:
    """Forty days of three posts, one of which grows better."""
    card = Scorecard(wanted)
    for day in range(40):
        posted = date(2026, 10, 12) + timedelta(days=day)
        for number, post in enumerate(("CNBJSA", "XBAAAA", "")):
            for item in range(4):
                good = item > 2 - number + (day < 20)
                told = {"origin_post": post, "posted_on": posted.isoformat(), "received_on": posted.isoformat()}
                told |= {"hs6": True, "weight": True, "value": good, "compliant": good, "faultless": good}
                card.take({"told": told if item else {**told, "without_data": not post}}, posted.isoformat())
    return card.rows()


_templates: dict[str, Environment] = {}
_make_templates = Console._environment


def _shared_templates(console: Console, language: Language) -> Environment:
    """Compile the templates once for all of these consoles: it takes longer than a test."""
    if language.code not in _templates:
        _templates[language.code] = _make_templates(console, language)
    return _templates[language.code]


class ParcelConsole:
    """The console over parcels."""

    def __init__(self, folder: Path | None = None) -> None:
        self.clock = Clock()
        self.clearing = InventedClearing()
        self.folder = folder or Path(tempfile.mkdtemp(prefix="parcels-"))
        if folder is None:
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.inbox = Inbox(self.folder, self.clearing, now=self.clock.now)
        self.store = MemoryParcels(self.clock.text)
        self.casework = ParcelCasework(self.store, InventedAssessment(), clock=self.clock.text)
        self.submitted: list[ParcelAct] = []
        self.numbers = itertools.count(1)
        self.register = ParcelRegister()
        self.register.people["rita"] = Principal(
            principal_id="rita", kind="person", organisation="customs", name="Rita Holm", roles=("revenue",)
        )
        self.desk = ParcelDesk(
            quoter,
            inbox=self.inbox,
            clears=lambda: ("EU", "US"),
            source=self.store,
            declared=InventedAssessment().declared,
            scorecard=invented_scorecard,
            collectors=CollectorDesk(self.store, new_id=lambda: f"id-{next(self.numbers)}", clock=self.clock.text),
        )
        payments = PaymentCasework(self.store, new_id=lambda: f"paid-{next(self.numbers)}", clock=self.clock.text)
        nothing = NoClearance()
        programme = ProgrammeCasework(self.store, clock=self.clock.text, others=(payments,))
        self.core = InProcessCore(
            Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=programme)
        )
        with mock.patch.object(Console, "_environment", _shared_templates):
            pages = console_routes(
                self.store,  # type: ignore[arg-type]
                self,  # type: ignore[arg-type]
                self.register,  # type: ignore[arg-type]
                Settings(),
                parcels=self.desk,
                now=self.clock.now,
            )
        self.application = Litestar(route_handlers=pages, openapi_config=None)

    async def submit(self, command: ParcelAct | ProgrammeCommand) -> Answer:
        """Decide and record an act or a payment, as the core does."""
        if isinstance(command, ProgrammeCommand):
            return self.core.submit_all([command])[0]
        self.submitted.append(command)
        decided = self.casework.decide(command)
        if decided.write is not None:
            self.store.write([decided.write])
        return decided.answer

    def fill(self) -> None:
        """Record parcels of every kind, of two organisations."""
        self.store.decide(
            "brise",
            [
                record_of("RR123456785XB", "release_with_charges"),
                record_of("HOLD-1", "hold", reasons=["OECP-DUTY-RATE"], quality=["description_vague", "value_one"]),
                record_of("FULL-1", "full_declaration", category=4, reasons=["OECP-LIMIT"], regime="EU-ORDINARY"),
                record_of("FREE-1", "release"),
                record_of("ERASED-1", "release"),
            ],
        )
        self.store.decide("other", [record_of("OTHER-1", "release")])
        self.store.decide("brise", [record_of("FREE-1", "release", posted="2025-07-01")])

    def act(self, client: TestClient[Litestar], parcel_id: str, act: str, **fields: str) -> Any:
        """Do an act as the page does."""
        page = client.get(f"/console/parcels/parcel/2026-07-01/{parcel_id}").text
        seen = re.search(r'name="expected_seq" value="(\d+)"', page)
        data = {"form_token": form_token(page), "act": act, "expected_seq": seen.group(1) if seen else "0", **fields}
        return client.post(f"/console/parcels/acts/2026-07-01/{parcel_id}", data=data, follow_redirects=False)

    def revise(self, client: TestClient[Litestar]) -> None:
        """Examine the first parcel and find shoes."""
        self.act(client, "RR123456785XB", "examine", reason=SECRET)
        self.act(client, "RR123456785XB", "examined", result="not_conform", reason="Shoes")
        goods = {"rows": "1", "0.description": "rubber boots", "0.hs": "640319", "0.origin": "VN"}
        goods |= {"0.quantity": "1", "0.unit_price": "80.00"}
        self.act(
            client, "RR123456785XB", "revise", reason="Shoes, not shirts",
            **{f"goods.{name}": text for name, text in goods.items()},
        )  # fmt: skip

    def send(self, client: TestClient[Litestar], content: bytes, name: str = "day.csv", **fields: str) -> Any:
        """Send a file as the form does."""
        token = form_token(client.get("/console/parcels/files").text)
        data = {"form_token": token, "jurisdiction": "EU", **fields}
        return client.post("/console/parcels/files", data=data, files={"file": (name, content)}, follow_redirects=False)

    def client(self, name: str | None = None) -> TestClient[Litestar]:
        """Return a browser, signed in as somebody."""
        client = TestClient(self.application, base_url="http://testserver.local")
        if name is not None:
            client.cookies.set(SESSION_COOKIE, self.register.open_session(name, now=self.clock.text()))
        return client


def form_token(html: str) -> str:
    """Return the form token of a page."""
    return html.split('name="form_token" value="')[1].split('"')[0]


def make_app() -> Litestar:
    """Return the console with files in every state, for a server process of its own."""
    world = ParcelConsole()
    world.fill()
    anna = world.client("anna")
    world.revise(anna)
    world.act(anna, "HOLD-1", "query", text="What is it made of?")
    tom = world.client("tom")
    for content, name in ((b"good", "day.csv"), (b"unusable", "wrong.csv")):
        world.send(tom, content, name)
    world.inbox.work_through()
    world.clearing.hold = threading.Event()
    world.send(tom, b"slow", "slow.ndjson")
    world.send(tom, b"late", "late.parquet")
    world.inbox.start()
    return world.application
