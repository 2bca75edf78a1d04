# SPDX-License-Identifier: Apache-2.0
"""Back-tests that officers ask for from the page: they wait in a folder, run one after the other beside the pages.

What runs one is given from outside (a process of its own); it tells how far it is and what came out in two small files.
Limits: 100 kept, the oldest go; one history file of at most 500 MB a back-test, removed once it was read.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from openecp.border.risk.profiles.acts import Backtest
from openecp.border.risk.profiles.profile import RiskProfile

JOBS_MAX, FILE_BYTES_MAX = 100, 500_000_000
SUFFIXES = (".parquet", ".csv")
JOB, PROGRESS, OUTCOME, HISTORY = "job.json", "progress.json", "outcome.json", "history"
_KEY = re.compile(r"[0-9a-f]{16}")
T = TypeVar("T")
Status = Literal["waiting", "running", "done", "refused", "stopped"]


class BacktestJob(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: which profile, over what history, by whom, when."""

    key: str
    profile: RiskProfile
    by: str
    asked_at: str
    days: int = 0  # of the journal; 0: a file
    file_name: str = ""
    suffix: str = ""


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a back-test is: declarations of the journal that were opened, of how many."""

    done: int = 0
    size: int = 0


class JobFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a back-test could not be made: where, expected, got, fix."""

    where: str
    expected: str
    got: str
    fix: str


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came out."""

    backtest: Backtest | None = None
    fault: JobFault | None = None
    declarations: int = 0  # of the journal
    gone: int = 0  # whose message is no longer kept
    left_out: tuple[str, ...] = ()  # active profiles that the history cannot be asked about


Runs = Callable[[Path], None]  # a job's folder: writes PROGRESS and OUTCOME there


class BacktestJobs:
    """Back-tests in a folder. Any thread."""

    def __init__(self, folder: Path, runs: Runs, *, beside: bool = True) -> None:
        """Take the folder and what runs one; `beside` false: at once, while whoever asked waits."""
        self._folder, self._runs, self._beside = folder, runs, beside
        self._one = threading.Lock()  # one after the other
        self._asked: set[str] = set()
        self._running = ""
        for left in (*folder.glob(f"*/{HISTORY}.*"), *folder.glob("draft-*")):  # of a server that was stopped meanwhile
            left.unlink(missing_ok=True)

    def draft(self) -> Path:
        """Return a new place for a history file."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / f"draft-{secrets.token_hex(8)}"

    def ask(
        self, profile: RiskProfile, *, by: str, now: str, days: int = 0, file: tuple[Path, str] | None = None
    ) -> str:
        """Take a back-test to be made over days of the journal, or a file (its path and its name); return its key."""
        key = secrets.token_hex(8)
        folder = self._folder / key
        folder.mkdir(parents=True, mode=0o700)
        suffix = ""
        if file is not None:
            suffix = Path(file[1]).suffix.lower()
            file[0].replace(folder / f"{HISTORY}{suffix}")
        job = BacktestJob(
            key=key, profile=profile, by=by, asked_at=now, days=days, file_name=file[1][:200] if file else "",
            suffix=suffix,
        )  # fmt: skip
        (folder / JOB).write_bytes(msgspec.json.encode(job))
        self._asked.add(key)
        self._forget()
        if self._beside:
            threading.Thread(target=self._run, args=(key,), name=f"backtest-{key}", daemon=True).start()
        else:
            self._run(key)
        return key

    def jobs(self, profile: str) -> list[BacktestJob]:
        """Return the back-tests of a profile, the latest first."""
        found = [job for key in self._keys() if (job := self.job(key)) is not None and job.profile.id == profile]
        return sorted(found, key=lambda job: job.asked_at, reverse=True)

    def job(self, key: str) -> BacktestJob | None:
        """Return what was asked; None where there is no such back-test."""
        if not _KEY.fullmatch(key):
            return None
        return _read(self._folder / key / JOB, BacktestJob)

    def status(self, key: str) -> tuple[Status, JobProgress, JobOutcome | None]:
        """Return how a back-test stands."""
        folder = self._folder / key
        outcome = _read(folder / OUTCOME, JobOutcome)
        progress = _read(folder / PROGRESS, JobProgress) or JobProgress()
        if outcome is not None:
            return ("done" if outcome.backtest is not None else "refused"), progress, outcome
        if key == self._running:
            return "running", progress, None
        return ("waiting" if key in self._asked else "stopped"), progress, None

    def _run(self, key: str) -> None:
        folder = self._folder / key
        with self._one:
            self._running = key
            try:
                self._runs(folder)
                if not (folder / OUTCOME).exists():
                    raise RuntimeError("it ended without a word")
            except Exception as error:
                fault = JobFault(where="back-test", expected="an answer", got=str(error)[:200], fix="Ask again.")
                write_whole(folder / OUTCOME, JobOutcome(fault=fault))
            finally:
                for suffix in SUFFIXES:
                    (folder / f"{HISTORY}{suffix}").unlink(missing_ok=True)
                self._asked.discard(key)
                self._running = ""

    def _keys(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [each.name for each in self._folder.iterdir() if _KEY.fullmatch(each.name)]

    def _forget(self) -> None:
        kept = sorted(self._keys(), key=lambda key: (self._folder / key).stat().st_mtime)
        for key in kept[:-JOBS_MAX]:
            if key not in self._asked:
                shutil.rmtree(self._folder / key, ignore_errors=True)


def write_whole(path: Path, content: msgspec.Struct) -> None:
    """Write a small file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(msgspec.json.encode(content))
    draft.replace(path)


def _read(path: Path, kind: type[T]) -> T | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=kind)
    return None
