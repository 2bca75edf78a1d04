# SPDX-License-Identifier: Apache-2.0
"""A questionnaire is filled in from a file, without a network, and what it saves joins the automatic data."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from openecp.border.time_release.analysis import analysed
from openecp.border.time_release.clocks import clock_of
from openecp.border.time_release.study_forms import form_named
from openecp.platform.cli.trs_sources import shared_cases
from openecp.platform.core.event_sources import read_sources
from openecp.platform.documents.trs_forms import offline_form
from openecp.platform.engines.trs_engine import TrsEngine

pytestmark = pytest.mark.slow
CUSTOMS = """case_id,activity,ts,office
BA-1,LODGED,2026-05-01T12:00:00+02:00,XB000101
BA-2,LODGED,2026-05-01T14:00:00+02:00,XB000101
BA-3,LODGED,2026-05-01T15:00:00+02:00,XB000101
"""
ENTERED = (("BA-1", "2026-05-02T09:30"), ("BA-2", "2026-05-04T10:00"), ("X-9", "2026-05-03T12:00"))


def test_offline_form(chromium: Browser, tmp_path: Path) -> None:
    page_file = tmp_path / "sea.html"
    page_file.write_bytes(offline_form("sea_border", form_named("sea_border"), "en"))
    context = chromium.new_context(accept_downloads=True)
    context.set_offline(True)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(page_file.as_uri())
    page.click("form button >> nth=0")
    assert page.inner_text("#fault").startswith("Give the consignment")
    for case, released in (*ENTERED, ("GONE", "2026-05-01T10:00")):
        page.fill("#case", case)
        page.fill("#zone", "+02:00")
        page.fill("[data-moment=ARRIVAL]", "2026-05-01T08:00")
        page.fill("[data-moment=RELEASED]", released)
        page.click("form button >> nth=0")
    page.click("button[aria-label='Remove GONE']")
    page.fill("#case", "BA-1")
    page.fill("[data-moment=ARRIVAL]", "2026-05-01T08:00")
    page.click("form button >> nth=0")
    assert page.inner_text("#fault").startswith("This consignment is kept already")
    page.reload()
    assert page.inner_text("#kept") == "Kept on this device: 3 consignments"
    with page.expect_download() as waiting:
        page.click("#csv")
    form = tmp_path / "form.csv"
    waiting.value.save_as(form)
    context.close()
    assert faults == []
    customs = tmp_path / "customs.csv"
    customs.write_text(CUSTOMS, encoding="utf-8")
    engine = TrsEngine(threads=1)
    read_sources(engine, (form, customs), None)
    (cell,) = analysed(engine, clock_of("lodged_release"), ())
    assert (cell.n, cell.sum_us) == (2, (21 * 60 + 30 + 68 * 60) * 60_000_000)
    assert [(row["source"], row["matched"], row["unmatched_examples"]) for row in shared_cases(engine)] == [
        ("customs.csv", 2, ["BA-3"]), ("form.csv", 2, ["X-9"]),
    ]  # fmt: skip
