# SPDX-License-Identifier: Apache-2.0
"""Identifiers of plans, actions, sessions and instruments, and the journal streams that hold them."""

from __future__ import annotations

import re

ROOM = "programme"
PLAN = "plan/"
SESSION = "session/"
INSTRUMENT = "instrument/"
_PLAN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._@/+-]{0,99}")
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def is_plan_id(text: str) -> bool:
    """Tell whether this may name a plan: letters, digits, dot, hyphen and underscore, at most 40."""
    return _PLAN.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Tell whether this may name a session or an instrument."""
    return _NAME.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Tell whether this is a day, `2020-02-01`."""
    return _DAY.fullmatch(text) is not None


def action_id(plan: str, number: int) -> str:
    """Return the id of an action: `ECP-IV-05`."""
    return f"{plan}-{number:02d}"


def parse_action(action: str) -> tuple[str, int] | None:
    """Return plan and number of an action id, None where it cannot be one."""
    plan, hyphen, number = action.rpartition("-")
    if not hyphen or not is_plan_id(plan) or not number.isascii() or not number.isdigit() or len(number) > 6:
        return None
    return plan, int(number)


def plan_stream(plan: str) -> str:
    """Return the stream of a plan: `plan/ECP-IV`."""
    return PLAN + plan


def action_stream(action: str) -> str:
    """Return the stream of an action: `plan/ECP-IV/55`.

    Raises: ValueError for what cannot be an action id.
    """
    parsed = parse_action(action)
    if parsed is None:
        raise ValueError(f"action: expected an id such as ECP-IV-55, got {action!r}")
    return f"{PLAN}{parsed[0]}/{parsed[1]}"


def session_stream(session: str) -> str:
    """Return the stream of a session: `session/PTC/223`."""
    return SESSION + session


def instrument_stream(instrument: str) -> str:
    """Return the stream of an instrument that stands alone: `instrument/D-I-01`."""
    return INSTRUMENT + instrument


def subject_of(stream: str) -> str:
    """Return what a stream is about, as people name it: `plan/ECP-IV/55` is `ECP-IV-55`."""
    if stream.startswith(PLAN):
        plan, slash, number = stream.removeprefix(PLAN).partition("/")
        return action_id(plan, int(number)) if slash else plan
    return stream.partition("/")[2]


def end_of(day: str) -> str:
    """Return the last instant of a day, as the journal writes it."""
    return f"{day}T23:59:59.999999Z"


def start_of(day: str) -> str:
    """Return the first instant of a day, as the journal writes it."""
    return f"{day}T00:00:00.000000Z"
