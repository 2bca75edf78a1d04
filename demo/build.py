# SPDX-License-Identifier: Apache-2.0
"""Write the demonstration's files: `python demo/build.py` (with `--check`: only say whether they are current).

Every declaration is made from the shapes and cases beside this script, and every file is committed, so that a reader
sees the messages themselves. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cases_control
import cases_faults
import cases_movements
import cases_procedures
import cases_remedies
import cases_tariff
from index import Step

from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.wire import write, write_json

HERE = Path(__file__).parent
COLUMNS = [
    "step",
    "file",
    "case",
    "party",
    "user",
    "action",
    "media",
    "key",
    "expected_outcome",
    "expected_codes",
    "expected_channel",
    "expected_status",
    "expected_total_minor",
    "note",
]


def day() -> list[Step]:
    """Return the steps of the day, in their order."""
    modules = (cases_tariff, cases_remedies, cases_control, cases_procedures, cases_movements)
    return [*(step for module in modules for step in module.STEPS), *cases_faults.steps()]


def content(step: Step) -> bytes:
    """Return the bytes of a step's file: XML with the case described in a comment, or indented JSON."""
    if isinstance(step.message, bytes):
        return step.message
    assert isinstance(step.message, Declaration)
    if step.media == "json":
        plain = json.loads(write_json(step.message))
        return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()
    text = write(step.message).decode()
    head, mark, rest = text.partition("<Declaration")
    opening, close, body = rest.partition(">\n")
    return f"{head}{mark}{opening}{close}    <!-- {step.comment} -->\n{body}".encode()


def files() -> dict[str, bytes]:
    """Return every file of the demonstration by its name under demo/."""
    out: dict[str, bytes] = {}
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, step in enumerate(day(), start=1):
        name = f"declarations/{step.name}.{step.media}" if step.name else ""
        if name and out.setdefault(name, content(step)) != content(step):
            raise ValueError(f"{name}: two steps make different files of one name")
        total = "" if step.total is None else step.total
        writer.writerow(
            [
                *(number, name, step.case, step.party, step.user, step.action, step.media, step.key, step.outcome),
                *(step.codes, step.channel, step.status, total, step.note or step.comment),
            ]
        )
    out["expected.csv"] = table.getvalue().encode()
    return out


def main() -> int:
    """Write the files, or with --check compare them; return 1 where one differs."""
    made = files()
    held = {f"declarations/{p.name}" for p in (HERE / "declarations").glob("*") if p.is_file()}
    stale = sorted(held - made.keys())
    if "--check" in sys.argv:
        wrong = [n for n, data in made.items() if not (HERE / n).is_file() or (HERE / n).read_bytes() != data] + stale
        for name in wrong:
            print(f"demo/{name} is not current: run python demo/build.py")
        return 1 if wrong else 0
    (HERE / "declarations").mkdir(exist_ok=True)
    for name, data in made.items():
        (HERE / name).write_bytes(data)
    for name in stale:
        (HERE / name).unlink()
    print(f"{len(made) - 1} messages, {len(day())} steps")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
