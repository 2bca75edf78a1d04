# SPDX-License-Identifier: Apache-2.0
"""Remarks on the quality of declared data, in the reader's language: what was found, why it matters, what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec

from openecp.border.data_quality.flags import RULES
from openecp.border.data_quality.terms import Advice, shipped_advice


class QualityNote(msgspec.Struct, frozen=True, kw_only=True):
    """A remark on what was declared: what was found, why it matters, what to write instead."""

    code: str
    held: bool
    found: str
    why: str
    write: str


@cache
def _advice() -> dict[str, Advice]:
    return shipped_advice()


def found_words(code: str, language: str) -> str:
    """Return what a quality code says was found; nothing for a code that is none of ours."""
    rule = RULES.get(code)
    if rule is None:
        return ""
    return rule[4] if language == "fr" else rule[3]


def notes_of(codes: Iterable[str], language: str) -> Iterator[QualityNote]:
    """Yield the remark of each code."""
    french = language == "fr"
    for code in codes:
        rule = RULES.get(code)
        if rule is None:
            yield QualityNote(code=code, held=False, found=code, why="", write="")
            continue
        advice = _advice().get(rule[2])
        yield QualityNote(
            code=code,
            held=rule[1] == "hold",
            found=rule[4] if french else rule[3],
            why=rule[6] if french else rule[5],
            write=(advice.fr if french else advice.en) if advice is not None else "",
        )
