# SPDX-License-Identifier: Apache-2.0
"""Pages of parcels: every page in both languages, who sees what, regimes over time, one parcel and its acts."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path

import pytest
from litestar.testing import TestClient
from parcel_console_world import SECRET, ParcelConsole, form_token

from openecp.border.low_value.parcel_case import EVENT_KINDS, MACHINE
from openecp.border.low_value.parcel_commands import ACTS, NEEDS_TEXT
from openecp.border.low_value.ways import REASONS
from openecp.border.postal.scorecard import COUNTED
from openecp.platform.console.charts.periods import Period, PeriodRow, draw_periods, lanes_of
from openecp.platform.console.charts.timeline import Axis
from openecp.platform.console.charts.trend import Series, draw_trend
from openecp.platform.console.language import read_catalogue
from openecp.platform.console.parcels import words
from openecp.platform.console.parcels.regimes import changes_of

EU = "jurisdiction=EU&on=2026-06-30&against=2026-07-01&vat=20&hs1=610910&price1=9.00&count1=2&scheme=IOSS"
PARCEL = "/console/parcels/parcel/2026-07-01"
PAGES = (
    "/console/parcels/files",
    "/console/parcels/find",
    "/console/parcels/find?text=FREE-1",
    "/console/parcels/find?text=none",
    "/console/parcels/regimes",
    "/console/parcels/regimes?on=2025-05-01&all=yes",
    "/console/parcels/regimes/EU-FLAT-2026",
    "/console/parcels/regimes/BR-CERTIFIED-2024",
    "/console/parcels/regimes/CH-SMALL-2025",
    "/console/parcels/regimes/US-SUSPENSION-2025",
    "/console/parcels/regimes/AE-RELIEF-2023",
    "/console/parcels/calculator",
    f"/console/parcels/calculator?{EU}",
    f"{PARCEL}/RR123456785XB",
    f"{PARCEL}/HOLD-1",
    f"{PARCEL}/FULL-1",
    f"{PARCEL}/ERASED-1",
    "/console/parcels/posts?until=2026-11-20",
    "/console/parcels/collectors",
    "/console/parcels/collectors/collector:post:XBPOST:EUR?month=2026-07",
    "/console/parcels/collectors/reconciliation?month=2026-07",
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> ParcelConsole:
    """Parcels of every kind, files in every state."""
    world = ParcelConsole(tmp_path_factory.mktemp("files"))
    world.fill()
    world.revise(world.client("anna"))
    tom = world.client("tom")
    for content in (b"good", b"unusable"):
        world.send(tom, content, f"{content.decode()}.csv")
    world.inbox.work_through()
    world.send(tom, b"waits", "waits.ndjson")
    return world


def files_of(client: TestClient) -> list[str]:
    return sorted(set(re.findall(r"/console/parcels/files/[0-9a-f]{32}", client.get("/console/parcels/files").text)))


def test_every_page_in_both_languages(filled: ParcelConsole) -> None:
    """One heading, ids once, labels that lead to fields; in French no English message.

    Method: every English message that reads otherwise in French is looked for between the tags of the page.
    """
    client = filled.client("anna")
    catalogue = {}
    for message in read_catalogue("fr"):
        for english in message.id if isinstance(message.id, tuple) else (message.id,):
            french = " ".join(message.string) if isinstance(message.string, tuple) else str(message.string)
            if len(english) > 5 and "%(" not in english and english not in french:
                catalogue[english] = french
    for page in (*PAGES, *files_of(client)):
        for language in ("en", "fr"):
            reply = client.get(page + ("&" if "?" in page else "?") + f"lang={language}")
            assert reply.status_code == 200, (page, reply.text)
            assert f'<html lang="{language}"' in reply.text
            assert reply.text.count("<h1") == 1, page
            ids = re.findall(r'\bid="([^"]+)"', reply.text)
            assert len(ids) == len(set(ids)), (page, sorted(name for name in ids if ids.count(name) > 1))
            for target in re.findall(r'<label[^>]* for="([^"]+)"', reply.text):
                assert target in ids, (page, target)
        html = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", reply.text, flags=re.DOTALL)
        said = {" ".join(text.split()) for text in re.sub(r"<[^>]+>", "|", html).split("|")}
        assert said & set(catalogue) == set(), page


def test_strangers_and_other_organisations(filled: ParcelConsole) -> None:
    """Who is not signed in is asked to; a trader of others finds nothing, as if it were not there."""
    assert filled.client().get("/console/parcels/regimes", follow_redirects=False).status_code == 303
    uma, tom = filled.client("uma"), filled.client("tom")
    mine = [f"{PARCEL}/RR123456785XB", "/console/parcels/receipt/2026-07-01/RR123456785XB", *files_of(tom)]
    mine += ["/console/parcels/collectors/collector:post:XBPOST:EUR", f"{files_of(tom)[0]}/progress"]
    for page in mine:
        assert tom.get(page).status_code == 200, page
        assert uma.get(page).status_code == 404, page
    assert files_of(uma) == []
    assert "XBPOST" not in uma.get("/console/parcels/collectors").text
    assert "/console/parcels/parcel/" not in uma.get("/console/parcels/find?text=RR123456785XB").text
    assert uma.get(f"{PARCEL}/OTHER-1").status_code == 200
    assert tom.get("/console/parcels/posts").status_code == 403
    oscar = filled.client("oscar")
    assert oscar.get("/console/parcels/regimes").status_code == 200
    for page in ("/console/parcels/files", "/console/parcels/collectors", f"{PARCEL}/FREE-1"):
        assert oscar.get(page).status_code == 403, page


def test_an_officers_reasons_reach_no_trader(filled: ParcelConsole) -> None:
    """What an officer wrote is on the officer's page and on no page of the trader, whatever he asks for."""
    officer, trader = filled.client("anna"), filled.client("tom")
    assert SECRET in officer.get(f"{PARCEL}/RR123456785XB").text
    assert "Shoes, not shirts" in officer.get(f"{PARCEL}/RR123456785XB").text
    for page in (*PAGES, "/console/parcels/receipt/2026-07-01/RR123456785XB"):
        text = trader.get(page).text
        assert SECRET not in text, page
        assert "Shoes, not shirts" not in text, page
        assert "anna" not in text.lower().replace("hanna", ""), page
    page = trader.get(f"{PARCEL}/RR123456785XB").text
    assert "Goods revised" in page
    assert 'name="reason"' not in page


