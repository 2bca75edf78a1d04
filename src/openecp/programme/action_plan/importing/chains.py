# SPDX-License-Identifier: Apache-2.0
"""Which of the numbers that begin a line are the plan's own: those that count up.

A page number, a year or a number in a sentence begins a line too, but does not continue the count.
"""

from __future__ import annotations

from typing import NamedTuple

_NEAR = 20  # so many numbers may be missing before a chain is looked for among all
_STEP_COST, _STEP_COST_MAX = 0.3, 3.0


class Candidate(NamedTuple):
    """A number at the beginning of a line: the index of its word, the number, how much it looks like the plan's own."""

    word: int
    number: int
    weight: float
    place: int = 0  # candidates of one place exclude each other


def longest_chain(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates that count up best; a missing number costs, a number on its own gains."""
    best: dict[int, tuple[float, int]] = {}  # number: worth and position of the best chain that ends with it
    links: list[int | None] = []
    for position, candidate in enumerate(candidates):
        worth = 0.0
        link: int | None = None
        near = [best[n] for n in range(candidate.number - _NEAR, candidate.number) if n in best]
        for earlier, before in near or [kept for number, kept in best.items() if number < candidate.number]:
            if candidate.place and candidates[before].place == candidate.place:
                continue
            missing = candidate.number - candidates[before].number - 1
            here = earlier - min(_STEP_COST * missing, _STEP_COST_MAX)
            if here > worth:
                worth, link = here, before
        links.append(link)
        worth += candidate.weight
        if worth >= best.get(candidate.number, (0.0, 0))[0]:
            best[candidate.number] = (worth, position)
    chain: list[Candidate] = []
    last = max(best.values())[1] if best else None
    while last is not None:
        chain.append(candidates[last])
        last = links[last]
    return chain[::-1]
