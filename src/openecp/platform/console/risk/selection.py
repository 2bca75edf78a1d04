# SPDX-License-Identifier: Apache-2.0
"""Why this one: everything that speaks about the selection of a declaration, in one place.

The reasons are those that the assessment kept. The lists are compared when the page is opened, as they stand then.
"""

from __future__ import annotations

from collections.abc import Iterator

from litestar import get
from litestar.exceptions import NotFoundException

from openecp.border.risk.watchlist.hits import HitRefused
from openecp.border.risk.watchlist.party import Party
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.console.opened import open_case
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.risk.desk import PartyHits
from openecp.platform.console.risk.frame import RiskFrame

RANDOM = "risk.random"
_LANES = ("red", "yellow", "blue", "green")


@get("/risk/cases/{case_id:str}")
@in_thread
def show_selection(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """Why a declaration was chosen: criteria with their instructions, the draw, hits of lists, models."""
    kf = RiskFrame(request, console, visitor)
    opened = open_case(console.queries, case_id, kf.principal)
    if opened is None or opened.row.room != "lodgement":
        raise NotFoundException
    view = opened.view(kf.principal)
    parties = list(parties_of(opened.declaration)) if opened.declaration is not None else []
    found: list[PartyHits] | None = []
    erased = ""
    try:
        found = kf.desk.compared(parties) if parties else []
    except HitRefused as refused:
        erased = refused.where
    models, choice = kf.desk.registry()
    return kf.page(
        "selection.html",
        view=view,
        criteria=[reason for reason in view.channel_reasons if reason.rule != RANDOM],
        draws=[reason for reason in view.channel_reasons if reason.rule == RANDOM],
        version_of=version_of,
        parties=parties,
        compared=found,
        erased=erased,
        lists=[one for one, _ in kf.desk.lists()],
        choice=choice,
        champion=next((one for one in models if one.status == "champion"), None),
        declared=opened.declaration is not None,
    )


def version_of(reason: Reason) -> str:
    """Return the version of a criterion, as its rule names it."""
    return reason.rule.rpartition(".")[2] if reason.rule.startswith("risk.") else ""


def parties_of(declaration: Declaration) -> Iterator[tuple[str, Party]]:
    """Return the parties that a declaration names, each with its part in it, each name once."""
    shipment = declaration.goods_shipment
    named = [
        ("importer", shipment.importer if shipment else None),
        ("exporter", declaration.exporter),
        ("declarant", declaration.declarant),
        ("consignee", shipment.consignee if shipment else None),
        ("seller", shipment.seller if shipment else None),
        ("buyer", shipment.buyer if shipment else None),
    ]
    seen = set()
    for role, one in named:
        if one is None or not one.name or one.name in seen:
            continue
        seen.add(one.name)
        where = one.address
        told = [where.line, where.postcode_id, where.city_name] if where is not None else []
        yield role, Party(name=one.name, address=" ".join(part for part in told if part))
