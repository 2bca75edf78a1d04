# SPDX-License-Identifier: Apache-2.0
"""The results of a report: clocks, extremes, owners, segments, distribution. Small groups are not shown."""

from __future__ import annotations

from collections.abc import Iterable

from openecp.border.time_release.attribution import owner_rank
from openecp.border.time_release.report.blocks import (
    Bars,
    Block,
    Boxes,
    Column,
    Figure,
    Heading,
    Histogram,
    Lines,
    Paragraph,
    Table,
)
from openecp.border.time_release.report.figures import ClockFigures, Figures, Spread
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.study import HOUR_US, Definition

BOXES_MAX = 12
OWNERS_MAX = 8
SPREAD_COLUMNS = ("n", "missing", "censored", "mean", "median", "p10", "p90", "std", "ci")


def result_blocks(figures: Figures, definition: Definition, wording: Wording) -> list[Block]:
    """Return the part of the results that says how long and whose."""
    say, k = wording.say, definition.k
    blocks: list[Block] = [Heading(say("h.results")), Heading(say("h.clocks"), 2)]
    rows = [(_title(one, wording), one.whole) for one in figures.clocks]
    with_target = any(one.target is not None for one in figures.clocks)
    blocks.append(spread_table("clocks", say("cap.clocks"), say("col.clock"), rows, wording, k, target=with_target))
    blocks += [Heading(say("h.extremes"), 2), _extremes(figures, wording, k)]
    blocks += [Heading(say("h.attribution"), 2), Paragraph(say("p.owners")), *_owners(figures, definition, wording)]
    for segment in in_order(figures.head.by, definition):
        spreads = figures.head.by[segment]
        name = wording.segment(segment)
        blocks.append(Heading(say("h.segments", segment=name), 2))
        boxes = _boxes(segment, spreads, figures, definition, wording)
        if boxes is not None:
            blocks.append(boxes)
        for one in figures.clocks:
            title = _title(one, wording)
            lines = [(wording.value(spread.label, segment), spread) for spread in one.by[segment]]
            caption = say("cap.segment", clock=title, segment=name)
            table = spread_table(
                f"{_file(one.clock)}_by_{segment}", caption, name, lines, wording, k, target=one.target is not None
            )
            if one is figures.head or len(lines) <= BOXES_MAX:
                blocks.append(table)
    blocks += [Heading(say("h.distribution"), 2), *_distribution(figures, definition, wording)]
    return blocks


def _title(clock: ClockFigures, wording: Wording) -> str:
    return clock.title_fr if wording.language == "fr" else clock.title_en


def _file(clock: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in clock).strip("_").lower()[:60]


def spread_table(
    name: str,
    caption: str,
    first: str,
    rows: list[tuple[str, Spread]],
    wording: Wording,
    k: int,
    *,
    target: bool = False,
) -> Table:
    """Return a table of spreads, whose rows are groups of one whole (or clocks of the same cases)."""
    say = wording.say
    names = [*SPREAD_COLUMNS, *(["within"] if target else [])]
    widths = {"ci": 4, "missing": 3, "censored": 3, "mean": 3, "median": 3, "within": 3}
    columns = (Column(first, 4, figures=False), *(Column(say(f"col.{each}"), widths.get(each, 2)) for each in names))
    keys = [(str(place),) for place in range(len(rows))]
    hidden = hidden_cells({key: one.n for key, (_, one) in zip(keys, rows, strict=True)}, k)
    parts = {
        column: hidden_cells({key: getattr(one, column) for key, (_, one) in zip(keys, rows, strict=True)}, k)
        for column in ("missing", "censored")
    }
    is_split = name != "clocks"  # the clocks' rows are the whole study: its own counts are shown
    lines = []
    for key, (label, one) in zip(keys, rows, strict=True):
        if key in hidden or (not is_split and 0 < one.n < k):
            lines.append((label, *(wording.hidden() for _ in names)))
            continue
        cells = {
            "n": wording.count(one.n),
            "missing": wording.count(one.missing),
            "censored": wording.count(one.censored),
            "mean": wording.hours(one.mean),
            "median": wording.hours(one.median),
            "p10": wording.hours(one.p10),
            "p90": wording.hours(one.p90),
            "std": wording.hours(one.std),
            "ci": wording.between(one.median_ci),
            "within": wording.hidden() if one.within is None else wording.percent(one.within, one.n),
        }
        if is_split:
            cells |= {column: wording.hidden() for column, keys_hidden in parts.items() if key in keys_hidden}
        lines.append((label, *(cells[each] for each in names)))
    return Table(name=name, caption=caption, columns=columns, rows=tuple(lines))


