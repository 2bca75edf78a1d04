# SPDX-License-Identifier: Apache-2.0
"""The model card: what a model learnt from, how good it was on later rows, and what it cannot see."""

from __future__ import annotations

import msgspec

from openecp.border.risk.models.drift import Drift
from openecp.border.risk.models.metrics import AtShare, Interval


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time with its rows."""

    use: str  # "training", "calibration", "test"
    first: str
    last: str
    rows: int
    irregular: int


class KnobLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of ranking finds at each share."""

    knob: str
    shares: tuple[AtShare, ...]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the test is known by heart: rows that repeat a pair of values seen in training.

    `lookup_auc` is that of a mere table of the pair's rates in training; `new_auc` the model's on rows with a new pair.
    """

    columns: tuple[str, ...]
    repeated: float
    lookup_auc: float
    new_rows: int
    new_auc: Interval
    new_p5: Interval


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an officer should know before a model is put to use."""

    model_sha256: str
    source: str
    seed: int
    trees: dict[str, float]
    windows: tuple[Window, ...]
    base_rate: Interval
    labels: str
    auc: Interval
    brier: float
    calibration: str
    reliability: tuple[tuple[float, float, int], ...]
    knobs: tuple[KnobLine, ...]
    memory: Memory | None
    drift: tuple[Drift, ...]
    features: dict[str, float]  # share of the gain, the largest first
    blind_spots: tuple[str, ...]


def percent(share: float) -> str:
    """Return a share as a percentage with a digit."""
    return f"{100 * share:.1f} %"


def between(figure: Interval, *, share: bool = True) -> str:
    """Return a figure with its interval."""
    if share:
        return f"{percent(figure.value)} ({percent(figure.low)} to {percent(figure.high)})"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def card_tables(card: ModelCard) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return the card as titled tables: the same for every form of it."""
    windows = [[w.use, w.first, w.last, str(w.rows), str(w.irregular)] for w in card.windows]
    knobs = [
        [line.knob, percent(at.share), str(at.rows), str(at.hits), between(at.precision), between(at.recall),
         "" if at.revenue_share is None else percent(at.revenue_share)]
        for line in card.knobs for at in line.shares
    ]  # fmt: skip
    tables = [
        ("Data", ["use", "first day", "last day", "rows", "irregular"], windows),
        ("What inspecting a share of the test would have found",
         ["ranked by", "share", "rows", "hits", "precision", "recall", "revenue"], knobs),
        ("Calibration on the test", ["foreseen", "happened", "rows"],
         [[percent(a), percent(b), str(n)] for a, b, n in card.reliability]),
        ("Drift from training to test", ["column", "measure", "value", "threshold", "alarm"],
         [[d.column, d.measure, f"{d.value:.3f}", f"{d.threshold:.3f}", "ALARM" if d.alarm else ""]
          for d in card.drift]),
        ("What it goes by", ["column", "share of the gain"],
         [[name, percent(share)] for name, share in list(card.features.items())[:20]]),
    ]  # fmt: skip
    if card.memory is not None:
        known = card.memory
        tables.insert(2, (
            "Memory or skill", ["figure", "value"],
            [["pair of columns", " x ".join(known.columns)],
             ["test rows whose pair was in training", percent(known.repeated)],
             ["AUC of a table of the pair's rates alone", f"{known.lookup_auc:.3f}"],
             ["AUC of the model on new pairs", between(known.new_auc, share=False)],
             [f"precision at 5 % on the {known.new_rows} rows with new pairs", between(known.new_p5)]],
        ))  # fmt: skip
    return tables


def card_lines(card: ModelCard) -> list[str]:
    """Return the sentences of the card."""
    alarms = sum(one.alarm for one in card.drift)
    return [
        f"Model {card.model_sha256[:16]}, learnt from {card.source}, seed {card.seed}.",
        f"Irregular among the rows of the test: {between(card.base_rate)}.",
        f"Labels: {card.labels}",
        f"Order of two rows right (AUC): {between(card.auc, share=False)}; Brier score {card.brier:.4f}; "
        f"calibration: {card.calibration}.",
        f"Drift alarms: {alarms}; without drift one card in a hundred or fewer has one for its columns.",
        "Intervals are of 95 %.",
    ]


def card_markdown(card: ModelCard) -> str:
    """Return the card as Markdown."""
    parts = ["# Model card", "", *(f"- {line}" for line in card_lines(card)), "", "## Known blind spots", ""]
    parts += [f"- {_cell(spot)}" for spot in card.blind_spots]
    for title, head, rows in card_tables(card):
        parts += ["", f"## {title}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
        parts += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def card_html(card: ModelCard) -> str:
    """Return the card as one page that needs nothing else."""
    from html import escape

    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Model card</title><style>'
        "body{font:16px/1.4 sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
        "th,td{border-bottom:1px solid #bbb;padding:.2rem .8rem .2rem 0;text-align:left}</style><h1>Model card</h1><ul>"
    ]
    parts += [f"<li>{escape(line)}</li>" for line in card_lines(card)]
    parts += [
        "</ul><h2>Known blind spots</h2><ul>",
        *(f"<li>{escape(spot)}</li>" for spot in card.blind_spots),
        "</ul>",
    ]
    for title, head, rows in card_tables(card):
        heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<h2>{escape(title)}</h2><table><tr>{heads}</tr>{lines}</table>")
    return "".join(parts) + "</html>\n"
