# SPDX-License-Identifier: Apache-2.0
"""The standards register: every rule and test that it names exists, and its coverage adds up."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.record_world import KOFI, RecordWorld

from openecp.platform.core.recordwork import shipped_standards
from openecp.platform.core.standards_page import standards_page
from openecp.programme.compendia.commands import AssessStandard
from openecp.programme.compendia.standards import COLUMNS, STATUSES, StandardsError, coverage, read_standards

ROOT = Path(__file__).resolve().parents[2]
HEADER = ",".join(COLUMNS)


def exists(shown_by: str) -> bool:
    """Tell whether a rule or test that the register names is in the repository.

    `tests/unit/test_x.py::test_y` is a test function; any other path is a file of the package, a rule or a table.
    """
    name, _, function = shown_by.partition("::")
    path = ROOT / name
    if not path.is_file() or not name.startswith(("tests/", "src/openecp/")):
        return False
    if not name.startswith("tests/"):
        return not function
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree))


def test_every_rule_or_test_that_the_register_names_exists() -> None:
    named = {each for standard in shipped_standards() for each in standard.shown_by}
    assert named, "the register ships with evidence"
    assert sorted(each for each in named if not exists(each)) == []
    assert not exists("tests/unit/test_records_standards.py::test_that_is_not_there")
    assert not exists("tests/unit/test_that_is_not_there.py::test_x")


def test_what_is_evidenced_names_what_shows_it_and_what_is_open_stays_in_view() -> None:
    standards = shipped_standards()
    assert all(standard.shown_by for standard in standards if standard.status == "evidenced")
    assert {standard.status for standard in standards} <= set(STATUSES)
    assert [standard.id for standard in standards if standard.status == "open"], "nobody has done everything"
    page = standards_page(standards)
    for standard in standards:
        assert standard.titles["en"] in page
        assert standard.titles["fr"]


def test_coverage_adds_up() -> None:
    standards = shipped_standards()
    rows = coverage(standards)
    assert sum(row.total for row in rows) == len(standards)
    for row in rows:
        assert row.claimed + row.evidenced + row.open + row.not_applicable == row.total
        assert 0 <= row.evidenced_percent <= row.claimed_percent <= 100


def test_the_page_is_what_the_command_prints() -> None:
    page = (ROOT / "docs" / "standards.md").read_text(encoding="utf-8")
    assert page == standards_page(shipped_standards()), "run: openecp records standards --markdown > docs/standards.md"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,RKC,1,done,,Title,Titre,,", "line 2: expected a status"),
        ("A,RKC,1,evidenced,,Title,Titre,,", "line 2: expected a rule or test"),
        ("A,RKC,1,open,,Title,,,", "line 2: expected title_fr"),
        (",RKC,1,open,,Title,Titre,,", "line 2: expected id"),
        ("A,RKC,1,open,,Title,Titre,,\nA,RKC,2,open,,Title,Titre,,", "line 3: expected an id of its own"),
    ],
)
def test_a_bad_table_says_where(row: str, told: str) -> None:
    with pytest.raises(StandardsError, match=told):
        read_standards(f"{HEADER}\n{row}\n", "table.csv")
    with pytest.raises(StandardsError, match="expected the columns"):
        read_standards("id,status\n", "table.csv")


def test_a_later_assessment_lies_over_the_row_and_only_the_secretariat_makes_one() -> None:
    world = RecordWorld()
    first = next(standard for standard in world.book.standards() if standard.status == "open")
    act = AssessStandard(standard=first.id, status="claimed", note_en="Looked at again.")
    assert world.refused(act, KOFI) == "OECP-RECORD-ROLE"
    assert world.refused(AssessStandard(standard=first.id, status="evidenced")) == "OECP-RECORD-VALUES"
    assert world.refused(AssessStandard(standard="NONE-1", status="open")) == "OECP-RECORD-UNKNOWN"
    world.do(act)
    now = {standard.id: standard for standard in world.book.standards()}[first.id]
    assert (now.status, now.notes["en"], now.titles) == ("claimed", "Looked at again.", first.titles)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", now.on)
    world.do(AssessStandard(standard=first.id, status="open"))
    assert {s.id: s for s in world.book.standards()}[first.id].status == "open"
    assert [event.kind for event in world.store.events()] == ["StandardAssessed"] * 2
