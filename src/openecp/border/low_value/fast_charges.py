# SPDX-License-Identifier: Apache-2.0
"""The charges of a day's parcels in whole numbers: the arithmetic of the steps, without their search for a treatment.

The steps carry all columns of an item and of its treatments from one to the next, and compute in decimals that any
engine knows. Here the ways are known (ways.py), and an amount is a quotient of whole numbers, of 64 bits where they
suffice. tests/property compares both, row by row.
Reads: chunk_items (CHUNK_COLUMNS), patterns, ways.
Why: a fifth of the time of the steps (docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from openecp.border.low_value.charges import CHARGE_COLUMNS

E8 = "100000000"
NARROW = "90000000000"  # millionths: at a share of at most 1 the product has 64 bits
_VALUES = ("price", "cif")
USED = {4: "used_order_micro", 5: "used_day_micro", 6: "used_month_micro", 7: "used_year_micro"}
FAST_COLUMNS = (*CHARGE_COLUMNS, ("way_no", "BIGINT"))


def wide(expression: str) -> str:
    """Return SQL of a whole number of up to 38 digits."""
    return f"CAST({expression} AS HUGEINT)"


def whole_part(product: str, divisor: str) -> str:
    """Return SQL of a quotient of whole numbers, cut."""
    return f"CAST(({product}) // ({divisor}) AS BIGINT)"


def share_of(value: str, rate: str) -> str:
    """Return SQL of a share of an amount, cut after the millionth."""
    return (
        f"CASE WHEN {value} <= {NARROW} AND {rate} <= {E8} THEN ({value} * {rate}) // {E8} "
        f"ELSE {whole_part(f'{wide(value)} * {rate}', wide(E8))} END"
    )


def rounded(whole: str, more: str) -> str:
    """Return SQL of minor units from whole millionths, as the way rounds; `more`: something follows the millionths."""
    unit = "(unit_micro * quantum)"
    down = f"(({whole}) // {unit})"
    rest = f"(({whole}) - {down} * {unit})"
    return (
        f"CASE round_mode WHEN 0 THEN {down} * quantum "
        f"WHEN 1 THEN (({whole}) + {unit} // 2) // {unit} * quantum "
        f"WHEN 2 THEN ({down} + CASE WHEN {rest} * 2 > {unit} "
        f"OR ({rest} * 2 = {unit} AND (({more}) OR {down} % 2 = 1)) THEN 1 ELSE 0 END) * quantum "
        f"ELSE ({down} + CASE WHEN {rest} > 0 OR ({more}) THEN 1 ELSE 0 END) * quantum END"
    )


def _test(test: int, n: str) -> str:
    """SQL of whether an item keeps a threshold: at most so much."""
    scope, basis = test // 2, _VALUES[test % 2]
    if scope == 1:
        articles = f"LEAST(v.quantity_micro, w.article_cap{n})"
        left, right = f"{wide(f'v.{basis}_micro')} * w.article_num{n}", f"w.article_den{n} * {articles}"
        left, right = (f"CAST({side} AS HUGEINT)" for side in (left, right))
        several = f"CASE WHEN w.article_below{n} THEN {left} < {right} ELSE {left} <= {right} END"
        return f"CASE WHEN v.quantity_micro <= 1000000 THEN v.{basis}_micro <= w.most{n} ELSE {several} END"
    if scope == 2:
        return f"v.goods_{basis}_micro <= w.most{n}"
    used = f" + v.{USED[scope]}" if scope in USED else ""
    return f"v.basket_{basis}_micro{used} <= w.most{n}"


def chosen_statement(tests: Collection[int], values: str) -> str:
    """Return SQL of the way of each item: the first whose thresholds it keeps; `tests` are the jurisdiction's."""
    kept = " AND ".join(
        f"CASE w.test{n} WHEN 0 THEN TRUE {' '.join(f'WHEN {t} THEN {_test(t, n)}' for t in sorted(tests))} END"
        for n in ("", "2")
    )
    return (
        f"SELECT v.row_id, MIN(w.way_no) AS way_no FROM {values} AS v "
        f"JOIN ways AS w ON w.pattern_no = v.pattern_no WHERE {kept if tests else 'TRUE'} GROUP BY v.row_id"
    )


_CARRIED = (
    "row_id, basket_id, item, hs, unit_micro, documents, price_micro, quantity_micro, duty_rate_e8 AS item_duty_e8, "
    "tax_rate_e8 AS item_tax_e8, excise_rate_e8 AS item_excise_e8"
)


