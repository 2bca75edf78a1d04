# SPDX-License-Identifier: Apache-2.0
"""Pages of parcels in a real browser: a basket tried, a file sent and watched, a parcel revised; judged by axe-core.

Method: the console over invented parcels in a server process of its own; with script, without it, by keyboard, on a
narrow screen. Skips, and says why, where Chromium or axe-core is not installed.
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
SPILLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
EU = "jurisdiction=EU&on=2026-06-30&against=2026-07-01&currency=EUR&vat=20&scheme=IOSS&scheme_id=IM1234567890"
EU += "&what1=shirts&hs1=610910&origin1=CN&count1=2&price1=9.00&what2=shoes&hs2=640319&origin2=CN&price2=30&items=2"
WRONG = "jurisdiction=EU&on=never&price1=x&hs1=1&vat=q&duty1=w&regime=EU-NONE"
PARCEL = "/console/parcels/parcel/2026-07-01"
PAGES = (
    "/console/parcels/files",
    "/console/parcels/find",
    "/console/parcels/find?text=FREE-1",
    "/console/parcels/regimes?on=2026-06-15",
    "/console/parcels/regimes/EU-FLAT-2026",
    "/console/parcels/regimes/AE-RELIEF-2023",
    "/console/parcels/calculator",
    f"/console/parcels/calculator?{EU}",
    f"/console/parcels/calculator?{WRONG}",
    f"{PARCEL}/RR123456785XB",
    f"{PARCEL}/HOLD-1",
    f"{PARCEL}/FULL-1",
    "/console/parcels/posts?until=2026-11-20",
    "/console/parcels/collectors",
    "/console/parcels/collectors/collector:post:XBPOST:EUR?month=2026-07",
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
        [*command, "--log-level", "warning", "parcel_console_world:make_app"],
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


def browse(
    chromium: Browser, address: str, name: str, *, script: bool = True, csp: bool = True, width: int = 1280
) -> Page:
    """Open a browser of its own, signed in as somebody."""
    context = chromium.new_context(
        base_url=address,
        locale="en-GB",
        java_script_enabled=script,
        bypass_csp=not csp,
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    page.goto("/console/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    return page


def file_pages(page: Page) -> list[str]:
    """Return the address of every file in the list."""
    page.goto("/console/parcels/files")
    links = page.locator("main table a")
    return [str(links.nth(n).get_attribute("href")) for n in range(links.count())]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe(chromium: Browser, address: str, language: str) -> None:
    """No page has a violation that axe-core finds, with all that is folded opened."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    page = browse(chromium, address, "anna", csp=False)
    violations: list[str] = []
    for place in (*PAGES, *file_pages(page)):
        page.goto(place + ("&" if "?" in place else "?") + f"lang={language}")
        page.evaluate(UNFOLD)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        violations += [f"{place}: {v['id']} {v['nodes'][0]['html'][:150]}" for v in found]
    assert violations == []


def test_a_basket_is_tried_without_script(chromium: Browser, address: str) -> None:
    """Items are added and removed, the answer stands under the form, and its address gives the same page."""
    page = browse(chromium, address, "tom", script=False)
    page.goto("/console/parcels/calculator")
    page.get_by_role("link", name=re.compile("Two T-shirts")).click()
    expect(page.get_by_role("heading", name="The two days side by side")).to_be_visible()
    expect(page.locator(".pa-compare .pa-total")).to_contain_text("+7.20")
    page.get_by_role("button", name="Add an item").click()
    page.fill("#hs3", "950300")
    page.fill("#price3", "x")
    page.get_by_role("button", name="Calculate").click()
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_contain_text("Enter a price such as 12.50")
    summary.get_by_role("link").click()
    expect(page.locator("#price3")).to_be_focused()
    page.fill("#price3", "12.00")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator(".pa-compare .pa-total")).to_contain_text("+10.80")
    page.get_by_role("button", name=re.compile("Remove.*1")).click()
    expect(page.locator("#hs1")).to_have_value("640319")
    shared = browse(chromium, address, "uma", script=False)
    shared.goto(page.url)
    expect(shared.locator("#hs2")).to_have_value("950300")


def test_a_file_is_sent_and_watched(chromium: Browser, address: str) -> None:
    """With script the page shows how far the file is and turns into the result; it stands a reload in the middle."""
    page = browse(chromium, address, "uma")
    page.goto("/console/parcels/files")
    page.set_input_files("#file", {"name": "day.csv", "mimeType": "text/csv", "buffer": b"mine"})
    page.select_option("#jurisdiction", "EU")
    page.get_by_role("button", name="Send and clear").click()
    page.wait_for_url(re.compile(r"/files/[0-9a-f]{32}"))
    expect(page.locator("h1")).to_have_text("day.csv")
    page.reload()
    expect(page.get_by_role("heading", name="What came out")).to_be_visible(timeout=60_000)
    expect(page.locator("main")).to_contain_text("21,353.37 EUR")
    with page.expect_download() as download:
        page.get_by_role("link", name="day.result.csv").click()
    assert download.value.path().read_text().startswith("parcel_id")


def test_a_wrong_file_is_refused_with_and_without_script(chromium: Browser, address: str) -> None:
    for script in (True, False):
        page = browse(chromium, address, "uma", script=script)
        page.goto("/console/parcels/files")
        page.set_input_files("#file", {"name": "day.exe", "mimeType": "text/csv", "buffer": b"x"})
        page.select_option("#jurisdiction", "US")
        page.get_by_role("button", name="Send and clear").click()
        expect(page.locator(".govuk-error-summary")).to_contain_text("The file must be CSV")
        expect(page.locator("#jurisdiction")).to_have_value("US")
        expect(page.locator("#file-error")).to_be_visible()


def test_an_officer_acts_by_keyboard(chromium: Browser, address: str) -> None:
    page = browse(chromium, address, "anna")
    page.goto(f"{PARCEL}/FULL-1")
    page.locator("summary", has_text="Order an examination").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Told by the scanner")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".oe-notice--good")).to_contain_text("Recorded.")
    expect(page.locator("#history + ol")).to_contain_text("Told by the scanner")
    trader = browse(chromium, address, "tom")
    trader.goto(f"{PARCEL}/FULL-1")
    expect(trader.locator("main")).to_contain_text("Examination ordered")
    expect(trader.locator("main")).not_to_contain_text("scanner")


def test_filters_narrow_in_place(chromium: Browser, address: str) -> None:
    """The list of regimes follows its filters without a new page, and the address follows too."""
    page = browse(chromium, address, "tom")
    page.goto("/console/parcels/regimes")
    page.evaluate("window.sameDocument = true")
    page.select_option("#state", "incomplete")
    expect(page.locator("#list + p")).not_to_contain_text("28 regimes")
    expect(page).to_have_url(re.compile("state=incomplete"))
    assert page.evaluate("window.sameDocument")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_narrow_screens_need_no_scrolling_sideways(chromium: Browser, address: str, language: str) -> None:
    """At 320 pixels only tables and charts scroll, each within its frame."""
    page = browse(chromium, address, "anna", width=320)
    wide = []
    for place in (*PAGES, *file_pages(page)):
        page.goto(place + ("&" if "?" in place else "?") + f"lang={language}")
        page.evaluate(UNFOLD)
        if page.evaluate(SPILLS) > 0:
            wide.append(place)
    assert wide == []
