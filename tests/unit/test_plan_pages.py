# SPDX-License-Identifier: Apache-2.0
"""Pages of action plans over HTTP, without a browser: what they count, who may change what, what leaves as a file.

Method: the console's routes over a store in memory that holds both plans and invented updates, asked by a test client.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlparse

import pytest
from litestar.testing import TestClient
from plan_world import EARLIER, PlanStage, PlanWorld, busy_plans
from test_console_language import _Said, messages
from test_console_pages import page, sign_in, token_of

from openecp.platform.console.language import load_languages
from openecp.platform.console.plans import words
from openecp.platform.console.plans.calendar import escaped, folded
from openecp.programme.action_plan.commands import UpdateAction
from openecp.programme.action_plan.fold import EVENT_KINDS
from openecp.programme.action_plan.plans import ActionFilter

PLAN = "/console/plans/ECP-IV"
PAGES = (
    "/console/plans",
    PLAN,
    f"{PLAN}/actions",
    f"{PLAN}/actions?body=SAFE+WG&colour=red&sort=status",
    f"{PLAN}/timeline",
    f"{PLAN}/bodies",
    f"{PLAN}/lineage",
    f"{PLAN}/gaps",
    f"{PLAN}/versions",
    "/console/plans/ECP-III",
    "/console/plans/ECP-III/timeline",
    "/console/actions/ECP-IV-04",
    "/console/actions/ECP-IV-05",
    "/console/actions/ECP-IV-20",
    "/console/actions/ECP-IV-29",
    "/console/actions/ECP-IV-33",
    "/console/actions/ECP-IV-55",
    "/console/sessions",
    "/console/sessions/PTC/223",
)
FILES = (f"{PLAN}.ics", *(f"{PLAN}/{name}.csv" for name in ("actions", "timeline", "bodies", "lineage", "gaps")))
CHANGING = {"TestReporting", "TestSessions", "TestLineage", "TestImport"}
OWN_PLAN = """No.,Section,Action,Responsible body,Work programme,Timeframe
1,1. Ports,Weekly meeting of port agencies,PTC,,Continuous activity
2,1. Ports,Tariff of port fees published,PTC,PTC Work Programme,June 2027
3,2. Borders,Opening hours aligned with the neighbour,Ministry of nowhere,,in good time
"""


@pytest.fixture(scope="module")
def stage() -> PlanStage:
    """The app, built once."""
    return PlanStage()


@pytest.fixture(scope="module")
def browser(stage: PlanStage) -> Iterator[TestClient]:
    """One test client, opened once."""
    with TestClient(stage.app, base_url="http://testserver.local") as opened:
        yield opened


@pytest.fixture(scope="module")
def quiet() -> PlanWorld:
    """Both plans with updates, for tests that only read."""
    return busy_plans()


@pytest.fixture
def world(stage: PlanStage, quiet: PlanWorld, request: pytest.FixtureRequest) -> PlanWorld:
    """Both plans with updates, anew for each test that changes them."""
    stage.world = busy_plans() if request.cls.__name__ in CHANGING else quiet
    return stage.world


@pytest.fixture
def client(browser: TestClient, world: PlanWorld) -> TestClient:
    """A browser without a session."""
    browser.cookies.clear()
    return browser


@pytest.fixture
def sena(client: TestClient) -> TestClient:
    """The Secretariat's browser."""
    sign_in(client, "sena")
    return client


def send(client: TestClient, path: str, on: str, expect: int = 303, **fields: str) -> str:
    """Send a form as the page `on` has it; return the answer's address, or its text."""
    given = {"form_token": token_of(page(client, on)), **fields}
    answer = client.post(path, data=given, follow_redirects=False)
    assert answer.status_code == expect, answer.text[:3000]
    return answer.headers.get("location") or answer.text


def rows_of(html: str) -> list[str]:
    """The ids of the actions that a table shows."""
    body = html.partition('id="results"')[2]
    return re.findall(r'<th scope="row" class="pl-action">.*?href="/console/actions/([\w-]+)', body)


def counted(client: TestClient, address: str) -> int:
    """How many actions a link into the table leads to."""
    return len(csv_rows(client, unescape(address).replace("/actions?", "/actions.csv?")))


