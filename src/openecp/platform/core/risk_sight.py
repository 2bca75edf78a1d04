# SPDX-License-Identifier: Apache-2.0
"""What risk knows of items before criteria are asked: history, list hits, scores; and what officers are told of it.

A micro-batch is looked at in the order in which it will be recorded: the second declaration sees the first. What was
looked at waits until the journal shows it (`RiskJournal`), and counts meanwhile; what is not recorded falls out again.
Reads: FeatureState, watchlists, models. Limits: one thread assesses; 50,000 declarations wait at most.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from openecp.border.risk.features.item_rows import PartyKeys, rows_of
from openecp.border.risk.features.online import KEYS_MAX, FeatureState, Keys, Pending, item_keys, profile_history
from openecp.border.risk.watchlist.declared import declared_parties
from openecp.kernel.assessment.sight import SightRow
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.platform.core.risk_sight_lists import NOBODY, ListSight, PartySeen

if TYPE_CHECKING:
    from openecp.border.risk.models.live import ItemScore, LiveModel
    from openecp.platform.core.risk_sight_models import ModelSight

WAITING_MAX, TOLD_MAX = 50_000, 200
SCORED = "import"  # the movement that models are trained on
_NOTHING = SightRow()
log = logging.getLogger("openecp.risk")


class LookedAt(NamedTuple):
    """One declaration that was looked at: its rows, and when."""

    token: str
    movement: str
    rows: list[dict[str, Any]]
    keys: list[Keys]
    at: float
    passed: tuple[str, ...]
    hits: tuple[str, ...]
    listed: PartySeen


class SightSettings(NamedTuple):
    """What sight needs of an administration."""

    movement_of: Callable[[Declaration], str]
    currency: str
    exponent: int
    pseudonym: Callable[[str], str]
    keys_max: int = KEYS_MAX


class RiskSight:
    """Looks at declarations; `before` is called at each look and brings what is new, where no thread does."""

    def __init__(
        self, settings: SightSettings, *, lists: ListSight | None = None, models: ModelSight | None = None,
        clock: Callable[[], float] = time.time, before: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        """Take settings, lists and models; history begins empty."""
        self.settings, self.lists, self.models = settings, lists, models
        self.states: dict[str, FeatureState] = {}
        self.parties = PartyKeys(settings.pseudonym)
        self.lock = threading.RLock()
        self.before = before
        self.behind = ""  # a sentence, while history is not read to its end
        self._clock = clock
        self._pending: dict[str, Pending] = {}
        self._waiting: dict[str, LookedAt] = {}
        self._last: list[LookedAt] = []
        self._told: list[list[dict[str, Any]]] = []
        self._challenged: list[list[dict[str, Any]]] = []
        self._explained: Mapping[int, Any] = {}
        self._asked: set[int] = set()
        self._prefix, self._number = secrets.token_hex(5), 0

    # -- the assessor's side -------------------------------------------------------------------------------------------

    def look(
        self, declarations: Sequence[Declaration], values: Sequence[Sequence[int | None]]
    ) -> Sequence[Sequence[SightRow]]:
        """Return what is known of each declaration's items, in order."""
        if self.before is not None:
            self.before()
        with self.lock:
            self._drop_unasked()
            if self.lists is not None:
                self.lists.turn()
            features: list[list[dict[str, Any]]] = []
            self._last = []
            for declaration, worth in zip(declarations, values, strict=True):
                features.append(self._looked_at(declaration, worth))
            scored, explained = self._scored(features)
        if self.before is not None and self.lists is not None:
            self.lists.record_quietly()
        found, self._told, self._explained = [], [], explained
        for number, (looked, told, worth) in enumerate(zip(self._last, features, values, strict=True)):
            rows, items = _rows(looked, told, scored.get(number, ()))
            bare = _NOTHING._replace(list_hits=looked.listed.hits, list_score_e6=looked.listed.score_e6)
            found.append(rows or [bare] * len(worth))
            self._told.append(items)
        return found

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        """Return what officers are told of a declaration of the last look; with reasons where it is selected."""
        self._asked.add(declaration_at)
        looked, items = self._last[declaration_at], self._told[declaration_at]
        told: dict[str, Any] = {"look": looked.token}
        models = self.models
        explained = self._explained.get(declaration_at)
        if models is not None and explained is not None and models.champion is not None:
            told["model"] = models.champion.sha256
            if selected:
                items = _with_reasons(items, models.champion, explained)
        if models is not None and models.fallback:
            told["fallback"] = models.fallback
        elif self.behind:
            told["fallback"] = self.behind
        if items:
            told["items"] = _foremost(items)
        if self._challenged and models is not None and models.challenger is not None:
            others = self._challenged[declaration_at]
            if others:
                told["challenger"] = {"model": models.challenger.sha256, "items": _foremost(others)}
        if looked.hits:
            told["hits"] = list(looked.hits)
        if looked.passed:
            told["passed"] = list(looked.passed)
        if self.lists is not None and self.lists.fault:
            told["lists"] = self.lists.fault
        return told

    # -- the journal's side --------------------------------------------------------------------------------------------

    def state(self, movement: str) -> FeatureState:
        """Return the history of a movement."""
        found = self.states.get(movement)
        if found is None:
            found = self.states[movement] = FeatureState(keys_max=self.settings.keys_max)
        return found

    def recorded(self, token: str) -> LookedAt | None:
        """Return what was looked at under a token, and wait for it no longer; None where it is not known here."""
        found = self._waiting.pop(token, None)
        if found is not None and found.rows:
            self._pending[found.movement].add(found.rows, found.keys, -1)
        return found

    def settle(self, before: float) -> None:
        """Let go of what was looked at before a moment: the journal was read to its end since, and has it not."""
        with self.lock:
            while self._waiting:
                token, oldest = next(iter(self._waiting.items()))
                if oldest.at >= before:
                    return
                self.recorded(token)

    def recorded_rows(self, token: str) -> list[dict[str, Any]] | None:
        """Return the rows of what was looked at under a token, None where it is not known here."""
        found = self._waiting.get(token)
        return found.rows if found is not None else None

    # -- within --------------------------------------------------------------------------------------------------------

    def _looked_at(self, declaration: Declaration, worth: Sequence[int | None]) -> list[dict[str, Any]]:
        """Return the features of a declaration's items; what cannot be looked at is decided all the same."""
        known = len(self._last)
        try:
            return self._one(declaration, worth)
        except Exception:
            log.exception("a declaration could not be looked at; nothing is known of it")
        if len(self._last) == known:
            self._number += 1
            token = f"{self._prefix}:{self._number}"
            self._last.append(LookedAt(token, "", [], [], time.monotonic(), (), (), NOBODY))
        else:
            self._last[-1] = self._last[-1]._replace(rows=[], keys=[])
        return []

    def _scored(
        self, features: Sequence[Sequence[dict[str, Any]]]
    ) -> tuple[dict[int, Sequence[ItemScore]], dict[int, Any]]:
        """Return scores; where a model fails there are none, and rules alone select."""
        try:
            return self._scores(features)
        except Exception:
            log.exception("a batch of %d could not be scored; rules alone select in it", len(features))
            self._challenged = []
            return {}, {}

    def _one(self, declaration: Declaration, worth: Sequence[int | None]) -> list[dict[str, Any]]:
        settings = self.settings
        movement, now = settings.movement_of(declaration), self._clock()
        items = (declaration.goods_shipment or _EMPTY).government_agency_goods_item
        rows = (
            rows_of(declaration, worth, int(now * 1e6), settings.currency, settings.exponent, self.parties)
            if items
            else []
        )
        keys = [item_keys(row) for row in rows]
        listed, hits, passed = self._listed(declaration)
        self._number += 1
        token = f"{self._prefix}:{self._number}"
        looked = LookedAt(token, movement, rows, keys, time.monotonic(), passed, hits, listed)
        self._last.append(looked)
        if not rows:
            return []
        pending = self._pending.get(movement)
        if pending is None:
            pending = self._pending[movement] = Pending()
        told = self.state(movement).features(rows, keys, pending)
        pending.add(rows, keys)
        self._waiting[token] = looked
        return told

    def _listed(self, declaration: Declaration) -> tuple[PartySeen, tuple[str, ...], tuple[str, ...]]:
        if self.lists is None or self.lists.empty:
            return NOBODY, (), ()
        many, score, hits, passed = 0, 0, list[str](), list[str]()
        for _, party in declared_parties(declaration):
            seen = self.lists.of(party)
            if seen is not NOBODY:
                many, score = many + seen.hits, max(score, seen.score_e6)
                hits += seen.refs
                passed += seen.passed
        if not many and not passed:
            return NOBODY, (), ()
        return PartySeen(many, score), tuple(dict.fromkeys(hits))[:40], tuple(dict.fromkeys(passed))[:40]

    def _scores(
        self, features: Sequence[Sequence[dict[str, Any]]]
    ) -> tuple[dict[int, Sequence[ItemScore]], dict[int, Any]]:
        """Score all items of a batch in one call; return scores that select, and the rows that they were told of."""
        models = self.models
        self._challenged = []
        if models is None or (models.scoring is None and models.challenger is None):
            return {}, {}
        places = [n for n, looked in enumerate(self._last) if looked.movement == SCORED and looked.rows]
        items = [pair for n in places for pair in zip(self._last[n].rows, features[n], strict=True)]
        values = [row["value_minor"] for row, _ in items]
        if not items:
            return {}, {}
        scored: dict[int, Sequence[ItemScore]] = {}
        explained: dict[int, Any] = {}
        if models.scoring is not None:
            rows = models.scoring.rows(items)
            found = models.scoring.scores(rows, values)
            if models.champion is not None:
                for n, start, end in self._spans(places):
                    scored[n], explained[n] = found[start:end], rows[start:end]
        if models.challenger is not None:
            found = models.challenger.scores(models.challenger.rows(items), values)
            self._challenged = [[] for _ in self._last]
            for n, start, end in self._spans(places):
                self._challenged[n] = [
                    {"item": row["item"], "p_e6": one.p_e6}
                    for row, one in zip(self._last[n].rows, found[start:end], strict=True)
                ]
        return scored, explained

    def _spans(self, places: Sequence[int]) -> list[tuple[int, int, int]]:
        found, start = [], 0
        for n in places:
            end = start + len(self._last[n].rows)
            found.append((n, start, end))
            start = end
        return found

    def _drop_unasked(self) -> None:
        """Let go of what was looked at and will not be recorded, since nobody asked what to tell of it."""
        for number, looked in enumerate(self._last):
            if number not in self._asked:
                self.recorded(looked.token)
        self._asked = set()
        while len(self._waiting) > WAITING_MAX:
            self.recorded(next(iter(self._waiting)))


