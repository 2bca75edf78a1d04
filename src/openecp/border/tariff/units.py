# SPDX-License-Identifier: Apache-2.0
"""Units of measurement of a tariff: how DTN, TNE or HLT become the base unit in which goods are counted.

A unit may carry a qualifier (`KGM#G` gross mass, `TNE#I` biodiesel): the qualifier stays with the base unit, so
that 1 TNE#I is 1,000 KGM#I and never 1,000 kg of something else. Codes of four letters (`DTNG`) are read as three
and a qualifier where the three are a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

# How tariffs write a unit, folded to lower case; the value is the code of UN/ECE Recommendation 20 or of TARIC.
ALIASES: dict[str, str] = {
    "kg": "KGM",
    "kgs": "KGM",
    "kilogram": "KGM",
    "g": "GRM",
    "t": "TNE",
    "tonne": "TNE",
    "l": "LTR",
    "litre": "LTR",
    "liter": "LTR",
    "hl": "HLT",
    "m": "MTR",
    "m2": "MTK",
    "m²": "MTK",
    "m3": "MTQ",
    "m³": "MTQ",
    "p/st": "NAR",
    "item": "NAR",
    "items": "NAR",
    "piece": "NAR",
    "pieces": "NAR",
    "pa": "NPR",
    "pair": "NPR",
    "pairs": "NPR",
    "ce/el": "NCL",
    "ct/l": "CCT",
    "c/k": "CTM",
    "% vol": "ASV",
    "%vol": "ASV",
    "% vol/hl": "ASV#X",
    "%vol/hl": "ASV#X",
    "l alc. 100%": "LPA",
    "kg/net eda": "KGM#E",
    "kg/br": "KGM#G",
    "kg/net mas": "KGM#M",
    "kg std qual": "KGM#R",
    "kg raw sugar": "KGM#S",
    "kg/raw sugar": "KGM#S",
    "kg live weight": "KGM#L",
    "kg common wheat": "KGM#F",
    "kg/biodiesel": "KGM#I",
    "kg/fuel content": "KGM#J",
    "kg/bioethanol": "KGM#K",
    "kg/lactic matter": "KGM#P",
    "kg/dry lactic matter": "KGM#T",
    "kg/tot/alc": "KGM#A",
    "kwh": "KWH",
    "gi f/s": "GFI",
    "watt": "WAT",
    "retail price": "RET",
}

# Units that are their own base and have no multiples here.
_COUNTED = (
    *("ASV", "BRX", "C62", "CCT", "CTM", "DAP", "DHS", "GFI", "GRT", "KCC", "KCL", "KMA", "KNI", "KNS", "KPH", "KPO"),
    *("BLL", "DZN", "GRO", "HEA", "KPP", "KSD", "KSH", "KUR", "LPA", "NCL", "RET", "SPQ", "SPR", "TJO", "WAT"),
)

# unit: (base unit, how many base units one unit is). A base unit is its own base.
_STANDARD: dict[str, tuple[str, str]] = {
    "KGM": ("KGM", "1"),
    "GRM": ("KGM", "0.001"),
    "DTN": ("KGM", "100"),
    "TNE": ("KGM", "1000"),
    "LTR": ("LTR", "1"),
    "HLT": ("LTR", "100"),
    "KLT": ("LTR", "1000"),
    "MTQ": ("MTQ", "1"),
    "MTK": ("MTK", "1"),
    "MTR": ("MTR", "1"),
    "HMT": ("MTR", "100"),
    "KMT": ("MTR", "1000"),
    "NAR": ("NAR", "1"),
    "CEN": ("NAR", "100"),
    "MIL": ("NAR", "1000"),
    "NPR": ("NPR", "1"),
    "MPR": ("NPR", "1000"),
    "PFL": ("LPA", "0.5"),  # a proof litre is half alcohol
    "KWH": ("KWH", "1"),
    "MWH": ("KWH", "1000"),
    **{code: (code, "1") for code in _COUNTED},
}


_MAX_CHAIN = 8


class BaseUnit(NamedTuple):
    """A unit in terms of its base: one `DTN` is `factor` = 100 of `unit` = `KGM`."""

    unit: str
    factor: Decimal


def _down_to_base(code: str, conversions: Mapping[str, tuple[str, Decimal]]) -> BaseUnit:
    """Follow a unit to its last base: where a profile makes KGM a part of TNE, DTN ends at TNE too."""
    unit, factor = code, Decimal(1)
    for _ in range(_MAX_CHAIN):
        base, times = conversions.get(unit, (unit, Decimal(1)))
        factor *= times
        if base == unit:
            return BaseUnit(unit, factor)
        unit = base
    raise ValueError(f"unit {code}: expected a base unit, got a circle by way of {unit}; end it at one base unit")


class Units:
    """The units that a tariff may use; the profile's units.csv adds to the standard ones and overrules them."""

    def __init__(self, conversions: Mapping[str, tuple[str, Decimal]]) -> None:
        self._known: dict[str, BaseUnit] = {}
        for code in conversions:
            self._known[code] = _down_to_base(code, conversions)
        for base, _ in list(self._known.values()):
            self._known.setdefault(base, BaseUnit(base, Decimal(1)))
        self._cache: dict[str, BaseUnit | None] = {}

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, str]]) -> Units:
        """Read the profile's units.csv rows (unit, base_unit, factor) on top of the standard units.

        Raises: ValueError, naming the row or unit, for a factor that is no positive number, or units in a circle.
        """
        conversions = {code: (base, Decimal(factor)) for code, (base, factor) in _STANDARD.items()}
        for number, row in enumerate(rows, start=2):
            unit, base, text = row.get("unit", ""), row.get("base_unit", ""), row.get("factor", "") or "1"
            try:
                factor = Decimal(text)
            except InvalidOperation:
                factor = Decimal(0)
            if not unit or not factor.is_finite() or factor <= 0:
                raise ValueError(
                    f"units.csv line {number}: expected a unit and a positive factor, got {unit!r} and {text!r};"
                    " write for example DTN,KGM,100"
                )
            if base in ("", unit) and factor != 1:
                raise ValueError(
                    f"units.csv line {number}: expected another base unit or factor 1, got {unit} as its own base with"
                    f" factor {text}; a unit that is its own base has factor 1"
                )
            conversions[unit] = (base or unit, factor)
        return cls(conversions)

    def base(self, code: str) -> BaseUnit | None:
        """Return base unit and factor of a unit code, with or without qualifier; None for an unknown unit."""
        if code not in self._cache:
            self._cache[code] = self._find(code)
        return self._cache[code]

    def _find(self, code: str) -> BaseUnit | None:
        if code in self._known:
            return self._known[code]
        stem, mark, qualifier = code.partition("#")
        if not mark and len(code) == 4:
            stem, qualifier = code[:3], code[3]
        if stem == code or not qualifier or stem not in self._known:
            return None
        unit, factor = self._known[stem]
        return BaseUnit(f"{unit}#{qualifier}", factor)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._known))


STANDARD_UNITS = Units.from_rows(())
