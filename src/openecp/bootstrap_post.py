# SPDX-License-Identifier: Apache-2.0
"""Wires the post: its rules from the profile, descriptions judged as those of parcels are, charges by the regimes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from openecp.border.data_quality.columns import QualityInput
from openecp.border.data_quality.score import QualityScorer
from openecp.border.low_value.basket import Rates
from openecp.border.low_value.quote import Quoter
from openecp.border.postal.compliance import IsVague
from openecp.kernel.profile import Profile
from openecp.platform.core.postcharges import LowValueCharges
from openecp.platform.core.postwork import PostalCasework, PostalRules, rules_of


def describes_nothing(on: date) -> IsVague:
    """Return what judges descriptions by the vague terms in force on a day."""
    scorer = QualityScorer(on)
    return lambda text: scorer.description_code(QualityInput(description=text)) is not None


def postal_rules(profile: Profile) -> PostalRules:
    """Return the rules of the post.

    Raises: PostalRefused with every row of the profile's tables that cannot be used.
    """
    return rules_of(profile, describes_nothing(date.today()))


def postal_casework(store: Any, profile: Profile, quoter: Callable[..., Quoter]) -> PostalCasework:
    """Return where commands about postal items are decided; nothing is read until one comes.

    Reads: profile.toml, `[postal] jurisdiction`, else `[low_value] jurisdiction`: whose regimes charge items; `rates`,
    a file of official rates of exchange in the profile's folder; `vat`, where the regimes have no rate.
    """
    named = profile.setting("postal", "jurisdiction") or profile.setting("low_value", "jurisdiction")
    file, vat = profile.setting("postal", "rates"), profile.setting("postal", "vat")

    def make() -> Quoter:
        return quoter(None, str(profile.folder / str(file)) if file else None)

    charges = LowValueCharges(make, str(named), rates=Rates(vat=str(vat)) if vat else None) if named else None
    return PostalCasework(store, rules=lambda: postal_rules(profile), assessor=charges)
