# SPDX-License-Identifier: Apache-2.0
"""Postal items: every fault at once, the same through every binding, the form, the demands of a destination."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.postal_world import NO_RATES, RULES, SHIRTS, SHOES, item, s10

import openecp.border.postal.declaration as postal_declaration
from openecp.border.postal.binding import ItemReading, JsonAdaptor, items_of_tree, items_tree, write_items_json
from openecp.border.postal.check import item_faults, shuts_out
from openecp.border.postal.compliance import ELEMENTS, judge, quality_of, read_requirements
from openecp.border.postal.declaration import PostalTerms, declaration_of, item_of_declaration
from openecp.border.postal.faults import PostalRefused
from openecp.border.postal.form import FormRule, form_for, read_sdr_rates
from openecp.border.postal.item import CATEGORIES, ContentPiece, PostalItem, PostalParty, tidy_item
from openecp.border.postal.lifecycle import EVENT_KINDS
from openecp.border.postal.parcels import item_of_parcel, parcel_of, pieces_of_lines
from openecp.border.postal.response import PostalResponse
from openecp.border.postal.table import plain_cell, read_items_csv, safe_cell, write_items_csv
from openecp.platform.wire import read as read_message
from openecp.platform.wire import write as write_message
from openecp.platform.wire.messages import Unreadable
from openecp.platform.wire.postal_xml import NAMESPACE, read_postal_xml, write_postal_xml

TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"), exclude_characters="|"), min_size=1, max_size=30
).map(str.strip)
WORD = st.none() | TEXT.filter(bool)
AMOUNT = st.none() | st.decimals(0, 10**6, places=2).map(str)
PARTIES = st.builds(PostalParty, name=WORD, street=WORD, city=WORD, country=st.sampled_from([None, "AU", "DE"]))
PIECES = st.builds(
    ContentPiece,
    description=WORD,
    quantity=st.none() | st.integers(1, 50).map(str),
    value=AMOUNT,
    net_weight_kg=AMOUNT,
    hs=st.sampled_from([None, "640319", "61091000"]),
    origin=st.sampled_from([None, "CN"]),
)
NUMBERS = st.lists(TEXT.filter(bool), max_size=3).map(tuple)
ITEMS = st.builds(
    PostalItem,
    s10=st.integers(0, 99_999_999).map(s10),
    posted_on=st.dates().map(str),
    category=st.sampled_from([None, *CATEGORIES]),
    comments=WORD,
    currency=st.sampled_from([None, "EUR"]),
    postage=AMOUNT,
    sender=st.none() | PARTIES,
    addressee=st.none() | PARTIES,
    pieces=st.lists(PIECES, max_size=3).map(tuple),
    licence_numbers=NUMBERS,
    invoice_numbers=NUMBERS,
).map(tidy_item)
ALL = st.lists(ITEMS, max_size=4, unique_by=lambda each: (each.s10, each.posted_on))


@settings(max_examples=30, deadline=None)
@given(items=ALL)
def test_every_binding_gives_the_same_items_back(items: list[PostalItem]) -> None:
    """JSON, XML and CSV; formula cells, apostrophes and any language in them."""
    wanted = tuple(items)
    assert JsonAdaptor().read_items(write_items_json(items)) == ItemReading(items=wanted)
    assert items_of_tree(read_postal_xml(write_postal_xml(items_tree(items)))) == ItemReading(items=wanted)
    assert read_items_csv(write_items_csv(items)) == (items, [])


@given(text=st.text(max_size=12))
def test_a_cell_is_safe_and_comes_back(text: str) -> None:
    """No cell that we write begins like a formula."""
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain_cell(safe_cell(text)) == text


@settings(max_examples=40, deadline=None)
@given(one=ITEMS)
def test_data_model_and_back(one: PostalItem) -> None:
    """What the form says is in the declaration; it comes back, through the XML of the Data Model too."""
    declaration = declaration_of(one, PostalTerms())
    assert (declaration.functional_reference_id, declaration.issue_date_time.value) == (
        one.s10,
        one.posted_on.replace("-", ""),
    )
    again = read_message(write_message(declaration)).declaration
    back = item_of_declaration(again)
    assert declaration_of(back, PostalTerms()) == declaration
    values = [piece.value for piece in one.pieces]
    if one.pieces and one.currency and None not in values:
        assert Decimal(back.total_value or 0) == sum(map(Decimal, filter(None, values)))
        assert msgspec.structs.replace(back, total_value=None) == one


def test_a_full_item_goes_both_ways_whole() -> None:
    """Every field of the form but the name of the seller's scheme has its place."""
    full = item(
        category="gift", category_note="birthday", mail_class="letter", handling_class="A", total_value="48.00",
        postage_currency="USD", insured_value="40", insured_currency="XDR", seller_scheme="IOSS",
        seller_scheme_id="IM1234567890", sender_reference="S-1", importer_reference="I-1", comments="fragile",
        sender=PostalParty(name="Ada Berg", organisation="Berg KG", street="Ring 1", postcode="60311", city="Frankfurt",
                           region="Hesse", country="DE", telephone="+49 1", email="a@b.example", tax_number="DE1"),
        licence_numbers=("L1", "L2"), certificate_numbers=("C1",), invoice_numbers=("N1",),
    )  # fmt: skip
    assert item_of_declaration(declaration_of(full, PostalTerms())) == full
    assert item_faults(full) == ()


