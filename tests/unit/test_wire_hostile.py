# SPDX-License-Identifier: Apache-2.0
"""Hostile messages are refused by name, in bounded time, without reading what they point at."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from openecp.platform.wire import Limits, Unreadable, read

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><Declaration><ID>&j;</ID></Declaration>"
)


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 10


def refused(data: bytes, limits: Limits | None = None, media: str | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(data, limits=limits or Limits(), media=media)  # type: ignore[arg-type]
    error = caught.value
    assert error.expected
    assert error.got
    assert error.fix
    assert len(error.got) <= 200
    return error


def test_entity_bomb() -> None:
    error = refused(BOMB)
    assert (error.code, error.line, error.column) == ("OECP-XML-DOCTYPE", 1, 22)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", ["", "\n\t ", "<!-- <a> -->", "<?p q?>\n", "<!----><!-- - -->"])
def test_document_type_in_any_disguise(before: str, encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read me")
    entity = f'<!ENTITY x SYSTEM "{secret.as_uri()}">'
    text = f"<?xml version='1.0'?>{before}<!DOCTYPE d [{entity}]><Declaration><ID>&x;</ID></Declaration>"
    assert refused(text.encode(encoding)).code == "OECP-XML-DOCTYPE"


def test_document_type_without_entities_and_external_subset() -> None:
    for data in (
        b"<!DOCTYPE Declaration><Declaration/>",
        b'<!DOCTYPE Declaration SYSTEM "http://198.51.100.1/x.dtd"><Declaration/>',
        b"<!ENTITY x 'y'><Declaration/>",
        b"<!doctype x><Declaration/>",
    ):
        assert refused(data).code == "OECP-XML-DOCTYPE"


def test_the_word_doctype_in_text_is_no_document_type() -> None:
    assert (
        read(b"<!-- <!DOCTYPE x> --><Declaration><ID>&lt;!DOCTYPE x></ID></Declaration>").declaration.id
        == "<!DOCTYPE x>"
    )
    assert refused(b"<Declaration/><!DOCTYPE x>").code.startswith("OECP-XML-")
    assert refused(b"<Declaration><!DOCTYPE x></Declaration>").code.startswith("OECP-XML-")


def test_undefined_entity() -> None:
    error = refused(b"<Declaration>\n<ID>&x;</ID></Declaration>")
    assert (error.code, error.line) == ("OECP-XML-ENTITY", 2)


def test_xinclude_and_stylesheets_are_only_unknown_elements() -> None:
    data = (
        b'<?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?><Declaration xmlns:xi="http://www.w3.org/2001/XInclude">'
        b'<ID>1</ID><xi:include href="file:///etc/passwd" parse="text"/></Declaration>'
    )
    reading = read(data)
    assert reading.declaration.id == "1"
    assert {u.path for u in reading.unknown} == {"/Declaration/include/@href", "/Declaration/include/@parse"}


def test_schema_locations_are_not_followed() -> None:
    data = (
        b'<Declaration xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="urn:x http://198.51.100.1/x.xsd"><ID>1</ID></Declaration>'
    )
    assert read(data).declaration.id == "1"


def test_deep_nesting() -> None:
    assert refused(b"<a>" * 10_000 + b"</a>" * 10_000).code == "OECP-XML-DEPTH"
    assert refused(b"<Declaration>" + b"<a>" * 100 + b"</a>" * 100 + b"</Declaration>").code == "OECP-XML-DEPTH"
    assert refused(b'{"Declaration":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}}").code == "OECP-JSON-DEPTH"
    assert refused(b'{"Declaration":{"x":' + b'{"y":' * 100 + b"1" + b"}" * 102).code == "OECP-JSON-DEPTH"
    assert refused(b"[" * 100_000, media="json").code in {"OECP-JSON-DEPTH", "OECP-NOT-A-DECLARATION"}


def test_hundred_megabytes() -> None:
    for data in (b"<Declaration>" + b" " * 100_000_000, b'{"Declaration":' + b" " * 100_000_000):
        tracemalloc.start()
        code = refused(data).code
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert code.endswith("-SIZE")
        assert peak < 1_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"<Declaration>" + b"<a/>" * 600_000 + b"</Declaration>",
        b"<Declaration>" + b"<a " + b" ".join(b'a%d=""' % i for i in range(500_001)) + b"/></Declaration>",
        b'{"Declaration":{"Amendment":[' + b"{}," * 600_000 + b"{}]}}",
        b'{"Declaration":{' + b'"ID":"",' * 600_000 + b'"ID":""}}',
    ],
    ids=["elements", "attributes", "objects", "fields"],
)
def test_many_small_things(data: bytes) -> None:
    assert refused(data).code.endswith("-SIZE")


@pytest.mark.parametrize(
    "inside",
    [
        b"<a/>" * 100_000,
        b"<Origin/><ID/>" * 100_000,
        b"<Declarant/>" * 100_000,
        b"<AdditionalInformation/>" * 100_000 + b"<a/>" * 100_000,
        b"x<ID/>" * 40_000,
        b"<ID><b/></ID>" * 40_000,
        b"<a>" + b"<b/>" * 100_000 + b"</a>",
        b"<a>" * 50 + b"<b x='1'/>" * 100_000 + b"</a>" * 50,
    ],
    ids=range(8),
)
def test_a_great_many_unknown_or_faulty_elements_take_bounded_time(inside: bytes) -> None:
    reading = read(b"<Declaration>" + inside + b"</Declaration>")
    assert len(reading.unknown) <= Limits().reported + 1
    assert len(reading.faults) <= Limits().reported


def test_a_great_many_unknown_fields_take_bounded_time() -> None:
    fields = b",".join(b'"x%d":{"y":[1,2,{}]}' % i for i in range(20_000))
    reading = read(b'{"Declaration":{"ID":"1",' + fields + b"}}")
    assert len(reading.unknown) == Limits().reported + 1
    assert reading.unknown[0].path == "/Declaration/x0/y/0"
    assert reading.unknown[-1].path == "…"


def test_names_and_texts_without_end() -> None:
    assert refused(b"<" + b"a" * 2_000_000 + b"/>").code.startswith("OECP-")
    assert refused(b"<Declaration><ID>" + b"a" * 11_000_000 + b"</ID></Declaration>").code == "OECP-XML-SIZE"


def test_bytes_that_are_no_text() -> None:
    assert refused(b"<Declaration><ID>\xff\xfe</ID></Declaration>").code == "OECP-XML-CHARACTER"
    assert refused(b"<Declaration><ID>\x00</ID></Declaration>").code.startswith("OECP-XML-")
    assert refused("<Declaration/>".encode("utf-16")[:-3]).code.startswith("OECP-XML-")
    assert refused(b"\xff\xfe").code.startswith("OECP-")
    assert refused(b"\xef\xbb\xbf").code.startswith("OECP-")
    for data in (b'{"Declaration":{"ID":"\xff"}}', b'{"Declaration":{"\xff":"1"}}', b'{"\xff":1}'):
        assert refused(data).code == "OECP-JSON-ENCODING"
    assert refused('{"Declaration":{}}'.encode("utf-16"), media="json").code == "OECP-JSON-ENCODING"


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"<Declaration>\n<!-- a -- b -->\n</Declaration>", "OECP-XML-COMMENT", 2),
        (b"<Declaration/>\n2026-05-04 INFO sent", "OECP-XML-JUNK", 2),
        (b"<Declaration/>\n<Declaration/>", "OECP-XML-JUNK", 2),
        (b"<Declaration>\n", "OECP-XML-TRUNCATED", 2),
        (b"<Declaration><ID>1", "OECP-XML-TRUNCATED", 1),
        (b"<Declaration>\n<x:ID>1</x:ID></Declaration>", "OECP-XML-PREFIX", 2),
        (b"<Declaration>\n<ID a='1' a='2'/></Declaration>", "OECP-XML-ATTRIBUTE", 2),
        (b"<Declaration>\n<ID a/></Declaration>", "OECP-XML-ATTRIBUTE", 2),
        (b"<Declaration>\n<ID a=1/></Declaration>", "OECP-XML-ATTRIBUTE", 2),
        (b"<Declaration>\n<ID a='<'/></Declaration>", "OECP-XML-ATTRIBUTE", 2),
        (b"<Declaration>\n<ID a='1'b='2'/></Declaration>", "OECP-XML-ATTRIBUTE", 2),
        (b"<Declaration>\n< ID/></Declaration>", "OECP-XML-NAME", 2),
        (b"<Declaration>\n<ID</Declaration>", "OECP-XML-NAME", 2),
        (b"<Declaration>\n<ID?></Declaration>", "OECP-XML-NAME", 2),
        (b"<Declaration>\n<!-- a</Declaration>", "OECP-XML-TRUNCATED", 2),
        (b"\n<?xml version='1.0'?><Declaration/>", "OECP-XML-PROLOG", 2),
        (b"<?xml version='1.0' ?x><Declaration/>", "OECP-XML-PROLOG", 1),
        (b"log: <Declaration/>", "OECP-XML-NOT-WELL-FORMED", 1),
        (b"<Declaration>\x01</Declaration>", "OECP-XML-CHARACTER", 1),
        (b"<Declaration>&#1;</Declaration>", "OECP-XML-CHARACTER", 1),
    ],
)
def test_not_well_formed(data: bytes, code: str, line: int) -> None:
    error = refused(data)
    assert (error.code, error.line) == (code, line)


def test_defusedxml_agrees_on_document_types() -> None:
    defused = pytest.importorskip("defusedxml.ElementTree")
    exceptions = pytest.importorskip("defusedxml").DefusedXmlException
    for data in (BOMB, b"<!DOCTYPE a><Declaration/>", b"<Declaration/>", b"<!-- x --><Declaration/>"):
        try:
            defused.fromstring(data, forbid_dtd=True)
            harmless = True
        except exceptions:
            harmless = False
        if harmless:
            read(data)
        else:
            assert refused(data).code == "OECP-XML-DOCTYPE"
