# SPDX-License-Identifier: Apache-2.0
"""Postal items in the journal: data ahead, dispatches matched with what arrives, officers' findings, decisions."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from tests.parcel_world import parcel_batch
from tests.unit.postal_world import OFFICER, OTHER, POST, SHIRTS, SHOES, FlatTax, PostalWorld, item, s10

from openecp.border.postal.acts import (
    AdviseDispatch,
    AdviseItems,
    DecideItem,
    PieceRevision,
    RecordArrival,
    RecordItemStep,
    ReviseItem,
)
from openecp.border.postal.dispatch import ArrivedReceptacle, Dispatch, Receptacle, match
from openecp.border.postal.response import DECISIONS, PostalResponse, ResponseReason
from openecp.border.postal.s10 import item_key
from openecp.border.postal.scorecard import Scorecard, ScoreFilter, ScoreRow
from openecp.border.postal.state import PostalFact, dispatch_state, fold_dispatch, fold_item, item_state, item_stream
from openecp.kernel.ledger.accounts import balances

KEY = item_key(s10(1), "2026-07-01")


def sent(world: PostalWorld, **changes: Any) -> str:
    """Advise one item; return its stream."""
    one = item(**changes)
    assert world.do(AdviseItems(items=(one,))).error is None
    return item_stream(item_key(one.s10, one.posted_on))


def response(world: PostalWorld, number: int = -1) -> PostalResponse:
    """Return an answer in the post's feed."""
    return msgspec.json.decode(world.store.feed("x-post")[number].message.body, type=PostalResponse)


def card(world: PostalWorld, **wanted: Any) -> list[ScoreRow]:
    """Return the scorecard of the whole journal."""
    events = ((event.body, event.occurred_at) for event in world.store.events(limit=100_000))
    return Scorecard(ScoreFilter(**wanted)).take_all(events).rows()


def test_data_come_corrected_or_again() -> None:
    """The same again is nothing; other data replace the first; no name or address is in the log."""
    world = PostalWorld()
    stream = sent(world)
    assert world.do(AdviseItems(items=(item(),))).outcome == "repeated"
    changed = item(pieces=(msgspec.structs.replace(SHIRTS, hs=None),), gross_weight_kg="1")
    assert world.do(AdviseItems(items=(changed,))).outcome == "done"
    assert world.kinds(stream) == ["PostalItemPosted", "PostalItemCorrected"]
    body = world.body(stream, "PostalItemCorrected")
    assert body["missing"] == ["pieces[0].hs: hs6"]
    assert body["told_before"]["compliant"]
    assert not body["told"]["compliant"]
    log = b"".join(data for _, data in world.store.log)
    assert not any(word in log for word in (b"Ada", b"Lee Ford", b"Quay", b"5550100"))
    documents = world.store.documents_of(stream)
    assert documents[1].person_keys == (f"post:{KEY}", "+61 5550100")


def test_items_that_cannot_be_taken() -> None:
    """Every one is told of at once, and nothing is recorded."""
    world = PostalWorld()
    answer = world.do(AdviseItems(items=(item(), item(2, s10="RB123456786US"), item(3, posted_on="soon"), item())))
    assert answer.outcome == "refused"
    assert answer.http_status == 422
    assert [word in answer.error.message for word in ("check digit", "posting date", "there twice")] == [True] * 3
    assert world.store.size() == 0


def test_the_same_identifier_in_another_year_is_another_item() -> None:
    """Within twelve months it is one too, with a warning that names the earlier date."""
    world = PostalWorld()
    first, second, third = (sent(world, posted_on=day) for day in ("2025-06-30", "2026-07-01", "2026-12-01"))
    assert len({first, second, third}) == 3
    assert "reused" not in world.body(second, "PostalItemPosted")
    assert world.body(third, "PostalItemPosted")["reused"] == "posted on 2026-07-01 and on 2026-12-01"


DISPATCH = Dispatch(
    dispatch_id="DEFRAAAUSYDAAUN60001",
    origin_post="DEFRAA",
    destination_post="AUSYDA",
    receptacles=tuple(
        Receptacle(receptacle_id=name, items=tuple(item_key(s10(n), "2026-07-01") for n in numbers))
        for name, numbers in (("BAG1", (1, 2)), ("BAG2", (3, 4)), ("BAG3", (5,)))
    ),
)
STREAM = f"post/dispatch/{DISPATCH.dispatch_id}"


