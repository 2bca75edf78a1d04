# SPDX-License-Identifier: Apache-2.0
"""The online form of the pipeline: patterns are remembered, and only an item's own figures go through SQL each time.

The chain of steps is cut in two. What hangs on the pattern of an item alone (obligations, code lists, requirements,
which measures apply and which are relieved) is asked once a pattern, see remembered.py; values, amounts and risk are
worked for each batch, in one lean statement. Both halves are the steps of the pipeline; a test compares the findings
with those of the whole chain. Where somebody looks at risk, or another engine compares criteria, values and amounts
are worked first, the look is asked once a batch, and the criteria are compared afterwards with the values.

Why: planning and windows are the cost of a small batch, and they grow with the chain (docs/adr/0013, 0019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from openecp.border.remembered import CodeMemory, Memory
from openecp.border.revenue import reference as revenue
from openecp.border.risk import reference as risk
from openecp.border.tariff import reference as tariff
from openecp.border.tariff.prepare import Shape
from openecp.kernel.assessment.engine import Engine, Schema
from openecp.kernel.assessment.sight import SIGHT_COLUMNS, SightRow
from openecp.kernel.assessment.steps import Composer, Facts, Step
from openecp.kernel.datamodel.columns import CHARGE_COLUMNS, ITEM_COLUMNS, OVERRIDE_COLUMNS, DeclarationRows

_PATTERN_STEPS = (
    "missing_elements", "unknown_codes", "missing_requirements", "measures_applied", "charge_lines", "relieved_lines",
)  # fmt: skip
PATTERN_FACTS: Facts = frozenset({"expected", "reliefs", "requirements"})

# What each question about a pattern hangs on.
_OBLIGATION = ("data_set", "present_1", "present_2", "present_3")
_REQUIREMENT = ("on_date", "tariff_key", "origin", "movement", "procedure", "documents", "additional_codes")
_SELECTION = (
    "on_date", "tariff_key", "movement", "regime", "origin", "preference", "order_number", "additional_codes",
    "procedure", "additional_procedures", "taxed", "expected_taxes",
)  # fmt: skip

# What steps need of an item: all of it where they run as one chain, its own figures where patterns are remembered.
_RISK_COLUMNS = (
    "movement", "goods_code", "origin", "procedure", "net_e6", "importer", "declarant", "export_country", "mode",
    "description", "draw",
)  # fmt: skip
_OWN_COLUMNS = ("declaration_no", "row_id", "on_date", "value_e4", "value_currency", "statistical_e4", "relation_bits")
ALL_COLUMNS = (
    *_OWN_COLUMNS, "tariff_key", "preference", "order_number", "additional_codes", "regime", "taxed", "expected_taxes",
    "quantities_e6", *_RISK_COLUMNS,
)  # fmt: skip

_AT = {name: position for position, (name, _) in enumerate(ITEM_COLUMNS)}
_TYPES = dict(ITEM_COLUMNS)
_SIGHT_AT = _AT[SIGHT_COLUMNS[0][0]]
_STAGE = 3  # of a line: row_id, measure_id, tax_type, stage
_risk_cells = itemgetter(*(_AT[name] for name in ("goods_code", "procedure", "origin", "importer", "declarant")))

Row = tuple[Any, ...]
Look = Callable[[Sequence[Sequence[int | None]]], Sequence[Sequence[SightRow]]]  # values by declaration → what is known


def inputs_of(rows: DeclarationRows) -> tuple[tuple[str, Schema, Sequence[Row]], ...]:
    """Return the input tables of the steps: name, schema, rows."""
    return (
        ("items", ITEM_COLUMNS, rows.items),
        ("charges", CHARGE_COLUMNS, rows.charges),
        ("overrides", OVERRIDE_COLUMNS, rows.overrides),
    )


class OnlineFindings:
    """The findings of small batches, under one profile and its reference tables."""

    def __init__(
        self,
        engine: Engine,
        steps: Sequence[Step],
        compose: Callable[..., Composer],
        *,
        shape: Shape,
        types: Mapping[str, revenue.TaxType],
        requiring: frozenset[str],
        risk_keys: frozenset[str],
        seen: Sequence[str] = (),
        criteria: Engine | None = None,
    ) -> None:
        """Take the pipeline's steps and its composer; the tariff keys that require a document; the keys of criteria.

        `seen` are the columns of an item that criteria read besides those that all items have; `criteria` is the engine
        that compares items with criteria, where it is another one.
        """
        self._engine, self._requiring, self._risk_keys = engine, requiring, risk_keys
        self._seen, self._criteria = tuple(seen), criteria
        self.composer = compose(item_steps(steps), columns=self._own_columns)
        self._hits = compose([step for step in steps if step.name == "risk_hits"])
        of_hits = ("declaration_no", "row_id", "on_date", *_RISK_COLUMNS, *self._seen)
        self._hit_cells = itemgetter(*(_AT[name] for name in of_hits))
        self._hit_schema: Schema = (*((name, _TYPES[name]) for name in of_hits), ("customs_value_minor", "BIGINT"))
        self._statements: dict[Facts, str] = {}
        patterns = compose([step for step in steps if step.name in _PATTERN_STEPS])
        every = PATTERN_FACTS | {"compound"}

        def memory(step: str, columns: Sequence[str], **more: Any) -> Memory:
            return Memory(engine, patterns.statement(step, facts=every), columns, **more)

        self._codes = CodeMemory(engine, patterns.statement("unknown_codes", facts=every))
        self._obligations = memory("missing_elements", _OBLIGATION)
        self._requirements = memory("missing_requirements", _REQUIREMENT)
        own: Schema = (("quantities_e6", "MAP(VARCHAR, BIGINT)"), ("customs_value_minor", "BIGINT"))
        tables = ("items", "item_values")
        self._selections = memory("relieved_lines", _SELECTION, tables=tables, nothing=own, skip=len(own))
        parts = revenue.used_parts(types)
        full, plain = tariff.line_columns(shape, parts), tariff.line_columns(tariff.PLAIN, parts)
        self.line_columns = {True: full, False: plain}
        names = [name for name, _ in full]
        self._plain_line = itemgetter(*(names.index(name) for name, _ in plain))

    def findings(self, rows: DeclarationRows, facts: Facts, look: Look | None = None) -> list[Row]:
        """Return the findings of a batch that holds these facts, as the step `findings` gives them.

        Changes: the rows of items, which hold what `look` answers.
        """
        items = rows.items
        found = _kind("E", items, self._obligations)
        found += [("C", row[1], row[0], None, code, None) for row, code in self._codes.unknown(items)]
        requiring = [row for row in items if row[_AT["tariff_key"]] in self._requiring]
        if requiring:
            found += _kind("Q", requiring, self._requirements)
        compound = "compound" in facts
        lines = self._lines(items, compound=compound)
        held = set(facts - PATTERN_FACTS - {"excise", "risk"})
        if any(line[_STAGE] == 2 for line in lines):
            held.add("excise")
        risky = any(not self._risk_keys.isdisjoint(risk.risk_keys(*_risk_cells(row))) for row in items)
        apart = look is not None or self._criteria is not None
        if risky and not apart:
            held.add("risk")
        names = (*self._own_columns(frozenset(held)), "incoterm")
        own = itemgetter(*(_AT[name] for name in names))
        inputs: dict[str, tuple[Schema, Sequence[Row]]] = {
            name: (schema, given) for name, schema, given in inputs_of(rows)[1:] if given
        }
        inputs["items"] = (tuple((name, _TYPES[name]) for name in names), [own(row) for row in items])
        inputs["selected_lines"] = (self.line_columns[compound], lines)
        found += self._engine.run(self.statement(frozenset(held)), inputs)
        if apart:
            values = {row[2]: row[5] for row in found if row[0] == "V"}
            if look is not None:
                _see(rows, values, look)
            if risky:
                found += self._risk_hits(rows.items, values)
        return found

    def _risk_hits(self, items: Sequence[Row], values: Mapping[int, int | None]) -> list[Row]:
        """Compare items whose values are known with the criteria."""
        given = [(*self._hit_cells(row), values[row[0]]) for row in items]
        engine = self._criteria or self._engine
        found = engine.run(self.hits_statement(), {"item_values": (self._hit_schema, given)})
        return [("K", declaration_no, row_id, ref, None, lane) for declaration_no, row_id, ref, lane in found]

    def hits_statement(self) -> str:
        """Return the statement of the criteria alone, over items whose values are known."""
        return self._hits.statement("risk_hits", facts=frozenset({"risk"}))

    def _lines(self, items: Sequence[Row], *, compound: bool) -> list[Row]:
        """Return the lines that the items bear."""
        taxed = [row for row in items if row[_AT["taxed"]]]
        answers = self._selections.answers(map(self._selections.pattern, taxed))
        lines = [(row[0], *line) for row, found in zip(taxed, answers, strict=True) for line in found]
        return lines if compound else [self._plain_line(line) for line in lines]

    def statement(self, facts: Facts) -> str:
        """Return the statement for what hangs on the items' own figures."""
        if facts not in self._statements:
            self._statements[facts] = self.composer.statement("item_findings", facts=facts)
        return self._statements[facts]

    def _own_columns(self, facts: Facts) -> tuple[str, ...]:
        quantities = ("quantities_e6",) if "compound" in facts else ()
        return (*_OWN_COLUMNS, *quantities, *((*_RISK_COLUMNS, *self._seen) if "risk" in facts else ()))

    def warm(self, optional: Facts) -> None:
        """Compose every form of every step, so that no batch waits for it."""
        every = optional - PATTERN_FACTS
        for facts in (frozenset[str](), every, frozenset({"compound"}), every | {"compound"}, every - {"risk"}):
            self.statement(facts)
        if self._criteria is not None:
            self._risk_hits((), {})


