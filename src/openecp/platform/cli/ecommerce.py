# SPDX-License-Identifier: Apache-2.0
"""`openecp demo-ecommerce`: orders by importer and day, what is due on them, what they are, and what to look at."""

from __future__ import annotations

import json
import sys
import time
from fractions import Fraction
from itertools import islice
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from openecp.border.low_value.orders import ORDER_COLUMNS, OrderFault, OrderGroup, OrderTerms, amount_text, inr
from openecp.platform.cli.ecommerce_files import file_rows, write_rows
from openecp.platform.cli.ecommerce_orders import ORDERS_MAX, made_orders
from openecp.platform.cli.ecommerce_page import page
from openecp.platform.cli.ecommerce_result import (
    Result,
    grouped_text,
    judge_by_truth,
    judged,
    key_name,
    minor_text,
    summary,
)
from openecp.platform.cli.wiring import CommandFault, console

FAULTS_SHOWN = 10
GROUPS_SHOWN = 10


@click.command()
@click.option("--file", "path", metavar="ORDERS.csv", type=click.Path(path_type=Path), help="Orders of your own.")
@click.option(
    "--count", type=click.IntRange(1, ORDERS_MAX), default=10_000, show_default=True, help="Orders to invent."
)
@click.option("--seed", type=int, default=1, show_default=True, help="What the invented orders follow from.")
@click.option("--out", metavar="FOLDER", type=click.Path(path_type=Path), default=Path("ecommerce"), show_default=True)
@click.option("--time-zone", "zone", metavar="ZONE", default="Asia/Dubai", show_default=True, help="Whose day counts.")
@click.option("--rate", default="0.044", show_default=True, help="AED for one INR.")
@click.option("--limit", default="1000", show_default=True, help="AED a day, above which all items bear duty.")
@click.option("--duty", default="0.05", show_default=True, help="Duty, as a share of the value.")
def demo_ecommerce(
    path: Path | None, count: int, seed: int, out: Path, zone: str, rate: str, limit: str, duty: str
) -> None:
    """Group orders by importer and day, tax them, classify them, and find words of risk."""
    began = time.monotonic()
    terms = OrderTerms(_share("--rate", rate), _share("--limit", limit), _share("--duty", duty))
    made = None if path else made_orders(count, seed)
    rows = file_rows(path) if path else iter(made.rows if made else [])
    result = judged(rows, terms, zone)
    if made:
        judge_by_truth(result, made.importers, made.hs6)
    if not result.orders:
        _print_faults(result.faults)
        raise CommandFault("no order can be used", where=str(path), expected="orders", got="none", fix="See above.")
    out.mkdir(parents=True, exist_ok=True)
    if made:
        write_rows(out / "input.csv", ORDER_COLUMNS, ([row[name] for name in ORDER_COLUMNS] for row in made.rows))
    write_result(out, result)
    source = path.name if path else f"{count:,} invented orders, seed {seed}"
    (out / "index.html").write_text(page(result, source), encoding="utf-8")
    print_result(result, source)
    click.echo(f"\n{out / 'index.html'} and CSV files beside it, in {time.monotonic() - began:.1f} s")
    sys.exit(0 if all(result.checks.values()) else 1)


def _share(option: str, text: str) -> Fraction:
    try:
        value = Fraction(text)
        if value <= 0 or "/" in text or "e" in text.lower() or len(text) > 20:
            raise ValueError(text)
    except (ValueError, ZeroDivisionError):
        raise CommandFault(
            f"{option} {text} cannot be used",
            where=option,
            expected="a number above 0 such as 0.044",
            got=text,
            fix="Correct it.",
        ) from None
    return value


def write_result(folder: Path, result: Result) -> None:
    """Write orders, groups, faults and a summary."""
    by_place = {place: (group, share) for group in result.groups
                for place, share in zip(group.places, group.item_duty_minor, strict=True)}  # fmt: skip
    alike_of = {place: group for group in result.alike_groups for place in group.places}
    write_rows(
        folder / "orders.csv",
        ("order_id", "timestamp", "day", "importer_name", "delivery_address", "importer_key", "importer_alike",
         "product_title", "product_category", "item_price_inr", "item_price_aed", "day_total_aed", "dutiable",
         "duty_exact_aed", "duty_aed", "day_total_alike_aed", "hs6", "hs6_confidence", "hs6_by", "hs6_words", "risk",
         "risk_reasons", "image_url"),
        (_order_row(result, place, *by_place[place], alike_of[place]) for place in range(len(result.orders))),
    )  # fmt: skip
    for name, groups in (("groups.csv", result.groups), ("groups_alike.csv", result.alike_groups)):
        write_rows(
            folder / name,
            ("day", "importer_key", "importer_name", "orders", "total_inr", "total_aed", "dutiable", "duty_exact_aed",
             "duty_aed", "order_ids"),
            (_group_row(result, group) for group in groups),
        )  # fmt: skip
    write_rows(
        folder / "faults.csv",
        ("row", "column", "code", "expected", "got", "fix"),
        ((f.row, f.column, f.code, f.expected, f.got, f.fix) for f in result.faults),
    )
    (folder / "summary.json").write_text(json.dumps(summary(result), indent=1) + "\n", encoding="utf-8")


