# SPDX-License-Identifier: Apache-2.0
"""The console over HTTP, without a browser: who may see and do what, and what every answer carries.

Method: the console's routes in a Litestar app over a store in memory, asked by a test client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from console_world import OSCAR, PASSWORD, SECRET_REASON, Stage, World, busy_world
from litestar.testing import TestClient

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer

NOTE = "Carton 4 was opened by officer Quill"


@pytest.fixture(scope="module")
def stage() -> Stage:
    """The app, built once."""
    return Stage()


@pytest.fixture(scope="module")
def browser(stage: Stage) -> Iterator[TestClient]:
    """One test client, opened once."""
    with TestClient(stage.app, base_url="http://testserver.local") as opened:
        yield opened


@pytest.fixture
def world(stage: Stage) -> World:
    """Cases of every kind."""
    return stage.show(busy_world())


@pytest.fixture
def client(browser: TestClient, world: World) -> TestClient:
    """A browser without a session."""
    browser.cookies.clear()
    return browser


@contextmanager
def somebody_else(client: TestClient) -> Iterator[TestClient]:
    """Another browser at the same app."""
    kept = dict(client.cookies)
    client.cookies.clear()
    yield client
    client.cookies.clear()
    client.cookies.update(kept)


def token_of(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', html)
    assert found
    return found[1]


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **more: str):
    """Fill in the sign-in form."""
    token = token_of(client.get("/console/sign-in").text)
    fields = {"form_token": token, "name": name, "password": password, **more}
    return client.post("/console/sign-in", data=fields, follow_redirects=False)


def page(client: TestClient, path: str, status: int = 200) -> str:
    """A page's text."""
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == status, (path, answer.status_code, answer.headers.get("location"))
    return answer.text


def act(client: TestClient, world: World, lrn: str, status: int, **fields: str) -> str:
    """Send an act form as the page has it, some fields changed."""
    case_id = world.cases[lrn]
    html = page(client, f"/console/cases/{case_id}")
    seq = re.search(r'name="expected_seq" value="(\d+)"', html)
    given = {"form_token": token_of(html), "expected_seq": seq[1] if seq else "1", "reason": NOTE, **fields}
    answer = client.post(f"/console/cases/{case_id}/acts", data=given, follow_redirects=False)
    assert answer.status_code == status, answer.text[:3000]
    return answer.headers.get("location") or answer.text


