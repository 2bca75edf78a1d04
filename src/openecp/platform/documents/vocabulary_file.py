# SPDX-License-Identifier: Apache-2.0
"""The words of English, the most common first: torn words of a copy are recognised by them.

Reads: the word list of the package symspellpy (82,765 words); the package itself is not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

_LIST = "frequency_dictionary_en_82_765.txt"


@cache
def language_words() -> Mapping[str, int]:
    """Return each word with the number of words that are more common; without the list, no word."""
    spec = find_spec("symspellpy")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / _LIST
        if path.is_file():
            words = path.read_text(encoding="utf-8-sig").split()[::2]
            return MappingProxyType(dict(zip(words, range(len(words)), strict=True)))
    return MappingProxyType({})
