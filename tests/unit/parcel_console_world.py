# SPDX-License-Identifier: Apache-2.0
"""The console over regimes and parcels in memory, for tests of pages. Everything in it is invented but the regimes."""

from __future__ import annotations

from functools import cache

from console_world import PASSWORD, PEOPLE, Clock, MemoryRegister, Settings
from litestar import Litestar
from litestar.testing import TestClient

from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.quote import Quoter
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.console.app import console_routes
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.engines.rows import RowEngine


@cache
def quoter() -> Quoter:
    """The regimes that ship."""
    return Quoter(load_regimes(), RowEngine())


class ParcelConsole:
    """The console over parcels."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock.text)
        register = MemoryRegister()
        for person in PEOPLE:
            register.people[person.principal_id] = person
        self.desk = ParcelDesk(quoter)
        pages = console_routes(
            self.store,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            register,  # type: ignore[arg-type]
            Settings(),
            parcels=self.desk,
            now=self.clock.now,
        )
        self.application = Litestar(route_handlers=pages, openapi_config=None)

    def client(self, name: str | None = None) -> TestClient[Litestar]:
        """Return a browser, signed in as somebody."""
        client = TestClient(self.application, base_url="http://testserver.local")
        if name is not None:
            token = form_token(client.get("/console/sign-in").text)
            client.post("/console/sign-in", data={"name": name, "password": PASSWORD, "form_token": token})
        return client


def form_token(html: str) -> str:
    """Return the form token of a page."""
    return html.split('name="form_token" value="')[1].split('"')[0]


def make_app() -> Litestar:
    """Return the console, for a server process of its own."""
    return ParcelConsole().application
