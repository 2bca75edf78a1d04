# SPDX-License-Identifier: Apache-2.0
"""One headless Chromium for all browser tests: a second Playwright in the same process would not start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium on the PATH: apt-get install chromium (make test-all does it)")


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Any]:
    """One headless browser."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run make setup")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield started
        started.close()
