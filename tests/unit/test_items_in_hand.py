# SPDX-License-Identifier: Apache-2.0
"""Both doors at once on one postal item: it is decided once, whoever comes first, and no claim outlives its answer."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import msgspec
from tests.unit.postal_world import OFFICER, PostalWorld, item, s10
from tests.unit.test_parcel_door_desk import Clearer, parcels

from openecp.border.postal.acts import AdviseItems, DecideItem
from openecp.border.postal.s10 import item_key
from openecp.border.postal.state import item_state, item_stream
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.desk import Desk
from openecp.platform.core.items_in_hand import ItemsInHand, decided_by_post
from openecp.platform.core.line import ClearanceLine
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.parcel_line import ParcelLine
from openecp.platform.core.parceldesk import ParcelDesk
from openecp.platform.core.postwork import PostalCasework, PostalRules
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.settings import Settings

DAY = "2026-07-01"
A, B = frozenset({"A"}), frozenset({"A", "B"})


class SlowStore:
    """A store that writes late; `faults` writes of each door fail first, and `gate` shut lets nobody write."""

    def __init__(self, store: MemoryStore, pause_s: float = 0.004) -> None:
        self.store, self.pause_s, self.faults = store, pause_s, 0
        self.gate, self._one = threading.Event(), threading.Lock()
        self.gate.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def _write(self, name: str, batch: Any) -> Any:
        time.sleep(self.pause_s)
        self.gate.wait(10)
        if self.faults:
            self.faults -= 1
            raise ConnectionError("away")
        with self._one:
            return getattr(self.store, name)(batch)

    def write(self, batch: Any) -> Any:
        return self._write("write", batch)

    def write_parcels(self, batch: Any) -> Any:
        return self._write("write_parcels", batch)


class Doors:
    """Both lines over one slow store in which items are advised."""

    def __init__(self, many: int, *, poison: frozenset[str] = frozenset(), **more: Any) -> None:
        world = PostalWorld()
        world.do(AdviseItems(items=tuple(item(number, DAY) for number in range(1, many + 1))))
        self.store, self.items = SlowStore(world.store), ItemsInHand()
        store: Any = self.store
        post = PostalCasework(store, rules=PostalRules(), clock=world.now)
        programme = ProgrammeCasework(store, clock=world.now, others=(post,))
        nothing, settings = NoClearance(), Settings(gather_ms=1, write_patience_s=0.2)
        self.line = ClearanceLine(
            Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=programme),
            settings, self.items,
        )  # fmt: skip
        desk = ParcelDesk(clearer=Clearer(store, poison=poison), store=store, source="run-1", patience_s=0.2)
        self.parcels = ParcelLine(desk, settings, items=self.items, **more)
        self.answers: dict[str, Any] = {}
        self._changed = threading.Condition()

    def __enter__(self) -> Doors:
        self.line.start()
        self.parcels.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.store.gate.set()
        self.line.stop(10)
        self.parcels.stop(10)
        assert not self.line.alive
        assert not self.parcels.alive
        held = self.items._held
        assert (held["parcels"], held["post"], self.items._next) == ({}, {}, set())

    def _take(self, name: str, found: list[tuple[int, Any]]) -> None:
        with self._changed:
            self.answers[name] = found[0][1]
            self._changed.notify_all()

    def decide(self, number: int, name: str = "post") -> None:
        act = DecideItem(item=item_key(s10(number), DAY), decision="release")
        self.line.submit([(1, ProgrammeCommand(principal=OFFICER, act=act))], lambda found: self._take(name, found))

    def lodge(self, *numbers: int, name: str = "parcels") -> None:
        request = parcels(*(s10(number) for number in numbers))
        found = tuple(msgspec.structs.replace(one, posted_on=DAY) for one in request.parcels)
        request = msgspec.structs.replace(request, parcels=found)
        self.parcels.submit([(1, request)], lambda found: self._take(name, found))

    def wait(self, *names: str) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: all(name in self.answers for name in names), 10), names
            return [self.answers.pop(name) for name in names]

    def decided(self, number: int) -> list[str]:
        """By which doors an item was decided."""
        store, key = self.store.store, item_key(s10(number), DAY)
        found = ["post"] if item_state(store.rows[item_stream(key)].state).decision else []
        return found + ["parcels"] * len(store.parcel_rows(s10(number), DAY))


def test_an_item_that_both_doors_decide_at_once_is_decided_once() -> None:
    draw, rounds = random.Random(7), 60
    winners = set()
    with Doors(rounds) as doors:
        for number in range(1, rounds + 1):
            steps = [lambda: doors.decide(number), lambda: doors.lodge(number)]  # noqa: B023 - called in this turn
            draw.shuffle(steps)
            steps[0]()
            time.sleep(draw.random() * 0.004)
            steps[1]()
            officer, door = doors.wait("post", "parcels")
            found = doors.decided(number)
            assert len(found) == 1, (number, found)
            winners.add(found[0])
            first = found == ["parcels"]
            assert (officer.error is not None, door.items[0].outcome) == (first, "decided" if first else "conflict")
            if first:
                assert officer.error.code == "OECP-POSTAL-DECIDED-AS-PARCEL"
    assert winners == {"post", "parcels"}


def test_parcels_in_an_officers_hands_wait_and_are_told_in_the_end() -> None:
    with Doors(3, held_back_s=0.1) as doors:
        doors.store.gate.clear()
        doors.decide(1)
        while not doors.items._held["post"]:
            time.sleep(0.001)
        doors.lodge(1, 2, name="held")
        doors.lodge(3, name="other")
        (told,) = doors.wait("held")
        assert (told.fault.code, told.fault.status) == ("OECP-BUSY", 503)
        doors.store.gate.set()
        officer, other = doors.wait("post", "other")
        assert (officer.error, other.items[0].outcome) == (None, "decided")
        doors.lodge(1, 2)
        (again,) = doors.wait("parcels")
        assert [one.outcome for one in again.items] == ["conflict", "decided"]


def test_parcels_sent_again_and_again_keep_no_officer_out() -> None:
    with Doors(1) as doors:
        stop = threading.Event()

        def again() -> None:
            while not stop.is_set():
                doors.lodge(1, name="again")
                time.sleep(0.001)

        sender = threading.Thread(target=again)
        sender.start()
        time.sleep(0.05)
        doors.decide(1)
        doors.wait("post")
        stop.set()
        sender.join()
        assert len(doors.decided(1)) == 1


def test_faults_leave_no_item_in_hand() -> None:
    with Doors(4, poison=frozenset({s10(4)})) as doors:
        doors.store.faults = 1_000
        doors.decide(1)
        doors.lodge(2)
        officer, door = doors.wait("post", "parcels")
        assert (officer.http_status, door.fault.status) == (503, 503)
        doors.store.faults = 0
        doors.lodge(1, 4)
        doors.decide(2)
        officer, door = doors.wait("post", "parcels")
        assert officer.error is None
        assert [one.outcome for one in door.items] == ["decided", "refused"]
        doors.decide(4)
        doors.parcels._desk.prepare = None  # type: ignore[assignment,method-assign]
        doors.lodge(3)
        officer, door = doors.wait("post", "parcels")
        assert (officer.error, door.fault.status) == (None, 503)


def test_claims_are_of_all_items_or_none() -> None:
    items = ItemsInHand()
    assert items.claim("parcels", B)
    assert items.claim("parcels", A), "a door keeps its own order"
    assert not items.claim("post", A)
    items.free("parcels", B)
    assert not items.claim("post", A), "it was claimed twice"
    assert not items.claim("parcels", B), "the officer is next"
    items.free("parcels", A)
    assert items.claim("post", A)
    assert not items.claim("parcels", B)
    assert items.claim("parcels", frozenset({"B"})), "nothing was claimed of what was refused"
    items.free("post", A)
    assert items.claim("parcels", A)
    assert items.claim("post", frozenset())


def test_no_identifier_of_a_postal_item_asks_nothing() -> None:
    assert decided_by_post(None, [("BOX-1", DAY), ("RB12345678GB", DAY), ("rb123456785gb", DAY)]) == {}  # type: ignore[arg-type]
