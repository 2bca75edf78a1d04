# SPDX-License-Identifier: Apache-2.0
"""Risk models: what is refused to learn from, what comes out, that it is the same each time, and who may use it.

Method: a small table with one true signal; the registry over a store in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from openecp.border.risk.models.calibration import Calibration, calibrate
from openecp.border.risk.models.card import card_html, card_markdown
from openecp.border.risk.models.drift import column_drift, profile_of, score_drift
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.gbm import TreeSettings
from openecp.border.risk.models.metrics import auc, wilson
from openecp.border.risk.models.model import read_model
from openecp.border.risk.models.registry import signature_of, without_scores
from openecp.border.risk.models.table import Roles, training_table
from openecp.border.risk.models.train import Trained, TrainSettings, train
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.model_desk import ModelDesk

TODAY = date(2026, 7, 1)
ROLES = Roles(label="label", day="date", id="id", revenue="recovered", stake="charges", chance="chance")
KEY = b"k" * 32
ANNA, TOM = "person:anna", "person:tom"


class Rows:
    """A source of rows that the tests spoil."""

    def __init__(self, many: int = 3_000, **spoilt: Sequence[str]) -> None:
        rng = np.random.default_rng(5)
        price = rng.normal(0.0, 1.0, many)
        code = rng.choice(["AA", "BB", "CC", "0101"], many)
        irregular = rng.random(many) < np.where((price < -0.8) & (code != "AA"), 0.6, 0.06)
        charges = np.exp(rng.normal(5.0, 1.0, many))
        days = [TODAY - timedelta(days=300) + timedelta(days=int(300 * place / many)) for place in range(many)]
        self.told: dict[str, Sequence[str]] = {
            "id": [f"D{place}" for place in range(many)],
            "date": [day.isoformat() for day in days],
            "price": [f"{value:.4f}" for value in price],
            "goods code": code.tolist(),
            "charges": [f"{value:.2f}" for value in charges],
            "recovered": [
                f"{value * 0.5:.2f}" if is_it else "" for value, is_it in zip(charges, irregular, strict=True)
            ],
            "chance": ["1.0" if value < 0 else "0.1" for value in price],
            "label": [str(int(is_it)) for is_it in irregular],
        } | spoilt

    def columns(self) -> Mapping[str, Sequence[str]]:
        return self.told

    def described(self) -> str:
        return "rows of a test"


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(training_table(Rows(), ROLES, today=TODAY), TrainSettings(trees=TreeSettings(trees=40, leaves=8)))


def spoil(name: str, place: int, value: str) -> Rows:
    rows = Rows()
    rows.told[name] = [value if row == place else one for row, one in enumerate(rows.told[name])]
    return rows


def test_the_model_finds_the_signal_and_says_how_well(trained: Trained) -> None:
    card = trained.card
    assert card.auc.low > 0.6
    assert [line.knob for line in card.knobs] == ["p", "p_stake", "p_log_stake"]
    by_p, by_stake = (line.shares[2] for line in card.knobs[:2])
    assert by_p.precision.value > 2 * card.base_rate.value
    assert by_stake.revenue_share is not None
    assert by_p.revenue_share is not None
    assert by_stake.revenue_share > by_p.revenue_share, "both sides of the trade-off"
    assert [window.use for window in card.windows] == ["training", "calibration", "test"]
    assert card.windows[0].last < card.windows[1].first <= card.windows[1].last < card.windows[2].first
    assert "Known blind spots" in card_markdown(card)
    assert card_html(msgspec.structs.replace(card, source="<script>")).count("<script>") == 0


def test_the_same_rows_and_seed_give_the_same_bytes(trained: Trained) -> None:
    again = train(training_table(Rows(), ROLES, today=TODAY), TrainSettings(trees=TreeSettings(trees=40, leaves=8)))
    assert again.model.content == trained.model.content
    back = read_model(trained.model.content, where="copy")
    rows = back.rows({**Rows().told, "goods code": ["never seen"] * 3_000})
    assert set(rows[:, 1]) == {-1.0}, "an unseen code is -1"
    stake = np.full(3_000, 100.0)
    assert np.array_equal(back.score(rows, stake).p, trained.model.score(rows, stake).p)
    assert all(len(one) <= 3 for one in back.reasons(rows[:5]))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (spoil("label", 7, "2"), "neither 0 nor 1"),
        (Rows(label=["0"] * 3_000), "one class"),
        (spoil("price", 9, "inf"), "without end"),
        (spoil("date", 3, "2027-01-01"), "future"),
        (spoil("date", 3, "2026-13-01"), "cannot be read"),
        (spoil("chance", 3, "0"), "probabilities of inspection"),
        (spoil("recovered", 3, "-5"), "below zero"),
        (Rows(found=Rows().told["label"]), "copy of the label"),
        (Rows(found=[f"{3.5 - 2 * int(v)}" for v in Rows().told["label"]]), "copy of the label"),
        (Rows(result=["irregular" if v == "1" else "conform" for v in Rows().told["label"]]), "copy of the"),
        (Rows(id=["D1"] * 3_000), "two labels"),
        (Rows(many=50), "too few"),
    ],
    ids=lambda part: part if isinstance(part, str) else "rows",
)  # fmt: skip
def test_a_poisoned_training_file_is_refused(rows: Rows, told: str) -> None:
    with pytest.raises(ModelRefused, match=told) as caught:
        training_table(rows, ROLES, today=TODAY)
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.fix
    assert caught.value.code == "OECP-MODEL-TRAINING"


def test_all_faults_are_told_at_once() -> None:
    rows = spoil("label", 7, "x")
    rows.told["date"] = ["never"] * 3_000
    with pytest.raises(ModelRefused, match=r"neither 0 nor 1.*cannot be read"):
        training_table(rows, ROLES, today=TODAY)


@pytest.mark.parametrize(
    "content",
    [b"\x80\x04\x95pickle", b"{}", b"tree\nversion=v4\n", b'{"format": "other"}', b"x" * 100],
    ids=["pickle", "empty", "bare", "other", "noise"],
)
def test_a_foreign_model_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelRefused, match="not a model"):
        read_model(content, where="file")


def test_a_changed_tree_is_refused(trained: Trained) -> None:
    content = trained.model.content
    for old, new in ((b"num_class=1", b"num_class=9"), (b"version=v4", b"version=v9"), (b"tree\\n", b"bush\\n")):
        with pytest.raises(ModelRefused):
            read_model(content.replace(old, new), where="file")


def desk(trained: Trained) -> tuple[ModelDesk, MemoryStore, tuple[bytes, bytes, str]]:
    store = MemoryStore(clock=lambda: "2026-07-01T10:00:00.000000Z")
    card = msgspec.json.encode(trained.card)
    signature = signature_of(KEY, trained.model.sha256, hashlib.sha256(card).hexdigest())
    return ModelDesk(store, KEY, clock=store.clock), store, (trained.model.content, card, signature)


def test_a_second_person_puts_a_model_to_use(trained: Trained) -> None:
    registry, store, (content, card, signature) = desk(trained)
    assert registry.choice().told == "rules alone: no model is champion"
    state = registry.add(content, card, signature, actor=ANNA, where="folder")
    assert registry.add(content, card, signature, actor=TOM, where="folder").author == ANNA, "once"
    with pytest.raises(ModelRefused, match="cannot be done") as caught:
        registry.activate(state.sha256, "champion", actor=ANNA)
    assert "second person" in caught.value.expected
    assert registry.activate(state.sha256[:8], "champion", actor=TOM).status == "champion"
    choice = registry.choice()
    assert choice.model == state.sha256
    assert "rules alone for 3 of 10" in without_scores(choice, 3, 10).told
    assert "rules alone: the champion learnt to" in registry.choice(days_max=0).told
    registry.retire(state.sha256, actor=ANNA, reason="drift")
    assert registry.choice().model == ""
    with pytest.raises(ModelRefused):
        registry.activate(state.sha256, "champion", actor=TOM)
    kinds = [event.kind for event in store.events()]
    assert kinds == ["RiskModelRegistered", "RiskModelActivated", "RiskModelRetired"]


def test_a_foreign_or_changed_model_is_refused_on_record(trained: Trained) -> None:
    registry, store, (content, card, signature) = desk(trained)
    for one, other, signed in (
        (content + b" ", card, signature), (content, card.replace(b"seed", b"sead"), signature),
        (content, card, "0" * 64), (content, card, signature_of(b"another key", trained.model.sha256, "x")),
    ):  # fmt: skip
        with pytest.raises(ModelRefused, match="not signed"):
            registry.add(one, other, signed, actor=ANNA, where="folder")
    assert [event.kind for event in store.events()] == ["RiskModelRefused"] * 4
    assert store.events()[0].body["code"] == "OECP-MODEL-SIGNATURE"
    assert registry.models() == []


def test_a_new_champion_makes_the_old_one_challenger(trained: Trained) -> None:
    registry, _, (content, card, signature) = desk(trained)
    first = registry.add(content, card, signature, actor=ANNA, where="folder")
    registry.activate(first.sha256, "champion", actor=TOM)
    other = train(training_table(Rows(), ROLES, today=TODAY), TrainSettings(trees=TreeSettings(trees=5)))
    told = msgspec.json.encode(other.card)
    signed = signature_of(KEY, other.model.sha256, hashlib.sha256(told).hexdigest())
    second = registry.add(other.model.content, told, signed, actor=ANNA, where="folder")
    registry.activate(second.sha256, "champion", actor=TOM)
    assert {state.sha256: state.status for state in registry.models()} == {
        first.sha256: "challenger", second.sha256: "champion",
    }  # fmt: skip


def test_calibration_makes_scores_honest() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(20_000)
    label = rng.random(20_000) < truth**2
    for found in (calibrate(truth, label), calibrate(truth[:400], label[:400])):
        told = found.apply(truth)
        assert abs(float(told.mean() - label.mean())) < 0.05
        assert np.all(np.diff(found.apply(np.linspace(0, 1, 50))) >= -1e-12), "the order is kept"
    assert calibrate(truth, label).kind == "isotonic"
    assert calibrate(truth[:400], label[:400]).kind == "platt"
    assert isinstance(Calibration(kind="platt").apply(truth), np.ndarray)


def test_calibration_stays_bounded_where_few_rows_count_much() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        label = rng.random(450) < 0.08
        weights = np.where(rng.random(450) < 1 / 3, 20.0, 1.0)
        score = np.clip(rng.beta(0.3, 4.0, 450) + np.where(seed % 2, 0.2, -0.2) * label, 0.001, 0.999)
        found = calibrate(score, label, weights)
        mean = float(np.average(label, weights=weights))
        assert abs(float(np.average(found.apply(score), weights=weights)) - mean) < 0.01
        assert 0.0 <= found.slope < 20.0


def test_drift_alarms_seldom_without_drift_and_surely_with_it() -> None:
    rng = np.random.default_rng(9)
    alarms = by_score = 0
    for _ in range(100):
        before, after = rng.normal(size=400), rng.normal(size=300)
        alarms += column_drift("x", profile_of(before), after, columns=1).alarm
    for _ in range(10):
        by_score += score_drift(rng.normal(size=400), rng.normal(size=300), seed=1).alarm
    assert alarms <= 5, "1 % foreseen"
    assert by_score <= 2
    moved = rng.normal(loc=1.0, size=2_000)
    assert column_drift("x", profile_of(rng.normal(size=2_000)), moved, columns=30).alarm
    assert score_drift(rng.normal(size=2_000), moved, seed=1).alarm
    assert column_drift("c", profile_of(["A", "B"] * 500), ["C"] * 500, columns=1).alarm


def test_figures_are_right() -> None:
    assert auc(np.array([1.0, 1.0, 2.0, 3.0]), np.array([False, True, False, True])) == pytest.approx(0.625)
    share = wilson(8, 10)
    assert (round(share.low, 4), round(share.high, 4)) == (0.4902, 0.9433)
