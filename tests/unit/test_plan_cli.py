# SPDX-License-Identifier: Apache-2.0
"""`openecp plan` over a store in memory: what is printed, what is refused with exit code 2; all is documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.register_world import RegisterWorld

from openecp.bootstrap import Installation
from openecp.platform.cli.main import openecp
from openecp.platform.cli.plan import plan
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.settings import Settings
from openecp.programme.action_plan.fold import EVENT_KINDS

ROOT = Path(__file__).resolve().parents[2]
ROWS = """No.,Section,Action,Responsible body,Related work programme,Timeframe
1,1,Guidance on zones,PTC,PTC-WP,December 2019
2,1,Share good practice,"PTC, SAFE WG",,Continuous activity
3,2,Review of the framework,SAFE WG,,June 2020
"""


class InMemory(Installation):
    """An installation whose store is that of a world."""

    def __init__(self, settings: Settings, world: RegisterWorld) -> None:
        super().__init__(settings)
        self.world = world

    def with_settings(self, **changes: object) -> InMemory:
        return self

    def open_store(self) -> Any:
        store = self.world.store
        store.close = lambda: None  # type: ignore[attr-defined]
        return store

    def programme_core(self, store: Any) -> Any:
        return self.world.core

    def plans(self, store: Any) -> Any:
        return self.world.book


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> InMemory:
    folder = tmp_path_factory.mktemp("data")
    return InMemory(Settings(data=str(folder)), RegisterWorld("2026-03-01T09:00:00.000000Z"))


def run(here: InMemory, *arguments: str) -> str:
    result = CliRunner().invoke(openecp, ["plan", *arguments], obj=here, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def fault(here: InMemory, *arguments: str) -> CommandFault:
    with pytest.raises(CommandFault) as caught:
        CliRunner().invoke(openecp, ["plan", *arguments], obj=here, catch_exceptions=False)
    return caught.value


def test_a_new_installation_shows_both_plans(here: InMemory) -> None:
    plans = json.loads(run(here, "list", "--json"))
    assert [(plan["id"], plan["actions"]) for plan in plans] == [("ECP-III", 28), ("ECP-IV", 63)]
    before = len(here.world.store.log)
    assert "ECP Action Plan, Phase IV" in run(here, "list")
    assert "Plan d’action de l’ECP, phase IV" in run(here, "list", "--lang", "fr")
    assert len(here.world.store.log) == before


def test_counts_of_the_shipped_plan_are_those_of_the_text(here: InMemory) -> None:
    """Profile of the published plan: sections, timeframes, owners, programmes, dates; nothing is reported."""
    found = json.loads(run(here, "show", "ECP-IV", "--as-of", "2020-02-01", "--json"))
    counts = found["roll_up"]
    assert {row["key"]: row["total"] for row in counts["by_section"]} == {
        "ECP-IV/1": 17, "ECP-IV/2": 16, "ECP-IV/3": 9, "ECP-IV/4": 16, "ECP-IV/5": 5,
    }  # fmt: skip
    assert {row["key"]: row["total"] for row in counts["by_timeframe"]} == {"annual": 1, "continuous": 29, "date": 33}
    bodies = {row["key"]: row["total"] for row in counts["by_body"]}
    assert (bodies["PTC"], bodies["SAFE WG"], bodies["IMSC"], bodies[""]) == (23, 12, 14, 13)
    assert next(row["total"] for row in counts["by_programme"] if row["key"] == "") == 34
    assert counts["overall"]["colours"] == {"amber": 1, "red": 3, "grey": 59}
    assert (counts["overall"]["overdue"], counts["overall"]["due_soon"]) == (3, 1)
    late = json.loads(run(here, "show", "ECP-IV", "--as-of", "2020-02-01", "--overdue", "--json"))["actions"]
    assert [(action["number"], action["assessment"]["facts"]["days"]) for action in late] == [
        (5, 32),
        (43, 216),
        (48, 1),
    ]


def test_an_update_and_what_it_shows(here: InMemory, tmp_path: Path) -> None:
    paper = tmp_path / "paper.txt"
    paper.write_text("shown")
    told = run(
        here, "update", "ECP-IV-43", "--status", "delivered", "--note", "Study report", "--evidence", "PC0543",
        "--file", str(paper), "--on", "2019-06-20",
    )  # fmt: skip
    assert told == "ECP-IV-43: recorded, delivered\n"
    shown = run(here, "action", "ECP-IV-43")
    assert "delivered since 2019-06-20" in shown
    assert "PC0543" in shown
    found = json.loads(run(here, "action", "ECP-IV-43", "--as-of", "2019-06-19", "--json"))["action"]
    assert (found["lifecycle"], found["evidence"]) == ("planned", [])
    refusal = fault(here, "update", "ECP-IV-44", "--status", "delivered")
    assert (refusal.where, refusal.got) == ("evidence", "none")
    assert "cannot be delivered without evidence" in refusal.message


def test_a_plan_of_ones_own_comes_in_from_a_table_and_goes_on(here: InMemory, tmp_path: Path) -> None:
    table = tmp_path / "nctf.csv"
    table.write_text(ROWS, encoding="utf-8")
    assert "version 1" in run(here, "take", str(table), "--plan", "NCTF-1")
    assert "nothing was changed" in run(here, "take", str(table), "--plan", "NCTF-1")
    table.write_text(ROWS.replace("December 2019", "March 2020"), encoding="utf-8")
    assert "version 2" in run(here, "take", str(table), "--plan", "NCTF-1")
    diff = json.loads(run(here, "diff", "NCTF-1", "1", "2", "--json"))
    assert [(each["id"], each["what"]) for each in diff] == [("NCTF-1-01", "changed")]
    assert "nctf.csv" in run(here, "versions", "NCTF-1")
    assert fault(here, "take", str(tmp_path / "none.csv")).where.endswith("none.csv")


def test_a_session_and_its_decision(here: InMemory) -> None:
    run(here, "session", "add", "PTC/225", "--body", "PTC", "--starts", "2019-10-10", "--item", "1=ECP plan=ECP-IV-05")
    told = run(here, "session", "decide", "PTC/225", "More time.", "--change", "ECP-IV-05:due=2020-06-30:note=agreed")
    assert told == "PTC/225/D1: recorded, held\n"
    assert "2019-12-31 → 2020-06-30" in run(here, "session", "show", "PTC/225")
    assert "PTC/225" in run(here, "session", "list", "--body", "PTC")
    assert "PTC/225/D1" in run(here, "history", "ECP-IV-05")
    assert fault(here, "session", "decide", "PTC/225", "x", "--change", "ECP-IV-05:colour=red").where == "--change"


def test_the_other_changes(here: InMemory) -> None:
    run(here, "override", "ECP-IV-20", "--colour", "amber", "--reason", "moved by the host", "--expires", "2027-01-01")
    run(here, "revise", "ECP-IV-20", "--reason", "host asked", "--due", "2026-12-31", "--responsible", "PTC")
    run(here, "milestone", "ECP-IV-20", "--title", "Programme agreed", "--due", "2026-06-30")
    run(here, "milestone", "ECP-IV-20", "--id", "M1", "--reached", "2026-02-01")
    run(here, "stage", "ECP-IV-43", "drafting", "--title", "en=Study", "--title", "fr=Étude", "--kind", "study")
    run(here, "stage", "D-I-01", "under_review", "--note", "asked for")
    run(here, "update", "ECP-IV-20", "--evidence", "PC0001")
    run(here, "verify", "ECP-IV-20", "E1")
    run(here, "endorse", "ECP-III", "--status", "superseded", "--reason", "Phase IV has begun")
    run(here, "thresholds", "ECP-IV", "--silent", "200", "--reason", "sessions are yearly")
    run(here, "lineage", "ECP-III", "ECP-IV", "--confirm", "ECP-III-04:ECP-IV-04")
    found = json.loads(run(here, "action", "ECP-IV-20", "--json"))["action"]
    assert found["override"]["colour"] == "amber"
    assert found["timeframe"]["due"] == "2026-12-31"
    assert found["milestones"][0]["reached_on"] == "2026-02-01"
    assert found["evidence"][0]["verified_by"] == "system:command-line"
    links = json.loads(run(here, "lineage", "ECP-III", "ECP-IV", "--json"))
    assert next(link["state"] for link in links if link["to_id"] == "ECP-IV-04") == "confirmed"
    assert json.loads(run(here, "measure", "ECP-IV", "--json")) == []  # this world has no journal window


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("action", "ECP-IV-99"), "action"),
        (("show", "NONE"), "plan"),
        (("list", "--as-of", "yesterday"), "--as-of"),
        (("diff", "ECP-IV", "1", "7"), "version"),
        (("session", "show", "NONE"), "session"),
        (("lineage", "ECP-III", "ECP-IV", "--confirm", "a:b"), "link"),
    ],
)
def test_what_is_not_there_is_said(here: InMemory, arguments: tuple[str, ...], where: str) -> None:
    found = fault(here, *arguments)
    assert found.where == where
    assert found.expected
    assert found.fix


def test_every_command_and_event_is_documented() -> None:
    page = (ROOT / "docs" / "programme.md").read_text(encoding="utf-8")
    pages = page + (ROOT / "docs" / "session-paper.md").read_text(encoding="utf-8")
    assert [kind for kind in EVENT_KINDS if kind not in page] == []
    assert [name for name in plan.commands if f"openecp plan {name}" not in pages] == []
    assert [name for name, command in plan.commands.items() if not command.get_short_help_str()] == []
    session = plan.commands["session"]
    assert isinstance(session, click.Group)