def test_pre_advice_and_arrival_are_matched() -> None:
    """Arrived, missing, without pre-advice, in another receptacle: for receptacles and for items."""
    world = PostalWorld()
    act = AdviseDispatch(dispatch=DISPATCH, items=tuple(item(n) for n in range(1, 5)))  # of item 5 no data came
    assert world.do(act).outcome == "done"
    assert world.do(act).outcome == "repeated"
    arrival = RecordArrival(
        dispatch_id=DISPATCH.dispatch_id,
        receptacles=(
            ArrivedReceptacle(receptacle_id="BAG1"),
            ArrivedReceptacle(receptacle_id="BAG2", opened=True, items=(s10(3), s10(5), s10(9))),
            ArrivedReceptacle(receptacle_id="BAG7", opened=True, items=()),
        ),
        office="AUSYDA",
        complete=True,
    )
    answer = world.do(arrival)
    assert (answer.outcome, answer.status) == ("done", "matched")
    result = match(dispatch_state(world.store.rows[STREAM].state))
    assert result.receptacles == {"arrived": 2, "missing": 1, "without_preadvice": 1}
    assert result.items == {"arrived": 3, "missing": 1, "without_preadvice": 1, "other_receptacle": 1}
    told = {
        each.item.partition("/")[0]: (each.outcome, each.preadvised_in, each.arrived_in) for each in result.differences
    }
    assert told == {
        s10(4): ("missing", "BAG2", None),
        s10(5): ("other_receptacle", "BAG3", "BAG2"),
        s10(9): ("without_preadvice", None, "BAG2"),
    }
    assert world.body(STREAM, "DispatchMatched")["items"] == result.items
    one, five = item_stream(KEY), item_stream(item_key(s10(5), "2026-07-01"))
    assert world.kinds(one) == ["PostalItemPosted", "PostalItemPreadvised", "PostalItemArrived"]
    assert world.body(five, "PostalItemArrived")["match"] == "other_receptacle"
    unknown = item_stream(item_key(s10(9), "2026-07-10"))  # posting date not known: the day of arrival
    assert world.kinds(unknown) == ["PostalItemArrived"]
    assert world.do(arrival).outcome == "repeated"
    late = item(9, posted_on="2026-07-02")
    assert world.do(AdviseItems(items=(late,))).outcome == "done"
    assert world.kinds(unknown) == ["PostalItemArrived", "PostalItemCorrected"]
    assert world.do(act).outcome == "refused" or world.do(act).outcome == "repeated"


def test_a_dispatch_that_nobody_announced() -> None:
    """It is opened by its arrival; faults of what was read are told together."""
    world = PostalWorld()
    bad = RecordArrival(
        dispatch_id="d 1", receptacles=(ArrivedReceptacle(receptacle_id="BAG?", items=("RB1", f"{s10(1)}/never")),)
    )
    answer = world.do(bad)
    assert answer.outcome == "refused"
    assert [word in answer.error.message for word in ("13 characters", "no identifier", "posting date")] == [True] * 3
    good = RecordArrival(dispatch_id="D1", receptacles=(ArrivedReceptacle(receptacle_id="B1", items=(s10(1),)),))
    assert world.do(good).outcome == "done"
    assert world.kinds("post/dispatch/D1") == ["ReceptaclesArrived"]
    doubled = Dispatch(dispatch_id="D2", origin_post="DE", destination_post="AU",
                       receptacles=(Receptacle(receptacle_id="B1", items=(KEY,)),
                                    Receptacle(receptacle_id="B1", items=(KEY, "x"))))  # fmt: skip
    told = world.do(AdviseDispatch(dispatch=doubled)).error
    assert told is not None
    assert [word in told.message for word in ("there twice", "in two places", "13 characters")] == [True] * 3


def test_the_way_of_an_item() -> None:
    """From posting to delivery; a step that is not possible is refused and says what is."""
    world = PostalWorld(assessor=FlatTax())
    stream = sent(world)
    assert world.do(RecordItemStep(items=(KEY,), step="delivered")).http_status == 409
    for step in ("presented", "presented"):
        assert world.do(RecordItemStep(items=(KEY,), step=step, office="AUSYDA")).error is None
    assert world.do(DecideItem(item=KEY), OFFICER).status == "released"
    for step, status in (("handed_back", "handed_back"), ("delivered", "delivered")):
        assert world.do(RecordItemStep(items=(KEY,), step=step)).status == status
    assert world.kinds(stream) == [
        "PostalItemPosted", "PostalItemPresented", "PostalItemDecided", "PostalItemHandedBack", "PostalItemDelivered",
    ]  # fmt: skip
    assert world.do(RecordItemStep(items=("RB1/2026-01-01", "x" * 300), step="presented")).http_status == 404


