# SPDX-License-Identifier: Apache-2.0
"""Lanes of an installation: plan read, draws kept through cancelling, committed, opened and worked again, counters."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from click.testing import CliRunner

from openecp.bootstrap import Installation
from openecp.bootstrap_lanes import lane_ticks, lanes_of
from openecp.border.lodgement.commands import Lodge
from openecp.border.risk.lanes.counters import PRIOR, FrozenCounters, LaneCount, LaneCounters, OfficeCount, chances
from openecp.border.risk.lanes.draw import DailyDraw, commitment, consignment_bytes, draw_of
from openecp.border.risk.lanes.online import LaneChooser, lane_chooser
from openecp.border.risk.lanes.plan import E6, lane_plan
from openecp.border.risk.lanes.select import CriterionHit, LaneFacts, select
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, NewEvent
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import ProfileError, load_profile
from openecp.platform.cli.main import openecp
from openecp.platform.cli.risk_lanes import _declaration
from openecp.platform.core.lane_desk import LaneDesk, LaneRefused, _told, frozen_of, is_selection
from openecp.platform.core.lane_view import lane_view, share_interval
from openecp.platform.core.settings import Settings
from openecp.platform.wire import read

DEMO = Path(__file__).parents[2] / "demo" / "declarations"
HEADER = (
    "office,lane,expected_rate,random_rate,hits_max,trusted_factor,trusted_floor,valid_from,valid_to,"
    "moves_after_hours,moves_to,moves_mandatory"
)
AUDITOR = Principal(principal_id="a", kind="person", organisation="customs", name="A", roles=("auditor",))
TRADER = Principal(principal_id="t", kind="person", organisation="trader", name="T", roles=("trader",))


class Ledgerless(MemoryStore):
    """A store in memory whose ledger is empty when the day begins."""

    def balances(self) -> dict[tuple[str, str], int]:
        return {}

    def pseudonym(self, purpose: str, key: str) -> str:
        return hashlib.sha256(f"{purpose} {key}".encode()).hexdigest()


def profile_with(folder: Path, *rows: str, trusted: str = "[]") -> Path:
    """Copy the demo profile, with a plan of selection."""
    shutil.copytree(load_profile("demo").folder, folder, dirs_exist_ok=True)
    (folder / "selection_plan.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    toml = (folder / "profile.toml").read_text(encoding="utf-8")
    (folder / "profile.toml").write_text(toml.replace("[selection]", f"[selection]\ntrusted = {trusted}", 1), "utf-8")
    return folder


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation whose plan draws a third of all into yellow."""
    folder = profile_with(
        tmp_path_factory.mktemp("profile") / "p", ",red,0.02,0.01,1,0.5,,2024-01-01,", ",yellow,0.4,0.33,,,,,",
    )  # fmt: skip
    return Installation(Settings(profile=str(folder), data=str(tmp_path_factory.mktemp("data")))).with_settings()


class World(NamedTuple):
    """A store in memory, a core that decides into it, what chooses its lanes, and their desk."""

    store: Ledgerless
    core: Any
    chooser: LaneChooser
    desk: LaneDesk


def world_of(here: Installation) -> World:
    store = Ledgerless()
    core, chooser = here.in_process_core(store), lanes_of(here, here.selection_secret())
    assert chooser is not None
    return World(store, core, chooser, LaneDesk(store, chooser))


@pytest.fixture(scope="module")
def world(here: Installation) -> World:
    return world_of(here)


def selections(store: Ledgerless) -> list[dict[str, Any]]:
    """Return what is recorded of the selections, in journal order."""
    return [event.body["officer"]["selection"] for event in store.events(limit=10_000)
            if event.kind == "DeclarationAssessed"]  # fmt: skip


def lodge(raw: bytes) -> Lodge:
    found = read(raw, media="xml")
    return Lodge(principal=TRADER, declaration=found.declaration, raw=raw, media_type="application/xml",
                 body_hash=hashlib.sha256(raw).digest())  # fmt: skip


