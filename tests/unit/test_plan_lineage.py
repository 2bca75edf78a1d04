# SPDX-License-Identifier: Apache-2.0
"""Links between two plans are proposed from what their titles say, whoever wrote the plans.

Method: plans of an invented national committee, in English and French, in which each way to go on occurs once; no
title of the published plans is used. What the proposal is worth on those is told by tests/conformance.
"""

from __future__ import annotations

import time

import pytest

from openecp.programme.action_plan.dependencies import propose_dependencies
from openecp.programme.action_plan.likeness import Collection, shipped_thesaurus, stem, terms, thesaurus
from openecp.programme.action_plan.lineage import Link, propose, slips, succession
from openecp.programme.action_plan.records import ActionRecord, PlanDocument, PlanRecord, Timeframe

EARLIER = (
    "Publish the tariff book in all official languages, with its annexes",
    "Consider whether a fee for scanner inspections is lawful",
    "Improve the dialogue with truck operators and with the association of freight forwarders",
    "Train weighbridge staff at the northern crossings",
    "Train laboratory staff in the capital",
    "Discuss how parcels of low value, bought by e-commerce, could be taxed at the counter",
    "Keep the register of seized vessels",
    "Repair the roof of the dry port at Hill Junction",
)
LATER = (
    "Publish the tariff book in all official languages with its annexes",  # 0: a comma less
    "Establish a lawful fee for scanner inspections",  # 1: what was considered is done
    "Improve the dialogue with truck operators",  # 2 and 3: one action in two
    "Improve the dialogue with the association of freight forwarders",
    "Train weighbridge staff at the northern crossings and laboratory staff in the capital",  # 4 and 5 in one
    "Guidelines for electronic commerce consignments",  # 5 in other words
    "Digital archive of veterinary seals",  # new
)


def action(number: int, title: str, plan: str = "A", **more: object) -> ActionRecord:
    """Return an action of an invented plan."""
    return ActionRecord(id=f"{plan}-{number}", number=number, section=1, title=title, **more)  # type: ignore[arg-type]


def document(plan: str, titles: tuple[str, ...]) -> PlanDocument:
    """Return a plan of titles alone."""
    return PlanDocument(
        plan=PlanRecord(plan_id=plan, title=plan),
        actions=tuple(action(number, title, plan) for number, title in enumerate(titles)),
    )


def found(links: list[Link]) -> dict[tuple[str, str], str]:
    """Return the relation of each link by its ends."""
    return {(link.from_id, link.to_id): link.relation for link in links}


def test_each_way_to_go_on_is_found() -> None:
    """A comma less, considered and then done, one in two, two in one, other words; what is gone and new stays alone."""
    earlier, later = document("A", EARLIER), document("B", LATER)
    links = propose(earlier, later)
    told = found(links)
    assert told[("A-0", "B-0")] == "continues"
    assert told[("A-1", "B-1")] == "escalates"
    assert told[("A-2", "B-2")] == told[("A-2", "B-3")] == "split"
    assert told[("A-3", "B-4")] == told[("A-4", "B-4")] == "continues"
    assert told[("A-5", "B-5")] in ("follow_up", "related")
    assert len(told) == 7
    rest = succession(earlier, later, links)
    assert rest.without_successor == ("A-6", "A-7")
    assert "B-6" in rest.new


def test_identical_wording_is_certain_and_only_that() -> None:
    """The same plan twice: each action continues itself with confidence 1, and nothing else is proposed."""
    links = propose(document("A", EARLIER), document("B", EARLIER))
    assert found(links) == {(f"A-{number}", f"B-{number}"): "continues" for number in range(len(EARLIER))}
    assert {link.confidence for link in links} == {1.0}


def test_two_versions_of_one_plan_may_hold_the_same_identifiers() -> None:
    """A draft and its revision are compared like two plans."""
    draft, revised = document("A", EARLIER), document("A", EARLIER[1:])
    links = propose(draft, revised)
    assert ("A-1", "A-0") in found(links)
    assert "A-0" not in {link.from_id for link in links}


