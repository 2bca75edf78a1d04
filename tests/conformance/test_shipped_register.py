# SPDX-License-Identifier: Apache-2.0
"""The register that ships equals the hand-checked transcription of both plans, and quotes neither.

Method: every field of every action is compared with ../shared/plan; every short title is compared with every published
title, word by word. Both skip where the transcription is absent; what the register says of itself is always tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.corpus import plan_path

from openecp.programme.action_plan import codes, shipped
from openecp.programme.action_plan.records import ActionRecord, TimeframeKind
from openecp.programme.action_plan.shipped import Words

ROOT = Path(__file__).resolve().parents[2]
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


def test_outputs_of_earlier_phases_equal_the_transcription() -> None:
    """Twenty outputs of Phases I and II with phase and actions, and nine instruments named in the Phase IV prose."""
    gold = json.loads(plan_path("deliverables-phase-i-ii.json").read_text(encoding="utf-8"))
    rows = {row.id: row for row in shipped.shipped_instruments()}
    for output in gold["deliverables"]:
        row = rows.pop(output["id"])
        assert (row.phase, set(row.actions)) == (output["phase"], set(output["related_actions"])), output["id"]
    named = gold["mentioned_in_phase_iv_background"]
    assert [row.date for row in rows.values()] == [mention["date"] or "" for mention in named]


def test_every_link_of_the_register_leads_somewhere() -> None:
    """Instruments and records name actions, bodies and codes that are in the register; identifiers occur once."""
    actions = {action.id for plan in shipped.shipped_plans() for action in plan.document.actions}
    instruments, records = shipped.shipped_instruments(), shipped.shipped_records()
    assert {name for row in (*instruments, *records) for name in row.actions} <= actions
    assert {body for row in records for body in row.bodies} <= set(shipped.body_names())
    assert {row.kind for row in instruments} <= set(shipped.code_names("instrument_kind"))
    assert {row.stage for row in instruments} - {""} <= set(shipped.code_names("stage"))
    assert {row.type for row in records} <= set(shipped.code_names("record_type"))
    natures = {nature for plan in shipped.shipped_plans() for nature in plan.natures.values()}
    assert natures == set(shipped.code_names("nature"))
    names = [row.id for row in (*instruments, *records, *shipped.shipped_standards())]
    assert len(names) == len(set(names))


def test_records_cover_what_the_texts_name() -> None:
    """Each kind of record has rows, for the actions whose work is done by people."""
    told: dict[str, set[str]] = {row.type: set() for row in shipped.shipped_records()}
    for row in shipped.shipped_records():
        told[row.type] |= set(row.actions)
    assert {"ECP-III-01", "ECP-IV-18", "ECP-IV-31", "ECP-IV-32"} <= told["practice"]
    assert {f"ECP-IV-{number}" for number in (20, 21, 23, 24, 33)} | {"ECP-III-03"} <= told["event"]
    assert {"ECP-III-20", "ECP-IV-18", "ECP-IV-26"} == told["survey"]
    assert {f"ECP-III-{number}" for number in (13, 17, 18, 19)} <= told["engagement"]
    assert {f"ECP-IV-{number}" for number in (25, 60, 61, 63)} <= told["engagement"]
    assert {"ECP-III-26", "ECP-III-27", "ECP-IV-27", "ECP-IV-62"} <= told["publication"]
    assert {"ECP-IV-19", "ECP-IV-29", "ECP-IV-30"} == told["compendium"]


def test_standards_are_shown_by_tests_that_exist() -> None:
    """`file::test` leads to a test of this repository; claims say what is missing; open rows stay."""
    rows = shipped.shipped_standards()
    for row in rows:
        for name in row.shown_by:
            file, _, function = name.partition("::")
            assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), f"{row.id}: {name}"
        if row.status == "claimed":
            assert row.note.en, f"{row.id}: a claim says what is missing"
            assert row.note.fr, f"{row.id}: a claim says what is missing"
    assert {row.status for row in rows} == set(shipped.code_names("standard_status"))
    chapters = [row for row in rows if row.instrument == "RKC General Annex"]
    assert len(chapters) == 10
    assert "evidenced" not in {row.status for row in chapters}, "chapters are not their standards"


def test_the_36_measures_are_all_there() -> None:
    """Each measure of the WTO Trade Facilitation Agreement has its row, under its number and in its order."""
    gold = json.loads(plan_path("reference/tfa-measures.json").read_text(encoding="utf-8"))["measures"]
    rows = [row for row in shipped.shipped_standards() if row.id.startswith("TFA-")]
    assert [row.number for row in rows] == [measure["article"] for measure in gold]
    assert len(rows) == 36
    told = [row.id for row, measure in zip(rows, gold, strict=True) if words(row.title.en) == words(measure["title"])]
    assert told == [], "our own short words"


def test_codes_of_the_register_have_names() -> None:
    """What the code can say, both languages can."""
    for kind, codes_of in (
        ("lifecycle", codes.Lifecycle),
        ("colour", codes.Colour),
        ("ground", codes.Ground),
        ("plan_status", codes.PlanStatus),
        ("responsibility", codes.Role),
        ("evidence", codes.EvidenceKind),
        ("scope", codes.Scope),
        ("stage", codes.Stage),
        ("relation", codes.Relation),
        ("dependency", codes.DependencyKind),
        ("link_state", codes.LinkState),
        ("timeframe", TimeframeKind),
    ):
        assert set(shipped.code_names(kind)) == set(get_args(codes_of)), kind


def test_unknown_names_are_refused_with_what_there_is() -> None:
    """A wrong plan or kind says which ones exist."""
    with pytest.raises(shipped.RegisterError, match="expected one of ECP-III, ECP-IV, got 'ECP-V'"):
        shipped.shipped_plan("ECP-V")
    with pytest.raises(shipped.RegisterError, match=r"expected one of the kinds .*lifecycle.*, got 'colours'"):
        shipped.code_names("colours")


def french() -> Iterator[tuple[str, str]]:
    """Yield every French text of the register."""
    yield from ((place, title.fr) for place, title in short_titles())
    yield from ((row.id, row.note.fr) for row in shipped.shipped_standards())
    for name in ("body_names", "work_programme_names", "code_names"):
        yield from ((f"{name} {row['code']}", row["name_fr"]) for row in shipped.shipped_rows(name))
