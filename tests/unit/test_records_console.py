# SPDX-License-Identifier: Apache-2.0
"""Pages of records: every page in both languages, forms that come back with what is wrong, who may see and do what."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from record_console_world import RecordConsole, form_token
from tests.record_world import CASE, KOFI

from openecp.platform.console.language import read_catalogue
from openecp.programme.compendia.commands import AddRecord, SubmitRecord
from openecp.programme.compendia.lifecycle import TRANSITIONS
from openecp.programme.compendia.templates import shipped_templates

PAGES = (
    "/console/records",
    "/console/records?type=practice&status=published&topic=transit&text=corridor",
    "/console/records/moderation",
    "/console/records/standards",
    "/console/records/standards?status=open",
    "/console/records/new",
    *(f"/console/records/new/{kind}" for kind in shipped_templates()),
    "/console/records/practice-corridor",
    "/console/records/practice-corridor/edit",
    "/console/records/survey-use",
    "/console/records/survey-use/edit",
    "/console/records/survey-use/results",
    "/console/records/compendium-test",
    "/console/records/compendium-test/editions/1",
    "/console/records/compendium-test/editions/2",
)


@pytest.fixture(scope="module")
def filled() -> RecordConsole:
    world = RecordConsole()
    world.fill()
    return world


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_shown_in_both_languages(filled: RecordConsole, page: str) -> None:
    client = filled.client("sena")
    for language in ("en", "fr"):
        reply = client.get(page + ("&" if "?" in page else "?") + f"lang={language}")
        assert reply.status_code == 200, reply.text
        assert f'<html lang="{language}"' in reply.text
        assert reply.text.count("<h1") == 1
        ids = re.findall(r'\bid="([^"]+)"', reply.text)
        assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
        for target in re.findall(r'<label[^>]* for="([^"]+)"', reply.text):
            assert target in ids, target


@pytest.mark.parametrize("page", PAGES)
def test_french_pages_hold_no_english_message(filled: RecordConsole, page: str) -> None:
    """Method: every English message that reads otherwise in French is looked for in the page's visible text."""
    html = filled.client("sena").get(page + ("&" if "?" in page else "?") + "lang=fr").text
    html = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", html, flags=re.DOTALL)
    seen = " ".join(re.sub(r"<[^>]+>", "|", html).split())
    for message in read_catalogue("fr"):
        for english in message.id if isinstance(message.id, tuple) else (message.id,):
            french = " ".join(message.string) if isinstance(message.string, tuple) else str(message.string)
            plain = re.sub(r"%\(\w+\)s", "", english).strip()
            if len(plain) > 5 and plain not in french:
                assert not re.search(rf"\|\s*{re.escape(english)}\s*\|", seen), english


def test_who_is_not_signed_in_is_asked_to_and_who_may_not_is_told_so(filled: RecordConsole) -> None:
    stranger, trader = filled.client(), filled.client("tom")
    assert stranger.get("/console/records", follow_redirects=False).status_code == 303
    for page, status in (
        ("/console/records", 200),
        ("/console/records/practice-corridor", 200),
        ("/console/records/standards", 200),
        ("/console/records/moderation", 403),
        ("/console/records/new", 403),
        ("/console/records/practice-corridor/edit", 403),
        ("/console/records/survey-use/results", 403),
        ("/console/records/survey-use/results.csv", 403),
        ("/console/records/practice-none", 404),
        ("/console/records/compendium-test/editions/9", 404),
        ("/console/records/compendium-test/editions/x", 404),
    ):
        assert trader.get(page).status_code == status, page
    token = form_token(trader.get("/console/records").text)
    for act in ("publish", "retire", "edition"):
        reply = trader.post(
            "/console/records/practice-corridor/acts", data={"form_token": token, "act": act, "reason": "because"}
        )
        assert reply.status_code == 403


