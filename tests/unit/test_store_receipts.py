# SPDX-License-Identifier: Apache-2.0
"""Receipts hold offline; every tampered bit is found and named; nothing is signed over a rewritten history."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    document,
    entry,
    shared_database,
    store,
    tamper,
)

from openecp.kernel.journal.merkle import verify_consistency
from openecp.platform.store import JournalTampered, PostgresStore, StoreError

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"


def fill(store: PostgresStore, events: int = 40) -> None:  # noqa: F811
    store.write(
        [
            case_write(f"case-{n}", events=4, documents=(document(n),), ledger=(entry(n, 10 + n, case_id=f"case-{n}"),))
            for n in range(events // 4)
        ]
    )


def offline(folder: Path, receipt: Any, key: str) -> tuple[int, str]:
    """Run the stand-alone verifier with a bare Python."""
    path = folder / "receipt.json"
    path.write_text(receipt if isinstance(receipt, str) else json.dumps(receipt))
    done = subprocess.run([sys.executable, "-I", "-S", str(TOOL), str(path), key], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_receipt_is_verified_without_our_package(store: PostgresStore, tmp_path: Path) -> None:  # noqa: F811
    fill(store)
    receipt = store.receipt(7)
    key = store.log_public_keys()[0]
    code, said = offline(tmp_path, receipt, key)
    assert (code, said.split(":")[0]) == (0, "VERIFIED"), said
    (tmp_path / "log.pub").write_text(key + "\n")
    assert offline(tmp_path, receipt, str(tmp_path / "log.pub"))[0] == 0
    assert store.receipt(41) is None
    assert store.receipt(0) is None


def test_a_changed_receipt_is_refused(store: PostgresStore, tmp_path: Path) -> None:  # noqa: F811
    fill(store)
    receipt, key = store.receipt(7), store.log_public_keys()[0]
    assert receipt is not None
    event = base64.b64decode(str(receipt["event"]))
    proof = list(receipt["proof"])  # type: ignore[call-overload]
    changes: dict[str, Any] = {
        "event": base64.b64encode(event.replace(b"DeclarationAssessed", b"DeclarationAccepted")).decode(),
        "leaf_index": 8,
        "proof": [proof[1], proof[0], *proof[2:]],
        "checkpoint": str(receipt["checkpoint"]).replace("\n40\n", "\n41\n"),
        "seq": 8,
        "format": "other",
        "tree_size": 39,
    }
    for field, value in changes.items():
        changed = copy.deepcopy(receipt) | {field: value}
        code, said = offline(tmp_path, changed, key)
        assert (code, said.split(":")[0]) == (1, "NOT VERIFIED"), (field, said)
    name, number, public = key.split("+", 2)
    other = base64.b64encode(b"\x01" + bytes(32)).decode()
    for wrong in (f"{name}+00000000+{public}", f"{name}+{number}+{other}", "no key at all"):
        assert offline(tmp_path, receipt, wrong)[0] == 1
    assert offline(tmp_path, "not json", key)[0] == 1


def test_checkpoints_continue_each_other(store: PostgresStore) -> None:  # noqa: F811
    roots = {}
    for n in range(12):
        store.write([case_write(f"case-{n}", events=n * 7 % 60 + 1)])
        store.sign_checkpoint()
    with store.connect() as connection:
        roots = {size: bytes(root) for size, root in connection.execute("SELECT size, root FROM checkpoints")}
    sizes = sorted(roots)
    assert len(sizes) == 12
    for size1 in sizes:
        for size2 in sizes:
            if size1 < size2:
                proof = store.consistency_proof(size1, size2)
                assert verify_consistency(size1=size1, size2=size2, root1=roots[size1], root2=roots[size2], proof=proof)
    assert store.sign_checkpoint() == store.checkpoint()
    assert store.checkpoint(at_least=10_000) is None
    assert store.verify().checkpoints == 12


def test_nothing_is_signed_over_another_history(store: PostgresStore) -> None:  # noqa: F811
    fill(store)
    store.sign_checkpoint()
    tamper(store, "UPDATE events SET leaf = sha256('another'::bytea) WHERE seq = 3")
    store.write([case_write("next")])
    with pytest.raises(JournalTampered, match="does not continue the checkpoint signed at 40"):
        store.sign_checkpoint()


def test_the_key_is_noted_and_another_refused(store: PostgresStore, tmp_path: Path) -> None:  # noqa: F811
    fill(store)
    old = store.receipt(1)
    (tmp_path / "log.key").unlink()
    with PostgresStore(url=store.url, folder=tmp_path) as other:
        with pytest.raises(StoreError, match="put the key file back"):
            other.sign_checkpoint()
        new = other.replace_log_key()
        other.write([case_write("next")])
        receipt = other.receipt(41)
        assert receipt is not None
        assert receipt["log_key"] == new == other.log_public_keys()[0]
        assert other.receipt(1)["log_key"] == new  # type: ignore[index]
        assert old is not None
        assert old["log_key"] == other.log_public_keys()[1]
        assert other.verify().ok


@pytest.mark.parametrize(
    ("statement", "what", "seq"),
    [
        ("UPDATE events SET record = replace(record, '\"number\":2', '\"number\":3') WHERE seq = 7", "event", 7),
        ("UPDATE events SET case_id = 'case-9' WHERE seq = 7", "event", 7),
        ("UPDATE events SET leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) WHERE seq = 9", "event", 9),
        ("UPDATE events SET record = record || ' ' WHERE seq = 40", "event", 40),
        ("UPDATE events SET record = E'x\\ny' WHERE seq = 2", "event", 2),
        ("DELETE FROM events WHERE seq = 11", "sequence", 11),
        ("DELETE FROM events WHERE seq > 39", "sequence", 40),
        ("INSERT INTO events SELECT 41, case_id, record, leaf FROM events WHERE seq = 40", "event", 41),
        ("UPDATE journal_head SET frontier = set_byte(frontier, 3, get_byte(frontier, 3) # 1)", "frontier", 40),
        ("UPDATE journal_head SET size = 39", "sequence", 40),
        ("UPDATE checkpoints SET root = sha256('x')", "checkpoint", 40),
        ("UPDATE checkpoints SET note = replace(note, E'\\n40\\n', E'\\n39\\n')", "checkpoint", 40),
        ("INSERT INTO checkpoints SELECT 99, root, note, signed_at FROM checkpoints", "checkpoint", 99),
        ("UPDATE documents SET content = 'other' WHERE document_id = 'doc-3'", "document", None),
        ("UPDATE documents SET content = 'other', digest = sha256(salt || 'other'::bytea) WHERE document_id = 'doc-3'",
         "document", None),
        ("UPDATE documents SET content = NULL WHERE document_id = 'doc-3'", "document", None),
        ("UPDATE ledger SET amount_minor = amount_minor + 1 WHERE number = 3", "ledger", None),
        ("DELETE FROM ledger WHERE number = 10", "ledger", None),
        ("DELETE FROM ledger WHERE number = 4", "ledger", None),
        ("INSERT INTO merkle_nodes VALUES (8, 7, sha256('x'))", "tree node", None),
    ],
)  # fmt: skip
def test_a_tampered_bit_is_found_and_named(
    store: PostgresStore,  # noqa: F811
    statement: str,
    what: str,
    seq: int | None,
) -> None:
    fill(store)
    store.sign_checkpoint()
    assert store.verify().ok
    tamper(store, statement)
    report = store.verify()
    if what == "tree node":
        assert not report.ok or "7" in statement
        return
    assert (what, seq) in {(finding.what, finding.seq) for finding in report.findings}, report.findings
    if what in ("document", "ledger"):
        assert all(finding.what == what for finding in report.findings)
    assert all(str(finding) and finding.expected and finding.got for finding in report.findings)


def test_events_exchanged_for_each_other_are_named(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write(f"case-{n}", events=150) for n in range(4)])
    assert store.verify().ok
    tamper(
        store,
        "UPDATE events e SET case_id = o.case_id, record = o.record, leaf = o.leaf FROM events o "
        "WHERE (e.seq, o.seq) IN ((100, 200), (200, 100))",
    )
    found = store.verify().findings
    assert {finding.seq for finding in found if finding.what == "event"} == {100, 200}
    assert any(finding.what == "tree node" and finding.where == "8/0" for finding in found)
    tamper(store, "UPDATE merkle_nodes SET hash = sha256('x') WHERE level = 8 AND index = 1")
    assert any(finding.where == "8/1" for finding in store.verify().findings)


def test_proofs_reach_over_stored_subtrees(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write(f"case-{n}", events=250) for n in range(9)])  # 2,250 events: eight stored subtrees
    for seq in (1, 256, 257, 1000, 2048, 2049, 2250):
        receipt = store.receipt(seq)
        assert receipt is not None
        assert len(receipt["proof"]) <= 12  # type: ignore[arg-type]
    assert store.verify().ok


@pytest.mark.slow
def test_processes_beside_this_one_find_the_same(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    for first in range(0, 80, 40):
        store.write([case_write(f"case-{n}", events=256) for n in range(first, first + 40)])
        store.sign_checkpoint()
    monkeypatch.setattr("openecp.platform.store.verify.PARALLEL_FROM", 0)
    report = store.verify(processes=2)
    assert (report.ok, report.events, report.checkpoints) == (True, 20_480, 2), report.findings
    assert report.root == store.verify(processes=1).root
    tamper(store, "UPDATE events SET case_id = 'case-1' WHERE seq = 9000")
    tamper(store, "UPDATE events SET record = replace(record, 'system', 'person') WHERE seq = 17000")
    tamper(store, "UPDATE merkle_nodes SET hash = leaf FROM events WHERE level = 8 AND index = 3 AND seq = 1")
    found = [(f.what, f.seq, f.where) for f in store.verify(processes=2).findings]
    assert found == [(f.what, f.seq, f.where) for f in store.verify(processes=1).findings]
    assert ("tree node", None, "8/3") in found
    assert [seq for what, seq, _ in found if what == "event"] == [9000, 17000, 17000]
    assert {what for what, _, _ in found} == {"event", "tree node", "frontier", "checkpoint"}
