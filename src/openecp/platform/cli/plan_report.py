# SPDX-License-Identifier: Apache-2.0
"""`openecp plan report`: the session paper of a plan, in English and French, as DOCX, PDF, CSV and JSON."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click
import msgspec

from openecp.platform.cli.plan_desk import PlanDesk, day_option, plan_desk
from openecp.platform.cli.wiring import CommandFault, data_option
from openecp.platform.documents.session_paper import FORMATS, Format, session_papers
from openecp.programme.action_plan.commands import FreezeMeasurements, IssueReport
from openecp.programme.action_plan.views import MeasurementView
from openecp.programme.reports.gather import PaperError, gather
from openecp.programme.reports.paper import LANGUAGES, Language
from openecp.programme.reports.wording import CatalogueError

Figures = list[tuple[str, MeasurementView]]
_BEGINNING = "1900-01-01"


@click.command("report")
@click.option("--plan", "plan_id", required=True, metavar="ID", help="Identifier of the plan, such as ECP-IV.")
@day_option("--as-of", "Day of the paper: the register as it stood at its end.")
@day_option("--since", "Changes after this day; without it, since the last paper, else since the plan began.")
@click.option("--lang", type=click.Choice([*LANGUAGES, "both"]), default="both", show_default=True)
@click.option("--format", "wanted", default=",".join(FORMATS), show_default=True, help="Formats, with commas between.")
@click.option("-o", "--output", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder.")
@click.option("--session", metavar="SESSION", help="The session that it is written for, such as PTC/223.")
@click.option("--draft", is_flag=True, help="Write the files, record nothing: figures are not frozen.")
@data_option
@click.pass_context
def report(
    context: click.Context,
    plan_id: str,
    as_of: str | None,
    since: str | None,
    lang: str,
    wanted: str,
    output: str,
    session: str | None,
    draft: bool,
    data: str | None,
) -> None:
    """Write the session paper of a plan; its figures are frozen and its files recorded with their hashes."""
    formats = _formats(wanted)
    languages = LANGUAGES if lang == "both" else (cast(Language, lang),)
    day = _day(as_of)
    folder = _folder(output)
    with plan_desk(context, data) as desk:
        since = since or _since(desk, plan_id, day)
        name = f"{plan_id}/{since}/{day}"
        try:
            frozen, measured = _figures(desk, plan_id, day, name)
            unfrozen = draft and bool(measured)
            basis = gather(
                desk.plans, plan_id, as_of=day, since=since, measurements=[*frozen, *measured], draft=unfrozen
            )
            made = session_papers(basis, languages, formats)
        except (PaperError, CatalogueError) as error:
            raise CommandFault(f"no paper: {error}", where="", expected="", got="", fix="") from None
        if measured and not draft:
            desk.do(FreezeMeasurements(plan=plan_id, measurements=tuple(measured), report=name, on=day))
        for language, files in made.items():
            _write(folder, files)
            if not draft:
                hashes = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
                issue = IssueReport(plan=plan_id, report=name, language=language, as_of=day, since=since, files=hashes)
                desk.do(msgspec.structs.replace(issue, session=session))


def _formats(wanted: str) -> tuple[Format, ...]:
    told = [each.strip() for each in wanted.split(",") if each.strip()]
    if not told or set(told) - set(FORMATS):
        raise CommandFault(
            f"{wanted or 'nothing'} is no list of formats",
            where="--format",
            expected=f"one or several of {', '.join(FORMATS)}, with commas between",
            got=wanted,
            fix="Correct it.",
        )
    return tuple(each for each in FORMATS if each in told)


def _day(as_of: str | None) -> str:
    today = datetime.now(UTC).date().isoformat()
    if as_of is not None and as_of > today:
        raise CommandFault(
            "A paper tells of no day to come.",
            where="--as-of",
            expected=f"a day up to {today}",
            got=as_of,
            fix="Name the day of the paper, or leave it out for today.",
        )
    return as_of or today


def _folder(output: str) -> Path:
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFault(
            f"{output} cannot be used",
            where="--output",
            expected="a folder that can be written",
            got=error.strerror or str(error),
            fix="Name another one.",
        ) from None
    return folder


def _since(desk: PlanDesk, plan_id: str, day: str) -> str:
    """Return the day of the last paper before this one, else the day before the plan began."""
    plan = desk.plans.plan(plan_id, as_of=day)
    papers = [each.as_of for each in desk.plans.plan(plan_id).reports if each.as_of < day]
    start = plan.period.start
    return max(papers, default=f"{start[:7]}-01" if start else min(day, _BEGINNING))


def _figures(desk: PlanDesk, plan_id: str, day: str, name: str) -> tuple[Figures, Figures]:
    """Return the figures of the running system that were frozen for a paper, and those that are computed now.

    A paper that is made again prints the figures that were frozen for it; only what was bound since is computed.
    """
    actions = desk.plans.actions(plan_id, as_of=day)
    if not any(action.bindings for action in actions):
        return [], []
    frozen = [(each.id, figure) for each in actions for figure in each.measurements if figure.report == name]
    known = {(action, figure.indicator, figure.version) for action, figure in frozen}
    measured = [
        (action, figure)
        for action, figure in desk.plans.measure(plan_id, as_of=day)
        if (action, figure.indicator, figure.version) not in known
    ]
    return frozen, measured


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        try:
            path.write_bytes(content)
        except OSError as error:
            raise CommandFault(
                f"{path} cannot be written",
                where="--output",
                expected="a folder that can be written",
                got=error.strerror or str(error),
                fix="Name another one, or close the file where it is open.",
            ) from None
        click.echo(str(path))
