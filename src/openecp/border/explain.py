# SPDX-License-Identifier: Apache-2.0
"""From findings to reasons: text, places, expected, got and fix, for the rows that have something to say.

The steps emit ids and masks only; here they meet the profile's texts and the declaration itself. A fault is told once
at each place it stands, however many items it touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from openecp.kernel.assessment.reasons import Layer, Reason, Severity
from openecp.kernel.datamodel.columns import RELATION_FACTS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.declared import number_of
from openecp.kernel.datamodel.elements import elements_of, paths
from openecp.kernel.datamodel.pointers import to_json_pointer
from openecp.kernel.datamodel.values import WcoClass
from openecp.kernel.profile import Profile

ITEM = "42A/67A/68A"

# Where a pseudo element stands in the declaration; `{n}` is the item.
PSEUDO_PATHS = {
    "@procedure": f"{ITEM}/70A.166",
    "@additional": f"{ITEM}/70A.166",
    "@type": "42A.D013",
    "@document": f"{ITEM}/02A.D006",
    "@statement": f"{ITEM}/03A.226",
    "@preference": f"{ITEM}/23A/50A.164",
    "@origin": f"{ITEM}/92A.063",
    "@origin_type": f"{ITEM}/92A.501",
    "@incoterm": "42A/67A/22B.090",
    "@mode": "42A/15A.T022",
    "@valuation_method": f"{ITEM}/41A.122",
    "@authorisation": "42A/17C.R145",
    "@payment_method": f"{ITEM}/23A/50A/94A.107",
    "@additional_code": f"{ITEM}/23A/21A.145",
    "@goods_code": f"{ITEM}/23A/21A.145",
    "@movement": "42A.D013",
}


class RelationText(NamedTuple):
    """How a relation rule reads: where it stands, what it says, what to do."""

    path: str
    message: str
    expected: str
    fix: str
    related: tuple[str, ...] = ()


RELATIONS: dict[str, RelationText] = {
    "item_count": RelationText(
        "42A.228", "The number of items does not agree with the items declared", "the number of items that follow",
        "Correct the number of items, or add the missing items.", (ITEM,),
    ),
    "package_count": RelationText(
        "42A.146", "The total of packages does not agree with the packages of the items",
        "the sum of the packages of all items", "Correct the total, or the packages of the items.",
        (f"{ITEM}/93A.144",),
    ),
    "item_numbers": RelationText(
        f"{ITEM}.006", "Two items have the same number", "a number of its own for each item",
        "Number the items 1, 2, 3 …",
    ),
    "data_set_uniform": RelationText(
        f"{ITEM}/70A.166", "The items' procedures lead to different data sets", "one data set for all items",
        "Declare these goods on separate declarations.",
    ),
    "data_set_unknown": RelationText(
        f"{ITEM}/70A.166", "Type, procedure and additional procedures together lead to no data set",
        "a combination that the administration knows", "Check the type of declaration and the procedure codes.",
        ("42A.D013",),
    ),
    "header_or_item": RelationText(
        "42A/67A.103", "An element stands both for the whole shipment and for an item", "one of the two places",
        "Declare it once, where it belongs.", (f"{ITEM}.103",),
    ),
    "net_exceeds_gross": RelationText(
        f"{ITEM}/23A/65A.128", "The net mass is more than the gross mass", "a net mass up to the gross mass",
        "Correct the masses.", (f"{ITEM}/23A/65A.126",),
    ),
    "additional_000_alone": RelationText(
        f"{ITEM}/70A.166", "000 says that there is no additional procedure, and others are declared",
        "000 alone, or the other codes without it", "Remove 000, or the other codes.",
    ),
    "procedure_pair": RelationText(
        f"{ITEM}/70A.166", "The procedure and the previous procedure do not go together", "a pair that may be declared",
        "Check both procedure codes.", (f"{ITEM}/70A.161",),
    ),
    "acceptance_not_future": RelationText(
        "42A.023", "The date of acceptance is in the future", "a date up to today", "Correct the date of acceptance."
    ),
    "acceptance_age": RelationText(
        "42A.023", "The date of acceptance is too far back", "a date within the time that the administration allows",
        "Correct the date, or ask the office for an authorisation to declare late.",
    ),
    "acceptance_not_allowed": RelationText(
        "42A.023", "Only a supplementary declaration gives a date of acceptance", "no date of acceptance",
        "Remove the date, or declare the supplementary type.",
    ),
}  # fmt: skip


def element_name(path: str) -> str:
    """Return the last names of a path as people know them: `GoodsMeasure NetNetWeightMeasure`."""
    classes, _, leaf = path.partition(".")
    element = paths().get(path)
    parent = paths().get(classes)
    names = [parent.name if parent else classes.rpartition("/")[2], element.name if element and leaf else ""]
    return " ".join(name for name in names if name)


def place(path: str, item: int) -> str:
    """Return the pointer of a path in an item."""
    return path.replace(ITEM, f"{ITEM}[{item}]", 1) if item and path.startswith(ITEM) else path


def occurrences(declaration: Declaration, path: str, item: int) -> Iterator[tuple[str, str]]:
    """Yield pointer and text of each leaf that a path names, within one item where the path goes through items."""
    classes, _, tag = path.partition(".")
    yield from _walk(declaration, "42A", classes.split("/")[1:], tag, item)


def _walk(node: WcoClass, pointer: str, steps: list[str], tag: str, item: int) -> Iterator[tuple[str, str]]:
    if not steps:
        for element in elements_of(type(node)):
            if element.wco_id == tag and element.child is None:
                value = getattr(node, element.field)
                for leaf in value if element.repeats else (value,):
                    text = leaf if isinstance(leaf, str) or leaf is None else leaf.value
                    if text:
                        yield f"{pointer}.{tag}", text
        return
    for element in elements_of(type(node)):
        if element.wco_id != steps[0] or element.child is None:
            continue
        value = getattr(node, element.field)
        for position, child in enumerate(value if element.repeats else (value,), start=1):
            if child is None:
                continue
            number = number_of(child, position)
            if element.wco_id == "68A" and number != item:
                continue
            mark = f"[{number}]" if element.repeats else ""
            yield from _walk(child, f"{pointer}/{element.wco_id}{mark}", steps[1:], tag, item)


class Explainer:
    """Makes reasons out of findings, with one profile's texts."""

    def __init__(self, profile: Profile, obligations: list[dict[str, str]], coded: list[dict[str, str]],
                 formats: list[dict[str, str]], requirements: list[dict[str, str]]) -> None:  # fmt: skip
        self._obligations, self._coded, self._formats = obligations, coded, formats
        self._requirements = requirements
        self._relations: dict[str, list[dict[str, str]]] = {}
        for row in profile.table("relations"):
            self._relations.setdefault(row["rule"], []).append(row)
        self._criteria = profile.table("risk_criteria")
        self._reported_as = {row["element"]: row["reported_as"] for row in profile.table("pointer_aliases")}
        self._prefix = str(profile.settings.get("error_prefix", "OECP"))

    def code_of(self, rule: str, default: str) -> str:
        """Return the profile's error code of a rule."""
        rows = self._relations.get(rule)
        return rows[0]["error_code"] if rows else default

    def missing_element(self, declaration: Declaration, item: int, ref: int) -> Reason:
        """Explain an obligation that is not met."""
        row = self._obligations[ref]
        path = PSEUDO_PATHS.get(row["element"], row["element"]).split("|")[0]
        forbidden = row["obligation"] == "N"
        name = element_name(path)
        pointer = place(path, item)
        got = "nothing"
        if forbidden:
            found = next(occurrences(declaration, path, item), None)
            pointer, got = found or (pointer, "it is declared")
        return self._reason(
            declaration, row["error_code"], "obligation", f"obligation.{ref + 1}",
            f"{name} may not be declared here" if forbidden else f"{name} is missing", pointer, item,
            expected="nothing" if forbidden else (f"{name} ({path.rpartition('.')[2]})"), got=got,
            fix=_sentence(row.get("hint_en", "")) or f"{'Remove' if forbidden else 'Declare'} {name}.",
            source=row.get("source") or None,
        )  # fmt: skip

    def format_fault(self, declaration: Declaration, item: int, number: int, text: str) -> list[Reason]:
        """Explain a text that breaks its format, at each place where it stands."""
        row = self._formats[number]
        wanted = row["format"]
        if row.get("minimum") or row.get("maximum"):
            wanted += f" from {row.get('minimum') or '…'} to {row.get('maximum') or '…'}"
        reasons = []
        for path in row["element"].split("|"):
            for pointer, value in occurrences(declaration, path, item):
                if value == text:
                    reasons.append(self._reason(
                        declaration, row["error_code"], "code_list", f"format.{number + 1}",
                        f"{element_name(path)} is not in the form that is asked for", pointer, item,
                        expected=wanted, got=text, fix=f"Write {element_name(path)} as {wanted}.",
                        source=row.get("source") or None,
                    ))  # fmt: skip
        return reasons

    def unknown_code(self, declaration: Declaration, item: int, code: str, data_set: str) -> list[Reason]:
        """Explain a value that its code list does not hold, at each place where it stands."""
        number, _, text = code.partition(":")
        row = self._coded[int(number)]
        if row.get("data_set") and data_set not in row["data_set"].split("|"):
            return []
        severity: Severity = "warn" if row.get("severity") == "warn" else "reject"
        reasons = []
        for element in row["element"].split("|"):
            path = PSEUDO_PATHS.get(element, element)
            found = _coded_places(declaration, element, path, text, item)
            for pointer in found:
                reasons.append(self._reason(
                    declaration, row["error_code"], "code_list", f"code_list.{row['list']}",
                    f"{element_name(path)} has a value that is not in the list {row['list']}", pointer, item,
                    severity=severity, expected=f"a code of the list {row['list']}, valid on the date", got=text,
                    fix=f"Choose a code of the list {row['list']}.", source=row.get("source") or None,
                ))  # fmt: skip
        return reasons

    def relation(self, declaration: Declaration, item: int, mask: int) -> Iterator[Reason]:
        """Explain each contradiction between fields."""
        for position, rule in enumerate(RELATION_FACTS):
            if not mask >> position & 1 or rule not in RELATIONS:
                continue
            text = RELATIONS[rule]
            default = {"rule": rule, "error_code": f"OECP-{rule.upper().replace('_', '-')}", "severity": "reject"}
            for row in self._relations.get(rule, [default]):
                pointer = place(text.path, item)
                got = next((value for _, value in occurrences(declaration, text.path, item)), None)
                related = tuple(place(path, item) for path in text.related)
                yield self._reason(
                    declaration, row["error_code"], "relation", f"relation.{rule}", text.message, pointer, item,
                    severity="warn" if row["severity"] == "warn" else "reject", expected=text.expected, got=got,
                    fix=text.fix, source=row.get("source") or None, related=related,
                )  # fmt: skip

    def unknown_goods_code(self, declaration: Declaration, item: int, code: str, on: str) -> Reason:
        """Explain a commodity code that the tariff does not hold."""
        return self._reason(
            declaration, self.code_of("goods_code", f"{self._prefix}-TARIFF-CODE"), "tariff", "tariff.goods_code",
            "The commodity code is not in the tariff on the date", place(f"{ITEM}/23A/21A.145", item), item,
            expected=f"a code that may be declared on {on}", got=code,
            fix="Look the goods up in the tariff and declare the full code.",
        )  # fmt: skip

    def missing_requirement(self, declaration: Declaration, item: int, ref: int, code: str) -> Reason:
        """Explain a document or additional code that the goods need."""
        row = self._requirements[ref - 1]
        wanted = [c for key in ("documents", "waivers", "codes") for c in row.get(key, "").split("|") if c]
        documents = row["table"] == "document_requirements"
        path = f"{ITEM}/02A.D006" if documents else f"{ITEM}/23A/21A.145"
        what = row.get("title_en") or ("A document" if documents else "An additional code")
        return self._reason(
            declaration, row["error_code"], "tariff", f"tariff.{row['table']}.{ref}",
            f"{what} is needed for goods of {code}" + (f" (agency {row['agency']})" if row.get("agency") else ""),
            place(path, item), item, expected="one of " + ", ".join(wanted), got="none of them",
            fix=f"Declare {' or '.join(wanted)}.", source=row.get("source") or None,
        )  # fmt: skip

    def rate_missing(self, declaration: Declaration, item: int, currency: str, *, rejects: bool) -> Reason:
        """Explain a value that cannot be turned into national currency."""
        return self._reason(
            declaration, self.code_of("exchange_rate", f"{self._prefix}-EXCHANGE-RATE"), "valuation",
            "valuation.exchange_rate",
            "There is no exchange rate for the currency, or no rule for the charge, on the date",
            place(f"{ITEM}/23A/79A.112", item), item, severity="reject" if rejects else "warn",
            expected="a currency with a rate, and charge types of the list",
            got=currency, fix="Declare in a currency that Customs publishes a rate for.",
        )  # fmt: skip

    def duty_rate_missing(
        self, declaration: Declaration, item: int, tax_type: str, duty: str, *, rejects: bool
    ) -> Reason:
        """Explain a duty in a currency that has no rate on the date."""
        return self._reason(
            declaration, self.code_of("exchange_rate", f"{self._prefix}-EXCHANGE-RATE"), "revenue",
            "revenue.exchange_rate", f"{tax_type} at {duty} cannot be computed: there is no exchange rate on the date",
            place(f"{ITEM}/23A/50A.113", item), item, severity="reject" if rejects else "warn",
            expected="a published rate for the duty's currency", got="none",
            fix="Ask the office which rate applies; the administration publishes it.",
        )  # fmt: skip

    def quantity_missing(
        self, declaration: Declaration, item: int, tax_type: str, duty: str, units: Iterable[str]
    ) -> Reason:
        """Explain a duty that needs a quantity which is not declared."""
        wanted = ", ".join(units)
        return self._reason(
            declaration, self.code_of("quantity", f"{self._prefix}-QUANTITY"), "revenue", "revenue.quantity",
            f"{tax_type} at {duty} needs a quantity that is not declared", place(f"{ITEM}/23A/65A.130", item), item,
            expected=f"a quantity in {wanted}", got="none", fix=f"Declare the quantity in {wanted}.",
        )  # fmt: skip

    def risk_hit(self, item: int, ref: int, lane: str, read: dict[str, int | str]) -> Reason:
        """Explain to an officer why a risk profile selected the item; `read` are the figures that it compared."""
        row = self._criteria[ref - 1]
        return Reason(
            code=row["criterion"], layer="risk", rule=f"risk.{row['criterion']}.{row.get('version') or '1'}",
            message=row.get("reason_en") or row["criterion"], severity="info", audience="officer", item=item or None,
            expected=lane, fix=row.get("instructions_en") or None, source=row.get("owner") or None,
            got=", ".join(f"{name} = {value}" for name, value in read.items()) or None, read=read or None,
        )  # fmt: skip

    def _reason(
        self, declaration: Declaration, code: str, layer: Layer, rule: str, message: str, pointer: str, item: int, *,
        severity: Severity = "reject", expected: str | None = None, got: str | None = None, fix: str | None = None,
        source: str | None = None, related: tuple[str, ...] = (),
    ) -> Reason:  # fmt: skip
        place_of = self._reported_as.get(pointer, pointer)  # where this administration reports it
        if place_of != pointer:
            related = (pointer, *related)
        return Reason(
            code=code, layer=layer, rule=rule, message=message, severity=severity,
            item=item if item and pointer.startswith(ITEM) else None, pointer=place_of,
            json_pointer=to_json_pointer(pointer, declaration), expected=expected, got=got, fix=fix, source=source,
            related_pointers=related,
        )  # fmt: skip


def _coded_places(declaration: Declaration, element: str, path: str, text: str, item: int) -> list[str]:
    if element == "@procedure":
        return [next((p for p, _ in occurrences(declaration, path, item)), place(path, item))]
    wanted = text[1:] if element == "@document" else text
    places = [p for p, value in occurrences(declaration, path, item) if value == wanted]
    if not places and path.startswith(ITEM):
        header = path.replace(ITEM, "42A", 1)
        places = (
            [p for p, value in occurrences(declaration, header, item) if value == wanted] if header in paths() else []
        )
    return places or [place(path, item)]


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
