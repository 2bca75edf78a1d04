# SPDX-License-Identifier: Apache-2.0
"""The published trade-test cases come out here as they came out there, or the report says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.corpus import corpus_path, reference_path

from openecp.bootstrap_conformance import Conformance, main, report_elements, run_conformance
from openecp.conformance.compare import UNEXPLAINED, CaseResult, tally
from openecp.conformance.report import write_report
from openecp.conformance.scenarios import read_scenarios, utc_text


@pytest.fixture(scope="module")
def scenarios() -> Path:
    return corpus_path("wco-dm/scenarios")


@pytest.fixture(scope="module")
def found(scenarios: Path) -> Conformance:
    return run_conformance(scenarios, reference_path("hmrc-trade-test-measures.csv"))


def case(found: Conformance, name: str) -> CaseResult:
    return next(result for result in found.results if result.scenario == name)


def test_every_declaration_is_read_without_loss(found: Conformance) -> None:
    counts = tally(found.results, "reading")
    assert counts["differs"] == 0
    assert counts["open"] <= 1  # the deliberate schema error


def test_every_verdict_agrees(found: Conformance) -> None:
    wrong = [(r.scenario, f.published, f.here) for r in found.results for f in r.of("verdict") if f.status != "agrees"]
    assert wrong == []


def test_every_published_error_is_found_at_its_place(found: Conformance) -> None:
    wrong = [(r.scenario, f.published, f.here) for r in found.results for f in r.of("pointer") if f.status != "agrees"]
    assert wrong == []


def test_tax_lines_agree_to_the_penny_or_are_open_for_a_reason(found: Conformance) -> None:
    lines = [(result.scenario, finding) for result in found.results for finding in result.of("tax")]
    assert [(name, f.what, f.published, f.here) for name, f in lines if f.status == "differs"] == []
    assert all(finding.reason for _, finding in lines if finding.status == "open")
    assert tally(found.results, "tax")["agrees"] >= 38


def test_notifications_agree_as_a_set_and_in_causal_order(found: Conformance) -> None:
    wrong = [
        (result.scenario, finding.published, finding.here)
        for result in found.results
        for finding in (*result.of("notification"), *result.of("order"))
        if finding.status == "differs"
    ]
    assert wrong == []


def test_nothing_is_unexplained(found: Conformance) -> None:
    assert [(r.scenario, f.what) for r in found.results for f in r.findings if UNEXPLAINED in f.reason] == []


@pytest.mark.parametrize(
    "name",
    [
        *("TT1_EX_v2.02_Accepted", "TT1_EX_v2.02_Rejected_Format", "TT1_EX_v2.02_Rejected_Obligation_Exitoffice"),
        *("TT1_EX_v2.02_Rejected_RefData", "TT1_IM_v2.02_Accepted", "TT1_IM_v2.02_Rejected_Format"),
        *("TT1_IM_v2.02_Rejected_Obligation_Netmass", "TT1_IM_v2.02_Rejected_RefData"),
    ],
)
def test_the_labelled_eight_get_their_verdict(found: Conformance, name: str) -> None:
    result = case(found, name)
    assert result.own_run, "the reply joins by the local reference number"
    assert (result.outcome == "rejected") == ("Rejected" in name)
    assert all(finding.status == "agrees" for finding in (*result.of("verdict"), *result.of("pointer")))


def test_the_model_knows_every_element_but_the_deliberate_error(scenarios: Path) -> None:
    assert [row.path for row in report_elements(scenarios).unknown] == ["Declaration/unknown"]


def test_the_report_lists_each_case_and_is_the_same_twice(found: Conformance) -> None:
    text = write_report(found.scenarios, found.results, None, "command")
    assert text == write_report(found.scenarios, found.results, None, "command")
    for result in found.results:
        assert f"| {result.scenario}" in text


def test_replies_behind_which_text_was_left_are_read(found: Conformance) -> None:
    assert sum(len(scenario.repaired) for scenario in found.scenarios) == 8


def test_without_the_corpus_the_command_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    assert main(scenarios=tmp_path / "absent", say=said.append) == 2
    assert "expected" in said[0]
    assert "fix" in said[0]


def test_an_empty_folder_is_no_fault(tmp_path: Path) -> None:
    assert read_scenarios(tmp_path) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("20240312104214+01", "2024-03-12T09:42:14.000000Z"),
        ("20240312104214Z", "2024-03-12T10:42:14.000000Z"),
        ("Wed Nov 13 00:00:00 UTC 2019", ""),
    ],
)
def test_dates_of_replies(value: str, text: str) -> None:
    assert utc_text(value) == text
