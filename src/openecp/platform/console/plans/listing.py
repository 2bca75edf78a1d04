# SPDX-License-Identifier: Apache-2.0
"""Which actions a table shows: read from the page's address and written back into it; selected, sorted, paged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec

from openecp.platform.console.pages import AnyRequest
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.words import COLOURS, LIFECYCLES, TIMEFRAMES
from openecp.programme.action_plan.plans import ActionFilter
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.views import ActionView

PAGE_ROWS = 100
TEXT_CHARS_MAX = 100
CODE_CHARS_MAX = 60
VALUES_MAX = 20
NONE = "-"  # in an address: those without one
DUES = ("overdue", "soon", "beyond")
SORTS = ("number", "due", "status", "body", "updated")
MANY = ("body", "programme", "section", "timeframe", "lifecycle", "colour", "ground", "quarter")
KINDS: tuple[TimeframeKind, ...] = get_args(TimeframeKind)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader asked for; an unknown or overlong value asks for nothing."""

    text: str = ""
    body: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    timeframe: tuple[str, ...] = ()
    lifecycle: tuple[str, ...] = ()
    colour: tuple[str, ...] = ()
    ground: tuple[str, ...] = ()
    quarter: tuple[str, ...] = ()
    due: str = ""
    sort: str = ""
    page: int = 1

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of this selection with some of it changed; paging starts anew."""
        wanted = msgspec.structs.replace(self, **{"page": 1, **changes})
        found: dict[str, Any] = {name: list(getattr(wanted, name)) for name in MANY if getattr(wanted, name)}
        found |= {name: getattr(wanted, name) for name in ("text", "due", "sort") if getattr(wanted, name)}
        if wanted.page > 1:
            found["page"] = wanted.page
        return found

    def without(self, name: str, value: str) -> dict[str, Any]:
        """Return the parameters with one filter taken away."""
        if name in MANY:
            return self.query(**{name: tuple(each for each in getattr(self, name) if each != value)})
        return self.query(**{name: ""})

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Every filter in force, by name and value."""
        found = [(name, value) for name in MANY for value in getattr(self, name)]
        found += [("due", self.due)] if self.due else []
        return found + ([("text", self.text)] if self.text else [])


def wanted_of(request: AnyRequest) -> Wanted:
    """Read the selection from the address."""
    parameters = request.query_params

    def one(name: str, limit: int = CODE_CHARS_MAX) -> str:
        text = str(parameters.get(name, "")).strip()
        return text if len(text) <= limit and text.isprintable() else ""

    def many(name: str, known: tuple[str, ...] | None = None) -> tuple[str, ...]:
        texts = [str(text) for text in parameters.getall(name, [])][:VALUES_MAX]
        fit = (t for t in texts if t and len(t) <= CODE_CHARS_MAX and t.isprintable() and (not known or t in known))
        return tuple(dict.fromkeys(fit))

    page = one("page")
    return Wanted(
        text=one("text", TEXT_CHARS_MAX),
        body=many("body"),
        programme=many("programme"),
        section=tuple(each for each in many("section") if each.isascii() and each.isdigit() and len(each) < 6),
        timeframe=many("timeframe", TIMEFRAMES),
        lifecycle=many("lifecycle", LIFECYCLES),
        colour=many("colour", COLOURS),
        ground=many("ground"),
        quarter=many("quarter"),
        due=one("due") if one("due") in DUES else "",
        sort=one("sort") if one("sort") in SORTS else "",
        page=int(page) if page.isascii() and page.isdigit() and 0 < int(page) < 10_000 else 1,
    )


def filter_of(wanted: Wanted, due_soon_days: int) -> ActionFilter:
    """Return the register's filter."""

    def codes(values: tuple[str, ...]) -> tuple[str, ...] | None:
        return tuple("" if value == NONE else value for value in values) or None

    return msgspec.convert(
        {
            "body": codes(wanted.body),
            "programme": codes(wanted.programme),
            "section": tuple(int(each) for each in wanted.section) or None,
            "timeframe": wanted.timeframe or None,
            "lifecycle": wanted.lifecycle or None,
            "colour": wanted.colour or None,
            "quarter": codes(wanted.quarter),
            "text": wanted.text or None,
            "overdue": True if wanted.due == "overdue" else None,
            "due_within_days": due_soon_days if wanted.due == "soon" else None,
        },
        ActionFilter,
    )


def actions_of(frame: Frame, plan: str, wanted: Wanted) -> list[ActionView]:
    """Return the actions that the reader asked for, in the order asked for."""
    soon = frame.thresholds[plan].due_soon_days if plan in frame.thresholds else 90
    found = frame.plans.actions(plan, filter_of(wanted, soon), as_of=frame.as_of)
    if wanted.due == "beyond":
        found = [action for action in found if action.beyond_plan]
    if wanted.ground:
        found = [action for action in found if action.assessment.ground in wanted.ground]
    return sorted(found, key=_ORDERS[wanted.sort or "number"])


_ORDERS: dict[str, Callable[[ActionView], Any]] = {
    "number": lambda action: action.number,
    "due": lambda action: (action.timeframe.due or "9999", action.number),
    "status": lambda action: (COLOURS.index(action.assessment.colour), action.timeframe.due or "9999", action.number),
    "body": lambda action: (action.responsible or ("\uffff",), action.number),
    "updated": lambda action: (action.last_update is None, _newest_first(action.last_update), action.number),
}


def _newest_first(day: str | None) -> int:
    return -int((day or "0")[:10].replace("-", ""))


COLUMNS = (
    "id",
    "section",
    "title_en",
    "title_fr",
    "title_as_written",
    "responsible",
    "work_programmes",
    "timeframe",
    "start",
    "due",
    "lifecycle",
    "status",
    "ground",
    "why",
    "override",
    "override_reason",
    "override_expires",
    "last_update",
    "evidence",
    "as_of",
)


def rows_of(frame: Frame, actions: list[ActionView]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table as CSV has them, the header first."""
    yield COLUMNS
    for action in actions:
        override = action.override if action.override and action.override.in_force else None
        yield (
            action.id,
            str(action.section),
            action.titles.get("en", ""),
            action.titles.get("fr", ""),
            action.title_as_written,
            "; ".join(action.responsible),
            "; ".join(action.work_programmes),
            action.timeframe.kind,
            action.timeframe.start or "",
            action.timeframe.due or "",
            action.lifecycle,
            action.assessment.colour,
            action.assessment.ground,
            frame.why(action),
            override.colour if override else "",
            override.reason if override else "",
            override.expires if override else "",
            action.last_update or "",
            str(len(action.evidence)),
            frame.day,
        )
