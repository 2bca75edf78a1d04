# SPDX-License-Identifier: Apache-2.0
"""Office files are archives of XML: they are weighed and looked through before a library opens them."""

from __future__ import annotations

import io
import zipfile

from openecp.platform.documents.fault import fault

ENTRIES_MAX = 1_000
UNPACKED_MAX = 100_000_000
RATIO_MAX = 200
_SMALL = 1_000_000  # below this, a high ratio does no harm
_LOOK = 4_096


def parts_of(name: str, data: bytes) -> frozenset[str]:
    """Return the names inside an office file, after the checks that keep a hostile one out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _weigh(name, entries)
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    _look(name, entry.filename, archive)
            return frozenset(entry.filename for entry in entries)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise fault(
            name,
            "is damaged",
            wanted="a whole .docx or .xlsx file",
            got=str(error) or type(error).__name__,
            fix="Save or copy it again.",
        ) from None


def _weigh(name: str, entries: list[zipfile.ZipInfo]) -> None:
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_MAX or unpacked > max(RATIO_MAX * packed, _SMALL):
        raise fault(
            name,
            "is too large when unpacked",
            wanted=f"at most {ENTRIES_MAX:,} parts, {UNPACKED_MAX:,} bytes, {RATIO_MAX} times what is packed",
            got=f"{len(entries):,} parts, {unpacked:,} bytes of {packed:,}",
            fix="Save the plan alone, without pictures.",
        )


def _look(name: str, part: str, archive: zipfile.ZipFile) -> None:
    """Refuse XML that declares a document type: it may name files and addresses, or grow without end."""
    with archive.open(part) as stream:
        head = stream.read(_LOOK).upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"<\x00!\x00D" in head:
        raise fault(
            name,
            "declares a document type",
            wanted="XML without DOCTYPE",
            got=f"one in {part}",
            fix="Save it again with an office program.",
            place=part,
        )