def _see(rows: DeclarationRows, values: Mapping[int, int | None], look: Look) -> None:
    """Ask what risk knows of the items, and put it into their rows."""
    asked: list[list[int | None]] = []
    for row in rows.items:
        if row[1] == len(asked):
            asked.append([])
        asked[-1].append(values[row[0]])
    answers = look(asked)
    if [len(each) for each in answers] != [len(each) for each in asked]:
        raise AssertionError(
            f"look at risk: expected a row for each item of {len(asked)} declarations ({len(rows.items)} items), got "
            f"{sum(len(each) for each in answers)} rows of {len(answers)}"
        )
    seen = (one for each in answers for one in each)
    rows.items[:] = [(*row[:_SIGHT_AT], *one) for row, one in zip(rows.items, seen, strict=True)]


def item_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the pipeline's steps for the items' own figures: the lines are remembered, the findings those of items."""
    own = [
        Step(step.name, step.package, step.columns, file="remembered_lines") if step.name == "relieved_lines" else step
        for step in steps[:-1]
        if step.name == "relieved_lines" or step.name not in _PATTERN_STEPS
    ]
    return (*own, Step("item_findings", steps[-1].package, steps[-1].columns))


def _kind(kind: str, items: Sequence[Row], memory: Memory) -> list[Row]:
    answers = memory.answers(map(memory.pattern, items))
    return [
        (kind, row[1], row[0], ref, None, None) for row, refs in zip(items, answers, strict=True) for (ref,) in refs
    ]
