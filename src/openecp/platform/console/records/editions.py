# SPDX-License-Identifier: Apache-2.0
"""A frozen edition of a compendium: figures, what changed since the last, entries; its pages as one file."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException

from openecp.platform.console.pages import HEADERS, AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.records.frame import RecordFrame
from openecp.platform.core.recordview import change_text
from openecp.platform.site.pages import difference_of, site_files
from openecp.programme.compendia.editions import DataSet, diff
from openecp.programme.compendia.record import Edition

SHOWN_MAX = 500


def _editions(frame: RecordFrame, record: str, number: str) -> tuple[Edition, DataSet, DataSet | None]:
    """Return an edition and the one before.

    Raises: NotFoundException.
    """
    frame.state(record)
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        raise NotFoundException
    try:
        edition, data = frame.book.edition(record, int(number))
        before = frame.book.edition(record, edition.number - 1)[1] if edition.number > 1 else None
    except LookupError:
        raise NotFoundException from None
    return edition, data, before


@get("/records/{record:str}/editions/{number:str}")
@in_thread
def show_edition(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath, number: InPath
) -> Page | Response[bytes]:
    """An edition with what changed; under its number with `.zip`, its published pages."""
    frame = RecordFrame(request, console, visitor)
    if number.endswith(".zip"):
        return _zip(frame, record, number.removesuffix(".zip"))
    edition, data, before = _editions(frame, record, number)
    differs = diff(before, data)
    language = frame.language.code
    templates = {t.type: t for t in (*(before.templates if before else ()), *data.templates)}
    kinds = {entry.id: entry.type for entry in (*(before.entries if before else ()), *data.entries)}
    members = {**(before.members if before else {}), **data.members}

    def told(change: Any) -> dict[str, Any]:
        of = language if language in change.titles else next(iter(change.titles), language)
        fields = [change_text(field, templates.get(kinds[change.id]), language, members) for field in change.fields]
        title, shown = change.titles.get(of, change.id), "" if of == language else of
        return {"id": change.id, "title": title, "of": shown, "fields": fields}

    figures = [
        {
            "label": figure.label.in_language(language),
            "value": (value := data.figures.get(f"{template.type}.{figure.name}", "0")),
            "before": (old := before.figures.get(f"{template.type}.{figure.name}") if before else None),
            "difference": difference_of(old, value),
        }
        for template in data.templates
        for figure in template.figures
    ]
    state = frame.state(record)
    return frame.page(
        "edition.html",
        state=state,
        heading=frame.heading(data.head),
        edition=edition,
        data=data,
        before=before,
        figures=figures,
        groups=[
            (template, [entry for entry in data.entries if entry.type == template.type][:SHOWN_MAX])
            for template in data.templates
            if any(entry.type == template.type for entry in data.entries)
        ],
        added=[told(change) for change in differs.added[:SHOWN_MAX]],
        removed=[told(change) for change in differs.removed[:SHOWN_MAX]],
        changed=[told(change) for change in differs.changed[:SHOWN_MAX]],
        others=list(reversed(state.editions)),
    )


def _zip(frame: RecordFrame, record: str, number: str) -> Response[bytes]:
    """Return the pages of an edition as one file, always the same bytes."""
    _, data, before = _editions(frame, record, number)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in site_files(data, before).items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    name = f"{record}-{number}.zip"
    return Response(
        content=packed.getvalue(),
        media_type="application/zip",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
    )
