# SPDX-License-Identifier: Apache-2.0
"""The page of one action: what the plan says, how it stands and why, what shows it, and everything recorded of it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get
from markupsafe import Markup

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.words import LIFECYCLES
from openecp.programme.action_plan.codes import Colour
from openecp.programme.action_plan.views import ActionView

HISTORY_SHOWN = 500
REPORTABLE = tuple(code for code in LIFECYCLES if code not in ("merged", "carried_over"))


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it was filled in, what is wrong with each field, and what the register said."""

    form: str  # which of the page's forms
    values: dict[str, str] = {}
    faults: dict[str, str] = {}  # field: message, untranslated
    refusal: Any = None

    def value(self, form: str, field: str) -> str:
        """What was filled in."""
        return self.values.get(field, "") if self.form == form else ""

    def fault(self, form: str, field: str) -> str:
        """What is wrong with a field."""
        return self.faults.get(field, "") if self.form == form else ""

    def mark(self, form: str, field: str) -> str:
        """The class that marks the group of a wrong field."""
        return " oe-wrong" if self.fault(form, field) else ""

    def marks(self, form: str, field: str, hint: str = "") -> Markup:
        """The attributes that tie a field to its hint and to what is wrong with it."""
        wrong = bool(self.fault(form, field))
        told = " ".join(each for each in (hint, f"{form}-{field}-error" if wrong else "") if each)
        described = Markup(' aria-describedby="{}"').format(told) if told else Markup("")
        return described + (Markup(' aria-invalid="true"') if wrong else Markup(""))


EMPTY = Filled(form="")


@get("/actions/{action_id:str}")
@in_thread
def show_action(request: AnyRequest, console: AtConsole, visitor: ByVisitor, action_id: InPath) -> Page:
    """One action."""
    return action_page(Frame(request, console, visitor), action_id)


def action_page(frame: Frame, action_id: str, filled: Filled = EMPTY, status_code: int = 200) -> Page:
    """Return the page of an action, with a form as it was filled in where something was wrong with it."""
    action = frame.action(action_id)
    plan = frame.plan(action.plan)
    section = next((each for each in plan.sections if each.number == action.section), None)
    history = list(reversed(frame.plans.history(action.id, as_of=frame.as_of)))
    colours: tuple[Colour, ...] = ("green", "amber", "red", "grey")
    done = frame.request.query_params.get("done", "")
    return frame.page(
        "action.html",
        status_code=status_code,
        address=frame.href("actions", action.id),
        plan=plan,
        tab="actions",
        action=action,
        section=section,
        history=history[:HISTORY_SHOWN],
        history_total=len(history),
        filled=filled,
        colours=colours,
        reportable=REPORTABLE,
        own=own_titles(frame, action),
        recorded=next((each for each in history if str(each.seq) == done and each.by == frame.principal.actor), None),
    )


def own_titles(frame: Frame, action: ActionView) -> dict[str, ActionView]:
    """Return the actions that this one is linked to, by id."""
    linked = {link.from_id for link in action.predecessors} | {link.to_id for link in action.successors}
    linked |= {each for link in action.dependencies for each in (link.from_id, link.to_id)}
    if action.target:
        linked.add(action.target)
    found = {}
    for name in sorted(linked - {action.id}):
        try:
            found[name] = frame.plans.action(name, as_of=frame.as_of)
        except LookupError:
            continue
    return found
