# SPDX-License-Identifier: Apache-2.0
"""How long a roll-up over a large register takes, as it stands and as of past days: JSON lines.

    python bench/bench_programme.py [ACTIONS [EVENTS]]

Fills a store of its own with plans of that many actions in all (10,000), each reported on several times over two years,
and with declarations until the journal holds that many events (1,000,000). Then every roll-up is asked for 11 times.

Method: but for the figure `kept`, nothing is kept between two roll-ups but the database's own pages; the figure is the
whole call, from the question to the counts, decoding included. The register is filled by its own commands.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta

from bench_journal_verify import write_of

from openecp.kernel.journal.model import CaseWrite
from openecp.platform.store import open_store, temporary_data_folder
from openecp.platform.store.store import PostgresStore
from openecp.programme.action_plan.commands import NewEvidence, PlanAct, TakePlan, UpdateAction
from openecp.programme.action_plan.decide import concerns, decide
from openecp.programme.action_plan.deciding import Actor, Context, Stream
from openecp.programme.action_plan.fold import in_order
from openecp.programme.action_plan.reading import PlanBook
from openecp.programme.action_plan.records import ActionRecord, Period, PlanDocument, PlanRecord, Section, Timeframe
from openecp.programme.action_plan.state import Fact

NOW = "2021-01-31T09:00:00.000000Z"
PLANS = 5
ROUNDS = 2  # reports on each action, of two events each
BODIES = ("PTC", "SAFE WG", "IMSC", "TFA WG", "CBC", "DMPT", "RKC/MC", "VWGEC", "TEGACS", "")
PROGRAMMES = ("PTC-WP", "TFAWG-WP", "DC-WP", "")
DAYS = ("2019-06-30", "2019-12-31", "2020-02-01", "2020-12-31")


class Filler:
    """Gives commands and keeps the streams in memory, so that filling is quick."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.streams: dict[str, Stream] = {}
        self.actor = Actor(actor="system:bench", writes=True)
        self.number = 0

    def writes(self, act: PlanAct) -> tuple[CaseWrite, ...]:
        """Decide a command."""
        self.number += 1
        context = Context(now=NOW, salt=lambda: bytes(16), group=f"g{self.number}")
        known = {name: self.streams[name] for name in concerns(act) if name in self.streams}
        return decide(act, self.actor, known, context).writes

    def record(self, writes: list[CaseWrite]) -> None:
        """Record writes and remember the streams."""
        for write, written in zip(writes, self.store.write(writes), strict=True):
            if written.outcome != "recorded":
                sys.exit(f"{write.row.case_id}: {written.outcome} {written.error}")
            before = self.streams.get(write.row.case_id, Stream(0, ()))
            new = [
                Fact(kind=event.kind, occurred_at=event.occurred_at, actor=event.actor, body=event.body)
                for event in write.events
            ]
            self.streams[write.row.case_id] = Stream(written.last_seq, tuple(in_order([*before.facts, *new])))


def plan_of(plan_id: str, actions: int) -> PlanDocument:
    """A plan with actions of every kind of timeframe."""
    rows = []
    for number in range(1, actions + 1):
        due = (date(2019, 2, 1) + timedelta(days=number * 37 % 900)).isoformat()
        timeframe = Timeframe(kind="date", due=due) if number % 2 else Timeframe(kind="continuous")
        bodies = tuple({BODIES[number % 10], BODIES[number * 7 % 10]} - {""})
        rows.append(
            ActionRecord(
                id=f"{plan_id}-{number:02d}", number=number, section=number % 9 + 1, title=f"Action {number}",
                responsible=bodies, work_programmes=tuple({PROGRAMMES[number % 4]} - {""}), timeframe=timeframe,
            )
        )  # fmt: skip
    plan = PlanRecord(
        plan_id=plan_id, title=plan_id, period=Period(start="2019-01", end="2020-12"), source_name="bench",
        sections=tuple(Section(number=number, title=f"Section {number}") for number in range(1, 10)),
        source_sha256=hashlib.sha256(plan_id.encode()).hexdigest(),
    )  # fmt: skip
    return PlanDocument(plan=plan, actions=tuple(rows))


def fill(store: PostgresStore, actions: int, events: int) -> float:
    """Fill the store; return how long the import of one plan took."""
    filler = Filler(store)
    began = time.perf_counter()
    for number in range(PLANS):
        filler.record(list(filler.writes(TakePlan(document=plan_of(f"BENCH-{number}", actions // PLANS)))))
    import_s = (time.perf_counter() - began) / PLANS
    for turn in range(ROUNDS):
        batch: list[CaseWrite] = []
        for plan in range(PLANS):
            for number in range(1, actions // PLANS + 1):
                day = date(2019, 2, 1) + timedelta(days=turn * 170 + number % 150)
                act = UpdateAction(
                    action=f"BENCH-{plan}-{number:02d}", status=("in_progress", "in_progress", "delivered")[number % 3],
                    evidence=NewEvidence(ref=f"PC{number}"), on=day.isoformat(),
                )  # fmt: skip
                batch.extend(filler.writes(act))
                if len(batch) >= 500:
                    filler.record(batch)
                    batch = []
        filler.record(batch)
    for first in range(0, max(0, events - store.size()) // 5, 500):
        store.write([write_of(n) for n in range(first, first + 500)])
    return import_s


def timed_ms(question: Callable[[], object], runs: int = 11) -> list[float]:
    """Return how long each of some runs took."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        question()
        found.append((time.perf_counter() - began) * 1000)
    return found


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    line = {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "n": n,
        "commit": told.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "note": note,
    }
    print(json.dumps(line), flush=True)


def main(actions: int, events: int) -> None:
    """Fill, ask, print."""
    folder = temporary_data_folder()
    try:
        with open_store(folder) as store:
            import_s = fill(store, actions, events)
            store.pool.fetch("SELECT 1")
            size = store.size()
            figure(
                "programme_import_ms", import_s * 1000, "ms", actions // PLANS, "a plan of so many actions, recorded"
            )

            def asked(plan: str | None, day: str | None) -> Callable[[], object]:
                return lambda: PlanBook(store, clock=lambda: NOW).roll_up(plan, as_of=day)

            questions = {"all_now": asked(None, None), **{f"all_{day}": asked(None, day) for day in DAYS}}
            questions |= {"plan_now": asked("BENCH-0", None), "plan_2020-02-01": asked("BENCH-0", "2020-02-01")}
            book = PlanBook(store, clock=lambda: NOW)
            book.roll_up()  # opens a connection, and keeps the counts
            questions["kept"] = book.roll_up
            for name, question in questions.items():
                runs = timed_ms(question)
                counted = actions // PLANS if name.startswith("plan") else actions
                kept = "counts kept by the journal's size" if name == "kept" else "nothing kept"
                note = f"median of {len(runs)}, slowest {max(runs):.1f}; {counted} actions, {size} events, {kept}"
                figure(f"programme_roll_up_{name}_ms", statistics.median(runs), "ms", len(runs), note)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*(given + [10_000, 1_000_000][len(given) :])[:2])
