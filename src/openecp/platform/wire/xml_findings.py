# SPDX-License-Identifier: Apache-2.0
"""Collects what a message holds and the data model does not, and where a message breaks the data model's form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

from openecp.kernel.assessment.reasons import Reason
from openecp.platform.wire import namespaces as ns
from openecp.platform.wire.messages import Limits, UnknownElement, Unreadable, excerpt

BLANK = " \t\r\n"


def local_name(tag: Any) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else str(tag)


def line_of(node: etree._Element) -> int | None:
    """Return the line where an element begins."""
    line: object = node.sourceline
    return line if isinstance(line, int) else None


class Frame(NamedTuple):
    """A class being read: enough to say where we are, if anybody asks."""

    name: str
    wco_id: str
    repeats: bool
    values: dict[str, Any]  # as read so far
    position: int  # among its like, from 1


class Findings:
    """What was not understood and what is at fault, up to a limit each; knows the place through its frames."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.frames: list[Frame] = []
        self.root_path = ""
        self.unknown: list[UnknownElement] = []
        self.faults: list[Reason] = []
        self.unlisted = False

    def path(self, name: str = "") -> str:
        """Return the path of names of the class being read, or of an element in it."""
        steps = [self.root_path]
        steps += [f.name if f.position == 1 else f"{f.name}[{f.position}]" for f in self.frames[1:]]
        if name:
            steps.append(name)
        return "/".join(steps)

    def pointer(self, wco_id: str | None = None, *, leaf: bool = False) -> str | None:
        """Return the WCO pointer of the class being read, or of an element in it."""
        if not self.frames:
            return None
        steps = []
        for frame in self.frames:
            number = frame.values.get("sequence_numeric") or str(frame.position)
            steps.append(f"{frame.wco_id}[{number}]" if frame.repeats else frame.wco_id)
        pointer = "/".join(steps)
        if not wco_id:
            return pointer
        return f"{pointer}.{wco_id}" if leaf else f"{pointer}/{wco_id}"

    def full(self) -> bool:
        """Say whether the list of what is unknown is full; if so, note that there was more."""
        if len(self.unknown) < self.limits.reported:
            return False
        self.unlisted = True
        return True

    def attributes(self, node: etree._Element, path: str, known: str | None = None) -> None:
        """Report the attributes that nobody knows; where schemas lie is no statement of the declarant."""
        for name, value in node.items():
            if name != known and not str(name).startswith(ns.XSI_TAG):
                self._add(f"{path}/@{local_name(name)}", node, str(value))

    def element(self, node: etree._Element, path: str) -> None:
        """Report an element that no class has, with every text and attribute in it."""
        for inner, inner_path, depth in below(node, path):
            if self.full():
                return
            if depth > self.limits.depth:
                raise _too_deep(inner, self.limits)
            self.attributes(inner, inner_path)
            text = (inner.text or "").strip(BLANK)
            if text or (len(inner) == 0 and not inner.keys()):
                self._add(inner_path, inner, text)
            if inner is not node and inner.tail and inner.tail.strip(BLANK):
                self._add(f"{inner_path}/following-text()", inner, inner.tail.strip(BLANK))

    def _add(self, path: str, node: etree._Element, text: str) -> None:
        if not self.full():
            self.unknown.append(UnknownElement(path=path, line=line_of(node), text=text))

    def found_unknown(self) -> tuple[UnknownElement, ...]:
        """Return what was not understood; the last entry says that there was more than is listed."""
        if self.unlisted:
            return (*self.unknown, UnknownElement(path="…", text="there is more that is not understood"))
        return tuple(self.unknown)

    def fault(
        self, node: etree._Element, code: str, message: str, *, pointer: str | None, expected: str, got: str, fix: str
    ) -> None:
        """Add a place where the message breaks the data model's form."""
        if len(self.faults) >= self.limits.reported:
            return
        self.faults.append(
            Reason(
                code=code,
                layer="syntax",
                rule="form_of_the_message",
                message=message,
                pointer=pointer,
                line=line_of(node),
                expected=expected,
                got=got,
                fix=fix,
                source="WCO Data Model 3.6",
            )
        )

    def stray_text(self, node: etree._Element, text: str) -> None:
        """Report text that stands between elements."""
        name = excerpt(local_name(node.tag), 60)
        self.fault(
            node,
            "OECP-XML-NOT-A-CLASS",
            f"Text stands between the elements of {name}.",
            pointer=self.pointer(),
            expected=f"the elements of {name}",
            got=excerpt(text),
            fix="Move the text into the element that it is the value of, or remove it.",
        )

    def not_a_value(self, node: etree._Element, path: str, wco_id: str) -> None:
        """Report a value that holds elements; a placeholder that nobody filled in is the usual case."""
        first = excerpt(local_name(node[0].tag), 60)
        self.fault(
            node,
            "OECP-XML-NOT-A-VALUE",
            f"{local_name(node.tag)} holds other elements; it is a value.",
            pointer=self.pointer(wco_id, leaf=True),
            expected="text",
            got=f"<{first}>",
            fix=f"Write the value itself, without elements in it; <{first}> may be a placeholder.",
        )
        for child, child_path in children(node, path):
            self.element(child, child_path)
            if child.tail and child.tail.strip(BLANK):
                self._add(f"{child_path}/following-text()", child, child.tail.strip(BLANK))

    def repeated(self, node: etree._Element, wco_id: str, *, leaf: bool) -> None:
        """Report an element that may occur once and is given again; its text is in the report."""
        if len(self.faults) >= self.limits.reported:
            return
        said = " ".join(text for _, text in zip(range(50), node.itertext(), strict=False) if isinstance(text, str))
        self.fault(
            node,
            "OECP-XML-REPEATED",
            f"{local_name(node.tag)} is given again; it may occur once here. The first one counts.",
            pointer=self.pointer(wco_id, leaf=leaf),
            expected="one",
            got=excerpt(said, 200) or "another, empty",
            fix="Remove one of them.",
        )

    def bare_date(self, node: etree._Element, wco_id: str) -> None:
        """Report a date that stands without its DateTimeString element; its text is taken all the same."""
        self.fault(
            node,
            "OECP-XML-DATE",
            "A date stands here without its DateTimeString element.",
            pointer=self.pointer(wco_id, leaf=True),
            expected='<DateTimeString formatCode="102">20260504</DateTimeString>',
            got=excerpt(node.text or "") or "nothing",
            fix="Put the date in a DateTimeString element with its formatCode.",
        )


