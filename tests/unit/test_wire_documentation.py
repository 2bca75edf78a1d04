# SPDX-License-Identifier: Apache-2.0
"""docs/data-model.md shows one declaration in both bindings, and names every error code of the wire."""

from __future__ import annotations

import re
from pathlib import Path

import openecp.platform.wire
from openecp.platform.wire import read, write

DOCUMENT = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text(encoding="utf-8")
SOURCES = sorted(Path(openecp.platform.wire.__file__).parent.glob("*.py"))


def _block(language: str) -> bytes:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1].encode()


def test_both_examples_are_the_same_declaration() -> None:
    from_xml, from_json = read(_block("xml")), read(_block("json"))
    assert from_xml.declaration == from_json.declaration
    assert from_xml.envelope == from_json.envelope
    assert write(from_xml.declaration, envelope=from_xml.envelope) == _block("xml")
    assert from_xml.unknown == from_json.unknown == ()


def test_every_code_is_documented() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    codes = set(re.findall(r'"(OECP-[A-Z-]+[A-Z])"', source))
    codes |= {f"OECP-XML-{kind}" for kind in re.findall(r'_Fault\(\s*"([A-Z-]+)"', source)}
    documented = set(re.findall(r"`(OECP-[A-Z-]+[A-Z])`", DOCUMENT))
    documented |= {f"OECP-XML{kind}" for kind in re.findall(r"`(-[A-Z-]+)`", DOCUMENT)}
    assert len(codes) > 20
    assert codes - documented == set()
    assert documented - codes == set()
