# SPDX-License-Identifier: Apache-2.0
"""Self, direct and indirect representation, with the authority and its dates."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lifecycle_office import FakeProfile, declaration

from openecp.border.lodgement.representation import representation_faults

ROWS = [
    {"principal": "P", "agent": "A", "kind": "direct", "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
    {"principal": "P", "agent": "B", "kind": "indirect", "valid_from": "2026-01-01", "valid_to": ""},
    {"principal": "P", "agent": "C", "kind": "direct", "valid_from": "2024-01-01", "valid_to": "2025-06-30"},
]


class Register(FakeProfile):
    def table(self, name: str) -> list[dict[str, str]]:
        if name == "relations":
            return [{"rule": "representation", "error_code": "XB-REP", "severity": "reject", "source": "Act"}]
        return ROWS if name == "representations" else []


def faults(
    declarant: str, agent: dict[str, str] | None, sender: tuple[str, ...] | None = None, **more: Any
) -> list[str]:
    parties: dict[str, Any] = {"Declarant": {"ID": declarant}}
    if agent is not None:
        parties["Agent"] = agent
    importer = more.pop("importer", None)
    if importer:
        parties["GoodsShipment"] = {"Importer": {"ID": importer}}
    found = representation_faults(
        declaration(**parties),
        more.pop("profile", Register()),
        on=more.pop("on", "2026-05-04"),
        identifiers=sender,
        movement="import",
    )
    assert all(r.layer == "authority" and r.fix and r.expected and r.code == "XB-REP" for r in found)
    return [reason.message for reason in found]


def test_a_trader_may_always_declare_himself() -> None:
    assert faults("P", None, ("P",)) == []
    assert faults("P", None) == []
    assert faults("P", {"FunctionCode": "2", "ID": "P"}, ("P",), importer="P") == []
    assert faults("P", {"FunctionCode": "2", "ID": "A"}, ("P",)) == []


def test_a_sender_who_is_nobody_in_the_declaration_is_refused() -> None:
    assert "sender is not the declarant" in faults("P", None, ("Z",))[0]
    assert "neither the representative" in faults("P", {"FunctionCode": "2", "ID": "A"}, ("Z",))[0]


@pytest.mark.parametrize(
    ("agent", "kind", "says"),
    [
        ("A", "2", None),
        ("B", "3", None),
        ("A", "3", "another kind"),
        ("B", "2", "another kind"),
        ("C", "2", "not valid on this day"),
        ("D", "2", "no authority"),
        ("A", "9", "kind of representation is not known"),
        ("A", None, "kind of representation is not known"),
    ],
)
def test_an_authority_must_be_of_the_kind_and_valid(agent: str, kind: str | None, says: str | None) -> None:
    found = faults("P", {"ID": agent, **({"FunctionCode": kind} if kind else {})}, (agent,))
    assert (found == []) if says is None else (says in found[0])


def test_the_first_and_last_day_count() -> None:
    agent = {"FunctionCode": "2", "ID": "A"}
    days = ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")
    assert [bool(faults("P", agent, on=day)) for day in days] == [True, False, False, True]


def test_a_declarant_who_represents_needs_the_importers_authority() -> None:
    assert faults("B", {"FunctionCode": "3"}, ("B",), importer="P") == []
    assert "another kind" in faults("B", {"FunctionCode": "2"}, ("B",), importer="P")[0]


def test_an_open_register_lets_pass_who_is_not_listed_but_not_who_has_expired() -> None:
    profile = Register(registers={"representations": "open"})
    assert faults("P", {"FunctionCode": "2", "ID": "D"}, profile=profile) == []
    assert faults("P", {"FunctionCode": "2", "ID": "C"}, profile=profile) != []
