# SPDX-License-Identifier: Apache-2.0
"""Statistics and directly-follows times agree with lifelines, numpy and pm4py, each in an environment of its own.

`make oracles` makes it; without it these tests skip and say so. pm4py is AGPL: it is no dependency and never imported.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import corpus_path

from openecp.border.time_release.directly_follows import directly_follows
from openecp.border.time_release.statistics.figures import quantile
from openecp.border.time_release.statistics.survival import competing, counted, kaplan_meier, log_rank
from openecp.platform.engines.trs_engine import TrsEngine

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".oracles" / "bin" / "python"
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1 / 3)


def oracle(question: str, asked: dict[str, Any]) -> Any:
    """Ask the other environment."""
    if not PYTHON.exists():
        pytest.skip(".oracles is not here: make oracles")
    script = str(ROOT / "tests" / "conformance" / "trs_oracle.py")
    done = subprocess.run(
        [str(PYTHON), script, question],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def study(seed: int, cases: int, span: int) -> dict[str, Any]:
    """Draw times with many ties, censorings at event times too, three outcomes and three groups."""
    draw = random.Random(seed)
    outcomes = [draw.choice((0, 1, 1, 1, 2)) for _ in range(cases)]
    return {
        "times": [draw.randint(1, span) for _ in range(cases)],
        "ended": [int(outcome == 1) for outcome in outcomes],
        "outcomes": outcomes,
        "groups": [draw.choice("abc") for _ in range(cases)],
        "shares": SHARES,
    }


@pytest.mark.parametrize(("seed", "cases", "span"), [(1, 40, 8), (2, 700, 60), (3, 3000, 100_000), (4, 5, 2)])
@pytest.mark.slow
def test_survival_is_what_lifelines_says(seed: int, cases: int, span: int) -> None:
    """Kaplan-Meier to 1e-12, Aalen-Johansen, log-rank, and numpy's linear quantiles."""
    asked = study(seed, cases, span)
    told = oracle("survival", asked)
    ended = [bool(flag) for flag in asked["ended"]]
    mine = {step.time: step.survival for step in kaplan_meier(counted(asked["times"], ended))}
    theirs = {round(time): share for time, share in told["survival"] if time > 0}
    assert mine.keys() == theirs.keys()
    assert max(abs(mine[time] - theirs[time]) for time in mine) < 1e-12
    groups = [
        counted([t for t, g in zip(asked["times"], asked["groups"], strict=True) if g == name],
                [e for e, g in zip(ended, asked["groups"], strict=True) if g == name])
        for name in "abc"
    ]  # fmt: skip
    if all(groups):
        chi, p = log_rank(groups)
        assert chi == pytest.approx(told["log_rank"][0], rel=1e-9, abs=1e-9)
        assert p == pytest.approx(told["log_rank"][1], rel=1e-9, abs=1e-12)
    ordered = sorted(asked["times"])
    assert [quantile(ordered, share) for share in SHARES] == pytest.approx(told["quantiles"], rel=1e-14)
    rows = list(zip(asked["times"], asked["outcomes"], strict=True))
    curves = competing(
        {str(kind): [(t, 1) for t, outcome in rows if outcome == kind] for kind in (1, 2)},
        [(t, 1) for t, outcome in rows if not outcome],
    )
    for kind, points in told["incidence"].items():
        at = dict(points)
        assert max((abs(at[float(time)] - share) for time, share in curves[kind]), default=0.0) < 1e-9


@pytest.mark.slow
def test_directly_follows_times_are_what_pm4py_says() -> None:
    """On the fines log: equal counts of all pairs; means to a microsecond a place, which is what parts the ties."""
    file = corpus_path("trs/road_traffic_fines.parquet")
    told = {(a, b): (n, mean) for a, b, n, mean in oracle("dfg", {"file": str(file)})}
    engine = TrsEngine(threads=1)
    engine.read_file(file)
    mine = {
        (row["activity"], row["next_activity"]): (row["n"], row["mean_us"] / 1e6) for row in directly_follows(engine)
    }
    assert {pair: n for pair, (n, _) in mine.items()} == {pair: n for pair, (n, _) in told.items()}
    assert max(abs(mine[pair][1] - told[pair][1]) for pair in mine) < 1e-4
