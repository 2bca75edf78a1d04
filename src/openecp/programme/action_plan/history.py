# SPDX-License-Identifier: Apache-2.0
"""What changed, when, by whom and on which ground: read from the events of a stream, and between plan versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from openecp.programme.action_plan.names import subject_of
from openecp.programme.action_plan.plans import ActionDiff
from openecp.programme.action_plan.state import Fact
from openecp.programme.action_plan.take import PROVENANCE
from openecp.programme.action_plan.views import ChangeView, FieldChange


def changes_of(stream: str, facts: Iterable[Fact]) -> list[ChangeView]:
    """Return every change of a stream, in the order in which they hold."""
    subject = subject_of(stream)
    found = []
    lifecycle = ""
    for fact in facts:
        fields = _fields(fact, lifecycle)
        if fact.kind == "ActionAdded":
            lifecycle = fact.body.get("lifecycle", "planned")
        elif fact.kind == "StatusReported":
            lifecycle = fact.body.get("status", lifecycle)
        found.append(
            ChangeView(
                subject=subject,
                kind=fact.kind,
                on=fact.on,
                recorded_at=fact.recorded_at,
                by=fact.actor,
                seq=fact.seq,
                fields=fields,
                note=fact.body.get("note") or fact.body.get("reason") or fact.body.get("text_of_decision", ""),
                decision=fact.body.get("decision"),
                version=fact.body.get("version"),
            )
        )
    return found


def _fields(fact: Fact, lifecycle: str) -> tuple[FieldChange, ...]:
    body = fact.body
    if "fields" in body:
        return tuple(
            FieldChange(field=name, before=as_text(change["before"]), after=as_text(change["after"]))
            for name, change in body["fields"].items()
            if name not in PROVENANCE
        )
    if fact.kind == "StatusReported" and body.get("status", lifecycle) != lifecycle:
        return (FieldChange(field="lifecycle", before=lifecycle, after=body["status"]),)
    if fact.kind == "EvidenceAdded":
        return (FieldChange(field="evidence", before="", after=body["ref"]),)
    if fact.kind == "StatusOverridden":
        return (FieldChange(field="override", before="", after=body["colour"] or ""),)
    if fact.kind in ("MilestoneSet", "MilestoneReached"):
        after = body.get("reached_on") or body.get("due") or ""
        return (FieldChange(field=f"milestone {body.get('title') or body['milestone']}", before="", after=after),)
    if fact.kind == "DeliverableStaged":
        return (FieldChange(field=f"stage {body['deliverable']}", before="", after=body["stage"]),)
    if fact.kind == "ActionProposed":
        title = body["titles"].get("en") or next(iter(body["titles"].values()), "")
        return (FieldChange(field=f"proposal {body['proposal']}", before="", after=title),)
    if fact.kind == "ProposalDecided":
        return (FieldChange(field=f"proposal {body['proposal']}", before="", after=body.get("action") or "declined"),)
    if fact.kind == "PlanStatusChanged":
        return (FieldChange(field="status", before="", after=body["status"]),)
    return ()


def as_text(value: Any) -> str:
    """Return a value of a change as people read it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(
            each["body"] + ("" if each.get("role", "responsible") == "responsible" else f" ({each['role']})")
            if isinstance(each, dict) and "body" in each
            else as_text(each)
            for each in value
        )
    if isinstance(value, dict) and "kind" in value:
        return value.get("due") or str(value["kind"])
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in sorted(value.items()))
    return str(msgspec.json.encode(value).decode())


def difference(streams: Iterable[tuple[str, Sequence[Fact]]], old: int, new: int) -> list[ActionDiff]:
    """Return what differs between two versions of a plan, from the events that its versions made."""
    if old > new:
        return [_turned(each) for each in difference(streams, new, old)]
    found = []
    for stream, facts in streams:
        told = sorted(
            (fact for fact in facts if old < fact.body.get("version", 0) <= new), key=lambda fact: fact.body["version"]
        )
        if not told:
            continue
        first: dict[str, str] = {}
        last: dict[str, str] = {}
        what = "changed"
        for fact in told:
            if fact.kind in ("ActionAdded", "ActionRestored"):
                what = "changed" if what == "withdrawn" else "added"
            elif fact.kind == "ActionWithdrawn":
                what = "nothing" if what == "added" else "withdrawn"
            for change in _fields(fact, ""):
                first.setdefault(change.field, change.before)
                last[change.field] = change.after
        fields = tuple(
            FieldChange(field=name, before=first[name], after=last[name]) for name in first if first[name] != last[name]
        )
        if what in ("added", "withdrawn") or (what == "changed" and fields):
            found.append(
                msgspec.convert(
                    {"id": subject_of(stream), "what": what, "fields": fields}, ActionDiff, from_attributes=True
                )
            )
    return found


def _turned(diff: ActionDiff) -> ActionDiff:
    fields = tuple(FieldChange(field=each.field, before=each.after, after=each.before) for each in diff.fields)
    if diff.what == "changed":
        return ActionDiff(id=diff.id, what="changed", fields=fields)
    return ActionDiff(id=diff.id, what="withdrawn" if diff.what == "added" else "added", fields=fields)
