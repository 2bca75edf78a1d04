# SPDX-License-Identifier: Apache-2.0
"""Static files of the console, served by us from memory: stylesheets, scripts and fonts under a name that holds
their digest, so that a browser may keep them for ever and never sees an old one.

Limits: 5 MB for one file, 200 files.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

FILE_BYTES_MAX = 5_000_000
FILES_MAX = 200
STATIC_FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
PARTS_NEEDED = ("vendor/govuk-frontend.min.css", "vendor/govuk-frontend.min.js", "vendor/htmx.min.js")


class Asset(msgspec.Struct, frozen=True):
    """One file as it is served; `gzipped` is None where packing gains nothing."""

    media_type: str
    content: bytes
    gzipped: bytes | None


class Assets:
    """All static files, read once at start; `version` changes when any of them changes."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        self._assets: dict[str, Asset] = {}
        digest = hashlib.sha256()
        for path in _served(folder):
            name = path.relative_to(folder).as_posix()
            content = path.read_bytes()
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
            self._assets[name] = _asset(path, content)
        self.version = digest.hexdigest()[:12]

    def find(self, version: str, name: str) -> Asset | None:
        """Return a file of this version; only names read at start exist, so no path leads out of the folder."""
        return self._assets.get(name) if version == self.version else None

    def url(self, name: str) -> str | None:
        """Return the address of a file, None where it is not installed."""
        return f"/console/static/{self.version}/{name}" if name in self._assets else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Front-end parts that `make setup` has not brought."""
        return tuple(name for name in PARTS_NEEDED if name not in self._assets)


def _served(folder: Path) -> Iterable[Path]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in MEDIA_TYPES) if folder.is_dir() else []
    return paths[:FILES_MAX]


def _asset(path: Path, content: bytes) -> Asset:
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(f"{path}: expected at most {FILE_BYTES_MAX} bytes, got {len(content)}; serve a smaller file")
    packed = gzip.compress(content, mtime=0) if path.suffix in {".css", ".js", ".svg", ".txt"} else content
    smaller = len(packed) < len(content)
    return Asset(media_type=MEDIA_TYPES[path.suffix], content=content, gzipped=packed if smaller else None)
