# SPDX-License-Identifier: Apache-2.0
"""The words of a report in one language, and how its figures are written."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from openecp.border.time_release.events import ACTIVITIES
from openecp.border.time_release.study import HOUR_US

_THIN = "\u202f"
_NAMES = {activity.code: activity for activity in ACTIVITIES}
_SEGMENTS_FR = {
    "office": "bureau",
    "channel": "circuit",
    "mode": "mode de transport",
    "direction": "sens",
    "agency": "autorité",
    "operator": "opérateur",
    "data_set": "jeu de données",
    "means": "moyen de transport",
    "aeo": "OEA",
    "regime": "régime",
    "origin": "origine",
    "pre_arrival": "dépôt avant l'arrivée",
}
_SEGMENTS_EN = {"aeo": "AEO", "pre_arrival": "lodged before arrival"}
_MONTHS_FR = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Wording:
    """Writes texts and figures in one language."""

    def __init__(self, language: str, k: int = 5, labels: dict[str, str] | None = None) -> None:
        self.language = language
        self.k = k
        self._labels = labels or {}
        self._texts = _texts(language)

    def say(self, key: str, **values: object) -> str:
        """Return the text of a key such as `p.summary_1` with its values filled in."""
        found: Any = self._texts
        for part in key.split("."):
            found = found[part]
        text = str(found)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text.replace(" %", "\u00a0%").replace(" h ", "\u00a0h ") if self.language == "fr" else text

    def days(self) -> tuple[str, ...]:
        """Return the names of weekdays, Monday first."""
        return tuple(self._texts["day"]["names"])

    def count(self, n: int) -> str:
        """Return a count with its thousands apart."""
        text = f"{n:,}"
        return text.replace(",", _THIN) if self.language == "fr" else text

    def hidden(self) -> str:
        """Return the sign of what is not shown."""
        return str(self._texts["hidden"])

    def figure(self, value: float | None, places: int = 1) -> str:
        """Return a figure with so many decimals; a dash where there is none."""
        if value is None:
            return self.hidden()
        rounded = round(value, places) or 0.0
        text = f"{rounded:,.{places}f}"
        if self.language == "fr":
            text = text.replace(",", _THIN).replace(".", ",")
        return text.replace("-", "\u2212")

    def hours(self, us: float | None) -> str:
        """Return a time in hours: two decimals below ten hours, one below 1,000, else none."""
        if us is None:
            return self.hidden()
        hours = us / HOUR_US
        return self.figure(hours, 2 if abs(hours) < 10 else 1 if abs(hours) < 1000 else 0)

    def between(self, ends: tuple[float, float] | None) -> str:
        """Return an interval of times in hours."""
        if ends is None:
            return self.hidden()
        return f"{self.hours(ends[0])} – {self.hours(ends[1])}"

    def percent(self, part: float, whole: float) -> str:
        """Return a share in percent."""
        return self.hidden() if not whole else self.figure(100 * part / whole)

    def day(self, iso: str) -> str:
        """Return a day in words."""
        one = date.fromisoformat(iso)
        if self.language == "fr":
            return f"{'1er' if one.day == 1 else one.day} {_MONTHS_FR[one.month - 1]} {one.year}"
        return f"{one.day} {_MONTHS_EN[one.month - 1]} {one.year}"

    def activity(self, code: str) -> str:
        """Return an activity's name; a log's own is its name already."""
        known = _NAMES.get(code)
        if known is None:
            return code
        return known.title_fr if self.language == "fr" else known.title_en

    def owner(self, owner: str) -> str:
        """Return an owner's name, an agency with its code."""
        kind, _, code = owner.partition(":")
        name = str(self._texts["owner"].get(kind, kind))
        return f"{name} {code}" if code else name

    def segment(self, name: str) -> str:
        """Return a segment's name."""
        if self.language == "fr":
            return _SEGMENTS_FR.get(name, name)
        return _SEGMENTS_EN.get(name, name.replace("_", " "))

    def value(self, label: str, segment: str = "") -> str:
        """Return a segment's value in words: as the definition names it, else as the language does."""
        if not label:
            return str(self._texts["not_stated"])
        known = self._labels.get(label)
        if known is not None:
            return f"{known} {label}"
        return str(self._texts["value"].get(segment, {}).get(label, label))


@cache
def _texts(language: str) -> dict[str, Any]:
    data = (files("openecp.border.time_release.report") / "texts" / f"{language}.toml").read_bytes()
    found = msgspec.toml.decode(data)
    assert isinstance(found, dict)
    return found
