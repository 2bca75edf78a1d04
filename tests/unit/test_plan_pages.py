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
        assert "1er février 2020" in page(sena, f"/console/plans?as_of={EARLIER}&lang=fr")
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
        english -= {"Charge", "Reports", "Importer", "active"}  # French words as well
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