def _extremes(figures: Figures, wording: Wording, k: int) -> Table:
    say = wording.say
    names = ("n", "mean", "std", "least", "most", "ci_mean")
    rows: list[tuple[str, ...]] = []
    for one in figures.clocks:
        whole, title = one.whole, _title(one, wording)
        if whole.n < k:
            continue
        raw = (wording.count(whole.n), wording.hours(whole.mean), wording.hours(whole.std))
        rows.append(
            (
                title,
                say("col.raw"),
                *raw,
                wording.hours(whole.least),
                wording.hours(whole.most),
                wording.between(whole.mean_ci),
            )
        )
        cut = (wording.count(whole.trimmed_n), wording.hours(whole.trimmed_mean), wording.hours(whole.trimmed_std))
        rows.append((title, say("col.trimmed"), *cut, "", "", ""))
    columns = [Column(say("col.clock"), 4, figures=False), Column(say("col.kind"), 2, figures=False)]
    columns += [Column(say(f"col.{name}"), 4 if name == "ci_mean" else 2) for name in names]
    return Table(name="extremes", caption=say("cap.extremes"), columns=tuple(columns), rows=tuple(rows))


def _owners(figures: Figures, definition: Definition, wording: Wording) -> list[Block]:
    say = wording.say
    owners = _shown_owners(figures)
    total = _waited(figures.owners)
    rows = [
        (
            wording.owner(owner),
            wording.count(round(us / HOUR_US)).replace("-", "\u2212"),
            wording.percent(us, total) if us > 0 else "",
        )
        for owner, us in sorted(figures.owners.items(), key=lambda item: (-item[1], item[0]))
    ]
    columns = (Column(say("col.owner"), 4, figures=False), Column(say("col.hours")), Column(say("col.share")))
    table = Table(name="owners", caption=say("cap.attribution"), columns=columns, rows=tuple(rows))
    bars = Bars(
        labels=(say("all"),),
        series=tuple(_owner_name(owner, wording) for owner in owners),
        values=(_shares(figures.owners, owners),),
        unit="%",
    )
    words = "; ".join(f"{row[0]} {row[2]} %" for row in rows[:4])
    blocks: list[Block] = [Figure(caption=say("cap.attribution"), description=words, chart=bars, table=table)]
    for segment in in_order(figures.owners_by, definition):
        blocks.append(_owners_by(segment, figures.owners_by[segment], owners, figures, definition, wording))
    return blocks


def in_order(segments: Iterable[str], definition: Definition) -> list[str]:
    """Return segments in the order of the definition."""
    known = list(definition.segments)
    return sorted(segments, key=lambda name: (known.index(name) if name in known else len(known), name))


def _shown_owners(figures: Figures) -> list[str]:
    """Return the owners with most time, in the order of owners; what remains is one more, without a name."""
    waited = [owner for owner, us in figures.owners.items() if us > 0]
    most = sorted(waited, key=lambda owner: (-figures.owners[owner], owner))
    if len(most) <= OWNERS_MAX:
        return sorted(most, key=owner_rank)
    return [*sorted(most[: OWNERS_MAX - 1], key=owner_rank), ""]


def _owner_name(owner: str, wording: Wording) -> str:
    return wording.owner(owner) if owner else wording.say("other")


def _waited(taken: dict[str, int]) -> int:
    """Return the time that somebody was waited for; what counts as negative is no part of it."""
    return sum(us for us in taken.values() if us > 0)


def _shares(taken: dict[str, int], owners: list[str]) -> tuple[float, ...]:
    """Return each owner's share of the time waited in percent; they add up to 100."""
    total = _waited(taken)
    if not total:
        return tuple(0.0 for _ in owners)
    named = {owner: max(0, taken.get(owner, 0)) for owner in owners if owner}
    rest = total - sum(named.values())
    return tuple(100 * (named[owner] if owner else rest) / total for owner in owners)


