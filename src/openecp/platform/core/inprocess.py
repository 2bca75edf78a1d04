# SPDX-License-Identifier: Apache-2.0
"""The core in this process, without sockets and threads: for the command line and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openecp.border.lodgement.commands import Lodge
from openecp.kernel.casework.answer import Answer
from openecp.platform.core.desk import Desk, case_key, outcomes_of, refused, settle, unavailable, writes_of
from openecp.platform.core.model import Command
from openecp.platform.core.settings import Settings

_MAX_ATTEMPTS = 8


class InProcessCore:
    """Decides and records in the caller's thread."""

    def __init__(self, desk: Desk, settings: Settings | None = None) -> None:
        self._desk = desk
        self._settings = settings or Settings()
        self._commands = 0

    async def submit(self, command: Command) -> Answer:
        """Decide and record one command."""
        return self.submit_all([command])[0]

    async def statistics(self) -> dict[str, Any]:
        """Return the counters."""
        return {"commands": self._commands}

    def submit_all(self, commands: Sequence[Command]) -> list[Answer]:
        """Decide and record commands in order; those about the same case one after the other."""
        answers: dict[int, Answer] = {}
        left = list(enumerate(commands))
        while left:
            batch, left = self._next_batch(left)
            answers.update(self._work(batch))
        self._commands += len(commands)
        return [answers[number] for number in range(len(commands))]

    def _next_batch(
        self, left: list[tuple[int, Command]]
    ) -> tuple[list[tuple[int, Command]], list[tuple[int, Command]]]:
        batch: list[tuple[int, Command]] = []
        busy: set[tuple[str, ...]] = set()
        for position, (number, command) in enumerate(left):
            keys = {case_key(command, self._desk.locate(command))}
            if isinstance(command, Lodge) and command.key is not None:
                keys.add(("key", command.principal.organisation, command.key))
            if keys & busy or len(batch) >= self._settings.batch_max:
                return batch, left[position:]
            busy |= keys
            batch.append((number, command))
        return batch, []

    def _work(self, batch: list[tuple[int, Command]]) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        for _ in range(_MAX_ATTEMPTS):
            work = [(command, self._desk.load(command)) for _, command in batch]
            decided = list(zip(batch, self._desk.decide(work), strict=True))
            answers.update({number: each.answer for (number, _), each in decided if each.write is None})
            to_write = [(entry, each) for entry, each in decided if each.write is not None]
            if not to_write:
                return answers
            deciding = [each for _, each in to_write]
            written = self._desk.write_patiently(writes_of(deciding), patience_s=self._settings.write_patience_s)
            if written is None:
                return answers | {number: unavailable() for (number, _), _ in to_write}
            batch = []
            for (entry, each), outcome in zip(to_write, outcomes_of(deciding, written), strict=True):
                answer = settle(each, outcome)
                if answer is None:
                    batch.append(entry)
                else:
                    answers[entry[0]] = answer
            if not batch:
                return answers
        return answers | {number: _moved_on() for number, _ in batch}


def _moved_on() -> Answer:
    return refused(
        "OECP-CASE-MOVED-ON",
        "The case was changed by others again and again while this was decided.",
        status=409,
        expected="a case at rest",
        got=f"{_MAX_ATTEMPTS} changes in between",
        fix="Look at the case and send the message again.",
    )
