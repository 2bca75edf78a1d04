# SPDX-License-Identifier: Apache-2.0
"""The paths of a declaration, lodged, acted upon and left to time; each recorded and replayed by the office."""

from __future__ import annotations

import pytest
from tests.lifecycle_office import (
    OTHER,
    TRADER,
    Office,
    assessed,
    declaration,
    fault,
    line,
    pointer,
    refused,
    request,
)

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.ledger.accounts import balances, check, kind_balance
from openecp.kernel.ledger.settlement import Funds

TAXED = assessed(line(), line(type="B00", payable=20400))
ALWAYS = {"requests": {"amend_automatically_in": ["assessed", "registered", "cleared", "under_control", "exited"]}}
LIMIT = {"DAN-4711": Funds(account="d-1", available_minor=100)}


def kinds(office: Office) -> list[str]:
    return [event.kind for event in office.store.events(case_id=office.last)]


def codes(office: Office) -> list[str]:
    return [code for code, _ in office.told]


def test_green_goods_with_duties_are_cleared_in_five_events() -> None:
    office = Office()
    answer = office.lodge(declaration(), TAXED)
    assert (answer.outcome, answer.status) == ("accepted", "cleared")
    assert codes(office) == ["01", "13/67", "13/4", "09"]
    assert len(kinds(office)) == 5
    entries = list(office.store.entries.values())
    check(entries)
    assert balances(entries) == {"deferment:org-trader": 22400, "revenue:A00": -2000, "revenue:B00": -20400}
    assert office.store.clocks == {}


def test_green_goods_with_nothing_due_are_accepted_and_cleared() -> None:
    office = Office()
    assert office.lodge(declaration(), assessed()).status == "cleared"
    assert codes(office) == ["01", "09"]
    assert not office.store.entries


def test_blue_goods_are_cleared_and_only_officers_know_of_the_audit() -> None:
    office = Office()
    answer = office.lodge(declaration(), assessed(line(), channel="blue"))
    assert answer.status == "cleared"
    assert answer.assessment is not None
    assert answer.assessment.channel == "green"
    case = office.case()
    assert case.audit
    assert not case.for_audience("trader").audit
    assert case.for_audience("trader").channel is None


def test_yellow_goods_wait_for_their_documents() -> None:
    office = Office()
    assert office.lodge(declaration(), assessed(line(), channel="yellow")).status == "documents_required"
    assert office.case().documents_limit == "2026-06-03T08:00:00.000000Z"
    office.pass_days(1)
    assert office.act("documents_checked", "conform").status == "cleared"
    assert codes(office) == ["01", "13/67", "06", "13/4", "09"]
    assert office.store.clocks == {}


def test_documents_that_are_not_conform_lead_to_a_control() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow"))
    assert office.act("documents_checked", "not_conform").status == "under_control"
    assert office.act("control_result", "conform").status == "cleared"
    assert codes(office) == ["01", "13/67", "06", "05", "13/4", "09"]


def test_red_goods_wait_for_the_control_and_can_be_seized() -> None:
    office = Office()
    assert office.lodge(declaration(), assessed(line(), channel="red")).status == "under_control"
    assert codes(office) == ["01", "13/67", "06", "05"]
    assert office.act("control_result", "detained").status == "detained"
    answer = office.act("release")
    assert answer.outcome == "refused"
    assert answer.error is not None
    assert "detained" in (answer.error.got or "")
    assert office.act("control_result", "seized").status == "seized"
    assert office.store.clocks == {}
    assert office.act("lift_hold").outcome == "refused"


def test_red_without_documents_where_the_profile_says_so() -> None:
    office = Office(control={"red_asks_documents": False})
    office.lodge(declaration(), assessed(line(), channel="red"))
    assert codes(office) == ["01", "13/67", "05"]


def test_an_officer_releases_with_a_reason_only() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="red"))
    refusal = office.act("release", reason=" ")
    assert refusal.error is not None
    assert refusal.error.rule == "reason_missing"
    assert office.act("release").status == "cleared"
    [note] = [d for d in office.store.documents_of(office.last) if d.kind == "note"]
    assert note.content == b"as found"
    assert "as found" not in str([event.body for event in office.store.events(case_id=office.last)])


def test_held_goods_are_not_cleared_until_the_hold_is_lifted() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow"))
    assert office.act("hold").outcome == "done"
    assert office.act("hold").outcome == "refused"
    assert office.act("documents_checked", "conform").status == "assessed"
    assert office.act("release").outcome == "refused"
    assert office.act("lift_hold").status == "cleared"


