# SPDX-License-Identifier: Apache-2.0
"""The words of an address that tell where it is: abbreviations in one form, numbers with what they number, one order.

`Flat 4-B, 12 M.G. Road, Bangalore 560 001, India` and `12 MG Rd, Apt 4B, Bengaluru-560001 (IN)` give the same words.
Limits: no register of streets is asked; a missing part is missing, the exact key is then another one.
"""

from __future__ import annotations

ADDRESS_LENGTH_MAX = 400

# what is written in several ways: first the form that is kept
_FORMS = """
st street str strasse strase
rd road
ave avenue av aven avn
blvd boulevard boul bd bvd
ln lane
dr drive drv
ct court
sq square
pl place
ter terrace terr
hwy highway
expy expressway expwy
pkwy parkway
cres crescent cresc
clo close
mkt market
gdn garden gardens gdns
col colony
nagar ngr
ext extension extn extended
ind industrial indl
area
dist district distt dt
rly railway
stn station
opp opposite
nr near nearby
n north
s south
e east
w west
mt mount
ft fort
hosp hospital
univ university
soc society socy
chs chsl
apts apartments appts
res residency residence residences
encl enclave
cplx complex compl
ctr centre center cntr
intl international
blk block
bldg building bldng bld
twr tower
wing wg
apt apartment flat unit ste suite appartment
rm room
fl floor flr
sec sector sect
ph phase
plt plot
villa vla
shop shp
hs house hse
pobox postbox
cross crs
main mn
1st first
2nd second
3rd third
4th fourth
5th fifth
6th sixth
7th seventh
8th eighth
9th ninth
10th tenth
bengaluru bangalore
mumbai bombay
kolkata calcutta
chennai madras
gurugram gurgaon
pune poona
kochi cochin
thiruvananthapuram trivandrum
mysuru mysore
vadodara baroda
puducherry pondicherry
varanasi benares banaras
sharjah shj
dubai dxb
IN india bharat
AE uae emirates
SA ksa
GB uk england britain
US usa
CN china prc
PK pakistan
BD bangladesh
LK srilanka
NP nepal
OM oman
QA qatar
KW kuwait
BH bahrain
DE germany deutschland
FR france
ES spain espana
IT italy italia
NL netherlands holland
BR brazil brasil
JP japan
SG singapore
MY malaysia
AU australia
NZ newzealand
CA canada
MX mexico
TR turkey turkiye
EG egypt
HK hongkong
"""
_FORM: dict[str, str] = {}
for _line in _FORMS.split("\n"):
    for _word in _line.split()[1:]:
        _FORM.setdefault(_word, _line.split()[0])
_FORM |= dict.fromkeys(("no", "nos", "num", "number", "the", "of", "at", "dno", "hno", "door"), "")
_COUNTRIES = frozenset(word for word in _FORM.values() if word.isupper())
_NUMBERED = frozenset(  # they stand with a number
    ("apt", "rm", "fl", "sec", "ph", "plt", "villa", "shop", "hs", "blk", "bldg", "twr", "wing", "pobox")
)
_SILENT = frozenset({"hs"})  # house 12 is 12
PHRASES: tuple[tuple[str, str], ...] = (
    ("united arab emirates", "uae"),
    ("kingdom of saudi arabia", "ksa"),
    ("saudi arabia", "ksa"),
    ("united states of america", "usa"),
    ("united states", "usa"),
    ("united kingdom", "uk"),
    ("great britain", "uk"),
    ("sri lanka", "srilanka"),
    ("hong kong", "hongkong"),
    ("new zealand", "newzealand"),
    ("abu dhabi", "abudhabi"),
    ("new delhi", "delhi"),
    ("post office box", "pobox"),
    ("p o box", "pobox"),
    ("po box", "pobox"),
    ("p o b ", "pobox "),
)


_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_NUMBERS_OF = {"h": "", "d": "", "f": "apt", "p": "plt", "s": "shop"}  # H. No. 12, F. No. 4
_KNOWN_MAX = 200_000


class _Ordinary(dict[str, str]):
    """The form of words that stand alone whatever is beside them: two letters and more that take no number, or a
    number too long to be a part of one; empty for all others."""

    def __missing__(self, word: str) -> str:
        plain = _FORM.get(word, word)
        alone = plain.isalpha() or (plain.isdigit() and len(plain) > 4)
        if len(plain) < 2 or not alone or plain in _NUMBERED or word in _FORM_EMPTY:
            plain = ""
        if len(self) > _KNOWN_MAX:
            self.clear()
        self[word] = plain
        return plain