def _order_row(result: Result, place: int, group: OrderGroup, share: int, alike: OrderGroup) -> list[object]:
    order, guess, terms = result.orders[place], result.guesses[place], result.terms
    aed = inr(order.price_micro) * terms.rate
    return [
        order.order_id, order.timestamp, order.day.isoformat(), order.importer_name, order.delivery_address,
        key_name(result.keys[place]), key_name(result.keys[alike.group]), order.product_title, order.product_category,
        amount_text(inr(order.price_micro)), amount_text(aed), amount_text(group.total),
        "yes" if group.dutiable else "no", amount_text(aed * terms.duty_rate * group.dutiable),
        minor_text(share, terms), amount_text(alike.total), guess.hs6,
        f"{guess.confidence:.2f}" if guess.hs6 else "", guess.by if guess.hs6 else "", ", ".join(guess.words),
        ", ".join(risk.kind for risk in result.risks[place]),
        " ".join(f"“{risk.words}” in the {risk.where}: {risk.why}" for risk in result.risks[place]), order.image_url,
    ]  # fmt: skip


def _group_row(result: Result, group: OrderGroup) -> list[object]:
    first = result.orders[group.places[0]]
    return [
        group.day.isoformat(), key_name(result.keys[group.group]), first.importer_name, len(group.places),
        amount_text(inr(group.price_micro)), amount_text(group.total), "yes" if group.dutiable else "no",
        amount_text(group.duty), minor_text(group.duty_minor, result.terms),
        " ".join(result.orders[place].order_id for place in group.places),
    ]  # fmt: skip


def print_result(result: Result, source: str) -> None:
    """Print what came of the orders."""
    out, told, terms = console(), summary(result), result.terms
    table = Table(title=f"Orders by importer and day: {source}", box=SIMPLE_HEAD)
    for heading in ("", "Importers", "Importer-days", f"Above {terms.currency} {amount_text(terms.limit)}",
                    f"Dutiable {terms.currency}", "Duty, exact", "Duty, payable", "F1"):  # fmt: skip
        table.add_column(heading, justify="left" if not heading else "right")
    for name, words in (("exact", "same name and address"), ("alike", "written differently, alike")):
        one = told[name]
        assert isinstance(one, dict)
        score = f"{result.truth[name].f1:.3f}" if result.truth else "-"
        table.add_row(
            words, f"{one['importers']:,}", f"{one['importer_days']:,}", f"{one['above_limit']:,}",
            *(grouped_text(one[key]) for key in ("dutiable_aed", "duty_exact_aed", "duty_aed")), score,
        )  # fmt: skip
    out.print(table)
    largest = Table(title="The largest days above the limit", box=SIMPLE_HEAD)
    for heading in ("Day", "Importer", "Orders", "INR", "AED", "Duty AED", "Words of risk"):
        largest.add_column(heading, justify="right" if heading in ("Orders", "INR", "AED", "Duty AED") else "left")
    for group in islice(sorted(result.groups, key=lambda each: (-each.total, each.day, each.group)), GROUPS_SHOWN):
        if group.dutiable:
            kinds = sorted({risk.kind for place in group.places for risk in result.risks[place]})
            largest.add_row(
                group.day.isoformat(), result.orders[group.places[0]].importer_name[:32], str(len(group.places)),
                grouped_text(amount_text(inr(group.price_micro))), grouped_text(amount_text(group.total)),
                grouped_text(minor_text(group.duty_minor, terms)), ", ".join(kinds),
            )  # fmt: skip
    out.print(largest)
    goods = f"HS6 given to {told['hs6_given']:,} of {told['orders']:,} orders, {told['hs6_by_model']:,} by the model"
    if result.goods_right is not None:
        goods += f" ({float(result.goods_right):.1%} as our own articles have it)"
    out.print(f"{goods}; words of risk in {told['orders_with_risk_words']:,}.", highlight=False)
    held = sum(result.checks.values())
    out.print(f"Checks: {held} of {len(result.checks)} hold" + ("" if held == len(result.checks) else ", NOT all"))
    for name, holds in result.checks.items():
        if not holds:
            out.print(f"  [red]does not hold:[/red] {name}")
    _print_faults(result.faults)


def _print_faults(faults: list[OrderFault]) -> None:
    if not faults:
        return
    click.echo(f"\n{len({fault.row for fault in faults}):,} rows could not be used:", err=True)
    for fault in faults[:FAULTS_SHOWN]:
        click.echo(
            f"  row {fault.row}, {fault.column or 'whole row'}: expected {fault.expected}; "
            f"got {fault.got!r}. {fault.fix}",
            err=True,
        )
    if len(faults) > FAULTS_SHOWN:
        click.echo(f"  and {len(faults) - FAULTS_SHOWN:,} more, all in faults.csv", err=True)
