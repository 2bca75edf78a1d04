# SPDX-License-Identifier: Apache-2.0
"""One page that shows what came of the orders: it opens without a network, holds its own pictures, and prints."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from openecp.border.low_value.orders import OrderGroup, amount_text, half_up, inr
from openecp.platform.cli.ecommerce_result import Result, grouped_text, minor_text, summary

FOLDER = Path(__file__).parent / "templates"
DAYS_MAX = 62
COLUMNS = 15
EXAMPLES = 3
LARGEST = 12
_CHAPTERS_TEXT = (
    "08 Fruit and nuts|09 Coffee, tea, spices|10 Cereals|12 Seeds, plants|17 Sugars|19 Bakery|"
    "21 Food preparations|24 Tobacco|30 Medicines|33 Perfume, cosmetics|34 Soap|36 Explosives|39 Plastics|"
    "42 Bags, leather goods|48 Paper|49 Books|54 Filaments, sarees|57 Carpets|61 Knitted clothing|"
    "62 Woven clothing|63 Household textiles|64 Footwear|69 Ceramics|70 Glassware|71 Jewellery|73 Steel goods|"
    "76 Aluminium goods|82 Tools, cutlery|83 Metal goods|84 Machines, computers|85 Electrical goods|"
    "87 Vehicle parts|88 Drones, aircraft|90 Optical goods|91 Watches|92 Music instruments|93 Arms|"
    "94 Furniture, lamps|95 Toys, sports|96 Pens|97 Art"
)
CHAPTERS = {text[:2]: text[3:] for text in _CHAPTERS_TEXT.split("|")}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(result: Result, source: str) -> str:
    """Return the page as HTML; nothing is loaded from elsewhere."""
    exact, alike = sum(g.duty_minor for g in result.groups), sum(g.duty_minor for g in result.alike_groups)
    text: str = _environment().get_template("ecommerce.html").render(
        source=source,
        told=summary(result),
        limit=grouped_text(amount_text(result.terms.limit)),
        rate=amount_text(result.terms.rate),
        duty_rate=amount_text(result.terms.duty_rate * 100),
        currency=result.terms.currency,
        money=grouped_text,
        rounded_total=_rounded(sum((g.total for g in result.groups), Fraction(0))),
        hidden=grouped_text(minor_text(max(0, alike - exact), result.terms)),
        hidden_share=f"{100 * max(0, alike - exact) / alike:.1f}" if alike else "0.0",
        days=_days(result),
        sizes=_sizes(result.groups, result.terms.limit),
        chapters=_chapters(result),
        risks=_risks(result),
        examples=_examples(result),
        largest=_largest(result),
        faults=result.faults[:50],
        faults_count=len(result.faults),
        checks=result.checks,
    )  # fmt: skip
    return text


def _rounded(value: Fraction) -> str:
    """Return an amount for people, rounded to two decimals."""
    return grouped_text(amount_text(Fraction(half_up(value * 100), 100)))


def _nice(most: float) -> float:
    """Return the end of an axis that parts into four round steps."""
    power = 10.0 ** (len(str(max(1, int(most)))) - 1)
    return next(power * part for part in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if power * part >= most)


def _bars(rows: list[dict[str, Any]], key: str, width: float) -> list[dict[str, Any]]:
    most = max((row[key] for row in rows), default=0) or 1
    for row in rows:
        row["w"] = round(float(width * row[key] / most), 1)
    return rows


def _days(result: Result) -> dict[str, Any]:
    """Return the columns of the days: value below the limit, value that bears duty, in AED."""
    value: dict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for group in result.groups:
        value[group.day][group.dutiable] += group.total
    first, last = min(value), max(value)
    shown = [first + timedelta(days=n) for n in range(min((last - first).days + 1, DAYS_MAX))]
    most = _nice(float(max(sum(value[day]) for day in shown)))
    slot = 860 / len(shown)
    columns = []
    for number, day in enumerate(shown):
        free, dutiable = (round(200 * float(part) / most, 1) for part in value[day])
        columns.append(
            {
                "x": round(70 + number * slot, 1),
                "w": round(max(2.0, slot * 0.72), 1),
                "free": free,
                "dutiable": dutiable,
                "label": f"{day.day} {day:%b}",
                "day": day.isoformat(),
                "said": number % max(1, len(shown) // 14) == 0,
                "free_aed": _rounded(value[day][0]),
                "dutiable_aed": _rounded(value[day][1]),
            }
        )
    ticks = [{"y": round(220 - 200 * part / 4, 1), "label": f"{most * part / 4:,.0f}"} for part in range(5)]
    return {"columns": columns, "ticks": ticks}


def _sizes(groups: list[OrderGroup], limit: Fraction) -> dict[str, Any]:
    """Return how many importer-days come to how much, in steps; the last column holds all that is above."""
    step = limit / 5
    counts = [0] * COLUMNS
    for group in groups:
        counts[min(COLUMNS - 1, max(0, -(-group.total // step) - 1))] += 1  # exactly the limit stands before its line
    most = max(counts) or 1
    columns = []
    for number, count in enumerate(counts):
        start, end = f"{int(step * number):,}", f"{int(step * (number + 1)):,}"
        columns.append(
            {
                "x": 70 + number * 57,
                "w": 51,
                "h": round(200 * count / most, 1),
                "count": count,
                "above": number >= 5,
                "label": f"{start}–{end}" if number < COLUMNS - 1 else f"> {start}",
            }
        )
    return {"columns": columns, "line": 70 + 5 * 57 - 3}


def _chapters(result: Result) -> list[dict[str, Any]]:
    value: dict[str, Fraction] = defaultdict(Fraction)
    count: Counter[str] = Counter()
    for order, guess in zip(result.orders, result.guesses, strict=True):
        value[guess.hs6[:2]] += inr(order.price_micro) * result.terms.rate
        count[guess.hs6[:2]] += 1
    rows = [
        {
            "label": f"{code} {CHAPTERS.get(code, '')}".strip() if code else "no suggestion",
            "value": total,
            "text": _rounded(total),
            "count": count[code],
        }
        for code, total in sorted(value.items(), key=lambda one: -one[1])[:12]
    ]
    return _bars(rows, "value", 310)


def _risks(result: Result) -> list[dict[str, Any]]:
    kinds: Counter[str] = Counter()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    why: dict[str, str] = {}
    for found in result.risks:
        for risk in found:
            kinds[risk.kind] += 1
            words[risk.kind][risk.words] += 1
            why[risk.kind] = risk.why
    rows = [
        {"label": kind, "value": count, "text": f"{count:,}", "why": why[kind],
         "words": ", ".join(word for word, _ in words[kind].most_common(4))}
        for kind, count in kinds.most_common(14)
    ]  # fmt: skip
    return _bars(rows, "value", 310)


def _examples(result: Result) -> list[dict[str, Any]]:
    """Return importers whose day is above the limit only when their spellings are taken together."""
    dutiable = {
        (result.orders[place].day, place) for group in result.groups if group.dutiable for place in group.places
    }
    found = []
    for group in sorted(result.alike_groups, key=lambda one: (-len(one.places), one.day, one.group)):
        forms = [(result.orders[p].importer_name, result.orders[p].delivery_address) for p in group.places]
        if group.dutiable and len(set(forms)) > 1 and not any((group.day, place) in dutiable for place in group.places):
            found.append(
                {
                    "day": group.day.isoformat(),
                    "total": grouped_text(amount_text(group.total)),
                    "duty": grouped_text(minor_text(group.duty_minor, result.terms)),
                    "orders": [
                        {"id": result.orders[p].order_id, "name": result.orders[p].importer_name,
                         "address": result.orders[p].delivery_address, "title": result.orders[p].product_title,
                         "aed": grouped_text(amount_text(inr(result.orders[p].price_micro) * result.terms.rate))}
                        for p in group.places
                    ],
                }
            )  # fmt: skip
            if len(found) == EXAMPLES:
                break
    return found


def _largest(result: Result) -> list[dict[str, Any]]:
    groups = sorted((g for g in result.groups if g.dutiable), key=lambda g: (-g.total, g.day, g.group))[:LARGEST]
    return [
        {
            "day": group.day.isoformat(),
            "name": result.orders[group.places[0]].importer_name,
            "count": len(group.places),
            "inr": grouped_text(amount_text(inr(group.price_micro))),
            "aed": grouped_text(amount_text(group.total)),
            "duty": grouped_text(minor_text(group.duty_minor, result.terms)),
            "goods": ", ".join(dict.fromkeys(result.orders[p].product_title.split(",")[0] for p in group.places)),
            "risk": ", ".join(sorted({risk.kind for p in group.places for risk in result.risks[p]})),
        }
        for group in groups
    ]
