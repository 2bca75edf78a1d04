# SPDX-License-Identifier: Apache-2.0
"""Unpacks a gzipped file of events into a folder of the study's engine, within bounds.

Limits: BYTES_MAX unpacked; RATIO_MAX times the packed bytes once RATIO_FROM bytes were unpacked; packed once.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from openecp.platform.engines.trs_source import EventFileFault

GZIP = b"\x1f\x8b"
BYTES_MAX = 8 << 30
RATIO_MAX = 400
RATIO_FROM = 256 << 20
_READ = 1 << 20


def packed_start(path: Path, size: int = 4096) -> bytes:
    """Return the first bytes that a gzipped file holds.

    Raises: EventFileFault.
    """
    try:
        with gzip.open(path) as stream:
            return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, error) from None


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack a file into a folder, under its own name.

    Raises: EventFileFault where it is broken, packed twice, or grows beyond measure.
    """
    if packed_start(path, len(GZIP)) == GZIP:
        raise EventFileFault(path.name, "a file that is packed once", "one packed twice", "Unpack it first.")
    found, total, packed = folder / path.name, 0, path.stat().st_size
    try:
        with gzip.open(path) as stream, found.open("wb") as out:
            while chunk := stream.read(_READ):
                total += len(chunk)
                if total > BYTES_MAX:
                    raise EventFileFault(path.name, f"at most {BYTES_MAX} bytes unpacked", "more", "Split it.")
                if total > RATIO_FROM and total > RATIO_MAX * packed:
                    got = f"{total} unpacked of {packed}"
                    raise EventFileFault(
                        path.name, f"at most {RATIO_MAX} times the packed bytes", got, "Unpack it first."
                    )
                out.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        found.unlink(missing_ok=True)
        raise _broken(path, error) from None
    except EventFileFault:
        found.unlink(missing_ok=True)
        raise
    if not total:
        found.unlink()
        raise EventFileFault(path.name, "a file of events", "an empty file", "Export it again.")
    return found


def _broken(path: Path, error: BaseException) -> EventFileFault:
    return EventFileFault(path.name, "a whole gzipped file", str(error)[:120], "Fetch the file again.")
