# SPDX-License-Identifier: Apache-2.0
"""The macros that say what a charge is computed on: the value, and the charges of the item that come before it.

Only the parts that the profile's tax types use are written out. Where a charge may stand open (the tariff is not
complete, or a duty needs a human), a base that holds it is null: an amount on half a base would be wrong.

Source: the profile's tax_types.csv, column base.
"""

from __future__ import annotations

from collections.abc import Iterable

_EARLIER = ("duty", "territorial", "safeguard")  # groups of stage 1


def value_with_duties_sql(parts: Iterable[str], *, may_be_open: bool) -> str:
    """Return SQL for the customs value and the duties of stage 1 that a line's base holds; window `item`."""
    used = [part for part in _EARLIER if part in set(parts)]
    group = "SUM(CASE WHEN tax_group = '{}' THEN duty_minor * kept END) OVER item"
    sums = [f"on_{part} * CAST(COALESCE({group.format(part)}, 0) AS BIGINT)" for part in used]
    total = " + ".join(["on_value * customs_value_minor", *sums])
    if not may_be_open or not used:
        return total
    missing = " + ".join(
        f"on_{part} * MAX(CASE WHEN tax_group = '{part}' AND duty_minor IS NULL THEN kept ELSE 0 END) OVER item"
        for part in used
    )
    # A base without the value does not wait for a value that is not known.
    value = "CASE WHEN on_value = 1 THEN customs_value_minor ELSE 0 END"
    return f"CASE WHEN {missing} = 0 THEN {' + '.join([value, *sums])} END"


def with_excise_sql(base: str, *, may_be_open: bool) -> str:
    """Return SQL that adds the excise of the item to a base, where the line's base holds it; window `item`."""
    total = f"{base} + on_excise * CAST(COALESCE(SUM(excise_minor * kept) OVER item, 0) AS BIGINT)"
    if not may_be_open:
        return total
    missing = "on_excise * MAX(CASE WHEN stage = 2 AND excise_minor IS NULL THEN kept ELSE 0 END) OVER item"
    return f"CASE WHEN {missing} = 0 THEN {total} END"
