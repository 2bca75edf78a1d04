# SPDX-License-Identifier: Apache-2.0
"""`openecp risk features|results|compliance`: history by event time, labelled items, what the random sample says."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openecp.platform.cli.wiring import CommandFault, data_option, installation

if TYPE_CHECKING:
    from openecp.platform.core.risk_history import RiskHistory
    from openecp.platform.engines.risk_features import FeatureEngine

_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
movement_option = click.option(
    "--movement", default="import", show_default=True, help="import, export, transit; empty: all."
)
DAY_US = 86_400_000_000
LABELS = (
    ("id", "VARCHAR"), ("seq", "BIGINT"), ("item", "INTEGER"), ("date", "VARCHAR"), ("office", "VARCHAR"),
    ("lane", "VARCHAR"), ("ground", "VARCHAR"), ("chance", "DOUBLE"), ("sampled", "INTEGER"), ("control", "VARCHAR"),
    ("result", "VARCHAR"), ("irregularity", "VARCHAR"), ("label", "INTEGER"), ("revenue", "BIGINT"),
    ("stake", "BIGINT"), ("goods", "VARCHAR"), ("origin", "VARCHAR"), ("departure", "VARCHAR"), ("mode", "VARCHAR"),
    ("unit", "VARCHAR"), ("value_minor", "BIGINT"), ("importer", "VARCHAR"),
)  # fmt: skip
LEFT_OUT = ("seq", "item", "office", "lane", "ground", "sampled", "control", "result", "irregularity", "stake",
            "importer")  # fmt: skip
_LABELLED = """SELECT l.*, f.* EXCLUDE (seq, item, declaration) FROM labels AS l
JOIN features AS f ON f.seq = l.seq AND f.item = l.item ORDER BY l.seq, l.item"""


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    from openecp.platform.engines.risk_files import RiskFileFault

    try:
        yield
    except RiskFileFault as fault:
        raise CommandFault("the file cannot be used", where=fault.where, expected=fault.expected, got=fault.got,
                           fix=fault.fix) from None  # fmt: skip
    except OSError as error:
        raise CommandFault("the file cannot be written", where=str(error.filename), expected="a folder that is there",
                           got=error.strerror or str(error), fix="Name another with --out.") from None  # fmt: skip


def random_shares(profile: Any) -> dict[str, float]:
    """Return the share that is drawn at random into each lane, by the profile's settings."""
    return {lane: float(profile.setting("selection", lane, default=0)) for lane in ("blue", "yellow", "red")}


def history_of(context: click.Context, data: str | None, movement: str) -> RiskHistory:
    """Return the journal's declarations of a movement as history."""
    from openecp.platform.core.risk_history import risk_history

    here: Any = installation(context).with_settings(data=data)
    profile = here.profile
    with here.open_store() as store:
        return risk_history(
            store, random_shares(profile), movement=movement, currency=profile.currency,
            exponent=profile.currency_exponent,
        )  # fmt: skip


def reckoned(engine: FeatureEngine) -> int:
    """Reckon the features of the engine's items: over columns where these fit into memory, else by the statements."""
    from openecp.border.risk.features.definitions import statements
    from openecp.border.risk.features.vector import ROWS_MAX

    return reckoned_by_columns(engine) if engine.count("items") <= ROWS_MAX else engine.run(statements())


def reckoned_by_columns(engine: FeatureEngine) -> int:
    """Reckon the features of the engine's items over columns."""
    from openecp.border.risk.features.definitions import FEATURES, FRACTIONS, ITEMS, RESULTS
    from openecp.border.risk.features.vector import features_of

    numbers, texts = engine.columns("items", ITEMS, "seq, item")
    found, about = engine.columns("results", RESULTS, "seq, item")
    told = features_of(numbers, texts, found, about["declaration"])
    ordered = {name: told[name] for name in FEATURES}
    return engine.add_columns("items", "seq, item", "features", ordered, frozenset(FEATURES) - FRACTIONS)


def _reckoned(engine: FeatureEngine, history: RiskHistory, parcels: Sequence[tuple[Any, ...]] = ()) -> int:
    from openecp.border.risk.features.definitions import ITEMS, RESULTS
    from openecp.border.risk.typologies.parcel_rows import SEQS

    items, results = history.item_tuples(), history.result_tuples()
    if parcels:  # one entry of the journal holds many parcels: all numbers are stretched alike
        items = [(row[0] * SEQS, *row[1:]) for row in items] + list(parcels)
        results = [(row[0] * SEQS, *row[1:]) for row in results]
    engine.load("items", ITEMS, items)
    engine.load("results", RESULTS, results)
    return reckoned(engine)


def _parcels(context: click.Context, data: str | None) -> tuple[list[tuple[Any, ...]], int]:
    from openecp.bootstrap_risk_work import worth_of
    from openecp.border.risk.features.item_rows import PartyKeys
    from openecp.platform.core.parcel_history import TooManyParcels, parcel_tuples
    from openecp.platform.engines.parcel_goods import kept_rows

    here: Any = installation(context).with_settings(data=data)
    with here.open_store() as store:
        keys = PartyKeys(lambda key: store.pseudonym("risk", key))
        try:
            return parcel_tuples(store, kept_rows, keys, worth_of(here.profile))
        except TooManyParcels as error:
            raise CommandFault("There are too many parcels.", where="journal", expected="at most two million items",
                               got=str(error), fix="Leave --parcels out.") from None  # fmt: skip


