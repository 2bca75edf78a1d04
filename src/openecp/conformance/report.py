# SPDX-License-Identifier: Apache-2.0
"""Writes docs/conformance.md: how this software agrees with the published cases, and each case that does not agree."""

from __future__ import annotations

from collections.abc import Sequence

from openecp.conformance.compare import OTHER_RUN, UNEXPLAINED, CaseResult, Finding, Kind, tally
from openecp.conformance.scenarios import Scenario
from openecp.platform.wire.elements_report import ElementReport

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("reading", "declarations read without loss"),
    ("verdict", "verdicts"),
    ("pointer", "errors at their place"),
    ("tax", "tax lines, to the penny"),
    ("notification", "notifications as a set"),
    ("order", "causal order"),
)


def write_report(
    scenarios: Sequence[Scenario], results: Sequence[CaseResult], elements: ElementReport | None, command: str
) -> str:
    """Return the report as Markdown; the same inputs give the same text."""
    parts = [
        "# Conformance\n",
        "Published cases of another administration's trade tests, played through this software. Nothing of them is in "
        "this repository; the tables hold names, codes and figures only. Regenerate with:\n",
        f"```\n{command}\n```\n",
        "`agrees`: the same. `open`: the inputs do not determine it, with the reason. `differs`: not the same; the "
        "reason is `unexplained` unless a rule over the data gives one. `outside`: a reply of another run.\n",
        _summary(results),
        _how(),
        _cases(results),
        _differences(results),
        _unread(scenarios),
    ]
    if elements is not None:
        parts.append(elements_section(elements))
    return "\n".join(parts).rstrip() + "\n"


def _summary(results: Sequence[CaseResult]) -> str:
    rows = ["## Summary\n", "| compared | agrees | open | differs | outside |", "|---|---:|---:|---:|---:|"]
    for kind, title in _KINDS:
        counts = tally(results, kind)
        rows.append(f"| {title} | {counts['agrees']} | {counts['open']} | {counts['differs']} | {counts['outside']} |")
    return "\n".join(rows) + "\n"


def _how() -> str:
    return (
        "## How cases are played\n\n"
        "A declaration or request is lodged as published, on the day of its first reply. What happens outside such "
        "messages is played where a movement message or a reply shows it: goods arrive or leave, an officer ends a "
        "control or grants a request, the waiting time before release runs out. Replies join by local reference "
        "number; a folder whose replies name another number is compared with its longest run and marked `other run`. "
        "Tax lines are compared as a multiset by item and type: base and assessed amount. Codes of 2018 (`DMS…`) and "
        "of today (`CDS…`) are compared by their digits, places without the number 1.\n"
    )


def _cases(results: Sequence[CaseResult]) -> str:
    rows = [
        "## Cases\n",
        "| case | data set | outcome | replies | verdict | places | tax lines | notifications |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        replies = ("own run" if result.own_run else "other run") if result.day else "none here"
        cells = [_cell(result.of(kind)) for kind in ("verdict", "pointer", "tax", "notification")]
        rows.append(
            f"| {result.scenario}{_which(result, results)} | {result.data_set or ''} | {result.outcome} | {replies} | "
            + " | ".join(cells)
            + " |"
        )
    return "\n".join(rows) + "\n"


def _which(result: CaseResult, results: Sequence[CaseResult]) -> str:
    same = [each for each in results if each.scenario == result.scenario]
    return f" ({same.index(result) + 1})" if len(same) > 1 else ""


def _cell(findings: Sequence[Finding]) -> str:
    compared = [finding for finding in findings if finding.status != "outside"]
    if not compared:
        return ""
    counts = [(status, sum(f.status == status for f in compared)) for status in ("agrees", "open", "differs")]
    if len(compared) == 1:
        return compared[0].status
    return ", ".join(f"{count} {status}" for status, count in counts if count)


def _differences(results: Sequence[CaseResult]) -> str:
    rows = [
        "## Every case that does not agree\n",
        "| case | compared | published | here | status | reason |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        for finding in result.findings:
            if finding.status == "agrees" and finding.reason in ("", OTHER_RUN):
                continue  # the table above says `other run`
            rows.append(
                f"| {result.scenario} | {_plain(finding.what)} | {_plain(finding.published)} | {_plain(finding.here)} "
                f"| {finding.status} | {_plain(finding.reason)} |"
            )
    unexplained = sum(UNEXPLAINED in f.reason for r in results for f in r.findings)
    rows.append(f"\nUnexplained: {unexplained}.\n")
    return "\n".join(rows)


def _unread(scenarios: Sequence[Scenario]) -> str:
    rows = ["## Files that are no declaration and no reply\n", "| case | file | why |", "|---|---|---|"]
    for scenario in scenarios:
        rows += [
            f"| {scenario.name} | {_plain(each.file)} | {each.code}: {_plain(each.text)} |" for each in scenario.unread
        ]
    repaired = sum(len(scenario.repaired) for scenario in scenarios)
    rows.append(f"\nReplies read after text behind their last element was cut off: {repaired}.\n")
    return "\n".join(rows)


def elements_section(report: ElementReport) -> str:
    """Return which element paths messages hold and which of them the model knows."""
    known = sum(row.known for row in report.rows)
    rows = [
        "## Elements\n",
        f"{report.files} messages hold {len(report.rows)} distinct element paths; the model knows {known}.\n",
    ]
    if report.unknown:
        rows += ["| path that the model does not know | occurrences | files |", "|---|---:|---:|"]
        rows += [f"| {_plain(row.path)} | {row.occurrences} | {row.files} |" for row in report.unknown]
    return "\n".join(rows) + "\n"


def elements_text(report: ElementReport) -> str:
    """Return every element path as a line of text: known or not, WCO path, how often."""
    lines = []
    for row in report.rows:
        known_text = "known  " if row.known else "UNKNOWN"
        lines.append(f"{known_text}  {row.occurrences:>6}  {row.files:>4}  {row.wco_path or '-':<40}  {row.path}")
    known = sum(row.known for row in report.rows)
    lines.append(f"{len(report.rows)} paths in {report.files} messages, {known} known to the model")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
