# SPDX-License-Identifier: Apache-2.0
"""What a study recommends becomes proposals to a plan; a person takes them up or declines them, once."""

from __future__ import annotations

import re

import msgspec
import pytest
from litestar.testing import TestClient
from plan_world import PlanWorld
from test_console_pages import page, sign_in, token_of
from tests.register_world import DELEGATE, RegisterWorld, small_plan

from openecp.border.time_release.report.recommended import Recommendation, proposals
from openecp.programme.action_plan.commands import DecideProposal, NewProposal, ProposeActions, TakePlan
from openecp.programme.action_plan.deciding import Refused
from openecp.programme.action_plan.proposals import proposals_of

MADE = (
    Recommendation(
        action_en="Shorten the wait for inspection", action_fr="Raccourcir l'attente de la visite", owner="CUSTOMS",
        due="2020-12-31", expected_hours=1200, stage="inspect", segment="office", value="XB000101", cases=340,
    ),
    Recommendation(
        action_en="Agree on a time for the agency", action_fr="Convenir d'un délai de l'autorité", owner="AGENCY:VET",
        due="2020-12-31", expected_hours=300, stage="agency", segment="", value="", cases=55,
    ),
)  # fmt: skip
FILE = msgspec.json.encode(proposals(MADE, "Week 27", "TEST"))
PROPOSE = ProposeActions(plan="TEST", proposals=proposals_of(FILE, "proposals.json"))
HERE = "/console/plans/TEST/proposals"


@pytest.fixture
def world() -> RegisterWorld:
    found = RegisterWorld()
    found.do(TakePlan(document=small_plan()))
    return found


def test_recommendations_become_events_with_owner_and_hours(world: RegisterWorld) -> None:
    answer = world.do(PROPOSE)
    assert (answer.outcome, answer.status) == ("done", "2 proposed")
    assert [event.kind for event in world.store.events(case_id="plan/TEST")][-2:] == ["ActionProposed"] * 2
    first, second = world.book.proposals("TEST")
    assert (first.id, first.owner, first.expected_hours, first.due, first.state) == (
        "P1", "CUSTOMS", 1200, "2020-12-31", "open",
    )  # fmt: skip
    assert first.source == {
        "study": "Week 27", "stage": "inspect", "segment": "office", "value": "XB000101", "cases": "340",
    }  # fmt: skip
    assert second.titles["fr"] == "Convenir d'un délai de l'autorité"
    assert world.do(PROPOSE).outcome == "repeated"
    assert len(world.book.proposals("TEST")) == 2
    assert world.book.history("TEST")[-1].fields[0].after == "Agree on a time for the agency"


def test_taken_up_it_is_a_milestone_and_decided_once(world: RegisterWorld) -> None:
    world.do(PROPOSE)
    assert world.do(DecideProposal(plan="TEST", proposal="P1", action="TEST-01", reason="Fits.")).status == "taken_up"
    assert world.do(DecideProposal(plan="TEST", proposal="P2", reason="The agency has begun.")).status == "declined"
    taken, declined = world.book.proposals("TEST")
    assert (taken.state, taken.action, declined.state, declined.reason) == (
        "taken_up", "TEST-01", "declined", "The agency has begun.",
    )  # fmt: skip
    (milestone,) = world.book.action("TEST-01").milestones
    assert (milestone.title, milestone.due) == ("P1: Shorten the wait for inspection", "2020-12-31")
    again = DecideProposal(plan="TEST", proposal="P1", reason="Once more.")
    assert world.refused(again) == "OECP-PLAN-DECIDED"


def test_what_cannot_be_proposed_or_decided_is_refused(world: RegisterWorld) -> None:
    assert world.refused(PROPOSE, DELEGATE) == "OECP-PLAN-ROLE"
    assert world.refused(msgspec.structs.replace(PROPOSE, plan="NONE")) == "OECP-PLAN-UNKNOWN"
    assert world.refused(ProposeActions(plan="TEST", proposals=())) == "OECP-PLAN-PROPOSALS"
    for bad in (
        NewProposal(titles={}, owner="CUSTOMS"),
        NewProposal(titles={"en": "Do"}, owner=""),
        NewProposal(titles={"en": "Do"}, owner="CUSTOMS", due="soon"),
        NewProposal(titles={"en": "Do"}, owner="CUSTOMS", expected_hours=-1),
    ):
        assert world.refused(ProposeActions(plan="TEST", proposals=(bad,))).startswith("OECP-PLAN-")
    world.do(PROPOSE)
    for act in (
        DecideProposal(plan="TEST", proposal="P9", reason="None such."),
        DecideProposal(plan="TEST", proposal="P1", action="OTHER-01", reason="Not of this plan."),
        DecideProposal(plan="TEST", proposal="P1", action="TEST-99", reason="Not there."),
        DecideProposal(plan="TEST", proposal="P1", reason=""),
    ):
        world.refused(act)


def test_a_file_that_holds_none_is_named() -> None:
    with pytest.raises(Refused) as caught:
        proposals_of(b'{"a": 1}', "x.json")
    assert (caught.value.where, bool(caught.value.fix)) == ("x.json", True)


def test_the_page_shows_and_decides() -> None:
    world = PlanWorld()
    world.act(TakePlan(document=small_plan()))
    with TestClient(world.app(), base_url="http://testserver.local") as client:
        sign_in(client, "sena")
        assert "Nothing was proposed yet" in page(client, HERE)
        world.act(PROPOSE)
        html = page(client, HERE)
        assert "Shorten the wait for inspection" in html
        assert "1,500 hours" in html
        assert "Other agency VET" in html or "other agency VET" in html
        fields = {"form_token": token_of(html), "proposal": "P1", "decision": "take", "action": "", "reason": ""}
        refused = client.post(HERE, data=fields)
        assert refused.status_code == 422
        assert {"P1-action-error", "P1-reason-error"} <= set(re.findall(r'id="([\w-]+-error)"', refused.text))
        done = client.post(HERE, data={**fields, "action": "TEST-01", "reason": "Fits."}, follow_redirects=False)
        assert (done.status_code, done.headers["location"]) == (303, f"{HERE}#P1")
        client.post(HERE, data={**fields, "proposal": "P2", "decision": "decline", "reason": "Not now."})
        assert [one.state for one in world.plans.proposals("TEST")] == ["taken_up", "declined"]
        french = page(client, f"{HERE}?lang=fr")
        assert "Not now." in french
    with TestClient(world.app(), base_url="http://testserver.local") as client:
        sign_in(client, "delia")
        assert 'name="decision"' not in page(client, HERE)
        assert client.post(HERE, data=fields).status_code == 403
