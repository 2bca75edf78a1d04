# SPDX-License-Identifier: Apache-2.0
"""Wires the programme side and what travels its way: plans, records, post, activities, profiles, payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openecp.bootstrap import Installation
    from openecp.platform.core.inprocess import InProcessCore
    from openecp.platform.core.programme import ProgrammeCasework
    from openecp.programme.action_plan.reading import PlanBook


def programme_casework(installation: Installation, store: Any) -> ProgrammeCasework:
    """Return where commands of the programme side are decided, and those that travel its way."""
    from openecp.bootstrap_post import postal_casework
    from openecp.bootstrap_risk import profile_casework
    from openecp.bootstrap_risk_work import audit_casework
    from openecp.platform.core.activitywork import ActivityCasework
    from openecp.platform.core.paymentwork import PaymentCasework
    from openecp.platform.core.programme import ProgrammeCasework
    from openecp.platform.core.recordwork import RecordCasework

    post = postal_casework(store, installation.profile, installation.quoter)
    activities = ActivityCasework(store, organisation=lambda name: installation.register(store).organisation(name))
    audits = audit_casework(installation, store)
    profiles = profile_casework(store, installation.profile)
    others = (RecordCasework(store), post, activities, profiles, PaymentCasework(store), audits)
    return ProgrammeCasework(store, others=others)


def programme_core(installation: Installation, store: Any) -> InProcessCore:
    """Return a core in this process that takes commands of the programme side only: nothing is assessed."""
    from openecp.platform.core.desk import Desk
    from openecp.platform.core.inprocess import InProcessCore
    from openecp.platform.core.programme import NoClearance

    nothing, programme = NoClearance(), installation.programme(store)
    desk = Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=programme)
    return InProcessCore(desk, installation.settings)


def seed_plans(installation: Installation, store: Any) -> int:
    """Take in the plans that ship where the register is empty and the settings want them."""
    from openecp.platform.core.seeding import seed_register

    if not installation.settings.shipped_plans:
        return 0
    return seed_register(installation.programme_core(store), store, installation.indicators())


def plan_book(installation: Installation, store: Any) -> PlanBook:
    """Return the register of plans as it is read."""
    from openecp.kernel.journal.memory import utc_now
    from openecp.programme.action_plan.bodies import shipped_bodies, shipped_work_programmes
    from openecp.programme.action_plan.reading import PlanBook

    return PlanBook(
        store,
        clock=utc_now,
        bodies=shipped_bodies(),
        work_programmes=shipped_work_programmes(),
        indicators=installation.indicators(),
        window=store,
    )
