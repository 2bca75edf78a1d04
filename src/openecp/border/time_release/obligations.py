# SPDX-License-Identifier: Apache-2.0
"""Who has to act when: an obligation opens with one event and closes with another; until then its owner is awaited.

Where nobody's obligation is open, the time belongs to the owner of the event that ends it (events.py). So this table
names only the waits that the next event alone does not explain.
Source: flows of published national studies (arrival, consent of agencies with fee and inspection, payment, visit).
"""

from __future__ import annotations

from typing import NamedTuple

from openecp.border.time_release.events import AGENCY, BANK, CARRIER, CUSTOMS, LABORATORY, TERMINAL, TRADER


class Obligation(NamedTuple):
    """One kind of wait. `yields_to` names obligations that must be met first: while one is open, this one waits."""

    name: str
    owner: str
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    yields_to: tuple[str, ...] = ()


OBLIGATIONS: tuple[Obligation, ...] = (
    Obligation("arrive", CARRIER, ("ACI_FILED",), ("ARRIVAL",)),
    Obligation("manifest", CARRIER, ("ARRIVAL",), ("MANIFEST_ACCEPTED",)),
    Obligation("unload", TERMINAL, ("ARRIVAL",), ("UNLOADED",)),
    Obligation("transit", CARRIER, ("TRANSIT_START",), ("TRANSIT_END",)),
    Obligation("store", TERMINAL, ("UNLOADED",), ("STORED",)),
    Obligation("lodge", TRADER, ("ARRIVAL", "REJECTED"), ("LODGED", "AMENDED"), ("unload",)),
    Obligation("accept", CUSTOMS, ("LODGED", "AMENDED"), ("ACCEPTED", "REJECTED"), ("answer",)),
    Obligation("channel", CUSTOMS, ("ACCEPTED",), ("CHANNELLED",)),
    Obligation("check", CUSTOMS, ("DOC_CHECK_START",), ("DOC_CHECK_END",), ("answer", "laboratory")),
    Obligation("answer", TRADER, ("QUERY_RAISED",), ("QUERY_ANSWERED",)),
    Obligation("fee", TRADER, ("AGENCY_REQUESTED",), ("AGENCY_FEE_PAID",)),
    Obligation("consent", AGENCY, ("AGENCY_REQUESTED",), ("AGENCY_DECIDED",), ("fee", "laboratory")),
    Obligation("laboratory", LABORATORY, ("SAMPLE_TAKEN",), ("LABORATORY_RESULT",)),
    Obligation("pay", TRADER, ("ASSESSED",), ("PAYMENT_INITIATED", "PAYMENT_CONFIRMED", "GUARANTEE_ACCEPTED")),
    Obligation("bank", BANK, ("PAYMENT_INITIATED",), ("PAYMENT_CONFIRMED",)),
    Obligation("present", TRADER, ("INSPECT_CALLED",), ("INSPECT_PRESENTED", "INSPECT_START")),
    Obligation("inspect", CUSTOMS, ("INSPECT_PRESENTED", "INSPECT_START"), ("INSPECT_END",), ("laboratory",)),
    Obligation("deliver", CARRIER, ("RELEASED",), ("DELIVERY_ORDER",)),
    Obligation("collect", TRADER, ("RELEASED",), ("GATE_OUT",), ("deliver",)),
)