def values_statement(items: str, *, several: bool, hs6: bool, used: bool, more: Sequence[str] = ()) -> str:
    """Return SQL of what items and their parcels are worth; `items` are the tables of items `i` and patterns `p`.

    `used`: whether totals of persons are known; `more` columns of items are carried along.
    """
    cif = "i.price_micro + i.freight_micro + i.insurance_micro"
    carried = ", ".join(f"i.{name}" for name in (*_CARRIED.split(", "), *more))
    carried += "".join(f", {f'i.{name}' if used else 'CAST(0 AS BIGINT)'} AS {name}" for name in USED.values())
    own = f"{carried}, p.pattern_no, {cif} AS cif_micro"
    if not several:
        more = "i.price_micro AS basket_price_micro, " + f"{cif} AS basket_cif_micro, "
        more += f"i.price_micro AS goods_price_micro, {cif} AS goods_cif_micro, 1 AS goods_no, 1 AS item_no"
        return f"SELECT {own}, {more} FROM {items} WHERE NOT i.is_several"
    # windows and sums over few columns, then joined: a row of forty is not sorted
    baskets = (
        f"SELECT i.basket_id, CAST(SUM(i.price_micro) AS BIGINT) AS basket_price_micro, "
        f"CAST(SUM({cif}) AS BIGINT) AS basket_cif_micro FROM chunk_items AS i WHERE i.is_several GROUP BY i.basket_id"
    )
    goods = "PARTITION BY i.basket_id, SUBSTR(i.hs, 1, 6)"
    groups = (
        f"SELECT i.row_id, CAST(SUM(i.price_micro) OVER ({goods}) AS BIGINT) AS goods_price_micro, "
        f"CAST(SUM({cif}) OVER ({goods}) AS BIGINT) AS goods_cif_micro, "
        f"ROW_NUMBER() OVER ({goods} ORDER BY i.item) AS goods_no FROM chunk_items AS i WHERE i.is_several"
    )
    more = "q.basket_price_micro, q.basket_cif_micro, i.item AS item_no, "
    more += "h.goods_price_micro, h.goods_cif_micro, h.goods_no" if hs6 else "1 AS goods_no"
    joins = f"JOIN ({baskets}) AS q ON q.basket_id = i.basket_id"
    if hs6:  # without such limits nobody reads it
        joins += f" JOIN ({groups}) AS h ON h.row_id = i.row_id"
    return f"SELECT {own}, {more} FROM {items} {joins} WHERE i.is_several"


def one_statement(values: str, chosen: str, *, remits: bool, more: Sequence[str] = ()) -> str:
    """Return SQL of the charges of items that are their parcel's only ones; their ways are chosen."""
    based = f"SELECT s.*, duty_base_micro AS duty_upto_micro FROM ({_duty_based(values, chosen)}) AS s"
    untaxed = _tax_based(_duty_charged(based, several=False))
    taxed = f"SELECT s.*, tax_base_micro AS tax_upto_micro FROM ({untaxed}) AS s"
    judged = f"SELECT t.*, tax_whole AS tax_exact_micro FROM ({_tax_charged(taxed, several=False)}) AS t"
    return _charged(_remitted(judged, remits=remits), border=_BORDER, more=more)


def many_statements(values: str, chosen: str, *, remits: bool, more: Sequence[str] = ()) -> tuple[list[str], str]:
    """Return the CTEs and SQL of the charges of items of parcels of several: what is summed up is summed apart."""
    ctes = [f"many_based AS ({_duty_based(values, chosen)})"]
    rates = "PARTITION BY basket_id, treatment_no, duty_used_e8 ORDER BY item ROWS UNBOUNDED PRECEDING"
    ctes.append(_upto("many_based", "duty", rates))
    taxed = _tax_based(_duty_charged(_with_upto("many_based", "duty"), several=True))
    ctes.append(f"many_taxed AS ({taxed})")
    rates = "PARTITION BY basket_id, treatment_no, tax_used_e8, excise_used_e8 ORDER BY item ROWS UNBOUNDED PRECEDING"
    ctes.append(_upto("many_taxed", "tax", rates))
    ctes.append(f"many_charged AS ({_tax_charged(_with_upto('many_taxed', 'tax'), several=True)})")
    source = "SELECT c.* FROM many_charged AS c"
    if remits:
        sums = ", ".join(
            f"CAST(SUM({value}) AS BIGINT) AS basket_{name}"
            for name, value in (("rounded", _ROUNDED), ("exact", "tax_exact_micro"), ("up", _UP))
        )
        summed = f"SELECT basket_id, {sums} FROM many_charged GROUP BY basket_id"
        source = (
            "SELECT c.*, r.basket_rounded, r.basket_exact, r.basket_up FROM many_charged AS c "
            f"JOIN ({summed}) AS r ON r.basket_id = c.basket_id"
        )
    ctes.append(f"many_due AS ({_remitted(source, remits=remits, several=True)})")
    border = f"SELECT basket_id, CAST(SUM({_BORDER}) AS BIGINT) AS border_minor FROM many_due GROUP BY basket_id"
    last = f"SELECT d.*, g.border_minor FROM many_due AS d JOIN ({border}) AS g ON g.basket_id = d.basket_id"
    return ctes, _charged(last, border="border_minor", more=more)


