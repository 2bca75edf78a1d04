# SPDX-License-Identifier: Apache-2.0
"""Names and addresses in plain letters: one form of Unicode, no diacritics, Latin script, small letters, blanks alone.

Many values are worked on as one text, a line each: what Python does to a text it does fast, what it does to each of a
million values it does not.
Limits: a script that leaves vowels out (Arabic, Hebrew) gives consonants alone; `similar` knows that, the exact key
does not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from anyascii import anyascii

_BREAKS = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
_KEPT = b"abcdefghijklmnopqrstuvwxyz0123456789\n"
_PLAIN = bytes(
    small if (small := ord(chr(code).lower())) in _KEPT else 32 for code in range(256)
)  # what is neither letter nor digit parts words
_DROPPED = b"'`"  # O'Brien is OBrien


class _Latin(dict[int, str]):
    """What each character is in plain Latin letters; found once, then remembered."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if code < 128:
            plain = sign
        elif unicodedata.category(sign) in ("Cf", "Mn") and not unicodedata.name(sign, "").startswith(_VOWELLED):
            plain = ""  # joiners, marks of direction, accents that stand alone
        else:
            plain = " ".join(anyascii(sign).split("\n")) if code not in _BREAKS else " "
            if 0x2E80 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or code >= 0x20000:
                plain = f" {plain} "  # a sign of Han or Hangul is a syllable: a word of its own
        self[code] = plain
        return plain


_VOWELLED = ("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM",
             "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER")  # fmt: skip
_LATIN = _Latin()


def plain_lines(values: Sequence[str | None], *, length_max: int) -> list[str]:
    """Return each value in plain letters, words parted by blanks; None is empty, and what is too long is cut.

    Limits: the first `length_max` characters count.
    """
    text = "\n".join([value[:length_max] if value else "" for value in values])
    if text.count("\n") != len(values) - 1:
        text = "\n".join([value[:length_max].translate(_BREAKS) if value else "" for value in values])
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_LATIN)
    return text.encode("ascii", "replace").translate(_PLAIN, _DROPPED).decode("ascii").split("\n")
