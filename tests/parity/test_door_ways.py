# SPDX-License-Identifier: Apache-2.0
"""Few parcels are worked without the database, many by it: both ways write the same batch, byte for byte.

Method: random parcels near the thresholds of each jurisdiction, the totals of their persons included, through both.
"""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from tests.parity.test_door_equals_file import ON, drawn

from openecp.bootstrap_parcels import parcel_clearing, regime_files
from openecp.kernel.journal.bulk import ParcelBatch
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.profile import load_profile
from openecp.platform.core.parcel_clearing import ParcelClearing
from openecp.platform.core.parcel_model import ParcelPlace

ALL = sorted(name for name, file in regime_files().items() if any(one.treatments for one in file.regimes))


def clearing(*, few: bool) -> ParcelClearing:
    made = parcel_clearing(MemoryStore(), load_profile("demo"), clock=lambda: f"{ON}T08:00:00.000000Z")
    made._salt = lambda: b"0" * 16
    if few:
        made._engine = None  # type: ignore[assignment] - whoever asks for the database fails
    else:
        made._few = None
    return made


def told(batch: ParcelBatch) -> dict[str, Any]:
    """Return all that a batch says; files as their rows, since two writers may pack the same rows otherwise."""
    write = batch.write
    body = {name: value for name, value in write.events[0].body.items() if name != "documents"}
    files = {one.kind: pq.read_table(io.BytesIO(one.content)) for one in write.documents}
    return {
        "records": batch.records, "persons": batch.persons, "ids": batch.parcel_ids, "days": batch.posted_on,
        "counters": msgspec.to_builtins(batch.counters), "body": body, "ledger": write.ledger,
        "files": {kind: (table.schema.remove_metadata(), table.to_pylist()) for kind, table in files.items()},
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("jurisdiction", ALL)
def test_both_ways_write_the_same(jurisdiction: str) -> None:
    ways = clearing(few=True), clearing(few=False)
    parcels = drawn(jurisdiction, 50)
    row = 1
    for start, end in ((0, 1), (1, 9), (9, 50)):
        places = []
        for parcel in parcels[start:end]:
            places.append(ParcelPlace(parcel, "org-1", row))
            row += len(parcel.items)
        few, many = (told(one.clear(places, jurisdiction=jurisdiction, source="s" * 32)) for one in ways)
        for name in many:
            assert few[name] == many[name], (jurisdiction, name)
