# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 - fixtures are asked for by their names
"""Forms of the pages of action plans over HTTP: who may change what, and where it is said what is wrong.

Method: as in test_plan_pages.py, each test over a register of its own.
"""

from __future__ import annotations

import re

import pytest
from litestar.testing import TestClient
from plan_world import PlanWorld
from test_console_pages import page, sign_in, token_of
from test_plan_pages import (  # noqa: F401 - fixtures are used by their names
    PLAN,
    browser,
    client,
    csv_rows,
    quiet,
    sena,
    send,
    stage,
    world,
)

from openecp.programme.action_plan.commands import UpdateAction

OWN_PLAN = """No.,Section,Action,Responsible body,Work programme,Timeframe
1,1. Ports,Weekly meeting of port agencies,PTC,,Continuous activity
2,1. Ports,Tariff of port fees published,PTC,PTC Work Programme,June 2027
3,2. Borders,Opening hours aligned with the neighbour,Ministry of nowhere,,in good time
"""


class TestReporting:
    """Forms of the action page."""

    def test_progress(self, sena: TestClient, world: PlanWorld) -> None:
        """Three fields, one page further: the update, its evidence, its history and its receipt."""
        where = "/console/actions/ECP-IV-09"
        fields = {"status": "delivered", "note": "Adopted <b>by</b> the Council.", "evidence": "SC0190E1a"}
        after = send(sena, f"{where}/update", where, **fields)
        html = page(sena, after)
        assert "Recorded:" in html
        assert "Adopted &lt;b&gt;by&lt;/b&gt; the Council." in html
        action = world.plans.action("ECP-IV-09")
        assert action.lifecycle == "delivered"
        assert action.assessment.colour == "green"
        assert [each.ref for each in action.evidence] == ["SC0190E1a"]
        receipt = re.search(r'href="(/console/actions/ECP-IV-09/receipts/\d+)"', html)
        assert receipt
        assert "leaf" in page(sena, receipt[1])
        assert sena.get(f"{receipt[1]}/file").status_code == 200

    def test_faults_stand_at_their_field(self, sena: TestClient, world: PlanWorld) -> None:
        """Nothing, delivered without evidence, suspended without reason: said at the field, what was typed is kept."""
        where = "/console/actions/ECP-IV-09"
        html = send(sena, f"{where}/update", where, 422)
        assert 'id="update-note-error"' in html
        html = send(sena, f"{where}/update", where, 409, status="delivered", note="Typed before")
        assert "Give the number or address of a document that shows it" in html
        assert 'id="update-evidence-error"' in html
        assert 'aria-describedby="update-evidence-hint update-evidence-error" aria-invalid="true"' in html
        assert ">Typed before</textarea>" in html
        assert 'value="delivered" selected' in html
        html = send(sena, f"{where}/update", where, 422, status="suspended")
        assert 'id="update-note-error"' in html
        html = send(sena, f"{where}/update", where, 422, note="x" * 5000, evidence="x" * 600, status="merged")
        assert {"update-note-error", "update-evidence-error", "update-status-error"} <= set(
            re.findall(r'id="([\w-]+-error)"', html)
        )
        assert world.plans.action("ECP-IV-09").lifecycle == "in_progress"

    def test_delegates_report_for_their_body(self, client: TestClient, world: PlanWorld) -> None:
        """A delegate reports on the actions of its body, and on no other; it sets no status of its own."""
        sign_in(client, "delia")
        where = "/console/actions/ECP-IV-09"
        assert "override" not in page(client, where)
        assert "done=" in send(client, f"{where}/update", where, note="A workshop was held.")
        other = "/console/actions/ECP-IV-01"
        assert "Report progress" not in page(client, other)
        send(client, f"{other}/update", where, 403, note="Not mine")
        send(client, f"{where}/override", where, 403, colour="green", reason="I think so", expires="2020-12-31")
        assert world.plans.action("ECP-IV-01").updates[-1].note != "Not mine"

    @pytest.mark.parametrize("name", ["anna", "tom", "olive", "oscar"])
    def test_others_only_read(self, client: TestClient, world: PlanWorld, name: str) -> None:
        """No form, and no way around it."""
        sign_in(client, name)
        where = "/console/actions/ECP-IV-09"
        assert "update-note" not in page(client, where)
        before = world.plans.position()
        for path, fields in (
            (f"{where}/update", {"note": "x"}),
            (f"{where}/override", {"colour": "green", "reason": "because", "expires": "2021-01-01"}),
            ("/console/sessions", {"session": "PTC/226", "body": "PTC"}),
            ("/console/decisions", {"session": "PTC/223", "text": "So be it"}),
            (f"{PLAN}/lineage", {"from": "ECP-III-01", "to": "ECP-IV-18", "state": "rejected"}),
            ("/console/plan-import/accept", {"sha256": "0" * 64}),
        ):
            send(client, path, where, 403, **fields)
        page(client, "/console/plan-import", 403)
        assert world.plans.position() == before

    def test_form_token(self, sena: TestClient, world: PlanWorld) -> None:
        """A form that was not sent from our page changes nothing."""
        before = world.plans.position()
        for path in (
            "/console/actions/ECP-IV-09/update", "/console/actions/ECP-IV-09/override", "/console/sessions",
            "/console/decisions", f"{PLAN}/lineage", "/console/plan-import", "/console/plan-import/accept",
        ):  # fmt: skip
            fields = {"form_token": "0" * 64, "note": "x", "session": "PTC/223", "text": "So be it"}
            assert sena.post(path, data=fields).status_code in (403, 409), path
        assert world.plans.position() == before

    def test_formulas(self, sena: TestClient, world: PlanWorld) -> None:
        """A cell of a CSV file is never a formula."""
        world.act(UpdateAction(action="ECP-IV-40", status="in_progress", note="=1+1"))
        text = sena.get(f"{PLAN}/actions.csv").text
        assert not re.search(r'(^|,)"?[=+@]', text, re.MULTILINE)

    def test_override(self, sena: TestClient, world: PlanWorld) -> None:
        """A person's own status stands beside the computed one, with reason and end, and can be lifted."""
        where = "/console/actions/ECP-IV-01"
        html = send(sena, f"{where}/override", where, 422, colour="green", expires="2020-07-10")
        assert {"override-reason-error", "override-expires-error"} <= set(re.findall(r'id="([\w-]+-error)"', html))
        send(sena, f"{where}/override", where, colour="green", reason="The study is in print.", expires="2020-09-30")
        html = page(sena, where)
        assert "The study is in print." in html
        assert "Was due on 30 June 2020" in html
        assert world.plans.action("ECP-IV-01").shown == "green"
        assert world.plans.action("ECP-IV-01").assessment.colour == "red"
        send(sena, f"{where}/override", where, colour="none", reason="It was not.")
        assert world.plans.action("ECP-IV-01").override is None


