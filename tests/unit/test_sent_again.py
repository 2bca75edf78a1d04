# SPDX-License-Identifier: Apache-2.0
"""An act whose answer was lost is sent again with its key: it gets the first answer, whatever it changed itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.e2e.api_doubles import World
from tests.lifecycle_office import OFFICER, TRADER, FakeProfile, declaration, line, request
from tests.lifecycle_office import assessed as assessed_as
from tests.record_world import CASE, KOFI, RecordWorld
from tests.register_world import SECRETARIAT, RegisterWorld, small_plan
from tests.unit.postal_world import OFFICER as POSTAL_OFFICER
from tests.unit.postal_world import POST, FlatTax, PostalWorld, item, s10
from tests.unit.test_activities import PORT, Port, gate
from tests.unit.test_risk_audits import Audits
from tests.unit.test_risk_profiles import World as ProfileWorld
from tests.unit.test_risk_profiles import made, officer, trial_of

from openecp.border.lodgement.commands import Lodge, OfficerAct
from openecp.border.postal.acts import AdviseItems, DecideItem, RecordItemStep
from openecp.border.postal.s10 import item_key
from openecp.border.revenue.payment import payment_settler
from openecp.border.risk.audit.acts import CloseAudit, OpenAudit
from openecp.border.risk.profiles.acts import ActivateProfile, AttachBacktest, ProposeProfile
from openecp.border.risk.profiles.versions import backtest_digest
from openecp.border.time_release.recording import RecordActivities
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import encode_json, message_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import Idempotency
from openecp.kernel.parties.model import Principal
from openecp.platform.core.casework import LodgementCasework
from openecp.platform.core.client import CoreClient
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import Command, ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.programme.action_plan.commands import TakePlan
from openecp.programme.compendia.commands import AddRecord

Give = Callable[[str | None], Answer]


class HeldProfile(FakeProfile):
    """The office's profile, as the core reads it."""

    def setting(self, name: str, *, default: Any = None) -> Any:
        return self.settings.get(name, default)


class RedLane:
    """Accepts all, and sends it to the control of the goods."""

    def assess(self, declarations: list[Declaration], on: date | None = None) -> list[Assessment]:
        return [assessed_as(line(), channel="red") for _ in declarations]


def lodgement_desk(store: MemoryStore) -> Desk:
    profile: Any = HeldProfile()
    casework = LodgementCasework(profile=profile, documents=store, settle=payment_settler(profile))
    return Desk(assessor=RedLane(), casework=casework, reader=store, writer=store)


def lodge(core: InProcessCore, message: Declaration, key: str | None = None, body_hash: bytes = b"h" * 32) -> Answer:
    raw = encode_json(message_of(message))
    command = Lodge(
        principal=TRADER, declaration=message, raw=raw, media_type="application/json", key=key, body_hash=body_hash
    )
    return core.submit_all([command])[0]


def act(case_id: str, act: Any, result: str | None = None, who: Principal = OFFICER, **more: Any) -> OfficerAct:
    return OfficerAct(principal=who, case_id=case_id, act=act, result=result, reason="as found", **more)


@pytest.fixture
def office() -> World:
    """The API over the lifecycle's own rules, with a declaration in the red lane."""
    return World(desk_of=lodgement_desk)


def test_an_officers_act_is_answered_again_over_the_api(office: World) -> None:
    case_id = str(lodge(office.core, declaration()).case_id)
    path, token = f"/declarations/{case_id}/acts", "officer-customs"

    def give(result: str, key: str | None, token: str = token) -> Any:
        headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
        body = {"act": "control_result", "result": result, "reason": "opened, as declared"}
        return office.call("POST", path, token=token, content=msgspec.json.encode(body), headers=headers)

    first = give("conform", "k1")
    assert first.status_code == 200, first.text
    size = len(office.store.log)
    again, other, new, none = (
        give("conform", "k1"), give("detained", "k1"), give("conform", "k2"), give("conform", None),
    )  # fmt: skip
    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "OECP-IDEMPOTENCY-CONFLICT")
    assert (new.status_code, new.json()["code"]) == (409, none.json()["code"]) == (409, "OECP-NOT-IN-THIS-STATE")
    assert give("conform", "k1", "trader-org-trader").status_code == 403
    assert len(office.store.log) == size


