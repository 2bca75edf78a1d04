# SPDX-License-Identifier: Apache-2.0
"""`openecp risk score`: what a model says of declarations in files. For officers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.platform.cli.risk_models import as_fault, chosen_model
from openecp.platform.cli.wiring import CommandFault, data_option

EXPLAINED_MAX = 100_000


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--model", "name", default="", help="Folder or SHA-256; the champion if not given.")
@click.option("--id", "identity", default="", help="Column that names a row; its number if not given.")
@click.option("--stake", default="", help="Column of charges, where the model was trained with one.")
@click.option("--label", default="", help="Column of results, to measure how good the order is.")
@click.option("--revenue", default="", help="Column of what was recovered, to measure it too.")
@click.option("--rank", type=click.Choice(["p", "p_stake", "p_log_stake"]), default="p", show_default=True,
              help="Rank by probability, by it times revenue, or times log(1 + revenue).")  # fmt: skip
@click.option("--select", type=click.FloatRange(0.0, 1.0), default=0.01, show_default=True, help="Share to explain.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one a row, highest first.")
@data_option
@click.pass_context
def score(
    context: click.Context, files: tuple[Path, ...], name: str, identity: str, stake: str, label: str, revenue: str,
    rank: Any, select: float, as_json: bool, data: str | None,
) -> None:  # fmt: skip
    """Score the rows of FILEs and print them from the highest down; reasons for those that are selected."""
    from openecp.border.risk.models.fault import ModelRefused
    from openecp.border.risk.models.metrics import ranking
    from openecp.border.risk.models.table import read_numbers
    from openecp.platform.engines.risk_files import RiskFileFault, RiskFiles

    model, told = chosen_model(context, data, name)
    try:
        columns = RiskFiles(files).columns()
        _there(columns, {"--id": identity, "--stake": stake, "--label": label, "--revenue": revenue})
        rows = model.rows(columns)
        scores = model.score(rows, read_numbers(columns[stake]) if stake else None)
    except ModelRefused as refused:
        raise as_fault(refused) from None
    except RiskFileFault as fault:
        raise CommandFault("the file cannot be used", where=fault.where, expected=fault.expected, got=fault.got,
                           fix=fault.fix) from None  # fmt: skip
    order = ranking(scores.ranked_by(rank), seed=model.file.seed)
    many = min(round(len(order) * select), EXPLAINED_MAX)
    reasons = model.reasons(rows[order[:many]])
    if label:
        _measure(columns, label, revenue, scores, model.file.seed, as_json)
    if not as_json:
        click.echo(f"{len(order)} rows by {told}, ranked by {rank}, {many} selected")
    names = columns[identity] if identity else None
    for place, row in enumerate(order.tolist() if as_json else order[: min(many, 50)].tolist()):
        line: dict[str, Any] = {
            "rank": place + 1, "id": names[row] if names else row + 1, "p_e6": round(float(scores.p[row]) * 1e6),
            "stake": None if scores.revenue is None else round(float(scores.revenue[row]), 2), "selected": place < many,
        }  # fmt: skip
        if place < many:
            line["reasons"] = [{"column": column, "adds": adds} for column, adds in reasons[place]]
        click.echo(msgspec.json.encode(line).decode() if as_json else _words(line))


def _words(line: dict[str, Any]) -> str:
    reasons = ", ".join(f"{one['column']} {one['adds']:+.2f}" for one in line["reasons"])
    stake = "" if line["stake"] is None else f"  brings {line['stake']:.2f}"
    return f"{line['rank']:>6}  {line['id']}  {line['p_e6'] / 1e4:.1f} %{stake}  {reasons}"


def _there(columns: dict[str, list[str]], asked: dict[str, str]) -> None:
    for option, name in asked.items():
        if name and name not in columns:
            raise CommandFault(f"{name}: there is no such column", where=option, expected=", ".join(columns)[:300],
                               got=name, fix="Correct it.")  # fmt: skip


def _measure(columns: dict[str, list[str]], label: str, revenue: str, scores: Any, seed: int, as_json: bool) -> None:
    """Print what inspecting a share would have found, for each way of ranking."""
    import numpy as np

    from openecp.border.risk.models.card import between, percent
    from openecp.border.risk.models.metrics import SHARES, at_share, auc_interval, ranking
    from openecp.border.risk.models.model import KNOBS
    from openecp.border.risk.models.table import read_numbers

    truth = np.array([value in ("1", "1.0") for value in columns[label]])
    worth = np.where(truth, np.nan_to_num(read_numbers(columns[revenue])), 0.0) if revenue else None
    area = auc_interval(scores.raw, truth, seed=seed)
    if not as_json:
        click.echo(f"AUC {between(area, share=False)}; irregular {percent(float(truth.mean()))}")
    for knob in KNOBS if scores.revenue is not None else KNOBS[:1]:
        order = ranking(scores.ranked_by(knob), seed=seed)
        for share in SHARES:
            at = at_share(order, share, truth, worth)
            if as_json:
                click.echo(msgspec.json.encode({"measure": knob, "auc": area.value} | msgspec.to_builtins(at)).decode())
            else:
                more = "" if at.revenue_share is None else f", revenue {percent(at.revenue_share)}"
                click.echo(f"  {knob:<12} {percent(share):>7}: precision {between(at.precision)}{more}")
