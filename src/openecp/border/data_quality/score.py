# SPDX-License-Identifier: Apache-2.0
"""Is what is declared enough for Customs? Each field is scored at entry, with what to write instead.

The same patterns as the SQL step over millions of rows (`columns.py`): the codes are the same, here they are explained.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from openecp.border.data_quality.columns import QualityInput, struck_prices
from openecp.border.data_quality.flags import Flag, rule_of
from openecp.border.data_quality.patterns import PARTED, Patterns, patterns_on, sorted_words
from openecp.border.data_quality.terms import Advice, VagueTerm, in_force, shipped_advice, shipped_terms
from openecp.border.data_quality.words import LONGEST, fold, forms, normal, words_of
from openecp.kernel.datamodel.parcel import Parcel

_PARTIES = ("sender_name", "sender_address", "buyer_name", "buyer_address")
JUDGEMENTS_MOST = 5_000  # descriptions of which it is remembered what is wrong with them
LONGEST_PARTY = 60
MOST_TERMS = 5  # named in one flag


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on a text or a parcel: `good`, `warn` or `hold`, a score from 100 down to 0, and the flags."""

    verdict: str
    score: int
    flags: tuple[Flag, ...]


class QualityScorer:
    """Scores descriptions and parcels under the terms of one day."""

    def __init__(
        self,
        on: date,
        terms: Iterable[VagueTerm] | None = None,
        advice: Mapping[str, Advice] | None = None,
    ) -> None:
        rows = in_force(shipped_terms() if terms is None else terms, on)
        self.on = on
        self.patterns: Patterns = patterns_on(rows, on)
        self._advice = dict(shipped_advice() if advice is None else advice)
        self._fillers = frozenset(self.patterns.fillers)
        names = (name for name in Patterns.__struct_fields__ if isinstance(getattr(self.patterns, name), str))
        self._compiled = {name: re.compile(getattr(self.patterns, name)) for name in names}
        self._known: dict[tuple[str, str], VagueTerm] = {
            (row.field, form): row for row in rows for form in forms(row.term)
        }
        self._judgements: dict[str, tuple[str | None, str | None]] = {}
        self._most_words = max((form.count(" ") + 1 for _, form in self._known), default=1)

    def description_code(self, item: QualityInput) -> str | None:
        """Return the code of a description, or None where it is good enough."""
        text = item.description
        if text is None:
            return "description_missing"
        if len(text) > LONGEST:
            return None
        useless, vague = self._judged(text)
        if useless is not None:
            return useless
        if text in (item.buyer_name, item.sender_name):
            return "description_is_party"
        return None if item.documents else vague

    def _judged(self, text: str) -> tuple[str | None, str | None]:
        """Return the codes of a text that says nothing at all, and of a vague one; a text is judged once."""
        known = self._judgements.get(text)
        if known is None:
            folded = fold(text)
            known = self._useless_code(folded), None
            if known[0] is None:
                known = None, self._vague_code(folded)
            if len(self._judgements) >= JUDGEMENTS_MOST:
                self._judgements.clear()
            self._judgements[text] = known
        return known

    def _useless_code(self, folded: str) -> str | None:
        for name in ("number_only", "product_number", "rubbish"):
            if self._whole(name, folded):
                return f"description_{name}"
        return "description_missing" if self._whole("no_words", folded) else None

    def _vague_code(self, folded: str) -> str | None:
        if self._whole("suspect", folded):
            action = self.patterns.terms.get(self._key(folded))
            if action:
                return "description_vague" if action == "hold" else "description_broad"
            if self._whole("lean", folded):
                if self._within("generic", folded):
                    return "description_embedded"
            elif self._several(folded):
                return "description_embedded"
        if self._within("always", folded):
            return "description_embedded"
        return "description_too_short" if self._whole("too_short", folded) else None

    def _several(self, folded: str) -> bool:
        """Say whether a text of nothing but vague words is a list of them, or holds a generic one."""
        listed = self._within("generic", folded) or self._within("joined", folded)
        return listed and not self._whole("too_short", folded)

    def codes(self, item: QualityInput) -> list[str]:
        """Return the codes of one item, in the order of the SQL step; the parties are looked at on the first item."""
        found = [self.description_code(item)]
        if item.item == 1:
            told = [getattr(item, field) for field in _PARTIES]
            suspect = self._suspect(told)
            found += [self._party_code(field, text, suspect) for field, text in zip(_PARTIES, told, strict=True)]
        found += [_value_code(item.unit_price_micro), _weight_code(item.weight_kg_micro, item.gross_weight_kg_micro)]
        return [code for code in found if code]

    def party_code(self, field: str, text: str | None, beside: Iterable[str | None] = ()) -> str | None:
        """Return the code of a name or address, or None; `beside` are all fields of parties of the parcel."""
        return self._party_code(field, text, self._suspect(beside or (text,)))

    def _suspect(self, fields: Iterable[str | None]) -> bool:
        """Say whether somewhere in the fields of parties there is what stands for no name."""
        told = PARTED.join(field for field in fields if field is not None)
        return self._within("party", _lower(PARTED + told + PARTED))

    def _party_code(self, field: str, text: str | None, suspect: bool) -> str | None:
        if text is None:
            return None
        if suspect and len(text) <= LONGEST_PARTY:
            key = normal(text)
            action = self.patterns.parties.get(key)
            if action == "hold" or self._whole("party_rubbish", key):
                return f"{field}_placeholder"
            if action == "warn":
                return f"{field}_doubtful"
        return f"{field}_short" if field.endswith("address") and len(text) < 6 else None

    def describe(self, text: str | None) -> Score:
        """Score one description of goods."""
        composed = None if text is None else unicodedata.normalize("NFC", text)
        return _scored(self._explained([self.description_code(QualityInput(description=composed))], "", composed))

    def party(self, field: str, text: str | None) -> Score:
        """Score one name or address; the field is one of sender_name, sender_address, buyer_name, buyer_address."""
        return _scored(self._explained([self.party_code(field, text)], "", text))

    def parcel(self, parcel: Parcel) -> Score:
        """Score a parcel as it is entered: every item, the parties, prices and weights."""
        gross = _micro(parcel.gross_weight_kg)
        found: list[Flag] = []
        for number, item in enumerate(parcel.items, start=1):
            row = QualityInput(
                row_id=number,
                item=number,
                description=item.description,
                documents=parcel.documents,
                **{field: getattr(parcel, field) for field in _PARTIES},
                unit_price_micro=_micro(item.unit_price),
                weight_kg_micro=_micro(item.weight_kg),
                gross_weight_kg_micro=gross,
            )
            for code in self.codes(row):
                field = next((name for name in _PARTIES if code.startswith(name)), "")
                told = getattr(parcel, field) if field else _told(code, item)
                found += self._explained([code], "" if field else f"items[{number - 1}].", told)
        return _scored(found)

    def _explained(self, codes: Iterable[str | None], prefix: str, text: str | None) -> list[Flag]:
        return [self._flag(code, prefix, text) for code in codes if code]

    def _flag(self, code: str, prefix: str, text: str | None) -> Flag:
        _, action, advice_code, found, found_fr, why, why_fr = rule_of(code)
        field = next((name for name in (*_PARTIES, "description") if code.startswith(name)), "")
        rows = self.terms_in(text or "", "party" if field in _PARTIES else "goods") if field else []
        if (
            rows
            and field == "description"
            and code in ("description_vague", "description_broad", "description_embedded")
        ):
            advice_code = rows[0].advice
        advice = self._advice.get(advice_code) or self._advice["none"]
        shown = f": “{text.strip()[:60]}”" if text and text.strip() else ""
        return Flag(
            code=code,
            action=action,
            where=prefix + (field or {"value": "unit_price", "weight": "weight_kg"}[code.partition("_")[0]]),
            found=found + shown,
            found_fr=found_fr + shown,
            why=why,
            why_fr=why_fr,
            write=advice.en,
            write_fr=advice.fr,
            terms=tuple(row.term for row in rows),
        )

    def terms_in(self, text: str, field: str = "goods") -> list[VagueTerm]:
        """Return the rows whose terms stand in a text, longest first."""
        words = [word for word in words_of(unicodedata.normalize("NFC", text[:LONGEST])) if word]
        found: dict[str, VagueTerm] = {}
        taken: set[int] = set()
        for length in range(min(self._most_words, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                row = self._known.get((field, " ".join(words[start : start + length])))
                place = set(range(start, start + length))
                if row is not None and not place & taken:
                    taken |= place
                    found.setdefault(normal(row.term), row)
        return list(found.values())[:MOST_TERMS]

    def _whole(self, name: str, text: str) -> bool:
        return self._compiled[name].fullmatch(text) is not None

    def _within(self, name: str, text: str) -> bool:
        return self._compiled[name].search(text) is not None

    def _key(self, folded: str) -> str:
        return sorted_words(words_of(folded), self._fillers)


def _lower(text: str) -> str:
    """Return lower case letter by letter, as engines do: Python alone makes two characters of a capital dotted I."""
    return text.replace("\u0130", "i").lower()


def _value_code(price_micro: int | None) -> str | None:
    if price_micro is None:
        return None
    if price_micro == 0:
        return "value_zero"
    if price_micro == 1_000_000:
        return "value_one"
    if 0 < price_micro <= 10_000:
        return "value_token"
    return "value_repeated" if price_micro in _STRUCK else None


def _weight_code(net: int | None, gross: int | None) -> str | None:
    if net == 0:
        return "weight_zero"
    return "weight_above_gross" if net is not None and gross is not None and net > gross else None


def _micro(text: str | None) -> int | None:
    """Return millionths; what is no number is the business of who reads the message."""
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return int(amount * 1_000_000) if amount is not None and amount.is_finite() and abs(amount) < 10**12 else None


def _told(code: str, item: object) -> str | None:
    field = {"value": "unit_price", "weight": "weight_kg"}.get(code.partition("_")[0], "description")
    told: str | None = getattr(item, field)
    return told


def _scored(flags: Iterable[Flag]) -> Score:
    found = tuple(flags)
    holds = sum(flag.action == "hold" for flag in found)
    verdict = "hold" if holds else "warn" if found else "good"
    return Score(verdict=verdict, score=max(0, 100 - 60 * holds - 20 * (len(found) - holds)), flags=found)


_STRUCK = struck_prices()
