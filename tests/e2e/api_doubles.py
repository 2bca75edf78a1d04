# SPDX-License-Identifier: Apache-2.0
"""The web application over a store in memory, called without a network."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from tests.unit.core_doubles import CountingAssessor, desk

from openecp.bootstrap_parcels import PostalDoor, parcel_casework, parcel_clearing, parcel_desk, regime_files
from openecp.border.lodgement.commands import Command
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.quote import Quoter
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import MemoryStore, utc_now
from openecp.kernel.parties.model import Organisation, Principal
from openecp.kernel.profile import load_profile
from openecp.platform.api.app import Api, build_litestar
from openecp.platform.api.asgi import with_raw_lodging
from openecp.platform.api.parcels import Parcels
from openecp.platform.core.audit_desk import AuditDesk
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.core.ids import Randomness
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.parcel_model import LodgeParcels, ParcelsAnswer
from openecp.platform.core.parceldesk import ParcelDesk
from openecp.platform.core.postbook import PostalBook
from openecp.platform.core.postwork import PostalRules
from openecp.platform.core.recordbook import RecordBook
from openecp.platform.core.settings import Settings
from openecp.platform.engines.rows import RowEngine
from openecp.programme.action_plan.bodies import shipped_bodies, shipped_work_programmes
from openecp.programme.action_plan.reading import PlanBook

ROLES = ("trader", "officer", "revenue", "operator", "auditor", "secretariat", "delegate", "partner")


def principal(role: str, organisation: str) -> Principal:
    """A system of an organisation with one role."""
    return Principal(
        principal_id=f"{role}-{organisation}",
        kind="system",
        organisation=organisation,
        name=f"{role} of {organisation}",
        roles=(role,),  # type: ignore[arg-type]
        bodies={"delegate": ("SAFE WG",), "partner": ("terminal",)}.get(role, ()),
    )


class FakeRegister:
    """Tokens are `<role>-<organisation>`; `fails` makes every look-up fail."""

    def __init__(self) -> None:
        self.lookups = 0
        self.fails = False

    def principal_of_token(self, token: str) -> Principal | None:
        self.lookups += 1
        if self.fails:
            raise ConnectionError("away")
        role, _, organisation = token.partition("-")
        return principal(role, organisation) if role in ROLES and organisation else None

    def organisation(self, organisation_id: str) -> Organisation | None:
        return Organisation(
            organisation_id=organisation_id, name=organisation_id, identifiers=(f"N-{organisation_id}",)
        )


class Memory(MemoryStore):
    """A store in memory that starts with empty accounts."""

    def balances(self, *, prefix: str = "") -> dict[tuple[str, str], int]:
        return {}


class LocalCore(InProcessCore):
    """A core in this process with the client's face."""

    ready = True
    parcels: ParcelDesk

    def send_parcels(self, request: LodgeParcels) -> asyncio.Future[ParcelsAnswer]:
        future: asyncio.Future[ParcelsAnswer] = asyncio.get_running_loop().create_future()
        future.set_result(self.parcels.work([request])[0])
        return future

    def send(self, command: Command) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        future.set_result(self.submit_all([command])[0])
        return future


class World:
    """An application, what is behind it, and calls to it."""

    def __init__(
        self, settings: Settings | None = None, *, raw: bool = True, desk_of: Any = None, clock: Any = utc_now
    ) -> None:
        self.store = Memory()
        self.assessor = CountingAssessor()
        self.register = FakeRegister()
        self.settings = settings or Settings()
        work = desk_of(self.store) if desk_of is not None else desk(self.store, assessor=self.assessor)
        self.core = LocalCore(work, self.settings)
        self.clearing = parcel_clearing(self.store, load_profile("demo"), clock=clock)
        self.core.parcels = parcel_desk(self.store, self.clearing, self.settings)
        work._parcels = parcel_casework(self.store, self.clearing)
        self.plans = PlanBook(
            self.store, clock=utc_now, bodies=shipped_bodies(), work_programmes=shipped_work_programmes()
        )
        self.api = Api(
            settings=self.settings,
            core=self.core,  # type: ignore[arg-type]
            queries=self.store,  # type: ignore[arg-type]
            register=self.register,  # type: ignore[arg-type]
            plans=self.plans,
            records=RecordBook(self.store),
            collectors=CollectorDesk(self.store, new_id=lambda: Randomness().uuid7()),  # type: ignore[arg-type]
            quoter=lambda: Quoter(load_regimes(), RowEngine()),
            parcels=Parcels(
                self.core,  # type: ignore[arg-type]
                self.store,
                files=regime_files(),
                jurisdiction="EU",
                postal=PostalDoor(),
            ),
            post=(PostalBook(self.store), PostalRules),
            audits=AuditDesk(self.store),  # type: ignore[arg-type]
        )
        litestar = build_litestar(self.api)
        self.application: Any = with_raw_lodging(self.api, litestar) if raw else litestar

    def call(self, method: str, path: str, *, token: str | None = "trader-a", **more: Any) -> httpx.Response:
        """Call the application once."""

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.application, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                headers = dict(more.pop("headers", {}))
                if token is not None:
                    headers["authorization"] = f"Bearer {token}"
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(once())

    def lodge(self, body: Any, *, token: str | None = "trader-a", path: str = "/declarations", **headers: str) -> Any:
        """Lodge JSON (or bytes as they are)."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(
            "POST", path, token=token, content=content, headers={"content-type": "application/json"} | named
        )


def declaration(lrn: str, **more: Any) -> dict[str, Any]:
    """The least that reads as a declaration."""
    return {"FunctionCode": "9", "FunctionalReferenceID": lrn, "TypeCode": "IMA", **more}


def parcel(identifier: str, **more: Any) -> dict[str, Any]:
    """A cotton T-shirt under IOSS."""
    item = {"description": "cotton T-shirt", "hs": "610910", "origin": "CN", "unit_price": "18.00", "tax_rate": "0.20"}
    return {
        "parcel_id": identifier, "posted_on": "2026-07-02", "currency": "EUR", "dispatch_country": "CN",
        "carrier": "POST-1", "scheme": "IOSS", "scheme_id": "IM1234567890", "items": [item], **more,
    }  # fmt: skip