class TestSessions:
    """Sessions and decisions."""

    def test_announce_and_decide(self, sena: TestClient, world: PlanWorld) -> None:
        """A decision changes actions, each change names it, and the session's page tells what it changed."""
        fields = {"session": "SAFE-WG/24", "body": "SAFE WG", "starts": "2020-07-06", "ends": "2020-07-08"}
        agenda = "1. Adoption of the agenda\n2) Progress of ECP-IV-20 and ECP-IV-26"
        where = send(sena, "/console/sessions", "/console/sessions", **fields, name="24th SAFE WG", agenda=agenda)
        assert where == "/console/sessions/SAFE-WG/24"
        assert "24th SAFE WG" in page(sena, where)
        assert world.plans.session("SAFE-WG/24").agenda[1].actions == ("ECP-IV-20", "ECP-IV-26")
        change = {"action-1": "ECP-IV-20", "status-1": "delivered", "action-2": "ECP-IV-26", "due-2": "2020-12-31"}
        after = send(
            sena, "/console/decisions", where, session="SAFE-WG/24", text="The Group agreed.", item="2", **change
        )
        html = page(sena, after)
        assert "SAFE-WG/24/D1" in html
        assert "30 Jun 2020</del> → <ins>31 Dec 2020" in html
        assert world.plans.action("ECP-IV-20").lifecycle == "delivered"
        assert world.plans.action("ECP-IV-26").timeframe.due == "2020-12-31"
        assert 'href="/console/sessions/SAFE-WG/24"' in page(sena, "/console/actions/ECP-IV-26")

    def test_faults(self, sena: TestClient, world: PlanWorld) -> None:
        """What is wrong is said beside each field of each row, and nothing is recorded."""
        html = send(sena, "/console/sessions", "/console/sessions", 422, agenda="no number", session="a b")
        assert {f"session-{name}-error" for name in ("session", "body", "starts", "ends", "agenda")} <= set(
            re.findall(r'id="([\w-]+-error)"', html)
        )
        where = "/console/sessions/PTC/223"
        rows = {"action-1": "ECP-IV-77", "note-2": "of what?", "action-3": "ECP-IV-05"}
        html = send(sena, "/console/decisions", where, 422, session="PTC/223", **rows)
        assert {f"decision-{name}-error" for name in ("text", "action-1", "action-2", "status-3")} <= set(
            re.findall(r'id="([\w-]+-error)"', html)
        )
        assert len(world.plans.session("PTC/223").decisions) == 1

    def test_same_session_again_keeps_its_agenda(self, sena: TestClient, world: PlanWorld) -> None:
        """Moving a session's days does not lose its agenda."""
        fields = {"session": "PTC/225", "body": "PTC", "starts": "2020-10-19", "ends": "2020-10-21", "name": "PTC 225"}
        send(sena, "/console/sessions", "/console/sessions", **fields)
        assert world.plans.session("PTC/225").starts == "2020-10-19"
        assert len(world.plans.session("PTC/225").agenda) == 2


