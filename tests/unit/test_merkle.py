# SPDX-License-Identifier: Apache-2.0
"""The tree over the journal: every way of computing a root agrees, every proof holds, no changed proof does."""

from __future__ import annotations

import pytest

from openecp.kernel.journal.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    consistency_ranges,
    cover,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    prove,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"event %d" % number) for number in range(700)]
SIZES = [*range(1, 34), 63, 64, 65, 255, 256, 257, 511, 512, 513, 700]


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(slow_root(leaves[:split]), slow_root(leaves[split:]))


def subtree(node: Node) -> bytes:
    level, index = node
    return slow_root(LEAVES[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", [0, *SIZES])
def test_frontier_and_levels_give_the_root_of_the_definition(size: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.root() == tree_root(LEAVES[:size]) == slow_root(LEAVES[:size])
    assert Frontier.from_bytes(size, frontier.to_bytes()).root() == frontier.root()


def test_a_frontier_taken_up_again_goes_on_as_if_never_left() -> None:
    whole = Frontier()
    completed = whole.extend(LEAVES)
    part, found = Frontier(), []
    for start in range(0, 700, 97):
        part = Frontier.from_bytes(part.size, part.to_bytes())
        found += part.extend(LEAVES[start : start + 97])
    assert (part.root(), found) == (whole.root(), completed)
    assert found == [(8, 0, subtree((8, 0))), (8, 1, subtree((8, 1)))]


@pytest.mark.parametrize("size", SIZES)
def test_every_event_is_proved_and_no_other_is(size: int) -> None:
    root = tree_root(LEAVES[:size])
    for index in range(0, size, max(1, size // 40)):
        proof = prove(inclusion_ranges(index, size), subtree)
        assert verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof, root=root)
        assert not verify_inclusion(index=index, size=size, leaf=leaf_hash(b"x"), proof=proof, root=root)
        assert not verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=[*proof, root], root=root)
        assert not verify_inclusion(index=size, size=size, leaf=LEAVES[index], proof=proof, root=root)
        if proof:
            assert not verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof[:-1], root=root)
            assert not verify_inclusion(index=index ^ 1, size=size, leaf=LEAVES[index], proof=proof, root=root)


@pytest.mark.parametrize("size", SIZES)
def test_every_earlier_tree_is_the_beginning_of_a_later_one(size: int) -> None:
    root2 = tree_root(LEAVES[:size])
    for size1 in range(1, size + 1, max(1, size // 40)):
        proof = prove(consistency_ranges(size1, size), subtree)
        root1 = tree_root(LEAVES[:size1])
        assert verify_consistency(size1=size1, size2=size, root1=root1, root2=root2, proof=proof)
        other = tree_root([*LEAVES[: size1 - 1], leaf_hash(b"another history")])
        assert not verify_consistency(size1=size1, size2=size, root1=other, root2=root2, proof=proof)
        assert not verify_consistency(size1=size1, size2=size, root1=root1, root2=root2, proof=[*proof, root1])


def test_what_proves_nothing_is_refused() -> None:
    root = tree_root(LEAVES[:8])
    assert not verify_consistency(size1=0, size2=0, root1=EMPTY_ROOT, root2=EMPTY_ROOT, proof=[])
    assert not verify_consistency(size1=0, size2=8, root1=EMPTY_ROOT, root2=root, proof=[])
    assert not verify_inclusion(index=0, size=0, leaf=b"", proof=[], root=b"")
    assert not verify_inclusion(index=0, size=1, leaf=b"", proof=[], root=b"")
    with pytest.raises(ValueError, match="inclusion proof: expected an index"):
        inclusion_ranges(8, 8)
    with pytest.raises(ValueError, match="consistency proof"):
        consistency_ranges(0, 8)
    with pytest.raises(ValueError, match="frontier: expected 2 hashes"):
        Frontier(3, [bytes(32)])


def test_ranges_are_covered_by_complete_subtrees() -> None:
    for start in range(40):
        for end in range(start, 80):
            spans = [range(index << level, (index + 1) << level) for level, index in cover(start, end)]
            assert [leaf for span in spans for leaf in span] == list(range(start, end))