def csv_rows(client: TestClient, path: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


class TestReading:
    """Who reads what."""

    @pytest.mark.parametrize("name", ["anna", "tom", "olive", "oscar", "sena", "delia"])
    def test_every_role_reads_every_page(self, client: TestClient, name: str) -> None:
        """Each page answers and leads to the plans from its head; each file is there."""
        sign_in(client, name)
        for path in PAGES if name in ("delia", "tom") else PAGES[:3] + PAGES[11:13]:
            assert 'href="/console/plans"' in page(client, path)
        for path in FILES:
            assert client.get(path).status_code == 200

    def test_strangers_read_nothing(self, client: TestClient) -> None:
        """Without a session every page leads to the sign-in, and there is no calendar."""
        for path in (*PAGES, *FILES[1:], "/console/plan-import"):
            assert client.get(path, follow_redirects=False).status_code == 303, path
        assert client.get(FILES[0]).status_code == 404
        assert client.get(f"{FILES[0]}?key=" + "0" * 32).status_code == 404

    def test_front_page_of_the_secretariat(self, client: TestClient) -> None:
        """Whoever reads no declarations begins with the plans, and is offered no declarations."""
        sign_in(client, "sena")
        answer = client.get("/console", follow_redirects=False)
        assert answer.headers["location"] == "/console/plans"
        assert "Declarations" not in page(client, "/console/plans")
        sign_in(client, "anna")
        assert "Work list" in page(client, "/console")

    def test_unknown(self, sena: TestClient) -> None:
        """What is not there is not found, whatever it looks like."""
        for path in (
            "/console/plans/ECP-IX", "/console/plans/%00", "/console/actions/ECP-IV-99", "/console/actions/x",
            "/console/sessions/PTC/1", "/console/plans/ECP-IX.ics", "/console/plans/ECP-IX/lineage",
            "/console/actions/ECP-IV-04/receipts/1", f"{PLAN}?as_of=1999-01-01",
        ):  # fmt: skip
            page(sena, path, 404)

    def test_senseless_parameters_ask_for_nothing(self, sena: TestClient) -> None:
        """An address that somebody made up shows the whole table, never a fault."""
        everything = rows_of(page(sena, f"{PLAN}/actions"))
        assert len(everything) == 63
        for query in (
            "colour=blue", "lifecycle=x", "timeframe=never", "section=x", "due=yesterday", "sort=id", "page=-1",
            "page=99", "as_of=2020-02-31x", "text=%01", "section=9999999999", "body=" + "x" * 200,
        ):  # fmt: skip
            assert rows_of(page(sena, f"{PLAN}/actions?{query}")) == everything, query

    def test_quick(self, sena: TestClient) -> None:
        """No page over 91 actions takes longer than 200 ms, the second time at the latest."""
        slow = {}
        for path in PAGES:
            took = []
            for _ in range(2):
                start = time.perf_counter()
                page(sena, path)
                took.append(time.perf_counter() - start)
            if min(took) > 0.2:
                slow[path] = min(took)
        assert slow == {}


class TestCounts:
    """Every number leads to what it counts."""

    def test_numbers_of_the_matrix(self, sena: TestClient, world: PlanWorld) -> None:
        """Each cell is the number of rows behind it, and the last line is the roll-up."""
        html = page(sena, f"{PLAN}/bodies")
        cells = re.findall(r'<a class="pl-cell[^"]*" href="([^"]+)">(\d+)<', html)
        assert len(cells) > 60
        for address, number in cells:
            assert counted(sena, address) == int(number), address
        roll_up = world.plans.roll_up("ECP-IV")
        foot = re.search(r"<tfoot>(.*?)</tfoot>", html, re.DOTALL)
        assert foot
        numbers = [int(each) for each in re.findall(r'<td class="oe-num">(\d+)</td>', foot[1])]
        colours = roll_up.overall.colours
        assert numbers == [
            *(colours.get(code, 0) for code in words.COLOURS),
            roll_up.total,
            roll_up.overall.overdue,
            roll_up.overall.due_soon,
            roll_up.overall.with_evidence,
        ]

    def test_numbers_of_the_first_page(self, sena: TestClient) -> None:
        """Tiles, grounds and bodies: each number is that of the actions it leads to."""
        html = page(sena, "/console/plans")
        tiles = re.findall(r'<a class="pl-tile__count" href="([^"]+)"><span class="pl-tile__number">(\d+)<', html)
        grounds = re.findall(r'<li><a class="govuk-link" href="([^"]+ground=[^"]+)">(\d+) ', html)
        cells = re.findall(r'<a class="pl-cell[^"]*" href="([^"]+)">(\d+)<', html)
        assert len(tiles) == 8
        assert len(grounds) >= 8
        for address, number in tiles + grounds + cells:
            assert counted(sena, address) == int(number), address

    def test_a_past_day(self, sena: TestClient, world: PlanWorld) -> None:
        """A past day shows what was known then, in every number, and links stay on that day."""
        html = page(sena, f"/console/plans?as_of={EARLIER}")
        assert "1 February 2020" in html
        roll_up = world.plans.roll_up("ECP-IV", as_of=EARLIER)
        late = re.search(r'href="([^"]+colour=red[^"]*)"><span class="pl-tile__number">(\d+)', html)
        assert late
        assert int(late[2]) == roll_up.overall.colours["red"]
        assert parse_qs(urlparse(unescape(late[1])).query)["as_of"] == [EARLIER]
        assert "Report progress" not in page(sena, f"/console/actions/ECP-IV-04?as_of={EARLIER}")

    def test_gaps(self, sena: TestClient) -> None:
        """What the plan leaves open is counted as the register counts it."""
        found: dict[str, list[str]] = {}
        for row in csv_rows(sena, f"{PLAN}/gaps.csv"):
            found.setdefault(row["kind"], []).append(row["subject"])
        assert len(found["without_owner"]) == 13
        assert len(found["without_programme"]) == 34
        assert {"ECP-IV-02", "ECP-IV-03", "ECP-IV-11", "ECP-IV-52", "ECP-IV-58"} <= set(found["after_plan_end"])
        assert found["duplicate"]
        html = page(sena, f"{PLAN}/gaps")
        assert "13 of 63" in html
        assert "34 of 63" in html


class TestTable:
    """Filters, sort orders, CSV."""

    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            ("body=SAFE+WG&colour=red", ActionFilter(body=("SAFE WG",), colour=("red",))),
            ("body=SAFE+WG&body=TEGACS", ActionFilter(body=("SAFE WG", "TEGACS"))),
            ("body=-", ActionFilter(body=("",))),
            ("programme=PTC-WP&timeframe=date", ActionFilter(programme=("PTC-WP",), timeframe=("date",))),
            ("section=2&lifecycle=in_progress", ActionFilter(section=(2,), lifecycle=("in_progress",))),
            ("due=overdue", ActionFilter(overdue=True)),
            ("due=soon", ActionFilter(due_within_days=90)),
            ("text=SÛRETÉ du fret", ActionFilter(text="sûreté du fret")),
            ("text=single window", ActionFilter(text="single window")),
            ("quarter=2020-Q2&quarter=-", ActionFilter(quarter=("2020-Q2", ""))),
        ],
    )
    def test_filters(self, sena: TestClient, world: PlanWorld, query: str, wanted: ActionFilter) -> None:
        """Each filter shows what the register finds; the CSV holds exactly the rows shown, in their order."""
        html = page(sena, f"{PLAN}/actions?{query}")
        expected = [action.id for action in world.plans.actions("ECP-IV", wanted)]
        assert expected
        assert rows_of(html) == expected
        link = re.search(r'href="([^"]+actions\.csv[^"]*)"', html)
        assert link
        assert [row["id"] for row in csv_rows(sena, unescape(link[1]))] == expected

    def test_chips(self, sena: TestClient) -> None:
        """Each filter in force can be taken away by itself; the others stay."""
        html = page(sena, f"{PLAN}/actions?body=SAFE+WG&colour=red&text=cargo&due=overdue&sort=due")
        chips = [unescape(each) for each in re.findall(r'<a class="pl-chip" href="([^"]+)"', html)]
        left = [set(parse_qs(urlparse(each).query)) for each in chips]
        assert sorted(map(sorted, left)) == sorted(
            map(
                sorted,
                (
                    {"colour", "text", "due", "sort"},
                    {"body", "text", "due", "sort"},
                    {"body", "colour", "due", "sort"},
                    {"body", "colour", "text", "sort"},
                ),
            )
        )

    def test_sort(self, sena: TestClient, world: PlanWorld) -> None:
        """By due date, by status, by last update."""
        by_id = {action.id: action for action in world.plans.actions("ECP-IV")}
        dues = [by_id[each].timeframe.due or "9999" for each in rows_of(page(sena, f"{PLAN}/actions?sort=due"))]
        assert dues == sorted(dues)
        colours = [by_id[each].assessment.colour for each in rows_of(page(sena, f"{PLAN}/actions?sort=status"))]
        assert colours == sorted(colours, key=words.COLOURS.index)
        updated = [by_id[each].last_update or "" for each in rows_of(page(sena, f"{PLAN}/actions?sort=updated"))]
        assert updated == sorted(updated, reverse=True)

    def test_never_a_colour_alone(self, sena: TestClient, world: PlanWorld) -> None:
        """Each row says its status in a word, and why in a sentence with its figures."""
        html = page(sena, f"{PLAN}/actions?body=SAFE+WG")
        assert html.count('<td class="pl-status">') == html.count('<span class="pl-why">') == 12
        assert "Was due on 30 June 2020, 10 days ago, and is not reported as delivered." in html
        assert "Set by sena until 31 Dec 2020: The final text is with the drafting group. Computed: late." in html
        assert "No update since 14 May 2019: 423 days, more than the 120 days allowed." in html
        french = page(sena, f"{PLAN}/actions?body=SAFE+WG&lang=fr")
        assert "Échéance le 30 juin 2020, dépassée de 10 jours, et l’action n’est pas déclarée réalisée." in french

    def test_pages(self, sena: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """Long lists are cut into pages that together hold every row once."""
        monkeypatch.setattr("openecp.platform.console.plans.table.PAGE_ROWS", 25)
        found: list[str] = []
        address = f"{PLAN}/actions?sort=due"
        while address:
            html = page(sena, address)
            found += rows_of(html)
            more = re.search(r'rel="next" href="([^"]+)"', html)
            address = unescape(more[1]) if more else ""
        assert len(found) == len(set(found)) == 63


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


class TestCalendar:
    """The iCalendar feed."""

    def test_entries(self, client: TestClient, sena: TestClient, world: PlanWorld) -> None:
        """Due dates of running and done actions and sessions, each a whole day, read back as RFC 5545 says."""
        text = sena.get(f"{PLAN}.ics").text
        entries = parsed(text)
        dated = [action for action in world.plans.actions("ECP-IV") if action.timeframe.kind == "date"]
        by_uid = {entry["UID"]: entry for entry in entries}
        assert len(by_uid) == len(entries) == len(dated) + 4
        for action in dated:
            entry = by_uid[f"{action.id}@openecp"]
            assert entry["DTSTART"] == (action.timeframe.due or "").replace("-", "")
            first, after = (date.fromisoformat(entry[name]) for name in ("DTSTART", "DTEND"))
            assert (after - first).days == 1
            assert entry["SUMMARY"] == f"{action.id}: {action.titles['en']}"
        session = by_uid["PTC/223@openecp"]
        assert (session["DTSTART"], session["DTEND"]) == ("20191028", "20191101")
        assert session["DESCRIPTION"].startswith("1. Adoption of the agenda\n2. ECP Action Plan")

    def test_key(self, client: TestClient, world: PlanWorld) -> None:
        """The key in the address opens this plan's calendar and nothing else, in the language of the address."""
        sign_in(client, "tom")
        address = re.search(r'href="([^"]+\.ics[^"]*)"', page(client, PLAN))
        assert address
        client.cookies.clear()
        path = unescape(address[1])
        answer = client.get(path.replace("lang=en", "lang=fr"))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/calendar")
        assert "SUMMARY;LANGUAGE=fr:" in answer.text
        assert client.get(path.replace("ECP-IV.ics", "ECP-III.ics")).status_code == 404
        assert client.get(path.replace(".ics", ""), follow_redirects=False).status_code == 303

    def test_lines(self) -> None:
        """No line is over 75 bytes, no character is torn, and what was escaped comes back."""
        hard = 'A, b; c\\d "é" ' + "œuvre 漢字 " * 40 + "\nsecond line"
        lines = folded(f"SUMMARY:{escaped(hard)}")
        assert max(len(line.encode()) for line in lines.split("\r\n")) <= 75
        assert parsed(f"BEGIN:VEVENT\r\n{lines}END:VEVENT\r\n") == [{"SUMMARY": hard}]


def parsed(text: str) -> list[dict[str, str]]:
    """The entries of a calendar, by RFC 5545: unfolded, parted at the first colon outside quotes, unescaped."""
    assert text.count("\r\n") == text.count("\n")
    entries: list[dict[str, str]] = []
    for line in text.replace("\r\n ", "").rstrip("\r\n").split("\r\n"):
        name, _, value = line.partition(":")
        name = name.partition(";")[0]
        if line == "BEGIN:VEVENT":
            entries.append({})
        elif entries and name != "END":
            plain = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
            entries[-1][name] = plain
    return entries


class TestWords:
    """Languages."""

    def test_every_code_has_words(self) -> None:
        """Each kind of event and each ground has its word, in both languages."""
        assert set(words.EVENTS) == set(EVENT_KINDS)
        french = load_languages()["fr"]
        for text in (*words.EVENTS.values(), *words.FIELDS.values(), *words.SENTENCES.values()):
            assert french.text(text)

    def test_french_pages_hold_no_english(self, sena: TestClient) -> None:
        """On every page in French no text is one of our English messages."""
        french = load_languages()["fr"].text
        english = {m for m in messages() if isinstance(m, str) and french(m) != m and "%(" not in m and len(m) > 3}
        english -= {"conform", "Text", "Note", "Section", "Phase", "Lines", "Judge", "Open", "Score"}
        ours = ("agenda", "Committee", "draft", "Reported", "Outline", "Adopted", "Published", "funds", "Taken", "text")
        texts: dict[str, str] = {}
        for path in (*PAGES, "/console/plan-import"):
            said = _Said("fr")
            said.feed(sena.get(f"{path}{'&' if '?' in path else '?'}lang=fr").text)
            texts |= dict.fromkeys(said.texts, path)
        faults = {
            text: path
            for text, path in texts.items()
            if any(m in text and re.search(rf"(?<![\w’-]){re.escape(m)}(?![\w’-])", text) for m in english)
            and not any(word in text for word in ours)
        }
        assert faults == {}
