# SPDX-License-Identifier: Apache-2.0
"""Files of parcels that were uploaded: kept on disk, cleared one after another beside the pages, resumed after a stop.

Each file has a folder of its own: the input as sent, how far it is (`file.json`, replaced as a whole), the result. The
input names people: it is removed when the file is cleared, or a week after it could not be.
What is recorded of its parcels is the journal's; a run that was cut off goes on after the last batch on record.
Limits: FILE_BYTES_MAX a file, FILES_MAX files an organisation, one file at a time; a lock keeps a second server off.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

FILE_BYTES_MAX = 2_000_000_000
FILES_MAX = 500
SUFFIXES = (".csv", ".txt", ".ndjson", ".jsonl", ".json", ".parquet")
POLL_S = 2.0
FAILED_KEPT_DAYS = 7  # the input of a file that could not be cleared
DRAFT_KEPT_S = 24 * 3600.0
log = logging.getLogger("openecp.console.parcels")

FileState = Literal["waiting", "running", "done", "failed"]


class FileFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file cannot be used: where, what was wanted, what was got, what to do."""

    where: str
    expected: str
    got: str
    fix: str


class FileProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a file is; `rows` is 0 until it is known."""

    rows: int = 0
    rows_done: int = 0
    parcels: int = 0
    refused: int = 0

    @property
    def share(self) -> int:
        """How much is done, in percent, downwards."""
        return 100 * self.rows_done // self.rows if self.rows else 0


class InboxFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One uploaded file: who sent it, for where, and what became of it."""

    key: str
    sha256: str
    name: str
    size: int
    jurisdiction: str
    organisation: str
    by: str
    received_at: str
    state: FileState = "waiting"
    regime: str = ""
    on: str = ""  # the day of acceptance, where it is not the day of clearing
    suffix: str = ".csv"
    progress: FileProgress = FileProgress()
    started_at: str = ""
    ended_at: str = ""
    fault: FileFault | None = None
    summary: dict[str, Any] = {}


class ClearsFile(Protocol):
    """Clears one file, batch by batch; a call after one that was cut off goes on where that one stopped."""

    def __call__(
        self, file: InboxFile, path: Path, folder: Path, told: Callable[[FileProgress], None], stopped: threading.Event
    ) -> dict[str, Any]:
        """Return what is to be kept of the result beside the journal; results are written into the folder.

        Raises: an error with where, expected, got, fix for a file that cannot be used.
        """


