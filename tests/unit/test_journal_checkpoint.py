# SPDX-License-Identifier: Apache-2.0
"""Checkpoints are C2SP signed notes; a changed or malformed one is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from openecp.kernel.journal.checkpoint import Checkpoint, LogKey, open_checkpoint, parse_checkpoint

CHECKPOINT = Checkpoint(origin="openecp.invalid/journal/1", size=42, root=bytes(range(32)))


def key(folder: Path, name: str = "openecp.invalid/journal/1") -> LogKey:
    return LogKey.from_file(folder / "log.key", name)


def test_a_note_is_signed_and_read_back(tmp_path: Path) -> None:
    signer = key(tmp_path)
    note = signer.sign(CHECKPOINT)
    assert note.startswith("openecp.invalid/journal/1\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— ")
    assert open_checkpoint(note, name=signer.name, public=signer.public) == CHECKPOINT
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert key(tmp_path).public == signer.public
    assert base64.b64decode(signer.verifier().split("+", 2)[2])[1:] == signer.public


def test_signatures_of_other_keys_are_passed_over(tmp_path: Path) -> None:
    signer = key(tmp_path)
    other = LogKey.from_file(tmp_path / "other.key", "witness")
    note = signer.sign(CHECKPOINT) + other.sign(CHECKPOINT).rsplit("\n\n", 1)[1]
    assert open_checkpoint(note, name=signer.name, public=signer.public) == CHECKPOINT
    with pytest.raises(ValueError, match="expected a signature of stranger"):
        open_checkpoint(note, name="stranger", public=other.public)


@pytest.mark.parametrize(
    ("before", "after"),
    [("\n42\n", "\n43\n"), ("\n42\n", "\n042\n"), ("l/1\n42", "l/2\n42"), ("\n\n", "\n")],
)
def test_a_changed_note_is_refused(tmp_path: Path, before: str, after: str) -> None:
    signer = key(tmp_path)
    note = signer.sign(CHECKPOINT).replace(before, after, 1)
    with pytest.raises(ValueError, match="checkpoint"):
        open_checkpoint(note, name=signer.name, public=signer.public)


@pytest.mark.parametrize("text", ["a\n1\n", "a\n-1\nAA==\n", "a\n1\nAA==\n", "\n1\n" + "A" * 44 + "\n", "a\n1\n*\n"])
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_checkpoint(text)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key(tmp_path)
    (tmp_path / "log.key").chmod(0o644)
    with pytest.raises(PermissionError, match="expected a key file of mode 600"):
        key(tmp_path)
    (tmp_path / "log.key").chmod(0o600)
    (tmp_path / "log.key").write_text("not a key")
    with pytest.raises(ValueError, match="expected 32 bytes in base64"):
        key(tmp_path)
