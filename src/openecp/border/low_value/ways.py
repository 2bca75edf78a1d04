# SPDX-License-Identifier: Apache-2.0
"""What hangs on a pattern of parcels alone is judged once a pattern: which treatments can hold, and with which figures.

A pattern is all that the steps look at in a parcel beside its amounts: channel, trade, countries, scheme, goods.
For each pattern one parcel of it is weighed by the steps themselves, without amounts. What comes out are its ways: the
treatments that can hold, in their order, each with its thresholds in the parcel's own currency and with its amounts.
The first way whose thresholds the parcel keeps is the one.

Why: no second copy of the choice of a treatment, only its thresholds taken apart (docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import Any, NamedTuple

from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.tables import TREATMENT_COLUMNS, Entry, fitted, plain, treatment_rows
from openecp.kernel.assessment.engine import Columns, Schema

LIMITS = 8192 | 16384  # of the mask: what a pattern does not tell
NO_RATE = 32768
REQUIRED = ("hs", "origin", "weight", "description", "buyer.id", "buyer.name", "dispatch_country")  # bits of `missing`
DUTY_RATE, EXCHANGE, GOODS, LIMIT, NO_REGIME, ORIGIN, RESTRICTED, BY_NUMBER, TAX_RATE = (
    f"OECP-{word}"
    for word in (
        "DUTY-RATE", "EXCHANGE", "GOODS", "LIMIT", "NO-REGIME", "ORIGIN", "RESTRICTED", "SCHEME-NUMBER", "TAX-RATE",
    )
)  # fmt: skip
REQUIRED_CODES = tuple(f"OECP-REQUIRED-{name.upper().replace('.', '-').replace('_', '-')}" for name in REQUIRED)
_OTHERS = (DUTY_RATE, EXCHANGE, GOODS, LIMIT, NO_REGIME, ORIGIN, RESTRICTED, BY_NUMBER, TAX_RATE)
REASONS = tuple(sorted((*_OTHERS, *REQUIRED_CODES)))
REASON_BIT = {code: 1 << place for place, code in enumerate(REASONS)}  # a parcel's reasons are bits until written
SHUT_CODES = ((128, GOODS), (256, ORIGIN), (512, RESTRICTED))
_MOST = 9 * 10**18  # no amount is greater
_WIDE = 10**38 - 1
_BIG, _INT, _TEXT, _FLAG, _WIDE_TYPE = "BIGINT", "INTEGER", "VARCHAR", "BOOLEAN", "DECIMAL(38,0)"

_ARTICLE = (("num", _WIDE_TYPE), ("den", _WIDE_TYPE), ("below", _FLAG), ("cap", _BIG))

PATTERN_KEYS: Schema = Columns(
    (
        ("currency", _TEXT),
        ("sale_date", "DATE"),
        ("arrival_date", "DATE"),
        ("channel", _TEXT),
        ("trade", _TEXT),
        ("dispatch", _TEXT),  # a country that a treatment names, else empty
        ("scheme", _TEXT),  # a scheme that a regime names, else empty
        ("scheme_form", _TEXT),  # the pattern of its identifier if a regime names it, else empty
        ("buyer_form", _TEXT),
        ("single", _FLAG),  # one article at most
        ("documents", _FLAG),
        ("counted", _FLAG),
        ("band_e8", _BIG),  # the highest duty rate of the parcel where treatments look at it
        ("goods", _TEXT),  # the excluded codes that the item falls under
        ("origin", _TEXT),  # a country that a treatment names, else empty
        ("restricted", _FLAG),
        ("tax_paid", _FLAG),
        ("mix", _TEXT),  # what kinds of goods the parcel holds besides; empty: one item
    ),
    nullable=(),
)
WAY_COLUMNS: Schema = Columns(
    (
        ("pattern_no", _BIG),
        ("way_no", _BIG),
        ("treatment_no", _BIG),  # null: none holds
        ("unrated_no", _BIG),  # a treatment that fits but for an exchange rate
        *((f"{name}{n}", kind) for n in ("", "2") for name, kind in (("test", _INT), ("most", _BIG))),
        # of several articles: price × article_num ≤ article_den × articles, at most article_cap of them
        *((f"article_{name}{n}", kind) for n in ("", "2") for name, kind in _ARTICLE),
        ("duty_rule", _INT),
        ("duty_rate_e8", _BIG),
        ("duty_chapters", _TEXT),
        ("duty_cif", _FLAG),
        ("flat_micro", _BIG),
        ("deduct_micro", _BIG),
        ("duty_by", _TEXT),
        ("duty_due", _TEXT),
        ("tax_rule", _INT),
        ("tax_rate_e8", _BIG),
        ("tax_cif", _FLAG),
        ("tax_on_duty", _FLAG),
        ("tax_inside", _FLAG),
        ("tax_factor_e4", _BIG),
        ("tax_with_excise", _FLAG),
        ("tax_by", _TEXT),
        ("tax_due", _TEXT),
        ("remit_micro", _BIG),  # at most so much tax is not collected; null: no such threshold
        ("remit_scope", _INT),
        ("remit_below", _FLAG),
        ("remit_rounded", _FLAG),
        ("remit_duty", _FLAG),
        ("by_item", _FLAG),
        ("round_mode", _INT),
        ("quantum", _BIG),
        ("full_category", _INT),
        ("category_documents", _INT),
        ("category_free", _INT),
        ("category_due", _INT),
        ("is_full", _FLAG),  # the low-value way is shut: a full declaration
        ("needs", _INT),  # bits of REQUIRED
        ("counts", _FLAG),  # what is charged under it moves a person's total
        ("regime", _TEXT),
        ("treatment", _TEXT),
        ("ordinary", _FLAG),
        ("reasons", _INT),  # bits of REASONS: why the low-value way is shut
    ),
    filled=("pattern_no", "way_no", "test", "test2", "is_full", "counts", "needs", "reasons"),
)
_AT = {name: place for place, (name, _) in enumerate(TREATMENT_COLUMNS)}
_NAMES = [name for name, _ in WAY_COLUMNS]


class Seen(NamedTuple):
    """What the treatments of one jurisdiction look at; anything else is left out of a pattern."""

    sale: bool
    arrival: bool
    dispatch: tuple[str, ...]
    origins: tuple[str, ...]
    goods: tuple[str, ...]
    schemes: tuple[str, ...]
    scheme_forms: tuple[str, ...]
    buyer: bool
    buyer_forms: tuple[str, ...]
    restricted: bool
    single: bool
    bands: bool
    counted: bool
    hs6: bool  # a limit or a charge is of a group of one HS subheading
    periods: tuple[int, ...]  # 4 order, 5 day, 6 month, 7 year: totals that limits look at


def seen_of(rows: Iterable[Mapping[str, Any]]) -> Seen:
    """Return what treatments look at."""
    listed = list(rows)

    def words(*names: str) -> tuple[str, ...]:
        return tuple(sorted({word for row in listed for name in names for word in row[name].split("|") if word}))

    scopes = {row[name] for row in listed for name in ("limit_scope", "limit2_scope") if row[name]}
    return Seen(
        sale=any(row["law_date"] == 0 for row in listed),
        arrival=any(row["law_date"] == 2 for row in listed),
        dispatch=words("dispatch_in", "dispatch_not"),
        origins=words("origin_in", "origin_not"),
        goods=words("goods_not"),
        schemes=words("schemes"),
        scheme_forms=words("scheme_masks"),
        buyer=any(row["buyer_rule"] for row in listed),
        buyer_forms=words("buyer_masks"),
        restricted=any(row["restricted_not"] for row in listed),
        single=any(row["single_article"] for row in listed),
        bands=any(row["rate_below_e8"] is not None for row in listed),
        counted=any(row["regime_counter"] for row in listed),
        hs6=2 in scopes or any(row["duty_rule"] == 3 for row in listed),
        periods=tuple(sorted(scope for scope in scopes if scope >= 4)),
    )


def treatments_of(file: Jurisdiction) -> tuple[dict[int, dict[str, Any]], dict[int, Entry]]:
    """Return the treatments of a jurisdiction by number, as named cells, and what they stand for."""
    rows, entries = treatment_rows([file])
    return {row[0]: dict(zip(_AT, row, strict=True)) for row in rows}, entries


class Tried(NamedTuple):
    """One treatment that was weighed for a parcel of a pattern, and what did not fit of it."""

    treatment_no: int
    regime_no: int
    ordinary: bool
    failed: int


class Ways:
    """Makes the ways of patterns of one jurisdiction; `pairs` are the rates of exchange into each currency of it."""

    def __init__(
        self,
        treatments: Mapping[int, Mapping[str, Any]],
        entries: Mapping[int, Entry],
        pairs: Mapping[tuple[str, str], tuple[int, int]],
    ) -> None:
        self._treatments, self._entries, self.pairs = treatments, entries, dict(pairs)
        self.made = 0
        self.rows: dict[int, list[tuple[Any, ...]]] = {}  # what was made, by pattern

    def of(self, pattern_no: int, pattern: Mapping[str, Any], tried: Sequence[Tried]) -> list[tuple[Any, ...]]:
        """Return the ways of a pattern in their order; one without a treatment where none can hold."""
        ordered = sorted(tried)
        first = min((one.regime_no for one in ordered if not one.ordinary and not one.failed & 17), default=None)
        held = [one for one in ordered if not one.ordinary and one.regime_no == first]
        fits = [one for one in held if not one.failed & ~LIMITS]
        rest = [one for one in ordered if one.ordinary and not one.failed & ~LIMITS]
        unrated = next((one.treatment_no for one in held if one.failed == NO_RATE), None)
        if unrated is None:
            unrated = next((one.treatment_no for one in ordered if one.ordinary and one.failed == NO_RATE), None)
        shut = _shut_codes(held, first is None)
        rows = []
        limited = False
        for one in (*fits, *rest):
            codes = [*shut, *([LIMIT] if limited else [])]
            rows.append(self._way(pattern_no, pattern, one.treatment_no, unrated, codes))
            limited |= rows[-1][_NAMES.index("test")] > 0
        if not rows or rows[-1][_NAMES.index("test")] or rows[-1][_NAMES.index("test2")]:
            rows.append(self._none(pattern_no, unrated, shut))
        self.rows[pattern_no] = rows
        return rows

    def _none(self, pattern_no: int, unrated: int | None, codes: Sequence[str]) -> tuple[Any, ...]:
        self.made += 1
        named: dict[str, Any] = dict.fromkeys(_NAMES)
        named |= {
            "pattern_no": pattern_no,
            "way_no": self.made,
            "unrated_no": unrated,
            "test": 0,
            "test2": 0,
            "is_full": False,
            "counts": False,
            "needs": 0,
            "reasons": bits_of([*codes, NO_REGIME]),
        }
        return tuple(named[name] for name in _NAMES)

    def _way(
        self, pattern_no: int, pattern: Mapping[str, Any], number: int, unrated: int | None, codes: Sequence[str]
    ) -> tuple[Any, ...]:
        row, entry = self._treatments[number], self._entries[number]
        self.made += 1
        num, den = self.pairs.get((pattern["currency"], row["amount_currency"]), (0, 0))
        carrier = pattern["channel"] if pattern["channel"] in ("post", "express") else "broker"
        named: dict[str, Any] = {name: row[name] for name in _NAMES if name in row}
        named |= {
            "pattern_no": pattern_no,
            "way_no": self.made,
            "unrated_no": unrated,
            "duty_rate_e8": row["regime_duty_rate_e8"],
            "tax_rate_e8": row["regime_tax_rate_e8"],
            "flat_micro": _converted(row["duty_flat_micro"], num, den),
            "deduct_micro": _converted(row["duty_deduct_micro"], num, den),
            "duty_by": carrier if row["duty_by"] == "carrier" else row["duty_by"],
            "tax_by": "seller" if pattern["tax_paid"] else carrier if row["tax_by"] == "carrier" else row["tax_by"],
            "tax_due": "sale" if pattern["tax_paid"] else row["tax_due"],
            "remit_micro": _most(row["remit_micro"], num, den, below=row["remit_below"]) if num else None,
            "is_full": bool(row["full_category"]) and (row["ordinary"] or entry.treatment.category == 4),
            "needs": sum(1 << REQUIRED.index(name) for name in entry.treatment.requires),
            "counts": any(row[name] >= 4 for name in ("limit_scope", "limit2_scope")),
            "regime": ascii_text(entry.regime.id),
            "treatment": ascii_text(entry.treatment.name),
            "reasons": bits_of(codes) if row["ordinary"] else 0,
        }
        named |= _tests(row, num, den)
        return tuple(named[name] for name in _NAMES)


def bits_of(codes: Iterable[str]) -> int:
    """Return the bits of reasons."""
    return sum(REASON_BIT[code] for code in set(codes))


def _shut_codes(held: Sequence[Tried], none_applies: bool) -> list[str]:
    if none_applies:
        return [NO_REGIME]
    bits = 0
    for one in held:
        if not one.failed & ~(LIMITS | 128 | 256 | 512):
            bits |= one.failed
    return [code for bit, code in SHUT_CODES if bits & bit]


def _tests(row: Mapping[str, Any], num: int, den: int) -> dict[str, Any]:
    """Return both thresholds as tests of whole millionths of the parcel's currency."""
    named: dict[str, Any] = {f"article_{name}{n}": None for n in ("", "2") for name, _ in _ARTICLE}
    for name in ("limit", "limit2"):
        suffix = name.removeprefix("limit")
        limit, scope = row[f"{name}_micro"], row[f"{name}_scope"]
        if limit is None or not num:
            named[f"test{suffix}"], named[f"most{suffix}"] = 0, None
            continue
        named[f"test{suffix}"] = scope * 2 + int(row[f"{name}_cif"])
        named[f"most{suffix}"] = _most(limit, num, den, below=row[f"{name}_below"])
        if scope == 1:
            divisor = gcd(num, limit * den)
            right = limit * den // divisor
            cells = (num // divisor * 1_000_000, right, row[f"{name}_below"], min(_MOST, _WIDE // max(right, 1)))
            named |= {f"article_{part}{suffix}": cell for (part, _), cell in zip(_ARTICLE, cells, strict=True)}
    return named


def _converted(amount: int | None, num: int, den: int) -> int | None:
    """Return an amount of the regime in the parcel's currency, cut after the millionth."""
    return amount * den // num if amount is not None and num else None


def _most(limit: int | None, num: int, den: int, *, below: bool) -> int | None:
    """Return the greatest whole number of millionths that keeps a limit."""
    if limit is None:
        return None
    return min(_MOST, -(-limit * den // num) - 1 if below else limit * den // num)


def ascii_text(text: str) -> str:
    """Return a text that may stand in a record."""
    return text.encode("ascii", "replace").decode("ascii").replace('"', "'").replace("\\", "/")


def goods_words(hs: str, words: Iterable[str]) -> str:
    """Return the excluded codes that a goods code falls under, as one text."""
    return ",".join(word for word in words if hs[:2] == word or hs[:4] == word or hs[:6] == word)


def form_of(identifier: str, forms: Iterable[str]) -> str:
    """Return which lists of patterns an identifier fits, with | between them; `~` if none, empty if it is absent."""
    return "|".join(fitted(identifier, forms)) or "~" if identifier else ""


def scheme_word(name: str, schemes: Iterable[str]) -> str:
    """Return a scheme's name in its one form if a regime names it, else empty."""
    word = plain(name)
    return word if word in schemes else ""
