# SPDX-License-Identifier: Apache-2.0
"""Learning HS codes from texts: weights by BM25 over chapters, headings and subheadings, calibration, hidden test.

Texts of kinds `terms` and `texts` are what people write: a fixed fifth of them is hidden from a first model, half of it
to calibrate confidence (isotonic regression), half to measure; the model that is written has learnt from all.
The same files give the same bytes.
Limits: 3 million texts; a word keeps its strongest 40 chapters, 60 headings and 100 subheadings,
100 codes in all.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from openecp.border.data_quality.features import PAIR, pair_hash, piece_hashes, telling_words, word_hash
from openecp.border.data_quality.model import LEVELS, ModelHeader, TextModel, calibrated
from openecp.border.data_quality.texts import WEIGHTS, Labelled

_SATURATION = 1.2
_LENGTH = {2: 0.3, 4: 0.3, 6: 0.4}
_KEPT = {2: 40, 4: 60, 6: 100}
_KEPT_PIECES = {2: 16, 4: 16, 6: 0}
_STRONGEST = 24.0  # the weight that becomes 255
_WEAKEST = 24  # of 255: what speaks less is left out; sixteenths are fine enough
_KEPT_IN_ALL = 100
_FEW_CODES = 50
_PIECE_WEIGHT = 0.35
_STEPS = 20


class Trained(NamedTuple):
    """A model and its parts, ready to be packed, with the figures on texts that it had not seen."""

    model: TextModel
    parts: tuple[array[int], array[int], array[int], bytes]


def train(texts: Sequence[Labelled], sources: Iterable[str] = ()) -> Trained:
    """Learn from texts, measure on a hidden fifth of what people wrote, learn again from all."""
    said = [text for text in texts if text.kind in ("terms", "texts")]
    calibrating = [text for text in said if _share_of(text) % 10 == 0]
    hidden = [text for text in said if _share_of(text) % 10 == 1]
    aside = {id(text) for text in (*calibrating, *hidden)}
    first = _learn([text for text in texts if id(text) not in aside], {}, {}, ())
    calibration = {str(level): _isotonic(_outcomes(first.model, calibrating, level)) for level in LEVELS}
    figures = measure(first.model, hidden, calibration)
    return _learn(texts, calibration, figures, tuple(sources))


def _share_of(text: Labelled) -> int:
    return crc32(" ".join(telling_words(text.text)).encode())


def measure(
    model: TextModel, texts: Sequence[Labelled], calibration: dict[str, tuple[tuple[float, float], ...]]
) -> dict[str, float]:
    """Return accuracy at 1 and 5 by level, and how far confidence is off on average (calibration error)."""
    found: dict[str, float] = {"texts": float(len(texts))}
    for level in LEVELS:
        known = [text for text in texts if len(text.code) >= level]
        if not known:
            continue
        ones = fives = 0
        bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
        for text in known:
            best = model.best(text.text, level)
            codes = [code for code, _ in best]
            right = codes[:1] == [text.code[:level]]
            ones += right
            fives += text.code[:level] in codes
            sure = calibrated(best[0][1], calibration.get(str(level), ())) if best else 0.0
            bins[min(9, int(sure * 10))].append((sure, right))
        off = sum(abs(sum(sure for sure, _ in one) - sum(right for _, right in one)) for one in bins.values())
        found |= {f"hs{level}_texts": float(len(known)), f"hs{level}_top1": round(ones / len(known), 4)}
        found |= {f"hs{level}_top5": round(fives / len(known), 4), f"hs{level}_ece": round(off / len(known), 4)}
    return found


def _outcomes(model: TextModel, texts: Sequence[Labelled], level: int) -> list[tuple[float, bool]]:
    found = []
    for text in texts:
        if len(text.code) >= level:
            best = model.best(text.text, level)
            found += [(share, code == text.code[:level]) for code, share in best[:1]]
    return found


def _isotonic(outcomes: Sequence[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """Return steps that rise (pool adjacent violators over equal bins); none if there is too little to learn from."""
    if len(outcomes) < 50:
        return ()
    ordered = sorted(outcomes)
    size = max(10, len(ordered) // _STEPS)
    pools: list[list[float]] = []  # count, sum of shares, sum of right
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        pools.append([float(len(part)), sum(share for share, _ in part), float(sum(right for _, right in part))])
        while len(pools) > 1 and pools[-2][2] / pools[-2][0] >= pools[-1][2] / pools[-1][0]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    steps: list[tuple[float, float]] = []
    for n, share, right in pools:  # half a text right and half wrong in each pool, so that nothing is certain
        least = steps[-1][1] if steps else 0.0
        steps.append((round(share / n, 5), max(least, round((right + 0.5) / (n + 1.0), 5))))
    return tuple(steps)


def _learn(
    texts: Iterable[Labelled],
    calibration: dict[str, tuple[tuple[float, float], ...]],
    figures: dict[str, float],
    sources: tuple[str, ...],
) -> Trained:
    counts: dict[int, dict[str, dict[int, float]]] = {level: {} for level in LEVELS}
    pieces: dict[int, dict[str, dict[int, float]]] = {level: {} for level in LEVELS}
    for text in texts:
        words, weight = telling_words(text.text), WEIGHTS[text.kind]
        told: Counter[int] = Counter()
        for word in words:
            told[word_hash(word)] += 1
        for one, other in pairwise(words):
            told[pair_hash(one, other)] += PAIR  # type: ignore[assignment] # a count may be broken
        parts = {piece for word in set(words) for piece in piece_hashes(word)}
        for level in LEVELS:
            if len(text.code) >= level:
                _add(counts[level].setdefault(text.code[:level], {}), told, weight)
                if _KEPT_PIECES[level]:
                    _add(pieces[level].setdefault(text.code[:level], {}), dict.fromkeys(parts, _PIECE_WEIGHT), weight)
    codes = sorted({code for level in LEVELS for code in counts[level]} | _above(counts))
    return _weighed(codes, counts, pieces, ModelHeader(
        codes=tuple(codes), calibration=calibration, figures=figures, sources=sources, features=0, postings=0, digest=""
    ))  # fmt: skip


def _above(counts: dict[int, dict[str, dict[int, float]]]) -> set[str]:
    return {code[:length] for level in (4, 6) for code in counts[level] for length in (2, 4) if length < level}


def _add(into: dict[int, float], told: dict[int, float] | Counter[int], weight: float) -> None:
    for key, count in told.items():
        into[key] = into.get(key, 0.0) + weight * count


def _weighed(
    codes: Sequence[str],
    counts: dict[int, dict[str, dict[int, float]]],
    pieces: dict[int, dict[str, dict[int, float]]],
    header: ModelHeader,
) -> Trained:
    where = {code: place for place, code in enumerate(codes)}
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for level in LEVELS:
        for documents, kept in ((counts[level], _KEPT[level]), (pieces[level], _KEPT_PIECES[level])):
            if kept:
                _weigh(documents, where, _LENGTH[level], kept, found)
    keys, starts, places, weights = array("I"), array("I", [0]), array("H"), bytearray()
    for key in sorted(found):
        keys.append(key)
        for place, strength in sorted(sorted(found[key], key=lambda one: (-one[1], one[0]))[:_KEPT_IN_ALL]):
            places.append(place)
            weights.append(strength)
        starts.append(len(places))
    whole = ModelHeader(
        codes=header.codes,
        calibration=header.calibration,
        figures=header.figures,
        sources=header.sources,
        features=len(keys),
        postings=len(places),
        digest="",
    )
    return Trained(TextModel(whole, keys, starts, places, bytes(weights)), (keys, starts, places, bytes(weights)))


def _weigh(
    documents: dict[str, dict[int, float]],
    where: dict[str, int],
    length: float,
    kept: int,
    found: dict[int, list[tuple[int, int]]],
) -> None:
    """Add the strongest weights of each hash, from 1 to 255."""
    if not documents:
        return
    held: Counter[int] = Counter()
    for told in documents.values():
        held.update(told.keys())
    sizes = {code: sum(told.values()) for code, told in documents.items()}
    usual = sum(sizes.values()) / len(sizes) or 1.0
    number = len(documents)
    by_key: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for code, told in documents.items():
        base = _SATURATION * (1 - length + length * sizes[code] / usual)
        for key, count in told.items():
            rare = math.log(1 + (number - held[key] + 0.5) / (held[key] + 0.5))
            by_key[key].append((rare * count * (_SATURATION + 1) / (count + base), where[code]))
    for key, strengths in by_key.items():
        strengths.sort(reverse=True)
        for strength, place in strengths[:kept]:
            scaled = min(255, 16 * round(strength * 255 / _STRONGEST / 16))
            if number < _FEW_CODES:  # among few codes nothing is rare, and all that is known counts
                scaled = max(_WEAKEST, scaled)
            if scaled >= _WEAKEST:
                found[key].append((place, scaled))
