# SPDX-License-Identifier: Apache-2.0
"""The paper of the published plans: the annex in the words of the document reads in again as the same records.

Reads: ../shared/plan, where it lies beside the project; skipped with a reason where it does not.
"""

from __future__ import annotations

from functools import cache

import pytest
from tests.corpus import SHARED
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, codes, fill

from openecp.platform.documents.reading import import_plan, import_plan_file
from openecp.platform.documents.session_paper import files_of
from openecp.programme.action_plan.commands import TakePlan
from openecp.programme.action_plan.records import PlanDocument
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import gather
from openecp.programme.reports.paper import Paper
from openecp.programme.reports.wording import Wording

TEXT = SHARED / "plan" / "ecp-phase-iv.txt"
FIELDS = (
    "id", "number", "section", "title", "responsible_as_written", "responsible", "responsible_parts_as_written",
    "responsible_open_ended", "supporting", "work_programmes_as_written", "work_programmes", "timeframe_as_written",
    "timeframe", "beyond_phase_period",
)  # fmt: skip
pytestmark = pytest.mark.skipif(not TEXT.exists(), reason="../shared/plan is not beside the project")


@cache
def official() -> PlanDocument:
    """Return the Phase IV plan as published."""
    return import_plan_file(TEXT)


@cache
def world() -> ReportWorld:
    """Return the register with updates, and the published wording taken in."""
    made = fill(ReportWorld())
    made.do(TakePlan(document=official(), official=True, language="en", on="2019-02-01"))
    return made


def paper(language: str, since: str = SINCE, as_of: str = AS_OF) -> Paper:
    """Return the paper of the published plan."""
    found = gather(world().plans, "ECP-IV", as_of=as_of, since=since)
    return build_paper(found, Wording(language, codes(language)))  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["-annex.csv", ".docx", pytest.param(".pdf", marks=pytest.mark.slow)])
def test_the_annex_in_official_words_reads_in_again(ending: str) -> None:
    """On a day before the decision that changed one: every field of all 63 actions, as written and normalised."""
    told = paper("en", since="2019-03-01", as_of="2019-09-30")
    files = files_of(told, ("docx", "csv") if ending != ".pdf" else ("pdf",))
    again = import_plan(f"again{ending}", files[f"ECP-IV-2019-09-30-en{ending}"])
    unlike = [
        (found.id, field, getattr(found, field), getattr(wanted, field))
        for found, wanted in zip(again.actions, official().actions, strict=True)
        for field in FIELDS
        if getattr(found, field) != getattr(wanted, field)
    ]
    assert unlike == []
    for field in ("plan_id", "title_as_written", "phase", "status", "period", "footnote"):
        assert getattr(again.plan, field) == getattr(official().plan, field), field
    for found, wanted in zip(again.plan.sections, official().plan.sections, strict=True):
        assert (found.number, found.title, found.code, found.reference, found.actions) == (
            wanted.number, wanted.title, wanted.code, wanted.reference, wanted.actions,
        )  # fmt: skip


def test_a_decision_shows_in_the_annex() -> None:
    """The action whose date a session moved shows the new one, and the annex names it."""
    told = paper("en")
    rows = {row.number: row for section in told.annex.sections for row in section.rows}
    assert rows["12"].timeframe.replace("\u00a0", " ") == "December 2020"
    assert rows["5"].timeframe == "December 2019"
    assert "ECP-IV-12" in told.annex.note


def test_the_french_annex_shows_no_official_english() -> None:
    """The document is in English: the French paper has the register's own French titles, and says so."""
    told = paper("fr")
    rows = {row.number: row for section in told.annex.sections for row in section.rows}
    for wanted in official().actions:
        row = rows[str(wanted.number)]
        assert wanted.title not in row.title
        assert not wanted.responsible_as_written or row.responsible != wanted.responsible_as_written
    assert "document du plan en français" in told.annex.note
    assert told.annex.title.startswith("Projet révisé")
