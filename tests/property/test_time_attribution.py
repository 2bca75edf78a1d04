# SPDX-License-Identifier: Apache-2.0
"""Owners' times add up to the clock in every case, and the statement for millions says what the plain rule says."""

from __future__ import annotations

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openecp.border.time_release.attribution import PRE_ARRIVAL, Stamp, attributed, attribution_sql
from openecp.border.time_release.clocks import CLOCKS, clock_of
from openecp.border.time_release.cube import durations_sql
from openecp.border.time_release.events import ACTIVITIES

CODES = [activity.code for activity in ACTIVITIES] + ["WEIGHED"]
EVENT = st.tuples(st.sampled_from(CODES), st.integers(0, 40), st.sampled_from(["", "VET", "PLANT"]))
CASES = st.lists(st.lists(EVENT, min_size=1, max_size=14), min_size=1, max_size=8)
CLOCK = st.sampled_from([*CLOCKS, "from=LODGED,to=RELEASED", "from=ARRIVAL,to=LODGED"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases=CASES, name=CLOCK)
def test_owners_add_up_and_both_forms_agree(cases: list[list[tuple[str, int, str]]], name: str) -> None:
    """Each case's owners sum to its clock; SQL and plain Python give the same owners the same microseconds."""
    clock = clock_of(name)
    rows = [
        (seq, f"c{number}", code, at * 1_000_003, agency if code.startswith("AGENCY") else None)
        for number, events in enumerate(cases)
        for seq, (code, at, agency) in enumerate(events, start=number * 100)
    ]
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE trs_events (seq BIGINT, case_id VARCHAR, activity VARCHAR, ts_us BIGINT, agency VARCHAR)"
    )
    connection.executemany("INSERT INTO trs_events VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute(f"CREATE TABLE d AS {durations_sql(clock, ())}")
    found: dict[str, dict[str, int]] = {}
    for case_id, owner, us in connection.execute(attribution_sql("d", agency="e.agency")).fetchall():
        assert owner not in found.setdefault(case_id, {})
        found[case_id][owner] = us
    for case_id, start, end in connection.execute("SELECT case_id, start_us, end_us FROM d").fetchall():
        if start is None or end is None:
            assert case_id not in found
            continue
        stamps = [Stamp(at, seq, code, agency or "") for seq, case, code, at, agency in rows if case == case_id]
        expected = {owner: us for owner, us in attributed(stamps, start, end).items() if us or owner == PRE_ARRIVAL}
        assert sum(expected.values()) == end - start
        assert found.get(case_id, {}) == expected