def test_a_traders_request_is_answered_again(office: World) -> None:
    """Its own key, or what stands for it: what is asked, about which declaration, in which words."""
    mrn = str(lodge(office.core, declaration()).mrn)
    first = lodge(office.core, request(mrn, "INV"), "k1")
    assert first.outcome == "registered"
    again, other = lodge(office.core, request(mrn, "INV"), "k1"), lodge(office.core, request(mrn, "INV"), "k1", b"x")
    assert (again.outcome, again.first_seq, again.last_seq) == ("registered", first.first_seq, first.last_seq)
    assert other.error is not None
    assert other.error.code == "OECP-IDEMPOTENCY-CONFLICT"
    assert lodge(office.core, request(mrn, "INV"), "k2").outcome == "refused"  # one request at a time


def test_a_key_is_of_the_officer_who_acts(office: World) -> None:
    """The same act by another is another act."""
    case_id = str(lodge(office.core, declaration()).case_id)
    control = act(case_id, "control_result", "conform", key="k1")
    other = msgspec.structs.replace(OFFICER, principal_id="o2")
    first, again, theirs = office.core.submit_all([control, control, msgspec.structs.replace(control, principal=other)])
    assert (first.outcome, again.outcome, again.first_seq) == ("done", "done", first.first_seq)
    assert theirs.error is not None
    assert theirs.error.code == "OECP-IDEMPOTENCY-CONFLICT"


# -- the rooms of the programme's commands ------------------------------------------------------------------------


def core_of(store: Any, work: Any) -> InProcessCore:
    nothing = NoClearance()
    programme = ProgrammeCasework(store, others=(work,))
    return InProcessCore(Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=programme))


def giving(core: Any, act: Any, other: Any, who: Principal) -> tuple[Give, Give]:
    def give(act: Any) -> Give:
        return lambda key: core.submit_all([ProgrammeCommand(principal=who, act=act, key=key)])[0]

    return give(act), give(other)


def audit() -> tuple[Give, Give]:
    here = Audits()
    name = here.lodge("LRN-1")
    here.desk.open_due()
    here.find(name)
    core = core_of(here.office.store, here.work)
    return giving(core, CloseAudit(audit=name), CloseAudit(audit=name, reason="enough"), OFFICER)


def audit_opened() -> tuple[Give, Give]:
    here = Audits()
    name, second = here.lodge("LRN-1"), here.lodge("LRN-2")
    core = core_of(here.office.store, here.work)
    return giving(
        core, OpenAudit(declaration=name, reason="a word of the tax authority"),
        OpenAudit(declaration=second, reason="another"), OFFICER,
    )  # fmt: skip


def profile() -> tuple[Give, Give]:
    world, tried = ProfileWorld(), trial_of(made())
    world.do(ProposeProfile(profile=made()), officer("ann"))
    world.do(AttachBacktest(profile_id="FOOT-01", backtest=tried), officer("ann"))
    first = ActivateProfile(profile_id="FOOT-01", version=1, backtest=backtest_digest(tried))
    return giving(world.core, first, msgspec.structs.replace(first, version=2), officer("bob"))


def post() -> tuple[Give, Give]:
    world = PostalWorld(assessor=FlatTax())
    world.do(AdviseItems(items=(item(1),)))
    key = item_key(s10(1), "2026-07-01")
    world.do(RecordItemStep(items=(key,), step="presented"))
    world.do(DecideItem(item=key), POSTAL_OFFICER)
    world.do(RecordItemStep(items=(key,), step="handed_back"))
    first = RecordItemStep(items=(key,), step="delivered")
    return giving(world.core, first, msgspec.structs.replace(first, step="presented"), POST)


