# SPDX-License-Identifier: Apache-2.0
"""Every address of the pages of parcels, in one place."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Redirect

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, redirect
from openecp.platform.console.parcels import calculator, collectors, files, parcel, payments, posts, regimes
from openecp.platform.console.parcels.frame import ParcelFrame


def parcel_routes() -> list[Any]:
    """Return the handlers of the pages of parcels."""
    return [
        show_first,
        regimes.show_regimes,
        regimes.regimes_csv,
        regimes.show_regime,
        calculator.show_calculator,
        files.show_files,
        files.send_file,
        files.show_file,
        files.show_progress,
        files.clear_again,
        files.result_file,
        parcel.find,
        parcel.show_parcel,
        parcel.parcel_receipt,
        parcel.do_parcel_act,
        posts.show_posts,
        posts.posts_csv,
        collectors.show_collectors,
        collectors.show_reconciliation,
        collectors.show_statement,
        payments.do_pay,
        collectors.statement_file,
    ]


@get("/parcels")
async def show_first(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Redirect:
    """The first page that this reader has."""
    frame = ParcelFrame(request, console, visitor)
    return redirect(frame.tabs[0][1])
