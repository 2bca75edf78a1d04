# SPDX-License-Identifier: Apache-2.0
"""Durable online intake of parcels over HTTP, the client included: one parcel a request, and 100 a request.

    python bench/bench_parcel_door.py [--seconds 20] [--runs 3] [--connections 1000] [--per 1,100]

One JSON line a figure; the note holds the runs, and the processor time a parcel of each part. Every parcel is another
one, a fifth have two items; all answers are counted, each line's outcome is looked at. Exit code 1 where one was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench_online import cpu_seconds, figure, parts_of

from openecp.bootstrap import Installation
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.serve import Server, running_server
from openecp.platform.core.settings import Settings
from openecp.platform.store import temporary_data_folder

TOKEN = "bench-token-of-one-carrier"
GOODS = (
    ("cotton T-shirt", "610910"), ("leather shoes", "640319"), ("phone case of plastic", "392690"),
    ("wool scarf", "621420"), ("toy car of metal", "950300"), ("stainless steel cutlery", "821510"),
)  # fmt: skip


def parcel(run: str, number: int) -> dict[str, Any]:
    """Return one parcel of a run; the numbers draw what is in it."""
    draw = random.Random(number)
    items = [
        {
            "description": name, "hs": hs, "origin": "CN", "quantity": str(draw.randint(1, 3)),
            "unit_price": f"{draw.randint(300, 4000) / 100:.2f}", "weight_kg": "0.300", "tax_rate": "0.20",
        }
        for name, hs in draw.sample(GOODS, 2 if number % 5 == 0 else 1)
    ]  # fmt: skip
    person = draw.randrange(50_000)
    return {
        "parcel_id": f"{run}{number:010d}", "posted_on": "2026-07-02", "currency": "EUR", "dispatch_country": "CN",
        "carrier": f"CARRIER-{number % 7}", "scheme": "IOSS", "scheme_id": f"IM12345678{number % 90 + 10}",
        "sender_name": f"Trading Company {number % 300}", "sender_address": f"{number % 300} Long Street, Shenzhen",
        "buyer_name": f"Anna Muster {person}", "buyer_address": f"Hauptstrasse {person}, 10115 Berlin",
        "freight": "2.90", "items": items,
    }  # fmt: skip


class Sender:
    """One connection after the other in a closed loop; counts and times of all."""

    def __init__(self, port: int, per: int, run: str) -> None:
        self.port, self.per, self.run = port, per, run
        self.number, self.done, self.end = 0, 0, 0.0
        self.times: list[float] = []
        self.faults: list[str] = []

    def request(self) -> bytes:
        """Return the next request."""
        first = self.number
        self.number += self.per
        lines = [json.dumps(parcel(self.run, first + n), separators=(",", ":")) for n in range(self.per)]
        body = "\n".join(lines).encode()
        media = "application/json" if self.per == 1 else "application/x-ndjson"
        head = (
            f"POST /parcels?jurisdiction=EU HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {TOKEN}\r\n"
            f"content-type: {media}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def converse(self) -> None:
        """Send and wait for the answer, until the time is over."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        while time.perf_counter() < self.end:
            began = time.perf_counter()
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
            place = head.index(b"content-length: ")
            body = await reader.readexactly(int(head[place + 16 : head.index(b"\r\n", place)]))
            self.times.append(time.perf_counter() - began)
            good = body.count(b'"outcome":"decided"')
            if int(head[9:12]) not in (200, 201) or good != self.per:
                self.faults.append(f"{head[9:12].decode()}: {good} of {self.per} decided: {body[:300].decode()}")
            if time.perf_counter() < self.end:
                self.done += good
        writer.close()


async def send(port: int, per: int, connections: int, seconds: float) -> dict[str, Any]:
    """Run one load."""
    sender = Sender(port, per, f"B{random.randrange(10**6):06d}N")
    began, cpu = time.perf_counter(), time.process_time()
    sender.end = began + seconds
    await asyncio.gather(*(sender.converse() for _ in range(connections)))
    times = sorted(sender.times)
    return {
        "rate": sender.done / seconds, "n": sender.number, "faults": sender.faults[:5],
        "p50_ms": 1000 * times[len(times) // 2], "p99_ms": 1000 * times[int(len(times) * 0.99)],
        "client_us": 1e6 * (time.process_time() - cpu) / max(1, sender.number),
    }  # fmt: skip


def measured(server: Server, per: int, given: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Run the client in a process of its own; add what the server's parts used for each parcel."""
    parts = parts_of(server)
    before = cpu_seconds(parts)
    connections = given.connections if per == 1 else max(4, given.connections // 16)
    arguments = [
        sys.executable, __file__, "--client", str(server.installation.settings.port), "--per", str(per),
        "--connections", str(connections), "--seconds", str(seconds),
    ]  # fmt: skip
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"the client failed: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    after = cpu_seconds(parts)
    result["cpu_us"] = {name: 1e6 * (after[name] - before[name]) / max(1, result["n"]) for name in parts}
    return result


def told(per: int, runs: list[dict[str, Any]]) -> None:
    """Print the figures of one form of request."""
    rates = "/".join(f"{run['rate']:.0f}" for run in runs)
    cpu = {name: statistics.median(run["cpu_us"][name] for run in runs) for name in runs[0]["cpu_us"]}
    client = statistics.median(run["client_us"] for run in runs)
    note = (
        f"{per} a request, durable, closed loop; runs {rates} parcels/s, "
        f"p50 {statistics.median(run['p50_ms'] for run in runs):.0f} ms; CPU us a parcel: client {client:.0f}, "
        + ", ".join(f"{name} {us:.0f}" for name, us in cpu.items())
    )
    number = sum(run["n"] for run in runs)
    name = "intake_per_s" if per > 1 else "intake_alone_per_s"
    figure(name, statistics.median(run["rate"] for run in runs), "1/s", number, note)
    figure(
        f"{name.removesuffix('_per_s')}_p99_ms", statistics.median(run["p99_ms"] for run in runs), "ms", number, note
    )


def main() -> None:
    """Start a server, run the loads, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--per", default="1,100")
    parser.add_argument("--client", type=int, help="port: only send")
    given = parser.parse_args()
    if given.client:
        print(json.dumps(asyncio.run(send(given.client, int(given.per), given.connections, given.seconds))))
        return
    place = temporary_data_folder("openecp-bench-")
    bad = False
    try:
        here = Installation(Settings(data=str(place), port=0, profile="demo", console=False))
        with running_server(here) as server:
            register = here.register(server.store)
            register.add_organisation(Organisation(organisation_id="bench", name="bench"))
            who = Principal(principal_id="bench", kind="system", organisation="bench", name="b", roles=("trader",))
            register.add_principal(who, token=TOKEN)
            measured(server, 100, given, 4)  # warm
            for per in map(int, given.per.split(",")):
                runs = [measured(server, per, given, given.seconds) for _ in range(given.runs)]
                told(per, runs)
                for fault in (fault for run in runs for fault in run["faults"]):
                    bad = True
                    print(fault, file=sys.stderr)
    finally:
        shutil.rmtree(Path(place), ignore_errors=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
