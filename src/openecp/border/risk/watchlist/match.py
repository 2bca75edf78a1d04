# SPDX-License-Identifier: Apache-2.0
"""Compares parties with the lists in force: what is found, how sure it is, and the columns that the pipeline reads.

A party that was seen before is answered from memory (by its normalised name and what else is known of it).
Reads: lists as `imports` makes them. Limits: 20 hits a party; a list of a million names. One thread at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from openecp.border.risk.watchlist.alike import WordPair
from openecp.border.risk.watchlist.block import Blocks
from openecp.border.risk.watchlist.party import NAME_MAX, Kind, ListEntry, Party, shown
from openecp.border.risk.watchlist.plain import PlainName, plain_names
from openecp.border.risk.watchlist.score import ScorePart, Scorer, evidence_of, same_place
from openecp.kernel.parties.entity_key import identifier_forms, plain_addresses

HITS_MAX = 20
REMEMBERED_MAX = 200_000
LIST_COLUMNS = (("list_hits", "INTEGER"), ("list_score_e6", "INTEGER"), ("list_refs", "VARCHAR"))


class Watchlist(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a list that was loaded."""

    list_id: str
    version: int
    entries: tuple[ListEntry, ...]


class ListHit(msgspec.Struct, frozen=True, kw_only=True):
    """A party and the entry of a list that it may be, with both names and the parts of the score; for officers."""

    list_id: str
    version: int
    entry_id: str
    entry_digest: str
    kind: Kind
    score: float
    party_name: str
    listed_name: str
    evidence: tuple[str, ...]
    parts: tuple[ScorePart, ...]
    words: tuple[WordPair, ...]

    @property
    def ref(self) -> str:
        """List and entry, as the column `list_refs` has them."""
        return f"{self.list_id}:{self.entry_id}"


class _Names:
    """The names of one sort (of people, of others) of all lists, with the entries that have them."""

    def __init__(self, rows: Sequence[tuple[int, str]], *, person: bool) -> None:
        self.person = person
        self.entry_of = [entry for entry, _ in rows]
        self.written = [name for _, name in rows]
        self.plain = plain_names(self.written, person=person)
        self.blocks = Blocks(self.plain)


