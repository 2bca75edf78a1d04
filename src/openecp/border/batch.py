# SPDX-License-Identifier: Apache-2.0
"""Assesses millions of items from Parquet to Parquet with the steps of the online path.

Input: item rows in the columns of ITEM_COLUMNS, with charges and overrides where there are any, and faults that are
found outside the steps (registers, formats). A file may lack the office and what risk knows of items
(SIGHT_COLUMNS): they are '' and 0 then. Output: one row an item, with the outcome and channel of its declaration,
values, tax lines, reasons and totals.

Limits: what a row does not hold is not known here: texts of reasons are the codes of the profile; payment methods are
not among the columns, so that `payable` of a tax that is postponed is the amount, not 0.
Why: one rule, one step; only what `findings` unions for the online path is joined here in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import sqlglot
from sqlglot import exp

from openecp.border import decision
from openecp.border.batch_lanes import ground_sql, stage_lanes
from openecp.border.batch_lines import lines_statement, slots_of
from openecp.border.explain import RELATIONS
from openecp.border.narrow import EXCHANGE, fits_exchange, narrow_charges, narrow_value
from openecp.border.pattern_split import once_a_pattern, without
from openecp.border.pipeline import STEPS, Assessor
from openecp.border.risk.lanes.plan import lane_plan
from openecp.border.risk.reference import LANES, random_thresholds
from openecp.border.valuation import reference as valuation
from openecp.kernel.assessment.engine import Engine, Schema
from openecp.kernel.assessment.steps import Composer, Facts, Macro, Step
from openecp.kernel.datamodel.columns import CHARGE_COLUMNS, ITEM_COLUMNS, OVERRIDE_COLUMNS, RELATION_FACTS
from openecp.kernel.datamodel.sight_columns import SIGHT_COLUMNS
from openecp.kernel.profile import ProfileError

_LODGEMENT, _TARIFF = "openecp.border.lodgement", "openecp.border.tariff"
_REVENUE, _RISK = "openecp.border.revenue", "openecp.border.risk"
OUTSIDE_COLUMNS: Schema = (("declaration_no", "INTEGER"), ("code", "VARCHAR"), ("rejects", "BOOLEAN"))
_REASONS = "STRUCT(kind VARCHAR, code VARCHAR, ref VARCHAR)[]"
_TAXES = "STRUCT(type VARCHAR, base BIGINT, amount BIGINT, assessed BIGINT, payable BIGINT, measure BIGINT)[]"
ANSWER_COLUMNS: Schema = (
    ("row_id", "BIGINT"),
    ("declaration_no", "INTEGER"),
    ("item", "INTEGER"),
    ("data_set", "VARCHAR"),
    ("outcome", "VARCHAR"),
    ("channel", "VARCHAR"),
    ("customs_value_minor", "BIGINT"),
    ("statistical_value_minor", "BIGINT"),
    ("taxes", _TAXES),
    ("assessed_minor", "BIGINT"),
    ("payable_minor", "BIGINT"),
    ("secured_minor", "BIGINT"),
    ("reasons", _REASONS),
    ("officer_reasons", _REASONS),
    ("at_random", "BOOLEAN"),
    ("ground", "VARCHAR"),  # of the lane, where a plan of selection rules; else ''
)


class BatchEngine(Engine, Protocol):
    """An engine that also reads and writes Parquet files that the caller names."""

    def scan(
        self, name: str, schema: Schema, files: Sequence[Path], lacking: Mapping[str, str] = MappingProxyType({})
    ) -> int:
        """Make files an input table under `name` and return its rows; without files it is empty.

        `lacking`: columns that the files may lack, with SQL of what then stands for them.
        """

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table that later statements read under `name`."""

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as numpy arrays."""

    def hold(self, name: str, columns: Mapping[str, Any]) -> None:
        """Make a table of numpy arrays that later statements read under `name`."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement and return its rows."""

    def write(self, statement: str, file: Path) -> int:
        """Run a statement into a Parquet file and return how many rows it wrote."""