def _owners_by(
    segment: str,
    groups: dict[str, dict[str, int]],
    owners: list[str],
    figures: Figures,
    definition: Definition,
    wording: Wording,
) -> Figure:
    say = wording.say
    counts = {one.label: one.n for one in figures.head.by[segment]}
    hidden = hidden_cells({(label,): n for label, n in counts.items()}, definition.k)
    labels = [one.label for one in figures.head.by[segment] if one.n and (one.label,) not in hidden][: 2 * BOXES_MAX]
    rows, values = [], []
    for label in labels:
        taken = groups.get(label, {})
        shares = _shares(taken, owners)
        rows.append((wording.value(label, segment), *(wording.figure(share) for share in shares)))
        values.append(shares)
    names = tuple(_owner_name(owner, wording) for owner in owners)
    caption = say("cap.attribution_by", segment=wording.segment(segment))
    columns = (Column(wording.segment(segment), 4, figures=False), *(Column(name) for name in names))
    return Figure(
        caption=caption,
        description="; ".join(f"{row[0]}: {names[0]} {row[1]} %" for row in rows[:6]) if names else caption,
        chart=Bars(labels=tuple(row[0] for row in rows), series=names, values=tuple(values), unit="%"),
        table=Table(name=f"owners_by_{segment}", caption=caption, columns=columns, rows=tuple(rows)),
    )


def _boxes(
    segment: str, spreads: tuple[Spread, ...], figures: Figures, definition: Definition, wording: Wording
) -> Figure | None:
    say = wording.say
    hidden = hidden_cells({(one.label,): one.n for one in spreads}, definition.k)
    shown = [one for one in spreads if one.n and (one.label,) not in hidden][:BOXES_MAX]
    if not shown:
        return None
    values, rows = [], []
    for one in shown:
        five = (one.p10 or 0.0, one.p25 or 0.0, one.median or 0.0, one.p75 or 0.0, one.p90 or 0.0)
        values.append((five[0] / HOUR_US, five[1] / HOUR_US, five[2] / HOUR_US, five[3] / HOUR_US, five[4] / HOUR_US))
        rows.append((wording.value(one.label, segment), *(wording.hours(us) for us in five)))
    caption = say("cap.boxes", clock=_title(figures.head, wording), segment=wording.segment(segment))
    columns = (
        Column(wording.segment(segment), 4, figures=False),
        *(Column(say(f"col.{name}")) for name in ("p10", "p25", "median", "p75", "p90")),
    )
    return Figure(
        caption=caption,
        description="; ".join(f"{row[0]}: {row[3]} h" for row in rows),
        chart=Boxes(labels=tuple(row[0] for row in rows), values=tuple(values), unit="h"),
        table=Table(name=f"quartiles_by_{segment}", caption=caption, columns=columns, rows=tuple(rows)),
    )


def _distribution(figures: Figures, definition: Definition, wording: Wording) -> list[Block]:
    say = wording.say
    if figures.head.whole.n < definition.k:
        return []
    hidden = hidden_cells({(str(place),): one[2] for place, one in enumerate(figures.histogram)}, definition.k)
    bins, rows = [], []
    for place, (low, high, n) in enumerate(figures.histogram):
        shown = None if (str(place),) in hidden else n
        is_edge = place in (0, len(figures.histogram) - 1)
        bins.append((low / HOUR_US, high / HOUR_US, shown))
        if n or not is_edge:
            rows.append(
                (wording.hours(low), wording.hours(high), wording.hidden() if shown is None else wording.count(n))
            )
    columns = (Column(say("col.time")), Column(say("col.time_to")), Column(say("col.consignments")))
    x_title = f"{_title(figures.head, wording)}, h"
    found: list[Block] = [
        Figure(
            caption=say("cap.histogram"),
            description=say("cap.histogram"),
            chart=Histogram(bins=tuple(bins), x_title=x_title, y_title=say("col.consignments")),
            table=Table(name="histogram", caption=say("cap.histogram"), columns=columns, rows=tuple(rows)),
        )
    ]
    step = max(1, -(-definition.k * 100 // figures.head.whole.n))  # no step shows fewer than k cases
    points = [(us / HOUR_US, share) for us, share in figures.ecdf[step:-1:step]]
    shares = [one for place, one in enumerate(points) if place % max(1, len(points) // 20) == 0]
    table = Table(
        name="ecdf",
        caption=say("cap.ecdf"),
        columns=(Column(say("col.done")), Column(say("col.hours"))),
        rows=tuple((wording.figure(100 * share, 0), wording.hours(h * HOUR_US)) for h, share in shares),
    )
    chart = Lines(series=(("", tuple(points)),), x_title=x_title, y_title=say("col.done"), share=True)
    found.append(Figure(caption=say("cap.ecdf"), description=say("cap.ecdf"), chart=chart, table=table))
    return found
