# SPDX-License-Identifier: Apache-2.0
"""The words of a name that tell who it is: no honorifics, no legal forms, parts in one order.

Limits: first names of the sexes, nicknames and vowels that a script leaves out stay as they are; a name of which
nothing is left keeps all its words. `jr`, `sr` and numbers of generations stay: they part father and son.
"""

from __future__ import annotations

NAME_LENGTH_MAX = 200

_HONORIFICS = (
    "mr mrs ms miss mister master madam mme mlle monsieur madame herr frau sr sra srta senor senora don dona "
    "dr doctor prof professor eng engr ing adv advocate ca cs capt captain col colonel maj major lt gen general "
    "shri shree sri smt shrimati kum km selvi thiru tmt haji hajji hajj alhaj mawlana ustad sayyid syed sayed "
    "sheikh shaikh shaykh sheik sheikha his her excellency he hh hon honble rev reverend sir dame lady lord"
)
# words that are also names or initials stay: a wrong merge is worse than a missed one
_ALSO_NAMES = "sr don ca cs km master major general lady lord he hh sayyid syed sayed his her ing eng kum sri gen col"
_LEGAL_FORMS = (
    "pvt private ltd limited llc llp lllp pllc plc inc incorporated corp corporation gmbh mbh kgaa ohg ug sarl sas "
    "sasu eurl srl spa bv nv bvba sprl aps oy oyj oao ooo zao pte pty sdn bhd wll fze fzco fzc fzllc dmcc psc pjsc "
    "est establishment ent enterprise enterprises opc nbfc kk godo kaisha jsc"
)
_WORDS: dict[str, str] = dict.fromkeys(set(_HONORIFICS.split()) - set(_ALSO_NAMES.split()), "")
_WORDS |= dict.fromkeys(_LEGAL_FORMS.split(), "")
_WORDS |= {"junior": "jr", "jnr": "jr", "snr": "sr", "senior": "sr"}
_WORDS |= {"co": "company", "bros": "brothers", "intl": "international", "trdg": "trading", "mfg": "manufacturing"}
_WORDS |= {"limitada": "", "gesellschaft": "", "messrs": ""}
_WORDS |= {"ibn": "bin", "ben": "bin", "binte": "bint", "abdur": "abdul", "abdel": "abdul", "abdal": "abdul"}
_WORDS |= {"abd": "abdul", "abdus": "abdul", "el": "al", "and": ""}
_GLUED = frozenset({"al", "abdul", "mac", "mc"})  # parts that are written with a blank, a hyphen or neither
_NOBODY = frozenset({"unknown", "na", "none", "nil", "null", "test", "xxx", "tbd", "anonymous", "occupant", "resident"})
_KNOWN_MAX = 200_000


class _Ordinary(dict[str, str]):
    """The form of words that stand for themselves, whatever stands beside them; empty for all others."""

    def __missing__(self, word: str) -> str:
        plain = _WORDS.get(word, word)
        if len(plain) < 2 or plain in _GLUED:
            plain = ""
        if len(self) > _KNOWN_MAX:
            self.clear()
        self[word] = plain
        return plain


_ORDINARY = _Ordinary()


def name_words(words: list[str]) -> list[str]:
    """Return the words of a name in one order, without what does not tell who it is."""
    ordinary = [_ORDINARY[word] for word in words]
    if len(ordinary) > 1 and all(ordinary):  # most names
        ordinary.sort()
        return ordinary
    found: list[str] = []
    glue = initials = ""
    for word in words:
        plain = _WORDS.get(word, word)
        if len(plain) == 1 and not glue:
            initials += plain  # A. P. J. is APJ
            continue
        if initials:
            if initials not in ("ms", "pl"):  # M/s before, P. L. behind the name of a firm
                found.append(initials)
            initials = ""
        if not plain:
            continue
        if plain in _GLUED:
            if glue != "abdul":  # Abdul al-Rahman is Abdulrahman
                glue += plain
            continue
        found.append(glue + plain)
        glue = ""
    if initials not in ("", "ms", "p"):
        found.append(initials)
    if glue:
        found.append(glue)
    if len(found) == 1 and found[0] in _NOBODY:
        return []
    found.sort()
    return found or sorted(words)


def head_word(words: list[str]) -> str:
    """Return the word that a name begins with, honorifics left out; empty where it is a part of one."""
    for word in words:
        if plain := _WORDS.get(word, word):
            return "" if plain in _GLUED else plain
    return ""
