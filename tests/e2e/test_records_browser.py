# SPDX-License-Identifier: Apache-2.0
"""Records in a real browser: written, moderated, frozen, asked about; without script too; judged by axe-core.

Method: the console over invented records in a server process of its own. Skips, and says why, where Chromium or
axe-core is not installed.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: run make setup")
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PASSWORD = "a long invented password"
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
PAGES = (
    "/console/records",
    "/console/records?type=event&text=nothing",
    "/console/records/new",
    "/console/records/new/practice",
    "/console/records/new/survey",
    "/console/records/practice-corridor",
    "/console/records/practice-corridor/edit",
    "/console/records/practice-waiting",
    "/console/records/survey-use",
    "/console/records/survey-use/results",
    "/console/records/compendium-test",
    "/console/records/compendium-test/editions/2",
    "/console/records/moderation",
    "/console/records/standards",
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The console, served by a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "tests/unit"), str(ROOT)))}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--log-level", "warning", "record_console_world:make_app"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert server.poll() is None, f"the server ended with code {server.returncode}"
            try:
                urllib.request.urlopen(f"{base}/console/sign-in", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield base
    finally:
        server.terminate()
        server.wait(20)


def browse(chromium: Browser, address: str, name: str | None = None, *, script: bool = True, csp: bool = True) -> Page:
    """Open a browser of its own, signed in as somebody."""
    context = chromium.new_context(
        base_url=address,
        locale="en-GB",
        java_script_enabled=script,
        bypass_csp=not csp,
        viewport={"width": 1280, "height": 900},
    )
    page = context.new_page()
    if name is not None:
        page.goto("/console/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
    return page


def test_written_moderated_and_frozen_without_script(chromium: Browser, address: str) -> None:
    """A delegate writes and submits; the Secretariat publishes and freezes; a trader reads what is new."""
    kofi = browse(chromium, address, "kofi", script=False)
    kofi.goto("/console/records/new/practice")
    kofi.fill("#name", "scanner")
    for field, text in (("title", "Scanner"), ("problem", "Queues."), ("solution", "A scanner."), ("result", "None.")):
        kofi.fill(f"#{field}-en", text)
    kofi.select_option("#in-kind", "practice")
    kofi.select_option("#in-member", "AA") if kofi.locator("select#in-member").count() else kofi.fill(
        "#in-member", "AA"
    )
    kofi.check("#topics-transit")
    kofi.get_by_role("button", name="Save").click()
    expect(kofi.get_by_role("heading", level=1)).to_have_text("Scanner")
    kofi.get_by_role("button", name="Submit").click()

    sena = browse(chromium, address, "sena", script=False)
    sena.goto("/console/records")
    sena.get_by_role("link", name=re.compile("Waiting for moderation")).click()
    sena.get_by_role("link", name="Scanner").click()
    sena.get_by_role("button", name="Publish").click()
    sena.goto("/console/records/compendium-test")
    sena.fill("#ed-title", "Third")
    sena.get_by_role("button", name=re.compile("Freeze edition")).click()
    expect(sena.get_by_role("heading", level=1)).to_contain_text("Third")
    expect(sena.locator("main")).to_contain_text("practice-scanner")

    tom = browse(chromium, address, "tom")
    tom.goto("/console/records?type=practice&text=scan")
    expect(tom.locator("#results")).to_contain_text("Scanner")
    expect(tom.locator("#results")).not_to_contain_text("practice-waiting")


def test_a_survey_is_answered_by_keyboard(chromium: Browser, address: str) -> None:
    sena = browse(chromium, address, "sena")
    sena.goto("/console/records/survey-use")
    sena.fill("#members", "AF")
    sena.get_by_role("button", name="Make links").click()
    link = re.search(r"(/console/survey/\S+)", sena.locator("#links").input_value())
    assert link is not None
    guest = browse(chromium, address)
    guest.goto(link.group(1))
    guest.locator("input[type=radio]").first.focus()
    guest.keyboard.press("Space")
    guest.get_by_role("button", name="Send the answers").focus()
    guest.keyboard.press("Enter")
    expect(guest.locator("main")).to_contain_text("Thank you")
    guest.goto(link.group(1))
    expect(guest.locator("main")).to_contain_text("answered with this link already")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe(chromium: Browser, address: str, language: str) -> None:
    """No page has a violation that axe-core finds."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    page = browse(chromium, address, "sena", csp=False)
    violations: list[str] = []
    for place in PAGES:
        page.goto(place + ("&" if "?" in place else "?") + f"lang={language}")
        page.evaluate(UNFOLD)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        violations += [f"{place}: {v['id']} {v['nodes'][0]['html'][:150]}" for v in found]
    assert violations == []
