# SPDX-License-Identifier: Apache-2.0
"""Which column of a table holds what, by its heading in English or French, in whatever order the columns stand.

Raises: PlanFault where a column that every plan has is missing, or stands twice.
"""

from __future__ import annotations

import re

from openecp.programme.action_plan.importing.fold import squeeze
from openecp.programme.action_plan.importing.source import PlanFault, SourceRow

REQUIRED = {  # column: what is said where it is missing
    "number": "No. (N°)",
    "title": "Action",
    "body": "Responsible body (Organe responsable)",
    "programme": "Related work programme (Programme de travail)",
    "time": "Timeframe (Échéance)",
}
_WORDS = r"(?:body|bodies|part(?:y|ies)|agenc(?:y|ies)|organi[sz]ations?|entit(?:y|ies)|institutions?|unit)"
_ADJECTIVES = r"(?:connexes?|associés?|pertinents?|liés?|correspondants?|concernés?)"
_NAMES = {
    "number": r"(?:action)?(?:n[o°º]?\.?|n\.o|#|nr\.?|numbers?|num\.?)|items?|numéros?(?:del'action|d'action)?|id",
    "title": r"actions?|activit(?:y|ies)|measures?|titles?|tasks?|actiontitle"
    r"|mesures?|activités?|intitulés?|titres?|tâches?",
    "body": rf"responsib(?:le|ility){_WORDS}?|lead{_WORDS}?|owners?|responsables?|chefdefile|pilotes?"
    r"|(?:organes?|organismes?|entités?|institutions?|services?|structures?|parties?)responsables?",
    "programme": r"(?:related|relevant)?(?:work(?:ing)?)?(?:programmes?|programs?|plans?)"
    r"(?:(?:/|or|and)(?:action)?plans?)?"
    rf"|(?:programmes?|plans?)(?:detravail)?{_ADJECTIVES}?(?:(?:/|ou|et)plans?d'action)?{_ADJECTIVES}?",
    "time": r"time(?:frame|line|limit)s?|deadlines?|due(?:date)?|targetdates?|when|[ée]chéances?|[ée]cheances?|délais?"
    r"|calendriers?|datelimite|datesbutoirs?",
    "section": r"sections?|pillars?|piliers?|rubriques?|axes?"
    r"|chapters?|chapitres?|themes?|thèmes?|components?|composantes?",
    "reference": r"(?:strategic)?references?|strategiccodes?|références?(?:stratégiques?)?|codesstratégiques?",
    "supporting": r"support(?:ing)?(?:body|bodies)?|supportedby|organesd'appui|appui|soutien",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _NAMES.items()}
_PLURAL = re.compile(r"\((?:s|e|es|ies)\)|\*+|[.:]+$")
_LIKE_A_HEADER = 3

Columns = dict[str, int]


def columns_of(row: SourceRow) -> Columns | None:
    """Return the columns that a header row names, or None where a row is no header."""
    found: Columns = {}
    for position, cell in enumerate(row.cells):
        name = squeeze(cell)
        kind = _kind(name)
        if kind is None:
            continue
        if kind in found and kind in REQUIRED:
            if kind == "programme":
                continue
            return None
        found.setdefault(kind, position)
    if "number" not in found and "title" in found and found["title"] > 0 and not row.cells[0].strip():
        found["number"] = 0  # the heading of the numbers is often left empty
    return found if sum(kind in REQUIRED for kind in found) >= _LIKE_A_HEADER else None


def missing(columns: Columns) -> list[str]:
    """Return the columns of a plan that a header does not name."""
    return [said for kind, said in REQUIRED.items() if kind not in columns]


def need(columns: Columns, row: SourceRow, name: str) -> None:
    """Require every column of a plan. Raises: PlanFault that names those that are missing."""
    if lacking := missing(columns):
        got = ", ".join(repr(" ".join(cell.split())) for cell in row.cells if cell.strip())
        raise PlanFault(
            f"{name}: the table lacks {'a column' if len(lacking) == 1 else 'columns'}: {', '.join(lacking)}",
            where=row.place,
            wanted=", ".join(REQUIRED.values()),
            got=got,
            fix="Add the column, empty where nothing is stated, or correct its heading.",
        )


def _kind(name: str) -> str | None:
    for form in (name, _PLURAL.sub("", name)):
        for kind, pattern in _PATTERNS.items():
            if form and pattern.fullmatch(form):
                return kind
    return None
