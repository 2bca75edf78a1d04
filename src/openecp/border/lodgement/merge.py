# SPDX-License-Identifier: Apache-2.0
"""One request is applied to one declaration: each amendment is resolved in both, and set, inserted or removed.

Removals happen last, so that positions are those of the declaration as it stood. Faults are gathered, so that all are
told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.documents import Amendment, Pointer
from openecp.kernel.datamodel.elements import element_by_id, numbered
from openecp.kernel.datamodel.pointers import (
    PointerError,
    Step,
    WcoPointer,
    format_pointer,
    from_structs,
    normalise,
    parse_pointer,
)
from openecp.kernel.datamodel.values import Element, WcoClass

LIMIT_AMENDMENTS = 999
REMOVED = "30"  # ChangeReasonCode: the element or class is taken away


class AmendmentFault(Exception):  # noqa: N818 - what the trader reads
    """A request that cannot be applied: `reasons` name every amendment at fault."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__("; ".join(reason.message for reason in reasons))
        self.reasons = reasons


class _Fault(Exception):  # noqa: N818
    def __init__(self, rule: str, message: str, *, expected: str, got: str, fix: str) -> None:
        super().__init__(message)
        self.rule, self.message, self.expected, self.got, self.fix = rule, message, expected, got, fix


def place_of(pointers: Sequence[Pointer]) -> WcoPointer:
    """Return where the pointers of an amendment lead; numbers of classes that occur once are dropped.

    Raises: PointerError.
    """
    return parse_pointer(normalise(from_structs(tuple(pointers))))


def _path(place: WcoPointer) -> str:
    joined = "/".join(step.wco_id for step in place.steps)
    return f"{joined}.{place.tag}" if place.tag else joined