class TestLineage:
    """Links between plans."""

    def test_confirm_and_reject(self, sena: TestClient, world: PlanWorld) -> None:
        """A person confirms or rejects; a rejected link leaves the picture and stays on record."""
        link = next(each for each in world.plans.lineage("ECP-III", "ECP-IV") if each.state == "proposed")
        where = f"{PLAN}/lineage"
        ends = {"from": link.from_id, "to": link.to_id}
        send(sena, where, where, state="confirmed", **ends)
        drawn = page(sena, where).count('<path class="ch-tie')
        send(sena, where, where, state="rejected", **ends)
        now = {(each.from_id, each.to_id): each.state for each in world.plans.lineage("ECP-III", "ECP-IV")}
        assert now[link.from_id, link.to_id] == "rejected"
        assert page(sena, where).count('<path class="ch-tie') == drawn - 1
        assert "rejected" in [row["state"] for row in csv_rows(sena, f"{where}.csv")]

    def test_without_a_successor(self, sena: TestClient, world: PlanWorld) -> None:
        """An action that goes on nowhere is asked how it ended, until somebody says so."""
        where = f"{PLAN}/lineage"
        assert "Without a successor" in page(sena, where)
        lone = re.search(r'href="/console/actions/(ECP-III-\d\d)#update"', page(sena, where))
        assert lone
        assert lone[1] == "ECP-III-05"
        world.act(UpdateAction(action=lone[1], status="cancelled", note="Taken up elsewhere."))
        assert "Without a successor" not in page(sena, where)

    def test_made_up_links(self, sena: TestClient, world: PlanWorld) -> None:
        """Only a link of the page can be judged; proposing again proposes nothing twice."""
        where, before = f"{PLAN}/lineage", world.plans.position()
        send(sena, where, where, 422, state="confirmed", **{"from": "ECP-III-01", "to": "ECP-IV-63"})
        send(sena, where, where, 422, state="dreamt", **{"from": "ECP-III-01", "to": "ECP-IV-18"})
        assert world.plans.position() == before


class TestImport:
    """Documents."""

    def upload(self, client: TestClient, name: str, content: bytes, status: int = 200, **fields: str) -> str:
        """Send a document."""
        given = {"form_token": token_of(page(client, "/console/plan-import")), "language": "en", **fields}
        answer = client.post("/console/plan-import", data=given, files={"document": (name, content, "text/csv")})
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    def test_own_plan(self, sena: TestClient, world: PlanWorld) -> None:
        """A committee's own plan: shown with what to look at beside its lines, recorded only when it is accepted."""
        before = world.plans.position()
        html = self.upload(sena, "nctf.csv", OWN_PLAN.encode(), plan="NCTF-2027")
        assert world.plans.position() == before
        assert "The register has no plan of this name" in html
        flag = html.partition('id="flagged"')[2]
        assert "Opening hours aligned with the neighbour" in flag
        assert "Ministry of nowhere" in flag
        assert "look here" in flag
        fields = dict(re.findall(r'<input type="hidden" name="(sha256|plan|language)" value="([^"]*)"', html))
        answer = sena.post("/console/plan-import/accept", data={"form_token": token_of(html), **fields})
        assert answer.status_code == 200
        assert world.plans.plan("NCTF-2027").actions == 3
        assert "Tariff of port fees published" in page(sena, "/console/plans/NCTF-2027/actions")
        again = self.upload(sena, "nctf.csv", OWN_PLAN.encode(), plan="NCTF-2027")
        assert "This document was taken before" in again

    def test_new_version_shows_what_differs(self, sena: TestClient, world: PlanWorld) -> None:
        """A second document of a known plan is compared with it, field by field, before anybody accepts it."""
        for text in (OWN_PLAN, OWN_PLAN.replace("June 2027", "December 2027").replace("1,1. Ports", "4,1. Ports")):
            html = self.upload(sena, "nctf.csv", text.encode(), plan="NCTF-2027")
            fields = dict(re.findall(r'<input type="hidden" name="(sha256|plan|language)" value="([^"]*)"', html))
            data = {"form_token": token_of(html), **fields, "confirmed": "yes"}
            answer = sena.post("/console/plan-import/accept", data=data)
            assert answer.status_code == 200
        assert "1 added, 1 changed, 1 withdrawn" in html
        assert "31 Dec 2027" in html
        versions = page(sena, "/console/plans/NCTF-2027/versions")
        assert "3 actions differ" in versions
        link = re.search(r'href="([^"]+/versions/1/document)"', versions)
        assert link
        assert sena.get(link[1]).content == OWN_PLAN.encode()
        page(sena, "/console/plans/NCTF-2027/versions/7/document", 404)

    def test_what_is_no_plan(self, sena: TestClient, world: PlanWorld) -> None:
        """A clear word, and nothing recorded: nothing chosen, an empty file, bytes, a document gone meanwhile."""
        before = world.plans.position()
        assert "Choose a document" in self.upload(sena, "empty.txt", b"", 422)
        for name, content in (("a.pdf", b"%PDF-1.4 nothing"), ("a.docx", b"PK\x03\x04 no"), ("a.txt", b"no plan")):
            html = self.upload(sena, name, content, 422)
            assert "Nothing was recorded" in html
            assert "What to do" in html
        data = {"form_token": token_of(html), "sha256": "0" * 64}
        answer = sena.post("/console/plan-import/accept", data=data)
        assert answer.status_code == 409
        assert "no longer here" in answer.text
        assert world.plans.position() == before
