# SPDX-License-Identifier: Apache-2.0
"""Tables and feeds that leave the console as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from litestar import Response

from openecp.platform.console.pages import HEADERS
from openecp.platform.console.worklist import harmless


def csv_file(name: str, rows: Iterable[Sequence[str]]) -> Response[bytes]:
    """Return rows as a CSV file, in UTF-8 with a header row; no cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return sent(name, text.getvalue().encode("utf-8"), "text/csv; charset=utf-8; header=present")


def sent(name: str, content: bytes, media_type: str) -> Response[bytes]:
    """Return a file under a name without characters that a header cannot carry."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)[:100]
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(content=content, media_type=media_type, headers=headers)
