# SPDX-License-Identifier: Apache-2.0
"""Surveys: questions, tokens, counting without naming anyone, and who answered by region.

A token is `<number>.<secret>`; the register keeps a salt and the salted hash of the secret. An answer is kept beside
the journal, so that it can be erased. What is told of answers keeps each Member and region out of view as long as
fewer than three answers stand behind it, and no small group can be worked out from what is left.
Limits: 100 questions, 30 choices a question, 5,000 invitations a survey, 4,000 characters a text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from openecp.programme.compendia.members import Member
from openecp.programme.compendia.record import Invitation, Question, Survey
from openecp.programme.compendia.values import ValueFault

QUESTIONS_MAX, CHOICES_MAX, INVITATIONS_MAX, TEXT_MAX = 100, 30, 5_000, 4_000
CELL_LEAST = 3  # fewer answers than this stand in no cell
SCALE = ("1", "2", "3", "4", "5")
_TOKEN = re.compile(r"([1-9][0-9]{0,4})\.([A-Za-z0-9_-]{32,86})")
_QUESTION = re.compile(r"[a-z][a-z0-9_]{0,29}")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, with the Member and region that it was invited for."""

    member: str = ""
    region: str = ""
    answers: dict[str, str]


class Cell(msgspec.Struct, frozen=True):
    """How many chose this; None where fewer than three did, or where it could be worked out."""

    choice: str
    count: int | None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one question over all answers."""

    question: Question
    answered: int
    cells: tuple[Cell, ...] = ()
    texts: tuple[str, ...] = ()  # of a text question, in alphabetical order


class RegionRate(msgspec.Struct, frozen=True, kw_only=True):
    """How many Members of a region were invited, and how many answered."""

    region: str
    members: int
    invited: int
    answered: int

    @property
    def percent(self) -> int | None:
        """Answered of invited, in whole percent, rounded down; None where nobody was invited."""
        return 100 * self.answered // self.invited if self.invited else None


def questions_of(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[Question, ...], tuple[ValueFault, ...]]:
    """Return the questions that a survey's table has, and what is wrong with it."""
    found: list[Question] = []
    faults: list[ValueFault] = []
    if not 1 <= len(rows) <= QUESTIONS_MAX:
        faults.append(ValueFault("questions", f"1 to {QUESTIONS_MAX} questions", str(len(rows)), "Add or remove some."))
    for number, row in enumerate(rows[:QUESTIONS_MAX], start=1):
        where, name = f"questions[{number}]", row.get("id", "")
        if _QUESTION.fullmatch(name) is None or any(name == each.id for each in found):
            faults.append(ValueFault(f"{where}.id", "a short name of its own", name[:40], "Rename it."))
            continue
        english, french = _choices(row.get("choices_en", "")), _choices(row.get("choices_fr", ""))
        kind = row.get("kind", "")
        if kind == "choice" and not 2 <= len(english) <= CHOICES_MAX:
            got = str(len(english))
            faults.append(ValueFault(f"{where}.choices_en", f"2 to {CHOICES_MAX} choices, with ; between", got, "Add."))
        if french and len(french) != len(english):
            got = f"{len(english)} and {len(french)}"
            faults.append(ValueFault(f"{where}.choices_fr", "as many choices as in English", got, "Correct them."))
        choices = tuple(
            (str(place), text, french[place - 1] if place <= len(french) else text)
            for place, text in enumerate(english, start=1)
        )
        found.append(
            Question(
                id=name,
                kind=kind,  # type: ignore[arg-type]  # the template's choices are these
                en=row.get("text_en", ""),
                fr=row.get("text_fr", ""),
                choices=choices if kind == "choice" else (),
                required=row.get("required") == "yes",
            )
        )
    return tuple(found), tuple(faults)


def _choices(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def token_of(number: int, secret: str) -> str:
    """Return the token of an invitation as its link carries it."""
    return f"{number}.{secret}"


def secret_digest(salt: str, secret: str) -> str:
    """Return the salted hash of a token's secret, which is all that is kept of it."""
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode()).hexdigest()


def invitation_of(survey: Survey | None, token: str) -> Invitation | None:
    """Return the invitation that a token belongs to; takes as long for a wrong secret as for a right one."""
    parts = _TOKEN.fullmatch(token)
    if survey is None or parts is None or int(parts.group(1)) > len(survey.invitations):
        return None
    invitation = survey.invitations[int(parts.group(1)) - 1]
    same = hmac.compare_digest(secret_digest(invitation.salt, parts.group(2)), invitation.sha256)
    return invitation if same else None


