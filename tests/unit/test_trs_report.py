# SPDX-License-Identifier: Apache-2.0
"""A report says what the figures say, in both languages, hides small groups, and comes as HTML, PDF, DOCX and CSV."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import msgspec
import pdfplumber
import pytest

from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.report.wording import Wording, _texts
from openecp.border.time_release.study import Definition
from openecp.border.time_release.study_forms import form_named, shipped_forms
from openecp.platform.core.study_reports import figures_of, report_files
from openecp.platform.documents.trs_forms import form_pdf, offline_form, printed_form

DEFINITION = Definition(
    name="Round <2026>",
    clocks=("lodged_release",),
    segments=("office", "channel"),
    k=5,
    languages=("en", "fr"),
    targets_h={"lodged_release": 6},
)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    lines = ["case_id,activity,ts,office,channel"]
    for n in range(120):
        office, channel = ("Port", "Field", "Rare")[0 if n % 3 else 1 if n > 3 else 2], ("green", "red")[n % 4 == 0]
        day = f"2026-01-{n % 28 + 1:02}T"
        steps = [("ARRIVAL", 6), ("LODGED", 8), ("ACCEPTED", 9), ("CHANNELLED", 9), ("ASSESSED", 10 + n % 5)]
        steps += [("PAYMENT_CONFIRMED", 11 + n % 7)] + ([("RELEASED", 12 + n % 9)] if n % 30 else [])
        lines += [f"c{n},{code},{day}{hour:02}:{n % 60:02}:00Z,{office},{channel}" for code, hour in steps]
    path = tmp_path_factory.mktemp("trs") / "events.csv"
    path.write_text("\n".join(lines) + "\n")
    return figures_of(DEFINITION, [path])


@pytest.fixture(scope="module")
def files(figures: Figures) -> dict[str, bytes]:
    return report_files(figures, DEFINITION, data_note="events.csv", formats=("html", "docx"))


def test_owners_add_up_to_the_clock(figures: Figures) -> None:
    whole = figures.head.whole
    assert whole.mean is not None
    assert sum(figures.owners.values()) == pytest.approx(whole.mean * whole.n)
    for groups in figures.owners_by.values():
        assert sum(sum(taken.values()) for taken in groups.values()) == sum(figures.owners.values())


def test_small_groups_do_not_appear_with_figures(files: dict[str, bytes]) -> None:
    table = files["data/lodged_release_by_office.csv"].decode("utf-8-sig")
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(table))}
    assert set(rows["Rare"]) == {""}
    assert set(rows["Field"]) == {""}
    assert rows["Port"][0] == "80"


def test_page_is_whole_and_loads_nothing(files: dict[str, bytes]) -> None:
    for language in ("en", "fr"):
        page = files[f"report-{language}.html"].decode()
        assert f'<html lang="{language}">' in page
        assert "Round &lt;2026&gt;" in page
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        assert "<script" not in page
        assert page.count("<svg") == page.count("<details>")
        assert "{" not in page.partition("</style>")[2]
    assert "Executive summary" in files["report-en.html"].decode()
    assert "Résumé" in files["report-fr.html"].decode()


def test_word_document_is_the_same_each_time(figures: Figures, files: dict[str, bytes]) -> None:
    again = report_files(figures, DEFINITION, data_note="events.csv", formats=("docx",))
    assert again["report-fr.docx"] == files["report-fr.docx"]
    names = zipfile.ZipFile(io.BytesIO(files["report-en.docx"])).namelist()
    assert sum(name.startswith("word/media/") for name in names) >= 8


def test_recommendations_are_proposals_with_hours(files: dict[str, bytes]) -> None:
    found = msgspec.json.decode(files["proposals.json"])
    assert found
    assert all(one["event"] == "ActionProposed" and one["expected_hours"] > 0 for one in found)


def test_both_languages_have_the_same_texts() -> None:
    def keys(table: dict[str, object], before: str = "") -> set[str]:
        return {
            name
            for key, value in table.items()
            for name in (keys(value, f"{before}{key}.") if isinstance(value, dict) else {before + key})
        }

    assert keys(_texts("en")) == keys(_texts("fr"))
    assert Wording("fr").hours(3_600_000_000 * 1234) == "1\u202f234"
    assert Wording("en").hours(-1_800_000_000) == "−0.50"


@pytest.mark.slow
def test_pdf_is_tagged(figures: Figures, tmp_path: Path) -> None:
    made = report_files(figures, DEFINITION, data_note="events.csv", formats=("pdf",))
    assert made["report-fr.pdf"].startswith(b"%PDF")
    assert b"pdfuaid" in made["report-fr.pdf"]


def test_sheets_are_a_page_each_in_the_pdf() -> None:
    form = form_named("sea_border")
    made = form_pdf("sea_border", form, ["BA-1", "BA\x072"], "fr")
    assert made == form_pdf("sea_border", form, ["BA-1", "BA\x072"], "fr")
    with pdfplumber.open(io.BytesIO(made)) as pdf:
        texts = [page.extract_text() for page in pdf.pages]
    assert len(texts) == 2
    assert "BA-1" in texts[0]
    assert "Mainlevée accordée" in texts[1]


def test_forms_have_a_code_each_and_work_without_network() -> None:
    assert len(shipped_forms().forms) == 7
    for name in shipped_forms().forms:
        sheet = printed_form(name, form_named(name), ["A-1", "<b>"], "fr").decode()
        assert sheet.count("<section>") == sheet.count("<svg") == 2
        assert "&lt;b&gt;" in sheet
        page = offline_form(name, form_named(name), "en").decode()
        assert "connect-src 'none'" in page
        assert "src=" not in page
