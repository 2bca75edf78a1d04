# SPDX-License-Identifier: Apache-2.0
"""Wires the parcels' door: what clears them in the core, words and postal forms for the web."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openecp.bootstrap_clearing import law_of, quality_sql
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.model import Jurisdiction
from openecp.border.postal.check import item_faults, shuts_out
from openecp.border.postal.faults import PostalFault, PostalRefused
from openecp.border.postal.parcels import parcel_of
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.datamodel.parcel_check import ParcelFault
from openecp.kernel.datamodel.parcel_rows import TYPED_COLUMNS
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.profile import Profile
from openecp.platform.api.parcel_bodies import POSTAL
from openecp.platform.core.ids import Randomness
from openecp.platform.core.parcel_clearing import Few, ParcelClearing
from openecp.platform.core.parceldesk import ParcelDesk
from openecp.platform.core.parcelwork import ParcelCasework
from openecp.platform.core.postbook import PostalMedia, read_item_file
from openecp.platform.core.settings import Settings
from openecp.platform.wire import Unreadable


def own_jurisdiction(profile: Profile, files: Sequence[str]) -> str:
    """Return the jurisdiction of a profile where it has regimes; else nothing, and requests must name one."""
    named = [profile.setting(section, "jurisdiction") for section in ("low_value", "postal")]
    named.append(profile.setting("country"))
    return next((str(name) for name in named if name in files), "")


def regime_files(regimes: str | None = None) -> dict[str, Jurisdiction]:
    """Return the regimes by jurisdiction.

    Raises: RegimeFault.
    """
    return {file.jurisdiction: file for file in load_regimes(Path(regimes) if regimes else None)}


def parcel_clearing(
    store: Any, profile: Profile, law: dict[str, Any] | None = None, *, clock: Callable[[], str] = utc_now
) -> ParcelClearing:
    """Return what clears single parcels, by regimes and rates of `law`; nothing is read until it is asked for."""
    named = law or {}
    from openecp.platform.engines.duck_door import DuckDoorEngine
    from openecp.platform.engines.parcel_goods import goods_rows
    from openecp.platform.engines.row_door import RowDoorEngine

    zone = ZoneInfo(str(profile.setting("time_zone", default="UTC")))

    def today() -> date:
        return datetime.fromisoformat(clock().replace("Z", "+00:00")).astimezone(zone).date()

    return ParcelClearing(
        jurisdictions=sorted(regime_files(named.get("regimes"))),
        law_of=lambda name: law_of(name, **named),
        engine=DuckDoorEngine,
        quality=quality_sql,
        goods_rows=goods_rows,
        store=store,
        today=today,
        salt=Randomness().salt,
        few=Few(RowDoorEngine, quality_of_rows),
    )


def quality_of_rows(on: date) -> Callable[[Sequence[Sequence[Any]]], list[tuple[int, str, bool]]]:
    """Return what finds the codes of quality of typed rows on a day, one by one: what the step finds in all of them."""
    from openecp.border.data_quality.columns import QUALITY_INPUT, QualityInput
    from openecp.border.data_quality.flags import ACTIONS
    from openecp.border.data_quality.score import QualityScorer

    scorer, names = QualityScorer(on), [name for name, _ in QUALITY_INPUT]
    places = {name: place for place, (name, _) in enumerate(TYPED_COLUMNS)}
    cells, row_id = itemgetter(*(places[name] for name in names)), places["row_id"]

    def found(rows: Sequence[Sequence[Any]]) -> list[tuple[int, str, bool]]:
        told = []
        for row in rows:
            codes = scorer.codes(QualityInput(**dict(zip(names, cells(row), strict=True))))
            if codes:
                held = any(ACTIONS[code] == "hold" for code in codes)
                told += [(row[row_id], code, held) for code in codes]
        return told

    return found


def parcel_desk(store: Any, clearing: ParcelClearing, settings: Settings, own: str = "") -> ParcelDesk:
    """Return where parcels of the door are cleared and recorded; each run of it is a source of its own.

    `own` is the jurisdiction that is made ready before the first parcel.
    """
    return ParcelDesk(
        clearer=clearing,
        store=store,
        source=Randomness().uuid7().replace("-", ""),
        patience_s=settings.write_patience_s,
        warm=lambda: clearing.warm(own) if own else None,
    )


def parcel_casework(store: Any, clearing: ParcelClearing) -> ParcelCasework:
    """Return where acts on parcels are decided."""
    return ParcelCasework(store, clearing)


_forms: dict[str, PostalMedia] = dict(zip(POSTAL, ("json", "xml", "csv"), strict=True))


class PostalDoor:
    """Postal items (CN22, CN23) in the binding of border/postal, read as parcels."""

    media_types: tuple[str, ...] = POSTAL

    def read(self, body: bytes, media: str) -> tuple[list[Parcel], list[tuple[int, ParcelFault]]]:
        """Return the parcels of postal items, and with its number from 0 each fault of one that cannot be taken.

        Raises: Unreadable where there is no item in it.
        """
        try:
            reading = read_item_file(body, _forms[media])
        except PostalRefused as refused:
            raise _unreadable(refused.faults[0]) from None
        if not reading.items:
            raise _unreadable(reading.faults[0] if reading.faults else None)
        faults = [(_number(fault), _fault(fault)) for fault in reading.faults if fault.severity == "fault"]
        for number, item in enumerate(reading.items):
            faults += [(number, _fault(fault)) for fault in item_faults(item) if shuts_out(fault)]
        return [parcel_of(item) for item in reading.items], faults


def _number(fault: PostalFault) -> int:
    """Return the number from 0 of the item that a fault is about: `items[2].pieces[0]`, `/PostalItem[3]/…`."""
    place = re.match(r"(?:items)?\[(\d+)\]|/PostalItem\[(\d+)\]", fault.where)
    if place is None:
        return 0
    return int(place[1]) if place[1] else int(place[2]) - 1


def _fault(fault: PostalFault) -> ParcelFault:
    return ParcelFault(
        item=0, column=fault.where, code=fault.code, expected=fault.expected, got=fault.got, fix=fault.fix
    )


def _unreadable(fault: PostalFault | None) -> Unreadable:
    if fault is None:
        return Unreadable("OECP-POSTAL-EMPTY", "There are no items.", expected="a postal item", got="none")
    return Unreadable(
        fault.code, fault.message, line=fault.line, json_pointer=fault.where, expected=fault.expected, got=fault.got,
        fix=fault.fix,
    )  # fmt: skip
