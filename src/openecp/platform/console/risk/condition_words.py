# SPDX-License-Identifier: Apache-2.0
"""A predicate in words: what columns are called, and conditions as sentences under all of these, one of these.

What has no words of its own (a term that is worked out) stays as it is written.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from openecp.border.risk.profiles.terms import (
    All,
    Atom,
    Compared,
    Condition,
    Constant,
    Either,
    Matched,
    Named,
    OneOf,
    Term,
    told,
)
from openecp.platform.console.language import N_, Language
from openecp.platform.console.risk.predicate_rows import Money, flat, unit_of, written

COLUMN_WORDS = {
    "movement": N_("movement"),
    "procedure": N_("procedure and previous one"),
    "declarant": N_("declarant's identifier"),
    "importer": N_("importer's identifier"),
    "goods_code": N_("commodity code"),
    "description": N_("description of the goods"),
    "origin": N_("country of origin"),
    "export_country": N_("country of export"),
    "mode": N_("mode of transport at the border"),
    "value_minor": N_("Customs value of the item"),
    "net_kg": N_("net mass"),
    "office": N_("office of the declaration"),
    "list_hits": N_("open hits on watchlists"),
    "list_score_e6": N_("score of the surest list hit"),
    "p_e6": N_("probability of an irregularity"),
    "stake_minor": N_("revenue expected at stake"),
    "price_to_reference_e6": N_("unit price against the reference price"),
    "mass_to_reference_e6": N_("mass of a unit against that of its kind"),
    "importer_days": N_("days since the importer's first declaration"),
    "importer_declarations": N_("importer's declarations before"),
    "importer_controls": N_("importer's controls before"),
    "importer_irregular_e6": N_("irregular share of the importer's controls"),
    "novelty": N_("pairs of parties, goods and origin never seen before"),
    "entity_consignments_1d": N_("consignments of the consignee within a day"),
    "entity_consignments_7d": N_("consignments of the consignee within 7 days"),
    "entity_value_7d_minor": N_("value of the consignee's consignments within 7 days"),
    "seller_gifts_30d": N_("gifts of the seller within 30 days"),
    "address_names": N_("other names at the consignee's address"),
    "identifier_names": N_("other names with the consignee's identifier"),
    "described_rank": N_("place of the chapter among those that the description suggests"),
}
GROUP_WORDS = {
    "declaration": N_("Declaration"),
    "parties": N_("Parties"),
    "item": N_("Item"),
    "route": N_("Route"),
    "value": N_("Value"),
    "mass": N_("Mass"),
    "watchlists": N_("Watchlists"),
    "scores": N_("Model scores"),
    "reference prices": N_("Reference prices"),
    "references": N_("Reference prices"),
    "history": N_("History"),
    "consignee": N_("Consignee"),
}
_SIGNS = {
    "<": N_("%(column)s is below %(value)s"),
    "<=": N_("%(column)s is at most %(value)s"),
    ">": N_("%(column)s is above %(value)s"),
    ">=": N_("%(column)s is at least %(value)s"),
    "=": N_("%(column)s is %(value)s"),
    "<>": N_("%(column)s is not %(value)s"),
}
_HOWS = {
    ("starts_with", False): N_("%(column)s begins with %(value)s"),
    ("starts_with", True): N_("%(column)s does not begin with %(value)s"),
    ("ends_with", False): N_("%(column)s ends with %(value)s"),
    ("ends_with", True): N_("%(column)s does not end with %(value)s"),
    ("contains", False): N_("%(column)s contains %(value)s"),
    ("contains", True): N_("%(column)s does not contain %(value)s"),
}


class Said(msgspec.Struct, frozen=True):
    """A condition in words: a sentence, or parts that all hold, or of which one holds."""

    kind: str  # text, all, any
    text: str = ""
    code: str = ""  # what stays as it is written
    parts: tuple[Said, ...] = ()


def said(node: Condition, language: Language, money: Money) -> Said:
    """Return a condition in words."""
    node = flat(node)
    if isinstance(node, All | Either):
        merged = _alternatives(node, language)
        if merged is not None:
            return merged
        parts = tuple(said(part, language, money) for part in node.parts)
        return Said("all" if isinstance(node, All) else "any", parts=parts)
    return _atom(node, language, money)


def column_words(name: str, language: Language) -> str:
    """Return what a column is called; one without words keeps its name."""
    return language.text(COLUMN_WORDS[name]) if name in COLUMN_WORDS else name


def _alternatives(node: All | Either, language: Language) -> Said | None:
    """Return "begins with one of" as one sentence."""
    found = [part for part in node.parts if isinstance(part, Matched) and isinstance(part.term, Named)]
    kinds = {(part.how, part.term, part.negated) for part in found}
    if len(found) != len(node.parts) or len(kinds) != 1 or found[0].negated != isinstance(node, All):
        return None
    sign = N_("%(value)s or %(last)s")
    *values, last = (f"“{part.text}”" for part in found)
    listed = language.text(sign, value=", ".join(values), last=last) if values else last
    return _matched(found[0], listed, language)


def _matched(node: Matched, value: str, language: Language) -> Said:
    if not isinstance(node.term, Named):
        return Said("text", code=told(node))
    words = _HOWS[node.how, node.negated]
    return Said("text", language.text(words, column=column_words(node.term.name, language), value=value))


def _atom(node: Atom, language: Language, money: Money) -> Said:
    match node:
        case Matched(_, _, text):
            return _matched(node, f"“{text}”", language)
        case OneOf(Named(name), values, negated):
            shown = ", ".join(_value(name, value, money) for value in values)
            words = N_("%(column)s is none of %(value)s") if negated else N_("%(column)s is one of %(value)s")
            return Said("text", language.text(words, column=column_words(name, language), value=shown))
        case Compared(operator, Named(name), Constant(value)):
            column = column_words(name, language)
            if value == "":
                words = N_("%(column)s is not told") if operator == "=" else N_("%(column)s is told")
                return Said("text", language.text(words, column=column))
            return Said("text", language.text(_SIGNS[operator], column=column, value=_value(name, value, money)))
        case Compared(operator, left, right):
            terms = (_term(left, language), _term(right, language))
            if all(terms):
                return Said("text", language.text(_SIGNS[operator], column=terms[0], value=terms[1]))
    return Said("text", code=told(node))


def _term(term: Term, language: Language) -> str:
    match term:
        case Named(name):
            return column_words(name, language)
    return ""


def _value(name: str, value: str | Decimal, money: Money) -> str:
    if isinstance(value, str):
        return f"“{value}”"
    shown = written(name, value, money)
    if unit_of(name) == "money":
        return f"{shown}\u00a0{money.currency}"
    return f"{shown}\u00a0kg" if unit_of(name) == "kg" else shown
