# SPDX-License-Identifier: Apache-2.0
"""The calculator: what a basket costs on a day, or on two days side by side, with the reason of every amount.

All of it stands in the page's address, so that it can be sent to somebody; nothing is stored.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from litestar import get
from litestar.response import Redirect
from markupsafe import Markup

from openecp.border.low_value.basket import Basket, item_rows
from openecp.border.low_value.explain import Says
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.quote import Quote, QuoteLine
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread, redirect
from openecp.platform.console.parcels.basket_form import (
    ITEMS_MAX,
    BasketForm,
    basket_of,
    day_of_field,
    empty_item,
    field_of,
    form_of,
)
from openecp.platform.console.parcels.frame import ParcelFrame

ABOUT_AMOUNTS = ("duty", "no_duty", "tax", "no_tax", "remitted", "tax_paid", "basket_rate", "restriction")


class FieldFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a field: in the reader's words, and as the rule says it."""

    field: str
    says: str
    more: str = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one day."""

    on: date
    quote: Quote

    def why(self, line: QuoteLine) -> list[str]:
        """Return why a line is what it is."""
        return [says.text for says in self.quote.reasons if says.item == line.item and says.line == line.type]

    @property
    def applied(self) -> list[Says]:
        """What holds, and what must be known about it."""
        return [says for says in self.quote.reasons if says.code != "passed_over" and says.code not in ABOUT_AMOUNTS]

    @property
    def passed_over(self) -> list[str]:
        """What did not hold and why."""
        return [says.text for says in self.quote.reasons if says.code == "passed_over"]

    @property
    def remarks(self) -> list[str]:
        """What else is said of amounts, of no line above: no duty, no tax, rates that the basket brought."""
        said = {text for line in self.quote.lines for text in self.why(line)}
        return [says.text for says in self.quote.reasons if says.code in ABOUT_AMOUNTS and says.text not in said]


SAYS: dict[str, str] = {
    "OECP-JURISDICTION": N_("Choose where the goods go"),
    "OECP-REGIME": N_("There is no such regime"),
    "OECP-REGIME-DATE": N_("This regime is not in force on that day"),
    "OECP-REGIME-INCOMPLETE": N_("This regime is incomplete and answers no quote"),
    "OECP-REGIME-UNSOURCED": N_("Strict: this has no cited source"),
    "OECP-EXCHANGE": N_("Give the rate of exchange"),
    "OECP-DUTY-RATE": N_("Give the duty rate: this item pays the ordinary tariff"),
    "OECP-TAX-RATE": N_("Give the rate of tax of the place of destination"),
    "OECP-REQUIRED": N_("The regime requires this"),
}
OF_FIELDS: dict[str, str] = {
    "currency": N_("Enter a currency code of three letters, such as EUR"),
    "dispatch": N_("Enter a country code of two letters, such as CN"),
    "origin": N_("Enter a country code of two letters, such as CN"),
    "hs": N_("Enter an HS code of 6 to 12 digits, such as 640319"),
    "count": N_("Enter how many, such as 2"),
    "price": N_("Enter a price such as 12.50"),
    "kg": N_("Enter a weight such as 0.4"),
    "vat": N_("Enter a percentage such as 20 or 7.5"),
    "duty": N_("Enter a percentage such as 20 or 7.5"),
    "excise": N_("Enter a percentage such as 20 or 7.5"),
    "on": N_("Enter a day such as 2026-07-01"),
    "against": N_("Enter a day such as 2026-07-01"),
    "fx": N_("Enter a rate such as 0.92"),
}
AMOUNT = N_("Enter an amount such as 12.50")
BASKET_MESSAGE = "This cannot be used."  # says no more than the field does
OTHERWISE = N_("This cannot be used as it is")
TEXTS = ("place", "scheme", "scheme_id", "buyer_id", "method", "what", "channel", "trade")


@get("/parcels/calculator")
@in_thread
def show_calculator(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """The form, and beneath it what the basket costs; adding and removing items comes back to the same address."""
    pf = ParcelFrame(request, console, visitor)
    form = form_of(request.query_params, pf.today)
    if (changed := _items_changed(request, form)) is not None:
        items, at = changed
        return redirect(f"{pf.href('calculator')}?{form.query(items)}#{at}")
    files = pf.desk.jurisdictions()
    file = next((each for each in files if each.jurisdiction == form.head["jurisdiction"]), None)
    faults: list[FieldFault] = []
    columns: list[Column] = []
    basket: Basket | None = None
    if form.asked or form.head["jurisdiction"]:
        basket, columns, faults = _answer(pf, form, file)
    faults_of = {fault.field: [each for each in faults if each.field == fault.field] for fault in faults}
    return pf.page(
        "calculator.html",
        status_code=422 if faults else 200,
        address=f"{pf.href('calculator')}?{form.query()}" if form.asked else None,
        form=form,
        file=file,
        files=sorted(files, key=lambda each: pf.place_order(each.jurisdiction)),
        columns=columns,
        faults=faults,
        faults_of=faults_of,
        about=lambda name, hint: about(name, hint, name in faults_of),
        request_json=_as_request(form, basket) if basket is not None else "",
        differs=differences(columns),
        items_max=ITEMS_MAX,
        examples=examples(pf),
        more_open=_has_more(form, faults),
        known_regimes=[one.id for each in ([file] if file else files) for one in each.regimes],
    )


def about(name: str, hint: str, wrong: bool) -> Markup:
    """Return the attributes that tie a field to its hint and its fault."""
    ids = [f"{name}-{kind}" for kind, there in (("hint", hint), ("error", wrong)) if there]
    described = f' aria-describedby="{" ".join(ids)}"' if ids else ""
    return Markup(described + (' aria-invalid="true"' if wrong else ""))  # noqa: S704 - names of our own fields


def _items_changed(request: AnyRequest, form: BasketForm) -> tuple[tuple[dict[str, str], ...], str] | None:
    """Return the items after one was added or removed, and where the page goes on."""
    if request.query_params.get("add") and len(form.items) < ITEMS_MAX:
        return (*form.items, empty_item()), f"what{len(form.items) + 1}"
    removed = str(request.query_params.get("remove", ""))
    if removed.isascii() and removed.isdigit() and len(removed) < 3 and 0 < int(removed) <= len(form.items):
        left = tuple(item for number, item in enumerate(form.items, start=1) if number != int(removed))
        return left or (empty_item(),), "items-title"
    return None


def _answer(
    pf: ParcelFrame, form: BasketForm, file: Jurisdiction | None
) -> tuple[Basket | None, list[Column], list[FieldFault]]:
    """Return the basket, the answer for each day, and everything that stands in the way, each once."""
    faults: list[FieldFault] = []
    days = []
    for name in ("on", "against"):
        text = form.head[name]
        day = day_of_field(text) if text else None
        if day is not None and day not in days:
            days.append(day)
        elif text and day is None:
            faults.append(FieldFault(field=name, says=pf.language.text(OF_FIELDS[name])))
    basket, wrong = basket_of(form, file)
    faults += [_shown(pf, form, fault) for fault in wrong]
    if basket is None:
        return None, [], faults
    try:
        item_rows(basket, form.head["jurisdiction"], date.fromisoformat(pf.today))
    except QuoteRefused as refused:
        _add(faults, [_shown(pf, form, fault) for fault in refused.faults])
    if faults:
        return None, [], faults
    columns = []
    for day in days:
        try:
            quote = pf.desk.quote(
                basket, form.head["jurisdiction"], day, regime=form.head["regime"], strict=bool(form.head["strict"])
            )
            columns.append(Column(on=day, quote=quote))
        except QuoteRefused as refused:
            _add(faults, [_shown(pf, form, fault) for fault in refused.faults])
    return basket, columns, faults


def _add(faults: list[FieldFault], more: list[FieldFault]) -> None:
    """Add faults; of a field that has one, only another that the law names."""
    for each in more:
        if each not in faults and (each.more or all(each.field != known.field for known in faults)):
            faults.append(each)


def _shown(pf: ParcelFrame, form: BasketForm, fault: Fault) -> FieldFault:
    """Return a fault in the reader's words; the law's own where it says more than the form does."""
    field = field_of(fault, form)
    plain = field.rstrip("0123456789")
    of_law = fault.code in SAYS and not (fault.code == "OECP-EXCHANGE" and "[" in fault.where)
    sentence = SAYS[fault.code] if of_law else OF_FIELDS.get(plain, OTHERWISE if plain in TEXTS else AMOUNT)
    more = fault.message if of_law else ""
    if not of_law and (sentence is OTHERWISE or fault.where == "items" or fault.message != BASKET_MESSAGE):
        more = f"{fault.message} Expected {fault.expected}."
    if fault.code == "OECP-JURISDICTION" and not form.head["jurisdiction"]:
        more = ""
    return FieldFault(field=field, says=pf.language.text(sentence), more=more)


def _as_request(form: BasketForm, basket: Basket) -> str:
    """Return the same question as a program asks it (POST /quotes)."""
    body: dict[str, Any] = {"jurisdiction": form.head["jurisdiction"], "date": form.head["on"]}
    if form.head["regime"]:
        body["regime"] = form.head["regime"]
    if form.head["strict"]:
        body["strict"] = True
    body["basket"] = _filled(msgspec.to_builtins(basket))
    return msgspec.json.format(msgspec.json.encode(body), indent=1).decode()


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items() if each is not None and each is not False}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def differences(columns: list[Column]) -> dict[str, str]:
    """Return what the second day costs more (or less, with a minus) than the first: duty, tax, total."""
    if len(columns) != 2:
        return {}
    first, second = (column.quote for column in columns)
    found = {}
    for name in ("duty", "tax", "total"):
        more = Decimal(getattr(second, name)) - Decimal(getattr(first, name))
        found[name] = f"{more:+f}" if more else ""
    return found


def _has_more(form: BasketForm, faults: list[FieldFault]) -> bool:
    """Tell whether the folded part of the form has something in it."""
    folded = (
        *("regime", "place", "buyer_id", "order", "person_day", "person_month", "person_year", "fx", "fx_to"),
        *("method", "documents", "strict", "insurance"),
    )
    return any(form.head[name] for name in folded) or any(fault.field in folded for fault in faults)


def examples(pf: ParcelFrame) -> list[tuple[str, str]]:
    """Return baskets to begin with: words and address."""
    text = pf.language.text
    shirts = {"what1": text(N_("cotton T-shirt")), "hs1": "610910", "origin1": "CN", "count1": "2", "price1": "9.00"}
    shoes = {"what2": text(N_("leather shoes")), "hs2": "640319", "origin2": "CN", "count2": "1", "price2": "30.00"}
    eu = {"jurisdiction": "EU", "on": "2026-06-30", "against": "2026-07-01", "currency": "EUR", "dispatch": "CN"}
    eu |= {"scheme": "IOSS", "scheme_id": "IM1234567890", "vat": "20"}
    toy = {"what1": text(N_("toy")), "hs1": "950300", "origin1": "CN", "price1": "95.00"}
    us = {"jurisdiction": "US", "on": "2025-05-01", "against": "2025-05-02", "currency": "USD", "dispatch": "CN"}
    br = {"jurisdiction": "BR", "on": pf.today, "currency": "USD", "scheme": "Remessa Conforme", "freight": "5"}
    return [
        (text(N_("Two T-shirts and a pair of shoes into the EU, before and after 1 July 2026")),
         pf.href("calculator", **eu, **shirts, **shoes, items="2")),
        (text(N_("A toy made in China into the United States, on 1 and 2 May 2025")),
         pf.href("calculator", **us, **toy, duty1="0", items="1")),
        (text(N_("A toy into Brazil through a certified platform")), pf.href("calculator", **br, **toy, items="1")),
    ]  # fmt: skip
