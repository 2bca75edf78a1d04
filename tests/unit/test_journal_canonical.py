# SPDX-License-Identifier: Apache-2.0
"""The bytes of an event are those of RFC 8785, and what cannot be written so is refused by name."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openecp.kernel.journal.canonical import MAX_INTEGER, NotCanonical, body_bytes, canonical, event_bytes
from openecp.kernel.journal.model import NewEvent

KEYS = st.text(st.characters(max_codepoint=127), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def reference(value: Any) -> str:
    """RFC 8785 as its text has it, for values without fractions."""
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(reference, value)) + "]"
    if isinstance(value, dict):
        order = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{reference(key)}:{reference(value[key])}" for key in order) + "}"
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))


@given(VALUES)
def test_the_quick_way_writes_what_the_standard_says(value: Any) -> None:
    assert canonical(value).decode() == reference(value)
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.integers(1, 2**50))
def test_an_event_is_canonical_as_a_whole(body: dict[str, Any], seq: int) -> None:
    time = "2026-01-31T09:00:00.000000Z"
    fields = {
        "case_id": "case-1",
        "kind": "GoodsReleased",
        "occurred_at": time,
        "recorded_at": time,
        "actor": "customs",
    }
    whole = {"body": body, "seq": seq, "v": 1, **fields}
    assert event_bytes(seq=seq, body=canonical(body), **fields).decode() == reference(whole)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.5, r"\$: expected text, integer"),
        ({"a": [{"b": float("nan")}]}, r"\$\.a\[0\]\.b: .*found float"),
        ({"a": 2**53}, r"\$\.a: expected an integer within 2\^53, found 9007199254740992"),
        ({"é": 1}, "expected member names in ASCII, found 'é'"),
        ({1: "a"}, "expected member names in ASCII, found 1"),
        ("\ud800", "expected text in Unicode"),
        ({"when": datetime.date(2026, 1, 31)}, r"\$\.when: .*found date; fix: write decimals as text, dates as ISO"),
        ([[[[[[[[[1.5]]]]]]]]], "found float"),
    ],
)
def test_what_has_no_one_form_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(NotCanonical, match=said):
        canonical(value)


def test_depth_is_limited() -> None:
    value: Any = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(NotCanonical, match="at most 32 levels"):
        canonical(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "released"), ("kind", 'A"B'), ("actor", ""), ("actor", 'x","body":{}'), ("actor", "person:é"),
        ("occurred_at", "2026-01-31"), ("occurred_at", "2026-01-31T09:00:00Z"), ("body", [1]),
    ],
)  # fmt: skip
def test_fields_that_could_blur_the_record_are_refused(field: str, value: Any) -> None:
    good = {"kind": "GoodsReleased", "occurred_at": "2026-01-31T09:00:00.000000Z", "actor": "customs", "body": {}}
    assert body_bytes(NewEvent(**good)) == b"{}"
    with pytest.raises(NotCanonical, match=field):
        body_bytes(NewEvent(**(good | {field: value})))


def test_a_body_is_limited() -> None:
    event = NewEvent(
        kind="GoodsReleased", occurred_at="2026-01-31T09:00:00.000000Z", actor="customs", body={"a": "x" * (1 << 20)}
    )
    with pytest.raises(NotCanonical, match="body: expected at most 1048576 bytes"):
        body_bytes(event)
