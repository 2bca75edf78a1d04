# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document, made from the table of routes.

Source: OpenAPI 3.1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from openecp import __version__
from openecp.platform.api.http import PROBLEM, TITLES, Problem
from openecp.platform.api.route import Route
from openecp.platform.api.routes import ROUTES
from openecp.platform.core.permissions import roles_with

_REF = "#/components/schemas/{name}"
_XML = {"type": "string", "description": "WCO Data Model 3.6: MetaData with one Declaration, or the Declaration alone"}


@cache
def openapi() -> dict[str, Any]:
    """Return the document."""
    structs = {struct for route in ROUTES for struct in (*route.success.values(), route.body) if _is_struct(struct)}
    ordered = [Problem, *sorted(structs, key=lambda struct: struct.__name__)]
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    refs = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OpenECP",
            "version": __version__,
            "description": "Lodge Customs declarations in the form of the WCO Data Model and follow them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{route.path.replace('/', '_').replace('{', '').replace('}', '')}",
        "summary": route.summary,
        "security": [] if route.permission is None else [{"token": []}],
        "responses": {str(status): _success(route, struct, refs) for status, struct in route.success.items()},
    }
    if route.permission is not None:
        operation["x-permission"] = route.permission
        operation["x-roles"] = list(roles_with(route.permission))
    for status in route.errors:
        if str(status) not in operation["responses"]:
            operation["responses"][str(status)] = _error(route, status, refs)
    if route.parameters:
        operation["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for parameter in route.parameters
        ]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {media: {"schema": _body(route, media, refs)} for media in route.body_media},
        }
    return operation


def _success(route: Route, struct: Any, refs: dict[Any, Any]) -> dict[str, Any]:
    if struct is None:
        return {"description": "done", "content": {route.success_media: {"schema": {"type": "string"}}}}
    if struct is dict:
        return {"description": "done", "content": {route.success_media: {"schema": {"type": "object"}}}}
    schema: dict[str, Any] = refs[struct]
    if route.name == "lodge":
        listed = {"type": "array", "items": {"anyOf": [refs[struct], refs[Problem]]}}
        schema = {"anyOf": [refs[struct], listed]}
    return {"description": struct.__doc__ or "done", "content": {route.success_media: {"schema": schema}}}


def _error(route: Route, status: int, refs: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {PROBLEM: {"schema": refs[Problem]}}
    if route.name == "lodge" and status == 422:
        rejected = next(struct for struct in route.success.values() if struct is not None)
        content[route.success_media] = {"schema": refs[rejected]}  # a rejection is recorded, and answered in full
    return {"description": TITLES[status], "content": content}


def _body(route: Route, media: str, refs: dict[Any, Any]) -> dict[str, Any]:
    if media.endswith("xml"):
        return _XML
    if route.name == "lodge":
        return {"anyOf": [refs[route.body], {"type": "array", "items": refs[route.body], "minItems": 1}]}
    schema: dict[str, Any] = refs[route.body]
    return schema