class Inbox:
    """The uploaded files of an installation."""

    def __init__(self, folder: Path, clear: ClearsFile, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.clear = clear
        self._folder, self._now = folder, now
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    # -- what is there --------------------------------------------------------------------------------------------

    def files(self, organisation: str | None) -> list[InboxFile]:
        """Return the files of an organisation, or all, the latest first."""
        found = [self.find(path.parent.name) for path in self._folder.glob("*/file.json")]
        mine = [each for each in found if each is not None and organisation in (None, each.organisation)]
        return sorted(mine, key=lambda each: (each.received_at, each.key), reverse=True)

    def find(self, key: str) -> InboxFile | None:
        """Return a file by its key."""
        if len(key) != 32 or not key.isalnum():
            return None
        try:
            return msgspec.json.decode((self._folder / key / "file.json").read_bytes(), type=InboxFile)
        except (OSError, msgspec.DecodeError):
            return None

    def path(self, file: InboxFile, name: str) -> Path:
        """Return a file of its folder: the input, or a result."""
        return self._folder / file.key / name

    # -- taking a file --------------------------------------------------------------------------------------------

    def draft(self) -> Path:
        """Return where an upload is written until it is whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"draft-{uuid.uuid4().hex}"

    def take(self, draft: Path, sha256: str, file: InboxFile) -> tuple[InboxFile, bool]:
        """Keep a whole upload; the same bytes of the same organisation for the same place are the same file.

        Returns the file, and whether it was there before. One that failed is tried again.
        """
        key = hashlib.sha256(f"{file.organisation}\n{file.jurisdiction}\n{sha256}".encode()).hexdigest()[:32]
        with self._lock:
            before = self.find(key)
            if before is not None and before.state != "failed":
                draft.unlink(missing_ok=True)
                return before, True
            kept = msgspec.structs.replace(file, key=key, sha256=sha256)
            (self._folder / key).mkdir(parents=True, exist_ok=True)
            draft.replace(self._folder / key / f"input{file.suffix}")
            self._keep(kept)
        self._wake.set()
        return kept, before is not None

    def again(self, file: InboxFile) -> None:
        """Have a file that failed tried again."""
        with self._lock:
            now = self.find(file.key)
            if now is not None and now.state == "failed" and self.has_input(now):
                self._keep(msgspec.structs.replace(now, state="waiting", fault=None, ended_at=""))
        self._wake.set()

    def _keep(self, file: InboxFile) -> None:
        target = self._folder / file.key / "file.json"
        draft = target.with_suffix(f".{uuid.uuid4().hex}")
        draft.write_bytes(msgspec.json.encode(file))
        draft.replace(target)

    # -- the work -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Clear what waits, and go on with what was cut off, in a thread beside the pages."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="parcel-files", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after the batch that is on its way."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)

    def _work(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("a") as lock:
            while not self._stopped.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another server of this folder works
                    self.work_through()
                except OSError:
                    log.debug("the files of parcels are worked by another process")
                self._wake.wait(POLL_S)
                self._wake.clear()

    def work_through(self) -> None:
        """Clear everything that waits or was cut off, the oldest first; then remove inputs that are not needed."""
        for file in reversed(self.files(None)):
            if file.state in ("waiting", "running") and not self._stopped.is_set():
                self._one(file)
        self._tidy()

    def has_input(self, file: InboxFile) -> bool:
        """Tell whether the file as sent is still here, so that it can be tried again."""
        return self.path(file, f"input{file.suffix}").is_file()

    def _tidy(self) -> None:
        """Remove what names people and is needed no longer: inputs that are cleared or given up, uploads cut off."""
        now = self._now().astimezone(UTC)
        for file in self.files(None):
            given_up = file.state == "failed" and file.ended_at < _text(now - timedelta(days=FAILED_KEPT_DAYS))
            if file.state == "done" or given_up:
                self.path(file, f"input{file.suffix}").unlink(missing_ok=True)
        for draft in self._folder.glob("draft-*"):
            with contextlib.suppress(OSError):
                if now.timestamp() - draft.stat().st_mtime > DRAFT_KEPT_S:
                    draft.unlink()

    def _one(self, file: InboxFile) -> None:
        file = msgspec.structs.replace(file, state="running", started_at=file.started_at or self._moment())
        self._keep(file)
        last = file.progress

        def told(progress: FileProgress) -> None:
            nonlocal last
            last = progress
            self._keep(msgspec.structs.replace(file, progress=progress))

        try:
            path, folder = self.path(file, f"input{file.suffix}"), self._folder / file.key
            summary = self.clear(file, path, folder, told, self._stopped)
        except Exception as error:
            if self._stopped.is_set():
                return  # it goes on when the server is there again
            fault = fault_of(error, file)
            self._keep(
                msgspec.structs.replace(file, state="failed", ended_at=self._moment(), fault=fault, progress=last)
            )
            return
        if self._stopped.is_set() and last.rows_done < last.rows:
            return
        self._keep(msgspec.structs.replace(file, state="done", ended_at=self._moment(), progress=last, summary=summary))

    def _moment(self) -> str:
        return _text(self._now())


def _text(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fault_of(error: Exception, file: InboxFile) -> FileFault:
    """Return why a file could not be cleared; what nobody foresaw gets a number that the operator finds in the log."""
    told = {name: getattr(error, name, None) for name in ("where", "expected", "got", "fix")}
    if all(isinstance(text, str) for text in told.values()):
        named = {name: str(text).replace(f"input{file.suffix}", file.name)[:500] for name, text in told.items()}
        return FileFault(**named)
    incident = uuid.uuid4().hex[:12]
    log.error("incident %s: parcel file %s could not be cleared", incident, file.key, exc_info=error)
    return FileFault(
        where=file.name,
        expected="the file to be cleared",
        got=f"an error of the server (incident {incident})",
        fix="Try again; what was recorded stays and is not doubled. Tell the operator the incident if it stays.",
    )


def suffix_of(name: str) -> str:
    """Return the ending of a file's name if parcels can come in it, else nothing."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def is_day(text: str) -> bool:
    """Tell whether a text is a day."""
    with contextlib.suppress(ValueError):
        return len(text) == 10 and bool(date.fromisoformat(text))
    return False
