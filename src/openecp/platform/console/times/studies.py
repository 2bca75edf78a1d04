# SPDX-License-Identifier: Apache-2.0
"""Studies: the list, one study and where it stands, its reports as files."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from openecp.border.time_release.attribution import owner_rank
from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.study_rounds import Beside, beside, own_values
from openecp.platform.console.charts.owners import OwnerBar, Part, draw_bars
from openecp.platform.console.language import N_
from openecp.platform.console.pages import HEADERS, AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.files import sent
from openecp.platform.console.times.desk import Studies, StudyFace
from openecp.platform.console.times.explore import marks_of
from openecp.platform.console.times.frame import TimesFrame

MEDIA = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8",
    "json": "application/json", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
FILE_MAX = 50_000_000
BESIDE_MAX = 300
READ_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
PAPERS = {"report": N_("Report"), "press": N_("Press summary")}
DATA = {
    "results.json": N_("All figures (JSON)"),
    "proposals.json": N_("Proposals to an action plan (JSON)"),
}


@get("/times/studies")
@in_thread
def show_studies(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """All studies, the latest first."""
    tf = TimesFrame(request, console, visitor)
    return tf.page("studies.html", studies=list(_studies(tf).listed()), papers=papers_of)


@get("/times/studies/{study_id:str}")
@in_thread
def show_study(request: AnyRequest, console: AtConsole, visitor: ByVisitor, study_id: InPath) -> Page:
    """One study: what it asks, where it stands, its files."""
    tf = TimesFrame(request, console, visitor)
    study = _study(tf, study_id)
    figures = _studies(tf).figures(study_id)
    return tf.page(
        "study.html",
        study=study,
        figures=figures,
        head=figures.head if figures is not None and figures.clocks else None,
        owners=_owners(tf, figures) if figures is not None and figures.clocks else "",
        proposals=_studies(tf).proposals(study_id),
        beside=_beside(tf, study, figures),
        papers=papers_of,
        other=[name for name in study.files if name not in _named(study) and name not in DATA],
        data=[(name, words) for name, words in DATA.items() if name in study.files],
    )


def _beside(tf: TimesFrame, study: StudyFace, figures: Figures | None) -> list[Beside]:
    """Return figures of published studies beside those of this one."""
    if figures is None or not figures.clocks:
        return []
    return beside(_studies(tf).rounds(), own_values(figures, max(study.k, tf.desk.view.k)))[:BESIDE_MAX]


def papers_of(study: StudyFace, language: str) -> list[tuple[str, str, str]]:
    """Return a study's papers in a language: what it is, its kind, its name."""
    found = []
    for what, words in PAPERS.items():
        for kind in ("html", "pdf", "docx"):
            if f"{what}-{language}.{kind}" in study.files:
                found.append((words, kind, f"{what}-{language}.{kind}"))
    return found


def _named(study: StudyFace) -> set[str]:
    return {name for language in ("en", "fr") for _, _, name in papers_of(study, language)}


def _owners(tf: TimesFrame, figures: Figures) -> Markup:
    """Draw whose time it was, a case on average."""
    n = figures.head.whole.n
    waited = sorted((owner for owner, us in figures.owners.items() if us > 0), key=owner_rank) if n else []
    if n < tf.desk.view.k or not waited:
        return Markup("")
    parts = tuple(
        Part(
            figures.owners[owner] / n,
            owner.partition(":")[0],
            f"{tf.owner(owner)}{tf.language.colon} {tf.length(figures.owners[owner] / n)}",
            "",
        )
        for owner in waited
    )
    total = sum(part.length for part in parts)
    bar = OwnerBar(tf.language.text(N_("All cases")), parts, tf.length(total))
    title = tf.language.text(N_("Whose time it was, a case on average"))
    says = tf.language.text(N_("One bar, parted by owner; the list below has the figures."))
    return Markup(draw_bars("owners", [bar], marks_of(tf, total), title=title, description=says))  # noqa: S704 - escaped


@get("/times/studies/{study_id:str}/read/{name:str}")
@in_thread
def read_report(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, study_id: InPath, name: InPath
) -> Response[bytes]:
    """A report as a page of its own, without script and without anything from elsewhere."""
    tf = TimesFrame(request, console, visitor)
    path = _studies(tf).path(_study(tf, study_id).study_id, name)
    if path is None or path.suffix != ".html" or path.stat().st_size > FILE_MAX:
        raise NotFoundException
    headers = {**HEADERS, "Content-Security-Policy": READ_POLICY}
    return Response(content=path.read_bytes(), media_type=MEDIA["html"], headers=headers)


@get("/times/studies/{study_id:str}/tables.zip")
@in_thread
def study_tables(request: AnyRequest, console: AtConsole, visitor: ByVisitor, study_id: InPath) -> Response[bytes]:
    """The tables of a report as open data: CSV with a dictionary."""
    tf = TimesFrame(request, console, visitor)
    content = _studies(tf).tables(_study(tf, study_id).study_id)
    if content is None:
        raise NotFoundException
    return sent(f"{study_id}-tables.zip", content, "application/zip")


@get("/times/studies/{study_id:str}/files/{name:str}")
@in_thread
def study_file(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, study_id: InPath, name: InPath
) -> Response[bytes]:
    """One of a study's files, to be saved."""
    tf = TimesFrame(request, console, visitor)
    path = _studies(tf).path(_study(tf, study_id).study_id, name)
    if path is None or path.stat().st_size > FILE_MAX:
        raise NotFoundException
    media = MEDIA.get(path.suffix.lstrip("."), "application/octet-stream")
    return sent(name, path.read_bytes(), media)


def _studies(tf: TimesFrame) -> Studies:
    if tf.desk.studies is None:
        raise NotFoundException
    return tf.desk.studies


def _study(tf: TimesFrame, study_id: str) -> StudyFace:
    for one in _studies(tf).listed():
        if one.study_id == study_id:
            return one
    raise NotFoundException
