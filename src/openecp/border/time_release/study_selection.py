# SPDX-License-Identifier: Apache-2.0
"""The cases of a study: those of its period, without those that it excludes; what was left out is counted by reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openecp.border.time_release.analysis import StudyEngine
from openecp.border.time_release.clocks import clock_of, column, first_value, quoted
from openecp.border.time_release.cube import durations_sql
from openecp.border.time_release.study import HOUR_US, Definition, Exclusion, StudyFault, day_us

_KEPT = ("seq", "case_id", "activity", "ts_us", "precision", "source", "agency")


class SelectedEngine:
    """An engine whose `trs_events` are the selected cases alone."""

    def __init__(self, engine: StudyEngine, names: Sequence[str]) -> None:
        self._engine = engine
        self._names = list(names)
        if hasattr(engine, "arrays"):
            self.arrays = lambda statement: engine.arrays(statement.replace("trs_events", "trs_selected"))

    def columns(self) -> list[str]:
        """Return the columns of the events."""
        return self._names

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""
        self._engine.stage(name, statement.replace("trs_events", "trs_selected"))

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""
        return self._engine.ask(statement.replace("trs_events", "trs_selected"))


def selected(engine: StudyEngine, definition: Definition) -> tuple[SelectedEngine, list[tuple[str, int]]]:
    """Return the engine of the study's cases, and the steps from all cases to them: (what, cases that remain or left).

    The first step is `read`, then `period` and each exclusion's reason with the cases that left for it, in the order of
    the definition; a case leaves once.
    Raises: StudyFault where a column is not there.
    """
    there = engine.columns()
    wanted = [*definition.segments, *definition.clusters, *(e.segment for e in definition.exclusions if e.segment)]
    for name in wanted:
        if name not in there:
            raise StudyFault(
                f"column {name[:80]!r}", f"one of {', '.join(there)}", "none", "Name a column of the events."
            )
    names = [name for name in there if name in _KEPT or name in wanted]
    funnel = [("read", engine.ask("SELECT COUNT(DISTINCT case_id) AS n FROM trs_events")[0]["n"])]
    rules = [(reason, sql) for reason, sql in _rules(definition)]
    engine.stage("trs_left_out", "SELECT '' AS case_id, '' AS reason WHERE FALSE")
    if rules:
        parts = " UNION ALL ".join(
            f"SELECT case_id, {place} AS place FROM ({sql}) AS r{place}" for place, (_, sql) in enumerate(rules)
        )
        engine.stage("trs_left_out", f"SELECT case_id, MIN(place) AS place FROM ({parts}) AS p GROUP BY case_id")
        left = {
            row["place"]: row["n"] for row in engine.ask("SELECT place, COUNT(*) AS n FROM trs_left_out GROUP BY place")
        }
        funnel += [(reason, left.get(place, 0)) for place, (reason, _) in enumerate(rules)]
    kept = ", ".join(f"e.{column(name)}" for name in names)
    engine.stage(
        "trs_selected",
        f"SELECT {kept} FROM trs_events AS e WHERE NOT EXISTS "
        "(SELECT 1 FROM trs_left_out AS l WHERE l.case_id = e.case_id)",
    )
    return SelectedEngine(engine, names), funnel


def _rules(definition: Definition) -> list[tuple[str, str]]:
    rules = []
    if definition.first_day is not None or definition.last_day is not None:
        first = day_us(definition.first_day) if definition.first_day else -(2**62)
        last = day_us(definition.last_day) + 24 * HOUR_US if definition.last_day else 2**62
        clock = durations_sql(clock_of(definition.clocks[0]), ())
        rules.append(
            (
                "period",
                f"SELECT case_id FROM ({clock}) AS d WHERE COALESCE(start_us, last_us) < {first} "
                f"OR COALESCE(start_us, last_us) >= {last}",
            )
        )
    return rules + [(exclusion.reason, _excluded(exclusion)) for exclusion in definition.exclusions]


def _excluded(exclusion: Exclusion) -> str:
    if exclusion.activity:
        return f"SELECT DISTINCT case_id FROM trs_events WHERE activity = {quoted(exclusion.activity)}"
    if exclusion.order:
        first, then = (quoted(code) for code in exclusion.order)
        return (
            "SELECT case_id FROM trs_events GROUP BY case_id HAVING MIN(CASE WHEN activity = "
            f"{first} THEN ts_us END) > MAX(CASE WHEN activity = {then} THEN ts_us END)"
        )
    if exclusion.segment:
        values = ", ".join(quoted(value) for value in exclusion.values) or "NULL"
        return f"SELECT case_id FROM trs_events GROUP BY case_id HAVING {first_value(exclusion.segment)} IN ({values})"
    most = round((exclusion.over_h or 0) * HOUR_US)
    return f"SELECT case_id FROM ({durations_sql(clock_of(exclusion.clock), ())}) AS d WHERE us > {most}"
