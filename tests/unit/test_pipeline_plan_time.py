# SPDX-License-Identifier: Apache-2.0
"""Planning is the cost online: one item must be bound, optimised and run within the budget of DESIGN §4.1."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest
from tests.core_speed import LOOP_MS, loop_ms
from tests.oracle.traffic import Traffic

from openecp.border.pipeline import Assessor
from openecp.border.tariff.reference import load_measures
from openecp.kernel.profile import load_profile
from openecp.platform.engines.duck import DuckEngine

BUDGET_MS = {"plain": 20.0, "everything": 45.0}  # the aim is 15 for what most batches hold
ROUNDS = 100


def least_ms(work: Callable[[], object], enough: float) -> tuple[float, float]:
    """Return the least CPU time of this thread, as it is and by the speed of the core; stop where it is enough."""
    raw, scaled = [], []
    for _ in range(ROUNDS):
        before = loop_ms()
        started = time.thread_time()
        work()
        raw.append((time.thread_time() - started) * 1000)
        scaled.append(raw[-1] / max(1.0, (before + loop_ms()) / 2 / LOOP_MS))
        if len(raw) >= 10 and min(scaled) <= enough:
            break
    return min(raw), min(scaled)


@pytest.mark.parametrize("kind", ["plain", pytest.param("everything", marks=pytest.mark.slow)])
def test_one_item_is_planned_and_run_within_the_budget(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    profile = load_profile("demo")
    measures = list(load_measures((profile.folder / "measures.csv").read_bytes(), "measures.csv", profile))
    engine = DuckEngine(threads=1)
    assessor = Assessor(profile, engine, measures)
    traffic = Traffic(profile, measures, seed=3, faults=0)
    declarations = [traffic.declaration(number) for number in range(400)]
    wanted = frozenset({"compound", "excise", "foreign"})
    for declaration in declarations:
        rows, _ = assessor.rows([declaration], date(2026, 3, 2))
        facts = assessor._facts(rows)
        if len(rows.items) == 1 and (facts <= {"requirements"} if kind == "plain" else facts >= wanted):
            break
    else:
        pytest.fail(f"no declaration of one item that is {kind}")
    assert assessor.findings(rows), "warm: composed and parsed once, the item's pattern met before"
    raw, ms = least_ms(lambda: assessor.findings(rows), 10.0)
    with capsys.disabled():
        print(f"\none item, {kind} ({', '.join(sorted(facts)) or 'no facts'}): "
              f"{ms:.1f} ms CPU at full speed ({raw:.1f} as measured), budget {BUDGET_MS[kind]:.0f}")  # fmt: skip
    assert ms <= BUDGET_MS[kind]
