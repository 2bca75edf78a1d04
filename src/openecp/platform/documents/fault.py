# SPDX-License-Identifier: Apache-2.0
"""What is said where a document cannot be read."""

from __future__ import annotations

from openecp.programme.action_plan.importing.source import PlanFault


def fault(name: str, message: str, *, wanted: str, got: str, fix: str, place: str = "") -> PlanFault:
    """Return the error for a document: what is wrong with it, where, and what to do."""
    return PlanFault(f"{name} {message}", where=f"{name}, {place}" if place else name, wanted=wanted, got=got, fix=fix)