def test_parcel_holds_the_values_exactly() -> None:
    """Three articles for 10.00 are two at 3.333333 and one at 3.333334: exact, and each judged as one article."""
    odd = item(pieces=(SHOES, ContentPiece(description="cap", quantity="3", value="10.00", net_weight_kg="0.3")))
    parcel = parcel_of(odd, carrier="x-post")
    lines = [(line.quantity, line.unit_price) for line in parcel.items]
    assert lines == [("1", "30.00"), ("2", "3.333333"), ("1", "3.333334")]
    assert pieces_of_lines(odd) == (1, 2, 2)
    assert sum(int(n) * Decimal(price or 0) for n, price in lines) == Decimal("40.00")
    assert (parcel.channel, parcel.trade, parcel.dispatch_country, parcel.carrier) == ("post", "B2C", "DE", "x-post")
    assert parcel_of(item_of_parcel(parcel)).items == parcel.items
    plain = parcel_of(item())
    assert [piece.value for piece in item_of_parcel(plain).pieces] == ["18.00", "30.00"]


def test_all_faults_in_one_pass() -> None:
    """Whatever is wrong is told at once, with its place, and what shuts the item out comes first."""
    bad = item(
        s10="RB123456786US", posted_on="2026-02-30", category="present", mail_class="Z", currency="euro", postage="7,5",
        origin_post="Germany", total_value="50.00", comments="x" * 600,
        pieces=(msgspec.structs.replace(SHIRTS, hs="61.09", quantity="0", origin="China", value="-1"), SHOES),
    )  # fmt: skip
    told = [(fault.code.removeprefix("OECP-"), fault.where) for fault in item_faults(bad)]
    assert [code for code, _ in told[:3]] == ["S10-CHECK-DIGIT", "POSTAL-DATE", "POSTAL-LIMIT"]
    assert set(told) >= {
        ("POSTAL-CATEGORY", "category"), ("POSTAL-MAIL-CLASS", "mail_class"), ("POSTAL-FORM", "currency"),
        ("POSTAL-AMOUNT", "postage"), ("POSTAL-FORM", "origin_post"), ("POSTAL-HS", "pieces[0].hs"),
        ("POSTAL-QUANTITY", "pieces[0].quantity"), ("POSTAL-FORM", "pieces[0].origin"),
        ("POSTAL-AMOUNT", "pieces[0].value"),
    }  # fmt: skip
    assert [fault.code for fault in item_faults(item(total_value="47.99"))] == ["OECP-POSTAL-SUM"]
    assert [fault.severity for fault in item_faults(item(gross_weight_kg="1"))] == ["warning"]
    assert [fault.code for fault in item_faults(item(pieces=()))] == ["OECP-POSTAL-PIECES"]
    assert item_faults(item(pieces=(), category="documents")) == ()
    assert not any(shuts_out(fault) for fault in item_faults(item(pieces=())))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'{"items":[{"s10":1.5,"colour":"red","pieces":[{"value":true}]}]}', "items[0].colour"),
        (b'[{"pieces":{"a":1}}]', "[0].pieces"),
        (b'[7]', "[0]"),
    ],
)  # fmt: skip
def test_json_of_another_shape(data: bytes, place: str) -> None:
    """Unknown fields and wrong types are all named with their places."""
    assert place in [fault.where for fault in JsonAdaptor().read_items(data).faults]


