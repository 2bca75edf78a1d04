# SPDX-License-Identifier: Apache-2.0
"""Studies: the list, one study and where it stands, its reports as files."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.files import sent
from openecp.platform.console.times.desk import Studies, StudyFace
from openecp.platform.console.times.frame import TimesFrame

MEDIA = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8",
    "json": "application/json", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
FILE_MAX = 50_000_000


@get("/times/studies")
@in_thread
def show_studies(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """All studies, the latest first."""
    tf = TimesFrame(request, console, visitor)
    return tf.page("studies.html", studies=list(_studies(tf).listed()))


@get("/times/studies/{study_id:str}")
@in_thread
def show_study(request: AnyRequest, console: AtConsole, visitor: ByVisitor, study_id: InPath) -> Page:
    """One study: what it asks, where it stands, its files."""
    tf = TimesFrame(request, console, visitor)
    return tf.page("study.html", study=_study(tf, study_id))


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
