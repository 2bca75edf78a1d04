# SPDX-License-Identifier: Apache-2.0
"""What two actions have in common besides their titles: bodies, also renamed ones, and work programmes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from itertools import pairwise

import msgspec

from openecp.programme.action_plan.records import ActionRecord
from openecp.programme.action_plan.shipped import body_names as shipped_names
from openecp.programme.action_plan.shipped import shipped_rows

RENAMED = 0.7  # so much of two names in common: one body under a new name


class Context(msgspec.Struct, frozen=True):
    """Bodies and programmes that two actions share; `share` is how much of both that is, 0 to 1."""

    bodies: tuple[str, ...]
    programmes: tuple[str, ...]
    share: float
    same_body: bool  # one at least, or one whose name was changed


@cache
def placeholder_bodies() -> frozenset[str]:
    """Return the codes that stand for no body, such as `OTHER`."""
    return frozenset(row["code"] for row in shipped_rows("body_names") if row["placeholder"] == "yes")


def context_of(
    first: ActionRecord,
    second: ActionRecord,
    placeholders: Collection[str],
    names: Mapping[str, str] | None = None,
) -> Context:
    """Return what two actions have in common besides their titles.

    Bodies that support all actions of a plan and placeholders do not count.
    """
    left = set(first.responsible) - set(placeholders) - set(first.supporting) - set(second.supporting)
    right = set(second.responsible) - set(placeholders) - set(first.supporting) - set(second.supporting)
    bodies = left & right
    renamed = any(same_name(one, other, names) for one in left - bodies for other in right - bodies)
    programmes = set(first.work_programmes) & set(second.work_programmes)
    return Context(
        bodies=tuple(sorted(bodies)),
        programmes=tuple(sorted(programmes)),
        share=(
            _share(len(bodies) + renamed, len(left | right) - renamed)
            + _share(len(programmes), len({*first.work_programmes, *second.work_programmes}))
        )
        / 2,
        same_body=bool(bodies) or renamed,
    )


def same_name(first: str, second: str, names: Mapping[str, str] | None = None) -> bool:
    """Say whether two codes may be one body under two names, `Working Group` and `Virtual Working Group` on X."""
    known = _shipped_english() if names is None else names
    if first not in known or second not in known:
        return False
    return _alike(known[first], known[second]) >= RENAMED


@cache
def _shipped_english() -> dict[str, str]:
    return {code: words.en for code, words in shipped_names().items()}


@lru_cache(maxsize=4096)
def _alike(first: str, second: str) -> float:
    left, right = _runs(first), _runs(second)
    return 2 * (left & right).total() / (left.total() + right.total())


def _runs(name: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", name.lower())
    return Counter([*((word,) for word in words), *pairwise(words)])


def _share(common: int, total: int) -> float:
    return common / total if total else 0.0
