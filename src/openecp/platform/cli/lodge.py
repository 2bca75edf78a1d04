# SPDX-License-Identifier: Apache-2.0
"""`openecp lodge`: lodge files, through the running server of the data folder, else in this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec
from rich.progress import track
from rich.table import Table

from openecp.border.lodgement.commands import Command
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.assess import due_text, read_file
from openecp.platform.cli.wiring import CommandFault, Installation, console, data_option, installation, message_files
from openecp.platform.core.client import CoreClient
from openecp.platform.core.desk import is_request
from openecp.platform.core.reading import Message, lodge_command
from openecp.platform.core.results import complete, error_object, line_of_file, notification_object
from openecp.platform.wire import Unreadable, read_response

BATCH = 200


class SubmitsAll(Protocol):
    """A core that takes many commands at once."""

    def submit_all(self, commands: Sequence[Command]) -> list[Answer]: ...


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--measures", metavar="FILE", help="Measures in place of the profile's own (no server may be running).")
@click.option("--profile", metavar="NAME", help="Administration (no server may be running).")
@click.option("--organisation", default="local", show_default=True, help="Organisation that lodges.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a declaration.")
@data_option
@click.pass_context
def lodge(
    context: click.Context,
    paths: tuple[str, ...],
    measures: str | None,
    profile: str | None,
    organisation: str,
    as_json: bool,
    data: str | None,
) -> None:
    """Lodge declarations and requests in files or folders: originals first, then the requests about them."""
    files = message_files(paths)
    here = installation(context).with_settings(profile=profile, measures=measures, data=data)
    who = Principal(
        principal_id="command-line", kind="system", organisation=organisation, name="command line", roles=("trader",)
    )
    store = here.open_store()
    try:
        register = here.register(store)
        if register.organisation(organisation) is None:
            register.add_organisation(Organisation(organisation_id=organisation, name=organisation))
        with any_core(here, store, fixed=profile is not None or measures is not None) as core:
            lines = lodged_lines(files, core, store, who)
            if as_json:
                for line in lines:
                    click.echo(msgspec.json.encode(line))
            else:
                print_table(lines)
    finally:
        store.close()


@contextlib.contextmanager
def any_core(here: Installation, store: Any, *, fixed: bool) -> Iterator[SubmitsAll]:
    """Return the core of the running server of the data folder, else one in this process.

    Raises: CommandFault where a server runs and another profile or other measures are asked for.
    """
    if not serves(here.settings.core_socket):
        yield here.in_process_core(store)
        return
    if fixed:
        raise CommandFault(
            "a server is running on this data folder, with a profile and measures of its own",
            where="--profile, --measures",
            expected="neither, while a server is running",
            got="one of them",
            fix="Leave them out, stop the server, or choose another folder with --data.",
        )
    with contextlib.closing(RemoteCore(here.settings.core_socket)) as core:
        yield core


def serves(path: Path) -> bool:
    """Tell whether a core listens at this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


class RemoteCore:
    """The core of a running server, for callers without an event loop."""

    def __init__(self, path: Path) -> None:
        self._runner = asyncio.Runner()
        self._client = CoreClient(path)
        self._runner.run(self._start())

    async def _start(self) -> None:
        self._client.start()
        await self._client.connected(10)

    def submit_all(self, commands: Sequence[Command]) -> list[Answer]:
        """Decide and record commands."""

        async def all_of() -> list[Answer]:
            return list(await asyncio.gather(*(self._client.send(command) for command in commands)))

        return self._runner.run(all_of())

    def close(self) -> None:
        """Close the connection."""
        self._runner.run(self._client.stop())
        self._runner.close()


