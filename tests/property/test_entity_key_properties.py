# SPDX-License-Identifier: Apache-2.0
"""Whatever is typed has a key; keys of many rows are those of each row; spelling habits never change one."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from openecp.kernel.parties.entity_key import entity_key, entity_keys
from openecp.kernel.parties.plain_text import plain_lines
from openecp.kernel.parties.similar import similar

ANYTHING = st.one_of(st.none(), st.text(max_size=60))
LETTERS = st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F)
WORDS = st.lists(st.text(LETTERS, min_size=2, max_size=9), min_size=2, max_size=4)


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), min_size=1, max_size=12))
@settings(max_examples=150)
def test_many_rows_have_the_keys_of_each(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    keys = entity_keys(*zip(*rows, strict=True))
    assert keys == [entity_key(*row) for row in rows]
    assert all(key.isascii() and "\n" not in key for key in keys)


@given(WORDS, st.integers(1, 999), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_order_case_and_form_of_unicode_do_not_matter(words: list[str], house: int, chance) -> None:  # type: ignore[no-untyped-def]
    address = f"{house} Hill Road, Pune 411001"
    first = entity_key(" ".join(words), address)
    mixed = [unicodedata.normalize(chance.choice(["NFC", "NFD"]), word) for word in words]
    chance.shuffle(mixed)
    glued = {"al", "el", "abd", "abdul", "abdel", "abdur", "abdus", "abdal", "mac", "mc"}
    plain = " ".join(plain_lines(words, length_max=20)).split()  # words that belong to their neighbours have an order
    if not glued & set(plain) and all(len(word) > 1 for word in plain):
        assert entity_key(" ,  ".join(mixed), address.upper().replace(" ", "  ")) == first


@given(st.lists(st.tuples(ANYTHING, ANYTHING), min_size=1, max_size=25))
@settings(max_examples=80)
def test_groups_hold_at_least_what_the_exact_key_holds(rows: list[tuple[str | None, str | None]]) -> None:
    names, addresses = [row[0] for row in rows], [row[1] for row in rows]
    groups = similar(names, addresses)
    keys = entity_keys(names, addresses, [None] * len(rows))
    by_key: dict[str, int] = {}
    for key, group in zip(keys, groups, strict=True):
        if key.startswith("n"):
            assert by_key.setdefault(key, group) == group