def answer_faults(questions: Iterable[Question], answers: Mapping[str, Any]) -> Iterator[ValueFault]:
    """Yield what is wrong with the answers to a survey's questions."""
    known = {question.id: question for question in questions}
    for name in answers:
        if name not in known:
            yield ValueFault(str(name)[:40], "a question of the survey", "none", "Leave it out.")
    for question in known.values():
        answer = answers.get(question.id, "")
        if not isinstance(answer, str):
            yield ValueFault(question.id, "a text", type(answer).__name__, "Write it as text.")
        elif not answer.strip():
            if question.required:
                yield ValueFault(question.id, "an answer", "none", "Answer it.")
        elif question.kind == "text":
            if len(answer) > TEXT_MAX or "\x00" in answer:
                yield ValueFault(question.id, f"at most {TEXT_MAX} characters", f"{len(answer)}", "Shorten it.")
        else:
            allowed = SCALE if question.kind == "scale" else tuple(code for code, _, _ in question.choices)
            if answer not in allowed:
                yield ValueFault(question.id, "one of " + ", ".join(allowed), answer[:40], "Choose one of them.")


def clean_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return answers without those that say nothing."""
    return {name: text.strip() for name, text in sorted(answers.items()) if text.strip()}


def tally(questions: Iterable[Question], answered: Sequence[Answered]) -> tuple[Tally, ...]:
    """Return the counts of each question; a cell of one or two is not told, nor one that it could be worked out from.

    The number of answers to a question is told, so where a single cell is withheld the smallest other one is too.
    """
    found = []
    for question in questions:
        given = [each.answers[question.id] for each in answered if each.answers.get(question.id)]
        if question.kind == "text":
            shown = tuple(sorted(given)) if len(given) >= CELL_LEAST else ()
            found.append(Tally(question=question, answered=len(given), texts=shown))
            continue
        codes = SCALE if question.kind == "scale" else tuple(code for code, _, _ in question.choices)
        counts = Counter(given)
        withheld = _withheld({code: counts[code] for code in codes})
        cells = tuple(Cell(code, None if code in withheld else counts[code]) for code in codes)
        found.append(Tally(question=question, answered=len(given), cells=cells))
    return tuple(found)


def _withheld(counts: Mapping[str, int]) -> set[str]:
    """Return the groups that are not told: the small ones, and so many more that they hide among at least two."""
    hidden = {name for name, count in counts.items() if 0 < count < CELL_LEAST}
    rest = sorted((name for name, count in counts.items() if count >= CELL_LEAST), key=lambda n: (counts[n], n))
    while hidden and rest and (len(hidden) < 2 or sum(counts[name] for name in hidden) < CELL_LEAST):
        hidden.add(rest.pop(0))
    if hidden and (len(hidden) < 2 or sum(counts[name] for name in hidden) < CELL_LEAST):
        return set(counts)  # nothing is left to hide among: what is zero would tell the rest
    return hidden


def export_rows(questions: Sequence[Question], answered: Sequence[Answered]) -> list[dict[str, str]]:
    """Return a row an answer, with neither token nor order of arrival; Member and region where they hide nobody.

    Texts stand in rows of their own, without Member and region: what somebody writes can tell who it was.
    """
    regions = Counter(each.region for each in answered)
    no_region = _withheld(regions)
    no_member: set[tuple[str, str]] = set()
    for region in regions:
        of_region = Counter(each.member for each in answered if each.region == region)
        no_member |= {(region, member) for member in _withheld(of_region)}
    rows: list[dict[str, str]] = []
    chosen = [question.id for question in questions if question.kind != "text"]
    written = [question.id for question in questions if question.kind == "text"]
    blank = dict.fromkeys(("region", "member", *chosen, *written), "")
    for each in answered:
        hidden = each.region in no_region
        member = "" if hidden or (each.region, each.member) in no_member else each.member
        row = blank | {"region": "" if hidden else each.region, "member": member}
        rows.append(row | {name: each.answers.get(name, "") for name in chosen})
        if len(answered) >= CELL_LEAST:
            rows += [blank | {name: each.answers[name]} for name in written if each.answers.get(name)]
    return sorted(rows, key=lambda row: tuple(row.values()))


def response_rates(survey: Survey, members: Mapping[str, Member]) -> tuple[RegionRate, ...]:
    """Return who was invited and who answered by region, each Member once; `""` are those that are in no region."""
    regions = sorted({member.region for member in members.values()})
    invited = {each.member for each in survey.invitations if each.member}
    answered = {each.member for each in survey.invitations if each.member and each.answer is not None}
    unknown = tuple(code for code in invited if code not in members)
    rates = [
        RegionRate(
            region=region,
            members=sum(member.region == region for member in members.values()),
            invited=sum(code in members and members[code].region == region for code in invited),
            answered=sum(code in members and members[code].region == region for code in answered),
        )
        for region in regions
    ]
    anonymous = [each for each in survey.invitations if not each.member]
    if unknown or anonymous:
        rates.append(
            RegionRate(
                region="",
                members=0,
                invited=len(unknown) + len(anonymous),
                answered=sum(c in answered for c in unknown) + sum(each.answer is not None for each in anonymous),
            )
        )
    return tuple(rates)
