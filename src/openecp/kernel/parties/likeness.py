# SPDX-License-Identifier: Apache-2.0
"""Whether two names, two addresses can be the same one written differently: spelling, typing errors, initials, gaps.

A typing error makes a rare word beside a frequent one; two words that are both frequent are two names, however near.
That is read from the rows themselves; for the few names that are near each other everywhere there is a short list.
Reads: the plain forms of `entity_key` (words in one order). Limits: no register of names or streets is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

_FOLDS = (
    ("sch", "s"), ("ph", "f"), ("kh", "k"), ("gh", "g"), ("th", "t"), ("dh", "d"), ("bh", "b"), ("sh", "s"),
    ("ck", "k"), ("x", "ks"), ("q", "k"), ("w", "v"), ("aye", "ai"), ("ay", "ai"), ("ei", "ai"), ("ea", "i"),
    ("ee", "i"), ("oo", "u"), ("ou", "u"), ("y", "i"), ("o", "u"), ("e", "a"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeiou]")
_SPELLINGS = (
    "mohammed muhammad mohamed mohammad mohamad muhammed mohd md muhd", "khalid khaled", "ahmed ahmad ahmet",
    "yousef yusuf youssef yousuf",
    "fatima fatimah fatma", "aisha ayesha aysha aishah", "rashid rasheed", "saeed said sayeed", "qureshi quraishi",
    "hussain hussein husain hossain", "laxmi lakshmi", "prakash parkash", "sara sarah", "mariam maryam meriam miriam",
    "chaudhary chaudhari choudhary choudhury chowdhury", "siddiqui siddiqi siddique", "agarwal aggarwal agrawal",
    "srinivas shrinivas sreenivas", "noora nura noura", "layla leila laila", "subramanian subramaniam subramanyam",
)  # fmt: skip
_SPELLED = {word: line.split()[0] for line in _SPELLINGS for word in line.split()}
_NEAR = (
    "kamal jamal "
    "zayed saeed sayed yazid rashid rashida osama omar huda hana amit amita sumit ajit anil sunil anita sunita "
    "kavita savita rohan mohan sohan rina tina mina nina dina rita sita gita nita ravi rani ram rama hari hema "
    "asha usha isha nisha disha lata mala maya jaya vijay ajay sanjay sujay arun varun tarun karun kiran karan "
    "charan ali alia hamad hamid hamed ahmed ahmad amina amin salem salim salma selma nasser naser yasser amer "
    "amir amira samir samira tamer maha taha nuha dana lana rana john joan jane jean mark mary maria mario marie "
    "paul paula carl carla dan don ron ben ken jon tim tom kim jim anna hanna annie martin marvin alan alana "
    "erik erika julia julio patel patil shah sah rao roy das dass sen"
)
_NEAR_NAMES = frozenset(_NEAR.split())
_KEYS = "qwertyuiop", "asdfghjkl", "zxcvbnm"
_BESIDE = {key: row[max(0, at - 1) : at + 2] for row in _KEYS for at, key in enumerate(row)}
_APART = frozenset({"jr", "ii", "iii", "iv"})
_PARTS = re.compile(r"^(?:apt|rm|fl|sec|ph|plt|villa|shop|blk|bldg|twr|wing|pobox)(?=\w)")
_NONE: frozenset[str] = frozenset()
_PLACES = "apts st rd ave ln apt bldg blk blvd dr hs marg mg nr opp n s e "
_PLACES += "w ctr res twr villa fl rm rue via calle building"
_KINDS_OF_PLACE = frozenset(_PLACES.split())  # they tell little


class PartyForm(NamedTuple):
    """A name and an address as their words are compared."""

    names: tuple[str, ...]
    head: str  # the word that stood first in the name, as far as it is known
    numbers: frozenset[str]
    postcode: str
    words: frozenset[str]
    country: str


def compared_form(name: str, address: str, head: str = "") -> PartyForm:
    """Return what is compared of a plain name and a plain address; `head` is the word that the name began with."""
    numbers: set[str] = set()
    words: set[str] = set()
    postcode = country = ""
    for word in address.split():
        if word.isalpha():
            if word.isupper():
                country = word
            elif word not in _KINDS_OF_PLACE:
                words.add(word)
        elif (word.isdigit() and 5 <= len(word) <= 7) or (
            len(word) > 4 and word[0].isalpha() and word[-3:-2].isdigit() and word[-2:].isalpha()
        ):
            postcode = word
        else:
            numbers.update(_PARTS.sub("", part) for part in word.split("-"))
    return PartyForm(tuple(name.split()), head, frozenset(numbers), postcode, frozenset(words), country)


@lru_cache(maxsize=200_000)
def folded(word: str) -> str:
    """Return a word by its sound: what is spelled in several ways in Latin letters gives one form."""
    text = _SPELLED.get(word, word)
    if text.startswith("al") and len(text) > 6:
        text = text[2:]
    for several, one in _FOLDS:
        if several in text:
            text = text.replace(several, one)
    text = _DOUBLED.sub(r"\1", text)
    if len(text) > 3 and (text.endswith("h") or (word.endswith("e") and text.endswith("a"))):
        return text[:-1]  # a letter that is not heard: Fatimah, Kishore
    return text


@lru_cache(maxsize=200_000)
def _bones(word: str) -> str:
    return _VOWELS.sub("", folded("l" + word[2:]) if word.startswith("al") and len(word) > 6 else folded(word))


class Likeness:
    """Compares names and addresses; words of names are counted, in `frequency` by distinct form, in `volume` by row."""

    def __init__(self, frequency: Counter[str] | None = None, volume: Counter[str] | None = None) -> None:
        self._frequency: Counter[str] = Counter() if frequency is None else frequency
        self._volume = self._frequency if volume is None else volume
        self._same: dict[tuple[str, str], bool] = {}

    def same_word(self, one: str, other: str) -> bool:
        """Whether two words of names can be one: by sound, by a known spelling, by one typing error (two if long)."""
        if one == other:
            return True
        pair = (one, other) if one < other else (other, one)
        known = self._same.get(pair)
        if known is None:
            if len(self._same) > 1_000_000:
                self._same.clear()
            known = self._same[pair] = self._judged(*pair)
        return known

    def _judged(self, one: str, other: str) -> bool:
        sound, second = folded(one), folded(other)
        if sound == second:
            return not (one in _NEAR_NAMES and other in _NEAR_NAMES)
        shorter = min(len(one), len(other))
        if shorter < 3:
            return False
        if not (_VOWELS.search(one) and _VOWELS.search(other)):  # a script without vowels
            return len(_bones(one)) >= 3 and _bones(one) == _bones(other)
        if _SPELLED.get(one, one) in _NEAR_NAMES and _SPELLED.get(other, other) in _NEAR_NAMES:
            return False
        if shorter < 4 and abs(len(one) - len(other)) != 1:
            return False
        errors = 1 if shorter < 8 else 2
        if OSA.distance(one, other, score_cutoff=errors) > errors and OSA.distance(sound, second, score_cutoff=1) > 1:
            return False
        seen, seen_other = self._frequency[one], self._frequency[other]
        few, many = min(seen, seen_other), max(seen, seen_other)
        if few >= 3 and many < few * 12:
            return False  # both are names
        if one[0] == other[0] or sorted(one) == sorted(other) or shorter > 5:
            return True
        # Rohan and Mohan are two people; Bohan beside many Rohans is an error; a first letter that is missing too
        beside = other[0] in _BESIDE.get(one[0], "") and max(self._volume[one], self._volume[other]) >= 10
        return (few <= 2 and (many >= 10 or beside)) or (shorter > 3 and len(one) != len(other))

    def names(self, first: tuple[str, ...], second: tuple[str, ...]) -> int:
        """Return 3 for one name, 2 with a part missing, 1 by initials alone, 0 for no ground, -1 for two people."""
        if first == second:
            return 3 if len(first) > 1 else 2
        if {word for word in first if word in _APART} != {word for word in second if word in _APART}:
            return -1
        left, right, same = self._unmatched(first, second)
        if same >= 2 and (left or right):
            left = [word for word in left if not _near_legal_form(word)]
            right = [word for word in right if not _near_legal_form(word)]
        full = any(len(word) > 3 for word in left) and any(len(word) > 3 for word in right)
        initials = _by_initials(left, right) or _by_initials(right, left)
        initials = initials or (same < 2 and any(len(word) == 1 for word in first if word in second))
        if (left and right) or (full and (left or right)):
            return -1
        if initials:
            return (2 if same >= 2 else 1) if same else 0
        if not left and not right:
            return 3 if same >= 2 else 2
        return 2 if same >= 2 else 0

    def lacks_head(self, first: PartyForm, second: PartyForm) -> bool:
        """Whether the shorter name lacks the word that the longer one begins with: Zayed Khan, Mariam Zayed Khan."""
        shorter, longer = sorted((first, second), key=lambda one: (len(one.names), len("".join(one.names))))
        head = longer.head
        if head not in longer.names:
            return False
        return not any(word == head[: len(word)] or self.same_word(word, head) for word in shorter.names)

    def _unmatched(self, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[list[str], list[str], int]:
        """Return the words of either name without one like it in the other, and how many are alike."""
        left = [word for word in first if word not in second]
        right = [word for word in second if word not in first]
        same = sum(len(word) > 1 for word in first if word in second)
        for word in left[:]:
            for other in right:
                if len(word) > 1 and len(other) > 1 and self.same_word(word, other):
                    left.remove(word)
                    right.remove(other)
                    same += 1
                    break
        for mine, theirs in ((left, right), (right, left)):
            if len(mine) == 1 and len(theirs) == 2:  # Xiaoming and Xiao Ming
                one, two = theirs
                if self.same_word(mine[0], one + two) or self.same_word(mine[0], two + one):
                    mine.clear()
                    theirs.clear()
                    same += 1
        return left, right, same

    def addresses(self, first: PartyForm, second: PartyForm) -> int:
        """Return 2 for the same place, 1 with one number or postcode mistyped, 0 for no ground, -1 for two places."""
        if first.country and second.country and first.country != second.country:
            return -1
        slips = 0
        if first.numbers == second.numbers:
            mine = theirs = _NONE
        else:
            mine, theirs = first.numbers - second.numbers, second.numbers - first.numbers
        common = len(first.numbers) - len(mine)
        if mine and theirs:
            one_town = common or (first.postcode and first.postcode == second.postcode)
            if len(mine) > 1 or len(theirs) > 1 or not one_town or not _one_slip(*mine, *theirs):
                return -1
            slips += 1
        if first.postcode and second.postcode and first.postcode != second.postcode:
            if not _one_slip(first.postcode, second.postcode) and not (_is_slipped(first.postcode, second.postcode)):
                return -1
            slips += 1
        if slips > 1:
            return -1
        alike = self._words_alike(first.words, second.words)
        same_post = bool(first.postcode) and first.postcode == second.postcode and common > 0
        if alike < (0.5 if same_post else 0.6 if common > 1 else 0.7 if common else 0.85):
            return -1 if alike < 0.3 and first.words and second.words else 0
        if slips and alike < 0.8:
            return 0
        return 2 - slips

    def _words_alike(self, first: frozenset[str], second: frozenset[str]) -> float:
        """Return the share of the words of the shorter address that the other one has too."""
        if len(first) > len(second):
            first, second = second, first
        if not first:
            return 0.0
        found = float(len(first & second))
        if found < len(first):
            rest = second - first
            for word in first - second:
                if any(_like_place(word, other) for other in rest):
                    found += 0.9
        return found / len(first)


@lru_cache(maxsize=100_000)
def _near_legal_form(word: str) -> bool:
    """Whether a short word is a legal form with a typing error: Ldt, Pvtt."""
    return 1 < len(word) < 5 and any(
        OSA.distance(word, form, score_cutoff=1) < 2 for form in ("ltd", "llc", "pvt", "inc")
    )


def _by_initials(mine: list[str], theirs: list[str]) -> bool:
    """Take out initials with the words that they stand for; one more initial may stand for a word that is left out."""
    found = False
    for word in [word for word in mine if len(word) < 4]:
        explained = []
        for letter in word:
            full = next((one for one in theirs if one[0] == letter and one not in explained), None)
            if full is not None:
                explained.append(full)
        spare = 0 if len(word) > 1 and _VOWELS.search(word) else 1  # Uma is rather a name than U. M. A.
        if explained and len(word) - len(explained) <= spare:
            found = True
            mine.remove(word)
            for full in explained:
                theirs.remove(full)
    return found


@lru_cache(maxsize=500_000)
def _like_place(one: str, other: str) -> bool:
    if folded(one) == folded(other):
        return True
    shorter = min(len(one), len(other))
    return shorter > 3 and OSA.distance(one, other, score_cutoff=2) <= (1 if shorter < 8 else 2)


def _one_slip(one: str, other: str) -> bool:
    """Whether two numbers differ by two digits in wrong order or, of three digits and more, one missing or added."""
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    return sorted(one) == sorted(other) or (len(one) != len(other) and min(len(one), len(other)) > 1)


def one_digit_off(first: PartyForm, second: PartyForm) -> bool:
    """Whether two addresses are the same but for one wrong digit of one number: 12 and 17 Hill Road, one postcode.

    Neighbours of one name live so too: it counts where the whole name is the same, and nothing else differs.
    """
    if first.words != second.words or not first.words or first.country != second.country:
        return False
    mine, theirs = first.numbers - second.numbers, second.numbers - first.numbers
    if not first.postcode or first.postcode != second.postcode or len(mine) != 1 or len(theirs) != 1:
        return False
    return _is_slipped(*mine, *theirs)


def _is_slipped(one: str, other: str) -> bool:
    return len(one) == len(other) and OSA.distance(one, other, score_cutoff=1) == 1
