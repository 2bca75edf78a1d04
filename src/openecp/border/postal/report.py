# SPDX-License-Identifier: Apache-2.0
"""What can be told of an item before it is sent: identifier, form, faults, demands of its destination."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from openecp.border.postal.check import item_faults, posting_date, shuts_out
from openecp.border.postal.compliance import Compliance, IsVague, Requirement, judge
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.form import FormAnswer, SdrRates, form_for
from openecp.border.postal.item import PostalItem
from openecp.border.postal.s10 import S10, item_key, reuse_warning, s10_faults


class ItemReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be told of one item; `usable` says whether it can be taken at all."""

    item: str  # key
    usable: bool
    identifier: S10 | None
    form: FormAnswer
    faults: tuple[PostalFault, ...]
    compliance: Compliance
    compliant: bool
    vague: tuple[str, ...]  # places of descriptions that say nothing


def report_of(
    item: PostalItem,
    rules: Iterable[Requirement],
    rates: SdrRates,
    is_vague: IsVague,
    *,
    others: Sequence[date] = (),
    where: str = "",
) -> ItemReport:
    """Return what can be told of an item; `others` are further posting dates of its identifier."""
    faults = list(item_faults(item, where))
    on = posting_date(item)
    warning = reuse_warning(item.s10, on, others) if on is not None else None
    if warning is not None:
        faults.append(warning)
    compliance = judge(item, rules)
    return ItemReport(
        item=item_key(item.s10, item.posted_on),
        usable=not any(shuts_out(fault) for fault in faults),
        identifier=s10_faults(item.s10)[0],
        form=form_for(item, rates),
        faults=tuple(faults),
        compliance=compliance,
        compliant=compliance.compliant,
        vague=tuple(
            f"pieces[{number}].description"
            for number, piece in enumerate(item.pieces)
            if piece.description is None or is_vague(piece.description)
        ),
    )


def reports_of(
    items: Sequence[PostalItem], rules: Sequence[Requirement], rates: SdrRates, is_vague: IsVague
) -> list[ItemReport]:
    """Return a report of each item of a file; an identifier that the file uses twice is looked at, too."""
    days: dict[str, list[date]] = {}
    for item in items:
        on = posting_date(item)
        if on is not None:
            days.setdefault(item.s10, []).append(on)
    return [
        report_of(item, rules, rates, is_vague, others=days.get(item.s10, ()), where=f"items[{number}]")
        for number, item in enumerate(items)
    ]
