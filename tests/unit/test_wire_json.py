# SPDX-License-Identifier: Apache-2.0
"""The JSON binding holds the same elements as the XML; what is unknown is reported, what is wrong is named."""

from __future__ import annotations

import json

import pytest
from tests.wire_samples import full_declaration, full_response, small_declaration

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.parties import Declarant
from openecp.kernel.datamodel.values import Amount
from openecp.platform.wire import (
    MetaData,
    Reading,
    Unreadable,
    read,
    read_json,
    read_response,
    split_json_list,
    write_json,
    write_json_response,
)


def _refused(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_json(data)
    error = caught.value
    assert error.expected
    assert error.got
    assert error.fix
    return error


def test_round_trip() -> None:
    envelope = MetaData(wco_data_model_version_code="3.6", responsible_country_code="QZ")
    for declaration in (small_declaration(items=2), full_declaration()):
        reading = read(write_json(declaration, envelope=envelope))
        assert (reading.declaration, reading.envelope, reading.media) == (declaration, envelope, "json")
        assert reading.unknown == ()
    responses = (full_response(), full_response())
    assert read_response(write_json_response(responses)).responses == responses


def test_binding_uses_the_names_of_the_data_model() -> None:
    declaration = Declaration(
        functional_reference_id="A", invoice_amount=Amount(value="1.00", currency_id="XTS"), declarant=Declarant(id="D")
    )
    assert json.loads(write_json(declaration)) == {
        "Declaration": {
            "FunctionalReferenceID": "A",
            "InvoiceAmount": {"value": "1.00", "currencyID": "XTS"},
            "Declarant": {"ID": "D"},
        }
    }


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_any_layout_gives_the_same(indent: int | None, ascii_only: bool) -> None:
    declaration = small_declaration(items=2)
    text = json.dumps(json.loads(write_json(declaration)), indent=indent, ensure_ascii=ascii_only, sort_keys=True)
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), b" \r\n" + text.encode() + b"\n\n"):
        assert read(data).declaration == declaration


def test_declaration_alone_is_read_too() -> None:
    reading = read(b'{"FunctionCode":"9","Colour":"red"}')
    assert reading.declaration == Declaration(function_code="9")
    assert [(u.path, u.text) for u in reading.unknown] == [("/Colour", "red")]
    assert reading.envelope is None
    assert reading.line_of("42A.017") == 1


def test_null_and_empty_arrays_say_nothing() -> None:
    data = b'{"Declaration":{"ID":null,"Amendment":[],"TypeCode":"IMA"},"Response":[]}'
    assert read(data).declaration == Declaration(type_code="IMA")


def test_texts_are_trimmed_as_in_xml() -> None:
    for text in ('" A"', '"A "', '"\\tA"', '"A\\n"', '"A"', '"A\\u0020"'):
        for layout in ('{"Declaration":{"ID":%s}}', '{ "Declaration" : { "ID" : %s } }'):
            assert read((layout % text).encode()).declaration.id == "A"
    assert read(b'{"Declaration":{"ID":"A B"}}').declaration.id == "A B"
    for text, meant in [
        (r'" \" "', '"'),
        (r'"\" \" "', '" "'),
        (r'"\" \""', '" "'),
        (r'"\\\" "', '\\"'),
        (r'"\\ "', "\\"),
        (r'"a\\"', "a\\"),
        (r'" \\\\"', "\\\\"),
    ]:
        for layout in ('{"Declaration":{"ID":%s}}', '{ "Declaration" : { "ID" : %s } }', '{"Declaration": {"ID": %s}}'):
            assert read((layout % text).encode()).declaration.id == meant


