# SPDX-License-Identifier: Apache-2.0
"""Lets an XML message be parsed only once it is known to be harmless, and says in plain words why it is not XML.

A document type declaration is refused before the parser sees the message, whatever is in it: declarations need
none, and entities are how a small message becomes a huge one or reads files. Size and number of tags are limited
before parsing, depth while parsing. The parser opens no file and no network address.

Source: DESIGN §4.8. Why: `resolve_entities=False` alone lets a message with external entities through with its
text silently missing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from openecp.platform.wire.messages import Limits, Unreadable, excerpt

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252"})
_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LINE = re.compile(r", line \d+, column \d+.*$", re.DOTALL)


def _parser() -> etree.XMLParser:
    """Return the one parser in use: no entities, no network, no huge trees; comments are not the declarant's data."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        collect_ids=False,
    )


def parse_xml(data: bytes, limits: Limits) -> etree._Element:
    """Return the root of a harmless, well-formed message.

    Raises: Unreadable (`OECP-XML-…`).
    """
    check_size(len(data), limits)
    data = _utf8(data)
    if not data.strip():
        raise Unreadable(
            "OECP-XML-EMPTY",
            "The message is empty.",
            line=1,
            column=1,
            expected="an XML message",
            got="nothing",
            fix="Send the declaration as the body of the request.",
        )
    _check_markup(data, limits)
    _refuse_document_type(data)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error, data) from None
    except (ValueError, LookupError) as error:
        raise _unreadable_encoding(excerpt(str(error))) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:  # unreachable by the check above, and cheap
        raise _document_type(1, 1)
    return root


def check_size(size: int, limits: Limits) -> None:
    """Refuse a message of too many bytes, XML or JSON.

    Raises: Unreadable (`OECP-XML-SIZE`; the reader of JSON gives its own code).
    """
    if size > limits.size:
        raise Unreadable(
            "OECP-XML-SIZE",
            "The message is too large.",
            expected=f"at most {limits.size} bytes",
            got=f"{size} bytes",
            fix="Send one declaration a message, without attachments.",
        )


def _check_markup(data: bytes, limits: Limits) -> None:
    for mark, what in ((b"<", "tags"), (b"=", "attributes")):
        count = data.count(mark)
        if count > limits.markup:
            raise Unreadable(
                "OECP-XML-SIZE",
                f"The message holds too many {what}.",
                expected=f"at most {limits.markup} of the character {mark.decode()}",
                got=str(count),
                fix="Send one declaration a message; a declaration has at most 999 items.",
            )


def _utf8(data: bytes) -> bytes:
    """Return the message in an encoding that the checks can see through; UTF-16 is rewritten as UTF-8."""
    if data.startswith(_UTF8_BOM):
        return data[3:]
    if data.startswith(_UTF16_BOMS) or data[:2] in (b"<\0", b"\0<"):
        try:
            text = data.decode("utf-16" if data[:2] in _UTF16_BOMS else ("utf-16-le" if data[0] else "utf-16-be"))
        except UnicodeDecodeError as error:
            raise _unreadable_encoding(f"UTF-16 that breaks at byte {error.start}") from None
        return _DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")
    declared = _DECLARED_ENCODING.match(data)
    if declared is not None:
        name = declared.group(1).decode("ascii", "replace")
        if name.lower() not in _ENCODINGS:
            raise _unreadable_encoding(excerpt(name))
    return data


def _unreadable_encoding(got: str) -> Unreadable:
    return Unreadable(
        "OECP-XML-ENCODING",
        "The message's encoding is not one that is read here.",
        line=1,
        column=1,
        expected="UTF-8 (also read: UTF-16 with byte order mark, ISO 8859-1, Windows-1252)",
        got=got,
        fix="Write the message in UTF-8.",
    )


