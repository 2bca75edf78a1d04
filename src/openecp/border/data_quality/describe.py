# SPDX-License-Identifier: Apache-2.0
"""One description at entry: is it enough, what to write instead, which HS code it may be, does the declared one fit."""

from __future__ import annotations

import msgspec

from openecp.border.data_quality.flags import Flag
from openecp.border.data_quality.model import Suggestion, TextModel
from openecp.border.data_quality.score import QualityScorer


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one description. `code` is empty and `sure` false where the text does not tell enough.

    `chapter_fits`: whether the declared code's chapter is among the first five; null where none was declared, or where
    the model is not sure of anything.
    """

    text: str
    verdict: str
    score: int
    flags: tuple[Flag, ...]
    code: str
    sure: bool
    confidence: float
    words: tuple[str, ...]
    chapters: tuple[Suggestion, ...]
    headings: tuple[Suggestion, ...]
    subheadings: tuple[Suggestion, ...]
    chapter_fits: bool | None = None


def describe(scorer: QualityScorer, model: TextModel, text: str, declared_hs: str = "") -> Described:
    """Score a description and suggest HS codes for it."""
    scored = scorer.describe(text)
    found = model.suggest(text)
    told = scored.verdict != "hold"  # of a text that says nothing, a code would be a guess
    first = next(
        (one for one in (*found.subheadings, *found.headings, *found.chapters) if one.code == found.code), None
    )
    fits = None
    if declared_hs and told and found.sure:
        fits = declared_hs[:2] in [one.code for one in found.chapters]
    return Described(
        text=text,
        verdict=scored.verdict,
        score=scored.score,
        flags=scored.flags,
        code=found.code if told else "",
        sure=found.sure and told,
        confidence=first.confidence if first and told else 0.0,
        words=first.words if first and told else (),
        chapters=found.chapters if told else (),
        headings=found.headings if told else (),
        subheadings=found.subheadings if told else (),
        chapter_fits=fits,
    )
