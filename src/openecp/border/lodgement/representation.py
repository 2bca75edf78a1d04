# SPDX-License-Identifier: Apache-2.0
"""Who declares for whom: oneself, directly in another's name, or indirectly in one's own name for another.

A trader may always declare himself. Everyone else needs an authority of the principal that is of the declared kind
and valid on the day. The representative is the Agent, or the declarant where the Agent has no identity of its own;
the principal is then the importer (import) or the exporter (export), else the declarant.

Reads: representations.csv (principal, agent, kind, valid_from, valid_to); relations.csv, rule `representation`
(error_code, severity); `[registers] representations`: `open` lets pass who is not listed, `closed` (default) does not.
Source: WCO Data Model class 05A Agent, data element 102; Revised Kyoto Convention, General Annex, chapter 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openecp.border.lodgement.context import Profile, error_code, setting
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration

KINDS = {"2": "direct", "3": "indirect"}
AGENT, AGENT_KIND, DECLARANT = "42A/05A.R004", "42A/05A.102", "42A/57B.R123"


def representation_faults(
    declaration: Declaration,
    profile: Profile,
    *,
    on: str,
    identifiers: Sequence[str] | None = None,
    movement: str | None = None,
) -> tuple[Reason, ...]:
    """Return what is wrong with the representation that a declaration claims, on a day (ISO date).

    `identifiers` are the numbers of the organisation that sends; None where nobody is known to send.
    """
    declarant = declaration.declarant.id if declaration.declarant is not None else None
    agent = declaration.agent
    if agent is None or not (agent.function_code or agent.id):
        if identifiers is not None and declarant and declarant not in identifiers:
            return (
                _fault(
                    profile,
                    "The sender is not the declarant, and no representative is declared.",
                    DECLARANT,
                    expected="the sender's own number, or an Agent",
                    got=declarant,
                    fix="Declare yourself, or add the Agent with FunctionCode 2 (direct) or 3 (indirect).",
                ),
            )
        return ()
    kind = KINDS.get(agent.function_code or "")
    if kind is None:
        return (
            _fault(
                profile,
                "The kind of representation is not known.",
                AGENT_KIND,
                expected="2 (direct) or 3 (indirect)",
                got=agent.function_code or "none",
                fix="Set the Agent's FunctionCode.",
            ),
        )
    representative = agent.id or declarant
    principal = _principal(declaration, movement) if representative == declarant else declarant
    faults = []
    if identifiers is not None and representative and not {representative, declarant} & set(identifiers):
        faults.append(
            _fault(
                profile,
                "The sender is neither the representative nor the declarant.",
                AGENT,
                expected="the sender's own number as Agent or as Declarant",
                got=representative,
                fix="Name yourself as Agent, or have the representative send the declaration.",
            )
        )
    if principal and representative and principal != representative:
        faults += _authority(profile, principal, representative, kind, on, AGENT if agent.id else DECLARANT)
    return tuple(faults)


def _principal(declaration: Declaration, movement: str | None) -> str | None:
    shipment = declaration.goods_shipment
    importer = shipment.importer.id if shipment is not None and shipment.importer is not None else None
    exporter = declaration.exporter.id if declaration.exporter is not None else None
    if movement == "export":
        return exporter
    return importer if movement == "import" else importer or exporter


def _authority(profile: Profile, principal: str, agent: str, kind: str, on: str, pointer: str) -> list[Reason]:
    rows = [row for row in profile.table("representations") if row["principal"] == principal and row["agent"] == agent]
    if not rows and setting(profile, "registers", "representations", default="closed") == "open":
        return []
    of_kind = [row for row in rows if row["kind"] == kind]
    if any((row.get("valid_from") or "") <= on <= (row.get("valid_to") or "9999-12-31") for row in of_kind):
        return []
    if of_kind:
        spans = "; ".join(f"{row.get('valid_from') or '…'} to {row.get('valid_to') or '…'}" for row in of_kind[:5])
        message, got = f"The authority for {kind} representation is not valid on this day.", spans
        expected, pointer = f"an authority valid on {on}", pointer
    elif rows:
        message, pointer = "The authority is for another kind of representation.", AGENT_KIND
        expected, got = f"an authority for {kind} representation", ", ".join(sorted({row["kind"] for row in rows}))
    else:
        message = f"There is no authority for {kind} representation."
        expected, got = f"an authority given by {principal} to {agent}", "none"
    fix = "Have the principal register the authority, or let the principal declare himself."
    return [_fault(profile, message, pointer, expected=expected, got=got, fix=fix)]


def _fault(profile: Profile, message: str, pointer: str, *, expected: str, got: str, fix: str) -> Reason:
    row: dict[str, Any] = next((r for r in profile.table("relations") if r.get("rule") == "representation"), {})
    return Reason(
        code=row.get("error_code") or error_code(profile, "representation"),
        layer="authority",
        rule="representation",
        message=message,
        severity="warn" if row.get("severity") == "warn" else "reject",
        pointer=pointer,
        expected=expected,
        got=got,
        fix=fix,
        source=row.get("source") or None,
    )