def test_unknown_fields_are_reported_with_pointer_and_line() -> None:
    data = b"""{"Declaration": {
      "FunctionCode": "9",
      "Colour": {"Hue": ["red", 12.50, null, {}], "a/b~c": true},
      "GoodsShipment": {"GovernmentAgencyGoodsItem": [{}, {"Commodity": {"Shade": ""}}]},
      "InvoiceAmount": {"value": "1", "rounded": false}
    },
    "Stamp": 1e400}"""
    reading = read(data)
    assert [(u.path, u.line, u.text) for u in reading.unknown] == [
        ("/Declaration/Colour/Hue/0", 3, "red"),
        ("/Declaration/Colour/Hue/1", 3, "12.50"),
        ("/Declaration/Colour/Hue/2", 3, "null"),
        ("/Declaration/Colour/Hue/3", 3, "{}"),
        ("/Declaration/Colour/a~1b~0c", 3, "true"),
        ("/Declaration/GoodsShipment/GovernmentAgencyGoodsItem/1/Commodity/Shade", 4, ""),
        ("/Declaration/InvoiceAmount/rounded", 5, "false"),
        ("/Stamp", 7, "1e400"),
    ]
    assert reading.declaration.function_code == "9"


def test_unknown_field_in_a_message_without_white_space() -> None:
    reading = read(b'{"Declaration":{"ID":"1","Colour":"red"}}')
    assert [(u.path, u.line, u.text) for u in reading.unknown] == [("/Declaration/Colour", 1, "red")]


@pytest.mark.parametrize(
    ("data", "pointer", "line"),
    [
        (b'{"Declaration":{"ID":"1","ID":"2"}}', "/Declaration/ID", 1),
        (b'{"Declaration":{"ID":"1","ID":"1"}}', "/Declaration/ID", 1),
        (b'{"Declaration":{"ID":"1","I\\u0044":"1"}}', "/Declaration/ID", 1),
        (b'{"Declaration":{},\n"Declaration":{"ID":"1"}}', "/Declaration", 1),
        (b'{"Declaration":{"ID":"1",\n"x":{"y":[{"z":1,"z":1}]}}}', "/Declaration/x/y/0/z", 2),
    ],
)
def test_a_field_given_twice_is_refused(data: bytes, pointer: str, line: int) -> None:
    error = _refused(data)
    assert (error.code, error.json_pointer, error.line) == ("OECP-JSON-REPEATED", pointer, line)


