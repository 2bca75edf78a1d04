# SPDX-License-Identifier: Apache-2.0
"""Both published plans, taken into the register that ships, give the transcription, and only wording changes.

Method: the texts of ../shared/plan are taken over the shipped register; every field that the register then shows is
compared with the transcription. Skips where they are absent.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.corpus import plan_path
from tests.register_world import RegisterWorld

from openecp.platform.core.seeding import seed_register
from openecp.platform.core.taking import take_act

TEXTS = {
    "ECP-III": ("ecp-phase-iii.txt", "phase-iii.json"),
    "ECP-IV": ("ecp-phase-iv.txt", "phase-iv.json"),
}


@pytest.fixture(scope="module")
def world() -> RegisterWorld:
    for names in TEXTS.values():
        plan_path(names[0])  # skips where it is not there
    found = RegisterWorld()
    assert seed_register(found.core, found.store, {}) > 30
    for text, _ in TEXTS.values():
        act = take_act(text, plan_path(text).read_bytes())
        assert [found.do(act).outcome, found.do(act).outcome] == ["done", "repeated"]
    return found


@pytest.mark.parametrize("plan", sorted(TEXTS))
def test_the_register_shows_what_the_transcription_says(world: RegisterWorld, plan: str) -> None:
    wanted: list[dict[str, Any]] = json.loads(plan_path(TEXTS[plan][1]).read_text(encoding="utf-8"))["actions"]
    found = world.book.actions(plan)
    assert [action.number for action in found] == [row["number"] for row in wanted]
    for action, row in zip(found, wanted, strict=True):
        frame = msgspec.to_builtins(action.timeframe)
        assert {
            "title": action.title_as_written,
            "section": action.section,
            "responsible_as_written": action.responsible_as_written,
            "responsible": list(action.responsible),
            "work_programmes_as_written": action.work_programmes_as_written,
            "work_programmes": list(action.work_programmes),
            "timeframe_as_written": action.timeframe_as_written,
            "due": frame["due"],
            "kind": frame["kind"],
            "source_lines": list(action.source_lines or ()),
        } == {
            name: row["timeframe"][name] if name in ("due", "kind") else row[name]
            for name in (
                "title", "section", "responsible_as_written", "responsible", "work_programmes_as_written",
                "work_programmes", "timeframe_as_written", "due", "kind", "source_lines",
            )
        }, action.id  # fmt: skip
        assert set(action.titles) == {"en", "fr"}
        assert action.title("en") == row["title"]


@pytest.mark.parametrize("plan", sorted(TEXTS))
def test_the_text_adds_wording_and_changes_no_fact(world: RegisterWorld, plan: str) -> None:
    names = {field.field for each in world.book.diff(plan, 1, 2) for field in each.fields}
    assert names <= {
        "title_as_written", "responsible_as_written", "work_programmes_as_written", "timeframe_as_written",
    }  # fmt: skip
    start = world.book.plan(plan).period.start
    assert world.book.actions(plan, as_of=f"{start}-01")[0].title_as_written


def test_counts_are_those_of_the_texts(world: RegisterWorld) -> None:
    iv, iii = (world.book.roll_up(plan, as_of="2020-02-01") for plan in ("ECP-IV", "ECP-III"))
    assert {row.key: row.total for row in iv.by_timeframe} == {"annual": 1, "continuous": 29, "date": 33}
    assert {row.key: row.total for row in iii.by_timeframe} == {
        "continuous": 20, "date": 5, "sessions": 2, "unstated": 1,
    }  # fmt: skip
    bodies = {row.key: row.total for row in iv.by_body}
    assert (bodies["PTC"], bodies["OTHER"], bodies["IMSC"], bodies["SAFE WG"], bodies[""]) == (23, 17, 14, 12, 13)
    assert {row.key: row.total for row in iv.by_programme}[""] == 34
    beyond = [action.number for action in world.book.actions("ECP-IV") if action.beyond_plan]
    assert beyond == [2, 3, 11, 52, 58]