@pytest.mark.parametrize("data", [b"{", b"\xff", b"7", b'{"items":7}', b"[" * 5000])
def test_json_that_is_none(data: bytes) -> None:
    """Refused, never a traceback."""
    with pytest.raises(PostalRefused):
        JsonAdaptor().read_items(data)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><PostalItem>&x;</PostalItem>', "OECP-XML-DOCTYPE"),
        ("<PostalItem a='1'/>", "OECP-XML-ATTRIBUTE"),
        ("<PostalItem>x<S10>RB</S10></PostalItem>", "OECP-XML-TEXT"),
        ("<PostalItem xmlns='urn:other'/>", "OECP-XML-NAMESPACE"),
        ("<PostalItem>" + "<a>" * 20 + "</a>" * 20 + "</PostalItem>", "OECP-XML-DEPTH"),
        ("<PostalItem>", "OECP-XML-TRUNCATED"),
        ("", "OECP-XML-EMPTY"),
    ],
)
def test_hostile_xml(body: str, code: str) -> None:
    """Document types, attributes, mixed content, depth: refused by name."""
    with pytest.raises(Unreadable) as told:
        read_postal_xml(body.encode())
    assert told.value.code == code


def test_xml_tells_all_that_it_does_not_know() -> None:
    """Unknown, doubled and misplaced elements with their lines; any prefix or none is read."""
    data = f"""<p:PostalItems xmlns:p="{NAMESPACE}"><p:PostalItem>
<p:S10>{s10(1)}</p:S10><p:PostedOn>2026-07-01</p:PostedOn><p:Colour>red</p:Colour>
<p:Currency>EUR</p:Currency><p:Currency>USD</p:Currency><p:Sender>Ada</p:Sender></p:PostalItem><Other/></p:PostalItems>"""
    read = items_of_tree(read_postal_xml(data.encode()))
    assert read.items[0].s10 == s10(1)
    assert {(fault.where, fault.line) for fault in read.faults} == {
        ("/PostalItem[1]/Colour", 2), ("/PostalItem[1]/Currency", 3), ("/PostalItem[1]/Sender", 3),
        ("/PostalItems/Other", 3),
    }  # fmt: skip


def test_csv_faults_have_row_and_column() -> None:
    """Rows of one item that differ, unknown columns, cells too many, bytes that are no text."""
    data = write_items_csv([item()]).decode().splitlines()
    changed = data[2].replace("DEFRAA", "DEHAMA")
    read, faults = read_items_csv("\n".join([data[0], data[1], changed]).encode())
    assert len(read) == 1
    assert [(fault.where, fault.line) for fault in faults] == [("column origin_post", 3)]
    for bad in (b"s10,colour\n1,2\n", b"s10,posted_on\n1,2,3\n", b"s10,posted_on\n\xff,1\n", b's10,posted_on\n"1,2\n'):
        with pytest.raises(PostalRefused):
            read_items_csv(bad)


