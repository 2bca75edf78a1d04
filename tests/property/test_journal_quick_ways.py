# SPDX-License-Identifier: Apache-2.0
"""The quick ways of the journal give what the plain ways give: appending many leaves, checking many fields at once."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.store_world import case_write, document, entry, message

from openecp.kernel.journal import admission
from openecp.kernel.journal.canonical import NotCanonical, are_names, check_name
from openecp.kernel.journal.merkle import Frontier, node_hash, tree_root
from openecp.kernel.journal.model import CaseWrite, Deadline


def leaves(number: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % n).digest() for n in range(number)]


@given(st.lists(st.integers(0, 700), max_size=6))
def test_many_leaves_at_once_are_as_one_by_one(parts: list[int]) -> None:
    all_leaves = leaves(sum(parts))
    quick, stored, at = Frontier(), [], 0
    for number in parts:
        stored += quick.extend(all_leaves[at : at + number])
        at += number
    slow, one_by_one = Frontier(), []
    for leaf in all_leaves:
        one_by_one += slow.extend([leaf])
    assert (quick.size, quick.hashes) == (slow.size, slow.hashes)
    assert sorted(stored) == sorted(one_by_one)
    assert quick.root() == tree_root(all_leaves)
    for level, index, node in stored:
        assert node == tree_root(all_leaves[index << level : (index + 1) << level])
    if len(all_leaves) == 2:
        assert quick.root() == node_hash(*all_leaves)


ODD = st.sampled_from(["", "a", "a b", "a\nb", "\n", "a\n", "é", "a\x00", "x" * 129, "x" * 501, "-a", "\ud800"])


@st.composite
def odd_writes(draw: st.DrawFn) -> CaseWrite:
    """A good write of which some fields are replaced by what may or may not stand there."""
    replace = msgspec.structs.replace
    fields: dict[str, Any] = {}

    def some(value: Any, **choices: st.SearchStrategy[Any]) -> Any:
        return replace(
            value, **{name: draw(choice) for name, choice in choices.items() if draw(st.integers(0, 5)) == 0}
        )

    fields["documents"] = (
        some(
            document(1, persons=("P1",)),
            document_id=ODD,
            kind=ODD,
            media_type=ODD,
            salt=st.sampled_from([b"", bytes(15), bytes(16)]),
            digest=st.sampled_from(["", "ab" * 32, "AB" * 32, "zz" * 32, "a"]),
            person_keys=st.tuples(ODD),
            retain_until=st.sampled_from([None, "2026", "2026-01-31T09:00:00.000000Z"]),
        ),
    )
    fields["outbox"] = (
        some(message(1), message_id=ODD, organisation=ODD, case_id=ODD, kind=ODD, created_at=ODD),
        some(message(2), body=st.just(b"x")),
    )
    fields["ledger"] = (
        some(
            entry(1),
            entry_id=ODD,
            debit=st.sampled_from(["revenue:A00", "a", "é", "\ud800"]),
            amount_minor=st.sampled_from([-1, 0, 1, 2**53 - 1, 2**53]),
            reverses=st.none() | ODD,
            reason=ODD,
        ),
    )
    fields["deadlines"] = (some(Deadline(act="x", due_at=None), act=ODD, due_at=ODD),)
    return replace(case_write("case-1", key=draw(st.sampled_from([None, "k", "\x00", "x" * 501]))), **fields)


@given(odd_writes())
def test_what_passes_at_once_passes_one_by_one(write: CaseWrite) -> None:
    if not admission._attached_are_good(write):
        return
    for document_ in write.documents:
        admission._check_document(document_)
    for message_ in write.outbox:
        admission._check_message(message_)
    for entry_ in write.ledger:
        admission._check_entry(entry_)
    for deadline in write.deadlines:
        admission._check_deadline(deadline)
    assert admission.check_write(write)


@given(st.lists(ODD | st.text(max_size=5), max_size=4))
def test_names_at_once_are_as_one_by_one(names: list[str]) -> None:
    try:
        for name in names:
            check_name("name", name)
        good = True
    except NotCanonical:
        good = False
    assert are_names(names) == good


def test_an_ordinary_write_passes_at_once() -> None:
    write = case_write("case-1", key="k", documents=(document(1),), outbox=(message(1),), ledger=(entry(1),))
    assert admission._attached_are_good(write)
