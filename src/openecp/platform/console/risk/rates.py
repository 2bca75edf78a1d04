# SPDX-License-Identifier: Apache-2.0
"""Hit rates by the week of selection, with intervals: profiles, models, and the random sample beside them."""

from __future__ import annotations

from litestar import get
from litestar.exceptions import NotFoundException

from openecp.border.risk.profiles.statistics import wilson
from openecp.platform.console.charts.trend import SERIES_MAX
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.risk import profile_pictures as pictures
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.core.risk_pages import summed

SPANS = (4, 12, 26, 52)
CHOSEN_MAX = SERIES_MAX - 1  # the random sample is one


@get("/risk/rates")
@in_thread
def show_rates(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Hit rates; `profile` (again for each) chooses profiles, `weeks` how far back."""
    kf = RiskFrame(request, console, visitor)
    follower = kf.desk.followed()
    if follower is None or kf.desk.profiles is None:
        raise NotFoundException
    today = console.now().date()
    asked = str(request.query_params.get("weeks", "12"))
    many = int(asked) if asked in map(str, SPANS) else 12
    with kf.desk.lock:
        versions = [v for s in kf.desk.profiles.states() if (v := s.current) is not None]
        weeks = follower.profile_weeks((v.profile.id, v.number) for v in versions)
        sample, models = follower.sample_weeks(), follower.model_weeks()
    figures = [summed(name, of) for name, of in weeks.items()]
    figures.sort(key=lambda one: (-one.results, -one.selections, one.profile))
    wanted = set(request.query_params.getall("profile", []))
    chosen = [one for one in figures if one.profile in wanted] or [one for one in figures if one.results]
    chosen = chosen[:CHOSEN_MAX]
    series = [(one.profile, weeks[one.profile, one.version]) for one in chosen]
    results, irregular = pictures.total(sample)
    return kf.page(
        "rates.html",
        follower=follower,
        figures=figures,
        chosen={one.profile for one in chosen},
        spans=SPANS,
        many=many,
        sample=sample,
        sample_rate=wilson(irregular, results) if results else None,
        results=results,
        irregular=irregular,
        series=series,
        rate=wilson,
        drawn=pictures.rates_by_week(kf, series, sample, today, many) if series or sample else "",
        models=[
            (model, of, pictures.model_weeks(kf, f"model-{number}", of, today, many))
            for number, (model, of) in enumerate(models.items())
        ],
    )
