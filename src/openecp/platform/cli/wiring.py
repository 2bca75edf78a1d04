# SPDX-License-Identifier: Apache-2.0
"""What the command line needs of an installation, and how it says that something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import click
from rich.console import Console

if TYPE_CHECKING:  # for those who read the types; nothing of it is loaded at start
    from openecp.border.low_value.quote import Quoter
    from openecp.kernel.parties.model import Register
    from openecp.kernel.profile import Profile
    from openecp.platform.core.clearing import Wiring
    from openecp.platform.core.inprocess import InProcessCore
    from openecp.platform.core.model import AssessesDeclarations
    from openecp.platform.core.postwork import PostalRules
    from openecp.platform.core.recordbook import RecordBook
    from openecp.platform.core.settings import Settings
    from openecp.programme.action_plan.plans import Plans


class CommandFault(Exception):  # noqa: N818 - a state of what the user gave
    """Something that the user can mend: where, expected, got, fix. Ends the command with exit code 2."""

    def __init__(self, message: str, *, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(message)
        self.message, self.where, self.expected, self.got, self.fix = message, where, expected, got, fix


class Installation(Protocol):
    """What `openecp.bootstrap` gives to the command line."""

    settings: Settings

    @property
    def profile(self) -> Profile: ...

    def post_rules(self) -> PostalRules: ...

    def with_settings(self, **changes: object) -> Installation: ...

    def assessor(self) -> AssessesDeclarations: ...

    def quoter(self, regimes: str | None = None, rates: str | None = None) -> Quoter: ...

    def clearing(
        self,
        store: Any,
        *,
        jurisdiction: str,
        regime: str = "",
        regimes: str | None = None,
        rates: str | None = None,
        duty_rates: str | None = None,
        quality: bool = True,
    ) -> Wiring: ...

    def reassessing(
        self,
        *,
        jurisdiction: str,
        file: str | None,
        on: date | None,
        regime: str = "",
        rates: str | None = None,
        duty_rates: str | None = None,
    ) -> tuple[Any, Any]: ...

    def clear_on_spark(self, files: Sequence[Path], out: Path, on: date, master: str, **law: Any) -> Any: ...

    def open_store(self) -> Any: ...

    def child_environment(self) -> dict[str, str]: ...

    def in_process_core(self, store: Any) -> InProcessCore: ...

    def register(self, store: Any) -> Register: ...

    def queries(self, store: Any) -> Any: ...

    def programme_core(self, store: Any) -> InProcessCore: ...

    def parcel_core(self, store: Any) -> InProcessCore: ...

    def parcel_regimes(self) -> Any: ...

    def plans(self, store: Any) -> Plans: ...

    def seed_plans(self, store: Any) -> int: ...

    def records(self, store: Any) -> RecordBook: ...

    def seed_records(self, store: Any) -> int: ...


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--data`, so that it may stand after the command's name too."""
    return click.option("--data", metavar="FOLDER", help="Data folder (OPENECP_DATA).")(command)


def installation(context: click.Context) -> Installation:
    """Return the installation of this command."""
    found: Installation = context.find_root().obj
    return found


def fail(fault: CommandFault) -> NoReturn:
    """Say what is wrong and end with exit code 2."""
    click.echo(f"openecp: {fault.message}", err=True)
    for label in ("where", "expected", "got", "fix"):
        if text := getattr(fault, label):
            click.echo(f"  {label + ':':<10}{text}", err=True)
    sys.exit(2)


def console(*, err: bool = False) -> Console:
    """Return the terminal; without one, width is enough for a table."""
    return Console(stderr=err, width=None if sys.stdout.isatty() else 140, soft_wrap=False)


def message_files(paths: tuple[str, ...]) -> list[str]:
    """Return the files that the paths name: a file as it is, a folder walked in sorted order for .xml and .json.

    Raises: CommandFault for a path that is not there.
    """
    found: list[str] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            inside = (entry for entry in path.rglob("*") if entry.suffix.lower() in {".xml", ".json"})
            found.extend(str(entry) for entry in sorted(inside) if entry.is_file())
        elif path.is_file():
            found.append(text)
        else:
            raise CommandFault(
                f"{text}: no such file or folder",
                where=text,
                expected="a file, or a folder with .xml and .json files",
                got="nothing that can be opened" if path.exists() else "nothing there",
                fix="Correct the path.",
            )
    return found
