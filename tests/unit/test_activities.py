# SPDX-License-Identifier: Apache-2.0
"""What others than Customs know is recorded beside the case, by those who know it, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.unit.core_doubles import lodge

from openecp.border.time_release.analysis import analysed
from openecp.border.time_release.clocks import clock_of
from openecp.border.time_release.live import LiveTimes
from openecp.border.time_release.recording import (
    MAY_RECORD,
    OF_THE_JOURNAL,
    RecordActivities,
    RecordActivity,
    stream_of,
)
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.trs_record import rows_of
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.activitywork import ActivityCasework
from openecp.platform.core.desk import Desk, case_key
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.release_times import LiveTail, export_journal
from openecp.platform.core.settings import Settings
from openecp.platform.engines.trs_engine import TrsEngine

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


class Store(MemoryStore):
    """A journal in memory that counts its events and hides no name."""

    def size(self) -> int:
        return len(self.events(limit=100_000))

    def pseudonym(self, purpose: str, name: str) -> str:
        return name


def who(role: str, *bodies: str, organisation: str = "quay") -> Principal:
    return Principal(
        principal_id=f"{role}-1", kind="system", organisation=organisation, name=role, roles=(role,), bodies=bodies
    )  # type: ignore[arg-type]


PORT, BANK, VET = who("partner", "terminal"), who("partner", "bank"), who("partner", "agency", organisation="vet")


class Port:
    """Two cases and a core."""

    def __init__(self) -> None:
        self.store = Store(clock=lambda: NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        casework = ProgrammeCasework(
            self.store,
            others=(
                ActivityCasework(
                    self.store,
                    organisation=lambda name: Organisation(organisation_id=name, name=name, identifiers=(f"N-{name}",)),
                    clock=lambda: NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                ),
            ),
        )
        nothing = NoClearance()
        desk = Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=casework)  # type: ignore[arg-type]
        self.core = InProcessCore(desk, Settings())
        for number in (1, 2):
            row = CaseRow(
                case_id=f"case-{number}", organisation="brise", lrn=f"L{number}", mrn=f"26XB{number}", status="done",
                channel="green", office="XB000101", movement="import", version=1, state=b"{}",
                updated_at="2026-06-01T10:00:00.000000Z",
            )  # fmt: skip
            events = tuple(
                NewEvent(kind=kind, occurred_at=f"2026-06-01T{hour:02}:00:00.000000Z", actor="customs", body=body)
                for kind, hour, body in (
                    ("DeclarationSubmitted", 8, {"office": "XB000101"}), ("DeclarationAccepted", 9, {}),
                    ("GoodsReleased", 10, {}),
                )
            )  # fmt: skip
            assert self.store.write([CaseWrite(row=row, expected_seq=0, events=events)])[0].outcome == "recorded"

    def tell(self, *acts: RecordActivity, by: Principal = PORT, key: str | None = None) -> Answer:
        command = ProgrammeCommand(principal=by, act=RecordActivities(activities=acts), key=key)
        answer: Answer = self.core.submit_all([command])[0]
        return answer


def gate(
    case: str = "26XB1", activity: str = "GATE_OUT", at: str = "2026-06-01T20:00:00+02:00", **more: object
) -> RecordActivity:
    return RecordActivity(case=case, activity=activity, occurred_at=at, **more)  # type: ignore[arg-type]


@pytest.fixture
def port() -> Port:
    return Port()


def test_what_is_told_is_an_event_beside_the_case(port: Port) -> None:
    before = port.store.case("case-1")
    answer = port.tell(gate(), gate("26XB2"), gate("case-1", "UNLOADED", "2026-06-01T06:00:00Z", precision="minute"))
    assert (answer.outcome, answer.status) == ("done", "3 recorded")
    assert port.store.case("case-1") == before
    told = port.store.events(case_id=stream_of("case-1"))
    assert [(each.kind, each.occurred_at, each.actor) for each in told] == [
        ("ActivityRecorded", "2026-06-01T18:00:00.000000Z", "system:partner-1"),
        ("ActivityRecorded", "2026-06-01T06:00:00.000000Z", "system:partner-1"),
    ]
    assert told[0].body == {
        "activity": "GATE_OUT", "case": "case-1", "precision": "second", "source": "quay", "segments": {},
    }  # fmt: skip


def test_dashboard_and_study_see_it(port: Port, tmp_path: Path) -> None:
    tail = LiveTail(port.store, LiveTimes(), now=lambda: NOW)
    tail.catch_up()
    assert "GATE_OUT" not in {stamp.activity for stamp in tail.stamps("case-1")}
    port.tell(gate(), gate("26XB2", at="2026-06-01T12:00:00Z"))
    tail.catch_up()
    assert "GATE_OUT" in {stamp.activity for stamp in tail.stamps("case-1")}
    engine = TrsEngine(threads=1)
    engine.read_export(export_journal(port.store, tmp_path).files())
    (cell,) = analysed(engine, clock_of("post_release"), ("office",))
    assert (cell.n, cell.sum_us, cell.segment) == (2, 10 * 3_600_000_000, {"office": "XB000101"})


def test_told_twice_is_recorded_once(port: Port) -> None:
    assert port.tell(gate(), gate()).status == "1 recorded"
    size = port.store.size()
    assert port.tell(gate()).outcome == "repeated"
    first = port.tell(gate("26XB2"), key="k1")
    assert port.tell(gate("26XB2"), key="k1").last_seq == first.last_seq
    assert port.store.size() == size + 1
    refused = port.tell(gate("26XB2", "UNLOADED"), key="k1")
    assert refused.error is not None
    assert refused.error.code == "OECP-IDEMPOTENCY-CONFLICT"


@pytest.mark.parametrize(
    ("by", "activity"),
    [
        (PORT, "PAYMENT_CONFIRMED"), (BANK, "GATE_OUT"), (VET, "RELEASED"), (who("officer"), "RELEASED"),
        (who("trader", organisation="brise"), "UNLOADED"), (who("partner"), "GATE_OUT"),
        (who("partner", "customs"), "ARRIVAL"),
    ],
)  # fmt: skip
def test_each_tells_only_what_it_knows(port: Port, by: Principal, activity: str) -> None:
    size = port.store.size()
    answer = port.tell(gate(activity=activity), by=by)
    assert answer.error is not None
    assert (answer.http_status, answer.error.json_pointer) == (422, "/activities/0/activity")
    assert answer.error.fix
    assert port.store.size() == size


def test_nobody_tells_what_the_journal_tells() -> None:
    told = {code for codes in MAY_RECORD.values() for code in codes}
    assert not told & set(OF_THE_JOURNAL)
    assert set(MAY_RECORD["customs"]) >= told


def test_agency_speaks_for_itself(port: Port) -> None:
    assert port.tell(gate(activity="AGENCY_DECIDED"), by=VET).outcome == "done"
    assert port.store.events(case_id=stream_of("case-1"))[0].body["segments"] == {"agency": "N-vet"}
    other = port.tell(gate(activity="AGENCY_DECIDED", segments={"agency": "PLANT"}), by=VET)
    assert other.error is not None
    assert other.error.json_pointer == "/activities/0/segments/agency"
    channel = port.tell(gate(segments={"channel": "green"}))
    assert channel.error is not None
    assert channel.error.json_pointer == "/activities/0/segments"


def test_trader_tells_of_its_own_consignments(port: Port) -> None:
    assert port.tell(gate(), by=who("trader", organisation="brise")).outcome == "done"
    assert port.tell(gate(), by=who("trader", organisation="other")).http_status == 404
    assert port.tell(gate(), by=who("auditor")).http_status == 403


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_recorded(port: Port) -> None:
    size = port.store.size()
    ahead = (NOW + timedelta(hours=1)).isoformat()
    answer = port.tell(gate(), gate("NONE"), gate(at="2026-06-01 20:00"), gate(at=ahead), gate(precision="week"))
    assert answer.error is not None
    for place in ("/activities/1/case", "/2/occurred_at", "/3/occurred_at", "/4/precision"):
        assert place in (answer.error.json_pointer or "") + answer.error.message
    assert port.store.size() == size


def test_commands_about_one_case_wait_for_each_other() -> None:
    one = ProgrammeCommand(principal=PORT, act=RecordActivities(activities=(gate(),)))
    assert case_key(one, None) == ("activities", "26XB1")
    assert case_key(lodge("L"), None)[0] == "lrn"
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=ProgrammeCommand) == one


def test_file_of_a_questionnaire_is_read_as_it_is() -> None:
    text = (
        "case_id,activity,ts,precision,source,office\r\n26XB1,GATE_OUT,2026-06-01T20:00:00+02:00,minute,form:air,\r\n"
    )
    assert list(rows_of(text.encode(), "air.csv", "")) == [gate(precision="minute", source="form:air")]
    with pytest.raises(CommandFault) as caught:
        list(rows_of(b"a,b\n1,2\n", "x.csv", ""))
    assert caught.value.expected == "columns case, activity, occurred_at"
