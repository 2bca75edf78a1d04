# SPDX-License-Identifier: Apache-2.0
"""`openecp conformance`: plays published cases and says where the answers differ; lists the elements that are known."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--elements", is_flag=True, help="Which element paths the corpus holds, and which the model knows.")
@click.option("--scenarios", type=click.Path(path_type=Path), help="Folder of scenarios; ../shared/corpus by default.")
@click.option("--measures", type=_FILE, help="Measures to assess with.")
@click.option("--write", type=_FILE, help="File to write the report to.")
def conformance(elements: bool, scenarios: Path | None, measures: Path | None, write: Path | None) -> None:
    """Compare with published scenarios; exit code 1 where something differs."""
    given: dict[str, Any] = {"elements": elements, "scenarios": scenarios, "measures": measures, "write": write}
    wanted = {name: value for name, value in given.items() if value is not None}
    wiring = importlib.import_module("openecp.bootstrap_conformance")  # a layer above; it is not known here
    sys.exit(wiring.main(say=click.echo, **wanted))
