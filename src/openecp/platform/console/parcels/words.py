# SPDX-License-Identifier: Apache-2.0
"""Words for the codes of low-value regimes and of parcels."""

from __future__ import annotations

from openecp.platform.console.language import N_

TABS: dict[str, str] = {
    "files": N_("Files"),
    "find": N_("Find a parcel"),
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

DECISIONS: dict[str, str] = {
    "release": N_("released, nothing to collect"),
    "release_with_charges": N_("released with charges"),
    "full_declaration": N_("full declaration needed"),
    "hold": N_("held"),
    "refused": N_("refused"),
    "examine": N_("to be examined"),
    "seize": N_("seized"),
    "return": N_("returned"),
    "destroy": N_("destroyed"),
}
DECISION_TONES = {
    "release": "good",
    "release_with_charges": "good",
    "full_declaration": "trader",
    "hold": "customs",
    "refused": "bad",
    "examine": "customs",
    "seize": "bad",
    "return": "closed",
    "destroy": "closed",
}
FILE_STATES: dict[str, str] = {
    "waiting": N_("waiting"),
    "running": N_("being cleared"),
    "done": N_("cleared"),
    "failed": N_("not cleared"),
}
FILE_TONES = {"waiting": "open", "running": "trader", "done": "good", "failed": "bad"}

REASONS: dict[str, str] = {
    "OECP-DUTY-RATE": N_("the duty rate is not known"),
    "OECP-EXCHANGE": N_("there is no rate of exchange"),
    "OECP-GOODS": N_("goods that the regime excludes"),
    "OECP-LIMIT": N_("the value is over the limit"),
    "OECP-NO-REGIME": N_("no regime holds"),
    "OECP-ORIGIN": N_("goods of an origin that the regime excludes"),
    "OECP-RESTRICTED": N_("goods under a prohibition or restriction"),
    "OECP-SCHEME-NUMBER": N_("the number tells the scheme that no name was given for"),
    "OECP-TAX-RATE": N_("the tax rate is not known"),
    "OECP-REQUIRED-HS": N_("the HS code is missing"),
    "OECP-REQUIRED-ORIGIN": N_("the country of origin is missing"),
    "OECP-REQUIRED-WEIGHT": N_("the weight is missing"),
    "OECP-REQUIRED-DESCRIPTION": N_("the description is missing"),
    "OECP-REQUIRED-BUYER-ID": N_("the buyer's identifier is missing"),
    "OECP-REQUIRED-BUYER-NAME": N_("the buyer's name is missing"),
    "OECP-REQUIRED-DISPATCH-COUNTRY": N_("the country of dispatch is missing"),
}

STATUS_TONES = {
    "decided": "good",
    "full_declaration": "trader",
    "held": "customs",
    "queried": "trader",
    "examination": "customs",
    "released": "good",
    "seized": "bad",
    "returned": "closed",
    "destroyed": "closed",
}
EVENTS: dict[str, str] = {
    "ParcelCaseOpened": N_("Parcel taken in hand"),
    "FullDeclarationRequired": N_("Full declaration required"),
    "FullDeclarationLodged": N_("Full declaration lodged"),
    "ParcelPresented": N_("Parcel presented"),
    "ParcelHeld": N_("Parcel held"),
    "HoldLifted": N_("Hold lifted"),
    "ParcelQueried": N_("Question asked"),
    "QueryAnswered": N_("Question answered"),
    "ExaminationOrdered": N_("Examination ordered"),
    "ParcelExamined": N_("Parcel examined"),
    "ParcelRevised": N_("Goods revised"),
    "ParcelReleased": N_("Parcel released"),
    "ParcelSeized": N_("Parcel seized"),
    "ParcelReturned": N_("Parcel returned to the sender"),
    "ParcelDestroyed": N_("Parcel destroyed"),
    "ParcelPaid": N_("Charges paid"),
    "ParcelRefunded": N_("Charges refunded"),
}
ACT_ORDER = (
    *("release", "hold", "lift_hold", "query", "answer", "examine", "examined", "revise", "present", "pay"),
    "refund",
    *("return", "seize", "destroy"),
)
ACTS: dict[str, str] = {
    "present": N_("Record the arrival"),
    "hold": N_("Hold"),
    "lift_hold": N_("Lift the hold"),
    "query": N_("Ask a question"),
    "answer": N_("Answer the question"),
    "examine": N_("Order an examination"),
    "examined": N_("Record the result of the examination"),
    "revise": N_("Revise the goods"),
    "release": N_("Release"),
    "seize": N_("Seize"),
    "return": N_("Return to the sender"),
    "destroy": N_("Have it destroyed"),
    "pay": N_("Record the payment"),
    "refund": N_("Refund the charges"),
}
ACT_HINTS: dict[str, str] = {
    "hold": N_("The parcel stays until the hold is lifted or it is released."),
    "query": N_("Whoever lodged the parcel reads the question and can answer it."),
    "revise": N_("Write the goods as found. They are assessed anew and the difference is charged or taken back."),
    "release": N_("A parcel on hold is charged now, on its goods as they stand."),
    "seize": N_("What was charged is taken back. This cannot be undone."),
    "refund": N_("All that is charged for the parcel is given back; the parcel stays as it is."),
    "return": N_("What was charged is taken back; what was paid can be refunded. This cannot be undone."),
    "destroy": N_("What was charged is taken back. This cannot be undone."),
    "answer": N_("An officer reads the answer."),
}
ACTS_FINAL = ("seize", "return", "destroy")
TEXT_LABELS: dict[str, str] = {
    "query": N_("Question"),
    "answer": N_("Answer"),
    "pay": N_("Reference of the payment"),
}
EXAMINED: dict[str, str] = {"conform": N_("As declared"), "not_conform": N_("Not as declared")}
WORDS_OF_EVENTS: dict[str, str] = {
    "question": N_("Question"),
    "answer": N_("Answer"),
    "reference": N_("Reference of the payment"),
    "reason": N_("Reason"),
}
GOODS: dict[str, str] = {
    "description": N_("Description"),
    "hs": N_("HS code"),
    "origin": N_("Origin"),
    "quantity": N_("Quantity"),
    "unit_price": N_("Unit price"),
    "weight_kg": N_("Weight, kg"),
    "duty_rate": N_("Duty rate as a share"),
    "tax_rate": N_("Tax rate as a share"),
}
ENTRIES: dict[str, str] = {
    "charged": N_("%(amount)s charged to: %(name)s"),
    "taken_back": N_("%(amount)s taken back from: %(name)s"),
    "paid": N_("%(amount)s paid by: %(name)s"),
}
ACTORS: dict[str, str] = {"person": N_("a person"), "system": N_("a system")}
UNKNOWN_POST = N_("post not known")
SCORES: dict[str, str] = {
    "hs6": N_("HS code"),
    "weight": N_("weight"),
    "value": N_("value"),
    "contact": N_("contact"),
    "vague": N_("vague description"),
    "compliant": N_("complete"),
    "faultless": N_("faultless"),
}
STANDINGS: dict[str, str] = {
    "to_pay": N_("to be paid"),
    "settled": N_("settled"),
    "overpaid": N_("paid too much"),
}
STANDING_TONES = {"to_pay": "customs", "settled": "good", "overpaid": "trader"}
