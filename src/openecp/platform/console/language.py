# SPDX-License-Identifier: Apache-2.0
"""The console's languages: catalogues read from `.po` files at start; dates, numbers and amounts as CLDR writes them.

English is the language of the sources; every other language has a complete catalogue (a test looks).
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_currency_precision

LOCALE_FOLDER = Path(__file__).parent / "locale"
CODES = ("en", "fr")
LANGUAGES_BY_NAME = {"en": "English", "fr": "Français"}
DEFAULT = "en"


def N_(message: str) -> str:  # noqa: N802 - the name that extractors of messages know
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return message


class Language:
    """One language of the console: translated texts and the forms of dates, numbers and amounts."""

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        self.code = code
        self.translations = translations
        self.locale = Locale.parse("en_GB" if code == "en" else code)
        self.colon = "\u00a0:" if code == "fr" else ":"

    def text(self, message: str, **values: object) -> str:
        """Return a message in this language, its `%(name)s` filled in."""
        translated = self.translations.gettext(message) if message else ""
        return translated % values if values else translated

    def number(self, value: int | str | Decimal) -> str:
        """Return a number with this language's separators."""
        return format_decimal(Decimal(value), locale=self.locale)

    def rate(self, percentage: str) -> str:
        """Return a rate with this language's decimal sign; what is no number stays as it is."""
        try:
            value = Decimal(percentage)
        except ArithmeticError:
            return percentage
        decimals = max(0, -int(value.as_tuple().exponent)) if value.is_finite() else 0
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return f"{format_decimal(value, format=pattern, locale=self.locale)} %" if decimals <= 9 else percentage

    def amount(self, minor: int | None, currency: str) -> str:
        """Return an amount of minor units with all its decimals, without the currency."""
        if minor is None:
            return "–"
        exponent = currency_exponent(currency)
        pattern = "#,##0" + ("." + "0" * exponent if exponent else "")
        return format_decimal(Decimal(minor).scaleb(-exponent), format=pattern, locale=self.locale)

    def moment(self, when: datetime, zone: str, *, seconds: bool = False) -> str:
        """Return date and time of day in a time zone."""
        pattern = "d MMM y, HH:mm:ss" if seconds else "d MMM y, HH:mm"
        return format_datetime(when, pattern, tzinfo=time_zone(zone), locale=self.locale)

    def clock(self, when: datetime, zone: str, *, seconds: bool = True) -> str:
        """Return the time of day in a time zone."""
        return format_datetime(when, "HH:mm:ss" if seconds else "HH:mm", tzinfo=time_zone(zone), locale=self.locale)

    def zone(self, name: str) -> str:
        """Return what a time zone is called: its place, or its difference from UTC where it is named by that."""
        if not name.startswith("Etc/") or name in ("Etc/UTC", "Etc/GMT"):
            return name.replace("_", " ")
        offset = datetime.now(time_zone(name)).strftime("%z")
        return f"UTC{offset[:3]}:{offset[3:]}"


def currency_exponent(currency: str) -> int:
    """Return how many decimals a currency has; two for one that CLDR does not know."""
    return get_currency_precision(currency) if currency else 2


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by name; UTC where the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment_of(text: str) -> datetime | None:
    """Return the moment that a UTC text of the journal names, None where it is no moment."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def load_languages(folder: Path = LOCALE_FOLDER) -> dict[str, Language]:
    """Read every catalogue; English needs none.

    Raises: OSError where a catalogue is missing.
    """
    languages = {DEFAULT: Language(DEFAULT, gettext.NullTranslations())}
    for code in CODES:
        if code == DEFAULT:
            continue
        catalogue = read_catalogue(code, folder)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        languages[code] = Language(code, gettext.GNUTranslations(compiled))
    return languages


def read_catalogue(code: str, folder: Path = LOCALE_FOLDER) -> Catalog:
    """Return the messages of a language: those of `console.po`, and of the other files beside it.

    Raises: OSError where there is no `console.po`.
    """
    first = folder / code / "LC_MESSAGES" / "console.po"
    with first.open("rb") as source:
        catalogue = read_po(source, locale=code)
    for path in sorted(first.parent.glob("*.po")):
        if path != first:
            with path.open("rb") as source:
                for message in read_po(source, locale=code):
                    if message.id:
                        catalogue[message.id] = message
    return catalogue


def preferred(accept_language: str, languages: Mapping[str, Language]) -> str:
    """Return the first language of an Accept-Language header that the console speaks, else the default."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, tag.split("-")[0].lower()))
    return next((code for weight, code in sorted(wanted, key=lambda w: w[0]) if weight and code in languages), DEFAULT)
