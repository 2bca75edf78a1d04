# SPDX-License-Identifier: Apache-2.0
"""The canonical activities of a time release study, and the columns of its event rows.

Each activity names the owner of the wait that it ends: who was to act until then. An agency's own code follows the
owner's after a colon (`AGENCY:VET`).
Source: WCO Guide to Measure the Time Required for the Release of Goods; the activities of published national studies.
"""

from __future__ import annotations

from typing import NamedTuple


class Activity(NamedTuple):
    """One activity: its code, the owner of the wait that it ends, and its name in two languages."""

    code: str
    owner: str
    title_en: str
    title_fr: str


CARRIER, TERMINAL, TRADER, BANK = "CARRIER", "TERMINAL", "TRADER", "BANK"
CUSTOMS, AGENCY, LABORATORY, UNKNOWN = "CUSTOMS", "AGENCY", "LABORATORY", "UNKNOWN"
OWNERS = (CARRIER, TERMINAL, TRADER, BANK, CUSTOMS, AGENCY, LABORATORY, UNKNOWN)

ACTIVITIES: tuple[Activity, ...] = (
    Activity("ACI_FILED", CARRIER, "Advance information filed", "Informations préalables transmises"),
    Activity("ACI_ASSESSED", CUSTOMS, "Advance information assessed", "Informations préalables évaluées"),
    Activity("ARRIVAL", CARRIER, "Means of transport arrived", "Arrivée du moyen de transport"),
    Activity("MANIFEST_ACCEPTED", CARRIER, "Manifest accepted", "Manifeste accepté"),
    Activity("UNLOADED", TERMINAL, "Goods unloaded", "Marchandises déchargées"),
    Activity("TRANSIT_START", CARRIER, "Inland transit begun", "Transit intérieur commencé"),
    Activity("TRANSIT_END", CARRIER, "Inland transit ended", "Transit intérieur terminé"),
    Activity("STORED", TERMINAL, "Placed in temporary storage", "Placées en dépôt temporaire"),
    Activity("LODGED", TRADER, "Declaration lodged", "Déclaration déposée"),
    Activity("REJECTED", CUSTOMS, "Declaration rejected", "Déclaration rejetée"),
    Activity("AMENDED", TRADER, "Declaration amended", "Déclaration modifiée"),
    Activity("ACCEPTED", CUSTOMS, "Declaration accepted", "Déclaration acceptée"),
    Activity("CHANNELLED", CUSTOMS, "Channel assigned", "Circuit attribué"),
    Activity("DOC_CHECK_START", CUSTOMS, "Documentary check begun", "Contrôle documentaire commencé"),
    Activity("DOC_CHECK_END", CUSTOMS, "Documentary check ended", "Contrôle documentaire terminé"),
    Activity("QUERY_RAISED", CUSTOMS, "Query raised", "Question posée"),
    Activity("QUERY_ANSWERED", TRADER, "Query answered", "Réponse à la question"),
    Activity("AGENCY_REQUESTED", TRADER, "Agency requested", "Autorité saisie"),
    Activity("AGENCY_FEE_PAID", TRADER, "Agency's fee paid", "Redevance de l'autorité payée"),
    Activity("AGENCY_INSPECT_START", AGENCY, "Agency's inspection begun", "Inspection de l'autorité commencée"),
    Activity("AGENCY_INSPECT_END", AGENCY, "Agency's inspection ended", "Inspection de l'autorité terminée"),
    Activity("AGENCY_DECIDED", AGENCY, "Agency decided", "Décision de l'autorité"),
    Activity("SAMPLE_TAKEN", CUSTOMS, "Sample taken", "Échantillon prélevé"),
    Activity("LABORATORY_RESULT", LABORATORY, "Laboratory result", "Résultat du laboratoire"),
    Activity("ASSESSED", CUSTOMS, "Duties assessed", "Droits liquidés"),
    Activity("PAYMENT_INITIATED", TRADER, "Payment initiated", "Paiement ordonné"),
    Activity("PAYMENT_CONFIRMED", BANK, "Payment confirmed", "Paiement confirmé"),
    Activity("GUARANTEE_ACCEPTED", BANK, "Guarantee accepted", "Garantie acceptée"),
    Activity("INSPECT_CALLED", CUSTOMS, "Inspection called", "Visite annoncée"),
    Activity("INSPECT_PRESENTED", TRADER, "Goods presented for inspection", "Marchandises présentées à la visite"),
    Activity("INSPECT_START", CUSTOMS, "Inspection begun", "Visite commencée"),
    Activity("INSPECT_END", CUSTOMS, "Inspection ended", "Visite terminée"),
    Activity("RELEASED", CUSTOMS, "Goods released", "Mainlevée accordée"),
    Activity("DELIVERY_ORDER", CARRIER, "Delivery order issued", "Bon à délivrer émis"),
    Activity("GATE_OUT", TRADER, "Goods left the terminal", "Sortie du terminal"),
    Activity("DEPARTURE", CARRIER, "Means of transport departed", "Départ du moyen de transport"),
    Activity("CANCELLED", TRADER, "Declaration cancelled", "Déclaration annulée"),
    Activity("SEIZED", CUSTOMS, "Goods seized", "Marchandises saisies"),
    Activity("ABANDONED", TRADER, "Goods abandoned", "Marchandises abandonnées"),
)
OWNER_OF = {activity.code: activity.owner for activity in ACTIVITIES}
ENDS_WITHOUT_RELEASE = ("CANCELLED", "SEIZED", "ABANDONED")  # outcomes that compete with release

# The events of a study, one row an event. Other columns of a source are kept as text and serve as segments.
EVENT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("seq", "BIGINT"),  # the journal's, else the position in the input: equal stamps are ordered by it
    ("case_id", "VARCHAR"),
    ("activity", "VARCHAR"),
    ("ts_us", "BIGINT"),  # microseconds since 1970, UTC
    ("precision", "VARCHAR"),  # second, minute, day
    ("source", "VARCHAR"),  # the file or system that the row comes from
)
