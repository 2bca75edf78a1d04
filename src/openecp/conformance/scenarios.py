# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of published messages: what was declared and requested, what moved, and what was replied.

A folder may mix several runs of the same case; a reply belongs to a declaration by its local reference number, else
by a movement reference number (MRN) that a reply of that run, or a request, names. Nothing is told by file names but
the order of steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.platform.wire import Reading, Unreadable, read, read_response

_MESSAGE_CODE = re.compile(rb"<(?:\w+:)?messageCode>\s*([A-Z]{3})\s*<")
_LOCATION = re.compile(rb"<(?:\w+:)?goodsLocation>\s*([^<\s]+)\s*<")
_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?MetaData\s*>")
_NUMBER = re.compile(r"(\d+)")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration or request as published."""

    file: str
    reading: Reading

    @property
    def declaration(self) -> Declaration:
        """The declaration as read."""
        return self.reading.declaration

    @property
    def lrn(self) -> str:
        """The local reference number."""
        return self.declaration.functional_reference_id or ""

    @property
    def kind(self) -> str:
        """`lodged`, or the request's kind: COR, INV, GPR."""
        return (self.declaration.type_code or "") if self.declaration.function_code == "13" else "lodged"


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a port's or carrier's system: EAL goods arrived, EDL goods departed, and others."""

    file: str
    code: str
    location: str | None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One published reply."""

    file: str
    response: Response

    @property
    def code(self) -> str:
        """The function code, `01` accepted, `13` taxes and so on."""
        return self.response.function_code or ""

    @property
    def name(self) -> str:
        """The function code with the status that distinguishes its kinds: `13/67`, `11/39`."""
        status = self.response.status[0].name_code if self.response.status else None
        return f"{self.code}/{status}" if self.code in ("11", "13") and status else self.code

    @property
    def lrn(self) -> str:
        """The local reference number that the reply names."""
        return (self.response.declaration.functional_reference_id or "") if self.response.declaration else ""

    @property
    def mrn(self) -> str:
        """The movement reference number that the reply names."""
        return (self.response.declaration.id or "") if self.response.declaration else ""

    @property
    def version(self) -> int | None:
        """The version that the reply is about."""
        text = self.response.declaration.version_id if self.response.declaration else None
        return int(text) if text and text.isdigit() else None

    @property
    def issued(self) -> str:
        """When it was issued: UTC, ISO."""
        moment = self.response.issue_date_time
        return utc_text(moment.value) if moment is not None else ""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is neither declaration, reply nor movement: why."""

    file: str
    code: str
    text: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """All that is published of one case."""

    name: str
    lodged: tuple[Message, ...]
    requests: tuple[Message, ...]
    movements: tuple[Movement, ...]
    replies: tuple[Reply, ...]
    unread: tuple[Unread, ...]
    repaired: tuple[str, ...] = ()  # files read after text behind their last element was cut off


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The replies to one declaration in one run; `own` where they name this declaration's reference number."""

    mrn: str
    replies: tuple[Reply, ...]
    own: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the replies in the order of their issue, same second in the order of their files."""
        return tuple(reply.name for reply in sorted(self.replies, key=lambda reply: reply.issued))

    @property
    def first_day(self) -> str:
        """The day of the first reply, empty where no reply says."""
        return min((reply.issued for reply in self.replies if reply.issued), default="")[:10]


def utc_text(value: str) -> str:
    """Return a WCO date (`20240312104214+01`) as UTC text, empty where it is none."""
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d\d)?", value.strip())
    if match is None:
        return ""
    from datetime import UTC, datetime, timedelta

    moment = datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    zone = match[7] if match[7] not in (None, "Z") else "+00"
    return (moment - timedelta(hours=int(zone))).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def natural(text: str) -> tuple[object, ...]:
    """Return a key that sorts `Step2` before `Step10`."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in _NUMBER.split(text))


