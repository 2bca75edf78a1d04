# SPDX-License-Identifier: Apache-2.0
"""What the running system knows of an item before criteria are asked: history, lists, scores, and when they are new."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.risk_sight_world import ANNA, TOM, SightOffice, shipped, taught

from openecp.border.risk.features.online import FeatureState, item_keys
from openecp.border.risk.models.live import LIVE_COLUMNS, contribution_words, told_words
from openecp.kernel.assessment.sight import SightRow
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.platform.core.risk_history import risk_history


def test_the_second_declaration_sees_the_first() -> None:
    here = SightOffice()
    (first,) = here.lodge(shipped("L-1"))
    assert (first[0].importer_declarations, first[0].entity_consignments_1d, first[0].novelty) == (0, 0, 4)
    (second,) = here.lodge(shipped("L-2"))
    assert (second[0].importer_declarations, second[0].entity_consignments_1d, second[0].novelty) == (1, 1, 0)
    assert second[0].entity_value_7d_minor == 280_000, "what was before, and this one"
    assert second[0].address_names == 0, "the same importer"
    (third,) = here.look(shipped("L-3", importer="Quay Traders"))
    assert (third[0].importer_declarations, third[0].address_names) == (0, 1)


def test_within_a_micro_batch_the_second_sees_the_first_and_counts_it_once() -> None:
    here = SightOffice()
    rows = here.lodge(*(shipped(f"L-{n}") for n in range(4)))
    assert [row[0].importer_declarations for row in rows] == [0, 1, 2, 3]
    for n in range(3):  # before and after the journal is read
        (row,) = here.lodge(shipped(f"M-{n}"))
        assert row[0].importer_declarations == 4 + n
    assert here.journal.taken == 6


def test_what_is_rejected_never_counts_and_what_is_lost_falls_out() -> None:
    here = SightOffice()
    here.lodge(shipped("L-1"), shipped("L-2"), reject=[0])
    (row,) = here.look(shipped("L-3"))
    assert row[0].importer_declarations == 1
    here.sight.told(0, selected=False)  # decided, and then not recorded
    here.sight.settle(before=float("inf"))
    (row,) = here.look(shipped("L-4"))
    assert row[0].importer_declarations == 1


def test_online_equals_the_journal(tmp_path: Path) -> None:
    """After a kill the same is known: from the journal alone, from a snapshot, and as the statements read it."""
    here = SightOffice()
    for n in range(5):
        here.lodge(shipped(f"L-{n}", importer=f"Importer {n % 2}"), shipped(f"K-{n}", seller=f"Seller {n}"))
        here.office.pass_days(9)
    here.office.act("documents_checked", "conform")
    probe = shipped("PROBE", importer="Importer 1")
    wanted = here.look(probe)
    here.start()
    assert here.look(probe) == wanted
    snapshot = tmp_path / "risk" / "history.snapshot"
    here.start(snapshot)
    assert here.journal.save()
    here.lodge(shipped("L-9", importer="Importer 1"))
    wanted = here.look(probe)
    here.start(snapshot)
    assert here.journal.taken == 1, "the rest was in the snapshot"
    assert here.look(probe) == wanted
    state = FeatureState()
    history = risk_history(here.store, {}, movement="import", currency="XBM", exponent=2)
    for case in history.cases:
        state.take(history.items[case.case_id])
    mine = here.sight.state("import")
    for rows in history.items.values():
        timed = [row | {"at_us": int(here.moment().timestamp() * 1e6)} for row in rows]
        for one, other in zip(mine.features(timed), state.features(timed), strict=True):
            rates = {name for name in one if name.endswith(("_rate", "_controls"))}
            assert {k: v for k, v in one.items() if k not in rates} == {
                k: v for k, v in other.items() if k not in rates
            }
    damaged = bytearray(snapshot.read_bytes())
    damaged[60] ^= 1
    snapshot.write_bytes(damaged)
    here.start(snapshot)
    assert here.journal.taken == 11, "a snapshot that was changed is not used"
    assert here.look(probe) == wanted


def test_control_results_count_from_their_recording() -> None:
    here = SightOffice()
    here.lodge(shipped("L-1"), channel="red")
    here.office.act("documents_checked", "conform")
    (row,) = here.look(shipped("L-2"))
    assert (row[0].importer_controls, row[0].importer_irregular_e6) == (1, 18_002), "one conform, pulled to the mean"
    here.office.act("control_result", "irregular", finding=ControlFinding(irregularity="value", items=(2,)))
    (row,) = here.look(shipped("L-3"))
    assert row[0].importer_controls == 2
    assert row[0].importer_irregular_e6 > 100_000


def test_list_hits_are_put_on_record_once_and_cleared_ones_pass() -> None:
    here = SightOffice(lists=True)
    (row,) = here.lodge(shipped("L-1", seller="Ivan PETROV Sergeevich"))
    assert (row[0].list_hits, row[1].list_hits) == (1, 1)
    assert row[0].list_score_e6 > 900_000
    (hit,) = here.watch.hits("open")
    assert here.officers()[-1]["hits"] == [hit.hit_id]
    (row,) = here.lodge(shipped("L-2", seller="Ivan Petrov Sergeevich"), channel="yellow")
    assert (len(here.watch.hits()), row[0].list_hits) == (1, 1)
    assert here.watch.screen([party for _, party in _parties("Ivan PETROV Sergeevich")], actor="test").waiting == 1
    here.watch.propose(hit.hit_id, "cleared", actor=ANNA)
    here.watch.confirm(hit.hit_id, actor=TOM)
    (row,) = here.lodge(shipped("L-3", seller="Ivan PETROV Sergeevich"))
    assert row[0].list_hits == 0
    assert here.officers()[-1] == {"look": here.officers()[-1]["look"], "passed": [hit.hit_id]}
    passed = here.watch.passed(hit.hit_id)
    assert [(one.how, one.lane) for one in passed] == [
        ("cleared", "green"),
        ("counted", "yellow"),
        ("counted", "green"),
    ]
    here.office.pass_days(400)
    (row,) = here.lodge(shipped("L-4", seller="Ivan PETROV Sergeevich"))
    assert row[0].list_hits == 1, "the clearance is over"
    assert here.watch.hits("open")[0].hit_id == hit.hit_id
    here.watch.load("sanctions", _list("c3,Person,Nobody Atall\n"), actor="test")
    (row,) = here.lodge(shipped("L-5", seller="Ivan PETROV Sergeevich"))
    assert row[0].list_hits == 0, "a new version of the list is taken up"


def test_the_champion_scores_and_is_taken_up_without_a_restart() -> None:
    here = SightOffice()
    (row,) = here.lodge(shipped("L-1"))
    assert (row[0].p_e6, here.officers()[-1].keys()) == (0, {"look"})
    first = here.register(taught("importer_before", "entity_7d", "goods"))
    (row,) = here.lodge(shipped("L-2"), channel="red")
    assert row[0].p_e6 > 0
    assert row[0].stake_minor > 0
    told = here.officers()[-1]
    assert told["model"] == first
    assert [(item["item"], item["p_e6"], item["stake_minor"]) for item in told["items"]] == [
        (n + 1, one.p_e6, one.stake_minor) for n, one in enumerate(row)
    ]
    (why,) = [item["why"] for item in told["items"] if "why" in item]
    assert {one["name"] for one in why} <= {"importer_before", "entity_7d", "goods"}
    words = " ".join(told_words(told))
    assert "probability of an irregularity" in words
    assert contribution_words(why[0]) in words
    here.lodge(shipped("L-3"))
    assert "why" not in repr(here.officers()[-1]), "contributions are for what is selected"
    second = here.register(taught("importer_before", seed=2))
    here.lodge(shipped("L-4"))
    told = here.officers()[-1]
    assert (told["model"], told["challenger"]["model"]) == (second, first)
    assert [one["item"] for one in told["challenger"]["items"]] == [1, 2]


def test_rules_alone_where_no_model_can_be_used() -> None:
    here = SightOffice()
    good = here.register(taught("importer_before"))
    here.start()
    here.lodge(shipped("L-1"))
    assert here.officers()[-1]["model"] == good
    strange = here.register(taught("colour of the ship", "importer_before"))
    (row,) = here.lodge(shipped("L-2"))
    told = here.officers()[-1]
    assert (row[0].p_e6, told.get("model")) == (0, None)
    assert "colour of the ship" in told["fallback"]
    assert here.kinds()[-1] == "RiskModelRefused"
    assert here.registry.state(strange).unknown == ("colour of the ship",)
    here.registry.retire(strange, actor=ANNA, reason="cannot be used")
    here.registry.activate(good, "champion", actor=TOM)
    here.lodge(shipped("L-3"))
    assert here.officers()[-1]["model"] == good
    here.office.pass_days(500)
    here.start()
    (row,) = here.lodge(shipped("L-4"))
    assert row[0].p_e6 == 0
    assert "days ago" in here.officers()[-1]["fallback"]


def test_a_model_that_was_changed_in_the_store_scores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = SightOffice()
    here.register(taught("importer_before"))
    keep = here.store.document

    def changed(name: str) -> Any:
        found = keep(name)
        if found is not None and found.kind == "risk_model":
            import msgspec

            return msgspec.structs.replace(
                found, content=found.content.replace(b"importer_before", b"declarant_before")
            )
        return found

    monkeypatch.setattr(here.store, "document", changed)
    here.start()
    (row,) = here.lodge(shipped("L-1"))
    assert row[0].p_e6 == 0
    assert "not signed by this installation" in here.officers()[-1]["fallback"]
    assert "RiskModelRefused" in here.kinds()


def test_drift_of_live_traffic_is_journalled_and_stops_a_champion() -> None:
    here = SightOffice()
    sha256 = here.register(taught("log_mass", "importer_before", chance=True))
    models = here.sight.models
    assert models is not None
    here.lodge(*(shipped(f"L-{n}") for n in range(300)))
    assert not models.measure(), "the day is not over"
    here.office.pass_days(1)
    here.lodge(shipped("D-1"))
    assert models.measure()
    assert here.kinds()[-1] == "RiskModelDriftMeasured"
    note = here.registry.state(sha256).drift
    assert note is not None
    assert note.rows == 602
    assert "importer_before" in note.alarms
    assert note.beyond
    (row,) = here.lodge(shipped("D-2"))
    assert row[0].p_e6 == 0
    assert "drifted" in here.officers()[-1]["fallback"]
    assert not models.measure(), "once a day"


def test_what_cannot_be_looked_at_is_decided_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    here = SightOffice()
    here.register(taught("importer_before"))
    here.lodge(shipped("L-1"))
    models = here.sight.models
    assert models is not None
    assert models.champion is not None
    monkeypatch.setattr(models.champion, "scores", lambda *_: 1 / 0)
    (row,) = here.lodge(shipped("L-2"))
    assert (row[0].p_e6, row[0].importer_declarations) == (0, 1), "without a score, with its history"
    monkeypatch.setattr("openecp.platform.core.risk_sight.rows_of", lambda *_: 1 / 0)
    (row,) = here.lodge(shipped("L-3"))
    assert row == [SightRow(), SightRow()]
    here.look(shipped("X"))
    monkeypatch.undo()
    monkeypatch.setattr("openecp.border.risk.features.online.FeatureState.take", lambda *_: 1 / 0)
    here.lodge(shipped("L-4"))
    here.look(shipped("X"))
    monkeypatch.undo()
    (row,) = here.look(shipped("L-5"))
    assert row[0].importer_declarations == 3, "what could not be taken in is passed over, once"


def test_keys_of_an_item_stand_in_the_order_of_their_kinds() -> None:
    row = dict.fromkeys(("importer", "seller", "declarant", "entity", "address", "identifier", "origin"), "")
    keys = item_keys(row | {"goods": "640399", "departure": "QP", "importer": "i"})
    assert [key for key in keys if key] == ["i", "i|640399", "6403|QP"]
    assert len(LIVE_COLUMNS) == len(set(LIVE_COLUMNS))
    assert date.today()


def _parties(seller: str) -> Any:
    from openecp.border.risk.watchlist.declared import declared_parties

    return declared_parties(shipped("X", seller=seller))


def _list(rows: str) -> Any:
    from openecp.border.risk.watchlist.imports import read_list

    return read_list(("id,schema,name\n" + rows).encode(), "list.csv")
