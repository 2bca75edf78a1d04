# SPDX-License-Identifier: Apache-2.0
"""Pages of action plans in a real browser: found without being told how, with and without script, judged by axe-core.

Method: the console over both plans and invented updates in a server process of its own, opened in headless Chromium.
Skips, and says why, where Chromium or axe-core is not installed.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: run make setup")
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.test_console_browser import AXE, PARTS, PASSWORD, ROOT, UNFOLD, _note, _own, _wait_for

pytestmark = pytest.mark.slow
PATHS = (
    "/console/plans",
    "/console/plans/ECP-IV",
    "/console/plans/ECP-IV/actions?body=SAFE+WG",
    "/console/plans/ECP-IV/actions?text=nothing+like+it",
    "/console/plans/ECP-IV/timeline",
    "/console/plans/ECP-IV/bodies",
    "/console/plans/ECP-IV/lineage",
    "/console/plans/ECP-IV/gaps",
    "/console/plans/ECP-IV/versions",
    "/console/actions/ECP-IV-04",
    "/console/actions/ECP-IV-20",
    "/console/actions/ECP-IV-55?as_of=2020-02-01",
    "/console/sessions",
    "/console/sessions/PTC/223",
)
OWN_PLAN = """No.,Section,Action,Responsible body,Work programme,Timeframe
1,1. Ports,Weekly meeting of port agencies,PTC,,Continuous activity
2,2. Borders,Opening hours aligned with the neighbour,Ministry of nowhere,,in good time
"""


@pytest.fixture(scope="session")
def plans_address() -> Iterator[str]:
    """The console with both plans, served by a process of its own."""
    if not PARTS.exists():
        pytest.skip("front-end parts are not installed: run make setup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--log-level", "warning", "plan_world:make_app"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/unit")},
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


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, plans_address: str) -> Iterator[Visit]:
    """Open a browser of its own for a person; whatever the browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_for(name: str, *, language: str = "en-GB", script: bool = True, width: int = 1400) -> Page:
        context = chromium.new_context(
            base_url=plans_address,
            locale=language,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _own(complaints, request.url, plans_address))
        page.goto("/console")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(re.compile(r"/console(/plans)?$"))
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


class TestFinding:
    """A reader who was never told how finds what is late."""

    @pytest.mark.parametrize("script", [True, False])
    @pytest.mark.parametrize(
        ("language", "plan", "late", "body", "why"),
        [
            ("en-GB", "Action plan", "Late", "SAFE Working Group", "Was due on 30 June 2020"),
            ("fr-FR", "Plan d’action", "En retard", "Groupe de travail SAFE", "Échéance le 30 juin 2020"),
        ],
    )
    def test_which_actions_of_a_body_are_late_and_why(
        self, visit: Visit, script: bool, language: str, plan: str, late: str, body: str, why: str
    ) -> None:
        """From the front page by visible words alone: the plan, then the number under Late in the body's row."""
        page = visit("anna", language=language, script=script)
        page.get_by_role("link", name=plan, exact=True).click()  # first
        table = page.get_by_role("table").first
        heads = [text.strip() for text in table.get_by_role("columnheader").all_inner_texts()]
        row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=body))
        row.get_by_role("cell").nth(heads.index(late) - 1).get_by_role("link").click()  # second
        rows = page.locator("#results tbody tr")
        expect(rows).to_have_count(5)
        expect(page.get_by_role("status")).to_contain_text("5 actions")
        for n in range(5):
            expect(rows.nth(n)).to_contain_text("SAFE WG")
            expect(rows.nth(n)).to_contain_text(late, ignore_case=True)
        expect(rows.first).to_contain_text(why)
        rows.first.get_by_role("link").first.click()  # third: the action with everything recorded of it
        expect(page.locator(".pl-verdict")).to_contain_text(why)

    def test_three_clicks_by_the_matrix(self, visit: Visit) -> None:
        """The other way: the plan, all its bodies, the number."""
        page = visit("tom")
        page.get_by_role("link", name="Action plan", exact=True).click()
        page.get_by_role("link", name="All bodies").first.click()
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="SAFE Working Group")).first
        row.get_by_role("link").first.click()
        expect(page.locator("#results tbody tr")).to_have_count(5)
        expect(page.locator(".pl-chip").first).to_contain_text("SAFE Working Group")


