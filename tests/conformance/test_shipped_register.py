# SPDX-License-Identifier: Apache-2.0
"""The register that ships equals the hand-checked transcription of both plans, and quotes neither.

Method: every field of every action is compared with ../shared/plan; every short title is compared with every published
title, word by word. Both skip where the transcription is absent; what the register says of itself is always tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.corpus import plan_path

from openecp.programme.action_plan import shipped
from openecp.programme.action_plan.records import ActionRecord
from openecp.programme.action_plan.shipped import Words

TITLE_LENGTH_MAX = 70
RUN_WORDS_MAX = 5  # a run of six words would be a quotation
PHASES = {"ECP-III": "phase-iii.json", "ECP-IV": "phase-iv.json"}
FIELDS = ("id", "number", "section", "responsible_open_ended", "beyond_phase_period")
LISTS = ("responsible", "supporting", "work_programmes")


def transcription(plan_id: str) -> dict[str, Any]:
    """Return the hand-checked transcription of a plan."""
    return json.loads(plan_path(PHASES[plan_id]).read_text(encoding="utf-8"))


def facts(action: ActionRecord) -> dict[str, Any]:
    """Return what the transcription says of an action, as the register has it."""
    timeframe = {name: getattr(action.timeframe, name) for name in action.timeframe.__struct_fields__}
    told: dict[str, Any] = {name: getattr(action, name) for name in FIELDS}
    return told | {name: list(getattr(action, name)) for name in LISTS} | {"timeframe": timeframe}


def words(text: str) -> list[str]:
    """Return the words of a text, without case and punctuation."""
    return re.findall(r"\w+", re.sub(r"['’]", "", text.lower()))


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Return all runs of so many words."""
    found = words(text)
    return {tuple(found[start : start + length]) for start in range(len(found) - length + 1)}


def short_titles() -> Iterator[tuple[str, Words]]:
    """Yield every title of the register with what it belongs to."""
    for plan in shipped.shipped_plans():
        yield plan.document.plan.plan_id, plan.title
        yield from ((f"{plan.document.plan.plan_id}/{number}", title) for number, title in plan.section_titles.items())
        yield from plan.action_titles.items()
    yield from ((row.id, row.title) for row in shipped.shipped_instruments())
    yield from ((row.id, row.title) for row in shipped.shipped_records())
    yield from ((row.id, row.title) for row in shipped.shipped_standards())


@pytest.mark.parametrize("plan_id", PHASES)
def test_actions_equal_the_transcription(plan_id: str) -> None:
    """All 91 actions: number, section, bodies, programmes, timeframe, supporting, open-ended, beyond the period."""
    gold = transcription(plan_id)
    ours = [facts(action) for action in shipped.shipped_plan(plan_id).document.actions]
    theirs = [{name: action[name] for name in (*FIELDS, *LISTS, "timeframe")} for action in gold["actions"]]
    assert ours == theirs
    assert len(ours) == gold["count"]


@pytest.mark.parametrize("plan_id", PHASES)
def test_plans_and_sections_equal_the_transcription(plan_id: str) -> None:
    """Phase, period, status, and each section with its code and its actions."""
    gold, plan = transcription(plan_id), shipped.shipped_plan(plan_id).document.plan
    assert plan.phase == gold["phase"]
    assert (plan.period.start, plan.period.end) == (gold["period"]["start"], gold["period"]["end"])
    assert sorted(plan.status.split("_")) == sorted(gold["status_as_written"].lower().split())
    assert [(part.number, part.code, list(part.actions)) for part in plan.sections] == [
        (part["number"], part["code"], part["actions"]) for part in gold["sections"]
    ]


def test_bodies_and_programmes_equal_the_transcription() -> None:
    """Every body and work programme has a name in both languages, and there is no other."""
    bodies = json.loads(plan_path("bodies.json").read_text(encoding="utf-8"))["bodies"]
    programmes = json.loads(plan_path("workprogrammes.json").read_text(encoding="utf-8"))["work_programmes"]
    assert set(shipped.body_names()) == {body["code"] for body in bodies}
    assert set(shipped.work_programme_names()) == {programme["code"] for programme in programmes}


def test_no_short_title_is_a_quotation() -> None:
    """None equals or contains a published title of five words or more, none shares six words in a row with one."""
    published = [title for plan_id in PHASES for title in published_titles(plan_id)]
    quoted_runs = {run for title in published for run in runs(title, RUN_WORDS_MAX + 1)}
    whole = {tuple(words(title)) for title in published if len(words(title)) >= RUN_WORDS_MAX}
    quotations = []
    for place, title in short_titles():
        for text in (title.en, title.fr):
            if runs(text, RUN_WORDS_MAX + 1) & quoted_runs:
                quotations.append(f"{place}: six words in a row: {text}")
            quotations += [
                f"{place}: a published title: {text}" for title_ in whole if title_ in runs(text, len(title_))
            ]
    assert quotations == []


def published_titles(plan_id: str) -> Iterator[str]:
    """Yield the published titles of a plan, its sections, its actions, and of the outputs that the texts name."""
    gold = transcription(plan_id)
    yield from (part["title"] for part in gold["sections"])
    yield from (action["title"] for action in gold["actions"])
    outputs = json.loads(plan_path("deliverables-phase-i-ii.json").read_text(encoding="utf-8"))
    yield from (row["title"] for row in outputs["deliverables"] if len(words(row["title"])) > 6)


def test_titles_are_short_and_in_both_languages() -> None:
    """A table shows them whole; no language is left out, none stands in for the other."""
    for place, title in short_titles():
        for text in (title.en, title.fr):
            assert text, place
            assert text == text.strip(), place
            assert len(text) <= TITLE_LENGTH_MAX, f"{place}: {len(text)} characters: {text}"
    same = [place for place, title in short_titles() if title.en == title.fr]
    assert same == []


def test_french_is_written_as_french() -> None:
    """A blank before the colon, the curly apostrophe, and none of the English words that slip in."""
    english = re.compile(r"\b(the|of|and|for|with|guidelines|handbook|study|single window|AEO|WTO|WCO|TFA|RKC|PTC)\b")
    wrong = []
    for place, title in french():
        if english.search(title) or "'" in title or re.search(r"\w[:;?!]", title):
            wrong.append(f"{place}: {title}")
    assert wrong == []


def french() -> Iterator[tuple[str, str]]:
    """Yield every French text of the register."""
    yield from ((place, title.fr) for place, title in short_titles())
    yield from ((row.id, row.note.fr) for row in shipped.shipped_standards())
    for name in ("body_names", "work_programme_names", "code_names"):
        yield from ((f"{name} {row['code']}", row["name_fr"]) for row in shipped.shipped_rows(name))