_FORM_EMPTY = frozenset(word for word, plain in _FORM.items() if not plain)
_ORDINARY = _Ordinary()


def address_words(words: list[str]) -> list[str]:
    """Return the words of an address in one order; a country is its ISO code in capital letters."""
    ordinary = _ORDINARY
    found = [ordinary[word] for word in words]
    if all(found[1:]) and words and (found[0] or words[0].isdigit()):  # most addresses: 12 Long Road, 10115 Town
        found[0] = found[0] or words[0]
        return _with_country(words, found)
    found = []
    place, end = 0, len(words)
    while place < end:
        word = words[place]
        plain = ordinary[word]
        if plain:  # most words
            found.append(plain)
            place += 1
        elif word.isdigit() and (not found or len(word) > 4 or len(found[-1]) > 4 or not found[-1].isdigit()):
            found.append(word)  # a number beside which no other stands
            place += 1
        elif len(word) == 1 and word.isalpha():
            place = _after_letters(words, place, found)
        else:
            place = _after_number(words, place, found)
    return _with_country(words, found)


def _with_country(words: list[str], found: list[str]) -> list[str]:
    """Return what was found in one order, the last word as a country's code where it is one."""
    if words and len(words[-1]) == 2 and (code := words[-1].upper()) in _COUNTRIES and found[-1:] == words[-1:]:
        found[-1] = code
    found.sort()
    return found


def _after_letters(words: list[str], place: int, found: list[str]) -> int:
    """Take single letters: initials (M. G. Road), that of a number (12 A) or block (A block); say where to go on."""
    end = place + 1
    while end < len(words) and len(words[end]) == 1 and words[end].isalpha():
        end += 1
    letters = "".join(words[place:end])
    follows = words[end] if end < len(words) else ""
    if follows in ("no", "nos") and letters in _NUMBERS_OF:  # H. No.
        kind = _NUMBERS_OF[letters]
        return _after_kind(words, end, found, kind) if kind else end + 1
    if len(letters) > 1:
        found.append(_FORM.get(letters, letters))
    elif _FORM.get(follows, follows) in ("blk", "twr", "wing"):
        found.append(_FORM.get(follows, follows) + letters)
        return end + 1
    elif found and found[-1].isdigit() and len(found[-1]) < 5:
        found[-1] += letters
    else:
        found.append(letters)
    return end


def _after_number(words: list[str], place: int, found: list[str]) -> int:
    """Take a number, a word that takes one, or a word without meaning; say where to go on."""
    word = words[place]
    plain = _FORM.get(word, word)
    if not plain:
        return place + 1
    last = found[-1] if found else ""
    if plain in _NUMBERED:
        if plain == "fl" and last[-2:] in _ORDINALS and last[:-2].isdigit():
            found[-1] = plain + last[:-2]  # 2nd floor is floor 2
            return place + 1
        return _after_kind(words, place, found, plain)
    if last and (joined := _joined(last, plain, words[place + 1 :])):
        found[-1] = joined
    else:
        found.append(plain)
    return place + 1


def _after_kind(words: list[str], place: int, found: list[str], kind: str) -> int:
    """Take a word that stands with a number (flat, floor, block), and its number."""
    place += 1
    while place < len(words) and words[place] in _FORM_EMPTY:  # flat no. 4
        place += 1
    if place == len(words):
        found.append(kind)
        return place
    number = words[place]
    if number.isalpha() and len(number) > 1:
        found.append(kind)
        return place
    place += 1
    if place < len(words) and number.isdigit() and len(words[place]) == 1 and words[place].isalpha():
        number += words[place]  # flat 4 B
        place += 1
    found.append(number if kind in _SILENT else kind + number)
    return place


def _joined(last: str, plain: str, rest: list[str]) -> str | None:
    """Return two parts of one number or postcode as one: 560 001 (near the end), SW1A 1AA, 12/4; None for two."""
    size = len(plain)
    if size > 4 or len(last) > 4:
        return None
    if plain.isdigit():
        if not last.isdigit():
            return None
        at_end = len(rest) < 3 and all(word.isalpha() for word in rest)
        return last + plain if size == 3 and len(last) == 3 and at_end else f"{last}-{plain}"
    if size == 3 and plain[0].isdigit() and plain[1:].isalpha() and last[0].isalpha() and not last.isalpha():
        return last + plain
    return None
