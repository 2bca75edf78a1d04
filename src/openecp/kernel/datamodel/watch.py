# SPDX-License-Identifier: Apache-2.0
"""Watching elements: one walk over a declaration says which are there, which have a certain value, which are coded.

A watch is compiled from WCO paths (`42A/67A/68A/23A/65A.128`, alternatives joined by `|`) into a tree over the
structs, so that the walk touches only what somebody asked for. Presence and values become bits of one integer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import elements_of
from openecp.kernel.datamodel.values import WcoClass

ITEM_CLASS = "68A"
MEMORY_MAX = 4096  # texts remembered an element
_Compiled = tuple[Callable[[Any], tuple[Any, ...]], tuple[tuple[int, Any, bool, bool, Any], ...]]


class Presence(msgspec.Struct, frozen=True):
    """Set `bit` where any of the paths is there with a value."""

    paths: tuple[str, ...]
    bit: int


class Fact(msgspec.Struct, frozen=True):
    """Set `bit` where the element has one of the values; `40*` matches by its beginning."""

    path: str
    values: tuple[str, ...]
    bit: int


class Coded(msgspec.Struct, frozen=True):
    """Note each value of the element as `<number>:<value>`, to be looked up in a code list.

    Where the list has entries for all codes that begin alike (`GB000*`), a value that is not in `exact` and begins so
    is noted as that entry.
    """

    path: str
    number: int
    wildcards: tuple[str, ...] = ()
    exact: frozenset[str] = frozenset()

    def noted(self, text: str) -> str:
        """Return what is noted of a value."""
        if self.wildcards and text not in self.exact:
            text = next((w for w in self.wildcards if text.startswith(w[:-1])), text)
        return f"{self.number}:{text}"


class Format(msgspec.Struct, frozen=True):
    """Check the element's text: `an..22`, `a2`, `n..16,6`, `n1`, with an optional range for numbers."""

    path: str
    number: int
    format: str
    minimum: str = ""
    maximum: str = ""


class _Leaf:
    """What is asked of the text of one element; answers for coded texts are remembered."""

    __slots__ = ("coded", "exact", "formats", "memory", "prefixes")

    def __init__(self) -> None:
        self.exact: dict[str, int] = {}
        self.prefixes: list[tuple[str, int]] = []
        self.coded: list[Coded] = []
        self.formats: list[tuple[int, Callable[[str], bool]]] = []
        self.memory: dict[str, tuple[int, tuple[str, ...]]] = {}

    @property
    def asked(self) -> bool:
        return bool(self.exact or self.prefixes or self.coded or self.formats)

    def look(self, text: str, seen: Seen) -> int:
        """Return the bits of a text; note its codes and format faults."""
        known = self.memory.get(text)
        if known is None:
            bits = self.exact.get(text, 0)
            for prefix, bit in self.prefixes:
                if text.startswith(prefix):
                    bits |= bit
            known = (bits, tuple(coded.noted(text) for coded in self.coded))
            if self.exact or self.prefixes or self.coded:
                if len(self.memory) >= MEMORY_MAX:
                    self.memory.clear()
                self.memory[text] = known
        if known[1]:
            seen.codes.extend(known[1])
        for wanted, holds in self.formats:
            if not holds(text):
                seen.format_faults.append((wanted, text))
        return known[0]


@dataclass(slots=True)
class _Edge:
    attribute: str
    repeats: bool
    is_text: bool
    bits: int = 0
    leaf: _Leaf = field(default_factory=_Leaf)
    child: _Node | None = None


@dataclass(slots=True)
class _Node:
    edges: list[_Edge] = field(default_factory=list)

    def edge(self, attribute: str, *, repeats: bool, is_text: bool) -> _Edge:
        for known in self.edges:
            if known.attribute == attribute:
                return known
        self.edges.append(_Edge(attribute, repeats, is_text))
        return self.edges[-1]

    def compile(self) -> _Compiled:
        """Return the node as one attribute getter and a row of tuples: what the walk runs on."""
        rows = tuple(
            (e.bits, e.child.compile() if e.child else None, e.repeats, e.is_text, e.leaf if e.leaf.asked else None)
            for e in self.edges
        )
        names = [e.attribute for e in self.edges]
        if not names:
            return (lambda value: ()), ()
        if len(names) == 1:
            one = attrgetter(names[0])
            return (lambda value: (one(value),)), rows
        return attrgetter(*names), rows


class Seen(msgspec.Struct):
    """What one walk found: the bits, the coded values, the texts that break a format as (number, text)."""

    bits: int = 0
    codes: list[str] = []
    format_faults: list[tuple[int, str]] = []


