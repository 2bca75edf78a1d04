# SPDX-License-Identifier: Apache-2.0
"""Watchlists: what is read, what is told of bad rows, what hits, and that two officers decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from openecp.border.risk.watchlist.hits import EVENT_KINDS, HitRefused
from openecp.border.risk.watchlist.imports import ListRefused, read_list
from openecp.border.risk.watchlist.match import Matcher, Watchlist, list_hits
from openecp.border.risk.watchlist.names_file import read_parties
from openecp.border.risk.watchlist.party import ListEntry, Party
from openecp.border.risk.watchlist.score import read_weights
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.cli.risk_watch import watchlist
from openecp.platform.core.watch_desk import WatchDesk
from openecp.platform.engines.list_columns import add_list_columns

LIST = """id,schema,name,aliases,birth_date,countries,identifiers,addresses
a1,Person,Ivan Sergeevich Petrov,Vanya Petrov;Иван Петров,1970-05-01,ru,P1234567,
b2,Company,Sun Gate Trading LLC,,,ae,,
v3,Vessel,Morning Star,,,,IMO 9074729,
p4,Address,"12 Harbour Road, 2nd Floor, Port City 12345",,,,,
z5,Person,Li Wei,,1980,cn,,
"""


def matcher(text: str = LIST, version: int = 1) -> Matcher:
    entries = read_list(text.encode(), "list.csv").entries
    return Matcher([Watchlist(list_id="own", version=version, entries=entries)])


def refs(party: Party, found: Matcher | None = None) -> list[str]:
    return [hit.entry_id for hit in (found or matcher()).match(party)]


@pytest.mark.parametrize(
    ("party", "entry"),
    [
        (Party(name="PETROV, Ivan"), "a1"),
        (Party(name="Иван Петров"), "a1"),
        (Party(name="Ivan Petrow", birth_date="1970-05-01"), "a1"),
        (Party(name="Iv\u0430n P\u0435trov"), "a1"),  # Cyrillic а and е inside Latin words
        (Party(name="Ivan\u200b \u202ePet\u200drov\u202c"), "a1"),
        (Party(name="Somebody Else", identifiers=("p-1234567",)), "a1"),
        (Party(name="Sun Gate Trading Limited Liability Company"), "b2"),
        (Party(name="SUNGATE TRADING", kind="Company"), "b2"),
        (Party(name="M/V Morning Star", kind="Vessel"), "v3"),
        (Party(name="Nobody Known", address="12, Harbour Rd, Port City 12345"), "p4"),
    ],
)
def test_who_is_listed_is_found(party: Party, entry: str) -> None:
    assert entry in refs(party)


@pytest.mark.parametrize(
    "party",
    [
        Party(name="Ivan"), Party(name="Petrov"), Party(name="Sergei Petrov"), Party(name="Wei"), Party(name="Li Na"),
        Party(name="Wei Zhang"), Party(name="Moon Trading LLC"), Party(name="Morning Dew", kind="Vessel"),
        Party(name="Somebody Else", birth_date="1970-05-01", countries=("RU",)), Party(name=""), Party(name="\u200b"),
        Party(name="Nobody Known", address="14 Harbour Road, Port City 12345"), Party(name="Li Wei", kind="Vessel"),
    ],
)  # fmt: skip
def test_who_shares_a_word_or_a_date_is_not(party: Party) -> None:
    assert refs(party) == []


def test_dates_and_identifiers_raise_and_lower() -> None:
    one = matcher()

    def score(**beside: object) -> float:
        return one.match(Party(name="Ivan Petrov", **beside))[0].score  # type: ignore[arg-type]

    assert score(birth_date="1970-05-01") > score(birth_date="1970") > score() > score(birth_date="1951-02-03")
    assert score(identifiers=("P1234567",)) > score() > score(identifiers=("Q7654321",))
    assert score(countries=("RU",)) > score() > score(countries=("BR",))


def test_every_hit_explains_itself() -> None:
    hit = matcher().match(Party(name="PETROW, Ivan", birth_date="1970-05-01"))[0]
    assert (hit.party_name, hit.ref, hit.version) == ("PETROW, Ivan", "own:a1", 1)
    assert hit.listed_name in ("Иван Петров", "Ivan Sergeevich Petrov")
    assert hit.evidence == ("date_agrees",)
    assert {(pair.one, pair.other) for pair in hit.words} >= {("ivan", "ivan")}
    assert sum(part.points for part in hit.parts) > 0


def test_columns_of_the_pipeline_without_what_was_cleared() -> None:
    party = Party(name="Ivan Petrov")
    count, score, told = list_hits([party, party, Party(name="Anna Schmidt")], matcher())[0]
    assert (count, told) == (1, "own:a1")
    assert 500_000 < score <= 1_000_000
    assert list_hits([Party(name="Anna Schmidt")], matcher()) == [(0, 0, "")]
    assert list_hits([party], matcher(), cleared=lambda _party, _hit: True) == [(0, 0, "")]


BAD = """id,schema,name,aliases,birth_date,countries
g1,Person,Good One,,1970-01-02,de
,Spaceship,Bad Kind,,,
g1,Person,Twice Told,,,
n1,Person,,,,
n2,Person,?!,,,
n3,Person,{long},,,
d1,Person,Dated Badly,A;,31.12.1970,Germany
c1,Person,Too,many,columns,de,here
"""


def test_bad_rows_are_told_with_their_place_and_the_rest_is_loaded() -> None:
    file = read_list(BAD.format(long="x" * 501).encode(), "bad.csv")
    assert [entry.entry_id for entry in file.entries] == ["g1", "d1"]
    assert file.left_out == 6
    told = {(fault.where, fault.loaded) for fault in file.faults}
    assert {("bad.csv, line 3, schema", False), ("bad.csv, line 4, id", False), ("bad.csv, line 5, name", False),
            ("bad.csv, line 6, name", False), ("bad.csv, line 7, name", False), ("bad.csv, line 9", False),
            ("bad.csv, line 8, birth_date", True), ("bad.csv, line 8, countries", True)} <= told  # fmt: skip
    assert all(fault.expected and fault.got and fault.fix and len(fault.got) <= 80 for fault in file.faults)
    assert file.entries[1].birth_dates == ()


def test_followthemoney_as_lines_array_and_object() -> None:
    person = {"id": "q1", "schema": "Person", "properties": {
        "name": ["Ivan Petrov"], "weakAlias": ["Vanya"], "birthDate": ["1970-05"], "nationality": ["ru", "suhh"],
        "passportNumber": ["P1234567"], "addressEntity": ["ad1"]}}  # fmt: skip
    address = {"id": "ad1", "schema": "Address", "properties": {"full": ["12 Harbour Road, Port City"]}}
    relation = {"id": "s1", "schema": "Sanction", "properties": {"entity": ["q1"]}}
    everything = [person, address, relation, {"id": "x", "schema": "Person"}, 7]
    lines = b"\n".join(json.dumps(one).encode() for one in everything)
    for content in (lines, json.dumps(everything).encode(), json.dumps({"entities": everything}).encode()):
        file = read_list(content, "list.json")
        assert [entry.entry_id for entry in file.entries] == ["q1", "ad1"]
        assert file.entries[0].addresses == ("12 Harbour Road, Port City",)
        assert (file.entries[0].birth_dates, file.entries[0].countries) == (("1970-05",), ("RU",))
        assert file.left_out == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"a,b\n1,2\n",
        b"name\n",
        b"[" * 200_000,
        b'{"id": 1}',
        b"\xff\xfe\xff",
        b"name\n\xff\xfe\n",
    ],
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(ListRefused) as refused:
        read_list(content, "poison")
    assert refused.value.fix
    assert refused.value.expected


def test_a_poisoned_list_is_read_within_its_limits() -> None:
    rows = ["id,schema,name,aliases", f"many,Person,Many Names,{';'.join(f'Alias{n} Name' for n in range(300))}"]
    rows += ["=cmd(),Person,\u202eevil\u202c Name,", 'open,Person,"never closed', "ok,Person,Fine Name,"]
    file = read_list("\n".join(rows).encode(), "poison.csv")
    assert [entry.entry_id for entry in file.entries] == ["=cmd()"]
    assert {fault.where for fault in file.faults} >= {"poison.csv, line 2, name"}
    hit = matcher("id,schema,name\n1,Person,\u202eEvil\u202c\x07 Name").match(Party(name="Evil Name"))[0]
    assert hit.listed_name.isprintable()
    assert "\u202e" not in hit.listed_name


@pytest.mark.parametrize(
    "name",
    ["x" * 1_000_000, "a " * 500_000, "\x00\x1b[31mIvan", "\u202e" * 5_000, "\u200b" * 5_000, "é" * 999, "习" * 9_999],
    ids=["long", "words", "controls", "marks", "invisible", "accents", "han"],
)  # fmt: skip
def test_hostile_names_are_compared_and_find_nothing(name: str) -> None:
    assert refs(Party(name=name)) == []


def test_names_are_read_as_lines_or_columns() -> None:
    lines, faults = read_parties(b"SALEK, ABDULHAI\n\nJan Smit\n", "names.txt")
    assert [(one.line, one.party.name) for one in lines] == [(1, "SALEK, ABDULHAI"), (3, "Jan Smit")]
    table, faults = read_parties(
        f"full_name;dob;nationality\nJan Smit;1970-01-01;nl\n{'y' * 600};;\n".encode(), "names.csv"
    )
    assert [one.party for one in table] == [Party(name="Jan Smit", birth_date="1970-01-01", countries=("NL",))]
    assert [fault.where for fault in faults] == ["names.csv, line 3, name"]


def test_what_is_no_file_of_names_is_refused_and_not_screened_as_names() -> None:
    with pytest.raises(ListRefused, match="JSON"):
        read_parties(b'{"id":"f1","schema":"Person","properties":{"name":["Jan Smit"]}}\n', "names.jsonl")
    with pytest.raises(ListRefused, match="nom,id"):
        read_parties(b"nom,id\nJan Smit,1\n", "names.csv")
    assert len(read_parties(b"Jan Smit\nOlga Petrova\n", "names.csv")[0]) == 2, "one name a line has no other column"


def test_a_table_of_weights_that_lacks_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="missing: threshold"):
        read_weights("part,weight,meaning\nintercept,-4,x\n")
    with pytest.raises(ValueError, match="line 2"):
        read_weights("part,weight,meaning\nintercept,nan,x\n")


class HashingStore(MemoryStore):
    """A store in memory that hashes persons as the real one does."""

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return salted hashes."""
        return [hashlib.sha256(b"salt" + key.encode()).hexdigest()[:32] if key else None for key in keys]


