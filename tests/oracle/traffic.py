# SPDX-License-Identifier: Apache-2.0
"""Declarations of the demo profile in bulk, seeded: every duty form, every relief, foreign money, faults and hits.

Shapes come from demo/shapes.py, goods and rates from the profile; nothing here knows what the steps answer.
"""

from __future__ import annotations

import random
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from openecp.border.tariff.duty_expression import AmountPerUnit, Percentage
from openecp.border.tariff.measures import Measure
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile

sys.path.insert(0, str(Path(__file__).parents[2] / "demo"))

import shapes
import world

CURRENCIES = ("XBM",) * 6 + ("EUR", "USD", "GBP", "JPY", "CNY")
TERMS = ("CIF",) * 6 + ("FOB", "EXW", "DAP", "CFR")
FREIGHT = ("FOB", "EXW")
ORIGINS = ("CN", "FR", "US", "QP", "QT", "BD", "JP", "TR", "QM", "QS", "QU")
PLACES = (world.PORT, world.AIRPORT, world.ROAD, world.RAIL)
IMPORTERS = tuple(world.ACCOUNT)[:10]
WAREHOUSE = "XB10000501"
PROCEDURES = (("4000", ("000",)),) * 24 + (
    ("4000", ("C30",)),
    ("4000", ("C40",)),
    ("7100", ("000",)),
    ("5100", ("000",)),
    ("5300", ("000",)),
    ("6110", ("R01",)),
)


class Traffic:
    """Makes declarations one after the other from a seed; the same seed makes the same declarations."""

    def __init__(self, profile: Profile, measures: list[Measure], seed: int, faults: float = 0.04) -> None:
        self._random = random.Random(seed)
        self._faults = faults
        self._goods = [row for row in profile.table("nomenclature") if row["movement"] in ("both", "import")]
        self._exports = [row for row in profile.table("nomenclature") if row["movement"] in ("both", "export")]
        self._measures = measures
        self._documents = profile.table("document_requirements")
        self._units = {row["goods_code"]: self._units_of(row["goods_code"]) for row in self._goods}
        self._codes = {row["goods_code"]: self._codes_of(row["goods_code"]) for row in self._goods}

    def _of(self, code: str) -> list[Measure]:
        return [m for m in self._measures if code.startswith(m.goods_code)]

    def _units_of(self, code: str) -> list[str]:
        found: dict[str, None] = {}
        for measure in self._of(code):
            for segment in measure.duty.segments if measure.duty else ():
                for term in segment:
                    if isinstance(term.component, AmountPerUnit):
                        found[term.component.unit] = None
                    elif isinstance(term.component, Percentage) and term.component.of_retail:
                        found["RET"] = None
        return list(found)

    def _codes_of(self, code: str) -> list[tuple[str, ...]]:
        return [(), *dict.fromkeys(m.additional_codes for m in self._of(code) if m.additional_codes)]

    def _documents_of(self, code: str) -> tuple[tuple[str, str], ...]:
        needed = [
            (row["documents"].split("|")[0], "REF-1") for row in self._documents if code.startswith(row["goods_code"])
        ]
        return (("N380", "INV-2210"), *needed)

    def item(self, number: int, procedure: str, additional: tuple[str, ...], currency: str) -> Any:
        """Return one item of an import declaration."""
        draw = self._random
        good = draw.choice(self._goods)
        code = good["goods_code"]
        net = Decimal(draw.randint(1, 200_000)) / draw.choice((1, 10, 100))
        units = self._units[code]
        fees = tuple(
            world.Fee(None, None, str(Decimal(draw.randint(1, 500_000)) / 100), unit) for unit in units if unit != "KGM"
        )
        documents = self._documents_of(code)
        quantity = (str(draw.randint(1, 5000)), good["unit"]) if good["unit"] else None
        origin = draw.choice(ORIGINS)
        preference = "100" if draw.random() < 0.7 else draw.choice(("200", "300"))
        codes = draw.choice(self._codes[code])
        changes: dict[str, Any] = {}
        if draw.random() < self._faults:
            fault = draw.randrange(5)
            if fault == 0:
                net = Decimal(0)
            elif fault == 1:
                origin = "ZZ"
            elif fault == 2:
                code = code[:6] + "99"
            elif fault == 3:
                documents = documents[:1]
            else:
                fees = ()
        return shapes.item(
            number,
            code,
            "Goods",
            f"{Decimal(draw.randint(100, 50_000_000)) / 100:.2f}",
            currency=currency,
            net=str(net) if net else None,
            gross=str(net + 5),
            origin=origin,
            procedure=procedure,
            additional=additional,
            preference=preference,
            fees=fees,
            quantity=quantity,
            codes=codes,
            documents=documents + ((("N864", "EUR-1"),) if preference != "100" else ()),
            **changes,
        )

    def declaration(self, number: int) -> Declaration:
        """Return the next declaration."""
        draw = self._random
        kind = draw.random()
        if kind < 0.06:
            good = draw.choice(self._exports)
            value = f"{draw.randint(100, 9_000_000) / 100:.2f}"
            one = shapes.export_item(
                1, good["goods_code"], "Goods", value, documents=self._documents_of(good["goods_code"])
            )
            return shapes.export_declaration(f"BX{number:08d}", draw.choice(IMPORTERS[:7]), one)
        if kind < 0.16:
            good = draw.choice(self._goods)
            return shapes.parcel(
                f"BP{number:08d}",
                f"CP{number:09d}GB",
                good["goods_code"],
                "Goods",
                f"{draw.randint(100, 15_000) / 100:.2f}",
                additional=(draw.choice(("L01", "L01", "L02")),),
                postage=draw.choice((None, "4.90")),
            )
        procedure, additional = draw.choice(PROCEDURES)
        currency = draw.choice(CURRENCIES)
        items = [self.item(n, procedure, additional, currency) for n in range(1, draw.choice((1, 1, 1, 2, 3, 6)) + 1)]
        term = draw.choice(TERMS)
        charges = (world.charge("F10", "812.40", currency), world.charge("K10", "55.55")) if term in FREIGHT else ()
        stored = procedure == "7100"
        return shapes.import_declaration(
            f"BI{number:08d}",
            WAREHOUSE if stored else draw.choice(IMPORTERS),
            *items,
            at=draw.choice(PLACES),
            incoterm=term,
            charges=charges,
            guarantee="GRN1" if procedure != "4000" else None,
            holders=(("WHS", WAREHOUSE),) if stored else (),
            warehouse="W1" if stored else None,
        )