def test_declared_and_found_stand_side_by_side() -> None:
    """Both in one event, with what either costs, the reason and the officer; the decision charges what was found."""
    world = PostalWorld(assessor=FlatTax())
    stream = sent(world)
    found = (
        PieceRevision(piece=2, value="300.00", hs="640391", description="boots"),
        PieceRevision(piece=3, value="5"),
    )
    answer = world.do(ReviseItem(item=KEY, pieces=found, reason="Opened: invoice inside."), OFFICER)
    assert answer.outcome == "done"
    body = world.body(stream, "PostalItemRevised")
    assert body["pieces"][0]["declared"]["value"] == "30.00"
    assert body["pieces"][0]["revised"] == {"description": "boots", "hs": "640391", "value": "300.00"}
    assert (body["assessed"]["declared"]["tax"], body["assessed"]["revised"]["tax"]) == (480, 3230)
    assert (body["officer"], body["reason"]) == ("person:mara", "Opened: invoice inside.")
    assert world.do(ReviseItem(item=KEY, pieces=found, reason="Once more."), OFFICER).outcome == "repeated"
    assert world.do(DecideItem(item=KEY), OFFICER).status == "released"
    told = response(world)
    assert (told.decision, told.post_code, told.revised, told.tax, told.total) == (
        "release_with_charges", "R2", True, "32.30", "32.30",
    )  # fmt: skip
    bad = world.do(
        ReviseItem(item=KEY, reason="", pieces=(PieceRevision(piece=9, hs="1"), PieceRevision(piece=9))), OFFICER
    )
    assert bad.error is not None
    assert bad.error.json_pointer == "reason"
    assert all(word in bad.error.message for word in ("pieces[0].hs", "pieces[0].piece", "pieces[1]"))


def test_decided_anew_the_ledger_is_set_right() -> None:
    """Entries of the first decision are reversed, never edited; the sums are those of the last decision."""
    world = PostalWorld(assessor=FlatTax())
    stream = sent(world)
    world.do(DecideItem(item=KEY), OFFICER)
    world.do(DecideItem(item=KEY), OFFICER)
    assert len(world.store.entries) == 1
    world.do(
        ReviseItem(item=KEY, pieces=(PieceRevision(piece=1, value="28.00"),), reason="Weighed and priced."), OFFICER
    )
    world.do(DecideItem(item=KEY), OFFICER)
    account = balances(world.store.entries.values())
    assert account == {"collector:post:x-post:EUR": 580, "revenue:tax:XX:EUR": -580}
    world.do(DecideItem(item=KEY, decision="return"), OFFICER)
    assert set(balances(world.store.entries.values()).values()) == {0}
    assert world.body(stream, "PostalItemDecided")["reversed"]


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_has_its_word_for_the_post(decision: Any) -> None:
    """In the post's own code; one that its table lacks is named, never guessed."""
    world = PostalWorld(assessor=FlatTax())
    sent(world)
    reasons = (ResponseReason(code="X1", text="Say what is inside."),)
    act = DecideItem(item=KEY, decision=decision, reasons=reasons, note="Seen on the list of last week.")
    assert world.do(act, OFFICER).error is None
    told = response(world)
    charged = decision in ("release", "release_with_charges")
    assert told.decision == ("release_with_charges" if charged else decision)
    assert told.post_code == ("R2" if charged else None)
    assert ("OECP-POSTAL-NO-CODE" in [reason.code for reason in told.reasons]) != charged
    assert b"last week" not in world.store.feed("x-post")[-1].message.body


def test_what_cannot_be_charged_is_held() -> None:
    """An item without a value, one of which no data came, one whose total contradicts its lines."""
    world = PostalWorld(assessor=FlatTax())
    sent(world, pieces=(msgspec.structs.replace(SHOES, value=None),))
    assert world.do(DecideItem(item=KEY), OFFICER).status == "held"
    assert [reason.code for reason in response(world).reasons][:1] == ["OECP-TEST-VALUE"]
    sent(world, number=2, total_value="1.00")
    assert world.do(DecideItem(item=item_key(s10(2), "2026-07-01")), OFFICER).status == "held"
    assert "OECP-POSTAL-SUM" in [reason.code for reason in response(world).reasons]
    alone = PostalWorld()
    sent(alone)
    assert alone.do(DecideItem(item=KEY), OFFICER).error.code == "OECP-POSTAL-ASSESSOR"
    assert alone.do(DecideItem(item=KEY, decision="release"), OFFICER).status == "released"


