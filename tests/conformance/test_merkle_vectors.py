# SPDX-License-Identifier: Apache-2.0
"""The proofs agree with public vectors of RFC 6962: 98 of inclusion, 98 of consistency."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.corpus import corpus_path

from openecp.kernel.journal.merkle import Frontier, leaf_hash, tree_root, verify_consistency, verify_inclusion


def test_all_196_basic_vectors_get_their_verdict() -> None:
    lines = corpus_path("exchange/merkle/rfc6962-proof-vectors.jsonl").read_text().splitlines()
    vectors = [vector for vector in map(json.loads, lines) if "start" not in vector]  # the others are of subtrees
    wrong = [vector["case"] for vector in vectors if _accepted(vector) == vector["wantErr"]]
    assert (len(vectors), wrong) == (196, [])


def _accepted(vector: dict[str, Any]) -> bool:
    proof = [base64.b64decode(part or "") for part in vector["proof"] or []]
    if "size1" in vector:
        return verify_consistency(
            size1=vector["size1"],
            size2=vector["size2"],
            root1=base64.b64decode(vector["root1"] or ""),
            root2=base64.b64decode(vector["root2"] or ""),
            proof=proof,
        )
    return verify_inclusion(
        index=vector["leafIdx"],
        size=vector["treeSize"],
        leaf=base64.b64decode(vector["leafHash"] or ""),
        proof=proof,
        root=base64.b64decode(vector["root"] or ""),
    )


def test_the_root_of_the_vectors_eight_leaves() -> None:
    hexadecimal = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in hexadecimal]
    frontier = Frontier()
    frontier.extend(leaves)
    wanted = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert (frontier.root().hex(), tree_root(leaves).hex()) == (wanted, wanted)