def read_scenarios(folder: Path) -> list[Scenario]:
    """Return the scenarios of a folder: each subfolder one, the folder's own files one by one reference number.

    Raises: FileNotFoundError.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: expected a folder of scenarios, got none; give --scenarios DIR")
    below = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    found = [read_scenario(path.name, path, sorted(path.rglob("*.xml"))) for path in below]
    loose = sorted(folder.glob("*.xml"))
    return found + (_by_reference(read_scenario(folder.name, folder, loose)) if loose else [])


def read_scenario(name: str, folder: Path, files: Iterable[Path]) -> Scenario:
    """Read one scenario's files in the order of their steps."""
    messages: list[Message] = []
    movements: list[Movement] = []
    replies: list[Reply] = []
    unread: list[Unread] = []
    repaired: list[str] = []
    for path in sorted(files, key=lambda path: natural(str(path.relative_to(folder)))):
        file = str(path.relative_to(folder))
        found = _read_file(file, path.read_bytes(), repaired)
        for each in found:
            if isinstance(each, Message):
                messages.append(each)
            elif isinstance(each, Movement):
                movements.append(each)
            elif isinstance(each, Reply):
                replies.append(each)
            else:
                unread.append(each)
    unique = {reply.response.functional_reference_id or reply.file: reply for reply in reversed(replies)}
    return Scenario(
        name=name,
        lodged=tuple(m for m in messages if m.kind == "lodged"),
        requests=tuple(m for m in messages if m.kind != "lodged"),
        movements=tuple(movements),
        replies=tuple(reversed(unique.values())),
        unread=tuple(unread),
        repaired=tuple(repaired),
    )


def _read_file(file: str, data: bytes, repaired: list[str]) -> list[Message | Movement | Reply | Unread]:
    try:
        return [Message(file=file, reading=read(data))]
    except Unreadable as error:
        fault = error
    code = _MESSAGE_CODE.search(data)
    if code is not None and b"inventoryLinking" in data:
        place = _LOCATION.search(data)
        return [Movement(file=file, code=code[1].decode(), location=place[1].decode() if place else None)]
    whole = data
    if fault.code == "OECP-XML-JUNK":
        ends = list(_ROOT_END.finditer(data))
        whole = data[: ends[-1].end()] if ends else data
    try:
        responses = read_response(whole).responses
    except Unreadable as error:
        first = fault if fault.code != "OECP-NOT-A-DECLARATION" else error
        return [Unread(file=file, code=first.code, text=first.message)]
    if whole is not data:
        repaired.append(file)
    return [Reply(file=file, response=response) for response in responses]


def _by_reference(scenario: Scenario) -> list[Scenario]:
    """Split loose files into one scenario a declaration; replies join by reference number."""
    found = []
    for message in scenario.lodged:
        replies = tuple(reply for reply in scenario.replies if reply.lrn and reply.lrn == message.lrn)
        found.append(
            Scenario(
                name=Path(message.file).stem,
                lodged=(message,),
                requests=(),
                movements=(),
                replies=replies,
                unread=(),
                repaired=tuple(f for f in scenario.repaired if any(reply.file == f for reply in replies)),
            )
        )
    return found


def runs_of(scenario: Scenario, message: Message) -> list[Run]:
    """Return the runs of the replies in a scenario, those that name this declaration first.

    A run is all replies with one MRN. Another declaration's run is left out.
    """
    others = {m.lrn for m in scenario.lodged if m is not message}
    by_mrn: dict[str, list[Reply]] = {}
    for reply in scenario.replies:
        by_mrn.setdefault(reply.mrn or reply.lrn, []).append(reply)
    runs = []
    for mrn, replies in by_mrn.items():
        named = {reply.lrn for reply in replies}
        if message.lrn not in named and named & others:
            continue
        runs.append(Run(mrn=mrn, replies=tuple(replies), own=message.lrn in named))
    return sorted(runs, key=lambda run: (not run.own, -len(run.replies)))
