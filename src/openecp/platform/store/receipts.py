# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, proofs and receipts: what lets anyone check offline that an event stands in the journal.

A receipt holds the event's exact bytes, its place, the proof, and a checkpoint signed over the root. A checkpoint is
signed only after the tree was shown to continue the one signed before.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from openecp.kernel.journal.checkpoint import Checkpoint, LogKey, open_checkpoint, verifier_key
from openecp.kernel.journal.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    consistency_ranges,
    cover,
    inclusion_ranges,
    leaf_hash,
    prove,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from openecp.platform.store.errors import JournalTampered, StoreError
from openecp.platform.store.pool import Connection, Pool

RECEIPT_FORMAT = "openecp-receipt-1"


class Receipts:
    """Signs checkpoints and makes receipts and proofs for one store."""

    pool: Pool
    folder: Path
    log_origin: str
    clock: Callable[[], str]
    _key: LogKey | None = None

    def log_key(self) -> LogKey:
        """Return the key that signs; made on first use, in OPENECP_LOG_KEY or log.key of the data folder.

        Raises: StoreError, when the key at hand is not the one this journal is signed with.
        """
        if self._key is None:
            path = Path(os.environ.get("OPENECP_LOG_KEY") or self.folder / "log.key")
            path.parent.mkdir(parents=True, exist_ok=True)
            key = LogKey.from_file(path, self.log_origin)
            with self.pool.transaction() as connection:
                connection.execute("SELECT 1 FROM journal_head FOR UPDATE")
                rows = connection.execute("SELECT public_key FROM log_keys ORDER BY from_size DESC, added_at DESC")
                known = [bytes(row[0]) for row in rows]
                if not known:
                    self._note_key(connection, key)
                elif known[0] != key.public:
                    raise StoreError(
                        f"{path}: expected the key {verifier_key(self.log_origin, known[0])} that this journal is "
                        f"signed with, found {key.verifier()}; fix: put the key file back (OPENECP_LOG_KEY), or take "
                        "the new key into use with replace_log_key"
                    )
            self._key = key
        return self._key

    def replace_log_key(self) -> str:
        """Take the key at hand into use from here on (the old one is lost or retired); return its public form."""
        path = Path(os.environ.get("OPENECP_LOG_KEY") or self.folder / "log.key")
        path.parent.mkdir(parents=True, exist_ok=True)
        key = LogKey.from_file(path, self.log_origin)
        with self.pool.transaction() as connection:
            connection.execute("SELECT 1 FROM journal_head FOR UPDATE")
            self._note_key(connection, key)
        self._key = key
        return key.verifier()

    def _note_key(self, connection: Connection, key: LogKey) -> None:
        connection.execute(
            "INSERT INTO log_keys SELECT %s, %s, size + 1, %s FROM journal_head "
            "ON CONFLICT (public_key) DO UPDATE SET from_size = excluded.from_size, added_at = excluded.added_at",
            (key.name, key.public, self.clock()),
        )

    def log_public_keys(self) -> list[str]:
        """Return the public keys of this journal, the present one first, as offline verifiers take them."""
        rows = self.pool.fetch("SELECT key_name, public_key FROM log_keys ORDER BY from_size DESC, added_at DESC")
        return [verifier_key(name, bytes(public)) for name, public in rows]

    def sign_checkpoint(self) -> str:
        """Sign the journal as it stands, unless that was done; return the note.

        Raises: JournalTampered, when the tree does not continue the one signed before.
        """
        key = self.log_key()
        with self.pool.transaction() as connection:
            head = connection.execute("SELECT size, frontier FROM journal_head FOR UPDATE").fetchone()
            assert head is not None
            size, root = head[0], Frontier.from_bytes(head[0], head[1]).root()
            last = connection.execute("SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
            if last is not None and last[0] == size and bytes(last[1]) == root:
                return str(last[2])
            if last is not None and not self._continues(last[0], bytes(last[1]), size, root):
                raise JournalTampered(
                    f"journal: the tree of {size} events does not continue the checkpoint signed at {last[0]}; "
                    "nothing is signed; fix: run `openecp journal verify`, restore from a backup"
                )
            note = key.sign(Checkpoint(origin=self.log_origin, size=size, root=root))
            connection.execute("INSERT INTO checkpoints VALUES (%s, %s, %s, %s)", (size, root, note, self.clock()))
            return note

    def _continues(self, size1: int, root1: bytes, size2: int, root2: bytes) -> bool:
        if size1 > size2 or size1 == size2:
            return size1 == size2 and root1 == root2
        if size1 == 0:
            return root1 == EMPTY_ROOT
        try:
            proof = self.consistency_proof(size1, size2)
        except StoreError:
            return False
        return verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=proof)

    def checkpoint(self, *, at_least: int = 0) -> str | None:
        """Return the newest signed note, None where it covers fewer than `at_least` events or none was signed."""
        rows = self.pool.fetch("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1")
        return str(rows[0][1]) if rows and rows[0][0] >= at_least else None

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the proof that event `seq` is in the tree of `size` events."""
        return self._prove(inclusion_ranges(seq - 1, size))

    def consistency_proof(self, size1: int, size2: int) -> list[bytes]:
        """Return the proof that the tree of `size2` events continues that of `size1`."""
        return self._prove(consistency_ranges(size1, size2))

    def _prove(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        hashes = self._subtrees(node for start, end in ranges for node in cover(start, end))
        return prove(ranges, hashes.__getitem__)

    def _subtrees(self, nodes: Iterable[Node]) -> dict[Node, bytes]:
        """Return hashes of complete subtrees, from the leaves or the stored level below: two reads in all."""
        wanted = list(dict.fromkeys(nodes))
        found: dict[Node, bytes] = {}
        low = [node for node in wanted if node[0] < 8]
        high = [node for node in wanted if node[0] >= 8]
        spans = [(index << level, 1 << level) for level, index in low]
        rows = self.pool.fetch(
            "SELECT w.n, (SELECT string_agg(e.leaf, ''::bytea ORDER BY e.seq) FROM events e "
            "WHERE e.seq > w.first AND e.seq <= w.first + w.count) "
            "FROM unnest(%s::int[], %s::int8[], %s::int8[]) AS w (n, first, count)",
            (list(range(len(low))), [s[0] for s in spans], [s[1] for s in spans]),
        )
        self._fold_rows(rows, low, [s[1] for s in spans], found)
        kept = [level - level % 8 for level, _ in high]
        counts = [1 << (level - below) for (level, _), below in zip(high, kept, strict=True)]
        firsts = [index * count for (_, index), count in zip(high, counts, strict=True)]
        rows = self.pool.fetch(
            "SELECT w.n, (SELECT string_agg(m.hash, ''::bytea ORDER BY m.index) FROM merkle_nodes m "
            "WHERE m.level = w.level AND m.index >= w.first AND m.index < w.first + w.count) "
            "FROM unnest(%s::int[], %s::int2[], %s::int8[], %s::int8[]) AS w (n, level, first, count)",
            (list(range(len(high))), kept, firsts, counts),
        )
        self._fold_rows(rows, high, counts, found)
        return found

    @staticmethod
    def _fold_rows(
        rows: list[tuple[int, bytes | None]], nodes: list[Node], counts: list[int], found: dict[Node, bytes]
    ) -> None:
        for place, joined in rows:
            if joined is None or len(joined) != 32 * counts[place]:
                raise StoreError(f"journal: expected {counts[place]} hashes of subtree {nodes[place]}, found fewer")
            found[nodes[place]] = tree_root([joined[at : at + 32] for at in range(0, len(joined), 32)])

    def event_bytes(self, seq: int) -> bytes | None:
        """Return the exact bytes of an event, None where there is none."""
        rows = self.pool.fetch("SELECT record FROM events WHERE seq = %s", (seq,))
        return rows[0][0].encode() if rows else None

    def receipt(self, seq: int) -> dict[str, object] | None:
        """Return the receipt of an event: its bytes, leaf, inclusion proof and a signed checkpoint, as JSON.

        Raises: JournalTampered, when the event no longer has the hash that the tree holds.
        """
        data = self.event_bytes(seq)
        if data is None:
            return None
        note = self.checkpoint(at_least=seq) or self.sign_checkpoint()
        signed, key = self._signed_by(note)
        leaf = leaf_hash(data)
        proof = self.inclusion_proof(seq, signed.size)
        if not verify_inclusion(index=seq - 1, size=signed.size, leaf=leaf, proof=proof, root=signed.root):
            raise JournalTampered(f"journal: event {seq} is not what the signed tree holds; no receipt is given")
        return {
            "format": RECEIPT_FORMAT,
            "seq": seq,
            "event": base64.b64encode(data).decode(),
            "leaf_hash": base64.b64encode(leaf).decode(),
            "leaf_index": seq - 1,
            "tree_size": signed.size,
            "proof": [base64.b64encode(part).decode() for part in proof],
            "checkpoint": note,
            "log_key": key,
        }

    def _signed_by(self, note: str) -> tuple[Checkpoint, str]:
        """Return the checkpoint of a note, and which of this journal's keys signed it."""
        for name, public in self.pool.fetch("SELECT key_name, public_key FROM log_keys ORDER BY from_size DESC"):
            try:
                return open_checkpoint(note, name=name, public=bytes(public)), verifier_key(name, bytes(public))
            except ValueError:
                continue
        raise JournalTampered("journal: the newest checkpoint is signed by no key of this journal")
