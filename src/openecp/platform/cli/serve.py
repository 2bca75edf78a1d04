# SPDX-License-Identifier: Apache-2.0
"""`openecp serve`: database, core and web, kept alive until it is told to stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import httpx

from openecp.platform.cli.wiring import CommandFault, Installation, installation
from openecp.platform.core.supervise import Child, ChildDiedError, Supervisor, stop_on_signal

START_SECONDS = 120.0


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen at (OPENECP_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen at (OPENECP_PORT); 0 takes a free one.")
@click.option("--profile", metavar="NAME", help="Administration (OPENECP_PROFILE).")
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None, profile: str | None) -> None:
    """Run the server: database, core and web. Ctrl-C stops it cleanly."""
    here = installation(context).with_settings(host=host, port=port, profile=profile)
    with running_server(here) as server:
        stop_on_signal(server.supervisor)
        click.echo(f"OpenECP serves {here.settings.profile} at {server.address} (data in {here.settings.data_dir})")
        if here.settings.console:
            click.echo(f"Console: {server.address}/console")
        server.run()
    click.echo("OpenECP has stopped.")


class Server:
    """A running server: where it listens, and who looks after its processes."""

    def __init__(self, here: Installation, store: Any, supervisor: Supervisor) -> None:
        self.installation = here
        self.store = store
        self.supervisor = supervisor
        self.address = f"http://{_shown(here.settings.host)}:{here.settings.port}"

    def run(self) -> None:
        """Look after the processes until asked to stop.

        Raises: CommandFault where a process dies again and again.
        """
        try:
            self.supervisor.run()
        except ChildDiedError as error:
            raise _died(str(error)) from None

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until core and web answer.

        Raises: CommandFault.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                for child in self.supervisor.children:
                    child.look_after()
            except ChildDiedError as error:
                raise _died(str(error)) from None
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/health", timeout=2.0).status_code == 200:
                    return
            time.sleep(0.05)
        raise _died(f"core and web were not ready within {seconds:.0f} s")


@contextlib.contextmanager
def running_server(here: Installation) -> Iterator[Server]:
    """Start database, core and web, and stop them at the end.

    Raises: CommandFault where a server already runs on the data folder, the port is taken, or a process cannot start.
    """
    here.assessor()  # a profile or measures that cannot be used are said here, before anything starts
    if here.settings.port == 0:
        here = here.with_settings(port=free_port(here.settings.host))
    check_port(here.settings.host, here.settings.port)
    here = here.with_settings(data=str(here.settings.data_dir))
    store = here.open_store()
    try:
        with _alone(here.settings.data_dir):
            here.seed_plans(store)
            here.seed_records(store)
            environment = here.child_environment()
            children = [Child("core", ["core"], environment), Child("web", ["web"], environment)]
            server = Server(here, store, Supervisor(children, _heal(store)))
            try:
                server.supervisor.start()
                server.wait_until_ready()
                yield server
            finally:
                server.supervisor.stop()
    finally:
        store.close()


def _heal(store: Any) -> Callable[[], None]:
    """Return a look at the database, every second at most: a dead embedded one is started by asking it."""
    last = 0.0

    def look() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 1.0:
            return
        last = now
        threading.Thread(target=store.healthy, daemon=True).start()

    return look


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the data folder: two servers on one would be two writers."""
    handle = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandFault(
                "a server is already running on this data folder",
                where=str(folder),
                expected="a data folder of one server",
                got="one that another server holds",
                fix="Stop the other server, or choose another folder with --data.",
            ) from None
        yield
    finally:
        os.close(handle)


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken or not allowed.

    Raises: CommandFault.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFault(
                f"cannot listen at {host}, port {port}",
                where="--host, --port",
                expected="an address of this machine and a free port",
                got=error.strerror or str(error),
                fix="Choose another port, 0 for a free one.",
            ) from None


def free_port(host: str) -> int:
    """Return a port that is free now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            check_port(host, 0)
        number: int = probe.getsockname()[1]
        return number


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only how it is shown
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _died(got: str) -> CommandFault:
    return CommandFault(
        "the server cannot go on",
        where="openecp serve",
        expected="core and web at work",
        got=got,
        fix="Mend what the messages above name, and start again: nothing that was acknowledged is lost.",
    )
