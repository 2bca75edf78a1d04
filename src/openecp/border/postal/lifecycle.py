# SPDX-License-Identifier: Apache-2.0
"""The way of a postal item: what may happen to it in which state; the machine's rows are the whole rule.

A decision leads where its word says, so that the machine knows it as `PostalItemDecided/<decision>`; the journal's
kind is `PostalItemDecided` alone.
"""

from __future__ import annotations

from openecp.kernel.casework.machine import Machine, State, Transition

EVENT_KINDS = (
    "PostalItemPosted",
    "PostalItemCorrected",
    "PostalItemPreadvised",
    "PostalItemArrived",
    "PostalItemPresented",
    "PostalItemRevised",
    "PostalItemDecided",
    "PostalItemHandedBack",
    "PostalItemDelivered",
    "PostalItemReturned",
    "DispatchPreadvised",
    "ReceptaclesArrived",
    "DispatchMatched",
)

STATES = (
    State(name="posted", title_en="posted", title_fr="déposé"),
    State(name="preadvised", title_en="pre-advised", title_fr="préavisé"),
    State(name="arrived", title_en="at the office of exchange", title_fr="au bureau d’échange"),
    State(name="presented", title_en="presented to Customs", title_fr="présenté à la douane"),
    State(name="held", title_en="held", title_fr="retenu"),
    State(name="released", title_en="released", title_fr="libéré"),
    State(name="seized", title_en="seized", title_fr="saisi"),
    State(name="to_return", title_en="to be returned", title_fr="à renvoyer"),
    State(name="handed_back", title_en="handed back to the post", title_fr="rendu à la poste"),
    State(name="destroyed", title_en="destroyed", title_fr="détruit", final=True),
    State(name="delivered", title_en="delivered", title_fr="distribué", final=True),
    State(name="returned", title_en="returned to the sender", title_fr="renvoyé à l’expéditeur", final=True),
)
_BEFORE = ("posted", "preadvised", "arrived", "presented")
_WITH_CUSTOMS = (*_BEFORE, "held")
_DECIDED = ("released", "to_return", "seized")
LEADS_TO = {
    "release": "released",
    "release_with_charges": "released",
    "hold_for_documents": "held",
    "examine": "held",
    "no_decision": "held",
    "seize": "seized",
    "return": "to_return",
    "destroy": "destroyed",
}

MACHINE = Machine(
    "postal item",
    STATES,
    (
        Transition(states=(), event="PostalItemPosted", next="posted", by=("AdviseItems", "AdviseDispatch")),
        Transition(states=(), event="PostalItemArrived", next="arrived", by=("RecordArrival",)),
        Transition(states=_WITH_CUSTOMS, event="PostalItemCorrected", next=None, by=("AdviseItems", "AdviseDispatch")),
        Transition(states=("posted", "preadvised"), event="PostalItemPreadvised", next="preadvised"),
        Transition(states=("arrived", "presented", "held", *_DECIDED), event="PostalItemPreadvised", next=None),
        Transition(states=("posted", "preadvised", "arrived"), event="PostalItemArrived", next="arrived"),
        Transition(states=("presented", "held", *_DECIDED), event="PostalItemArrived", next=None),
        Transition(states=("posted", "preadvised", "arrived"), event="PostalItemPresented", next="presented"),
        Transition(states=("held", *_DECIDED), event="PostalItemPresented", next=None),
        Transition(states=(*_WITH_CUSTOMS, *_DECIDED), event="PostalItemRevised", next=None, by=("ReviseItem",)),
        *(
            Transition(
                states=(*_WITH_CUSTOMS, *_DECIDED),
                event=f"PostalItemDecided/{decision}",
                next=leads_to,
                by=("DecideItem",),
                notification=("postal response",),
            )
            for decision, leads_to in LEADS_TO.items()
        ),
        Transition(states=("released", "to_return"), event="PostalItemHandedBack", next="handed_back"),
        Transition(states=("released", "handed_back"), event="PostalItemDelivered", next="delivered"),
        Transition(states=("to_return", "handed_back"), event="PostalItemReturned", next="returned"),
    ),
)
