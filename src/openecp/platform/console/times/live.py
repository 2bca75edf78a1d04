# SPDX-License-Identifier: Apache-2.0
"""The live dashboard: today by office and channel, clocks against the week before, open cases by age and owner."""

from __future__ import annotations

from litestar import Response, get
from markupsafe import Markup

from openecp.border.time_release.live import Figures
from openecp.platform.console.charts.owners import Mark, OwnerBar, Part, draw_bars
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.times import words
from openecp.platform.console.times.frame import TimesFrame


@get("/times")
@in_thread
def show_live(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Response[None]:
    """The dashboard; asked with the number of the last event that was seen, nothing where nothing has happened."""
    tf = TimesFrame(request, console, visitor)
    tail = tf.desk.tail
    if request.headers.get("hx-request") and request.query_params.get("seen") == str(tail.seq) and tail.is_current:
        return Response(content=None, status_code=204)
    figures = tail.figures()
    return tf.page("live.html", figures=figures, tail=tail, ages=_ages(tf, figures), owners=_owners(figures))


def _owners(figures: Figures) -> list[str]:
    """Return who is awaited anywhere, the one with most cases first."""
    return [owner for owner, _ in figures.courts]


def _ages(tf: TimesFrame, figures: Figures) -> Markup | str:
    if not figures.open:
        return ""
    owners = _owners(figures)
    bars = [
        OwnerBar(
            label=tf.word(words.AGES, age),
            parts=tuple(
                Part(counts[owner], owner.partition(":")[0], f"{tf.owner(owner)}{tf.language.colon} {counts[owner]}")
                for owner in owners
                if counts.get(owner)
            ),
            end=tf.language.number(sum(counts.values())),
        )
        for age, counts in figures.ages
    ]
    title, says = (
        N_("Open cases by age"),
        N_("A bar for each age, parted by who is awaited. The table has the numbers."),
    )
    drawn = draw_bars("ages", bars, [Mark(0, "0")], title=tf.language.text(title), description=tf.language.text(says))
    return Markup(drawn)  # noqa: S704 - the chart escapes what it is given
