# SPDX-License-Identifier: Apache-2.0
"""Any declaration of the data model, with any text that XML can hold, survives both bindings unchanged."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import elements_of
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, WcoClass
from openecp.platform.wire import (
    MetaData,
    read,
    read_response,
    write,
    write_json,
    write_json_response,
    write_response,
)

BLANK = " \t\r\n"
TEXT = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda c: c in BLANK or (c >= " " and c not in "\ufffe\uffff")),
    max_size=12,
).map(lambda text: text.strip(BLANK))


def _leaf(draw: st.DrawFn, kind: str) -> Any:
    if kind == "text":
        return draw(TEXT)
    unit = draw(st.none() | TEXT)
    if kind == "amount":
        return Amount(value=draw(TEXT), currency_id=unit)
    if kind == "quantity":
        return Quantity(value=draw(TEXT), unit_code=unit)
    return DateTime(value=draw(TEXT), format_code=unit)


@st.composite
def classes(draw: st.DrawFn, cls: type[WcoClass], depth: int = 0) -> Any:
    """Draw a class with a few of its elements."""
    elements = list(elements_of(cls))
    if depth >= 5:
        elements = [element for element in elements if element.child is None]
    chosen = draw(st.lists(st.sampled_from(elements), max_size=4, unique=True)) if elements else []
    values: dict[str, Any] = {}
    for element in chosen:
        if element.child is None:
            values[element.field] = _leaf(draw, element.kind)
        elif element.repeats:
            count = draw(st.integers(1, 3))
            values[element.field] = tuple(draw(classes(element.child, depth + 1)) for _ in range(count))
        else:
            values[element.field] = draw(classes(element.child, depth + 1))
    return cls(**values)


bounded = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@bounded
@given(classes(Declaration), st.none() | st.builds(MetaData, responsible_country_code=TEXT, wco_type_name=TEXT))
def test_declarations(declaration: Declaration, envelope: MetaData | None) -> None:
    for data in (write(declaration, envelope=envelope), write_json(declaration, envelope=envelope)):
        reading = read(data)
        assert reading.declaration == declaration
        assert reading.unknown == ()
        assert reading.faults == ()
        if envelope is not None:
            assert reading.envelope == envelope


@bounded
@given(classes(Response))
def test_responses(response: Response) -> None:
    for data in (write_response([response, response]), write_json_response([response, response])):
        reading = read_response(data)
        assert reading.responses == (response, response)
        assert reading.unknown == ()
        assert reading.faults == ()
