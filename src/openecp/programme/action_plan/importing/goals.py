# SPDX-License-Identifier: Apache-2.0
"""Codes of sections whose headings repeat strategic goals that the document lists in its text before the plan.

`Strategic Goal 5 ‘…’` gives SG5 to a section with those words; the numbered activities listed after a goal give SG1.1,
SG1.2 and so on. A section that repeats none has no code.
"""

from __future__ import annotations

import re
from itertools import zip_longest

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_GOAL = re.compile(
    rf"(?P<ordinal>{'|'.join(_ORDINALS)})strategicgoal|strategicgoal(?P<number>\d{{1,2}})|\((?P<item>\d{{1,2}})\)"
)
_QUOTE = re.compile(r"['\"](?P<words>[^\"]{12,300}?)['\"](?=[,.;:]|[a-z])")
_NEXT = re.compile(r"\d{1,2}\.[a-z]")  # the number of the paragraph that follows a list
_ALIKE = 0.85
_HEAD = 6  # letters with which both begin
_ITEM_CHARACTERS_MAX = 300


def strategic_goals(squeezed: str) -> dict[str, str]:
    """Return the words, folded and without blanks, of each goal and activity that a text lists, by code."""
    goals: dict[str, str] = {}
    goal = ""
    marks = list(_GOAL.finditer(squeezed))
    for mark, following in zip_longest(marks, marks[1:]):
        stop = min(following.start() if following else len(squeezed), mark.end() + _ITEM_CHARACTERS_MAX)
        words = squeezed[mark.end() : stop]
        if mark["item"]:
            if goal and (words := words[: end.start() if (end := _NEXT.search(words)) else None]):
                goals.setdefault(f"{goal}.{mark['item']}", words)
            continue
        number = int(mark["number"]) if mark["number"] else _ORDINALS.index(mark["ordinal"]) + 1
        goal = f"SG{number}"
        if quote := _QUOTE.search(words):
            goals.setdefault(goal, quote["words"])
    return goals


def goal_of(title: str, goals: dict[str, str]) -> tuple[str | None, bool]:
    """Return the code of the goal that a section's title (folded, no blanks) repeats, and whether it is certain."""
    found = []
    for code, words in goals.items():
        if words[:_HEAD] != title[:_HEAD]:
            continue
        likeness = _likeness(title, words)
        if likeness >= _ALIKE:
            found.append((likeness, code))
    found.sort(reverse=True)
    if not found:
        return None, True
    return found[0][1], len(found) == 1 or found[0][0] - found[1][0] > 0.1


def _likeness(one: str, other: str) -> float:
    """Return the share of the shorter text's groups of three letters that the other holds."""
    mine, theirs = ({text[at : at + 3] for at in range(len(text) - 2)} for text in (one, other))
    return len(mine & theirs) / max(min(len(mine), len(theirs)), 1)
