# SPDX-License-Identifier: Apache-2.0
"""Profiles that look for the typologies of low-value trade, as templates: an officer sets the thresholds and proposes.

What is made of a template is a profile as any other: back-tested, put to use by a second officer, measured.
Source: WCO Cross-Border E-Commerce Framework of Standards; WCO Risk Management Compendium (typologies).
Limits: thresholds are ours and tuned on nobody's traffic; `openecp risk profile backtest` says what they do on yours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.profile import RiskProfile, profile_from


class TemplateThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a template that an officer sets, between two bounds; amounts are national minor units."""

    name: str
    meaning: str
    default: int
    least: int
    most: int


class ProfileTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A profile without days, id and legal basis: what it looks for, with thresholds in braces."""

    name: str
    title: str
    purpose: str
    lane: str
    instructions: str
    predicate: str
    thresholds: tuple[TemplateThreshold, ...]
    percentage: int = 100  # of its hits that are selected, until its author says otherwise

    def filled(self, values: Mapping[str, int]) -> str:
        """Return the predicate with these thresholds, the template's own for the rest.

        Raises: ProfileRefused for a threshold that is not there or beyond its bounds.
        """
        known = {one.name: one for one in self.thresholds}
        for name, value in values.items():
            one = known.get(name)
            if one is None:
                raise _refused(f"template {self.name}", f"a threshold of {', '.join(known)}", name)
            if not one.least <= value <= one.most:
                raise _refused(f"template {self.name}, {name}", f"{one.least} to {one.most}", str(value))
        told = {name: values.get(name, one.default) for name, one in known.items()}
        return self.predicate.format(**told)


def _threshold(name: str, meaning: str, default: int, least: int, most: int) -> TemplateThreshold:
    return TemplateThreshold(name=name, meaning=meaning, default=default, least=least, most=most)


_LIMIT = _threshold("limit_minor", "the low-value limit", 15_000, 100, 10**9)

TEMPLATES: dict[str, ProfileTemplate] = {
    one.name: one
    for one in (
        ProfileTemplate(
            name="split-consignments",
            title="Split consignments",
            purpose="One buyer's consignments within a day, each below the low-value limit and together above it",
            lane="red",
            instructions="Look at all consignments of the buyer of these days: one order, one seller? Add the values.",
            predicate="entity_consignments_1d >= {consignments} AND entity_consignments_7d <= {most} "
            "AND value_minor BETWEEN {least_minor} AND {limit_minor} AND entity_value_7d_minor > {limit_minor} "
            "AND importer_declarations <= {declarations}",
            thresholds=(
                _threshold("consignments", "others of the buyer within a day", 1, 1, 1_000),
                _LIMIT,
                _threshold("least_minor", "value of a part from which it is worth a look", 6_000, 0, 10**9),
                _threshold("most", "others of the buyer within seven days; who trades has more", 20, 1, 10_000),
                _threshold("declarations", "declarations under this name before; who trades has more", 50, 0, 10**6),
            ),
        ),
        ProfileTemplate(
            name="undervaluation",
            title="Undervaluation against references",
            purpose="Usual goods of the importer, of usual weight, far below what such goods of the origin cost",
            lane="yellow",
            instructions="Ask for invoice and proof of payment; compare with the reference and with sellers' own pages",
            predicate="price_to_reference_e6 > 0 AND price_to_reference_e6 < {share_e6} "
            "AND mass_to_reference_e6 BETWEEN {mass_from_e6} AND {mass_to_e6} AND novelty <= {novelty} "
            "AND value_minor >= {least_minor}",
            thresholds=(
                _threshold("share_e6", "share of the reference price, in millionths", 500_000, 1_000, 950_000),
                _threshold("mass_from_e6", "least mass of a unit over the usual, in millionths", 700_000, 0, 10**9),
                _threshold("mass_to_e6", "greatest mass of a unit over the usual, in millionths", 1_400_000, 1, 10**9),
                _threshold("novelty", "pairs of parties, goods and origin never seen together", 0, 0, 5),
                _threshold("least_minor", "value from which it is worth a look", 1_000, 0, 10**12),
            ),
        ),
        ProfileTemplate(
            name="misdescription",
            title="Words that do not suggest the goods",
            purpose="The description does not suggest the chapter that is declared",
            lane="red",
            percentage=20,
            instructions="Open it: do the goods fit the words, do the goods fit the code?",
            predicate="described_rank > {rank} AND value_minor >= {least_minor}",
            thresholds=(
                _threshold("rank", "place of the chapter among those suggested; 5: not among the first five", 5, 1, 5),
                _threshold("least_minor", "value from which it is worth a look", 1_000, 0, 10**12),
            ),
        ),
        ProfileTemplate(
            name="gift-senders",
            title="Repeated senders of gifts",
            purpose="A sender whose gifts, just within the relief, are too many to be presents",
            lane="red",
            instructions="Look for goods of trade, price tags, an invoice inside; ask the recipient who the sender is.",
            predicate="seller_gifts_30d >= {gifts} AND value_minor BETWEEN {least_minor} AND {limit_minor}",
            thresholds=(
                _threshold("gifts", "consignments that the sender declared as gifts within 30 days", 5, 1, 100_000),
                _threshold("least_minor", "value from which it is worth a look", 2_000, 0, 10**9),
                _threshold("limit_minor", "the limit of relief for gifts", 4_500, 100, 10**9),
            ),
        ),
        ProfileTemplate(
            name="reused-identifiers",
            title="Identifiers used under several names",
            purpose="A person's identifier under which many others receive",
            lane="yellow",
            instructions="Ask the recipient for the document; ask the person of the identifier whether it was lent.",
            predicate="identifier_names >= {names} AND value_minor <= {limit_minor}",
            thresholds=(
                _threshold("names", "other names with the identifier before", 3, 1, 100),
                _LIMIT,
            ),
        ),
        ProfileTemplate(
            name="shared-addresses",
            title="New names at an address of many",
            purpose="A name without history at an address where other names receive",
            lane="red",
            instructions="Is there such a company or person at the address? A call before release.",
            predicate="address_names >= {names} AND importer_declarations <= {declarations}",
            thresholds=(
                _threshold("names", "other names at the address before", 2, 1, 100),
                _threshold("declarations", "declarations of this name before", 0, 0, 10_000),
            ),
        ),
    )
}


def template_of(name: str) -> ProfileTemplate:
    """Return a template by its name.

    Raises: ProfileRefused.
    """
    found = TEMPLATES.get(name)
    if found is None:
        raise _refused("template", f"one of {', '.join(TEMPLATES)}", name[:60])
    return found


def profile_of(
    template: ProfileTemplate, values: Mapping[str, int], *, valid_from: date, expires_on: date, legal_basis: str,
    **changes: Any,
) -> RiskProfile:  # fmt: skip
    """Return the profile that a template makes; `changes` are id, name, lane, priority, percentage where they differ.

    Raises: ProfileRefused.
    """
    content = {
        "id": template.name.upper(), "name": template.title, "purpose": template.purpose, "lane": template.lane,
        "instructions": template.instructions, "predicate": template.filled(values), "valid_from": valid_from,
        "expires_on": expires_on, "legal_basis": legal_basis,
        "percentage": str(template.percentage),
    } | {name: value for name, value in changes.items() if value}  # fmt: skip
    return profile_from(content, where=f"template {template.name}")


def _refused(where: str, expected: str, got: str) -> ProfileRefused:
    return ProfileRefused("The template cannot be used.", where=where, expected=expected, got=got,
                          fix="`openecp risk profile templates` lists them.")  # fmt: skip
