# SPDX-License-Identifier: Apache-2.0
"""Watching elements: one walk over a declaration says which are there, which have a certain value, which are coded.

A watch is compiled from WCO paths (`42A/67A/68A/23A/65A.128`, alternatives joined by `|`) into a tree over the
structs, so that the walk touches only what somebody asked for. Presence and values become bits of one integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import elements_of
from openecp.kernel.datamodel.values import WcoClass

ITEM_CLASS = "68A"


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
    """Note each value of the element as `<number>:<value>`, to be looked up in a code list."""

    path: str
    number: int


class Format(msgspec.Struct, frozen=True):
    """Check the element's text: `an..22`, `a2`, `n..16,6`, `n1`, with an optional range for numbers."""

    path: str
    number: int
    format: str
    minimum: str = ""
    maximum: str = ""


@dataclass(slots=True)
class _Edge:
    attribute: str
    repeats: bool
    is_text: bool
    bits: int = 0
    exact: dict[str, int] = field(default_factory=dict)
    prefixes: list[tuple[str, int]] = field(default_factory=list)
    coded: list[str] = field(default_factory=list)
    formats: list[tuple[int, re.Pattern[str], float | None, float | None]] = field(default_factory=list)
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
                    edge.prefixes.append((value[:-1], 1 << fact.bit))
                else:
                    edge.exact[value] = edge.exact.get(value, 0) | 1 << fact.bit
        for code in coded:
            self._edge_of(code.path).coded.append(f"{code.number}:")
        for wanted in formats:
            low = float(wanted.minimum) if wanted.minimum else None
            high = float(wanted.maximum) if wanted.maximum else None
            self._edge_of(wanted.path).formats.append((wanted.number, format_pattern(wanted.format), low, high))

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
        seen.bits |= _walk(declaration, self._header, seen)

    def item(self, item: WcoClass, seen: Seen) -> None:
        """Walk one item."""
        seen.bits |= _walk(item, self._item, seen)


def _walk(value: WcoClass, node: _Node, seen: Seen) -> int:
    bits = 0
    for edge in node.edges:
        got = getattr(value, edge.attribute)
        if not got:
            continue
        if edge.child is not None:
            bits |= edge.bits
            for one in got if edge.repeats else (got,):
                bits |= _walk(one, edge.child, seen)
            continue
        for leaf in got if edge.repeats else (got,):
            text = leaf if edge.is_text else leaf.value
            if text:
                bits |= edge.bits
                if edge.exact or edge.prefixes or edge.coded or edge.formats:
                    bits |= _look(text, edge, seen)
    return bits


def _look(text: str, edge: _Edge, seen: Seen) -> int:
    bits = edge.exact.get(text, 0)
    for prefix, bit in edge.prefixes:
        if text.startswith(prefix):
            bits |= bit
    for number in edge.coded:
        seen.codes.append(number + text)
    for wanted, pattern, low, high in edge.formats:
        if pattern.fullmatch(text) is None:
            seen.format_faults.append((wanted, text))
        elif low is not None or high is not None:
            number = float(text)
            if (low is not None and number < low) or (high is not None and number > high):
                seen.format_faults.append((wanted, text))
    return bits


def format_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a WCO format: `an..35`, `a2`, `n..16,6` (16 digits, 6 of them decimals), `n1`."""
    match = re.fullmatch(r"(an|a|n)(\.\.)?(\d+)(?:,(\d+))?", text)
    if match is None:
        raise ValueError(f"format {text!r}: expected a form such as an..35, a2 or n..16,6; write one of these")
    kind, upto, length, decimals = match[1], bool(match[2]), int(match[3]), match[4]
    low = 1 if upto else length
    if kind == "n":
        if decimals:
            return re.compile(rf"(?=[\d.]{{1,{length + 1}}}$)\d+(\.\d{{1,{decimals}}})?")
        return re.compile(rf"\d{{{low},{length}}}")
    charset = r"[^\W\d_]" if kind == "a" else r"[^\r\n\t]"
    return re.compile(rf"{charset}{{{low},{length}}}")
