# SPDX-License-Identifier: Apache-2.0
"""The log that nobody can rewrite unseen: a Merkle tree over all events, and proofs that an event is in it.

Source: RFC 6962 section 2.1 (hash tree, inclusion and consistency proofs), RFC 9162 sections 2.1.3 and 2.1.4
    (verification).
Limits: trees of up to 2^62 leaves; SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
STORED_LEVEL_STEP = 8  # complete subtrees of 256, 65,536, … leaves are kept, so that a proof reads a few hundred hashes
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = tuple[int, int]  # level (0: leaves), index within the level
_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of the tree: one hash for each complete subtree, largest first; all that an append needs."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Take up a tree where it was left."""
        if size < 0 or len(hashes) != size.bit_count() or any(len(h) != HASH_BYTES for h in hashes):
            raise ValueError(f"frontier: expected {size.bit_count()} hashes of 32 bytes for size {size}")
        self.size = size
        self.hashes = list(hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote."""
        return cls(size, [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """Return the hashes one after the other."""
        return b"".join(self.hashes)

    def copy(self) -> Frontier:
        """Return a frontier of its own."""
        return Frontier(self.size, self.hashes)

    def extend(self, leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
        """Append leaf hashes; return the subtrees completed at the stored levels as (level, index, hash)."""
        new, start, level = list(leaves), self.size, 0  # nodes of one level and the index of the first
        self.size += len(new)
        completed: list[tuple[int, int, bytes]] = []
        single: list[bytes] = []  # the hashes that no right sibling completes, lowest first
        while new:
            if start & 1:
                new.insert(0, self.hashes.pop())
                start -= 1
            if len(new) & 1:
                single.append(new.pop())
            pairs = iter(new)
            new = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            start, level = start >> 1, level + 1
            if level % STORED_LEVEL_STEP == 0:
                completed += [(level, index, node) for index, node in enumerate(new, start)]
        self.hashes += reversed(single)
        return completed

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return fold(self.hashes) if self.hashes else EMPTY_ROOT


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, largest first."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = _sha256(b"\x01" + left + root).digest()
    return root


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, level by level (the quick way for many)."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = iter(level)
        level = [_sha256(b"\x01" + a + b).digest() for a, b in zip(pairs, pairs, strict=False)] + odd
    return level[0]


def cover(start: int, end: int) -> list[Node]:
    """Return the complete subtrees that make up leaves start … end - 1, from left to right."""
    nodes: list[Node] = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the leaf ranges whose roots prove that leaf `index` is in the tree of `size`, nearest first."""
    if not 0 <= index < size:
        raise ValueError(f"inclusion proof: expected an index from 0 to {size - 1}, found {index}")
    start, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    ranges.reverse()
    return ranges


def consistency_ranges(size1: int, size2: int) -> list[tuple[int, int]]:
    """Return the leaf ranges whose roots prove that the tree of `size2` continues the tree of `size1`."""
    if not 0 < size1 <= size2:
        raise ValueError(f"consistency proof: expected 0 < {size1} <= {size2}")
    start, end, whole = 0, size2, True
    ranges: list[tuple[int, int]] = []
    while size1 != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if size1 <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    ranges.reverse()
    return ranges


def prove(ranges: Sequence[tuple[int, int]], subtree: Callable[[Node], bytes]) -> list[bytes]:
    """Return the proof for these ranges; `subtree` gives the hash of a complete subtree."""
    return [fold([subtree(node) for node in cover(start, end)]) for start, end in ranges]


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows that the leaf stands at `index` of the tree with this size and root."""
    if not 0 <= index < size or not _all_hashes((leaf, root, *proof)):
        return False
    node, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and computed == root


def verify_consistency(*, size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that the first tree is the beginning of the second.

    Limits: a first tree of size 0 is refused, since its proof would prove nothing.
    """
    if not 0 < size1 <= size2:
        return False
    if size1 == size2:
        return not proof and root1 == root2
    if not _all_hashes((root1, root2, *proof)):
        return False
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and first == root1 and second == root2


def _all_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(h) == HASH_BYTES for h in hashes)
