# SPDX-License-Identifier: Apache-2.0
"""Words for the codes of low-value regimes and of parcels."""

from __future__ import annotations

from openecp.platform.console.language import N_

TABS: dict[str, str] = {
    "files": N_("Files"),
    "regimes": N_("Regimes"),
    "calculator": N_("Calculator"),
    "posts": N_("Posts"),
    "collectors": N_("Collectors"),
}
SUPPORT: dict[str, str] = {
    "official": N_("official source"),
    "official+secondary": N_("official and secondary sources"),
    "secondary+official": N_("secondary sources, in part official"),
    "secondary": N_("secondary sources"),
    "secondary-conflicting": N_("secondary sources that differ"),
    "secondary-old": N_("old secondary source"),
    "secondary-announced": N_("announced, secondary source"),
    "background-unverified": N_("no cited source"),
    "decided": N_("decided by us"),
}
SUPPORT_TONES = {
    "official": "good",
    "official+secondary": "good",
    "secondary+official": "good",
    "secondary-conflicting": "customs",
    "secondary-old": "customs",
    "secondary-announced": "customs",
    "background-unverified": "bad",
}
DATES: dict[str, str] = {
    "sale": N_("day of sale"),
    "acceptance": N_("day of acceptance"),
    "arrival": N_("day of arrival"),
}
CHANNELS: dict[str, str] = {"post": N_("post"), "express": N_("express carrier"), "other": N_("other carriage")}
TRADES: dict[str, str] = {
    "B2C": N_("business to consumer"),
    "B2B": N_("business to business"),
    "C2C": N_("between private people"),
    "gift": N_("gift"),
}
COLLECTORS: dict[str, str] = {
    "seller": N_("seller"),
    "carrier": N_("carrier"),
    "post": N_("post"),
    "express": N_("express carrier"),
    "broker": N_("broker"),
    "buyer": N_("buyer"),
}
DUE: dict[str, str] = {"sale": N_("at the sale"), "border": N_("at the border"), "return": N_("with the return")}
BASES: dict[str, str] = {
    "intrinsic": N_("intrinsic value"),
    "fob": N_("FOB value"),
    "price": N_("price without freight"),
    "cif": N_("value with freight and insurance"),
}
SCOPES: dict[str, str] = {
    "item": N_("each item"),
    "hs6": N_("each HS subheading"),
    "consignment": N_("the consignment"),
    "order": N_("the order"),
    "person_day": N_("a person and day"),
    "person_month": N_("a person and month"),
    "person_year": N_("a person and year"),
}
ROUNDING: dict[str, str] = {
    "half_up": N_("half up"),
    "half_even": N_("half to even"),
    "floor": N_("down"),
    "ceiling": N_("up"),
}
PERIODS: dict[str, str] = {"day": N_("a day"), "week": N_("a week"), "month": N_("a month")}
REQUIRED: dict[str, str] = {
    "hs": N_("HS code"),
    "origin": N_("country of origin"),
    "weight": N_("weight"),
    "description": N_("description"),
    "buyer.id": N_("identifier of the buyer"),
    "buyer.name": N_("name of the buyer"),
    "dispatch_country": N_("country of dispatch"),
}
CHARGES: dict[str, str] = {"Customs duty": N_("Customs duty"), "VAT": N_("VAT"), "duty": N_("Duty"), "tax": N_("Tax")}
CATEGORIES: dict[str, str] = {
    "1": N_("correspondence and documents"),
    "2": N_("nothing to collect at the border"),
    "3": N_("something to collect at the border"),
    "4": N_("full declaration"),
}
