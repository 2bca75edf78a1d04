# SPDX-License-Identifier: Apache-2.0
"""Low-value regimes: what holds where on a day, what changes next, and each regime with what it rests on.

A regime's own texts (title, sentences, sources) are as its file has them, in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.quote import in_force
from openecp.border.low_value.tables import missing_fields
from openecp.platform.console.charts.periods import Period, PeriodRow, draw_periods
from openecp.platform.console.charts.svg import Day
from openecp.platform.console.charts.timeline import Axis
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.parcels import rule_words
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.plans.files import csv_file

YEARS_BACK, YEARS_AHEAD = 3, 3
FIRST_YEAR, LAST_YEAR = 1990, 2100


class RegimeFace(msgspec.Struct, frozen=True, kw_only=True):
    """A regime in a list: where it holds, from when to when, whether it runs."""

    file: Jurisdiction
    regime: Regime
    missing: tuple[str, ...]
    now: bool  # in force on the day asked for

    @property
    def runs(self) -> bool:
        """Whether it answers quotes."""
        return not self.missing


class RegimeChange(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which something changes somewhere: what ends the day before, what begins."""

    day: date
    file: Jurisdiction
    begins: tuple[Regime, ...]
    ends: tuple[Regime, ...]
    notes: tuple[str, ...] = ()  # origins that are shut out, caveats


def day_asked(pf: ParcelFrame, name: str = "on") -> date:
    """Return the day that the address asks for; today where it names none that can be used."""
    try:
        day = date.fromisoformat(str(pf.request.query_params.get(name, "")).strip())
    except ValueError:
        return date.fromisoformat(pf.today)
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else date.fromisoformat(pf.today)


def faces_of(files: list[Jurisdiction], on: date) -> list[RegimeFace]:
    """Return every regime."""
    return [
        RegimeFace(file=file, regime=one, missing=tuple(missing_fields(one)), now=in_force(one, on))
        for file in files
        for one in file.regimes
    ]


def changes_of(files: list[Jurisdiction]) -> list[RegimeChange]:
    """Return every day on which a regime begins or ends, origins are shut out or a caveat sets in, by day."""
    found = []
    for file in files:
        days: dict[date, tuple[list[Regime], list[Regime], list[str]]] = {}

        def at(
            day: date, days: dict[date, tuple[list[Regime], list[Regime], list[str]]] = days
        ) -> tuple[list[Regime], list[Regime], list[str]]:
            return days.setdefault(day, ([], [], []))

        for one in file.regimes:
            if one.valid_from is not None:
                at(one.valid_from)[0].append(one)
            if one.valid_to is not None:
                at(one.valid_to + timedelta(days=1))[1].append(one)
            shut = one.excluded.origins if one.excluded else None
            if shut is not None and shut.since.year >= FIRST_YEAR:
                at(shut.since)[2].append("origins:" + ",".join(shut.countries))
            for caveat in one.caveats:
                if caveat.since.year >= FIRST_YEAR:
                    at(caveat.since)[2].append("caveat:" + caveat.text)
        found += [
            RegimeChange(day=day, file=file, begins=tuple(begins), ends=tuple(ends), notes=tuple(notes))
            for day, (begins, ends, notes) in days.items()
        ]
    return sorted(found, key=lambda change: (change.day, change.file.jurisdiction))


