# SPDX-License-Identifier: Apache-2.0
"""The files of a session paper: readable for a screen reader, the same plan when read in again, made in time.

Method: the files are opened with the libraries that office software and readers of PDF are tested with.
"""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from contextlib import closing
from functools import cache

import msgspec
import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, codes, fill

from openecp.platform.documents.reading import import_plan
from openecp.platform.documents.session_paper import FORMATS, files_of, session_papers
from openecp.platform.documents.write_csv import write_annex_csv
from openecp.programme.action_plan.commands import TakePlan
from openecp.programme.action_plan.records import ActionRecord, Period, PlanDocument, PlanRecord, Section, Timeframe
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import Basis, PaperError, gather
from openecp.programme.reports.paper import LANGUAGES, Language, Paper
from openecp.programme.reports.wording import Wording

SECONDS_MAX = 3.0
FACTS = ("number", "section", "responsible", "work_programmes", "timeframe", "supporting", "beyond_phase_period")
AS_WRITTEN = ("title", "responsible_as_written", "work_programmes_as_written", "timeframe_as_written")


@cache
def basis() -> Basis:
    """Return what the papers rest on."""
    return gather(fill(ReportWorld()).plans, "ECP-IV", as_of=AS_OF, since=SINCE)


@cache
def paper(language: Language) -> Paper:
    """Return the paper of the Phase IV plan with short titles."""
    return build_paper(basis(), Wording(language, codes(language)))


@cache
def files(language: Language) -> dict[str, bytes]:
    """Return its files by their endings."""
    stem = f"ECP-IV-{AS_OF}-{language}"
    return {name.removeprefix(stem): data for name, data in files_of(paper(language), FORMATS).items()}


def harbour_plan() -> PlanDocument:
    """Return a plan of an invented committee, with wording that is hard to set: slashes, commas, empty cells."""
    wording = [
        ("Study of berth/ yard delays : causes, and remedies", "PTC, IMSC", "PTC Work Programme", "June 2020"),
        ("Guide to data/notices (e.g. for feeders)", "SAFE Working Group and TEGACS", "", "Continuous activity"),
        ("Harbour users' forum; minutes shared", "", "", "Annual"),
        ("Report to the Committee", "PTC", "WGRKC Work Plan", "September 2020"),
    ]
    bodies_of = {
        "PTC, IMSC": ("PTC", "IMSC"),
        "SAFE Working Group and TEGACS": ("SAFE WG", "TEGACS"),
        "PTC": ("PTC",),
    }
    programmes_of = {"PTC Work Programme": ("PTC-WP",), "WGRKC Work Plan": ("WGRKC-WP",)}
    frames = {
        "June 2020": Timeframe(kind="date", due="2020-06-30", year_month="2020-06"),
        "September 2020": Timeframe(kind="date", due="2020-09-30", year_month="2020-09"),
        "Continuous activity": Timeframe(kind="continuous"),
        "Annual": Timeframe(kind="annual", recurrence="P1Y"),
    }
    actions = tuple(
        ActionRecord(
            id=f"ECP-V-{number:02d}",
            number=number,
            section=1 if number < 3 else 2,
            title=title,
            responsible_as_written=bodies,
            responsible=bodies_of.get(bodies, ()),
            supporting=("SEC",),
            work_programmes_as_written=programme,
            work_programmes=programmes_of.get(programme, ()),
            timeframe_as_written=due,
            timeframe=frames[due],
            beyond_phase_period=due == "September 2020",
        )
        for number, (title, bodies, programme, due) in enumerate(wording, start=1)
    )
    sections = (
        Section(
            number=1,
            title="Faster ports",
            title_as_written="Faster ports (Strategic Plan - Strategic Process 1 - SP1)",
            code="SP1",
            reference="Strategic Plan - Strategic Process 1 - SP1",
            actions=(1, 2),
        ),
        Section(number=2, title="Ports that talk", title_as_written="Ports that talk", actions=(3, 4)),
    )
    plan = PlanRecord(
        plan_id="ECP-V",
        title="Draft ECP Action Plan for Phase V",
        title_as_written="Draft ECP Action Plan for Phase V",
        phase="V",
        status="draft",
        status_as_written="Draft",
        period=Period(start="2019-01", end="2020-06", as_written="January 2019 to June 2020"),
        sections=sections,
        footnote="* The WCO Secretariat will support all the actions.",
        source_name="harbour.docx",
        source_sha256="d" * 64,
    )
    return PlanDocument(plan=plan, actions=actions)