_EMPTY = GoodsShipment()


def _rows(
    looked: LookedAt, told: Sequence[dict[str, Any]], scores: Sequence[ItemScore]
) -> tuple[list[SightRow], list[dict[str, Any]]]:
    """Return the rows of a declaration's items, and what officers are told of each that has anything."""
    rows, items = [], []
    listed = looked.listed
    for place, (row, features) in enumerate(zip(looked.rows, told, strict=True)):
        score = scores[place] if scores else None
        p_e6, stake = (0, 0) if score is None else (score.p_e6, score.stake_minor)
        seen = profile_history(features)
        rows.append(SightRow(listed.hits, listed.score_e6, p_e6, stake, **seen))
        own = {"list_hits": listed.hits, "list_score_e6": listed.score_e6, "p_e6": p_e6, "stake_minor": stake}
        shown = {name: value for name, value in own.items() if value}
        if shown:
            items.append({"item": row["item"], **shown})
    return rows, items


def _foremost(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items as they are told: all of them, or of very many those that are scored highest."""
    if len(items) <= TOLD_MAX:
        return items
    best = sorted(items, key=lambda one: -one.get("p_e6", 0))[:TOLD_MAX]
    return sorted(best, key=lambda one: one["item"])


def _with_reasons(items: list[dict[str, Any]], model: LiveModel, explained: Any) -> list[dict[str, Any]]:
    """Return items with the reasons of the one that is scored highest."""
    if not items or len(items) != len(explained):
        return items
    best = max(range(len(items)), key=lambda place: items[place].get("p_e6", 0))
    if not items[best].get("p_e6"):
        return items
    return [one | {"why": model.reasons(explained[place])} if place == best else one for place, one in enumerate(items)]
