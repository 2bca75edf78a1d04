# SPDX-License-Identifier: Apache-2.0
"""The draw: a number for each consignment that nobody can foresee, buy anew or doubt afterwards.

HMAC-SHA256 under a secret of the day, over RFC 8785 bytes of what lodging again does not change: declarant, references
of the consignment, goods by subheading; never LRN, MRN, date, order of items. The hash of a day's secret stands in the
journal before the day begins; the secret is opened to auditors when it is no longer drawn with, and to nobody else.

A consignment keeps its draw over several days: on which day its secret changes is different for each consignment and
known to nobody outside, so that cancelling today and lodging tomorrow is as useless as lodging again at once.
Why: with a secret that changes for all at midnight, waiting one night would buy a new draw.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.declared import e4, e6
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem
from openecp.kernel.journal.canonical import canonical

DRAWS = 1_000_000_000
KEEPS_DAYS = 14  # days for which a consignment's draw stays, where the profile does not say
KEEPS_DAYS_MAX = 366
_TEXT_MAX = 70
_MASK = (1 << 64) - 1
_STEP, _SALT = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def consignment_bytes(declaration: Declaration) -> bytes:
    """Return the bytes that are drawn over: fields cannot run into each other, order and spelling are nothing.

    A declaration that names no reference is told from others by mass and price of its goods.
    """
    shipment = declaration.goods_shipment
    references: set[str] = set()
    goods: set[str] = set()
    if shipment is not None:
        items = shipment.government_agency_goods_item
        named = [*_references(shipment), *(text for item in items for text in _references(item))]
        references.update(map(_plain, named))
        references.discard("")
        goods.update(_goods(item, more=not references) for item in items)
    return canonical(
        {
            "declarant": _plain(declaration.declarant.id if declaration.declarant else ""),
            "goods": sorted(goods - {""}),
            "references": sorted(references),
        }
    )


def _references(holder: GoodsShipment | GovernmentAgencyGoodsItem) -> list[str | None]:
    found = [document.id for document in holder.previous_document]
    return found if holder.ucr is None else [*found, holder.ucr.id]  # not what the trader assigns as it likes


def _goods(item: GovernmentAgencyGoodsItem, *, more: bool) -> str:
    """Return an item's subheading; with `more` also its mass and price."""
    commodity = item.commodity
    if commodity is None:
        return ""
    code = next((_plain(c.id) for c in commodity.classification if c.id), "")[:6]
    if not more:
        return code
    measure, line = commodity.goods_measure, commodity.invoice_line
    mass = measure.net_net_weight_measure if measure else None
    price = line.item_charge_amount if line else None
    return f"{code} {e6(mass) or 0} {e4(price) or 0}"


def _plain(text: str | None) -> str:
    """Return a reference without blanks and marks, in capitals: what looks different only is the same."""
    kept = "".join(letter for letter in (text or "").upper() if letter.isalnum())
    return kept[:_TEXT_MAX].encode("utf-8", "replace").decode()


def day_secret(master: bytes, day: date) -> bytes:
    """Return the secret of one day; it tells nothing of the master, nor of another day's."""
    return hmac.new(master, b"openecp draw of the day " + day.isoformat().encode(), hashlib.sha256).digest()


def commitment(secret: bytes, day: date) -> str:
    """Return what stands in the journal before the day: the hash that only this day's secret has."""
    return hashlib.sha256(b"openecp draw commitment " + day.isoformat().encode() + b" " + secret).hexdigest()


def draw_of(secret: bytes, consignment: bytes) -> int:
    """Return the draw, 0 … 999,999,999, of a consignment under a day's secret."""
    return int.from_bytes(hmac.new(secret, consignment, hashlib.sha256).digest()[:8], "big") % DRAWS


class DailyDraw:
    """Draws declarations with the secrets of the days, one master secret behind them."""

    def __init__(self, master: bytes, *, today: Callable[[], date], keeps_days: int = KEEPS_DAYS) -> None:
        """Take the master secret, the administration's day, and for how many days a consignment keeps its draw."""
        if not 1 <= keeps_days <= KEEPS_DAYS_MAX:
            raise ValueError(f"draw_keeps_days: expected 1 to {KEEPS_DAYS_MAX}, got {keeps_days}; mend [selection]")
        self._today, self.keeps_days = today, keeps_days
        self._shift = hmac.new(master, b"openecp draw, where periods begin", hashlib.sha256).digest()
        self._secret = lru_cache(maxsize=2 * KEEPS_DAYS_MAX)(lambda day: day_secret(master, day))

    def secret(self, day: date) -> bytes:
        """Return the secret of a day: for those who may open it."""
        return self._secret(day)

    def day_of(self, consignment: bytes, today: date) -> date:
        """Return the day whose secret a consignment is drawn with today: today, or one of the days just before it."""
        digest = hmac.new(self._shift, consignment, hashlib.sha256).digest()
        offset = int.from_bytes(digest[:8], "big") % self.keeps_days
        return today - timedelta(days=(today.toordinal() + offset) % self.keeps_days)

    def drawn(self, declaration: Declaration, today: date) -> tuple[int, date]:
        """Return a declaration's draw, and the day whose secret it was drawn with."""
        consignment = consignment_bytes(declaration)
        day = self.day_of(consignment, today)
        return draw_of(self._secret(day), consignment), day

    def __call__(self, declaration: Declaration) -> int:
        """Return a declaration's draw today."""
        return self.drawn(declaration, self._today())[0]

    def closed_on(self, day: date) -> date:
        """Return the first day on which nothing is drawn with a day's secret any more, so that it may be opened."""
        return day + timedelta(days=self.keeps_days)


def purpose_of(name: str) -> int:
    """Return the number under which a criterion draws, by its name: adding another criterion moves no draw."""
    return int.from_bytes(hashlib.sha256(b"criterion " + name.encode()).digest()[:8], "big")


def top_up_purpose(lane: int) -> int:
    """Return the number under which the top-up of a lane draws."""
    return lane


def sub_draw(draw: int, purpose: int) -> int:
    """Return another draw, 0 … 999,999,999, out of a draw: as good as independent, the same for everyone who has it.

    Source: the finaliser of SplitMix64. What cannot be foreseen is the draw; this only spreads it.
    """
    x = (draw * _STEP + purpose * _SALT + _STEP) & _MASK
    x = ((x ^ (x >> 30)) * _MIX_1) & _MASK
    x = ((x ^ (x >> 27)) * _MIX_2) & _MASK
    return (((x ^ (x >> 31)) >> 32) * DRAWS) >> 32


def sub_draws(draws: Any, purposes: Any) -> Any:
    """Return `sub_draw` of whole columns; `purposes` is one number or a column of unsigned 64-bit numbers."""
    import numpy as np

    wide = np.uint64
    purpose = purposes if isinstance(purposes, np.ndarray) else np.array([purposes], dtype=wide)
    with np.errstate(over="ignore"):
        x = draws.astype(wide) * wide(_STEP) + purpose.astype(wide) * wide(_SALT) + wide(_STEP)
        x = (x ^ (x >> wide(30))) * wide(_MIX_1)
        x = (x ^ (x >> wide(27))) * wide(_MIX_2)
        return ((((x ^ (x >> wide(31))) >> wide(32)) * wide(DRAWS)) >> wide(32)).astype(np.int64)
