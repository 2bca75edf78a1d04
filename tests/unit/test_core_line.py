# SPDX-License-Identifier: Apache-2.0
"""The clearance line: batches, order within a case, stale writes, poison, a database that goes away."""

from __future__ import annotations

import json
import time

from tests.unit.core_doubles import Collector, CountingAssessor, FailingStore, desk, lodge, numbers_of

from openecp.border.lodgement.commands import DeadlinePassed
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.line import ClearanceLine
from openecp.platform.core.settings import Settings

FAST = Settings(gather_ms=1, write_patience_s=2)


def run(line: ClearanceLine, commands: list) -> dict:  # type: ignore[type-arg]
    line.start()
    collector = Collector()
    line.submit(list(enumerate(commands)), collector)
    answers = collector.wait(len(commands))
    line.stop()
    return answers


def test_all_that_waits_goes_as_one_batch_up_to_the_cap() -> None:
    assessor = CountingAssessor()
    line = ClearanceLine(desk(MemoryStore(), assessor=assessor), FAST)
    answers = run(line, [lodge(f"L{n}") for n in range(1200)])
    assert {answer.outcome for answer in answers.values()} == {"accepted"}
    assert max(assessor.batches) == 500
    assert sum(assessor.batches) == 1200
    assert line.counts["commands"] == 1200


def test_answers_belong_to_their_commands_and_seqs_have_no_gap() -> None:
    store = MemoryStore()
    answers = run(ClearanceLine(desk(store), FAST), [lodge(f"L{n}") for n in range(300)])
    assert numbers_of(answers, lambda answer: answer.lrn) == [f"L{n}" for n in range(300)]
    assert sorted(answer.first_seq for answer in answers.values()) == list(range(1, 301))


def test_commands_about_one_case_keep_their_order() -> None:
    store = MemoryStore()
    core = desk(store)
    run(ClearanceLine(core, FAST), [lodge("A"), lodge("B")])
    requests = [lodge(f"r{n}", function="13", mrn="MRNA" if n % 2 else "MRNB") for n in range(40)]
    answers = run(ClearanceLine(core, FAST), requests)
    assert {answer.outcome for answer in answers.values()} == {"accepted"}
    row = store.find_case(mrn="MRNA")
    assert row is not None
    assert json.loads(row.state) == ["A", *(f"r{n}" for n in range(40) if n % 2)]


def test_same_lrn_twice_in_one_turn_is_one_case() -> None:
    store = MemoryStore()
    answers = run(ClearanceLine(desk(store), FAST), [lodge("A"), lodge("A"), lodge("B")])
    assert answers[0].case_id == answers[1].case_id
    assert len(store.events()) == 2


def test_poison_harms_nobody_else() -> None:
    line = ClearanceLine(desk(MemoryStore(), assessor=CountingAssessor(frozenset({"L7"}))), FAST)
    answers = run(line, [lodge(f"L{n}") for n in range(20)])
    assert answers[7].http_status == 422
    assert answers[7].error is not None
    assert answers[7].error.code == "OECP-UNPROCESSABLE"
    assert [n for n in answers if answers[n].outcome == "refused"] == [7]


def test_a_write_that_was_committed_but_not_answered_is_not_doubled() -> None:
    store = MemoryStore()
    line = ClearanceLine(desk(store, writer=FailingStore(store, 2, lose_answer=True)), FAST)
    answers = run(line, [lodge(f"L{n}") for n in range(5)])
    assert {answer.outcome for answer in answers.values()} == {"accepted"}
    assert len(store.events()) == 5


def test_a_database_that_stays_away_is_said_so() -> None:
    store = MemoryStore()
    settings = Settings(gather_ms=1, write_patience_s=0.2)
    line = ClearanceLine(desk(store, writer=FailingStore(store, 10_000)), settings)
    answers = run(line, [lodge("A")])
    assert answers[0].http_status == 503
    assert answers[0].error is not None
    assert answers[0].error.code == "OECP-STORE-UNAVAILABLE"


def test_a_stale_write_is_decided_again() -> None:
    store = MemoryStore()
    core = desk(store)
    run(ClearanceLine(core, FAST), [lodge("A")])

    class Interfering(FailingStore):
        def write(self, batch):  # type: ignore[no-untyped-def]
            if self.failures > 0:
                self.failures -= 1
                InProcessCore(core).submit_all([lodge("other", function="13", mrn="MRNA")])
            return self.store.write(batch)

    line = ClearanceLine(desk(store, writer=Interfering(store, 1)), FAST)
    answers = run(line, [lodge("mine", function="13", mrn="MRNA")])
    assert answers[0].outcome == "accepted"
    row = store.find_case(mrn="MRNA")
    assert row is not None
    assert json.loads(row.state) == ["A", "other", "mine"]
    assert line.counts["stale"] == 1


def test_a_full_queue_refuses_and_a_stopping_line_works_off_what_waits() -> None:
    line = ClearanceLine(desk(MemoryStore()), Settings(gather_ms=1, max_waiting=10))
    collector = Collector()
    line.submit([(n, lodge(f"L{n}")) for n in range(15)], collector)
    assert sorted(collector.wait(5)) == [10, 11, 12, 13, 14]
    line.start()
    line.stop()
    answers = collector.wait(15)
    assert [answers[n].outcome for n in range(10)] == ["accepted"] * 10
    line.submit([(99, lodge("late"))], collector)
    assert collector.wait(16)[99].http_status == 503
    assert not line.alive


def test_a_lone_command_waits_no_longer_than_the_gather_time() -> None:
    line = ClearanceLine(desk(MemoryStore()), Settings(gather_ms=5))
    line.start()
    times = []
    for n in range(20):
        collector = Collector()
        began = time.monotonic()
        line.submit([(n, lodge(f"L{n}"))], collector)
        collector.wait(1)
        times.append(time.monotonic() - began)
    line.stop()
    assert sorted(times)[10] < 0.05


def test_what_is_unknown_is_refused_without_a_write() -> None:
    store = MemoryStore()
    answers = run(
        ClearanceLine(desk(store), FAST),
        [lodge("r", function="13", mrn="NONE"), DeadlinePassed(case_id="nothing", act="expire")],
    )
    assert {answer.http_status for answer in answers.values()} == {404}
    assert store.events() == []


def test_in_process_core_gives_the_same_answers() -> None:
    store = MemoryStore()
    core = InProcessCore(desk(store))
    answers = core.submit_all([lodge("A"), lodge("B"), lodge("r", function="13", mrn="MRNA"), lodge("A")])
    assert [answer.outcome for answer in answers] == ["accepted", "accepted", "refused", "accepted"]
    assert answers[0].case_id == answers[3].case_id
    assert core.submit_all([lodge("r", function="13", mrn="MRNA")])[0].version == 2
