# SPDX-License-Identifier: Apache-2.0
"""A study gives the same bytes again, refuses changed inputs, leaves out what it says; published rounds are entered."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.corpus import corpus_path

from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.study import StudyFault, definition_of
from openecp.border.time_release.study_rounds import rounds_of
from openecp.platform.cli.trs import trs

STUDY = """\
name = "Round"
files = ["events.csv"]
clocks = ["lodged_release"]
segments = ["office"]
k = 3
[[exclusions]]
reason = "seized"
activity = "SEIZED"
"""


def events(cases: int, hours: int = 4) -> str:
    lines = ["case_id,activity,ts,office"]
    for n in range(cases):
        office = "A" if n % 3 else "B"
        lines.append(f"c{n},LODGED,2026-01-{n % 20 + 1:02}T08:00:00Z,{office}")
        lines.append(f"c{n},RELEASED,2026-01-{n % 20 + 1:02}T{8 + hours + n % 5:02}:00:00Z,{office}")
    lines.append("s,LODGED,2026-01-05T08:00:00Z,A\ns,SEIZED,2026-01-05T09:00:00Z,A")
    return "\n".join(lines) + "\n"


def folder(path: Path, hours: int = 4) -> Path:
    path.mkdir()
    (path / "study.toml").write_text(STUDY)
    (path / "events.csv").write_text(events(40, hours))
    return path


def command(*words: str) -> str:
    done = CliRunner().invoke(trs, [str(word) for word in words], catch_exceptions=True)
    return f"{done.exit_code} {done.output} {done.exception or ''}"


def test_frozen_study_gives_the_same_bytes_and_refuses_other_inputs(tmp_path: Path) -> None:
    study = folder(tmp_path / "a")
    assert command("study", "freeze", study, "--on", "2026-02-01").startswith("0")
    assert command("study", "run", study).startswith("0")
    first = (study / "results.json").read_bytes()
    assert command("study", "run", study).startswith("0")
    assert (study / "results.json").read_bytes() == first
    figures = msgspec.json.decode(first)
    assert figures["funnel"] == [["read", 41], ["seized", 1]]
    assert figures["clocks"][0]["whole"]["n"] == 40
    (study / "events.csv").write_text(events(41))
    told = command("study", "run", study)
    assert told.startswith("1")
    assert "cannot be made" in told


def test_phases_have_states_and_dates(tmp_path: Path) -> None:
    study = folder(tmp_path / "a")
    command("study", "phase", study, "collection", "--begun", "2026-01-01")
    shown = msgspec.json.decode(command("study", "show", study)[2:].strip().encode())
    assert shown["phases"][1] == {"phase": "collection", "state": "under_way", "begun": "2026-01-01", "ended": None}
    assert command("study", "phase", study, "collection", "--ended", "2025-12-01").startswith("2")


def test_two_rounds_split_into_mix_and_performance(tmp_path: Path) -> None:
    for name, hours in (("a", 4), ("b", 2)):
        study = folder(tmp_path / name, hours)
        command("study", "freeze", study, "--on", "2026-02-01")
        command("study", "run", study)
    line = msgspec.json.decode(command("compare", tmp_path / "a", tmp_path / "b", "--json")[2:].strip().encode())
    assert line["difference_h"] == pytest.approx(-2)
    assert line["mix_h"] == pytest.approx(0, abs=1e-6)
    assert line["performance_h"] == pytest.approx(-2)
    assert line["log_rank"]["p"] < 0.05


@pytest.mark.parametrize(
    "line", ['segments = ["officer"]', "k = 0", 'clocks = ["x"]', 'languages = ["de"]', "what = 1"]
)
def test_definition_that_cannot_hold_is_refused(line: str) -> None:
    with pytest.raises(StudyFault):
        definition_of(f'name = "x"\n{line}\n'.encode(), "study.toml")


def test_small_cells_are_hidden_with_a_second_one() -> None:
    assert hidden_cells({("a",): 100, ("b",): 40, ("c",): 2}, 5) == {("b",), ("c",)}
    assert hidden_cells({("a",): 100, ("b",): 2, ("c",): 2}, 5) == {("a",), ("b",), ("c",)}
    assert hidden_cells({("a",): 100, ("b",): 4, ("c",): 2}, 5) == {("b",), ("c",)}
    cross = {(a, b): 50 for a in "xyz" for b in "123"} | {("x", "1"): 1}
    hidden = hidden_cells(cross, 5)
    for place in (0, 1):
        for value in {key[place] for key in hidden}:
            assert len([key for key in hidden if key[place] == value]) >= 2


def test_published_rounds_keep_what_is_no_figure() -> None:
    data = (
        b'{"studies":[{"id":"X","measure":"arrival -> release, mean","rows":[{"mode":"sea","mean_d":2,"note_x":"?"}]}]}'
    )
    found = rounds_of(data, "x.json")
    assert [(one.clock, one.statistic, one.value) for one in found.figures] == [
        ("arrival_release", "mean", 2 * 86_400_000_000)
    ]
    assert found.kept[0].key == "note_x"


def test_published_corpus_is_entered_whole() -> None:
    path = corpus_path("trs/trs_published_results.json")
    found = rounds_of(path.read_bytes(), path.name)
    japan = [one for one in found.figures if one.study.startswith("JP") and one.round == "2015"]
    assert {one.clock for one in japan} == {"arrival_release", "lodged_release"}
    assert len(found.figures) >= 50
    assert len(found.kept) >= 10
