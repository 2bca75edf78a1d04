# SPDX-License-Identifier: Apache-2.0
"""Pages of release times: both languages, who reads them, the state in the address, suppression, drill-down."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from times_console_world import TimesConsole

from openecp.platform.console.language import read_catalogue

PAGES = (
    "/console/times",
    "/console/times/explore",
    "/console/times/explore?clock=arrival_gate_out&by=office&by=channel",
    "/console/times/explore?whole=yes&clock=lodged_release&hours=open",
    "/console/times/explore?clock=nonsense",
    "/console/times/cases?clock=arrival_release&is_office=XB000101",
    "/console/times/cases?clock=arrival_release&owner=TRADER",
    "/console/times/cases?clock=arrival_release&is_channel=orange",
    "/console/times/case/case-0003",
    "/console/times/studies",
    "/console/times/studies/week-47",
    "/console/times/studies/plan",
)


@pytest.fixture(scope="module")
def filled() -> TimesConsole:
    """A month of consignments."""
    world = TimesConsole()
    world.fill()
    return world


def test_every_page_in_both_languages(filled: TimesConsole) -> None:
    """One heading, ids once, labels that lead to fields; in French no English message; no officer is named."""
    client = filled.client("anna")
    catalogue = {}
    for message in read_catalogue("fr"):
        for english in message.id if isinstance(message.id, tuple) else (message.id,):
            french = " ".join(message.string) if isinstance(message.string, tuple) else str(message.string)
            if len(english) > 5 and "%(" not in english and english not in french:
                catalogue[english] = french
    for page in PAGES:
        for language in ("en", "fr"):
            reply = client.get(page + ("&" if "?" in page else "?") + f"lang={language}")
            assert reply.status_code == (422 if "nonsense" in page else 200), (page, reply.text)
            assert f'<html lang="{language}"' in reply.text
            assert reply.text.count("<h1") == 1, page
            ids = re.findall(r'\bid="([^"]+)"', reply.text)
            assert len(ids) == len(set(ids)), (page, sorted(name for name in ids if ids.count(name) > 1))
            for target in re.findall(r'<label[^>]* for="([^"]+)"', reply.text):
                assert target in ids, (page, target)
            assert "anna-the-officer" not in reply.text
        said = {" ".join(unescape(text).split()) for text in re.sub(r"<[^>]+>", "|", reply.text).split("|")}
        assert said & set(catalogue) == set(), page


def test_traders_get_none_of_it(filled: TimesConsole) -> None:
    """A trader, a stranger and an operator read no page of release times, and are not led to one."""
    tom = filled.client("tom")
    for page in (*PAGES, "/console/times/explore.csv", "/console/times/studies/week-47/files/report.html"):
        assert tom.get(page).status_code == 403, page
        assert filled.client("oscar").get(page).status_code == 403, page
        assert filled.client().get(page, follow_redirects=False).status_code == 303, page
    assert "/console/times" not in tom.get("/console").text
    assert "/console/times" in filled.client("anna").get("/console").text


def test_the_dashboard_follows_the_journal() -> None:
    """An event is on the page as soon as the tail was read; where nothing happened, nothing is sent."""
    world = TimesConsole()
    world.fill(40)
    client = world.client("anna")
    page = client.get("/console/times").text
    seen = re.search(r"seen=(\d+)", page)
    assert seen is not None
    asked = f"/console/times?seen={seen.group(1)}"
    assert client.get(asked, headers={"hx-request": "true"}).status_code == 204
    before = int(re.search(r"Lodged today</dt><dd>(\d+)", page).group(1))  # type: ignore[union-attr]
    now = world.clock.now()
    world.happen("fresh", [("DeclarationSubmitted", now - timedelta(seconds=1), {"office": "XB000101"})])
    world.tail.catch_up()
    reply = client.get(asked, headers={"hx-request": "true"})
    assert reply.status_code == 200
    assert f"Lodged today</dt><dd>{before + 1}<" in reply.text


def test_small_cells_are_suppressed(filled: TimesConsole) -> None:
    """A cell of one case shows no figure and leads nowhere; its neighbours keep it from being reckoned."""
    client = filled.client("anna")
    page = client.get("/console/times/explore?by=channel").text
    row = page[page.index(">orange</th>") :].split("</tr>")[0]
    assert "suppressed" in row
    assert "href" not in row
    assert "case-0007" not in client.get("/console/times/cases?clock=arrival_release&is_channel=orange").text
    line = next(
        each for each in client.get("/console/times/explore.csv?by=channel").text.splitlines() if ",orange," in each
    )
    assert re.fullmatch(r"arrival_release,orange,,+yes", line)


def test_a_bar_leads_to_its_cases(filled: TimesConsole) -> None:
    """From the part of an owner to its cases, the most first, and on to one consignment with the same sum."""
    client = filled.client("anna")
    page = client.get("/console/times/explore?by=office&since=2026-10-01").text
    links = [unescape(link) for link in re.findall(r'<a href="(/console/times/cases[^"]+owner=TRADER[^"]*)"', page)]
    assert len(links) == 2
    assert "is_office=XB000101" in links[0]
    assert "since=2026-10-01" in links[0]
    listed = client.get(links[0]).text
    case = re.search(r"/console/times/case/(case-\d+)", listed)
    assert case is not None
    shown = client.get(f"/console/times/case/{case.group(1)}").text
    assert 'class="ti-part ti-part--TRADER"' in shown
    assert 'class="ti-event"' in shown
    assert client.get("/console/times/case/none").status_code == 404


def test_the_address_holds_the_state(filled: TimesConsole) -> None:
    """What was asked stands in the form again; what is not known is left out; a fault is said in words."""
    client = filled.client("anna")
    page = client.get(
        "/console/times/explore?clock=from%3DLODGED%2Cto%3DRELEASED&by=channel&by=zzz&is_office=XB000201&until=2026-11-15"
    ).text
    assert '<option value="from=LODGED,to=RELEASED" selected>' in page
    assert '<option value="channel" selected>' in page
    assert '<option value="XB000201" selected>' in page
    assert 'value="2026-11-15"' in page
    refused = client.get("/console/times/explore?clock=%3Cb%3E")
    assert refused.status_code == 422
    assert "&lt;b&gt;" in refused.text
    assert "arrival_release" in refused.text


def test_closed_time_and_open_hours(filled: TimesConsole) -> None:
    """The table says how much of an owner's time the office was closed; the clock can be read in open hours."""
    client = filled.client("anna")
    page = client.get("/console/times/explore?by=office").text
    assert "closed: " in page
    opened = client.get("/console/times/explore?by=office&hours=open").text
    assert page != opened
    assert '<option value="open" selected>' in opened


def test_studies_and_their_reports(filled: TimesConsole) -> None:
    """A study's files are sent; no other file is."""
    client = filled.client("olive") if filled.client("olive").get("/console/times").status_code == 200 else None
    client = client or filled.client("anna")
    assert "invented report" in client.get("/console/times/studies/week-47/files/report.html").text
    for name in ("other.html", "..%2Freport.html"):
        assert client.get(f"/console/times/studies/week-47/files/{name}").status_code == 404
    assert client.get("/console/times/studies/none").status_code == 404


def test_without_events_the_pages_say_so() -> None:
    """A new installation has no figures and no fault."""
    client = TimesConsole(calendars=False).client("anna")
    assert "No case is open" in client.get("/console/times").text
    assert "holds no events" in client.get("/console/times/explore").text
    assert client.get("/console/times/cases").status_code == 200
    assert client.get("/console/times/explore.csv").status_code == 200
