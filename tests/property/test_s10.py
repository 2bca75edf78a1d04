# SPDX-License-Identifier: Apache-2.0
"""Whatever identifier is made by the rule is read; whatever single mistake is made in one is named."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from openecp.border.postal.countries import COUNTRIES
from openecp.border.postal.s10 import check_digit, parse_s10, reuse_warning, s10_faults, service_meaning, year_after

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SERIALS = st.integers(0, 99_999_999).map(lambda n: f"{n:08d}")
SERVICES = st.text(LETTERS, min_size=2, max_size=2)
PLACES = st.sampled_from(sorted(COUNTRIES))
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@settings(max_examples=50, deadline=None)
@given(service=SERVICES, serial=SERIALS, country=PLACES, blanks=st.lists(st.integers(0, 13), max_size=6))
def test_an_identifier_made_by_the_rule_is_read(service: str, serial: str, country: str, blanks: list[int]) -> None:
    """Blanks anywhere do not matter; the parts are those it was made of."""
    text = f"{service}{serial}{check_digit(serial)}{country}"
    written = text
    for place in blanks:
        written = written[:place] + " " + written[place:]
    found = parse_s10(written)
    assert (found.identifier, found.service, found.serial, found.country) == (text, service, serial, country)
    codes = [fault.code for fault in s10_faults(written)[1]]
    assert codes == ([] if service_meaning(service)[1] else ["OECP-S10-SERVICE"])


@settings(max_examples=50, deadline=None)
@given(serial=SERIALS, place=st.integers(0, 7), step=st.integers(1, 9))
def test_one_wrong_digit_is_found(serial: str, place: int, step: int) -> None:
    """A digit changed changes the check digit, but where 10 and 11 share a digit with others: 10 with 0, 11 with 5."""
    other = serial[:place] + str((int(serial[place]) + step) % 10) + serial[place + 1 :]
    sums = [
        sum(w * int(d) for w, d in zip((8, 6, 4, 2, 3, 5, 9, 7), each, strict=True)) % 11 for each in (serial, other)
    ]
    if {*sums} == {0, 6}:  # the rule gives both the digit 5
        assert check_digit(serial) == check_digit(other) == 5
        return
    found, faults = s10_faults(f"RB{other}{check_digit(serial)}GB")
    assert found is None
    assert [fault.code for fault in faults] == ["OECP-S10-CHECK-DIGIT"]
    assert faults[0].expected.startswith(str(check_digit(other)))


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    """Nothing raises; what cannot be read says where, what was expected and what to do."""
    found, faults = s10_faults(text)
    assert found is not None or faults
    assert all(fault.expected and fault.got and fault.fix and len(fault.got) <= 80 for fault in faults)


@settings(max_examples=50, deadline=None)
@given(first=DAYS, days=st.integers(-900, 900))
def test_reuse_is_judged_by_twelve_months_both_ways(first: date, days: int) -> None:
    """Which item was told first does not matter."""
    second = first + timedelta(days=days)
    told, turned = reuse_warning("RB123456785GB", second, [first]), reuse_warning("RB123456785GB", first, [second])
    early, late = min(first, second), max(first, second)
    assert (told is not None) == (turned is not None) == (early != late and late < year_after(early))
    assert told is None or first.isoformat() in told.got
