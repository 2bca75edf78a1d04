# SPDX-License-Identifier: Apache-2.0
"""The published stop words are flagged with advice; good descriptions are not; a text finds its chapter.

Method: every term of the reference alone in the field, under our own list and under the operator's file; the English
descriptions of the risk corpus, none of which the shipped model has learnt.
"""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

import msgspec
import pytest
from tests.corpus import corpus_path, reference_path

from openecp.border.data_quality.model import shipped_model
from openecp.border.data_quality.score import QualityScorer
from openecp.border.data_quality.terms import read_terms, shipped_terms

ON = date(2026, 11, 22)
REMARKS = {"consolidated (only acceptable at master bill level)", "comic or film characters", "a bare product number"}


@pytest.fixture(scope="module")
def lists() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(reference_path("vague-descriptions.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def ours() -> QualityScorer:
    return QualityScorer(ON)


def goods_terms(lists: dict[str, Any]) -> list[str]:
    names = [name for name in lists if name.startswith(("eu_ics2_goods", "cbp", "post", "us_trade", "broker"))]
    return sorted({term for name in names for term in lists[name]} - REMARKS)


def test_every_stop_word_alone_is_flagged_with_advice(lists: dict[str, Any], ours: QualityScorer) -> None:
    """Under our own list, which copies none, and under the operator's file, where each holds the parcel."""
    loaded = QualityScorer(ON, read_terms(reference_path("vague-descriptions.json").read_bytes()) + shipped_terms())
    terms = goods_terms(lists)
    assert len(terms) > 100
    for written in (str, str.upper, str.lower, lambda text: f"  {text}. "):
        assert [term for term in terms if not ours.describe(written(term)).flags] == []
        assert [term for term in terms if loaded.describe(written(term)).verdict != "hold"] == []
    assert all(flag.write and flag.write_fr for term in terms for flag in ours.describe(term).flags)


def test_parties_of_the_reference_are_placeholders(lists: dict[str, Any], ours: QualityScorer) -> None:
    """A consignee that is nobody."""
    for name in (*lists["eu_ics2_party"], *lists["consignee_red_flags"]):
        if name not in REMARKS:
            assert ours.party("buyer_name", name).verdict == "hold", name


def test_the_true_chapter_is_among_the_first_five() -> None:
    """At least 93 of 100 English descriptions."""
    with corpus_path("risk/hs/hs_benchmark_cases.csv").open(encoding="utf-8") as file:
        cases = [row for row in csv.DictReader(file) if row["language"] == "en"]
    model = shipped_model()
    right = sum(
        row["expected_hs_code"][:2] in [one.code for one in model.suggest(row["text"]).chapters] for row in cases
    )
    assert right >= 0.93 * len(cases), f"{right} of {len(cases)}"