def lodged_lines(files: list[str], core: SubmitsAll, store: Any, who: Principal) -> Iterator[dict[str, Any]]:
    """Lodge originals, then requests, and yield a line for each message in the order of the files."""
    entries = [(file, message) for file in track_if_terminal(files, "Reading") for message in read_file(file)]
    lines: dict[int, dict[str, Any]] = {}
    originals = [n for n, (_, message) in enumerate(entries) if (d := message.declaration) and not is_request(d)]
    requests = [n for n, (_, message) in enumerate(entries) if (d := message.declaration) and is_request(d)]
    for n, (file, message) in enumerate(entries):
        if message.declaration is None:
            lines[n] = {**line_of_file(file, message, None), "mrn": None, "status": None, "notifications": []}
    for start in track_if_terminal(range(0, len(originals), BATCH), "Lodging"):
        numbers = originals[start : start + BATCH]
        answers = core.submit_all([lodge_command(entries[n][1], who) for n in numbers])
        lines.update({n: line_of(*entries[n], answer, who) for n, answer in zip(numbers, answers, strict=True)})
    replies = lrns_in_replies(entries) if requests else {}
    for n in track_if_terminal(requests, "Requests"):
        message = joined(entries[n][1], store, who, replies)
        lines[n] = line_of(entries[n][0], message, core.submit_all([lodge_command(message, who)])[0], who)
    for n in range(len(entries)):
        yield lines[n]


def joined(message: Message, store: Any, who: Principal, replies: dict[str, str]) -> Message:
    """Return a request with the MRN that this installation gave: joined by MRN, else by LRN.

    A message that was written for another computer names that computer's MRN. The LRN then finds the case: the
    request's own, else the one that a reply among the files gives for that MRN.
    """
    reading = message.reading
    if reading is None:
        return message
    declaration = reading.declaration
    if declaration.id and store.find_case(mrn=declaration.id) is not None:
        return message
    for lrn in (declaration.functional_reference_id, replies.get(declaration.id or "")):
        row = store.find_case(lrn=lrn, organisation=who.organisation) if lrn else None
        if row is not None and row.mrn:
            changed: Declaration = msgspec.structs.replace(declaration, id=row.mrn)
            return msgspec.structs.replace(message, reading=msgspec.structs.replace(reading, declaration=changed))
    return message


def lrns_in_replies(entries: list[tuple[str, Message]]) -> dict[str, str]:
    """Return LRN by MRN, as the replies among the files say."""
    found: dict[str, str] = {}
    for _, message in entries:
        if message.unreadable is None or message.unreadable.code != "OECP-NOT-A-DECLARATION" or not message.data:
            continue
        try:
            responses = read_response(message.data, media=message.media).responses
        except Unreadable:
            continue
        for response in responses:
            about = response.declaration
            if about is not None and about.id and about.functional_reference_id:
                found.setdefault(about.id, about.functional_reference_id)
    return found


def line_of(file: str, message: Message, answer: Answer, who: Principal) -> dict[str, Any]:
    """Return the line of one message that was lodged."""
    assessment = complete(answer.assessment, message, who.audience) if answer.assessment is not None else None
    declaration = message.declaration
    if assessment is not None:
        line = line_of_file(file, message, assessment)
    else:
        line = {
            "file": file,
            "outcome": "rejected" if answer.outcome in ("refused", "rejected") else "accepted",
            "lrn": declaration.functional_reference_id if declaration is not None else None,
            "errors": [],
            "taxes": [],
            "channel": None,
            "reasons": [],
        }
    if answer.error is not None:
        line["outcome"] = "rejected"
        line["errors"] = [error_object(answer.error), *line["errors"]]
    line["mrn"] = answer.mrn
    line["status"] = answer.status
    line["notifications"] = [notification_object(each) for each in answer.notifications]
    return line


def track_if_terminal(things: Any, what: str) -> Any:
    """Show a progress bar on the error stream where that is a terminal."""
    return track(things, description=what, console=console(err=True), transient=True)


def print_table(lines: Iterator[dict[str, Any]]) -> None:
    """Print the lines as a table for people."""
    table = Table(title="Lodged")
    for heading in ("File", "LRN", "MRN", "Outcome", "Status", "Due", "Notifications", "First fault"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        errors = line["errors"]
        told = " ".join(
            f"{n['function_code']}{'/' + n['status'] if n['status'] else ''}" for n in line["notifications"]
        )
        first = f"{errors[0]['code']} {errors[0]['message']}" if errors else ""
        table.add_row(
            line["file"], line["lrn"] or "", line["mrn"] or "", line["outcome"], line["status"] or "",
            due_text(line), told, first,
        )  # fmt: skip
    console().print(table)
