# SPDX-License-Identifier: Apache-2.0
"""What a route gets and gives, whichever server stands before it; errors are problem+json that say how to mend them.

Source: RFC 9457 (problem details).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.parties.model import Principal

T = TypeVar("T")

JSON = "application/json"
PROBLEM = "application/problem+json"
_encode = msgspec.json.Encoder().encode

TITLES = {
    400: "The message cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "In conflict with what is recorded",
    413: "Too large",
    415: "Media type not supported",
    422: "Read, and refused",
    431: "Headers too large",
    500: "Fault of the server",
    503: "Not available now",
}


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An error: what, where, what was expected, what was got, what to do; `errors` where there are several."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    where: str | None = None
    line: int | None = None
    expected: str | None = None
    got: str | None = None
    fix: str | None = None
    lrn: str | None = None
    mrn: str | None = None
    case_id: str | None = None
    errors: list[dict[str, Any]] = []


class Reply(msgspec.Struct, frozen=True):
    """What goes back: status, body, media type, further headers."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """Ends a route with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        where: str | None = None,
        line: int | None = None,
        expected: str | None = None,
        got: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            title=TITLES[status],
            status=status,
            code=code,
            detail=detail,
            where=where,
            line=line,
            expected=expected,
            got=got,
            fix=fix,
        )

    def reply(self) -> Reply:
        """Return the refusal as an answer."""
        return problem_reply(self.problem)


def problem_reply(problem: Problem) -> Reply:
    """Return a problem as an answer; 401 says how to sign in, 503 when to come back."""
    headers: tuple[tuple[str, str], ...] = ()
    if problem.status == 401:
        headers = (("www-authenticate", 'Bearer realm="openecp"'),)
    elif problem.status == 503:
        headers = (("retry-after", "1"),)
    return Reply(problem.status, _encode(problem), PROBLEM, headers)


def problem_of_reason(reason: Reason, status: int) -> Problem:
    """Return a reason as a problem."""
    return Problem(
        title=TITLES.get(status, "Refused"),
        status=status,
        code=reason.code,
        detail=reason.message,
        where=reason.pointer or reason.json_pointer,
        line=reason.line,
        expected=reason.expected,
        got=reason.got,
        fix=reason.fix,
    )


def json_reply(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a value as JSON."""
    return Reply(status, _encode(value), JSON, headers)


class Call(msgspec.Struct):
    """One request: who asks, for what, with which body."""

    method: str
    path: str
    parameters: Mapping[str, str]  # of the path
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    body: bytes = b""
    principal: Principal | None = None

    @property
    def who(self) -> Principal:
        """The principal; routes that need one are never called without."""
        if self.principal is None:
            raise Refusal(401, "OECP-TOKEN", "This route needs a token.", expected="a bearer token", got="none")
        return self.principal

    def whole_number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a query parameter as a whole number within its limits.

        Raises: Refusal 400.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            raise Refusal(
                400,
                "OECP-QUERY",
                f"The parameter {name} cannot be used.",
                where=f"?{name}",
                expected=f"a whole number from {least} to {most}",
                got=text[:40],
                fix="Correct the parameter.",
            )
        return int(text)


def decoded(call: Call, kind: type[T]) -> T:
    """Return a request's body as what its route takes.

    Raises: Refusal where it cannot be read.
    """
    try:
        return msgspec.json.decode(call.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(
            400,
            "OECP-BODY",
            "The body cannot be read.",
            where="body",
            expected="a JSON object as in the description of this route",
            got=str(error)[:200],
            fix="Correct the body.",
        ) from None