class Matcher:
    """Compares parties with some lists."""

    def __init__(self, lists: Sequence[Watchlist], scorer: Scorer | None = None) -> None:
        self.scorer = scorer or Scorer()
        self._listed = [(one, entry) for one in lists for entry in one.entries]
        people: list[tuple[int, str]] = []
        others: list[tuple[int, str]] = []
        places: list[tuple[int, str]] = []
        self._identified: dict[str, list[int]] = defaultdict(list)
        for place, (_, entry) in enumerate(self._listed):
            rows = people if entry.kind == "Person" else places if entry.kind == "Address" else others
            rows.extend((place, name) for name in dict.fromkeys(entry.names))
            for number in dict.fromkeys(filter(None, identifier_forms(entry.identifiers))):
                self._identified[number].append(place)
        self._sorts = [_Names(people, person=True), _Names(others, person=False)]
        self._places = places
        self._place_words: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(plain_addresses([name for _, name in places]) if places else ()):
            for word in dict.fromkeys(text.split()):
                self._place_words[word].append(row)
        self._known: dict[tuple[object, ...], tuple[ListHit, ...]] = {}

    @property
    def entries(self) -> int:
        """How many entries the lists have."""
        return len(self._listed)

    def match(self, party: Party) -> tuple[ListHit, ...]:
        """Return the hits of a party, surest first."""
        of_person, of_other = self._plain(party)
        key = (of_person.key, of_other.key, party.kind, *party_evidence(party))
        known = self._known.get(key)
        if known is not None:
            name = shown(party.name)
            return known if not known or known[0].party_name == name else tuple(
                msgspec.structs.replace(hit, party_name=name) for hit in known
            )  # fmt: skip
        best: dict[int, tuple[float, float, int, int]] = {}  # by entry: score, points, sort, row
        for sort, plain in enumerate((of_person, of_other)):
            self._by_name(party, sort, plain, best)
        self._by_identifier(party, (of_person, of_other), best)
        found = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))[:HITS_MAX]
        hits = [self._hit(party, (of_person, of_other)[sort], entry, sort, row) for entry, (_, _, sort, row) in found]
        hits += self._by_address(party)
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[key] = told = tuple(hits[:HITS_MAX])
        return told

    def _plain(self, party: Party) -> tuple[PlainName, PlainName]:
        name = party.name[:NAME_MAX]
        return plain_names([name], person=True)[0], plain_names([name], person=False)[0]

    def _by_name(
        self, party: Party, sort: int, plain: PlainName, best: dict[int, tuple[float, float, int, int]]
    ) -> None:
        names = self._sorts[sort]
        if not plain.words or not names.plain or not _may_be(party.kind, person=names.person):
            return
        for row in names.blocks.candidates(plain):
            place = names.entry_of[row]
            entry = self._listed[place][1]
            if party.kind and entry.kind != "LegalEntity" and not _same_sort(party.kind, entry.kind):
                continue
            points = self.scorer.points(plain, names.plain[row])
            score = self.scorer.score(points, evidence_of(party, entry))
            if score >= self.scorer.weights.threshold and score > best.get(place, (0.0,))[0]:
                best[place] = (score, points, sort, row)

    def _by_identifier(
        self, party: Party, plain: tuple[PlainName, PlainName], best: dict[int, tuple[float, float, int, int]]
    ) -> None:
        if not party.identifiers or not self._identified:
            return
        for number in dict.fromkeys(filter(None, identifier_forms(party.identifiers))):
            for place in self._identified.get(number, ()):
                entry = self._listed[place][1]
                if place in best or entry.kind == "Address":
                    continue
                sort = 0 if entry.kind == "Person" else 1
                names = self._sorts[sort]
                row = names.entry_of.index(place)
                points = self.scorer.points(plain[sort], names.plain[row])
                best[place] = (self.scorer.score(points, evidence_of(party, entry)), points, sort, row)

    def _hit(self, party: Party, plain: PlainName, place: int, sort: int, row: int) -> ListHit:
        one, entry = self._listed[place]
        names = self._sorts[sort]
        evidence = evidence_of(party, entry)
        scored = self.scorer.explained(plain, names.plain[row], evidence)
        return ListHit(
            list_id=one.list_id, version=one.version, entry_id=entry.entry_id, entry_digest=entry.digest,
            kind=entry.kind, score=scored.score, party_name=shown(party.name), listed_name=shown(names.written[row]),
            evidence=evidence, parts=scored.parts, words=scored.words,
        )  # fmt: skip

    def _by_address(self, party: Party) -> list[ListHit]:
        text = party.address or (party.name if party.kind == "Address" else "")
        if not text or not self._places:
            return []
        counted: dict[int, int] = defaultdict(int)
        for word in dict.fromkeys(plain_addresses([text])[0].split()):
            for row in self._place_words.get(word, ()):
                counted[row] += 1
        hits = []
        for row in sorted((row for row, many in counted.items() if many >= 3), key=lambda row: (-counted[row], row)):
            place, written = self._places[row]
            if same_place(text, written):
                one, entry = self._listed[place]
                hits.append(ListHit(
                    list_id=one.list_id, version=one.version, entry_id=entry.entry_id, entry_digest=entry.digest,
                    kind="Address", score=0.9, party_name=shown(text), listed_name=shown(written),
                    evidence=("address_agrees",), parts=(), words=(),
                ))  # fmt: skip
            if len(hits) == HITS_MAX:
                break
        return hits


def party_evidence(party: Party) -> tuple[object, ...]:
    """Return what else than the name makes a difference to a party's hits."""
    return party.birth_date, party.countries, party.identifiers, party.address


def list_hits(
    parties: Sequence[Party], matcher: Matcher, *, cleared: Callable[[Party, ListHit], bool] | None = None
) -> list[tuple[int, int, str]]:
    """Return `LIST_COLUMNS` of each party: how many hits, the surest one's score in millionths, lists and entries.

    `cleared` tells which hits officers have cleared: they do not count. Each distinct party is compared once.
    """
    known: dict[Party, tuple[int, int, str]] = {}
    for party in parties:
        if party not in known:
            hits = matcher.match(party)
            if cleared is not None and hits:
                hits = tuple(hit for hit in hits if not cleared(party, hit))
            known[party] = hit_columns(hits)
    return [known[party] for party in parties]


def hit_columns(hits: Iterable[ListHit]) -> tuple[int, int, str]:
    """Return hits as the columns of the pipeline."""
    found = tuple(hits)
    score = max((round(hit.score * 1_000_000) for hit in found), default=0)
    return len(found), score, ",".join(hit.ref for hit in found)


def _may_be(kind: Kind, *, person: bool) -> bool:
    """Tell whether a party of this kind is looked for among names of people, or among the others."""
    return kind in ("", "Person", "LegalEntity") if person else kind != "Address"


def _same_sort(kind: Kind, listed: Kind) -> bool:
    firms = ("Company", "Organization", "LegalEntity")
    if kind == "LegalEntity":
        return listed != "Vessel"
    return kind == listed or (kind in firms and listed in firms)
