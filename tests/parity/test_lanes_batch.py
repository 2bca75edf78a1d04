# SPDX-License-Identifier: Apache-2.0
"""Goal: under a plan of selection a batch chooses as the online path. Method: the same declarations through both."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.oracle.traffic import Traffic
from tests.parity.test_batch_equals_online import DAY, write_inputs

from openecp.border.batch import BatchAssessor, BatchFiles
from openecp.border.pipeline import Assessor
from openecp.border.risk.lanes.counters import FrozenCounters, LaneCount, OfficeCount
from openecp.border.risk.lanes.online import LaneChooser, lane_chooser
from openecp.border.risk.lanes.plan import E6
from openecp.border.tariff.reference import load_measures
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.assessment.sight import SightRow
from openecp.kernel.datamodel.columns import ITEM_COLUMNS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile, ProfileError, load_profile
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.duck_batch import DuckBatchEngine

PLAN = """office,lane,expected_rate,random_rate,hits_max,trusted_factor,trusted_floor
,red,0.15,0.02,1,0.5,
,yellow,0.20,0.03,2,0.3,
,blue,0.30,0.05,,1,
XB000101,red,0.08,0.04,0,0.1,
"""
CRITERIA = [
    {"criterion": name, "version": "1", "channel": lane, "share": share, "reason_en": name, **cells}
    for name, lane, share, cells in (
        ("ALL-C", "red", "1", {"goods_prefix": "85", "origin": "CN"}), ("HALF", "yellow", "0.5", {"origin": "CN"}),
        ("FEW", "red", "0.02", {"origin": "US"}), ("FEW-2", "red", "0.02", {"procedure": "4000", "origin": "US"}),
        ("NEVER", "red", "0.000001", {"origin": "FR"}), ("ALT", "blue", "0.3", {"origin": "JP"}),
        ("ALT", "blue", "0.3", {"origin": "TR"}), ("TINY", "yellow", "0.01", {"procedure": "4000"}),
    )
]  # fmt: skip


class Stakes:
    """Looks at risk by a hash of the declaration: some have no stake, some much."""

    def look(self, declarations: Sequence[Declaration], values: Sequence[Sequence[int | None]]) -> list[list[SightRow]]:
        return [
            [SightRow(stake_minor=stake_of(one.functional_reference_id or "", at)) for at in range(len(row))]
            for one, row in zip(declarations, values, strict=True)
        ]

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        return {}


def stake_of(lrn: str, item: int) -> int:
    number = int.from_bytes(hashlib.sha256(f"{lrn} {item}".encode()).digest()[:4], "big")
    return 0 if number % 3 == 0 else number % 1_000 if number % 3 == 1 else number % 10_000_000


def profile_with(folder: Path, topup: str) -> Profile:
    shutil.copytree(load_profile("demo").folder, folder)
    (folder / "selection_plan.csv").write_text(PLAN)
    toml = (folder / "profile.toml").read_text("utf-8")
    said = f'[selection]\ntrusted = ["AEOC"]\ntopup = "{topup}"'
    (folder / "profile.toml").write_text(toml.replace("[selection]", said, 1), "utf-8")
    return load_profile(str(folder)).with_rows("risk_criteria", CRITERIA)


def frozen(topup: str) -> FrozenCounters:
    """Counters of an office that is behind its plan, one that is ahead, and all others together."""
    stakes = {0: 300 * E6, 30: 100 * E6, 44: 50 * E6} if topup == "stake" else {}

    def office(taken: int) -> OfficeCount:
        lane = LaneCount(taken, taken // 3, 450 * E6, stakes)
        return OfficeCount(500, (lane, lane, lane))

    return FrozenCounters(77, DAY, {"": office(20), "XB000101": office(10), "XB000102": office(400)})


def chosen(profile: Profile, topup: str) -> LaneChooser:
    chooser = lane_chooser(profile, b"secret", today=lambda: DAY)
    assert chooser is not None
    chooser.frozen = frozen(topup)
    return chooser


def answers_of(batch: BatchAssessor, declarations: list[Declaration], folder: Path, *, stakes: bool) -> Any:
    """Assess a batch; stakes stand in the file, as an exporter writes them."""
    files = write_inputs(batch, declarations, folder)
    table: pa.Table = pq.read_table(files.items[0])
    if stakes:
        lrns = [one.functional_reference_id or "" for one in declarations]
        seen: Counter[int] = Counter()
        found = []
        for number in table.column("declaration_no").to_pylist():
            found.append(stake_of(lrns[number], seen[number]))
            seen[number] += 1
        at = table.schema.get_field_index("stake_minor")
        pq.write_table(table.set_column(at, "stake_minor", pa.array(found, pa.int64())), files.items[0])
    batch.assess_files(files, folder / "answers.parquet")
    return pq.read_table(folder / "answers.parquet").to_pylist()


def compared(online: list[Assessment], answers: list[dict[str, Any]]) -> Counter[str]:
    """Compare declaration by declaration; return how many came on which ground."""
    by_declaration: list[list[dict[str, Any]]] = [[] for _ in online]
    for row in answers:
        by_declaration[row["declaration_no"]].append(row)
    grounds: Counter[str] = Counter()
    for one, rows in zip(online, by_declaration, strict=True):
        record = one.selection or {}
        assert {row["channel"] for row in rows} == {one.channel}
        assert {row["ground"] for row in rows} == {record.get("ground", "")}
        assert {row["at_random"] for row in rows} == {record.get("ground") == "random"}
        told = {r.rule for r in one.reasons if r.layer == "risk" and r.code != "RANDOM"}
        assert {r["ref"] for row in rows for r in row["officer_reasons"] or ()} == told
        grounds[record.get("ground", "rejected")] += 1
    return grounds


@pytest.mark.slow
@pytest.mark.parametrize("topup", ["draw", "stake"])
def test_a_batch_chooses_as_the_online_path(topup: str, tmp_path: Path) -> None:
    many = 2_500
    profile = profile_with(tmp_path / "profile", topup)
    measures = list(load_measures((profile.folder / "measures.csv").read_bytes(), "measures.csv", profile))
    traffic = Traffic(profile, measures, seed=8, faults=0.02)
    declarations = [traffic.declaration(number) for number in range(many)]
    looks = Stakes() if topup == "stake" else None
    given = Assessor(profile, DuckEngine(), measures, lanes=chosen(profile, topup), looks=looks)
    online = [each for at in range(0, many, 500) for each in given.assess(declarations[at : at + 500], DAY)]
    batch = BatchAssessor(profile, DuckBatchEngine(threads=1), measures, lanes=chosen(profile, topup))
    answers = answers_of(batch, declarations, tmp_path, stakes=topup == "stake")
    grounds = compared(online, answers)
    assert set(grounds) >= {"mandatory", "criteria", "hits", "topup", "none", "random", "rejected"}, grounds
    by_stake = [one.selection for one in online if one.selection and one.selection.get("above")]
    assert bool(by_stake) is (topup == "stake")


def test_rows_have_the_draw_of_the_plan_and_a_plan_without_a_chooser_is_refused(tmp_path: Path) -> None:
    profile = profile_with(tmp_path / "profile", "draw")
    declaration = Traffic(profile, [], seed=1).declaration(0)
    chooser = chosen(profile, "draw")
    rows, _ = Assessor(profile, DuckEngine(), [], lanes=chooser).rows([declaration], DAY)
    at = [name for name, _ in ITEM_COLUMNS].index("draw")
    assert {row[at] for row in rows.items} == {chooser.draw.drawn(declaration, DAY)[0]}
    with pytest.raises(ProfileError, match="what chooses lanes by this plan"):
        BatchAssessor(profile, DuckBatchEngine(threads=1), []).assess_files(BatchFiles([]), tmp_path / "a.parquet")


def test_lanes_of_a_batch_are_of_one_day() -> None:
    from tests.property.test_lanes_random import random_plan, stream

    from openecp.border.risk.lanes.vector import LaneBatches, select_frozen

    plan, columns = random_plan(2), stream(2, 300, per_interval=1_000)
    found, whole = select_frozen(columns, plan, FrozenCounters()), LaneBatches(plan).select(columns)
    assert np.array_equal(found.lane, whole.lane)
    assert len(select_frozen(columns.part(0, 0), plan, FrozenCounters()).lane) == 0
    with pytest.raises(ValueError, match="expected one day, got 2026-03-02"):
        select_frozen(replace(columns, day=columns.day + (np.arange(300) > 200)), plan, FrozenCounters())
    assert date.fromordinal(int(columns.day[0])) == DAY
