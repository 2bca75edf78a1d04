# SPDX-License-Identifier: Apache-2.0
"""Makes the command that takes a plan document into the register from the document itself."""

from __future__ import annotations

from openecp.platform.documents.reading import import_plan
from openecp.programme.action_plan.codes import Scope
from openecp.programme.action_plan.commands import TakePlan

_MEDIA = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


def take_act(
    name: str,
    content: bytes,
    *,
    plan_id: str | None = None,
    language: str = "en",
    confirmed: bool = False,
    on: str | None = None,
    scope: Scope = "programme",
    work_programme: str | None = None,
) -> TakePlan:
    """Read a plan document and return the command that takes it; `plan_id` names it otherwise than it names itself.

    Raises: PlanFault where the document cannot be read as a plan.
    """
    document = import_plan(name, content, plan_id=plan_id)
    return TakePlan(
        document=document,
        official=True,
        language=language,
        on=on,
        confirmed=confirmed,
        scope=scope,
        work_programme=work_programme,
        source=content,
        media_type=_MEDIA.get(name.rpartition(".")[2].lower(), "text/plain"),
    )
