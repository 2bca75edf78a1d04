# SPDX-License-Identifier: Apache-2.0
"""Data quality: what is flagged and what is not, what is told, which files are refused."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openecp.bootstrap import Installation
from openecp.border.data_quality.describe import describe
from openecp.border.data_quality.flags import ACTIONS
from openecp.border.data_quality.model import packed, read_model, shipped_model
from openecp.border.data_quality.score import QualityScorer
from openecp.border.data_quality.scorecard import QualityRow, scorecards
from openecp.border.data_quality.terms import TermsRefused, read_terms, shipped_advice, shipped_terms
from openecp.border.data_quality.texts import Labelled, own_words, read_texts
from openecp.border.data_quality.train import train
from openecp.border.data_quality.values import (
    PricedItem,
    ValueReferences,
    learn_references,
    read_references,
    write_references,
)
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings

ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def scorer() -> QualityScorer:
    return QualityScorer(ON)


def codes(scorer: QualityScorer, text: str | None) -> list[str]:
    return [flag.code for flag in scorer.describe(text).flags]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fish", "description_vague"),
        ("  FISH!! ", "description_vague"),
        ("gifts", "description_vague"),
        ("gift gift", "description_vague"),
        ("2 pcs gift", "description_vague"),
        ("various new goods", "description_vague"),
        ("vêtements", "description_vague"),
        ("vetements", "description_vague"),
        ("ve\u0302tements", "description_vague"),
        ("Geschenk", "description_vague"),
        ("подарки", "description_vague"),
        ("礼物", "description_vague"),
        ("as per attached invoice", "description_vague"),
        ("cotton shirts, see invoice", "description_embedded"),
        ("gift for grandmother", "description_embedded"),
        ("bicycle accessories", "description_embedded"),
        ("clothes, shoes and bags", "description_embedded"),
        ("phone", "description_broad"),
        ("", "description_missing"),
        (" -.- ", "description_missing"),
        (None, "description_missing"),
        ("9", "description_number_only"),
        ("6109.10.00", "description_number_only"),
        ("SKU 123-45", "description_product_number"),
        ("WH-1000XM5", "description_product_number"),
        ("asdfgh", "description_rubbish"),
        ("xxxx", "description_rubbish"),
        ("tv", "description_too_short"),
    ],
)
def test_what_is_flagged(scorer: QualityScorer, text: str | None, code: str) -> None:
    """Case, accents, plural, repetition, fillers and other languages do not hide a vague word."""
    assert codes(scorer, text) == [code]
    flag = scorer.describe(text).flags[0]
    assert flag.write
    assert flag.write_fr
    assert flag.why
    assert flag.found_fr


def test_good_descriptions_are_not_flagged(scorer: QualityScorer) -> None:
    """More than 500 composed as senders write them: material, kind of article, use, quantity."""
    materials = ("cotton", "leather", "stainless steel", "ceramic", "wooden", "plastic", "silicone", "wool", "glass")
    goods = (
        "shirt",
        "handbag",
        "coffee mug",
        "phone case",
        "storage box",
        "kitchen knife",
        "baby shoes",
        "cable organiser",
    )
    uses = (
        "for women",
        "with lid, 2 pcs",
        "for kitchen use",
        "size M, blue",
        "for bicycle",
        "- new model",
        "(pack of 3)",
    )
    lines = [" ".join(parts) for parts in itertools.product(materials, goods, uses)]
    lines += [
        "frozen cod fillets",
        "fish oil capsules",
        "toy car",
        "car battery 12 V",
        "USB adapter",
        "A4 paper",
        "t-shirt",
    ]
    lines += [
        "paper gift bags with handles",
        "iPhone 13 case",
        "men's running shoes",
        "chocolate bar 100 g",
        "tea",
        "鞋子 女 皮革",
    ]
    assert len(lines) > 500
    assert [line for line in lines if scorer.describe(line).flags] == []


def test_fields_of_a_parcel(scorer: QualityScorer) -> None:
    """Each flag says where; the parties are looked at once; letters need no goods."""
    items = (
        ParcelItem(description="gift", unit_price="0", weight_kg="2"),
        ParcelItem(description="Anna Schmidt", unit_price="1", weight_kg="0"),
        ParcelItem(description="cotton shirt", unit_price="1234"),
    )
    parcel = Parcel(
        parcel_id="RR123456785XA",
        posted_on="2026-11-01",
        buyer_name="Anna Schmidt",
        sender_name="N/A",
        sender_address="x",
        buyer_address="12 rue de la Paix, 75002 Paris",
        gross_weight_kg="1.5",
        items=items,
    )
    found = scorer.parcel(parcel)
    assert [(flag.code, flag.where) for flag in found.flags] == [
        ("description_vague", "items[0].description"),
        ("sender_name_placeholder", "sender_name"),
        ("sender_address_placeholder", "sender_address"),
        ("value_zero", "items[0].unit_price"),
        ("weight_above_gross", "items[0].weight_kg"),
        ("description_is_party", "items[1].description"),
        ("value_one", "items[1].unit_price"),
        ("weight_zero", "items[1].weight_kg"),
        ("value_repeated", "items[2].unit_price"),
    ]
    assert found.verdict == "hold"
    papers = Parcel(parcel_id="1", posted_on="2026-11-01", documents=True, items=(ParcelItem(description="documents"),))
    assert scorer.parcel(papers).verdict == "good"


@pytest.mark.parametrize(
    "name", ["unknown", "Test Test", "Mr Unknown", "MICKEY MOUSE", "n.a.", "xxx", "123", "???", "Néant"]
)
def test_names_of_nobody(scorer: QualityScorer, name: str) -> None:
    """Placeholders, rubbish and comic figures in any party field; people are people."""
    assert [flag.code for flag in scorer.party("buyer_name", name).flags] == ["buyer_name_placeholder"]
    for person in ("Anna Schmidt", "Li Na", "Jean Private", "Test & Sons Ltd", "王伟"):
        assert scorer.party("buyer_name", person).flags == ()


def test_terms_have_dates() -> None:
    """A term that was taken out is not flagged any more."""
    rows = read_terms(b"term,field,match,action,valid_from,valid_to\nglass,goods,alone,hold,2025-01-01,2025-12-31\n")
    assert QualityScorer(date(2025, 12, 31), rows).describe("Glass").verdict == "hold"
    assert QualityScorer(date(2026, 1, 1), rows).describe("Glass").verdict == "good"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"word\nx\n", "line 1"),
        (b"term,field,match,action\nfish,goods,nearby,hold\n", "line 2, match"),
        (b"term,field,match,action\n,goods,alone,hold\n", "line 2"),
        (b"term,field,match,action,valid_from\nfish,goods,alone,hold,05.04.2026\n", "line 2, valid_from"),
        (b"term,field,match,action,advice\nfish,goods,alone,hold,nonsense\n", "line 2, advice"),
        (b"term,field,match,action\nfish,party,embedded,warn\n", "line 2"),
        (b"{", "terms"),
        (b'{"eu_goods": [3]}', "eu_goods[1]"),
        (b"\xff\xfe", "terms"),
    ],
)
def test_terms_that_cannot_be_used(data: bytes, where: str) -> None:
    """Refused with the place, what was expected and what stands there."""
    with pytest.raises(TermsRefused) as refused:
        read_terms(data)
    assert where in refused.value.where
    assert refused.value.expected
    assert refused.value.fix


def test_every_term_has_advice() -> None:
    """In both languages."""
    advice = shipped_advice()
    assert {term.advice for term in shipped_terms()} <= advice.keys()
    assert all(one.en and one.fr for one in advice.values())


def test_a_text_finds_its_code(scorer: QualityScorer) -> None:
    """The code, how sure, which words spoke for it; of a text that says nothing, no code."""
    model = shipped_model()
    found = describe(scorer, model, "wireless bluetooth earphones", "61")
    assert found.code[:4] == "8518"
    assert found.sure
    assert "earphone" in found.words
    assert found.chapter_fits is False
    assert describe(scorer, model, "men's cotton t-shirt", "610910").chapter_fits
    for text in ("gift", "blorptang", ""):
        assert not describe(scorer, model, text).sure
    assert all(0 <= one.confidence <= 1 for one in found.chapters)
    assert sum(one.confidence for one in found.chapters) <= 1.01


def test_models_that_are_not_ours_are_refused() -> None:
    """Another file, a cut one, a changed one."""
    texts = [Labelled("010121", "pure-bred horses", "nomenclature"), Labelled("6109", "t-shirts of cotton", "texts")]
    made = train(texts)
    data = packed(made.model.header, *made.parts)
    assert data == packed(train(texts).model.header, *train(texts).parts), "the same texts, the same bytes"
    assert read_model(data).suggest("horse").subheadings[0].code == "010121"
    changed = bytearray(data)
    changed[-3] ^= 1
    for bad in (b"", b"\x80\x04pickle", data[:-1], bytes(changed), data + b"x", data.replace(b'"010121"', b'"01012"')):
        with pytest.raises(TermsRefused):
            read_model(bad)


def test_texts_are_read_by_their_header(tmp_path: Path) -> None:
    """The nomenclature, a tariff whose lines stand under each other, search terms, past descriptions."""
    tariff = "HTS Number,Indent,Description\n0101,0,Live horses:\n,1,Horses\n0101.21.00,2,Bred\n9801.00,0,National\n"
    files = {
        "a.csv": ("code,level,parent,description\n6109,4,61,T-shirts\n", [("6109", "nomenclature")]),
        "b.csv": (tariff, [("0101", "tariff"), ("0101", "tariff"), ("010121", "tariff")]),
        "c.yml": ('default: &x\n  soap: "Look at heading 3401."\n  vague: "too generic"\n', [("3401", "terms")]),
        "d.csv": ("text,code\nhat,6505\nbad,1\n", [("6505", "texts")]),
    }
    for name, (text, wanted) in files.items():
        (tmp_path / name).write_text(text)
        assert [(one.code, one.kind) for one in read_texts(tmp_path / name)] == wanted
    (tmp_path / "e.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TermsRefused):
        read_texts(tmp_path / "e.csv")
    assert len(own_words()) > 900


def test_values_against_references() -> None:
    """The closest reference; a price a hundredth of the usual is flagged with the figures, an honest spread is not."""
    rows = [
        PricedItem(hs="640319", origin="CN", currency="EUR", month="2026-07", value_micro=(40 + n % 20) * 1_000_000,
                   weight_kg_micro=900_000 + n * 1000)
        for n in range(60)
    ]  # fmt: skip
    references = learn_references(rows)
    assert references == learn_references(reversed(rows))
    assert read_references(write_references(references).encode()) == references
    known = ValueReferences(references)
    assert all(known.flags(row) == [] for row in rows)
    cheap = PricedItem(hs="640319", origin="VN", currency="EUR", month="2026-09", value_micro=500_000,
                       weight_kg_micro=900_000)  # fmt: skip
    flags = known.flags(cheap)
    assert [flag.code for flag in flags] == ["value_low", "value_per_kg_low"]
    assert "0.5 EUR" in flags[0].found
    assert "60 rows" in flags[0].found
    assert known.flags(PricedItem(hs="640319", currency="USD", value_micro=1)) == []
    with pytest.raises(TermsRefused, match="line 2"):
        read_references(write_references(references).encode().replace(b"60,", b"x,", 1))


def test_scorecards() -> None:
    """One card a party and day; rows in any order."""
    rows = [
        QualityRow(by="post", party="XA", day="2026-07-01", parcel="1", quality="description_vague value_one", hs=True),
        QualityRow(by="post", party="XA", day="2026-07-01", parcel="1"),
        QualityRow(by="post", party="XA", day="2026-07-01", parcel="2", quality="value_one"),
        QualityRow(by="post", party="XA", day="2026-07-02", parcel="3"),
    ]
    first, second = scorecards(reversed(rows))
    assert (first.parcels, first.items, first.good, first.warned, first.held, first.with_hs) == (2, 3, 1, 1, 1, 1)
    assert first.score == 50
    assert first.codes == (("value_one", 2), ("description_vague", 1))
    assert (second.day, second.score) == ("2026-07-02", 100)
    assert set(ACTIONS.values()) == {"hold", "warn"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(openecp, list(arguments), obj=Installation(Settings()))


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """Texts, a file, the operator's terms, French, JSON; a fault of a file ends with where it is."""
    said = run("describe", "fish", "frozen cod fillets").output
    assert "fish: hold" in said
    assert "frozen cod fillets: good" in said
    (tmp_path / "t.csv").write_text("term,field,match,action\nbanana,goods,alone,hold\n")
    (tmp_path / "lines.csv").write_text("id,description\n1,banana\n2,cadeau\n")
    found = run("describe", "--file", str(tmp_path / "lines.csv"), "--terms", str(tmp_path / "t.csv"), "--json")
    assert [json.loads(line)["verdict"] for line in found.output.splitlines()] == ["hold", "hold"]
    assert "Dites" in run("describe", "cadeau", "--language", "fr").output
    out = tmp_path / "m.model"
    trained = run("describe", "train", str(tmp_path / "lines2.csv"), "--out", str(out))
    assert trained.exit_code != 0
    (tmp_path / "lines2.csv").write_text("text,code\nlive horse,010121\n")
    trained = run("describe", "train", str(tmp_path / "lines2.csv"), "--out", str(out), "--json")
    assert json.loads(trained.output)["texts"] > 900
    assert json.loads(run("describe", "live horse", "--model", str(out), "--json").output)["headings"]
