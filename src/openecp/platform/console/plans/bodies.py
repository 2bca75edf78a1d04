# SPDX-License-Identifier: Apache-2.0
"""Bodies against statuses: each number leads to the actions that it counts; the totals are those of the roll-up."""

from __future__ import annotations

from collections.abc import Iterator

from litestar import Response, get
from markupsafe import Markup

from openecp.platform.console.charts.stack import draw_stack
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.start import behind_first
from openecp.platform.console.plans.words import COLOURS, LIFECYCLES
from openecp.programme.action_plan.plans import RollUp


@get("/plans/{plan:str}/bodies")
@in_thread
def show_bodies(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """How many actions of each body are late, at risk, on track or without assessment; and how far they are."""
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    roll_up = frame.plans.roll_up(plan, as_of=frame.as_of)
    rows = behind_first(roll_up.by_body)
    most = max((row.total for row in rows), default=1)
    return frame.page(
        "bodies.html",
        plan=found,
        tab="bodies",
        roll_up=roll_up,
        rows=[(row, Markup(draw_stack(row.colours, COLOURS, most))) for row in rows],  # noqa: S704 - escaped there
        lifecycles=[code for code in LIFECYCLES if code in roll_up.overall.lifecycle],
    )


@get("/plans/{plan:str}/bodies.csv")
@in_thread
def bodies_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Response[bytes]:
    """The same numbers."""
    frame = Frame(request, console, visitor)
    frame.plan(plan)
    roll_up = frame.plans.roll_up(plan, as_of=frame.as_of)
    return csv_file(f"{plan}-bodies-{frame.day}.csv", _rows(frame, roll_up))


def _rows(frame: Frame, roll_up: RollUp) -> Iterator[tuple[str, ...]]:
    yield ("body", "name", *COLOURS, *LIFECYCLES, "overdue", "due_soon", "with_evidence", "total", "as_of")
    for row in (*behind_first(roll_up.by_body), roll_up.overall):
        whole = row is roll_up.overall
        counts = [row.colours.get(code, 0) for code in COLOURS] + [row.lifecycle.get(code, 0) for code in LIFECYCLES]
        counts += [row.overdue, row.due_soon, row.with_evidence, row.total]
        name = "" if whole else frame.body(row.key)
        yield ("*" if whole else row.key, name, *(str(count) for count in counts), frame.day)
