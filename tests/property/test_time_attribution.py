# SPDX-License-Identifier: Apache-2.0
"""Owners' times add up to the clock in every case, and the statement for millions says what the plain rule says."""

from __future__ import annotations

from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openecp.border.time_release.attribution import PRE_ARRIVAL, Stamp, attributed, attribution_sql
from openecp.border.time_release.clocks import CLOCKS, clock_of
from openecp.border.time_release.cube import durations_sql
from openecp.border.time_release.events import ACTIVITIES
from openecp.border.time_release.sweep import taken_of

CODES = [activity.code for activity in ACTIVITIES] + ["WEIGHED"]
EVENT = st.tuples(st.sampled_from(CODES), st.integers(0, 40), st.sampled_from(["", "VET", "PLANT"]))
CASES = st.lists(st.lists(EVENT, min_size=1, max_size=14), min_size=1, max_size=8)
CLOCK = st.sampled_from([*CLOCKS, "from=LODGED,to=RELEASED", "from=ARRIVAL,to=LODGED"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


class Arrays:
    """A connection that answers rows and columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {statement}")

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Answer rows."""
        cursor = self.connection.execute(statement)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrays(self, statement: str) -> dict[str, Any]:
        """Answer columns."""
        return dict(self.connection.execute(statement).fetchnumpy())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases=CASES, name=CLOCK, part=st.integers(1, 40))
def test_columns_in_parts_say_the_same(cases: list[list[tuple[str, int, str]]], name: str, part: int) -> None:
    """The way of millions gives each case's owners the microseconds of the plain rule, however it is parted."""
    rows = [
        (seq, f"c{number}", code, at * 1_000_003, agency if code.startswith("AGENCY") else None)
        for number, events in enumerate(cases)
        for seq, (code, at, agency) in enumerate(events, start=number * 100)
    ]
    engine = Arrays(duckdb.connect())
    engine.connection.execute(
        "CREATE TABLE trs_events (seq BIGINT, case_id VARCHAR, activity VARCHAR, ts_us BIGINT, agency VARCHAR)"
    )
    engine.connection.executemany("INSERT INTO trs_events VALUES (?, ?, ?, ?, ?)", rows)
    engine.stage("d", durations_sql(clock_of(name), ()))
    engine.stage(
        "numbered", "SELECT *, ROW_NUMBER() OVER () - 1 AS case_no, -1 AS calendar FROM d WHERE us IS NOT NULL"
    )
    found: dict[int, dict[str, int]] = {}
    parts = taken_of(engine, agency="e.agency", part_events=part)
    assert parts is not None
    for taken in parts:
        for case_no, us in zip(taken.cases.tolist(), taken.us.tolist(), strict=True):
            assert taken.owner not in found.setdefault(case_no, {})
            found[case_no][taken.owner] = us
    for row in engine.ask("SELECT case_no, case_id, start_us, end_us FROM numbered"):
        stamps = [Stamp(at, seq, code, of or "") for seq, case, code, at, of in rows if case == row["case_id"]]
        expected = attributed(stamps, row["start_us"], row["end_us"])
        expected = {owner: us for owner, us in expected.items() if us or owner == PRE_ARRIVAL}
        assert {o: us for o, us in found.get(row["case_no"], {}).items() if us or o == PRE_ARRIVAL} == expected
