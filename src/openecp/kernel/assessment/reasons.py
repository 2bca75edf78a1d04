# SPDX-License-Identifier: Apache-2.0
"""What an assessment says: reasons, tax lines, and the assessment itself.

Amounts are integer minor units of `currency`; rates are decimal text of a percentage (`"16"`, `"9.1"`), or the
duty expression where a line is not purely ad valorem. A reason belongs to one audience: `trader` reasons are law,
arithmetic and errors and may be shown to everyone with access to the case; `officer` reasons say how goods were
targeted and never leave the office.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Layer = Literal[
    "syntax", "obligation", "code_list", "relation", "authority", "tariff", "valuation", "revenue", "state", "risk"
]
Severity = Literal["reject", "hold", "warn", "info"]
Audience = Literal["trader", "officer"]
Channel = Literal["green", "blue", "yellow", "red"]


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that the assessment found: a fault, a warning, or why an amount or a channel is what it is.

    `pointer` is a WCO pointer (`42A/67A/68A[1]/23A/65A.128`), `json_pointer` the same place in our JSON binding,
    `line` the line of the message where it is known. `item` is the item's SequenceNumeric, None for the header.
    """

    code: str
    layer: Layer
    rule: str
    message: str
    severity: Severity = "reject"
    audience: Audience = "trader"
    item: int | None = None
    pointer: str | None = None
    json_pointer: str | None = None
    line: int | None = None
    expected: str | None = None
    got: str | None = None
    fix: str | None = None
    source: str | None = None
    related_pointers: tuple[str, ...] = ()
    read: dict[str, int | str] | None = None  # for officers: the figures that a criterion on what risk knows compared

    def __hash__(self) -> int:
        """Return a hash that leaves `read` out, which has none: reasons of all layers are told once each."""
        return hash((self.code, self.rule, self.item, self.pointer, self.message))


class TaxLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One charge on one item. `assessed_minor` is after relief, `payable_minor` what is due now."""

    item: int
    type: str
    base_minor: int | None  # None for a purely specific line
    rate: str | None  # percentage, None for a specific or compound line
    assessed_minor: int | None  # None where a quantity or rate is missing: a reason says which
    payable_minor: int | None
    currency: str
    deducted_minor: int = 0
    charge: bool = True  # False for a line that only informs (a suspended or relieved amount shown again)
    method: str | None = None  # method of payment as declared
    preference: str | None = None
    duty: str | None = None  # the duty expression applied
    source: str | None = None  # the measure's source


def channel_for(channel: Any, audience: Audience) -> Any:
    """Return the channel as an audience may know it: to a trader blue, an audit after release, is green."""
    return "green" if channel == "blue" and audience != "officer" else channel


class ItemValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Values of one item in minor units of the administration's currency."""

    item: int
    customs_value_minor: int | None
    statistical_value_minor: int | None


class Assessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of assessing one declaration: outcome, channel, reasons, values and tax lines."""

    outcome: Literal["accepted", "rejected"]
    data_set: str | None
    movement: str | None  # "import", "export", "transit", "other"
    currency: str
    channel: Channel | None = None  # None where rejected
    reasons: tuple[Reason, ...] = ()
    values: tuple[ItemValue, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    security_minor: int = 0  # amount to be secured (suspended or provisional charges)
    provisional_minor: int = 0  # part of it that a later decision settles (quota): released first, cleared afterwards
    profile: str = ""
    decided_on: str = ""  # the date whose law was applied, ISO
    selection: dict[str, Any] | None = None  # for officers: how the channel was chosen, where a plan of selection rules
    risk: dict[str, Any] | None = None  # for officers: what risk knew of it, where somebody looked

    def for_audience(self, audience: Audience) -> Assessment:
        """Return what `audience` may see: a trader sees no officer reasons, and not that goods go on to an audit."""
        if audience == "officer":
            return self
        shown = tuple(r for r in self.reasons if r.audience == "trader")
        channel = channel_for(self.channel, audience)
        return msgspec.structs.replace(self, reasons=shown, channel=channel, selection=None, risk=None)

    @property
    def errors(self) -> tuple[Reason, ...]:
        """Reasons that reject the declaration."""
        return tuple(r for r in self.reasons if r.severity == "reject")
