# SPDX-License-Identifier: Apache-2.0
"""Every route × every role × own and foreign organisation has a verdict here; a new route without one fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.api_doubles import ROLES, World, declaration, parcel, principal
from tests.parcel_world import parcel_batch, parcel_record

from openecp.border.postal.acts import AdviseDispatch, AdviseItems
from openecp.border.postal.dispatch import Dispatch
from openecp.border.postal.item import PostalItem
from openecp.kernel.journal.model import LedgerEntry
from openecp.platform.api.openapi import openapi
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.seeding import INSTALLATION, seed_register
from openecp.programme.compendia.commands import AddRecord, FreezeEdition, PublishRecord, SubmitRecord

NOT_AT_CUSTOMS = {"secretariat": 403, "delegate": 403, "partner": 403}
REVENUE = {"revenue": 200}  # reads as an auditor does
NO_REVENUE = {"revenue": 403}
ALL_READERS = {**REVENUE, "trader": 200, "officer": 200, "auditor": 200, "operator": 403, **NOT_AT_CUSTOMS, None: 401}
CASE = {**ALL_READERS, "foreign trader": 404}
OPEN = {
    **REVENUE, "trader": 200, "officer": 200, "auditor": 200, "operator": 200, "secretariat": 200, "delegate": 200,
    "partner": 200, None: 200,
}  # fmt: skip
PLANS = {**OPEN, None: 401}  # plans are read by everyone who is signed in
PLAN = {**PLANS, "foreign trader": 200}
NOBODY_ELSE = {**NO_REVENUE, "trader": 403, "officer": 403, "auditor": 403, "operator": 403, "partner": 403}
SECRETARIAT = {**NOBODY_ELSE, "secretariat": 200, "delegate": 403, None: 401}
REPORTS = {**NOBODY_ELSE, "secretariat": 200, "delegate": 200, None: 401}
POSTS = {**NO_REVENUE, "trader": 200, "officer": 403, "auditor": 403, "operator": 403, **NOT_AT_CUSTOMS, None: 401}
OFFICERS = {**POSTS, "trader": 403, "officer": 200, "foreign trader": 403}
LODGES = {**NO_REVENUE, "trader": 201, "officer": 403, "auditor": 403, "operator": 403, **NOT_AT_CUSTOMS, None: 401}

# (method, path): status by role; `foreign trader` is a trader of another organisation, None is nobody.
VERDICTS: dict[tuple[str, str], dict[str | None, int]] = {
    ("POST", "/declarations"): LODGES,
    ("POST", "/requests"): LODGES,
    ("GET", "/declarations"): ALL_READERS,
    ("GET", "/declarations/{id}"): CASE,
    ("GET", "/declarations/{id}/assessment"): {  # none here
        **CASE, "trader": 404, "officer": 404, "revenue": 404, "auditor": 404,
    },
    ("GET", "/declarations/{id}/notifications"): CASE,
    ("GET", "/declarations/{id}/receipt"): CASE,
    ("POST", "/declarations/{id}/acts"): {
        **NO_REVENUE, "trader": 403, "officer": 200, "auditor": 403, "operator": 403, "foreign trader": 403,
        **NOT_AT_CUSTOMS, None: 401,
    },
    ("GET", "/notifications"): ALL_READERS,
    ("GET", "/health"): OPEN,
    ("GET", "/metrics"): {
        **NO_REVENUE, "trader": 403, "officer": 403, "auditor": 200, "operator": 200, **NOT_AT_CUSTOMS, None: 401,
    },
    ("POST", "/quotes"): PLANS,  # a quote is for everyone who is signed in
    ("POST", "/descriptions"): PLANS,  # advice while a description is typed
    ("POST", "/parcels"): LODGES,
    ("GET", "/parcels/{posted_on}/{parcel_id}"): CASE,
    ("GET", "/parcels/{posted_on}/{parcel_id}/receipt"): CASE,
    ("POST", "/parcels/{posted_on}/{parcel_id}/acts"): {  # of a trader: to present, to answer, for its own
        **NO_REVENUE, "trader": 403, "officer": 200, "auditor": 403, "operator": 403, "foreign trader": 404,
        **NOT_AT_CUSTOMS, None: 401,
    },
    ("GET", "/plans"): PLANS,
    ("POST", "/plans"): {**SECRETARIAT, "secretariat": 422},  # the document of this test holds no plan
    ("GET", "/plans/{id}"): PLAN,
    ("GET", "/plans/{id}/actions"): PLAN,
    ("GET", "/plans/{id}/roll-up"): PLAN,
    ("GET", "/plans/{id}/changes"): PLAN,
    ("GET", "/plans/{id}/versions"): PLAN,
    ("GET", "/plans/{id}/diff"): PLAN,
    ("GET", "/plans/{id}/figures"): PLAN,
    ("POST", "/plans/{id}/figures"): {**SECRETARIAT, "foreign trader": 403},
    ("POST", "/plan-acts"): SECRETARIAT,
    ("GET", "/actions/{id}"): PLAN,
    ("GET", "/actions/{id}/history"): PLAN,
    ("POST", "/actions/{id}/updates"): {  # 8 is an action of the delegate's body
        **NOBODY_ELSE, "secretariat": 200, "delegate": 200, "foreign trader": 403, None: 401,
    },
    ("GET", "/sessions"): PLANS,
    ("GET", "/instruments"): PLANS,
    ("GET", "/bodies"): PLANS,
    ("GET", "/lineage"): PLANS,
    ("GET", "/record-types"): PLANS,
    ("GET", "/records"): PLANS,
    ("POST", "/records"): REPORTS,  # of the delegate's own body
    ("GET", "/records/{id}"): PLAN,
    ("POST", "/records/{id}/changes"): {**REPORTS, "foreign trader": 403},
    ("GET", "/records/{id}/edition"): PLAN,
    ("GET", "/records/{id}/results"): {**SECRETARIAT, "foreign trader": 403},
    ("GET", "/standards"): PLANS,
    ("POST", "/standards/{id}"): {**SECRETARIAT, "foreign trader": 403},
    ("POST", "/post/check"): PLANS,
    ("POST", "/post/items"): POSTS,
    ("POST", "/post/dispatches"): POSTS,
    ("POST", "/post/arrivals"): POSTS,
    ("POST", "/post/steps"): POSTS,
    ("GET", "/post/dispatches/{id}"): CASE,
    ("GET", "/post/items/{id}"): CASE,
    ("POST", "/post/items/{id}/revision"): OFFICERS,
    ("POST", "/post/items/{id}/decision"): OFFICERS,
    ("GET", "/post/responses"): ALL_READERS,
    ("GET", "/post/scorecard"): ALL_READERS,
    ("GET", "/collectors"): ALL_READERS,
    ("GET", "/collectors/{id}/statement"): CASE,
    ("POST", "/collectors/{id}/payments"): {**OFFICERS, "officer": 403, "revenue": 201},
    ("GET", "/collectors/reconciliation"): {**ALL_READERS, "trader": 403},
    ("GET", "/collectors/feed"): {**ALL_READERS, "trader": 403},
    ("POST", "/activities"): {  # a trader's own; a partner's of its own kind
        **NO_REVENUE, "trader": 200, "foreign trader": 404, "officer": 200, "partner": 200, "auditor": 403,
        "operator": 403,
        "secretariat": 403, "delegate": 403, None: 401,
    },
    ("GET", "/audits"): {**ALL_READERS, "trader": 403, "revenue": 403},
    ("POST", "/audits"): {**OFFICERS, "officer": 404},
    ("GET", "/audits/{id}"): {
        **ALL_READERS, "trader": 403, "foreign trader": 403, "revenue": 403, "officer": 404, "auditor": 404,
    },
    ("POST", "/audits/{id}/acts"): {**OFFICERS, "officer": 403},  # by persons alone; here it is a system
    ("GET", "/openapi.json"): OPEN,
}  # fmt: skip

OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in openapi()["paths"].items()
    for method, operation in methods.items()
]


def test_every_route_has_a_verdict_and_no_verdict_is_stale() -> None:
    assert {(method, path) for method, path, _ in OPERATIONS} == set(VERDICTS)


def test_every_route_of_the_server_is_described() -> None:
    """A handler that is added beside the table would not be in the description: that fails here."""
    routes = World().application
    litestar = World(raw=False).application
    described = {(method, path) for method, path, _ in OPERATIONS}
    found = {
        (method, route.path.replace(":str}", "}"))
        for route in litestar.routes
        for method in route.methods - {"OPTIONS"}
    }
    assert found == described
    assert routes is not None


CASES = [
    pytest.param(method, path, who, status, id=f"{method} {path} as {who}")
    for (method, path), verdicts in VERDICTS.items()
    for who, status in verdicts.items()
]


@pytest.fixture(scope="module")
def world() -> World:
    found = World()
    found.lodge(declaration("A"))
    assert found.lodge(parcel("RB123456785GB"), path="/parcels").status_code == 201
    assert seed_register(found.core, found.store, {}) > 0
    compendium = {"title": "Collected", "types": "practice", "about": "About."}
    for act in (
        AddRecord(record="compendium-api", owner="SAFE WG", values=compendium),
        SubmitRecord(record="compendium-api"),
        PublishRecord(record="compendium-api"),
        FreezeEdition(record="compendium-api"),
    ):
        (answer,) = found.core.submit_all([ProgrammeCommand(principal=INSTALLATION, act=act)])
        assert answer.outcome == "done", answer
    gift = PostalItem(s10="RB123456785GB", posted_on="2026-07-01", category="gift")
    dispatch = Dispatch(dispatch_id="D1", origin_post="GB", destination_post="XB")
    for sent in (AdviseItems(items=(gift,)), AdviseDispatch(dispatch=dispatch)):
        (answer,) = found.core.submit_all([ProgrammeCommand(principal=principal("trader", "a"), act=sent)])
        assert answer.outcome == "done", answer
    owed = LedgerEntry(
        entry_id="owed", case_id="parcels/file/1", debit="collector:post:N-a:EUR", credit="revenue:tax:EU:EUR",
        amount_minor=960, currency="EUR", reason="parcels cleared",
    )  # fmt: skip
    line = {"base": 0, "by": owed.debit, "due": "border", "item": 1, "minor": 960, "rate": 0, "type": "tax"}
    batch = parcel_batch(["P1"], records=[parcel_record("P1", amounts=[line])], ledger=(owed,))
    assert found.store.write_parcels(batch).outcome == "recorded"
    return found


BODIES: dict[str, Any] = {
    "acts": {"act": "hold", "reason": "test"},
    "updates": {"note": "test"},
    "plan-acts": {
        "act": {
            "type": "OverrideStatus",
            "action": "ECP-IV-08",
            "colour": "red",
            "reason": "test",
            "expires": "2999-01-01",
        }
    },
    "quotes": {
        "jurisdiction": "CH",
        "date": "2026-01-05",
        "basket": {"currency": "CHF", "items": [{"hs": "640319", "unit_price": "80.00"}]},
    },
    "descriptions": {"descriptions": [{"text": "gift"}]},
    "plans": {"name": "plan.txt", "content": "bm8gcGxhbg=="},
    "figures": {},
    "records": {"owner": "SAFE WG", "values": {"title": "Test"}},
    "changes": {"act": "evidence", "ref": "PC0500"},
    "{id}": {"status": "open"},  # of a standard
    "parcels": parcel("RB123456799GB"),
    "check": {"items": []},
    "items": {"items": [{"s10": "RB123456785GB", "posted_on": "2026-07-01", "category": "gift"}]},
    "dispatches": {"dispatch": {"dispatch_id": "D1", "origin_post": "GB", "destination_post": "XB"}},
    "arrivals": {"dispatch_id": "D1", "receptacles": [{"receptacle_id": "B1"}]},
    "steps": {"items": ["RB123456785GB/2026-07-01"], "step": "presented"},
    "revision": {"pieces": [{"piece": 1, "value": "2.00"}], "reason": "Opened."},
    "decision": {"decision": "examine"},
    "activities": {"activities": [{"case": "MRNA", "activity": "GATE_OUT", "occurred_at": "2026-07-01T10:00:00Z"}]},
    "audits": {"declaration": "none", "reason": "test"},
    "payments": {"amount": "1.00", "reference": "RF18"},
}
IDS = {
    "plans": "ECP-IV",
    "actions": "ECP-IV-08",
    "records": "compendium-api",
    "standards": "RKC-GA-01",
    "post": "RB123456785GB:2026-07-01",
    "collectors": "post:N-a:EUR",
}


@pytest.mark.parametrize(("method", "path", "who", "status"), CASES)
def test_verdict(world: World, method: str, path: str, who: str | None, status: int) -> None:
    token = {"foreign trader": "trader-b", "trader": "trader-a", None: None}.get(who, f"{who}-customs")
    body: Any = BODIES.get(path.rpartition("/")[2], declaration(f"L-{who}-{path[1:4]}"))
    if path == "/audits/{id}/acts":
        body = {"act": "close"}
    if path == "/records":
        body = {**body, "record": f"practice-{who}"}
    name = "D1" if path.startswith("/post/dispatches") else IDS.get(path.split("/")[1], "MRNA")
    more: dict[str, Any] = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
    if path.endswith("/payments"):
        more["headers"]["idempotency-key"] = f"payment-{who}"
    place = path.replace("{id}", name).format(posted_on="2026-07-02", parcel_id="RB123456785GB")
    reply = world.call(method, place, token=token, **(more if method == "POST" else {}))
    assert reply.status_code == status, reply.text


def test_all_roles_stand_in_every_verdict() -> None:
    for place, verdicts in VERDICTS.items():
        assert {*ROLES, None} <= set(verdicts), place
        if "{id}" in place[1]:
            assert "foreign trader" in verdicts, place


def test_every_error_of_the_description_is_a_problem() -> None:
    for method, path, operation in OPERATIONS:
        for status, reply in operation["responses"].items():
            if status >= "400" and path != "/health":
                assert "application/problem+json" in reply["content"], (method, path, status)
        assert ("401" in operation["responses"]) == bool(operation["security"]), (method, path)
