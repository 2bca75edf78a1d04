# SPDX-License-Identifier: Apache-2.0
"""Runs in the environment .oracles: answers what lifelines, numpy and pm4py make of the same numbers, as JSON.

Usage: trs_oracle.py survival|dfg < JSON. Nothing of the project is imported here, and nothing of this is part of it.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")


def survival(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer curves, incidence, log-rank and quantiles."""
    import numpy as np
    from lifelines import AalenJohansenFitter, KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    times, ended = np.array(asked["times"], dtype=float), np.array(asked["ended"], dtype=int)
    curve = KaplanMeierFitter().fit(times, ended).survival_function_.iloc[:, 0]
    found: dict[str, Any] = {"survival": [[float(t), float(s)] for t, s in curve.items()]}
    test = multivariate_logrank_test(times, np.array(asked["groups"]), ended)
    found["log_rank"] = [float(test.test_statistic), float(test.p_value)]
    found["quantiles"] = [float(np.quantile(times, share)) for share in asked["shares"]]
    outcomes = np.array(asked["outcomes"])
    found["incidence"] = {}
    for outcome in (1, 2):
        fitter = AalenJohansenFitter(jitter_level=0.0, calculate_variance=False)
        # no jitter: ties stay ties; the fitter looks for ties itself, so it is told that there are none
        fitter._check_for_duplicates = lambda *_, **__: False
        fitter.fit(times, outcomes, event_of_interest=outcome)
        found["incidence"][str(outcome)] = [
            [float(t), float(s)] for t, s in fitter.cumulative_density_.iloc[:, 0].items()
        ]
    return found


def dfg(asked: dict[str, Any]) -> list[list[Any]]:
    """Answer pm4py's directly-follows pairs of a Parquet file in the order given: count and mean seconds."""
    import contextlib

    import pandas as pd

    with contextlib.redirect_stdout(sys.stderr):
        import pm4py

        frame = pd.read_parquet(asked["file"])
        frame["case_id"], frame["activity"] = frame["case_id"].astype(str), frame["activity"].astype(str)
        frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
        # the tie rule: equal stamps keep their order in the file; a microsecond each makes it the only order
        place = frame.groupby("case_id", sort=False).cumcount()
        frame["time:timestamp"] = frame["ts"] + pd.to_timedelta(place, unit="us")
        frame = frame.rename(columns={"case_id": "case:concept:name", "activity": "concept:name"})
        performance, _, _ = pm4py.discover_performance_dfg(frame)
        counts, _, _ = pm4py.discover_dfg(frame)
    return [[a, b, int(counts[a, b]), float(one["mean"])] for (a, b), one in performance.items()]


if __name__ == "__main__":
    answer = {"survival": survival, "dfg": dfg}[sys.argv[1]](json.load(sys.stdin))
    json.dump(answer, sys.stdout)
