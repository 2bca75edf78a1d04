# SPDX-License-Identifier: Apache-2.0
"""The SQL step and the scorer give the same codes for any row.

Method: rows made of vague words, good words, separators, accents and arbitrary text, some dozens in one statement.
"""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from openecp.border.data_quality.columns import (
    QUALITY_INPUT,
    VAGUE_KEY_COLUMNS,
    QualityInput,
    quality_rows,
    quality_statement,
)
from openecp.border.data_quality.flags import ACTIONS
from openecp.border.data_quality.score import QualityScorer
from openecp.border.data_quality.terms import shipped_terms
from openecp.platform.engines.duck import DuckEngine

ON = date(2026, 11, 22)
WORDS = [
    "gift",
    "Gifts",
    "parts",
    "spare part",
    "shoes",
    "clothes",
    "said to contain",
    "FAK",
    "unknown",
    "Mickey Mouse",
    "n/a",
    "test",
    "Mr",
    "cadeau",
    "vêtements",
    "подарок",
    "礼物",
    "ของขวัญ",
    "cotton",
    "shirt",
    "frozen",
    "cod",
    "café",
    "Größe",
    "İstanbul",
    "2",
    "3 pcs",
    "x2",
    "AB-1234",
    "WH-1000XM5",
    "asdf",
    "xxx",
    "tv",
    "see invoice",
    "and",
    "for",
    "of",
    "new",
    "toy",
    "car",
    "private",
    "12 rue",
    "",
    "phone",
    "company",
    "ｇｉｆｔ",
]
SEPARATORS = (" ", ", ", "  ", " and ", "-", "/", "_", " & ", "\u00a0", "\u3000", ".", "\n", "")
written = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SEPARATORS)), max_size=5).map(
    lambda parts: "".join(word + apart for word, apart in parts)
)
anything = st.text(st.characters(min_codepoint=1, exclude_categories=("Cs", "Cn")), max_size=30)
text = st.none() | written | anything.map(lambda raw: unicodedata.normalize("NFC", raw))
amount = st.none() | st.sampled_from((0, 1_000_000, 10_000, 1, 1_111_000_000, 12_340_000, 99_990_000, -5))
row = st.builds(
    QualityInput,
    item=st.integers(1, 2),
    description=text | st.just("gift " * 60),
    documents=st.none() | st.booleans(),
    sender_name=text,
    sender_address=text,
    buyer_name=text | st.just("cotton"),
    buyer_address=text,
    unit_price_micro=amount,
    weight_kg_micro=amount,
    gross_weight_kg_micro=amount,
)


@pytest.fixture(scope="module")
def world() -> tuple[DuckEngine, str, QualityScorer]:
    engine, terms = DuckEngine(), shipped_terms()
    engine.load("vague_terms", VAGUE_KEY_COLUMNS, quality_rows(terms, ON), ("term", "where_found"))
    return engine, quality_statement(terms, ON), QualityScorer(ON, terms)


@settings(
    max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(rows=st.lists(row, min_size=20, max_size=60))
def test_step_and_scorer_agree(world: tuple[DuckEngine, str, QualityScorer], rows: list[QualityInput]) -> None:
    """One row out for each row in; codes and hold are the scorer's."""
    engine, statement, scorer = world
    values = [(number, *(getattr(one, name) for name, _ in QUALITY_INPUT[1:])) for number, one in enumerate(rows)]
    found = engine.run(statement, {"parcel_rows": (QUALITY_INPUT, values)})
    assert sorted(number for number, _, _ in found) == list(range(len(rows)))
    for number, quality, hold in found:
        codes = scorer.codes(rows[number])
        assert (quality, rows[number]) == (" ".join(codes), rows[number])
        assert hold == any(ACTIONS[code] == "hold" for code in codes)