@pytest.mark.parametrize(("row", "told"), [
    (",purple,0,0,,,,,", "expected the lane blue, yellow or red, got 'purple'"),
    (",red,0.01,0.02,,,,,", "expected_rate of at least the random_rate"),
    (",red,0,1.5,,,,,", "expected random_rate as a share from 0 to 1"),
    (",red,0,0.0000001,,,,,", "at most six decimals"),
    (",red,0,0.01,,0.5,0,,", "trusted_floor above 0"),
    (",red,0,0.01,many,,,,", "hits_max as a number or empty"),
    (",red,0,0.01,,,,2026-13-01,", "expected valid_from as 2026-01-31"),
    (",red,0,0.01,,,,2026-02-01,2026-01-01", "expected valid_to from 2026-02-01 on"),
    (",red,0,0.6,,,,,\n,yellow,0,0.6,,,,,", "random rates that come to 1 at most, got 1.2"),
    (",red,0,0.1,,,,,\n,red,0,0.2,,,,,", "got another in line 2 for all offices, red"),
    (",red,0,0.1,,,,,,0,yellow,", "expected moves_after_hours from a second"),
    (",red,0,0.1,,,,,,,yellow,", "expected moves_after_hours from a second"),
    (",red,0,0.1,,,,,,9999,yellow,", "to 8784 hours"),
    (",red,0,0.1,,,,,,24,red,", "expected moves_to another lane"),
    (",blue,0,0.1,,,,,,24,green,", "out of yellow or red"),
    (",red,0,0.1,,,,,,24,blue,perhaps", "moves_mandatory yes, no or empty"),
    (",red,0,0.1,,,,,,24,yellow,\n,yellow,0,0.1,,,,,,24,red,", "expected moves that end"),
])  # fmt: skip
def test_a_plan_that_cannot_be_used_is_refused(tmp_path: Path, row: str, told: str) -> None:
    profile = load_profile("demo")
    folder = tmp_path / "p"
    folder.mkdir()
    shutil.copy(profile.folder / "profile.toml", folder)
    (folder / "selection_plan.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"selection_plan\.csv") as refused:
        lane_plan(load_profile(str(folder)))
    assert told in str(refused.value)


def test_the_plan_says_how_long_a_declaration_waits_and_how_the_top_up_chooses(tmp_path: Path) -> None:
    folder = profile_with(tmp_path / "p", ",red,0.1,0.1,,,,,,48,yellow,no", "XB000101,yellow,0,0.1,,,,,,0.5,blue,yes")
    plan = lane_plan(load_profile(str(folder)))
    assert plan.of("XB000101", date(2026, 1, 1)).moves() == {
        "red": {"after_s": 172_800, "to": "yellow"}, "yellow": {"after_s": 1_800, "to": "blue", "mandatory": True},
    }  # fmt: skip
    assert set(plan.of("", date(2026, 1, 1)).moves()) == {"red"}
    assert plan.topup == "draw"
    toml = (folder / "profile.toml").read_text("utf-8")
    for said, told in (("stake", None), ("dice", "expected selection.topup as draw or stake, got 'dice'")):
        (folder / "profile.toml").write_text(toml.replace("[selection]", f'[selection]\ntopup = "{said}"', 1), "utf-8")
        if told is None:
            assert lane_plan(load_profile(str(folder))).topup == "stake"
            continue
        with pytest.raises(ProfileError, match=told):
            lane_plan(load_profile(str(folder)))


def test_rows_are_dated_and_an_offices_own_row_comes_first(tmp_path: Path) -> None:
    plan = lane_plan(load_profile(str(profile_with(
        tmp_path / "p", ",red,0,0.1,,0.05,,2026-01-01,2026-01-31", ",red,0,0.2,,,,2026-02-01,",
        "XB000101,red,0,0.3,,,,,",
    ))))  # fmt: skip
    assert [plan.of("X", date(2026, month, 1)).rule(3).random_e6 for month in (1, 2)] == [100_000, 200_000]
    assert plan.of("X", date(2025, 1, 1)).rule(3).random_e6 == 0
    assert plan.of("XB000101", date(2026, 1, 1)).rule(3).random_e6 == 300_000
    assert plan.of("X", date(2026, 1, 1)).rule(3).random_for(trusted=True) == 5_000
    assert (plan.key("XB000102"), plan.key("nowhere"), plan.key(None)) == ("XB000102", "", "")
    assert not lane_plan(load_profile("demo"))


def test_a_trusted_operator_is_drawn_less_but_never_never(tmp_path: Path) -> None:
    plan = lane_plan(load_profile(str(profile_with(tmp_path / "p", ",red,0,0.1,,0,,,")))).of("", date(2026, 1, 1))
    assert plan.rule(3).random_for(trusted=True) == 1_000
    facts = [LaneFacts("", date(2026, 1, 1), draw, trusted=True) for draw in (999_999, 1_000_000)]
    assert [select(one, plan, (0, 0, 0)).lane for one in facts] == [3, 0]


def test_the_order_of_grounds(tmp_path: Path) -> None:
    day = date(2026, 1, 1)
    plan = lane_plan(load_profile(str(profile_with(tmp_path / "p", ",red,0.5,0.1,1,,,,", ",blue,0.5,0.1,,,,,")))).of(
        "", day
    )
    mandatory, never = CriterionHit(1, 2), [CriterionHit(n, 3, 0, n) for n in (2, 3)]

    def found(draw: int, *hits: CriterionHit, override: int | None = None) -> tuple[int, str, tuple[int, ...]]:
        one = select(LaneFacts("", day, draw, hits, override=override), plan, (0, 0, 10**9))
        return one.lane, one.ground, one.refs

    assert found(999_999_999, mandatory) == (2, "mandatory", (1,))
    assert found(999_999_999, mandatory, CriterionHit(4, 3, 999_999)) == (3, "criteria", (4,))
    assert found(999_999_999, mandatory, *never) == (3, "hits", (2, 3))
    assert found(999_999_999, mandatory, never[0]) == (2, "mandatory", (1,))
    assert found(0, mandatory) == (3, "random", ())
    assert found(150_000_000, mandatory) == (2, "mandatory", (1,))  # a blue draw takes nothing out of yellow
    assert found(999_999_999) == (3, "topup", ())
    assert found(0, mandatory, override=0) == (0, "override", ())


def test_the_top_up_follows_what_is_missing(tmp_path: Path) -> None:
    plan = lane_plan(load_profile(str(profile_with(tmp_path / "p", ",red,0.10,0.02,,,,,")))).of("", date(2026, 1, 1))

    def chance(seen: int, taken: int, topped: int) -> float:
        count = OfficeCount(seen, (LaneCount(), LaneCount(), LaneCount(taken, topped, (seen - taken + topped) * E6)))
        return chances(plan, count)[2] / 10**9

    assert chance(0, 0, 0) == pytest.approx(0.08)
    assert chance(PRIOR, 20, 16) == pytest.approx(16 / 196)
    assert chance(10_000, 2_000, 1_000) == 0
    assert chance(10_000, 500, 300) > chance(10_000, 900, 700) > chance(10_000, 1_000, 800) > 0
    counters = LaneCounters(FrozenCounters(9, date(2026, 1, 1), {"A": OfficeCount(11, (LaneCount(5, 3, 7),) * 3)}))
    assert counters.freeze(date(2026, 1, 1)).of("A").seen == 11
    assert counters.freeze(date(2026, 1, 2), seq=12).of("A") == OfficeCount(5, (LaneCount(2, 1, 3),) * 3)


def test_lodging_again_buys_no_new_draw() -> None:
    """Another LRN, other dates, items in another order, a reference written otherwise: the same draw, also tomorrow."""
    declaration = read((DEMO / "101-laptops.xml").read_bytes(), media="xml").declaration
    shipment = declaration.goods_shipment
    assert shipment is not None
    items = shipment.government_agency_goods_item
    previous = tuple(
        msgspec.structs.replace(one, id=f" {(one.id or '').lower()}-") for one in shipment.previous_document
    )
    again = msgspec.structs.replace(
        declaration, functional_reference_id="OTHER", issue_date_time=None,
        goods_shipment=msgspec.structs.replace(
            shipment, government_agency_goods_item=items[::-1], previous_document=previous[::-1]
        ),
    )  # fmt: skip
    assert consignment_bytes(again) == consignment_bytes(declaration)
    draw, first = DailyDraw(b"m", today=lambda: date(2026, 3, 2), keeps_days=14), date(2026, 3, 2)
    found = [draw.drawn(again, first + timedelta(days=n)) for n in range(28)]
    assert len({number for number, _ in found}) in (2, 3)
    assert all(day <= first + timedelta(days=n) < draw.closed_on(day) for n, (_, day) in enumerate(found))
    assert [a[0] != b[0] for a, b in zip(found, found[14:], strict=False)] == [True] * 14
    other = msgspec.structs.replace(declaration, declarant=None)
    assert draw.drawn(other, first)[0] != found[0][0]


def test_an_installation_commits_draws_counts_opens_and_verifies(here: Installation, world: World) -> None:
    store, core, chooser, desk = world
    today = chooser.today()
    assert [row["day"] for row in desk.commitments()] == [
        (today + timedelta(days=n)).isoformat() for n in range(1 - chooser.draw.keeps_days, 4)
    ]
    assert desk.commit() == []
    raw = (DEMO / "101-laptops.xml").read_bytes()
    lrn = read(raw, media="xml").declaration.functional_reference_id
    told: list[dict[str, Any]] = []
    for number in range(4):  # cancelled or not, the journal holds each with the same draw
        command = lodge(raw.replace(f"{lrn}".encode(), f"{lrn}-{number}".encode()))
        answer = core.submit_all([command])[0]
        assert answer.outcome == "accepted", answer
        assert answer.assessment is not None
        assert answer.assessment.selection is None  # the trader learns nothing of it
        events = [event for event in store.events(case_id=answer.case_id or "") if event.kind == "DeclarationAssessed"]
        told.append(events[0].body["officer"]["selection"])
    assert len({(one["draw"], one["draw_day"]) for one in told}) == 1
    assert {one["office"] for one in told} <= {row["office"] for row in here.profile.table("offices")} | {""}

    before = chooser.frozen
    desk.tick()
    assert chooser.frozen.seq > before.seq
    assert sum(count.seen for count in chooser.frozen.offices.values()) == 4
    assert desk.frozen() == chooser.frozen
    size = len(store.log)
    desk.tick()
    assert len(store.log) == size  # nothing new, nothing recorded
    assert sum(row["seen"] for row in desk.days()) == 4

    day = date.fromisoformat(told[0]["draw_day"])
    secret = chooser.draw.secret(day)
    consignment = consignment_bytes(lodge(raw).declaration)
    assert draw_of(secret, consignment) == told[0]["draw"]
    with pytest.raises(LaneRefused, match="a day from"):
        desk.open(day, AUDITOR)
    with pytest.raises(LaneRefused, match="role auditor"):
        desk.open(day, TRADER)


def test_a_past_day_is_opened_and_worked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days later an auditor opens the secret; a recorded draw that was tampered with would be found."""
    store, core, chooser, desk = world
    later = chooser.today() + timedelta(days=2)
    raw = (DEMO / "102-tshirts.xml").read_bytes()
    monkeypatch.setattr(chooser.draw, "day_of", lambda consignment, today: later)
    answer = core.submit_all([lodge(raw)])[0]
    assert answer.outcome == "accepted"
    monkeypatch.setattr(chooser, "today", lambda: later + timedelta(days=30))
    secret = desk.open(later, AUDITOR)
    assert [event.kind for event in store.events(case_id=f"risk/draws/{later}")] == ["DrawCommitted", "DrawOpened"]
    assert all(secret.hex() not in json.dumps(event.body) for event in store.events())
    found = desk.verify(later, secret, _declaration)
    assert (found.same, found.other, found.gone, found.early) == (1, [], 0, 0)
    assert commitment(secret, later) in {row["sha256"] for row in desk.commitments()}
    with pytest.raises(LaneRefused, match="another one"):
        desk.verify(later, b"x" * 32, _declaration)
    with pytest.raises(LaneRefused, match="a commitment of"):
        desk.open(date(2020, 1, 1), AUDITOR)


def test_the_same_journal_gives_the_same_lanes_however_commands_came_together(here: Installation, world: World) -> None:
    """Another core with the same secret and the same frozen counters: one by one, not all at once."""
    raw = [path.read_bytes() for path in sorted(DEMO.glob("1[0-2]*.xml"))]
    one, other = world_of(here), world
    one.chooser.frozen = other.chooser.frozen = other.desk.frozen()  # what the journal holds
    assert one.chooser.frozen.seq > 0
    first = len(selections(other.store))
    together = other.core.submit_all([lodge(b) for b in raw])
    alone = [one.core.submit_all([lodge(b)])[0] for b in raw]
    accepted = [n for n, answer in enumerate(together) if answer.outcome == alone[n].outcome == "accepted"]
    assert len(accepted) > 5
    found = {json.dumps(each, sort_keys=True) for each in selections(one.store)}
    assert {json.dumps(each, sort_keys=True) for each in selections(other.store)[first:]} <= found


def test_what_changes_a_lane_is_counted_and_shown(here: Installation) -> None:
    """An override and a move: the counters count the lane that there is now; the day tells both; stakes are kept."""
    store, _, chooser, desk = world_of(here)
    for number, (kind, before, after) in enumerate((("LaneOverridden", "red", "green"), ("LaneMoved", "yellow", "blue"),
                                                   ("LaneMoved", "yellow", "blue"))):  # fmt: skip
        told = {"from": before, "lane": after, "office": "XB000101"}
        name, at = f"c{number}", f"{chooser.today()}T08:00:00.000000Z"
        row = CaseRow(case_id=name, organisation="t", lrn=name, mrn=None, status="s", channel=None, office=None,
                      movement=None, version=1, state=b"{}", updated_at=at)  # fmt: skip
        event = NewEvent(kind=kind, occurred_at=at, actor="customs", body={"officer": told})
        assert store.write([CaseWrite(row=row, expected_seq=0, events=(event,))])[0].outcome == "recorded"
    frozen = desk.freeze()
    assert [lane.taken for lane in frozen.of("XB000101").lanes] == [2, -2, -1]
    assert chances(chooser.plan.of("XB000101", chooser.today()), frozen.of("XB000101"))[2] > 0
    view = lane_view(store, chooser.plan, chooser.today())
    assert view is not None
    [day] = view.days
    assert (day.moved, day.overridden, day.seen) == ({"yellow to blue": 2}, {"red to green": 1}, 0)
    office = next(one for one in view.offices if one.office == "")
    assert [(lane.lane, lane.expected_e6, lane.hits_max) for lane in office.lanes] == [
        ("red", 20_000, 1), ("yellow", 400_000, None), ("blue", 0, None)
    ]  # fmt: skip
    assert (view.frozen_seq, view.topup) == (frozen.seq, "draw")

    stakes = OfficeCount(9, (LaneCount(), LaneCount(1, 1, 5, {3: 5}), LaneCount(2, 1, 7, {0: 3, 40: 4})))
    kept = FrozenCounters(5, chooser.today(), {"": stakes, "A": OfficeCount(1)})
    assert frozen_of(json.loads(json.dumps(_told(kept)))) == kept
    assert stakes.lanes[2].half().stakes == {0: 1, 40: 2}


def test_a_prelodged_declaration_counts_when_the_goods_are_presented() -> None:
    def event(version: int, **selection: Any) -> Event:
        body = {"version": version, "officer": {"selection": {"ground": "none", **selection}}}
        return Event(seq=1, case_id="c", kind="DeclarationAssessed", occurred_at="", recorded_at="", actor="",
                     body=body, leaf=b"")  # fmt: skip

    assert [is_selection(event(*each[:1], **each[1])) for each in (
        (1, {}), (1, {"indicative": True}), (2, {"presented": True}), (2, {}),
    )] == [True, False, True, False]  # fmt: skip


def test_who_is_trusted(tmp_path: Path) -> None:
    profile = load_profile(str(profile_with(tmp_path / "p", ",red,0.1,0.1,,0.5,,,", trusted='["AEOC"]')))
    chooser = lane_chooser(profile, b"s", today=lambda: date(2026, 1, 1))
    assert chooser is not None
    holders = [row["holder"] for row in profile.table("authorisations") if row["category"] == "AEOC"]
    declaration = lodge((DEMO / "101-laptops.xml").read_bytes()).declaration
    shipment = declaration.goods_shipment
    assert shipment is not None
    assert shipment.importer is not None

    def imported_by(number: str) -> bool:
        importer = msgspec.structs.replace(shipment.importer, id=number)
        given = msgspec.structs.replace(shipment, importer=importer)
        again = msgspec.structs.replace(declaration, goods_shipment=given)
        return chooser.is_trusted(again, date(2026, 1, 1)) if chooser else False

    assert imported_by(holders[0])
    assert not imported_by("XB10000102")
    with pytest.raises(ProfileError, match="a list such as"):
        lane_chooser(load_profile(str(profile_with(tmp_path / "q", ",red,0,0.1,,,,,", trusted='"AEOC"'))), b"",
                     today=lambda: date(2026, 1, 1))  # fmt: skip


def test_without_a_plan_nothing_changes(tmp_path: Path) -> None:
    demo = Installation(Settings(data=str(tmp_path)))
    assert lanes_of(demo, b"") is None
    assert [name for name, _, _ in lane_ticks(demo, MemoryStore())] == ["profiles"]
    assert lane_view(MemoryStore(), lane_plan(demo.profile), date(2026, 1, 1)) is None


def test_an_interval_is_wilsons() -> None:
    low, high = share_interval(10, 1_000)
    assert (round(low, 5), round(high, 5)) == (0.00453, 0.02193)
    assert share_interval(0, 0) == (0.0, 1.0)


def test_the_command_line_says_what_is_missing(tmp_path: Path) -> None:
    told = CliRunner().invoke(openecp, ["risk", "draw", "--help"], obj=Installation(Settings(data=str(tmp_path))))
    assert told.exit_code == 0
    assert all(word in told.output for word in ("list", "open", "verify"))