_WAY = (
    "way_no, treatment_no, unrated_no, duty_rule, duty_rate_e8, duty_chapters, duty_cif, flat_micro, deduct_micro, "
    "duty_by, duty_due, tax_rule, tax_rate_e8, tax_cif, tax_on_duty, tax_inside, tax_factor_e4, tax_with_excise, "
    "tax_by, tax_due, remit_micro, remit_scope, remit_below, remit_rounded, remit_duty, by_item, round_mode, quantum, "
    "full_category, category_documents, category_free, category_due"
)


def _duty_based(values: str, chosen: str) -> str:
    way = ", ".join(f"w.{name}" for name in _WAY.split(", "))
    # without a treatment the row has no charge: all that follows is null
    return (
        f"SELECT v.*, {way}, CASE duty_rule WHEN 0 THEN 0 "
        "WHEN 3 THEN CASE WHEN goods_no = 1 THEN flat_micro ELSE 0 END "
        "WHEN 4 THEN CASE WHEN item_no = 1 THEN flat_micro ELSE 0 END "
        "WHEN 1 THEN CASE WHEN duty_cif THEN cif_micro ELSE price_micro END "
        "WHEN 2 THEN CASE WHEN duty_cif THEN cif_micro ELSE price_micro END END AS duty_base_micro, "
        "CASE duty_rule WHEN 1 THEN duty_rate_e8 WHEN 2 THEN CASE WHEN duty_chapters <> '' "
        f"AND SUBSTR(hs, 1, 2) > duty_chapters THEN 0 ELSE item_duty_e8 END ELSE {E8} END AS duty_used_e8 "
        f"FROM {values} AS v JOIN {chosen} AS c ON c.row_id = v.row_id JOIN ways AS w ON w.way_no = c.way_no"
    )


def _upto(table: str, kind: str, window: str) -> str:
    """CTE of what the items of a parcel under one rate sum up to, each included, where not each is rounded alone."""
    return (
        f"{table}_upto AS (SELECT row_id, CAST(SUM({kind}_base_micro) OVER ({window}) AS BIGINT) AS upto_micro "
        f"FROM {table} WHERE NOT COALESCE(by_item, FALSE))"
    )


def _with_upto(table: str, kind: str) -> str:
    return (
        f"SELECT b.*, CASE WHEN by_item THEN {kind}_base_micro ELSE u.upto_micro END AS {kind}_upto_micro "
        f"FROM {table} AS b LEFT JOIN {table}_upto AS u ON u.row_id = b.row_id"
    )


def _duty_charged(summed: str, *, several: bool) -> str:
    def whole(value: str) -> str:
        cut = f"({share_of(value, 'duty_used_e8')} - COALESCE(deduct_micro, 0))"
        return f"CASE WHEN {cut} < 0 THEN 0 ELSE {cut} END"

    before = whole("(duty_upto_micro - duty_base_micro)") if several else "0"
    wholes = f"SELECT s.*, {whole('duty_upto_micro')} AS duty_whole, {before} AS duty_before FROM ({summed}) AS s"
    minor = rounded("duty_whole", "FALSE")
    if several:
        minor = f"{minor} - CASE WHEN by_item THEN 0 ELSE {rounded('duty_before', 'FALSE')} END"
    return f"SELECT t.*, {minor} AS duty_own_minor FROM ({wholes}) AS t"


def _tax_based(duties: str) -> str:
    based = (
        "SELECT d.*, CASE WHEN tax_cif THEN cif_micro ELSE price_micro END "
        "+ CASE WHEN tax_on_duty THEN duty_own_minor * unit_micro ELSE 0 END AS tax_base_micro, "
        "CASE tax_rule WHEN 0 THEN 0 WHEN 2 THEN COALESCE(item_duty_e8, item_tax_e8, tax_rate_e8) "
        "WHEN 3 THEN COALESCE(item_tax_e8, tax_rate_e8, 0) WHEN 1 THEN COALESCE(item_tax_e8, tax_rate_e8) END "
        "AS tax_used_e8, CASE WHEN tax_with_excise THEN COALESCE(item_excise_e8, 0) ELSE 0 END AS excise_used_e8 "
        f"FROM ({duties}) AS d"
    )
    return (
        "SELECT b.*, NOT tax_inside AND excise_used_e8 = 0 AND tax_factor_e4 = 10000 AS is_plain, "
        f"{wide('tax_used_e8 + excise_used_e8')} * tax_factor_e4 AS tax_num, "
        f"{wide(f'{E8} - excise_used_e8 - CASE WHEN tax_inside THEN tax_used_e8 ELSE 0 END')} * 10000 AS tax_den "
        f"FROM ({based}) AS b"
    )