def test_a_draft_is_not_shown_to_others() -> None:
    world = RecordConsole()
    world.do(AddRecord(record="practice-secret", owner="KE", values=CASE), KOFI)
    assert "practice-secret" in world.client("kofi").get("/console/records").text
    for name in ("lena", "tom"):
        client = world.client(name)
        assert "practice-secret" not in client.get("/console/records").text
        assert client.get("/console/records/practice-secret").status_code == 404
        assert client.get("/console/records/practice-secret/edit").status_code == 404


def test_a_delegate_adds_submits_and_the_secretariat_publishes() -> None:
    world = RecordConsole()
    kofi, sena = world.client("kofi"), world.client("sena")
    page = kofi.get("/console/records/new/practice").text
    data = {
        "form_token": form_token(page), "name": "gate", "owner": "KE", "language": "en", "kind": "practice",
        "member": "ke", "topics": ["transit", "aeo"], "title.en": "A gate", "title.fr": "Une porte",
        "problem.en": "P.", "solution.en": "S.", "result.en": "R.\r\n\r\nMore.", "actions": "ECP-IV-19, ECP-IV-18",
        "bodies": "PTC; SAFE WG", "contact.name": "Ada", "contact.email": "ada@customs.example",
        "figures.rows": "3", "figures.0.what_en": "Days", "figures.0.before": "9", "figures.2.what_en": "Cost",
    }  # fmt: skip
    reply = kofi.post("/console/records/new/practice", data=data, follow_redirects=False)
    assert reply.headers["location"] == "/console/records/practice-gate?done=add", reply.text
    state = world.state("practice-gate")
    assert state.values["topics"] == ["transit", "aeo"]
    assert state.values["figures"] == [{"what_en": "Days", "before": "9"}, {"what_en": "Cost"}]
    assert (state.actions, state.bodies) == (("ECP-IV-19", "ECP-IV-18"), ("PTC", "SAFE WG"))
    assert state.texts["result"]["en"].text == "R.\n\nMore."
    token = form_token(kofi.get("/console/records/practice-gate").text)
    kofi.post("/console/records/practice-gate/acts", data={"form_token": token, "act": "submit"})
    assert "practice-gate" in sena.get("/console/records/moderation").text
    token = form_token(sena.get("/console/records/practice-gate").text)
    refused = sena.post(
        "/console/records/practice-gate/acts", data={"form_token": token, "act": "return", "reason": ""}
    )
    assert refused.status_code == 422
    assert "<details" in refused.text
    sena.post("/console/records/practice-gate/acts", data={"form_token": token, "act": "publish"})
    assert world.state("practice-gate").status == "published"
    seen = world.client("tom").get("/console/records/practice-gate").text
    assert "ada@customs.example" not in seen
    assert "ada@customs.example" in sena.get("/console/records/practice-gate").text


def test_a_form_comes_back_with_what_was_filled_in_and_what_is_wrong() -> None:
    world = RecordConsole()
    client = world.client("sena")
    token = form_token(client.get("/console/records/new/event").text)
    data = {"form_token": token, "name": "day", "owner": "SEC", "language": "en", "title.en": "<b>Day</b>",
            "starts": "tomorrow", "participants.rows": "1", "participants.0.public_sector": "many"}  # fmt: skip
    reply = client.post("/console/records/new/event", data=data)
    assert reply.status_code == 422
    assert 'value="&lt;b&gt;Day&lt;/b&gt;"' in reply.text
    assert 'value="tomorrow"' in reply.text
    assert 'value="many"' in reply.text
    for place in ("starts", "participants"):
        assert f'href="#field-{place}"' in reply.text
        assert f'id="field-{place}"' in reply.text
    assert world.book.records(world_reader()) == []
    stale = client.post("/console/records/new/event", data={**data, "form_token": "x"})
    assert stale.status_code == 403


def world_reader() -> object:
    from tests.record_world import ALL

    return ALL


