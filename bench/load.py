# SPDX-License-Identifier: Apache-2.0
"""Load over HTTP from a process of its own: closed loop or paced, keep-alive, every request with its own LRN and key.

A sample of answers is checked (status, LRN, sum of taxes), every answer's HTTP status is. Latency in paced mode
counts from the moment when the request was due, so that a slow server cannot hide behind a waiting client.

    python bench/load.py --port 8080 --token T --template FILE --connections 128 --seconds 10 [--rate 1000]

A template holds `@LRN-------------@` (16 characters become the LRN) and `@PRI@` (five digits become the price); the
sum of taxes is `per_mille` of the price in minor units, see `Template`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

LRN_MARK = b"@LRN-----------@"
PRICE_MARK = b"@PRI@"
CHECK_EVERY = 50


class Template:
    """Makes requests of one length: the LRN, the key and the price are written into their places."""

    def __init__(
        self, body: bytes, *, media: str, token: str, run: str, total_per_price: float, total: int = 0
    ) -> None:
        self.run = run
        self.total_per_price = total_per_price
        self.total = total
        body = body.replace(LRN_MARK, b"\0").replace(PRICE_MARK, b"\1")
        length = len(body) + body.count(b"\0") * 15 + body.count(b"\1") * 4
        head = (
            f"POST /declarations HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/{media}\r\ncontent-length: {length}\r\nidempotency-key: "
        ).encode()
        self.parts = (head + b"\0" + b"\r\n\r\n" + body).split(b"\0")
        self.has_price = b"\1" in body

    def request(self, number: int) -> bytes:
        """Return the request with this number."""
        lrn = self.lrn(number)
        data = lrn.join(self.parts)
        return data.replace(b"\1", b"%05d" % self.price(number)) if self.has_price else data

    def lrn(self, number: int) -> bytes:
        """Return the LRN of a request: the run's name and the number."""
        return f"{self.run}{number:0{16 - len(self.run)}d}".encode()

    def price(self, number: int) -> int:
        """Return the price of a request, one of 5,000."""
        return 10_000 + 5 * (number * 7919 % 5000)

    def expected_total(self, number: int) -> int:
        """Return the sum of taxes in minor units."""
        return self.total + round(self.total_per_price * self.price(number))


class Load:
    """Counts and times of one run."""

    def __init__(self, template: Template, seconds: float, rate: float | None) -> None:
        self.template = template
        self.rate = rate
        self.end = 0.0
        self.begin = 0.0
        self.seconds = seconds
        self.number = 0
        self.done = 0
        self.checked = 0
        self.statuses: dict[int, int] = {}
        self.faults: list[str] = []
        self.times: list[float] = []
        self.idle: deque[Connection] = deque()
        self.due: deque[float] = deque()
        self.open = 0

    def next(self, connection: Connection, due: float | None = None) -> None:
        """Send the next request on a connection, until the time is over."""
        now = time.perf_counter()
        if now >= self.end:
            return
        number = self.number
        self.number += 1
        self.open += 1
        connection.send(number, due if due is not None else now)

    def answered(self, connection: Connection, status: int, body: bytes, number: int, began: float) -> None:
        """Take an answer, check a sample, and go on."""
        now = time.perf_counter()
        self.open -= 1
        self.done += 1
        self.times.append(now - began)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status != 201 and len(self.faults) < 5:
            self.faults.append(f"{status}: {body[:300].decode(errors='replace')}")
        elif number % CHECK_EVERY == 0:
            self.check(number, body)
        if self.rate is None:
            self.next(connection)
        elif self.due:
            self.next(connection, self.due.popleft())
        else:
            self.idle.append(connection)

    def check(self, number: int, body: bytes) -> None:
        """Check one answer: accepted, the LRN is the one sent, the sum of taxes is right."""
        self.checked += 1
        told = json.loads(body)
        total = sum(tax["payable_minor"] or 0 for tax in told["taxes"])
        got = (told["outcome"], told["lrn"], total, bool(told["mrn"]))
        wanted = ("accepted", self.template.lrn(number).decode(), self.template.expected_total(number), True)
        if got != wanted:
            self.faults.append(f"request {number}: expected {wanted}, got {got}")

    async def pace(self) -> None:
        """Make requests due at an even rate."""
        sent = 0
        while (now := time.perf_counter()) < self.end:
            wanted = int((now - self.begin) * (self.rate or 0))
            while sent < wanted:
                due = self.begin + sent / (self.rate or 1)
                sent += 1
                if self.idle:
                    self.next(self.idle.popleft(), due)
                else:
                    self.due.append(due)
            await asyncio.sleep(0.001)


class Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: Any = None
        self.buffer = b""
        self.number = -1
        self.began = 0.0

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def send(self, number: int, began: float) -> None:
        """Send a request."""
        self.number, self.began = number, began
        self.transport.write(self.load.template.request(number))

    def data_received(self, data: bytes) -> None:
        """Put answers together."""
        self.buffer = self.buffer + data if self.buffer else data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        place = self.buffer.find(b"content-length: ")
        length = int(self.buffer[place + 16 : self.buffer.find(b"\r\n", place)])
        if len(self.buffer) < head + 4 + length:
            return
        status, body = int(self.buffer[9:12]), self.buffer[head + 4 : head + 4 + length]
        self.buffer = b""
        number, self.number = self.number, -1
        self.load.answered(self, status, body, number, self.began)

    def connection_lost(self, error: Exception | None) -> None:
        """A lost connection is a fault unless nothing was asked."""
        if self.number >= 0:
            self.load.open -= 1
            self.load.faults.append(f"connection lost with request {self.number} on its way: {error}")


async def run_load(
    template: Template, *, host: str, port: int, connections: int, seconds: float, rate: float | None = None
) -> dict[str, Any]:
    """Run one load and return what was measured."""
    loop = asyncio.get_running_loop()
    load = Load(template, seconds, rate)
    opened = [await loop.create_connection(lambda: Connection(load), host, port) for _ in range(connections)]
    cpu = time.process_time()
    load.begin = time.perf_counter()
    load.end = load.begin + seconds
    if rate is None:
        for _, connection in opened:
            load.next(connection)
        await asyncio.sleep(seconds)
    else:
        load.idle.extend(connection for _, connection in opened)
        await load.pace()
    took = time.perf_counter() - load.begin
    done = load.done
    for _ in range(300):
        if load.open <= 0:
            break
        await asyncio.sleep(0.05)
    cpu = time.process_time() - cpu
    for transport, _ in opened:
        transport.close()
    times = sorted(load.times)
    return {
        "rate": done / took,
        "n": load.done,
        "p50_ms": 1000 * at(times, 0.50),
        "p99_ms": 1000 * at(times, 0.99),
        "max_ms": 1000 * times[-1] if times else None,
        "client_us": 1e6 * cpu / max(1, load.done),
        "statuses": load.statuses,
        "checked": load.checked,
        "unanswered": load.open,
        "faults": load.faults[:5],
        "ok": not load.faults and load.open == 0 and load.checked > 0 and set(load.statuses) == {201},
    }


def at(times: list[float], share: float) -> float:
    """Return the time that this share of the requests did not exceed."""
    return times[min(len(times) - 1, int(len(times) * share))] if times else float("nan")


def main() -> None:
    """Read the command line, run, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--template", required=True)
    parser.add_argument("--media", default="json", choices=("json", "xml"))
    parser.add_argument("--total-per-price", type=float, default=34.4)
    parser.add_argument("--total", type=int, default=0)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--run", default=f"{int(time.time()) % 10**7:x}")
    given = parser.parse_args()
    template = Template(
        Path(given.template).read_bytes(),
        media=given.media,
        token=given.token,
        run=given.run,
        total_per_price=given.total_per_price,
        total=given.total,
    )
    run = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        run = uvloop.run
    result = run(
        run_load(
            template,
            host=given.host,
            port=given.port,
            connections=given.connections,
            seconds=given.seconds,
            rate=given.rate,
        )
    )
    print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
