# SPDX-License-Identifier: Apache-2.0
"""The console over a month of invented consignments in memory, for tests of the pages of release times."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from console_world import PASSWORD, PEOPLE, Clock, MemoryRegister, Settings
from litestar import Litestar
from litestar.testing import TestClient

from openecp.border.time_release.calendars import read_hours
from openecp.border.time_release.live import Alarm, LiveTimes
from openecp.border.time_release.recording import RecordActivity, Recorder, checked, record, stream_of
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.kernel.profile import load_profile
from openecp.platform.console.app import console_routes
from openecp.platform.console.times.desk import StudyFace, TimesDesk
from openecp.platform.core.release_times import LiveTail
from openecp.platform.core.times_view import TimesView

OFFICES = ("XB000101", "XB000201")
CHANNELS = ("green", "yellow", "red")
HOURS = [
    {"office": "*", "zone": "UTC", "day": day, "opens": "08:00", "closes": "18:00"}
    for day in ("mon", "tue", "wed", "thu", "fri")
]
STUDY = StudyFace(
    study_id="week-47", name="Week 47", state="frozen", purpose="Its purpose", created_at="2026-11-19T10:00:00Z",
    clocks=("arrival_release",), segments=("office", "channel"), source="journal, to event 900", k=5, digest="ab" * 32,
    files=("report.html",),
)  # fmt: skip
DRAFT = StudyFace(study_id="plan", name="Plan for May", state="draft")


class TimesStore(MemoryStore):
    """A journal in memory with pseudonyms and a size."""

    def size(self) -> int:
        """Return how many events there are."""
        return len(self.events(limit=10_000_000))

    def pseudonym(self, purpose: str, name: str) -> str:
        """Return a name that is none."""
        return f"operator-{len(name)}"


class InventedStudies:
    """Two studies, one with a report."""

    def __init__(self, folder: Path) -> None:
        self.report = folder / "report.html"
        self.report.write_text("<p>invented report</p>", encoding="utf-8")

    def listed(self) -> list[StudyFace]:
        """Return both."""
        return [STUDY, DRAFT]

    def figures(self, study_id: str) -> None:
        """None was run."""

    def proposals(self, study_id: str) -> list[dict[str, object]]:
        """None was made."""
        return []

    def rounds(self) -> tuple[()]:
        """None are kept."""
        return ()

    def tables(self, study_id: str) -> None:
        """None was written."""

    def path(self, study_id: str, name: str) -> Path | None:
        """Return the report."""
        return self.report if (study_id, name) == ("week-47", "report.html") else None


class TimesConsole:
    """The console over release times."""

    def __init__(self, *, calendars: bool = True) -> None:
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp(prefix="times-"))
        self.store = TimesStore(clock=self.clock.text)
        alarm = Alarm("XB000201", "from=INSPECT_CALLED,to=INSPECT_END", "CUSTOMS", "2026-11-12", 3 * 3_600_000_000)
        self.tail = LiveTail(
            self.store, LiveTimes(alarms=lambda today: [alarm]), now=self.clock.now
        )  # fmt: skip
        view = TimesView(self.store, self.folder / "events", calendars=read_hours(HOURS) if calendars else None)
        self.desk = TimesDesk(self.tail, view, InventedStudies(self.folder))
        register = MemoryRegister()
        for person in PEOPLE:
            register.people[person.principal_id] = person
        pages = console_routes(
            self.store,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            register,  # type: ignore[arg-type]
            Settings(),
            profile=load_profile("demo"),
            times=self.desk,
            now=self.clock.now,
        )
        self.application = Litestar(route_handlers=pages, openapi_config=None)

    def happen(
        self, case_id: str, told: list[tuple[str, datetime, dict[str, object]]], organisation: str = "brise"
    ) -> None:
        """Record events of one case."""
        found = self.store.case(case_id)
        row = CaseRow(
            case_id=case_id, organisation=organisation, lrn=f"LRN-{case_id}", mrn=None, status="accepted", channel=None,
            office=None, movement="import", version=(found[0].version if found else 0) + 1, state=b"{}",
            updated_at=self.clock.text(),
        )  # fmt: skip
        events = tuple(
            NewEvent(kind=kind, occurred_at=f"{at:%Y-%m-%dT%H:%M:%S.%fZ}", actor="person:anna-the-officer", body=body)
            for kind, at, body in told
        )
        self.store.write([CaseWrite(row=row, expected_seq=found[1] if found else 0, events=events)])

    def record(self, case_id: str, activity: str, at: datetime) -> None:
        """Record what a port tells."""
        case = self.store.case(case_id)
        assert case is not None
        act = RecordActivity(case=case_id, activity=activity, occurred_at=at.isoformat(), source="port")
        stream = self.store.case(stream_of(case_id))
        port = Recorder("system:port", "port", ("terminal",))
        told = checked(act, port, now=self.clock.text())
        self.store.write([record([told], case[0], stream, actor=port.actor, now=self.clock.text())])

    def fill(self, cases: int = 160, seed: int = 5) -> None:
        """Invent a month of consignments; the red ones of one office are slow, some are still open."""
        rng = random.Random(seed)
        for number in range(cases):
            at = self.clock.now() - timedelta(hours=rng.random() * 24 * 36)
            office, channel = OFFICES[number % 2], rng.choices(CHANNELS, (70, 20, 10))[0]
            if number == 7:
                channel = "orange"  # a cell of one case
            name = f"case-{number:04}"
            told: list[tuple[str, datetime, dict[str, object]]] = []

            def then(
                kind: str,
                hours: float,
                told: list[tuple[str, datetime, dict[str, object]]] = told,
                at: datetime = at,
                **body: object,
            ) -> None:
                when = (told[-1][1] if told else at) + timedelta(hours=hours)
                told.append((kind, when, body))

            then("GoodsPresented", 0, office=office)
            then("DeclarationSubmitted", rng.expovariate(1 / 9), office=office, movement="import", organisation="brise")
            then("DeclarationAccepted", 0.1)
            then("DeclarationAssessed", 0.02, officer={"channel": channel})
            if channel != "green":
                then("DocumentsRequired", rng.expovariate(1 / 2))
                then("DocumentsVerified", rng.expovariate(1 / 14))
            if channel == "red":
                then("ControlOrdered", 1)
                then("ControlConform", rng.expovariate(1 / (20 if office == OFFICES[1] else 6)))
            then("PaymentSettled", rng.expovariate(1 / 3))
            then("GoodsReleased", rng.expovariate(1 / 2))
            told = [each for each in told if each[1] <= self.clock.now()]
            self.happen(name, told)
            if told[-1][0] == "GoodsReleased" and number % 3 == 0:
                gate = told[-1][1] + timedelta(hours=5)
                if gate <= self.clock.now():
                    self.record(name, "GATE_OUT", gate)
        self.tail.catch_up()

    async def submit(self, command: object) -> object:
        """No page of these gives a command."""
        raise AssertionError(command)

    def client(self, name: str | None = None) -> TestClient[Litestar]:
        """Return a browser, signed in as somebody."""
        client = TestClient(self.application, base_url="http://testserver.local")
        if name is not None:
            token = client.get("/console/sign-in").text.split('name="form_token" value="')[1].split('"')[0]
            client.post("/console/sign-in", data={"name": name, "password": PASSWORD, "form_token": token})
        return client


def make_app() -> Litestar:
    """Return the console with a month of consignments, for a server process of its own."""
    world = TimesConsole()
    world.fill(400)
    return world.application
