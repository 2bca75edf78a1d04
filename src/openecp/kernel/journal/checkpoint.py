# SPDX-License-Identifier: Apache-2.0
"""Signed statements of how long the log is and what its root is, in a form that other tools read.

Source: C2SP tlog-checkpoint and signed-note (Ed25519, signature type 01).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SIGNATURE_TYPE = b"\x01"
_DASH = "\u2014"
MAX_SIGNATURES = 16
MAX_NOTE_BYTES = 16_384


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The size and root of a log at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class LogKey:
    """The key that signs a log's checkpoints; its name is the log's origin."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        """Take a key; the name holds no space and no plus sign."""
        if not name or any(c.isspace() or c == "+" for c in name):
            raise ValueError(f"key name: expected no space and no plus sign, found {name!r}")
        self.name = name
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def from_file(cls, path: Path, name: str) -> LogKey:
        """Read the key file, or make one of mode 600 on first start.

        Raises: PermissionError, when others may read the file; ValueError, when it is no such key.
        """
        with contextlib.suppress(FileExistsError):
            _write_new(path, base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n")
        if path.stat().st_mode & 0o077:
            raise PermissionError(f"{path}: expected a key file of mode 600, others may read it; fix: chmod 600 {path}")
        try:
            seed = base64.b64decode(path.read_bytes().strip(), validate=True)
            return cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError as error:
            raise ValueError(f"{path}: expected 32 bytes in base64 (an Ed25519 key), found {error}") from error

    def verifier(self) -> str:
        """Return the public key as C2SP writes it: name+key id+base64 of type and key."""
        return verifier_key(self.name, self.public)

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the signed note."""
        text = checkpoint.text()
        signature = key_id(self.name, self.public) + self._private.sign(text.encode())
        return f"{text}\n{_DASH} {self.name} {base64.b64encode(signature).decode()}\n"


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that did not exist, whole or not at all, readable by us alone."""
    if path.exists():
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(partial, path)  # fails where another process was quicker: its key is then used
    finally:
        partial.unlink()


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _SIGNATURE_TYPE + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """Return name, key id and public key in one line."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(_SIGNATURE_TYPE + public).decode()}"


def open_checkpoint(note: str, *, name: str, public: bytes) -> Checkpoint:
    """Return the checkpoint of a note that this key signed.

    Raises: ValueError, when the note is malformed, not signed by this key, or its signature is wrong.
    """
    if len(note) > MAX_NOTE_BYTES or any(ord(c) < 32 and c != "\n" for c in note):
        raise ValueError("checkpoint: expected a note of at most 16 kB without control characters")
    text, blank, signatures = note.partition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise ValueError("checkpoint: expected a blank line before the signatures and a newline at the end")
    text += "\n"
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise ValueError(f"checkpoint: expected at most {MAX_SIGNATURES} signatures, found {len(lines)}")
    wanted, verified = key_id(name, public), False
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH:
            raise ValueError(f"checkpoint: expected '{_DASH} name signature', found {line[:80]!r}")
        signature = base64.b64decode(parts[2], validate=True)
        if parts[1] != name or signature[:4] != wanted:
            continue  # keys that we do not know are not ours to judge
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
        except InvalidSignature as error:
            raise ValueError(f"checkpoint: the signature of {name} is wrong") from error
        verified = True
    if not verified:
        raise ValueError(f"checkpoint: expected a signature of {name}, found none")
    return parse_checkpoint(text)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the signed lines.

    Raises: ValueError, when they are not origin, size and root.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise ValueError("checkpoint: expected origin, size and root, one a line")
    if not (lines[1].isascii() and lines[1].isdigit()) or (lines[1] != "0" and lines[1].startswith("0")):
        raise ValueError(f"checkpoint: expected a size in decimal, found {lines[1][:40]!r}")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise ValueError(f"checkpoint: expected a root of 32 bytes, found {len(root)}")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)
