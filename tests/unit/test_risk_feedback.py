# SPDX-License-Identifier: Apache-2.0
"""What controls found flows back: labelled items with their chance, and compliance by the random sample alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.lifecycle_office import Office, assessed, declaration, line

from openecp.bootstrap import Installation
from openecp.border.risk.features.compliance import compliance
from openecp.border.risk.features.feedback import ControlResult, SelectedCase
from openecp.border.risk.features.gap import money_gap
from openecp.border.risk.wilson import wilson_bounds
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.platform.cli.main import openecp
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.compliance_report import compliance_report, figures_of, written
from openecp.platform.core.risk_history import RiskHistory, risk_history
from openecp.platform.core.settings import Settings

RANDOM = Reason(code="RANDOM", layer="risk", rule="risk.random", severity="info", audience="officer", message="drawn")
CRITERION = Reason(code="R-1", layer="risk", rule="risk.R-1", severity="info", audience="officer", message="hit")
SHARES = {"yellow": 0.02, "red": 0.01}


class Journal:
    """The office's store, with pseudonyms."""

    def __init__(self, office: Office) -> None:
        self._store: Any = office.store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def pseudonym(self, purpose: str, name: str) -> str:
        return f"{purpose}:{abs(hash(name)) % 9999}"


def history(office: Office) -> RiskHistory:
    return risk_history(Journal(office), SHARES, movement="import", currency="XBM", exponent=2)


@pytest.fixture(scope="module")
def office() -> Office:
    """Four declarations: drawn and irregular in one item, hit and conform, green, drawn and not controlled yet."""
    here = Office()
    lines = (line(1, payable=300), line(2, payable=100))
    here.lodge(declaration("LRN-1"), assessed(*lines, channel="red", reasons=(RANDOM,)))
    here.act("documents_checked", "conform")
    here.act("control_result", "detained")
    finding = ControlFinding(irregularity="value", recovered_minor=900, items=(2,))
    here.act("control_result", "irregular", finding=finding)
    here.lodge(declaration("LRN-2"), assessed(*lines, channel="yellow", reasons=(CRITERION,)))
    here.act("documents_checked", "conform")
    here.lodge(declaration("LRN-3"), assessed(*lines))
    here.lodge(declaration("LRN-4"), assessed(*lines, channel="yellow", reasons=(RANDOM,)))
    return here


def test_cases_of_the_journal(office: Office) -> None:
    found = history(office)
    assert [(case.lane, case.ground, case.chance, len(case.results)) for case in found.cases] == [
        ("red", "random", 0.01, 2), ("yellow", "criteria", 1.0, 1), ("green", "none", 1.0, 0),
        ("yellow", "random", 0.02, 0),
    ]  # fmt: skip
    first = found.cases[0]
    assert (first.label_of(1), first.label_of(2)) == (0, 1)
    assert first.recovered([1, 2]) == {1: 0, 2: 900}
    rows = found.items[first.case_id]
    assert [(row["item"], row["unit"], row["quantity_e6"], row["stake_minor"]) for row in rows] == [
        (1, "KGM", 100_000_000, 300), (2, "KGM", None, 100)
    ]  # fmt: skip
    assert "XB-DECLARANT" not in repr(found.items), "parties by pseudonym"
    assert len(found.item_tuples()) == 8
    assert [row[1:] for row in found.result_tuples()] == [
        (first.mrn, 0, 0), (first.mrn, 2, 1), (found.cases[1].mrn, 0, 0)
    ]  # fmt: skip


def test_a_selection_of_lanes_tells_its_chance() -> None:
    here = Office()
    told = {"lane": "red", "ground": "criteria", "random": "red", "below": 0}
    here.lodge(declaration(), assessed(line(), channel="red"))
    event = next(e for e in here.store.events(case_id=here.last) if e.kind == "DeclarationAssessed")
    for selection, expected in (
        (told, ("criteria", 1.0, True, None)),
        ({"lane": "red", "ground": "random", "below": 30_000_000}, ("random", 0.03, True, 0.03)),
        ({"lane": "blue", "ground": "topup", "below": 500_000_000}, ("topup", 0.5, False, None)),
    ):
        event.body["officer"]["selection"] = selection
        case = history(here).cases[0]
        assert (case.ground, case.chance, case.sampled, case.sample_chance) == expected


