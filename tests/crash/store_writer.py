# SPDX-License-Identifier: Apache-2.0
"""A process that writes until it is killed: `store_writer.py FOLDER FIRST ACKNOWLEDGED`.

Each acknowledged write is noted in the file ACKNOWLEDGED as `number first_seq last_seq`; what was sent and not noted
is sent again by the next process, with the same keys.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.store_world import case_write, document, entry, message

from openecp.platform.store import StoreUnavailable, open_store

BATCH = 25


def main(folder: str, first: int, acknowledged: str) -> None:
    """Write batches from number `first` on."""
    store = open_store(folder)
    first -= (first - 1) % BATCH  # the note of a batch may be cut off in its middle; a pair lies within a batch
    with Path(acknowledged).open("a", encoding="ascii") as notes:
        while True:
            batch = [
                case_write(
                    f"case-{n}", key=f"key-{n}", events=1 + n % 5, documents=(document(n),),
                    outbox=(message(n, f"XB-{n % 3}"),), ledger=(entry(n),), answer=b"%d" % n,
                    group=f"pair-{(n - 1) // 5}" if (n - 1) % 5 < 2 else None, face=b"face %d" % n,
                )
                for n in range(first, first + BATCH)
            ]  # fmt: skip
            try:
                answers = store.write(batch)
            except StoreUnavailable:
                continue
            for number, answer in enumerate(answers, first):
                assert answer.outcome in ("recorded", "repeated"), answer
                assert answer.answer == b"%d" % number
                notes.write(f"{number} {answer.first_seq} {answer.last_seq}\n")
            notes.flush()
            os.fsync(notes.fileno())
            first += BATCH


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