def post_without_effect() -> tuple[Give, Give]:
    """What is on record already is told as repeated; under its own key it is told as the first time."""
    world = PostalWorld()
    return giving(world.core, AdviseItems(items=(item(1),)), AdviseItems(items=(item(2),)), POST)


def record() -> tuple[Give, Give]:
    world = RecordWorld()
    first, second = (AddRecord(record=f"practice-{n}", owner="KE", values=CASE) for n in ("one", "two"))
    return giving(world.core, first, second, KOFI)


def plan() -> tuple[Give, Give]:
    world = RegisterWorld()
    other = TakePlan(document=msgspec.structs.replace(small_plan(), actions=()))
    return giving(world.core, TakePlan(document=small_plan()), other, SECRETARIAT)


def activity() -> tuple[Give, Give]:
    first, other = (RecordActivities(activities=(gate(activity=name),)) for name in ("GATE_OUT", "UNLOADED"))
    return giving(Port().core, first, other, PORT)


ROOMS = (audit, audit_opened, profile, post, post_without_effect, record, plan, activity)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_an_act_is_answered_again(room: Callable[[], tuple[Give, Give]]) -> None:
    give, give_other = room()
    first = give("k1")
    assert first.error is None, first.error
    assert give("k2").outcome in ("refused", "repeated"), "the act must be one that its own effect forbids"
    again = give("k1")
    assert (again.outcome, again.error, again.first_seq) == (first.outcome, None, first.first_seq)
    assert (again.case_id, again.status) == (first.case_id, first.status)
    conflict = give_other("k1")
    assert conflict.error is not None
    assert (conflict.http_status, conflict.error.code) == (422, "OECP-IDEMPOTENCY-CONFLICT")


# -- what is looked up, and when ----------------------------------------------------------------------------------


class Watched(MemoryStore):
    """Counts how often a key is asked for; `away` makes asking fail."""

    asked, away = 0, False

    def answered_before(self, key: Idempotency) -> Any:
        self.asked += 1
        if self.away:
            raise ConnectionError("away")
        return super().answered_before(key)


def test_only_refused_commands_with_a_key_ask_the_store() -> None:
    store = Watched()
    core = InProcessCore(lodgement_desk(store))
    case_id = str(lodge(core, declaration()).case_id)
    store.asked = 0

    def give(*commands: Command) -> list[str]:
        return [one.outcome for one in core.submit_all(commands)]

    control = act(case_id, "control_result", "conform")
    assert give(control, control) == ["done", "refused"]
    assert give(act("none", "release"), act(case_id, "release", who=TRADER, key="k")) == ["refused", "refused"]
    before = store.asked
    assert give(act(case_id, "control_result", "conform", key="k")) == ["refused"]
    assert store.asked == before + 1
    store.away = True
    [answer] = core.submit_all([act(case_id, "control_result", "conform", key="k")])
    assert (answer.http_status, answer.error and answer.error.code) == (503, "OECP-STORE-UNAVAILABLE")


def test_an_answer_that_was_erased_is_not_given() -> None:
    store = MemoryStore()
    core = InProcessCore(lodgement_desk(store))
    case_id = str(lodge(core, declaration()).case_id)
    control = act(case_id, "control_result", "conform", key="k")
    core.submit_all([control])
    for name, (digest, written) in tuple(store.keys.items()):
        store.keys[name] = (digest, msgspec.structs.replace(written, answer=b""))
    assert core.submit_all([control])[0].outcome == "refused"


def test_where_the_core_dies_acts_with_a_key_are_sent_again() -> None:
    """One without a key is answered as unknown: it may have been done."""

    async def dies() -> tuple[bool, int]:
        client = CoreClient(Path("none.sock"))
        keyed, plain = (client.send(act("case-1", "release", key=key)) for key in ("k", None))
        client._outgoing.clear()  # both are on their way
        client._again()
        return keyed.done(), (await plain).http_status

    assert asyncio.run(dies()) == (False, 503)