@dataclass(frozen=True)
class BatchForm(Step):
    """A step of the online path, run over a table of patterns instead of the items, or with more item columns."""

    over: Mapping[str, str] | None = None
    more: Sequence[str] = ()

    @cached_property
    def text(self) -> str:
        """The SQL as written, reading the patterns."""
        return self._over(super().text)

    @cached_property
    def text_without(self) -> str:
        """The SQL for batches without the fact, reading the patterns."""
        return self._over(super().text_without)

    def _over(self, text: str) -> str:
        if not self.over and not self.more:
            return text
        tree = sqlglot.parse_one("\n".join(x for x in text.splitlines() if x[:2] != "--"), read="duckdb")
        for table in tree.find_all(exp.Table):
            if self.over and table.name in self.over:
                table.set("this", exp.to_identifier(self.over[table.name]))
        if isinstance(tree, exp.Select):
            known = {table.alias_or_name for table in tree.find_all(exp.Table)}
            more = [exp.to_column(name) for name in self.more if name.split(".")[0] in known]
            tree.set("expressions", [*tree.expressions, *more])
        return tree.sql(dialect="duckdb")


_CASE = (("declaration_no", "INTEGER"), ("row_id", "BIGINT"))
_FAULT = (*_CASE, ("kind", "VARCHAR"), ("code", "VARCHAR"), ("ref", "VARCHAR"), ("rejects", "BOOLEAN"))
_OVERRIDE = (("taxes", _TAXES), ("assessed_minor", "BIGINT"), ("payable_minor", "BIGINT"))
_OVER = {  # steps that a batch runs once a pattern, not once an item
    "missing_elements": {"items": "obligation_patterns"},
    "item_rates": {"exchange_rates": "batch_rates"},
    "charge_sums": {"exchange_rates": "batch_rates"},
    "measures_applied": {"item_values": "selection_patterns"},
    "charge_lines": {"item_values": "selection_patterns"},
    "relieved_lines": {"items": "selection_patterns"},
}
_MORE = {  # what the answer and the patterns need besides
    "item_rates": ("i.item", "i.data_set", "i.additional_procedures", "x.small_rate"),
}
BATCH_STEPS: tuple[Step, ...] = (
    Step("obligation_patterns", _LODGEMENT, (*_CASE, ("data_set", "VARCHAR"), ("present_1", "BIGINT"))),
    Step("law_dates", _TARIFF, (("on_date", "DATE"), ("law_date", "DATE"), ("risk_date", "DATE"))),
    Step("selection_patterns", _TARIFF, (*_CASE, ("tariff_key", "VARCHAR"), ("on_date", "DATE"))),
    Step("risk_patterns", _RISK, (*_CASE, ("goods_code", "VARCHAR"), ("on_date", "DATE"))),
    *(
        BatchForm(s.name, s.package, s.columns, s.optional, over=_OVER.get(s.name), more=_MORE.get(s.name, ()))
        for s in STEPS
    ),
    Step("line_slots", _REVENUE, (*_CASE, ("tie", "INTEGER"), ("ad_valorem", "BOOLEAN"), ("typed", "BOOLEAN"))),
    Step("batch_overrides", _REVENUE, (("row_id", "BIGINT"), *_OVERRIDE)),
    Step("batch_faults", _RISK, (*_FAULT, ("lane", "INTEGER"))),
    Step("batch_verdicts", _RISK, (("declaration_no", "INTEGER"), ("rejected", "BOOLEAN"), ("lane", "INTEGER"))),
    Step("lane_subjects", _RISK, (("declaration_no", "INTEGER"), ("office", "BIGINT"), ("trusted", "BOOLEAN"))),
    Step("lane_hits", _RISK, (("declaration_no", "INTEGER"), ("ref", "BIGINT"))),
    Step("told_faults", _RISK, (*_FAULT, ("lane", "INTEGER"))),
    Step("batch_reasons", _RISK, (("row_id", "BIGINT"), ("reasons", _REASONS), ("officer_reasons", _REASONS))),
    Step("batch_answers", _RISK, tuple(ANSWER_COLUMNS)),
)
_SIGHT = tuple(name for name, _ in SIGHT_COLUMNS)
_OWN = ("customs_value_minor", "net_e6", "draw", *_SIGHT)  # what risk criteria compare of an item that is no pattern's
LACKING = {"office": "''", **dict.fromkeys(_SIGHT, "CAST(0 AS BIGINT)")}  # files of items need not have them
# Tables that are made once, in this order; what is not named here is a part of the statement that reads it.
_BEFORE = ("obligation_patterns", "missing_elements", "unknown_codes", "missing_requirements")
_LINES = ("law_dates", "selection_patterns", "line_slots", "risk_patterns", "risk_pattern_hits")
_AFTER = ("risk_hits", "batch_faults", "batch_verdicts", "lane_subjects", "batch_reasons")


