# SPDX-License-Identifier: Apache-2.0
"""Wires the console's pages of parcels: quotes, uploaded files and the process that clears them, records, accounts.

A file is cleared in a process of its own (`python -m openecp.bootstrap parcel-file FOLDER`), so that neither pages nor
the API wait for it; it tells how far it is and what came out in two small files, and a lock keeps a second one off.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from openecp.bootstrap_parcels import parcel_clearing, regime_files
from openecp.kernel.datamodel.parcel import Parcel
from openecp.platform.console.parcels.clearing_job import ClearFile
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.parcels.inbox import FileFault, FileProgress, Inbox, InboxFile, fault_of

if TYPE_CHECKING:
    from openecp.bootstrap import Installation

PROGRESS, OUTCOME, LOCK = "progress.json", "outcome.json", ".clearing"
LOOK_S = 0.5  # between two looks at a file that is being cleared


class Outcome(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of a file: its summary, or why it could not be cleared."""

    summary: dict[str, Any] = {}
    fault: FileFault | None = None


class ChildFault(ValueError):  # noqa: N818 - what the sender reads
    """The fault that the clearing process told."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.got)
        self.where, self.expected, self.got, self.fix = fault.where, fault.expected, fault.got, fault.fix


def console_parcels(installation: Installation, store: Any) -> ParcelDesk:
    """Return the desk of the console's pages of parcels."""
    clearing = parcel_clearing(store, installation.profile, installation.law_files())
    reading = threading.Lock()

    def declared(seq: int, number: int, parcel_id: str, posted_on: str) -> Parcel | None:
        with reading:
            return clearing.declared(seq, number, parcel_id, posted_on)

    book, _ = installation.post(store)
    runner = ChildClearing(installation.child_environment())
    return ParcelDesk(
        installation.quoter,
        inbox=Inbox(installation.settings.data_dir / "parcel-files", runner),
        clears=lambda: sorted(regime_files(installation.law_files()["regimes"])),
        source=store,
        declared=declared,
        scorecard=book.scorecard,
        collectors=installation.collectors(store),
    )


class ChildClearing:
    """Clears a file in a process of its own and tells how far it is."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.child: subprocess.Popen[bytes] | None = None  # the process that clears, as long as it does

    def __call__(
        self, file: InboxFile, path: Path, folder: Path, told: Callable[[FileProgress], None], stopped: threading.Event
    ) -> dict[str, Any]:
        """Start the process, look at its progress, return its summary.

        Raises: ChildFault, RuntimeError where the process ended without a word.
        """
        (folder / OUTCOME).unlink(missing_ok=True)
        child = self.child = subprocess.Popen(  # noqa: S603 - our own program, with a folder of our own
            [sys.executable, "-m", "openecp.bootstrap", "parcel-file", str(folder)],
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
        )
        last = FileProgress()
        try:
            while child.poll() is None:
                if stopped.wait(LOOK_S):
                    child.terminate()
                last = self._look(folder, last, told)
            self._look(folder, last, told)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
            self.child = None
        try:
            outcome = msgspec.json.decode((folder / OUTCOME).read_bytes(), type=Outcome)
        except (OSError, msgspec.DecodeError):
            raise RuntimeError(f"the clearing process ended with code {child.returncode} and without a word") from None
        if outcome.fault is not None:
            raise ChildFault(outcome.fault)
        return outcome.summary

    @staticmethod
    def _look(folder: Path, last: FileProgress, told: Callable[[FileProgress], None]) -> FileProgress:
        try:
            now = msgspec.json.decode((folder / PROGRESS).read_bytes(), type=FileProgress)
        except (OSError, msgspec.DecodeError):
            return last
        if now != last:
            told(now)
        return now


def clear_upload(installation: Installation, folder: Path) -> int:
    """Clear the file of a folder of the inbox, in this process; return the exit code."""
    file = msgspec.json.decode((folder / "file.json").read_bytes(), type=InboxFile)
    zone = ZoneInfo(str(installation.profile.setting("time_zone", default="UTC")))

    def today() -> date:
        return datetime.now(zone).date()

    def keep(name: str, content: FileProgress | Outcome) -> None:
        draft = folder / f".{name}.draft"
        draft.write_bytes(msgspec.json.encode(content))
        draft.replace(folder / name)

    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a process of the server before this one may still be at it
        with installation.open_store() as store:
            clear = ClearFile(
                lambda jurisdiction, regime: installation.clearing(store, jurisdiction=jurisdiction, regime=regime),
                store,
                today=today,
            )
            try:
                summary = clear(
                    file,
                    folder / f"input{file.suffix}",
                    folder,
                    lambda progress: keep(PROGRESS, progress),
                    threading.Event(),
                )
            except Exception as error:
                keep(OUTCOME, Outcome(fault=fault_of(error, file)))
                return 1
        keep(OUTCOME, Outcome(summary=summary))
    return 0
