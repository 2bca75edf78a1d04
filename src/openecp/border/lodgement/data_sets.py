# SPDX-License-Identifier: Apache-2.0
"""The data set of a declaration is derived, never declared: from its type, its procedure and additional procedures.

Source: the profile's data_sets.csv and type_codes.csv, first match by priority.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from openecp.kernel.profile import Profile


class DataSet(NamedTuple):
    """One row of data_sets.csv; `taxed` says whether its declarations are charged, `movement` overrules the type's."""

    name: str
    function_code: str
    type_codes: tuple[str, ...]
    procedures: tuple[str, ...]
    required: frozenset[str]
    forbidden: frozenset[str]
    taxed: bool
    movement: str


class DataSets:
    """Derives data set and movement; answers are remembered, since few combinations occur."""

    def __init__(self, profile: Profile) -> None:
        rows = sorted(profile.table("data_sets", ("priority", "data_set")), key=lambda row: int(row["priority"] or 0))
        self._rows = [_data_set(row) for row in rows]
        self._movements = {row["type_code"]: row["movement"] for row in profile.table("type_codes")}
        self._supplementary = {
            row["type_code"] for row in profile.table("type_codes") if row.get("supplementary") == "yes"
        }
        self._taxed = {row.name for row in self._rows if row.taxed}
        self.derive = lru_cache(maxsize=65536)(self._derive)

    @property
    def names(self) -> tuple[str, ...]:
        """Every data set of the profile, once."""
        return tuple(dict.fromkeys(row.name for row in self._rows))

    def _derive(
        self, function_code: str, type_code: str, procedure: str, additional: tuple[str, ...]
    ) -> tuple[str | None, str]:
        movement = self._movements.get(type_code, "other")
        declared = frozenset(additional)
        for row in self._rows:
            if row.function_code and row.function_code != function_code:
                continue
            if row.type_codes and not _matches(type_code, row.type_codes):
                continue
            if row.procedures and not _matches(procedure, row.procedures):
                continue
            if row.required <= declared and not (row.forbidden & declared):
                return row.name, row.movement or movement
        return None, movement

    def taxed(self, data_set: str | None) -> bool:
        """Say whether declarations of this data set are charged."""
        return data_set in self._taxed

    def supplementary(self, type_code: str) -> bool:
        """Say whether a declaration of this type reports an acceptance that lies in the past."""
        return type_code in self._supplementary


def _data_set(row: dict[str, str]) -> DataSet:
    additional = [code for code in row.get("additional_procedures", "").split("|") if code]
    return DataSet(
        row["data_set"],
        row.get("function_code", ""),
        tuple(filter(None, row.get("type_codes", "").split("|"))),
        tuple(filter(None, row.get("procedures", "").split("|"))),
        frozenset(code for code in additional if not code.startswith("!")),
        frozenset(code[1:] for code in additional if code.startswith("!")),
        row.get("taxes", "") != "no",
        row.get("movement", ""),
    )


def _matches(value: str, wanted: tuple[str, ...]) -> bool:
    return any(value.startswith(w[:-1]) if w.endswith("*") else value == w for w in wanted)
