# SPDX-License-Identifier: Apache-2.0
"""What synthetic traffic is made of: goods that can be declared without fault, and traders, brokers and offices.

Read from the demo profile's tables, so that a new measure or requirement there needs no change here.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from openecp.kernel.profile import Profile, load_profile

# Chapters that Customs always stops or that need a retail price: kept out of bulk traffic.
_LEFT_OUT = ("24", "93")
_REMEDY_ORIGINS = ("QP", "QT")  # trade remedies ask for an exporter's code
ORIGINS = ("CN", "US", "FR", "NO", "TR", "BR", "JP", "MA", "QM", "QS", "BD", "GB")
ACCOUNT_WITHOUT_LIMIT = 10**14


class Goods(NamedTuple):
    """One code of the tariff as it is declared: what comes in a crate of it."""

    code: str
    text: str
    unit: str  # of the tariff, empty for kilograms alone
    import_documents: tuple[str, ...]
    export_documents: tuple[str, ...]
    vat_code: str  # the code that claims a lower VAT rate, where there is one
    preferences: tuple[tuple[str, str], ...]  # origin and preference code


class Catalogue(NamedTuple):
    """All that a declaration of synthetic traffic chooses from."""

    goods: tuple[Goods, ...]
    parcel_goods: tuple[Goods, ...]
    importers: tuple[str, ...]  # with a deferment account that covers much
    exporters: tuple[str, ...]
    simplified: tuple[str, ...]  # holders of the authorisation for simplified declarations
    accounts: dict[str, str]  # party: deferment account
    agents: dict[str, tuple[tuple[str, str], ...]]  # principal: agents without end date, and the kind
    post: str
    places: tuple[tuple[str, str, str], ...]  # office, goods location, mode of transport


@cache
def catalogue(profile_name: str = "demo") -> Catalogue:
    """Return the catalogue of a profile."""
    profile = load_profile(profile_name)
    parties = [row for row in profile.table("parties") if not row["valid_to"]]
    accounts = {
        row["holder"]: row["number"]
        for row in profile.table("accounts")
        if row["kind"] == "deferment" and int(row["limit_minor"]) >= ACCOUNT_WITHOUT_LIMIT
    }
    agents: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in profile.table("representations"):
        if not row["valid_to"] and row["kind"] in ("direct", "indirect"):
            agents[row["principal"]] = (*agents.get(row["principal"], ()), (row["agent"], row["kind"]))
    goods = tuple(_goods(profile))
    post = next(row["identifier"] for row in parties if "post" in row["kinds"].split("|"))
    kinds = [row for row in profile.table("authorisations") if row["category"] == "SMP" and not row["valid_to"]]
    return Catalogue(
        goods=goods,
        parcel_goods=tuple(g for g in goods if not g.import_documents and g.code[:2] in _PARCELS),
        importers=tuple(sorted(p for p in accounts if p != post)),
        exporters=tuple(row["identifier"] for row in parties if "exporter" in row["kinds"].split("|")),
        simplified=tuple(sorted({row["holder"] for row in kinds} & set(accounts))),
        accounts=accounts,
        agents=agents,
        post=post,
        places=tuple(_places(profile)),
    )


_PARCELS = ("33", "42", "49", "61", "62", "64", "65", "66", "82", "84", "85", "90", "91", "95", "96")


def _goods(profile: Profile) -> list[Goods]:
    wanted = [row for row in profile.table("document_requirements") if not row["origin"]]
    found = []
    for row in profile.table("nomenclature"):
        code = row["goods_code"]
        if row["valid_to"] or row["movement"] not in ("", "both") or code.startswith(_LEFT_OUT):
            continue
        measures = [m for m in profile.table("measures") if m["goods_code"] and code.startswith(m["goods_code"])]
        vat = [m["additional_code"] for m in measures if m["tax_type"] == "V10" and m["additional_code"]]
        preferences = {
            (m["origin"], m["preference"])
            for m in measures
            if m["origin"] and m["preference"] and not m["order_number"] and m["origin"] not in _REMEDY_ORIGINS
        }
        documents = {
            movement: tuple(
                dict.fromkeys(
                    w["documents"].split("|")[0]
                    for w in wanted
                    if w["movement"] == movement and code.startswith(w["goods_code"])
                )
            )
            for movement in ("import", "export")
        }
        found.append(
            Goods(
                code=code,
                text=row["description_en"],
                unit=row["unit"],
                import_documents=documents["import"],
                export_documents=documents["export"],
                vat_code=vat[0] if vat else "",
                preferences=tuple(sorted(preferences)),
            )
        )
    return found


def _places(profile: Profile) -> list[tuple[str, str, str]]:
    modes = {"Port": "1", "Haven": "1", "Airport": "4", "road": "3", "rail": "2"}
    found = []
    for row in profile.table("offices"):
        mode = next((m for word, m in modes.items() if word in row["name_en"]), None)
        if mode is not None and not row["valid_to"]:
            found += [(row["office"], place, mode) for place in row["locations"].split("|") if place]
    return found