def test_a_word_more_or_less_does_not_matter() -> None:
    """Any one word taken out of a long title leaves the link as it was, a little less certain."""
    title = EARLIER[0]
    words = title.split()
    for gone in range(len(words)):
        shorter = " ".join(words[:gone] + words[gone + 1 :])
        link = propose(document("A", EARLIER), document("B", (shorter, *LATER[1:])))[0]
        assert (link.from_id, link.to_id, link.relation) == ("A-0", "B-0", "continues"), shorter
        assert 0.9 <= link.confidence < 1


def test_plans_in_french_are_read_as_well() -> None:
    """The terms of the trade meet in French and across the languages."""
    earlier = (
        "Étudier la création d’un guichet unique pour les pharmaciens",
        "Améliorer la formation des vérificateurs de Port-Tarn",
    )
    later = (
        "Créer le guichet unique des pharmaciens",
        "Améliorer la formation des vérificateurs de Port-Tarn et de Val-Noir",
    )
    told = found(propose(document("A", earlier), document("B", later)))
    assert told == {("A-0", "B-0"): "escalates", ("A-1", "B-1"): "continues"}
    across = propose(document("A", ("Guichet unique des pharmaciens",)), document("B", ("Single window of chemists",)))
    assert found(across) != {}


def test_a_body_under_a_new_name_supports_a_link() -> None:
    """A group that became a virtual group on the same subject is the same owner; another group is not."""
    names = {"G1": "Working Group on Seaweed", "G2": "Virtual Working Group on Seaweed", "G3": "Council of Bakers"}
    title, next_title = "Talk about e-commerce and its many open questions at sea", "Help Members with e-commerce rules"
    others = tuple(action(number, f"Repair pier {number}", "B") for number in range(2, 9))

    def proposed(body: str) -> list[Link]:
        earlier = PlanDocument(
            plan=PlanRecord(plan_id="A", title=""), actions=(action(1, title, "A", responsible=("G1",)),)
        )
        later = PlanDocument(
            plan=PlanRecord(plan_id="B", title=""), actions=(action(1, next_title, "B", responsible=(body,)), *others)
        )
        return propose(earlier, later, body_names=names)

    assert [link.relation for link in proposed("G2")] == ["follow_up"]
    assert [link.relation for link in proposed("G3")] != ["follow_up"]


def test_every_link_says_why_in_both_languages() -> None:
    """A person can judge a proposal without opening the documents; nothing is left in the other language."""
    for link in propose(document("A", EARLIER), document("B", LATER)):
        assert link.reason.endswith(".")
        assert link.reason_fr.endswith(".")
        assert link.reason.split(";")[0] != link.reason_fr.split(" ;")[0]
        assert 0.3 <= link.confidence <= 1


def test_shared_terms_are_named_in_the_readers_language() -> None:
    """A term of the trade has a name in both; other words of an English title do not stand in a French sentence."""
    earlier, later = document("A", ("Paper on the single window at Hill Junction",)), document("B", ("Single window",))
    link = propose(earlier, later)[0]
    assert "single window" in link.reason
    assert "guichet unique" in link.reason_fr
    assert "window" not in link.reason_fr
    plain = propose(document("A", ("Kelp and seaweed at the pier",)), document("B", ("Seaweed and kelp in jars",)))[0]
    assert "seaweed" in plain.reason
    assert "seaweed" not in plain.reason_fr


def test_slips_are_counted_in_months_for_work_that_goes_on() -> None:
    """July to December two years later is 29 months; earlier dates and new work are no slips."""

    def dated(plan: str, dues: tuple[str, ...]) -> PlanDocument:
        return PlanDocument(
            plan=PlanRecord(plan_id=plan, title=""),
            actions=tuple(
                action(number, EARLIER[number], plan, timeframe=Timeframe(kind="date", due=due, year_month=due[:7]))
                for number, due in enumerate(dues)
            ),
        )

    earlier = dated("A", ("2017-07-31", "2018-07-31", "2018-07-31"))
    later = dated("B", ("2019-12-31", "2018-07-31", "2018-01-31"))
    found_slips = slips(earlier, later, propose(earlier, later))
    assert [(slip.from_id, slip.to_id, slip.months) for slip in found_slips] == [("A-0", "B-0", 29)]


