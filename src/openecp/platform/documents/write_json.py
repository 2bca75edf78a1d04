# SPDX-License-Identifier: Apache-2.0
"""Writes the data of a session paper as JSON: codes, ISO dates and counts, keys in the same order each time."""

from __future__ import annotations

import msgspec

from openecp.programme.reports.paper import Paper


def write_json(paper: Paper) -> bytes:
    """Return the data of the paper as indented JSON in UTF-8."""
    return msgspec.json.format(msgspec.json.encode(paper.data), indent=1) + b"\n"
