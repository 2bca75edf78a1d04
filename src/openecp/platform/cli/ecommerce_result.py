# SPDX-License-Identifier: Apache-2.0
"""What comes of some orders: groups by the exact key and by likeness, goods, words of risk, figures and checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from openecp.border.low_value.order_words import GoodsClassifier, GoodsGuess, RiskWord, risk_words
from openecp.border.low_value.orders import (
    Order,
    OrderFault,
    OrderGroup,
    OrderTerms,
    amount_text,
    group_orders,
    inr,
    order_checks,
    read_orders,
)
from openecp.kernel.parties.entity_key import entity_keys
from openecp.kernel.parties.similar import Agreement, agreement, same_key, similar
from openecp.platform.cli.ecommerce_goods import TableThenModel
from openecp.platform.cli.wiring import CommandFault


class Result(msgspec.Struct, kw_only=True):
    """All that came of some orders."""

    orders: list[Order]
    faults: list[OrderFault]
    terms: OrderTerms
    zone: str
    keys: list[str]
    exact: list[int]
    alike: list[int]
    groups: list[OrderGroup]
    alike_groups: list[OrderGroup]
    guesses: list[GoodsGuess]
    risks: list[list[RiskWord]]
    checks: dict[str, bool]
    truth: dict[str, Agreement] | None = None
    goods_right: Fraction | None = None


def judged(
    rows: Iterable[Mapping[str, str | None]], terms: OrderTerms, zone: str, classifier: GoodsClassifier | None = None
) -> Result:
    """Return all that comes of some rows.

    Raises: CommandFault for a time zone that nobody knows.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandFault(
            f"time zone {zone} is not known",
            where="--time-zone",
            expected="a name such as Asia/Dubai",
            got=zone,
            fix="Correct it.",
        ) from None
    orders, faults = read_orders(rows, place)
    names = [order.importer_name for order in orders]
    addresses = [order.delivery_address for order in orders]
    keys = entity_keys(names, addresses, [None] * len(orders))
    exact, alike = same_key(keys), similar(names, addresses)
    groups, alike_groups = group_orders(orders, exact, terms), group_orders(orders, alike, terms)
    classifier = classifier or TableThenModel()
    seen: dict[tuple[str, str, str], tuple[GoodsGuess, list[RiskWord]]] = {}
    for order in orders:
        words = order.product_title, order.description, order.product_category
        if words not in seen:
            seen[words] = classifier.guess(*words), risk_words(*words)
    told = [seen[order.product_title, order.description, order.product_category] for order in orders]
    checks = order_checks(orders, groups, terms)
    checks |= {f"{name} (alike)": held for name, held in order_checks(orders, alike_groups, terms).items()}
    return Result(
        orders=orders,
        faults=faults,
        terms=terms,
        zone=zone,
        keys=keys,
        exact=exact,
        alike=alike,
        groups=groups,
        alike_groups=alike_groups,
        guesses=[guess for guess, _ in told],
        risks=[found for _, found in told],
        checks=checks,
    )


def judge_by_truth(result: Result, importers: list[int], hs6: list[str]) -> None:
    """Add what only the maker of invented orders knows: how well groups and goods were found."""
    result.truth = {"exact": agreement(result.exact, importers), "alike": agreement(result.alike, importers)}
    told = [guess.hs6 == true for guess, true in zip(result.guesses, hs6, strict=True) if true]
    result.goods_right = Fraction(sum(told), len(told)) if told else None


def key_name(key: str) -> str:
    """Return a short name of a key, so that tables need not repeat names and addresses."""
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else ""


def minor_text(minor: int, terms: OrderTerms) -> str:
    """Return fils as dirhams."""
    return amount_text(Fraction(minor, terms.minor_units))


def summary(result: Result) -> dict[str, object]:
    """Return the figures of a result; amounts are decimal strings."""
    terms = result.terms
    told: dict[str, object] = {
        "orders": len(result.orders),
        "rows_refused": len({fault.row for fault in result.faults}),
        "time_zone": result.zone,
        "total_inr": amount_text(inr(sum(o.price_micro for o in result.orders))),
        "total_aed": amount_text(sum((group.total for group in result.groups), Fraction(0))),
    }
    for name, groups in (("exact", result.groups), ("alike", result.alike_groups)):
        told[name] = {
            "importers": len({group.group for group in groups}),
            "importer_days": len(groups),
            "above_limit": sum(group.dutiable for group in groups),
            "dutiable_aed": amount_text(sum((group.total for group in groups if group.dutiable), Fraction(0))),
            "duty_exact_aed": amount_text(sum((group.duty for group in groups), Fraction(0))),
            "duty_aed": minor_text(sum(group.duty_minor for group in groups), terms),
        }
    if result.truth:
        told["truth"] = {name: {key: round(value, 4) for key, value in one._asdict().items()}
                         for name, one in result.truth.items()}  # fmt: skip
    if result.goods_right is not None:
        told["hs6_right_on_our_own_articles"] = round(float(result.goods_right), 4)
    told["hs6_given"] = sum(bool(guess.hs6) for guess in result.guesses)
    told["hs6_by_model"] = sum(guess.by != "table" for guess in result.guesses)
    told["orders_with_risk_words"] = sum(map(bool, result.risks))
    told["checks"] = result.checks
    return told


def grouped_text(text: str) -> str:
    """Return an amount with thousands apart."""
    whole, _, decimals = text.partition(".")
    return f"{int(whole):,}.{decimals}"
