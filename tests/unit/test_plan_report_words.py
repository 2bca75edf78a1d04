# SPDX-License-Identifier: Apache-2.0
"""The words of the session paper: complete in both languages, never mixed, and French set as French is set."""

from __future__ import annotations

import re
import string
from functools import cache
from typing import get_args

import msgspec
import pytest
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, action, codes, fill

from openecp.programme.action_plan import codes as action_codes
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    HoldSession,
    Link,
    ReviseAction,
    SetMilestone,
    StageDeliverable,
)
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.shipped import body_names, shipped_plans, shipped_rows, work_programme_names
from openecp.programme.action_plan.views import AssessmentView, MeasurementView, Responsibility
from openecp.programme.reports.build import build_paper
from openecp.programme.reports.gather import gather
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import LANGUAGES, Language, Mark
from openecp.programme.reports.wording import CatalogueError, Wording, of_the, sentences, typeset

WORD = re.compile(r"[^\W\d_]{2,}")


@cache
def everything() -> ReportWorld:
    """Return a register in which changes of every kind happened since the last session."""
    world = fill(ReportWorld())
    titles = {"en": "Handbook on security of information", "fr": "Manuel sur la sécurité de l’information"}
    world.do(
        SetMilestone(action=action(46), title="first draft is ready", due="2019-12-15", on="2019-09-01"),
        SetMilestone(action=action(46), title="no date", on="2019-09-02"),
        SetMilestone(action=action(46), milestone="M1", reached_on="2019-12-01"),
        StageDeliverable(action=action(46), stage="drafting", titles=titles, kind="handbook", on="2019-09-10"),
        ReviseAction(
            action=action(58),
            reason="the plan names nobody",
            responsible=(Responsibility(body="IMSC"), Responsibility(body="PTC", role="consulted")),
            work_programmes=("DC-WP",),
            on="2019-11-20",
        ),
        AssertLineage(
            links=(Link(from_id="ECP-III-04", to_id=action(4), relation="continues", reason="the same words"),),
            state="confirmed",
            on="2019-10-01",
        ),
        AssertDependency(
            links=(Link(from_id=action(43), to_id=action(32), kind="precedes", reason="the study comes first"),),
            state="confirmed",
            on="2019-10-01",
        ),
        HoldSession(
            session="PTC/225", body="PTC", name="225th session", starts="2020-01-20", ends="2020-01-24", on="2020-01-20"
        ),
    )
    return world


@cache
def text_of(language: Language) -> str:
    """Return every word of the paper in a language."""
    figure = MeasurementView(
        indicator="share_without_document", version=1, unit="share", value="0.5", n=10, as_of=AS_OF, journal_position=9,
        title={"en": "Share released without any document", "fr": "Part libérée sans aucun document"},
        query_hash="c" * 64, scope="instance", frozen_on="",
    )  # fmt: skip
    found = gather(
        everything().plans, "ECP-IV", as_of=AS_OF, since=SINCE, measurements=[(action(14), figure)], draft=True
    )
    paper = build_paper(found, Wording(language, codes(language)))
    told = msgspec.to_builtins(msgspec.structs.replace(paper, data={}))
    return "\n".join(strings(told))


