# SPDX-License-Identifier: Apache-2.0
"""The versions of a plan, and what differs between two of them."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, NumberInPath, Page, in_thread
from openecp.platform.console.plans.files import sent
from openecp.platform.console.plans.frame import Frame
from openecp.programme.action_plan.plans import ActionDiff


@get("/plans/{plan:str}/versions")
@in_thread
def show_versions(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """Every version with its document; the difference between the two that the address names, else the last two."""
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    numbers = [version.number for version in found.versions]

    def one(name: str, otherwise: int) -> int:
        text = str(request.query_params.get(name, ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) in numbers else otherwise

    new = one("new", max(numbers, default=0))
    old = one("old", max((number for number in numbers if number < new), default=new))
    differences: list[ActionDiff] = frame.plans.diff(plan, old, new) if old != new else []
    actions = {each.id: each for each in frame.plans.actions(plan, as_of=frame.as_of)}
    return frame.page(
        "versions.html", plan=found, tab="versions", old=old, new=new, differences=differences, known=actions
    )


@get("/plans/{plan:str}/versions/{number:int}/document")
@in_thread
def version_document(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath, number: NumberInPath
) -> Response[bytes]:
    """The document that a version was made from, as it was imported."""
    frame = Frame(request, console, visitor)
    version = next((each for each in frame.plan(plan).versions if each.number == number), None)
    kept = console.queries.document(version.document_id) if version is not None and version.document_id else None
    if version is None or kept is None:
        raise NotFoundException
    return sent(version.source_name or f"{plan}-{number}", kept.content, "application/octet-stream")
