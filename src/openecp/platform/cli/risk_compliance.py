# SPDX-License-Identifier: Apache-2.0
"""`openecp risk compliance`: how compliant trade is by the random sample alone; as a table, JSON lines or a report."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.platform.cli import risk_features
from openecp.platform.cli.risk_features import movement_option
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation

SEGMENTS = ["office", "lane", "month", "origin", "chapter", "size"]
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.option("--by", type=click.Choice(SEGMENTS), help="Segments; a report has all of them where none is named.")
@click.option("--from", "first", metavar="DATE", help="First day of acceptance.")
@click.option("--to", "last", metavar="DATE", help="Last day of acceptance.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one a segment.")
@click.option("--out", type=_OUT, help="A report in place of the table: .html, .pdf or .docx.")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Of the report.")
@movement_option
@data_option
@click.pass_context
def compliance(
    context: click.Context, by: str | None, first: str | None, last: str | None, as_json: bool, out: Path | None,
    lang: str, movement: str, data: str | None,
) -> None:  # fmt: skip
    """Measure compliance from the random sample alone: irregular share, money gap, 95 % intervals, by segment."""
    from openecp.border.risk.features.compliance import compliance as measure
    from openecp.border.risk.features.compliance import mean_chances
    from openecp.border.risk.features.gap import importer_sizes, money_gap, segments_of

    span = _day(first, "--from", ""), _day(last, "--to", "")
    if out is not None and (out.suffix[1:] not in ("html", "pdf", "docx") or not out.parent.is_dir()):
        raise CommandFault("The report cannot be written.", where="--out", expected="a .html, .pdf or .docx "
                           "in a folder that is there", got=str(out), fix="Name such a file.")  # fmt: skip
    history = risk_features.history_of(context, data, movement)
    from_day, to_day = span[0] or "0000-01-01", span[1] or "9999-12-31"
    cases = [case for case in history.cases if from_day <= (case.day or case.at)[:10] <= to_day]
    if out is not None:
        _report(context, data, history, cases, span, (by,) if by else (), movement, lang, out)
        return
    sizes = importer_sizes(history.items, cases) if by == "size" else {}
    of = {c.case_id: segments_of(c, history.items.get(c.case_id, []), by, sizes.get(c.case_id, "")) for c in cases}
    found = measure(cases, of)
    chances, groups = mean_chances(cases), {one.segment: [c for c in cases if one.segment in of[c.case_id]]
                                            for one in found[1:]}  # fmt: skip
    gaps = [money_gap(cases if place == 0 else groups[one.segment], chances) for place, one in enumerate(found)]
    if as_json:
        for one, gap in zip(found, gaps, strict=True):
            click.echo(msgspec.json.encode(msgspec.to_builtins(one) | {
                "gap_minor": gap.gap_minor, "gap_low_minor": gap.low_minor, "gap_high_minor": gap.high_minor,
            }))  # fmt: skip
        return
    _print(found, gaps, f", {from_day} to {to_day}" if first or last else "")


def _print(found: list[Any], gaps: list[Any], span: str) -> None:
    from rich.table import Table

    table = Table(title=f"Compliance by the random sample{span}")
    names = (
        "segment",
        "declarations",
        "sampled",
        "controlled",
        "irregular",
        "rate",
        "95 % interval",
        "recovered",
        "gap",
    )
    for name in names:
        table.add_column(name, justify="left" if name == "segment" else "right")
    for one, gap in zip(found, gaps, strict=True):
        rate = "no result" if one.rate is None else f"{one.rate:.1%}"
        span_text = "" if one.low is None or one.high is None else f"{one.low:.1%} to {one.high:.1%}"
        counts = (one.declarations, one.sampled, one.controlled, one.irregular)
        money = "" if gap.gap_minor is None else str(gap.gap_minor)
        if gap.low_minor is not None:
            money += f" ({gap.low_minor} to {gap.high_minor})"
        table.add_row(one.segment, *map(str, counts), rate, span_text, str(one.recovered_minor), money)
    console().print(table)
    waiting, assumed = found[0].sampled - found[0].controlled, found[0].assumed
    if waiting:
        click.echo(f"{waiting} of the sample have no result: where these differ from the others, so does the rate")
    if assumed:
        click.echo(f"{assumed} whose chance is not in the journal count with the mean chance of their office")


def _report(
    context: click.Context, data: str | None, history: Any, cases: list[Any], span: tuple[str, str],
    by: tuple[str, ...], movement: str, lang: str, out: Path,
) -> None:  # fmt: skip
    from openecp.platform.cli.trs_report import write_files
    from openecp.platform.core.compliance_report import BY, compliance_report, figures_of, written

    here: Any = installation(context).with_settings(data=data)
    seq = max((case.seq for case in history.cases), default=0)
    figures = figures_of(
        cases, history.items, by=by or BY, first=span[0], last=span[1], movement=movement,
        currency=here.profile.currency, exponent=here.profile.currency_exponent, seq=seq,
    )  # fmt: skip
    write_files(out.parent, {out.name: written(compliance_report(figures, lang), out.suffix[1:])})
    whole = figures.whole[0]
    click.echo(f"{whole.declarations} declarations, {whole.controlled} of the random sample with a result, in {out}")


def _day(text: str | None, option: str, default: str) -> str:
    if text is None:
        return default
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise CommandFault("this is no day", where=option, expected="YYYY-MM-DD", got=text[:40],
                           fix="Correct it.") from None  # fmt: skip
