# SPDX-License-Identifier: Apache-2.0
"""XML is read whatever its prefix, encoding and comments; what is not understood is reported, faults are named."""

from __future__ import annotations

import pytest
from tests.wire_samples import full_declaration, full_response, small_declaration

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.documents import AdditionalInformation
from openecp.kernel.datamodel.response import Response, ResponseDeclaration
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity
from openecp.platform.wire import (
    Limits,
    MetaData,
    Unreadable,
    Unwritable,
    read,
    read_response,
    write,
    write_response,
)

BODY = "<FunctionCode>9</FunctionCode><FunctionalReferenceID>A-1</FunctionalReferenceID>"


def _code(data: bytes, limits: Limits | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(data, limits=limits or Limits())
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        f"<Declaration>{BODY}</Declaration>",
        f"<MetaData><Declaration>{BODY}</Declaration></MetaData>",
        f'<MetaData xmlns="urn:x"><Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2">{BODY}</Declaration></MetaData>',
        f"<?xml version='1.0'?>\r\n<!-- a -->\r\n<Declaration>\r\n{BODY}\r\n</Declaration>\r\n",
        "<_2:Declaration xmlns:_2='urn:y'><_2:FunctionCode>9</_2:FunctionCode>"
        "<_2:FunctionalReferenceID>A-1</_2:FunctionalReferenceID></_2:Declaration>",
        "<Declaration><!-- before --><FunctionCode>\n\t9 <!-- inside --></FunctionCode><!-- between -->"
        "<FunctionalReferenceID>A<!-- in a word -->-1</FunctionalReferenceID></Declaration>",
        "<Declaration><FunctionCode><![CDATA[9]]></FunctionCode>"
        "<FunctionalReferenceID>&#65;-1</FunctionalReferenceID></Declaration>",
        "<e:Envelope xmlns:e='urn:e'><e:Body>"
        f"<MetaData><Declaration>{BODY}</Declaration></MetaData></e:Body></e:Envelope>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_prefix_encoding_and_wrapper(text: str, encoding: str) -> None:
    reading = read(text.encode(encoding))
    assert reading.declaration == Declaration(function_code="9", functional_reference_id="A-1")
    assert reading.unknown == ()
    assert reading.faults == ()


def test_latin_1_where_the_message_says_so() -> None:
    data = "<?xml version='1.0' encoding='ISO-8859-1'?><Declaration><ID>É</ID></Declaration>".encode("latin-1")
    assert read(data).declaration.id == "É"


def test_utf_16_that_declares_itself() -> None:
    data = "<?xml version='1.0' encoding='UTF-16'?><Declaration><ID>É</ID></Declaration>".encode("utf-16")
    assert read(data).declaration.id == "É"


@pytest.mark.parametrize("encoding", ["utf-7", "ebcdic-cp-us", "utf-32", "idna", "x" * 30])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    assert _code(f"<?xml version='1.0' encoding='{encoding}'?><Declaration/>".encode()).code == "OECP-XML-ENCODING"


def test_round_trip_of_every_element() -> None:
    for declaration in (Declaration(), small_declaration(items=3), full_declaration()):
        reading = read(write(declaration))
        assert reading.declaration == declaration
        assert reading.unknown == ()
        assert reading.faults == ()
        assert reading.envelope == MetaData(wco_data_model_version_code="3.6", wco_type_name="DEC")


def test_round_trip_of_responses() -> None:
    responses = (full_response(), Response(function_code="01"))
    envelope = MetaData(wco_type_name="RES", responsible_country_code="QZ", responsible_agency_name="")
    reading = read_response(write_response(responses, envelope=envelope))
    assert reading.responses == responses
    assert reading.envelope == envelope
    assert reading.unknown == ()
    assert reading.faults == ()


def test_amended_declaration_has_the_namespace_of_declarations() -> None:
    amended = Declaration(function_code="9", acceptance_date_time=DateTime(value="20260504", format_code="102"))
    response = Response(declaration=ResponseDeclaration(id="26QZ1", version_id="2"), amended_declaration=amended)
    written = write_response([response])
    assert b'<Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2"' in written
    assert b'xmlns:dds="urn:wco:datamodel:WCO:Declaration_DS:DMS:2"' in written
    assert read_response(written).responses == (response,)


def test_amended_declaration_without_namespaces_is_told_by_its_function_code() -> None:
    data = (
        b"<MetaData><Response><FunctionCode>07</FunctionCode>"
        b"<Declaration><FunctionalReferenceID>L</FunctionalReferenceID><ID>M</ID></Declaration>"
        b"<Declaration><FunctionCode>9</FunctionCode></Declaration></Response></MetaData>"
    )
    (response,) = read_response(data).responses
    assert response.declaration == ResponseDeclaration(functional_reference_id="L", id="M")
    assert response.amended_declaration == Declaration(function_code="9")


def test_leaf_text_and_attributes_survive_as_declared() -> None:
    declaration = Declaration(
        id="<&>\"'] ]]>\u00a0ü€𝄞",
        type_code="a\r\nb\tc",
        invoice_amount=Amount(value="-0001.50", currency_id='"&\n\t'),
        goods_item_quantity=Quantity(value="", unit_code=""),
        additional_information=(AdditionalInformation(), AdditionalInformation(statement_code="")),
    )
    written = write(declaration)
    read_again = read(written.replace(b'currencyID="&quot;&amp;&#10;&#9;"', b'currencyID="&quot;&amp;"')).declaration
    assert read_again.id == declaration.id
    assert read_again.type_code == declaration.type_code
    assert read_again.goods_item_quantity == declaration.goods_item_quantity
    assert read_again.additional_information == declaration.additional_information


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_what_xml_cannot_hold_is_refused_by_name(character: str) -> None:
    with pytest.raises(Unwritable, match=r"ID: expected characters .* got U\+"):
        write(Declaration(id=f"a{character}"))
    with pytest.raises(Unwritable, match=r"InvoiceAmount/@currencyID"):
        write(Declaration(invoice_amount=Amount(value="1", currency_id=character)))


def test_unknown_elements_and_attributes_are_reported_with_path_and_line() -> None:
    data = b"""<MetaData>
    <WCOTypeName lang="en">DEC</WCOTypeName>
    <Colour>red</Colour>
    <Declaration kind="x">
    <ID scheme="s">1</ID>
    <InvoiceAmount currencyID="XTS" rounded="no">1</InvoiceAmount>
    <IssueDateTime zone="z"><DateTimeString formatCode="102" calendar="g">20260504</DateTimeString></IssueDateTime>
    <GoodsShipment>
      <GovernmentAgencyGoodsItem/>
      <GovernmentAgencyGoodsItem>
        <Hue><Shade depth="3">dark</Shade>more</Hue>
        <Hue/>
      </GovernmentAgencyGoodsItem>
    </GoodsShipment></Declaration></MetaData>"""
    reading = read(data)
    item = "/MetaData/Declaration/GoodsShipment/GovernmentAgencyGoodsItem[2]"
    assert [(u.path, u.line, u.text) for u in reading.unknown] == [
        ("/MetaData/WCOTypeName/@lang", 2, "en"),
        ("/MetaData/Colour", 3, "red"),
        ("/MetaData/Declaration/@kind", 4, "x"),
        ("/MetaData/Declaration/ID/@scheme", 5, "s"),
        ("/MetaData/Declaration/InvoiceAmount/@rounded", 6, "no"),
        ("/MetaData/Declaration/IssueDateTime/@zone", 7, "z"),
        ("/MetaData/Declaration/IssueDateTime/DateTimeString/@calendar", 7, "g"),
        (f"{item}/Hue/Shade/@depth", 11, "3"),
        (f"{item}/Hue/Shade", 11, "dark"),
        (f"{item}/Hue/Shade/following-text()", 11, "more"),
        (f"{item}/Hue[2]", 12, ""),
    ]
    assert reading.faults == ()
    assert reading.declaration.issue_date_time == DateTime(value="20260504", format_code="102")


def test_list_of_the_unknown_says_where_it_was_cut() -> None:
    def paths(count: int) -> list[str]:
        data = b"<Declaration>" + b"<a/>" * count + b"</Declaration>"
        return [unknown.path for unknown in read(data, limits=Limits(reported=3)).unknown]

    assert paths(3) == ["/Declaration/a", "/Declaration/a[2]", "/Declaration/a[3]"]
    assert paths(4) == [*paths(3), "…"]


def test_faults_name_pointer_line_and_remedy() -> None:
    data = b"""<Declaration>stray
    <ID>1</ID>
    <ID>2</ID>
    <TypeCode><PUTCODEHERE>IMA</PUTCODEHERE></TypeCode>
    <IssueDateTime>20260504</IssueDateTime>
    <GoodsShipment>
      <GovernmentAgencyGoodsItem>
        <SequenceNumeric>7</SequenceNumeric>
        <Commodity>yarn</Commodity>
        <Commodity><Description>other</Description></Commodity>
      </GovernmentAgencyGoodsItem>
    </GoodsShipment>
    </Declaration>"""
    reading = read(data)
    assert [(f.code, f.pointer, f.line, f.got) for f in reading.faults] == [
        ("OECP-XML-NOT-A-CLASS", "42A", 1, "stray"),
        ("OECP-XML-REPEATED", "42A.D014", 3, "2"),
        ("OECP-XML-NOT-A-VALUE", "42A.D013", 4, "<PUTCODEHERE>"),
        ("OECP-XML-DATE", "42A.D011", 5, "20260504"),
        ("OECP-XML-NOT-A-CLASS", "42A/67A/68A[7]/23A", 9, "yarn"),
        ("OECP-XML-REPEATED", "42A/67A/68A[7]/23A", 10, "other"),
    ]
    assert all(f.layer == "syntax" and f.expected and f.fix and f.severity == "reject" for f in reading.faults)
    assert reading.declaration.id == "1"
    assert reading.declaration.type_code == ""
    assert reading.declaration.issue_date_time == DateTime(value="20260504")
    assert [(u.path, u.text) for u in reading.unknown] == [("/Declaration/TypeCode/PUTCODEHERE", "IMA")]


def test_lines_are_found_on_demand() -> None:
    data = write(small_declaration(items=2))
    reading = read(data)
    lines = data.split(b"\n")
    for pointer, text in [
        ("42A.D026", b"FunctionalReferenceID"),
        ("42A/67A/68A[2]/23A/65A.128", b"NetNetWeightMeasure"),
        ("42A[1]/67A[1]/68A[1]/70A[2].166", b"<CurrentCode>000"),
        ("42A/67A/68A[1]/41A.122", b"<GovernmentAgencyGoodsItem>"),  # absent: what encloses it
        ("42A/56A.G005", b"<Declaration"),
    ]:
        line = reading.line_of(pointer)
        assert line is not None
        assert text in lines[line - 1]
    assert reading.line_of("no pointer") is None
    assert reading.lines_of(("42A", "07B")) == (reading.line_of("42A"), reading.line_of("07B"))


def test_lines_in_a_wrapped_message() -> None:
    reading = read(b"<a>\n<MetaData>\n<Declaration>\n<ID>1</ID></Declaration></MetaData></a>")
    assert reading.line_of("42A.D014") == 4


def test_messages_of_another_kind() -> None:
    for data in (b"<a/>", b"<MetaData/>", b"<MetaData><Response/></MetaData>", b"<Response/>", b"no message", b""):
        assert _code(data).code == "OECP-NOT-A-DECLARATION"
    with pytest.raises(Unreadable) as caught:
        read_response(write(small_declaration()))
    assert caught.value.code == "OECP-NOT-A-RESPONSE"


def test_one_message_one_declaration() -> None:
    error = _code(b"<MetaData>\n<Declaration/>\n<Declaration/></MetaData>")
    assert (error.code, error.line) == ("OECP-XML-SEVERAL", 3)


def test_error_as_a_reason() -> None:
    reason = _code(b"<Declaration>\n<ID></Declaration>").as_reason()
    assert (reason.code, reason.layer, reason.line, reason.severity) == ("OECP-XML-TAGS", "syntax", 2, "reject")
    assert reason.expected == "</ID>, opened in line 2"
    assert reason.got == "</Declaration>"
    assert "line 2" in str(_code(b"<Declaration>\n<ID></Declaration>"))
