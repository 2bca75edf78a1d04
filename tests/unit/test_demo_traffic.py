# SPDX-License-Identifier: Apache-2.0
"""The demonstration's files are current and complete, and synthetic traffic is the same for one seed and readable."""

from __future__ import annotations

import csv
import hashlib
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from openecp.kernel.profile import load_profile
from openecp.platform.cli.traffic import as_json, as_xml, generate, lodgements, traffic
from openecp.platform.cli.traffic_goods import catalogue
from openecp.platform.wire import Unreadable, read

DEMO = Path(__file__).parents[2] / "demo"
ACTS = {
    "documents_checked", "control_result", "release", "hold", "lift_hold", "grant_request", "refuse_request",
    "confirm_payment", "confirm_exit", "confirm_arrival",
}  # fmt: skip


def steps() -> list[dict[str, str]]:
    with (DEMO / "expected.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_files_are_those_that_the_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    before = set(sys.modules)
    try:
        made: dict[str, bytes] = importlib.import_module("build").files()
    finally:
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) and str(DEMO) in str(sys.modules[name].__file__):
                del sys.modules[name]
    held = {f"declarations/{path.name}" for path in (DEMO / "declarations").iterdir()}
    assert held == set(made) - {"expected.csv"}
    for name, content in made.items():
        assert (DEMO / name).read_bytes() == content, f"demo/{name} is not current: run python demo/build.py"


def test_every_file_stands_in_the_index_and_every_step_is_told() -> None:
    rows = steps()
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    named = [row["file"] for row in rows if row["file"]]
    assert len(set(named)) >= 40
    assert [name for name, n in Counter(named).items() if n > 1] == ["declarations/102-tshirts.xml"]  # sent twice
    assert {f"declarations/{p.name}" for p in (DEMO / "declarations").iterdir()} == set(named)
    parties = {row["identifier"] for row in load_profile("demo").table("parties")}
    for row in rows:
        assert row["party"] in parties | {"customs"}, row
        act, _, result = row["action"].partition("=")
        assert act in ACTS | {"lodge", "amend", "invalidate", "present"}, row
        assert bool(result) == (act in ("documents_checked", "control_result")), row
        outcomes = ("accepted", "rejected", "registered", "refused", "repeated", "unreadable", "done")
        assert row["expected_outcome"] in outcomes, row
        assert row["note"], row


def test_the_day_shows_what_the_issue_asks_for() -> None:
    rows = steps()
    outcomes = Counter(row["expected_outcome"] for row in rows)
    assert outcomes["accepted"] >= 40
    assert outcomes["rejected"] >= 20
    codes = {code for row in rows for code in row["expected_codes"].split("|")}
    assert {code[:4] for code in codes if code.startswith("XB-")} >= {f"XB-{layer}" for layer in "1234567"}
    channels = {channel for row in rows for channel in row["expected_channel"].split("|")}
    assert channels >= {"green", "blue", "yellow", "red"}
    statuses = {status for row in rows for status in row["expected_status"].split("|")}
    assert statuses >= {
        "registered", "rejected", "cleared", "payment_pending", "documents_required", "under_control", "detained",
        "seized", "exited", "invalidated",
    }  # fmt: skip
    computed = [row for row in rows if row["expected_total_minor"] not in ("", "0") and row["action"] == "lodge"]
    assert len(computed) >= 15
    assert all("%" in row["note"] or row["key"] or "as 102" in row["note"] for row in computed)
    assert {row["media"] for row in rows} == {"xml", "json", ""}


@pytest.mark.parametrize("row", [row for row in steps() if row["file"]], ids=lambda row: Path(row["file"]).stem)
def test_messages_read_as_expected(row: dict[str, str]) -> None:
    data = (DEMO / row["file"]).read_bytes()
    if row["expected_outcome"] == "unreadable":
        with pytest.raises(Unreadable) as refused:
            read(data)
        assert refused.value.code.startswith(row["expected_codes"])
        return
    reading = read(data)
    assert not reading.faults
    assert bool(reading.unknown) == ("unknown-element" in row["file"])
    lrn = reading.declaration.functional_reference_id
    assert lrn
    if reading.declaration.function_code == "9":
        assert lrn == row["case"]
        sender = reading.declaration.declarant
    else:
        place = re.fullmatch(r"\$\{MRN:(.+)\}", reading.declaration.id or "")
        assert (place and place[1] == row["case"]) or row["case"] == ""
        sender = reading.declaration.submitter
    assert sender is not None
    assert sender.id == row["party"]


