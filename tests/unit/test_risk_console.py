# SPDX-License-Identifier: Apache-2.0
"""Pages of the risk desk: who reads them, both languages, four eyes on hits and models, what a trader never sees."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from risk_console_world import ANNA, BEA, PEOPLE, RiskConsole

from openecp.platform.console.language import read_catalogue
from openecp.platform.console.risk import words

# Routes of hits, lists, models and selections × every role; the others are in test_risk_desk.py.
READ = {"officer": 200, "auditor": 200, "trader": 404, "operator": 404, "secretariat": 404, "delegate": 404,
        "partner": 404, "revenue": 404, None: 303}  # fmt: skip
ACT = {**READ, "officer": 409, "auditor": 403}  # the officer's form is an old one
VERDICTS = {
    ("GET", "/console/risk"): READ,
    ("GET", "/console/risk/lists"): READ,
    ("GET", "/console/risk/hits/{hit_id:str}"): READ,
    ("POST", "/console/risk/hits/{hit_id:str}/acts"): ACT,
    ("GET", "/console/risk/models"): READ,
    ("GET", "/console/risk/models/{sha256:str}"): READ,
    ("POST", "/console/risk/models/{sha256:str}/acts"): ACT,
    ("GET", "/console/risk/cases/{case_id:str}"): READ,
}


@pytest.fixture(scope="module")
def world() -> RiskConsole:
    """A list, four hits, a model."""
    return RiskConsole()


def place(world: RiskConsole, path: str) -> str:
    """Return an address of a route."""
    found = path.replace("{hit_id:str}", world.hits[0]).replace("{sha256:str}", world.new)
    return found.replace("{case_id:str}", world.case)


def send(client: TestClient[Litestar], page: str, act: str, *, seq: str = "", **fields: Any) -> Any:
    """Send a form of a page, as its reader sees it."""
    text = client.get(page).text
    token = text.split('name="form_token" value="')[1].split('"')[0]
    found = re.search(r'name="expected_seq" value="(\d+)"', text)
    seen = seq or (found.group(1) if found else "0")
    form = {"form_token": token, "expected_seq": seen, "act": act, **fields}
    return client.post(f"{page}/acts", data=form, follow_redirects=False)


def test_every_route_and_every_role(world: RiskConsole) -> None:
    routes = {
        (method, route.path)
        for route in world.application.routes
        if route.path.startswith("/console/risk")
        for method in route.methods - {"OPTIONS", "HEAD"}  # type: ignore[attr-defined]
    }
    assert set(VERDICTS) <= routes
    for role in (*PEOPLE, None):
        client = world.client(PEOPLE[role].principal_id if role else None)
        start = client.get("/console", follow_redirects=False).text
        token = re.search(r'name="form_token" value="([^"]+)"', start)
        form = {"form_token": token.group(1) if token else "", "expected_seq": "1", "act": "retire", "reason": "Why."}
        for (method, path), verdicts in VERDICTS.items():
            body = {**form, "act": "confirm"} if "hits" in path else form
            more = {"data": body} if method == "POST" else {}
            reply = client.request(method, place(world, path), follow_redirects=False, **more)  # type: ignore[arg-type]
            assert reply.status_code == verdicts[role], (role, method, path, reply.text[:300])
        if role not in ("officer", "auditor"):
            assert "/console/risk" not in start, role
    assert [one.status for one in world.desk.hits()] == ["open"] * 4


def test_a_trader_sees_no_trace(world: RiskConsole) -> None:
    tom, anna = world.client("tom"), world.client("anna")
    case = f"/console/cases/{world.case}"
    assert f"/console/risk/cases/{world.case}" in anna.get(case).text
    for page in (case, f"{case}/notifications", "/console"):
        assert "risk" not in tom.get(page).text.lower()
    absent = tom.get("/console/nowhere").text
    assert tom.get("/console/risk").text.replace("/risk", "/nowhere") == absent.replace("/risk", "/nowhere")


def english_of_the_catalogue() -> set[str]:
    """Return the English messages that are other words in French."""
    found = set()
    for message in read_catalogue("fr"):
        for english in message.id if isinstance(message.id, tuple) else (message.id,):
            french = " ".join(message.string) if isinstance(message.string, tuple) else str(message.string)
            if len(english) > 5 and "%" not in english and english not in french:
                found.add(english)
    return found


def said_in(text: str) -> set[str]:
    """Return the texts of a French page that do not stand there as English."""
    foreign = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "|", text)
    return {" ".join(unescape(part).split()) for part in re.sub(r"<[^>]+>", "|", foreign).split("|")}


def test_every_page_in_both_languages(world: RiskConsole) -> None:
    """One heading, ids once, labels that lead to fields, a table beside each picture; in French no English message."""
    client = world.client("anna")
    catalogue = english_of_the_catalogue()
    for page in [place(world, path) for method, path in VERDICTS if method == "GET"]:
        for language in ("en", "fr"):
            text = client.get(f"{page}?lang={language}").text
            assert text.count("<h1") == 1, page
            ids = re.findall(r'\bid="([^"]+)"', text)
            assert len(ids) == len(set(ids)), page
            for target in re.findall(r'<label[^>]* for="([^"]+)"', text):
                assert target in ids, (page, target)
            assert text.count("<svg") == (4 if world.new in page else 0), page
            assert not re.search(r"<script(?! src=)|<style| style=| on\w+=", text), page
        assert said_in(text) & catalogue == set(), page


def test_two_officers_decide_about_a_hit(world: RiskConsole) -> None:
    anna, bea = world.client("anna"), world.client("bea")
    hit = f"/console/risk/hits/{world.hits[0]}"
    page = anna.get(hit).text
    assert "PETROV, Ivan" in page
    assert "the date agrees" in page
    assert "sanctions, version 2" in page
    assert send(anna, hit, "propose").status_code == 422  # neither verdict nor reason
    late = send(anna, hit, "propose", verdict="cleared", reason="Another one.", until="2031-01-01")
    assert late.status_code == 422
    assert words.REFUSALS["until"] in late.text
    assert "Another one." in late.text  # what was filled in is kept
    first = send(anna, hit, "propose", verdict="cleared", reason="Another one <b>.", until="2027-05-31")
    assert first.status_code == 303
    same = send(anna, hit, "confirm", reason="Myself.")
    assert same.status_code == 403
    assert words.REFUSALS["same"] in same.text
    before = bea.get(hit).text
    assert "Confirm" in before
    assert "Another one &lt;b&gt;." in before
    seen = re.search(r'name="expected_seq" value="(\d+)"', before)
    assert send(anna, hit, "propose", verdict="match", reason="It is him.").status_code == 303
    stale = send(bea, hit, "confirm", reason="Agreed.", seq=seen.group(1) if seen else "")
    assert stale.status_code == 409  # what Bea saw was another proposal
    assert words.REFUSALS["changed"] in unescape(stale.text)
    assert send(bea, hit, "decline", reason="The year differs.").status_code == 303
    assert send(bea, hit, "propose", verdict="cleared", reason="Seen.", until="2027-05-31").status_code == 303
    assert send(anna, hit, "confirm", reason="Seen too.").status_code == 303
    done = anna.get(hit).text
    assert "until 31 May 2027" in done
    assert "/acts" not in done
    state = world.watch.hit(world.hits[0])[0]
    assert (state.status, state.proposed_by, state.decided_by) == ("cleared", BEA.actor, ANNA.actor)
    world.clock.when = world.clock.when.replace(year=2027, month=6)
    assert "expired on 31 May 2027" in anna.get(hit).text
    world.clock.when = world.clock.when.replace(year=2026, month=11)


def test_a_form_that_is_not_ours_is_refused(world: RiskConsole) -> None:
    anna = world.client("anna")
    for page in (f"/console/risk/hits/{world.hits[1]}", f"/console/risk/models/{world.new}"):
        reply = anna.post(f"{page}/acts", data={"act": "confirm", "form_token": "x", "reason": "Why."})
        assert reply.status_code == 403
        assert "too long" in reply.text
    assert anna.get("/console/risk/hits/" + "0" * 32).status_code == 404
    assert anna.get("/console/risk/models/" + world.new[:16]).status_code == 404
    assert anna.get("/console/risk?page=99999999999&status=x").status_code == 200


def test_lists_tell_what_was_left_out(world: RiskConsole) -> None:
    text = world.client("olive").get("/console/risk/lists").text
    rows = re.findall(r"<tr>(.*?)</tr>", text.split("<tbody>")[1].split("</tbody>")[0])
    cells = [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    assert [(row[0], row[2], row[3], row[4]) for row in cells] == [
        ("2", "command line", "5", "2"), ("1", "command line", "4", "0"),
    ]  # fmt: skip


def test_models_and_who_puts_them_to_use(world: RiskConsole) -> None:
    anna, bea = world.client("anna"), world.client("bea")
    model = f"/console/risk/models/{world.new}"
    assert "no model is champion" in anna.get("/console/risk/models").text
    own = send(bea, model, "champion")
    assert own.status_code == 403
    assert words.REFUSALS["own_model"] in own.text
    assert send(anna, model, "champion").status_code == 303
    assert world.new[:16] in anna.get("/console/risk/models").text.split("<table")[0]
    card = anna.get(model).text
    assert "invented controls &lt;b&gt;" in card
    assert "Known blind spots" in card
    world.clock.when = world.clock.when.replace(year=2028)
    assert "champion, stale" in anna.get("/console/risk/models").text
    assert "rules alone select" in anna.get(model).text
    world.clock.when = world.clock.when.replace(year=2026)
    assert send(anna, model, "retire", reason="").status_code == 422
    assert send(anna, model, "retire", reason="Too old.").status_code == 303
    assert "Too old." in anna.get(model).text
    assert send(anna, model, "retire", reason="Once more.").status_code == 409


def test_why_this_one(world: RiskConsole) -> None:
    page = world.client("olive").get(f"/console/risk/cases/{world.case}").text
    assert "Importer seen with undervalued batteries" in page
    assert "It was not drawn at random." in page
    assert sum(hit in page for hit in world.hits) == 1  # the declarant's
    assert "No score of a model" in page
    assert world.client("olive").get("/console/risk/cases/none").status_code == 404
