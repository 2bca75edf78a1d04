# SPDX-License-Identifier: Apache-2.0
"""Requests to amend: what they point at is replaced, inserted or removed, nothing else; faults are all named."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lifecycle_office import declaration, pointer, request

from openecp.border.lodgement.amend import AmendmentFault, amended_values, apply_amendment, changes_of, texts_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.pointers import resolve

BASE = declaration()


def cor(*amendments: tuple[str, str], **brought: Any) -> Declaration:
    listed = [{"ChangeReasonCode": reason, "Pointer": pointer(text)} for reason, text in amendments]
    return request("26XB000000000000R0", "COR", Amendment=listed, **brought)


def rules(fault: AmendmentFault) -> list[str]:
    return [reason.rule for reason in fault.reasons]


@pytest.mark.parametrize("style", ["42A[1]/67A[1]/68A[1]/23A[1]/65A[1].128", "42A/67A/68A[1]/23A/65A.128"])
def test_a_data_element_is_replaced_in_both_pointer_styles(style: str) -> None:
    item = {"SequenceNumeric": "1", "Commodity": {"GoodsMeasure": {"NetNetWeightMeasure": {"value": "62"}}}}
    new = apply_amendment(BASE, cor(("28", style), GoodsShipment={"GovernmentAgencyGoodsItem": [item]}))
    assert resolve(new, "42A/67A/68A[1]/23A/65A.128").value == "62"
    assert resolve(new, "42A/67A/68A[1]/23A.137") == "Goods of Jane Doe"


def test_a_class_without_own_number_is_named_by_position() -> None:
    item = {"SequenceNumeric": "1", "AdditionalDocument": [{"ID": "other", "LPCOExemptionCode": "EE"}]}
    new = apply_amendment(
        BASE, cor(("25", "42A/67A/68A[1]/02A[2].360"), GoodsShipment={"GovernmentAgencyGoodsItem": [item]})
    )
    assert resolve(new, "42A/67A/68A[1]/02A[2].360") == "EE"
    assert resolve(new, "42A/67A/68A[1]/02A[2].D005") == "LIC-1"  # what is not pointed at stays


def test_an_item_is_removed_and_the_others_keep_their_numbers() -> None:
    new = apply_amendment(BASE, cor(("30", "42A/67A/68A[1]"), ("28", "42A.228"), GoodsItemQuantity={"value": "1"}))
    assert new.goods_shipment is not None
    assert [item.sequence_numeric for item in new.goods_shipment.government_agency_goods_item] == ["2"]
    assert new.goods_item_quantity is not None
    assert new.goods_item_quantity.value == "1"


def test_items_documents_and_missing_classes_are_inserted() -> None:
    item = {"SequenceNumeric": "7", "Commodity": {"Description": "New"}}
    first = {"SequenceNumeric": "1", "AdditionalDocument": [{"CategoryCode": "C", "TypeCode": "644"}]}
    new = apply_amendment(
        BASE,
        cor(
            ("21", "42A/67A/68A[7]"),
            ("25", "42A/67A/68A[1]/02A[3]"),
            ("21", "42A/67A/41A.117"),
            GoodsShipment={
                "CustomsValuation": {"FreightChargeAmount": {"value": "19.34", "currencyID": "XBM"}},
                "GovernmentAgencyGoodsItem": [first, item],
            },
        ),
    )
    assert resolve(new, "42A/67A/68A[7]/23A.137") == "New"
    assert resolve(new, "42A/67A/68A[1]/02A[3].D006") == "644"
    assert resolve(new, "42A/67A/41A.117").value == "19.34"


def test_a_data_element_and_a_document_are_removed() -> None:
    new = apply_amendment(BASE, cor(("30", "42A/67A/68A[1]/02A[1]"), ("30", "42A.109")))
    assert resolve(new, "42A/67A/68A[1]/02A[1].D005") == "LIC-1"
    assert new.invoice_amount is None


@pytest.mark.parametrize(
    ("amendments", "brought", "rule"),
    [
        ([], {}, "amendment_missing"),
        ([("28", "42A")], {}, "amendment_pointer"),
        ([("28", "07B/53A")], {}, "amendment_pointer"),
        ([("28", "42A.D026")], {}, "not_amendable"),
        ([("28", "42A/17B.R059")], {}, "not_amendable"),
        ([("28", "42A/67A/68A[1].006")], {}, "not_amendable"),
        ([("28", "42A.146")], {}, "value_missing"),
        ([("25", "42A/67A/68A[1]/02A[1]")], {}, "value_missing"),
        ([("28", "42A/67A/99Z.128")], {}, "pointer_unresolved"),
        ([("28", "42A/67A.999")], {}, "pointer_unresolved"),
        ([("30", "42A/67A/68A[9]")], {}, "pointer_unresolved"),
        ([("30", "42A/67A/43B")], {}, "pointer_unresolved"),
        ([("30", "42A.023")], {}, "pointer_unresolved"),
        ([("25", "42A/67A/68A[1]/02A[5].360")], {}, "pointer_unresolved"),
        ([("30", "42A/67A/68A.137")], {}, "pointer_unresolved"),
        ([("30", "42A/67A/68A[2]"), ("21", "42A/67A/68A[2].108")], {}, "element_twice"),
        ([("21", "42A/67A/68A[2].108"), ("30", "42A/67A/68A[2]")], {}, "element_twice"),
    ],
)
def test_a_request_that_cannot_be_applied_says_why(
    amendments: list[tuple[str, str]], brought: dict[str, Any], rule: str
) -> None:
    value = {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "2", "CustomsValueAmount": {"value": "1"}}]}
    with pytest.raises(AmendmentFault) as caught:
        apply_amendment(BASE, cor(*amendments, **({"GoodsShipment": value} if rule == "element_twice" else brought)))
    assert rule in rules(caught.value)
    assert all(reason.fix and reason.expected and reason.pointer for reason in caught.value.reasons)


def test_all_faults_are_named_at_once_with_the_codes_of_the_administration() -> None:
    with pytest.raises(AmendmentFault) as caught:
        apply_amendment(
            BASE,
            cor(("28", "42A.146"), ("28", "42A.146"), ("28", "42A.D013")),
            codes={"element_twice": "XB-12026", "not_amendable": "XB-11012"},
        )
    assert [reason.code for reason in caught.value.reasons] == ["OECP-VALUE-MISSING", "XB-12026", "XB-11012"]


def test_too_many_amendments_are_refused_at_once() -> None:
    with pytest.raises(AmendmentFault, match="At most 999"):
        apply_amendment(BASE, cor(*[("28", "42A.146")] * 1000))


@pytest.mark.slow
def test_999_amendments_are_applied_quickly() -> None:
    items = [{"SequenceNumeric": str(n), "CustomsValueAmount": {"value": str(n)}} for n in range(1, 1000)]
    big = declaration(
        GoodsShipment={"GovernmentAgencyGoodsItem": [{"SequenceNumeric": str(n)} for n in range(1, 1000)]}
    )
    asked = cor(
        *[("21", f"42A/67A/68A[{n}].108") for n in range(1, 1000)],
        GoodsShipment={"GovernmentAgencyGoodsItem": items},
    )
    new = apply_amendment(big, asked)
    assert resolve(new, "42A/67A/68A[999].108").value == "999"


def test_texts_are_found_in_both_ways_of_counting() -> None:
    counted = [
        {"StatementTypeCode": "AES", "StatementDescription": "one", "Pointer": pointer("42A[1]/06A[1]")},
        {"StatementTypeCode": "AES", "StatementDescription": "two", "Pointer": pointer("42A[2]/06A[2]")},
    ]
    asked = cor(("28", "42A.146"), ("28", "42A.228"), AdditionalInformation=counted)
    assert texts_of(asked, 2) == ["one", "two"]
    asked = cor(("28", "42A.146"), ("28", "42A.228"), AdditionalInformation=counted[1:])
    assert texts_of(asked, 2) == [None, "two"]
    assert changes_of(asked) == [("28", "42A.146"), ("28", "42A.228")]


def test_the_new_values_of_a_result_hold_no_request_parts() -> None:
    values = amended_values([cor(("28", "42A.146"), TotalPackageQuantity={"value": "65"})])
    assert values == Declaration(function_code="9", total_package_quantity=values and values.total_package_quantity)
