# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - a table of sentences, a rule a line
"""Flags on what was declared: what was found where, why it matters, what to write instead, in English and French."""

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["en", "fr"]
_SELECTED = "Goods that cannot be told from the text cannot be classified, assessed or screened: the parcel waits."
_CHOISI = "Une marchandise que le texte ne dit pas ne peut être ni classée, ni taxée, ni contrôlée : le colis attend."
_BROAD = "The text leaves open what is inside: more parcels are opened, and the rate may be wrong."
_LARGE = "Le texte laisse ouvert ce qu'il y a dedans : plus de colis sont ouverts, et le taux peut être faux."
_NOBODY = "Nobody can be told, asked or billed under it, and the parcel cannot be delivered or screened."
_PERSONNE = "Personne ne peut être averti, interrogé ni facturé, et le colis ne peut être ni remis ni contrôlé."
_PRICE = "Duty, tax and relief hang on the value; a value that stands for nothing is looked into."
_PRIX = "Droits, taxes et franchises dépendent de la valeur ; une valeur de remplissage est examinée."
_MASS = "Weights that contradict each other or goods lead to an examination."
_MASSE = "Des masses qui se contredisent ou contredisent la marchandise mènent à un examen."
_RULES: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    # code, action, advice, found (en, fr), why (en, fr)
    ("description_missing", "hold", "none", "no description", "pas de désignation", _SELECTED, _CHOISI),
    ("description_number_only", "hold", "number", "numbers and no word", "des nombres, aucun mot", _SELECTED, _CHOISI),
    ("description_product_number", "hold", "number", "a product number alone", "une référence seule", _SELECTED, _CHOISI),
    ("description_rubbish", "hold", "none", "keys struck at random", "des touches au hasard", _SELECTED, _CHOISI),
    ("description_is_party", "hold", "none", "the name of a party", "le nom d'une partie", _SELECTED, _CHOISI),
    ("description_vague", "hold", "kind", "a vague term alone", "un terme vague seul", _SELECTED, _CHOISI),
    ("description_broad", "warn", "kind", "a broad term alone", "un terme large seul", _BROAD, _LARGE),
    ("description_embedded", "warn", "kind", "a vague term with too little beside it", "un terme vague trop peu complété", _BROAD, _LARGE),
    ("description_too_short", "warn", "kind", "too few letters", "trop peu de lettres", _BROAD, _LARGE),
    *(
        (f"{field}_{kind}", action, "party" if field.endswith("name") else "address", found, trouve, _NOBODY, _PERSONNE)
        for field in ("sender_name", "sender_address", "buyer_name", "buyer_address")
        for kind, action, found, trouve in (
            ("placeholder", "hold", "a placeholder", "un mot de remplissage"),
            ("doubtful", "warn", "a word that names nobody", "un mot qui ne nomme personne"),
            ("short", "warn", "too few characters for an address", "trop peu de caractères pour une adresse"),
        )
        if kind != "short" or field.endswith("address")
    ),
    ("value_zero", "hold", "value", "a price of 0", "un prix de 0", _PRICE, _PRIX),
    ("value_one", "warn", "value", "a price of exactly 1", "un prix d'exactement 1", _PRICE, _PRIX),
    ("value_token", "warn", "value", "a price of at most 0.01", "un prix d'au plus 0,01", _PRICE, _PRIX),
    ("value_repeated", "warn", "value", "the same digits over and over, or in a row", "les mêmes chiffres répétés ou qui se suivent", _PRICE, _PRIX),
    ("weight_zero", "warn", "weight", "a weight of 0", "une masse de 0", _MASS, _MASSE),
    ("weight_above_gross", "warn", "weight", "a net weight above the parcel's gross weight", "une masse nette au-dessus de la masse brute du colis", _MASS, _MASSE),
    ("value_low", "warn", "value", "a price far below what such goods cost", "un prix bien au-dessous de ce que coûtent ces marchandises", _PRICE, _PRIX),
    ("value_high", "warn", "value", "a price far above what such goods cost", "un prix bien au-dessus de ce que coûtent ces marchandises", _PRICE, _PRIX),
    ("value_per_kg_low", "warn", "value", "a price per kilogram far below that of such goods", "un prix au kilogramme bien au-dessous de celui de ces marchandises", _PRICE, _PRIX),
    ("value_per_kg_high", "warn", "value", "a price per kilogram far above that of such goods", "un prix au kilogramme bien au-dessus de celui de ces marchandises", _PRICE, _PRIX),
    ("weight_low", "warn", "weight", "a weight per piece far below that of such goods", "une masse par pièce bien au-dessous de celle de ces marchandises", _MASS, _MASSE),
    ("weight_high", "warn", "weight", "a weight per piece far above that of such goods", "une masse par pièce bien au-dessus de celle de ces marchandises", _MASS, _MASSE),
)  # fmt: skip
ACTIONS: dict[str, str] = {rule[0]: rule[1] for rule in _RULES}
QUALITY_CODES: tuple[str, ...] = tuple(ACTIONS)
RULES = {rule[0]: rule for rule in _RULES}


class Flag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault of quality: its code, where, what was found, why it matters, what to write instead."""

    code: str
    action: str  # hold: the parcel waits for an answer; warn: it goes on, and the code is kept
    where: str  # field, `description` or `items[2].unit_price`
    found: str
    why: str
    write: str
    found_fr: str
    why_fr: str
    write_fr: str
    terms: tuple[str, ...] = ()


def rule_of(code: str) -> tuple[str, str, str, str, str, str, str]:
    """Return code, action, advice code, what was found (en, fr) and why it matters (en, fr)."""
    return RULES[code]
