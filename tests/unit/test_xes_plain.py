# SPDX-License-Identifier: Apache-2.0
"""Plain traces are read without the parser: rows, faults and their lines are the same as with it, whatever is given."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import msgspec
import pytest

from openecp.platform.wire.xes import UnreadableXes, XesLimits, read_xes
from openecp.platform.wire.xes_plain import PlainTraces

KEYS = ("concept:name", "time:timestamp", "office", "case:concept:name", "é", "a b", "", "&amp;k", "k&#233;")
VALUES = (
    "x",
    "",
    "2026-01-01T00:00:00Z",
    "a>b",
    "it's",
    "é€😀",
    "&lt;b&gt; &amp; &quot;&apos;",
    "&#10;&#x1F600;",
    "y" * 60,
)
ODD_VALUES = (
    "a\tb",
    "a\nb",
    "a\r\nb",
    "a<b",
    "&no;",
    "&",
    "&#0;",
    "&#xD800;",
    "&amp",
    "\x01",
    "\ufffe",
    "﷐",
    "&#xFFFF;",
)
ODD = (
    '<!-- </trace> " -->',
    '<!-- <trace><event><string key="k" value="v"/></event></trace> -->',
    '<![CDATA[ <trace><event><string key="k" value="v"/></event></trace> ]]>',
    '<?note <trace><event><int key="k" value="1"/></event></trace>?>',
    "text",
    'say "this" and "that"',
    "]]>",
    '<string key="k" value="v"><int key="nested" value="1"/></string>',
    '<list key="l"><string key="k" value="v"/></list>',
    '<string value="v" key="turned"/>',
    "<string key='single' value='v'/>",
    '<string key="k" value="v"></string>',
    '<string key="k" value="v" more="m"/>',
    '<string key="k" key="k"/>',
    '<string key="k"value="v"/>',
    '<string key="only"/>',
    "<event/>",
    "<event></event>",
    "<event>",
    "</event>",
    "</trace>",
    "<trace>",
    "<trace></trace>",
    '<global scope="event"><string key="concept:name" value="none"/></global>',
    '<x:event xmlns:x="u"><x:string key="k" value="v"/></x:event>',
    '<note key="k" value="v"/>',
    "</log>",
    '<!DOCTYPE log [<!ENTITY no "x">]>',
    "\x00",
    '"',
    "<",
)
DAMAGE = (
    b"<",
    b">",
    b"/",
    b'"',
    b"&",
    b"'",
    b"\0",
    b"\xff",
    b"\xef\xbf\xbe",
    b"\r",
    b" ",
    b"<!--",
    b"-->",
    b"]]>",
    b"=",
)
PLAIN = '<trace><string key="concept:name" value="A"/><event><string key="concept:name" value="B"/></event></trace>'
RUNS = 120
LIMITS = XesLimits(depth_max=9, names_max=25, text_max=50, batch_rows=5)


def attributes(draw: random.Random, odd: float) -> str:
    """Return some attributes, plain ones for the most part."""
    written = []
    for _ in range(draw.randrange(4)):
        tag = draw.choice(("string", "date", "int", "float", "boolean", "id"))
        value = draw.choice(ODD_VALUES if draw.random() < odd else VALUES)
        equals = draw.choice(("=", "=", "=", " = "))
        end = draw.choice(("/>", "/>", " />", "\n/>"))
        written.append(f'<{tag} key="{draw.choice(KEYS)}" value{equals}"{value}"{end}')
        if draw.random() < odd:
            written.append(draw.choice(ODD))
    return draw.choice(("", "\n", "\r\n\t", "\r")).join(written)


def log_of(draw: random.Random, odd: float) -> str:
    """Return a log, odd in some places."""
    traces = []
    for _ in range(draw.randrange(9)):
        events = "".join(f"<event>\n{attributes(draw, odd)}</event>\n" for _ in range(draw.randrange(5)))
        strange = draw.choice(ODD) if draw.random() < odd else ""
        traces.append(
            f"<trace>\n{attributes(draw, odd)}{strange}{events}{attributes(draw, odd / 9)}</trace>{strange}\n"
        )
    head = draw.choice(('<?xml version="1.0"?>\n', '<?xml version="1.0" encoding="UTF-8"?>', "", "<!-- x -->\n"))
    start = attributes(draw, odd).replace("</log>", "")
    return f"{head}<log>\n{start}{''.join(traces)}</log>\n"


def outcome(path: Path, limits: XesLimits, is_plain: bool) -> tuple[list[dict[str, str]], str]:
    """Return the rows that are handed over and the fault, if any."""
    rows: list[dict[str, str]] = []
    try:
        for batch in read_xes(path, limits, is_plain=is_plain):
            names = list(batch)
            for values in zip(*batch.values(), strict=True):
                rows.append({name: value for name, value in zip(names, values, strict=True) if value is not None})
    except UnreadableXes as fault:
        return [], str(fault)
    return rows, ""


def compared(path: Path, content: bytes, limits: XesLimits) -> bool:
    """Read a log in both ways; tell whether it is sound."""
    path.write_bytes(content)
    by_both, by_parser = outcome(path, limits, True), outcome(path, limits, False)
    assert by_both == by_parser, content
    return not by_both[1]


@pytest.mark.parametrize("odd", [0.0, 0.02, 0.2])
def test_both_ways_are_equal(tmp_path: Path, odd: float) -> None:
    """Random logs, plain and odd, in one piece and in many."""
    draw, sound = random.Random(f"logs {odd}"), 0
    for _ in range(RUNS):
        limits = msgspec.structs.replace(LIMITS, read_bytes=draw.choice((31, 200, 1 << 18)))
        content = log_of(draw, odd).encode()
        sound += compared(tmp_path / "log.xes", gzip.compress(content, 1) if draw.random() < 0.1 else content, limits)
    assert sound == RUNS if not odd else RUNS // 20 < sound < RUNS


def test_damage_is_found_as_the_parser_finds_it(tmp_path: Path) -> None:
    """Bytes lost, doubled, turned around or changed anywhere in a plain log."""
    draw, sound = random.Random("damage"), 0
    for _ in range(RUNS):
        content = bytearray(log_of(draw, 0).encode())
        for _ in range(draw.choice((1, 1, 3))):
            place, many = draw.randrange(len(content)), draw.choice((1, 1, 9))
            part = content[place : place + many]
            content[place : place + many] = draw.choice((b"", part * 2, part[::-1], draw.choice(DAMAGE)))
        limits = msgspec.structs.replace(LIMITS, read_bytes=draw.choice((31, 200, 1 << 18)))
        sound += compared(tmp_path / "log.xes", bytes(content), limits)
    assert RUNS // 20 < sound < RUNS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "iso-8859-1", "us-ascii"])
def test_other_encodings_are_left_to_the_parser(tmp_path: Path, encoding: str) -> None:
    """Bytes that look like a plain trace are one only in UTF-8."""
    declared = "utf-8" if encoding == "utf-8-sig" else encoding.removesuffix("-le").removesuffix("-be")
    trap = (PLAIN + " " * (len(PLAIN) % 2)).encode().decode("utf-16-le" if "utf-16" in encoding else "latin-1")
    for value in ("é", "x", trap):
        text = f'<?xml version="1.0" encoding="{declared}"?><log>{PLAIN.replace("B", value)}<!-- {trap} --></log>'
        compared(tmp_path / "log.xes", text.encode(encoding, "replace"), LIMITS)


@pytest.mark.parametrize(
    "place",
    [
        "<log><!-- {} --></log>",
        "<log><![CDATA[ {} ]]></log>",
        "<log><?x {} ?></log>",
        "<log><a b='{}'/></log>",
        "<log><global>{}</global></log>",
        "<log/>{}",
        "<log>{}",
        "{}",
        "<a>{}</a>",
    ],
)
def test_what_only_looks_like_a_trace_is_none(tmp_path: Path, place: str) -> None:
    """In comments, sections of characters, instructions, other elements, and behind the end."""
    for read_bytes in (16, len(PLAIN), 1 << 18):
        limits = msgspec.structs.replace(LIMITS, read_bytes=read_bytes)
        compared(tmp_path / "log.xes", place.replace("{}", PLAIN * 3).encode(), limits)


def test_a_plain_log_is_read_without_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All traces but those that are not plain; a fault behind them is named with its own line."""
    taken: list[int] = []
    plain_way = PlainTraces.columns

    def counted(self: PlainTraces, block: bytes) -> tuple[dict[str, list[str | None]], int] | None:
        found = plain_way(self, block)
        taken.append(found[1] if found else 0)
        return found

    monkeypatch.setattr(PlainTraces, "columns", counted)
    path = tmp_path / "log.xes"
    path.write_text("<log>\n" + f"{PLAIN}\r\n" * 2_000 + "<!-- x -->" + f"{PLAIN}\r" * 2_000 + "<end></log>")
    with pytest.raises(UnreadableXes, match=r"line 4002: .*mismatched tag"):
        list(read_xes(path, XesLimits(read_bytes=1 << 15)))
    assert sum(taken) > 3_500


def test_endless_names_are_refused_in_little_memory(tmp_path: Path) -> None:
    """Many events, each with names of its own: the columns are not made."""
    path = tmp_path / "log.xes"
    events = (f'<event><int key="k{number}" value="1"/></event>' for number in range(20_000))
    path.write_text(f"<log><trace>{''.join(events)}</trace></log>")
    with pytest.raises(UnreadableXes, match="at most 200 attributes"):
        list(read_xes(path, XesLimits(read_bytes=1 << 20)))
