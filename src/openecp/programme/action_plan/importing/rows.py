# SPDX-License-Identifier: Apache-2.0
"""Where the rows of a plan begin: at the numbers, without a dot, that begin a line and count up.

Raises: PlanFault where two rows carry one number.
"""

from __future__ import annotations

from openecp.programme.action_plan.importing.chains import Candidate, longest_chain
from openecp.programme.action_plan.importing.source import ACTION_NUMBER_MAX
from openecp.programme.action_plan.importing.stream import TAB, Stream, kind_of

_DIGITS_MAX = 4


def find_rows(stream: Stream) -> tuple[list[Candidate], list[Candidate]]:
    """Return the rows' numbers in order, and the numbers at the beginning of a line that are not rows."""
    candidates = []
    words = stream.folded
    for index in stream.line_starts:
        word = words[index]
        if not word.isdecimal() or len(word) > _DIGITS_MAX or stream.removed[index] or index + 1 >= len(words):
            continue
        number = int(word)
        if not 1 <= number <= ACTION_NUMBER_MAX:
            continue
        weight = 1.0
        if kind_of(stream.gaps[index + 1]) == TAB:
            weight = 1.5
        elif stream.first_on_line(index + 1):
            weight = 0.8
        candidates.append(Candidate(index, number, weight))
    chosen = longest_chain(candidates)
    taken = {one.word for one in chosen}
    return chosen, [one for one in candidates if one.word not in taken]
