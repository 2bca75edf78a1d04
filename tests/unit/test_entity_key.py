# SPDX-License-Identifier: Apache-2.0
"""The exact key says who is the same however spelled; likeness groups what is mistyped, and keeps families apart."""

from __future__ import annotations

from random import Random

import pytest

from openecp.kernel.parties.entity_key import entity_key, entity_keys
from openecp.kernel.parties.similar import agreement, same_key, similar
from openecp.platform.cli.ecommerce_people import people, plain_form, written

HOME = "Flat 4-B, 12 M.G. Road, Bangalore 560 001, India"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Mr. Rahul Kumar", HOME), ("KUMAR, Rahul", "12 MG Rd, Apt. 4B, Bengaluru-560001 (IN)")),
        (("Dr.Rahul Kumar", HOME), ("rahul kumar", HOME.upper())),
        (("Rahul Kumar", HOME), ("Ｒａｈｕｌ\u00a0Kumar", HOME.replace("-", "\u2011"))),
        (("José Núñez", "Straße 5, München"), ("Jose\u0301 Nu\u0301n\u0303ez", "Strasse 5 Munchen")),
        (("Иван Петров", "ул. Ленина 5"), ("Ivan Petrov", "ul Lenina 5")),
        (("张三", "Beijing 100000"), ("San Zhang", "100000 Beijing")),
        (("Ahmed Al-Mansouri", "Villa 12, Street 4, Dubai, U.A.E."),
         ("ahmed al mansouri", "villa no. 12 st. 4 dubai, United Arab Emirates")),
        (("Abd al-Rahman Omar", "P.O. Box 77, Doha"), ("Omar Abdul Rahman", "PO Box 77 Doha")),
        (("M/s Acme Traders Pvt. Ltd.", "H.No. 12/4, 2nd Floor, A Block, Sector-5, Noida 201301"),
         ("ACME TRADERS", "House No 12-4, Floor 2, Block A, Sec 5, Noida 201 301")),
        (("A. P. J. Rao", "1 Hill St"), ("APJ Rao", "1, Hill Street")),
        (("O'Brien & Sons Ltd", "10 High St, London SW1A 2AA, UK"),
         ("OBrien and Sons Limited", "10 High Street London SW1A2AA United Kingdom")),
    ],
)  # fmt: skip
def test_spelling_habits_do_not_change_the_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert entity_key(*one) == entity_key(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Rahul Kumar", HOME), ("Rohan Kumar", HOME)),
        (("Rahul Kumar", HOME), ("Rahul Kumar", HOME.replace("4-B", "4-C"))),
        (("Rahul Kumar", HOME), ("Rahul Kumar", HOME.replace("12", "21"))),
        (("Rahul Kumar", "12/4 Hill Road"), ("Rahul Kumar", "4/12 Hill Road")),
        (("Rahul Kumar", "Flat 4, 12 Hill Road"), ("Rahul Kumar", "Flat 12, 4 Hill Road")),
        (("John Smith Jr.", HOME), ("John Smith", HOME)),
        (("Rahul Kumar", "1 Main St, India"), ("Rahul Kumar", "1 Main St, Oman")),
    ],
)
def test_other_people_and_places_have_other_keys(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert entity_key(*one) != entity_key(*other)


def test_an_identifier_beats_name_and_address() -> None:
    assert entity_key("Rahul Kumar", HOME, "784-1990-1234567-1") == entity_key("R. K.", None, "784199012345671")
    assert entity_key("Rahul Kumar", HOME, "784-1990-1234567-1").startswith("id:")


@pytest.mark.parametrize("unusable", ["", "NA", "0000000", "1234567890", "987654321", "X1", "---", "1111-1111"])
def test_what_cannot_be_an_identifier_is_not_one(unusable: str) -> None:
    assert entity_key("Rahul Kumar", HOME, unusable) == entity_key("Rahul Kumar", HOME)


def test_nobody_has_no_key_and_weak_keys_say_so() -> None:
    assert entity_keys([None, "", "  ", "N/A"], [None, " ", "!!", None], [None] * 4) == ["", "", "", ""]
    assert entity_key("Rahul Kumar").startswith("n:")
    assert entity_key(None, HOME).startswith("a:")


def test_lines_and_strange_signs_keep_columns_together() -> None:
    names = ["Rahul\nKumar", "Anita\u2028Rao", None, "\ud800 Sen", "Asha\x85Iyer", "x" * 10_000]
    keys = entity_keys(names, [HOME] * 6, [None] * 6)
    assert keys[0] == entity_key("Rahul Kumar", HOME)
    assert keys[1] == entity_key("Anita Rao", HOME)
    assert keys[4] == entity_key("Asha Iyer", HOME)
    assert len(keys) == 6
    assert max(map(len, keys)) < 700


def world(seed: int, persons: int, errors: float = 0.1) -> tuple[list[str], list[str], list[int]]:
    """Return names, addresses and who they are, each person written several times."""
    chance = Random(seed)
    rows = [(*written(one, chance, errors=errors), one.person_id)
            for one in people(persons, seed) for _ in range(chance.randrange(1, 8))]  # fmt: skip
    chance.shuffle(rows)
    names, addresses, truth = zip(*rows, strict=True)
    return list(names), list(addresses), list(truth)


@pytest.mark.parametrize("seed", [11, 12, 2_026])
def test_likeness_finds_what_is_written_differently(seed: int) -> None:
    names, addresses, truth = world(seed, 500)
    found = agreement(similar(names, addresses), truth)
    exact = agreement(same_key(entity_keys(names, addresses, [None] * len(names))), truth)
    assert found.f1 >= 0.95, found
    assert exact.precision >= 0.999
    assert found.f1 > exact.f1 + 0.3


def test_families_and_namesakes_stay_apart() -> None:
    family = [
        "Rahul Sharma",
        "Rohan Sharma",
        "Anita Sharma",
        "Sunita Sharma",
        "R. Sharma",
        "Amit Sharma",
        "Sumit Sharma",
    ]
    assert len(set(similar(family, [HOME] * len(family)))) == len(family)  # R. may be Rahul or Rohan: left alone
    homes = [HOME, "Flat 9, 77 Park Street, Kolkata 700016, India", HOME.replace("4-B", "9-C").replace("12", "310")]
    assert len(set(similar(["Rahul Sharma"] * 3, homes))) == 3
    assert len(set(similar(["John Smith", "John Smith Jr"], [HOME] * 2))) == 2


def test_what_is_alike_is_grouped() -> None:
    names = ["Rahul Kumar Sharma", "Sharma, Rahul", "Rahul K. Sharma", "Rahl Sharma", "राहुल शर्मा", "RK Sharma"]
    homes = ["Flat 4B, 12 Hill Road, Bandra, Mumbai 400050", "12 Hill Rd, Apt 4-B, Bandra Mumbai",
             "#4B 12 Hill Rd Bandra", "Flat 4B, 12 Hil Road, Bandra, Mumbai 400050",
             "Flat 4B, 12 Hill Road, Bandra, Mumbai",
             "Flat 4B, 12 Hill Road, Bandra, Bombay 400 050"]  # fmt: skip
    assert set(similar(names, homes)) == {0}


def test_other_identifiers_part_what_is_alike() -> None:
    homes = [HOME] * 3
    assert similar(["Rahul Kumar"] * 3, homes, ["AB123456", "XY987612", "ab-123456"]) == [0, 1, 0]


def test_order_of_rows_names_groups_by_their_first_row() -> None:
    names, addresses, _ = world(5, 60)
    groups = similar(names, addresses)
    assert all(groups[group] == group <= place for place, group in enumerate(groups))
    assert similar([None, None, ""], ["x", "x", ""]) == [0, 1, 2]


def test_plain_form_is_one_of_the_forms() -> None:
    one = people(3, 1)[0]
    assert similar([plain_form(one)[0]] * 2, [plain_form(one)[1]] * 2) == [0, 0]
