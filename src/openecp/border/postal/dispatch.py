# SPDX-License-Identifier: Apache-2.0
"""Dispatches and their receptacles: what was pre-advised, what arrived, and how the two match.

An item is pre-advised in one receptacle. It arrives there, in another one, or not; what arrives without having been
pre-advised is named too. A receptacle that arrives unopened is taken to hold what was pre-advised in it.
Limits: RECEPTACLES_MAX a dispatch, ITEMS_MAX items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from openecp.border.postal.faults import PostalFault, shown
from openecp.border.postal.s10 import key_faults
from openecp.border.postal.table import ITEMS_MAX

RECEPTACLES_MAX = 2_000
IDENTIFIER = re.compile(r"[A-Z0-9]{1,35}", re.ASCII)


class Receptacle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bag, tray or container; `items` are keys, identifier and posting date as in RB123456785GB/2026-07-01."""

    receptacle_id: str
    items: tuple[str, ...] = ()


class Dispatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Receptacles sent together from one office of exchange to another, as pre-advised."""

    dispatch_id: str
    origin_post: str
    destination_post: str
    dispatched_on: str | None = None
    mail_class: str | None = None
    receptacles: tuple[Receptacle, ...] = ()


class ArrivedReceptacle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A receptacle that has arrived; `items` are what was read in it (keys, or identifiers alone), if it was opened."""

    receptacle_id: str
    opened: bool = False
    items: tuple[str, ...] = ()


class ReceptacleState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known of a receptacle: what was pre-advised in it, when it arrived, what was found in it."""

    items: list[str] = []
    preadvised: bool = False
    arrived_at: str | None = None
    found: list[str] | None = None  # None: not opened


class DispatchState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A dispatch as it stands; folded from the events of its stream."""

    dispatch_id: str
    organisation: str
    origin_post: str = ""
    destination_post: str = ""
    dispatched_on: str | None = None
    mail_class: str | None = None
    status: str = "open"  # open, matched
    receptacles: dict[str, ReceptacleState] = {}


class MatchedItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a match: arrived, missing, without_preadvice or other_receptacle."""

    item: str
    outcome: str
    preadvised_in: str | None = None
    arrived_in: str | None = None


class DispatchMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Pre-advice against arrival: receptacles and items by outcome, and every item that is not simply there."""

    dispatch_id: str
    status: str
    receptacles: dict[str, int]
    items: dict[str, int]
    differences: tuple[MatchedItem, ...]


def dispatch_stream(dispatch_id: str) -> str:
    """Return the stream of a dispatch."""
    return f"post/dispatch/{dispatch_id}"


def identifier_fault(text: str, where: str) -> PostalFault | None:
    """Return what is wrong with the identifier of a dispatch or receptacle."""
    if IDENTIFIER.fullmatch(text):
        return None
    return PostalFault(code="OECP-POSTAL-DISPATCH", where=where, message="This is no identifier.",
                       expected="1 to 35 capital letters and digits", got=shown(text), fix="Correct it.")  # fmt: skip


def dispatch_faults(dispatch: Dispatch) -> list[PostalFault]:
    """Return what is wrong with a pre-advice: identifiers, doubles, limits."""
    found: list[PostalFault | None] = [identifier_fault(dispatch.dispatch_id, "dispatch_id")]
    seen: dict[str, str] = {}
    names: set[str] = set()
    if len(dispatch.receptacles) > RECEPTACLES_MAX or sum(len(r.items) for r in dispatch.receptacles) > ITEMS_MAX:
        found.append(_fault("receptacles", "The dispatch is too large.", f"{RECEPTACLES_MAX} receptacles, "
                            f"{ITEMS_MAX} items", "more", "Split the pre-advice."))  # fmt: skip
    for number, receptacle in enumerate(dispatch.receptacles[:RECEPTACLES_MAX]):
        where = f"receptacles[{number}]"
        found.append(identifier_fault(receptacle.receptacle_id, f"{where}.receptacle_id"))
        if receptacle.receptacle_id in names:
            found.append(
                _fault(where, "The receptacle is there twice.", "it once", receptacle.receptacle_id, "Join them.")
            )
        names.add(receptacle.receptacle_id)
        for place, key in enumerate(receptacle.items[:ITEMS_MAX]):
            found += key_faults(key, f"{where}.items[{place}]")
            if key in seen:
                at = f"{where}.items[{place}]"
                found.append(_fault(at, "The item is in two places.", "one receptacle", f"{key}, also in {seen[key]}",
                                    "Leave one of them out."))  # fmt: skip
            seen[key] = receptacle.receptacle_id
    return [fault for fault in found if fault is not None]


def _fault(where: str, message: str, expected: str, got: str, fix: str) -> PostalFault:
    return PostalFault(code="OECP-POSTAL-DISPATCH", where=where, message=message, expected=expected, got=shown(got),
                       fix=fix)  # fmt: skip


def preadvised_in(state: DispatchState) -> dict[str, str]:
    """Return for each pre-advised item its receptacle."""
    return {key: name for name, held in state.receptacles.items() if held.preadvised for key in held.items}


def match(state: DispatchState) -> DispatchMatch:
    """Return how pre-advice and arrival match as things stand."""
    items = list(_matched(state))
    counts = dict.fromkeys(("arrived", "missing", "without_preadvice", "other_receptacle"), 0)
    bags = dict.fromkeys(("arrived", "missing", "without_preadvice"), 0)
    for item in items:
        counts[item.outcome] += 1
    for held in state.receptacles.values():
        bags["missing" if held.arrived_at is None else "arrived" if held.preadvised else "without_preadvice"] += 1
    return DispatchMatch(
        dispatch_id=state.dispatch_id,
        status=state.status,
        receptacles=bags,
        items=counts,
        differences=tuple(item for item in items if item.outcome != "arrived"),
    )


def _matched(state: DispatchState) -> Iterator[MatchedItem]:
    wanted = preadvised_in(state)
    found = {
        key: name
        for name, held in state.receptacles.items()
        if held.arrived_at is not None
        for key in (held.items if held.found is None else held.found)
    }
    for key, name in wanted.items():
        at = found.get(key)
        outcome = "missing" if at is None else "arrived" if at == name else "other_receptacle"
        yield MatchedItem(item=key, outcome=outcome, preadvised_in=name, arrived_in=at)
    for key, name in found.items():
        if key not in wanted:
            yield MatchedItem(item=key, outcome="without_preadvice", arrived_in=name)
