# SPDX-License-Identifier: Apache-2.0
"""HS codes suggested from a text, with a confidence that means what it says, or the answer: not sure.

Each chapter, heading and subheading has weights for hashes of words (BM25); a subheading's score is its own with its
heading's and chapter's. Confidence is the share of the best score among the first, set right on texts that the model
had not seen. It suggests and checks; it does not assign.
Limits: texts of 1,000 characters, model files of 64 MB; a file that is not ours, or was changed, is refused.
"""

from __future__ import annotations

import hashlib
import heapq
import lzma
import math
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from importlib import resources
from itertools import accumulate, pairwise

import msgspec

from openecp.border.data_quality.features import PAIR, PIECE, pair_hash, piece_hashes, telling_words, word_hash
from openecp.border.data_quality.terms import TermsRefused

MAGIC = b"OpenECP HS text model 1\n"
LARGEST_MODEL, LARGEST_UNPACKED = 64_000_000, 512_000_000
LEVELS = (2, 4, 6)
NOT_SURE = 0.5  # below it no code of a level is suggested
_SHARPNESS = 0.35
_CONSIDERED = 20


class ModelHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a model file says of itself: codes, calibration by level, figures on hidden texts, sources."""

    codes: tuple[str, ...]
    calibration: dict[str, tuple[tuple[float, float], ...]]  # level: (share of the score, how often it was right)
    figures: dict[str, float]
    sources: tuple[str, ...]
    features: int
    postings: int
    digest: str  # SHA-256 of this header without it and of the packed weights


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One code, how sure it is, and the words that spoke for it."""

    code: str
    confidence: float
    words: tuple[str, ...] = ()


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """What a text may be: the first five of each level; `code` is the deepest that is sure enough, or empty."""

    code: str
    sure: bool
    chapters: tuple[Suggestion, ...]
    headings: tuple[Suggestion, ...]
    subheadings: tuple[Suggestion, ...]