class Day:
    """A clock that is set."""

    def __init__(self) -> None:
        self.day = date(2026, 7, 1)

    def __call__(self) -> str:
        return f"{self.day.isoformat()}T08:00:00.000000Z"


def desk() -> tuple[WatchDesk, HashingStore, Day]:
    clock = Day()
    store = HashingStore(clock=clock)
    made = WatchDesk(store, clock=clock)
    made.load("own", read_list(LIST.encode(), "list.csv"), actor="person:ann")
    return made, store, clock


IVAN = Party(name="Ivan Petrov", identifiers=("P1234567",))


def test_two_officers_decide_and_one_cannot() -> None:
    made, _, _ = desk()
    (hit,) = made.screen([IVAN], actor="person:ann").new
    with pytest.raises(HitRefused, match="proposal"):
        made.confirm(hit, actor="person:bob")
    made.propose(hit, "cleared", actor="person:ann", note="another birthplace")
    with pytest.raises(HitRefused, match="another officer"):
        made.confirm(hit, actor="person:ann")
    with pytest.raises(HitRefused, match="proposal of another officer"):
        made.propose(hit, "match", actor="person:bob")
    assert made.confirm(hit, actor="person:bob", agree=False).status == "open"
    made.propose(hit, "match", actor="person:bob")
    assert made.confirm(hit, actor="person:ann").status == "match"
    with pytest.raises(HitRefused, match="it is decided"):
        made.propose(hit, "cleared", actor="person:ann")
    assert made.screen([IVAN], actor="person:ann").matches == 1


