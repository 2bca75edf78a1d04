# SPDX-License-Identifier: Apache-2.0
"""Ten thousand spoilt messages: each is a reading or a named error, soon, and a reading can be written again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest
from tests.corpus import corpus_files
from tests.wire_samples import full_declaration, full_response, small_declaration

from openecp.platform.wire import (
    Reading,
    Unreadable,
    read,
    read_response,
    write,
    write_json,
    write_json_response,
    write_response,
)

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

SEED = 20260504
SLOWEST = 2.0  # seconds for one message, of the processor

TOKENS = [
    b"<", b">", b"</", b"/>", b"&", b"&amp;", b"&x;", b"&#0;", b"&#x110000;", b"<!--", b"-->", b"--", b"<![CDATA[",
    b"]]>", b"<?xml version='1.0' encoding='utf-16'?>", b"<?x?>", b"<!DOCTYPE a>", b"<!ENTITY a 'b'>",
    b' xmlns="urn:x"', b" xmlns:a=''", b"<Declaration>", b"</Declaration>", b"<Response>", b"<MetaData>", b"<ID>",
    b"<ID/>", b"<Origin/>", b"<DateTimeString>", b'"', b"'", b"\\", b"\\u0000", b"\\ud800", b"\\n", b"{", b"}", b"[",
    b"]", b":", b",", b"null", b"true", b"1e999", b"-", b"NaN", b'"ID":', b'"ID":"1",', b'"Declaration":{',
    b'"value":', b"[[[[[[[[", b'{"a":' * 8, b"\x00", b"\x01", b"\x0b", b"\x7f", b"\x80", b"\xc0\xaf", b"\xff",
    b"\xef\xbb\xbf", b"\xef\xbf\xbe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\n", b"\t", b" ", b"\xc2\xa0",
    b"9" * 400, b"A" * 3000,
]  # fmt: skip


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at:]


def _replace(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at + rng.randrange(1, 12) :]


def _flip(data: bytes, rng: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        if spoilt:
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
    return bytes(spoilt)


def _cut(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.randrange(1, 200) :]


def _truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _double(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    part = data[start : start + rng.randrange(1, 300)]
    return data[:start] + part * rng.randrange(2, 5) + data[start:]


def _move(data: bytes, rng: random.Random) -> bytes:
    start, length = rng.randrange(len(data) + 1), rng.randrange(1, 120)
    part, rest = data[start : start + length], data[:start] + data[start + length :]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + part + rest[at:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    mark = b"\n" if b"\n" in data else b","
    lines = data.split(mark)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return mark.join(lines)


def _rename(data: bytes, rng: random.Random) -> bytes:
    names = [b"ID", b"Declaration", b"Commodity", b"Origin", b"Amount", b"DateTime", b"Code", b"value"]
    return data.replace(rng.choice(names), rng.choice(names), rng.randrange(1, 4))


def _recode(data: bytes, rng: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(
        rng.choice(["utf-16", "utf-16-be", "utf-32", "latin-1", "utf-7"]), "replace"
    )


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    _insert, _insert, _replace, _replace, _flip, _cut, _truncate, _double, _move, _swap_lines, _rename, _recode,
]  # fmt: skip


def _sources() -> list[bytes]:
    small, full = small_declaration(items=2), full_declaration()
    own = [write(small), write_json(small), write_response([full_response()]), write_json_response([full_response()])]
    own += [write(full), write_json(full)]
    corpus = [file.read_bytes() for file in corpus_files("wco-dm")]
    chosen = random.Random(SEED).sample(corpus, min(30, len(corpus)))
    twins = []
    for data in chosen:
        try:
            twins.append(write_json(read(data).declaration))
        except Unreadable:
            continue
    return own * 5 + chosen + twins


def _run(count: int, seed: int) -> Counter[str]:
    rng = random.Random(seed)
    sources = _sources()
    outcomes: Counter[str] = Counter()
    for number in range(count):
        data = rng.choice(sources)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = rng.choice(MUTATIONS)(data, rng)
        start = time.process_time()
        try:
            outcomes[_outcome(data)] += 1
        except Exception as error:
            raise AssertionError(f"message {number} of seed {seed}: {error!r}: {data[:200]!r}") from error
        assert time.process_time() - start < SLOWEST, (number, seed)
    return outcomes


def _outcome(data: bytes) -> str:
    try:
        reading = read(data)
    except Unreadable as error:
        if error.code == "OECP-NOT-A-DECLARATION":
            return _response_outcome(data)
        return _named(error)
    _survives(reading)
    return "read"


def _named(error: Unreadable) -> str:
    """Every error says what, what was expected, what was got and what to do, briefly."""
    assert error.code.startswith("OECP-")
    assert all((error.message, error.expected, error.got, error.fix))
    assert len(error.got or "") < 200
    return error.code


def _response_outcome(data: bytes) -> str:
    try:
        reading = read_response(data)
    except Unreadable as error:
        return _named(error)
    assert read_response(write_response(reading.responses)).responses == reading.responses
    assert read_response(write_json_response(reading.responses)).responses == reading.responses
    return "response"


def _survives(reading: Reading) -> None:
    """Whatever was read can be written, in both forms, and reads the same."""
    assert read(write(reading.declaration)).declaration == reading.declaration
    if reading.declaration != type(reading.declaration)():
        assert read(write_json(reading.declaration)).declaration == reading.declaration
    for fault in reading.faults:
        assert fault.layer == "syntax"
        if fault.pointer is not None:
            reading.line_of(fault.pointer)
    reading.lines_of(("42A.D026", "42A/67A/68A[1]/23A/65A.128"))


def test_a_thousand_spoilt_messages() -> None:
    outcomes = _run(1_000, SEED)
    assert outcomes["read"] > 50
    assert outcomes["response"] > 20
    assert len(outcomes) > 12


@pytest.mark.slow
def test_ten_thousand_spoilt_messages() -> None:
    assert sum(_run(10_000, SEED + 1).values()) == 10_000
