# SPDX-License-Identifier: Apache-2.0
"""The routes of posts: check, send data ahead, tell of arrivals and steps, answers, scorecards; officers' acts."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from openecp.border.postal.acts import AdviseDispatch, ItemStep, PieceRevision, RecordArrival
from openecp.border.postal.dispatch import DispatchMatch
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.item import PostalItem
from openecp.border.postal.report import ItemReport
from openecp.border.postal.response import Decision, ResponseReason
from openecp.border.postal.scorecard import ScoreRow
from openecp.platform.api.plan_bodies import Recorded
from openecp.platform.api.route import TEXT, Parameter, Route, whole
from openecp.platform.core.postbook import NumberedResponse, PostalItemFace

BODY_MAX = 16 * 1024 * 1024
CSV = ("text/csv",)


class PostalItems(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Items in our own JSON binding; XML and CSV are read too."""

    items: list[PostalItem]


class ItemReports(msgspec.Struct, kw_only=True):
    """What can be told of items, and what of the body could not be read."""

    items: list[ItemReport]
    faults: list[PostalFault]


class ItemsTaken(msgspec.Struct, kw_only=True):
    """What became of items that were sent ahead: the keys of those taken, reports of those left out."""

    outcome: str
    taken: list[str]
    left_out: list[ItemReport]
    warnings: list[PostalFault]
    faults: list[PostalFault]
    first_seq: int = 0
    last_seq: int = 0


class StepBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where items are: keys of identifier and posting date."""

    items: tuple[str, ...]
    step: ItemStep
    office: str = ""


class RevisionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an officer found beside what was declared."""

    pieces: tuple[PieceRevision, ...]
    reason: str


class DecisionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A decision, or none: then the charges say."""

    decision: Decision | None = None
    reasons: tuple[ResponseReason, ...] = ()
    note: str = ""


class ScorePage(msgspec.Struct, kw_only=True):
    """A scorecard by origin post and day."""

    rows: list[ScoreRow]


class ResponsePage(msgspec.Struct, kw_only=True):
    """Answers of Customs; `next` is the `after` of the next page."""

    responses: list[NumberedResponse]
    next: int


_ITEM = Parameter("id", "path", "identifier and posting date, as in RB123456785GB:2026-07-01",
                  {"type": "string", "maxLength": 60})  # fmt: skip
_DISPATCH = Parameter("id", "path", "dispatch", {"type": "string", "maxLength": 60})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gets the first answer again; with another body it is refused (422).",
    {"type": "string", "maxLength": 255},
)
_READ = (400, 401, 403, 404)
_WRITE = (400, 401, 403, 404, 409, 413, 415, 422, 431, 503)
_BOTH = ("application/json", "application/xml")


def _post(path: str, name: str, summary: str, permission: Any, success: Any, body: Any, **more: Any) -> Route:
    return Route(method="POST", path=path, name=name, summary=summary, permission=permission, success={200: success},
                 errors=_WRITE, body=body, max_body=BODY_MAX, **more)  # fmt: skip


POST_ROUTES: tuple[Route, ...] = (
    _post("/post/check", "post_check", "Check postal items: identifier, form, faults, demands; nothing is stored",
          "quote", ItemReports, PostalItems, body_media=_BOTH, more_media=CSV),
    _post("/post/items", "post_advise", "Send the data of items ahead; bad ones are told of and left out", "lodge",
          ItemsTaken, PostalItems, body_media=_BOTH, more_media=CSV, parameters=(_KEY,)),
    _post("/post/dispatches", "post_dispatch", "Pre-advise a dispatch with its receptacles and items", "lodge",
          ItemsTaken, AdviseDispatch, body_media=_BOTH, parameters=(_KEY,)),
    _post("/post/arrivals", "post_arrival", "Tell which receptacles have arrived and what is in them", "lodge",
          Recorded, RecordArrival, body_media=_BOTH, parameters=(_KEY,)),
    _post("/post/steps", "post_step", "Tell where items are: presented, handed back, delivered, returned", "lodge",
          Recorded, StepBody, body_media=_BOTH[:1], parameters=(_KEY,)),
    Route(method="GET", path="/post/dispatches/{id}", name="post_match", permission="read_own",
          summary="Show how a dispatch's pre-advice and arrival match", success={200: DispatchMatch}, errors=_READ,
          parameters=(_DISPATCH,)),
    Route(method="GET", path="/post/items/{id}", name="post_item", permission="read_own",
          summary="Show an item: declared, found, history", success={200: PostalItemFace}, errors=_READ,
          parameters=(_ITEM,)),
    _post("/post/items/{id}/revision", "post_revise", "Put what an officer found beside what was declared", "act",
          Recorded, RevisionBody, body_media=_BOTH[:1], parameters=(_ITEM, _KEY)),
    _post("/post/items/{id}/decision", "post_decide", "Decide about an item and answer the post", "act", Recorded,
          DecisionBody, body_media=_BOTH[:1], parameters=(_ITEM, _KEY)),
    Route(method="GET", path="/post/responses", name="post_responses", permission="read_own",
          summary="Answers of Customs to your post, as JSON, XML or CSV", success={200: ResponsePage},
          errors=(400, 401, 403),
          parameters=(
              Parameter("after", "query", "number of the feed last seen", whole(0, 10**15, 0)),
              Parameter("limit", "query", "most responses", whole(1, 1000, 100)),
              Parameter("format", "query", "json, xml or csv; the last two hold no numbers of the feed", TEXT),
          )),
    Route(method="GET", path="/post/scorecard", name="post_scorecard", permission="read_own",
          summary="Show by origin post and day how complete the data of your items were", success={200: ScorePage},
          errors=(400, 401, 403),
          parameters=(
              Parameter("since", "query", "first day", TEXT),
              Parameter("until", "query", "last day", TEXT),
              Parameter("by", "query", "posted or received", TEXT),
              Parameter("origin", "query", "origin post, or how it begins", TEXT),
          )),
)  # fmt: skip

ResponseMedia = Literal["json", "xml", "csv"]
