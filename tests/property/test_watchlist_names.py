# SPDX-License-Identifier: Apache-2.0
"""Order of words, case, accents and which name comes first make no difference; a name is always itself."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from openecp.border.risk.watchlist.alike import PARTS, compare
from openecp.border.risk.watchlist.match import Matcher, Watchlist
from openecp.border.risk.watchlist.party import ListEntry, Party
from openecp.border.risk.watchlist.plain import plain_names
from openecp.border.risk.watchlist.score import Scorer, shipped_weights

WORDS = st.lists(st.text(alphabet="abdehiklmnorstuvyz", min_size=2, max_size=9), min_size=1, max_size=5)
ANY = st.text(max_size=60)
SCORER = Scorer()
SCRIPTS = (("Ivan Petrov", "Иван Петров"), ("Jose Nunez", "José Núñez"), ("Xi Jinping", "习近平"),
           ("Alexandros Papas", "Αλέξανδρος Πάπας"), ("Muller Strasse", "Müller Straße"))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ANY, ANY, st.booleans())
def test_a_comparison_is_symmetric_and_within_bounds(one: str, other: str, person: bool) -> None:
    first, second = plain_names([one, other], person=person)
    there, back = compare(first, second), compare(second, first)
    assert there.parts == back.parts
    assert len(there.parts) == len(PARTS)
    assert all(0.0 <= part <= 1.0 for part in there.parts)
    assert SCORER.points(first, second) == SCORER.points(second, first)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.integers(0, 1000))
def test_order_and_case_make_no_difference(one: list[str], other: list[str], seed: int) -> None:
    turned = one[:]
    Random(seed).shuffle(turned)
    names = plain_names([" ".join(one), " ".join(turned).upper(), " ".join(other)], person=True)
    assert compare(names[0], names[2]).parts == compare(names[1], names[2]).parts
    assert names[0].key == names[1].key


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=20))
def test_whoever_is_on_the_list_is_found(rows: list[list[str]]) -> None:
    names = [" ".join(words) for words in rows]
    entries = tuple(ListEntry(entry_id=str(n), kind="Person", names=(name,)) for n, name in enumerate(names))
    matcher = Matcher([Watchlist(list_id="l", version=1, entries=entries)])
    for name in names:
        assert any(hit.listed_name == name for hit in matcher.match(Party(name=name.title())))


def test_scripts_make_no_difference() -> None:
    entries = tuple(ListEntry(entry_id=latin, kind="Person", names=(other,)) for latin, other in SCRIPTS)
    matcher = Matcher([Watchlist(list_id="l", version=1, entries=entries)])
    for latin, _ in SCRIPTS:
        assert [hit.entry_id for hit in matcher.match(Party(name=latin))] == [latin]


def test_each_part_of_the_shipped_table_speaks_in_its_direction() -> None:
    weights = shipped_weights()
    assert all(weights.parts[name] * sign >= 0 for name, sign, _ in PARTS)
    assert weights.evidence["date_agrees"] > weights.evidence["year_agrees"] > 0 > weights.evidence["date_contradicts"]
