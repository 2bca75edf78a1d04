# SPDX-License-Identifier: Apache-2.0
"""Words for the register's codes and sentences for its grounds, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from babel.dates import format_date

from openecp.platform.console.language import N_, Language
from openecp.programme.action_plan.shipped import RegisterError, code_names
from openecp.programme.action_plan.views import AssessmentView, Thresholds

COLOURS = ("red", "amber", "green", "grey")  # the order in which a reader looks
LIFECYCLES = (
    "proposed",
    "planned",
    "in_progress",
    "delivered",
    "endorsed",
    "closed",
    "suspended",
    "cancelled",
    "merged",
    "carried_over",
)
TIMEFRAMES = ("date", "continuous", "annual", "sessions", "unstated")

EVENTS: dict[str, str] = {
    "ActionAdded": N_("Action added to the plan"),
    "ActionRevised": N_("Text of the action changed"),
    "ActionWithdrawn": N_("Action withdrawn from the plan"),
    "ActionRestored": N_("Action restored"),
    "ResponsibilityChanged": N_("Responsibility changed"),
    "TimeframeChanged": N_("Timeframe changed"),
    "StatusReported": N_("Progress reported"),
    "StatusOverridden": N_("Status overridden"),
    "EvidenceAdded": N_("Evidence added"),
    "EvidenceVerified": N_("Evidence verified"),
    "EvidenceBound": N_("Indicator bound"),
    "MeasurementFrozen": N_("Measurement frozen"),
    "MilestoneSet": N_("Milestone set"),
    "MilestoneReached": N_("Milestone reached"),
    "DeliverableStaged": N_("Stage of a deliverable"),
    "InstrumentNamed": N_("Deliverable named"),
    "LineageAsserted": N_("Lineage stated"),
    "DependencyAsserted": N_("Dependency stated"),
    "PlanImported": N_("Plan imported"),
    "PlanVersionAdded": N_("Version of the plan added"),
    "PlanStatusChanged": N_("Status of the plan changed"),
    "ThresholdsSet": N_("Thresholds set"),
    "ReportIssued": N_("Report issued"),
    "ActionProposed": N_("Action proposed"),
    "ProposalDecided": N_("Proposal decided"),
    "SessionHeld": N_("Session announced"),
    "DecisionRecorded": N_("Decision recorded"),
}

FIELDS: dict[str, str] = {
    "section": N_("Section"),
    "titles": N_("Short title"),
    "title": N_("Title"),
    "title_as_written": N_("Title as written"),
    "language_as_written": N_("Language"),
    "nature": N_("Nature"),
    "responsible": N_("Responsible bodies"),
    "responsibilities": N_("Bodies"),
    "responsible_as_written": N_("Bodies as written"),
    "responsible_open_ended": N_("Open to further bodies"),
    "work_programmes": N_("Work programmes"),
    "work_programmes_as_written": N_("Work programmes as written"),
    "timeframe": N_("Timeframe"),
    "timeframe_as_written": N_("Timeframe as written"),
    "beyond_plan": N_("Due after the plan's end"),
    "lifecycle": N_("Progress"),
    "evidence": N_("Evidence"),
    "override": N_("Override"),
    "status": N_("Status"),
    "milestone": N_("Milestone"),
    "stage": N_("Stage"),
    "period": N_("Period"),
    "sections": N_("Sections"),
    "footnote": N_("Footnote"),
    "phase": N_("Phase"),
    "number": N_("Number"),
}


def name_of(kind: str, code: str | None, language: Language) -> str:
    """Return the name of a code of the register; a code that nobody named is shown with its underscores opened."""
    if not code:
        return ""
    try:
        words = code_names(kind).get(code)
    except RegisterError:
        words = None
    if words is None:
        return code.replace("_", " ")
    return words.fr if language.code == "fr" else words.en


def capital(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def day_of(text: str | None, language: Language, form: str = "long") -> str:
    """Return a day or month as people of this language write it; what is neither stays as it is."""
    if not text:
        return ""
    try:
        if len(text) == 7:
            written: str = format_date(date.fromisoformat(f"{text}-01"), "MMMM y", locale=language.locale)
        else:
            pattern = {"long": "d MMMM y", "short": "d MMM y"}[form]
            written = format_date(date.fromisoformat(text[:10]), pattern, locale=language.locale)
            if language.code == "fr" and written.startswith("1 "):
                written = f"1er{written[1:]}"  # the first of a month is an ordinal
    except ValueError:
        return text
    return written


def days_text(count: int, language: Language) -> str:
    """Return a number of days in words."""
    return language.translations.ngettext("%(num)s day", "%(num)s days", count) % {"num": language.number(count)}


def days_after(day: str, count: int) -> str:
    """Return the day so many days after another."""
    return (date.fromisoformat(day) + timedelta(days=count)).isoformat()


def days_between(first: str, last: str) -> int:
    """Return the days from one day to another."""
    return (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days


SENTENCES: dict[str, str] = {
    "delivered": N_("Done since %(delivered_on)s."),
    "not_running": N_("Not running since %(since)s: %(lifecycle)s."),
    "overdue": N_("Was due on %(due)s, %(days)s ago, and is not reported as delivered."),
    "due_soon": N_("Due on %(due)s, in %(days)s: fewer than %(due_soon_days)s are left, and it is not delivered."),
    "silent": N_("No update since %(last_update)s: %(days)s, more than the %(silent_days)s allowed."),
    "on_course": N_("Due on %(due)s, last update on %(last_update)s."),
    "evidence_in_period": N_("Evidence of %(last_evidence)s, within the last %(period_days)s."),
    "one_period_without": N_("Last evidence of %(last_evidence)s, %(days)s ago: one reporting period without."),
    "one_period_without/first_update": N_(
        "Reported on since %(first_update)s, %(days)s ago, and no evidence yet: one reporting period without."
    ),
    "two_periods_without": N_("Last evidence of %(last_evidence)s, %(days)s ago: two reporting periods without."),
    "two_periods_without/first_update": N_(
        "Reported on since %(first_update)s, %(days)s ago, and no evidence yet: two reporting periods without."
    ),
    "edition_this_year": N_("There is an edition of this year: evidence of %(last_evidence)s."),
    "edition_last_year": N_("The last edition is of the year before: evidence of %(last_evidence)s."),
    "edition_missing": N_("The last edition is of %(last_evidence)s; those since are missing."),
    "edition_missing/first_update": N_("Reported on since %(first_update)s, and no edition yet."),
    "reported_each_session": N_("A report was filed for each session held: %(sessions)s of %(sessions)s."),
    "session_without_report": N_("A report was filed for %(reported)s of %(sessions)s sessions held."),
    "no_session_held": N_("No session of that body is on record yet."),
    "no_data": N_("Nobody has reported anything yet."),
    "no_timeframe": N_("The plan states no timeframe."),
}


def why(assessment: AssessmentView, thresholds: Thresholds, language: Language) -> str:
    """Return the ground of a colour as a sentence with its figures."""
    facts = assessment.facts
    key: str = assessment.ground
    if "first_update" in facts and f"{key}/first_update" in SENTENCES:
        key = f"{key}/first_update"
    values: dict[str, str] = {
        "due_soon_days": days_text(thresholds.due_soon_days, language),
        "silent_days": days_text(thresholds.silent_days, language),
        "period_days": days_text(thresholds.period_days, language),
    }
    for name, value in facts.items():
        if isinstance(value, int):
            values[name] = days_text(value, language) if name == "days" else language.number(value)
        elif name == "lifecycle":
            values[name] = name_of("lifecycle", value, language)
        else:
            values[name] = day_of(value, language)
    sentence = SENTENCES.get(key)
    try:
        return language.text(sentence, **values) if sentence else capital(name_of("ground", key, language))
    except KeyError:  # a ground without its figures is still a ground
        return capital(name_of("ground", assessment.ground, language)) + "."


def person(actor: str, text: Callable[[str], str]) -> str:
    """Return who did something as people read it."""
    kind, _, who = actor.partition(":")
    return text(N_("the system")) if kind == "system" else who or actor
