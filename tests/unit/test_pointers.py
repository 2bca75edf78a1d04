# SPDX-License-Identifier: Apache-2.0
"""Pointers name one element of a declaration, as WCO pointer, as JSON pointer and as the structs of a message."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire_samples import full_declaration, full_response, small_declaration

from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import Pointer
from openecp.kernel.datamodel.elements import elements_of, name_paths, paths
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem, Packaging
from openecp.kernel.datamodel.pointers import (
    PointerError,
    Step,
    WcoPointer,
    format_pointer,
    from_json_pointer,
    from_structs,
    known,
    normalise,
    parse_pointer,
    path_of,
    resolve,
    to_json_pointer,
    to_structs,
)
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Quantity, WcoClass

NET_MASS = "42A/67A/68A[1]/23A/65A.128"
NET_MASS_JSON = "/Declaration/GoodsShipment/GovernmentAgencyGoodsItem/0/Commodity/GoodsMeasure/NetNetWeightMeasure"


def _numbered(*numbers: str | None) -> Declaration:
    items = tuple(GovernmentAgencyGoodsItem(sequence_numeric=n, transaction_nature_code=f"n{n}") for n in numbers)
    return Declaration(goods_shipment=GoodsShipment(government_agency_goods_item=items))


def test_parts() -> None:
    assert parse_pointer(NET_MASS) == WcoPointer(
        (Step("42A"), Step("67A"), Step("68A", 1), Step("23A"), Step("65A")), "128"
    )
    assert parse_pointer("42A/67A/68A[1000]") == WcoPointer((Step("42A"), Step("67A"), Step("68A", 1000)))
    assert parse_pointer("42A.D026").tag == "D026"
    assert parse_pointer("42A/67A/128") == parse_pointer("42A/67A.128")
    assert path_of(NET_MASS) == "42A/67A/68A/23A/65A.128"


@pytest.mark.parametrize(
    "text",
    ["", ".", "42A.", "42A/", "/42A", "42", "42A[1", "42A[]", "42A[x]", "42A[123456]", "42A.12", "42A.128.1", "x" * 301,
     "42A/68A[-1]", "42a", "42A 67A", "42A" + "/67A" * 20, "42A.D0260", "４２A"],
)  # fmt: skip
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(PointerError, match=r"^pointer.*expected"):
        parse_pointer(text)


def test_numbers_of_classes_that_occur_once_carry_nothing() -> None:
    assert normalise("42A[1]/67A[1]/68A[2]/23A[1]/65A[1].128") == "42A/67A/68A[2]/23A/65A.128"
    assert normalise("42A[3]/06A[3]") == "42A/06A[3]"
    assert normalise("07B[1]/53A[2]") == "07B/53A[2]"
    assert normalise("42A/67A[1]/56A.G005") == "42A/67A/56A.G005"  # 56A is not known below 67A
    assert normalise("42A/67A/70A.166") == "42A/67A/70A.166"


def test_known() -> None:
    assert known(NET_MASS)
    assert known("42A/67A/68A/23A/21A[3].337")
    assert known("42A/67A/68A[2]")
    assert not known("42A/67A/56A.G005")
    assert not known("99Z.001")


def test_resolve() -> None:
    declaration = small_declaration(items=2)
    assert resolve(declaration, NET_MASS) == Quantity(value="11.75", unit_code="KGM")
    assert resolve(declaration, "42A[1]/67A[1]/68A[2]/70A[2].166") == "000"
    assert resolve(declaration, "42A/67A/68A/70A.166") == "40"  # older senders: the first
    items = resolve(declaration, "42A/67A/68A")
    assert isinstance(items, tuple)
    assert resolve(declaration, "42A/67A/68A[2]") == items[1]
    assert resolve(declaration, "42A") is declaration
    here = ("42A/67A/68A[3]", "42A/67A/68A[0]", "42A/67A/68A[1]/41A.122", "42A.D014", "42A/17C", "42A/06A[1].099")
    nowhere = ("42A/99Z", "42A.999", "07B", "42A/67A/56A.G005")
    for absent in here + nowhere:
        assert resolve(declaration, absent) is None


def test_number_is_the_elements_own_where_it_has_one() -> None:
    assert resolve(_numbered("1000"), "42A/67A/68A[1000].103") == "n1000"
    assert resolve(_numbered("1000"), "42A/67A/68A[1].103") is None
    assert resolve(_numbered("1", "3"), "42A/67A/68A[3].103") == "n3"
    assert resolve(_numbered("1", "1"), "42A/67A/68A[1].103") == "n1"
    assert resolve(_numbered(None, None), "42A/67A/68A[2].103") == "nNone"  # none has one: by position
    assert resolve(_numbered("x", "9" * 5000), "42A/67A/68A[2].103") == "n" + "9" * 5000
    assert to_json_pointer("42A/67A/68A[3].103", _numbered("1", "3")).endswith("/1/TransactionNatureCode")


def test_json_pointers() -> None:
    declaration = small_declaration(items=2)
    assert to_json_pointer(NET_MASS, declaration) == NET_MASS_JSON
    assert from_json_pointer(NET_MASS_JSON, declaration) == NET_MASS
    assert to_json_pointer("42A/67A/68A[7]/23A", declaration).endswith("/GovernmentAgencyGoodsItem/6/Commodity")
    assert to_json_pointer("42A/17C", declaration) == "/Declaration/AuthorisationHolder"
    assert to_json_pointer("42A/17C.R144", declaration) == "/Declaration/AuthorisationHolder/0/ID"
    assert to_json_pointer("42A/67A/56A.G005", declaration) == "/Declaration/GoodsShipment"
    assert from_json_pointer("/Declaration/InvoiceAmount/value", declaration) == "42A.109"
    for bad in ("", "/", "/Response", "/Declaration/Colour", "/Declaration/Amendment/x", "Declaration"):
        with pytest.raises(PointerError):
            from_json_pointer(bad, declaration)


def test_pointers_into_a_response() -> None:
    response = full_response()
    assert resolve(response, "07B/42A.383") == response.declaration.version_id  # type: ignore[union-attr]
    assert resolve(response, "07B/42A[2].228") == response.amended_declaration.goods_item_quantity  # type: ignore[union-attr]
    assert to_json_pointer("07B/42A[2].228", response) == "/Response/AmendedDeclaration/GoodsItemQuantity"
    assert from_json_pointer("/Response/AmendedDeclaration/GoodsItemQuantity", response) == "07B/42A[2].228"
    assert from_json_pointer("/Response/Declaration/VersionID", response) == "07B/42A.383"
    assert normalise("07B[1]/42A[1].383") == "07B/42A.383"


def test_structs() -> None:
    structs = to_structs(NET_MASS)
    assert structs[2] == Pointer(sequence_numeric="1", document_section_code="68A")
    assert structs[-1] == Pointer(document_section_code="65A", tag_id="128")
    assert from_structs(structs) == NET_MASS
    for bad in (
        (),
        (Pointer(),),
        (Pointer(document_section_code="42A", tag_id="128"), Pointer(document_section_code="67A")),
        (Pointer(document_section_code="42A", sequence_numeric="x"),),
        (Pointer(document_section_code="42A", sequence_numeric="9" * 5000),),
        (Pointer(document_section_code="<script>"),),
    ):
        with pytest.raises(PointerError):
            from_structs(bad)


def _places(value: WcoClass, at: str) -> list[tuple[str, object]]:
    """Return every element of a class with its JSON pointer."""
    found: list[tuple[str, object]] = [(at, value)]
    for element in elements_of(type(value)):
        inner = getattr(value, element.field)
        if element.child is None:
            found.append((f"{at}/{element.name}", inner))
        elif element.repeats:
            for index, one in enumerate(inner):
                found += _places(one, f"{at}/{element.name}/{index}")
        else:
            found += _places(inner, f"{at}/{element.name}")
    return found


@pytest.mark.parametrize("root", [full_declaration(), full_response()], ids=["declaration", "response"])
def test_every_element_of_the_model_has_a_pointer_that_leads_back(root: Declaration | Response) -> None:
    root = _with_own_numbers(root)
    for json_pointer, value in _places(root, f"/{type(root).__name__}"):
        pointer = from_json_pointer(json_pointer, root)
        assert known(pointer), pointer
        assert resolve(root, pointer) == value, pointer
        assert to_json_pointer(pointer, root) == json_pointer
        assert from_structs(to_structs(pointer)) == pointer


def _with_own_numbers(value: Declaration | Response) -> Declaration | Response:
    """Number brothers 11, 12 … so that number and position differ."""

    def renumber(one: object) -> object:
        if isinstance(one, tuple):
            return tuple(
                msgspec.structs.replace(renumber(each), sequence_numeric=str(index + 11))  # type: ignore[type-var]
                if "sequence_numeric" in type(each).__struct_fields__
                else renumber(each)
                for index, each in enumerate(one)
            )
        if isinstance(one, WcoClass):
            fields = type(one).__struct_fields__
            return type(one)(**{field: renumber(getattr(one, field)) for field in fields})
        return one

    return renumber(value)  # type: ignore[return-value]


def test_registry() -> None:
    assert paths()["42A/67A/68A/23A/65A.128"].field == "net_net_weight_measure"
    assert paths()["42A/67A/68A"].repeats
    assert name_paths()["Declaration/GoodsShipment/UCR/ID"] == "42A/67A/35B.016"
    quantity = next(e for e in elements_of(Packaging) if e.field == "quantity_quantity")
    assert (quantity.name, quantity.wco_id, quantity.format, quantity.kind) == (
        "QuantityQuantity",
        "144",
        "n..8",
        "quantity",
    )
    assert all(element.wco_id for element in paths().values())


_class_ids = st.from_regex(r"[0-9]{2}[A-Z]", fullmatch=True)
_steps = st.lists(st.tuples(_class_ids, st.none() | st.integers(0, 99999)), min_size=1, max_size=16)


@given(_steps, st.none() | st.from_regex(r"[A-Z]?[0-9]{3}", fullmatch=True))
def test_any_pointer_survives(steps: list[tuple[str, int | None]], tag: str | None) -> None:
    pointer = WcoPointer(tuple(Step(*step) for step in steps), tag)
    assert parse_pointer(format_pointer(pointer)) == pointer
    text = format_pointer(pointer)
    normalise(text)
    declaration = small_declaration()
    resolve(declaration, text)
    assert to_json_pointer(text, declaration).startswith("/Declaration")


@given(st.text(max_size=40) | st.from_regex(r"[0-9AD\[\]./]{1,30}", fullmatch=True))
def test_any_text_is_a_pointer_or_a_named_error(text: str) -> None:
    try:
        parts = parse_pointer(text)
    except PointerError:
        return
    assert parse_pointer(format_pointer(parts)) == parts
