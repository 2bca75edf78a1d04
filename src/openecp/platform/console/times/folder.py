# SPDX-License-Identifier: Apache-2.0
"""The studies of an installation, as its pages list them: each a folder in `studies` beside the journal.

A folder holds `study.toml`, `frozen.json` once it is frozen, and reports. Limits: FOLDERS_MAX studies; what cannot be
read is left out of the list.
"""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.study import Phase, phases_shown
from openecp.border.time_release.study_rounds import PublishedFigure, Rounds
from openecp.platform.console.times.desk import StudyFace

FOLDERS_MAX = 500
REPORTS = (".html", ".pdf", ".docx", ".csv", ".json")
_KEPT_BACK = ("frozen.json", "phases.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
BYTES_MAX = 1_000_000
RESULTS_MAX = 50_000_000
TABLES_MAX = 200
ROUNDS = "rounds.json"


class StudyFolders:
    """Reads the folders each time they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listed(self) -> list[StudyFace]:
        """Return the studies, the latest first."""
        if not self._folder.is_dir():
            return []
        folders = [each for each in self._folder.iterdir() if _NAME.fullmatch(each.name) and each.is_dir()]
        found = [(face, each.stat().st_mtime) for each in folders[:FOLDERS_MAX] if (face := _face(each)) is not None]
        return [face for face, _ in sorted(found, key=lambda pair: (-pair[1], pair[0].study_id))]

    def path(self, study_id: str, name: str) -> Path | None:
        """Return a report of a study; None where there is none of this name."""
        for study in self.listed():
            if study.study_id == study_id and name in study.files:
                return self._folder / study_id / name
        return None

    def figures(self, study_id: str) -> Figures | None:
        """Return a study's figures; None where it was not run, or the file is none of ours."""
        path = self.path(study_id, "results.json")
        if path is None or path.stat().st_size > RESULTS_MAX:
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Figures)
        except (OSError, msgspec.DecodeError):
            return None

    def proposals(self, study_id: str) -> list[dict[str, Any]]:
        """Return what a study recommends; nothing where the file is none of ours."""
        path = self.path(study_id, "proposals.json")
        try:
            found = json.loads(_text(path)) if path is not None else []
        except (OSError, ValueError):
            return []
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def rounds(self) -> tuple[PublishedFigure, ...]:
        """Return the figures of published studies: `rounds.json` beside the studies, as `trs rounds load` keeps it."""
        path = self._folder / ROUNDS
        try:
            return msgspec.json.decode(_text(path), type=Rounds).figures if path.is_file() else ()
        except (OSError, ValueError):
            return ()

    def tables(self, study_id: str) -> bytes | None:
        """Return the tables of a study as one archive, the same bytes each time; None where it has none."""
        study = next((one for one in self.listed() if one.study_id == study_id), None)
        if study is None or not study.tables:
            return None
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in study.tables:
                content = (self._folder / study_id / "data" / name).read_bytes()
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return out.getvalue()


def _face(folder: Path) -> StudyFace | None:
    try:
        told = tomllib.loads(_text(folder / "study.toml"))
        frozen: dict[str, Any] = json.loads(_text(folder / "frozen.json")) if (folder / "frozen.json").exists() else {}
    except (OSError, ValueError):
        return None
    files = [each.name for each in folder.iterdir() if each.is_file() and _NAME.fullmatch(each.name)]
    own = {str(name) for name in told.get("files", ())}
    journal = frozen.get("journal_last_seq")
    return StudyFace(
        study_id=folder.name,
        name=str(told.get("name") or folder.name)[:200],
        state="frozen" if frozen else "draft",
        purpose=str(told.get("purpose", ""))[:2000],
        created_at=str(frozen.get("frozen_on", ""))[:10],
        clocks=tuple(str(each) for each in told.get("clocks", ("arrival_release",))),
        segments=tuple(str(each) for each in told.get("segments", ())),
        source=", ".join(sorted(own)) or (f"journal 1–{journal}" if journal else "journal"),
        k=int(told.get("k", 5)),
        digest=str(frozen.get("definition_sha256", "")),
        tables=_tables(folder / "data"),
        phases=_phases(folder / "phases.json"),
        inputs=tuple((str(one.get("name", "")), str(one.get("sha256", ""))) for one in frozen.get("inputs", ()))
        or ((("journal 1–" + str(journal), str(frozen.get("journal_rows_sha256", ""))),) if journal else ()),
        files=tuple(
            sorted(name for name in files if name.endswith(REPORTS) and name not in own and name not in _KEPT_BACK)
        ),
    )


def _tables(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    names = [each.name for each in folder.iterdir() if each.suffix == ".csv" and _NAME.fullmatch(each.name)]
    return tuple(sorted(names)[:TABLES_MAX])


def _phases(path: Path) -> tuple[tuple[str, str, str, str], ...]:
    try:
        phases = msgspec.json.decode(_text(path), type=dict[str, Phase]) if path.exists() else {}
    except (OSError, ValueError):
        phases = {}
    return tuple(
        (row["phase"], row["state"], str(row["begun"] or ""), str(row["ended"] or "")) for row in phases_shown(phases)
    )


def _text(path: Path) -> str:
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"{path.name}: expected at most {BYTES_MAX} bytes")
    return path.read_text(encoding="utf-8")
