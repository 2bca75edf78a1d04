# SPDX-License-Identifier: Apache-2.0
"""Quotes over HTTP at an even rate from a process of its own, keep-alive; latency counts from when a quote was due.

Every basket is another one, so that no answer is a remembered one.

python bench/load_quotes.py --port 8080 --token T --rate 300 --seconds 10
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections import deque
from typing import Any

CODES = ("610910", "640319", "950300", "851712", "330499")


def request(number: int, token: str) -> bytes:
    """Return one request: five items, each number with prices of its own."""
    items = [{"hs": hs, "unit_price": f"{place + number % 17}.{number:06d}"} for place, hs in enumerate(CODES, start=1)]
    basket = {"currency": "EUR", "seller_scheme": {"name": "IOSS", "id": "IM1234567890"}, "rates": {"vat": "0.20"}}
    body = json.dumps({"jurisdiction": "EU", "date": "2026-07-01", "basket": {**basket, "items": items}}).encode()
    return (
        f"POST /quotes HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


class Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, idle: deque[Connection], times: list[float], faults: list[str]) -> None:
        self.idle, self.times, self.faults = idle, times, faults
        self.transport: Any = None
        self.buffer = b""
        self.due = 0.0

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport
        self.idle.append(self)

    def send(self, data: bytes, due: float) -> None:
        """Ask."""
        self.due = due
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Put the answer together, and judge it."""
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self.buffer[:head].lower()
        place = lower.find(b"content-length: ")
        length = int(lower[place + 16 :].split(b"\r", 1)[0])
        if len(self.buffer) < head + 4 + length:
            return
        self.times.append(time.perf_counter() - self.due)
        body = self.buffer[head + 4 :]
        if self.buffer[9:12] != b"200" or json.loads(body)["duty"] != "15.00":
            self.faults.append(self.buffer[:300].decode(errors="replace"))
        self.buffer = b""
        self.idle.append(self)


async def run(port: int, token: str, rate: int, seconds: float) -> dict[str, Any]:
    """Ask at an even rate; return what was measured."""
    idle: deque[Connection] = deque()
    times: list[float] = []
    faults: list[str] = []
    loop = asyncio.get_running_loop()
    for _ in range(32):
        await loop.create_connection(lambda: Connection(idle, times, faults), "127.0.0.1", port)
    sent, total, first = 0, int(rate * seconds), time.time_ns() % 900_000
    requests = [request((first + number) % 1_000_000, token) for number in range(total)]
    gc.freeze()  # the client's own collector is no part of what is measured
    begin = time.perf_counter()
    while sent < total:
        wanted = min(total, int((time.perf_counter() - begin) * rate) + 1)
        while sent < wanted and idle:
            idle.popleft().send(requests[sent], begin + sent / rate)
            sent += 1
        await asyncio.sleep(0.0005)
    end = time.perf_counter() + 10
    while len(times) < total and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    kept = sorted(times)
    return {
        "n": len(kept),
        "unanswered": total - len(kept),
        "p50_ms": 1000 * kept[len(kept) // 2],
        "p99_ms": 1000 * kept[int(len(kept) * 0.99)],
        "faults": faults[:3],
    }


def main() -> None:
    """Read the command line, run, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(run(given.port, given.token, given.rate, given.seconds))))


if __name__ == "__main__":
    main()
