# SPDX-License-Identifier: Apache-2.0
"""Study folders as the pages read them, from what the commands write; published figures beside one's own."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msgspec
import pytest
from test_trs_study import command, folder
from times_console_world import TimesConsole

from openecp.border.time_release.study_rounds import PublishedFigure, Rounds, beside, own_values
from openecp.platform.console.times.folder import StudyFolders

HOUR = 3_600_000_000


def published(**segment: str) -> PublishedFigure:
    return PublishedFigure(
        study="ELSEWHERE", round="2015", clock="lodged_release", segment=segment, statistic="mean", value=2.5 * HOUR,
        unit="us",
    )  # fmt: skip


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("studies")
    study = folder(place / "round-1")
    for words in (("freeze", "--on", "2026-02-01"), ("run",), ("phase", "report", "--begun", "2026-02-02")):
        named = (words[0], study, *words[1:])
        assert command("study", *named).startswith("0"), words
    told = command("report", study, "--formats", "html", "--lang", "both", "--out", study)
    assert told.startswith("0"), told
    (place / "rounds.json").write_bytes(msgspec.json.encode(Rounds(figures=(published(mode="sea"),), kept=())))
    (place / "empty").mkdir()
    return place


def test_a_folder_of_the_commands_is_a_study_of_the_pages(studies: Path) -> None:
    here = StudyFolders(studies)
    (study,) = here.listed()
    assert (study.study_id, study.state, study.created_at) == ("round-1", "frozen", "2026-02-01")
    assert ("report", "under_way", "2026-02-02", "") in study.phases
    assert {"report-en.html", "report-fr.html", "results.json"} <= set(study.files)
    assert study.inputs
    assert len(study.inputs[0][1]) == 64
    figures = here.figures("round-1")
    assert figures is not None
    archive = here.tables("round-1")
    assert archive is not None
    assert archive == here.tables("round-1")
    assert "dictionary.csv" in zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert here.tables("empty") is None
    (pair,) = beside(here.rounds(), own_values(figures, 5))
    assert (pair.own.segment, pair.published.value) == ({}, 2.5 * HOUR)


def test_small_groups_stand_beside_nothing(studies: Path) -> None:
    figures = StudyFolders(studies).figures("round-1")
    assert figures is not None
    assert own_values(figures, 10_000) == []


def test_the_pages_show_it_and_send_no_other_file(studies: Path) -> None:
    world = TimesConsole()
    world.desk.studies = StudyFolders(studies)
    client = world.client("anna")
    html = client.get("/console/times/studies/round-1?lang=en").text
    for text in ("Beside published studies", "ELSEWHERE", "under way", "tables.zip"):
        assert text in html, text
    assert "round-1/read/report-en.html" in client.get("/console/times/studies").text
    report = client.get("/console/times/studies/round-1/read/report-fr.html")
    assert report.headers["content-security-policy"].endswith("sandbox")
    assert "attachment" not in report.headers.get("content-disposition", "")
    for name in ("read/results.json", "read/study.toml", "files/study.toml", "files/events.csv"):
        assert client.get(f"/console/times/studies/round-1/{name}").status_code == 404, name
    assert client.get("/console/times/studies/round-1/tables.zip").headers["content-type"] == "application/zip"
    assert world.client("tom").get("/console/times/studies/round-1/tables.zip").status_code in (403, 404)