def strings(value: object) -> list[str]:
    """Return every text in plain data; names of block types and colours are not read by anybody."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [
            text for name, each in value.items() if name not in ("type", "colour", "language") for text in strings(each)
        ]
    if isinstance(value, list | tuple):
        return [text for each in value for text in strings(each)]
    return []


def plain(text: str) -> str:
    """Return text with common blanks."""
    return text.replace("\u00a0", " ")


def spoken(text: str) -> set[str]:
    """Return the words of a text in small letters; symbols of documents and sessions are the same in any language."""
    return set(WORD.findall(re.sub(r"\S*\d\S*", " ", text).lower()))


def test_catalogues_have_the_same_keys_and_values() -> None:
    """Each sentence exists in both languages and takes the same values."""
    english, french = sentences("en"), sentences("fr")
    assert set(english) == set(french)
    unlike = {}
    for key in english:
        fields = [{name for _, name, _, _ in string.Formatter().parse(told[key]) if name} for told in (english, french)]
        if fields[0] != fields[1] and key not in ("annex.sessions", "summary.actions.one"):
            unlike[key] = fields
    assert unlike == {}


def test_sentences_that_are_the_same_in_both_are_few() -> None:
    """A sentence that was copied and not translated is found: those alike are single words of both languages."""
    english, french = sentences("en"), sentences("fr")
    same = [key for key in english if english[key] == french[key]]
    alike = {key: WORD.findall(re.sub(r"\{\w+\}", "", english[key])) for key in same}
    assert {word for found in alike.values() for word in found} <= {
        "Action", "Actions", "Date", "Plan", "Question", "Relation", "Section", "Sections", "Sessions", "Total",
        "section", "sections",
    }  # fmt: skip
    assert max(map(len, alike.values())) <= 1


def test_every_code_has_words() -> None:
    """Lifecycles, colours, stages, roles, relations, kinds of timeframe and statuses, in both languages."""
    wanted = {
        "lifecycle": action_codes.Lifecycle,
        "colour": action_codes.Colour,
        "stage": action_codes.Stage,
        "responsibility": action_codes.Role,
        "relation": action_codes.Relation,
        "timeframe": TimeframeKind,
        "plan_status": action_codes.PlanStatus,
    }
    for language in LANGUAGES:
        words = Wording(language, codes(language))
        assert all(words.code(kind, code) for kind, literal in wanted.items() for code in get_args(literal))
        counted = [*get_args(action_codes.Lifecycle), *get_args(action_codes.Colour)]
        assert all(words.count(f"counted.{code}", n) for code in counted for n in (1, 2))
        scopes = get_args(action_codes.Scope)
        assert all(words.say(f"evidence.{scope}") for scope in scopes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ground_is_said_in_words(language: Language) -> None:
    """A sentence for each ground, with its figures."""
    found = gather(everything().plans, "ECP-IV", as_of=AS_OF, since=SINCE)
    names = Names(found, Wording(language, codes(language)))
    facts: dict[str, str | int] = {
        "due": AS_OF, "days": 7, "last_update": AS_OF, "last_evidence": AS_OF, "delivered_on": AS_OF, "since": AS_OF,
        "lifecycle": "suspended", "sessions": 3, "reported": 2,
    }  # fmt: skip
    for ground in get_args(action_codes.Ground):
        told = names.ground(AssessmentView(colour="grey", ground=ground, facts=facts))
        assert "{" not in told
        assert told[0].isupper(), told


def test_a_missing_word_is_an_error() -> None:
    """No text is filled from another language: the message says where to write it."""
    words = Wording("fr", {"lifecycle": {"planned": "prévue"}})
    with pytest.raises(CatalogueError, match=r"no word in fr for the code 'closed' of lifecycle"):
        words.code("lifecycle", "closed")
    with pytest.raises(CatalogueError, match=r"no sentence 'heading.nothing' in fr"):
        words.say("heading.nothing")
    with pytest.raises(CatalogueError, match=r"summary.overdue_row|no value for"):
        words.say("summary.due_soon_row")


def test_french_paper_holds_no_english() -> None:
    """No sentence, title, name or word of the English paper that French does not have too."""
    french = plain(text_of("fr"))
    for key, sentence in sentences("en").items():
        for part in re.split(r"\{\w+\}", sentence):
            if len(WORD.findall(part)) >= 2:
                assert part.strip(" ,.;:") not in french, key
    titles = [words.en for plan in shipped_plans() for words in plan.action_titles.values()]
    names = [words.en for table in (body_names(), work_programme_names()) for words in table.values()]
    sections = [words.en for plan in shipped_plans() for words in plan.section_titles.values()]
    assert [text for text in (*titles, *names, *sections) if text in french] == []
    known = set(WORD.findall(" ".join(french_words()).lower()))
    english = set(WORD.findall(" ".join(english_words()).lower())) - known
    assert len(english) > 300
    assert sorted(english & spoken(french)) == []


def test_english_paper_holds_no_french() -> None:
    """The other way round."""
    english = plain(text_of("en"))
    french = set(WORD.findall(" ".join(french_words()).lower())) - set(WORD.findall(" ".join(english_words()).lower()))
    assert sorted(french & spoken(english)) == []


def english_words() -> list[str]:
    """Return everything that is told in English."""
    return _words_of("en")


def french_words() -> list[str]:
    """Return everything that is told in French."""
    return _words_of("fr")


def _words_of(language: Language) -> list[str]:
    found = [re.sub(r"\{\w+\}", " ", sentence) for sentence in sentences(language).values()]
    found += [row[f"name_{language}"] for row in shipped_rows("code_names")]
    for plan in shipped_plans():
        titles = [plan.title, *plan.action_titles.values(), *plan.section_titles.values()]
        found += [words.in_language(language) for words in titles]
    found += [words.in_language(language) for words in (*body_names().values(), *work_programme_names().values())]
    months = [Wording(language, {}).month(f"2020-{month:02}") for month in range(1, 13)]
    return [*found, *months]


def test_french_is_set_as_french() -> None:
    """A non-breaking space stands before high signs; numbers, first days and capitals have their French form."""
    french = text_of("fr")
    assert re.findall(r"[^\s\u00a0][:;?!](?=\s|$)", french) == []
    assert re.findall(r" [:;?!»]", french) == []
    assert "1er\u00a0février\u00a02020" in french
    assert "'" not in french
    words = Wording("fr", {})
    assert words.number("1234.5") == "1\u00a0234,5"
    assert words.number(-3) == "−3"
    assert words.day("2020-03-02") == "2\u00a0mars\u00a02020"
    assert Wording("en", {}).number("1234.5") == "1,234.5"
    assert typeset("Projet : « oui » ; n° 3 ?", "fr") == "Projet\u00a0: «\u00a0oui\u00a0»\u00a0; n°\u00a03\u00a0?"
    assert of_the("Comité technique permanent") == "du Comité technique permanent"
    assert of_the("Équipe de projet") == "de l’Équipe de projet"
    assert of_the("Fédération mondiale") == "de la Fédération mondiale"


def test_counts_agree_with_their_number() -> None:
    """One and many, and none: plural in English, singular in French."""
    english, french = Wording("en", codes("en")), Wording("fr", codes("fr"))
    assert plain(english.count("summary.overdue", 1)) == "1 action is overdue"
    assert plain(english.count("summary.overdue", 0)) == "0 actions are overdue"
    assert plain(french.count("summary.overdue", 0)) == "0 action a dépassé son échéance"
    assert plain(french.count("counted.green", 11)) == "11 conformes"
    assert plain(french.count("counted.delivered", 1)) == "1 réalisée"


def test_what_has_no_name_in_a_language_is_said_so() -> None:
    """A plan of a committee with English titles alone: the French paper shows no English title."""
    found = gather(everything().plans, "ECP-IV", as_of=AS_OF, since=SINCE)
    bare = msgspec.structs.replace(
        found, actions=tuple(msgspec.structs.replace(each, titles={"en": each.titles["en"]}) for each in found.actions)
    )
    paper = build_paper(bare, Wording("fr", codes("fr")))
    assert {row.title for section in paper.annex.sections for row in section.rows} == {"[sans titre en français]"}
    cells = [cell for block in paper.blocks if hasattr(block, "rows") for row in block.rows for cell in row]
    told = " ".join(cell.text if isinstance(cell, Mark) else cell for cell in cells)
    assert not any(each.titles["en"] in told for each in bare.actions)