class Watch:
    """Compiled watches: `header` walks a declaration without its items, `item` walks one item.

    Raises: ValueError at compilation where a path names no element of the data model.
    """

    def __init__(
        self,
        presences: Iterable[Presence] = (),
        facts: Iterable[Fact] = (),
        coded: Iterable[Coded] = (),
        formats: Iterable[Format] = (),
    ) -> None:
        self._header, self._item = _Node(), _Node()
        for presence in presences:
            for path in presence.paths:
                self._edge_of(path).bits |= 1 << presence.bit
        for fact in facts:
            edge = self._edge_of(fact.path)
            for value in fact.values:
                if value.endswith("*"):
                    edge.leaf.prefixes.append((value[:-1], 1 << fact.bit))
                else:
                    edge.leaf.exact[value] = edge.leaf.exact.get(value, 0) | 1 << fact.bit
        for code in coded:
            self._edge_of(code.path).leaf.coded.append(code)
        for wanted in formats:
            self._edge_of(wanted.path).leaf.formats.append((wanted.number, format_check(wanted)))
        self._header_walk, self._item_walk = self._header.compile(), self._item.compile()

    def _edge_of(self, path: str) -> _Edge:
        classes, _, leaf = path.partition(".")
        steps = classes.split("/")
        if steps[0] != "42A":
            raise ValueError(f"element {path}: expected a path from 42A, got {steps[0]}; begin with 42A")
        node, struct, edge = self._header, Declaration, None
        wanted = [(step, True) for step in steps[1:]] + ([(leaf, False)] if leaf else [])
        cls: type[WcoClass] = struct
        for wco_id, is_class in wanted:
            element = next(
                (e for e in elements_of(cls) if e.wco_id == wco_id and (e.child is not None) == is_class), None
            )
            if element is None:
                raise ValueError(f"element {path}: {wco_id} is not in {cls.__name__}; use a path of the data model")
            if wco_id == ITEM_CLASS:
                node, edge = self._item, None
            else:
                edge = node.edge(element.field, repeats=element.repeats, is_text=element.kind == "text")
                if element.child is not None:
                    edge.child = edge.child or _Node()
                    node = edge.child
            cls = element.child or cls
        if edge is None:
            raise ValueError(f"element {path}: expected an element below it; name one")
        return edge

    def header(self, declaration: WcoClass, seen: Seen) -> None:
        """Walk everything but the items."""
        seen.bits |= _walk(declaration, self._header_walk, seen)

    def item(self, item: WcoClass, seen: Seen) -> None:
        """Walk one item."""
        seen.bits |= _walk(item, self._item_walk, seen)


def _walk(value: WcoClass, node: _Compiled, seen: Seen) -> int:
    found = 0
    getter, rows = node
    for got, (bits, child, repeats, is_text, leaf) in zip(getter(value), rows, strict=True):
        if not got:
            continue
        if child is not None:
            found |= bits
            if repeats:
                for one in got:
                    found |= _walk(one, child, seen)
            else:
                found |= _walk(got, child, seen)
            continue
        for one in got if repeats else (got,):
            text = one if is_text else one.value
            if text:
                found |= bits
                if leaf is not None:
                    found |= leaf.look(text, seen)
    return found


def format_check(wanted: Format) -> Callable[[str], bool]:
    """Return the check of a format and its range."""
    pattern = format_pattern(wanted.format)
    low = float(wanted.minimum) if wanted.minimum else None
    high = float(wanted.maximum) if wanted.maximum else None

    def holds(text: str) -> bool:
        if pattern.fullmatch(text) is None:
            return False
        if low is None and high is None:
            return True
        number = float(text)
        return (low is None or number >= low) and (high is None or number <= high)

    length = re.fullmatch(r"an(\.\.)?(\d+)", wanted.format)
    if length is not None and low is None and high is None:  # the common form, without a pattern
        longest = int(length[2])
        shortest = 1 if length[1] else longest
        return lambda text: shortest <= len(text) <= longest and text.isprintable()
    return holds


def format_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a WCO format: `an..35`, `a2`, `n..16,6` (16 digits, 6 of them decimals), `n1`."""
    match = re.fullmatch(r"(an|a|n)(\.\.)?(\d+)(?:,(\d+))?", text)
    if match is None:
        raise ValueError(f"format {text!r}: expected a form such as an..35, a2 or n..16,6; write one of these")
    kind, upto, length, decimals = match[1], bool(match[2]), int(match[3]), match[4]
    low = 1 if upto else length
    if kind == "n":
        if decimals:
            return re.compile(rf"(?=[0-9.]{{1,{length + 1}}}$)[0-9]+(\.[0-9]{{1,{decimals}}})?")
        return re.compile(rf"[0-9]{{{low},{length}}}")
    charset = r"[^\W\d_]" if kind == "a" else r"[^\r\n\t]"
    return re.compile(rf"{charset}{{{low},{length}}}")