def test_labelled_items_and_compliance_on_the_command_line(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openecp.platform.cli.risk_features.history_of", lambda *_: history(office))
    out = tmp_path / "results.parquet"

    def run(*arguments: str, code: int = 0) -> str:
        told = CliRunner().invoke(openecp, ["risk", *arguments], obj=Installation(Settings(data=str(tmp_path))))
        assert told.exit_code == code, (told.output, told.exception)
        return told.output

    told = run("results", "--out", str(out))
    assert "4 controlled items, 1 irregular, recovered 900" in told
    assert "openecp risk train" in told
    features = run("features", "--journal", "--out", str(tmp_path / "f.parquet"))
    assert features.startswith("8 items, 41 features")
    assert "1 of the sample have no result" in run("compliance")
    assert '"controlled":1' in run("compliance", "--by", "month", "--json")


def sampled(irregular: bool, chance: float, number: int) -> SelectedCase:
    result = ControlResult(seq=number, at="", control="goods", result="", irregular=irregular)
    return SelectedCase(case_id=f"c{number}", seq=number, sampled=True, sample_chance=chance, results=[result])


def test_intervals() -> None:
    low, high = wilson_bounds(0.1, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson_bounds(0.0, 50)[0] == 0.0
    assert wilson_bounds(0.0, 50)[1] > 0.05
    assert wilson_bounds(0.5, 0) == (0.0, 1.0)


def test_unequal_chances_are_weighted() -> None:
    """One office is drawn ten times as often and is the worse one: the plain share would say too much."""
    cases = [sampled(n < 50, 0.10, n) for n in range(100)] + [sampled(False, 0.01, 100 + n) for n in range(100)]
    whole = compliance(cases, {})[0]
    assert whole.rate == pytest.approx(500 / 11_000)
    assert whole.worth == pytest.approx(11_000**2 / (100 * 10**2 + 100 * 100**2))
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low < whole.rate < whole.high


def paid(number: int, minor: int) -> SelectedCase:
    result = ControlResult(seq=number, at="", control="goods", result="", irregular=minor > 0, recovered_minor=minor)
    return SelectedCase(case_id=f"c{number}", seq=number, at="2026-03-02T10:00:00Z", day="2026-03-02", office="A",
                        lane="red", ground="random", sampled=True, sample_chance=0.1, results=[result])  # fmt: skip


def test_the_money_gap_has_an_interval_from_enough_finds_on() -> None:
    few = [paid(n, 500 * (n < 19)) for n in range(100)]
    gap = money_gap(few, {})
    assert (gap.gap_minor, gap.low_minor, gap.with_money) == (9_500, None, 19)
    enough = money_gap([paid(n, 500 * (n < 20)) for n in range(100)], {})
    assert enough.low_minor is not None
    assert enough.high_minor is not None
    assert enough.low_minor < 10_000 < enough.high_minor


@pytest.mark.slow
def test_the_interval_of_the_gap_covers_the_truth() -> None:
    """Of made-up trade, about as often as it says."""
    rng, covered = np.random.default_rng(5), 0
    unseen = [SelectedCase(case_id=f"u{n}") for n in range(19_400)]
    for _ in range(60):
        owed = np.where(rng.random(20_000) < 0.15, np.exp(rng.normal(6, 0.8, 20_000)), 0).round().astype(int)
        drawn = [paid(n, int(owed[n])) for n in range(600)]
        found = money_gap([*drawn, *unseen], {})
        assert found.low_minor is not None
        assert found.high_minor is not None
        covered += found.low_minor <= owed.sum() <= found.high_minor
    assert covered >= 51, "of 60; 57 are expected"


def test_a_report_in_both_languages_and_three_formats(office: Office) -> None:
    """The same journal gives the same bytes; every figure of the table stands in the page."""
    found = history(office)
    figures = figures_of(found.cases, found.items, currency="XBM", seq=40)
    assert [one.ground for one in figures.grounds] == ["random", "criteria"]
    for language, told in (("en", "1 controls of the sample brought in money, 20 are needed"), ("fr", "il en faut 20")):
        report = compliance_report(figures, language)
        page = written(report, "html")
        assert page == written(compliance_report(figures, language), "html")
        assert told in page.decode()
        assert "{" not in page.decode().partition("</style>")[2], "a figure that was not filled in"
    assert written(report, "docx") == written(report, "docx")
    chapters = {one.segment for one, _ in figures.segments["chapter"]}
    assert chapters == {row["goods"][:2] or "none" for rows in found.items.values() for row in rows}
    with pytest.raises(ValueError, match="html, pdf, docx"):
        written(report, "odt")


@pytest.mark.slow
def test_the_printed_report_is_the_same_twice(office: Office) -> None:
    found = history(office)
    report = compliance_report(figures_of(found.cases, found.items, currency="XBM"), "fr")
    assert written(report, "pdf") == written(report, "pdf")
    assert written(report, "pdf").startswith(b"%PDF")


def test_a_report_needs_a_place(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openecp.platform.cli.risk_features.history_of", lambda *_: history(office))
    here = Installation(Settings(data=str(tmp_path)))
    told = CliRunner().invoke(openecp, ["risk", "compliance", "--out", str(tmp_path / "c.odt")], obj=here)
    assert isinstance(told.exception, CommandFault)
    done = CliRunner().invoke(
        openecp, ["risk", "compliance", "--out", str(tmp_path / "c.html"), "--lang", "fr"], obj=here
    )
    assert "4 declarations, 1 of the random sample with a result" in done.output
    assert "Conformité mesurée" in (tmp_path / "c.html").read_text(encoding="utf-8")