def test_an_act_on_a_case_that_has_moved_on_is_refused() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow"))
    answer = office.act("documents_checked", "conform", expected_seq=2)
    assert answer.http_status == 409
    assert answer.error is not None
    assert answer.error.rule == "case_moved_on"
    assert office.act("documents_checked", None).http_status == 422
    assert office.act("hold", principal=TRADER).http_status == 403


def test_a_deferment_account_that_is_short_is_told_reminded_and_settled() -> None:
    office = Office(funds=dict(LIMIT))
    assert office.lodge(declaration(), TAXED).status == "payment_pending"
    assert codes(office) == ["01", "13/67", "14"]
    notice = office.store.feeds["org-trader"][-1]
    assert notice.kind == "14 CPI"
    assert b'"224.00"' in notice.body
    assert b"DAN-4711" in notice.body
    assert "DAN-4711" not in str([event.body for event in office.store.events()])
    for _ in range(3):
        office.pass_days(10)
        office.clock("payment")
    office.pass_days(10)
    office.clock("payment")
    assert codes(office)[3:] == ["15", "15", "15"]
    assert office.case().attention == "payment_overdue"
    assert office.act("confirm_payment").status == "payment_pending"  # the account is still short
    office.funds = {"DAN-4711": Funds(account="d-1", available_minor=100_000)}
    assert office.act("confirm_payment").status == "cleared"
    assert codes(office)[-2:] == ["13/4", "09"]
    assert balances(office.store.entries.values())["deferment:d-1"] == 22400


def test_an_immediate_payment_is_waited_for() -> None:
    office = Office()
    assert office.lodge(declaration(), assessed(line(method="A"))).status == "payment_pending"
    assert codes(office) == ["01", "13/67"]
    assert office.act("confirm_payment").status == "cleared"
    assert office.act("confirm_payment").outcome == "refused"


def test_an_immediate_payment_is_not_waited_for_where_the_profile_says_so() -> None:
    office = Office(payment={"await_immediate": False})
    assert office.lodge(declaration(), assessed(line(method="A"))).status == "cleared"


def test_suspended_duties_are_secured_and_released_without_08() -> None:
    office = Office()
    suspended = assessed(line(payable=0, method="R", assessed_minor=25000), security_minor=25000)
    assert office.lodge(declaration(), suspended).status == "cleared"
    assert codes(office) == ["01", "13/67", "13/4", "09"]
    assert balances(office.store.entries.values()) == {"guarantee:org-trader": 25000, "security:org-trader": -25000}


def test_a_silent_data_set_gets_no_tax_notice_where_nothing_is_due() -> None:
    office = Office(notifications={"no_tax_notice_for": ["H7"]})
    office.lodge(declaration(), assessed(line(payable=0), data_set="H7"))
    assert codes(office) == ["01", "09"]
    office.lodge(declaration("LRN-2"), assessed(line(), data_set="H7"))
    assert codes(office)[2:] == ["01", "13/67", "13/4", "09"]


def test_goods_are_released_under_security_and_cleared_later() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), security_minor=500, provisional_minor=500))
    assert office.case().status == "released"
    assert codes(office) == ["01", "13/67", "13/115", "08"]
    assert kind_balance(office.store.entries.values(), "guarantee") == 500
    office.pass_days(30)
    office.clock("security_decision", assessed(line(payable=1800), line(item=2, payable=900)))
    assert office.told[4:] == [("13/4", "2"), ("09", "2")]
    assert kind_balance(office.store.entries.values(), "guarantee") == 0
    assert kind_balance(office.store.entries.values(), "revenue") == -2700


def test_goods_released_under_security_keep_their_version_where_nothing_changes() -> None:
    office = Office()
    lines = (line(source="Regulation 1", duty="2 %"),)
    office.lodge(declaration(), assessed(*lines, security_minor=500, provisional_minor=500))
    assert office.act("release", assessment=assessed(*lines)).status == "cleared"
    assert office.told[4:] == [("13/4", "1"), ("09", "1")]


