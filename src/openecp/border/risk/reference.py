# SPDX-License-Identifier: Apache-2.0
"""Risk profiles of an administration as rows: dated conjunctions with an equality key; and the seeded draw.

Source: the profile's risk_criteria.csv. A row's empty cell matches any; several rows are alternatives.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from decimal import Decimal
from typing import Any

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
)
_LARGEST = 9_000_000_000_000_000_000


def risk_criteria(profile: Profile) -> list[tuple[Any, ...]]:
    """Return the criteria; the equality key is the most telling cell that a row fills, else `*` for any item."""
    table: list[tuple[Any, ...]] = []
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
                _key(cells),
                LANES.index(row["channel"]),
                *cells.values(),
                int(row.get("value_min_minor") or -_LARGEST),
                int(row.get("value_max_minor") or _LARGEST),
                int(Decimal(row["mass_max_kg"]) * 1_000_000) if row.get("mass_max_kg") else _LARGEST,
                int(Decimal(row.get("share") or "1") * 1_000_000),
                date.fromisoformat(row["valid_from"]) if row.get("valid_from") else date(1900, 1, 1),
                date.fromisoformat(row["valid_to"]) if row.get("valid_to") else date(9999, 12, 31),
            )
        )
    return table


def _key(cells: dict[str, str]) -> str:
    if len(cells["goods_prefix"]) >= 4:
        return "H:" + cells["goods_prefix"][:4]
    for mark, name in (("I:", "importer"), ("D:", "declarant")):
        if cells[name]:
            return mark + cells[name]
    if len(cells["goods_prefix"]) >= 2:
        return "C:" + cells["goods_prefix"][:2]
    if len(cells["procedure"]) == 4:
        return "P:" + cells["procedure"]
    return "O:" + cells["origin"] if cells["origin"] else "*"


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