def test_an_edit_leaves_what_it_does_not_show_and_marks_translations() -> None:
    world = RecordConsole()
    world.do(
        AddRecord(record="practice-a", owner="KE", values={**CASE, "contact": {"name": "Ada", "email": "a@x.example"}}),
        KOFI,
    )
    client = world.client("kofi")
    page = client.get("/console/records/practice-a/edit").text
    data = {"form_token": form_token(page), "owner": "KE", "kind": "case_study", "member": "KE", "topics": "transit",
            "actions": "", "bodies": ""}  # fmt: skip
    for name in ("title", "problem", "solution", "result"):
        for code, text in world.state("practice-a").texts[name].items():
            data[f"{name}.{code}"] = text.text
    same = client.post("/console/records/practice-a/edit", data=data, follow_redirects=False)
    assert same.headers["location"].endswith("done=repeated")
    client.post("/console/records/practice-a/edit", data={**data, "problem.en": "Each border asked twice."})
    state = world.state("practice-a")
    assert state.outdated() == ("problem.fr",)
    assert "contact" in state.contacts
    assert "still_right" in client.get("/console/records/practice-a/edit").text
    data |= {"problem.en": "Each border asked twice.", "still_right": "problem.fr"}
    client.post("/console/records/practice-a/edit", data=data)
    assert world.state("practice-a").outdated() == ()


def test_an_edition_page_tells_the_difference_and_gives_the_same_file_each_time(filled: RecordConsole) -> None:
    client = filled.client("tom")
    page = client.get("/console/records/compendium-test/editions/2").text
    assert "Half the time." in page
    assert "A third of the time." in page
    first, again = (client.get("/console/records/compendium-test/editions/2.zip").content for _ in range(2))
    assert first == again
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert {"en/index.html", "fr/index.html", "data.json", "style.css", "fr/practice-corridor.html"} <= set(names)


def test_a_link_opens_a_survey_without_signing_in_and_works_once() -> None:
    world = RecordConsole()
    world.survey()
    sena = world.client("sena")
    token = form_token(sena.get("/console/records/survey-use").text)
    reply = sena.post(
        "/console/records/survey-use/survey",
        data={"form_token": token, "act": "invite", "members": "AA, AB", "anonymous": "1"},
    )
    links = re.findall(r"http://\S+(/console/survey/survey-use/\S+)", reply.text)
    assert len(links) == 3
    assert links[0] not in sena.get("/console/records/survey-use").text
    guest = world.client()
    page = guest.get(links[0])
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    data = {"form_token": form_token(guest.get(links[0]).text), "q.use": "1", "q.worth": "5", "q.words": "Fine"}
    assert guest.post(links[0], data={**data, "q.use": ""}).status_code == 422
    assert guest.post(links[0], data={**data, "form_token": "x"}).status_code == 403
    assert "Thank you" in guest.post(links[0], data=data).text
    assert guest.post(links[0], data=data).status_code == 409
    assert "answered" in guest.get(links[0]).text
    assert guest.get(links[1][:-1] + "!").status_code == 404
    assert guest.get("/console/survey/survey-none/1.x").status_code == 404
    french = world.client().get(links[1] + "?lang=fr").text
    assert "L’utilisez-vous ?" in french
    assert "En partie" in french


def test_results_tell_no_small_cell(filled: RecordConsole) -> None:
    client = filled.client("sena")
    page = client.get("/console/records/survey-use/results").text
    assert "Not told" in page
    rows = client.get("/console/records/survey-use/results.csv").text
    assert rows.splitlines()[0] == "region,member,use,worth,words"
    assert not re.search(r"\bA[A-D]\b|\bEA\b", rows)


def test_each_act_of_the_table_can_be_offered() -> None:
    from openecp.platform.console.records import words

    events = {row.event for row in TRANSITIONS}
    assert set(words.EVENTS) == events


def test_a_submitted_record_is_with_the_secretariat() -> None:
    world = RecordConsole()
    world.do(AddRecord(record="practice-a", owner="KE", values=CASE), KOFI)
    world.do(SubmitRecord(record="practice-a"), KOFI)
    assert world.client("kofi").get("/console/records/practice-a/edit").status_code == 403
    assert world.client("sena").get("/console/records/practice-a/edit").status_code == 200
