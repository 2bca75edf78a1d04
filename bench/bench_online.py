# SPDX-License-Identifier: Apache-2.0
"""Online lodgement, durable, over HTTP, the client included: rate and p99, paced p99, and XML of three items.

    python bench/bench_online.py [--seconds 30] [--runs 5] [--connections 128]

One JSON line a figure. Figures are medians of the runs; `note` holds the runs, the client's CPU and the disk's sync
time, which say in which phase a shared machine was. Exit code 1 where an answer was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from openecp.bootstrap import Installation
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.serve import Server, running_server
from openecp.platform.core.settings import Settings
from openecp.platform.store import temporary_data_folder
from openecp.platform.wire import read, write_json

ROOT = Path(__file__).resolve().parents[1]
LOAD = Path(__file__).with_name("load.py")
TOKEN = "bench-token-of-one-trader"
LRN, PRICE = b"@LRN-----------@", b"@PRI@"
ONE_ITEM = ROOT / "demo" / "declarations" / "102-tshirts.xml"  # 12 % duty, 20 % VAT: 34.4 minor units a mark
THREE_ITEMS = ROOT / "demo" / "declarations" / "141-three-items-fob.xml"
THREE_ITEMS_TOTAL = 173_437  # minor units, as computed by hand in demo/expected.csv


def templates(folder: Path) -> tuple[Path, Path]:
    """Write the template of one item in JSON and of three items in XML; each declaration differs in its LRN."""
    one = write_json(read(ONE_ITEM.read_bytes()).declaration)
    one = one.replace(b"BA24-0102", LRN).replace(b'"4000.00"', b'"' + PRICE + b'.00"')
    assert one.count(LRN) == 1, "the demonstration's declaration has changed"
    assert one.count(PRICE) == 2, "the demonstration's declaration has changed"
    three = THREE_ITEMS.read_bytes().replace(b"BA24-0141", LRN)
    assert three.count(LRN) == 1, "the demonstration's declaration has changed"
    (folder / "one.json").write_bytes(one)
    (folder / "three.xml").write_bytes(three)
    return folder / "one.json", folder / "three.xml"


def load(port: int, template: Path, **options: Any) -> dict[str, Any]:
    """Run the client in a process of its own."""
    arguments = [sys.executable, str(LOAD), "--port", str(port), "--token", TOKEN, "--template", str(template)]
    for name, value in options.items():
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"the load client failed: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def cpu_seconds(pids: dict[str, list[int]]) -> dict[str, float]:
    """Return the processor time that each part has used, where the system tells it."""
    ticks = os.sysconf("SC_CLK_TCK")
    used = {}
    for name, numbers in pids.items():
        used[name] = 0.0
        for number in numbers:
            try:
                fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            used[name] += (int(fields[11]) + int(fields[12])) / ticks
    return used


def parts_of(server: Server) -> dict[str, list[int]]:
    """Return the processes of each part of the server."""
    parts = {child.name: [child.pid or 0] for child in server.supervisor.children}
    postmaster = server.store.server.pid() if server.store.server is not None else None
    parts["database"] = []
    for entry in Path("/proc").iterdir() if postmaster else ():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == postmaster:
                parts["database"].append(int(entry.name))
    return parts


def measured(server: Server, *arguments: Any, **options: Any) -> dict[str, Any]:
    """Run the client and add what the server's parts used for each request."""
    parts = parts_of(server)
    before = cpu_seconds(parts)
    result = load(*arguments, **options)
    after = cpu_seconds(parts)
    result["cpu_us"] = {name: 1e6 * (after[name] - before[name]) / max(1, result["n"]) for name in parts}
    return result


def sync_ms(folder: Path) -> float:
    """Return the median time of writing and syncing 8 kB."""
    times = []
    handle = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(50):
            began = time.perf_counter()
            os.pwrite(handle, b"x" * 8192, 0)
            os.fdatasync(handle)
            times.append(time.perf_counter() - began)
    finally:
        os.close(handle)
    return 1000 * statistics.median(times)


def machine() -> str:
    """Return processor and number of cores."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores"


def commit() -> str:
    """Return the commit that is measured."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def figure(name: str, value: float, unit: str, number: int, note: str) -> None:
    """Print one figure."""
    line = {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "n": number,
        "commit": commit(),
        "machine": machine(),
        "note": note,
    }
    print(json.dumps(line), flush=True)


