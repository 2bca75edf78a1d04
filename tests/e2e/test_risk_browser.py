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

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: run make setup")
from playwright.sync_api import Browser

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
        [*command, "--log-level", "warning", "risk_console_world:make_app"],
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


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe(chromium: Browser, address: str, language: str, width: int) -> None:
    """No page has a violation that axe-core finds, and none is wider than its screen."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run python tools/frontend.py --force")
    context = chromium.new_context(base_url=address, bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto("/console/sign-in")
    page.fill("#name", "anna")
    page.fill("#password", "a long invented password")
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    found = []
    linked: list[str] = []
    for start in (*PAGES[:3], PAGES[5]):
        page.goto(start)
        linked += page.eval_on_selector_all("tbody th a", LINKS)
    assert len(linked) >= 5
    for place in (*PAGES, *linked):
        page.goto(f"{place}&lang={language}")
        if page.evaluate(SPILLS) > 0:
            found.append(f"{place}: wider than the screen")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found += [f"{place}: {each['id']}" for each in page.evaluate("axe.run()")["violations"]]
    context.close()
    assert found == []
