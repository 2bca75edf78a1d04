# SPDX-License-Identifier: Apache-2.0
"""Time release in the demonstration: what terminals and agencies tell of the day's goods, a study of the day from the
journal, and one of a year of invented flows, both as anybody would make them.

`python -m openecp.platform.cli.demo_times FOLDER` writes the year's study; the demonstration runs it beside the day.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from openecp.border.time_release.study import Definition, JournalRange, Phase, definition_of
from openecp.kernel.profile import load_profile

CASES = 6_000  # of the year: enough for every chart, little enough for a demonstration
SEED = 7
FORMATS = ("html", "pdf", "docx")
TERMINAL, AGENCY = ("quay", "terminal"), ("VET", "agency")
RELEASED = ("released", "cleared", "exit_awaited", "exited")
_TOML = """\
name = "{name}"
purpose = "{purpose}"
administration = "Customs of Balmeria"
scope = "{scope}"
objectives = ["Measure the time from arrival to release.", "Find where the most hours are lost, and whose they are."]
{source}
clocks = ["arrival_release", "lodged_release", "post_release"]
segments = [{segments}]
clusters = [{clusters}]
targets_h = {{ arrival_release = 48.0 }}
zone = "Etc/GMT-2"
languages = ["en", "fr"]

[labels]
{labels}
"""


def start_year(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to write the study of a year in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", __name__, str(folder)], stdin=subprocess.DEVNULL)  # noqa: S603 - ours


def write_year(folder: Path, *, today: date, cases: int = CASES, formats: tuple[str, ...] = FORMATS) -> None:
    """Write the study of the year that ended yesterday: its flows, definition, frozen inputs, results, reports."""
    from openecp.border.time_release.simulation.flow_plan import FlowPlan, planted_by_default
    from openecp.border.time_release.simulation.flows import flows
    from openecp.platform.engines.flow_files import write_events

    first = today - timedelta(days=365)
    plan = FlowPlan(cases=cases, seed=SEED, first=first)
    plan = msgspec.structs.replace(plan, planted=planted_by_default(plan))
    made = flows(plan)
    folder.mkdir(parents=True)
    write_events(
        folder / "events.parquet", made.case, made.activity, made.ts_us, made.activities, made.segments, "flows"
    )
    written = {"truth.json": msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"}
    source = f'first_day = {first}\nlast_day = {today - timedelta(days=1)}\nfiles = ["events.parquet"]'
    text = _toml(
        f"A year of flows to {today - timedelta(days=1)}",
        "Where goods wait in Balmeria, and whose time it is.",
        "Imports and exports at six offices: invented flows of a year, with delays planted in them (truth.json).",
        source, ("office", "mode", "channel", "aeo"), ("means",),
    )  # fmt: skip
    _write(folder, text, written, [folder / "events.parquet"], first, today, formats)


def write_day(folder: Path, exported: list[Path], checkpoint: str, *, today: date) -> str:
    """Write the study of the demonstration's own day, from the journal; return what it says in one line."""
    text = _toml(
        "The day of the demonstration",
        "How long the day's own traffic took.",
        "The declarations of the demonstration. Arrivals were told by the terminal, hours before lodgement.",
        "journal = {}", ("office", "channel"), (),
    )  # fmt: skip
    folder.mkdir(parents=True)
    return _write(folder, text, {}, [], today, today, ("html",), exported, checkpoint)


def _toml(
    name: str, purpose: str, scope: str, source: str, segments: tuple[str, ...], clusters: tuple[str, ...]
) -> bytes:
    labels = {row["office"]: row["name_en"] for row in load_profile("demo").table("offices")}
    return _TOML.format(
        name=name,
        purpose=purpose,
        scope=scope,
        source=source,
        segments=", ".join(f'"{one}"' for one in segments),
        clusters=", ".join(f'"{one}"' for one in clusters),
        labels="\n".join(f'{code} = "{label}"' for code, label in labels.items()),
    ).encode()