@get("/parcels/regimes")
@in_thread
def show_regimes(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """What holds where on a day: list by jurisdiction, chart, next changes first."""
    pf = ParcelFrame(request, console, visitor)
    on = day_asked(pf)
    state = str(request.query_params.get("state", ""))
    everything = request.query_params.get("all") == "yes"
    files = pf.desk.jurisdictions()
    changes = changes_of(files)
    faces = [
        face
        for face in faces_of(files, on)
        if (everything or (face.now and not face.regime.ordinary))
        and (state not in ("runs", "incomplete") or face.runs == (state == "runs"))
    ]
    return pf.page(
        "regimes.html",
        on=on,
        state=state if state in ("runs", "incomplete") else "",
        everything=everything,
        groups=_by_jurisdiction(pf, faces),
        found=len(faces),
        coming=[change for change in changes if change.day > on],
        past=[change for change in reversed(changes) if change.day <= on],
        chart=chart_of(pf, files, changes, on),
        axis=axis_of(pf, on),
        drawn=[face for face in faces_of(_next_first(pf, files, changes, on), on) if not face.regime.ordinary],
        note=lambda text: note_words(pf, text),
        period_of=lambda each: period_words(pf, each),
    )


def note_words(pf: ParcelFrame, text: str) -> tuple[str, bool]:
    """Return a note of a change in words, and whether it is in the file's language."""
    kind, _, rest = text.partition(":")
    if kind == "origins":
        names = pf.countries(tuple(rest.split(",")))
        return pf.language.text(N_("goods made in %(list)s lose the relief"), list=names), False
    return rest, True


def _by_jurisdiction(pf: ParcelFrame, faces: list[RegimeFace]) -> list[tuple[Jurisdiction, list[RegimeFace]]]:
    groups: dict[str, tuple[Jurisdiction, list[RegimeFace]]] = {}
    for face in faces:
        groups.setdefault(face.file.jurisdiction, (face.file, []))[1].append(face)
    return sorted(groups.values(), key=lambda group: pf.place_order(group[0].jurisdiction))


def _next_first(
    pf: ParcelFrame, files: list[Jurisdiction], changes: list[RegimeChange], on: date
) -> list[Jurisdiction]:
    """Return the jurisdictions in the order in which something changes there next; then by name."""
    coming: dict[str, date] = {}
    for change in changes:
        if change.day > on:
            coming.setdefault(change.file.jurisdiction, change.day)
    latest = {change.file.jurisdiction: change.day for change in changes if change.day <= on}
    return sorted(
        files,
        key=lambda file: (
            coming.get(file.jurisdiction, date.max),
            -latest.get(file.jurisdiction, date.min).toordinal(),
            pf.place_order(file.jurisdiction),
        ),
    )


def axis_of(pf: ParcelFrame, on: date) -> Axis:
    """Return the chart's axis: whole years around the day."""
    first, last = on.year - YEARS_BACK, on.year + YEARS_AHEAD
    ticks = tuple(Day(f"{year}-01-01", str(year)) for year in range(first, last))
    return Axis(first=f"{first}-01-01", last=f"{last}-01-01", ticks=ticks)


def chart_of(pf: ParcelFrame, files: list[Jurisdiction], changes: list[RegimeChange], on: date) -> Markup:
    """Return the chart: a row for each jurisdiction, a bar for each regime other than the ordinary tariff."""
    rows = []
    for file in _next_first(pf, files, changes, on):
        periods = tuple(
            Period(
                label=one.id.partition("-")[2],
                start=one.valid_from.isoformat() if one.valid_from else None,
                end=one.valid_to.isoformat() if one.valid_to else None,
                tone="incomplete" if missing_fields(one) else "runs",
                says=f"{one.id}: {one.title}. {period_words(pf, one)}",
                href=pf.href("regimes", one.id),
            )
            for one in file.regimes
            if not one.ordinary
        )
        rows.append(PeriodRow(label=pf.country(file.jurisdiction), periods=periods))
    text = pf.language.text
    return Markup(  # noqa: S704 - the chart escapes what it is given
        draw_periods(
            "regimes-over-time",
            rows,
            axis_of(pf, on),
            on.isoformat(),
            pf.date(on, "short"),
            title=text(N_("What held when")),
            description=text(
                N_("A row for each jurisdiction, a bar for each regime. The table below has the same data.")
            ),
        )
    )


def period_words(pf: ParcelFrame, regime: Regime) -> str:
    """Return when a regime is in force, in words."""
    text = pf.language.text
    if regime.ordinary:
        return text(N_("always"))
    start = pf.date(regime.valid_from, "short") if regime.valid_from else text(N_("start not sourced"))
    end = pf.date(regime.valid_to, "short") if regime.valid_to else text(N_("open"))
    return f"{start} – {end}"


@get("/parcels/regimes.csv")
@in_thread
def regimes_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Response[bytes]:
    """Every regime as CSV: what the list and the chart show."""
    pf = ParcelFrame(request, console, visitor)
    return csv_file("regimes.csv", _rows(pf))


def _rows(pf: ParcelFrame) -> Iterator[tuple[str, ...]]:
    yield (
        "jurisdiction",
        "id",
        "title",
        "valid_from",
        "valid_to",
        "ordinary",
        "state",
        "missing",
        "support",
        "unsourced",
    )
    for face in faces_of(pf.desk.jurisdictions(), date.fromisoformat(pf.today)):
        one = face.regime
        yield (
            face.file.jurisdiction,
            one.id,
            one.title,
            one.valid_from.isoformat() if one.valid_from else "",
            one.valid_to.isoformat() if one.valid_to else "",
            "yes" if one.ordinary else "no",
            "runs" if face.runs else "incomplete",
            "; ".join(face.missing),
            one.support or "",
            "; ".join(one.background),
        )


@get("/parcels/regimes/{regime:str}")
@in_thread
def show_regime(request: AnyRequest, console: AtConsole, visitor: ByVisitor, regime: InPath) -> Page:
    """One regime in words: when it holds, how it treats goods, what is missing or unsourced, what came before."""
    pf = ParcelFrame(request, console, visitor)
    found = pf.desk.find(regime)
    if found is None:
        raise NotFoundException
    file, one = found
    today = date.fromisoformat(pf.today)
    first = one.valid_from if one.valid_from and one.valid_from > today else min(today, one.valid_to or today)
    return pf.page(
        "regime.html",
        file=file,
        regime=one,
        face=RegimeFace(file=file, regime=one, missing=tuple(missing_fields(one)), now=in_force(one, today)),
        period=period_words(pf, one),
        treatments=[
            (treatment, rule_words.conditions(pf, one, treatment), list(rule_words.charges(pf, one, treatment)))
            for treatment in one.treatments
        ],
        applies=rule_words.applies_words(pf, one),
        history=_history(file, today),
        period_of=lambda each: period_words(pf, each),
        try_on=first,
        today=today,
    )


def _history(file: Jurisdiction, today: date) -> list[RegimeFace]:
    """Return the regimes of a jurisdiction, the latest first; what always holds last."""
    faces = faces_of([file], today)
    return sorted(faces, key=lambda face: (face.regime.ordinary, -(face.regime.valid_from or date.min).toordinal()))