def test_a_cleared_pair_stays_cleared_until_it_expires_or_the_entry_changes() -> None:
    made, _, clock = desk()
    (hit,) = made.screen([IVAN], actor="person:ann").new
    for until in (date(2026, 7, 1), date(2030, 1, 1)):
        with pytest.raises(HitRefused, match="731 days"):
            made.propose(hit, "cleared", actor="person:ann", until=until)
    made.propose(hit, "cleared", actor="person:ann", until=date(2026, 8, 1))
    made.confirm(hit, actor="person:bob")
    found = made.matcher().match(IVAN)[0]
    assert made.cleared(IVAN, found)
    assert not made.cleared(Party(name="Ivan Petrov"), found)
    assert made.cleared(Party(name="PETROV, Ivan", identifiers=("p 1234567",)), found)
    assert made.screen([IVAN], actor="person:ann").cleared == 1
    other = LIST.replace("Li Wei", "Li Weimin")  # another entry: the clearance stands
    assert made.load("own", read_list(other.encode(), "list.csv"), actor="person:ann").version == 2
    assert made.screen([IVAN], actor="person:ann").cleared == 1
    changed = LIST.replace("1970-05-01", "1971-05-01")
    made.load("own", read_list(changed.encode(), "list.csv"), actor="person:ann")
    assert made.screen([IVAN], actor="person:ann").reopened == (hit,)
    assert made.hit(hit)[0].status == "open"
    made.propose(hit, "cleared", actor="person:ann", until=date(2026, 8, 1))
    made.confirm(hit, actor="person:bob")
    clock.day = date(2026, 8, 2)
    assert made.screen([IVAN], actor="person:ann").reopened == (hit,)