def _check_out(out: Path) -> None:
    if out.suffix != ".parquet" or not out.parent.is_dir():
        raise CommandFault("the file cannot be written", where="--out", expected="a .parquet file in a folder that is",
                           got=str(out), fix="Name such a file.")  # fmt: skip


@click.command()
@click.argument("file", required=False, type=_FILE)
@click.option("--journal", "from_journal", is_flag=True, help="History of this installation's journal.")
@click.option("--results", "results_file", type=_FILE, help="What controls found, beside a FILE of items.")
@click.option("--parcels", is_flag=True, help="With --journal: parcels are part of history, and have rows too.")
@click.option("--out", required=True, type=_OUT, help="A Parquet file: one row an item, one column a feature.")
@movement_option
@data_option
@click.pass_context
def features(
    context: click.Context, file: Path | None, from_journal: bool, results_file: Path | None, parcels: bool,
    out: Path, movement: str, data: str | None,
) -> None:  # fmt: skip
    """Tell each item's features by event time, of the journal or of a FILE of items (Parquet, CSV)."""
    from openecp.border.risk.features.definitions import FEATURES, ITEMS, RESULTS
    from openecp.platform.engines.risk_features import FeatureEngine

    if from_journal == (file is not None):
        raise CommandFault("one source is needed", where="arguments", expected="a FILE, or --journal",
                           got="both" if file else "none", fix="Give one of them.")  # fmt: skip
    _check_out(out)
    engine = FeatureEngine()
    began = time.process_time()
    with _faults(), contextlib.closing(engine):
        gone = 0
        if file is not None:
            engine.read("items", ITEMS, file)
            engine.check(str(file), time.time_ns() // 1000 + DAY_US)
            if results_file is not None:
                engine.read("results", RESULTS, results_file)
            else:
                engine.load("results", RESULTS, ())
            many = reckoned(engine)
        else:
            history = history_of(context, data, movement)
            rows, erased = _parcels(context, data) if parcels else ([], 0)
            gone, many = history.without_items + erased, _reckoned(engine, history, rows)
        engine.write("SELECT * FROM features ORDER BY seq, item", out)
    click.echo(f"{many} items, {len(FEATURES)} features in {out} ({time.process_time() - began:.1f} s of CPU)")
    if gone:
        click.echo(f"{gone} declarations or batches of parcels left out: their message is gone")


@click.command()
@click.option("--out", required=True, type=_OUT, help="A Parquet file: one row a controlled item.")
@movement_option
@data_option
@click.pass_context
def results(context: click.Context, out: Path, movement: str, data: str | None) -> None:
    """Export controlled items with lane, ground, chance, result, recovered amount and features, to train on."""
    from openecp.platform.engines.risk_features import FeatureEngine

    _check_out(out)
    history = history_of(context, data, movement)
    rows = _labelled(history)
    engine = FeatureEngine()
    with _faults(), contextlib.closing(engine):
        _reckoned(engine, history)
        engine.load("labels", LABELS, rows)
        engine.write(_LABELLED, out)
    irregular = sum(row[12] for row in rows)
    click.echo(f"{len(rows)} controlled items, {irregular} irregular, recovered {sum(row[13] for row in rows)} minor "
               f"units, in {out}")  # fmt: skip
    left = " ".join(f"--leave-out {name}" for name in LEFT_OUT)
    click.echo(f"openecp risk train {out} --id id --revenue revenue --stake value_minor --chance chance {left}")


class JournalRows:
    """Controlled items of the journal with all features, as a source to learn from."""

    def __init__(self, history: RiskHistory) -> None:
        """Reckon the features of a history, and keep the items that have a result."""
        from openecp.border.risk.features.definitions import FEATURES
        from openecp.platform.engines.risk_features import FeatureEngine

        engine = FeatureEngine()
        with _faults(), contextlib.closing(engine):
            _reckoned(engine, history)
            engine.load("labels", LABELS, _labelled(history))
            rows = engine.rows(_LABELLED)
        names = dict.fromkeys((*(name for name, _ in LABELS), *FEATURES))
        self._columns = {name: [_text(row[name]) for row in rows] for name in names}
        last = max((case.seq for case in history.cases), default=0)
        drawn = sum(row["sampled"] for row in rows)
        self._described = f"the journal to event {last}, {drawn} of its rows of the random sample"

    def columns(self) -> dict[str, list[str]]:
        """Return every column as text."""
        return self._columns

    def described(self) -> str:
        """Return what the source is."""
        return self._described


def journal_rows(context: click.Context, data: str | None, movement: str) -> JournalRows:
    """Return the labelled items of this installation's journal."""
    return JournalRows(history_of(context, data, movement))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _labelled(history: RiskHistory) -> list[tuple[Any, ...]]:
    found = []
    for case in history.cases:
        items = history.items.get(case.case_id, [])
        if not case.results:
            continue
        recovered = case.recovered([row["item"] for row in items])
        last = case.results[-1]
        kind = next((r.irregularity for r in reversed(case.results) if r.irregularity), "")
        for row in items:
            number = row["item"]
            found.append((
                f"{row['declaration']}/{number}", case.seq, number, case.day or case.at[:10], case.office, case.lane,
                case.ground, case.chance, int(case.sampled), last.control, last.result, kind, case.label_of(number),
                recovered[number], row["stake_minor"], row["goods"], row["origin"], row["departure"], row["mode"],
                row["unit"], row["value_minor"], row["importer"],
            ))  # fmt: skip
    return found
