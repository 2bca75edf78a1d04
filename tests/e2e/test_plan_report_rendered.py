# SPDX-License-Identifier: Apache-2.0
"""The session paper as it is opened: the DOCX by LibreOffice, the PDF by a reader; pages, order of text.

Method: LibreOffice turns the DOCX into pages where it is installed, else these tests are skipped and say so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, codes, fill

from openecp.platform.documents.session_paper import files_of
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import gather
from openecp.programme.reports.paper import LANGUAGES, Heading, Language, Paper, Table
from openecp.programme.reports.wording import Wording

pytestmark = pytest.mark.slow
SECONDS = 120
A4 = (595, 842)


@cache
def paper(language: Language) -> Paper:
    """Return the paper of the Phase IV plan."""
    found = gather(fill(ReportWorld()).plans, "ECP-IV", as_of=AS_OF, since=SINCE)
    return build_paper(found, Wording(language, codes(language)))


def office() -> str:
    """Return LibreOffice, or skip."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        pytest.skip("LibreOffice is not on the PATH: the DOCX cannot be opened here")
    return found


@pytest.fixture(scope="module", params=LANGUAGES)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Language, bytes]:
    """Return the pages of the DOCX as LibreOffice sets them."""
    program = office()
    folder = tmp_path_factory.mktemp("paper")
    (name, data), *_ = files_of(paper(request.param), ("docx",)).items()
    (folder / name).write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", "pdf:writer_pdf_Export", "--outdir", str(folder), name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    made = (folder / name).with_suffix(".pdf")
    assert made.exists(), done.stderr
    return request.param, made.read_bytes()


@contextmanager
def pages(data: bytes) -> Iterator[list[Any]]:
    """Open a PDF."""
    with closing(pypdfium2.PdfDocument(data)) as pdf:
        yield [pdf[number] for number in range(len(pdf))]


def texts(data: bytes) -> list[str]:
    """Return the text of each page, with one blank between words."""
    with pages(data) as found:
        return [" ".join(page.get_textpage().get_text_range().replace("\u2060", "").split()) for page in found]


def plain(text: str) -> str:
    """Return text with one blank between words."""
    return " ".join(text.split())


def letters_of(text: str) -> str:
    """Return the letters and digits of a text: where its lines end does not matter."""
    return re.sub(r"[\W_]", "", text)


def check_pages(language: Language, data: bytes) -> None:
    """Everything stands on the pages, in order, on A4, upright and then flat; numbered to the last."""
    told = paper(language)
    found = texts(data)
    with pages(data) as sheets:
        sizes = [tuple(round(side) for side in page.get_size()) for page in sheets]
    flat = next(number for number, size in enumerate(sizes) if size[0] > size[1])
    assert set(sizes[:flat]) <= {A4, (595, 841)}
    assert all(size[0] > size[1] for size in sizes[flat:])
    assert 4 <= flat <= 10
    assert len(sizes) <= 20
    whole = " ".join(found)
    last = 0
    for block in told.blocks:
        if isinstance(block, Heading):
            at = whole.find(plain(block.text), last)
            assert at >= 0, f"{block.text} is not where it should be"
            last = at
    letters = letters_of(whole)
    for row in (row for section in told.annex.sections for row in section.rows):
        assert letters_of(row.title) in letters, row.number
    for number, text in enumerate(found, start=1):
        assert plain(told.page.format(page=number, pages=len(found))) in text
        assert len(text) > 200, f"page {number} is nearly empty"


def check_headings_have_company(language: Language, data: bytes) -> None:
    """No heading or caption stands alone at the end of a page."""
    told = paper(language)
    captions = [block.caption for block in told.blocks if isinstance(block, Table)]
    headings = [block.text for block in told.blocks if isinstance(block, Heading)]
    number = re.escape(plain(told.page)).replace(r"\{page\}", r"\d+").replace(r"\{pages\}", r"\d+")
    for text in texts(data):
        body = re.sub(number, "", text).strip()
        assert not any(body.endswith(plain(words)) for words in (*captions, *headings)), body[-80:]


def test_libreoffice_opens_the_docx(opened: tuple[Language, bytes]) -> None:
    """All pages of the paper, in order."""
    check_pages(*opened)


def test_no_heading_is_left_behind_in_the_docx(opened: tuple[Language, bytes]) -> None:
    """Headings and captions stay with what follows."""
    check_headings_have_company(*opened)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_reads_in_order(language: Language) -> None:
    """All pages of the paper, in order."""
    (data,) = files_of(paper(language), ("pdf",)).values()
    check_pages(language, data)
    check_headings_have_company(language, data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_leaves_its_page(language: Language) -> None:
    """Every letter of the PDF stands inside the margins."""
    (data,) = files_of(paper(language), ("pdf",)).values()
    with pages(data) as found:
        for number, page in enumerate(found, start=1):
            width, height = page.get_size()
            text = page.get_textpage()
            for at in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(at)
                assert left >= 30, (number, text.get_text_bounded(left, bottom, right, top))
                assert right <= width - 30, (number, text.get_text_bounded(left, bottom, right, top))
                assert bottom >= 15
                assert top <= height - 15


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_not_empty_pictures(language: Language, tmp_path: Path) -> None:
    """The first page shows the bars of the chart in their colours."""
    (data,) = files_of(paper(language), ("pdf",)).values()
    with pages(data) as found:
        picture = found[0].render(scale=1).to_pil().convert("RGB")
    colours = {colour for _, colour in picture.getcolors(maxcolors=1_000_000)}
    for wanted in ((0x2F, 0x7D, 0x4F), (0xC7, 0x77, 0x00), (0xB3, 0x26, 0x1E), (0x7D, 0x83, 0x8C)):
        assert any(all(abs(a - b) <= 3 for a, b in zip(colour, wanted, strict=True)) for colour in colours), wanted
