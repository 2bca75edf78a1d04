# SPDX-License-Identifier: Apache-2.0
"""Tax types, reliefs and tariff regimes of a profile.

Source: the profile's tax_types.csv, reliefs.csv and tariff_regimes.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from openecp.kernel.profile import Profile, ProfileError

RELIEF_COLUMNS = (
    ("relief_id", "BIGINT"),
    ("tax_type", "VARCHAR"),
    ("procedure", "VARCHAR"),  # beginning of current + previous procedure
    ("additional_procedure", "VARCHAR"),
    ("effect", "VARCHAR"),
    ("in_base", "BOOLEAN"),
)
PARTS = ("value", "duty", "territorial", "safeguard", "excise")
GROUPS = ("duty", "excise", "vat", "territorial", "safeguard")


class TaxType(NamedTuple):
    """One tax type: when it is computed, on what, and which of the administration's tariffs it belongs to."""

    code: str
    stage: int
    group: str
    parts: frozenset[str]
    regime: str
    movement: str
    always: bool
    positive_base: bool
    charge: bool
    name_en: str
    name_fr: str
    source: str


def used_parts(types: Mapping[str, TaxType]) -> tuple[str, ...]:
    """Return the parts of which bases are made under these tax types; excise always has its column."""
    used = {part for each in types.values() for part in each.parts} | {"excise"}
    return tuple(part for part in PARTS if part in used)


def tax_types(profile: Profile) -> dict[str, TaxType]:
    """Return the tax types by code.

    Raises: ProfileError for a stage, group or base that the steps do not know.
    """
    found: dict[str, TaxType] = {}
    for number, row in enumerate(profile.table("tax_types", ("tax_type", "stage", "base", "group")), 2):
        if row["group"] == "informing":
            continue  # shown beside a charge, never computed
        parts = frozenset(part.strip() for part in (row["base"] or "value").split("+"))
        if row["stage"] not in ("1", "2", "3") or row["group"] not in GROUPS or not parts <= set(PARTS):
            raise ProfileError(
                f"{profile.folder / 'tax_types.csv'}, line {number}: expected a stage of 1 to 3, a group of "
                f"{', '.join(GROUPS)} and a base of {'+'.join(PARTS)}, got {row['stage']}, {row['group']}, "
                f"{row['base']}; mend the row"
            )
        found[row["tax_type"]] = TaxType(
            row["tax_type"],
            int(row["stage"]),
            row["group"],
            parts,
            row.get("regime", ""),
            row.get("movement") or "import",
            row.get("always") == "yes",
            row.get("positive_base") == "yes",
            row.get("charge") != "no",
            row.get("name_en", ""),
            row.get("name_fr", ""),
            row.get("source", ""),
        )
    return found


def reliefs(profile: Profile, types: dict[str, TaxType]) -> list[tuple[Any, ...]]:
    """Return reliefs and suspensions by tax type; an empty or `*` tax type stands for all of them."""
    table: list[tuple[Any, ...]] = []
    for number, row in enumerate(profile.table("reliefs", ("procedure", "additional_procedure", "tax_type", "effect"))):
        if row["effect"] not in ("relieved", "suspended"):
            raise ProfileError(
                f"{profile.folder / 'reliefs.csv'}, line {number + 2}: expected the effect relieved or suspended, got "
                f"{row['effect']!r}; mend the row"
            )
        wanted = list(types) if row["tax_type"] in ("", "*") else row["tax_type"].split("|")
        table.extend(
            (
                number + 1,
                tax_type,
                row["procedure"].rstrip("*"),
                "" if row["additional_procedure"] == "*" else row["additional_procedure"],
                _effect(row),
                row.get("in_vat_base") == "yes",
            )
            for tax_type in wanted
        )
    return table


def _effect(row: dict[str, str]) -> str:
    """Return what is shown: `relieved` (assessed 0, the amount deducted), `waived` (0, nothing shown), `suspended`."""
    if row["effect"] == "suspended" or row.get("show") == "keep":
        return "suspended"
    return "waived" if row.get("show") == "zero" else "relieved"


class Regimes:
    """Which of the administration's tariffs applies to an item, by its statements; most have only one, ""."""

    def __init__(self, profile: Profile) -> None:
        rows = sorted(profile.table("tariff_regimes"), key=lambda row: int(row["priority"] or 0))
        self._rows = [
            (frozenset(_list(row.get("statements", ""))), frozenset(_list(row.get("without", ""))), row["regime"])
            for row in rows
        ]

    def __call__(self, statements: list[str]) -> str:
        """Return the regime of the first row whose statements are all declared."""
        if not self._rows:
            return ""
        declared = set(statements)
        return next((r for need, without, r in self._rows if need <= declared and not without & declared), "")


class ExpectedTaxes:
    """Tax types that are due even where the loaded tariff has no row for them: only where it is not complete."""

    def __init__(self, types: dict[str, TaxType], *, complete: bool, excise_prefix: str) -> None:
        self._types, self._complete, self._excise_prefix = types, complete, excise_prefix
        self._always = [t for t in types.values() if t.always]

    def __call__(self, regime: str, declared: list[str], additional_codes: list[str]) -> list[str]:
        """Return the tax types due under a regime: the always due, the declared, and those named by excise codes."""
        if self._complete:
            return []
        codes = [t.code for t in self._always if t.regime in ("", regime)]
        codes += [c for c in declared if c in self._types and self._types[c].regime in ("", regime)]
        if self._excise_prefix:
            size = len(self._excise_prefix)
            codes += [
                c[size:] for c in additional_codes if c.startswith(self._excise_prefix) and c[size:] in self._types
            ]
        return list(dict.fromkeys(codes))


def _list(text: str) -> list[str]:
    return [part for part in text.replace(",", "|").split("|") if part]
