# SPDX-License-Identifier: Apache-2.0
"""The same parcels through the online door and as a file give the same records, entries and persons."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clearing_world import some_parcel

from openecp.bootstrap_clearing import clearing_wiring, law_of
from openecp.bootstrap_parcels import parcel_clearing, parcel_desk, regime_files
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.ledger.accounts import balances
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import load_profile
from openecp.platform.core.clearing import FileClearing, Options
from openecp.platform.core.parcel_model import LodgeParcels
from openecp.platform.core.settings import Settings

ON = date(2026, 7, 2)
WHO = Principal(principal_id="t", kind="system", organisation="org-1", name="T", roles=("trader",))
_HEADER, _ITEM = set(Parcel.__struct_fields__), set(ParcelItem.__struct_fields__)


def drawn(jurisdiction: str, count: int) -> list[Parcel]:
    """Return random parcels near the thresholds of a jurisdiction; a few persons get several."""
    draw = random.Random(f"door {jurisdiction}")
    file = regime_files()[jurisdiction]
    regimes = [one for one in file.regimes if one.treatments]
    found: list[Parcel] = []
    while len(found) < count:
        cells: dict[str, Any] = some_parcel(draw, file, draw.choice(regimes), ON)
        items = tuple(
            ParcelItem(**{name: value for name, value in line.items() if name in _ITEM}) for line in cells["items"]
        )
        header = {name: value for name, value in cells.items() if name in _HEADER and name != "items"}
        header |= {"buyer_id": draw.choice((None, "12345678901", "98765432109")), "buyer_address": "High Street 5"}
        parcel = Parcel(parcel_id=f"D{len(found):07d}", posted_on="2026-07-01", items=items, **header)
        if not check_parcel(parcel):
            found.append(parcel)
    return found


def essence(store: MemoryStore) -> list[tuple[dict[str, Any], str | None]]:
    """Return the records without their rows, with the persons, in the order of the parcels."""
    rows = [row for seq in store.batches for row in store.batch_rows(seq)]
    return [
        ({**msgspec.json.decode(row.record), "row": 0}, row.person) for row in sorted(rows, key=lambda r: r.parcel_id)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("jurisdiction", ["EU", "CN"])
def test_the_door_decides_as_a_file_is_cleared(jurisdiction: str, tmp_path: Path) -> None:
    parcels = drawn(jurisdiction, 60)
    path = tmp_path / "parcels.ndjson"
    path.write_bytes(b"".join(flat_lines(parcels)))
    bulk, door = MemoryStore(), MemoryStore()
    wiring = clearing_wiring(bulk, law_of(jurisdiction), threads=1)
    FileClearing(wiring, Options(jurisdiction=jurisdiction, today=ON, on=ON, out=tmp_path), path).run()
    clearing = parcel_clearing(door, load_profile("demo"), clock=lambda: f"{ON}T08:00:00.000000Z")
    desk = parcel_desk(door, clearing, Settings())
    for start in (0, 7, 40):
        end = {0: 7, 7: 40, 40: 60}[start]
        request = LodgeParcels(principal=WHO, jurisdiction=jurisdiction, parcels=tuple(parcels[start:end]))
        (answer,) = desk.work([request])
        assert {item.outcome for item in answer.items} == {"decided"}
    assert essence(door) == essence(bulk)
    assert balances(door.entries.values()) == balances(bulk.entries.values())
    assert bool(bulk.totals) == (jurisdiction == "CN")
    assert {key: state.total_micro for key, state in door.totals.items()} == {
        key: state.total_micro for key, state in bulk.totals.items()
    }


def flat_lines(parcels: list[Parcel]) -> list[bytes]:
    """Return parcels in the flat form, a line an item."""
    lines = []
    for parcel in parcels:
        header = {key: value for key, value in msgspec.to_builtins(parcel).items() if key != "items"}
        for item in parcel.items:
            lines.append(msgspec.json.encode(header | msgspec.to_builtins(item)) + b"\n")
    return lines
