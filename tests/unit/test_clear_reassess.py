# SPDX-License-Identifier: Apache-2.0
"""`openecp reassess`: what parcels would have paid, by collector; a ruling is posted once."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.unit.test_clear_files import some_file

from openecp.bootstrap import Installation
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings
from openecp.platform.store import open_store, temporary_data_folder

FLAT = 'amount = "3.00"'


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = temporary_data_folder("openecp-reassess-")
    with open_store(folder):
        path = some_file(tmp_path_factory.mktemp("in"), 60)
        out = str(path.parent)
        run(folder, "clear", str(path), "--jurisdiction", "EU", "--date", "2026-07-02", "--out", out, "--no-quality")
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(data: Path, *arguments: str) -> Any:
    found = CliRunner().invoke(openecp, list(arguments), obj=Installation(Settings(data=str(data))))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def test_under_the_law_of_another_day(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "each.csv"
    told = json.loads(
        run(data, "reassess", "--as-if", "2026-06-30", "--jurisdiction", "EU", "--out", str(out), "--json").stdout
    )
    sums = {(one["account"], one["type"]): (one["was"], one["would"]) for one in told["sums"]}
    duty = sums["collector:post:POST-PT:EUR", "duty"]
    assert duty[0] > 0 == duty[1], "no flat duty before July"
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == told["parcels"] == told["changed"]
    assert all(float(row["would_duty"]) == 0 < float(row["duty"]) for row in rows)
    assert sum(round(100 * float(row["would_tax"])) for row in rows) == sum(
        would for (_, kind), (_, would) in sums.items() if kind == "tax"
    )
    same = json.loads(run(data, "reassess", "--as-if", "2026-07-02", "--jurisdiction", "EU", "--json").stdout)
    assert same["changed"] == 0
    assert all(one["was"] == one["would"] for one in same["sums"])
    none = json.loads(
        run(data, "reassess", "--as-if", "2026-06-30", "--jurisdiction", "EU", "--from", "2026-07-03", "--json").stdout
    )
    assert none["parcels"] == 0


def test_a_ruling_is_posted_once(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "EU.toml"
    shipped = Path(__file__).parents[2] / "src/openecp/profiles/regimes/EU.toml"
    text = shipped.read_text(encoding="utf-8")
    assert FLAT in text
    file.write_text(text.replace(FLAT, 'amount = "2.00"'), encoding="utf-8")
    before = balances(data)
    arguments = ("reassess", "--as-if", str(file), "--jurisdiction", "EU", "--json", "--post", "2026-T-1")
    told = json.loads(run(data, *arguments).stdout)
    assert not told["repeated"]
    after = balances(data)
    for one in told["sums"]:
        assert one["would"] <= one["was"]
    moved = {account: after[account] - before.get(account, 0) for account in after}
    wanted: dict[str, int] = {}
    for one in told["sums"]:
        wanted[one["account"]] = wanted.get(one["account"], 0) + one["would"] - one["was"]
    assert {account: minor for account, minor in moved.items() if account.startswith("collector:") and minor} == {
        account: minor for account, minor in wanted.items() if minor
    }
    again = json.loads(run(data, *arguments).stdout)
    assert again["repeated"]
    assert balances(data) == after
    with open_store(data) as store:
        assert store.verify().ok
        (event,) = store.events(case_id="parcels/ruling/2026-T-1")
        assert event.kind == "ParcelsReassessed"


def balances(data: Path) -> dict[str, int]:
    with open_store(data) as store:
        return {account: minor for (account, *_), minor in store.balances().items()}
