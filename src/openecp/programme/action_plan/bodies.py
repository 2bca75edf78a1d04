# SPDX-License-Identifier: Apache-2.0
"""The bodies and work programmes that ship with the package: codes, names in both languages, aliases, hierarchy."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from openecp.programme.action_plan.shipped import body_names, work_programme_names
from openecp.programme.action_plan.views import BodyView, WorkProgrammeView

PLACEHOLDER_KINDS = frozenset({"placeholder", "unspecified"})


@cache
def shipped_bodies() -> tuple[BodyView, ...]:
    """Return the bodies that ship."""
    names = body_names()
    return tuple(
        BodyView(
            code=row["code"],
            names=_names(names, row["code"]),
            aliases=tuple(alias for alias in row["aliases"].split("|") if alias),
            kind=row["kind"],
            parent=row["parent"] or None,
            placeholder=row["kind"] in PLACEHOLDER_KINDS,
        )
        for row in _rows("bodies.csv")
    )


@cache
def shipped_work_programmes() -> tuple[WorkProgrammeView, ...]:
    """Return the work programmes that ship."""
    names = work_programme_names()
    return tuple(
        WorkProgrammeView(
            code=row["code"],
            names=_names(names, row["code"]),
            aliases=tuple(alias for alias in row["aliases"].split("|") if alias),
            owner=row["owner"] or None,
        )
        for row in _rows("work_programmes.csv")
    )


@cache
def shipped_bindings() -> tuple[dict[str, str], ...]:
    """Return which stored query shows evidence for which action: rows of `data/bindings.csv`."""
    return tuple(_rows("bindings.csv"))


@cache
def iati_codes() -> dict[str, str]:
    """Return the IATI activity status of each lifecycle that has one: rows of `data/iati_status.csv`.

    Source: IATI standard 2.03, code list ActivityStatus.
    """
    return {row["lifecycle"]: row["code"] for row in _rows("iati_status.csv")}


def _names(names: object, code: str) -> dict[str, str]:
    words = names.get(code) if isinstance(names, dict) else None
    return {"en": words.en, "fr": words.fr} if words is not None else {}


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("openecp.programme.action_plan") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