class TextModel:
    """Weights in memory: suggests codes for texts. Immutable, so that threads may share one."""

    def __init__(
        self, header: ModelHeader, keys: array[int], starts: array[int], places: array[int], weights: bytes
    ) -> None:
        self.header = header
        self._keys, self._starts, self._places, self._weights = keys, starts, places, weights
        self._codes = header.codes
        where = {code: place for place, code in enumerate(header.codes)}
        self._depths = [len(code) for code in header.codes]
        self._parents = [(where.get(code[:2], -1), where.get(code[:4], -1)) for code in header.codes]

    def suggest(self, text: str, most: int = 5) -> Suggested:
        """Suggest codes for a text."""
        words = telling_words(text)
        features = self._features(words)
        scores = self._by_level(self._scores(features))
        found = {level: self._suggestions(scores[level], level, most, features) for level in LEVELS}
        firsts = [found[level][0] for level in LEVELS if found[level] and found[level][0].confidence >= NOT_SURE]
        code = ""
        for first in firsts:  # the deepest that the sure ones above it agree with
            if first.code.startswith(code):
                code = first.code
        return Suggested(code=code, sure=bool(code), chapters=found[2], headings=found[4], subheadings=found[6])

    def best(self, text: str, level: int, most: int = 5) -> list[tuple[str, float]]:
        """Return the first codes of a level with their raw share of the score: what calibration learns from."""
        first = _first(self._by_level(self._scores(self._features(telling_words(text))))[level])
        return [(self._codes[place], share) for (_, place), share in zip(first, _shares(first), strict=True)][:most]

    def _features(self, words: Sequence[str]) -> list[tuple[str, int, float]]:
        """Return what is known of the words: of which word, where its weights stand, what it counts."""
        found = []
        for word in dict.fromkeys(words):
            at = self._find(word_hash(word))
            if at >= 0:
                found.append((word, at, 1.0))
            else:
                pieces = (self._find(piece) for piece in piece_hashes(word))
                found += [(word, piece, PIECE) for piece in pieces if piece >= 0]
        for pair in pairwise(words):
            at = self._find(pair_hash(*pair))
            if at >= 0:
                found.append((pair[0], at, PAIR))
        return found

    def _find(self, key: int) -> int:
        place = bisect_left(self._keys, key)
        return place if place < len(self._keys) and self._keys[place] == key else -1

    def _scores(self, features: Sequence[tuple[str, int, float]]) -> dict[int, float]:
        scores: dict[int, float] = {}
        known = scores.get
        for _, at, weight in features:
            first, last = self._starts[at], self._starts[at + 1]
            for place, strength in zip(self._places[first:last], self._weights[first:last], strict=True):
                scores[place] = known(place, 0.0) + weight * strength
        return scores

    def _by_level(self, scores: dict[int, float]) -> dict[int, dict[int, float]]:
        """Give each code the score of those above it, and each the best of those below it."""
        found: dict[int, dict[int, float]] = {level: {} for level in LEVELS}
        chapters, headings, subheadings = found[2], found[4], found[6]
        parents, depths = self._parents, self._depths
        for place, score in scores.items():
            chapter, heading = parents[place]
            depth = depths[place]
            if depth == 6:
                total = score + scores.get(heading, 0.0) + scores.get(chapter, 0.0)
                subheadings[place] = total
                if total > headings.get(heading, 0.0):
                    headings[heading] = total
            else:
                total = score if depth == 2 else score + scores.get(chapter, 0.0)
                if total > found[depth].get(place, 0.0):
                    found[depth][place] = total
            if total > chapters.get(chapter, 0.0):
                chapters[chapter] = total
        return found

    def _suggestions(
        self, scores: dict[int, float], level: int, most: int, features: Sequence[tuple[str, int, float]]
    ) -> tuple[Suggestion, ...]:
        """Return the first codes; what the best leaves of certainty is parted among the others by their shares."""
        first = _first(scores)
        if not first:
            return ()
        shares = _shares(first)
        sure = calibrated(shares[0], self.header.calibration.get(str(level), ()))
        rest = sum(shares[1:]) or 1.0
        words = self._spoke(features, first[0][1])
        best = Suggestion(code=self._codes[first[0][1]], confidence=round(sure, 3), words=words)
        others = zip(first[1:most], shares[1:most], strict=True)
        return (
            best,
            *(
                Suggestion(code=self._codes[place], confidence=round(min(sure, (1 - sure) * share / rest), 3))
                for (_, place), share in others
            ),
        )

    def _spoke(self, features: Sequence[tuple[str, int, float]], place: int) -> tuple[str, ...]:
        """Return up to three words that spoke most for a code, with its heading and chapter."""
        family = {place, *self._parents[place]} - {-1}
        told: dict[str, float] = {}
        for word, at, weight in features:
            first, last = self._starts[at], self._starts[at + 1]
            for member in family:
                found = bisect_left(self._places, member, first, last)
                if found < last and self._places[found] == member:
                    told[word] = told.get(word, 0.0) + weight * self._weights[found]
        return tuple(sorted(told, key=lambda word: -told[word])[:3])


def _first(scores: dict[int, float]) -> list[tuple[float, int]]:
    """Return the best, best first; among equals the lower code."""
    if len(scores) > _CONSIDERED * 4:
        enough = max(scores.values()) * 0.3
        scores = {place: score for place, score in scores.items() if score >= enough}
    return heapq.nsmallest(_CONSIDERED, [(-score, place) for place, score in scores.items()])


def _shares(first: Sequence[tuple[float, int]]) -> list[float]:
    """Return each score's share, weighed so that a clear lead counts; scores come negated, best first."""
    if not first:
        return []
    top = -first[0][0] or 1.0
    raised = [math.exp((-score - top) / (top * _SHARPNESS)) for score, _ in first]
    # a text whose words are hardly known has a low best score, and is less sure
    total = sum(raised) + math.exp(1.0 - top / 255.0)
    return [one / total for one in raised]


def calibrated(share: float, steps: Sequence[tuple[float, float]]) -> float:
    """Return how often a share of the score was right on texts that the model had not seen."""
    if not steps:
        return share
    for (low, right_low), (high, right_high) in pairwise(steps):
        if share <= low:
            return right_low
        if share <= high:
            return right_low + (right_high - right_low) * (share - low) / (high - low or 1.0)
    return steps[-1][1]


