# SPDX-License-Identifier: Apache-2.0
"""The table of a plan's actions: filtered by what stands in the page's address, sorted, as CSV too."""

from __future__ import annotations

from litestar import Response, get

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.listing import NONE, PAGE_ROWS, Wanted, actions_of, rows_of, wanted_of
from openecp.platform.console.plans.words import LIFECYCLES, TIMEFRAMES
from openecp.programme.action_plan.views import PlanView


@get("/plans/{plan:str}/actions")
@in_thread
def show_actions(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """Find, filter and sort the actions of a plan; each says its status in words, and why."""
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    wanted = wanted_of(request)
    actions = actions_of(frame, plan, wanted)
    pages = max(1, -(-len(actions) // PAGE_ROWS))
    page = min(wanted.page, pages)
    return frame.page(
        "actions.html",
        plan=found,
        tab="actions",
        wanted=wanted,
        actions=actions[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        total=len(actions),
        page_number=page,
        pages=pages,
        choices=choices_of(frame, found),
        chips=[(name, value, chip_text(frame, found, name, value)) for name, value in wanted.chosen],
        fields={name: (getattr(wanted, name) or ("",))[0] for name in ("body", "programme", "section")}
        | {name: (getattr(wanted, name) or ("",))[0] for name in ("timeframe", "lifecycle", "colour")},
        rest=rest_of(wanted),
    )


@get("/plans/{plan:str}/actions.csv")
@in_thread
def actions_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Response[bytes]:
    """The rows that the table shows, all pages of them."""
    frame = Frame(request, console, visitor)
    frame.plan(plan)
    actions = actions_of(frame, plan, wanted_of(request))
    return csv_file(f"{plan}-actions-{frame.day}.csv", rows_of(frame, actions))


def choices_of(frame: Frame, plan: PlanView) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter may be set to: only what the plan has."""
    roll_up = frame.plans.roll_up(plan.id, as_of=frame.as_of)
    bodies = sorted((frame.body(row.key), row.key) for row in roll_up.by_body if row.key)
    programmes = sorted((frame.programme(row.key), row.key) for row in roll_up.by_programme if row.key)
    return {
        "body": [(code, name) for name, code in bodies] + [(NONE, frame.body(""))],
        "programme": [(code, name) for name, code in programmes] + [(NONE, frame.programme(""))],
        "section": [(str(each.number), f"{each.number}. {frame.text(each.titles)}") for each in plan.sections],
        "timeframe": [(code, frame.word("timeframe", code)) for code in TIMEFRAMES],
        "lifecycle": [(code, frame.word("lifecycle", code)) for code in LIFECYCLES],
        "colour": [(code, frame.word("colour", code)) for code in ("red", "amber", "green", "grey")],
    }


def chip_text(frame: Frame, plan: PlanView, name: str, value: str) -> str:
    """Return a filter in force as the reader knows it."""
    code = "" if value == NONE else value
    if name == "body":
        return frame.body(code)
    if name == "programme":
        return frame.programme(code)
    if name == "section":
        title = next((frame.text(each.titles) for each in plan.sections if str(each.number) == value), "")
        return f"{value}. {title}" if title else value
    if name in ("timeframe", "lifecycle", "colour", "ground"):
        return frame.word(name, value)
    return value


def rest_of(wanted: Wanted) -> list[tuple[str, str]]:
    """Return what the form has no field for and still has to keep: further values of a filter, the sort order."""
    kept = [
        (name, value)
        for name, value in wanted.chosen
        if name in ("ground", "quarter") or (name not in ("text", "due") and value not in getattr(wanted, name)[:1])
    ]
    return kept + ([("sort", wanted.sort)] if wanted.sort else [])