CASES: list[tuple[dict[str, Any], str | None]] = [
    ({"pieces": (msgspec.structs.replace(SHOES, value="360.00"),)}, "CN22"),
    ({"pieces": (msgspec.structs.replace(SHOES, value="360.01"),)}, "CN23"),
    ({"gross_weight_kg": "2"}, "CN22"),
    ({"gross_weight_kg": "2.000001"}, "CN23"),
    ({"mail_class": "parcel"}, "CN23"),
    ({"s10": s10(5, "CP")}, "CN23"),
    ({"s10": s10(5, "EE")}, "CN23"),
    ({"currency": "XDR", "pieces": (msgspec.structs.replace(SHOES, value="300"),)}, "CN22"),
    ({"currency": "XDR", "pieces": (msgspec.structs.replace(SHOES, value="300.01"),)}, "CN23"),
    ({"currency": "USD"}, None),
    ({"posted_on": "2027-01-01"}, None),
    ({"gross_weight_kg": None}, None),
    ({"pieces": (msgspec.structs.replace(SHOES, value=None),)}, None),
    ({"currency": "USD", "mail_class": "C"}, "CN23"),
    ({"currency": "USD", "pieces": (), "category": "documents", "total_value": "0"}, "CN22"),
]


@pytest.mark.parametrize(("changes", "form"), CASES)
def test_which_form(changes: dict[str, Any], form: str | None) -> None:
    """300 SDR at 1.2 are EUR 360.00; both limits are included; what is not known is said."""
    answer = form_for(item(**changes), RULES.rates)
    assert answer.form == form
    assert bool(answer.faults) == (form is None)


def test_no_rate_is_said_and_rules_may_differ() -> None:
    """Without a table nothing is guessed; an administration's own limits are an argument."""
    answer = form_for(item(), NO_RATES)
    assert [fault.code for fault in answer.faults] == ["OECP-SDR-RATE"]
    wide = FormRule(value_sdr="500", weight_kg="30", mail=("letter", "parcel"))
    assert form_for(item(mail_class="parcel"), RULES.rates, wide).form == "CN22"
    for bad in (b"EUR,0,2026-01-01,\n", b"EUR,1.2,2026-01-01,\nEUR,1.3,2026-06-01,\n", b"eur,1,2026-01-01,\n"):
        with pytest.raises(PostalRefused):
            read_sdr_rates(b"currency,rate,valid_from,valid_to\n" + bad)


def test_demands_by_destination_category_class_and_day() -> None:
    """HS6 for sales to AU from 2026; a contact for parcels in 2026 alone."""
    without = item(pieces=(msgspec.structs.replace(SHIRTS, hs=None), SHOES))
    assert [fault.where for fault in judge(without, RULES.requirements).missing] == ["pieces[0].hs"]
    assert judge(msgspec.structs.replace(without, posted_on="2025-12-31"), RULES.requirements).compliant
    assert judge(msgspec.structs.replace(without, category="gift"), RULES.requirements).compliant
    silent = item(addressee=msgspec.structs.replace(item().addressee, telephone=None))
    assert judge(silent, RULES.requirements).compliant
    parcel = msgspec.structs.replace(silent, s10=s10(1, "CP"))
    assert [fault.where for fault in judge(parcel, RULES.requirements).missing] == ["addressee.telephone"]
    assert judge(msgspec.structs.replace(parcel, posted_on="2027-01-01"), RULES.requirements).compliant
    quality = quality_of(msgspec.structs.replace(parcel, pieces=(SHOES, SHIRTS)), RULES.requirements, lambda text: True)
    assert (quality.hs6, quality.contact, quality.vague, quality.compliant) == (True, False, True, False)
    with pytest.raises(PostalRefused) as told:
        read_requirements(b"destination,category,mail_class,element,valid_from\nAUS,*,*,hs6,2026-01-01\nAU,*,*,x,1\n")
    assert len(told.value.faults) == 2


def test_every_field_is_in_the_tables_of_the_page() -> None:
    """docs/postal.md says of each field where it goes, and names every statement, element and event."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "postal.md").read_text(encoding="utf-8")
    for shape in (PostalItem, PostalParty, ContentPiece):
        rows = [name for name in shape.__struct_fields__ if f"\n| `{name}` |" not in page]
        assert rows == [], shape.__name__
    codes = set(re.findall(r'"(POST-[A-Z-]+)"', Path(postal_declaration.__file__).read_text(encoding="utf-8")))
    assert [code for code in codes if code not in page] == []
    assert [name for name in (*ELEMENTS, *EVENT_KINDS) if f"`{name}`" not in page] == []
    assert [field for field in PostalResponse.__struct_fields__ if f"`{field}`" not in page] == []
