# SPDX-License-Identifier: Apache-2.0
"""The console over records in memory, for tests of pages: people of each role, a few invented records."""

from __future__ import annotations

from datetime import UTC, datetime

from console_world import PASSWORD, PEOPLE, MemoryRegister, Settings
from litestar import Litestar
from litestar.testing import TestClient
from tests.record_world import CASE, KOFI, LENA, SENA, RecordWorld

from openecp.platform.console.app import console_routes
from openecp.programme.compendia.commands import AddRecord, SubmitRecord


class RecordConsole(RecordWorld):
    """Records, and the console over them."""

    def __init__(self) -> None:
        super().__init__()
        register = MemoryRegister()
        for person in (*PEOPLE, SENA, KOFI, LENA):
            register.people[person.principal_id] = person
        pages = console_routes(
            self.store,  # type: ignore[arg-type]
            self.core,
            register,  # type: ignore[arg-type]
            Settings(),
            book=self.book,
            now=lambda: datetime(2026, 3, 2, 12, tzinfo=UTC),
        )
        self.application = Litestar(route_handlers=pages, openapi_config=None)

    def client(self, name: str | None = None) -> TestClient[Litestar]:
        """Return a browser, signed in as somebody."""
        client = TestClient(self.application)
        if name is not None:
            client.get("/console/sign-in")
            token = form_token(client.get("/console/sign-in").text)
            client.post("/console/sign-in", data={"name": name, "password": PASSWORD, "form_token": token})
        return client

    def fill(self) -> None:
        """Records of every state, a compendium with two editions, a survey with answers."""
        self.publish(
            "practice-corridor", {**CASE, "since": "2017-03"}, owner="KE", actions=("ECP-IV-19",), bodies=("PTC",)
        )
        self.publish("practice-second", {**CASE, "title": {"en": "Second", "fr": "Deuxième"}}, owner="DE")
        self.compendium()
        self.freeze(title="First")
        self.publish("practice-corridor", {"result": "A third of the time."})
        self.freeze(title="Second")
        tokens = self.survey(members=("AA", "AB", "AC", "AD", "EA"))
        for token, use in zip(tokens[:4], "1112", strict=True):
            self.answer(token, {"use": use, "worth": "4", "words": "More."})


def form_token(html: str) -> str:
    """Return the form token of a page."""
    return html.split('name="form_token" value="')[1].split('"')[0]


def make_app() -> Litestar:
    """Return the console over filled records, for a server process of its own."""
    world = RecordConsole()
    world.fill()
    world.do(AddRecord(record="practice-waiting", owner="KE", values={**CASE, "member": "AA"}), KOFI)
    world.do(SubmitRecord(record="practice-waiting"), KOFI)
    return world.application