def test_a_reference_is_used_once_but_where_that_is_the_point() -> None:
    used = Counter(row["case"] for row in steps() if row["action"] == "lodge" and row["case"])
    assert [case for case, n in used.items() if n > 1] == ["BA24-0102"]


def digest(n: int, seed: int, **more: object) -> str:
    whole = hashlib.sha256()
    for declaration in generate(n, seed, **more):  # type: ignore[arg-type]
        whole.update(as_json(declaration))
    return whole.hexdigest()


def test_traffic_is_the_same_for_one_seed_and_another_for_another() -> None:
    assert digest(60, 7) == digest(60, 7)
    assert digest(60, 7) != digest(60, 8)


def test_references_are_used_once_across_seeds() -> None:
    lrns = [d.functional_reference_id for seed in (1, 2, 35, 36) for d in generate(200, seed)]
    assert len(set(lrns)) == len(lrns)
    assert all(lrn and len(lrn) <= 22 for lrn in lrns)


def test_traffic_is_mixed_and_of_many_sizes() -> None:
    made = list(lodgements(400, 3, fault_share=0.1))
    kinds = Counter(one.kind for one in made)
    assert set(kinds) == {"import", "parcel", "export", "prelodged", "simplified", "clearance"}
    assert kinds["import"] > kinds["parcel"] > kinds["clearance"]
    faults = [one.fault for one in made if one.fault]
    assert 15 <= len(faults) <= 80
    sizes = {
        len(one.declaration.goods_shipment.government_agency_goods_item)
        for one in made
        if one.declaration.goods_shipment
    }
    assert 1 in sizes
    assert max(sizes) > 5


def test_items_and_kinds_are_as_asked() -> None:
    for one in lodgements(40, 1, items=3, kinds=("export",)):
        assert one.kind == "export"
        assert one.declaration.goods_shipment is not None
        assert len(one.declaration.goods_shipment.government_agency_goods_item) == 3


def test_traffic_reads_back_as_xml_and_json() -> None:
    for declaration in generate(40, 5):
        for message in (as_json(declaration), as_xml(declaration)):
            reading = read(message)
            assert reading.declaration == declaration
            assert not reading.unknown
            assert not reading.faults


@pytest.mark.parametrize(("n", "items"), [(-1, None), (10**9, None), (1, 0), (1, 1000)])
def test_more_than_the_limits_is_refused(n: int, items: int | None) -> None:
    with pytest.raises(ValueError, match="traffic: expected up to"):
        next(generate(n, 1, items=items))


def test_catalogue_keeps_goods_that_can_be_declared_without_fault() -> None:
    known = catalogue()
    assert len(known.goods) > 200
    assert len(known.importers) >= 3
    assert all(goods.code[:2] not in ("24", "93") for goods in known.goods)
    assert any(goods.import_documents for goods in known.goods)
    assert known.post not in known.importers


def test_command_writes_lines_or_files(tmp_path: Path) -> None:
    runner = CliRunner()
    lines = runner.invoke(traffic, ["5", "--seed", "2", "--faults", "0"])
    assert lines.exit_code == 0, lines.output
    written = [msgspec.json.decode(line) for line in lines.stdout.splitlines() if line.startswith("{")]
    assert len(written) == 5
    files = runner.invoke(traffic, ["4", "--media", "xml", "--out", str(tmp_path)])
    assert files.exit_code == 0, files.output
    assert len(list(tmp_path.glob("*.xml"))) == 4
    assert runner.invoke(traffic, ["1", "--media", "xml"]).exit_code != 0