def _refuse_document_type(data: bytes) -> None:
    """Refuse `<!DOCTYPE` wherever it may stand: between the start and the root, among comments and instructions."""
    at = 0
    while True:
        while data[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
            at += 1
        if data.startswith(b"<!--", at):
            end = data.find(b"-->", at + 4)
            step = 3
        elif data.startswith(b"<?", at):
            end = data.find(b"?>", at + 2)
            step = 2
        elif data.startswith(b"<!", at):
            raise _document_type(*position(data, at))
        else:
            return
        if end < 0:
            return  # not well-formed: the parser says so
        at = end + step


def _document_type(line: int, column: int) -> Unreadable:
    return Unreadable(
        "OECP-XML-DOCTYPE",
        "The message has a document type declaration; those are never read, since they can hide entities.",
        line=line,
        column=column,
        expected="the root element",
        got="<!DOCTYPE",
        fix="Remove the <!DOCTYPE …> declaration and every entity that it defines.",
    )


def position(data: bytes, at: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a byte of the message; the column counts characters."""
    line_start = data.rfind(b"\n", 0, at) + 1
    return data.count(b"\n", 0, at) + 1, len(data[line_start:at].decode("utf-8", "replace")) + 1


class _Fault(NamedTuple):
    """What to say about one kind of error."""

    code: str
    message: str
    expected: str
    fix: str


_ENCODING_WORDS = "text in the encoding that the message declares, UTF-8 if it declares none"
# By libxml2's error numbers, which are stable where its texts are not.
_JUNK_AFTER_ROOT = 5
_NAME = _Fault("NAME", "A tag or attribute has no proper name.", "a name, or &lt; where < is text", "Correct the name.")
_QUOTES = _Fault(
    "ATTRIBUTE", "An attribute's value is not in quotation marks.", 'name="value"', "Add the quotation marks."
)
_ATTRIBUTE = _Fault("ATTRIBUTE", "A tag holds something that is no attribute.", 'name="value"', "Correct the tag.")
_PREFIX = _Fault(
    "PREFIX", "A prefix or its declaration is not in order.", "a declared prefix", "Declare it, or omit it."
)
_UNCLOSED = _Fault("TRUNCATED", "A comment or a CDATA section has no end.", "--> or ]]>", "Close it.")
_FAULTS = {
    4: _Fault("NOT-WELL-FORMED", "The message does not begin with an element.", "a start tag", "Send XML."),
    9: _Fault("CHARACTER", "A character stands here that XML does not allow.", "characters of XML 1.0", "Remove it."),
    26: _Fault(
        "ENTITY", "An entity is used that XML does not define.", "&amp; &lt; &gt; &quot; or &apos;", "Write it out."
    ),
    34: _QUOTES,
    38: _Fault("ATTRIBUTE", "An attribute's value holds a <.", "&lt;", "Write &lt; for <."),
    39: _QUOTES,
    40: _QUOTES,
    41: _Fault("ATTRIBUTE", "An attribute has no value.", 'name="value"', "Give it a value, or remove it."),
    42: _Fault("ATTRIBUTE", "An attribute is given twice in one tag.", "it once", "Remove one of them."),
    45: _UNCLOSED,
    57: _Fault("PROLOG", "The XML declaration is not in order.", '<?xml version="1.0"?>', "Correct or remove it."),
    63: _UNCLOSED,
    64: _Fault("PROLOG", "Something stands before <?xml.", "<?xml at the very start", "Remove what is before it."),
    65: _ATTRIBUTE,
    68: _NAME,
    73: _Fault("TAGS", "A tag has no end, or a wrong character in it.", ">", "Close the tag with >."),
    76: _Fault(
        "TAGS",
        "An end tag does not close the element that is open.",
        "the end tag of the open element",
        "Close elements in the reverse of the order in which they were opened.",
    ),
    77: _Fault("TRUNCATED", "The message ends before its root is closed.", "more of it", "Send the whole message."),
    80: _Fault("COMMENT", "A comment holds two hyphens in a row.", "a comment without --", "Remove one of them."),
    81: _Fault("CHARACTER", "Bytes stand here that are no text.", _ENCODING_WORDS, "Write the message in UTF-8."),
    99: _PREFIX,
    200: _PREFIX,
    201: _Fault("PREFIX", "A prefix is used that no xmlns declares.", "a declared prefix", "Declare it, or omit it."),
    202: _PREFIX,
}
_OTHER = _Fault("NOT-WELL-FORMED", "The message is not well-formed XML.", "well-formed XML", "Correct this line.")
_LONG = frozenset({1, 114, 116})


def _not_well_formed(error: etree.XMLSyntaxError, data: bytes) -> Unreadable:
    """Say in our own words what is wrong; of the parser's text only the names and numbers are used."""
    line, column = error.lineno or 1, error.offset or 1
    number = int(getattr(error, "code", 0) or 0)
    detail = _LINE.sub("", error.msg or "")
    lines = data.split(b"\n", line)
    got = excerpt(lines[line - 1].decode("utf-8", "replace").strip()) if line <= len(lines) else ""
    got = got or "the end of the message"
    if number == _JUNK_AFTER_ROOT:
        return Unreadable(
            "OECP-XML-JUNK",
            "Text follows the end of the message.",
            line=line,
            column=column,
            expected="nothing after the end tag of the root element",
            got=got,
            fix="Cut the message after its root element; log lines and headers are not part of it.",
        )
    if "depth" in detail.lower():
        return Unreadable(
            "OECP-XML-DEPTH",
            "The message's elements are nested too deeply.",
            line=line,
            column=column,
            expected="at most 256 elements within each other",
            got="more",
            fix="Send a declaration of the WCO Data Model; it needs about ten levels.",
        )
    if number in _LONG:
        return Unreadable(
            "OECP-XML-SIZE",
            "A name or a text of the message is too long to be read.",
            line=line,
            column=column,
            expected="names of at most 50,000 and texts of at most 10,000,000 characters",
            got=got,
            fix="Shorten it; attachments do not belong in a declaration.",
        )
    code, message, expected, fix = _FAULTS.get(number, _OTHER)
    tags = re.search(r"mismatch: (\S+) line (\d+) and (\S+)", detail)
    if tags:
        expected = f"</{tags.group(1)[:60]}>, opened in line {tags.group(2)}"
        got = f"</{tags.group(3)[:60]}>"
        fix = f"Close {tags.group(1)[:60]} before {tags.group(3)[:60]}, or remove it."
    return Unreadable(f"OECP-XML-{code}", message, line=line, column=column, expected=expected, got=got, fix=fix)
