# SPDX-License-Identifier: Apache-2.0
"""The console in a real browser: what an officer does, what a trader sees, with and without script and mouse.

Method: the console over an invented world in a server process of its own, opened in headless Chromium; axe-core
judges every page in both languages. Skips, and says why, where Chromium or axe-core is not installed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: run make setup")
from playwright.sync_api import Browser, BrowserContext, Page, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PARTS = ROOT / "src/openecp/platform/console/static/vendor/.complete"
PASSWORD = "a long invented password"
SECRET_REASON = "Importer seen with undervalued batteries"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The console, served by a process of its own."""
    if not PARTS.exists():
        pytest.skip("front-end parts are not installed: run make setup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests/unit")}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--log-level", "warning", "console_world:make_app"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{base}/console/sign-in", server)
        yield base
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        if server.poll() is not None:
            pytest.fail(f"the console's server ended with code {server.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    pytest.fail("the console's server did not answer within 30 s")


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    """Open a browser of its own for a person; whatever the browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_for(name: str | None = None, *, language: str = "en-GB", script: bool = True, width: int = 1400) -> Page:
        context = chromium.new_context(
            base_url=address,
            locale=language,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _own(complaints, request.url, address))
        if name:
            sign_in(page, name)
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    expected = "Failed to load resource: the server responded with a status of 4"  # pages that say what is wrong
    if kind == "error" and not text.startswith(expected):
        complaints.append(text)


def _own(complaints: list[str], url: str, address: str) -> None:
    if not url.startswith((address, "data:", "blob:")):
        complaints.append(f"request to another place: {url}")


def sign_in(page: Page, name: str) -> None:
    """Sign in as a person does."""
    page.goto("/console")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/console")


def find(page: Page, number: str) -> None:
    """Find a declaration by its number."""
    page.fill("#find", number)
    page.press("#find", "Enter")
    page.wait_for_url("**/console/cases/*")


class TestOfficer:
    """What an officer does in a day."""

    @pytest.mark.parametrize(("script", "lrn"), [(True, "LRN-JOURNEY-1"), (False, "LRN-JOURNEY-2")])
    def test_control_and_release(self, visit: Visit, script: bool, lrn: str) -> None:
        """Sign in, find a declaration under control, read it, record the result, see the release in the timeline."""
        page = visit("anna", script=script)
        page.get_by_role("link", name="Under control").click()
        expect(page.get_by_role("status").first).to_contain_text("declarations")
        page.get_by_role("row", name=lrn).get_by_role("link").click()
        expect(page.locator("h1")).to_contain_text("26XB")
        expect(page.get_by_text(SECRET_REASON)).to_be_visible()
        expect(page.get_by_text("Roasted coffee, not decaffeinated")).to_be_visible()
        acts = page.get_by_role("region", name="Officer acts")
        form = acts.locator("details", has_text="What the examination of the goods has shown.")
        if form.get_attribute("open") is None:
            form.locator("summary").click()
        form.get_by_label("The goods conform").check()
        form.get_by_label("Reason").fill("All cartons opened, goods as declared")
        form.get_by_role("button", name="Record the result").click()
        expect(page.get_by_text("Recorded:")).to_be_visible()
        timeline = page.locator("section[aria-labelledby=timeline]")
        for text in ("Control: goods conform", "All cartons opened, goods as declared", "Declaration cleared", "UTC"):
            expect(timeline.get_by_text(text).first).to_be_visible()
        expect(page.locator(".oe-case-head__tags")).to_contain_text("Cleared")
        page.get_by_role("link", name="Notifications").click()
        expect(page.get_by_role("rowheader", name="Declaration cleared")).to_be_visible()

    def test_release_with_a_reason(self, visit: Visit) -> None:
        """An officer may release in spite of open documents, but not without saying why."""
        page = visit("anna")
        find(page, "LRN-DOCS-01")
        form = page.locator("details", has_text="The trader is notified at once.")
        form.locator("summary").click()
        form.get_by_role("button", name="Release the goods").click()
        expect(page.get_by_role("alert")).to_contain_text("Give a reason")
        page.get_by_role("alert").get_by_role("link", name="Give a reason").click()
        expect(page.locator("#release-reason")).to_be_focused()
        page.keyboard.type("Originals seen at the counter")
        page.get_by_role("button", name="Release the goods").click()
        expect(page.get_by_text("Recorded:")).to_be_visible()
        expect(page.locator(".oe-case-head__tags")).to_contain_text("Cleared")

    def test_changed_meanwhile(self, visit: Visit) -> None:
        """Two officers look at one case: the second to act is told what is new, and keeps what was typed."""
        first, second = visit("anna"), visit("anna")
        for page in (first, second):
            find(page, "LRN-JOURNEY-3")
            page.locator("details", has_text="Nothing is released until").locator("summary").click()
            page.fill("#hold-reason", "Wait for the laboratory")
        first.get_by_role("button", name="Put on hold").click()
        expect(first.get_by_text("Recorded:")).to_be_visible()
        second.get_by_role("button", name="Put on hold").click()
        expect(second.get_by_role("alert")).to_contain_text("has changed since you opened it")
        expect(second.locator("tr.oe-new")).to_contain_text("Declaration put on hold")

    def test_filters_without_reload(self, visit: Visit) -> None:
        """Typing narrows the list at once, keeps the focus, and the address can be sent to a colleague."""
        page = visit("anna")
        page.evaluate("window.notReloaded = true")
        page.locator("#text").press_sequentially("LRN-JOURNEY-3", delay=15)
        expect(page.locator(".oe-results")).to_have_text("1 declaration")
        expect(page.locator("#text")).to_be_focused()
        assert page.evaluate("window.notReloaded") is True
        page.wait_for_url("**text=LRN-JOURNEY-3*")
        page.reload()
        expect(page.locator(".oe-results")).to_have_text("1 declaration")
        page.get_by_label("Green").check()
        expect(page.locator("#results")).to_contain_text("No declaration fits these filters.")

    def test_copy_and_lines(self, visit: Visit) -> None:
        """The message can be copied whole; a fault leads to its element in the folded tree."""
        page = visit("anna")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        find(page, "LRN-REJECTED-1")
        page.get_by_role("link", name="42A/67A/68A[2]/23A/65A.128").click()
        expect(page.locator("#fault-1")).to_be_in_viewport()
        page.get_by_role("link", name="Message", exact=True).click()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith('<?xml version="1.0"')
        assert text.rstrip().endswith("</md:MetaData>")


class TestKeyboard:
    """No mouse."""

    def test_journey(self, visit: Visit) -> None:
        """From the sign-in to a recorded act with Tab, Enter, Space and letters; the focus can always be seen."""
        page = visit()
        page.goto("/console")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        page.keyboard.press("Enter")
        _tab_to(page, "#name")
        page.keyboard.type("anna")
        _tab_to(page, "#password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/console")
        _tab_to(page, "#find")
        page.keyboard.type("LRN-JOURNEY-4")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/cases/*")
        _tab_to(page, "details:has(#hold-reason) > summary")
        page.keyboard.press("Enter")
        _tab_to(page, "#hold-reason")
        page.keyboard.type("Keyboard only")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent").strip() == "Put on hold"
        page.keyboard.press("Enter")
        expect(page.get_by_text("Recorded:")).to_be_visible()


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement === document.querySelector(s)", selector):
            seen = page.evaluate(
                "() => { const r = document.activeElement.getBoundingClientRect();"
                " const s = getComputedStyle(document.activeElement);"
                " return r.top < innerHeight && r.bottom > 0 &&"
                " (s.outlineStyle !== 'none' || s.boxShadow !== 'none'); }"
            )
            assert seen, f"{selector} has the focus but shows none"
            return
    pytest.fail(f"{selector} cannot be reached with Tab")


class TestTrader:
    """What a trader sees."""

    def test_own_cases_only(self, visit: Visit) -> None:
        """Its own declarations with amounts and notifications; no channel, no reasons for officers, no acts."""
        page = visit("tom")
        expect(page.locator("h1")).to_have_text("Declarations")
        expect(page.get_by_role("columnheader", name="Channel")).to_have_count(0)
        find(page, "LRN-JOURNEY-5")
        expect(page.get_by_role("rowheader", name="D10").first).to_be_visible()
        for text in (SECRET_REASON, "Officer acts", "Why this channel", "Red:"):
            expect(page.get_by_text(text, exact=False)).to_have_count(0)
        page.goto("/console/find?text=LRN-FOREIGN-01")
        expect(page.locator("#results")).to_contain_text("No declaration fits these filters.")

    def test_language(self, visit: Visit) -> None:
        """The switch keeps the page."""
        page = visit("tom")
        find(page, "LRN-JOURNEY-5")
        before = page.url
        page.get_by_role("link", name="Français").click()
        assert page.url.partition("?")[0] == before
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        expect(page.get_by_role("heading", name="Historique")).to_be_visible()
        page.get_by_role("link", name="Message", exact=True).click()
        expect(page.get_by_role("heading", name="Message tel que reçu")).to_be_visible()


UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
ERRONEOUS = "form:has(#control_result-reason) button"


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("name", ["anna", "tom"])
def test_axe(visit: Visit, name: str, language: str) -> None:
    """Every page, and every page with faults in it, has no violation that axe-core finds."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    page = visit(language=language)
    violations: list[str] = []

    def judge(what: str) -> None:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        violations.extend(f"{what}: {v['id']} {v['nodes'][0]['target']} {v['nodes'][0]['html'][:150]}" for v in found)

    page.goto("/console/sign-in")
    judge("sign-in")
    page.click("main button[type=submit]")
    judge("sign-in with faults")
    sign_in(page, name)
    judge("work list")
    page.goto("/console?text=nothing")
    judge("empty work list")
    page.goto("/console/nothing")
    judge("not found")
    for lrn in ("LRN-JOURNEY-6", "LRN-REJECTED-1"):
        page.goto(f"/console/find?text={lrn}")
        case = page.url
        page.evaluate(UNFOLD)
        judge(f"{lrn} unfolded")
        for tail in ("declared", "message", "notifications"):
            page.goto(f"{case}/{tail}")
            judge(f"{lrn} {tail}")
        page.goto(case)
        page.locator("a[href*='/receipts/']").first.click()
        judge(f"{lrn} receipt")
    if name == "anna":
        page.goto("/console/find?text=LRN-JOURNEY-6")
        page.evaluate(UNFOLD)
        page.locator(ERRONEOUS).click()
        judge("act with faults")
    assert violations == []


@pytest.mark.parametrize("width", [320, 768])
def test_narrow(visit: Visit, width: int) -> None:
    """On a small screen nothing has to be scrolled sideways but tables and messages in their own frames."""
    page = visit("anna", width=width)
    paths = ["/console", "/console/find?text=LRN-REJECTED-1"]
    page.goto("/console/find?text=LRN-JOURNEY-6")
    paths += [page.url, *(f"{page.url}/{tail}" for tail in ("declared", "message", "notifications"))]
    for path in paths:
        page.goto(path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (path, over)


def test_targets_are_large_enough(visit: Visit) -> None:
    """Buttons, links outside of text and fields are at least 24 pixels high (WCAG 2.2, 2.5.8)."""
    page = visit("anna")
    small = "els => els.filter(e => e.offsetHeight && e.offsetHeight < 24).map(e => e.outerHTML.slice(0, 120))"
    selector = "button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, label.oe-check, nav a"
    for path in ("/console", "/console/find?text=LRN-JOURNEY-6"):
        page.goto(path)
        assert page.eval_on_selector_all(selector, small) == []
