# SPDX-License-Identifier: Apache-2.0
"""Wires an installation: profile, store, assessment, core, web, command line. Everything else is given what it needs.

`openecp` starts here; the core and web processes of a server start here too (`python -m openecp.bootstrap core`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import hmac
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from openecp.bootstrap_files import ClearsFiles
from openecp.kernel.indicators.model import Indicator
from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.profile import Profile, ProfileError, load_profile
from openecp.platform.core.desk import DecidesProgramme, Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import AssessesDeclarations, Casework
from openecp.platform.core.recordbook import RecordBook
from openecp.platform.core.settings import SettingError, Settings, environment_of, settings_from
from openecp.programme.action_plan.plans import Plans

if TYPE_CHECKING:  # what composes SQL is loaded by those who need it
    from openecp.border.low_value.quote import Quoter

CANNOT_START = 78  # exit code of a child whose settings cannot be used: starting it again would not help


def _without_persons(content: bytes, parcels: Sequence[Any]) -> bytes:
    """Take persons out of a batch's file; the engine is loaded when the first one is erased."""
    from openecp.platform.engines.parcel_redaction import without_persons

    return without_persons(content, parcels)


class Installation(ClearsFiles):
    """One installation as its settings describe it; parts are made when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def with_settings(self, **changes: object) -> Installation:
        """Return the installation with some settings changed; None leaves a setting as it is."""
        given = {name: value for name, value in changes.items() if value is not None}
        if not given:
            return self
        return type(self)(msgspec.structs.replace(self.settings, **given))

    @cached_property
    def profile(self) -> Profile:
        """The administration's law and offices."""
        return load_profile(self.settings.profile)

    def assessor(
        self, secret: bytes = b"", *, warm: bool = False, criteria: Sequence[dict[str, str]] = (), looks: Any = None
    ) -> AssessesDeclarations:
        """Return the assessment of this administration, with the measures of the settings where they name any.

        `warm` composes every form of the steps now, so that no declaration waits for it later; `criteria` are those of
        active risk profiles; `looks` is what risk knows of items before they are asked.

        Raises: ProfileError, SettingError.
        """
        from openecp.border.pipeline import Assessor  # heavy: only those who assess load it
        from openecp.border.tariff.reference import load_measures
        from openecp.platform.engines.duck import DuckEngine
        from openecp.platform.engines.few_rows import FewRowsEngine

        measures: Any = None
        if self.settings.measures:
            path = Path(self.settings.measures)
            try:
                content = path.read_bytes()
            except OSError as error:
                raise SettingError(
                    where=f"measures file {path}",
                    expected="a CSV file of measures",
                    got=error.strerror or str(error),
                    fix="Correct the path.",
                ) from None
            measures = load_measures(content, str(path), self.profile)
        profile = self.profile.with_rows("risk_criteria", criteria) if criteria else self.profile
        engine = DuckEngine()
        assessor = Assessor(
            profile, engine, measures, secret=secret, lanes=self.lanes(secret), looks=looks,
            criteria_engine=FewRowsEngine(engine),
        )  # fmt: skip
        if warm:
            assessor.warm()
        return assessor

    def live_assessor(self, store: Any, *, warm: bool = False) -> AssessesDeclarations:
        """Return the assessment with active risk profiles and what risk knows, both taken up as they change."""
        from openecp.bootstrap_risk import live_assessor

        return live_assessor(self, store, warm=warm)

    def quoter(self, regimes: str | None = None, rates: str | None = None) -> Quoter:
        """Return what quotes baskets: the regimes that ship or those of a folder, official rates of a file.

        Raises: RegimeFault, QuoteRefused.
        """
        from openecp.border.low_value.exchange import OfficialRates, read_rates
        from openecp.border.low_value.load import load_regimes
        from openecp.border.low_value.quote import Quoter
        from openecp.platform.engines.rows import RowEngine

        rates, regimes = rates or self.settings.exchange_rates, regimes or self.settings.regimes
        table = OfficialRates(read_rates(Path(rates)) if rates else ())
        return Quoter(load_regimes(Path(regimes) if regimes else None), RowEngine(), table)

    def parcel_api(self, store: Any, core: Any) -> Any:
        """Return the parcels' door as the web process answers it."""
        from openecp.bootstrap_parcels import PostalDoor, own_jurisdiction, regime_files
        from openecp.platform.api.parcels import Parcels

        files = regime_files(self.law_files()["regimes"])
        return Parcels(
            core, store, files=files, jurisdiction=own_jurisdiction(self.profile, tuple(files)), postal=PostalDoor()
        )

    def parcel_regimes(self) -> Any:
        """Return the regimes by jurisdiction, for words about parcels."""
        from openecp.bootstrap_parcels import regime_files

        return regime_files(self.law_files()["regimes"])

    def parcel_core(self, store: Any) -> InProcessCore:
        """Return a core in this process that takes acts on parcels only: no declaration is assessed."""
        from openecp.platform.core.programme import NoClearance

        nothing = NoClearance()
        acts = self.parcel_work(store)[1]
        return InProcessCore(
            Desk(assessor=nothing, casework=nothing, reader=store, writer=store, parcels=acts), self.settings
        )

    def parcel_work(self, store: Any) -> tuple[Any, Any]:
        """Return what clears parcels of the door and records them, and what decides acts on them."""
        from openecp.bootstrap_parcels import own_jurisdiction, parcel_casework, parcel_clearing, parcel_desk

        clearing = parcel_clearing(store, self.profile, self.law_files())
        own = own_jurisdiction(self.profile, clearing.jurisdictions())
        return parcel_desk(store, clearing, self.settings, own), parcel_casework(store, clearing)

    def selection_secret(self) -> bytes:
        """Return what seeds random selection, made once for the installation: nobody can compute who is drawn.

        Limits: kept in the data folder, readable by this user alone.
        """
        path = self.settings.data_dir / "selection.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix="selection.")  # mode 600
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(32))
            with contextlib.suppress(FileExistsError):  # another process was first: its secret holds
                os.link(draft, path)
            Path(draft).unlink()
        return path.read_bytes()

    def calendar_secret(self) -> bytes:
        """Return what the keys of calendar addresses are made with; it opens calendars of plans and nothing else."""
        return hmac.new(self.selection_secret(), b"openecp calendars of plans", hashlib.sha256).digest()

    def open_store(self) -> Any:
        """Open the store of the data folder, or the operator's own database.

        Raises: StoreError.
        """
        from openecp.platform.store import open_store

        store = open_store(self.settings.store_address, settings=self._store_settings())
        store.redactions = {"parcel_persons": _without_persons}
        return store

    def _store_settings(self) -> StoreSettings:
        hours = self.profile.setting("lrn", "reuse_hours")
        days = self.profile.setting("lrn", "reuse_days", default=None if hours is None else max(1, int(hours) // 24))
        retention = self.profile.setting("retention_days", default={})
        return StoreSettings(lrn_reuse_days=days, retention_days=dict(retention))

    def casework(self, store: Any) -> Casework:
        """Return casework over a store."""
        from openecp.border.revenue.payment import payment_settler
        from openecp.platform.core.accounts import Accounts, used_of
        from openecp.platform.core.casework import LodgementCasework

        rows = self.profile.table("accounts")
        used = used_of(store.balances()) if rows else {}
        accounts = Accounts(rows, used)
        return LodgementCasework(
            profile=self.profile, documents=store, settle=payment_settler(self.profile), accounts=accounts
        )

    def desk(self, store: Any, assessor: AssessesDeclarations | None = None, parcels: Any = None) -> Desk:
        """Return the desk where commands are decided and recorded; `parcels` decides acts on parcels."""
        return Desk(
            assessor=assessor or self.assessor(),
            casework=self.casework(store),
            reader=store,
            writer=store,
            programme=self.programme(store),
            parcels=parcels if parcels is not None else self.parcel_work(store)[1],
        )

    def in_process_core(self, store: Any) -> InProcessCore:
        """Return a core in this process."""
        self.lane_ticks(store)
        return InProcessCore(self.desk(store, self.live_assessor(store)), self.settings)

    def programme(self, store: Any) -> DecidesProgramme:
        """Return where commands of the programme side are decided: about plans, and about records."""
        from openecp.bootstrap_programme import programme_casework

        return programme_casework(self, store)

    def post_rules(self) -> Any:
        """Return the rules of the post."""
        from openecp.bootstrap_post import postal_rules

        return postal_rules(self.profile)

    def post(self, store: Any) -> tuple[Any, Any]:
        """Return the postal items as they are read, and the rules of the post."""
        from openecp.platform.core.postbook import PostalBook

        return PostalBook(store), self.post_rules

    def records(self, store: Any) -> RecordBook:
        """Return the records as they are read."""
        return RecordBook(store)

    def seed_records(self, store: Any) -> int:
        """Add the records that the plans name where there is none and the settings want plans; no server may run."""
        from openecp.platform.core.recordseed import seed_records

        return seed_records(self.programme_core(store), store) if self.settings.shipped_plans else 0

    def programme_core(self, store: Any) -> InProcessCore:
        """Return a core in this process that takes commands of the programme side only: nothing is assessed."""
        from openecp.bootstrap_programme import programme_core

        return programme_core(self, store)

    def indicators(self) -> dict[str, Indicator]:
        """Return the figures of the running system that plans may be bound to, by id."""
        from openecp.border.lodgement.indicators import INDICATORS

        return {indicator.id: indicator for indicator in INDICATORS}

    def plans(self, store: Any) -> Plans:
        """Return the register of plans as it is read."""
        from openecp.bootstrap_programme import plan_book

        return plan_book(self, store)

    def seed_plans(self, store: Any) -> int:
        """Take in the plans that ship where the register is empty and the settings want them; no server may run."""
        from openecp.bootstrap_programme import seed_plans

        return seed_plans(self, store)

    def register(self, store: Any) -> Any:
        """Return who is known to the installation."""
        return store

    def queries(self, store: Any) -> Any:
        """Return what may be asked of the store."""
        return store

    def child_environment(self) -> dict[str, str]:
        """Return the environment that gives the processes of a server the same settings."""
        return environment_of(self.settings)

    async def run_core(self) -> None:
        """Run the core process until it is told to stop."""
        from openecp.platform.core.items_in_hand import ItemsInHand
        from openecp.platform.core.line import ClearanceLine
        from openecp.platform.core.parcel_line import ParcelLine
        from openecp.platform.core.server import CoreServer, serve_until_signal
        from openecp.platform.core.ticks import Ticks
        from openecp.platform.store.callbacks import http_sender

        with self.open_store() as store, self.open_store() as ticking:
            assessor = self.live_assessor(store, warm=True)
            parcel_desk, parcel_acts = self.parcel_work(store)
            items = ItemsInHand()
            line = ClearanceLine(self.desk(store, assessor, parcel_acts), self.settings, items)
            parcels = ParcelLine(parcel_desk, self.settings, items=items)
            others = [*self.lane_ticks(ticking), *self.audit_ticks(ticking)]
            ticks = Ticks(ticking, line.submit, self.settings, send=http_sender(), others=others)
            server = CoreServer(
                line,
                self.settings.core_socket,
                lambda: line.statistics() | parcels.statistics() | ticks.counts,
                parcels,
            )
            ticks.start()
            # What stands now stays: the collector need not look at it again, nor after every few hundred objects.
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            try:
                await serve_until_signal(server)
            finally:
                ticks.stop()
                gc.unfreeze()  # else the engine's objects are told as leaked at the end

    async def run_web(self) -> None:
        """Run the web process until it is told to stop."""
        from openecp.platform.api.app import Api, build_litestar
        from openecp.platform.api.asgi import with_raw_lodging
        from openecp.platform.api.web import serve_web
        from openecp.platform.core.client import CoreClient

        core = CoreClient(self.settings.core_socket, patience_s=self.settings.write_patience_s + 15)
        core.start()
        with self.open_store() as store:
            queries, register = self.queries(store), self.register(store)
            plans = self.plans(store)
            records = self.records(store)
            ready = [self.quoter().warmed()]  # no buyer waits while the regimes are read
            api = Api(
                settings=self.settings,
                core=core,
                queries=queries,
                register=register,
                plans=plans,
                records=records,
                collectors=self.collectors(store),
                quoter=lambda: ready.pop() if ready else self.quoter(),
                parcels=self.parcel_api(store, core),
                post=self.post(store),
                audits=self.audit_desk(store),
            )
            pages: list[Any] = []
            parcels: Any = None
            if self.settings.console:
                from openecp.bootstrap_console import console_parcels
                from openecp.bootstrap_risk_desk import console_risk
                from openecp.bootstrap_times import console_times
                from openecp.platform.console.app import console_routes
                from openecp.platform.console.plans.desk import PlanDesk

                desk = PlanDesk(plans=plans, feed_key=self.calendar_secret())
                parcels = console_parcels(self, store)
                times, tail = console_times(self, store)
                pages = console_routes(
                    queries, core, register, self.settings, profile=self.profile, desk=desk, book=records,
                    parcels=parcels, times=times, risk=console_risk(self, store),
                )  # fmt: skip
                parcels.inbox.start()
                tail.start()
            application = with_raw_lodging(api, build_litestar(api, pages))
            gc.freeze()  # as in the core: no answer waits while the collector looks at what stands since the start
            gc.set_threshold(50_000, 20, 50)
            try:
                await serve_web(application, self.settings)
            finally:
                gc.unfreeze()
                if parcels is not None:
                    parcels.inbox.stop()
                    tail.stop()
            await core.stop()


def run_process(name: str, environment: Mapping[str, str]) -> int:
    """Run one process of a server; return its exit code."""
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {name} %(name)s %(levelname)s %(message)s")
    logging.getLogger("granian").setLevel(logging.WARNING)
    try:
        import uvloop

        run: Any = uvloop.run
    except ImportError:
        run = asyncio.run
    try:
        installation = Installation(settings_from(environment))
        if name == "parcel-file":
            from openecp.bootstrap_console import clear_upload

            return clear_upload(installation, Path(sys.argv[2]))
        run(installation.run_core() if name == "core" else installation.run_web())
    except (SettingError, ProfileError) as error:
        logging.getLogger("openecp").error("%s cannot start: %s", name, error)
        return CANNOT_START
    except KeyboardInterrupt:
        return 130
    return 0


def main() -> None:
    """Run the command line."""
    from openecp.platform.cli.main import run

    run(lambda environment: Installation(settings_from(environment)))


if __name__ == "__main__":
    if sys.argv[1:] in (["core"], ["web"]) or (sys.argv[1:2] == ["parcel-file"] and len(sys.argv) == 3):
        sys.exit(run_process(sys.argv[1], os.environ))
    main()
