# SPDX-License-Identifier: Apache-2.0
"""Where the rows of a plan begin: at the numbers, without a dot, that begin a line and count up.

Raises: PlanFault where two rows carry one number.
"""

from __future__ import annotations

from openecp.programme.action_plan.importing.chains import Candidate, longest_chain
from openecp.programme.action_plan.importing.source import ACTION_NUMBER_MAX
from openecp.programme.action_plan.importing.stream import TAB, Stream, kind_of

_DIGITS_MAX = 4
_ROWS_MIN = 3


def find_rows(stream: Stream, header: int | None = None) -> tuple[list[Candidate], list[Candidate]]:
    """Return the rows' numbers in order, and the numbers at the beginning of a line that are not rows.

    `header` is the first word of the first header row: after it, numbers with a dot are rows where none without are.
    """
    chosen, others = _choose(stream, len(stream.words))
    if len(chosen) < _ROWS_MIN and header is not None:
        dotted = _choose(stream, header)
        if len(dotted[0]) >= _ROWS_MIN:
            return dotted
    return chosen, others


def _choose(stream: Stream, dots_from: int) -> tuple[list[Candidate], list[Candidate]]:
    candidates = []
    words = stream.folded
    for index in stream.line_starts:
        word = words[index]
        if not word[0].isdigit():
            continue
        tab = index + 1 < len(words) and kind_of(stream.gaps[index + 1]) == TAB
        if word[-1] in ".)" and (tab or index >= dots_from):
            word = word[:-1]
        if not word.isdecimal() or len(word) > _DIGITS_MAX or stream.removed[index] or index + 1 >= len(words):
            continue
        number = int(word)
        if not 1 <= number <= ACTION_NUMBER_MAX:
            continue
        weight = 1.0
        if tab:
            weight = 1.5
        elif stream.first_on_line(index + 1):
            weight = 0.8
        candidates.append(Candidate(index, number, weight))
    chosen = longest_chain(candidates)
    taken = {one.word for one in chosen}
    return chosen, [one for one in candidates if one.word not in taken]
