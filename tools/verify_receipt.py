#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: UP031, PTH123  (this file is to run on any Python 3, however old)
"""Verifies a receipt of an OpenECP journal offline, with the Python standard library alone.

    python3 verify_receipt.py RECEIPT.json LOG_KEY

LOG_KEY is the journal's public key as its operator publishes it (`name+id+base64`), or a file that holds it. Do not
take it from the receipt itself. A receipt of a parcel holds its record, the path to the root of its batch, and the
receipt of the batch's event. Exit code 0: the event (and the parcel's record in it) is in the journal that this key
signed; 1: it is not, or the receipt is damaged; 2: wrong use.

Source: RFC 6962 (tree), RFC 8032 (Ed25519), C2SP signed-note and tlog-checkpoint (the signed text).
"""

import base64
import hashlib
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
MAX_BYTES = 8 << 20


class Wrong(Exception):  # noqa: N818
    """The receipt does not hold; the text says where, what was expected, what was found."""


def add(a, b):
    """Add two curve points in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    x, z, t, y = f - e, h - g, h + g, f + e
    return x * z % P, t * y % P, z * t % P, x * y % P


def multiply(n, point):
    """Multiply a curve point by a number."""
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def same(a, b):
    """Tell whether two points are equal."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point(data):
    """Read a point of 32 bytes; None where it is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_holds(public, message, signature):
    """Tell whether an Ed25519 signature is right."""
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return same(multiply(s, BASE), add(r, multiply(h, a)))


def read_key(text):
    """Return name, key id and public key of `name+id+base64`."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Wrong("log key: expected name+id+base64, found %r" % text.strip()[:80])
    name, key_id, data = parts[0], parts[1], decode("log key", parts[2])
    if len(data) != 33 or data[0] != 1:
        raise Wrong("log key: expected an Ed25519 key (type 01 and 32 bytes), found %d bytes" % len(data))
    computed = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if computed.hex() != key_id:
        raise Wrong("log key: expected id %s, found %s: the key is damaged" % (computed.hex(), key_id))
    return name, computed, data[1:]


