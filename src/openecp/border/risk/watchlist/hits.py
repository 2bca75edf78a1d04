# SPDX-License-Identifier: Apache-2.0
"""What becomes of a hit: one officer proposes that it is a match or cleared, another one confirms.

A cleared pair stays cleared until its expiry, for this party and this entry as it stands: a changed entry reopens it.
Reads: the hit's own stream. Limits: a clearance holds two years at most. No name is in an event: hashes and ids.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import msgspec

ROOM = "risk"
HIT_STREAM, LIST_STREAM, REFUSED_STREAM = "risk/hit/", "risk/watchlist/", "risk/watchlist-refused/"
CLEARED_DAYS, CLEARED_DAYS_MAX = 365, 731
Verdict = Literal["match", "cleared"]
Status = Literal["open", "proposed", "match", "cleared"]
EVENT_KINDS = (
    "WatchlistLoaded",
    "WatchlistRefused",
    "WatchlistHitFound",
    "WatchlistHitProposed",
    "WatchlistHitConfirmed",
    "WatchlistHitCleared",
    "WatchlistHitDeclined",
    "WatchlistHitReopened",
)


class HitRefused(Exception):  # noqa: N818 - a state of what was asked
    """An act on a hit cannot be done: says where, what was expected, what was got and what to do."""

    def __init__(self, *, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class HitState(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as its events tell: party as a salted hash, entry by its id, digest and the version of the list."""

    hit_id: str
    party: str
    list_id: str
    version: int
    entry_id: str
    entry_digest: str
    score_e6: int
    document: str
    status: Status = "open"
    verdict: Verdict | Literal[""] = ""
    proposed_by: str = ""
    until: str = ""
    decided_by: str = ""

    def stands(self, entry_digest: str, today: date) -> bool:
        """Tell whether a clearance holds for the entry as it stands, on a day."""
        return self.status == "cleared" and entry_digest == self.entry_digest and today.isoformat() <= self.until


class HitDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What one act changes: the event to record, and the hit after it."""

    kind: str
    body: dict[str, Any]
    state: HitState


def found(state: HitState) -> HitDecision:
    """Record a hit that was not known."""
    return HitDecision(kind="WatchlistHitFound", body=_told(state), state=state)


def reopened(state: HitState, now: HitState, today: date) -> HitDecision:
    """Open a cleared hit again: its time is over, or the entry has changed."""
    why = "entry_changed" if now.entry_digest != state.entry_digest else "expired"
    return HitDecision(
        kind="WatchlistHitReopened", body=_told(now) | {"why": why, "on": today.isoformat()},
        state=msgspec.structs.replace(now, hit_id=state.hit_id),
    )  # fmt: skip


def propose(state: HitState, verdict: Verdict, *, actor: str, today: date, until: date | None = None) -> HitDecision:
    """Propose that a hit is a match, or is cleared until a day. Raises: HitRefused."""
    if state.status not in ("open", "proposed"):
        raise HitRefused(where=f"hit {state.hit_id}", expected="a hit that is open", got=state.status,
                         fix="it is decided; a changed entry or the expiry opens it again")  # fmt: skip
    if state.status == "proposed" and actor != state.proposed_by:
        raise HitRefused(where=f"hit {state.hit_id}", expected="your own proposal, or none",
                         got="a proposal of another officer", fix="confirm or decline it")  # fmt: skip
    end = ""
    if verdict == "cleared":
        day = until or today + timedelta(days=CLEARED_DAYS)
        if not today < day <= today + timedelta(days=CLEARED_DAYS_MAX):
            raise HitRefused(where="until", expected=f"a day within {CLEARED_DAYS_MAX} days from tomorrow",
                             got=day.isoformat(), fix="choose a nearer day")  # fmt: skip
        end = day.isoformat()
    after = msgspec.structs.replace(state, status="proposed", verdict=verdict, proposed_by=actor, until=end)
    return HitDecision(kind="WatchlistHitProposed", body=_key(state) | {"verdict": verdict, "until": end}, state=after)


def confirm(state: HitState, *, actor: str, today: date, agree: bool = True) -> HitDecision:
    """Confirm or decline another officer's proposal. Raises: HitRefused, for the same officer too."""
    if state.status != "proposed":
        raise HitRefused(where=f"hit {state.hit_id}", expected="a hit with a proposal", got=state.status,
                         fix="propose match or cleared first")  # fmt: skip
    if actor == state.proposed_by:
        raise HitRefused(where=f"hit {state.hit_id}", expected="another officer than the one who proposed",
                         got="the same officer", fix="have a second officer decide")  # fmt: skip
    if not agree:
        after = msgspec.structs.replace(state, status="open", verdict="", proposed_by="", until="")
        return HitDecision(kind="WatchlistHitDeclined", body=_key(state) | {"verdict": state.verdict}, state=after)
    if state.verdict == "cleared" and state.until <= today.isoformat():
        raise HitRefused(where="until", expected="a day to come", got=state.until, fix="propose again")
    after = msgspec.structs.replace(state, status=state.verdict or "open", decided_by=actor)
    kind = "WatchlistHitCleared" if state.verdict == "cleared" else "WatchlistHitConfirmed"
    body = _key(state) | {"verdict": state.verdict, "until": state.until, "proposed_by": state.proposed_by}
    return HitDecision(kind=kind, body=body, state=after)


def _key(state: HitState) -> dict[str, Any]:
    return {
        "hit": state.hit_id, "party": state.party, "list": state.list_id, "version": state.version,
        "entry": state.entry_id, "entry_sha256": state.entry_digest,
    }  # fmt: skip


def _told(state: HitState) -> dict[str, Any]:
    return _key(state) | {"score_e6": state.score_e6, "document": state.document}
