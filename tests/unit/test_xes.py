# SPDX-License-Identifier: Apache-2.0
"""Logs in XES: what is read, and what is refused with its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from openecp.platform.wire.xes import UnreadableXes, XesLimits, read_xes

LOG = """<?xml version="1.0"?>
<x:log xmlns:x="http://www.xes-standard.org"><global scope="event"><string key="concept:name" value="none"/></global>
<x:trace><x:string key="concept:name" value="c1"/><string key="office" value="north"/>
<x:event><string value="A" key="concept:name"/><date key="time:timestamp" value="2026-01-01T00:00:00Z"/>
<int key="pieces" value="3"><string key="unit" value="box"/></int></x:event>
<event><string key="concept:name" value="B"/></event></x:trace>
<trace><string key="concept:name" value="c2"/><event><string key="concept:name" value="A"/></event></trace></x:log>"""


def rows_of(path: Path, limits: XesLimits | None = None) -> list[dict[str, str]]:
    """Return the events as rows, empty cells left out."""
    found = []
    for batch in read_xes(path, limits):
        for values in zip(*batch.values(), strict=True):
            found.append({name: value for name, value in zip(batch, values, strict=True) if value is not None})
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_events_keep_their_own_attributes_and_their_traces(tmp_path: Path, packed: bool) -> None:
    """Direct children are attributes in any order and prefix; nested ones and defaults are not."""
    path = tmp_path / "log.xes"
    path.write_bytes(gzip.compress(LOG.encode()) if packed else LOG.encode())
    rows = rows_of(path)
    assert rows[0] == {
        "case:concept:name": "c1",
        "case:office": "north",
        "concept:name": "A",
        "time:timestamp": "2026-01-01T00:00:00Z",
        "pieces": "3",
    }
    assert rows[1] == {"case:concept:name": "c1", "case:office": "north", "concept:name": "B"}
    assert rows[2] == {"case:concept:name": "c2", "concept:name": "A"}


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><log><trace><string key="&b;"/></trace></log>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "DOCTYPE"),
        ("<log><trace><event></trace></log>", "well-formed"),
        ("<html></html>", "<html>"),
        ("<log>" + "<a>" * 40 + "</a>" * 40 + "</log>", "levels"),
        ("", "well-formed"),
        ('<?xml version="1.0" encoding="UT-8"?><log/>', "encoding"),
        ('<?xml version="1.0" encoding="gb18030"?><log/>', "encoding"),
    ],
)
def test_what_is_no_log_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    """Each refusal names the file, the line, and what to do."""
    path = tmp_path / "bad.xes"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableXes, match=says) as caught:
        rows_of(path)
    assert "bad.xes, line" in caught.value.where
    assert caught.value.fix


def test_a_log_that_unpacks_without_end_is_stopped(tmp_path: Path) -> None:
    """What a small packed file unpacks to is limited; a cut file is a fault."""
    path = tmp_path / "bomb.xes.gz"
    path.write_bytes(gzip.compress(b"<log>" + b" " * 10_000_000 + b"</log>"))
    with pytest.raises(UnreadableXes, match="bytes unpacked"):
        rows_of(path, XesLimits(bytes_max=1_000_000))
    path.write_bytes(gzip.compress(LOG.encode())[:-20])
    with pytest.raises(UnreadableXes):
        rows_of(path)


def test_events_without_attributes_are_events(tmp_path: Path) -> None:
    """They are counted where they are used; nothing is lost in silence."""
    path = tmp_path / "log.xes"
    path.write_text("<log><trace><event/><event></event></trace></log>", encoding="utf-8")
    assert list(read_xes(path)) == [{"concept:name": [None, None]}]
