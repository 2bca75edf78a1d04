# SPDX-License-Identifier: Apache-2.0
"""`openecp parcel`: an officer at the machine, over a store in memory."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.e2e.api_doubles import Memory, parcel

from openecp.bootstrap_parcels import parcel_casework, parcel_clearing, parcel_desk, regime_files
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import load_profile
from openecp.platform.cli.parcel import parcel as command
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.parcel_model import LodgeParcels
from openecp.platform.core.programme import NoClearance
from openecp.platform.core.settings import Settings

NAME = "2026-07-02/RB123456785GB"


class Here:
    """An installation of one store in memory."""

    def __init__(self) -> None:
        self.store = Memory()
        profile = load_profile("demo")
        self.clearing = parcel_clearing(self.store, profile, clock=lambda: "2026-07-02T08:00:00.000000Z")
        who = Principal(principal_id="t", kind="system", organisation="org-1", name="T", roles=("trader",))
        lodged = (msgspec.convert(parcel("RB123456785GB"), Parcel),)
        desk = parcel_desk(self.store, self.clearing, Settings())
        desk.work([LodgeParcels(principal=who, jurisdiction="EU", parcels=lodged)])

    def with_settings(self, **changes: Any) -> Here:
        return self

    @contextlib.contextmanager
    def open_store(self) -> Iterator[Memory]:
        yield self.store

    def parcel_core(self, store: Memory) -> InProcessCore:
        nothing: Any = NoClearance()
        acts = parcel_casework(store, self.clearing)
        return InProcessCore(Desk(assessor=nothing, casework=nothing, reader=store, writer=store, parcels=acts))

    def parcel_regimes(self) -> Any:
        return regime_files()


@pytest.fixture(scope="module")
def here() -> Here:
    return Here()


def run(here: Here, *arguments: str) -> str:
    """Run the command; return what it printed."""
    result = CliRunner().invoke(command, list(arguments), obj=here, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_officer_at_the_machine(here: Here, tmp_path: Path) -> None:
    assert "duty 3.00, tax 4.20 EUR" in run(here, "show", NAME)
    assert "held" in run(here, "hold", NAME, "--reason", "no invoice")
    goods = tmp_path / "found.json"
    goods.write_text(json.dumps(parcel("RB123456785GB", items=[{**parcel("x")["items"][0], "unit_price": "50.00"}])))
    assert "held" in run(here, "revise", NAME, "--reason", "invoice found", "--goods", str(goods))
    assert "released" in run(here, "release", NAME, "--reason", "in order")
    told = json.loads(run(here, "show", NAME, "--json"))
    assert told["status"] == "released"
    assert sum(charge["minor"] for charge in told["charges"]) == 300 + 1060
    assert "invoice found" in json.dumps(told)
    assert json.loads(run(here, "receipt", NAME))["parcel_id"] == "RB123456785GB"


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("show", "RB123456785GB"), "PARCEL"),
        (("show", "2026-07-02/XX"), "PARCEL"),
        (("seize", NAME), "reason"),
        (("revise", NAME, "--reason", "x", "--goods", "no-such-file"), "no-such-file"),
    ],
)
def test_a_fault_says_where(here: Here, arguments: tuple[str, ...], where: str) -> None:
    with pytest.raises(CommandFault) as raised:
        CliRunner().invoke(command, list(arguments), obj=here, catch_exceptions=False)
    assert raised.value.where == where
    assert raised.value.fix
