# SPDX-License-Identifier: Apache-2.0
"""What two rankings without a model find in a planted world, beside what was published of real declarations.

By the first the world is set: how often the same importers are irregular again. The second is looked at only.
Source: Kim et al., DATE (KDD 2020), Nigeria, 1.9 million flows of which nearly all were inspected: by the importer's
past, 14.4 % of the irregular and 13.2 % of the revenue stand among the first 5 %; by price, 4.6 % and 35.0 %.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.metrics import at_share, ranking
from openecp.border.risk.models.world import World
from openecp.border.risk.models.world_features import dense, group_codes

FIRST_PART, FIRST = 0.7, 0.05


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """Of all that was irregular, what stands among the first 5 %: in cases and in revenue, here and as published."""

    ranked_by: str
    cases: float
    revenue: float
    published_cases: float
    published_revenue: float


def anchors(world: World) -> tuple[Anchor, ...]:
    """Rank the last weeks by the importer's irregular share in the weeks before, and by declared value."""
    cut = round(world.settings.weeks * FIRST_PART)
    before, after = (world.week >= 0) & (world.week < cut), world.week >= cut
    importer = dense(group_codes(world.columns["importer"]))
    many = int(importer.max()) + 1
    seen = np.bincount(importer[before], minlength=many)
    found = np.bincount(importer[before & world.irregular], minlength=many)
    share = (found / np.maximum(seen, 1))[importer][after]
    return (
        _anchor(world, after, "importer's past", share, (0.144, 0.132)),
        _anchor(world, after, "declared value", world.columns["value"][after], (0.046, 0.350)),
    )


def _anchor(
    world: World, rows: NDArray[np.bool_], name: str, score: NDArray[np.float64], published: tuple[float, float]
) -> Anchor:
    order = ranking(score, seed=world.settings.seed)
    told = at_share(order, FIRST, world.irregular[rows], world.revenue[rows])
    return Anchor(
        ranked_by=name, cases=told.recall.value, revenue=told.revenue_share or 0.0, published_cases=published[0],
        published_revenue=published[1],
    )  # fmt: skip
