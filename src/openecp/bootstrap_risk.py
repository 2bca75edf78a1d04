# SPDX-License-Identifier: Apache-2.0
"""Wires risk beside the assessment: active profiles, and what is known of items by history, lists and models."""

from __future__ import annotations

import atexit
import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.profile import Profile
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.core.profilework import ProfileBook, ProfileCasework, zone_of

if TYPE_CHECKING:
    from openecp.platform.core.risk_sight import RiskSight

log = logging.getLogger("openecp.risk")
FRESH_S = 5.0
Criteria = list[dict[str, str]]


def profile_casework(store: Any, profile: Profile) -> ProfileCasework:
    """Return what decides commands about risk profiles, by the administration's day."""
    return ProfileCasework(store, zone=zone_of(profile))


def active_criteria(store: Any, profile: Profile) -> Criteria:
    """Return the rows of the profiles that select today, by the administration's day."""
    return ProfileBook(store, zone=zone_of(profile)).criteria()


def live_assessor(here: Any, store: Any, *, warm: bool = False) -> AssessesDeclarations:
    """Return the assessment with the risk profiles that are active and what risk knows, as both change."""
    from openecp.bootstrap_risk_work import with_words

    secret = here.selection_secret()
    sight = risk_sight(here, store, follow=warm)
    return AssessorOfActiveProfiles(
        lambda: active_criteria(store, here.profile),
        lambda rows: here.assessor(secret, warm=warm, criteria=rows, looks=with_words(here, sight, rows)),
    )


def risk_sight(here: Any, store: Any, *, follow: bool) -> RiskSight:
    """Return what looks at declarations before criteria are asked: history, lists, models.

    `follow`: a thread of its own reads the journal; else each look reads what is new.
    """
    from openecp.border.lodgement.data_sets import DataSets
    from openecp.kernel.datamodel.declared import procedure_of
    from openecp.platform.cli.risk_models import model_key
    from openecp.platform.core.model_desk import ModelDesk
    from openecp.platform.core.risk_sight import RiskSight, SightSettings
    from openecp.platform.core.risk_sight_journal import RiskJournal
    from openecp.platform.core.risk_sight_lists import ListSight
    from openecp.platform.core.risk_sight_models import ModelSight
    from openecp.platform.core.watch_desk import WatchDesk

    profile, sets = here.profile, DataSets(here.profile)
    zone = zone_of(profile)

    def today() -> date:
        return datetime.now(zone).date()

    def movement_of(declaration: Declaration) -> str:
        shipment = declaration.goods_shipment
        items = shipment.government_agency_goods_item if shipment is not None else ()
        told = procedure_of(items[0]) if items else ("", ())
        return sets.derive(declaration.function_code or "", declaration.type_code or "", *told)[1]

    settings = SightSettings(
        movement_of=movement_of, currency=profile.currency, exponent=profile.currency_exponent,
        pseudonym=lambda key: store.pseudonym("risk", key),
    )  # fmt: skip
    sight = RiskSight(
        settings, lists=ListSight(WatchDesk(store), today=today),
        models=ModelSight(ModelDesk(store, model_key(here)), today=today),
    )  # fmt: skip
    key = hmac.new(here.selection_secret(), b"openecp risk history", hashlib.sha256).digest()
    journal = RiskJournal(store, sight, snapshot=here.settings.data_dir / "risk" / "history.snapshot", key=key)
    journal.open(follow=follow)
    if follow:
        atexit.register(journal.close)
    return sight


class AssessorOfActiveProfiles:
    """Assesses with the profiles that are active: it looks every few seconds, and makes a new assessor beside the old.

    Limits: a change is taken up within `fresh_s` and the time that making an assessor takes; meanwhile the old one
    answers. One thread assesses.
    """

    def __init__(
        self,
        read: Callable[[], Criteria],
        make: Callable[[Criteria], AssessesDeclarations],
        *,
        fresh_s: float = FRESH_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._make, self._fresh_s, self._clock = read, make, fresh_s, clock
        self._criteria = read()
        self._assessor = make(self._criteria)
        self._looked = clock()
        self._making: threading.Thread | None = None
        self._made: tuple[Criteria, AssessesDeclarations] | None = None

    def assess(self, declarations: list[Declaration], on: date | None = None) -> Sequence[Assessment]:
        """Assess declarations."""
        self._take_up()
        return self._assessor.assess(declarations, on)

    def _take_up(self) -> None:
        if self._made is not None:
            (self._criteria, self._assessor), self._made = self._made, None
        if self._clock() - self._looked < self._fresh_s or (self._making is not None and self._making.is_alive()):
            return
        self._looked = self._clock()
        try:
            criteria = self._read()
        except Exception:
            log.exception("active risk profiles could not be read; those before stay in use")
            return
        if criteria != self._criteria:
            self._making = threading.Thread(target=self._renew, args=(criteria,), name="risk-profiles", daemon=True)
            self._making.start()

    def _renew(self, criteria: Criteria) -> None:
        try:
            self._made = (criteria, self._make(criteria))
        except Exception:
            log.exception("active risk profiles could not be taken up; those before stay in use")
