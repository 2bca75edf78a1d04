# SPDX-License-Identifier: Apache-2.0
"""Published results as rounds: each figure as (clock, segment, statistic, value, unit); what cannot be read so is kept.

Reads: an object with `studies`, each with `rows` of whatever the publication states. No key is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from openecp.border.time_release.report.figures import Figures, Spread
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.study import HOUR_US, StudyFault

STATISTICS = ("mean", "median", "p10", "p25", "p75", "p90", "p95", "std")
STUDIES_MAX = 10_000
ROWS_MAX = 10_000  # of one study
SEGMENT_KEYS = ("direction", "mode", "office", "stage", "segment", "actor", "agency", "indicator", "channel")
_TIMES = re.compile(r"(mean|median|max|min|p10|p25|p75|p90|p95|std)_(h|d|min)(?:_(about|gt|lt))?(?:_((?:19|20)\d\d))?")
_BETWEEN = re.compile(r"(?:(aeo)_)?([a-z]+)_to_([a-z_]+)_(h|d|min)")
_WITHIN = re.compile(r"within_(?:target|(\d+)_(days|hours))_pct")
_UNIT_US = {"h": HOUR_US, "d": 24 * HOUR_US, "min": HOUR_US // 60}
_STARTS = {"arrival": "arrival", "declaration": "lodged", "lodgement": "lodged"}
_ENDS = {
    "permit": "release",
    "release": "release",
    "out_of_charge": "release",
    "delivery": "gate_out",
    "gate_out": "gate_out",
}
_ABOUT = ("year", "fy", "period", "target_h", "year_unverified", "derived", "cause")  # what describes other figures


class PublishedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One published figure; times in microseconds, shares in percent; `bound` is about, gt or lt where so quoted."""

    study: str
    round: str
    clock: str  # a named clock; empty where the publication does not say from when to when
    segment: dict[str, str]
    statistic: str
    value: float
    unit: str  # us, percent
    bound: str = ""


class Beside(NamedTuple):
    """A published figure and the one of another study that it stands beside."""

    published: PublishedFigure
    own: PublishedFigure


class KeptFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A published statement that is no figure of a clock: kept as it stands, with why."""

    study: str
    row: int
    key: str
    value: Any
    why: str


class Rounds(msgspec.Struct, frozen=True, kw_only=True):
    """Published rounds: their figures, and what was kept beside them."""

    figures: tuple[PublishedFigure, ...]
    kept: tuple[KeptFigure, ...]


def rounds_of(data: bytes, where: str) -> Rounds:
    """Return the rounds of a file of published results.

    Raises: StudyFault.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StudyFault(where, "JSON", str(error)[:120], "Export it again.") from None
    studies = found.get("studies") if isinstance(found, dict) else None
    if not isinstance(studies, list) or len(studies) > STUDIES_MAX:
        raise StudyFault(where, f"an object with studies, at most {STUDIES_MAX}", "something else", "See the docs.")
    figures: list[PublishedFigure] = []
    kept: list[KeptFigure] = []
    for place, study in enumerate(studies, start=1):
        rows = study.get("rows") if isinstance(study, dict) else None
        if not isinstance(rows, list) or len(rows) > ROWS_MAX or not isinstance(study.get("id"), str):
            raise StudyFault(f"{where} study {place}", f"an id and rows, at most {ROWS_MAX}", "other", "Correct it.")
        for number, row in enumerate(rows, start=1):
            if isinstance(row, dict):
                _row(study, number, row, figures, kept)
            else:
                kept.append(KeptFigure(study=study["id"], row=number, key="", value=row, why="no object"))
    return Rounds(figures=tuple(figures), kept=tuple(kept))


def _row(
    study: dict[str, Any], number: int, row: dict[str, Any], figures: list[PublishedFigure], kept: list[KeptFigure]
) -> None:
    segment = {key: str(row[key]) for key in SEGMENT_KEYS if isinstance(row.get(key), str)}
    if "direction" not in segment and study.get("direction") in ("import", "export", "transit"):
        segment["direction"] = study["direction"]
    name = str(row.get("year") or row.get("fy") or study.get("round") or study["id"])
    clock = "" if "stage" in segment else clock_said(str(study.get("measure") or ""))
    for key, value in row.items():
        if key in SEGMENT_KEYS or key in _ABOUT or value is None:
            continue
        made = _figure(study["id"], name, clock, segment, key, value)
        figures += made
        if not made:
            why = "a change, not a level" if key.startswith(("change", "effect")) else "no figure of a clock"
            kept.append(KeptFigure(study=study["id"], row=number, key=key, value=value, why=why))


