# SPDX-License-Identifier: Apache-2.0
"""POST /quotes: what a basket costs before it is bought. The steps of the assessment; nothing is stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from openecp.border.low_value.basket import Basket
from openecp.border.low_value.basket_shape import ShapeFault, repeated_names, shape_faults
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.quote import Quote, Quoter
from openecp.platform.api.http import TITLES, Call, Problem, Refusal, Reply, json_reply, problem_reply
from openecp.platform.api.route import Route

KNOWN_MOST, KNOWN_BYTES = 1_000, 16_000  # answers that are remembered, and how large one of them may be
AT_ONCE = 25  # a larger basket is quoted beside the loop that answers everyone


class QuoteRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where the basket goes, on which day, under which regime (without one the rule says), and the basket."""

    jurisdiction: str
    date: str | None = None
    regime: str = ""
    strict: bool = False
    basket: Basket


_request = msgspec.json.Decoder(QuoteRequest)

QUOTE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/quotes",
        name="quote",
        summary="Say what a basket of low-value goods costs, who collects it, and why; nothing is stored",
        permission="quote",
        success={200: Quote},
        errors=(400, 401, 403, 413, 415, 422, 431),
        body=QuoteRequest,
        body_media=("application/json",),
        max_body=1_000_000,
    ),
)


class Quotes:
    """Answers quotes: small baskets at once, large ones in a thread of their own, each with its own quoter.

    The same request on the same day has the same answer, which is remembered for a while under the request's digest.
    """

    def __init__(self, quoter: Callable[[], Quoter]) -> None:
        self._make = quoter
        self._small: Quoter | None = None
        self._large: Quoter | None = None
        self._known: dict[tuple[date, bytes], Reply] = {}
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="quote")

    def warm(self) -> None:
        """Read the regimes and translate the steps now, so that no quote waits for it."""
        if self._small is None:
            self._small = self._make()

    async def quote(self, call: Call) -> Reply:
        """Quote one basket."""
        today = datetime.now(UTC).date()
        request = today, hashlib.sha256(call.body).digest()
        found = self._known.get(request)
        if found is None:
            found = await self._new(call, today)
            if len(found.body) <= KNOWN_BYTES:
                if len(self._known) >= KNOWN_MOST:
                    self._known.clear()
                self._known[request] = found
        return found

    async def _new(self, call: Call, today: date) -> Reply:
        try:
            asked, shape = _request.decode(call.body), repeated_names(call.body)
        except msgspec.ValidationError as error:
            wrong = shape_faults(call.body, QuoteRequest)
            raise _unreadable(wrong or [ShapeFault("body", _ASKED, str(error)[:200], _FIX)]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(
                400,
                "OECP-QUOTE",
                "The request cannot be read.",
                where="body",
                expected=_ASKED,
                got=str(error)[:200],
                fix=_FIX,
            ) from None
        if shape:
            raise _unreadable(shape)
        on = _day(asked.date, today)
        try:
            if len(asked.basket.items) <= AT_ONCE:
                self.warm()
                found = self._said(self._small, asked, on)
            else:
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self._beside, self._quote_large, asked, on)
        except QuoteRefused as refused:
            return problem_reply(_problem(refused.faults))
        return json_reply(found)

    def _quote_large(self, asked: QuoteRequest, on: date) -> Quote:
        if self._large is None:
            self._large = self._make()
        return self._said(self._large, asked, on)

    @staticmethod
    def _said(quoter: Quoter | None, asked: QuoteRequest, on: date) -> Quote:
        assert quoter is not None
        return quoter.quote(asked.basket, asked.jurisdiction.upper(), on, regime=asked.regime, strict=asked.strict)


_ASKED = "a JSON object with jurisdiction, date and basket; amounts and rates as decimal strings"
_FIX = "Correct the field; docs/low-value.md shows a basket."


def _unreadable(found: list[ShapeFault]) -> Refusal:
    """Return the refusal of a request whose shape is wrong: the first fault in full, the others after it."""
    first, more = found[0], "; ".join(f"{one.where}: {one.got}" for one in found[1:])
    got = f"{first.got} (and {more})"[:500] if more else first.got
    return Refusal(400, "OECP-QUOTE", "The request cannot be read.", where=first.where, expected=first.expected,
                   got=got, fix=first.fix)  # fmt: skip


def _day(text: str | None, today: date) -> date:
    if text is None:
        return today
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(
            400,
            "OECP-QUOTE",
            "The date cannot be read.",
            where="date",
            expected="a date such as 2026-07-01",
            got=text[:40],
            fix="Write year-month-day.",
        ) from None


def _problem(faults: tuple[Fault, ...]) -> Problem:
    first = faults[0]
    errors: list[dict[str, Any]] = [msgspec.to_builtins(fault) for fault in faults]
    return Problem(
        title=TITLES[422],
        status=422,
        code=first.code,
        detail=first.message,
        where=first.where,
        expected=first.expected,
        got=first.got,
        fix=first.fix,
        errors=errors,
    )
