# SPDX-License-Identifier: Apache-2.0
"""The exact bytes of an event, so that anyone who has them computes the same hash.

Source: RFC 8785 (JSON Canonicalization Scheme), with a body restricted to what needs no number formatting.
Limits: no floating-point numbers, integers within ±(2^53 - 1), member names in ASCII (so that UTF-8, UTF-16 and code
    point order agree), depth 32, 1 MiB a body.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from openecp.kernel.journal.model import NewEvent

ENCODING_VERSION = 1  # member `v` of every event: how the bytes below are made
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
MAX_BODY_BYTES = 1 << 20

_encode = msgspec.json.Encoder(order="sorted").encode
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._@/+-]{0,127}")
_NAMES = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9:._@/+-]{0,127}\n)*")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")


def _plain_type(depth: int) -> Any:
    """Build the type of JSON values without fractions and with small integers, so many levels deep."""
    integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
    plain: Any = str | bool | integer | None
    for _ in range(depth):
        plain = str | bool | integer | list[plain] | dict[str, plain] | None
    return plain


# Reading the bytes back as this type is the quickest way to see that nothing in them is forbidden or was changed: what
# is deeper, not in ASCII or does not come back equal is looked at member by member.
_plain = msgspec.json.Decoder(_plain_type(6)).decode


# Kinds, actors and the times within a batch repeat: remember what was found good.
@lru_cache(maxsize=1024)
def _is_kind(text: str) -> bool:
    return _KIND.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


class NotCanonical(ValueError):  # noqa: N818
    """What was given cannot stand in the journal; the text says where, what was expected, what was found, the fix."""


def canonical(value: Any) -> bytes:
    """Return the one way of writing this value as JSON.

    Raises: NotCanonical, for a float, an integer beyond 2^53, a member name outside ASCII, a lone surrogate.
    """
    try:
        data = _encode(value)
    except (UnicodeEncodeError, TypeError, RecursionError, msgspec.MsgspecError) as error:
        _check(value, "$", 0)
        raise NotCanonical(f"$: expected text in Unicode, found {error}; fix: repair the text") from error
    try:
        if _plain(data) == value and data.isascii():
            return data
    except msgspec.MsgspecError:
        pass
    _check(value, "$", 0)
    return data


def _check(value: Any, where: str, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical(f"{where}: expected an integer within 2^53, found {value}; fix: write it as text")
        return
    if depth >= MAX_DEPTH:
        raise NotCanonical(f"{where}: expected at most {MAX_DEPTH} levels, found more; fix: flatten the body")
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise NotCanonical(f"{where}: expected member names in ASCII, found {key!r}; fix: rename it")
            if type(item) is not str:  # most values are text: no call for those
                _check(item, f"{where}.{key}", depth + 1)
    elif kind is list or kind is tuple:
        for number, item in enumerate(value):
            if type(item) is not str:
                _check(item, f"{where}[{number}]", depth + 1)
    else:
        raise NotCanonical(
            f"{where}: expected text, integer, true, false, null, list or object, found {kind.__name__}; "
            "fix: write decimals as text, dates as ISO 8601 text"
        )


def body_bytes(event: NewEvent) -> bytes:
    """Check a new event and return its body's canonical bytes.

    Raises: NotCanonical, naming the field.
    """
    if not _is_kind(event.kind):
        raise NotCanonical(f"kind: expected a past-tense name such as DeclarationAccepted, found {event.kind!r}")
    if not _is_name(event.actor):
        check_name("actor", event.actor)
    check_time("occurred_at", event.occurred_at)
    if type(event.body) is not dict:
        raise NotCanonical(f"body: expected an object, found {type(event.body).__name__}")
    body = canonical(event.body)
    if len(body) > MAX_BODY_BYTES:
        raise NotCanonical(f"body: expected at most {MAX_BODY_BYTES} bytes, found {len(body)}; fix: keep a document")
    return body


def check_name(field: str, text: str) -> None:
    """Refuse an identifier that could not be written in the log without escapes."""
    if not _NAME.fullmatch(text):
        raise NotCanonical(f"{field}: expected 1 to 128 of A-Z a-z 0-9 : . _ @ / + -, found {text[:140]!r}")


def are_names(texts: list[str]) -> bool:
    """Tell whether each is an identifier that could be written in the log without escapes."""
    joined = "\n".join([*texts, ""])
    return joined.count("\n") == len(texts) and _NAMES.fullmatch(joined) is not None


def are_times(texts: list[str]) -> bool:
    """Tell whether each is UTC with microseconds and Z."""
    return all(map(_is_time, texts))


def check_time(field: str, text: str) -> None:
    """Refuse a time that is not UTC with microseconds and Z."""
    if not _is_time(text):
        raise NotCanonical(f"{field}: expected UTC such as 2026-01-31T09:00:00.000000Z, found {text[:40]!r}")


def event_bytes(
    *, seq: int, case_id: str, kind: str, occurred_at: str, recorded_at: str, actor: str, body: bytes
) -> bytes:
    """Return the bytes that a leaf of the log is the hash of. The fields but the body hold no character to escape."""
    return (
        f'{{"actor":"{actor}","body":'.encode()
        + body
        + (
            f',"case_id":"{case_id}","kind":"{kind}","occurred_at":"{occurred_at}",'
            f'"recorded_at":"{recorded_at}","seq":{seq},"v":{ENCODING_VERSION}}}'
        ).encode()
    )


def salted_digest(salt: bytes, content: bytes) -> str:
    """Return the hexadecimal SHA-256 of salt and content: how an event names a document or a person."""
    return hashlib.sha256(salt + content).hexdigest()
