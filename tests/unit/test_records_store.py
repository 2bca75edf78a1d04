# SPDX-License-Identifier: Apache-2.0
"""Records on the real store: erasure leaves the journal verifiable; the commands that people type; WCO regions."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.corpus import plan_path

from openecp.bootstrap import Installation
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings
from openecp.platform.store import temporary_data_folder
from openecp.programme.compendia.record import state_of

VALUES = """
kind = "case_study"
member = "KE"
topics = ["transit"]
problem = "Each border asked anew."
solution = "One declaration."
result = "Half the time."
[title]
en = "Corridor"
fr = "Corridor"
[contact]
name = "Ada Invented"
email = "Ada@customs.example"
"""


class Desk:
    """Types commands in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.here = Installation(Settings(data=str(folder)))

    def run(self, *arguments: str, fails: bool = False) -> str:
        result: Result = CliRunner().invoke(openecp, list(arguments), obj=self.here)
        assert (result.exit_code != 0) is fails, result.output + str(result.exception)
        return result.output if not fails else str(result.exception)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    folder = temporary_data_folder("openecp-records-")
    found = Desk(folder)
    with found.here.open_store():  # the database stays up between commands
        yield found
    shutil.rmtree(folder, ignore_errors=True)


def test_the_thin_path_and_erasure(desk: Desk, tmp_path: Path) -> None:
    """From a values file to published pages; then the contact is erased, and the journal stays sound."""
    (tmp_path / "values.toml").write_text(VALUES)
    (tmp_path / "paper.txt").write_text("the paper")
    assert "29 records, 29 of them named in a plan and empty" in desk.run("records", "list")
    desk.run("records", "add", "practice-corridor", "--owner", "KE", "--values", str(tmp_path / "values.toml"))
    desk.run("records", "evidence", "practice-corridor", "PC0590", "--file", str(tmp_path / "paper.txt"))
    desk.run("records", "submit", "practice-corridor")
    desk.run("records", "publish", "practice-corridor")
    told = desk.run("records", "publish", "practice-corridor", fails=True)
    assert "published" in told
    desk.run("records", "revise", "compendium-transit", "--set", "types=practice", "--set", "about=Good practice.")
    desk.run("records", "submit", "compendium-transit")
    desk.run("records", "publish", "compendium-transit")
    assert "edition 1, 1 entries" in desk.run("records", "edition", "freeze", "compendium-transit")
    pages = tmp_path / "pages"
    for _ in range(2):
        desk.run("records", "publish-site", "compendium-transit", "-o", str(pages))
    assert (pages / "fr" / "practice-corridor.html").is_file()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    desk.run("records", "publish-site", "compendium-transit", "-o", str(tmp_path / "other"), fails=True)
    assert "Ada" not in "".join(path.read_text() for path in pages.rglob("*") if path.is_file())

    with desk.here.open_store() as store:
        row, _ = store.case("record/practice/practice-corridor")
        ref = state_of(row.state).contacts["contact"]
        assert b"Ada Invented" in store.document(ref.id).content
    assert "1 documents" in desk.run("erase", "ada@customs.example", "--yes")
    with desk.here.open_store() as store:
        assert store.document(ref.id) is None
        assert desk.here.records(store).contact(ref) is None
    assert "kept apart" in desk.run("records", "show", "practice-corridor")
    desk.run("journal", "verify")


def test_regions_and_response_rates_from_the_table_that_a_user_loads(desk: Desk) -> None:
    """The public table of Members: counts by region are those that are known, and rates are told by region."""
    table = plan_path("reference/wco-members.csv")
    told = desk.run("records", "members", str(table))
    for count in ("AMS 33", "AP 35", "ESA 24", "EUR 53", "MENA 18", "WCA 24"):  # Europe with the European Union
        assert count in told
    assert "already" in desk.run("records", "members", str(table))
    desk.run("records", "revise", "survey-practice", "--set", "purpose=To know.", "--set", "audience=members",
             "--values", _questions(table.parent, desk))  # fmt: skip
    desk.run("records", "submit", "survey-practice")
    desk.run("records", "publish", "survey-practice")
    desk.run("records", "survey", "open", "survey-practice")
    links = desk.run("records", "survey", "invite", "survey-practice", "--all-members")
    rows = list(csv.DictReader(io.StringIO(links)))
    assert len(rows) == 187
    assert len({row["link"] for row in rows}) == 187
    results = desk.run("records", "survey", "results", "survey-practice")
    assert "ESA" in results
    assert desk.run("records", "survey", "export", "survey-practice") == "region,member,use\n"
    desk.run("records", "survey", "close", "survey-practice")
    desk.run("records", "survey", "invite", "survey-practice", "--member", "KE", fails=True)


def _questions(folder: Path, desk: Desk) -> str:
    path = Path(desk.here.settings.data) / "questions.json"
    path.write_text('{"questions": [{"id": "use", "kind": "scale", "text_en": "How useful?", "required": "yes"}]}')
    return str(path)


def test_what_cannot_be_used_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("iso2,name\nKE,Kenya\n")
    (tmp_path / "bad.toml").write_text("title = ")
    for arguments in (
        ("records", "members", str(tmp_path / "bad.csv")),
        ("records", "members", str(tmp_path / "none.csv")),
        ("records", "add", "practice-x", "--values", str(tmp_path / "bad.toml")),
        ("records", "add", "song-x", "--set", "title=One"),
        ("records", "add", "practice-x", "--set", "title"),
        ("records", "show", "practice-none"),
        ("records", "types", "song"),
        ("records", "edition", "diff", "compendium-aeo"),
        ("records", "standards", "assess", "NONE", "--status", "open"),
    ):
        assert desk.run(*arguments, fails=True)