class TestWork:
    """What the Secretariat and delegates do."""

    @pytest.mark.parametrize(("script", "number"), [(True, "11"), (False, "38")])
    def test_report(self, visit: Visit, script: bool, number: str) -> None:
        """A delegate reports; what is wrong is said beside the field, and the second try is recorded."""
        page = visit("delia", script=script)
        page.goto(f"/console/actions/ECP-IV-{number}")
        page.get_by_label("Progress", exact=True).select_option("delivered")
        page.get_by_label("What happened", exact=True).fill("Held in three regions.")
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Give the number or address of a document")
        expect(page.get_by_label("Progress", exact=True)).to_have_value("delivered")
        page.get_by_role("textbox", name="Evidence").fill("SF0060E1a")
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_text("Recorded:")).to_be_visible()
        expect(page.locator(".pl-verdict")).to_contain_text("On track")
        expect(page.get_by_role("region", name="History")).to_contain_text("Held in three regions.")

    def test_filters_without_reload(self, visit: Visit) -> None:
        """Choosing a filter narrows the list at once, and the address can be sent to a colleague."""
        page = visit("anna")
        page.goto("/console/plans/ECP-IV/actions")
        page.evaluate("window.notReloaded = true")
        page.get_by_label("Body", exact=True).select_option("SAFE WG")
        expect(page.get_by_role("status")).to_contain_text("12 actions")
        page.get_by_label("Progress", exact=True).select_option("planned")
        expect(page.locator(".pl-chip")).to_have_count(2)
        assert page.evaluate("window.notReloaded") is True
        page.wait_for_url("**lifecycle=planned*")
        shown = page.locator("#results tbody tr").count()
        page.reload()
        expect(page.locator("#results tbody tr")).to_have_count(shown)
        page.locator(".pl-chip").first.click()
        expect(page.locator(".pl-chip")).to_have_count(1)

    def test_import(self, visit: Visit, tmp_path: Path) -> None:
        """A committee's own plan: read, looked at, accepted, found."""
        (tmp_path / "nctf.csv").write_text(OWN_PLAN, encoding="utf-8")
        page = visit("sena")
        page.get_by_role("link", name="Import a plan document").click()
        page.get_by_label("Document", exact=True).set_input_files(tmp_path / "nctf.csv")
        page.get_by_label("Short name of the plan").fill("NCTF-2027")
        page.get_by_role("button", name="Read the document").click()
        flagged = page.get_by_role("article")
        expect(flagged).to_contain_text("Ministry of nowhere")
        expect(flagged.get_by_text("look here").first).to_be_visible()
        page.get_by_role("button", name="Accept into the register").click()
        page.wait_for_url("**/console/plans/NCTF-2027/versions")
        page.get_by_role("link", name="Actions", exact=True).click()
        expect(page.locator("#results tbody tr")).to_have_count(2)

    def test_keyboard(self, visit: Visit) -> None:
        """From the first page to the late actions of a body with Tab and Enter; the focus can always be seen."""
        page = visit("sena")
        for selector in ("a[href*='body=SAFE+WG'][href*='colour=red']", ".pl-actions tbody tr:first-child th a"):
            _tab_to(page, selector)
            with page.expect_navigation():
                page.keyboard.press("Enter")
        expect(page.locator(".pl-verdict")).to_be_visible()


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(250):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement === document.querySelector(s)", selector):
            return
    pytest.fail(f"{selector} cannot be reached with Tab")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_axe(visit: Visit, language: str, tmp_path: Path) -> None:
    """Every page, unfolded, and every form with faults in it, has no violation that axe-core finds."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    page = visit("sena", language=language)
    violations: list[str] = []

    def judge(what: str) -> None:
        page.evaluate(UNFOLD)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        violations.extend(f"{what}: {v['id']} {v['nodes'][0]['target']} {v['nodes'][0]['html'][:150]}" for v in found)

    for path in PATHS:
        page.goto(path)
        judge(path)
    page.goto("/console/actions/ECP-IV-01")
    page.locator("form[action$='/update'] button").click()
    judge("update with faults")
    page.evaluate(UNFOLD)
    page.locator("form[action$='/override'] button").click()
    judge("override with faults")
    for path, form in (("/console/sessions", "/console/sessions"), ("/console/sessions/PTC/223", "/console/decisions")):
        page.goto(path)
        page.locator(f"form[action='{form}'] button").click()
        judge(f"{form} with faults")
    page.goto("/console/actions/ECP-IV-04")
    page.locator("a[href*='/receipts/']").first.click()
    judge("receipt")
    page.goto("/console/plan-import")
    judge("import")
    page.locator("main form button").click()
    judge("import with faults")
    (tmp_path / "own.csv").write_text(OWN_PLAN, encoding="utf-8")
    page.set_input_files("#document", tmp_path / "own.csv")
    page.fill("#plan", "NCTF-2030")
    page.locator("main form button").click()
    judge("import as read")
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("width", [320, 768])
def test_narrow(visit: Visit, width: int) -> None:
    """On a small screen nothing has to be scrolled sideways but tables and charts in their own frames."""
    page = visit("sena", width=width)
    for path in (*PATHS, "/console/plan-import"):
        page.goto(path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (path, over)


def test_targets_are_large_enough(visit: Visit) -> None:
    """Buttons, fields and links of lists that are navigation are at least 24 pixels high (WCAG 2.2, 2.5.8)."""
    page = visit("sena")
    small = "els => els.filter(e => e.offsetHeight && e.offsetHeight < 24).map(e => e.outerHTML.slice(0, 120))"
    selector = (
        "button, input:not([type=hidden]):not([type=checkbox]), select, label.oe-check, nav a, a.pl-chip, a.pl-cell"
    )
    for path in PATHS:
        page.goto(path)
        assert page.eval_on_selector_all(selector, small) == [], path


def test_prints(visit: Visit) -> None:
    """On paper there are no forms and no buttons, and charts keep their colours."""
    page = visit("sena")
    page.emulate_media(media="print")
    for path in ("/console/plans/ECP-IV/timeline", "/console/actions/ECP-IV-04", "/console/plans/ECP-IV/lineage"):
        page.goto(path)
        assert page.locator("button:visible, input:visible, select:visible").count() == 0, path
        assert page.pdf(landscape=True).startswith(b"%PDF"), path