def pdf_text(data: bytes) -> str:
    """Return the text of a PDF, with one blank between words."""
    with closing(pypdfium2.PdfDocument(data)) as pdf:
        pages = [pdf[number].get_textpage().get_text_range() for number in range(len(pdf))]
    return " ".join(" ".join(pages).split())


@cache
def harbour() -> dict[str, bytes]:
    """Return the files of the invented plan in its own language, by ending."""
    world = ReportWorld()
    world.do(TakePlan(document=harbour_plan(), official=True, language="en"))
    told = gather(world.plans, "ECP-V", as_of=AS_OF, since=SINCE)
    made = files_of(build_paper(told, Wording("en", codes("en"))), ("docx", "pdf", "csv"))
    return {name.removeprefix(f"ECP-V-{AS_OF}-en"): data for name, data in made.items()}


@pytest.mark.parametrize("ending", ["-annex.csv", ".docx", ".pdf"])
def test_the_annex_reads_in_again_as_the_same_records(ending: str) -> None:
    """Titles, owners, programmes and timeframes as written and normalised, sections, period and footnote."""
    wanted = harbour_plan()
    found = import_plan(f"again{ending}", harbour()[ending])
    for action_found, action_wanted in zip(found.actions, wanted.actions, strict=True):
        for field in ("id", *FACTS, *AS_WRITTEN):
            assert getattr(action_found, field) == getattr(action_wanted, field), (action_wanted.id, field)
    for field in ("plan_id", "title_as_written", "phase", "status", "period", "footnote"):
        assert getattr(found.plan, field) == getattr(wanted.plan, field), field
    for section_found, section_wanted in zip(found.plan.sections, wanted.plan.sections, strict=True):
        for field in ("number", "title", "code", "reference", "actions"):
            assert getattr(section_found, field) == getattr(section_wanted, field), field


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("ending", ["-annex.csv", ".docx", pytest.param(".pdf", marks=pytest.mark.slow)])
def test_short_titles_read_in_again_in_both_languages(language: Language, ending: str) -> None:
    """63 actions with the same owners, programmes, dates and sections, from the English and from the French paper."""
    found = import_plan(f"again{ending}", files(language)[ending])
    views = basis().actions
    assert [each.number for each in found.actions] == [each.number for each in views]
    for record, view in zip(found.actions, views, strict=True):
        got = (record.section, record.responsible, record.work_programmes, record.timeframe, record.supporting)
        assert got == (view.section, view.responsible, view.work_programmes, view.timeframe, ("SEC",)), record.id
        assert record.title == view.titles[language]
    assert found.plan.plan_id == "ECP-IV"
    assert found.plan.status == "revised_draft"
    assert (found.plan.period.start, found.plan.period.end) == ("2019-01", "2020-06")
    assert [section.code for section in found.plan.sections] == ["SP1", "SP6", "SP7", "LD2", "LD3"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_docx_is_built_for_everybody(language: Language) -> None:
    """Heading styles, header rows that repeat, language, a described picture, page numbers, a landscape annex."""
    document = Document(io.BytesIO(files(language)[".docx"]))
    levels = [each.style.name for each in document.paragraphs if each.style.name.startswith("Heading")]
    assert {"Heading 1", "Heading 2"} == set(levels)
    assert levels[0] == "Heading 1"
    assert document.tables
    for table in document.tables:
        first = table.rows[0]._tr.trPr
        assert first.find(qn("w:tblHeader")) is not None
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    locale = {"en": "en-GB", "fr": "fr-FR"}[language]
    styles = document.styles.element.xml
    assert f'w:val="{locale}"' in styles
    assert document.core_properties.language == locale
    assert document.core_properties.title == f"{paper(language).title} – {paper(language).subtitle}"
    assert document.core_properties.created.isoformat().startswith(AS_OF)
    (picture,) = document.inline_shapes
    assert len(picture._inline.docPr.get("descr")) > 200
    fields = re.findall(r'w:instr=" (\w+) "', document.sections[0].footer._element.xml)
    assert fields == ["PAGE", "NUMPAGES"]
    annex = document.sections[-1]
    assert annex.page_width > annex.page_height


def test_docx_has_no_time_of_its_own() -> None:
    """Every part carries the same fixed time, in a fixed order; the first is the list of contents."""
    with zipfile.ZipFile(io.BytesIO(files("en")[".docx"])) as packed:
        entries = packed.infolist()
        assert packed.testzip() is None
    assert entries[0].filename == "[Content_Types].xml"
    assert {each.date_time for each in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert not any("thumbnail" in each.filename for each in entries)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_tagged_and_carries_its_fonts(language: Language) -> None:
    """PDF/A and PDF/UA are claimed, the language is set, every font is inside, the text can be read out."""
    data = files(language)[".pdf"]
    assert b"/Marked true" in data
    assert f"/Lang({language}".encode() in data
    assert b"pdfuaid:part" in data
    assert b"pdfaid:part" in data
    fonts = re.findall(rb"/FontDescriptor\b", data)
    assert fonts
    assert len(re.findall(rb"/FontFile[23]?\b", data)) == len(re.findall(rb"/Type/FontDescriptor", data))
    assert b"/Figure" in data
    with closing(pypdfium2.PdfDocument(data)) as pdf:
        width, height = pdf[len(pdf) - 1].get_size()
        assert width > height
        page = paper(language).page.format(page=len(pdf), pages=len(pdf))
    text = pdf_text(data)
    assert text.endswith(page)
    assert paper(language).subtitle.replace("\u00a0", " ") in text


def test_csv_opens_in_office_programs() -> None:
    """UTF-8 with its mark, rows of one width, and no cell that would run as a formula."""
    data = files("fr")["-actions.csv"]
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 64
    annex = paper("en").annex
    section = annex.sections[0]
    formula = msgspec.structs.replace(section.rows[0], title='=HYPERLINK("http://example.org")')
    bad = msgspec.structs.replace(annex, sections=(msgspec.structs.replace(section, rows=(formula,)),))
    assert b"'=HYPERLINK" in write_annex_csv(msgspec.structs.replace(paper("en"), annex=bad))


def test_text_of_a_plan_is_never_markup() -> None:
    """What means something to Typst or XML is set as it is written."""
    nasty = '#set page(width: 1pt) $x$ *bold* <w:p/> & "quotes" \\ [brackets] \x07'
    view = basis().actions[0]
    hostile = msgspec.structs.replace(view, titles={"en": nasty, "fr": nasty})
    told = msgspec.structs.replace(basis(), actions=(hostile, *basis().actions[1:]))
    made = files_of(build_paper(told, Wording("en", codes("en"))), ("docx", "pdf"))
    wanted = nasty.replace(" \x07", "")
    again = Document(io.BytesIO(made[f"ECP-IV-{AS_OF}-en.docx"]))
    assert wanted in [cell.text.strip() for table in again.tables for cell in table.columns[1].cells]
    text = pdf_text(made[f"ECP-IV-{AS_OF}-en.pdf"]).replace("\u2060", "")
    assert "#set page(width: 1pt) $x$ *bold* <w:p/>" in text


def test_letters_that_the_font_lacks_are_an_error() -> None:
    """No page with boxes in place of letters: the message names one and says what to do."""
    view = basis().actions[0]
    foreign = msgspec.structs.replace(view, titles={"en": "行动计划", "fr": "行动计划"})
    told = msgspec.structs.replace(basis(), actions=(foreign, *basis().actions[1:]))
    with pytest.raises(PaperError, match=r"expected Latin, Greek, Cyrillic or Arabic letters.*leave pdf out"):
        files_of(build_paper(told, Wording("en", codes("en"))), ("pdf",))


def test_a_large_plan_keeps_its_pages() -> None:
    """A title of two thousand letters stands whole in DOCX and PDF."""
    view = basis().actions[0]
    long = msgspec.structs.replace(view, titles={"en": "A long title. " * 140, "fr": "Un titre long. " * 130})
    told = msgspec.structs.replace(basis(), actions=(long, *basis().actions[1:]))
    made = files_of(build_paper(told, Wording("en", codes("en"))), ("pdf",))
    assert pdf_text(made[f"ECP-IV-{AS_OF}-en.pdf"]).count("A long title.") >= 135


@pytest.mark.slow
def test_both_plans_in_both_languages_take_three_seconds_at_most() -> None:
    """91 actions, all formats; the start of the process is not counted."""
    world = fill(ReportWorld())
    files_of(paper("en"), FORMATS)  # libraries are loaded
    started = time.process_time()  # of all threads: others may use the machine meanwhile
    for plan in ("ECP-III", "ECP-IV"):
        session_papers(gather(world.plans, plan, as_of=AS_OF, since=SINCE), LANGUAGES, FORMATS)
    assert time.process_time() - started < SECONDS_MAX