def note_of(runs: list[dict[str, Any]], sync: float, what: str) -> str:
    """Return what a reader needs to judge the figure."""
    rates = "/".join(f"{run['rate']:.0f}" for run in runs)
    p99s = "/".join(f"{run['p99_ms']:.0f}" for run in runs)
    client = statistics.median(run["client_us"] for run in runs)
    cpu = {name: statistics.median(run["cpu_us"][name] for run in runs) for name in runs[0]["cpu_us"]}
    wrong = sum(len(run["faults"]) for run in runs)
    return (
        f"{what}; runs {rates} per s, p99 {p99s} ms; CPU us a request: client {client:.0f}, "
        f"{', '.join(f'{name} {us:.0f}' for name, us in cpu.items())}; fdatasync {sync:.2f} ms; "
        f"{sum(run['checked'] for run in runs)} answers checked, {wrong} wrong"
    )


def median(runs: list[dict[str, Any]], name: str) -> float:
    """Return the median of one measure."""
    return float(statistics.median(run[name] for run in runs))


class Bench:
    """The loads against one running server."""

    def __init__(self, server: Server, given: argparse.Namespace, scratch: Path) -> None:
        self.server = server
        self.given = given
        self.one, self.three = templates(scratch)
        self.sync = sync_ms(scratch)
        self.all: list[dict[str, Any]] = []

    def runs(self, number: int, template: Path, **options: Any) -> list[dict[str, Any]]:
        """Run a load so many times."""
        port = self.server.installation.settings.port
        done = [measured(self.server, port, template, **options) for _ in range(number)]
        self.all += done
        return done

    def closed(self) -> None:
        """Closed loop: rate and p99."""
        given = self.given
        runs = self.runs(given.runs, self.one, seconds=given.seconds, connections=given.connections)
        what = f"closed loop, {given.connections} connections, {given.seconds:.0f} s, one item, JSON, durable"
        note, total = note_of(runs, self.sync, what), sum(run["n"] for run in runs)
        figure("online_clear_per_s", median(runs, "rate"), "1/s", total, note)
        figure("online_p99_ms", median(runs, "p99_ms"), "ms", total, note)

    def paced(self) -> None:
        """Paced: p99 from the moment when a request was due."""
        given = self.given
        runs = self.runs(min(3, given.runs), self.one, seconds=given.seconds, connections=256, rate=given.paced)
        what = f"paced at {given.paced:.0f}/s, even, from the moment due, one item, JSON, durable"
        note, total = note_of(runs, self.sync, what), sum(run["n"] for run in runs)
        figure("online_paced_p99_ms", median(runs, "p99_ms"), "ms", total, note)

    def xml(self) -> None:
        """WCO XML of three items: rate."""
        given = self.given
        options = {"media": "xml", "total_per_price": 0, "total": THREE_ITEMS_TOTAL}
        seconds, connections = given.seconds / 2, given.connections
        runs = self.runs(min(3, given.runs), self.three, seconds=seconds, connections=connections, **options)
        what = f"closed loop, {connections} connections, WCO XML of three items, durable"
        note, total = note_of(runs, self.sync, what), sum(run["n"] for run in runs)
        figure("xml_clear_per_s", median(runs, "rate"), "1/s", total, note)


def main() -> None:
    """Start a server, run the loads, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--paced", type=float, default=1000)
    parser.add_argument("--only", choices=("closed", "paced", "xml"))
    given = parser.parse_args()
    place, scratch = temporary_data_folder("openecp-bench-"), Path(tempfile.mkdtemp())
    bad = False
    try:
        here = Installation(Settings(data=str(place), port=0, profile="demo", console=False))
        with running_server(here) as server:
            register = here.register(server.store)
            register.add_organisation(Organisation(organisation_id="bench", name="bench"))
            who = Principal(principal_id="bench", kind="system", organisation="bench", name="b", roles=("trader",))
            register.add_principal(who, token=TOKEN)
            bench = Bench(server, given, scratch)
            load(server.installation.settings.port, bench.one, seconds=3, connections=given.connections)  # warm
            for name in ("closed", "paced", "xml"):
                if given.only in (None, name):
                    getattr(bench, name)()
            for run in bench.all:
                bad = bad or not run["ok"]
                for fault in run["faults"]:
                    print(fault, file=sys.stderr)
    finally:
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
