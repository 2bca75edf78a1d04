# SPDX-License-Identifier: Apache-2.0
"""`make bench`: run the scripts of this folder one after another, within 8 minutes in all, and print one JSON line a
figure and nothing else.

    python -m bench [NAME …] [--OPTION …]    scripts by name (online, batch, risk_watch …); the plan below if none is
                                             named. Options go to each of them, in place of those of the plan

Method: each script is a process of its own on an otherwise idle machine; what it prints that is no figure goes to the
error stream. A script that runs out of time is stopped, and its figures so far count.
Limits: 480 s in all; a script gets what is left of it, less what those after it want at least.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

FOLDER = Path(__file__).resolve().parent
LIMIT_S = 480
PLAN: tuple[tuple[str, tuple[str, ...], int], ...] = (  # name, arguments, seconds that are kept for it
    ("online", ("--only", "closed"), 180),  # five runs of 30 s, as the figure is defined
    ("online", ("--only", "paced", "--seconds", "10"), 50),
    ("online", ("--only", "xml", "--seconds", "15"), 45),
    ("batch", (), 75),
    ("journal_verify", (), 45),
    ("programme", ("10000", "200000"), 30),  # `make bench-programme` takes a million events
    ("tariff_load", (), 30),
    ("low_value", ("--parcels", "100000", "--only", "assess,clear"), 30),  # all of it: `make bench-low-value`
)  # release times and risk have targets of their own: `make bench-trs`, `make bench-risk`
FIELDS = {"name", "value", "unit", "n", "commit", "machine", "note"}


def plan() -> list[tuple[str, Path, tuple[str, ...], int]]:
    """Return what may be run, in its order: the plan, then every other script of the folder."""
    found = {path.stem.removeprefix("bench_"): path for path in sorted(FOLDER.glob("bench_*.py"))}
    known = [(name, found[name], arguments, least) for name, arguments, least in PLAN if name in found]
    planned = {name for name, *_ in PLAN}
    return known + [(name, path, (), 20) for name, path in found.items() if name not in planned]


def is_figure(line: str) -> bool:
    """Whether a line is a figure: a JSON object with exactly the fields that every figure has."""
    try:
        told = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and set(told) == FIELDS


def run(script: Path, arguments: tuple[str, ...], seconds: float) -> int:
    """Run one script, pass its figures on, and return its exit code; 124 where its time ran out."""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments], cwd=FOLDER.parent, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    # What a script started may outlive it and hold its output open, so that nobody waits for the end of it.
    reader = threading.Thread(target=pass_on, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{script.name}: stopped after {seconds:.0f} s\n")
        stop(process)
        code = 124
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    reader.join(2)
    return code


def pass_on(output: IO[str]) -> None:
    """Write figures to the output, and all else to the error stream."""
    for line in output:
        stream = sys.stdout if is_figure(line) else sys.stderr
        stream.write(line)
        stream.flush()


def stop(process: subprocess.Popen[str]) -> None:
    """Stop a script and what it started; twice, since a server shuts down in its own time."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main(asked: list[str]) -> int:
    """Run what is named, or all; return 1 where a script failed."""
    first = next((place for place, word in enumerate(asked) if word.startswith("-")), len(asked))
    names, options = asked[:first], tuple(asked[first:])
    known = plan()
    unknown = set(names) - {name for name, *_ in known}
    if unknown:
        told = ", ".join(dict.fromkeys(name for name, *_ in known))
        sys.stderr.write(f"bench: expected names of {told}; got {', '.join(sorted(unknown))}\n")
        return 2
    wanted = names or list(dict.fromkeys(name for name, *_ in PLAN))
    chosen = [each for name in wanted for each in known if each[0] == name]
    began, failed = time.monotonic(), []
    for place, (name, script, arguments, least) in enumerate(chosen):
        kept = sum(later[3] for later in chosen[place + 1 :])
        left = LIMIT_S - (time.monotonic() - began) - kept
        given = options or arguments
        title = " ".join((name, *given))
        sys.stderr.write(f"{title} …\n")
        if run(script, given, max(left, least / 2)) != 0:
            failed.append(title)
    took = time.monotonic() - began
    sys.stderr.write(f"{took:.0f} s" + (f"; failed: {', '.join(failed)}\n" if failed else "\n"))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
