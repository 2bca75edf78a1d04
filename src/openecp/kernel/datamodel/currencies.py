# SPDX-License-Identifier: Apache-2.0
"""Currencies in use, and how many decimals each has.

Source: ISO 4217, list of current currencies and column minor unit; without funds, metals and test codes.
"""

from __future__ import annotations

from functools import lru_cache

_NONE = {
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
}
_THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
    "KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ANG CUC HRK SLL ZWL"
)
CURRENCIES = frozenset(_TWO.split()) | _THREE | (_NONE - {"UYI"})


@lru_cache(maxsize=1_000)
def exponent(currency: str) -> int:
    """Return how many decimals a currency has."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def amount_text(minor: int, currency: str) -> str:
    """Return minor units as decimal text with the currency's decimals."""
    places = exponent(currency)
    if places == 2 and type(minor) is int and minor >= 0:
        return f"{minor // 100}.{minor % 100:02d}"
    if not places:
        return str(minor)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).zfill(places + 1)
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def micro_text(micro: int, currency: str) -> str:
    """Return millionths as decimal text: the currency's decimals, or as many as are needed."""
    places = exponent(currency)
    if places == 2 and type(micro) is int and micro >= 0 and not micro % 10_000:
        return f"{micro // 1_000_000}.{micro // 10_000 % 100:02d}"
    sign, digits = "-" if micro < 0 else "", str(abs(micro)).zfill(7)
    whole, fraction = digits[:-6], digits[-6:]
    kept = fraction[:places] + fraction[places:].rstrip("0")
    return f"{sign}{whole}.{kept}" if kept else f"{sign}{whole}"


@lru_cache(maxsize=10_000)
def rate_text(rate_e8: int) -> str:
    """Return a share in 1/100,000,000 as decimal text, `0.20`."""
    whole, fraction = divmod(rate_e8, 100_000_000)
    kept = f"{fraction:08d}"
    return f"{whole}.{kept[:2]}{kept[2:].rstrip('0')}"