def test_a_rejected_declaration_gets_one_error_for_each_place() -> None:
    office = Office()
    hidden = Reason(
        code="RISK", layer="risk", rule="r", message="secret", severity="reject", audience="officer", pointer="42A.023"
    )
    found = refused(fault(), fault("XB-2", "42A/67A/68A[2]", related_pointers=("42A.228",)), hidden)
    answer = office.lodge(declaration(), found)
    assert (answer.outcome, answer.status) == ("rejected", "rejected")
    [told] = answer.notifications
    assert [error.validation_code for error in told.error] == ["XB-001", "XB-2", "XB-2"]
    assert answer.mrn is not None
    assert b"secret" not in office.store.feeds["org-trader"][0].body
    assert "secret" not in str(answer)


def test_faults_found_while_reading_reject_too() -> None:
    office = Office()
    answer = office.lodge(declaration(), TAXED, faults=(fault("XB-9", "42A/57B", layer="syntax"),))
    assert answer.outcome == "rejected"
    assert answer.assessment is not None
    assert not answer.assessment.taxes


def test_warnings_go_with_the_acceptance() -> None:
    office = Office()
    warning = fault("XB-W", "42A/67A/68A[1]", severity="warn")
    answer = office.lodge(declaration(), assessed(reasons=(warning,)))
    told = answer.notifications[0]
    assert told.error[0].validation_code == "XB-W"
    assert told.additional_information[0].statement_code == "smartErrorMsg"


def test_prelodged_goods_are_presented_by_the_trader() -> None:
    office = Office()
    answer = office.lodge(declaration(type_code="IMD"), TAXED)
    assert (answer.outcome, answer.status) == ("registered", "registered")
    office.pass_days(2)
    answer = office.lodge(request(answer.mrn or "", "GPR"), TAXED)
    assert answer.status == "cleared"
    assert office.told == [
        *[("02", "1"), ("13/67", "1")],
        *[("02", "1"), ("01", "2"), ("13/67", "2"), ("13/4", "2"), ("09", "2")],
    ]
    case = office.case()
    assert case.type_code == "IMA"
    assert case.acceptance_date == "2026-05-04"
    again = office.lodge(request(answer.mrn or "", "GPR", lrn="REQ-2"), TAXED)
    assert again.outcome == "refused"


def test_presented_goods_can_be_rejected_when_the_law_has_changed() -> None:
    office = Office()
    answer = office.lodge(declaration(type_code="IMD"), TAXED)
    answer = office.lodge(request(answer.mrn or "", "GPR"), refused(fault()))
    assert (answer.outcome, answer.status) == ("rejected", "rejected")
    assert codes(office)[-2:] == ["02", "03"]


def test_goods_that_are_not_presented_in_time_expire() -> None:
    office = Office()
    office.lodge(declaration(type_code="IMD"), TAXED)
    office.pass_days(29)
    assert office.clock("presentation").outcome == "refused"
    office.pass_days(1)
    assert office.clock("presentation").status == "expired"
    assert codes(office)[-1] == "10"
    assert office.store.clocks == {}
    assert office.clock("presentation").outcome == "refused"


def test_an_export_arrives_is_cleared_and_exits() -> None:
    office = Office()
    export = assessed(movement="export", data_set="B1")
    office.lodge(declaration(type_code="EXD"), export)
    office.act("confirm_arrival", "XBAUNORTHPORT", export)
    assert office.told == [("02", "1"), ("01", "2"), ("07", "2"), ("09", "2")]
    body = office.store.feeds["org-trader"][2].body
    assert b"NORTHPORT" in body
    assert b'"16"' in body
    assert set(office.store.clocks) == {(office.last, "exit_reminder"), (office.last, "exit")}
    office.pass_days(90)
    assert office.clock("exit_reminder").status == "exit_awaited"
    assert office.act("confirm_exit").status == "exited"
    assert codes(office)[-2:] == ["18", "16"]
    assert office.store.clocks == {}


def test_an_export_that_does_not_exit_expires_and_an_import_cannot_exit() -> None:
    office = Office()
    office.lodge(declaration(type_code="EXA"), assessed(movement="export"))
    office.pass_days(151)
    assert office.clock("exit").status == "expired"
    office.lodge(declaration("LRN-2"), assessed())
    answer = office.act("confirm_exit")
    assert answer.error is not None
    assert "export" in answer.error.message


