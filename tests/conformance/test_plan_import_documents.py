# SPDX-License-Identifier: Apache-2.0
"""A committee's own plan comes in from CSV, XLSX, DOCX and PDF, in English or French, in any order of columns; what is
wrong with a document is said with its place.

Method: an invented plan is written in each form, by the libraries that offices' programs stand for, and read back.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typst
from click.testing import CliRunner
from docx import Document
from openpyxl import Workbook

from openecp.platform.cli.plan import plan as plan_command
from openecp.platform.documents.reading import import_plan, read_document
from openecp.programme.action_plan.importing.source import PlanFault
from openecp.programme.action_plan.records import ActionRecord, PlanDocument

EN = ("No.", "Action", "Responsible body", "Related work programme(s)", "Timeframe")
FR = ("N°", "Action", "Organe responsable", "Programme de travail connexe", "Échéance")
SECTIONS = ("Ports and borders (National Strategy - Goal 2 - NG2)", "Information for traders")
ROWS: tuple[tuple[int, tuple[str, str, str, str]], ...] = (
    (1, ("Publish fees and charges of the ports", "National Ports Board, PTC", "PTC Work Programme", "June 2026")),
    (1, ("Open a joint post at the northern border", "IMSC", "", "Continuous activity")),
    (
        2,
        (
            "Report on release times",
            "SAFE Working Group and TEGACS",
            "TFA WG Work Programme, WGRKC Work Plan",
            "Annual",
        ),
    ),
    (2, ("Meet the traders’ council", "", "", "PTC sessions")),
    (2, ("Study advance rulings, and who asks for them", "CBC", "", "31 March 2027")),
)
BODIES = (("PTC",), ("IMSC",), ("SAFE WG", "TEGACS"), (), ("CBC",))
PROGRAMMES = (("PTC-WP",), (), ("TFAWG-WP", "WGRKC-WP"), (), ())
DUE = ("2026-06-30", None, None, None, "2027-03-31")
KINDS = ("date", "continuous", "annual", "sessions", "date")


def check(document: PlanDocument) -> None:
    """Require the invented plan."""
    actions = document.actions
    assert [action.number for action in actions] == [1, 2, 3, 4, 5]
    assert [action.title for action in actions] == [cells[0] for _, cells in ROWS]
    assert [action.responsible_as_written for action in actions] == [cells[1] for _, cells in ROWS]
    assert [action.work_programmes_as_written for action in actions] == [cells[2] for _, cells in ROWS]
    assert [action.timeframe_as_written for action in actions] == [cells[3] for _, cells in ROWS]
    assert tuple(action.responsible for action in actions) == BODIES
    assert tuple(action.work_programmes for action in actions) == PROGRAMMES
    assert tuple(action.timeframe.due for action in actions) == DUE
    assert tuple(action.timeframe.kind for action in actions) == KINDS
    assert "responsible" in actions[0].flags, "a body that nobody knows is for a person to look at"
    assert actions[0].responsible_parts_as_written == ("National Ports Board", "PTC")


def check_sections(document: PlanDocument) -> None:
    """Require its sections, told by headings."""
    assert [action.section for action in document.actions] == [section for section, _ in ROWS]
    assert [section.title for section in document.plan.sections] == ["Ports and borders", "Information for traders"]
    assert [section.code for section in document.plan.sections] == ["NG2", None]


def told(header: tuple[str, ...] = EN) -> list[list[str]]:
    """Return the plan as rows of cells, its header first."""
    return [list(header), *([str(number), *cells] for number, (_, cells) in enumerate(ROWS, start=1))]


def as_csv(rows: list[list[str]], mark: str = ",") -> bytes:
    """Return rows as a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)
    return out.getvalue().encode()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    """Return rows as a workbook with one sheet."""
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def as_docx(*, headings_inside: bool, header: tuple[str, ...] = EN) -> bytes:
    """Return the plan as a document of a word processor: a table a section, or one with rows that are headings."""
    document, out = Document(), io.BytesIO()
    document.add_paragraph("Draft National Action Plan")
    document.add_paragraph("(January 2026 to June 2027)")
    table = None
    for section, title in enumerate(SECTIONS, start=1):
        if headings_inside:
            table = table or _headed(document, header)
            cells = table.add_row().cells
            cells[0].merge(cells[4]).text = f"{section}. {title}"
        else:
            document.add_paragraph(f"{section}. {title}")
            document.add_paragraph("Why this matters is told here, in some words.")
            table = _headed(document, header)
        for number, (own, values) in enumerate(ROWS, start=1):
            if own == section:
                for cell, value in zip(table.add_row().cells, (str(number), *values), strict=True):
                    cell.text = value
    document.save(out)
    return out.getvalue()


