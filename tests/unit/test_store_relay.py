# SPDX-License-Identifier: Apache-2.0
"""Webhooks: in order, at least once, each receiver by itself, only to public registered addresses, signed."""

from __future__ import annotations

import base64
import contextlib
import hmac
import socket
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    later,
    message,
    shared_database,
    store,
)

from openecp.kernel.journal.model import OutboxMessage
from openecp.kernel.parties.model import Organisation
from openecp.platform.store import PostgresStore
from openecp.platform.store.callbacks import AddressRefused, checked_address, http_sender, is_public
from openecp.platform.store.relay import MAX_ATTEMPTS, Receiver, retry_delay


def add_receivers(store: PostgresStore, *organisations: str) -> None:  # noqa: F811
    for organisation in organisations:
        url = f"https://{organisation.lower()}.example/hook"
        store.add_organisation(Organisation(organisation_id=organisation, name="", webhook_url=url))


def notify(store: PostgresStore, first: int, count: int, *organisations: str) -> None:  # noqa: F811
    messages = [message(first + n, o) for n in range(count) for o in organisations]
    unique = [
        OutboxMessage(
            **{f: getattr(m, f) for f in m.__struct_fields__} | {"message_id": f"{m.message_id}-{m.organisation}"}
        )
        for m in messages
    ]
    store.write([case_write(f"case-{first}", outbox=tuple(unique))])


def test_messages_arrive_in_order_and_a_failing_receiver_delays_only_itself(store: PostgresStore) -> None:  # noqa: F811
    add_receivers(store, "GOOD", "BAD")
    notify(store, 1, 3, "GOOD", "BAD", "NOBODY")
    taken: list[str] = []

    def send(receiver: Receiver, sent: OutboxMessage) -> str:
        if receiver.organisation == "BAD":
            raise OSError("refused")
        taken.append(sent.message_id)
        return ""

    assert store.deliver_due(send, later(0), jitter=lambda: 1.0) == 3
    assert taken == ["message-1-GOOD", "message-2-GOOD", "message-3-GOOD"]
    assert store.undelivered() == {"BAD": 3}
    assert store.deliver_due(send, later(1), jitter=lambda: 1.0) == 0  # too soon for BAD
    notify(store, 10, 1, "GOOD")
    assert store.deliver_due(send, later(2), jitter=lambda: 1.0) == 1
    assert store.deliver_due(send, later(3000)) == 0
    assert [entry.number for entry in store.feed("BAD")] == [1, 2, 3]  # the pull feed has all, whatever happens


def test_what_is_never_taken_is_given_up_and_listed(store: PostgresStore) -> None:  # noqa: F811
    add_receivers(store, "XB-1")
    notify(store, 1, 2, "XB-1")
    seen: list[str] = []

    def send(_: Receiver, sent: OutboxMessage) -> str:
        seen.append(sent.message_id)
        return "" if sent.message_id.startswith("message-2") else "HTTP 500"

    day = 1
    while store.undelivered():
        store.deliver_due(send, f"2026-02-{day:02}T00:00:00.000000Z", workers=1)
        day += 1
    assert seen == ["message-1-XB-1"] * MAX_ATTEMPTS + ["message-2-XB-1"]
    dead = store.dead_letters("XB-1")
    assert [(d.number, d.attempts, d.detail) for d in dead] == [(1, MAX_ATTEMPTS, "HTTP 500")]


def test_a_claimed_receiver_is_not_served_twice_at_once(store: PostgresStore) -> None:  # noqa: F811
    add_receivers(store, "XB-1")
    notify(store, 1, 1, "XB-1")
    inner: list[int] = []

    def send(_: Receiver, __: OutboxMessage) -> str:
        inner.append(store.deliver_due(lambda *_: "", later(0)))
        return ""

    assert store.deliver_due(send, later(0)) == 1
    assert inner == [0]