def remove_item_2(mrn: str, **more: object) -> dict[str, object]:
    return {
        "GoodsItemQuantity": {"value": "1"},
        "Amendment": [
            {"ChangeReasonCode": "30", "Pointer": pointer("42A[1]/67A[1]/68A[2]")},
            {"ChangeReasonCode": "28", "Pointer": pointer("42A[1].228")},
        ],
        "AdditionalInformation": [
            {
                "StatementTypeCode": "AES",
                "StatementDescription": "Item taken off",
                "Pointer": pointer("42A[1]/06A[1]"),
            }
        ],
    } | more


def test_an_amendment_before_release_is_a_new_version_and_is_told_at_release() -> None:
    office = Office(**ALWAYS)
    answer = office.lodge(declaration(), assessed(line(), line(item=2), channel="red"))
    mrn = answer.mrn or ""
    answer = office.lodge(request(mrn, "COR", **remove_item_2(mrn)), assessed(line(payable=1500), channel="red"))
    assert (answer.outcome, answer.status, answer.version) == ("accepted", "under_control", 2)
    office.act("control_result", "conform")
    assert office.told == [
        *[("01", "1"), ("13/67", "1"), ("06", "1"), ("05", "1")],
        *[("02", "1"), ("11/39", "1"), ("13/67", "2")],
        *[("13/4", "2"), ("07", "2"), ("09", "2")],
    ]
    result = next(m.body for m in office.store.feeds["org-trader"] if m.kind == "07 RES")
    assert b"Item taken off" in result
    assert office.case().unannounced == ()


def test_an_amendment_after_clearance_reverses_and_enters_anew() -> None:
    office = Office(**ALWAYS)
    mrn = office.lodge(declaration(), assessed(line(), line(item=2))).mrn or ""
    answer = office.lodge(request(mrn, "COR", **remove_item_2(mrn)), assessed(line(), channel="red"))
    assert (answer.status, answer.version) == ("cleared", 2)
    assert office.told[4:] == [
        *[("02", "1"), ("11/39", "1"), ("13/67", "2"), ("13/4", "2"), ("07", "2"), ("09", "2")],
    ]
    entries = list(office.store.entries.values())
    check(entries)
    assert sum(1 for entry in entries if entry.reverses) == 1
    assert kind_balance(entries, "revenue") == -2000
    assert office.case().audit  # what would have been a control


def test_an_amendment_of_a_registered_declaration_is_told_when_it_is_presented() -> None:
    office = Office()
    mrn = office.lodge(declaration(type_code="IMD"), assessed()).mrn or ""
    office.lodge(request(mrn, "COR", **remove_item_2(mrn)), assessed())
    office.lodge(request(mrn, "GPR", lrn="REQ-2"), assessed())
    assert office.told == [
        *[("02", "1"), ("02", "1"), ("11/39", "1"), ("02", "2"), ("01", "3"), ("07", "3"), ("09", "3")],
    ]


def test_an_officer_decides_where_the_software_may_not() -> None:
    office = Office()
    mrn = office.lodge(declaration(), assessed(line())).mrn or ""
    answer = office.lodge(request(mrn, "COR", **remove_item_2(mrn)), assessed(line()))
    assert (answer.outcome, answer.http_status) == ("registered", 202)
    second = office.lodge(request(mrn, "INV", lrn="REQ-2"))
    assert second.error is not None
    assert second.error.rule == "request_open"
    assert office.act("refuse_request", reason="No.").outcome == "done"
    office.lodge(request(mrn, "COR", lrn="REQ-3", **remove_item_2(mrn)))
    assert office.act("grant_request", assessment=assessed(line(payable=1000))).version == 2
    assert [code for code in codes(office) if code.startswith("11")] == ["11/41", "11/39"]
    assert office.act("grant_request").outcome == "refused"


def test_an_amendment_that_would_be_rejected_is_refused() -> None:
    office = Office(**ALWAYS)
    mrn = office.lodge(declaration(), assessed(line(), channel="red")).mrn or ""
    answer = office.lodge(request(mrn, "COR", **remove_item_2(mrn)), refused(fault()))
    assert (answer.outcome, answer.status, answer.version) == ("rejected", "under_control", 1)
    assert codes(office)[-2:] == ["02", "11/41"]
    assert answer.notifications[-1].error[0].validation_code == "XB-001"


def test_a_request_that_is_wrong_in_itself_is_rejected_and_changes_nothing() -> None:
    office = Office(**ALWAYS)
    mrn = office.lodge(declaration(), assessed(line())).mrn or ""
    before = office.case()
    answer = office.lodge(request(mrn, "COR", Amendment=[{"ChangeReasonCode": "28", "Pointer": pointer("42A.146")}]))
    assert (answer.outcome, answer.status) == ("rejected", "cleared")
    assert answer.error is not None
    assert answer.error.rule == "value_missing"
    assert codes(office)[-1] == "03"
    assert office.case() == before


