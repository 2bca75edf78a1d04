# SPDX-License-Identifier: Apache-2.0
"""`openecp conformance`: plays published cases through this software and says where the answers differ.

Reads: a folder of scenarios (../shared/corpus/wco-dm/scenarios), the labelled rejections beside it, a measures file.
Writes: docs/conformance.md where asked to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from openecp.conformance.compare import KINDS, CaseResult, compare, tally
from openecp.conformance.replay import Replayed, replay
from openecp.conformance.report import elements_text, write_report
from openecp.conformance.scenarios import Message, Run, Scenario, read_scenarios, runs_of
from openecp.kernel.profile import Profile, load_profile
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.wire.elements_report import ElementReport, element_report

PROFILE = "uk-trade-test"
SHARED = Path("../shared")
SCENARIOS = SHARED / "corpus/wco-dm/scenarios"
MEASURES = SHARED / "reference/hmrc-trade-test-measures.csv"
COMMAND = "openecp conformance --write docs/conformance.md"


class Conformance(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, and how it came out."""

    scenarios: tuple[Scenario, ...]
    results: tuple[CaseResult, ...]

    def failed(self) -> int:
        """Return how many findings differ."""
        return sum(tally(self.results, kind)["differs"] for kind in KINDS)


def make_assessor(profile: Profile, measures: Path | None) -> AssessesDeclarations:
    """Return the assessment under a profile and a measures file.

    Raises: OSError where the file cannot be read.
    """
    from openecp.border.pipeline import Assessor
    from openecp.border.tariff.reference import load_measures
    from openecp.platform.engines.duck import DuckEngine

    loaded = load_measures(measures.read_bytes(), str(measures), profile) if measures is not None else None
    return Assessor(profile, DuckEngine(), loaded)


def folders_of(scenarios: Path) -> list[Path]:
    """Return the scenarios' folder and, where it lies beside it, that of the labelled rejections."""
    beside = scenarios.parent / "rejections"
    return [scenarios, beside] if beside.is_dir() and scenarios.name == "scenarios" else [scenarios]


def run_conformance(
    scenarios: Path = SCENARIOS,
    measures: Path | None = MEASURES,
    *,
    profile: str = PROFILE,
    progress: Callable[[str], None] = lambda name: None,
) -> Conformance:
    """Play and compare every declaration of every scenario.

    Raises: FileNotFoundError, ProfileError.
    """
    law = load_profile(profile)
    assessor = make_assessor(law, measures)
    read: list[Scenario] = [each for folder in folders_of(scenarios) for each in read_scenarios(folder)]
    results = []
    for scenario in read:
        progress(scenario.name)
        results += [play_and_compare(law, assessor, scenario, message) for message in scenario.lodged]
    return Conformance(scenarios=tuple(read), results=tuple(results))


def play_and_compare(
    profile: Profile, assessor: AssessesDeclarations, scenario: Scenario, message: Message
) -> CaseResult:
    """Play one declaration of a scenario and compare it with its replies."""
    runs: Sequence[Run] = runs_of(scenario, message)
    played: Replayed = replay(profile, assessor, scenario, message, runs[0] if runs else None)
    return compare(scenario, message, list(runs), played)


def report_elements(scenarios: Path = SCENARIOS) -> ElementReport:
    """Return which element paths the messages around the scenarios hold, and which the model knows."""
    root = scenarios.parent if scenarios.name == "scenarios" else scenarios
    return element_report(sorted(path for path in root.rglob("*.xml")))


def main(
    *,
    elements: bool = False,
    scenarios: Path = SCENARIOS,
    measures: Path | None = MEASURES,
    write: Path | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run the command and return its exit code: 0 where nothing differs, 1 where something does, 2 without input."""
    if not scenarios.is_dir():
        say(
            f"openecp conformance: {scenarios} is not here\n  expected: a folder of scenarios\n"
            "  fix:      give --scenarios DIR; the public cases are not part of this repository"
        )
        return 2
    report = report_elements(scenarios)
    if elements:
        say(elements_text(report))
        return 0
    found = run_conformance(scenarios, measures)
    text = write_report(found.scenarios, found.results, report, COMMAND)
    if write is not None:
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(text, encoding="utf-8")
        say(f"{write}: {len(found.results)} declarations compared, {found.failed()} findings differ")
    else:
        say(text)
    return 1 if found.failed() else 0
