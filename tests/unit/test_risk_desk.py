# SPDX-License-Identifier: Apache-2.0
"""Profiles, back-tests, lanes, hit rates, compliance on the risk desk: roles, languages, four eyes, figures."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import test_risk_console
from litestar import Litestar
from litestar.testing import TestClient
from risk_console_world import ANNA, PEOPLE
from risk_desk_world import DeskWorld

from openecp.border.risk.profiles.operation import operation_of
from openecp.platform.console.risk import words
from openecp.platform.console.risk.backtest_jobs import BacktestJobs
from openecp.platform.core.risk_pages import RiskFollower

READ, ACT = test_risk_console.READ, test_risk_console.ACT
WRITE = {**READ, "auditor": 403}
NOT_OURS = {**READ, "officer": 403, "auditor": 403}  # the officer's form is of no page
VERDICTS = {
    ("GET", "/console/risk/profiles"): READ,
    ("GET", "/console/risk/profiles/{name:str}"): READ,
    ("POST", "/console/risk/profiles/{name:str}/acts"): ACT,
    ("GET", "/console/risk/profiles/new"): WRITE,
    ("POST", "/console/risk/profiles/new"): NOT_OURS,
    ("GET", "/console/risk/profiles/{name:str}/edit"): WRITE,
    ("POST", "/console/risk/profiles/{name:str}/edit"): NOT_OURS,
    ("GET", "/console/risk/profiles/{name:str}/backtests"): WRITE,
    ("POST", "/console/risk/profiles/{name:str}/backtests"): NOT_OURS,
    ("GET", "/console/risk/backtests/{key:str}"): READ,
    ("GET", "/console/risk/lanes"): READ,
    ("GET", "/console/risk/rates"): READ,
    ("GET", "/console/risk/compliance"): READ,
}
PROFILES = "/console/risk/profiles"


@pytest.fixture(scope="module")
def world() -> DeskWorld:
    """Three profiles in operation, one that waits, a quarter of controls."""
    return DeskWorld(models=False)


@pytest.fixture(scope="module")
def tried(world: DeskWorld) -> str:
    """A back-test of the profile that waits."""
    state = world.desk.profile("NEW-04")
    assert state is not None
    assert state[0].waiting is not None
    return world.jobs.ask(state[0].waiting.profile, by=ANNA.actor, now=world.clock.text(), days=30)


def token_of(text: str) -> str:
    return re.search(r'name="form_token" value="([^"]+)"', text).group(1)  # type: ignore[union-attr]


def send(client: TestClient[Litestar], page: str, to: str = "", **fields: Any) -> Any:
    """Send a form of a page, as its reader sees it."""
    text = client.get(page).text
    seq = re.search(r'name="expected_seq" value="(\d+)"', text)
    form = {"form_token": token_of(text), "expected_seq": seq.group(1) if seq else "0", **fields}
    return client.post(to or page, data=form, follow_redirects=False)


def test_every_route_and_every_role(world: DeskWorld, tried: str) -> None:
    routes = {
        (method, route.path)
        for route in world.application.routes
        if route.path.startswith("/console/risk")
        for method in route.methods - {"OPTIONS", "HEAD"}  # type: ignore[attr-defined]
    }
    assert routes - set(test_risk_console.VERDICTS) == set(VERDICTS)
    for role in (*PEOPLE, None):
        client = world.client(PEOPLE[role].principal_id if role else None)
        start = client.get("/console", follow_redirects=False).text
        token = re.search(r'name="form_token" value="([^"]+)"', start)
        form = {"form_token": token.group(1) if token else "", "expected_seq": "1", "act": "retire", "reason": "Why."}
        for (method, path), verdicts in VERDICTS.items():
            place = path.replace("{name:str}", "FOOT-01").replace("{key:str}", tried)
            body = {} if verdicts is NOT_OURS else form
            more: dict[str, Any] = {"data": body} if method == "POST" else {}
            reply = client.request(method, place, follow_redirects=False, **more)  # type: ignore[arg-type]
            assert reply.status_code == verdicts[role], (role, method, path, reply.text[:300])


def test_every_page_in_both_languages(world: DeskWorld, tried: str) -> None:
    """One heading, ids once, labels that lead to fields, no style or script inline; in French no English message."""
    client = world.client("anna")
    catalogue = test_risk_console.english_of_the_catalogue()
    pages = [path.replace("{name:str}", "FOOT-01").replace("{key:str}", tried) for m, path in VERDICTS if m == "GET"]
    pages = sorted({*pages, f"{PROFILES}/WOOD-03/edit", f"{PROFILES}/NEW-04", f"{PROFILES}?status=retired",
                    "/console/risk/lanes?days=28", "/console/risk/rates?weeks=4&profile=FOOT-01",
                    "/console/risk/compliance?by=month", f"/console/risk/cases/{world.chosen}"})  # fmt: skip
    for page in pages:
        for language in ("en", "fr"):
            text = client.get(page, params={"lang": language}).text
            assert text.count("<h1") == 1, page
            ids = re.findall(r'\bid="([^"]+)"', text)
            assert len(ids) == len(set(ids)), (page, [each for each in ids if ids.count(each) > 1][:3])
            for target in re.findall(r'<label[^>]* for="([^"]+)"', text):
                assert target in ids, (page, target)
            assert not re.search(r"<script(?! src=)|<style| style=| on\w+=", text), page
        assert test_risk_console.said_in(text) & catalogue == set(), page


def test_the_list_tells_what_profiles_find(world: DeskWorld) -> None:
    text = world.client("olive").get(PROFILES).text
    rows = {name: row for row in text.split("<tr>")[1:] for name in ("FOOT-01", "WOOD-03", "NEW-04") if name in row}
    assert "27.3\u00a0%" in rows["FOOT-01"]
    assert "12 of 44" in rows["FOOT-01"]
    assert "version 2 waits" in rows["FOOT-01"]
    assert "below chance" in rows["WOOD-03"]
    assert "below chance" not in rows["FOOT-01"]
    assert "ch-weeks" in rows["WOOD-03"]
    assert "no result yet" in rows["NEW-04"]
    assert "New profile" not in text  # an auditor writes none


def test_nobody_activates_their_own(world: DeskWorld) -> None:
    """The author has no button; who sends the form all the same is refused, and that is on record."""
    bea, anna, page = world.client("bea"), world.client("anna"), f"{PROFILES}/FOOT-01"
    assert "You wrote version 2" in bea.get(page).text
    shown = anna.get(page).text
    assert "Activate version 2" in shown
    digest = re.search(r'name="backtest" value="([0-9a-f]{64})"', shown).group(1)  # type: ignore[union-attr]
    form = {"act": "activate", "version": "2", "backtest": digest}
    refused = send(bea, page, f"{page}/acts", **form)
    assert refused.status_code == 403
    assert "Nobody activates their own profile." in refused.text
    assert [event.body["code"] for event in world.store.events(limit=10_000) if event.kind == "RiskProfileRefused"] == [
        "OECP-RISK-SELF-APPROVAL"
    ]
    blind = send(anna, page, f"{page}/acts", **form | {"backtest": "0" * 64})
    assert blind.status_code == 422  # another back-test than the one on the page
    assert send(anna, page, f"{page}/acts", **form, expected_seq="1").status_code == 409
    assert send(anna, page, f"{page}/acts", **form).status_code == 303
    state = world.desk.profile("FOOT-01")
    assert state is not None
    assert state[0].current is not None
    assert (state[0].current.number, state[0].current.approver) == (2, ANNA.actor)
    assert send(bea, page, f"{page}/acts", act="suspend", reason="").status_code == 422
    assert send(bea, page, f"{page}/acts", act="suspend", reason="The price file is wrong.").status_code == 303
    assert "The price file is wrong." in anna.get(page).text
    assert "suspended" in anna.get(f"{PROFILES}?status=suspended").text
    gone = send(bea, page, f"{page}/acts", act="retire", reason="Another one does it.")
    assert gone.status_code == 303
    assert "/acts" not in anna.get(page).text
    assert anna.get(f"{page}/edit").status_code == 404


def test_a_back_test_is_asked_for_looked_at_and_submitted(world: DeskWorld) -> None:
    anna, start = world.client("anna"), f"{PROFILES}/NEW-04/backtests"
    assert send(anna, start, source="journal", days="0").status_code == 422
    token = token_of(anna.get(start).text)
    wrong = anna.post(start, data={"form_token": token, "source": "file"}, files={"file": ("items.xls", b"x")})
    assert wrong.status_code == 422
    assert "Choose a file" in wrong.text
    empty = anna.post(start, data={"form_token": token, "source": "file"}, files={"file": ("items.csv", b"")})
    assert "The file is empty" in empty.text
    sent = anna.post(
        start, data={"form_token": token, "source": "file"}, files={"file": ("items.csv", b"origin\nQP\n")}
    )
    assert "items.csv" in sent.text
    assert not list(world.folder.rglob("history*")), "the history is removed"
    asked = send(anna, start, source="journal", days="30")
    assert asked.status_code == 303
    page = asked.headers["location"]
    shown = anna.get(page).text
    assert "Submit for activation" in shown
    assert "25.8\u00a0%" in shown
    assert shown.count("<svg") == 3
    key = page.rpartition("/")[2]
    attach = send(anna, page, f"{PROFILES}/NEW-04/acts", act="attach", job=key)
    assert attach.status_code == 303
    assert "a second officer may activate it" in anna.get(page).text
    assert "Activate version 1" in world.client("bea").get(f"{PROFILES}/NEW-04").text
    assert send(anna, f"{PROFILES}/NEW-04", f"{PROFILES}/NEW-04/acts", act="attach", job="f" * 16).status_code == 422
    assert anna.get("/console/risk/backtests/" + "f" * 16).status_code == 404
    assert anna.get("/console/risk/backtests/..%2f..").status_code == 404
    quiet = anna.get(f"{page}?seen=done-0", headers={"hx-request": "true"})
    assert quiet.status_code == 204


def test_a_history_that_a_stopped_server_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ("a" * 16)).mkdir()
    (tmp_path / ("a" * 16) / "history.csv").write_text("importer")
    (tmp_path / "draft-1").write_text("importer")
    jobs = BacktestJobs(tmp_path, lambda folder: None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert jobs.status("a" * 16)[0] == "stopped"


def test_lanes_follow_the_journal(world: DeskWorld) -> None:
    olive = world.client("olive")
    text = olive.get("/console/risk/lanes?days=28").text
    seen = re.search(r"seen=(\d+)", text)
    assert seen is not None
    same = olive.get(f"/console/risk/lanes?days=28&seen={seen.group(1)}", headers={"hx-request": "true"})
    assert same.status_code == 204
    rows = world.desk.follower.lane_days()  # type: ignore[union-attr]
    shown = [row for row in rows if row.day >= "2026-10-24"]
    assert sum(row.seen for row in shown) == sum(sum(row.lanes.values()) for row in shown)
    assert f"<dt>Declarations</dt><dd>{sum(row.seen for row in shown)}</dd>" in text
    assert "outside the interval" in text
    assert text.count("rowspan") == 2
    assert olive.get("/console/risk/lanes?days=x&office=none").status_code == 200


def test_figures_are_those_of_the_commands(world: DeskWorld) -> None:
    """However the journal is cut, weeks sum to what `openecp risk profile stats` counts."""
    whole = operation_of((e.case_id, e.kind, e.body) for e in world.store.events(limit=100_000))
    names = {("FOOT-01", 1): 1_000_000, ("BATT-02", 1): 1_000_000, ("WOOD-03", 1): 1_000_000}
    follower = RiskFollower(world.store, {"yellow": 0.15})
    follower.follow(500)
    assert not follower.is_current
    while not follower.is_current:
        follower.follow(700)
    weeks = follower.profile_weeks(names)
    for one in whole.figures(names):
        mine = weeks[one.profile, one.version]
        counted = (sum(w.selections for w in mine), sum(w.results for w in mine), sum(w.irregular for w in mine))
        assert counted == (one.selections, one.results, one.irregular), one.profile
    sample = follower.sample_weeks()
    assert (sum(w.results for w in sample), sum(w.irregular for w in sample)) == whole.sample()
    found = follower.compliance("office", ("2026-01-01", "2026-12-31"))
    assert found is not None
    assert sum(one.sampled for one in found[1:]) == found[0].sampled > 100
    month = follower.compliance("month", ("2026-10-01", "2026-10-31"))
    assert month is not None
    assert [one.segment for one in month] == ["all", "2026-10"]


def test_why_this_one(world: DeskWorld) -> None:
    text = unescape(world.client("olive").get(f"/console/risk/cases/{world.chosen}").text)
    for told in ("12.346\u00a0%", "below 50.000\u00a0% selects", "entry 17 of the journal", "Weigh three pairs.",
                 "unit price against the reference price", "42.0\u00a0%", "64.0\u00a0%", "810.00\u00a0EUR", "+0.91",
                 "\u22120.20", "brand new", "a criterion with a percentage", "BATT-02"):  # fmt: skip
        assert told in text, told
    assert "/console/risk/profiles/FOOT-01" in text
    assert "Hits that counted when the lane was chosen" in text
    assert text.count("Invented Trading and Sons") == 2  # as it counted, and as it is now
    assert world.client("tom").get(f"/console/risk/cases/{world.chosen}").status_code == 404
    trader = world.client("tom").get(f"/console/cases/{world.chosen}").text
    assert "FOOT-01" not in trader
    assert "0.87" not in trader


def test_words_are_there() -> None:
    assert set(words.PROFILE_TONES) == set(words.PROFILE_STATES)
    assert set(words.JOB_TONES) == set(words.JOB_STATES)
