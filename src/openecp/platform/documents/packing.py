# SPDX-License-Identifier: Apache-2.0
"""Packs the parts of an office document so that the same parts give the same bytes: order, times and packing fixed."""

from __future__ import annotations

import io
import re
import zipfile

_FIRST = "[Content_Types].xml"
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def packed_alike(data: bytes, *, leave_out: tuple[str, ...] = ()) -> bytes:
    """Return an archive with the same parts in a fixed order, without times of their own and without some parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        parts = {name: old.read(name) for name in old.namelist() if name not in leave_out}
    for name in leave_out:
        parts["_rels/.rels"] = re.sub(
            rb'<Relationship [^>]*"' + re.escape(name.encode()) + rb'"[^>]*/>', b"", parts["_rels/.rels"]
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as new:
        for name in sorted(parts, key=lambda each: (each != _FIRST, not each.startswith("_rels/"), each)):
            entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, parts[name])
    return file.getvalue()