def _write(
    folder: Path,
    text: bytes,
    written: dict[str, bytes],
    files: list[Path],
    first: date,
    today: date,
    formats: tuple[str, ...],
    exported: Iterable[Path] = (),
    checkpoint: str = "",
) -> str:
    """Freeze, run and report a study, as `openecp trs study freeze | run` and `openecp trs report` do."""
    from openecp.platform.core.study_reports import figures_of, frozen_of, report_files, results_bytes

    definition: Definition = definition_of(text, "study.toml")
    parts = list(exported)
    frozen = frozen_of(definition, files, parts, checkpoint=checkpoint, on=today.isoformat())
    asked = definition
    if definition.journal is not None:
        asked = msgspec.structs.replace(definition, journal=JournalRange(last_seq=frozen.journal_last_seq))
    figures = figures_of(asked, files, parts, threads=1)
    done = Phase(begun=today, ended=today)
    phases = dict.fromkeys(("preparation", "verification", "analysis", "report"), done)
    phases |= {"collection": Phase(begun=first, ended=today), "monitoring": Phase(begun=today)}
    note = "; ".join(f"{one.name} (SHA-256 {one.sha256[:16]}…)" for one in frozen.inputs) or (
        f"journal 1–{frozen.journal_last_seq} (SHA-256 {frozen.journal_rows_sha256[:16]}…)"
    )
    written = written | {
        "study.toml": text,
        "frozen.json": _json(frozen),
        "phases.json": _json(dict(sorted(phases.items()))),
        "results.json": results_bytes(figures),
    }
    made = report_files(figures, definition, data_note=note, formats=formats)
    for name, data in (written | made).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    whole = figures.head.whole
    return f"{whole.n} consignments from arrival to release, median {(whole.median or 0) / 3_600_000_000:.1f} h"


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def told_by_partners(mrns: dict[str, str], statuses: dict[str, str], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what the terminal and the agency tell of the day's goods, by organisation: arrivals in the hours before.

    Released goods left the terminal just now; every fourth consignment needed the agency.
    """
    found: dict[str, list[dict[str, Any]]] = {TERMINAL[0]: [], AGENCY[0]: []}
    for place, (lrn, mrn) in enumerate(sorted(mrns.items())):
        draw = random.Random(lrn)  # noqa: S311 - a demonstration
        arrived = now - timedelta(hours=min(160.0, 2 + draw.lognormvariate(2.8, 0.9)))
        waited = now - arrived

        def act(activity: str, at: datetime, mrn: str = mrn, **segments: str) -> dict[str, Any]:
            moment = at.replace(microsecond=0).isoformat()
            return {"case": mrn, "activity": activity, "occurred_at": moment, "segments": segments}

        found[TERMINAL[0]] += [act("ARRIVAL", arrived), act("UNLOADED", arrived + waited * draw.uniform(0.1, 0.4))]
        if place % 4 == 0:
            found[AGENCY[0]] += [
                act("AGENCY_REQUESTED", arrived + waited * 0.45),
                act("AGENCY_DECIDED", arrived + waited * draw.uniform(0.5, 0.95)),
            ]
        if statuses.get(lrn) in RELEASED:
            found[TERMINAL[0]].append(act("GATE_OUT", now))
    return found


def tell(address: str, tokens: dict[str, str], told: dict[str, list[dict[str, Any]]]) -> int:
    """Send what partners tell; return how many activities were recorded.

    Raises: httpx.HTTPStatusError.
    """
    recorded = 0
    with httpx.Client(base_url=address, timeout=30.0) as client:
        for organisation, acts in told.items():
            for start in range(0, len(acts), 200):
                part = acts[start : start + 200]
                headers = {"authorization": f"Bearer {tokens[organisation]}"}
                reply = client.post("/activities", json={"activities": part}, headers=headers)
                reply.raise_for_status()
                recorded += int(reply.json()["status"].partition(" ")[0])
    return recorded


if __name__ == "__main__":
    write_year(Path(sys.argv[1]), today=datetime.now(UTC).date())