def packed(header: ModelHeader, keys: array[int], starts: array[int], places: array[int], weights: bytes) -> bytes:
    """Return a model as a file: a line that names the format, the header as JSON, the packed weights."""
    steps = array("H")  # places rise within a hash: their differences pack better
    for first, last in pairwise(starts):
        before = 0
        for place in places[first:last]:
            steps.append(place - before)
            before = place
    gaps = array("I", [keys[0] if keys else 0, *(b - a for a, b in pairwise(keys))][: len(keys)])
    lengths = array("H", (b - a for a, b in pairwise(starts)))
    parts = (_little(gaps), _little(lengths), bytes(x >> 8 for x in steps), bytes(x & 255 for x in steps), weights)
    body = lzma.compress(b"".join(parts), preset=9)
    signed = msgspec.structs.replace(header, digest=_digest(header, body))
    return MAGIC + msgspec.json.encode(signed) + b"\n" + body


def _digest(header: ModelHeader, body: bytes) -> str:
    bare = msgspec.json.encode(msgspec.structs.replace(header, digest=""))
    return hashlib.sha256(bare + body).hexdigest()


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()


def read_model(data: bytes, where: str = "model") -> TextModel:
    """Read a model file.

    Raises: TermsRefused where the file is not ours, was cut or changed, or does not fit together.
    """
    if len(data) > LARGEST_MODEL or not data.startswith(MAGIC):
        raise _refused(where, MAGIC.decode().strip(), repr(data[:24]))
    line, _, body = data[len(MAGIC) :].partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=ModelHeader)
    except msgspec.DecodeError as error:
        raise _refused(where, "a header as JSON", str(error)) from None
    if _digest(header, body) != header.digest:
        raise _refused(where, f"a header and weights of SHA-256 {header.digest[:12]}…", "others")
    features, postings = header.features, header.postings
    size = 6 * features + 3 * postings
    if not 0 <= size <= LARGEST_UNPACKED or not 0 < len(header.codes) < 65_536:
        raise _refused(where, "at most 512 MB of weights", f"{size} bytes")
    try:
        raw = lzma.LZMADecompressor(memlimit=128_000_000).decompress(body, size + 1)
    except (lzma.LZMAError, EOFError) as error:
        raise _refused(where, "packed weights", str(error)) from None
    if len(raw) != size:
        raise _refused(where, f"{size} bytes of weights", str(len(raw)))
    return _checked(header, raw, where)


def _checked(header: ModelHeader, raw: bytes, where: str) -> TextModel:
    gaps, lengths, features, postings = array("I"), array("H"), header.features, header.postings
    for numbers, part in ((gaps, raw[: 4 * features]), (lengths, raw[4 * features : 6 * features])):
        numbers.frombytes(part)
        if sys.byteorder == "big":
            numbers.byteswap()
    high = raw[6 * features : 6 * features + postings]
    low = raw[6 * features + postings : 6 * features + 2 * postings]
    starts = array("I", accumulate(lengths, initial=0))
    steps = [256 * h + one for h, one in zip(high, low, strict=True)]
    places = array("H")
    try:
        keys = array("I", accumulate(gaps))
        for first, last in pairwise(starts):
            places.extend(accumulate(steps[first:last]))
    except OverflowError:
        raise _refused(where, "weights in order", "others") from None
    if starts[-1] != postings or any(a >= b for a, b in pairwise(keys)):
        raise _refused(where, "weights in order", "others")
    if places and max(places) >= len(header.codes):
        raise _refused(where, f"places of {len(header.codes)} codes", str(max(places)))
    return TextModel(header, keys, starts, places, raw[6 * features + 2 * postings :])


def shipped_model() -> TextModel:
    """Return the model that ships."""
    return read_model((resources.files("openecp.border.data_quality") / "hs_text.model").read_bytes(), "hs_text.model")


def _refused(where: str, expected: str, got: str) -> TermsRefused:
    fix = "Train one with `openecp describe train FILE…`."
    return TermsRefused("the model cannot be used", where=where, expected=expected, got=got[:80], fix=fix)
