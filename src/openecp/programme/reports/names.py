# SPDX-License-Identifier: Apache-2.0
"""Names of actions, bodies, work programmes and grounds in the language of a paper; never in another one."""

from __future__ import annotations

from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import ActionView, AssessmentView
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.paper import Language
from openecp.programme.reports.wording import Wording, capitalised, of_the

_DAYS = ("delivered_on", "since", "due", "last_update", "last_evidence", "first_update")
_COUNTED = frozenset({"overdue", "due_soon", "silent", "on_course"})


class Names:
    """Says what things of a register are called."""

    def __init__(self, basis: Basis, words: Wording) -> None:
        self.basis, self.words = basis, words
        self.language: Language = words.language

    def plan(self) -> str:
        """Return the short title of the plan, else its official one where that is in this language, else its id."""
        title = self.basis.plan.titles.get(self.language, "")
        if not title and self.official:
            title = self.basis.plan.title_as_written
        return self.words.text(title) if title else self.basis.plan.id

    @property
    def official(self) -> bool:
        """Return whether the plan's document is in this language."""
        return any(
            action.title_as_written and action.language_as_written == self.language for action in self.basis.actions
        )

    def action(self, action: ActionView) -> str:
        """Return id and short title of an action."""
        return self.words.say("paper.action", id=action.id, title=self.title(action))

    def title(self, action: ActionView) -> str:
        """Return the short title of an action, else the official one where it is in this language."""
        title = action.titles.get(self.language) or action.title(self.language)
        return self.words.text(title) if title else self.words.say("paper.untitled")

    def body(self, code: str) -> str:
        """Return the name of a body."""
        view = self.basis.bodies.get(code)
        name = view.names.get(self.language, "") if view else ""
        return self.words.text(name) if name else self.words.say("paper.unnamed", code=code)

    def programme(self, code: str) -> str:
        """Return the name of a work programme."""
        view = self.basis.programmes.get(code)
        name = view.names.get(self.language, "") if view else ""
        return self.words.text(name) if name else self.words.say("paper.unnamed", code=code)

    def responsible(self, action: ActionView) -> str:
        """Return the responsible bodies of an action; those that no code is known for, as the plan writes them."""
        if not action.responsible and action.responsible_as_written:
            written = action.language_as_written == self.language
            return action.responsible_as_written if written else self.words.say("paper.untranslated")
        return self.words.listed([self.body(code) for code in action.responsible], none=self.words.say("bodies.none"))

    def timeframe(self, frame: Timeframe) -> str:
        """Return a timeframe as the plan's column says it; "" where none is stated."""
        words = self.words
        if frame.kind in ("continuous", "annual"):
            return words.say(f"annex.{frame.kind}")
        if frame.start and frame.due:
            values = {"start": words.month(frame.start).rsplit("\u00a0", 1)[0], "end": words.month(frame.due)}
            if frame.start[:4] != frame.due[:4]:
                values["start"] = words.month(frame.start)
            if frame.body:
                return words.say("annex.window_body", body=self.body(frame.body), **values)
            return words.say("annex.window", **values)
        if frame.kind == "sessions":
            if not frame.body:
                return words.say("annex.sessions_bare")
            return words.say("annex.sessions", body=self.body(frame.body), of_body=of_the(self.body(frame.body)))
        if frame.due:
            return words.month(frame.due) if frame.year_month else words.day(frame.due)
        return ""

    def ground(self, assessment: AssessmentView) -> str:
        """Return in words why a colour was computed."""
        words = self.words
        facts = assessment.facts
        values: dict[str, object] = {name: words.day(str(facts[name])) for name in _DAYS if name in facts}
        values["since"] = values.get("since") or values.get("last_evidence") or values.get("first_update") or ""
        values |= {name: words.number(facts[name]) for name in ("sessions", "reported") if name in facts}
        lifecycle = str(facts.get("lifecycle", assessment.ground))
        if assessment.ground in ("delivered", "not_running"):
            values["lifecycle"] = capitalised(words.code("lifecycle", lifecycle))
        key = f"ground.{assessment.ground}"
        if assessment.ground in _COUNTED:
            return words.count(key, int(facts["days"]), **values)
        return words.say(key, **values)

    def deadline(self, action: ActionView) -> str:
        """Return the ground of a dated action with its last update, and a person's own colour beside it."""
        words = self.words
        ground = self.ground(action.assessment)
        if action.last_update:
            text = words.say("deadlines.updated", ground=ground, last_update=words.day(action.last_update))
        else:
            text = words.say("deadlines.not_updated", ground=ground)
        if action.override and action.override.in_force:
            text = words.say(
                "deadlines.overridden",
                text=text,
                colour=words.code("colour", action.override.colour),
                expires=words.day(action.override.expires),
            )
        return text
