# SPDX-License-Identifier: Apache-2.0
"""What a route of the API is: path, permission, what goes in, what comes out."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.platform.core.permissions import Permission


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the path, the query or a header."""

    name: str
    place: str
    description: str
    schema: dict[str, Any]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `permission` None: open to all. `name` is the attribute that answers it."""

    method: str
    path: str
    name: str
    summary: str
    permission: Permission | None
    success: dict[int, Any]  # status: struct, or None for text
    errors: tuple[int, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    body_media: tuple[str, ...] = ()
    success_media: str = "application/json"
    max_body: int | None = None
    more_media: tuple[str, ...] = ()  # of body_media: those that the route itself knows, beside JSON and XML


def whole(least: int, most: int, default: int) -> dict[str, Any]:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


TEXT = {"type": "string", "maxLength": 200}