def tree_of(declaration: Declaration) -> dict[str, Any]:
    """Return a declaration as JSON values that can be changed."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(declaration))
    return found


class Merge:
    """One request being applied to one declaration, as trees of JSON values."""

    def __init__(
        self, declaration: Declaration, request: Declaration, codes: dict[str, str], never: tuple[str, ...]
    ) -> None:
        self.amendments = request.amendment
        self.tree: dict[str, Any] = tree_of(declaration)
        self.brought: dict[str, Any] = tree_of(request)
        self.codes = codes
        self.never = never
        self.reasons: list[Reason] = []
        self.seen: dict[str, int] = {}  # amended places, with the number of their amendment
        self.within: dict[str, int] = {}  # classes that hold an amended place
        self.targets: dict[tuple[Any, ...], list[int]] = {}
        self.removals: list[tuple[list[Any], Any]] = []

    def run(self) -> Declaration:
        """Apply all amendments, or raise with all their faults."""
        places = self._places()
        self._note_targets(places)
        for number, place in places:
            try:
                self._check_once(place, number)
                self._check_allowed(place)
                self._apply(place, self.amendments[number - 1])
            except _Fault as fault:
                self._add(number, place, fault)
        if self.reasons:
            raise AmendmentFault(tuple(self.reasons))
        for listed, element in self.removals:
            listed[:] = [other for other in listed if other is not element]
        return msgspec.convert(self.tree, Declaration)

    def _places(self) -> list[tuple[int, WcoPointer]]:
        if not self.amendments:
            self._add_bare("amendment_missing", "The request names no amendment.", "06A with a pointer to what changes")
        if len(self.amendments) > LIMIT_AMENDMENTS:
            self._add_bare("amendment_too_many", f"At most {LIMIT_AMENDMENTS} amendments a request.", "fewer")
            return []
        found = []
        for number, amendment in enumerate(self.amendments, 1):
            try:
                place = place_of(amendment.pointer)
            except PointerError:
                place = WcoPointer(steps=())
            if not place.steps or place.steps[0].wco_id != "42A" or (len(place.steps) == 1 and not place.tag):
                self._add_bare(
                    "amendment_pointer",
                    f"Amendment {number} points at nothing that can be changed.",
                    "a pointer from 42A to a class or data element",
                    f"42A/06A[{number}]",
                )
            else:
                found.append((number, place))
        return found

    def _note_targets(self, places: list[tuple[int, WcoPointer]]) -> None:
        """Note which positions of a list without own numbers are named: the request brings them in that order."""
        for number, place in places:
            if self.amendments[number - 1].change_reason_code == REMOVED:
                continue
            cls: type[WcoClass] = Declaration
            key: tuple[Any, ...] = ()
            for step in place.steps[1:]:
                element = element_by_id(cls).get(step.wco_id)
                if element is None or element.child is None:
                    break
                if element.repeats and not numbered(element.child):
                    wanted = self.targets.setdefault((*key, step.wco_id), [])
                    position = step.number or 1
                    if position not in wanted:
                        wanted.append(position)
                        wanted.sort()
                key = (*key, step.wco_id, step.number)
                cls = element.child

    def _check_once(self, place: WcoPointer, number: int) -> None:
        text = format_pointer(place)
        parts = [f"{step.wco_id}[{step.number}]" if step.number is not None else step.wco_id for step in place.steps]
        above = ["/".join(parts[:count]) for count in range(2, len(parts) + 1 if place.tag else len(parts))]
        first = next((self.seen[t] for t in (text, *above) if t in self.seen), self.within.get(text))
        if first is not None:
            raise _Fault(
                "element_twice",
                "The same element is amended twice in one request.",
                expected="each element at most once in a request",
                got=f"amendments {first} and {number} at {text}",
                fix="Leave one of the two out, or send a second request after the answer to this one.",
            )
        self.seen[text] = number
        for higher in above:
            self.within.setdefault(higher, number)

    def _check_allowed(self, place: WcoPointer) -> None:
        path = _path(place)
        named = any(path == never or path.startswith((f"{never}/", f"{never}.")) for never in self.never)
        if named or place.tag == "006":
            raise _Fault(
                "not_amendable",
                "This element cannot be amended.",
                expected="an element other than " + ", ".join(self.never),
                got=path,
                fix="Ask to invalidate the declaration and lodge a new one.",
            )

    def _apply(self, place: WcoPointer, amendment: Amendment) -> None:
        """Walk down both trees; set, insert or remove at the end."""
        removes = amendment.change_reason_code == REMOVED
        node, source = self.tree, self.brought
        key: tuple[Any, ...] = ()
        cls: type[WcoClass] = Declaration
        last = len(place.steps) - 2
        for depth, step in enumerate(place.steps[1:]):
            element = element_by_id(cls).get(step.wco_id)
            if element is None or element.child is None:
                raise self._unresolved(place, f"{cls.__name__} has no class {step.wco_id}")
            whole = depth == last and place.tag is None
            if whole:
                self._change_class(node, source, element, step, removes, key)
                return
            node, source = self._descend(node, source, element, step, removes, (*key, step.wco_id))
            key = (*key, step.wco_id, step.number)
            cls = element.child
        self._change_leaf(node, source, cls, place, removes)

    def _descend(
        self, node: dict[str, Any], source: dict[str, Any], element: Element, step: Step, removes: bool, key: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        name = element.name
        if not element.repeats:
            if name not in node and removes:
                raise self._nothing_there(step)
            return node.setdefault(name, {}), source.get(name, {})
        assert element.child is not None
        listed: list[Any] = node.setdefault(name, [])
        found = _select(listed, element.child, step)
        if found is None:
            if removes or not self._may_insert(listed, element.child, step):
                raise self._nothing_there(step)
            found = {"SequenceNumeric": str(step.number or 1)} if numbered(element.child) else {}
            listed.append(found)
        return found, self._source_of(source.get(name, []), element.child, step, key) or {}

    def _change_class(
        self, node: dict[str, Any], source: dict[str, Any], element: Element, step: Step, removes: bool, key: Any
    ) -> None:
        name = element.name
        if not element.repeats:
            if removes and name not in node:
                raise self._nothing_there(step)
            if removes:
                del node[name]
            elif not source.get(name):
                raise self._no_value(f"{step.wco_id} ({name})")
            else:
                node[name] = source[name]
            return
        assert element.child is not None
        listed: list[Any] = node.setdefault(name, [])
        found = _select(listed, element.child, step)
        if removes:
            if found is None:
                raise self._nothing_there(step)
            self.removals.append((listed, found))
            return
        value = self._source_of(source.get(name, []), element.child, step, (*key, step.wco_id))
        if value is None:
            raise self._no_value(f"{step.wco_id}[{step.number or 1}] ({name})")
        if found is not None:
            listed[next(i for i, other in enumerate(listed) if other is found)] = value
        elif self._may_insert(listed, element.child, step):
            listed.append(value)
        else:
            raise self._nothing_there(step)

    def _change_leaf(
        self, node: dict[str, Any], source: dict[str, Any], cls: type[WcoClass], place: WcoPointer, removes: bool
    ) -> None:
        element = element_by_id(cls).get(place.tag or "")
        if element is None or element.child is not None:
            raise self._unresolved(place, f"{cls.__name__} has no data element {place.tag}")
        value = source.get(element.name)
        if value is not None:
            node[element.name] = value
        elif not removes:
            raise self._no_value(f"{place.tag} ({element.name})")
        elif node.pop(element.name, None) is None:
            raise self._nothing_there(Step(place.tag or "", None))

    def _source_of(self, brought: list[Any], cls: type[WcoClass], step: Step, key: Any) -> dict[str, Any] | None:
        """Find the request's element: by its own number, else as the k-th that is brought, else by position."""
        if not brought:
            return None
        if numbered(cls):
            return _select(brought, cls, step)
        position = 1 if step.number is None else step.number
        wanted = self.targets.get(key, [])
        if position in wanted and len(brought) == len(wanted):
            found: dict[str, Any] = brought[wanted.index(position)]
            return found
        return brought[position - 1] if 1 <= position <= len(brought) else None

    @staticmethod
    def _may_insert(listed: list[Any], cls: type[WcoClass], step: Step) -> bool:
        """A new element takes a number that is free, or the next position."""
        if step.number is None:
            return not listed
        return numbered(cls) or step.number == len(listed) + 1

    @staticmethod
    def _nothing_there(step: Step) -> _Fault:
        where = f"{step.wco_id}[{step.number}]" if step.number is not None else step.wco_id
        return _Fault(
            "pointer_unresolved",
            "The pointer leads to an element that the declaration does not hold.",
            expected="an element of the declaration, or the next free number for a new one",
            got=f"no {where}",
            fix="Take the numbers from the declaration as it stands now; items keep theirs when others are removed.",
        )

    @staticmethod
    def _unresolved(place: WcoPointer, why: str) -> _Fault:
        return _Fault(
            "pointer_unresolved",
            "The pointer leads to no element of the data model.",
            expected="classes and data elements of WCO Data Model 3.6",
            got=f"{format_pointer(place)}: {why}",
            fix="Correct the class identifiers and the tag of the pointer.",
        )

    @staticmethod
    def _no_value(what: str) -> _Fault:
        return _Fault(
            "value_missing",
            "The request points at an element but brings no new value for it.",
            expected=f"a value for {what} at its normal place in the request",
            got="none",
            fix=f"Add the value, or use reason {REMOVED} to remove the element.",
        )

    def _add(self, number: int, place: WcoPointer, fault: _Fault) -> None:
        self.reasons.append(
            Reason(
                code=self.codes.get(fault.rule, f"OECP-{fault.rule.upper().replace('_', '-')}"),
                layer="state" if fault.rule == "not_amendable" else "relation",
                rule=fault.rule,
                message=fault.message,
                pointer=format_pointer(place),
                related_pointers=(f"42A/06A[{number}]",),
                expected=fault.expected,
                got=fault.got,
                fix=fault.fix,
            )
        )

    def _add_bare(self, rule: str, message: str, expected: str, pointer: str = "42A/06A") -> None:
        self.reasons.append(
            Reason(
                code=self.codes.get(rule, f"OECP-{rule.upper().replace('_', '-')}"),
                layer="obligation",
                rule=rule,
                message=message,
                pointer=pointer,
                expected=expected,
                got="none" if not self.amendments else f"{len(self.amendments)} amendments",
                fix="Add an Amendment with ChangeReasonCode and Pointer for each change.",
            )
        )


def _select(listed: list[Any], cls: type[WcoClass], step: Step) -> dict[str, Any] | None:
    """Return the element that a step names: by its own SequenceNumeric, else by position; alone it needs no number."""
    found: dict[str, Any]
    if step.number is None:
        if len(listed) != 1:
            return None
        found = listed[0]
        return found
    if numbered(cls):
        for found in listed:
            number = found.get("SequenceNumeric") or ""
            if number.isascii() and number.isdigit() and int(number[:9]) == step.number:
                return found
        return None
    if not 1 <= step.number <= len(listed):
        return None
    found = listed[step.number - 1]
    return found
