# SPDX-License-Identifier: Apache-2.0
"""Risk profiles of an administration as rows: dated conjunctions with an equality key; and the seeded draw.

Source: the profile's risk_criteria.csv. A row's empty cell matches any; several rows are alternatives.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from openecp.border.risk.profiles.columns import AMOUNTS, COLUMNS, SIGHT, Column
from openecp.border.risk.profiles.compiled import LIMITS, key_of, split_condition
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.terms import All, names_in, sql_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile, ProfileError

LANES = ("green", "blue", "yellow", "red")
DRAWS = 1_000_000_000
CRITERION_COLUMNS = (
    ("criterion_id", "BIGINT"),
    ("risk_key", "VARCHAR"),
    ("lane", "INTEGER"),
    *(
        (name, "VARCHAR")
        for name in (
            "goods_prefix",
            "origin",
            "export_country",
            "procedure",
            "importer",
            "declarant",
            "mode",
            "movement",
            "description",
        )
    ),
    ("value_min_minor", "BIGINT"),
    ("value_max_minor", "BIGINT"),
    ("mass_max_e6", "BIGINT"),
    ("share_millionths", "BIGINT"),
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
    ("mass_min_e6", "BIGINT"),
    ("text_rule", "INTEGER"),  # conditions that have no cell, by number; 0 where there are none
    ("amount_rule", "INTEGER"),
)
_LARGEST = 9_000_000_000_000_000_000


class CriteriaRules(NamedTuple):
    """The conditions of criteria that no cell can say, each kind numbered from 1, as SQL over the alias `i`."""

    texts: tuple[str, ...]
    amounts: tuple[str, ...]
    numbers: dict[str, tuple[int, int]]  # by the criterion's cell
    columns: frozenset[str]  # that they read
    reads: dict[str, tuple[str, ...]]  # by the criterion's cell: the item's figures, and the office

    def seen(self) -> tuple[str, ...]:
        """Return which columns that only conditions can name are read: what risk knows, and the office."""
        return tuple(name for name in COLUMNS if name in self.columns and (name in SIGHT or name == "office"))

    def compared(self, table: Sequence[Mapping[str, str]]) -> list[tuple[Column, ...]]:
        """Return for each criterion what its profile compares of an item's figures, where it asks what risk knows.

        Alternatives of one profile tell the same figures: which of them held is seen in these.
        """
        named: dict[tuple[str, str], dict[str, None]] = {}
        keys = [(row["criterion"], row.get("version", "")) for row in table]
        for key, row in zip(keys, table, strict=True):
            limited = (name for name, cells in LIMITS.items() if any(row.get(cell) for cell in cells))
            named.setdefault(key, {}).update(dict.fromkeys((*self.reads.get(row.get("condition", ""), ()), *limited)))
        told = {
            key: () if SIGHT.isdisjoint(names) else tuple(COLUMNS[name] for name in COLUMNS if name in names)
            for key, names in named.items()
        }
        return [told[key] for key in keys]

    def sql(self, kind: str, number: str) -> str:
        """Return SQL that tells whether the condition of this number holds; it holds where the number is 0."""
        rules = self.texts if kind == "text" else self.amounts
        cases = " ".join(f"WHEN {at} THEN {rule}" for at, rule in enumerate(rules, start=1))
        return f"CASE {number} {cases} ELSE TRUE END" if cases else "TRUE"


def figures_read(columns: Sequence[Column], cell: Callable[[str], Any]) -> dict[str, int | str]:
    """Return the figures that a criterion compared, by column; `cell` gives an item's cell by the name it is stored as.

    A figure that is kept in parts is told in whole units, as a predicate has it.
    """
    found: dict[str, int | str] = {}
    for column in columns:
        value = cell(column.stored)
        if column.kind == "text":
            found[column.name] = str(value or "")
        elif column.scale == 1:
            found[column.name] = int(value or 0)
        else:
            found[column.name] = format(Decimal(value or 0) / column.scale, "f")
    return found


def criteria_rules(profile: Profile) -> CriteriaRules:
    """Return the conditions in the column `condition` of the criteria, read as predicates of profiles are.

    Raises: ProfileError.
    """
    texts: dict[str, int] = {"": 0}
    amounts: dict[str, int] = {"": 0}
    numbers = {"": (0, 0)}
    columns: set[str] = set()
    reads: dict[str, tuple[str, ...]] = {}
    for line, row in enumerate(profile.table("risk_criteria"), start=2):
        cell = row.get("condition", "")
        if cell in numbers:
            continue
        try:
            parts = split_condition(read_predicate(cell))
        except ProfileRefused as refused:
            raise ProfileError(
                f"{profile.folder / 'risk_criteria.csv'}, line {line}, condition: expected {refused.expected}, got "
                f"{refused.got}; {refused.fix}"
            ) from None
        named = dict.fromkeys(name for part in (*parts[0], *parts[1]) for name in names_in(part))
        columns.update(named)
        reads[cell] = tuple(name for name in named if name in AMOUNTS or name == "office")
        text, amount = (sql_of(All(tuple(p)), lambda name: f"i.{name}") if p else "" for p in parts)
        numbers[cell] = (texts.setdefault(text, len(texts)), amounts.setdefault(amount, len(amounts)))
    return CriteriaRules(tuple(texts)[1:], tuple(amounts)[1:], numbers, frozenset(columns), reads)


def risk_criteria(profile: Profile, rules: CriteriaRules | None = None) -> list[tuple[Any, ...]]:
    """Return the criteria; the equality key is the most telling cell that a row fills, else `*` for any item."""
    table: list[tuple[Any, ...]] = []
    numbers = (rules or criteria_rules(profile)).numbers
    for number, row in enumerate(profile.table("risk_criteria", ("criterion", "channel")), start=1):
        if row["channel"] not in LANES:
            raise ProfileError(
                f"{profile.folder / 'risk_criteria.csv'}, line {number + 1}: expected the channel blue, yellow or red, "
                f"got {row['channel']!r}; mend the row"
            )
        names = (
            "goods_prefix",
            "origin",
            "export_country",
            "procedure",
            "importer",
            "declarant",
            "mode",
            "movement",
            "description",
        )
        cells = {name: row.get(name, "") for name in names}
        cells["procedure"] = cells["procedure"].rstrip("*")
        cells["description"] = cells["description"].lower()
        table.append(
            (
                number,
                key_of(cells),
                LANES.index(row["channel"]),
                *cells.values(),
                int(row.get("value_min_minor") or -_LARGEST),
                int(row.get("value_max_minor") or _LARGEST),
                int(Decimal(row["mass_max_kg"]) * 1_000_000) if row.get("mass_max_kg") else _LARGEST,
                int(Decimal(row.get("share") or "1") * 1_000_000),
                date.fromisoformat(row["valid_from"]) if row.get("valid_from") else date(1900, 1, 1),
                date.fromisoformat(row["valid_to"]) if row.get("valid_to") else date(9999, 12, 31),
                int(Decimal(row["mass_min_kg"]) * 1_000_000) if row.get("mass_min_kg") else -_LARGEST,
                *numbers[row.get("condition", "")],
            )
        )
    return table


def risk_keys(goods_code: str, procedure: str, origin: str, importer: str, declarant: str) -> tuple[str, ...]:
    """Return the equality keys that an item has; the step `risk_hits` makes the same ones."""
    return (
        "*",
        "H:" + goods_code[:4],
        "C:" + goods_code[:2],
        "P:" + procedure,
        "O:" + origin,
        "I:" + importer,
        "D:" + declarant,
    )


class Draw:
    """A number from 0 to 999,999,999 for each declaration: unpredictable without the secret, the same with it.

    It hangs on what lodging again does not change: declarant, importer, references and goods, never the LRN.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __call__(self, declaration: Declaration) -> int:
        """Return the declaration's draw."""
        shipment = declaration.goods_shipment
        parts = [declaration.declarant.id if declaration.declarant else ""]
        if shipment is not None:
            parts.append(shipment.importer.id if shipment.importer else "")
            parts += [f"{d.type_code}:{d.id}" for d in shipment.previous_document]
            for item in shipment.government_agency_goods_item:
                codes = item.commodity.classification if item.commodity else ()
                parts += [item.sequence_numeric, *(c.id for c in codes)]
        text = "\x1f".join(part or "" for part in parts)
        digest = hmac.new(self._secret, text.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big") % DRAWS


def random_lane(draw: int, thresholds: tuple[tuple[int, int], ...]) -> int:
    """Return the lane that a draw falls in: 0 where it is not selected."""
    return next((lane for below, lane in thresholds if draw < below), 0)


def random_thresholds(profile: Profile) -> tuple[tuple[int, int], ...]:
    """Return (draw below which, lane) of random selection, strictest lane first."""
    shares = {lane: Decimal(str(profile.setting("selection", lane, default=0))) for lane in LANES[1:]}
    below = 0
    thresholds = []
    for lane in (3, 2, 1):
        below += int(shares[LANES[lane]] * DRAWS)
        thresholds.append((below, lane))
    return tuple(thresholds)