def clock_said(measure: str) -> str:
    """Return the clock that a measure's words name (`arrival -> out-of-charge`); else empty."""
    text = measure.lower().replace("→", "->").replace("out-of-charge", "out_of_charge").replace("gate out", "gate_out")
    if text.count("->") != 1:
        return ""
    before, _, after = text.partition("->")
    start = next((ours for word, ours in _STARTS.items() if word in before), "")
    end = next((ours for word, ours in _ENDS.items() if word in after), "")
    return _clock(start, end)


def _clock(start: str, end: str) -> str:
    name = f"{start}_{end}"
    return name if name in ("arrival_release", "arrival_gate_out", "lodged_release") else ""


def _figure(study: str, name: str, clock: str, segment: dict[str, str], key: str, value: Any) -> list[PublishedFigure]:
    if key == "attribution_pct" and isinstance(value, dict):
        return [
            PublishedFigure(
                study=study,
                round=name,
                clock=clock,
                segment={**segment, "owner": str(owner)},
                statistic="share",
                value=float(share),
                unit="percent",
            )
            for owner, share in value.items()
            if _is_number(share)
        ]
    if not _is_number(value):
        return []
    if found := _TIMES.fullmatch(key):
        statistic, unit, bound, year = found.groups()
        us = float(value) * _UNIT_US[unit]
        return [_time(study, year or name, clock, segment, statistic, us, bound or "")]
    if found := _BETWEEN.fullmatch(key):
        aeo, start, end, unit = found.groups()
        between = _clock(_STARTS.get(start, ""), _ENDS.get(end, ""))
        if between:
            part = {**segment, "segment": "AEO"} if aeo else segment
            return [_time(study, name, between, part, "mean", float(value) * _UNIT_US[unit], "")]
    if found := _WITHIN.fullmatch(key):
        count, unit = found.groups()
        statistic = f"within_{count}_{unit}" if count else "within"
        return [
            PublishedFigure(
                study=study,
                round=name,
                clock=clock,
                segment=segment,
                statistic=statistic,
                value=float(value),
                unit="percent",
            )
        ]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _time(
    study: str, name: str, clock: str, segment: dict[str, str], statistic: str, us: float, bound: str
) -> PublishedFigure:
    return PublishedFigure(
        study=study, round=name, clock=clock, segment=segment, statistic=statistic, value=us, unit="us", bound=bound
    )


def own_values(figures: Figures, k: int) -> list[PublishedFigure]:
    """Return a study of one's own as figures like published ones; groups below k are left out, as in its report."""
    found = []
    for clock in figures.clocks:
        groups: list[tuple[dict[str, str], Spread]] = [({}, clock.whole)] if clock.whole.n >= k else []
        for name, ones in clock.by.items():
            hidden = hidden_cells({(one.label,): one.n for one in ones}, k)
            groups += [({name: one.label}, one) for one in ones if (one.label,) not in hidden]
        for segment, spread in groups:
            for statistic in STATISTICS:
                value = getattr(spread, statistic)
                if value is not None:
                    found.append(
                        PublishedFigure(
                            study="own", round="", clock=clock.clock, segment=segment, statistic=statistic,
                            value=value, unit="us",
                        )
                    )  # fmt: skip
    return found


def beside(published: Sequence[PublishedFigure], own: Sequence[PublishedFigure]) -> list[Beside]:
    """Return each published figure of a clock beside one's own of the same clock and statistic.

    Where one's own study has the group that the figure is about (`mode` `sea`), that group; else the whole study.
    """
    found = []
    for was in published:
        same = [one for one in own if one.clock == was.clock and one.statistic == was.statistic and was.unit == "us"]
        if not was.clock or not same:
            continue
        told = {(name, value.casefold()) for name, value in was.segment.items()}
        groups = [one for one in same if one.segment and {(n, v.casefold()) for n, v in one.segment.items()} <= told]
        found += [Beside(was, one) for one in groups or [one for one in same if not one.segment]]
    return found
