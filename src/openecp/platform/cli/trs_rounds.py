# SPDX-License-Identifier: Apache-2.0
"""`openecp trs rounds` and `openecp trs compare`: published results, and two rounds side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.time_release.report.compared import Compared, compared, hours
from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.study import StudyFault
from openecp.border.time_release.study_rounds import PublishedFigure, Rounds, rounds_of
from openecp.platform.cli.trs_report import told, write_files

_SIZE_MAX = 64_000_000
_STATISTICS = ("mean", "median", "p10", "p25", "p75", "p90", "p95", "std")


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
def compare(before: str, after: str, clock: str) -> None:
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
    """Return a study of one's own as figures like published ones."""
    if not isinstance(side, Figures):
        return side
    found = []
    for clock in side.clocks:
        groups: list[tuple[dict[str, str], Any]] = [({}, clock.whole)]
        groups += [({name: one.label}, one) for name, ones in clock.by.items() for one in ones]
        for segment, spread in groups:
            for statistic in _STATISTICS:
                value = getattr(spread, statistic)
                if value is not None:
                    found.append(
                        PublishedFigure(
                            study="own",
                            round="",
                            clock=clock.clock,
                            segment=segment,
                            statistic=statistic,
                            value=value,
                            unit="us",
                        )
                    )
    return found


def _published(before: list[PublishedFigure], after: list[PublishedFigure]) -> list[dict[str, Any]]:
    """Return every pair of the same clock and statistic whose segments do not contradict each other."""
    lines = []
    for was in before:
        for now in after:
            if not was.clock or was.clock != now.clock or was.statistic != now.statistic or was.unit != "us":
                continue
            if "own" in (was.study, now.study):
                if any(now.segment.get(name, value) != value for name, value in was.segment.items()):
                    continue
            elif was.segment != now.segment:
                continue
            lines.append(
                {
                    "clock": was.clock,
                    "statistic": was.statistic,
                    "before": {"round": was.round, "segment": was.segment, "h": hours(was.value), "bound": was.bound},
                    "after": {"round": now.round, "segment": now.segment, "h": hours(now.value), "bound": now.bound},
                    "difference_h": hours(now.value - was.value),
                    "note": "published values: not split into mix and performance",
                }
            )
    return lines