def _headed(document: Any, header: tuple[str, ...]) -> Any:
    table = document.add_table(rows=1, cols=5)
    for cell, name in zip(table.rows[0].cells, header, strict=True):
        cell.text = name
    return table


def as_pdf(*, headings_inside: bool, header: tuple[str, ...] = EN, height: str = "297mm") -> bytes:
    """Return the plan as a PDF with ruled tables; a low page breaks them."""
    footer = 'footer: context counter(page).display("1 / 1", both: true)'
    parts = [f"#set page(width: 210mm, height: {height}, margin: 15mm, {footer})"]
    parts += ["#align(center)[Draft National Action Plan \\ (January 2026 to June 2027)]", ""]
    head = "table.header(" + ", ".join(f"[{name}]" for name in header) + "), "
    columns = "columns: (10mm, 1fr, 40mm, 40mm, 30mm), "
    inside = ""
    for section, title in enumerate(SECTIONS, start=1):
        rows = "".join(
            f"[{number}], " + ", ".join(f"[{value}]" for value in values) + ", "
            for number, (own, values) in enumerate(ROWS, start=1)
            if own == section
        )
        if headings_inside:
            inside += f"table.cell(colspan: 5)[{section}\\. {title}], {rows}"
        else:
            parts += [f"{section}\\. {title}", "", f"#table({columns}{head}{rows})", ""]
    if headings_inside:
        parts.append(f"#table({columns}{head}{inside})")
    found = typst.compile("\n".join(parts).encode())
    assert isinstance(found, bytes)
    return found


