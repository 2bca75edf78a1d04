# SPDX-License-Identifier: Apache-2.0
"""The macro `duty_amount(base)`: a measure's duty expression as SQL over the prepared columns.

A duty is a chain of segments joined by MIN and MAX, from the left; a segment is a rate on the base plus amounts a
unit of quantity. Only the segments and terms that the loaded tariff uses are written out. The result is null where
the base or a quantity is not known, except that a rate of 0 needs no base. Unrounded, DECIMAL(36,15).

Source: the measure's own duty expression; MIN is a floor (the greater), MAX a ceiling (the lesser).
"""

from __future__ import annotations

from openecp.border.tariff.prepare import Shape

WORKING = "DECIMAL(36, 15)"


def duty_amount_sql(base: str, shape: Shape) -> str:
    """Return SQL for the duty on `base` (BIGINT minor units) of the measure in the row."""
    result = _segment(1, base, shape)
    for number in range(2, shape.segments + 1):
        right = _segment(number, base, shape)
        op = f"op_{number - 1}"
        # GREATEST and LEAST pass over nulls: a bound that is not there changes nothing.
        result = f"GREATEST({result}, CASE WHEN {op} = 'MIN' THEN {right} END)"
        result = f"LEAST({result}, CASE WHEN {op} = 'MAX' THEN {right} END)"
    if shape.may_be_negative:
        result = f"GREATEST({result}, CAST(0 AS {WORKING}))"
    rates = " OR ".join(f"s{s}_rate <> 0" for s in range(1, shape.segments + 1))
    missing = ["s1_rate IS NULL", f"({base} IS NULL AND ({rates}))"] + [
        f"(s{s}_t{t}_unit <> '' AND quantities_e6[s{s}_t{t}_unit] IS NULL)"
        for s in range(1, shape.segments + 1)
        for t in range(1, shape.amounts[s - 1] + 1)
    ]
    return f"CASE WHEN {' OR '.join(missing)} THEN NULL ELSE {result} END"


def _segment(number: int, base: str, shape: Shape) -> str:
    rate = f"s{number}_rate"
    sql = (
        f"CASE WHEN {rate} = 0 THEN CAST(0 AS {WORKING}) "
        f"ELSE CAST(CAST(COALESCE({base}, 0) AS DECIMAL(19, 0)) * {rate} AS {WORKING}) END"
    )
    for term in range(1, shape.amounts[number - 1] + 1):
        name = f"s{number}_t{term}"
        amount = f"CAST(CAST(COALESCE(quantities_e6[{name}_unit], 0) AS DECIMAL(19, 0)) * {name}_amount AS {WORKING})"
        sql = f"CAST({sql} + {amount} AS {WORKING})"
    return sql