@pytest.mark.parametrize(
    ("data", "pointer", "expected", "got"),
    [
        (b'{"Declaration":{"ID":1}}', "/Declaration/ID", "text", "a number"),
        (b'{"Declaration":{"ID":true}}', "/Declaration/ID", "text", "true or false"),
        (b'{"Declaration":{"InvoiceAmount":"1"}}', "/Declaration/InvoiceAmount", "an object", "text"),
        (b'{"Declaration":{"InvoiceAmount":{}}}', "/Declaration/InvoiceAmount", 'the field "value"', "none"),
        (b'{"Declaration":{"Amendment":{}}}', "/Declaration/Amendment", "an array", "an object"),
        (b'{"Declaration":{"Declarant":[]}}', "/Declaration/Declarant", "an object", "an array"),
        (
            b'{"Declaration":{"GoodsShipment":{"GovernmentAgencyGoodsItem":[{},{"SequenceNumeric":2}]}}}',
            "/Declaration/GoodsShipment/GovernmentAgencyGoodsItem/1/SequenceNumeric",
            "text",
            "a number",
        ),
        (b'{"Declaration":[]}', "/Declaration", "an object", "an array"),
    ],
)
def test_values_of_the_wrong_kind(data: bytes, pointer: str, expected: str, got: str) -> None:
    error = _refused(data)
    assert (error.code, error.json_pointer, error.expected, error.got) == ("OECP-JSON-TYPE", pointer, expected, got)
    assert error.line == 1


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "OECP-JSON-EMPTY", (1, 1)),
        (b" \n", "OECP-JSON-EMPTY", (1, 1)),
        (b'{"Declaration":{}}\n}', "OECP-JSON-JUNK", (2, 1)),
        (b'\n\n{"Declaration":{}}\n}', "OECP-JSON-JUNK", (4, 1)),
        (b'\xef\xbb\xbf\n{"Declaration":{"ID":"\\u0000"}}', "OECP-JSON-CHARACTER", (2, 22)),
        (b'{"Declaration":{"ID":"1"}} {"Declaration":{}}', "OECP-JSON-JUNK", (1, 28)),
        (b'{"Declaration":{\n"ID":"1"', "OECP-JSON-TRUNCATED", (2, 9)),
        (b'{"Declaration":{"ID":"1', "OECP-JSON-TRUNCATED", (1, 24)),
        (b'{"Declaration":{\n"ID":x}}', "OECP-JSON-NOT-WELL-FORMED", (2, 6)),
        (b'{"Declaration":{"ID":"a\x01"}}', "OECP-JSON-NOT-WELL-FORMED", (1, 24)),
        (b"{'Declaration':{}}", "OECP-JSON-NOT-WELL-FORMED", (1, 2)),
        (b'{"Declaration":{},}', "OECP-JSON-NOT-WELL-FORMED", (1, 19)),
        (b'{"Declaration":{"x":NaN}}', "OECP-JSON-NOT-WELL-FORMED", (1, 21)),
        (b'{"Declaration":{"ID":"\\u0000"}}', "OECP-JSON-CHARACTER", (1, 22)),
        (b'{"Declaration":{"ID":"a\\b"}}', "OECP-JSON-CHARACTER", (1, 22)),
        ('{"Declaration":{"ID":"\ufffe"}}'.encode(), "OECP-JSON-CHARACTER", (1, 22)),
        (b'{"Response":[{}]}', "OECP-NOT-A-DECLARATION", (1, 1)),
        (b'{"Declaration":{},"Response":[{}]}', "OECP-NOT-A-DECLARATION", (1, 1)),
        (b"{}", "OECP-NOT-A-DECLARATION", (1, 1)),
        (b'{"colour":"red"}', "OECP-NOT-A-DECLARATION", (1, 1)),
        (b"[]", "OECP-NOT-A-DECLARATION", (1, 1)),
        (b'"text"', "OECP-NOT-A-DECLARATION", (1, 1)),
        (b"17", "OECP-NOT-A-DECLARATION", (1, 1)),
        (b"null", "OECP-NOT-A-DECLARATION", (1, 1)),
    ],
)
def test_unreadable_messages_say_where(data: bytes, code: str, place: tuple[int, int]) -> None:
    error = _refused(data)
    assert (error.code, (error.line, error.column)) == (code, place)


def test_lone_surrogates_are_no_text() -> None:
    assert _refused(b'{"Declaration":{"ID":"\\ud800"}}').code.startswith("OECP-JSON-")
    assert read(b'{"Declaration":{"ID":"\\ud834\\udd1e"}}').declaration.id == "\U0001d11e"


def test_lines_are_found_on_demand() -> None:
    data = json.dumps(json.loads(write_json(small_declaration(items=2))), indent=1).encode()
    lines = data.split(b"\n")
    reading = read(data)
    for pointer, text in [
        ("42A.D026", b"FunctionalReferenceID"),
        ("42A/67A/68A[2]/23A/65A.128", b"NetNetWeightMeasure"),
        ("42A/67A/68A[2]/70A[1].161", b"PreviousCode"),
        ("42A/67A/68A[2]/41A.122", b"{"),  # absent: the item
    ]:
        line = reading.line_of(pointer)
        assert line is not None
        assert text in lines[line - 1]
    assert reading.line_of("?") is None


def test_list_of_messages() -> None:
    one, two = write_json(small_declaration("A")), write_json(small_declaration("B"))
    parts = split_json_list(b" [" + one + b" ,\n" + two + b"]")
    readings: list[Reading] = [read(part) for part in parts]
    assert [reading.declaration.functional_reference_id for reading in readings] == ["A", "B"]
    assert split_json_list(one) == (one,)
    assert split_json_list(b"[]") == ()
    with pytest.raises(Unreadable, match="OECP-JSON-TRUNCATED"):
        split_json_list(b"[" + one)