def test_a_request_of_another_organisation_learns_nothing() -> None:
    office = Office()
    mrn = office.lodge(declaration(), assessed(line())).mrn or ""
    answer = office.lodge(request(mrn, "INV"), principal=OTHER)
    assert (answer.outcome, answer.mrn, answer.status) == ("refused", None, None)
    unknown = office.lodge(request("26XB000000000000R0", "INV"), principal=OTHER)
    assert unknown.error is not None
    assert answer.error is not None
    assert unknown.error.message == answer.error.message
    assert unknown.http_status == answer.http_status


def test_a_request_of_an_unknown_kind_is_refused() -> None:
    office = Office()
    mrn = office.lodge(declaration(), assessed()).mrn or ""
    answer = office.lodge(request(mrn, "XYZ"))
    assert answer.error is not None
    assert answer.error.pointer == "42A.D013"


def test_an_invalidation_repays_by_reversal() -> None:
    office = Office(requests={"invalidate_automatically_in": ["cleared"]})
    mrn = office.lodge(declaration(), TAXED).mrn or ""
    answer = office.lodge(request(mrn, "INV", Amendment=[{"ChangeReasonCode": "1"}]))
    assert answer.status == "invalidated"
    assert codes(office)[-3:] == ["02", "11/39", "10"]
    entries = list(office.store.entries.values())
    check(entries)
    assert len(entries) == 4
    assert set(balances(entries).values()) == {0}
    assert office.lodge(request(mrn, "INV", lrn="R2")).outcome == "refused"


def test_only_exports_are_invalidated_by_the_software_where_the_profile_says_so() -> None:
    office = Office(requests={"invalidate_automatically_in": ["export:cleared"]})
    mrn = office.lodge(declaration(), assessed(line())).mrn or ""
    assert office.lodge(request(mrn, "INV")).outcome == "registered"
    assert office.act("grant_request").status == "invalidated"
    mrn = office.lodge(declaration("LRN-2", "EXA"), assessed(movement="export")).mrn or ""
    assert office.lodge(request(mrn, "INV")).status == "invalidated"
    assert office.store.clocks == {}


def test_green_goods_wait_where_the_profile_says_so() -> None:
    office = Office(clocks={"release_wait_s": 60}, **ALWAYS)
    answer = office.lodge(declaration(), assessed(line()))
    assert answer.status == "assessed"
    office.lodge(request(answer.mrn or "", "COR", **remove_item_2("")), assessed(line(payable=900)))
    assert office.case().status == "assessed"
    office.pass_days(61 / 86400)
    assert office.clock("release").status == "cleared"
    assert office.told == [
        *[("01", "1"), ("13/67", "1"), ("02", "1"), ("11/39", "1"), ("13/67", "2")],
        *[("13/4", "2"), ("07", "2"), ("09", "2")],
    ]


def test_documents_that_do_not_come_are_noted() -> None:
    office = Office()
    office.lodge(declaration(), assessed(line(), channel="yellow"))
    office.pass_days(31)
    office.clock("documents")
    assert office.case().attention == "documents_overdue"
    assert office.act("documents_checked", "conform").status == "cleared"


@pytest.mark.parametrize("text", ["", "\x00\x01", "x" * 400, "Größe"])
def test_a_strange_reference_is_recorded_plainly(text: str) -> None:
    office = Office()
    answer = office.lodge(declaration(lrn=text), refused(fault()))
    assert answer.lrn is not None
    assert len(answer.lrn) <= 70
    assert answer.lrn.isprintable()


def test_nothing_personal_is_in_events_or_state() -> None:
    office = Office(**ALWAYS)
    mrn = office.lodge(declaration(), assessed(line(), channel="red")).mrn or ""
    office.lodge(request(mrn, "COR", **remove_item_2(mrn)), assessed(line(), channel="red"))
    office.act("control_result", "conform", reason="Jane Doe was there")
    logged = str([event.body for event in office.store.events()]) + str(office.store.rows)
    for secret in ("Jane", "XB-DECLARANT-7", "DAN-4711", "GRN-0815", "Item taken off"):
        assert secret not in logged
