# SPDX-License-Identifier: Apache-2.0
"""Between which bounds a share of counted results lies: one rule for models, profiles, lanes and compliance.

Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
"""

from __future__ import annotations

import math

Z95 = 1.959963984540054


def wilson_bounds(share: float, many: float, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's interval of a share in so many, 95 % if `z` is not given; nothing is known of none."""
    if many <= 0:
        return 0.0, 1.0
    middle = share + z * z / (2 * many)
    half = z * math.sqrt(share * (1 - share) / many + z * z / (4 * many * many))
    whole = 1 + z * z / many
    low = (middle - half) / whole if share > 0 else 0.0
    high = (middle + half) / whole if share < 1 else 1.0
    return low, high
