# SPDX-License-Identifier: Apache-2.0
"""Every notification has the shape of its published kind, and says nothing for officers."""

from __future__ import annotations

import msgspec
import pytest
from tests.lifecycle_office import fault, line

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.mrn import check_character, is_mrn, make_mrn, serial_text
from openecp.kernel.datamodel.binding import encode_json
from openecp.kernel.datamodel.response import Bank, Response

ABOUT = notice.Subject(
    lrn="LRN-1", mrn="26XB00000000000R14", version=2, now="2026-05-04T08:01:02.999999Z", reference="0" * 32
)


def tree(response: Response) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(encode_json(response))
    assert found["FunctionalReferenceID"] == "0" * 32
    assert found["IssueDateTime"] == {"value": "20260504080102Z", "formatCode": "304"}
    declaration = found["Declaration"]
    assert isinstance(declaration, dict)
    assert declaration["ID"] == "26XB00000000000R14"
    assert declaration["VersionID"] == "2"
    return found


def test_all_codes_have_names() -> None:
    assert notice.notification_name("13") == "13 TAX"
    assert set(notice.NAMES) == {f"{n:02d}" for n in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 18)}


def test_times_amounts_and_rates_are_written_as_messages_have_them() -> None:
    assert notice.date_time("2026-05-04T08:01:02.999999Z").value == "20260504080102Z"
    assert [notice.amount(m, "XBM").value for m in (0, 5, 12345, -5)] == ["0.00", "0.05", "123.45", "-0.05"]
    assert notice.amount(12345, "JPY", 0).value == "12345"
    assert notice.amount(12345, "BHD", 3).value == "12.345"


def test_a_percentage_line_shows_base_rate_deduction_and_amounts() -> None:
    fee = msgspec.to_builtins(notice.tax_line(line(payable=5924, type="B00", base_minor=29624, rate="20")))
    assert fee == {
        "AdValoremTaxBaseAmount": {"value": "296.24", "currencyID": "XBM"},
        "DeductAmount": {"value": "0.00", "currencyID": "XBM"},
        "DutyRegimeCode": "100",
        "TaxRateNumeric": "20.00",
        "TypeCode": "B00",
        "Payment": {
            "TaxAssessedAmount": {"value": "59.24", "currencyID": "XBM"},
            "PaymentAmount": {"value": "59.24", "currencyID": "XBM"},
        },
    }


def test_a_specific_line_shows_no_base_and_no_rate() -> None:
    fee = notice.tax_line(line(payable=13557, base_minor=100, rate=None))
    assert fee.ad_valorem_tax_base_amount is None
    assert fee.tax_rate_numeric is None
    assert fee.deduct_amount is not None


def test_a_line_that_informs_has_nothing_to_pay() -> None:
    fee = msgspec.to_builtins(notice.tax_line(line(type="IPR", charge=False, assessed_minor=25000)))
    assert fee == {"TypeCode": "IPR", "Payment": {"TaxAssessedAmount": {"value": "250.00", "currencyID": "XBM"}}}


def test_an_override_is_echoed() -> None:
    fee = msgspec.to_builtins(notice.tax_line(line(payable=500, base_minor=20000, duty="declared")))
    assert fee["SpecificTaxBaseQuantity"] == {"value": "200.000000", "unitCode": "XBM"}
    assert "DeductAmount" not in fee
    assert "AdValoremTaxBaseAmount" not in fee


def test_taxes_stand_by_item_with_bank_and_status() -> None:
    lines = [line(item=2), line(item=1), line(item=2, type="B00")]
    told = tree(notice.taxes(ABOUT, status="67", lines=lines, bank=Bank(reference_id="BIC", id="IBAN")))
    assert told["Status"] == [{"NameCode": "67"}]
    assert told["Bank"] == {"ReferenceID": "BIC", "ID": "IBAN"}
    items = told["Declaration"]["GoodsShipment"]["GovernmentAgencyGoodsItem"]  # type: ignore[index]
    assert [(i["SequenceNumeric"], len(i["Commodity"]["DutyTaxFee"])) for i in items] == [("1", 1), ("2", 2)]


