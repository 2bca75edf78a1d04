# SPDX-License-Identifier: Apache-2.0
"""Pages of the risk desk in a real browser, both languages, wide and narrow; judged by axe-core.

Method: the console over invented hits and models in a server process of its own. Skips, and says why, where Chromium or
axe-core is not installed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: run make setup")
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SPILLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "/console/risk?status=open",
    "/console/risk?status=proposed",
    "/console/risk?status=cleared",
    "/console/risk?status=match",
    "/console/risk/lists?",
    "/console/risk/models?",
    "/console/risk/cases/case-0001?",
    "/console/risk/cases/case-0002?",
    "/console/cases/case-0002?",
    "/console/risk/profiles?",
    "/console/risk/profiles/FOOT-01?",
    "/console/risk/profiles/NEW-04?",
    "/console/risk/profiles/new?",
    "/console/risk/profiles/FOOT-01/edit?",
    "/console/risk/profiles/WOOD-03/edit?",
    "/console/risk/profiles/FOOT-01/backtests?",
    "/console/risk/lanes?",
    "/console/risk/lanes?days=28",
    "/console/risk/rates?",
    "/console/risk/compliance?",
)
LINKS = "links => links.map(one => one.getAttribute('href') + '?')"  # to hits and cards
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
        [*command, "--log-level", "warning", "risk_desk_world:make_app"],
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


def signed_in(chromium: Browser, address: str, name: str = "anna", **options: Any) -> Page:
    """Return a page of somebody's browser."""
    page = chromium.new_context(base_url=address, **options).new_page()
    page.goto("/console/sign-in")
    page.fill("#name", name)
    page.fill("#password", "a long invented password")
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    return page


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_profile_from_rows_to_activation(chromium: Browser, address: str, script: bool) -> None:
    """Bea writes without SQL, tries, proposes and submits; Anna activates with the back-test in front of her."""
    name = "ROWS-JS" if script else "ROWS-PLAIN"
    bea = signed_in(chromium, address, "bea", java_script_enabled=script)
    bea.goto("/console/risk/profiles/new")
    bea.select_option("#col-0-0", "goods_code")
    bea.select_option("#op-0-0", "begins")
    bea.fill("#val-0-0", "64; 65")
    if script:  # the words follow by themselves
        bea.wait_for_selector("#checked >> text=commodity code begins with")
    bea.click("button[value=add-row-0]")
    bea.select_option("#col-0-1", "value_minor")
    bea.select_option("#op-0-1", "lt")
    bea.fill("#val-0-1", "much")
    bea.click("button[value=propose]")
    assert "an amount such as 150.00" in bea.inner_text("#row-0-1-error")
    assert bea.input_value("#val-0-0") == "64; 65"
    bea.fill("#val-0-1", "1,500.50")
    for field in ("name", "purpose", "legal_basis", "instructions"):
        bea.fill(f"#f-{field}", f"invented {field}")
    bea.fill("#f-id", name)
    bea.press("#f-id", "Enter")  # checks, and proposes nothing
    assert bea.locator(".govuk-error-summary").count() == 0
    assert "value_minor < 150050" in bea.inner_text("#checked")
    bea.click("button[value=propose]")
    bea.wait_for_url(f"**/profiles/{name}?done=*")
    assert "You wrote version 1" in bea.inner_text(".oe-acts")
    bea.click("text=Run a back-test")
    bea.fill("#days", "60")
    bea.click("main button[type=submit]")
    bea.wait_for_selector("text=Submit for activation")
    bea.click("main button[type=submit]")
    bea.wait_for_url(f"**/profiles/{name}?done=*")
    assert bea.locator("text=Activate version 1").count() == 0
    anna = signed_in(chromium, address, "anna", java_script_enabled=script)
    anna.goto(f"/console/risk/profiles/{name}")
    assert "25.8" in anna.inner_text(".oe-acts")
    anna.click("text=Activate version 1")
    anna.wait_for_url(f"**/profiles/{name}?done=*")
    assert "active" in anna.inner_text(".oe-case-head__tags")
    anna.context.close()
    bea.context.close()


def test_lanes_follow_by_themselves(chromium: Browser, address: str) -> None:
    """The page of lanes takes up what happens elsewhere, without being loaded again."""
    anna, bea = signed_in(chromium, address), signed_in(chromium, address, "bea")
    anna.goto("/console/risk/lanes?days=28")
    before = anna.inner_text("#live > p")
    bea.goto("/console/risk/profiles/BATT-02")
    bea.click("summary:has-text('Suspend')")
    bea.fill("#suspend-reason", "Invented.")
    bea.click("button:has-text('Suspend')")
    bea.wait_for_url("**done=*")
    anna.wait_for_function("before => document.querySelector('#live > p').innerText !== before", arg=before)
    anna.context.close()
    bea.context.close()


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 390)])
def test_axe(chromium: Browser, address: str, language: str, width: int) -> None:
    """No page has a violation that axe-core finds, and none is wider than its screen."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    page = signed_in(chromium, address, bypass_csp=True, viewport={"width": width, "height": 900})
    found = []
    linked: list[str] = []
    for start in (*PAGES[:3], PAGES[5]):  # hits and cards
        page.goto(start)
        linked += page.eval_on_selector_all("tbody th a", LINKS)
    assert len(linked) >= 5
    for place in (*PAGES, *linked):
        page.goto(f"{place}&lang={language}")
        if page.evaluate(SPILLS) > 0:
            found.append(f"{place}: wider than the screen")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found += [f"{place}: {each['id']}" for each in page.evaluate("axe.run()")["violations"]]
    page.goto(f"/console/risk/profiles/new?lang={language}")
    page.select_option("#col-0-0", "net_kg")
    page.click("button[value=propose]")  # a form with all its faults
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found += [f"faults: {each['id']}" for each in page.evaluate("axe.run()")["violations"]]
    if page.evaluate(SPILLS) > 0:
        found.append("faults: wider than the screen")
    page.context.close()
    assert found == []
