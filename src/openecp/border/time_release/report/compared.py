# SPDX-License-Identifier: Apache-2.0
"""An earlier round beside a study: mix and performance where both give groups, else the one value that is known."""

from __future__ import annotations

import msgspec

from openecp.border.time_release.report.blocks import Block, Column, Heading, Paragraph, Table
from openecp.border.time_release.report.figures import ClockFigures, Curve, Figures
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.statistics.rounds import Change, split_change
from openecp.border.time_release.statistics.survival import log_rank
from openecp.border.time_release.study import HOUR_US


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier round: its name, and either its figures or one published value of the same clock."""

    name: str
    figures: Figures | None = None
    statistic: str = ""  # mean, median
    value_us: float | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two rounds by one clock: means, and where both give groups the change by mix and performance, in microseconds."""

    clock: str
    segment: str
    before_n: int
    after_n: int
    before_mean: float | None
    after_mean: float | None
    before_median: float | None
    after_median: float | None
    difference: float | None = None
    mix: float | None = None
    performance: float | None = None
    by: dict[str, tuple[float, float]] = {}
    log_rank: tuple[float, float] | None = None


def compared(before: Figures, after: Figures) -> list[Compared]:
    """Return how each clock that both rounds have changed; groups are those of the first segment that both have."""
    there = {one.clock: one for one in before.clocks}
    found = []
    for now in after.clocks:
        was = there.get(now.clock)
        if was is None:
            continue
        segment = next((name for name in now.by if name in was.by), "")
        change = _change(was, now, segment)
        ranked = None
        if now is after.head and was is before.head:
            ranked = _ranked(before.curves, after.curves)
        found.append(
            Compared(
                clock=now.clock,
                segment=segment,
                before_n=was.whole.n,
                after_n=now.whole.n,
                before_mean=was.whole.mean,
                after_mean=now.whole.mean,
                before_median=was.whole.median,
                after_median=now.whole.median,
                difference=change.difference if change else None,
                mix=change.mix if change else None,
                performance=change.performance if change else None,
                by=change.by_segment if change else {},
                log_rank=ranked,
            )
        )
    return found


def _change(was: ClockFigures, now: ClockFigures, segment: str) -> Change | None:
    if not was.whole.n or not now.whole.n:
        return None
    sides = []
    for one in (was, now):
        groups = one.by.get(segment, (one.whole,))
        sides.append({group.label: (group.n, group.mean or 0.0) for group in groups if group.n})
    return split_change(sides[0], sides[1])


def _ranked(before: tuple[Curve, ...], after: tuple[Curve, ...]) -> tuple[float, float] | None:
    """Return the log-rank test of one round against the other, all groups together."""
    sides = []
    for curves in (before, after):
        counts: dict[int, list[int]] = {}
        for one in curves:
            for time, ended, censored in one.counts:
                at = counts.setdefault(time, [0, 0])
                at[0] += ended
                at[1] += censored
        sides.append([(time, counts[time][0], counts[time][1]) for time in sorted(counts)])
    if not all(any(ended for _, ended, _ in side) for side in sides):
        return None
    statistic, p = log_rank(sides)
    return round(statistic, 6), round(p, 12)


def summary_change(figures: Figures, earlier: Earlier, wording: Wording) -> str:
    """Return the sentence of the summary on an earlier round; nothing where only a value is known."""
    if earlier.figures is None:
        return ""
    rows = compared(earlier.figures, figures)
    if not rows or rows[0].difference is None:
        return ""
    one = rows[0]
    return wording.say(
        "p.summary_change",
        round=earlier.name,
        difference=wording.hours(one.difference),
        mix=wording.hours(one.mix),
        performance=wording.hours(one.performance),
    )


def comparison_blocks(figures: Figures, earlier: Earlier, wording: Wording) -> list[Block]:
    """Return the section of the comparison with an earlier round."""
    say = wording.say
    blocks: list[Block] = [Heading(say("h.comparison"))]
    if earlier.figures is None:
        value = wording.hours(earlier.value_us)
        blocks.append(
            Paragraph(say("p.comparison_value", statistic=say(f"col.{earlier.statistic}").lower(), before=value))
        )
        return blocks
    for one in compared(earlier.figures, figures):
        if one.difference is None:
            continue
        before, after = wording.hours(one.before_mean), wording.hours(one.after_mean)
        text = say("p.comparison", round=earlier.name, before=before, after=after)
        if one.log_rank is not None:
            p = wording.figure(one.log_rank[1], 4)
            text += " " + say("p.log_rank", statistic=wording.figure(one.log_rank[0], 2), p=p)
        blocks.append(Paragraph(text))
        blocks.append(_table(one, earlier.figures, figures, wording))
    return blocks


def _table(one: Compared, before: Figures, after: Figures, wording: Wording) -> Table:
    say = wording.say
    small = _small(one, before, wording.k) | _small(one, after, wording.k)
    rows = [
        (wording.value(label), wording.hours(mix), wording.hours(performance))
        for label, (mix, performance) in sorted(one.by.items(), key=lambda item: -abs(sum(item[1])))
        if label not in small
    ]
    rows.append((say("all"), wording.hours(one.mix), wording.hours(one.performance)))
    title = wording.segment(one.segment) if one.segment else say("col.group")
    columns = (Column(title, 4, figures=False), Column(say("col.mix")), Column(say("col.performance")))
    caption = f"{say('cap.comparison')} ({one.clock})"
    return Table(name=f"comparison_{one.clock[:40]}", caption=caption, columns=columns, rows=tuple(rows))


def _small(one: Compared, figures: Figures, k: int) -> set[str]:
    for clock in figures.clocks:
        if clock.clock == one.clock:
            groups = clock.by.get(one.segment, ())
            return {key[0] for key in hidden_cells({(group.label,): group.n for group in groups}, k)}
    return set()


def hours(us: float | None) -> float | None:
    """Return microseconds as hours with six decimals."""
    return None if us is None else round(us / HOUR_US, 6)
