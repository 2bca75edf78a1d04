# SPDX-License-Identifier: Apache-2.0
"""Exchange rates, charges and delivery terms of a profile as the tables that the valuation steps join.

Source: WTO Customs Valuation Agreement, Articles 1, 8 and 9; Incoterms as the profile lists them.
"""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from openecp.kernel.profile import Profile, ProfileError

RATE_COLUMNS = (
    ("currency", "VARCHAR"),
    ("rate_to_minor", "DECIMAL(18,12)"),  # national minor units for 1/10,000 of the currency's main unit
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
)
CHARGE_TYPE_COLUMNS = (("charge_type", "VARCHAR"), ("incoterm", "VARCHAR"), ("sign", "INTEGER"))
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)
_SIGN = {"add": 1, "deduct": -1, "inform": 0}


def national_rate_to_minor(profile: Profile) -> Decimal:
    """Return the national minor units in 1/10,000 of the national main unit."""
    return Decimal(10) ** (profile.currency_exponent - 4)


def exchange_rates(profile: Profile) -> list[tuple[Any, ...]]:
    """Return the dated rates, the national currency among them.

    Raises: ProfileError where a rate is no positive number, or two rates of a currency hold on the same day.
    """
    scale = national_rate_to_minor(profile)
    rows: list[tuple[Any, ...]] = [(profile.currency, scale, FIRST_DAY, LAST_DAY)]
    for number, row in enumerate(profile.table("exchange_rates", ("currency", "rate", "valid_from", "valid_to")), 2):
        try:
            rate = Decimal(row["rate"])
        except ArithmeticError:
            rate = Decimal(0)
        if rate <= 0:
            raise ProfileError(
                f"{profile.folder / 'exchange_rates.csv'}, line {number}: expected a positive rate in national "
                f"currency for 1 {row['currency']}, got {row['rate']!r}; mend the rate"
            )
        rows.append(
            (row["currency"], rate * scale, _day(row["valid_from"], FIRST_DAY), _day(row["valid_to"], LAST_DAY))
        )
    rows.sort(key=lambda row: (row[0], row[2]))
    for before, after in itertools.pairwise(rows):
        if before[0] == after[0] and after[2] <= before[3]:
            raise ProfileError(
                f"{profile.folder / 'exchange_rates.csv'}: expected one rate of {before[0]} a day, got two on "
                f"{after[2]}; end the earlier one the day before"
            )
    return rows


def charge_types(profile: Profile) -> list[tuple[Any, ...]]:
    """Return the sign of each charge under each delivery term: +1 is added to the price, -1 taken off, 0 is told only.

    Freight and insurance follow the delivery term: a CIF administration adds what the price does not hold, a FOB
    administration takes off what it does.
    """
    terms = {row["incoterm"]: row for row in profile.table("incoterms")}
    terms.setdefault("", {"incoterm": "", "includes_freight": "no", "includes_insurance": "no"})
    cif = str(profile.settings.get("value_basis", "CIF")) == "CIF"
    rows = list(profile.table("charge_types", ("type", "effect")))
    if not any(row["type"] == "FREIGHT" for row in rows):
        rows.append({"type": "FREIGHT", "effect": "add", "kind": "freight"})
    table = []
    for row in rows:
        kind = row.get("kind") or ("freight" if row["type"] == "FREIGHT" else "")
        for incoterm, term in terms.items():
            sign = _SIGN.get(row["effect"], 0)
            if kind in ("freight", "insurance") and sign:
                included = term.get(f"includes_{kind}") == "yes"
                sign = (0 if included else 1) if cif else (-1 if included else 0)
            table.append((row["type"], incoterm, sign))
    return table


def _day(text: str | None, default: date) -> date:
    return date.fromisoformat(text) if text else default
