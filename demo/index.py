# SPDX-License-Identifier: Apache-2.0
"""One step of the demonstration: what is sent or done, by whom, and what must come of it."""

from __future__ import annotations

from typing import NamedTuple

from openecp.kernel.datamodel.declaration import Declaration


class Step(NamedTuple):
    """A row of expected.csv. `message` is the declaration or the bytes of the file, None for an officer's act."""

    name: str  # file name without ending; empty for an officer's act
    message: Declaration | bytes | None
    comment: str
    case: str  # LRN of the case that the step is about
    party: str
    user: str
    action: str  # lodge, amend, invalidate, present, or act=result of an officer
    media: str
    key: str  # Idempotency-Key where the step sends its own
    outcome: str
    codes: str  # codes of errors that must be among those given, joined by |
    channel: str  # any of these, joined by |; empty: none
    status: str  # any of these, joined by |; status of the case after the step
    total: int | None  # sum of what is due on the case after the step, minor units; None: not computed by hand
    note: str


def lodge(
    name: str,
    declaration: Declaration,
    comment: str,
    *,
    total: int | None = None,
    channel: str = "green|blue",
    status: str = "cleared",
    outcome: str = "accepted",
    codes: str = "",
    party: str | None = None,
    media: str = "xml",
    key: str = "",
    note: str = "",
) -> Step:
    """Return the step that lodges a declaration, sent by its declarant's system."""
    sender = party or (declaration.declarant.id if declaration.declarant else None) or ""
    lrn = declaration.functional_reference_id or ""
    return Step(
        name,
        declaration,
        comment,
        lrn,
        sender,
        "system",
        "lodge",
        media,
        key,
        outcome,
        codes,
        channel,
        status,
        total,
        note,
    )


def rejected(name: str, declaration: Declaration, comment: str, codes: str, *, note: str = "", **more: str) -> Step:
    """Return the step that lodges a declaration which Customs must reject with these codes."""
    return lodge(
        name, declaration, comment, outcome="rejected", codes=codes, channel="", status="rejected", note=note, **more
    )


def request(
    name: str,
    declaration: Declaration,
    comment: str,
    *,
    about: str,
    action: str,
    status: str,
    channel: str = "green|blue",
    outcome: str = "accepted",
    codes: str = "",
    total: int | None = None,
    note: str = "",
) -> Step:
    """Return the step that amends, invalidates or presents; `${MRN:…}` in the file stands for the case's MRN."""
    sender = (declaration.submitter.id if declaration.submitter else None) or ""
    return Step(
        name,
        declaration,
        comment,
        about,
        sender,
        "system",
        action,
        "xml",
        "",
        outcome,
        codes,
        channel,
        status,
        total,
        note,
    )


def officer(
    case: str, act: str, *, status: str, channel: str = "green|blue", total: int | None = None, note: str = ""
) -> Step:
    """Return the act of an officer on a case."""
    return Step("", None, "", case, "customs", "officer", act, "", "", "done", "", channel, status, total, note)


def raw(name: str, content: bytes, comment: str, codes: str, *, party: str, media: str = "xml", note: str = "") -> Step:
    """Return the step that sends a message which nobody can read as a declaration."""
    return Step(
        name, content, comment, "", party, "system", "lodge", media, "", "unreadable", codes, "", "", None, note
    )
