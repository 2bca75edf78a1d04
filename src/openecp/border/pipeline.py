# SPDX-License-Identifier: Apache-2.0
"""The pipeline: which steps make a decision, in which order. The only file that imports several capabilities.

`STEPS` is the architecture of an assessment, read from top to bottom: what was declared is complete, is coded, agrees
with itself and with the tariff; what it is worth; what is due; how it is controlled; what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

from openecp.border import decision
from openecp.border.explain import Explainer
from openecp.border.lodgement import data_sets as data_set_rules
from openecp.border.lodgement import obligations as obligation_rules
from openecp.border.lodgement.authority import authority_of
from openecp.border.online import ALL_COLUMNS, OnlineFindings
from openecp.border.revenue import reference as revenue
from openecp.border.revenue.base_sql import value_with_duties_sql, with_excise_sql
from openecp.border.risk import reference as risk
from openecp.border.risk.lanes.online import LaneChooser, criteria_of
from openecp.border.tariff import reference as tariff
from openecp.border.tariff.amount_sql import duty_amount_sql
from openecp.border.tariff.measures import Measure
from openecp.border.tariff.prepare import Shape
from openecp.border.valuation import reference as valuation
from openecp.kernel.assessment.engine import Engine
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.assessment.sight import LooksAtRisk
from openecp.kernel.assessment.steps import Composer, Facts, Macro, Step, rounded
from openecp.kernel.datamodel import columns as rows_of
from openecp.kernel.datamodel import declared
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile

_LODGEMENT, _TARIFF = "openecp.border.lodgement", "openecp.border.tariff"
_VALUATION, _REVENUE, _RISK = "openecp.border.valuation", "openecp.border.revenue", "openecp.border.risk"


def _adds(text: str) -> tuple[tuple[str, str], ...]:
    """Return declared columns, written as `name TYPE, name TYPE`."""
    return tuple((name, kind) for name, kind in re.findall(r"(\w+) (\w+(?:\([^)]*\))?)(?:, |$)", text))


_CASE = "declaration_no INTEGER, row_id BIGINT, "
_LINE = _CASE + "measure_id BIGINT, tax_type VARCHAR, "

STEPS: tuple[Step, ...] = (
    # What was declared
    Step("missing_elements", _LODGEMENT, _adds(_CASE + "ref BIGINT")),
    Step("unknown_codes", _LODGEMENT, _adds(_CASE + "code VARCHAR")),
    Step("missing_requirements", _TARIFF, _adds(_CASE + "ref BIGINT"), optional="requirements"),
    # What it is worth
    Step("item_rates", _VALUATION, _adds(_CASE + "rate_to_minor DECIMAL(18, 12)"), optional="foreign"),
    Step("charge_sums", _VALUATION, _adds("row_id BIGINT, charges_minor DECIMAL(36, 12), rate_missing BOOLEAN")),
    Step(
        "item_values", _VALUATION, _adds(_CASE + "customs_value_minor BIGINT, value_open BOOLEAN"), optional="charges"
    ),
    # What is due
    Step("measures_applied", _TARIFF, _adds(_LINE + "stage INTEGER")),
    Step("charge_lines", _REVENUE, _adds(_LINE + "stage INTEGER"), optional="expected"),
    Step(
        "relieved_lines", _REVENUE, _adds(_LINE + "relief_id BIGINT, effect VARCHAR, kept INTEGER"), optional="reliefs"
    ),
    Step("duty_lines", _REVENUE, _adds(_LINE + "duty_minor BIGINT")),
    Step(
        "excise_lines",
        _REVENUE,
        _adds(_LINE + "duty_base_minor BIGINT, excise_minor BIGINT, later_base_minor BIGINT"),
        optional="excise",
    ),
    Step(
        "tax_lines",
        _REVENUE,
        _adds(_CASE + "base_minor BIGINT, amount_minor BIGINT, assessed_minor BIGINT, payable_minor BIGINT"),
    ),
    Step(
        "override_lines",
        _REVENUE,
        _adds(_CASE + "tax_type VARCHAR, assessed_minor BIGINT, payable_minor BIGINT"),
        optional="overrides",
    ),
    # How it is controlled, and what comes out
    Step("risk_hits", _RISK, _adds(_CASE + "ref BIGINT, lane INTEGER"), optional="risk"),
    Step("findings", _RISK, _adds("kind VARCHAR, " + _CASE + "ref BIGINT, text VARCHAR, a BIGINT, b BIGINT, c BIGINT")),
)


class Assessor:
    """Assesses declarations under one profile and its measures; one assessor serves one thread.

    `secret` seeds the random selection; `today` is asked only where a caller names no date.
    """

    def __init__(
        self,
        profile: Profile,
        engine: Engine,
        measures: Sequence[Measure] | None = None,
        *,
        secret: bytes = b"",
        today: Callable[[], date] = date.today,
        lanes: LaneChooser | None = None,
        looks: LooksAtRisk | None = None,
        criteria_engine: Engine | None = None,
    ) -> None:
        """Take the law and the engine.

        `lanes` chooses lanes where the profile has a plan of selection; `looks` says what risk knows of items;
        `criteria_engine` compares items with criteria, where another engine does it faster for few rows.
        """
        self._lanes, self._looks, self._criteria_engine = lanes, looks, criteria_engine
        self._criteria_rules = risk.criteria_rules(profile)
        self.profile, self._engine, self._today = profile, engine, today
        self._data_sets = data_set_rules.DataSets(profile)
        self._obligations = obligation_rules.compile_obligations(profile, self._data_sets.names)
        self._types = revenue.tax_types(profile)
        self._closed = profile.setting("nomenclature", default="open") == "closed"
        self._complete_tariff = bool(profile.setting("taxes", "complete_tariff", default=self._closed))
        if measures is None:
            path = profile.folder / "measures.csv"
            measures = tariff.load_measures(path.read_bytes(), str(path), profile) if path.exists() else ()
        self._tariff = tariff.prepare_tariff(profile, measures)
        self._measures = dict(enumerate(measures, start=1))
        self._composer = self._compose()
        sources = self._load()
        self._settings = self._row_settings(secret)
        self._decider = decision.Decider(
            profile,
            explainer=Explainer(
                profile,
                self._obligations.rows,
                self._obligations.coded_rows,
                self._obligations.format_rows,
                sources,
            ),
            types=self._types,
            measures=self._measures,
            units=tariff.profile_units(profile),
            complete_tariff=self._complete_tariff,
            rateless=self._rateless,
            authority=authority_of(profile),
            choose=partial(lanes.choose, criteria=self._criteria) if lanes is not None else None,
            told=looks.told if looks is not None else None,
            compared=self._criteria_rules.compared(profile.table("risk_criteria")),
        )
        self._statements: dict[tuple[Facts, str, str], str] = {}

    def assess(self, declarations: Sequence[Declaration], on: date | None = None) -> list[Assessment]:
        """Assess declarations as lodged `on` a day; the answers stand in their order.

        The law applied is that of the acceptance date that a supplementary declaration reports, else of `on`, else
        of the date of issue, else of today. Without `on` the age of an acceptance date is not judged.
        """
        if not declarations:
            return []
        rows, days = self.rows(declarations, on)
        look = partial(self._looks.look, declarations) if self._looks is not None else None
        found = self._online.findings(rows, self._facts(rows), look)
        return self._decider.decide(declarations, days, rows, found)

    @cached_property
    def _online(self) -> OnlineFindings:
        return OnlineFindings(
            self._engine,
            STEPS,
            self._compose,
            shape=self._tariff.shape,
            types=self._types,
            requiring=self._requiring,
            risk_keys=self._risk_keys,
            seen=self._criteria_rules.seen(),
            criteria=self._criteria_engine,
        )

    def findings(self, rows: rows_of.DeclarationRows) -> list[tuple[Any, ...]]:
        """Return the findings of a batch, as the step `findings` gives them."""
        return self._online.findings(rows, self._facts(rows))

    def rows(
        self, declarations: Sequence[Declaration], on: date | None = None
    ) -> tuple[rows_of.DeclarationRows, list[date]]:
        """Return the rows of declarations lodged `on` a day, and the date whose law applies to each declaration."""
        rows = rows_of.DeclarationRows(items=[], charges=[], overrides=[], format_faults=[])
        days: list[date] = []
        for number, declaration in enumerate(declarations):
            days.append(self._law_of(declaration, on))
            rows_of.add_rows(rows, declaration, number, days[-1], on, self._settings)
        return rows, days

    def warm(self) -> None:
        """Compose every form of every step, so that no batch waits for it."""
        self._online.warm(frozenset(step.optional for step in STEPS if step.optional))

    def statement(self, facts: Facts, final: str = "findings", dialect: str = "duckdb") -> str:
        """Return the composed statement for batches with these facts."""
        key = (facts, final, dialect)
        if key not in self._statements:
            wanted = facts | self._constant_facts
            self._statements[key] = self._composer.statement(final, facts=wanted, dialect=dialect)
        return self._statements[key]

    def _facts(self, rows: rows_of.DeclarationRows) -> Facts:
        """Return what a batch holds, so that it is not planned for what it does not."""
        facts = set()
        if rows.charges:
            facts.add("charges")
        if rows.overrides:
            facts.add("overrides")
        for row in rows.items:
            key = row[_AT["tariff_key"]]
            if key in self._keys.compound:
                facts.add("compound")
            if key in self._keys.excise:
                facts.add("excise")
            if key in self._requiring:
                facts.add("requirements")
            if row[_AT["value_currency"]] not in self._home:
                facts.add("foreign")
            if row[_AT["expected_taxes"]]:
                facts.add("expected")
                if not self._excise_types.isdisjoint(row[_AT["expected_taxes"]]):
                    facts.add("excise")
            if row[_AT["procedure"]].startswith(self._relief_procedures) or not self._relief_additional.isdisjoint(
                row[_AT["additional_procedures"]]
            ):
                facts.add("reliefs")
        return frozenset(facts)

    def _law_of(self, declaration: Declaration, on: date | None) -> date:
        accepted = declaration.acceptance_date_time
        if accepted is not None and self._data_sets.supplementary(declaration.type_code or ""):
            day = declared.day_of(accepted.value)
            if day is not None:
                return day
        if on is not None:
            return on
        issued = declaration.issue_date_time
        return (declared.day_of(issued.value) if issued else None) or self._today()

    def _compose(
        self,
        steps: Sequence[Step] = STEPS,
        macros: Mapping[str, Macro] = MappingProxyType({}),
        columns: Callable[[Facts], Sequence[str]] | None = None,
    ) -> Composer:
        mode = self.profile.setting("rounding", "mode", default="half_up")
        scale = valuation.national_rate_to_minor(self.profile)
        full = self._tariff.shape
        parts = revenue.used_parts(self._types)
        rules = self._criteria_rules
        every = (*ALL_COLUMNS, *rules.seen())
        may_be_open = not self._complete_tariff or bool(full.needs_human)

        def shape(facts: Facts) -> Shape:
            return full if "compound" in facts else tariff.PLAIN

        return Composer(
            steps,
            parameters={
                "national_rate_to_minor": f"CAST({scale} AS DECIMAL(18, 12))",
            },
            macros={
                "round_money": lambda x, facts: rounded(x[0], mode),
                "duty_amount": lambda x, facts: duty_amount_sql(x[0], shape(facts)),
                "value_with_duties": lambda x, facts: value_with_duties_sql(parts, may_be_open=may_be_open),
                "with_excise": lambda x, facts: with_excise_sql(x[0], may_be_open=may_be_open),
                "text_rule": lambda x, facts: rules.sql("text", x[0]),
                "amount_rule": lambda x, facts: rules.sql("amount", x[0]),
                "obligation_violated": lambda x, facts: obligation_rules.violated_sql(self._obligations.words),
                **macros,
            },
            column_groups={
                "item_columns": columns or (lambda facts: every),
                "quantity_columns": lambda facts: ["quantities_e6"] if "compound" in facts else [],
                "duty_columns": lambda facts: [name for name, _ in tariff.duty_columns(shape(facts))],
                "base_columns": lambda _: [f"on_{part}" for part in parts],
            },
            macro_facts=frozenset({"compound", "risk"}),
        )

    def _load(self) -> list[dict[str, str]]:
        load, shape = self._engine.load, self._tariff.shape
        o = self._obligations
        load("obligations", obligation_rules.OBLIGATION_COLUMNS, o.table, ("data_set", "obligation_id"))
        codes = tariff.nomenclature(self.profile)
        load("code_entries", obligation_rules.CODE_COLUMNS, [*o.code_table, *codes], ("code", "valid_from"))
        rates = valuation.exchange_rates(self.profile)
        load("exchange_rates", valuation.RATE_COLUMNS, rates, ("currency", "valid_from"))
        load(
            "charge_types",
            valuation.CHARGE_TYPE_COLUMNS,
            valuation.charge_types(self.profile),
            ("charge_type", "incoterm"),
        )
        parts = {
            t.code: (t.stage, t.group, t.parts, t.regime, t.movement, t.positive_base) for t in self._types.values()
        }
        measures = tariff.measure_rows(self._tariff, parts, _periods(rates, self.profile))
        self._rateless = tariff.rateless(shape, measures, self._measures)
        load("measures", tariff.measure_columns(shape), measures, ("tariff_key", "measure_id", "valid_from"))
        load("open_measures", tariff.measure_columns(shape), tariff.open_rows(shape, parts), ("tax_type",))
        needed, sources = tariff.requirements(self.profile, self._tariff)
        load("requirements", tariff.REQUIREMENT_COLUMNS, needed, ("requirement_id", "tariff_key"))
        self._requiring = frozenset(row[1] for row in needed)
        self._keys = tariff.Keys(self._tariff, {t.code: t.stage for t in self._types.values()})
        self._excise_types = frozenset(t.code for t in self._types.values() if t.stage == 2)
        self._home = frozenset(("", self.profile.currency))
        reliefs = revenue.reliefs(self.profile, self._types)
        load("reliefs", revenue.RELIEF_COLUMNS, reliefs, ("relief_id", "tax_type"))
        self._relief_procedures = tuple({row[2] for row in reliefs if row[2] and not row[3]})
        self._relief_additional = frozenset(row[3] for row in reliefs if row[3])
        criteria = risk.risk_criteria(self.profile, self._criteria_rules)
        if self._lanes is not None:
            names = [row["criterion"] for row in self.profile.table("risk_criteria")]
            criteria, self._criteria = criteria_of(criteria, risk.CRITERION_COLUMNS, names)
        load("risk_criteria", risk.CRITERION_COLUMNS, criteria, ("criterion_id",))
        if self._criteria_engine is not None:
            self._criteria_engine.load("risk_criteria", risk.CRITERION_COLUMNS, criteria, ("criterion_id",))
        self._constant_facts: Facts = frozenset({"risk"} if criteria else ())
        self._risk_keys = frozenset(row[1] for row in criteria)
        return sources

    def _row_settings(self, secret: bytes) -> rows_of.RowSettings:
        profile, o = self.profile, self._obligations
        draw, units = risk.Draw(secret), tariff.profile_units(profile)
        thresholds = risk.random_thresholds(profile)
        drawn = self._lanes is None and (bool(thresholds[-1][0]) or bool(profile.table("risk_criteria")))
        needs_fee = bool(profile.setting("taxes", "requires_declared_fee", default=False))
        pairs = frozenset(row["procedure"] for row in profile.table("procedures"))
        return rows_of.RowSettings(
            watch=o.watch,
            data_set=self._data_sets.derive,
            tariff_key=self._tariff.index.key,
            units={unit: _fraction(base) for unit in units if (base := units.base(unit)) is not None},
            pseudo=o.pseudo,
            pseudo_present=o.pseudo_present,
            pseudo_coded=o.pseudo_coded,
            regime=revenue.Regimes(profile),
            taxed=lambda data_set, fees: self._data_sets.taxed(data_set) and (fees or not needs_fee),
            expected_taxes=revenue.ExpectedTaxes(
                self._types,
                complete=self._complete_tariff,
                excise_prefix=str(profile.setting("taxes", "excise_prefix", default="")),
            ),
            codes_closed=self._closed,
            override_statement=str(profile.setting("taxes", "override_statement", default="")),
            national_currency=profile.currency,
            apportion_by=str(profile.setting("valuation", "apportion_by", default="value")),
            incoterms=frozenset(row["incoterm"] for row in profile.table("incoterms")),
            procedures=pairs,
            acceptance_days_back=decision.acceptance_days(profile),
            reports_acceptance=self._data_sets.supplementary,
            draw=self._lanes.row_draw if self._lanes else draw if drawn else (lambda declaration: risk.DRAWS - 1),
        )


_AT = {name: position for position, (name, _) in enumerate(rows_of.ITEM_COLUMNS)}


def _fraction(base: Any) -> tuple[str, int, int]:
    numerator, denominator = Decimal(base.factor).as_integer_ratio()
    return base.unit, numerator, denominator


def _periods(rates: Sequence[tuple[Any, ...]], profile: Profile) -> Mapping[str, Sequence[tuple[Decimal, date, date]]]:
    """Return each currency's dated rates in national currency for one unit."""
    scale = valuation.national_rate_to_minor(profile)
    found: dict[str, list[tuple[Decimal, date, date]]] = {}
    for currency, rate, first, last in rates:
        found.setdefault(currency, []).append((rate / scale, first, last))
    return found
