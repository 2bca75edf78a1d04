# SPDX-License-Identifier: Apache-2.0
"""A profile as its author fills it in: read from the form, made into a profile, with all that is wrong at its field.

What is wrong is said by the checker of profiles; here it is only asked field by field, so that all is told in one pass.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from openecp.border.risk.profiles.checking import DAYS_MAX, check_budget, check_profile
from openecp.border.risk.profiles.compiled import Criteria
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.profile import RiskProfile
from openecp.platform.console.risk.predicate_rows import (
    GROUPS_MAX,
    ROWS_MAX,
    VALUE_MAX,
    Money,
    PredicateGroup,
    PredicateRow,
    PredicateRows,
    condition_of,
    row_faults,
    rows_of,
    sql_text,
)

TEXTS = ("id", "name", "purpose", "legal_basis", "valid_from", "expires_on", "lane", "priority", "percentage",
         "instructions")  # fmt: skip
LANES = ("red", "yellow", "blue")
TEXT_MAX, SQL_MAX = 5_000, 5_000
FIRST_DAYS = 365
_DROP = re.compile(r"drop-(\d{1,2})-(\d{1,2})")
_SAFE: dict[str, Any] = {
    "id": "SAFE", "name": "name", "purpose": "purpose", "legal_basis": "basis", "instructions": "look", "lane": "red",
    "priority": 100, "percentage": Decimal(100), "predicate": "origin = 'QP'",
}  # fmt: skip


class ProfileDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form."""

    texts: dict[str, str]
    rows: PredicateRows = PredicateRows()
    sql: str = ""
    mode: str = "rows"  # or sql

    def text(self, name: str) -> str:
        """Return a field."""
        return self.texts.get(name, "")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What the checker says of a draft."""

    profile: RiskProfile | None
    faults: dict[str, ProfileRefused]
    rows: dict[tuple[int, int], ProfileRefused]
    sql: str = ""
    criteria: Criteria | None = None
    budget: str = ""
    over: ProfileRefused | None = None  # the budget that it does not keep; it can be proposed, not activated

    @property
    def good(self) -> bool:
        """Whether it can be proposed."""
        return self.profile is not None


def empty_draft(today: date) -> ProfileDraft:
    """Return the form of a new profile."""
    texts = dict.fromkeys(TEXTS, "") | {
        "valid_from": today.isoformat(), "expires_on": (today + timedelta(days=FIRST_DAYS)).isoformat(), "lane": "red",
        "priority": "100", "percentage": "100",
    }  # fmt: skip
    return ProfileDraft(texts=texts)


def draft_of(profile: RiskProfile, money: Money) -> ProfileDraft:
    """Return a profile as it stands in the form; as rows where its predicate has that form."""
    texts = {name: str(getattr(profile, name)) for name in TEXTS}
    texts["percentage"] = f"{profile.percentage.normalize():f}"
    rows = None
    with contextlib.suppress(ProfileRefused):
        rows = rows_of(read_predicate(profile.predicate), money)
    if rows is None:
        return ProfileDraft(texts=texts, sql=profile.predicate, mode="sql")
    return ProfileDraft(texts=texts, rows=rows, sql=profile.predicate)


def draft_from(fields: Mapping[str, str], *, name: str = "") -> ProfileDraft:
    """Return what was filled in; `name` is the id of the profile that is edited, which cannot change."""
    texts = {field: fields.get(field, "").strip()[:TEXT_MAX] for field in TEXTS}
    texts["id"] = name or texts["id"].upper()
    groups = []
    for g in range(GROUPS_MAX):
        rows = tuple(
            PredicateRow(*(fields.get(f"{part}-{g}-{r}", "").strip()[:VALUE_MAX] for part in ("col", "op", "val")))
            for r in range(ROWS_MAX)
            if f"col-{g}-{r}" in fields
        )
        if rows:
            groups.append(PredicateGroup(_join(fields.get(f"join-{g}", "")), rows))
    mode = "sql" if fields.get("mode") == "sql" else "rows"
    rows_all = PredicateRows(_join(fields.get("join", "")), tuple(groups) or (PredicateGroup(),))
    return ProfileDraft(texts=texts, rows=rows_all, sql=fields.get("sql", "").strip()[:SQL_MAX], mode=mode)


def _join(text: str) -> str:
    return "any" if text == "any" else "all"


def changed(draft: ProfileDraft, wish: str, money: Money) -> ProfileDraft:
    """Return the form after a wish of its author: a row or group more or less, the other way to write it."""
    groups = list(draft.rows.groups)
    if wish.startswith("add-row-") and wish[8:].isdigit() and int(wish[8:]) < len(groups):
        at = int(wish[8:])
        groups[at] = PredicateGroup(groups[at].join, (*groups[at].rows, PredicateRow())[:ROWS_MAX])
    elif found := _DROP.fullmatch(wish):
        g, r = int(found[1]), int(found[2])
        if g < len(groups):
            groups[g] = PredicateGroup(groups[g].join, groups[g].rows[:r] + groups[g].rows[r + 1 :])
            groups = [group for group in groups if group.rows] or [PredicateGroup()]
    elif wish == "add-group" and len(groups) < GROUPS_MAX:
        inner = "all" if draft.rows.join == "any" else "any"
        groups.append(PredicateGroup(inner))
    elif wish == "to-sql":
        try:
            text = sql_text(condition_of(draft.rows, money))
        except ProfileRefused:
            text = draft.sql
        return msgspec.structs.replace(draft, mode="sql", sql=text)
    elif wish == "to-rows":
        return _as_rows(draft, money)
    return msgspec.structs.replace(draft, rows=PredicateRows(draft.rows.join, tuple(groups)))


def _as_rows(draft: ProfileDraft, money: Money) -> ProfileDraft:
    try:
        rows = rows_of(read_predicate(draft.sql), money) if draft.sql else PredicateRows()
    except ProfileRefused:
        return draft
    return draft if rows is None else msgspec.structs.replace(draft, mode="rows", rows=rows)


def checked(draft: ProfileDraft, money: Money, today: date, active: list[tuple[str, Criteria]]) -> Checked:
    """Return what the checker says of a draft, each fault at its field; `active` are the profiles that select now."""
    faults: dict[str, ProfileRefused] = {}
    in_rows = row_faults(draft.rows, money) if draft.mode == "rows" else {}
    sql = draft.sql
    if draft.mode == "rows":
        sql = ""
        try:
            if not in_rows:
                sql = sql_text(condition_of(draft.rows, money))
        except ProfileRefused as refused:
            faults["predicate"] = refused
    values = _values(draft, sql, faults)
    if in_rows:
        values["predicate"] = _SAFE["predicate"]
    profile = RiskProfile(**values)
    criteria = None
    for _ in range(2 * len(TEXTS)):
        try:
            criteria = check_profile(profile, today=today)
            break
        except ProfileRefused as refused:
            where = refused.where if refused.where in values else "predicate"
            faults.setdefault(where, refused)
            profile = msgspec.structs.replace(profile, **_mended(where, today))
    whole = criteria is not None and "predicate" not in faults and not in_rows
    budget, over = "", None
    if whole and criteria is not None:
        try:
            budget = check_budget(active, (profile.id, criteria))
        except ProfileRefused as refused:
            over = refused
    good = not faults and not in_rows
    return Checked(
        profile=profile if good else None, faults=faults, rows=in_rows, sql=sql, criteria=criteria if whole else None,
        budget=budget, over=over,
    )  # fmt: skip


def _mended(where: str, today: date) -> dict[str, Any]:
    if where in ("valid_from", "expires_on"):
        return {"valid_from": today, "expires_on": today}
    return {where: _SAFE[where]}


def _values(draft: ProfileDraft, sql: str, faults: dict[str, ProfileRefused]) -> dict[str, Any]:
    """Return the fields with their types; what cannot be read is a fault, and something safe stands in its place."""
    values: dict[str, Any] = {name: draft.text(name) for name in ("id", "name", "purpose", "legal_basis")}
    values |= {"instructions": draft.text("instructions"), "predicate": sql or _SAFE["predicate"]}
    if not sql and draft.mode == "sql":
        values["predicate"] = ""
    values["lane"] = draft.text("lane")
    if values["lane"] not in LANES:
        faults["lane"] = _fault("lane", "red, yellow or blue", draft.text("lane"), "Choose one.")
        values["lane"] = "red"
    for name in ("valid_from", "expires_on"):
        try:
            values[name] = date.fromisoformat(draft.text(name))
        except ValueError:
            faults[name] = _fault(name, "a day such as 2026-12-31", draft.text(name), "Choose a day.")
            values[name] = date(2000, 1, 1) if name == "valid_from" else date(2000, 1, 1) + timedelta(days=DAYS_MAX)
    if "expires_on" in faults or "valid_from" in faults:
        known = next((values[n] for n in ("expires_on", "valid_from") if n not in faults), date(9000, 1, 1))
        values |= {"valid_from": known, "expires_on": known}
    text = draft.text("priority")
    values["priority"] = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    if values["priority"] < 0:
        faults["priority"] = _fault("priority", "1 to 1000", text, "Correct it.")
        values["priority"] = 100
    try:
        values["percentage"] = Decimal(draft.text("percentage").replace(",", ".").removesuffix("%").strip())
    except InvalidOperation:
        faults["percentage"] = _fault("percentage", "0.0001 to 100", draft.text("percentage"), "Correct it.")
        values["percentage"] = Decimal(100)
    return values


def _fault(where: str, expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused("The profile cannot be used.", where=where, expected=expected, got=got[:200] or "nothing",
                          fix=fix)  # fmt: skip