def test_the_other_notifications_have_their_own_parts() -> None:
    now = ABOUT.now
    assert tree(notice.control(ABOUT)).keys() == {
        "FunctionCode",
        "FunctionalReferenceID",
        "IssueDateTime",
        "Declaration",
    }
    wanted = tree(notice.documents(ABOUT, limit=now))["AdditionalInformation"][0]  # type: ignore[index]
    assert wanted["LimitDateTime"]["value"] == "20260504080102Z"
    assert wanted["StatementTypeCode"] == "ACA"
    assert tree(notice.cleared(ABOUT, checked=True))["AdditionalInformation"] == [
        {"StatementCode": "A1", "StatementTypeCode": "AFB"}
    ]
    assert tree(notice.released(ABOUT, checked=False))["AdditionalInformation"] == [
        {"StatementCode": "A2", "StatementTypeCode": "AFB"}
    ]
    assert "CancellationDateTime" in tree(notice.invalidated(ABOUT))["Declaration"]  # type: ignore[operator]
    assert tree(notice.request_answered(ABOUT, granted=False, text="No"))["Status"] == [{"NameCode": "41"}]
    left = tree(notice.exited(ABOUT, office="XB000001", effective=now))
    assert left["AdditionalInformation"] == [{"StatementDescription": "XB000001", "StatementTypeCode": "CEX"}]
    assert "LimitDateTime" in tree(notice.exit_awaited(ABOUT, limit=now))["AdditionalInformation"][0]  # type: ignore
    short = tree(notice.insufficient(ABOUT, due_minor=22640, currency="XBM", account="1909241"))
    assert short["FunctionCode"] == "14"
    payment = short["Declaration"]["DutyTaxFee"][0]["Payment"]  # type: ignore[index]
    assert payment["PaymentAmount"]["value"] == "226.40"
    assert payment["ObligationGuarantee"] == [{"ReferenceID": "1909241"}]


def test_a_result_points_and_gives_the_texts_back() -> None:
    told = tree(
        notice.result(ABOUT, changes=[("30", "42A[1]/67A[1]/68A[2]"), ("28", "42A.228")], texts=[None, "Fewer items"])
    )
    assert told["Amendment"][0]["Pointer"] == [  # type: ignore[index]
        {"DocumentSectionCode": "42A"},
        {"DocumentSectionCode": "67A"},
        {"DocumentSectionCode": "68A", "SequenceNumeric": "2"},
    ]
    assert told["AdditionalInformation"][0]["Pointer"][1]["SequenceNumeric"] == "2"  # type: ignore[index]


def test_errors_are_one_for_each_place_and_not_endless() -> None:
    twice = [fault(), fault(), fault(related_pointers=("42A.023",)), fault("X", None), fault("Y", "no pointer")]
    errors = notice.errors_of(twice)
    assert [(e.validation_code, len(e.pointer)) for e in errors] == [("XB-001", 5), ("XB-001", 1), ("X", 0), ("Y", 0)]
    assert len(notice.errors_of(fault(f"E{n}", "42A.023") for n in range(5000))) == notice.LIMIT_ERRORS


def test_an_mrn_can_be_checked() -> None:
    mrn = make_mrn(year=2026, country="XB", serial=serial_text(36**12 - 1), letter="R")
    assert len(mrn) == 18
    assert is_mrn(mrn)
    assert not is_mrn(mrn[:-1] + str((int(mrn[-1]) + 1) % 10))
    assert not is_mrn("26XB")
    assert check_character("26XB0000000000009") in "0123456789"
    with pytest.raises(ValueError, match="MRN"):
        make_mrn(year=2026, country="X", serial=serial_text(1), letter="R")
    with pytest.raises(ValueError, match="serial"):
        serial_text(36**12)
