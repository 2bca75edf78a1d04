# SPDX-License-Identifier: Apache-2.0
"""Surveys: a token opens one survey once, nobody keeps it, and what is told of answers names nobody."""

from __future__ import annotations

import json
import random
from collections import Counter

from tests.record_world import MEMBERS, NOBODY, SENA, RecordWorld

from openecp.programme.compendia.commands import AnswerSurvey, CloseSurvey, InviteToSurvey, NewInvitation, OpenSurvey
from openecp.programme.compendia.surveys import Answered, export_rows, questions_of, tally

AP = tuple(code for code, region, _, _ in MEMBERS if region == "AP")
ALL_CODES = tuple(code for code, _, _, _ in MEMBERS)


def test_a_token_answers_once() -> None:
    world = RecordWorld()
    first, second = world.survey(members=AP[:2])
    assert world.answer(first, {"use": "1", "worth": "4", "words": "More examples."}).outcome == "done"
    again = world.answer(first, {"use": "2"})
    assert again.error is not None
    assert again.error.code == "OECP-SURVEY-ANSWERED"
    assert world.answer(second, {"use": "2"}).outcome == "done"
    assert [each.answers["use"] for each in world.book.answers(world.state("survey-use"))] == ["1", "2"]


def test_a_wrong_token_is_told_nothing_about_which_part_is_wrong() -> None:
    world = RecordWorld()
    (token,) = world.survey(members=AP[:1])
    number, secret = token.split(".")
    wrong = [f"{number}.{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}", f"2.{secret}", f"99999.{secret}", "1.", "",
             secret, f"{number}.{secret}x" * 40, "1.\x00" + secret, f"01.{secret}"]  # fmt: skip
    answers = {json.dumps((a.error.code, a.error.message, a.http_status)) for t in wrong
               if (a := world.answer(t, {"use": "1"})).error is not None}  # fmt: skip
    assert len(answers) == 1
    assert all(world.answer(t, {"use": "1"}).error is not None for t in wrong)
    other = world.tell(AnswerSurvey(record="practice-none", token=token, answers={"use": "1"}), NOBODY)
    assert other.error is not None


def test_only_salted_hashes_of_tokens_are_kept() -> None:
    world = RecordWorld()
    tokens = world.survey(members=AP)
    for token in tokens:
        world.answer(token, {"use": "1"})
    secrets = [token.partition(".")[2] for token in tokens]
    kept = [json.dumps(event.body) for event in world.store.events()]
    kept += [row.state.decode() for row in world.store.rows.values()]
    kept += [document.content.decode() for _, document in world.store.stored.values()]
    kept += [face.face.decode() for face in world.store.faces(room="records")]
    assert not any(secret in text for secret in secrets for text in kept)
    salts = [each.salt for each in world.state("survey-use").survey.invitations]  # type: ignore[union-attr]
    assert len(set(salts)) == len(salts)


def test_answers_are_not_in_the_log_and_can_be_erased() -> None:
    world = RecordWorld()
    (token,) = world.survey(members=AP[:1])
    world.answer(token, {"use": "1", "words": "The corridor office is slow."})
    assert "corridor office" not in json.dumps([event.body for event in world.store.events()])
    state = world.state("survey-use")
    assert state.survey is not None
    assert state.survey.invitations[0].answer is not None
    name = state.survey.invitations[0].answer.id
    document = world.store.document(name)
    assert document is not None
    assert document.person_keys == ("survey:survey-use:1",)
    del world.store.stored[name]  # as `openecp erase` leaves it
    assert world.book.answers(state) == []
    assert world.book.rates(state)[0].answered == 1, "that somebody answered stays known"


def test_bad_answers_are_refused_and_the_token_stays_good() -> None:
    world = RecordWorld()
    (token,) = world.survey(members=AP[:1])
    bad: list[dict[str, str]] = [
        {}, {"use": "9"}, {"worth": "3"}, {"use": "1", "worth": "6"}, {"use": "1", "words": "x" * 4001},
        {"use": "1", "moon": "1"}, {"use": " "},
    ]  # fmt: skip
    for answers in bad:
        answer = world.answer(token, answers)
        assert answer.error is not None
        assert answer.error.code == "OECP-RECORD-VALUES", answers
    assert world.answer(token, {"use": "1"}).outcome == "done"


