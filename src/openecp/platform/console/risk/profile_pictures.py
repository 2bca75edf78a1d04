# SPDX-License-Identifier: Apache-2.0
"""The pictures of profiles and hit rates; the same figures stand in a table beside each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from openecp.border.risk.profiles.acts import Backtest
from openecp.border.risk.profiles.statistics import ProfileFigures, Share, wilson
from openecp.platform.console.charts.limits import LimitBar, draw_limits
from openecp.platform.console.charts.medians import MedianRow, draw_medians
from openecp.platform.console.charts.trend import Curve, CurvePoint, draw_curves
from openecp.platform.console.charts.weeks import WeekColumn, draw_weeks
from openecp.platform.console.language import N_
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.pictures import marks_to
from openecp.platform.core.risk_pages import ModelWeek, WeekFigures, last_weeks

BARS_SHOWN = 12


def total(weeks: Sequence[WeekFigures]) -> tuple[int, int]:
    """Return the results of all weeks, and how many were irregular."""
    return sum(one.results for one in weeks), sum(one.irregular for one in weeks)


def weeks(rows: Sequence[WeekFigures], most: int) -> Markup:
    """Return a few weeks as small columns."""
    columns = [WeekColumn(one.selections, one.results, one.irregular) for one in rows]
    return Markup(draw_weeks(columns, most))  # noqa: S704 - numbers


def against_sample(kf: RiskFrame, figures: ProfileFigures, sample: Sequence[WeekFigures]) -> Markup:
    """Return the hit rate beside the random sample's, each on its interval."""
    results, irregular = total(sample)
    shares = [(kf.language.text(N_("This profile")), figures.hit_rate())]
    if results:
        shares.append((kf.language.text(N_("Random sample")), wilson(irregular, results)))
    return _rates(kf, "rate", shares, N_("Hit rate beside the random sample's"))


def _rates(kf: RiskFrame, name: str, shares: Sequence[tuple[str, Share]], title: str) -> Markup:
    text = kf.language.text
    rows = [MedianRow(label, one.value, (one.low, one.high), kf.percent(one.value)) for label, one in shares]
    most = max([0.01, *(one.high for _, one in shares)])
    drawn = draw_medians(
        name, rows, marks_to(kf, most, share=True), title=text(title),
        description=text(N_("A dot for each rate, on the line of its interval. The table has the numbers.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def backtest(kf: RiskFrame, found: Backtest, name: str) -> dict[str, Markup]:
    """Return the pictures of a back-test: hit rate beside all items, overlap, extra work by office."""
    text, drawn = kf.language.text, {}
    if found.known:
        shares = [(text(N_("Its hits")), wilson(found.irregular, found.known)),
                  (text(N_("All controlled items")), wilson(found.irregular_all, found.known_all))]  # fmt: skip
        drawn["rate"] = _rates(kf, f"{name}-rate", shares, N_("Hit rate beside all items that were controlled"))
    overlaps = sorted(found.overlaps, key=lambda one: -one.hits)[:BARS_SHOWN]
    if overlaps and found.hits:
        bars = [
            LimitBar(one.profile, one.hits / found.hits, None, False, kf.percent(one.hits / found.hits))
            for one in overlaps
        ]
        title, says = (
            N_("Hits that other profiles have too"),
            N_("A bar for each other profile, by its share of the hits."),
        )
        drawn["overlap"] = _bars(kf, f"{name}-overlap", bars, title, says, share=True)
    if found.offices:
        bars = [
            LimitBar(kf.office(one.office), one.a_day_e6 / 1e6, None, False, kf.decimal(one.a_day_e6 / 1e6, 2))
            for one in found.offices[:BARS_SHOWN]
        ]
        title, says = (
            N_("Extra controls a day"),
            N_("A bar for each office, by the controls that it would add on a day."),
        )
        drawn["offices"] = _bars(kf, f"{name}-offices", bars, title, says)
    return drawn


def _bars(kf: RiskFrame, name: str, bars: Sequence[LimitBar], title: str, says: str, *, share: bool = False) -> Markup:
    most = max([0.01, *(bar.value for bar in bars)])
    drawn = draw_limits(
        name, bars, marks_to(kf, most, share=share), title=kf.language.text(title), description=kf.language.text(says)
    )
    return Markup(drawn)  # noqa: S704 - escaped


def rates_by_week(
    kf: RiskFrame, series: Sequence[tuple[str, Sequence[WeekFigures]]], sample: Sequence[WeekFigures], today: date,
    many: int,
) -> Markup:  # fmt: skip
    """Return hit rates by the week of selection, with intervals, the random sample among them."""
    lines = [(label, [(one.week, one.results, one.irregular) for one in of]) for label, of in series]
    lines.append((kf.language.text(N_("Random sample")), [(one.week, one.results, one.irregular) for one in sample]))
    title = kf.language.text(N_("Hit rate by the week of selection"))
    return _by_week(kf, "weeks", lines, today, many, title)


def model_weeks(kf: RiskFrame, name: str, found: Sequence[ModelWeek], today: date, many: int) -> Markup:
    """Return what a model foresaw of the controlled declarations, and what was found, by week."""
    lines = [(kf.language.text(N_("found")), [(one.week, one.results, one.irregular) for one in found])]
    foreseen = [(one.week, one.foreseen_e6 / 1e6) for one in found]
    title = kf.language.text(N_("Foreseen and found, by the week of the assessment"))
    return _by_week(kf, name, lines, today, many, title, plain=(kf.language.text(N_("foreseen")), foreseen))


def _by_week(
    kf: RiskFrame, name: str, lines: Sequence[tuple[str, Sequence[tuple[str, int, int]]]], today: date, many: int,
    title: str, *, plain: tuple[str, Sequence[tuple[str, float]]] | None = None,
) -> Markup:  # fmt: skip
    mondays = last_weeks(today, many)
    places = {week: number / max(1, many - 1) for number, week in enumerate(mondays)}
    curves = []
    for label, of in lines:
        points = []
        for week, results, irregular in of:
            if week in places and results:
                rate = wilson(irregular, results)
                words = f"{label}, {kf.date(week)}{kf.language.colon} {kf.percent(rate.value)}, {irregular} / {results}"
                points.append(CurvePoint(places[week], rate.value, (rate.low, rate.high), words))
        curves.append(Curve(label=label, points=points))
    if plain is not None:
        points = [
            CurvePoint(places[week], share, None, kf.percent(share)) for week, share in plain[1] if week in places
        ]
        curves.append(Curve(label=plain[0], points=points))
    step = max(1, many // 8)
    ticks = [(places[week], kf.day_and_month(week)) for week in mondays[::step]]
    says = N_("A line for each, a dot for each week, on the stroke of its interval. The table has the numbers.")
    drawn = draw_curves(
        name, curves, ticks, lambda share: kf.percent(share, 0 if share >= 0.01 or not share else 1), title=title,
        description=kf.language.text(says),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped
