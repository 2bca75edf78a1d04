# SPDX-License-Identifier: Apache-2.0
"""Files of parcels: sent by a form to disk, cleared beside the pages, watched while they are, and what came out.

Limits: one file of at most 2 GB a form; a trader sees the files of the own organisation, an officer all.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import File, Redirect

from openecp.platform.console.language import N_
from openecp.platform.console.pages import HEADERS, AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.parcels.inbox import FILE_BYTES_MAX, FILES_MAX, Inbox, InboxFile, is_day, suffix_of
from openecp.platform.console.parcels.summary import SummaryView, view_of
from openecp.platform.console.signin import form_is_ours

SLACK = 100_000  # bytes of the form around a file
READ_BYTES = 1_000_000
ROOM_LEFT = 500_000_000  # bytes of the disk that an upload leaves free
MEDIA = {
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}
FAULTS: dict[str, str] = {
    "file": N_("Choose a file of parcels"),
    "empty": N_("The file is empty"),
    "kind": N_("The file must be CSV (.csv), NDJSON (.ndjson, .jsonl) or Parquet (.parquet)"),
    "jurisdiction": N_("Choose where the parcels go"),
    "on": N_("Enter a day such as 2026-07-01"),
    "stale": N_("This page was open too long or was not sent from the console. Please try again."),
    "full": N_("There is no room for this file on the server; tell the operator"),
    "many": N_("There are too many files already; tell the operator"),
}


class FilesFrame(ParcelFrame):
    """One reader's view of the files of parcels."""

    @property
    def inbox(self) -> Inbox:
        """The uploaded files.

        Raises: NotFoundException where this console takes none, PermissionDeniedException for who may see none.
        """
        if self.desk.inbox is None:
            raise NotFoundException
        if not self.reads_parcels:
            raise PermissionDeniedException
        return self.desk.inbox

    def file(self, key: str) -> InboxFile:
        """Return a file that this reader may see.

        Raises: NotFoundException; a file of others looks as if there were none.
        """
        found = self.inbox.find(key)
        if found is None or not (self.sees_all or found.organisation == self.principal.organisation):
            raise NotFoundException
        return found

    def form_page(self, *, fault: str = "", filled: dict[str, str] | None = None, status_code: int = 200) -> Page:
        """Return the list of files and the form for another."""
        files = self.inbox.files(None if self.sees_all else self.principal.organisation)
        clears = self.desk.clears()
        return self.page(
            "files.html",
            status_code=status_code,
            address=self.href("files"),
            files=files,
            fault=fault,
            fault_text=FAULTS.get(fault, ""),
            filled=filled or {},
            clears=sorted(clears, key=self.place_order),
            may_send=self.may_send,
        )


@get("/parcels/files")
@in_thread
def show_files(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The files, the latest first, and the form for another."""
    return FilesFrame(request, console, visitor).form_page()


@post("/parcels/files", request_max_body_size=FILE_BYTES_MAX + SLACK)
async def send_file(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Take a file: it is written to disk as it comes, and waits there until it is cleared."""
    frame = FilesFrame(request, console, visitor)
    inbox = frame.inbox
    if not frame.may_send:
        raise PermissionDeniedException
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return await asyncio.to_thread(frame.form_page, fault="stale", status_code=403)
    draft = await asyncio.to_thread(inbox.draft)
    length = request.headers.get("content-length", "")
    if not await asyncio.to_thread(_has_room, draft.parent, int(length) if length.isdigit() else 0):
        return await asyncio.to_thread(frame.form_page, fault="full", status_code=507)
    form = await request.form()  # Litestar spools a file to disk as it comes
    fields = {name: value.strip()[:200] for name, value in form.items() if isinstance(value, str)}
    sent = form.get("file")
    if not form_is_ours(request, visitor, fields):
        return await asyncio.to_thread(frame.form_page, fault="stale", filled=fields, status_code=403)
    fault = await asyncio.to_thread(_wrong, frame, fields, sent)
    if fault or not isinstance(sent, UploadFile):
        status = 507 if fault == "many" else 422
        return await asyncio.to_thread(frame.form_page, fault=fault or "file", filled=fields, status_code=status)
    try:
        sha256, size = await asyncio.to_thread(_write, sent, draft)
        if not size:
            draft.unlink(missing_ok=True)
            return await asyncio.to_thread(frame.form_page, fault="empty", filled=fields, status_code=422)
        kept, before = await asyncio.to_thread(inbox.take, draft, sha256, _described(frame, fields, sent, size))
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        await sent.close()
    return redirect(frame.href("files", kept.key, sent="before" if before else "yes"))


def _has_room(folder: Path, size: int) -> bool:
    return shutil.disk_usage(folder).free > 2 * size + ROOM_LEFT


def _wrong(frame: FilesFrame, fields: dict[str, str], sent: Any) -> str:
    """Return what is wrong with the form: the first thing that a person would correct."""
    if not isinstance(sent, UploadFile) or not sent.filename:
        return "file"
    if not suffix_of(sent.filename):
        return "kind"
    if fields.get("jurisdiction", "") not in frame.desk.clears():
        return "jurisdiction"
    if fields.get("on") and not is_day(fields["on"]):
        return "on"
    return "many" if len(frame.inbox.files(frame.principal.organisation)) >= FILES_MAX else ""


def _write(sent: UploadFile, draft: Path) -> tuple[str, int]:
    """Write an upload to its place; return its hash and size."""
    digest, size = hashlib.sha256(), 0
    source = sent.file
    source.seek(0)
    with draft.open("xb") as target:
        while part := source.read(READ_BYTES):
            digest.update(part)
            target.write(part)
            size += len(part)
    return digest.hexdigest(), size


def _described(frame: FilesFrame, fields: dict[str, str], sent: UploadFile, size: int) -> InboxFile:
    name = Path((sent.filename or "").replace("\\", "/")).name
    return InboxFile(
        key="",
        sha256="",
        name="".join(c for c in name if c.isprintable())[:200],
        size=size,
        jurisdiction=fields["jurisdiction"],
        organisation=frame.principal.organisation,
        by=frame.principal.principal_id,
        received_at=frame.console.now_text(),
        on=fields.get("on", ""),
        suffix=suffix_of(name),
    )


@get("/parcels/files/{key:str}")
@in_thread
def show_file(request: AnyRequest, console: AtConsole, visitor: ByVisitor, key: InPath) -> Page:
    """One file: how far it is, or what came out."""
    frame = FilesFrame(request, console, visitor)
    file = frame.file(key)
    summary: SummaryView | None = view_of(frame, file.summary) if file.state == "done" else None
    sent = str(request.query_params.get("sent", ""))
    return frame.page(
        "file.html",
        file=file,
        summary=summary,
        sent=sent if sent in ("yes", "before") else "",
        results=[
            (name, shown_name(file, name))
            for name in file.summary.get("results", ())
            if frame.inbox.path(file, name).is_file()
        ],
        waiting=_waiting(frame, file),
        may_try=file.state == "failed" and frame.may_send and frame.inbox.has_input(file),
    )


def _waiting(frame: FilesFrame, file: InboxFile) -> int:
    """Return how many files are cleared before this one."""
    if file.state != "waiting":
        return 0
    return sum(
        each.state in ("waiting", "running") and each.received_at < file.received_at for each in frame.inbox.files(None)
    )


@get("/parcels/files/{key:str}/progress")
@in_thread
def show_progress(request: AnyRequest, console: AtConsole, visitor: ByVisitor, key: InPath) -> Page | Response[str]:
    """How far a file is, for a page that asks again and again; a file that is through shows its whole page."""
    frame = FilesFrame(request, console, visitor)
    file = frame.file(key)
    headers = {} if file.state in ("waiting", "running") else {"HX-Redirect": frame.href("files", file.key)}
    page = frame.page("_progress.html", address=frame.href("files", file.key), file=file, waiting=_waiting(frame, file))
    if not headers:
        return page
    return Response(content="", media_type="text/html", headers={**HEADERS, **headers})


@post("/parcels/files/{key:str}/again")
async def clear_again(request: AnyRequest, console: AtConsole, visitor: ByVisitor, key: InPath) -> Redirect:
    """Try a file again that could not be cleared; what was recorded of it stays and is not doubled."""
    frame = FilesFrame(request, console, visitor)
    file = await asyncio.to_thread(frame.file, key)
    fields = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    if not frame.may_send or not form_is_ours(request, visitor, fields):
        raise PermissionDeniedException
    await asyncio.to_thread(frame.inbox.again, file)
    return redirect(frame.href("files", file.key))


@get("/parcels/files/{key:str}/results/{name:str}")
@in_thread
def result_file(request: AnyRequest, console: AtConsole, visitor: ByVisitor, key: InPath, name: InPath) -> File:
    """A result of a file: one row a parcel, or one row a fault."""
    frame = FilesFrame(request, console, visitor)
    file = frame.file(key)
    if name not in file.summary.get("results", ()):
        raise NotFoundException
    path = frame.inbox.path(file, name)
    if not path.is_file():
        raise NotFoundException
    return File(
        path=path,
        filename=shown_name(file, name),
        media_type=MEDIA.get(path.suffix, "application/octet-stream"),
        headers=dict(HEADERS),
    )


def shown_name(file: InboxFile, name: str) -> str:
    """Return what a result is called for whoever sent the file: `day.result.csv`."""
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in Path(file.name).stem)[:60]
    return f"{stem}.{name.removeprefix('input.')}"
