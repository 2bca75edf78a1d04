# SPDX-License-Identifier: Apache-2.0
"""The command line: lines of the form that was promised, clear errors with exit code 2, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from openecp.bootstrap import Installation
from openecp.platform.cli.main import COMMANDS, openecp
from openecp.platform.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "declarations"
LINE = {"file", "outcome", "lrn", "errors", "taxes", "channel", "reasons"}
ERROR = {"code", "layer", "pointer", "json_pointer", "line", "message", "expected", "got", "fix"}
TAX = {"item", "type", "base_minor", "rate", "assessed_minor", "payable_minor", "currency"}


class Shared(Installation):
    """An installation whose assessor is made once for all tests."""

    made: ClassVar[dict[str, Any]] = {}

    def assessor(self, secret: bytes = b"") -> Any:
        key = f"{self.settings.profile}|{self.settings.measures}"
        if key not in self.made:
            self.made[key] = super().assessor(secret)
        return self.made[key]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(openecp, list(arguments), obj=Shared(Settings(profile="demo")))


def lines_of(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_for_each_file_in_sorted_order_of_the_promised_form() -> None:
    lines = lines_of(run("assess", str(DEMO), "--json"))
    wanted = [str(path) for path in sorted(DEMO.rglob("*")) if path.suffix in (".xml", ".json")]
    assert [line["file"] for line in lines] == wanted
    assert {line["outcome"] for line in lines} == {"accepted", "rejected", "unreadable"}
    for line in lines:
        assert set(line) == LINE
        for error in line["errors"]:
            assert set(error) == ERROR
            assert error["code"]
            assert error["message"]
        for tax in line["taxes"]:
            assert set(tax) in (TAX, TAX | {"charge"})
        if line["outcome"] == "unreadable":
            assert line["errors"]
            assert (line["lrn"], line["taxes"], line["channel"]) == (None, [], None)
        if line["outcome"] == "rejected":
            assert line["errors"]
            assert line["channel"] is None


def test_errors_point_at_their_line(tmp_path: Path) -> None:
    (line,) = lines_of(run("assess", str(DEMO / "311-no-net-mass.xml"), "--json"))
    pointed = [error for error in line["errors"] if error["pointer"]]
    assert pointed
    for error in pointed:
        assert error["line"] is not None
        assert error["json_pointer"].startswith("/")


def test_a_list_in_one_file_gives_a_line_each_and_faults_stop_nobody(tmp_path: Path) -> None:
    good = json.loads((DEMO / "212-parcel-tax-paid.json").read_bytes())
    (tmp_path / "list.json").write_text(json.dumps([good, 17, good]))
    (tmp_path / "bad.xml").write_text("<a")
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "ignored.txt").write_text("no")
    lines = lines_of(run("assess", str(tmp_path), "--json"))
    assert [Path(line["file"]).name for line in lines] == [
        "bad.xml",
        "empty.json",
        "list.json",
        "list.json",
        "list.json",
    ]
    assert [line["outcome"] for line in lines] == ["unreadable", "unreadable", "accepted", "unreadable", "accepted"]


def test_one_bad_assessment_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Shared(Settings(profile="demo"))
    inner = here.assessor()

    class Poisoned:
        def assess(self, declarations: Any, on: Any = None) -> Any:
            if any(d.functional_reference_id == "BA24-0102" for d in declarations):
                raise ZeroDivisionError("poison")
            return inner.assess(declarations, on)

    monkeypatch.setattr(here, "assessor", lambda: Poisoned())
    files = [str(DEMO / name) for name in ("101-laptops.xml", "102-tshirts.xml", "103-schoolbooks.xml")]
    result = CliRunner().invoke(openecp, ["assess", *files, "--json"], obj=here)
    assert [line["outcome"] for line in lines_of(result)] == ["accepted", "unreadable", "accepted"]
    assert "OECP-UNPROCESSABLE" in result.stdout


def test_a_table_for_people() -> None:
    result = run("assess", str(DEMO / "101-laptops.xml"), str(DEMO / "301-malformed.xml"))
    assert result.exit_code == 0
    assert "2,500.00" in result.stdout
    assert "unreadable" in result.stdout


def openecp_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openecp.bootstrap", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["assess", "no/such/path", "--json"], {}, ["no/such/path", "expected", "fix"]),
        (["assess", "demo", "--profile", "nowhere"], {}, ["nowhere", "demo", "uk-trade-test"]),
        (["assess", "demo", "--measures", "no.csv"], {}, ["no.csv", "expected", "fix"]),
        (["assess", "demo", "--measures", "README.md"], {}, ["README.md"]),
        (["assess", "demo", "--date", "tomorrow"], {}, ["--date", "tomorrow", "expected"]),
        (["serve", "--port", "9"], {"OPENECP_PORT": "x"}, ["OPENECP_PORT", "expected"]),
        (["tariff", "load", "no.csv"], {}, ["no.csv", "expected"]),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    arguments: list[str], environment: dict[str, str], words: list[str]
) -> None:
    done = openecp_process(*arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr


def test_every_command_says_what_it_does() -> None:
    listed = run("--help").stdout
    for name, (_, _, sentence) in COMMANDS.items():
        assert name in listed
        assert sentence
        told = run(name, "--help")
        assert told.exit_code == 0, told.output
        assert "Usage" in told.stdout


def test_show_tariff() -> None:
    result = run("tariff", "show", "61091000", "--date", "2026-03-01")
    assert result.exit_code == 0
    assert "12%" in result.stdout
