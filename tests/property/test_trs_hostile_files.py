# SPDX-License-Identifier: Apache-2.0
"""What an administration may really send, by the command line: every fault named, no row lost in silence."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from openecp.platform.cli.trs import trs
from openecp.platform.cli.wiring import CommandFault

pytestmark = pytest.mark.slow
WAYS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+03:00", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%d-%b-%Y %H:%M")
CHAIN = ("ARRIVAL", "LODGED", "ACCEPTED", "RELEASED", "GATE_OUT")
DAMAGES = ("no_case", "no_activity", "no_stamp", "unreadable_stamp", "stamp_out_of_range")


def told(*arguments: str) -> tuple[int, list[dict[str, object]], str]:
    """Run `openecp trs` and return its code, its JSON lines and what it said besides."""
    done = CliRunner().invoke(trs, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.exit_code, rows, done.stderr


def written(file: Path, cases: int) -> Counter[str]:
    """Write a CSV in which a fifth of the rows lacks something; return how many rows lack what."""
    draw, faults = random.Random(9), Counter[str]()
    with file.open("w", encoding="utf-8") as out:
        out.write("case_id,activity,ts,office\n")
        for number in range(cases):
            moment = datetime(2026, 1, 1) + timedelta(minutes=number * 7)
            for activity in CHAIN:
                moment += timedelta(minutes=draw.randint(1, 500))
                cells = [f"c{number}", activity, moment.strftime(draw.choice(WAYS)), f"office{number % 9}"]
                if activity == "RELEASED" and draw.random() < 0.05:
                    cells[2] = "2025-11-01T10:00:00Z"
                copies = 2 if draw.random() < 0.02 else 1
                if copies == 1 and draw.random() < 0.2:
                    damage = draw.choice(DAMAGES)
                    faults[damage] += 1
                    place = {"no_case": 0, "no_activity": 1}.get(damage, 2)
                    wrong = {"unreadable_stamp": "31.31.2026", "stamp_out_of_range": "9999-12-31"}
                    cells[place] = wrong.get(damage, "")
                out.write((",".join(cells) + "\n") * copies)
                faults["rows"] += copies
    return faults


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_file_with_every_fault_is_read_to_its_end(tmp_path: Path, packed: bool) -> None:
    """40,000 cases: rows in are rows used and rows left out, each reason as planted; order and doubles are told."""
    import gzip

    file = tmp_path / "e.csv"
    planted = written(file, 40_000)
    if packed:
        file = file.with_suffix(".csv.gz")
        file.write_bytes(gzip.compress((tmp_path / "e.csv").read_bytes(), 1))
    code, rows, _ = told("verify", str(file), "--json")
    assert code == 0
    source = next(row for row in rows if row["kind"] == "source")
    left_out: dict[str, int] = source["left_out"]  # type: ignore[assignment]
    assert source["rows"] == planted["rows"] == source["used"] + sum(left_out.values())  # type: ignore[operator]
    assert set(left_out) == set(DAMAGES)
    for damage in DAMAGES:
        assert left_out[damage] == planted[damage], damage
    codes = {row["code"] for row in rows if row["kind"] == "finding"}
    assert {"mixed_formats", "order:RELEASED<LODGED", "double"} <= codes
    code, cells, said = told("run", str(file), "--clock", "lodged_release", "--by", "office", "--json")
    assert (code, len(cells)) == (0, 9)
    assert "left out" in said


BOMBS = {
    "laughs.xes": '<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><log><trace><event>&b;</event></trace></log>',
    "outside.xes": '<!DOCTYPE log SYSTEM "http://127.0.0.1:9/x.dtd"><log/>',
    "file.xes": '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log><string key="a" value="&x;"/></log>',
    "deep.xes": "<log>" + "<a>" * 100_000,
    "long.xes": '<log><trace><event><string key="k" value="' + "x" * 20_000_000 + '"/></event></trace></log>',
    "names.xes": "<log><trace><event>" + "".join(f'<int key="k{n}" value="1"/>' for n in range(50_000)) + "</event>",
    "open.xes": '<log><trace><string key="concept:name" value="c"/><event>',
    "other.xes": "<html><body/></html>",
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused_by_name_and_the_other_files_are_read(tmp_path: Path, name: str) -> None:
    """`verify` names it and goes on; `run` says where, what was wanted, what was found, what to do."""
    bomb, sound = tmp_path / name, tmp_path / "sound.csv"
    bomb.write_text(BOMBS[name], encoding="utf-8")
    sound.write_text("case_id,activity,ts\nc1,LODGED,2026-01-01T00:00:00Z\n", encoding="utf-8")
    code, rows, _ = told("verify", str(bomb), str(sound), "--json")
    assert code == 0
    findings = [row for row in rows if row.get("code") == "unreadable_file"]
    assert len(findings) == 1
    assert name in str(findings[0]["what"])
    assert any(row.get("source") == "sound.csv" and row.get("used") == 1 for row in rows)
    with pytest.raises(CommandFault) as refused:
        told("run", str(bomb), "--clock", "lodged_release", "--json")
    assert name in str(refused.value.where)
    assert refused.value.expected
    assert refused.value.fix
