# SPDX-License-Identifier: Apache-2.0
"""POST /descriptions: descriptions and parcels scored while they are entered, with what to write; nothing is stored."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import msgspec

from openecp.border.data_quality.describe import Described, describe
from openecp.border.data_quality.model import TextModel, shipped_model
from openecp.border.data_quality.score import QualityScorer, Score
from openecp.kernel.datamodel.parcel import Parcel
from openecp.platform.api.http import Call, Refusal, Reply, json_reply
from openecp.platform.api.route import Route

MOST_TEXTS, LONGEST_TEXT, MOST_ITEMS = 200, 2_000, 999
AT_ONCE = 5  # more texts are scored beside the loop that answers everyone


class DescribedGoods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One description as it is typed, and the HS code beside it, if any."""

    text: str
    hs: str = ""


class DescriptionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Descriptions, or a whole parcel with its parties, prices and weights, on a day (today if not given)."""

    descriptions: tuple[DescribedGoods, ...] = ()
    parcel: Parcel | None = None
    date: str | None = None


class DescriptionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of each description, in their order, and of the parcel."""

    descriptions: tuple[Described, ...]
    parcel: Score | None = None


_request = msgspec.json.Decoder(DescriptionRequest)

DESCRIPTION_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/descriptions",
        name="descriptions",
        summary="Score descriptions and parcels while they are entered: what is vague, what to write, which HS code",
        permission="quote",
        success={200: DescriptionAnswer},
        errors=(400, 401, 403, 413, 415, 431),
        body=DescriptionRequest,
        body_media=("application/json",),
        max_body=1_000_000,
    ),
)


class Descriptions:
    """Scores what senders type; the model is read once, the terms once a day."""

    def __init__(self) -> None:
        self._model: TextModel | None = None
        self._scorers: dict[date, QualityScorer] = {}
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="describe")

    async def answer(self, call: Call) -> Reply:
        """Score one request."""
        try:
            asked = _request.decode(call.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _refusal("body", "a JSON object with descriptions or a parcel", str(error)[:200]) from None
        lengths = [len(one.text) for one in asked.descriptions]
        if len(lengths) > MOST_TEXTS or max(lengths, default=0) > LONGEST_TEXT:
            expected = f"at most {MOST_TEXTS} texts of {LONGEST_TEXT:,} characters"
            raise _refusal("descriptions", expected, f"{len(lengths)}, longest {max(lengths)}")
        if asked.parcel is not None and len(asked.parcel.items) > MOST_ITEMS:
            raise _refusal("parcel.items", f"at most {MOST_ITEMS} items", str(len(asked.parcel.items)))
        on = _day(asked.date)
        items = len(asked.parcel.items) if asked.parcel else 0
        if self._model is not None and on in self._scorers and len(lengths) + items <= AT_ONCE:
            return json_reply(self._scored(asked, on))
        loop = asyncio.get_running_loop()
        return json_reply(await loop.run_in_executor(self._beside, self._scored, asked, on))

    def _scored(self, asked: DescriptionRequest, on: date) -> DescriptionAnswer:
        scorer = self._scorer(on)
        model = self._model = self._model or shipped_model()
        return DescriptionAnswer(
            descriptions=tuple(describe(scorer, model, one.text, one.hs) for one in asked.descriptions),
            parcel=scorer.parcel(asked.parcel) if asked.parcel is not None else None,
        )

    def _scorer(self, on: date) -> QualityScorer:
        if on not in self._scorers:
            if len(self._scorers) >= 8:
                self._scorers.clear()
            self._scorers[on] = QualityScorer(on)
        return self._scorers[on]


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise _refusal("date", "a date such as 2026-07-01", (text or "")[:40]) from None


def _refusal(where: str, expected: str, got: str) -> Refusal:
    return Refusal(
        400,
        "OECP-DESCRIPTION",
        "The request cannot be read.",
        where=where,
        expected=expected,
        got=got,
        fix="Correct the field; docs/data-quality.md shows a request.",
    )
