# SPDX-License-Identifier: Apache-2.0
"""Numbers that tell their scheme, patterns with fixed digits, papers without a value, all faults of a regime file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from tests.unit.test_low_value_worked import SHIRTS_AND_SHOES, item, quote, sums

from openecp.border.low_value.load import check_text, load_regimes
from openecp.border.low_value.scheme_numbers import numbered_schemes, scheme_of_number
from openecp.border.low_value.tables import fits, fitted
from openecp.border.postal.item import PostalItem
from openecp.border.postal.parcels import parcel_of
from openecp.border.postal.scorecard import Scorecard, ScoreFilter, ScoreTally

EU = next(file for file in load_regimes() if file.jurisdiction == "EU")


def test_a_number_without_a_name_counts_as_that_of_the_one_scheme_that_it_fits() -> None:
    alone = quote("EU", "2026-07-01", *SHIRTS_AND_SHOES, seller_scheme={"id": "IM1234567890"}, rates={"vat": "0.20"})
    assert {line.collected_by for line in alone.lines if line.type == "tax"} == {"seller"}
    assert alone.reasons[0].code == "OECP-SCHEME-NUMBER"
    assert "IM1234567890 fits the pattern of IOSS" in alone.reasons[0].text
    other = quote("EU", "2026-07-01", *SHIRTS_AND_SHOES, seller_scheme={"id": "IM123"}, rates={"vat": "0.20"})
    assert {line.collected_by for line in other.lines if line.type == "tax"} == {"post"}
    named = {"name": "VOEC", "id": "IM1234567890"}
    wrong = quote("EU", "2026-07-01", *SHIRTS_AND_SHOES, seller_scheme=named, rates={"vat": "0.20"})
    assert {line.collected_by for line in wrong.lines if line.type == "tax"} == {"post"}, (
        "another name is not overruled"
    )


def test_a_number_that_fits_two_schemes_counts_as_none() -> None:
    (ioss,) = numbered_schemes(EU)
    twin = msgspec.structs.replace(ioss, name="other", word="other")
    assert scheme_of_number("IM1234567890", (ioss,)) == ioss
    assert scheme_of_number("IM1234567890", (ioss, twin)) is None
    assert scheme_of_number(None, (ioss,)) is None


def test_a_postal_item_with_a_number_alone_is_a_sale() -> None:
    declared = PostalItem(s10="RB123456785CN", posted_on="2026-07-01", seller_scheme_id="IM1234567890")
    assert parcel_of(declared).trade == "B2C"
    assert parcel_of(msgspec.structs.replace(declared, seller_scheme_id=None)).trade == "C2C"


def test_a_pattern_may_hold_fixed_digits() -> None:
    assert fits("IM3712345678", ("IM37########",))
    assert not fits("IM3812345678", ("IM37########",))
    assert not fits("IM##########", ("IM##########",)), "# stands for a digit"
    assert not fits("IM37123456789", ("IM37########",))
    assert fitted("IM3712345678", ("IM##########", "IM37########,X", "#######")) == ["IM##########", "IM37########,X"]
    text = Path(__file__).parents[2].joinpath("src/openecp/profiles/regimes/EU.toml").read_text()
    changed = text.replace('["IM##########"]', '["IM37########"]')
    assert [one for one in check_text(changed.encode(), "EU.toml")[1] if one.severity == "fault"] == []
    bad = check_text(text.replace('["IM##########"]', '["IM|#"]').encode(), "EU.toml")[1]
    assert any("IM|#" in one.got for one in bad)


def test_papers_without_a_value_pay_nothing() -> None:
    for jurisdiction, on in (("EU", "2026-07-01"), ("EU", "2026-06-30"), ("GB", "2026-01-05")):
        papers: dict[str, Any] = {"rates": {"vat": "0.20"}, "documents": True, "freight": "9.00"}
        free = quote(
            jurisdiction, on, item("0", "491199"), **{**papers, "currency": "GBP" if jurisdiction == "GB" else "EUR"}
        )
        assert (sums(free), free.category) == (("0.00", "0.00"), 1)
    worth = quote("EU", "2026-07-01", item("10.00", "491199"), documents=True, rates={"vat": "0.20"})
    assert (sums(worth), worth.category) == (("3.00", "2.60"), 3)
    assert any("charged as goods" in one.text for one in worth.reasons)


def test_all_faults_of_a_table_are_told_at_once() -> None:
    text = b"""
jurisdiction = "EU"
nam = "x"
currency = "eur"
[[regimes]]
id = "EU-AB"
titel = "t"
date = "someday"
[[regimes.treatments]]
name = "a"
limits = [{ le = 150, basis = "all", x = 1 }, { le = "1,5" }, { le = "1" }]
channels = ["ship", "post", 7]
"""
    told = {one.where.removeprefix("f.toml, ") for one in check_text(text, "f.toml")[1]}
    where = "regimes[0].treatments[0]"
    assert told == {
        "nam", "name", "currency", "regimes[0].titel", "regimes[0].title", "regimes[0].date", f"{where}.says",
        f"{where}.limits", f"{where}.limits[0].le", f"{where}.limits[0].basis", f"{where}.limits[0].x",
        f"{where}.limits[1].le", f"{where}.channels[0]", f"{where}.channels[2]",
    }  # fmt: skip


def test_a_tally_that_goes_on_says_what_the_whole_journal_says() -> None:
    def told(day: int, **more: Any) -> dict[str, Any]:
        return {"organisation": f"post-{day % 2}", "origin_post": "CNBJSA", "posted_on": f"2026-07-0{day}", **more}

    bodies: list[dict[str, Any]] = [{"told": told(day, hs6=True, compliant=day % 2 == 0)} for day in range(1, 8)]
    bodies += [{"told_before": told(2, hs6=True, compliant=True), "told": told(2, value=True)}, {}]
    bodies += [{"told": told(9, without_data=True)}]
    tally, whole = ScoreTally(), []
    for seq, body in enumerate(bodies, start=1):
        whole.append((body, "2026-07-10T00:00:00Z"))
        tally.take(seq, *whole[-1])
        tally.take(seq, *whole[-1])  # the same event again counts once
        for wanted in (ScoreFilter(), ScoreFilter(organisation="post-1"), ScoreFilter(by="received")):
            assert tally.rows(wanted) == Scorecard(wanted).take_all(whole).rows()