class TestSignIn:
    """Sessions, form tokens, guessing."""

    def test_everything_needs_a_session(self, client: TestClient, world: World) -> None:
        """Without one every page leads to the sign-in page, which leads back."""
        case_id = world.cases["LRN-CLEARED-01"]
        for path in ("/console", "/console/work-list.csv", f"/console/cases/{case_id}/message/file"):
            answer = client.get(path, follow_redirects=False)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/console/sign-in")
        answer = client.get(f"/console/cases/{case_id}?items=1", follow_redirects=False)
        assert answer.headers["location"] == f"/console/sign-in?back=%2Fconsole%2Fcases%2F{case_id}%3Fitems%3D1"

    def test_cookie(self, client: TestClient) -> None:
        """The session cookie is for the console alone, and neither scripts nor other sites' forms get it."""
        answer = sign_in(client, "anna")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/console"
        cookies = [c for c in answer.headers.get_list("set-cookie") if c.startswith("openecp_session=")]
        assert len(cookies) == 1
        low = cookies[0].lower()
        assert "httponly" in low
        assert "samesite=lax" in low
        assert "path=/console" in low
        assert "secure" not in low
        assert "Work list" in page(client, "/console")

    def test_back_stays_here(self, client: TestClient) -> None:
        """No address in a link makes the sign-in lead away from the console."""
        for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/console/../x", "/consoleX", "\n"):
            answer = sign_in(client, "anna", back=back)
            assert answer.headers["location"] == "/console", back
        assert sign_in(client, "anna", back="/console/find?text=a").headers["location"] == "/console/find?text=a"

    def test_form_token(self, client: TestClient) -> None:
        """A form without our token is refused, before and after sign-in."""
        client.get("/console/sign-in")
        for token in ("", "0" * 64, "é"):
            fields = {"form_token": token, "name": "anna", "password": PASSWORD}
            answer = client.post("/console/sign-in", data=fields, follow_redirects=False)
            assert answer.status_code == 403
            assert "openecp_session=" not in str(answer.headers)

    def test_other_site(self, client: TestClient) -> None:
        """A form that another site sends is refused even with a token."""
        token = token_of(client.get("/console/sign-in").text)
        fields = {"form_token": token, "name": "anna", "password": PASSWORD}
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = client.post("/console/sign-in", data=fields, headers=headers, follow_redirects=False)
        assert answer.status_code == 403

    def test_wrong_and_missing(self, client: TestClient) -> None:
        """The answer says what is missing, and not whether the name exists."""
        assert "Enter your password" in sign_in(client, "anna", "").text
        assert "Enter your name" in sign_in(client, " ").text
        known, unknown = sign_in(client, "anna", "wrong"), sign_in(client, "nobody", "wrong")
        assert known.status_code == unknown.status_code == 401
        assert "Name or password is wrong." in known.text
        assert known.text.replace("anna", "nobody") == unknown.text.replace(
            token_of(unknown.text), token_of(known.text)
        )

    def test_systems_do_not_sign_in(self, client: TestClient) -> None:
        """The console is for people."""
        assert sign_in(client, "erp").status_code == 401

    def test_guessing_is_slowed(self, client: TestClient, world: World) -> None:
        """After five failures a name has to wait from this address; the register is not even asked."""
        for _ in range(5):
            assert sign_in(client, "anna", "guess").status_code == 401
        asked = world.register.asked
        answer = sign_in(client, "anna")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 900
        assert "Too many tries" in answer.text
        assert world.register.asked == asked
        assert sign_in(client, "tom").status_code == 303
        client.cookies.clear()
        world.clock.ticks += 901
        assert sign_in(client, "anna").status_code == 303

    def test_sign_out(self, client: TestClient, world: World) -> None:
        """Signing out ends the session in the store, and only our own form does it."""
        sign_in(client, "anna")
        client.post("/console/sign-out", data={"form_token": "x"})
        assert world.register.sessions
        token = token_of(page(client, "/console"))
        client.post("/console/sign-out", data={"form_token": token})
        assert not world.register.sessions
        page(client, "/console", 303)

    def test_secure_cookies(self, world: World) -> None:
        """Behind HTTPS the cookies say so."""
        from litestar import Litestar

        from openecp.platform.console.app import console_routes

        class Secure:
            cookie_secure = True

        app = Litestar(route_handlers=console_routes(world.store, world, world.register, Secure()), openapi_config=None)
        with TestClient(app) as opened:
            cookie = opened.get("/console/sign-in").headers["set-cookie"]
            assert "secure" in cookie.lower()