def test_who_may_do_what() -> None:
    """A post works on its own items, an officer decides; another post's items are not there."""
    world = PostalWorld(assessor=FlatTax())
    sent(world)
    assert world.do(DecideItem(item=KEY), POST).http_status == 403
    assert world.do(RecordItemStep(items=(KEY,), step="presented"), OTHER).http_status == 404
    assert world.do(AdviseItems(items=(item(category="gift"),)), OTHER).http_status == 404
    nobody = msgspec.structs.replace(POST, roles=("delegate",))
    assert world.do(AdviseItems(items=(item(2),)), nobody).http_status == 403
    key = "once"
    first = world.do(AdviseItems(items=(item(3),)), key=key)
    assert world.do(AdviseItems(items=(item(3),)), key=key).outcome in (first.outcome, "repeated")


def test_scorecards_count_each_item_once_as_it_was_last_declared() -> None:
    """Corrections replace, items without data count against the post, the trend looks seven days back."""
    world = PostalWorld()
    for number in range(1, 5):
        sent(world, number=number)
    sent(world, number=5, pieces=(msgspec.structs.replace(SHIRTS, hs=None, description="gift"),))
    sent(world, number=5, pieces=(SHIRTS,))  # corrected
    sent(world, number=6, posted_on="2026-07-03", pieces=(msgspec.structs.replace(SHOES, hs=None, description="gift"),))
    world.do(RecordArrival(dispatch_id="D1", receptacles=(ArrivedReceptacle(receptacle_id="B1", items=(s10(8),)),)))
    rows = {(row.origin_post, row.day): row for row in card(world)}
    first, third, unknown = rows["DEFRAA", "2026-07-01"], rows["DEFRAA", "2026-07-03"], rows["DE", "2026-07-10"]
    assert (first.items, first.hs6, first.vague, first.compliant, first.trend) == (5, 5, 0, 5, None)
    assert (third.items, third.hs6, third.vague, third.compliant, third.trend) == (1, 0, 1, 0, -1000)
    assert (unknown.items, unknown.without_data, unknown.shares["compliant"]) == (1, 1, 0)
    assert [row.day for row in card(world, since=date(2026, 7, 3), origin_post="DEF")] == ["2026-07-03"]
    assert card(world, since=date(2026, 7, 3))[-1].trend == -1000
    assert {row.day for row in card(world, by="received")} == {"2026-07-10"}


def test_state_is_a_replay() -> None:
    """Folding the events of a stream gives the stored state."""
    world = PostalWorld(assessor=FlatTax())
    world.do(AdviseDispatch(dispatch=DISPATCH, items=(item(1),)))
    world.do(RecordArrival(dispatch_id=DISPATCH.dispatch_id, receptacles=(ArrivedReceptacle(receptacle_id="BAG1"),)))
    world.do(ReviseItem(item=KEY, pieces=(PieceRevision(piece=1, value="1"),), reason="Counted."), OFFICER)
    world.do(DecideItem(item=KEY), OFFICER)
    for name, row in world.store.rows.items():
        facts = [
            PostalFact(kind=event.kind, occurred_at=event.occurred_at, body=event.body)
            for event in world.store.events(case_id=name)
        ]
        if "/item/" in name:
            assert fold_item(facts) == item_state(row.state)
        else:
            assert fold_dispatch(facts) == dispatch_state(row.state)


def test_what_was_decided_as_a_parcel_is_not_decided_again() -> None:
    """The refusal names the parcel; nothing else of the item is shut."""
    world = PostalWorld()
    sent(world)
    assert world.store.write_parcels(parcel_batch([(s10(1), "2026-07-01")])).outcome == "recorded"
    answer = world.do(DecideItem(item=KEY), OFFICER)
    assert (answer.outcome, answer.http_status) == ("refused", 409)
    assert answer.error.code == "OECP-POSTAL-DECIDED-AS-PARCEL"
    assert f"/parcels/2026-07-01/{s10(1)}/acts" in answer.error.fix
    assert world.do(RecordItemStep(step="presented", items=(KEY,)), POST).error is None