def children(node: etree._Element, path: str) -> Iterator[tuple[etree._Element, str]]:
    """Yield an element's children with their paths; `[n]` from the second of a name on."""
    counts: dict[str, int] = {}
    for child in node:
        name = local_name(child.tag)
        number = counts[name] = counts.get(name, 0) + 1
        yield child, f"{path}/{name}" if number == 1 else f"{path}/{name}[{number}]"


def below(node: etree._Element, path: str) -> Iterator[tuple[etree._Element, str, int]]:
    """Yield an element and all in it in the order of the message, with paths and depths, without recursion."""
    depth = path.count("/")
    yield node, path, depth
    open_levels = [children(node, path)]
    while open_levels:
        for child, child_path in open_levels[-1]:
            yield child, child_path, depth + len(open_levels)
            open_levels.append(children(child, child_path))
            break
        else:
            open_levels.pop()


def path_of(node: etree._Element) -> str:
    """Return an element's path of names from the root; `[n]` where brothers before it have the same name."""
    steps: list[str] = []
    current: etree._Element | None = node
    while current is not None:
        name = local_name(current.tag)
        number = 1 + sum(1 for brother in current.itersiblings(preceding=True) if local_name(brother.tag) == name)
        steps.append(name if number == 1 else f"{name}[{number}]")
        current = current.getparent()
    return "/" + "/".join(reversed(steps))


def _too_deep(node: etree._Element, limits: Limits) -> Unreadable:
    return Unreadable(
        "OECP-XML-DEPTH",
        "The message's elements are nested too deeply.",
        line=line_of(node),
        column=1,
        expected=f"at most {limits.depth} elements within each other",
        got="more",
        fix="Send a declaration of the WCO Data Model; it needs about ten levels.",
    )
