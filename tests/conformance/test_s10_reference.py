# SPDX-License-Identifier: Apache-2.0
"""The whole public description of S10 identifiers: its weights, countries, kinds of mail and cases are ours too."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.corpus import corpus_path

from openecp.border.postal.countries import COUNTRIES
from openecp.border.postal.s10 import WEIGHTS, check_digit, parse_s10, s10_faults, service_meaning

KINDS = {  # the description's names, ours
    "EMS": "ems",
    "Letter Post Express": "letter",
    "Letter Post M-bag": "letter",
    "Letter Post IBRS": "letter",
    "Letter Post Registered": "letter",
    "Letter Post Misc": "letter",
    "Letter Post Insured": "letter",
    "Parcel Post": "parcel",
    "Parcel Post (e-commerce)": "parcel",
    "Domestic": "domestic",
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The one entry of the file."""
    content = json.loads(corpus_path("ecommerce/s10-tracking-number-spec.json").read_text(encoding="utf-8"))
    assert len(content["tracking_numbers"]) == 1
    entry: dict[str, Any] = content["tracking_numbers"][0]
    return entry


def lookup(described: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return one of the tables of the description."""
    return next(each["lookup"] for each in described["additional"] if each["name"] == name)


def test_weights_and_modulus(described: dict[str, Any]) -> None:
    """The same weights; the modulus shows in the numbers that are good."""
    checksum = described["validation"]["checksum"]
    assert tuple(checksum["weightings"]) == WEIGHTS
    assert checksum["modulo"] == 11
    assert (check_digit("47312482"), check_digit("12345678")) == (9, 5)


def test_every_good_number_is_read(described: dict[str, Any]) -> None:
    """Each, and each with a blank at every place."""
    for number in described["test_numbers"]["valid"]:
        for place in range(len(number) + 1):
            written = number[:place] + " " + number[place:]
            assert re.fullmatch(described["regex"].replace("(?<", "(?P<"), written)
            assert parse_s10(written).identifier == number
        assert s10_faults(number)[1] == []


def test_every_bad_number_is_refused_for_what_is_wrong(described: dict[str, Any]) -> None:
    """The check digit of one, the country of the other."""
    told = {number: [f.code for f in s10_faults(number)[1]] for number in described["test_numbers"]["invalid"]}
    assert all(s10_faults(number)[0] is None for number in told)
    assert told["RB123456786US"] == ["OECP-S10-CHECK-DIGIT"]
    assert told["RB123456785XX"] == ["OECP-S10-COUNTRY"]


def test_every_country_is_known(described: dict[str, Any]) -> None:
    """191 entries; a number of each is read."""
    countries = [entry["matches"] for entry in lookup(described, "Courier")]
    assert len(countries) == 191
    assert [code for code in countries if code not in COUNTRIES] == []
    assert all(parse_s10(f"RB123456785{code}").country == code for code in countries)


def test_every_service_indicator_means_the_same(described: dict[str, Any]) -> None:
    """All 676 pairs of letters: what the description names we name, what it does not we warn of."""
    table = [(re.compile(entry["matches_regex"]), entry["name"]) for entry in lookup(described, "Service Type")]
    for service in (first + second for first in LETTERS for second in LETTERS):
        wanted = next((KINDS[name] for pattern, name in table if pattern.fullmatch(service)), "")
        assert service_meaning(service)[0] == wanted, service
        found, faults = s10_faults(f"{service}123456785GB")
        assert found is not None
        assert bool(faults) == (wanted == "")
