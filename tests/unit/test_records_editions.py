# SPDX-License-Identifier: Apache-2.0
"""Editions: frozen, numbered, hashed, compared with the last; published as the same pages each time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from tests.record_world import CASE, RecordWorld

from openecp.platform.site.pages import site_files
from openecp.platform.site.words import WORDS
from openecp.programme.compendia.commands import FreezeEdition, LoadMembers, RetireRecord, ReviseRecord
from openecp.programme.compendia.editions import (
    DataSet,
    Entry,
    data_set,
    diff,
    digest,
    encode_data_set,
    figures_of,
    read_data_set,
)
from openecp.programme.compendia.templates import shipped_templates

# Published counts of the AEO Compendium: programmes and arrangements, by year of the edition.
AEO = {
    2018: {"operational": 77, "coming": 0, "compliance": 0, "compliance_coming": 0},
    2019: {"operational": 83, "coming": 0, "compliance": 0, "compliance_coming": 0},
    2020: {"operational": 97, "coming": 20, "compliance": 33, "compliance_coming": 4},
}
MRA = {
    2018: {"bilateral": 57, "plurilateral": 0, "negotiation": 0},
    2019: {"bilateral": 74, "plurilateral": 4, "negotiation": 65},
    2020: {"bilateral": 87, "plurilateral": 4, "negotiation": 78},
}
HEAD = Entry(
    id="compendium-aeo",
    type="compendium",
    version=1,
    owner="SEC",
    language="en",
    values={"types": "aeo_programme, mra"},
    texts={"title": {"en": "AEO Compendium", "fr": "Recueil des programmes d’OEA"}},
)
PROGRAMME_OF = {"operational": ("aeo", "operational"), "coming": ("aeo", "coming"),
                "compliance": ("compliance", "operational"), "compliance_coming": ("compliance", "coming")}  # fmt: skip
ARRANGEMENT_OF = {"bilateral": ("bilateral", "concluded"), "plurilateral": ("plurilateral", "concluded"),
                  "negotiation": ("bilateral", "negotiation")}  # fmt: skip


def year(number: int) -> DataSet:
    """An edition with as many invented entries of each kind as the compendium of that year counts.

    Entries are numbered through their kind, and a negotiation that is concluded keeps its id and changes its status.
    """
    entries = []
    for name, count in AEO[number].items():
        kind, status = PROGRAMME_OF[name]
        first = AEO[number]["operational"] if name == "coming" else 0
        stem = "aeo" if kind == "aeo" else ("co" if status == "operational" else "cx")
        for place in range(first, first + count):
            values = {"kind": kind, "status": status, "member": "XA"}
            entries.append(entry("aeo_programme", f"{stem}-{place:03}", values))
    for name, count in MRA[number].items():
        kind, status = ARRANGEMENT_OF[name]
        first = MRA[number]["bilateral"] if name == "negotiation" else 0
        stem = "bi" if kind == "bilateral" else "pl"
        for place in range(first, first + count):
            entries.append(
                entry("mra", f"{stem}-{place:03}", {"kind": kind, "status": status, "members": ["XA", "XB"]})
            )
    return data_set(
        HEAD, entries, shipped_templates(), {}, number=number - 2017, on=f"{number}-06-30", title=str(number)
    )


def entry(kind: str, name: str, values: dict[str, Any]) -> Entry:
    texts = {"title": {"en": f"Invented {name}", "fr": f"Inventé {name}"}}
    return Entry(id=f"{kind}-{name}", type=kind, version=1, owner="SEC", language="en", values=values, texts=texts)


@pytest.mark.parametrize(("before", "after"), [(2018, 2019), (2019, 2020), (2018, 2020)])
def test_the_differences_of_the_aeo_compendium_are_those_of_its_published_counts(before: int, after: int) -> None:
    old, new = year(before), year(after)
    for counts, kind in ((AEO, "aeo_programme"), (MRA, "mra")):
        assert {f"{kind}.{n}": str(c) for n, c in counts[after].items()}.items() <= new.figures.items()
    found = diff(old, new)
    moved = {change.field: int(change.after) - int(change.before) for change in found.figures}
    wanted = {f"aeo_programme.{n}": AEO[after][n] - AEO[before][n] for n in AEO[after]}
    wanted |= {f"mra.{n}": MRA[after][n] - MRA[before][n] for n in MRA[after]}
    assert moved == {name: by for name, by in wanted.items() if by}
    assert len(new.entries) - len(old.entries) == len(found.added) - len(found.removed)
    concluded = [change for change in found.changed if change.id.startswith("mra-bi")]
    overlap = max(
        0,
        min(MRA[before]["bilateral"] + MRA[before]["negotiation"], MRA[after]["bilateral"]) - MRA[before]["bilateral"],
    )
    assert len(concluded) == overlap
    assert all([(f.field, f.before, f.after) for f in change.fields] == [("status", "negotiation", "concluded")]
               for change in concluded)  # fmt: skip


def test_2019_and_2020_as_published() -> None:
    """Known counts: 83 programmes, 78 arrangements concluded, 65 in negotiation; then 97, 91 and 78."""
    moved = {change.field: (change.before, change.after) for change in diff(year(2019), year(2020)).figures}
    assert moved["aeo_programme.operational"] == ("83", "97")
    assert moved["aeo_programme.coming"] == ("0", "20")
    assert moved["mra.bilateral"] == ("74", "87")
    assert "mra.plurilateral" not in moved
    assert moved["mra.negotiation"] == ("65", "78")


def test_an_edition_is_frozen_and_keeps_what_is_retired_later() -> None:
    world = RecordWorld()
    world.publish("practice-one", CASE, owner="KE")
    world.publish("practice-two", {**CASE, "title": "Two", "topics": ["aeo"]}, owner="KE")
    world.compendium(topics=["transit"])
    assert world.freeze(title="First") == 1
    edition, data = world.book.edition("compendium-test", 1)
    assert [each.id for each in data.entries] == ["practice-one"], "by topic"
    assert edition.sha256 == digest(encode_data_set(data))
    world.do(RetireRecord(record="practice-one", reason="No longer done."))
    world.publish("practice-two", {"topics": ["transit", "aeo"]})
    world.do(ReviseRecord(record="practice-two", values={"result": "Never to be seen in an edition."}))
    assert world.freeze() == 2
    second, later = world.book.edition("compendium-test")
    assert (second.added, second.removed, second.changed) == (1, 1, 0)
    assert "Never to be seen" not in encode_data_set(later).decode()
    assert world.book.edition("compendium-test", 1)[1] == data
    found = world.book.edition_diff("compendium-test")
    assert ([c.id for c in found.added], [c.id for c in found.removed]) == (["practice-two"], ["practice-one"])
    with pytest.raises(LookupError, match="expected 1 to 2"):
        world.book.edition("compendium-test", 3)


def test_a_changed_field_is_told_with_language_before_and_after() -> None:
    world = RecordWorld()
    world.publish("practice-one", CASE, owner="KE")
    world.compendium()
    world.freeze()
    world.publish("practice-one", {"result": {"fr": "Deux fois moins de temps."}, "since": "2018-01"})
    world.freeze()
    (change,) = world.book.edition_diff("compendium-test").changed
    assert [(f.field, f.before, f.after) for f in change.fields] == [
        ("result.fr", "Moitié moins de temps.", "Deux fois moins de temps."),
        ("since", None, "2018-01"),
    ]


def test_what_makes_no_edition_is_refused() -> None:
    world = RecordWorld()
    world.publish("practice-one", CASE, owner="KE")
    assert world.refused(FreezeEdition(record="practice-one")) == "OECP-RECORD-VALUES"
    world.compendium(types="moon")
    assert world.refused(FreezeEdition(record="compendium-test")) == "OECP-RECORD-VALUES"


def test_an_edition_holds_no_person() -> None:
    world = RecordWorld()
    world.publish("practice-one", {**CASE, "contact": {"name": "Ada Invented", "email": "ada@x.example"}}, owner="KE")
    world.compendium()
    world.freeze()
    data = world.book.edition("compendium-test")[1]
    assert b"ada@x" not in encode_data_set(data)
    assert all(b"ada@x" not in content for content in site_files(data, None).values())


def frozen() -> tuple[DataSet, DataSet]:
    world = RecordWorld()
    world.do(
        LoadMembers(
            rows=(("KE", "ESA", "Kenya", "Kenya"), ("DE", "EUR", "Germany", "Allemagne")), source="m", sha256=""
        )
    )
    world.publish("practice-one", CASE, owner="KE")
    hostile = {
        **CASE,
        "title": "<script>alert(1)</script> & more",
        "member": "DE",
        "address": "https://example.org/?a=1&b=2",
    }
    world.publish("practice-two", hostile, owner="DE")
    world.compendium()
    world.freeze()
    world.publish("practice-one", {"result": "A third of the time."})
    world.freeze()
    return world.book.edition("compendium-test", 1)[1], world.book.edition("compendium-test", 2)[1]


def test_the_same_edition_gives_the_same_pages() -> None:
    first, second = frozen()
    again = read_data_set(encode_data_set(second))
    assert site_files(second, first) == site_files(again, read_data_set(encode_data_set(first)))
    assert digest(site_files(second, first)["data.json"]) in site_files(second, first)["en/index.html"].decode()


class Page(HTMLParser):
    """Collects links, ids, languages and whether elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        self.links += [known[name] or "" for name in ("href", "src") if name in known]
        if tag == "html":
            self.lang = known.get("lang") or ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_pages_are_whole_and_link_only_to_each_other() -> None:
    first, second = frozen()
    files = site_files(second, first)
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) == 1 + 2 * (2 + 2)
    for name in pages:
        page = Page(files[name].decode())
        assert page.open == [], name
        assert page.lang == (name[:2] if "/" in name else "en")
        assert page.tags.count("h1") == 1
        assert "script" not in page.tags
        for link in page.links:
            if link.startswith(("#", "https://example.org")):
                continue
            parts = [*name.split("/")[:-1], *link.split("/")]
            while ".." in parts:
                place = parts.index("..")
                del parts[place - 1 : place + 1]
            assert "/".join(parts) in files, f"{name} -> {link}"
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in files["en/practice-two.html"].decode()