def test_a_trader_does_only_his_acts(tmp_path: Path) -> None:
    world = ParcelConsole(tmp_path)
    world.fill()
    trader, officer = world.client("tom"), world.client("anna")
    for act in ("release", "hold", "revise", "seize", "query", "pay", "nonsense"):
        assert world.act(trader, "HOLD-1", act, reason="because", text="x").status_code == 409, act
    assert world.submitted == []
    assert world.act(world.client("olive"), "HOLD-1", "release", reason="x").status_code == 409  # auditors read
    assert world.act(officer, "HOLD-1", "query", text="What is it made of?").status_code == 303
    page = trader.get(f"{PARCEL}/HOLD-1").text
    assert "What is it made of?" in page
    assert world.act(trader, "HOLD-1", "answer", text="").status_code == 422
    assert world.act(trader, "HOLD-1", "answer", text="Cotton <b>").status_code == 303
    assert "Cotton &lt;b&gt;" in officer.get(f"{PARCEL}/HOLD-1").text
    assert [command.principal.principal_id for command in world.submitted] == ["anna", "tom"]


def test_acts_need_what_they_need_and_a_parcel_that_stands_still(tmp_path: Path) -> None:
    world = ParcelConsole(tmp_path)
    world.fill()
    anna = world.client("anna")
    refused = world.act(anna, "RR123456785XB", "hold")
    assert (refused.status_code, "Give a reason" in refused.text) == (422, True)
    assert 'href="#hold-reason"' in refused.text
    assert 'id="hold-reason"' in refused.text
    late = world.act(anna, "RR123456785XB", "hold", reason="r", expected_seq="999")
    assert late.status_code == 409
    assert world.act(anna, "RR123456785XB", "hold", reason="r", form_token="x").status_code == 403
    assert world.act(anna, "RR123456785XB", "hold", reason="r").status_code == 303
    goods = {"goods.rows": "1", "goods.0.description": "x", "goods.0.hs": "12", "goods.0.unit_price": "-1"}
    wrong = world.act(anna, "RR123456785XB", "revise", reason="r", **goods)
    assert wrong.status_code == 422
    assert 'id="goods.0.unit_price-error"' in wrong.text
    assert 'value="-1"' in wrong.text  # what was filled in stays
    assert world.act(anna, "RR123456785XB", "revise", reason="r", **{"goods.rows": "1"}).status_code == 422
    world.revise(anna)
    page = anna.get(f"{PARCEL}/RR123456785XB").text
    row = re.search(r"rubber boots.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert row.group(0).count("pa-differs") >= 2
    assert "knitted jersey" in page
    answer = world.act(anna, "RR123456785XB", "release", reason="r")
    assert answer.status_code == 303
    assert "Released" in anna.get(f"{PARCEL}/RR123456785XB").text


def test_the_trace_says_every_amount(filled: ParcelConsole) -> None:
    page = filled.client("tom").get(f"{PARCEL}/RR123456785XB").text
    for text in ("a fixed amount for each HS subheading: 3.00\u00a0EUR", "21.00\u00a0EUR at 20\u00a0%: 4.20\u00a0EUR"):
        assert text in page
    french = filled.client("tom").get(f"{PARCEL}/RR123456785XB?lang=fr").text
    assert "21,00\u00a0EUR à 20\u00a0%\u00a0: 4,20\u00a0EUR" in french
    held = filled.client("tom").get(f"{PARCEL}/HOLD-1?lang=fr").text
    assert "Un terme vague seul" in held
    assert "le taux de droit n’est pas connu" in held


def test_a_parcel_is_found(filled: ParcelConsole) -> None:
    client = filled.client("anna")
    found = client.get("/console/parcels/find?text=rr123456785xb", follow_redirects=False)
    assert found.headers["location"] == f"{PARCEL}/RR123456785XB"
    listed = client.get("/console/parcels/find?text=FREE-1").text
    assert listed.index("2026-07-01/FREE-1") < listed.index("2025-07-01/FREE-1")
    receipt = client.get("/console/parcels/receipt/2026-07-01/FREE-1")
    assert receipt.json()["parcel_id"] == "FREE-1"
    assert "receipt-2026-07-01-FREE-1.json" in receipt.headers["content-disposition"]
    for address in (f"{PARCEL}/none", "/console/parcels/parcel/yesterday/FREE-1", f"{PARCEL}/%00", f"{PARCEL}/a%22b"):
        assert client.get(address).status_code == 404, address


def test_collectors_statement_sums_up(filled: ParcelConsole) -> None:
    page = filled.client("tom").get("/console/parcels/collectors/collector:post:XBPOST:EUR?month=2026-07").text
    assert "Open at the end" in page
    assert ">3.00 EUR<" in page.replace("\u00a0", " ")
    csv = filled.client("tom").get("/console/parcels/collectors/collector:post:XBPOST:EUR/statement.csv?month=2026-07")
    assert "closing,2026-07-31,,,,EUR,3.00" in csv.text
    assert filled.client("anna").get("/console/parcels/collectors/nobody").status_code == 404


def test_scorecards_are_told_as_table_chart_and_file(filled: ParcelConsole) -> None:
    client = filled.client("anna")
    page = client.get("/console/parcels/posts?since=2026-11-01&until=2026-11-10&post=CN").text
    assert page.count('class="ch-line ch-line--') == 1
    assert "China (CNBJSA)" in page
    assert len(client.get("/console/parcels/posts.csv?since=2026-11-01&until=2026-11-10").text.splitlines()) == 31
    assert "No postal item came" in client.get("/console/parcels/posts?until=2001-01-01").text


def test_regimes_that_change_next_come_first(filled: ParcelConsole) -> None:
    page = filled.client("anna").get("/console/parcels/regimes?on=2026-06-15").text
    chart = page[page.index('id="regimes-over-time-title"') :]
    assert chart.index("European Union") < chart.index("Japan") < chart.index("Singapore")
    coming = page[: page.index("Changes up to this day")]
    assert coming.index("EU-FLAT-2026") < coming.index("JP-")
    assert "limits.le" in page
    on = {change.day: change for change in changes_of(filled.desk.jurisdictions())}
    assert [one.id for one in on[date(2026, 7, 1)].begins] == ["EU-FLAT-2026"]
    assert [one.id for one in on[date(2026, 7, 1)].ends] == ["EU-H7-2021"]
    assert on[date(2025, 5, 2)].notes == ("origins:CN,HK",)
    incomplete = filled.client("anna").get("/console/parcels/regimes?state=incomplete").text
    assert "AE-RELIEF-2023" in incomplete[incomplete.index('id="list"') :]
    assert "EU-FLAT-2026" not in incomplete[incomplete.index('id="list"') :]
    csv = filled.client("anna").get("/console/parcels/regimes.csv").text
    assert len(csv.splitlines()) > 50


def test_a_regime_says_what_it_lacks(filled: ParcelConsole) -> None:
    client = filled.client("anna")
    page = client.get("/console/parcels/regimes/AE-RELIEF-2023").text
    assert "it refuses every quote" in page
    assert "<code>limits.le</code>" in page
    assert client.get("/console/parcels/regimes/NO-SUCH").status_code == 404
    assert "in force today" not in client.get("/console/parcels/regimes/EU-H7-2021").text
    assert "IM##########" in client.get("/console/parcels/regimes/EU-FLAT-2026").text


def test_every_word_is_there() -> None:
    """Each act, event and reason that the rules know has its word, so that no page shows a code alone."""
    assert set(words.ACTS) == set(words.ACT_ORDER) == set(ACTS)
    assert set(words.EVENTS) == set(EVENT_KINDS)
    assert set(words.REASONS) >= set(REASONS)
    assert set(words.STATUS_TONES) == set(MACHINE.states)
    assert set(words.TEXT_LABELS) == set(NEEDS_TEXT)
    assert set(words.SCORES) == set(COUNTED)


def test_charts_escape_and_keep_apart() -> None:
    """Names are text, rules that hold at the same time stand in lanes of their own, names at line ends do not touch."""
    axis = Axis(first="2026-01-01", last="2027-01-01")
    first = Period(label="<A>", start="2026-01-01", end="2026-06-30", tone="runs", says="<b>")
    second = Period(label="B", start="2026-07-01", end=None, tone="runs", says="B")
    third = Period(label="C", start=None, end=None, tone="incomplete", says="C")
    assert [[one.label for one in lane] for lane in lanes_of([second, first, third])] == [["C"], ["<A>", "B"]]
    rows = [PeriodRow(label="X & Y", periods=(first, second, third))]
    svg = draw_periods("p", rows, axis, "2026-07-01", "now", title="t", description="d")
    assert "<b>" not in svg
    assert "X &amp; Y" in svg
    lines = [Series(label=name, points={"2026-02-01": 500, "2026-02-02": 501}) for name in "abc"]
    svg = draw_trend("t", lines, axis, title="t", description="d")
    places = [float(y) for y in re.findall(r'class="ch-name[^>]* y="([\d.]+)"', svg)]
    assert all(b - a >= 14 for a, b in itertools.pairwise(places))


def test_forms_of_others_are_refused(filled: ParcelConsole) -> None:
    """A form without our token changes nothing."""
    anna = filled.client("anna")
    before = len(filled.submitted)
    for address in ("/console/parcels/acts/2026-07-01/HOLD-1", "/console/parcels/files"):
        assert anna.post(address, data={"act": "release", "reason": "x"}).status_code == 403
    token = form_token(anna.get(f"{PARCEL}/HOLD-1").text)
    headers = {"sec-fetch-site": "cross-site"}
    data = {"form_token": token, "act": "hold", "reason": "x", "expected_seq": "0"}
    assert anna.post("/console/parcels/acts/2026-07-01/HOLD-1", data=data, headers=headers).status_code == 403
    assert len(filled.submitted) == before