def test_a_closed_survey_takes_nothing() -> None:
    world = RecordWorld()
    early, late = world.survey(members=AP[:2])
    world.answer(early, {"use": "1"})
    assert world.refused(OpenSurvey(record="survey-use")) == "OECP-RECORD-VALUES", "questions stay as they were asked"
    world.do(CloseSurvey(record="survey-use"))
    answer = world.answer(late, {"use": "1"})
    assert answer.error is not None
    assert answer.error.code == "OECP-SURVEY-CLOSED"
    invitation = NewInvitation(salt="0" * 32, sha256="0" * 64)
    assert (
        world.refused(InviteToSurvey(record="survey-use", invitations=(invitation,), first=3)) == "OECP-SURVEY-CLOSED"
    )


def test_nobody_but_the_secretariat_invites() -> None:
    world = RecordWorld()
    world.survey(members=AP[:1])
    act = InviteToSurvey(record="survey-use", invitations=(NewInvitation(salt="0" * 32, sha256="0" * 64),), first=2)
    assert world.refused(act, NOBODY) == "OECP-RECORD-ROLE"
    moved = InviteToSurvey(record="survey-use", invitations=act.invitations, first=1)
    assert world.refused(moved, SENA) == "OECP-SURVEY-MOVED-ON"


def test_response_rates_by_region_count_each_member_once() -> None:
    world = RecordWorld()
    tokens = world.survey(members=(*AP[:4], "EA", "EA"))
    for token in (*tokens[:2], *tokens[4:]):
        world.answer(token, {"use": "1"})
    rates = {rate.region: (rate.members, rate.invited, rate.answered, rate.percent)
             for rate in world.book.rates(world.state("survey-use"))}  # fmt: skip
    assert rates["AP"] == (8, 4, 2, 50)
    assert rates["EUR"] == (6, 1, 1, 100) or rates["ESA"] == (4, 1, 1, 100)
    assert rates["WCA"] == (2, 0, 0, None)


QUESTIONS, _ = questions_of(
    [
        {"id": "use", "kind": "choice", "text_en": "?", "choices_en": "a;b;c"},
        {"id": "words", "kind": "text", "text_en": "?"},
    ]
)


def test_no_export_names_a_group_of_fewer_than_three() -> None:
    """Over random surveys: every region and Member that is told has three answers at least, and what is withheld hides
    among at least two groups and three answers, or everything is withheld.
    """
    chance = random.Random(20)
    for _ in range(400):
        answered = [
            Answered(
                member=(m := chance.choice(ALL_CODES)),
                region=m[0],
                answers={"use": chance.choice("123"), "words": f"w{n}"},
            )
            for n in range(chance.randrange(0, 25))
        ]
        rows = [row for row in export_rows(QUESTIONS, answered) if row["use"]]
        assert len(rows) == len(answered)
        regions, members = Counter(a.region for a in answered), Counter((a.region, a.member) for a in answered)
        told = Counter(row["region"] for row in rows)
        for region, count in told.items():
            if region:
                assert count == regions[region] >= 3
        withheld = [count for region, count in regions.items() if region not in told]
        assert not withheld or set(told) == {""} or (len(withheld) >= 2 and sum(withheld) >= 3)
        for (region, member), count in Counter((r["region"], r["member"]) for r in rows).items():
            if member:
                assert count == members[(region, member)] >= 3
        for row in export_rows(QUESTIONS, answered):
            if row["words"]:
                assert (row["region"], row["member"], row["use"]) == ("", "", "")


def test_no_cell_of_one_or_two_can_be_worked_out() -> None:
    """Over random counts: what is withheld of a question sums to three at least over two cells, or all is withheld."""
    chance = random.Random(21)
    for _ in range(400):
        answered = [Answered(answers={"use": chance.choice("1122223")}) for _ in range(chance.randrange(0, 15))]
        (choices, _) = tally(QUESTIONS, answered)
        counts = Counter(each.answers["use"] for each in answered)
        withheld = [cell.choice for cell in choices.cells if cell.count is None]
        assert all(cell.count in (None, counts[cell.choice]) for cell in choices.cells)
        assert all(cell.count is None or cell.count == 0 or cell.count >= 3 for cell in choices.cells)
        hidden = sum(counts[name] for name in withheld)
        assert not withheld or len(withheld) == 3 or (len([n for n in withheld if counts[n]]) >= 2 and hidden >= 3)


def test_the_order_of_answers_is_not_told() -> None:
    answered = [Answered(member="AA", region="AP", answers={"use": use}) for use in "3121"]
    assert export_rows(QUESTIONS, answered) == export_rows(QUESTIONS, answered[::-1])