def test_french_pages_are_french_and_say_what_is_not_translated() -> None:
    first, second = frozen()
    files = site_files(second, first)
    page = files["fr/practice-one.html"].decode()
    assert "Étude de cas" in page
    assert "L’original a été modifié" in page, "the result was changed in English"
    assert re.search(r'Pas encore traduit.*?<p lang="en">One declaration covers the journey', page, re.DOTALL)
    seen = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", page + files["fr/changes.html"].decode(), flags=re.DOTALL)
    for english, french in WORDS.values():
        plain = english.replace("%s", "").strip(" .")
        if english != french and len(plain) > 6 and plain not in french:
            assert plain not in seen, plain
    assert "Allemagne (DE)" in files["fr/index.html"].decode()


def test_words_are_in_both_languages() -> None:
    for key, (english, french) in WORDS.items():
        assert english.count("%s") == french.count("%s"), key
        assert french.strip()


def test_ten_thousand_entries_are_compared_at_once() -> None:
    """No step is quadratic: an edition of 3,000 entries is made and compared within a second."""
    import time

    entries = [
        entry("mra", f"{n:05}", {"kind": "bilateral", "status": "concluded", "members": ["XA"]}) for n in range(3000)
    ]
    began = time.process_time()
    data = data_set(HEAD, entries, shipped_templates(), {}, number=1, on="2026-01-01")
    later = msgspec.structs.replace(data, edition=2, entries=data.entries[5:])
    assert len(diff(data, later).removed) == 5
    assert figures_of(entries, [shipped_templates()["mra"]])["mra.bilateral"] == "3000"
    assert time.process_time() - began < 1