def _tax_charged(summed: str, *, several: bool) -> str:
    def whole(value: str) -> str:
        quotient = whole_part(f"{wide(value)} * tax_num", "tax_den")
        return f"CASE WHEN is_plain THEN {share_of(value, 'tax_used_e8')} WHEN tax_den > 0 THEN {quotient} END"

    wholes = f"SELECT s.*, {whole('tax_upto_micro')} AS tax_whole"
    if several:
        earlier = "(tax_upto_micro - tax_base_micro)"
        wholes += f", {whole(earlier)} AS tax_before, {whole('tax_base_micro')} AS tax_exact_micro"
    wholes += f" FROM ({summed}) AS s"
    minor = rounded("tax_whole", _more("tax_upto_micro", "tax_whole"))
    if several:
        first = rounded("tax_before", _more("(tax_upto_micro - tax_base_micro)", "tax_before"))
        minor = f"{minor} - CASE WHEN by_item THEN 0 ELSE {first} END"
    return f"SELECT t.*, {minor} AS tax_own_minor FROM ({wholes}) AS t"


def _more(value: str, whole: str) -> str:
    """SQL of whether something follows the millionths of a tax."""
    return f"{wide(value)} * tax_num <> {wide(whole)} * tax_den"


_ROUNDED = "tax_own_minor * unit_micro"
_UP = f"tax_exact_micro + CASE WHEN {_more('tax_base_micro', 'tax_exact_micro')} THEN 1 ELSE 0 END"
_BORDER = (
    "COALESCE(CASE WHEN duty_due <> 'sale' THEN duty_minor ELSE 0 END, 0) "
    "+ COALESCE(CASE WHEN tax_due <> 'sale' THEN tax_minor ELSE 0 END, 0)"
)
_PAPERS = "(documents AND basket_price_micro = 0 AND full_category = 0)"  # papers alone, without a value


def _remitted(taxed: str, *, remits: bool, several: bool = False) -> str:
    """SQL of what is collected: nothing where the tax is so little that it is remitted."""
    if not remits:
        return (
            f"SELECT x.*, FALSE AS remitted, CASE WHEN {_PAPERS} THEN 0 ELSE duty_own_minor END AS duty_minor, "
            f"CASE WHEN {_PAPERS} THEN 0 ELSE tax_own_minor END AS tax_minor FROM ({taxed}) AS x"
        )

    def seen(value: str, name: str) -> str:
        return f"CASE WHEN remit_scope = 1 THEN {value} ELSE basket_{name} END" if several else value

    remitted = (
        "CASE WHEN remit_micro IS NULL THEN FALSE "
        f"WHEN remit_rounded THEN {seen(_ROUNDED, 'rounded')} <= remit_micro "
        f"WHEN remit_below THEN {seen('tax_exact_micro', 'exact')} <= remit_micro "
        f"ELSE {seen(f'({_UP})', 'up')} <= remit_micro END"
    )
    judged = f"SELECT x.*, {remitted} AS remitted FROM ({taxed}) AS x"
    return (
        f"SELECT y.*, CASE WHEN {_PAPERS} OR (remitted AND remit_duty) THEN 0 ELSE duty_own_minor END AS duty_minor, "
        f"CASE WHEN {_PAPERS} OR remitted THEN 0 ELSE tax_own_minor END AS tax_minor FROM ({judged}) AS y"
    )


def _charged(due: str, *, border: str, more: Sequence[str]) -> str:
    category = (
        f"CASE WHEN full_category > 0 THEN full_category WHEN ({border}) > 0 THEN category_due "
        "WHEN documents THEN category_documents ELSE category_free END"
    )
    return (
        "SELECT row_id, basket_id, item, treatment_no, unrated_no, duty_base_micro, "
        "duty_used_e8 AS duty_rate_used_e8, CAST(duty_minor AS BIGINT) AS duty_minor, duty_by, duty_due, "
        "tax_base_micro, tax_used_e8 AS tax_rate_used_e8, excise_used_e8, CAST(tax_minor AS BIGINT) AS tax_minor, "
        "tax_by, tax_due, remitted, CAST(tax_own_minor AS BIGINT) AS tax_before_minor, "
        f"CAST({category} AS INTEGER) AS category, way_no{''.join(f', {name}' for name in more)} FROM ({due}) AS z"
    )
