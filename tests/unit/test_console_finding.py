# SPDX-License-Identifier: Apache-2.0
"""The form of a control result records what was found, for officers alone; each fault stands at its field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from console_world import Stage, World, busy_world
from litestar import Litestar
from litestar.testing import TestClient
from test_console_pages import sign_in

from openecp.border.lodgement.commands import OfficerAct
from openecp.kernel.datamodel.findings import IRREGULARITIES, ControlFinding
from openecp.platform.console import findings

CASE = "LRN-CONTROL-01"
FOUND = "A second invoice in the box of Jane Doe"


@pytest.fixture(scope="module")
def stage() -> Stage:
    """One app."""
    return Stage()


@pytest.fixture
def world(stage: Stage) -> World:
    """A declaration under control."""
    return stage.show(busy_world())


@pytest.fixture
def client(stage: Stage, world: World) -> Iterator[TestClient[Litestar]]:
    """An officer's browser."""
    with TestClient(stage.app, base_url="http://testserver.local") as browser:
        sign_in(browser, "anna")
        yield browser


def send(client: TestClient[Litestar], world: World, **fields: Any) -> Any:
    """Send the form of a control result."""
    page = f"/console/cases/{world.cases[CASE]}"
    text = client.get(page).text
    token, seq = (re.search(rf'name="{name}" value="([^"]+)"', text) for name in ("form_token", "expected_seq"))
    assert token is not None
    assert seq is not None
    form = {
        "form_token": token.group(1),
        "expected_seq": seq.group(1),
        "act": "control_result",
        "reason": "Seen.",
        **fields,
    }
    return client.post(f"{page}/acts", data=form, follow_redirects=False)


def recorded(world: World) -> ControlFinding | None:
    """Return the finding that the core was given last."""
    command = world.submitted[-1]
    assert isinstance(command, OfficerAct)
    return command.finding


def test_words_are_those_of_the_rule() -> None:
    assert set(findings.IRREGULARITY_WORDS) == set(IRREGULARITIES)
    assert set(findings.FAULT_WORDS) == set(findings.AT_FIELD)


def test_a_finding_is_recorded(client: TestClient[Litestar], world: World) -> None:
    page = client.get(f"/console/cases/{world.cases[CASE]}").text
    assert 'name="item-3"' in page
    assert "in XBM" in page
    reply = send(client, world, result="irregular", irregularity="value", recovered="1,420.50", found=FOUND,
                 **{"item-2": "1", "item-3": "1"})  # fmt: skip
    assert reply.status_code == 303
    assert recorded(world) == ControlFinding(irregularity="value", recovered_minor=142_050, items=(2, 3), found=FOUND)
    body = next(e.body for e in world.store.events(case_id=world.cases[CASE]) if e.kind == "ControlIrregular")
    assert body["officer"]["finding"]["recovered_minor"] == 142_050
    assert "Jane" not in repr(body)


def test_a_trader_sees_nothing_of_it(stage: Stage, client: TestClient[Litestar], world: World) -> None:
    send(client, world, result="irregular", irregularity="listed_party", recovered="7", found=FOUND)
    with TestClient(stage.app, base_url="http://testserver.local") as other:
        sign_in(other, "tom")
        for tab in ("", "/notifications"):
            text = other.get(f"/console/cases/{world.cases[CASE]}{tab}").text
            assert "listed_party" not in text
            assert "Jane" not in text
            assert "finding" not in text


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"result": "irregular"}, "irregularity"),
        ({"result": "irregular", "irregularity": "smell", "recovered": "5"}, "irregularity"),
        ({"result": "seized", "recovered": "5"}, "irregularity"),
        ({"result": "conform", "irregularity": "value"}, "irregularity"),
        ({"result": "conform", "recovered": "5"}, "irregularity"),
        ({"result": "irregular", "irregularity": "value", "recovered": "much"}, "recovered"),
        ({"result": "irregular", "irregularity": "value", "recovered": "-5"}, "recovered"),
        ({"result": "irregular", "irregularity": "value", "recovered": "0.001"}, "recovered"),
        ({"result": "irregular", "irregularity": "value", "recovered": "9" * 17}, "recovered"),
        ({"result": "irregular", "irregularity": "value", "item-0": "1"}, "items"),
        ({"result": "irregular", "irregularity": "value", "found": "x" * 4_001}, "found"),
    ],
)
def test_each_fault_stands_at_its_field(
    client: TestClient[Litestar], world: World, fields: dict[str, str], at: str
) -> None:
    before = len(world.submitted)
    reply = send(client, world, **fields)
    assert reply.status_code == 422
    assert f'id="control_result-{at}-error"' in reply.text
    assert "Seen." in reply.text  # what was filled in is kept
    assert len(world.submitted) == before


def test_a_result_without_finding_goes_on_as_before(client: TestClient[Litestar], world: World) -> None:
    assert send(client, world, result="detained").status_code == 303
    assert recorded(world) is None


def test_items_of_a_conform_result_are_no_finding(client: TestClient[Litestar], world: World) -> None:
    assert send(client, world, result="conform", **{"item-1": "1"}).status_code == 303
    assert recorded(world) is None


def test_a_french_amount(client: TestClient[Litestar], world: World) -> None:
    client.get("/console?lang=fr")
    assert send(client, world, result="seized", irregularity="prohibited", recovered="1 500,5").status_code == 303
    found = recorded(world)
    assert found is not None
    assert found.recovered_minor == 150_050
