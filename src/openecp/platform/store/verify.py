# SPDX-License-Identifier: Apache-2.0
"""Recomputes the whole journal and names every place where it is not what was recorded.

Each event's hash is computed from its fields as they stand, the tree from these hashes, and all is compared with what
is stored and signed: sequence, leaves, inner nodes, frontier, checkpoints, documents and ledger.
Limits: 1,000 findings are named, more are counted.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import sql

from openecp.kernel.journal.checkpoint import open_checkpoint
from openecp.kernel.journal.merkle import EMPTY_ROOT, Frontier, Node, cover, fold, tree_root
from openecp.platform.store.finding import Finding
from openecp.platform.store.pool import Connection
from openecp.platform.store.verify_parcels import verify_parcels
from openecp.platform.store.verify_records import verify_documents, verify_faces, verify_ledger

CHUNK = 4096  # events fetched at once: 16 stored subtrees of 256
CHUNK_BYTES = 64 << 20
SPAN_LEVEL = 13
SPAN = 1 << SPAN_LEVEL  # events of one task
PARALLEL_FROM = 1 << 18  # below this, starting a second process costs more than it saves
MAX_FINDINGS = 1_000
_sha256 = hashlib.sha256

# A record holds no line break, so that many can be fetched as one text and parted again.
_EVENTS: LiteralString = """
    SELECT count(*), min(seq), max(seq), string_agg(leaf, ''::bytea ORDER BY seq),
           convert_to(string_agg(record, E'\\n' ORDER BY seq), 'UTF8'),
           convert_to(string_agg(case_id, E'"\\n' ORDER BY seq), 'UTF8')
    FROM events WHERE seq > %s AND seq <= %s"""
_LONGEST: LiteralString = "SELECT (seq - 1) / %s, max(octet_length(record)) FROM events WHERE seq > 0 GROUP BY 1"
_CASE = b',"case_id":"'


class Verification(msgspec.Struct, kw_only=True):
    """What was checked and what was found."""

    events: int = 0
    root: str = ""
    checkpoints: int = 0
    documents: int = 0
    documents_erased: int = 0
    ledger_entries: int = 0
    parcel_batches: int = 0
    parcels: int = 0
    findings: list[Finding] = []
    findings_left_off: int = 0

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found."""
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Name a finding, or count it when there are too many."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.findings_left_off += 1


class SpanResult(msgspec.Struct):
    """What one task found: the hash over a complete span, and the frontiers within it at the sizes asked for."""

    start: int
    end: int
    node: bytes | None
    within: dict[int, list[bytes]]
    findings: list[Finding]