class BatchFiles(NamedTuple):
    """What a batch reads."""

    items: Sequence[Path]
    charges: Sequence[Path] = ()
    overrides: Sequence[Path] = ()
    outside_faults: Sequence[Path] = ()


class BatchAssessor(Assessor):
    """Assesses Parquet files of item rows under one profile and its measures.

    Where the profile has a plan of selection, `lanes` chooses by the counters that it has frozen, as of its day; the
    rows' draws are those that an assessor with the same plan and secret gives (`Assessor.rows`).
    """

    def assess_files(self, files: BatchFiles, answers: Path) -> int:
        """Assess the items of `files` into one Parquet file and return how many there were.

        Raises: ValueError where a file lacks a column, ProfileError where a plan of selection rules and nothing was
            given that chooses by it, AssertionError where rows out differ from rows in.
        """
        if self._lanes is None and lane_plan(self.profile):
            raise ProfileError(
                f"{self.profile.folder / 'selection_plan.csv'}: expected what chooses lanes by this plan, got none; "
                "give BatchAssessor the chooser (lanes=…) with the counters that it shall choose by"
            )
        engine: Any = self._engine
        items = engine.scan("items", ITEM_COLUMNS, files.items, LACKING)
        charges = engine.scan("charges", CHARGE_COLUMNS, files.charges)
        overrides = engine.scan("overrides", OVERRIDE_COLUMNS, files.overrides)
        engine.scan("outside_faults", OUTSIDE_COLUMNS, files.outside_faults)
        facts = self._batch_facts(charges=bool(charges), overrides=bool(overrides))
        for name in (*_BEFORE, *_LINES):
            engine.stage(name, self._stage(name, facts))
        slots, masks = slots_of(engine)
        of_a_line = ("duty_lines", "excise_lines", "tax_lines")
        steps, plain = ([self._bodies(f)[name] for name in of_a_line] for f in (facts, facts - {"compound"}))
        parts = [f"{name} AS ({sql})" for name, sql in self._parts("item_values", facts)]
        carried = [name for name in self._criteria_rules.seen() if name in _SIGHT]
        lines = lines_statement(steps, plain, slots, masks, self._named, carried)
        engine.stage("batch_lines", f"WITH {', '.join(parts)}, {lines}")
        for name in _AFTER:
            if name != "lane_subjects":
                engine.stage(name, self._stage(name, facts))
            elif self._lanes is not None:
                stage_lanes(engine, lambda of: self._stage(of, facts), self._lanes, self._criteria)
        written = engine.write(self._stage("batch_answers", facts), answers)
        if written != items:
            raise AssertionError(f"batch of {items} items answered for {written}: a reference table doubles rows")
        return int(written)

    def _bodies(self, facts: Facts) -> dict[str, exp.Expression]:
        """Return the steps, expanded for these facts."""
        if facts not in self._expanded:
            made = {step.name: self._composer.body(step, facts) for step in self._composer.steps}
            once, hits = once_a_pattern(made.pop("risk_hits"), "risk_patterns", "risk_pattern_hits", _OWN)
            if "charges" in facts:
                made["charge_sums"] = narrow_charges(made["charge_sums"])
            made["item_values"] = narrow_value(made["item_values"], "i.small_rate")
            if "overrides" not in facts:
                made["batch_answers"] = without(made["batch_answers"], "batch_overrides")
            if self._lanes is None:
                made["batch_answers"] = without(made["batch_answers"], "lane_choices")
            self._expanded[facts] = {"risk_pattern_hits": once, "risk_hits": hits, **made}
        return self._expanded[facts]

    def _batch_facts(self, *, charges: bool, overrides: bool) -> Facts:
        facts = {"compound", "excise", "requirements", "foreign", "reliefs"} | self._constant_facts
        facts |= {"charges"} if charges else set()
        facts |= {"overrides"} if overrides else set()
        return frozenset(facts if self._complete_tariff else facts | {"expected"})

    def _stage(self, final: str, facts: Facts) -> str:
        """Return the statement of one table; tables made before it are read, not computed again."""
        *parts, (_, last) = self._parts(final, facts)
        named = ", ".join(f"{name} AS ({sql})" for name, sql in parts)
        return f"WITH {named} {last}" if named else last

    def _parts(self, final: str, facts: Facts) -> list[tuple[str, str]]:
        """Return the steps that a table needs and that are no tables yet, in order, as (name, SQL)."""
        bodies = self._bodies(facts)
        done = {*_BEFORE, *_LINES, "batch_lines", *_AFTER} - {final}
        needed, waiting = set[str](), [final]
        while waiting:
            name = waiting.pop()
            if name in bodies and name not in needed and name not in done:
                needed.add(name)
                waiting.extend(table.name for table in bodies[name].find_all(exp.Table))
        return [(name, body.sql(dialect="duckdb")) for name, body in bodies.items() if name in needed]

    def _compose(
        self,
        steps: Sequence[Step] = BATCH_STEPS,
        macros: Mapping[str, Macro] = MappingProxyType({}),
        columns: Callable[[Facts], Sequence[str]] | None = None,
    ) -> Composer:
        self._expanded: dict[Facts, dict[str, exp.Expression]] = {}
        random = random_thresholds(self.profile)
        default = LANES.index(str(self.profile.setting("selection", "default", default="green")))
        drawn = " ".join(f"WHEN {{0}} < {below} THEN {lane}" for below, lane in random if below)
        names = " ".join(f"WHEN {lane} THEN '{name}'" for lane, name in enumerate(LANES))
        codes = self._fault_codes()
        more: dict[str, Macro] = {
            "named_importer": lambda x, facts: self._named("importer", x[0]),
            "named_declarant": lambda x, facts: self._named("declarant", x[0]),
            "named_description": lambda x, facts: self._named("description", x[0]),
            "named_office": lambda x, facts: self._named("office", x[0]),
            "random_lane": lambda x, facts: f"CASE {drawn.format(x[0])} ELSE 0 END" if drawn else "0",
            "ground_name": lambda x, facts: ground_sql(x[0]),
            "default_lane": lambda x, facts: str(default),
            "channel_name": lambda x, facts: f"CASE GREATEST({x[0]}, {default}) {names} END",
            "rate_code": lambda x, facts: f"'{codes['exchange_rate']}'",
            "quantity_code": lambda x, facts: f"'{codes['quantity']}'",
            "rate_rejects": lambda x, facts: "TRUE" if self._complete_tariff else "FALSE",
        }
        return super()._compose(steps, {**more, **macros}, columns)

    def _named(self, column: str, sql: str) -> str:
        """Return SQL for what risk criteria can tell of a party or description: nothing where none names it.

        A condition beside the criteria may read all of it.
        """
        if column in self._criteria_rules.columns:
            return sql
        cells = {row.get(column) or "" for row in self.profile.table("risk_criteria")} - {""}
        literals = sorted("'" + cell.replace("'", "''") + "'" for cell in cells)
        if column != "description":
            return f"CASE WHEN {sql} IN ({', '.join(literals)}) THEN {sql} ELSE '' END" if literals else "''"
        words = [
            f"CASE WHEN CONTAINS({sql}, LOWER({word})) THEN LOWER({word}) || '\x1f' ELSE '' END" for word in literals
        ]
        return " || ".join(words) or "''"

    def _fault_codes(self) -> dict[str, str]:
        prefix = str(self.profile.settings.get("error_prefix", "OECP"))
        codes = {"exchange_rate": f"{prefix}-EXCHANGE-RATE", "quantity": f"{prefix}-QUANTITY"}
        codes["goods_code"] = f"{prefix}-TARIFF-CODE"
        rows = {row["rule"]: row["error_code"] for row in reversed(self.profile.table("relations"))}
        return {rule: rows.get(rule, code) for rule, code in codes.items()}

    def _load(self) -> list[dict[str, str]]:
        sources = super()._load()
        load, o = self._engine.load, self._obligations
        rates = [(*row, row[1] if fits_exchange(row[1]) else None) for row in valuation.exchange_rates(self.profile)]
        columns = (*valuation.RATE_COLUMNS, ("small_rate", EXCHANGE))
        load("batch_rates", columns, rates, ("currency", "valid_from"))
        load("obligation_texts", _TEXT, [(n, row["error_code"]) for n, row in enumerate(o.rows)], ("ref",))
        load("requirement_texts", _TEXT, [(n, row["error_code"]) for n, row in enumerate(sources, 1)], ("ref",))
        criteria = self.profile.table("risk_criteria")
        told = [
            (n, r["criterion"], f"risk.{r['criterion']}.{r.get('version') or '1'}") for n, r in enumerate(criteria, 1)
        ]
        load("risk_texts", (*_TEXT, ("rule", "VARCHAR")), told, ("ref",))
        coded = [
            (str(n), data_set, "code_list", row["error_code"], row.get("severity") != "warn")
            for n, row in enumerate(o.coded_rows)
            for data_set in (row.get("data_set") or "").split("|")
        ]
        coded.append(("T", "", "tariff", self._fault_codes()["goods_code"], True))
        load("coded_texts", _CODED_TEXT, coded, ("coded", "data_set"))
        load("relation_texts", _RELATION_TEXT, self._relation_texts())
        measures = [
            (n, m.tax_type, m.duty is not None and m.duty.ad_valorem is not None, m.duty is not None)
            for n, m in self._measures.items()
        ]
        measures += [(-n, code, False, False) for n, code in enumerate(self._types, 1)]
        load("measure_texts", _MEASURE_TEXT, measures, ("measure_id",))
        load("rateless_measures", _RATELESS, self._rateless, ("measure_id", "valid_from"))
        return sources

    def _relation_texts(self) -> list[tuple[Any, ...]]:
        enabled = decision.enabled_relations(self.profile)
        texts: list[tuple[Any, ...]] = []
        for position, rule in enumerate(RELATION_FACTS):
            if not enabled >> position & 1:
                continue
            rows = [row for row in self.profile.table("relations") if row["rule"] == rule]
            given = [(row["error_code"], row["severity"] != "warn") for row in rows]
            for code, rejects in given or [(f"OECP-{rule.upper().replace('_', '-')}", True)]:
                if rule in RELATIONS or rule == "format":
                    texts.append((1 << position, rule, code, rejects))
        return texts


_TEXT: Schema = (("ref", "BIGINT"), ("code", "VARCHAR"))
_CODED_TEXT: Schema = (
    ("coded", "VARCHAR"),
    ("data_set", "VARCHAR"),
    ("kind", "VARCHAR"),
    ("code", "VARCHAR"),
    ("rejects", "BOOLEAN"),
)
_RELATION_TEXT: Schema = (("bit", "BIGINT"), ("rule", "VARCHAR"), ("code", "VARCHAR"), ("rejects", "BOOLEAN"))
_RATELESS: Schema = (("measure_id", "BIGINT"), ("valid_from", "DATE"), ("valid_to", "DATE"))
_MEASURE_TEXT: Schema = (
    ("measure_id", "BIGINT"),
    ("tax_type", "VARCHAR"),
    ("ad_valorem", "BOOLEAN"),
    ("typed", "BOOLEAN"),
)