def decode(where, text):
    """Decode base64, naming where it stands."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise Wrong("%s: expected base64, found %r" % (where, str(text)[:40])) from error


def open_note(note, name, key_id, public):
    """Return size and root of a checkpoint after checking its signature."""
    if not isinstance(note, str) or any(ord(c) < 32 and c != "\n" for c in note):
        raise Wrong("checkpoint: expected text without control characters")
    text, blank, lines = note.partition("\n\n")
    text += "\n"
    if not blank or not lines.endswith("\n"):
        raise Wrong("checkpoint: expected a blank line and signatures, found none")
    signed = False
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Wrong("checkpoint: expected a signature line, found %r" % line[:80])
        data = decode("checkpoint signature", parts[2])
        if parts[1] == name and data[:4] == key_id:
            if not signature_holds(public, text.encode(), data[4:]):
                raise Wrong("checkpoint: the signature of %s is wrong: changed, or not signed by this key" % name)
            signed = True
    if not signed:
        raise Wrong("checkpoint: expected a signature of %s+%s, found none" % (name, key_id.hex()))
    body = text.split("\n")
    if len(body) != 4 or body[0] != name or not body[1].isdigit():
        raise Wrong("checkpoint: expected the origin %s, a size and a root" % name)
    root = decode("checkpoint root", body[2])
    if len(root) != 32:
        raise Wrong("checkpoint root: expected 32 bytes, found %d" % len(root))
    return int(body[1]), root


def root_of(index, size, leaf, proof):
    """Return the root that leaf and proof lead to; None where the proof has the wrong length."""
    node, last, computed = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            computed = hashlib.sha256(b"\x01" + part + computed).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = hashlib.sha256(b"\x01" + computed + part).digest()
        node, last = node >> 1, last >> 1
    return computed if last == 0 else None


def verify(receipt, key):
    """Return the event that the receipt proves; raise Wrong where it proves none."""
    if not isinstance(receipt, dict) or receipt.get("format") != "openecp-receipt-1":
        raise Wrong("receipt: expected the format openecp-receipt-1")
    name, key_id, public = read_key(key)
    size, root = open_note(receipt.get("checkpoint"), name, key_id, public)
    index, data = receipt.get("leaf_index"), decode("event", receipt.get("event"))
    proof = receipt.get("proof")
    if type(index) is not int or not 0 <= index < size or not isinstance(proof, list) or len(proof) > 64:
        raise Wrong("receipt: expected a leaf index below the signed size %d and a proof, found %r" % (size, index))
    parts = [decode("proof", part) for part in proof]
    leaf = hashlib.sha256(b"\x00" + data).digest()
    if any(len(part) != 32 for part in parts) or root_of(index, size, leaf, parts) != root:
        raise Wrong("event: event, place and proof do not lead to the signed root: one of them was changed")
    try:
        event = json.loads(data)
    except ValueError as error:
        raise Wrong("event: expected JSON, found %s" % error) from error
    if not isinstance(event, dict) or event.get("seq") != index + 1 or receipt.get("seq") != index + 1:
        raise Wrong("event: expected sequence number %d, found %r and %r" % (index + 1, event, receipt.get("seq")))
    for field, expected in (("leaf_hash", base64.b64encode(leaf).decode()), ("tree_size", size)):
        if receipt.get(field) != expected:
            raise Wrong("receipt: expected %s %s, found %r" % (field, expected, receipt.get(field)))
    return event, size


def verify_parcel(receipt, key):
    """Return the batch's event, the signed size, and the parcel's record; raise Wrong where nothing is proven."""
    event, size = verify(receipt.get("event_receipt"), key)
    body = event.get("body")
    if not isinstance(body, dict) or not isinstance(body.get("root"), str) or type(body.get("parcels")) is not int:
        raise Wrong("event: expected a batch's event with root and parcels, found %r" % event.get("kind"))
    parcels, number, path = body["parcels"], receipt.get("number"), receipt.get("path")
    if type(number) is not int or not 0 <= number < parcels or not isinstance(path, list) or len(path) > 64:
        raise Wrong(
            "receipt: expected a number below the %d parcels of the batch and a path, found %r" % (parcels, number)
        )
    if receipt.get("parcels") != parcels:
        raise Wrong("receipt: expected %d parcels, found %r" % (parcels, receipt.get("parcels")))
    data = decode("record", receipt.get("record"))
    parts = [decode("path", part) for part in path]
    leaf = hashlib.sha256(b"\x00" + data).digest()
    if any(len(part) != 32 for part in parts) or (root_of(number, parcels, leaf, parts) or b"").hex() != body["root"]:
        raise Wrong("record: record, number and path do not lead to the root in the event: one of them was changed")
    try:
        record = json.loads(data)
    except ValueError as error:
        raise Wrong("record: expected JSON, found %s" % error) from error
    for field, member in (("parcel_id", "id"), ("posted_on", "posted")):
        if not isinstance(record, dict) or receipt.get(field) != record.get(member):
            raise Wrong("receipt: expected the %s of the record, found %r" % (field, receipt.get(field)))
    return event, size, record


def main(arguments):
    """Verify one receipt and say the result in one line."""
    if len(arguments) != 2:
        print(__doc__.strip())
        return 2
    try:
        with open(arguments[0], "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise Wrong("receipt: expected at most %d bytes" % MAX_BYTES)
        key = arguments[1]
        if "+" not in key:
            with open(key, encoding="utf-8") as file:
                key = file.read(4096)
        receipt, record = json.loads(raw), None
        if isinstance(receipt, dict) and receipt.get("format") == "openecp-parcel-receipt-1":
            event, size, record = verify_parcel(receipt, key)
        else:
            event, size = verify(receipt, key)
    except (Wrong, ValueError, OSError, RecursionError) as error:
        print("NOT VERIFIED: %s" % error)
        return 1
    print(
        "VERIFIED: event %d, %s of case %s, recorded at %s, is in the journal of %d events that the key signed."
        % (event["seq"], event.get("kind"), event.get("case_id"), event.get("recorded_at"), size)
    )
    if record is not None:
        print(
            "VERIFIED: parcel %s of %s, %s, is in its batch." % (record["id"], record["posted"], record.get("decision"))
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
