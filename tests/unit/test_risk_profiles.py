# SPDX-License-Identifier: Apache-2.0
"""Risk profiles: predicates and their criteria agree, life cycle, back-test, figures, and active ones select."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from click.testing import CliRunner

from openecp.bootstrap import Installation
from openecp.bootstrap_risk import AssessorOfActiveProfiles
from openecp.border.pipeline import Assessor
from openecp.border.risk.profiles.acts import (
    ActivateProfile,
    AttachBacktest,
    Backtest,
    ExpireProfile,
    ProposeProfile,
    RetireProfile,
    SuspendProfile,
)
from openecp.border.risk.profiles.checking import check_budget, check_profile, criteria_rows
from openecp.border.risk.profiles.columns import COLUMNS
from openecp.border.risk.profiles.compiled import compile_predicate
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.lifecycle import EVENT_KINDS
from openecp.border.risk.profiles.operation import operation_of
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.profile import RiskProfile, profile_from
from openecp.border.risk.profiles.statistics import ProfileFigures, below_chance, wilson
from openecp.border.risk.profiles.terms import sql_of, told
from openecp.border.risk.profiles.versions import backtest_digest
from openecp.border.risk.reference import CRITERION_COLUMNS, criteria_rules, risk_criteria
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import ProfileError, load_profile
from openecp.platform.cli.main import openecp
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.profilework import ProfileBook, ProfileCasework
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.settings import Settings
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.profile_backtest import HistoryFault, ItemHistory
from openecp.platform.wire import read

ROOT = Path(__file__).resolve().parents[2]
ON = date(2026, 3, 2)
FIELDS: dict[str, Any] = {
    "id": "FOOT-01", "name": "Shoes", "purpose": "Pairs under factory cost", "legal_basis": "Customs Act, 12",
    "valid_from": "2026-01-01", "expires_on": "2026-12-31", "lane": "red", "instructions": "Weigh three pairs.",
    "predicate": "goods_code LIKE '64%' AND origin IN ('QP', 'QT') AND value_minor < 400000",
}  # fmt: skip


def made(**changes: Any) -> RiskProfile:
    return profile_from({**FIELDS, **changes}, where="test")


def officer(name: str, *roles: str, kind: Any = "person") -> Principal:
    given: Any = roles or ("officer",)
    return Principal(principal_id=name, kind=kind, organisation="customs", name=name, roles=given)


class World:
    """A store with a clock, and a core that decides about profiles."""

    def __init__(self) -> None:
        self.now = "2026-03-02T10:00:00.000000Z"
        self.store = MemoryStore(clock=lambda: self.now)
        work = ProgrammeCasework(
            self.store, clock=lambda: self.now, others=(ProfileCasework(self.store, clock=lambda: self.now),)
        )
        nothing = NoClearance()
        desk = Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=work)
        self.core = InProcessCore(desk, Settings())
        self.book = ProfileBook(self.store, clock=lambda: self.now)

    def do(self, act: Any, who: Principal) -> Any:
        return self.core.submit_all([ProgrammeCommand(principal=who, act=act)])[0]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.store.events()]


def trial_of(profile: RiskProfile) -> Backtest:
    return Backtest(profile_digest=profile.digest(), files_sha256="0" * 64, items=100, days=2, hits=5, selected=5,
                    known=3, irregular=1, known_all=40, irregular_all=2)  # fmt: skip


@pytest.mark.parametrize(
    ("predicate", "rows"),
    [
        ("origin = 'QP' AND value_minor < 5000", [{"origin": "QP", "value_max_minor": "4999"}]),
        ("NOT (origin <> 'QP' OR net_kg <= 2.5)", [{"origin": "QP", "mass_min_kg": "2.500001"}]),
        ("left(goods_code, 2) IN ('64', '65')", [{"goods_prefix": "64"}, {"goods_prefix": "65"}]),
        ("importer IN ('A', 'B') OR declarant = 'C'", [{"importer": "A"}, {"importer": "B"}, {"declarant": "C"}]),
        ("description LIKE '%SHOES%' AND procedure = '4000'", [{"description": "shoes", "procedure": "4000"}]),
        ("goods_code LIKE '64%' AND goods_code LIKE '6403%'", [{"goods_prefix": "6403"}]),
        ("origin = 'QP' AND (origin = 'QT' OR mode = '1')", [{"origin": "QP", "mode": "1"}]),
        ("origin = 'QP' AND origin <> export_country",
         [{"origin": "QP", "condition": "(origin <> export_country)"}]),
    ],
)  # fmt: skip
def test_a_predicate_becomes_criteria(predicate: str, rows: list[dict[str, str]]) -> None:
    found = compile_predicate(read_predicate(predicate)).rows
    assert [{name: cell for name, cell in row.items() if cell} for row in found] == rows


def test_what_cannot_hold_or_is_too_much_is_refused() -> None:
    for predicate, expected in (
        ("origin = 'QP' AND origin = 'QT'", "a condition that can hold"),
        ("value_minor < 5 AND value_minor > 9", "a condition that can hold"),
        ("value_minor < length(origin)", "amounts in one comparison"),
    ):
        with pytest.raises(ProfileRefused) as refused:
            compile_predicate(read_predicate(predicate))
        assert expected in refused.value.expected


ATOMS = (
    "origin = 'QP'", "origin IN ('QP', 'QT')", "goods_code LIKE '64%'", "goods_code LIKE '6403%'", "mode <> '1'",
    "value_minor < 500", "value_minor >= 200.5", "net_kg BETWEEN 1 AND 2", "value_minor / net_kg < 300",
    "description LIKE '%Shoe%'", "importer = 'XB1'", "declarant IN ('XD1', 'XD2')", "procedure = '4000'",
    "origin = export_country", "goods_code = '6403000000'", "length(importer) > 2", "net_kg = 1.5",
    "substring(goods_code, 1, 4) = '6404'", "importer NOT IN ('XB1')", "origin > 'QP'",
)  # fmt: skip


def random_predicate(draws: random.Random, depth: int = 0) -> str:
    if depth == 3 or draws.random() < 0.3:
        return draws.choice(ATOMS)
    parts = [random_predicate(draws, depth + 1) for _ in range(draws.randint(2, 3))]
    text = "(" + draws.choice((" AND ", " OR ")).join(parts) + ")"
    return f"NOT {text}" if draws.random() < 0.25 else text


def test_criteria_select_what_the_predicate_says() -> None:
    """Random predicates over random items: the step with the compiled rows gives what the condition gives alone."""
    draws = random.Random(5)
    base = load_profile("demo").with_rows("risk_criteria", ())
    engine = DuckEngine()
    ask = engine.connection
    ask.execute(
        """CREATE TABLE item_values AS SELECT 0 AS declaration_no, i AS row_id, DATE '2026-03-02' AS on_date, import AS
        movement, ['QP', 'QT', '', 'QS'][1 + i % 4] AS origin, ['QP', 'QT', 'DE'][1 + i % 3] AS export_country,
        ['6403000000', '6404110000', '6403', '8517'][1 + (i // 3) % 4] AS goods_code, ['4000', '7100'][1 + i % 2] AS
        procedure, ['XB1', 'XB2', 'X'][1 + (i // 5) % 3] AS importer, ['XD1', 'XD3'][1 + (i // 7) % 2] AS declarant,
        ['1', '4'][1 + (i // 2) % 2] AS mode, ['red shoes', 'hats'][1 + i % 2] AS description,
        [100, 200, 201, 499, 500, NULL][1 + (i // 4) % 6]::BIGINT AS customs_value_minor,
        [0, 1000000, 1500000, 2000001, NULL][1 + (i // 6) % 5]::BIGINT AS net_e6, i * 999983 % 1000000000 AS draw
        FROM range(1500) AS t(i), (SELECT 'import' AS import)"""
    )
    compiled, impossible = 0, list[bool]()
    for _ in range(16):
        node = read_predicate(random_predicate(draws))
        assert read_predicate(told(node)) == node
        wanted = {row[0] for row in ask.execute(
            f"SELECT row_id FROM item_values AS i WHERE {sql_of(node, lambda name: f'i.{name}')}"
        ).fetchall()}  # fmt: skip
        try:
            criteria = compile_predicate(node)
        except ProfileRefused as refused:
            impossible += ["that can hold" in refused.expected and bool(wanted)]
            continue
        compiled += 1
        profile = base.with_rows("risk_criteria", [])
        profile._tables["risk_criteria"] = criteria_rows(made(), 1, criteria, owner="test")
        engine.load("risk_criteria", CRITERION_COLUMNS, risk_criteria(profile))
        rules = criteria_rules(profile)
        step = (ROOT / "src/openecp/border/risk/steps/risk_hits.sql").read_text()
        step = step.replace("text_rule(c.text_rule)", rules.sql("text", "c.text_rule"))
        step = step.replace("amount_rule(c.amount_rule)", rules.sql("amount", "c.amount_rule"))
        assert {row[1] for row in ask.execute(step).fetchall()} == wanted, told(node)
    assert compiled > 8
    assert not any(impossible)


def test_a_cell_of_the_folder_is_read_as_a_predicate_too() -> None:
    row = {"criterion": "X", "channel": "red", "condition": "origin = read_text('/etc/passwd')"}
    with pytest.raises(ProfileError, match="one of the functions"):
        risk_criteria(load_profile("demo").with_rows("risk_criteria", [row]))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"expires_on": "2026-02-01"}, "expires_on"), ({"expires_on": "2029-02-01"}, "expires_on"),
        ({"valid_from": "2027-02-01"}, "expires_on"), ({"percentage": 0}, "percentage"),
        ({"legal_basis": " "}, "legal_basis"),
        ({"id": "x"}, "id"), ({"priority": 0}, "priority"), ({"predicate": "orign = 'x'"}, "predicate"),
    ],
)  # fmt: skip
def test_a_profile_is_checked(change: dict[str, Any], where: str) -> None:
    with pytest.raises(ProfileRefused) as refused:
        check_profile(made(**change), today=ON)
    assert refused.value.where == where
    assert refused.value.fix


def test_an_expiry_is_mandatory() -> None:
    with pytest.raises(ProfileRefused, match="expires_on"):
        profile_from({name: value for name, value in FIELDS.items() if name != "expires_on"}, where="test")


def test_the_budget_is_shared() -> None:
    one = compile_predicate(read_predicate("mode = '1'"))
    used = [(f"P-{n}", one) for n in range(20)]
    with pytest.raises(ProfileRefused, match="without a key"):
        check_budget(used, ("NEW", one))
    assert check_budget(used, ("P-1", one))
    assert check_budget(used, ("NEW", compile_predicate(read_predicate("origin = 'QP'"))))


def test_life() -> None:
    world, profile = World(), made()
    ann, bob = officer("ann"), officer("bob")
    assert world.do(ProposeProfile(profile=profile), ann).status == "waiting"
    without = world.do(ActivateProfile(profile_id="FOOT-01", version=1, backtest=""), bob)
    assert without.error.got == "none"
    digest = backtest_digest(trial_of(profile))
    assert world.do(AttachBacktest(profile_id="FOOT-01", backtest=trial_of(profile)), ann).outcome == "done"
    blind = world.do(ActivateProfile(profile_id="FOOT-01", version=1, backtest="0" * 64), bob)
    assert blind.error.got == "another"
    assert world.book.active() == []
    assert world.do(ActivateProfile(profile_id="FOOT-01", version=1, backtest=digest), bob).status == "active"
    assert [row["version"] for row in world.book.criteria()] == ["1", "1"]
    second = made(percentage="20")
    world.do(ProposeProfile(profile=second), bob)
    assert [version.number for version in world.book.active()] == [1]
    world.do(AttachBacktest(profile_id="FOOT-01", backtest=trial_of(second)), bob)
    done = ActivateProfile(profile_id="FOOT-01", version=2, backtest=backtest_digest(trial_of(second)))
    assert world.do(done, ann).status == "active"
    assert {(row["version"], row["share"]) for row in world.book.criteria()} == {("2", "0.200000")}
    assert world.do(SuspendProfile(profile_id="FOOT-01", reason="finds nothing"), ann).status == "suspended"
    assert world.book.criteria() == []
    assert world.do(done, ann).status == "active"
    world.now = "2027-01-01T00:00:00.000000Z"
    assert world.book.criteria() == []
    assert world.do(ExpireProfile(profile_id="FOOT-01"), officer("clock", kind="system")).status == "expired"
    assert world.do(RetireProfile(profile_id="FOOT-01", reason="season over"), bob).status == "retired"
    assert world.do(ProposeProfile(profile=made(expires_on="2027-12-31")), ann).error is not None
    assert set(world.kinds()) == set(EVENT_KINDS)
    text = msgspec.json.encode([event.body for event in world.store.events()]).decode()
    assert "6403" not in text
    assert "Weigh" not in text


def history(folder: Path) -> Path:
    path = folder / "items.parquet"
    duckdb.sql(
        f"""COPY (SELECT DATE '2026-01-01' + (i % 10)::INTEGER AS on_date, ['6403', '8517'][1 + i % 2] AS goods_code,
        ['QP', 'DE'][1 + (i // 2) % 2] AS origin, i * 1000 AS value_minor, 1.5 AS net_kg, 'O' || (i % 3) AS office,
        (i * 7919) % 1000000000 AS draw, CASE WHEN i % 4 = 0 THEN i % 8 = 0 END AS irregular
        FROM range(1000) AS t(i)) TO '{path}' (FORMAT parquet)"""
    )
    return path


def condition(text: str) -> Callable[[Callable[[str], str]], str]:
    node = read_predicate(text)
    return lambda place: sql_of(node, place)


def test_a_back_test_counts(tmp_path: Path) -> None:
    past = ItemHistory([history(tmp_path)])
    others = [condition("origin = 'QP'"), condition("value_minor < 100000"), condition("importer = 'X'")]
    found = past.test(condition("goods_code LIKE '64%' AND origin = 'QP' AND net_kg = 1.5"), 1_000_000, others)
    assert (found.items, found.days, found.hits, found.selected) == (1000, 10, 250, 250)
    assert (found.known, found.irregular, found.known_all, found.irregular_all) == (250, 125, 250, 125)
    assert found.overlaps == (250, 25, 0)
    assert sum(count for _, count in found.offices) == 250
    assert past.test(condition("origin = 'QP'"), 1, ()).selected < 5
    with pytest.raises(HistoryFault, match="importer"):
        past.test(condition("importer = 'X'"), 1_000_000)
    with pytest.raises(HistoryFault, match="nothing there"):
        ItemHistory([tmp_path / "*.parquet"])


def test_the_command_line_checks_and_tests(tmp_path: Path) -> None:
    here = Installation(Settings())
    file = tmp_path / "p.toml"
    lines = [f'{name} = "{value}"' for name, value in FIELDS.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    done = CliRunner().invoke(openecp, ["risk", "profile", "check", str(file)], obj=here)
    assert "2 criteria rows" in done.output, done.output
    items = str(history(tmp_path))
    done = CliRunner().invoke(openecp, ["risk", "profile", "backtest", str(file), "--items", items], obj=here)
    assert "hits" in done.output, done.output
    assert "office O0" in done.output
    listed = CliRunner().invoke(openecp, ["risk", "profile", "columns"], obj=here).output
    assert all(name in listed for name in COLUMNS)


def test_figures_and_what_finds_less_than_chance() -> None:
    def assessed(*rules: str) -> dict[str, Any]:
        return {"officer": {"reasons": [{"rule": rule} for rule in rules]}}

    events: list[tuple[str, str, dict[str, Any]]] = []
    for n in range(200):
        events.append((f"c{n}", "DeclarationAssessed", assessed("risk.FOOT-01.2" if n % 2 else "risk.random")))
        events.append((f"c{n}", "ControlIrregular" if n % 10 == 0 else "ControlConform", {}))
    operation = operation_of(events)
    assert operation.sample() == (100, 20)
    (figures,) = operation.figures({("FOOT-01", 2): 500_000})
    assert figures == ProfileFigures(
        profile="FOOT-01", version=2, hits=200, selections=100, results=100, irregular=0
    )  # fmt: skip
    assert "less than chance" in below_chance(figures, sample_results=100, sample_irregular=20)
    good = msgspec.structs.replace(figures, irregular=15)
    assert below_chance(good, sample_results=100, sample_irregular=20) == ""
    assert below_chance(msgspec.structs.replace(figures, results=29), sample_results=100, sample_irregular=20) == ""
    assert wilson(5, 50).low == pytest.approx(0.0434, abs=1e-4)


@pytest.mark.slow
def test_active_profiles_select_and_are_taken_up() -> None:
    shoes = made(predicate="net_kg >= 0 AND description <> 'x' AND value_minor * 2 > 0", purpose="Look")
    rows = criteria_rows(shoes, 7, check_profile(shoes, today=ON), owner="ann")
    current: list[dict[str, str]] = []
    base, now = load_profile("demo"), [0.0]
    live = AssessorOfActiveProfiles(
        lambda: list(current), lambda more: Assessor(base.with_rows("risk_criteria", more), DuckEngine()),
        fresh_s=1, clock=lambda: now[0],
    )  # fmt: skip
    declaration = read((ROOT / "demo" / "declarations" / "102-tshirts.xml").read_bytes()).declaration

    def rules() -> list[str]:
        (answer,) = live.assess([declaration], ON)
        return [reason.rule for reason in answer.reasons if reason.code == "FOOT-01" and reason.audience == "officer"]

    assert rules() == []
    current += rows
    now[0] = 2.0
    rules()
    assert live._making is not None
    live._making.join()
    assert rules() == ["risk.FOOT-01.7"]
