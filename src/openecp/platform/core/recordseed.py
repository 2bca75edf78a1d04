# SPDX-License-Identifier: Apache-2.0
"""Gives a new installation the records that the two plans name, as drafts that nobody has filled yet."""

from __future__ import annotations

import logging
import re

from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.recordwork import RecordSource
from openecp.platform.core.seeding import INSTALLATION, SubmitsAll
from openecp.programme.action_plan.shipped import shipped_rows
from openecp.programme.compendia.commands import AddRecord
from openecp.programme.compendia.record import PREFIX, ROOM
from openecp.programme.compendia.templates import Template, shipped_templates

log = logging.getLogger("openecp.core")
SECRETARIAT = "SEC"
DATE_FIELDS = ("plan_date", "date")


def named_records() -> tuple[AddRecord, ...]:
    """Return what adds the records that the plans name: title, date, actions and bodies, and nothing else."""
    templates = shipped_templates()
    return tuple(
        AddRecord(
            record=row["id"],
            owner=SECRETARIAT,
            language="en",
            values={
                "title": {"en": row["title_en"], "fr": row["title_fr"]},
                **_date(templates[row["type"]], row["date"]),
            },
            actions=_codes(row["actions"]),
            bodies=_codes(row["bodies"]),
            origin="plan",
        )
        for row in shipped_rows("records")
    )


def _date(template: Template, date: str) -> dict[str, str]:
    """Return the date under the field that the type has for it, nothing where it has none."""
    name = next((name for name in DATE_FIELDS if template.field(name) is not None), None)
    return {name: date} if name is not None and date else {}


def _codes(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"\s*;\s*", text.strip()) if part)


def seed_records(core: SubmitsAll, store: RecordSource) -> int:
    """Add the records that the plans name where there is no record at all; return how many were added."""
    if store.faces(room=ROOM, prefix=PREFIX):
        return 0
    acts = named_records()
    answers = core.submit_all([ProgrammeCommand(principal=INSTALLATION, act=act) for act in acts])
    for act, answer in zip(acts, answers, strict=True):
        if answer.error is not None:
            log.error("%s, which a plan names, was refused: %s", act.record, answer.error.message)
    return sum(1 for answer in answers if answer.outcome == "done")
