# SPDX-License-Identifier: Apache-2.0
"""The life of a risk profile: proposed, back-tested, activated by a second officer, suspended, expired, retired.

Limits: a back-test older than 90 days does not count; what a profile looks for stands beside the log, its hash in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from openecp.border.risk.profiles.acts import (
    ActivateProfile,
    AttachBacktest,
    Backtest,
    ExpireProfile,
    ProfileAct,
    ProposeProfile,
    RetireProfile,
    SuspendByResults,
    SuspendProfile,
)
from openecp.border.risk.profiles.checking import check_budget, check_profile, compiled
from openecp.border.risk.profiles.compiled import Criteria
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.profile import RiskProfile
from openecp.border.risk.profiles.versions import ProfileState, ProfileVersion, backtest_digest

BACKTEST_DAYS_MAX = 90
EVENT_KINDS = (
    "RiskProfileProposed", "RiskProfileBacktested", "RiskProfileActivated", "RiskProfileSuspended",
    "RiskProfileExpired", "RiskProfileRetired", "RiskProfileRefused",
)  # fmt: skip


class ProfileDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What an act makes: an event and the state after it."""

    kind: str
    body: dict[str, Any]
    state: ProfileState
    document: bytes = b""  # kept beside the log


def decide(
    state: ProfileState | None, act: ProfileAct, *, actor: str, now: str, today: date | None = None,
    others: Sequence[ProfileState] = (),
) -> ProfileDecision:  # fmt: skip
    """Decide one act about one profile; `others` are those on record, `today` the administration's day.

    Raises: ProfileRefused.
    """
    today = today or date.fromisoformat(now[:10])
    if isinstance(act, ProposeProfile):
        return _proposed(state, act.profile, actor, now, today)
    if state is None:
        raise ProfileRefused("There is no such profile.", where="profile", expected="the id of one on record",
                             got=act.profile_id[:60], fix="openecp risk profile list", status=404)  # fmt: skip
    if state.retired:
        raise _refused(state, "a profile that is not retired", "retired: " + state.retired[:100], "Propose another.")
    match act:
        case AttachBacktest():
            return _backtested(state, act.backtest, actor, now)
        case ActivateProfile():
            return _activated(state, act, actor, now, today, others)
        case SuspendProfile():
            return _suspended(state, act.reason, actor, today)
        case SuspendByResults():
            return _found_less(state, act, today)
        case ExpireProfile():
            return _expired(state, today)
        case RetireProfile():
            reason = _reason(act.reason)
            after = msgspec.structs.replace(state, retired=f"{reason} ({actor})", waiting=None)
            return ProfileDecision(kind="RiskProfileRetired", body={"profile": state.profile_id}, state=after,
                                   document=reason.encode())  # fmt: skip


def _proposed(
    state: ProfileState | None, profile: RiskProfile, actor: str, now: str, today: date
) -> ProfileDecision:  # fmt: skip
    check_profile(profile, today=today)
    before = state or ProfileState(profile_id=profile.id)
    if before.retired:
        raise _refused(before, "an id that is not retired", "a retired profile", "Choose another id.")
    version = ProfileVersion(number=before.last + 1, profile=profile, author=actor, written_at=now)
    body = {
        "profile": profile.id, "version": version.number, "lane": profile.lane,
        "share_millionths": profile.share_millionths(), "valid_from": str(profile.valid_from),
        "expires_on": str(profile.expires_on),
    }  # fmt: skip
    after = msgspec.structs.replace(before, last=version.number, waiting=version)
    return ProfileDecision(
        kind="RiskProfileProposed", body=body, state=after, document=msgspec.json.encode(profile, order="sorted")
    )


def _backtested(state: ProfileState, backtest: Backtest, actor: str, now: str) -> ProfileDecision:
    target = next(
        (v for v in (state.waiting, state.current) if v is not None and v.profile.digest() == backtest.profile_digest),
        None,
    )
    if target is None:
        raise _refused(state, "a back-test of a version that is kept", f"one of {backtest.profile_digest[:16]}",
                       "Run the back-test again.")  # fmt: skip
    tested = msgspec.structs.replace(target, backtest=backtest, backtested_at=now)
    place = "waiting" if target is state.waiting else "current"
    body = {
        "profile": state.profile_id, "version": target.number, "backtest": backtest_digest(backtest),
        "files_sha256": backtest.files_sha256, "items": backtest.items, "hits": backtest.hits,
        "selected": backtest.selected, "known": backtest.known, "irregular": backtest.irregular,
    }  # fmt: skip
    after = msgspec.structs.replace(state, **{place: tested})
    return ProfileDecision(kind="RiskProfileBacktested", body=body, state=after)


