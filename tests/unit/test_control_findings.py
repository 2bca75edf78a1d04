# SPDX-License-Identifier: Apache-2.0
"""What a control has found: recorded by officers, for officers, and nothing of it contradicts the result."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.lifecycle_office import TRADER, Office, assessed, declaration, line

from openecp.border.lodgement.case import event_for_audience
from openecp.border.lodgement.decide import all_reasons
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.findings import ControlFinding

WORDS = "Jane Doe had packed two watches into the lining"


def red() -> Office:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="red"))
    return office


def last(office: Office, kind: str) -> dict[str, Any]:
    return next(event.body for event in office.store.events(case_id=office.last) if event.kind == kind)


def test_an_irregularity_that_is_put_right_lets_the_goods_go_on() -> None:
    office = red()
    finding = ControlFinding(irregularity="value", recovered_minor=4200, items=(1, 1), found=WORDS)
    assert office.act("control_result", "irregular", finding=finding).status == "cleared"
    body = last(office, "ControlIrregular")
    told = body["officer"]["finding"]
    assert {**told, "found": None} == {
        "irregularity": "value", "recovered_minor": 4200, "currency": "XBM", "items": [1], "found": None
    }  # fmt: skip
    assert "officer" not in event_for_audience(body, "trader")
    assert "Jane" not in repr(office.store.events(case_id=office.last))
    assert WORDS.encode() in [document.content for document in office.store.documents_of(office.last)]


@pytest.mark.parametrize(
    ("result", "finding", "rule"),
    [
        ("irregular", None, "finding_missing"),
        ("irregular", ControlFinding(), "irregularity_unknown"),
        ("seized", ControlFinding(irregularity="smell"), "irregularity_unknown"),
        ("conform", ControlFinding(irregularity="value"), "finding_contradicts"),
        ("conform", ControlFinding(recovered_minor=1), "finding_contradicts"),
        ("irregular", ControlFinding(irregularity="value", recovered_minor=-1), "recovered_out_of_range"),
        ("irregular", ControlFinding(irregularity="value", items=(0,)), "finding_items"),
        ("irregular", ControlFinding(irregularity="value", items=(1, 99)), "finding_items"),
        ("irregular", ControlFinding(irregularity="value", found="x" * 4_001), "finding_too_long"),
    ],
)
def test_what_cannot_be_a_finding_is_refused(result: str, finding: ControlFinding | None, rule: str) -> None:
    office = red()
    answer = office.act("control_result", result, finding=finding)
    assert answer.error is not None
    assert (answer.outcome, answer.error.rule) == ("refused", rule)
    assert answer.error.expected
    assert answer.error.got


def test_a_finding_belongs_to_a_control_and_to_officers() -> None:
    office = red()
    answer = office.act("hold", finding=ControlFinding(irregularity="value"))
    assert answer.error is not None
    assert answer.error.rule == "finding_not_here"
    answer = office.act("control_result", "irregular", finding=ControlFinding(irregularity="value"), principal=TRADER)
    assert answer.http_status == 403


def test_documents_have_findings_too() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow"))
    office.act("documents_checked", "not_conform", finding=ControlFinding(irregularity="documents"))
    assert last(office, "DocumentsNotConform")["officer"]["finding"]["irregularity"] == "documents"


def test_a_declaration_that_a_profile_selects_by_what_risk_knows_is_lodged() -> None:
    told = Reason(code="OK-1", layer="risk", rule="risk.OK-1.1", message="Shoes", severity="info", audience="officer",
                  item=1, read={"novelty": 2, "importer_declarations": 5})  # fmt: skip
    office = Office()
    lodged = office.lodge(declaration(), assessed(line(), channel="red", reasons=(told,)))
    assert lodged.outcome == "accepted"
    assert all_reasons((told,), (msgspec.structs.replace(told, read=dict(told.read or {})),)) == (told,)
    other = msgspec.structs.replace(told, read={"novelty": 3})
    assert all_reasons((told,), (other,)) == (told, other), "other figures are another reason"
