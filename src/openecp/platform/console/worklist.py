# SPDX-License-Identifier: Apache-2.0
"""The work list: every case that its reader may see, filtered by what stands in the page's address; as CSV too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.response import Redirect

from openecp.kernel.journal.model import CaseRow
from openecp.kernel.journal.queries import CaseFilter
from openecp.kernel.parties.model import Principal
from openecp.platform.console import words
from openecp.platform.console.pages import (
    HEADERS,
    AnyRequest,
    AtConsole,
    ByVisitor,
    Console,
    Page,
    in_thread,
    reads_declarations,
    redirect,
    sees_all,
    signed_in,
)
from openecp.platform.core.permissions import may

PAGE_ROWS = 50
CSV_ROWS_MAX = 10_000
CSV_PAGE_ROWS = 500
TEXT_CHARS_MAX = 70
CODE_CHARS_MAX = 40
CODES_MAX = 20
NOBODY = ""  # no organisation has this id
CSV_COLUMNS = ("mrn", "lrn", "status", "movement", "office", "version", "updated_at")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader asked for, as the page's address says it; an unknown or overlong value asks for nothing."""

    text: str = ""
    status: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    movement: str = ""
    office: str = ""
    after: str = ""

    def query(self, **changes: object) -> str:
        """Return the address of the work list with some of it changed; paging starts anew unless it is given."""
        wanted = msgspec.structs.replace(self, **{"after": "", **changes})
        pairs = [("text", wanted.text)]
        pairs += [("status", code) for code in wanted.status] + [("channel", code) for code in wanted.channel]
        pairs += [("movement", wanted.movement), ("office", wanted.office), ("after", wanted.after)]
        kept = [(name, value) for name, value in pairs if value]
        return "?" + urlencode(kept) if kept else ""


def wanted_of(request: AnyRequest, principal: Principal) -> Wanted:
    """Read the filters from the address; a trader has no channel to filter by."""
    parameters = request.query_params

    def one(name: str, limit: int = CODE_CHARS_MAX) -> str:
        text = str(parameters.get(name, "")).strip()
        return text if len(text) <= limit and text.isprintable() else ""

    def many(name: str) -> tuple[str, ...]:
        texts = [str(text) for text in parameters.getall(name, [])][:CODES_MAX]
        return tuple(dict.fromkeys(t for t in texts if t and len(t) <= CODE_CHARS_MAX and t.isprintable()))

    return Wanted(
        text=one("text", TEXT_CHARS_MAX),
        status=many("status"),
        channel=many("channel") if sees_all(principal) else (),
        movement=one("movement"),
        office=one("office"),
        after=one("after", 200),
    )


def case_filter(wanted: Wanted, principal: Principal) -> CaseFilter:
    """Return the store's filter; whoever does not read all cases gets those of the own organisation, or none."""
    own = principal.organisation if may(principal, "read_own") else NOBODY
    return CaseFilter(
        organisation=None if sees_all(principal) else own,
        status=wanted.status or None,
        channel=wanted.channel or None,
        movement=wanted.movement or None,
        office=wanted.office or None,
        text=wanted.text or None,
    )


@get(["/", "/work-list"])
@in_thread
def show_work_list(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """The front page: find, filter, count and open declarations; of whoever reads none, the action plans."""
    principal = signed_in(visitor)
    if console.desk is not None and not reads_declarations(principal):
        return redirect("/console/plans")
    wanted = wanted_of(request, principal)
    chosen = case_filter(wanted, principal)
    rows = console.queries.cases(chosen, after=wanted.after or None, limit=PAGE_ROWS + 1)
    counts = console.queries.count_by_status(msgspec.structs.replace(chosen, status=None))
    known = [code for code in words.STATUS_ORDER if code in counts or code in wanted.status]
    others = sorted(code for code in counts if code not in words.STATUS_ORDER)
    shown, more = rows[:PAGE_ROWS], len(rows) > PAGE_ROWS
    return console.page(
        request,
        visitor,
        "work_list.html",
        principal=principal,
        officer=sees_all(principal),
        wanted=wanted,
        rows=shown,
        counts=counts,
        statuses=[*known, *others],
        total=sum(counts.values()),
        found=sum(number for code, number in counts.items() if not wanted.status or code in wanted.status),
        older=wanted.query(after=f"{shown[-1].updated_at}|{shown[-1].case_id}") if more else "",
    )


@get("/find")
@in_thread
def find(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Redirect:
    """Go to the declaration with this LRN or MRN, or to the work list of those that begin like it."""
    principal = signed_in(visitor)
    text = str(request.query_params.get("text", "")).strip()[:TEXT_CHARS_MAX]
    chosen = case_filter(Wanted(text=text), principal)
    rows = console.queries.cases(chosen, limit=2) if text else []
    if len(rows) == 1 and text.casefold() in {rows[0].lrn.casefold(), (rows[0].mrn or "").casefold()}:
        return redirect(f"/console/cases/{rows[0].case_id}")
    return redirect("/console" + Wanted(text=text).query())


@get("/work-list.csv")
@in_thread
def work_list_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Response[bytes]:
    """The filtered work list as CSV, newest first, at most 10,000 rows."""
    principal = signed_in(visitor)
    officer = sees_all(principal)
    chosen = case_filter(wanted_of(request, principal), principal)
    columns = (*CSV_COLUMNS, "channel", "organisation") if officer else CSV_COLUMNS
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in _all_rows(console, chosen):
        writer.writerow([harmless(str(getattr(row, column) or "")) for column in columns])
    return Response(
        content=text.getvalue().encode("utf-8"),
        media_type="text/csv; charset=utf-8; header=present",
        headers={**HEADERS, "Content-Disposition": 'attachment; filename="work-list.csv"'},
    )


def _all_rows(console: Console, chosen: CaseFilter) -> Iterator[CaseRow]:
    after, given = None, 0
    while given < CSV_ROWS_MAX:
        rows = console.queries.cases(chosen, after=after, limit=min(CSV_PAGE_ROWS, CSV_ROWS_MAX - given))
        yield from rows
        given += len(rows)
        if len(rows) < CSV_PAGE_ROWS:
            return
        after = f"{rows[-1].updated_at}|{rows[-1].case_id}"


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
