# SPDX-License-Identifier: Apache-2.0
"""What the administration calls its offices, taxes and procedures, in the reader's language."""

from __future__ import annotations

from openecp.kernel.profile.profile import Profile


class Names:
    """Names by code; a code that the profile does not name is shown as it is."""

    def __init__(self, profile: Profile | None) -> None:
        self.currency = profile.currency if profile else ""
        self._offices = _by_code(profile, "offices", "office")
        self._taxes = _by_code(profile, "tax_types", "tax_type")
        self._procedures = _by_code(profile, "procedures", "procedure")
        self._payments = _by_code(profile, "payment_methods", "code")
        self.administration = str(profile.setting("title_en", default=profile.name)) if profile else ""
        self._titles = {
            code: str(profile.setting(f"title_{code}", default="")) if profile else "" for code in ("en", "fr")
        }

    def title(self, language: str) -> str:
        """The administration's name."""
        return self._titles.get(language) or self.administration

    def office(self, code: str | None, language: str) -> str:
        """The office's name."""
        return _name(self._offices, code, language)

    def offices(self, language: str) -> list[tuple[str, str]]:
        """Every office, by code."""
        return [(code, _name(self._offices, code, language)) for code in sorted(self._offices)]

    def tax(self, code: str, language: str) -> str:
        """The tax type's name."""
        return _name(self._taxes, code, language)

    def procedure(self, code: str, language: str) -> str:
        """The procedure's name, from its four digits."""
        return _name(self._procedures, code.replace(" ", ""), language)

    def payment(self, code: str | None, language: str) -> str:
        """The method of payment's name."""
        return _name(self._payments, code, language)

    def time_zone(self, office: str | None) -> str:
        """The office's time zone, UTC where it has none."""
        row = self._offices.get(office or "", {})
        return row.get("time_zone") or next(
            (r["time_zone"] for r in self._offices.values() if r.get("time_zone")), "UTC"
        )


def _by_code(profile: Profile | None, table: str, column: str) -> dict[str, dict[str, str]]:
    rows = profile.table(table) if profile else []
    return {row[column]: row for row in rows if row.get(column)}


def _name(rows: dict[str, dict[str, str]], code: str | None, language: str) -> str:
    row = rows.get(code or "", {})
    for column in (f"name_{language}", f"title_{language}", "name_en", "title_en"):
        if row.get(column):
            return row[column]
    return ""
