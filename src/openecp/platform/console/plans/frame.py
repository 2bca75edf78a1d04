# SPDX-License-Identifier: Apache-2.0
"""What every page of action plans shares: the day it is asked for, links that keep it, names in the reader's tongue."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from babel.numbers import format_decimal
from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, Console, Page, signed_in
from openecp.platform.console.plans import words
from openecp.platform.console.plans.desk import PlanDesk
from openecp.platform.console.session import Visitor
from openecp.platform.core.permissions import may
from openecp.platform.core.programme import actor_of
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.plans import Plans
from openecp.programme.action_plan.views import ActionView, BodyView, PlanView, Texts, Thresholds

PATH_SAFE = "/.-_"


def desk_of(console: Console) -> PlanDesk:
    """Return the register's desk.

    Raises: NotFoundException where this console has none.
    """
    if console.desk is None:
        raise NotFoundException
    return console.desk


class Frame:
    """One reader's view of the plans: as of a day, in a language."""

    def __init__(self, request: AnyRequest, console: Console, visitor: Visitor) -> None:
        self.request, self.console, self.visitor = request, console, visitor
        self.principal = signed_in(visitor)
        self.language = console.language(visitor)
        self.desk = desk_of(console)
        self.plans: Plans = self.desk.plans
        self.actor = actor_of(self.principal)
        if not may(self.principal, "read_plans"):
            raise PermissionDeniedException
        self.today = console.now_text()[:10]
        asked = str(request.query_params.get("as_of", ""))
        self.as_of: str | None = asked if is_day(asked) and asked != self.today else None
        self.day = self.as_of or self.today

    @property
    def writes(self) -> bool:
        """Whether the reader may change the register: the secretariat."""
        return self.actor.writes and self.as_of is None

    def may_report(self, action: ActionView) -> bool:
        """Tell whether the reader may report on an action: the secretariat, or a delegate of its bodies."""
        return self.as_of is None and (self.actor.writes or bool({*self.actor.bodies} & {*action.responsible}))

    def href(self, *parts: str, **query: Any) -> str:
        """Return the address of a page of ours; the day is kept."""
        path = "/console/" + "/".join(quote(part, safe=PATH_SAFE) for part in parts)
        pairs = []
        for name, value in query.items():
            values = value if isinstance(value, list | tuple) else (value,)
            pairs += [(name, str(each)) for each in values if each is not None]
        if self.as_of and "as_of" not in query:
            pairs.append(("as_of", self.as_of))
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def page(self, template: str, *, status_code: int = 200, address: str | None = None, **context: Any) -> Page:
        """Return a page."""
        return self.console.page(
            self.request,
            self.visitor,
            f"plans/{template}",
            status_code=status_code,
            address=address,
            f=self,
            pw=words,
            **context,
        )

    @cached_property
    def all_plans(self) -> list[PlanView]:
        """Every plan as of the day, the latest period first."""
        found = self.plans.plans(as_of=self.as_of)
        return sorted(found, key=lambda plan: (plan.period.start or "", plan.id), reverse=True)

    def plan(self, plan: str) -> PlanView:
        """Return a plan as of the day.

        Raises: NotFoundException.
        """
        try:
            return self.plans.plan(plan, as_of=self.as_of)
        except LookupError:
            raise NotFoundException from None

    def action(self, action: str) -> ActionView:
        """Return an action as of the day.

        Raises: NotFoundException.
        """
        try:
            return self.plans.action(action, as_of=self.as_of)
        except LookupError:
            raise NotFoundException from None

    @cached_property
    def bodies(self) -> dict[str, BodyView]:
        """Bodies by code."""
        return {body.code: body for body in self.plans.bodies()}

    @cached_property
    def programmes(self) -> dict[str, Texts]:
        """Names of work programmes by code."""
        return {each.code: each.names for each in self.plans.work_programmes()}

    @cached_property
    def thresholds(self) -> dict[str, Thresholds]:
        """Thresholds by plan."""
        return {plan.id: plan.thresholds for plan in self.all_plans}

    def body(self, code: str) -> str:
        """Return a body's name; of none: nobody named."""
        if not code:
            return self.language.text(N_("Nobody named"))
        found = self.bodies.get(code)
        return self.text(found.names) if found else code

    def programme(self, code: str) -> str:
        """Return a work programme's name."""
        if not code:
            return self.language.text(N_("No work programme"))
        return self.text(self.programmes.get(code, {})) or code

    def text(self, texts: Texts) -> str:
        """Return a text in the reader's language, else in any."""
        return texts.get(self.language.code) or next(iter(texts.values()), "")

    def tongue(self, texts: Texts) -> str:
        """Return the language that `text` gives, for the page to say so."""
        return self.language.code if texts.get(self.language.code) else next(iter(texts), self.language.code)

    def title(self, action: ActionView) -> str:
        """Return an action's title in the reader's language, else as it is known."""
        return action.title(self.language.code) or action.title_as_written or self.text(action.titles)

    def title_tongue(self, action: ActionView) -> str:
        """Return the language of the title shown."""
        if action.title(self.language.code):
            return self.language.code
        return action.language_as_written if action.title_as_written else self.tongue(action.titles)

    def plan_title(self, plan: PlanView) -> str:
        """Return a plan's title."""
        return self.text(plan.titles) or plan.title_as_written or plan.id

    def why(self, action: ActionView) -> str:
        """Return why an action has its computed colour."""
        return words.why(action.assessment, self.thresholds.get(action.plan, Thresholds()), self.language)

    def word(self, kind: str, code: str | None) -> str:
        """Return the name of a code, with a capital."""
        return words.capital(words.name_of(kind, code, self.language))

    def low(self, kind: str, code: str | None) -> str:
        """Return the name of a code as it stands within a sentence."""
        return words.name_of(kind, code, self.language)

    def date(self, day: str | None, form: str = "long") -> str:
        """Return a day as the reader writes it."""
        return words.day_of(day, self.language, form)

    def figure(self, value: str | None) -> str:
        """Return a decimal text with all its digits, as the reader writes numbers; a dash for none."""
        if value is None:
            return "–"
        try:
            written: str = format_decimal(Decimal(value), locale=self.language.locale, decimal_quantization=False)
        except ArithmeticError:
            return value
        return written

    def when(self, action: ActionView) -> str:
        """Return an action's timeframe in words: a day, or the kind of what has none."""
        frame = action.timeframe
        if frame.due:
            due = self.date(frame.due, "short")
            return f"{self.date(frame.start, 'short')} – {due}" if frame.start else due
        kind = self.word("timeframe", frame.kind)
        return f"{kind} ({frame.body})" if frame.body else kind

    def who(self, actor: str) -> str:
        """Return who did something."""
        return words.person(actor, self.language.text)