class TestAnswers:
    """What every answer carries."""

    def test_policy(self, client: TestClient, world: World) -> None:
        """No inline script or style, nothing from elsewhere, nothing kept by caches; errors too."""
        sign_in(client, "anna")
        case_id = world.cases["LRN-CONTROL-01"]
        for path in ("/console", f"/console/cases/{case_id}", "/console/nothing", "/console/cases/none"):
            answer = client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)

    def test_static(self, client: TestClient) -> None:
        """Files are kept for ever under a name that changes with them; no path leads out of the folder."""
        sheet = re.search(r'href="(/console/static/[^"]+console\.css)"', client.get("/console/sign-in").text)
        if sheet is None:
            pytest.skip("front-end parts are not installed: run make setup")
        answer = client.get(sheet[1])
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert client.get("/console/static/000000000000/console.css").status_code == 404
        version = sheet[1].split("/")[3]
        for name in ("../app.py", "%2e%2e/app.py", "vendor/.complete", "..%2f..%2fapp.py"):
            assert client.get(f"/console/static/{version}/{name}").status_code == 404

    def test_not_found(self, client: TestClient) -> None:
        """A page that is not there is a page of ours, with a way back."""
        sign_in(client, "anna")
        assert "Page not found" in page(client, "/console/cases/none", 404)
        assert "Page not found" in page(client, "/console/no/such/page", 404)

    def test_failure(self, client: TestClient, world: World) -> None:
        """When the store fails the page says whose fault it is and nothing of the inside."""
        sign_in(client, "anna")
        world.store.cases = None  # type: ignore[method-assign,assignment]
        html = page(client, "/console", 500)
        assert "Something went wrong here" in html
        assert "NoneType" not in html

    def test_large_form(self, client: TestClient) -> None:
        """A form larger than the limit is refused with a page."""
        answer = client.post("/console/sign-in", data={"name": "x" * 100_000})
        assert answer.status_code == 413
        assert "Too much text" in answer.text

    def test_without_parts(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where make setup has not brought the front-end parts, the console says so and works."""
        from openecp.platform.console import assets

        monkeypatch.setattr(assets, "_served", lambda folder: [])
        with TestClient(world.app(), base_url="http://testserver.local") as opened:
            html = opened.get("/console/sign-in").text
            assert "front-end parts are not installed" in html
            assert "stylesheet" not in html
            assert sign_in(opened, "anna").status_code == 303


class TestWorkList:
    """Finding, filtering, counting, paging, CSV."""

    def test_officer_sees_all(self, client: TestClient) -> None:
        """Every organisation's cases, with channel."""
        sign_in(client, "anna")
        html = page(client, "/console")
        for lrn in ("LRN-FOREIGN-01", "LRN-CONTROL-01", "LRN-REJECTED-1"):
            assert lrn in html
        assert "6 declarations" in html

    def test_filters_stand_in_the_address(self, client: TestClient) -> None:
        """Status, channel, movement, office and text narrow the list; nonsense finds nothing and breaks nothing."""
        sign_in(client, "anna")
        assert "1 declaration<" in page(client, "/console?status=under_control")
        assert "2 declarations" in page(client, "/console?status=under_control&status=documents_required")
        assert "1 declaration<" in page(client, "/console?channel=red")
        assert "6 declarations" in page(client, "/console?movement=import&office=XB000101")
        assert "No declaration fits" in page(client, "/console?movement=export")
        assert "1 declaration<" in page(client, "/console?text=lrn-con")
        assert "<b>" not in page(client, "/console?text=%3Cb%3E&status=%3Cb%3E&office=%22%3E%3Cb%3E")
        page(client, "/console?text=" + "x" * 3000 + "&after=%00&status=" + "y" * 3000)

    def test_find(self, client: TestClient, world: World) -> None:
        """A whole LRN or MRN goes to its declaration; a beginning goes to the list."""
        sign_in(client, "anna")
        answer = client.get("/console/find?text=lrn-control-01", follow_redirects=False)
        assert answer.headers["location"] == f"/console/cases/{world.cases['LRN-CONTROL-01']}"
        answer = client.get("/console/find?text=LRN-C", follow_redirects=False)
        assert answer.headers["location"] == "/console?text=LRN-C"

    def test_paging(self, client: TestClient, world: World) -> None:
        """Every case stands on exactly one page."""
        for n in range(120):
            world.lodge(f"LRN-P-{n:04d}", items=1)
        sign_in(client, "anna")
        seen: list[str] = []
        path = "/console?text=LRN-P"
        for _ in range(5):
            html = page(client, path)
            seen += re.findall(r'class="oe-lrn">(LRN-P-\d+)<', html)
            found = re.search(r'rel="next" href="([^"]+)"', html)
            if not found:
                break
            path = found[1].replace("&amp;", "&")
        assert len(seen) == len(set(seen)) == 120

    def test_csv(self, client: TestClient, world: World) -> None:
        """Cells that a spreadsheet would take for formulas are neutralised; a trader's file has no channel."""
        world.lodge("=cmd|'/c calc'!A1")
        sign_in(client, "anna")
        text = page(client, "/console/work-list.csv")
        assert text.startswith("mrn,lrn,status,movement,office,version,updated_at,channel,organisation")
        assert "'=cmd|" in text
        assert len(text.splitlines()) == 8
        client.cookies.clear()
        sign_in(client, "tom")
        text = page(client, "/console/work-list.csv?channel=red")
        assert text.splitlines()[0] == "mrn,lrn,status,movement,office,version,updated_at"
        assert "other" not in text
        assert len(text.splitlines()) == 7


class TestTrader:
    """A trader sees its own cases alone, and nothing that is for officers."""

    def test_other_organisations_are_not_there(self, client: TestClient, world: World) -> None:
        """A foreign case looks like one that does not exist, on every path."""
        sign_in(client, "uma")
        case_id = world.cases["LRN-CONTROL-01"]
        for tail in ("", "/declared", "/message", "/message/file", "/notifications", "/receipts/1", "/changes"):
            assert "Page not found" in page(client, f"/console/cases/{case_id}{tail}", 404)
        assert "LRN-CONTROL-01" not in page(client, "/console?text=LRN")
        answer = client.get("/console/find?text=LRN-CONTROL-01", follow_redirects=False)
        assert answer.headers["location"] == "/console?text=LRN-CONTROL-01"

    def test_nothing_tells_how_goods_were_chosen(self, client: TestClient, world: World) -> None:
        """No page, file or receipt of its own cases shows a channel, a risk reason, an audit or an officer's words."""
        with somebody_else(client) as officer:
            sign_in(officer, "anna")
            act(officer, world, "LRN-CONTROL-01", 303, act="control_result", result="detained")
        sign_in(client, "tom")
        words = re.compile(
            "|".join((SECRET_REASON, "RISK-17", NOTE, "Quill", "audit", "Channel", "oe-channel", "anna", "criterion")),
            re.IGNORECASE,
        )
        for lrn in ("LRN-CLEARED-01", "LRN-AUDITED-01", "LRN-CONTROL-01", "LRN-DOCS-01", "LRN-REJECTED-1"):
            case_id = world.cases[lrn]
            main = page(client, f"/console/cases/{case_id}")
            paths = {f"/console/cases/{case_id}{t}" for t in ("", "/declared", "/message", "/notifications")}
            paths |= set(re.findall(rf"/console/cases/{case_id}/receipts/\d+", main))
            paths |= {path + "/file" for path in paths if "/receipts/" in path}
            for path in paths:
                text = page(client, path)
                found = words.search(re.sub(r"LRN-[A-Z]+-\d+", "", text))
                assert not found, (path, found)
        html = page(client, "/console")
        assert not words.search(re.sub(r"LRN-[A-Z]+-\d+", "", html))

    def test_green_and_blue_look_the_same(self, client: TestClient, world: World) -> None:
        """A declaration that will be audited shows the same events as one that will not, and no gap in receipts."""
        sign_in(client, "tom")

        def events(lrn: str) -> list[str]:
            html = page(client, f"/console/cases/{world.cases[lrn]}")
            return re.findall(r'<th scope="row">([A-Z][^<\n]+)', html[html.index('id="timeline"') :])

        assert events("LRN-CLEARED-01") == events("LRN-AUDITED-01")
        html = page(client, f"/console/cases/{world.cases['LRN-AUDITED-01']}")
        numbers = [int(n) for n in re.findall(r"/receipts/(\d+)", html)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    def test_filter_by_channel_is_no_oracle(self, client: TestClient) -> None:
        """A channel in the address changes nothing for a trader."""
        sign_in(client, "tom")
        assert "5 declarations" in page(client, "/console?channel=red")

    def test_officer_events_have_no_receipt(self, client: TestClient, world: World) -> None:
        """The receipts of events for officers are not found."""
        sign_in(client, "tom")
        case_id = world.cases["LRN-AUDITED-01"]
        for event in world.store.events(case_id=case_id):
            allowed = event.kind in {"DeclarationSubmitted", "DeclarationAccepted"}
            page(client, f"/console/cases/{case_id}/receipts/{event.seq}", 200 if allowed else 404)

    def test_notes_are_no_messages(self, client: TestClient, world: World) -> None:
        """Only messages can be asked for as documents: not officers' notes, not the kept assessment."""
        sign_in(client, "tom")
        case_id = world.cases["LRN-CONTROL-01"]
        for document in world.store.documents_of(case_id):
            path = f"/console/cases/{case_id}/message/file?document={document.document_id}"
            page(client, path, 200 if document.kind == "declaration" else 404)

    def test_no_acts(self, client: TestClient, world: World) -> None:
        """A trader is offered no act, and one that is sent is refused and never reaches the core."""
        sign_in(client, "tom")
        case_id = world.cases["LRN-CONTROL-01"]
        html = page(client, f"/console/cases/{case_id}")
        assert "Officer acts" not in html
        fields = {"form_token": token_of(html), "act": "release", "reason": "please", "expected_seq": "1"}
        assert client.post(f"/console/cases/{case_id}/acts", data=fields).status_code == 403
        assert not world.submitted


class TestOtherRoles:
    """Auditors read, operators operate."""

    def test_auditor(self, client: TestClient, world: World) -> None:
        """An auditor reads what officers read and acts on nothing."""
        sign_in(client, "olive")
        case_id = world.cases["LRN-CONTROL-01"]
        html = page(client, f"/console/cases/{case_id}")
        assert SECRET_REASON in html
        assert "Officer acts" not in html
        fields = {"form_token": token_of(html), "act": "release", "reason": "x", "expected_seq": "1"}
        assert client.post(f"/console/cases/{case_id}/acts", data=fields).status_code == 403

    def test_operator(self, client: TestClient, world: World) -> None:
        """An operator reads no case, not even of an organisation that has some."""
        world.register.add_principal(msgspec.structs.replace(OSCAR, organisation="brise"))
        sign_in(client, "oscar")
        assert "0 declarations" in page(client, "/console")
        page(client, f"/console/cases/{world.cases['LRN-CONTROL-01']}", 404)


class TestActs:
    """Officer acts: offered, checked, recorded, refused."""

    def test_done(self, client: TestClient, world: World) -> None:
        """An act is recorded with its ground, and the page says so with a link to the event."""
        sign_in(client, "anna")
        location = act(client, world, "LRN-CONTROL-01", 303, act="control_result", result="detained")
        html = page(client, location)
        assert "Goods detained" in html
        assert NOTE in html
        assert "See it in the timeline" in html
        command = world.submitted[-1]
        assert (command.act, command.result, command.reason) == ("control_result", "detained", NOTE)
        assert command.principal.principal_id == "anna"

    def test_claimed_success(self, client: TestClient, world: World) -> None:
        """An address alone does not make the page say that something was recorded."""
        sign_in(client, "anna")
        case_id = world.cases["LRN-CONTROL-01"]
        for number in ("1", "23", "x", "9" * 30):
            assert "See it in the timeline" not in page(client, f"/console/cases/{case_id}?done={number}")

    def test_reason_and_result_are_needed(self, client: TestClient, world: World) -> None:
        """Each fault is named at its field, what was filled in is kept, nothing is recorded."""
        sign_in(client, "anna")
        html = act(client, world, "LRN-CONTROL-01", 422, act="control_result", reason="  ")
        assert 'href="#control_result-result-1"' in html
        assert 'href="#control_result-reason"' in html
        assert "<title>Error:" in html
        html = act(client, world, "LRN-CONTROL-01", 422, act="control_result", reason="kept <i>words</i>")
        assert "kept &lt;i&gt;words&lt;/i&gt;</textarea>" in html
        act(client, world, "LRN-CONTROL-01", 422, act="release", reason="x" * 1001)
        act(client, world, "LRN-CONTROL-01", 422, act="control_result", result="burnt")
        assert not world.submitted

    def test_changed_case(self, client: TestClient, world: World) -> None:
        """Who acts on what has changed meanwhile is told so, sees what is new, and nothing is recorded."""
        sign_in(client, "anna")
        seq = world.store.case(world.cases["LRN-CONTROL-01"])
        assert seq
        act(client, world, "LRN-CONTROL-01", 303, act="hold")
        html = act(
            client, world, "LRN-CONTROL-01", 409, act="control_result", result="conform", expected_seq=str(seq[1])
        )
        assert "has changed since you opened it" in html
        assert 'class="oe-new"' in html
        assert NOTE in html
        assert len(world.submitted) == 1

    def test_refused_by_the_core(self, client: TestClient, world: World) -> None:
        """What the core refuses is shown with what was expected, got and what to do."""
        sign_in(client, "anna")
        fault = Reason(code="XB-S9", layer="state", rule="x", message="Not now.", expected="E1", got="G1", fix="F1")
        world.refuse_with = Answer(outcome="refused", error=fault, http_status=409)
        html = act(client, world, "LRN-CONTROL-01", 409, act="release")
        for text in ("XB-S9", "Not now.", "E1", "G1", "F1", "Nothing was recorded"):
            assert text in html

    def test_not_offered(self, client: TestClient, world: World) -> None:
        """An act that the state does not allow is refused, as is one that does not exist."""
        sign_in(client, "anna")
        for name in ("lift_hold", "confirm_exit", "grant_request", "explode", ""):
            assert "not possible in the present state" in act(client, world, "LRN-CONTROL-01", 409, act=name)

    def test_form_token(self, client: TestClient, world: World) -> None:
        """An act without our token is refused."""
        sign_in(client, "anna")
        assert "Nothing was recorded" in act(client, world, "LRN-CONTROL-01", 403, act="release", form_token="0" * 64)
        assert not world.submitted

    def test_other_session_token(self, client: TestClient, world: World) -> None:
        """A token of another session does not fit."""
        with somebody_else(client) as other:
            sign_in(other, "olive")
            foreign = token_of(page(other, "/console"))
        sign_in(client, "anna")
        act(client, world, "LRN-CONTROL-01", 403, act="release", form_token=foreign)

    def test_changes_notice(self, client: TestClient, world: World) -> None:
        """The open page learns that the case has moved on."""
        sign_in(client, "anna")
        case_id = world.cases["LRN-CONTROL-01"]
        assert "has changed" not in page(client, f"/console/cases/{case_id}/changes?after=99999")
        assert "has changed" in page(client, f"/console/cases/{case_id}/changes?after=1")
        page(client, f"/console/cases/{case_id}/changes?after=x")


class TestDeclaration:
    """What the declaration page and its parts show."""

    def test_errors_at_their_fields(self, client: TestClient, world: World) -> None:
        """Pointer, message, expected, got and fix; in the tree at the element or the nearest above; escaped."""
        sign_in(client, "tom")
        case_id = world.cases["LRN-REJECTED-1"]
        html = page(client, f"/console/cases/{case_id}")
        for text in ("Net mass is missing.", "42A/67A/68A[2]/23A/65A.128", "Add NetNetWeightMeasure", "line "):
            assert text in html
        assert "XB999999 &lt;b&gt;" in html
        tree = page(client, f"/console/cases/{case_id}/declared")
        node = tree[tree.index('id="at-42A_67A_68A-2_23A_65A"') :]
        assert "XB-O01" in node[: node.index("</li>")]
        assert re.search(r'id="fault-2".*?XB-C07', tree, re.DOTALL)

    def test_errors_from_the_notification(self, client: TestClient, world: World) -> None:
        """Where the assessment of a rejection was not kept, its faults are those that the trader was told."""
        case_id = world.lodge("LRN-REJECTED-2", None, rejected=True, keep=False)
        sign_in(client, "tom")
        html = page(client, f"/console/cases/{case_id}")
        assert "Net mass is missing." in html
        assert "42A/67A/68A[2]/23A/65A.128" in html
        assert "Obligation" in html
        assert 'id="fault-2"' in page(client, f"/console/cases/{case_id}/declared")

    def test_message(self, client: TestClient, world: World) -> None:
        """The message is shown escaped, byte for byte in the file, its faulty lines marked."""
        sign_in(client, "tom")
        case_id = world.cases["LRN-REJECTED-1"]
        html = page(client, f"/console/cases/{case_id}/message")
        assert "&lt;FunctionalReferenceID&gt;LRN-REJECTED-1&lt;" in html
        assert 'class="oe-line--wrong"' in html
        answer = client.get(f"/console/cases/{case_id}/message/file")
        assert answer.content == world.store.documents_of(case_id)[0].content
        assert "attachment" in answer.headers["content-disposition"]

    def test_erased_message(self, client: TestClient, world: World) -> None:
        """Where the message was erased the pages say so; amounts remain."""
        sign_in(client, "anna")
        case_id = world.cases["LRN-CONTROL-01"]
        world.store.stored = {k: v for k, v in world.store.stored.items() if v[0] != case_id}
        html = page(client, f"/console/cases/{case_id}")
        assert "Import duty" in html
        assert "has been erased" in page(client, f"/console/cases/{case_id}/declared")
        assert "has been erased" in page(client, f"/console/cases/{case_id}/message")
        page(client, f"/console/cases/{case_id}/message/file", 404)

    def test_many_items(self, client: TestClient, world: World) -> None:
        """Items are paged; every item has its place."""
        world.lodge("LRN-LONG-01", items=120)
        sign_in(client, "anna")
        case_id = world.cases["LRN-LONG-01"]
        assert 'id="item-50"' in page(client, f"/console/cases/{case_id}")
        assert 'id="item-51"' not in page(client, f"/console/cases/{case_id}")
        assert 'id="item-120"' in page(client, f"/console/cases/{case_id}?items=101")
        page(client, f"/console/cases/{case_id}?items=-4")
        page(client, f"/console/cases/{case_id}/declared")

    def test_notifications(self, client: TestClient, world: World) -> None:
        """What the declarant was told, and nothing of another case."""
        sign_in(client, "tom")
        html = page(client, f"/console/cases/{world.cases['LRN-REJECTED-1']}/notifications")
        assert "Declaration rejected" in html
        assert "XB-O01" in html
        assert "Declaration accepted" not in html

    def test_language_keeps_the_page(self, client: TestClient, world: World) -> None:
        """The switch keeps page and filters, is remembered, and the page says its language."""
        sign_in(client, "anna")
        html = page(client, "/console?status=cleared&text=LRN")
        assert 'href="/console?status=cleared&amp;text=LRN&amp;lang=fr"' in html
        html = page(client, "/console?status=cleared&text=LRN&lang=fr")
        assert '<html lang="fr"' in html
        assert "Liste de travail" in html
        case = client.get(f"/console/cases/{world.cases['LRN-CONTROL-01']}")
        assert '<html lang="fr"' in case.text
        assert case.headers["content-language"] == "fr"
        assert "1 542,00 EUR" in case.text.replace("\u202f", " ").replace("\xa0", " ")

    def test_browser_language(self, client: TestClient) -> None:
        """Before a choice the browser's language counts; nonsense means English."""
        assert '<html lang="fr"' in client.get("/console/sign-in", headers={"Accept-Language": "fr-CA,en;q=0.5"}).text
        for header in ("de", "fr;q=0", "fr;q=x", ",,,;;;", "x" * 5000):
            assert '<html lang="en"' in client.get("/console/sign-in", headers={"Accept-Language": header}).text