def test_dependencies_follow_the_kind_of_work() -> None:
    """A study comes before its update and its workshops, a framework before the help to apply it."""
    plan = document(
        "A",
        (
            "Update the study report on cold chains with new figures",
            "Study report on cold chains",
            "Workshops on cold chains",
            "Framework for pharmacy depots",
            "Capacity building with the framework for pharmacy depots",
            "Paint the gate",
        ),
    )
    told = {(row.from_id, row.to_id): row.kind for row in propose_dependencies(plan)}
    assert told[("A-1", "A-0")] == "precedes"
    assert told[("A-1", "A-2")] == "precedes"
    assert told[("A-3", "A-4")] == "precedes"
    assert not any("A-5" in pair for pair in told)


def test_dates_may_contradict_an_order() -> None:
    """A study that is due after its workshops does not precede them."""

    def plan(study_due: str) -> PlanDocument:
        return PlanDocument(
            plan=PlanRecord(plan_id="A", title=""),
            actions=(
                action(1, "Study on cold chains", timeframe=Timeframe(kind="date", due=study_due)),
                action(2, "Workshops on cold chains", timeframe=Timeframe(kind="date", due="2020-06-30")),
            ),
        )

    assert [row.kind for row in propose_dependencies(plan("2019-06-30"))] == ["precedes"]
    assert [row.kind for row in propose_dependencies(plan("2021-06-30"))] == ["related"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("TRS Guide", "Guide of the Time Release Study"),
        ("AEO programmes", "programmes of Authorized Economic Operators"),
        ("RKC", "Revised Kyoto Convention (RKC)"),
        ("SW systems", "Single Windows"),
        ("opérateurs économiques agréés", "AEO"),
    ],
)
def test_terms_of_the_trade_are_one_term(first: str, second: str) -> None:
    """An acronym, its long form, its plural and its French form mean the same."""
    heavy = [{term for term, weight in terms(text).weights.items() if weight == 2} for text in (first, second)]
    assert heavy[0] == heavy[1] != set()


def test_it_is_no_acronym_in_small_letters() -> None:
    """`IT` is information technology, `it` is a word without a meaning of its own."""
    assert "ict" in terms("Use IT at the gate").weights
    assert "ict" not in terms("Close it at night").weights


def test_a_thesaurus_of_ones_own() -> None:
    """A plan on other subjects brings its words as rows."""
    words = thesaurus(
        [("alias", "kelp", ["sea weed", "algae"]), ("stop", "", ["of"]), ("form", "guidance", ["leaflet"])]
    )
    assert terms("Leaflet of sea weed", words).weights == {"leaflet": 0.35, "kelp": 2.0}
    assert terms("Algae", words).sequence == ("kelp",)
    assert terms("Leaflet", words).forms == {"guidance"}


def test_endings_are_taken_off_alike() -> None:
    """Plurals and the commonest ending meet their stem; short words are left alone."""
    assert [stem(word) for word in ("workshops", "studies", "enriching", "gas", "status", "access")] == [
        "workshop", "study", "enrich", "gas", "status", "access",
    ]  # fmt: skip


def test_long_texts_are_read_up_to_the_limit() -> None:
    """A title of a megabyte costs no more than one of 2,000 characters."""
    start = time.process_time()
    assert len(terms("pier " * 200_000).sequence) <= 400
    assert time.process_time() - start < 0.5


def test_an_empty_title_is_like_nothing() -> None:
    """No division by nothing, no link to it."""
    assert propose(document("A", ("", "Repair the pier")), document("B", ("Repair the gate of the fort",))) == []
    collection = Collection({"a": "", "b": "Repair the pier"})
    assert collection.likeness("a", "b").wording == 0
    assert collection.likeness("a", "b").subject == 0
    assert shipped_thesaurus() is shipped_thesaurus()
