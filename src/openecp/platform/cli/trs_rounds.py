# SPDX-License-Identifier: Apache-2.0
"""`openecp trs rounds` and `openecp trs compare`: published results, and two rounds side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.time_release.report.compared import Compared, compared, hours
from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.study import StudyFault
from openecp.border.time_release.study_rounds import PublishedFigure, Rounds, beside, own_values, rounds_of
from openecp.platform.cli.trs_report import told, write_files
from openecp.platform.cli.wiring import console

_SIZE_MAX = 64_000_000
K = 5  # smaller groups are not set beside published figures


@click.group()
def rounds() -> None:
    """Rounds of other studies, as they were published."""


@rounds.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the rounds are kept.")
def load(file: Path, out: Path | None) -> None:
    """Enter published results: one JSON line a figure, and what was kept without one."""
    with told():
        found = rounds_of(_bytes(file), file.name)
    if out is not None:
        write_files(out.parent, {out.name: msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"})
    for figure in found.figures:
        click.echo(msgspec.json.encode({"figure": figure}))
    for kept in found.kept:
        click.echo(msgspec.json.encode({"kept": kept}))
    click.echo(f"{len(found.figures)} figures, {len(found.kept)} statements kept as they stand", err=True)


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--clock", default="", help="One clock alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a comparison.")
def compare(before: str, after: str, clock: str, as_json: bool) -> None:
    """Compare two rounds: study folders, results.json, or PUBLISHED.json#STUDY (#STUDY/ROUND)."""
    with told():
        sides = [_side(before), _side(after)]
        if all(isinstance(side, Figures) for side in sides):
            lines = [_shown(one) for one in compared(sides[0], sides[1])]  # type: ignore[arg-type]  # both are
        else:
            lines = _published(_values(sides[0]), _values(sides[1]))
        lines = [line for line in lines if not clock or line["clock"] == clock]
        if not lines:
            raise StudyFault(
                "compare", "a clock that both rounds have", "none", "Run one study with the other's clock."
            )
    if not as_json:
        _print(lines)
        return
    for line in lines:
        click.echo(msgspec.json.encode(line))


def _bytes(file: Path) -> bytes:
    if file.stat().st_size > _SIZE_MAX:
        raise StudyFault(file.name, f"at most {_SIZE_MAX} bytes", str(file.stat().st_size), "Split the file.")
    return file.read_bytes()


def _side(text: str) -> Figures | list[PublishedFigure]:
    from openecp.platform.core.study_reports import figures_from

    name, found, wanted = text.partition("#")
    path = Path(name)
    if found and path.is_file():
        data = _bytes(path)
        try:
            all_figures = msgspec.json.decode(data, type=Rounds).figures
        except msgspec.DecodeError:
            all_figures = rounds_of(data, path.name).figures
        study, _, round_ = wanted.partition("/")
        chosen = [one for one in all_figures if one.study == study and (not round_ or one.round == round_)]
        if not chosen:
            studies = ", ".join(sorted({one.study for one in all_figures}))
            raise StudyFault(text[:120], f"a study of the file ({studies})"[:300], "none", "Name one of these.")
        return chosen
    file = path / "results.json" if path.is_dir() else path
    if not file.is_file():
        raise StudyFault(text[:120], "a study that was run, results.json or FILE#STUDY", "none", "Run the study first.")
    return figures_from(_bytes(file), file.name)


def _shown(one: Compared) -> dict[str, Any]:
    return {
        "clock": one.clock,
        "segment": one.segment,
        "n": [one.before_n, one.after_n],
        "mean_h": [hours(one.before_mean), hours(one.after_mean)],
        "median_h": [hours(one.before_median), hours(one.after_median)],
        "difference_h": hours(one.difference),
        "mix_h": hours(one.mix),
        "performance_h": hours(one.performance),
        "by_h": {label: [hours(mix), hours(performance)] for label, (mix, performance) in one.by.items()},
        "log_rank": None if one.log_rank is None else {"chi_square": one.log_rank[0], "p": one.log_rank[1]},
    }


def _values(side: Figures | list[PublishedFigure]) -> list[PublishedFigure]:
    return own_values(side, K) if isinstance(side, Figures) else side


def _published(before: list[PublishedFigure], after: list[PublishedFigure]) -> list[dict[str, Any]]:
    """Return each figure of one side beside that of the other; a study of one's own stands on its own side."""
    is_own_first = any(one.study == "own" for one in before)
    pairs = beside(after, before) if is_own_first else beside(before, after)
    lines = []
    for was, now in pairs:
        first, second = (now, was) if is_own_first else (was, now)
        lines.append(
            {
                "clock": was.clock,
                "statistic": was.statistic,
                "before": _one(first),
                "after": _one(second),
                "difference_h": hours(second.value - first.value),
                "note": "published values: not split into mix and performance",
            }
        )
    return lines


def _one(figure: PublishedFigure) -> dict[str, Any]:
    return {
        "study": figure.study,
        "round": figure.round,
        "segment": figure.segment,
        "h": hours(figure.value),
        "bound": figure.bound,
    }


def _print(lines: list[dict[str, Any]]) -> None:
    """Print a comparison for people; hours."""
    out = console()
    split = [line for line in lines if "mix_h" in line]
    if split:
        table = Table(title="Two rounds, hours: difference of means = mix + performance")
        for name in ("clock", "n", "mean", "median", "difference", "mix", "performance", "p (log-rank)"):
            table.add_column(name, justify="left" if name == "clock" else "right")
        for line in split:
            p = line["log_rank"]["p"] if line["log_rank"] else None
            pairs = [" → ".join(_text(value) for value in line[name]) for name in ("n", "mean_h", "median_h")]
            changes = [_text(line[name]) for name in ("difference_h", "mix_h", "performance_h")]
            table.add_row(line["clock"], *pairs, *changes, "-" if p is None else f"{p:.4f}")
        out.print(table)
        return
    table = Table(title="Figures side by side, hours; published values are not split into mix and performance")
    for name in ("clock", "statistic", "before", "of", "after", "of", "difference"):
        table.add_column(name, justify="right" if name in ("before", "after", "difference") else "left")
    for line in lines:
        sides = [cell for side in (line["before"], line["after"]) for cell in (_bounded(side), _about(side))]
        table.add_row(line["clock"], line["statistic"], *sides, _text(line["difference_h"]))
    out.print(table)


def _text(value: float | int | None) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:,.2f}"


def _bounded(side: dict[str, Any]) -> str:
    return {"about": "~", "gt": "> ", "lt": "< "}.get(side["bound"], "") + _text(side["h"])


def _about(side: dict[str, Any]) -> str:
    parts = [*dict.fromkeys((side["study"], side["round"])), *side["segment"].values()]
    return ", ".join(part for part in parts if part)