def verify_journal(
    connect: Callable[[], Connection],
    url: str,
    *,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Verify everything; `progress` is told events done and events in all.

    Reads: every table of the journal, in one snapshot of the head; what is recorded meanwhile is left for next time.
    """
    report = Verification()
    connection = connect()
    try:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute(
            "SELECT size, frontier, ledger_number, ledger_chain, pg_export_snapshot() FROM journal_head"
        ).fetchone()
        assert row is not None
        size, frontier, ledger_number, ledger_chain, snapshot = row
        counted = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        assert counted is not None
        last = max(size, counted[0])
        roots = _verify_events(connection, url, snapshot, last, size, report, processes, progress)
        _verify_head(report, size, bytes(frontier), roots.get(size, EMPTY_ROOT), counted[0])
        _verify_checkpoints(connection, report, roots, size)
        verify_ledger(connection, report, ledger_number, bytes(ledger_chain))
        verify_documents(connection, report)
        verify_faces(connection, report)
        verify_parcels(connection, report)
        report.events, report.root = size, roots.get(size, EMPTY_ROOT).hex()
    finally:
        connection.close()
    return report


def _verify_events(
    connection: Connection,
    url: str,
    snapshot: str,
    last: int,
    size: int,
    report: Verification,
    processes: int,
    progress: Callable[[int, int], None] | None,
) -> dict[int, bytes]:
    """Verify all events and stored nodes; return the roots at the sizes that were signed, and at the head."""
    wanted = {row[0] for row in connection.execute("SELECT size FROM checkpoints")} | {size}
    stored = {
        (level, index): bytes(node)
        for level, index, node in connection.execute("SELECT level, index, hash FROM merkle_nodes WHERE level > 8")
    }
    frontier = Frontier()
    roots = {0: EMPTY_ROOT}
    for result in _spans(connection, url, snapshot, last, wanted, processes):
        for finding in result.findings:
            report.add(finding)
        for at, hashes in result.within.items():
            roots[at] = fold([*frontier.hashes, *hashes])
        if result.node is not None:
            for level, index, node in _join(frontier, result.node):
                _compare_node(report, stored, level, index, node, size)
            if result.end in wanted:
                roots[result.end] = frontier.root()
        if progress is not None:
            progress(result.end, last)
    for level, index in stored:
        report.add(Finding(what="tree node", seq=None, where=f"{level}/{index}", expected="no such node", got="one"))
    return roots


def _compare_node(
    report: Verification, stored: dict[tuple[int, int], bytes], level: int, index: int, node: bytes, size: int
) -> None:
    if level <= 8 or level % 8 or ((index + 1) << level) > size:
        return
    found = stored.pop((level, index), None)
    if found != node:
        got = "none" if found is None else found.hex()
        report.add(Finding(what="tree node", seq=None, where=f"{level}/{index}", expected=node.hex(), got=got))


def _join(frontier: Frontier, node: bytes) -> list[tuple[int, int, bytes]]:
    """Append a complete span to the frontier; return the nodes from its level upwards."""
    carry = index = frontier.size >> SPAN_LEVEL
    level = SPAN_LEVEL
    made = [(level, index, node)]
    while carry & 1:
        node = _sha256(b"\x01" + frontier.hashes.pop() + node).digest()
        carry >>= 1
        level, index = level + 1, index >> 1
        made.append((level, index, node))
    frontier.hashes.append(node)
    frontier.size += SPAN
    return made


def _spans(
    connection: Connection, url: str, snapshot: str, last: int, wanted: set[int], processes: int
) -> Iterator[SpanResult]:
    """Yield the spans in order, computed here and by processes beside this one."""
    longest: dict[int, int] = dict(connection.execute(_LONGEST, (SPAN,)).fetchall())
    signed = sorted(wanted)
    tasks = []
    for start in range(0, last, SPAN):
        end = min(start + SPAN, last)
        sizes = signed[bisect_right(signed, start) : bisect_right(signed, end)]
        step = max(1, min(CHUNK, CHUNK_BYTES // (longest.get(start // SPAN, 0) + 100)))
        tasks.append((start, end, [at for at in sizes if at - start < SPAN], step))
    if processes < 2 or last < PARALLEL_FROM:
        for task in tasks:
            yield _check_span(connection, *task)
        return
    context, beside = multiprocessing.get_context("spawn"), processes - 1
    with ProcessPoolExecutor(beside, mp_context=context, initializer=_begin, initargs=(url, snapshot)) as pool:
        # Most are done beside; as long as two for each process wait there, this one takes the next itself.
        found: deque[Future[SpanResult] | SpanResult] = deque()
        for task in tasks:
            if sum(isinstance(each, Future) and not each.done() for each in found) < 2 * beside:
                found.append(pool.submit(_span_task, *task))
            else:
                found.append(_check_span(connection, *task))
            while found and (isinstance(found[0], SpanResult) or found[0].done()):
                yield _result(found.popleft())
        while found:
            yield _result(found.popleft())


def _result(found: Future[SpanResult] | SpanResult) -> SpanResult:
    return found if isinstance(found, SpanResult) else found.result()


_worker: dict[str, Any] = {}


def _begin(url: str, snapshot: str) -> None:
    """Open a worker's connection onto the same snapshot."""
    connection = psycopg.connect(url, options="-c search_path=openecp -c timezone=UTC")
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
    _worker["connection"] = connection


def _span_task(start: int, end: int, sizes: list[int], step: int) -> SpanResult:
    return _check_span(_worker["connection"], start, end, sizes, step)


def _check_span(connection: Connection, start: int, end: int, sizes: list[int], step: int) -> SpanResult:
    """Check one span of events, `step` fetched at once, and the stored subtrees of 256 in it."""
    connection.execute("SET LOCAL enable_bitmapscan = off")  # by the index, so that nothing needs sorting
    connection.execute("SET LOCAL enable_seqscan = off")
    findings: list[Finding] = []
    leaves = _check_events(connection, start, end, step, findings)
    level8 = _level8(leaves)
    rows = connection.execute(
        "SELECT index, hash FROM merkle_nodes WHERE level = 8 AND index >= %s AND index < %s",
        (start >> 8, (end + 255) >> 8),
    )
    stored = {index: bytes(node) for index, node in rows}
    for number, node in enumerate(level8, start >> 8):
        found = stored.pop(number, None)
        if found != node:
            got = "none" if found is None else found.hex()
            findings.append(Finding(what="tree node", seq=None, where=f"8/{number}", expected=node.hex(), got=got))
            _check_slowly(connection, number << 8, (number + 1) << 8, findings)
    for number in stored:
        findings.append(Finding(what="tree node", seq=None, where=f"8/{number}", expected="no such node", got="one"))
    within = {at: [_subtree(leaves, level8, node) for node in cover(0, at - start)] for at in sizes}
    return SpanResult(start, end, tree_root(level8) if len(leaves) == SPAN else None, within, findings)


def _level8(leaves: list[bytes]) -> list[bytes]:
    """Return the roots over each 256 leaves; those that are left over have none."""
    nodes = leaves[: len(leaves) & ~255]
    for _ in range(8):
        pairs = iter(nodes)
        nodes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return nodes


def _subtree(leaves: list[bytes], level8: list[bytes], node: Node) -> bytes:
    """Return the hash of a complete subtree of a span."""
    level, index = node
    if level < 8:
        return tree_root(leaves[index << level : (index + 1) << level])
    return tree_root(level8[index << (level - 8) : (index + 1) << (level - 8)])


def _check_events(connection: Connection, start: int, end: int, step: int, findings: list[Finding]) -> list[bytes]:
    """Return the leaves of events start + 1 … end; name what does not agree; a missing event counts as zeros."""
    leaves: list[bytes] = []
    for low in range(start, end, step):
        high = min(low + step, end)
        row = connection.execute(_EVENTS, (low, high), binary=True).fetchone()
        assert row is not None
        count, first, final, stored, text, cases = row
        if count == high - low and first == low + 1 and final == high:
            records, owners = text.split(b"\n"), (cases + b'"').split(b"\n")
            found = [_sha256(b"\x00" + record).digest() for record in records]  # RFC 6962: a leaf begins with zero
            agree = len(owners) == count and records[-1].endswith(b'"seq":%d,"v":1}' % high)
            agree = agree and all(
                [record.startswith(owner, record.rfind(_CASE) + 12) for record, owner in zip(records, owners)]  # noqa: B905, C419  quickest
            )
            if agree and len(found) == count and b"".join(found) == stored:
                leaves += found
                continue
        leaves += _check_slowly(connection, low, high, findings)
    return leaves


def _check_slowly(connection: Connection, low: int, high: int, findings: list[Finding]) -> list[bytes]:
    """Go through a range event by event to name what is wrong; return the leaves."""
    rows = connection.execute(
        "SELECT seq, case_id, record, leaf FROM events WHERE seq > %s AND seq <= %s ORDER BY seq", (low, high)
    ).fetchall()
    known = {row[0]: row for row in rows}
    leaves = []
    for seq in range(low + 1, high + 1):
        if seq not in known:
            findings.append(Finding(what="sequence", seq=seq, expected="an event", got="none"))
            leaves.append(bytes(32))
            continue
        _, case_id, record, stored = known[seq]
        leaf = _sha256(b"\x00" + record.encode()).digest()
        if leaf != bytes(stored):
            expected = f"leaf {bytes(stored).hex()}"
            findings.append(Finding(what="event", seq=seq, where=case_id[:64], expected=expected, got=leaf.hex()))
        else:
            _check_record(seq, case_id, record, findings)
        leaves.append(leaf)
    return leaves


def _check_record(seq: int, case_id: str, record: str, findings: list[Finding]) -> None:
    """Check that a record is the event of this place and case."""
    try:
        event = msgspec.json.decode(record)
        held = (event["seq"], event["case_id"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        findings.append(Finding(what="event", seq=seq, expected="an event's record", got=record[:80]))
        return
    if held != (seq, case_id):
        expected = f"event {seq} of case {case_id[:64]}"
        findings.append(Finding(what="event", seq=seq, expected=expected, got=f"event {held[0]} of case {held[1]}"))


def _verify_head(report: Verification, size: int, stored: bytes, root: bytes, last: int) -> None:
    if last != size:
        report.add(Finding(what="sequence", seq=last, expected=f"{size} events by the head", got=f"{last}"))
    try:
        found = Frontier.from_bytes(size, stored).root()
    except ValueError as error:
        report.add(Finding(what="frontier", seq=size, expected=f"root {root.hex()}", got=str(error)))
        return
    if found != root:
        report.add(Finding(what="frontier", seq=size, expected=f"root {root.hex()}", got=found.hex()))


def _verify_checkpoints(connection: Connection, report: Verification, roots: dict[int, bytes], size: int) -> None:
    keys = connection.execute("SELECT key_name, public_key FROM log_keys").fetchall()
    for at, stored, note in connection.execute("SELECT size, root, note FROM checkpoints ORDER BY size").fetchall():
        report.checkpoints += 1
        root = roots.get(at)
        if root is None or at > size:
            report.add(Finding(what="checkpoint", seq=at, expected=f"a size up to {size}", got=f"{at}"))
            continue
        if bytes(stored) != root:
            report.add(Finding(what="checkpoint", seq=at, expected=f"root {root.hex()}", got=bytes(stored).hex()))
        faults = []
        for name, public in keys:
            try:
                signed = open_checkpoint(note, name=name, public=bytes(public))
            except ValueError as error:
                faults.append(str(error))
                continue
            if (signed.size, signed.root) != (at, root):
                got = f"{signed.size} with root {signed.root.hex()}"
                report.add(Finding(what="checkpoint", seq=at, expected=f"a note on {at}, {root.hex()}", got=got))
            break
        else:
            got = "; ".join(faults) or "no key"
            report.add(Finding(what="checkpoint", seq=at, expected="a note signed by the log's key", got=got))
