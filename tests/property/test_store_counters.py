# SPDX-License-Identifier: Apache-2.0
"""Totals stay exact whoever writes at the same time: each batch is assessed again until its totals stand still."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.parcel_world import parcel_batch
from tests.store_world import database_server, shared_database, store, ticking  # noqa: F401  fixtures

from openecp.kernel.journal.bulk import BatchWritten, CounterKey, CounterMove, CounterState, ParcelBatch
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.store import PostgresStore

KEYS = [CounterKey(f"person-{n}", scope, "2026-07-01", "EUR") for n in range(3) for scope in ("person_day", "order")]
_WRITERS, _BATCHES = 4, 8


def write_until_recorded(store: PostgresStore, draw: random.Random, writer: int, number: int) -> dict[CounterKey, int]:  # noqa: F811
    """Write a batch of a few parcels on totals as read, and again when they have moved on; return what was added."""
    keys = draw.sample(KEYS, 2)
    adds = {key: draw.randrange(1, 1_000) for key in keys}
    case_id = f"parcels/file/{writer}"
    for _ in range(500):
        seen = store.counters(keys)
        moves = tuple(CounterMove(key, seen.get(key, CounterState(0, 0)).version, add) for key, add in adds.items())
        known = store.case(case_id)
        batch = parcel_batch(
            [f"P{writer}-{number}"], first_row=number + 1, source=case_id, case_id=case_id,
            expected_seq=0 if known is None else known[1], counters=moves,
        )  # fmt: skip
        answer = store.write_parcels(batch)
        if answer.outcome == "recorded":
            return adds
        assert answer.outcome == "counters", answer
    raise AssertionError("the totals never stood still")


def test_concurrent_writers_add_up(store: PostgresStore, shared_database: str, tmp_path: Path) -> None:  # noqa: F811
    """Two stores on one database, as two processes have them, with two threads each."""
    added: list[dict[CounterKey, int]] = []
    with PostgresStore(url=shared_database, folder=tmp_path, clock=ticking()) as other:

        def run(writer: int) -> None:
            draw = random.Random(writer)
            for number in range(_BATCHES):
                added.append(write_until_recorded((store, other)[writer % 2], draw, writer, number))

        threads = [threading.Thread(target=run, args=(writer,)) for writer in range(_WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(added) == _WRITERS * _BATCHES
    expected = {
        key: CounterState(sum(key in adds for adds in added), sum(adds.get(key, 0) for adds in added)) for key in KEYS
    }
    assert store.counters(KEYS) == {key: state for key, state in expected.items() if state.version}
    assert store.verify().ok


BATCHES = st.lists(
    st.tuples(
        st.integers(0, 3),  # which file
        st.integers(1, 12),  # first row
        st.lists(st.integers(0, 12), min_size=1, max_size=4),  # parcels
        st.lists(st.tuples(st.sampled_from(KEYS[:3]), st.integers(0, 2), st.integers(-50, 50)), max_size=2),
    ),
    max_size=8,
)


def batch_of(place: int, first_row: int, parcels: list[int], moves: list[tuple[CounterKey, int, int]]) -> ParcelBatch:
    counters = tuple({key: CounterMove(key, seen, add) for key, seen, add in moves}.values())
    return parcel_batch(
        [f"P{parcel}" for parcel in parcels], first_row=first_row, source=f"file-{place}",
        case_id=f"parcels/file/{place}", counters=counters,
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_the_store_answers_as_the_plain_model(store: PostgresStore, batches: list[tuple[object, ...]]) -> None:  # noqa: F811
    from tests.store_world import empty

    empty(store)
    model = MemoryStore()
    for number, drawn in enumerate(batches):
        batch = batch_of(*drawn)  # type: ignore[arg-type]
        case_id, known = batch.write.row.case_id, model.case(batch.write.row.case_id)
        if known is not None and number % 4:  # now and then the stream has moved on
            batch = parcel_batch(
                batch.parcel_ids, first_row=batch.first_row, source=batch.source, case_id=case_id,
                expected_seq=known[1], counters=batch.counters,
            )  # fmt: skip
        found, expected = store.write_parcels(batch), model.write_parcels(batch)
        assert _plain(found) == _plain(expected)
        assert store.counters(KEYS) == model.counters(KEYS)
        assert store.parcel_ranges(batch.source) == model.parcel_ranges(batch.source)
    assert store.verify().ok


def _plain(answer: BatchWritten) -> tuple[object, ...]:
    return answer.outcome, answer.seq, answer.earlier, bool(answer.error)
