# SPDX-License-Identifier: Apache-2.0
"""The register over PostgreSQL answers as the one in memory; what indicators read is what the events say."""

from __future__ import annotations

import random
from typing import Any

from tests.register_world import NOW, RegisterWorld, other_source, small_plan, with_action
from tests.store_world import database_server, shared_database, store  # noqa: F401

from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent, OutboxMessage
from openecp.kernel.journal.queries import CaseFilter
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.seeding import seed_register
from openecp.platform.store import PostgresStore
from openecp.programme.action_plan.commands import HoldSession, NewEvidence, TakePlan, UpdateAction
from openecp.programme.action_plan.reading import PlanBook

KINDS = ("DeclarationAccepted", "DocumentsRequired", "DeclarationCleared")


def over(store: PostgresStore) -> RegisterWorld:  # noqa: F811
    """A world over a real store."""
    world = RegisterWorld()
    world.store = store  # type: ignore[assignment]
    nothing = NoClearance()
    casework = ProgrammeCasework(store, clock=lambda: NOW)
    world.core = InProcessCore(Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=casework))
    world.book = PlanBook(store, clock=lambda: NOW)
    return world


def test_both_stores_answer_alike_and_the_journal_is_sound(store: PostgresStore) -> None:  # noqa: F811
    worlds = (RegisterWorld(), over(store))
    longer = other_source(with_action(small_plan(), 1, title="Guidance on special zones"), "second")
    for world in worlds:
        assert seed_register(world.core, world.store, {}) > 30
        assert seed_register(world.core, world.store, {}) == 0
        for act in (
            TakePlan(document=small_plan(), source=b"first"),
            UpdateAction(action="TEST-01", status="in_progress", on="2019-06-01"),
            UpdateAction(action="TEST-01", status="suspended", note="no budget", on="2019-03-01"),
            UpdateAction(action="TEST-02", evidence=NewEvidence(ref="PC1"), on="2019-04-01"),
            HoldSession(session="PTC/1", body="PTC", name="x", starts="2019-10-01", ends="2019-10-02"),
            TakePlan(document=longer, source=b"second"),
            UpdateAction(action="TEST-06", status="delivered", evidence=NewEvidence(ref="x" * 500), on="2020-01-05"),
        ):
            world.do(act)
    memory, real = (world.book for world in worlds)
    for day in ("2019-02-01", "2019-03-15", "2019-06-30", "2020-02-01", None):
        for plan in (None, "TEST", "ECP-IV"):
            left, right = memory.roll_up(plan, as_of=day), real.roll_up(plan, as_of=day)
            assert (left.overall, left.by_body, left.by_quarter) == (right.overall, right.by_body, right.by_quarter)
        assert [_plain(action) for action in memory.actions("TEST", as_of=day)] == [
            _plain(action) for action in real.actions("TEST", as_of=day)
        ]
    assert memory.diff("TEST", 1, 2) == real.diff("TEST", 1, 2)
    report = store.verify()
    assert report.ok, report.findings[:3]
    assert store.cases(CaseFilter()) == []  # work lists of Customs show none of it


def _plain(action: Any) -> tuple[Any, ...]:
    return action.id, action.lifecycle, action.assessment, action.titles, action.title_as_written, action.timeframe


def test_firsts_are_what_the_events_say(store: PostgresStore) -> None:  # noqa: F811
    draw = random.Random(7)
    wanted: dict[str, list[str | None]] = {}
    for number in range(60):
        name = f"case-{number:03d}"
        events = []
        for kind in draw.sample((*KINDS, "DeclarationSubmitted"), draw.randint(1, 4)):
            when = f"2026-01-{draw.randint(1, 28):02d}T10:00:00.000000Z"
            events.append(
                NewEvent(kind=kind, occurred_at=when, actor="customs", body={"text": '"kind":"GoodsReleased"'})
            )
        row = CaseRow(
            case_id=name, organisation="XB-1", lrn=name, mrn=None, status="accepted", channel=None, office=None,
            movement=None, version=1, state=b"{}", updated_at="2026-01-31T09:00:00.000000Z",
        )  # fmt: skip
        told = OutboxMessage(
            message_id=name, organisation="XB-1", case_id=name, kind="01 ACC", body=b"{}",
            created_at="2026-01-31T09:00:00.000000Z",
        )  # fmt: skip
        (written,) = store.write([CaseWrite(row=row, expected_seq=0, events=tuple(events), outbox=(told,))])
        assert written.outcome == "recorded"
        for event in events:
            if event.kind in KINDS and "2026-01-05" < event.occurred_at <= "2026-01-20T23:59:59.999999Z":
                wanted.setdefault(name, [None, None, None])[KINDS.index(event.kind)] = event.occurred_at
    since, until = "2026-01-05T00:00:00.000000Z", "2026-01-20T23:59:59.999999Z"
    found = store.firsts(KINDS, since=since, until=until)
    assert sorted(map(str, found)) == sorted(str(tuple(each)) for each in wanted.values())
    assert store.firsts(("Nothing",), since=None, until=until) == []
    assert store.notifications(since=None, until="2027-01-01T00:00:00.000000Z") == (60, 60)
    assert store.notifications(since="2026-12-31T00:00:00.000000Z", until="2027-01-01T00:00:00.000000Z") == (0, 0)
