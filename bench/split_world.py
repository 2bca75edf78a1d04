# SPDX-License-Identifier: Apache-2.0
"""Invented parcels of people who split their orders and of people who do not, mistyped in several ways.

Everything follows from the seed. `kinds` of errors: `habits` (spelling habits, abbreviations, order of words, and one
mistyped word in every tenth name and address), `letters` (one mistyped word in every tenth name, address and both),
`words` (each word mistyped with a chance of one in ten), `numbers` (a wrong digit of the house or postcode).
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from openecp.border.low_value.splits import SeenParcel
from openecp.platform.cli.ecommerce_people import mistyped, people, plain_form, written

ERROR_KINDS = ("habits", "letters", "words", "numbers")
_GIVEN_TEXT = (
    "Anna Berta Carlos Dieter Elena Francesco Greta Hannah Igor Jolanta Klaus Lorenzo Martina Nicolas Olga Pierre "
    "Quentin Renate Stefan Tobias Ulrike Viktor Wolfgang Xavier Yvonne Zofia Charlotte Dominik Eduardo Fabienne"
)
_GIVEN = _GIVEN_TEXT.split()
_FAMILIES_TEXT = (
    "Albrecht Bianchi Castillo Dubois Eriksson Fischer Gonzalez Hoffmann Ivanova Jansen Kowalski Lindqvist Moreau "
    "Novotny Oliveira Petersen Quintero Richter Schneider Tomasson Ullrich Virtanen Wagner Zimmermann Baumgartner"
)
_FAMILIES = _FAMILIES_TEXT.split()
_STREETS = ["Linden", "Kastanien", "Rosen", "Birken", "Mozart", "Schiller", "Bahnhof", "Kirchen", "Garten", "Wiesen"]
_CITIES = (("Hamburg", 20095), ("Leipzig", 4109), ("Bremen", 28195), ("Dresden", 1067), ("Kassel", 34117))
DAY = date(2026, 7, 1)


class SplitWorld(NamedTuple):
    """Names, addresses, parcels without their party, and the number of the split consignment each belongs to."""

    names: list[str]
    addresses: list[str]
    parcels: list[SeenParcel]
    truth: list[int]  # person, 0 where the order was not split


def _european(count: int, chance: Random) -> list[tuple[str, str]]:
    found = []
    for _ in range(count):
        city, code = chance.choice(_CITIES)
        found.append((
            f"{chance.choice(_GIVEN)} {chance.choice(_FAMILIES)}",
            f"{chance.choice(_STREETS)}strasse {chance.randrange(1, 180)}, "
            f"{code + chance.randrange(60):05d} {city}, DE",
        ))  # fmt: skip
    return list(dict.fromkeys(found))


def _wrong_digit(text: str, chance: Random) -> str:
    places = [at for at, sign in enumerate(text) if sign.isdigit()]
    if not places:
        return text
    at = chance.choice(places)
    return text[:at] + chance.choice("0123456789".replace(text[at], "")) + text[at + 1 :]


def _one_word(text: str, chance: Random) -> str:
    words = text.split(" ")
    at = chance.choice([place for place, word in enumerate(words) if len(word) > 2] or [0])
    words[at] = mistyped(words[at], chance)
    return " ".join(words)


def _written(name: str, address: str, kind: str, chance: Random, errors: float) -> tuple[str, str]:
    if kind == "words":
        said = [" ".join(mistyped(word, chance) if word.isalpha() and chance.random() < errors else word
                         for word in text.split(" ")) for text in (name, address)]  # fmt: skip
        return said[0], said[1]
    if kind == "numbers":
        return name, _wrong_digit(address, chance) if chance.random() < errors else address
    return (
        _one_word(name, chance) if chance.random() < errors else name,
        _one_word(address, chance) if chance.random() < errors else address,
    )


def split_world(orders: int, seed: int, kind: str, *, errors: float = 0.1) -> SplitWorld:
    """Return so many orders, of which one in four is split into two to five parcels within two days."""
    chance = Random(f"{seed} {kind}")
    if kind == "habits":
        known = people(orders, seed)
        who = [(plain_form(person), person) for person in known]
    else:
        who = [(pair, None) for pair in _european(orders, chance)]
    names: list[str] = []
    addresses: list[str] = []
    parcels: list[SeenParcel] = []
    truth: list[int] = []
    for number, (plain, person) in enumerate(who, start=1):
        splits = chance.random() < 0.25
        count = chance.randrange(2, 6) if splits else chance.choice((1, 1, 1, 2))
        day = DAY + timedelta(chance.randrange(28))
        for _ in range(count):
            name, address = written(person, chance, errors=errors) if person else _written(*plain, kind, chance, errors)
            names.append(name)
            addresses.append(address)
            value = chance.randrange(80, 150) if splits else chance.randrange(5, 60)
            when = day + timedelta(chance.randrange(2))
            parcels.append(SeenParcel(f"P{len(parcels)}", when, value * 1_000_000, 0, number % 3))
            truth.append(number if splits else 0)
    return SplitWorld(names, addresses, parcels, truth)
