# SPDX-License-Identifier: Apache-2.0
"""The files of a session paper: its names, and which writer makes which format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from openecp.platform.documents.write_csv import write_actions_csv, write_annex_csv, write_figures_csv
from openecp.platform.documents.write_json import write_json
from openecp.programme.action_plan.shipped import shipped_rows
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.paper import Language, Paper
from openecp.programme.reports.wording import Codes, Wording

Format = Literal["docx", "pdf", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def session_papers(
    basis: Basis, languages: Sequence[Language], formats: Sequence[Format]
) -> dict[Language, dict[str, bytes]]:
    """Return the files of a paper by language and name: `ECP-IV-2020-02-01-en.docx` and so on.

    Raises: CatalogueError, PaperError.
    """
    found: dict[Language, dict[str, bytes]] = {}
    for language in languages:
        paper = build_paper(basis, Wording(language, code_words(language)))
        found[language] = files_of(paper, formats)
    return found


def files_of(paper: Paper, formats: Sequence[Format]) -> dict[str, bytes]:
    """Return the files of a paper in one language, by name."""
    stem = f"{paper.plan}-{paper.as_of}-{paper.language}"
    return {f"{stem}{ending}": write(paper) for each in formats for ending, write in _writers(each).items()}


def code_words(language: Language) -> Codes:
    """Return the words for codes that ship, by kind and code, in one language."""
    found: dict[str, dict[str, str]] = {}
    for row in shipped_rows("code_names"):
        found.setdefault(row["kind"], {})[row["code"]] = row[f"name_{language}"]
    return found


def _writers(wanted: Format) -> Mapping[str, Callable[[Paper], bytes]]:
    """Return the writers of a format by the ending of the file's name; imported when asked for: slow to load."""
    if wanted == "docx":
        from openecp.platform.documents.write_docx import write_docx

        return {".docx": write_docx}
    if wanted == "pdf":
        from openecp.platform.documents.write_pdf import write_pdf

        return {".pdf": write_pdf}
    if wanted == "csv":
        return {
            "-annex.csv": write_annex_csv,
            "-actions.csv": write_actions_csv,
            "-figures.csv": write_figures_csv,
        }
    return {".json": write_json}