def test_a_new_receiver_begins_with_what_comes(store: PostgresStore) -> None:  # noqa: F811
    notify(store, 1, 2, "XB-1")
    add_receivers(store, "XB-1")
    assert store.deliver_due(lambda *_: "", later(0)) == 0
    notify(store, 3, 1, "XB-1")
    assert store.deliver_due(lambda *_: "", later(0)) == 1


def test_delays_double_up_to_an_hour() -> None:
    assert [retry_delay(n, 1.0) for n in (1, 2, 3, 12)] == [2, 4, 8, 3600]
    assert retry_delay(3, 0.0) == 4


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "ff02::1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "192.0.2.1", "not an address"],
)  # fmt: skip
def test_addresses_inside_a_network_are_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="not a public address"):
        checked_address("https://a.example", look_up=lambda *_: ["93.184.216.34", address])


@pytest.mark.parametrize(
    "url",
    ["http://a.example", "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example:99999",
     "https://a b", "https://a.example/\r\nX: y", "//a.example", "", "https://[::1", "https://a.example/" + "x" * 3000],
)  # fmt: skip
def test_urls_that_are_not_called(url: str) -> None:
    with pytest.raises(AddressRefused, match="webhook"):
        checked_address(url, look_up=lambda *_: ["93.184.216.34"])


def call(answer: Callable[[httpx.Request], httpx.Response], url: str = "https://a.example:8443/hook?x=1") -> str:
    send = http_sender(
        clock=lambda: 1_700_000_000.0, look_up=lambda *_: ["93.184.216.34"], transport=httpx.MockTransport(answer)
    )
    return send(Receiver(organisation="XB-1", url=url, secret=b"secret"), message(1))


def test_a_call_is_pinned_signed_and_names_its_host() -> None:
    seen: list[httpx.Request] = []
    assert call(lambda request: (seen.append(request), httpx.Response(204))[1]) == ""
    request = seen[0]
    assert str(request.url) == "https://93.184.216.34:8443/hook?x=1"
    assert request.headers["host"] == "a.example:8443"
    assert request.extensions["sni_hostname"] == "a.example"
    signed = b"message-1.1700000000." + message(1).body
    wanted = base64.b64encode(hmac.digest(b"secret", signed, "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{wanted}"
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == ("message-1", "1700000000")


def test_only_2xx_counts_and_redirects_are_not_followed() -> None:
    calls: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        return httpx.Response(302, headers={"location": "http://169.254.169.254/"})

    assert "redirects are not followed" in call(redirect)
    assert len(calls) == 1
    assert call(lambda _: httpx.Response(503)) == "HTTP 503"
    assert call(lambda _: httpx.Response(200, content=b"x" * 10_000_000)) == ""
    assert "not a public" in http_sender(look_up=lambda *_: ["127.0.0.1"])(
        Receiver(organisation="XB-1", url="https://a.example", secret=b"s"), message(1)
    )


def test_private_addresses_only_where_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENECP_ALLOW_PRIVATE_CALLBACKS", "1")
    send = http_sender(look_up=lambda *_: ["127.0.0.1"], transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    assert send(Receiver(organisation="XB-1", url="http://localhost:9000/", secret=b"s"), message(1)) == ""


def test_a_receiver_that_drips_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENECP_ALLOW_PRIVATE_CALLBACKS", "1")
    monkeypatch.setattr("openecp.platform.store.callbacks.CONNECT_SECONDS", 0.3)
    monkeypatch.setattr("openecp.platform.store.callbacks.ANSWER_SECONDS", 0.5)
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        taken, _ = listener.accept()
        with contextlib.suppress(OSError):
            taken.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not ended.wait(0.1):
                taken.sendall(b"a")
        taken.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        receiver = Receiver(organisation="XB-1", url=f"http://127.0.0.1:{listener.getsockname()[1]}/", secret=b"s")
        began = time.monotonic()
        assert http_sender()(receiver, message(1)) != ""
        assert time.monotonic() - began < 5
        ended.set()
