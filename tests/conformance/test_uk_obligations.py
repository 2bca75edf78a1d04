# SPDX-License-Identifier: Apache-2.0
"""What profile uk-trade-test demands is missed, at its place, where it is taken out of an accepted declaration."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.corpus import corpus_path

from openecp.bootstrap_conformance import make_assessor
from openecp.border.lodgement.data_sets import DataSets
from openecp.conformance.compare import plain_pointer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import element_by_id
from openecp.kernel.profile import load_profile
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.wire import read

SAMPLES = {
    "H1": "TT_IM001a/Step1_TT_IM001a.xml",
    "H3": "TT_IM083a/Step1_TT_IM083a.xml",
    "H4": "TT_IM146a/Step1_TT_IM146a.xml",
    "H5": "TT_IM059a/Step1_TT_IM059a.xml",
    "H7": "TT_IM077a/TT_IM077a.xml",
    "I1BE": "TT_IM134a/Step1_TT_IM134a.xml",
    "C21": "TT_IM005b/TT_IM005b.xml",
    "FSD": "TT_IM061a/Step1_TT_IM061a.xml",
    "B1": "TT_EX011a/TT_EX011a.xml",
    "B2": "TT_EX023a/Step1_TT_EX023a.xml",
    "B4": "TT_EX024a/Step1_TT_EX024a.xml",
    "C1": "TT_EX006a/TT_EX006a.xml",
}
DERIVES = {"42A.D013", "42A/67A/68A/70A.166", "42A/67A/68A/70A.161"}  # without these there is no data set


@pytest.fixture(scope="module")
def assessor() -> AssessesDeclarations:
    return make_assessor(load_profile("uk-trade-test"), None)


def without(value: Any, steps: list[str], leaf: str) -> Any:
    """Return a class without one element, wherever it stands below."""
    known = element_by_id(type(value))
    if not steps:
        element = known[leaf]
        return msgspec.structs.replace(value, **{element.field: () if element.repeats else None})
    element = known[steps[0]]
    below = getattr(value, element.field)
    if below is None or below == ():
        return value
    if element.repeats:
        changed: Any = tuple(without(each, steps[1:], leaf) for each in below)
    else:
        changed = without(below, steps[1:], leaf)
    return msgspec.structs.replace(value, **{element.field: changed})


def take_out(declaration: Declaration, alternatives: list[str]) -> Declaration:
    """Return a declaration without an element, at header and item."""
    for path in alternatives:
        classes, _, leaf = path.partition(".")
        declaration = without(declaration, classes.split("/")[1:], leaf)
    return declaration


@pytest.mark.parametrize("data_set", SAMPLES)
def test_a_mandatory_element_that_is_taken_out_is_missed_at_its_place(
    assessor: AssessesDeclarations, data_set: str
) -> None:
    declaration = read(corpus_path(f"wco-dm/scenarios/{SAMPLES[data_set]}").read_bytes()).declaration
    profile = load_profile("uk-trade-test")
    rows = [
        row
        for row in profile.table("obligations")
        if row["obligation"] == "M" and data_set in row["data_set"].split("|")
    ]
    assert DataSets(profile).names
    wanted = [row["element"].split("|") for row in rows if row["element"] not in DERIVES]
    assert wanted
    assessments = assessor.assess([declaration, *(take_out(declaration, paths) for paths in wanted)])
    assert assessments[0].outcome == "accepted", assessments[0].errors
    assert assessments[0].data_set == data_set
    for paths, assessment in zip(wanted, assessments[1:], strict=True):
        assert assessment.outcome == "rejected", paths
        places = {plain_pointer(reason.pointer or "") for reason in assessment.errors if reason.code == "CDS10001"}
        places |= {plain_pointer(r) for reason in assessment.errors for r in reason.related_pointers}
        assert places & set(paths), (paths, assessment.errors)


@pytest.mark.parametrize("element", sorted(DERIVES))
def test_without_type_or_procedure_it_is_rejected(assessor: AssessesDeclarations, element: str) -> None:
    declaration = read(corpus_path(f"wco-dm/scenarios/{SAMPLES['H1']}").read_bytes()).declaration
    assessment = assessor.assess([take_out(declaration, [element])])[0]
    assert assessment.outcome == "rejected"
    assert assessment.errors


def change(declaration: Declaration, path: str, value: str) -> Declaration:
    """Return a declaration with another text at a header element."""
    classes, _, leaf = path.partition(".")
    return _changed(declaration, classes.split("/")[1:], leaf, value)


def _changed(value: Any, steps: list[str], leaf: str, text: str) -> Any:
    known = element_by_id(type(value))
    element = known[steps[0] if steps else leaf]
    if not steps:
        return msgspec.structs.replace(value, **{element.field: text})
    below = getattr(value, element.field)
    changed: Any = (
        (_changed(below[0], steps[1:], leaf, text), *below[1:])
        if element.repeats
        else _changed(below, steps[1:], leaf, text)
    )
    return msgspec.structs.replace(value, **{element.field: changed})


@pytest.mark.parametrize(
    ("office", "outcome"),
    [
        ("GB000040", "accepted"),  # seen
        ("GB000072", "accepted"),  # in the published list
        ("GB000077", "accepted"),  # not listed, in the range of the published numbers
        ("GB005999", "accepted"),
        ("XI000142", "accepted"),
        ("FR002300", "accepted"),  # indirect export
        ("GB999999", "rejected"),
        ("GB777777", "rejected"),
        ("ZZ000040", "rejected"),
        ("GB00004", "rejected"),
        ("DOVER", "rejected"),
    ],
)
def test_an_unseen_office_of_exit_is_told_from_a_wrong_one(
    assessor: AssessesDeclarations, office: str, outcome: str
) -> None:
    declaration = read(corpus_path(f"wco-dm/scenarios/{SAMPLES['B1']}").read_bytes()).declaration
    assert assessor.assess([change(declaration, "42A/56A.G005", office)])[0].outcome == outcome


@pytest.mark.parametrize(
    ("procedure", "previous", "outcome"),
    [
        ("40", "00", "accepted"),
        ("40", "22", "accepted"),
        ("40", "99", "accepted"),  # a pair that is not listed: lists lag behind the messages
        ("61", "21", "accepted"),
        ("44", "71", "accepted"),
        ("99", "00", "rejected"),
        ("47", "00", "rejected"),
    ],
)
def test_an_unknown_procedure_is_refused(
    assessor: AssessesDeclarations, procedure: str, previous: str, outcome: str
) -> None:
    declaration = read(corpus_path(f"wco-dm/scenarios/{SAMPLES['H1']}").read_bytes()).declaration
    changed = change(change(declaration, "42A/67A/68A/70A.166", procedure), "42A/67A/68A/70A.161", previous)
    assessment = assessor.assess([changed])[0]
    assert assessment.outcome == outcome, assessment.errors
    if outcome == "rejected":
        assert [(reason.code, reason.pointer) for reason in assessment.errors] == [
            ("CDS12050", "42A/67A/68A[1]/70A.166")
        ]


@pytest.mark.parametrize(
    ("lrn", "outcome"), [("A" * 22, "accepted"), ("A" * 23, "rejected"), ("A.b/c_d-1", "accepted"), ("", "rejected")]
)
def test_the_reference_number_has_22_characters_at_most(assessor: AssessesDeclarations, lrn: str, outcome: str) -> None:
    declaration = read(corpus_path(f"wco-dm/scenarios/{SAMPLES['H1']}").read_bytes()).declaration
    assert assessor.assess([change(declaration, "42A.D026", lrn)])[0].outcome == outcome
