# SPDX-License-Identifier: Apache-2.0
"""What is remembered of patterns gives the same findings as the whole chain of steps, cold and warm, and bounded."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from tests.oracle.traffic import Traffic

from openecp.border import remembered
from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.reference import load_measures
from openecp.kernel.profile import load_profile
from openecp.platform.engines.duck import DuckEngine

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    profile = load_profile("demo")
    measures = load_measures((profile.folder / "measures.csv").read_bytes(), "measures.csv", profile)
    return Traffic(profile, list(measures), seed=11, faults=0.4)


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor(load_profile("demo"), DuckEngine(threads=1))


def both(assessor: Assessor, batch: list, on: date) -> tuple[Counter, Counter]:
    rows, _ = assessor.rows(batch, on)
    inputs = {name: (schema, given) for name, schema, given in inputs_of(rows) if given}
    chain = assessor._engine.run(assessor.statement(assessor._facts(rows)), inputs)
    filled = [(*found, *(None,) * (10 - len(found))) for found in assessor.findings(rows)]
    return Counter(filled), Counter(chain)


def test_findings_equal_those_of_the_chain(assessor: Assessor, traffic: Traffic) -> None:
    kinds: Counter = Counter()
    for start in range(0, 300, 60):
        batch = [traffic.declaration(number) for number in range(start, start + 60)]
        for on in (DAY, DAY, DAY - timedelta(days=500)):  # cold, warm, under the law of another day
            online, chain = both(assessor, batch, on)
            assert online == chain
            kinds.update(found[0] for found in chain)
    assert set(kinds) >= set("VTECQK"), "every kind of finding occurred"


def test_a_full_memory_forgets_and_still_answers(
    assessor: Assessor, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "PATTERNS", 5)
    monkeypatch.setattr(remembered, "DAYS", 1)
    for start in range(600, 800, 40):
        batch = [traffic.declaration(number) for number in range(start, start + 40)]
        online, chain = both(assessor, batch, DAY + timedelta(days=start))
        assert online == chain
    assert len(assessor._online._selections._known) <= 5 + 40 * 5


def test_unknown_codes_fill_no_memory(assessor: Assessor, traffic: Traffic) -> None:
    batch = [traffic.declaration(number) for number in range(40)]
    rows, _ = assessor.rows(batch, DAY)
    position = [name for name, _ in inputs_of(rows)[0][1]].index("codes")
    rows.items[0] = (*rows.items[0][:position], ("0:nonsense",), *rows.items[0][position + 1 :])
    refused = [found for found in assessor.findings(rows) if found[0] == "C" and found[4] == "0:nonsense"]
    assert refused
    assert all("0:nonsense" not in codes for codes in assessor._online._codes._known.values())
