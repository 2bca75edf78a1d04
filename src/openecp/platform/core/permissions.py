# SPDX-License-Identifier: Apache-2.0
"""Which role may do what. A role that is not named for a permission does not have it."""

from __future__ import annotations

from typing import Literal

from openecp.kernel.parties.model import Principal, Role

Permission = Literal[
    "lodge",  # lodge declarations and requests
    "read_own",  # cases, notifications and receipts of one's own organisation
    "read_all",  # those of every organisation
    "act",  # officer acts
    "read_risk",  # what was selected for what reason, audits: officers and auditors
    "handle",  # acts on parcels: an officer's, and of those it lodged a trader's two (present, answer)
    "receive",  # payments of collectors: who receives them decides about no parcel
    "quote",  # what a basket would cost; nothing is stored
    "read_metrics",  # counters of the installation
    "administer",  # organisations, tokens, webhooks
    "read_plans",  # action plans, sessions, figures
    "report",  # updates and evidence; a delegate's for the actions of its own bodies only
    "record",  # what happened to goods that others than Customs know of: of a trader's own, of a partner's own kind
    "programme",  # everything else that changes the register of plans
]

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "trader": frozenset({"quote", "lodge", "handle", "record", "read_own", "read_plans"}),
    "officer": frozenset({"quote", "handle", "record", "read_own", "read_all", "act", "read_risk", "read_plans"}),
    "revenue": frozenset({"quote", "receive", "read_own", "read_all", "read_plans"}),
    "auditor": frozenset({"quote", "read_own", "read_all", "read_risk", "read_metrics", "read_plans"}),
    "operator": frozenset({"quote", "read_metrics", "administer", "read_plans"}),
    "secretariat": frozenset({"quote", "read_plans", "report", "programme"}),
    "delegate": frozenset({"quote", "read_plans", "report"}),
    "partner": frozenset({"quote", "read_plans", "record"}),
}


def may(principal: Principal, permission: Permission) -> bool:
    """Tell whether one of the principal's roles has this permission."""
    return any(permission in PERMISSIONS.get(role, frozenset()) for role in principal.roles)


def may_read(principal: Principal, organisation: str) -> bool:
    """Tell whether the principal may read a case of this organisation."""
    if may(principal, "read_all"):
        return True
    return may(principal, "read_own") and principal.organisation == organisation


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Return the roles that have this permission, in the order of the table."""
    return tuple(role for role, held in PERMISSIONS.items() if permission in held)
