# SPDX-License-Identifier: Apache-2.0
"""Recommendations from where the hours are lost, and their form as proposals to an action plan."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.study import HOUR_US, Definition, shown_day

RECOMMENDED_MAX = 5
OWN_WORDS = ("LODGED", "GATE_OUT", "QUERY_ANSWERED")  # stages of traders that call for something of their own
DUE_DAYS = 182  # half a year after the data end, unless people agree on another day


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """One recommendation: what, by whom, until when, and the hours that it would save if the benchmark were reached."""

    action_en: str
    action_fr: str
    owner: str
    due: str
    expected_hours: int
    stage: str
    segment: str
    value: str
    cases: int


def recommended(figures: Figures, definition: Definition) -> tuple[Recommendation, ...]:
    """Return what the bottlenecks call for: at most two places a stage, the largest losses first."""
    due = date.fromisoformat(shown_day(figures.last_us)) + timedelta(days=DUE_DAYS)
    words = {language: Wording(language, definition.k, definition.labels) for language in ("en", "fr")}
    found: list[Recommendation] = []
    seen: dict[str, int] = {}
    for one in figures.bottlenecks:
        if seen.get(one.stage, 0) >= 2 or round(one.lost / HOUR_US) < 1:
            continue
        seen[one.stage] = seen.get(one.stage, 0) + 1
        texts = {
            language: wording.say(
                f"action.{one.end if one.end in OWN_WORDS else one.owner}",
                start=wording.activity(one.start),
                end=wording.activity(one.end),
                place=place_words(one.segment, one.value, wording),
            )
            for language, wording in words.items()
        }
        found.append(
            Recommendation(
                action_en=texts["en"],
                action_fr=texts["fr"],
                owner=one.owner,
                due=due.isoformat(),
                expected_hours=round(one.lost / HOUR_US),
                stage=one.stage,
                segment=one.segment,
                value=one.value,
                cases=one.n,
            )
        )
        if len(found) == RECOMMENDED_MAX:
            break
    return tuple(found)


def place_words(segment: str, value: str, wording: Wording) -> str:
    """Return where a bottleneck is, in brackets; nothing where the study has no segments."""
    if not segment:
        return ""
    return wording.say("action.place", segment=wording.segment(segment), value=wording.value(value, segment))


def proposals(recommendations: tuple[Recommendation, ...], study: str, plan: str) -> list[dict[str, Any]]:
    """Return the recommendations as proposals of actions for a plan's register, one object each."""
    return [
        {
            "event": "ActionProposed",
            "plan": plan,
            "title": {"en": one.action_en, "fr": one.action_fr},
            "lifecycle": "proposed",
            "owner": one.owner,
            "due": one.due,
            "expected_hours": one.expected_hours,
            "source": {
                "study": study,
                "stage": one.stage,
                "segment": one.segment,
                "value": one.value,
                "cases": one.cases,
            },
        }
        for one in recommendations
    ]
