# SPDX-License-Identifier: Apache-2.0
"""Calls an organisation's webhook: only addresses that an operator registered, never one inside our own network.

The signature is that of Standard Webhooks: HMAC-SHA256 over id, timestamp and body, so that a receiver can refuse what
is forged, changed or old.
Limits: https unless private addresses are allowed; no redirects, no proxy, 15 s in all; the answer's body is not read.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from openecp.kernel.journal.model import OutboxMessage
from openecp.platform.store.relay import Receiver, Send

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
MAX_URL = 2_000
_EMBEDDING = (  # IPv6 ranges that carry an IPv4 address: judged by what they carry, refused as a whole
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
)
Resolve = Callable[[str, int], list[str]]


class AddressRefused(ValueError):  # noqa: N818
    """A callback address that is not called; the text says why and what to do."""


def private_callbacks_allowed() -> bool:
    """Tell whether addresses inside our own network may be called (OPENECP_ALLOW_PRIVATE_CALLBACKS)."""
    return os.environ.get("OPENECP_ALLOW_PRIVATE_CALLBACKS", "").strip().lower() in {"1", "yes", "true", "on"}


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_address(url: str, *, allow_private: bool = False, look_up: Resolve = resolve) -> tuple[str, str, int]:
    """Return host, the one address to connect to, and port of a callback.

    Raises: AddressRefused, when the URL is not one to call, or any address of its host is inside our own network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"webhook: expected a URL, found {url[:80]!r} ({error})") from error
    if len(url) > MAX_URL or any(c.isspace() or ord(c) < 33 for c in url):
        raise AddressRefused(f"webhook: expected a URL of at most {MAX_URL} characters without spaces")
    if parts.scheme not in ({"https", "http"} if allow_private else {"https"}) or not host:
        raise AddressRefused(f"webhook: expected https://…, found {url[:80]!r}; fix: register an https address")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("webhook: expected a URL without user and password; fix: the signature proves the sender")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        found = look_up(host, port)
    except OSError as error:
        raise AddressRefused(f"webhook: the host {host} has no address ({error})") from error
    if not found:
        raise AddressRefused(f"webhook: the host {host} has no address")
    if not allow_private:
        for address in found:
            if not is_public(address):
                raise AddressRefused(
                    f"webhook: {host} leads to {address}, which is not a public address; fix: register a public "
                    "address, or set OPENECP_ALLOW_PRIVATE_CALLBACKS=1 where receivers are inside your network"
                )
    return host, found[0], port


def is_public(address: str) -> bool:
    """Tell whether an address is on the public internet."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if any(parsed in network for network in _EMBEDDING):
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature header of a callback."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def written_secret(secret: bytes) -> str:
    """Return a webhook's key as it is handed to the receiver."""
    return "whsec_" + base64.b64encode(secret).decode()


def http_sender(
    *,
    clock: Callable[[], float] = time.time,
    look_up: Resolve = resolve,
    transport: httpx.BaseTransport | None = None,
) -> Send:
    """Return the function that calls webhooks over HTTP."""
    client = httpx.Client(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        transport=transport,
    )

    def send(receiver: Receiver, message: OutboxMessage) -> str:
        """Call one webhook; return why it did not take the message, empty when it did."""
        try:
            host, address, port = checked_address(
                receiver.url, allow_private=private_callbacks_allowed(), look_up=look_up
            )
        except AddressRefused as error:
            return str(error)
        timestamp = int(clock())
        url = httpx.URL(receiver.url)
        default = {"https": 443, "http": 80}[url.scheme]
        name = f"[{host}]" if ":" in host else host
        headers = {
            "Host": name if port == default else f"{name}:{port}",
            "Content-Type": "application/json",
            "User-Agent": "OpenECP",
            "Accept-Encoding": "identity",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(receiver.secret, message.message_id, timestamp, message.body),
        }
        request = client.build_request(
            "POST",
            url.copy_with(host=address),  # the address that was checked, whatever the name leads to by now
            content=message.body,
            headers=headers,
            extensions={"sni_hostname": host},
        )
        try:
            return _answer(client, request)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"

    return send


def _answer(client: httpx.Client, request: httpx.Request) -> str:
    """Send, and judge by the status alone; the body is not read. Only 2xx counts as taken.

    The time-outs of the client hold for each single read; a receiver that drips its answer is cut off as a whole.
    """
    sockets: list[socket.socket] = []

    def note(event: str, info: dict[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            sockets.append(info["return_value"].get_extra_info("socket"))

    def cut() -> None:
        for opened in sockets:
            with contextlib.suppress(OSError, ValueError):
                opened.shutdown(socket.SHUT_RDWR)

    request.extensions["trace"] = note
    timer = threading.Timer(CONNECT_SECONDS + ANSWER_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        response = client.send(request, stream=True)
        response.close()
    finally:
        timer.cancel()
    if response.is_success:
        return ""
    if response.is_redirect:
        return f"HTTP {response.status_code}: redirects are not followed; fix: register the final address"
    return f"HTTP {response.status_code}"