@pytest.mark.parametrize("header", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv(header: tuple[str, ...], mark: str) -> None:
    """With any usual mark between cells, with English or French headings; each action knows its line."""
    document = import_plan("plan.csv", as_csv(told(header), mark))
    check(document)
    assert [action.source_lines for action in document.actions] == [(line, line) for line in range(2, 7)]
    assert document.plan.plan_id == "PLAN"


@pytest.mark.parametrize("header", [EN, FR], ids=["en", "fr"])
def test_xlsx(header: tuple[str, ...]) -> None:
    """Numbers as numbers, a title above the header, a column for the section."""
    rows: list[list[Any]] = [["Draft National Action Plan"], ["(January 2026 to June 2027)"], []]
    rows.append([*header, "Section"])
    for number, (section, cells) in enumerate(ROWS, start=1):
        rows.append([number, *(cell or None for cell in cells), f"{section}. {SECTIONS[section - 1]}"])
    document = import_plan("national.xlsx", as_xlsx(rows))
    check(document)
    check_sections(document)
    assert (document.plan.title, document.plan.status) == ("Draft National Action Plan", "draft")
    assert (document.plan.period.start, document.plan.period.end) == ("2026-01", "2027-06")
    assert document.plan.plan_id == "NATIONAL"


@pytest.mark.parametrize("order", [(4, 0, 1, 3, 2), (1, 2, 3, 4, 0)])
def test_columns_in_any_order(order: tuple[int, ...]) -> None:
    """Columns are known by their headings, not by where they stand."""
    check(import_plan("plan.csv", as_csv([[row[at] for at in order] for row in told()])))
    text = "\n".join("\t".join(row[at] for at in order) for row in told())
    check(import_plan("plan.txt", text.encode()))


@pytest.mark.parametrize("header", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize("inside", [False, True], ids=["headings-before", "headings-inside"])
def test_docx(header: tuple[str, ...], inside: bool) -> None:
    """Tables of a word processor, sections told by headings or by merged rows."""
    document = import_plan("plan.docx", as_docx(headings_inside=inside, header=header))
    check(document)
    check_sections(document)
    assert document.plan.title == "Draft National Action Plan"
    assert document.plan.period.end == "2027-06"


@pytest.mark.parametrize("header", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize("inside", [False, True], ids=["headings-before", "headings-inside"])
@pytest.mark.parametrize("height", ["297mm", "70mm"])
def test_pdf(header: tuple[str, ...], inside: bool, height: str) -> None:
    """Ruled tables of a PDF, on one page or broken over several, their headers repeated."""
    document = import_plan("plan.pdf", as_pdf(headings_inside=inside, header=header, height=height))
    check(document)
    check_sections(document)
    assert document.plan.title == "Draft National Action Plan"


def test_french_cells() -> None:
    """Names of bodies and timeframes in French mean what they mean in English."""
    rows = [
        list(FR),
        ["1", "Guide sur le transit", "Comité technique permanent", "", "juin 2026"],
        ["2", "Formation", "Secrétariat de l’OMD et CTP", "", "Activité continue"],
        ["3", "Recueil", "Groupe de travail SAFE", "", "Annuel"],
        ["4", "Suivi", "CTP", "", "Sessions du CTP"],
        ["5", "Étude", "CTP", "", "avril à juillet 2026"],
    ]
    actions = import_plan("plan.csv", as_csv(rows)).actions
    assert [action.responsible for action in actions] == [("PTC",), ("SEC", "PTC"), ("SAFE WG",), ("PTC",), ("PTC",)]
    assert [action.timeframe.kind for action in actions] == ["date", "continuous", "annual", "sessions", "date"]
    assert actions[3].timeframe.body == "PTC"
    assert (actions[4].timeframe.start, actions[4].timeframe.due) == ("2026-04", "2026-07-31")


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("form", ["csv", "xlsx", "docx"])
def test_a_missing_column_is_named(column: int, form: str) -> None:
    """Whichever column is missing, the message names it, and where the header stands."""
    rows = [[cell for at, cell in enumerate(row) if at != column] for row in told()]
    if form == "docx":
        document, out = Document(), io.BytesIO()
        table = document.add_table(rows=0, cols=4)
        for row in rows:
            for cell, value in zip(table.add_row().cells, row, strict=True):
                cell.text = value
        document.save(out)
        data = out.getvalue()
    else:
        data = as_csv(rows) if form == "csv" else as_xlsx(rows)
    with pytest.raises(PlanFault) as found:
        import_plan(f"plan.{form}", data)
    said = ("No.", "Action", "Responsible body", "Related work programme", "Timeframe")[column]
    assert said in found.value.message
    assert found.value.where
    assert found.value.got
    assert "column" in found.value.fix


def test_a_number_twice_names_both_places() -> None:
    """In cells and in text: nothing is dropped, the message tells both places."""
    rows = told()
    rows[4][0] = "2"
    with pytest.raises(PlanFault) as found:
        import_plan("plan.csv", as_csv(rows))
    assert "number 2" in found.value.message
    assert "line 3" in found.value.where
    assert "line 5" in found.value.where
    text = "\n".join("\t".join(row) for row in rows)
    with pytest.raises(PlanFault) as found:
        import_plan("plan.txt", text.encode())
    assert "line 3" in found.value.where
    assert "line 5" in found.value.where


def test_a_lost_number_is_inferred_and_flagged() -> None:
    """One that is missing in the count; where none is missing, the row is refused with its place."""
    rows = told()
    rows[3][0] = ""
    document = import_plan("plan.csv", as_csv(rows))
    check(document)
    assert "number" in document.actions[2].flags
    rows[3][0], rows[4][0], rows[5][0] = "", "3", "4"
    with pytest.raises(PlanFault) as found:
        import_plan("plan.csv", as_csv(rows))
    assert found.value.where == "line 4"


def test_a_number_that_is_none() -> None:
    """A hierarchical number is refused, not read as another."""
    rows = told()
    rows[2][0] = "1.2"
    with pytest.raises(PlanFault) as found:
        import_plan("plan.csv", as_csv(rows))
    assert "1.2" in found.value.got


def test_emptied_cells_are_flagged() -> None:
    """An empty title or timeframe is flagged; so is a work programme without a body."""
    rows = told()
    rows[1][1], rows[2][4], rows[3][2] = "", "", ""
    actions: tuple[ActionRecord, ...] = import_plan("plan.csv", as_csv(rows)).actions
    assert "title" in actions[0].flags
    assert "timeframe" in actions[1].flags
    assert "responsible" in actions[2].flags


def blank_pdf() -> bytes:
    """Return a PDF whose page is a drawing."""
    found = typst.compile(b"#rect(width: 5cm, height: 5cm)")
    assert isinstance(found, bytes)
    return found


def bomb() -> bytes:
    """Return an archive that unpacks to far more than it holds."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * 60_000_000)
    return out.getvalue()


def declared() -> bytes:
    """Return a document that declares a document type."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>')
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("plan.pdf", blank_pdf(), "holds no text"),
        ("plan.pdf", b"%PDF-1.7 and then nothing that a reader knows", "is damaged"),
        ("plan.pdf", b"no PDF at all", "is no .pdf file"),
        ("plan.docx", as_docx(headings_inside=False)[:2000], "is damaged"),
        ("plan.docx", bomb(), "too large when unpacked"),
        ("plan.docx", declared(), "declares a document type"),
        ("plan.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "office file that cannot be opened"),
        ("plan.txt", b"", "is empty"),
        ("plan.txt", b"\x00\x01\x02\xff" * 50, "is no text"),
        ("plan.txt", b"A letter.\n\nNothing in it is a plan.\n", "no plan found"),
        ("plan.txt", b"x\n" * 60_000, "is too long"),
        ("plan.csv", b"a,b\n1,2\n", "no plan found"),
    ],
)
def test_bad_input(name: str, data: bytes, said: str) -> None:
    """A clear message: what is wrong, where, what was wanted, what was got, what to do."""
    with pytest.raises(PlanFault) as found:
        import_plan(name, data)
    assert said in found.value.message
    for part in (found.value.where, found.value.wanted, found.value.got, found.value.fix):
        assert part


def test_encrypted_pdf() -> None:
    """An encrypted PDF is named as such."""
    data = blank_pdf()
    keys = b"/Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O (" + b"o" * 32 + b") /U (" + b"u" * 32 + b")"
    trailer = data.replace(b"/Root", b"/Encrypt << " + keys + b" >> /ID [(a) (a)] /Root", 1)
    with pytest.raises(PlanFault) as found:
        read_document("plan.pdf", trailer)
    assert "encrypted" in found.value.message or "damaged" in found.value.message


def test_the_command_says_it(tmp_path: Path) -> None:
    """The command line prints the plan, or the fault with its four parts."""
    file = tmp_path / "plan.csv"
    file.write_bytes(as_csv(told()))
    done = CliRunner().invoke(plan_command, ["import", str(file), "--plan", "NCTF-1", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["plan"]["plan_id"] == "NCTF-1"
    assert [action["id"] for action in found["actions"]] == [f"NCTF-1-0{number}" for number in range(1, 6)]
    plain = CliRunner().invoke(plan_command, ["import", str(file)])
    assert "5 actions" in plain.output
    assert "National Ports Board" in plain.output
    missing = CliRunner().invoke(plan_command, ["import", str(tmp_path / "none.csv")])
    assert missing.exit_code != 0