def _activated(
    state: ProfileState, act: ActivateProfile, actor: str, now: str, today: date, others: Sequence[ProfileState]
) -> ProfileDecision:
    version = state.version(act.version)
    if version is None or (version is state.current and not version.suspended):
        raise _refused(state, "a version that waits or is suspended", f"version {act.version}", "Propose a new one.")
    if actor == version.author:
        raise ProfileRefused(
            "Nobody activates their own profile.", where=f"profile {state.profile_id}, version {version.number}",
            expected="a second officer", got="its author", fix="Ask another officer to look at it.",
            code="OECP-RISK-SELF-APPROVAL", status=403,
        )  # fmt: skip
    if today > version.profile.expires_on:
        raise ProfileRefused(
            "An expired profile is not activated.", where=f"profile {state.profile_id}, version {version.number}",
            expected=f"an expiry from {today} on", got=str(version.profile.expires_on),
            fix="Propose a new version with a later day.", code="OECP-RISK-PROFILE-EXPIRED",
        )  # fmt: skip
    backtest = version.backtest
    age = (today - date.fromisoformat(version.backtested_at[:10])).days if backtest else 0
    if backtest is None or backtest_digest(backtest) != act.backtest or age > BACKTEST_DAYS_MAX:
        got = "none" if backtest is None else f"{age} days old" if age > BACKTEST_DAYS_MAX else "another"
        raise _refused(state, f"the digest of this version's back-test, at most {BACKTEST_DAYS_MAX} days old",
                       got, "`openecp risk profile backtest` makes one, `show` tells its digest.")  # fmt: skip
    criteria = compiled(version.profile.predicate)
    used = check_budget([*_in_use(others, today)], (state.profile_id, criteria))
    after = msgspec.structs.replace(
        state, current=msgspec.structs.replace(
            version, approver=actor, activated_at=now, suspended="",
            judged_from=version.counted if version.suspended else version.judged_from,
        ),
        waiting=None if version is state.waiting else state.waiting, expired=False,
    )  # fmt: skip
    body = {
        "profile": state.profile_id, "version": version.number, "author": version.author, "backtest": act.backtest,
        "criteria": len(criteria.rows), "budget": used,
    }  # fmt: skip
    return ProfileDecision(kind="RiskProfileActivated", body=body, state=after)


def _in_use(states: Sequence[ProfileState], today: date) -> list[tuple[str, Criteria]]:
    return [
        (state.profile_id, compiled(state.current.profile.predicate))
        for state in states
        if state.current is not None and not state.retired and state.current.selects(today)
    ]


def _suspended(state: ProfileState, reason: str, actor: str, today: date) -> ProfileDecision:
    version = state.current
    if version is None or not version.selects(today):
        raise _refused(state, "a profile that selects", state.status(today), "Nothing is to be done.")
    why = f"{_reason(reason)} ({actor})"
    after = msgspec.structs.replace(state, current=msgspec.structs.replace(version, suspended=why))
    body = {"profile": state.profile_id, "version": version.number}
    return ProfileDecision(kind="RiskProfileSuspended", body=body, state=after, document=why.encode())


def _found_less(state: ProfileState, act: SuspendByResults, today: date) -> ProfileDecision:
    version = state.current
    if version is None or version.number != act.version or not version.selects(today):
        raise _refused(state, f"version {act.version} selecting", state.status(today), "Nothing is to be done.")
    why = act.verdict.told()
    after = msgspec.structs.replace(state, current=msgspec.structs.replace(version, suspended=why, counted=act.counted))
    body = {"profile": state.profile_id, "version": version.number, "by": "results", **act.verdict.facts()}
    return ProfileDecision(kind="RiskProfileSuspended", body=body, state=after, document=why.encode())


def _expired(state: ProfileState, today: date) -> ProfileDecision:
    version = state.current
    if version is None or state.expired or today <= version.profile.expires_on:
        raise _refused(state, "a profile whose last day is over", state.status(today), "Nothing is to be done.")
    body = {"profile": state.profile_id, "version": version.number, "expires_on": str(version.profile.expires_on)}
    after = msgspec.structs.replace(state, expired=True)
    return ProfileDecision(kind="RiskProfileExpired", body=body, state=after)


def _reason(text: str) -> str:
    if not 3 <= len(text.strip()) <= 400:
        raise ProfileRefused("A reason is needed.", where="reason", expected="3 to 400 characters",
                             got=f"{len(text.strip())}", fix="Say why.")  # fmt: skip
    return text.strip()


def _refused(state: ProfileState, expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused("This cannot be done with the profile.", where=f"profile {state.profile_id}",
                          expected=expected, got=got, fix=fix)  # fmt: skip