def test_the_same_list_again_is_no_new_version() -> None:
    made, store, _ = desk()
    rows = LIST.strip().split("\n")
    turned = "\n".join([rows[0], *reversed(rows[1:])])
    assert made.load("own", read_list(turned.encode(), "again.csv"), actor="person:ann").version == 1
    assert [event.kind for event in store.events()] == ["WatchlistLoaded"]
    with pytest.raises(HitRefused, match="letters"):
        made.load("../x", read_list(LIST.encode(), "list.csv"), actor="person:ann")


def test_a_refused_list_is_on_record_without_its_content() -> None:
    made, store, _ = desk()
    content = b"who,what\nKarla Meyer,listed\n"
    with pytest.raises(ListRefused) as told:
        read_list(content, "list.csv")
    made.refuse(told.value, "our-list", content, actor="system:command-line")
    (event,) = [event for event in store.events() if event.kind == "WatchlistRefused"]
    assert event.body["list"] == "our-list"
    assert event.body["expected"] == told.value.expected
    assert "Meyer" not in json.dumps(event.body)
    assert [one.list_id for one in made.lists()] == ["own"]


def test_no_name_is_in_the_log() -> None:
    made, store, _ = desk()
    (hit,) = made.screen([IVAN], actor="person:ann").new
    made.propose(hit, "match", actor="person:ann", note="Petrov lives in Sofia")
    made.confirm(hit, actor="person:bob")
    log = "".join(str(event.body) for event in store.events()) + "".join(
        face.face.decode() for face in store.faces(room="risk")
    )
    assert not any(word in log for word in ("Petrov", "Ivan", "P1234567", "Sofia", "Harbour"))
    assert {event.kind for event in store.events()} <= set(EVENT_KINDS)
    assert made.hit(hit)[1] is not None


def test_screen_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST + "bad,Spaceship,X Y,,,,,\n", encoding="utf-8")
    (tmp_path / "names.txt").write_text("Petrov, Ivan\nAnna Schmidt\n", encoding="utf-8")
    asked = ["screen", str(tmp_path / "names.txt"), "--list", str(tmp_path / "list.csv")]
    told = CliRunner().invoke(watchlist, [*asked, "--json"])
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(row["line"], len(row["hits"])) for row in rows] == [(1, 1), (2, 0)]
    assert rows[0]["hits"][0]["listed_name"]
    assert rows[0]["hits"][0]["parts"]
    assert "list.csv, line 7, schema: expected one of" in told.stderr
    assert "2 names, 1 with hits" in CliRunner().invoke(watchlist, asked).stdout


def test_columns_beside_parquet_rows_each_party_once(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT n, CASE WHEN n % 2 = 0 THEN 'Ivan Petrov' WHEN n % 3 = 0 THEN NULL ELSE 'Anna' END AS who "
            f"FROM range(12) t(n)) TO '{source}' (FORMAT parquet)"
        )
        asked: list[int] = []
        one = matcher()

        def compare(rows: Sequence[object]) -> list[tuple[int, int, str]]:
            asked.append(len(rows))
            return list_hits([Party(name=row["name"]) for row in rows], one)  # type: ignore[index]

        assert add_list_columns(source, target, {"name": "who"}, compare) == (12, 3)
        rows = connection.execute(f"SELECT n, list_hits, list_refs FROM read_parquet('{target}')").fetchall()
    assert asked == [3]
    assert rows == [(n, 1 - n % 2, "own:a1" if n % 2 == 0 else "") for n in range(12)]
    with pytest.raises(ValueError, match="expected the columns nobody"):
        add_list_columns(source, target, {"name": "nobody"}, compare)
    with pytest.raises(ValueError, match="Parquet"):
        add_list_columns(tmp_path / "none.parquet", target, {"name": "who"}, compare)


def test_entries_have_a_digest_that_changes_with_them() -> None:
    one = ListEntry(entry_id="1", kind="Person", names=("A B",))
    assert one.digest == ListEntry(entry_id="1", kind="Person", names=("A B",)).digest
    assert one.digest != ListEntry(entry_id="1", kind="Person", names=("A B",), countries=("DE",)).digest
