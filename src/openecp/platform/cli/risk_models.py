# SPDX-License-Identifier: Apache-2.0
"""`openecp risk train|score|models|card`: risk models from files, the registry, cards. For officers alone."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.registry import ModelState, signature_of
from openecp.kernel.journal.memory import utc_now
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.model_desk import CARD_BYTES_MAX, ModelDesk
from openecp.platform.core.permissions import may

if TYPE_CHECKING:
    from openecp.border.risk.models.model import RiskModel
    from openecp.border.risk.models.table import Roles, TrainingSource

MODEL, CARD, SIGNATURE = "model.json", "card.json", "signature.txt"
SYSTEM = "system:command-line"
_files = click.argument("files", metavar="[FILE...]", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
_token = click.option("--token", prompt="Your token", hide_input=True, help="The officer's own (openecp token).")


def model_key(here: Any) -> bytes:
    """Return the key that signs this installation's models."""
    return hmac.new(here.selection_secret(), b"openecp risk models", hashlib.sha256).digest()


def as_fault(refused: ModelRefused) -> CommandFault:
    """Return a refusal as the command line tells it."""
    return CommandFault(
        f"{refused.message} [{refused.code}]", where=refused.where, expected=refused.expected, got=refused.got,
        fix=refused.fix,
    )  # fmt: skip


@contextlib.contextmanager
def model_desk(context: click.Context, data: str | None) -> Iterator[tuple[ModelDesk, Any]]:
    """Open the registry; refusals end the command. Raises: CommandFault."""
    here: Any = installation(context).with_settings(data=data)
    try:
        with here.open_store() as store:
            yield ModelDesk(store, model_key(here)), store
    except ModelRefused as refused:
        raise as_fault(refused) from None


@contextlib.contextmanager
def journalled(context: click.Context, data: str | None, kind: str) -> Iterator[None]:
    """Put a refusal on record before it ends the command. Raises: CommandFault."""
    from openecp.platform.engines.risk_files import RiskFileFault

    try:
        yield
    except RiskFileFault as fault:
        raise CommandFault("the file cannot be used", where=fault.where, expected=fault.expected, got=fault.got,
                           fix=fault.fix) from None  # fmt: skip
    except ModelRefused as refused:
        if refused.code in ("OECP-MODEL-TRAINING", "OECP-MODEL-FOREIGN", "OECP-MODEL-SIGNATURE"):
            with model_desk(context, data) as (desk, _):
                desk.refuse(refused, actor=SYSTEM, kind=kind)
        raise as_fault(refused) from None


def _today() -> Any:
    from datetime import date

    return date.fromisoformat(utc_now()[:10])


@click.command()
@_files
@click.option("--journal", "from_journal", is_flag=True, help="Controlled items of this journal, in place of files.")
@click.option("--movement", default="import", show_default=True, help="With --journal: import, export; empty: all.")
@click.option("--label", default="label", show_default=True, help="Column: 1 irregular, 0 conform.")
@click.option("--date", "day", default="date", show_default=True, help="Column: day of acceptance.")
@click.option("--id", "identity", default="", help="Column: the declaration's number.")
@click.option("--revenue", default="", help="Column: what the control recovered.")
@click.option("--stake", default="", help="Column: charges on what was declared; expected revenue hangs on it.")
@click.option("--chance", default="", help="Column: probability with which the row came to be inspected.")
@click.option("--number", "numbers", multiple=True, help="A feature that is a number; without any, those that look so.")
@click.option("--leave-out", multiple=True, help="A column that is not to be learnt from.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("risk-model"), show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--trees", type=click.IntRange(1, 5000), default=100, show_default=True)
@click.option("--leaves", type=click.IntRange(2, 1024), default=31, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(0.001, 1.0), default=0.1, show_default=True)
@click.option(
    "--bagging", type=click.FloatRange(0.1, 1.0), default=1.0, show_default=True, help="Share of rows a tree."
)
@click.option("--json", "as_json", is_flag=True, help="The card as JSON.")
@data_option
@click.pass_context
def train(
    context: click.Context, files: tuple[Path, ...], from_journal: bool, movement: str, label: str, day: str,
    identity: str, revenue: str, stake: str, chance: str, numbers: tuple[str, ...], leave_out: tuple[str, ...],
    out: Path, seed: int, trees: int, leaves: int, learning_rate: float, bagging: float, as_json: bool,
    data: str | None,
) -> None:  # fmt: skip
    """Train a model on labelled FILEs (CSV, Parquet) or on the journal and write it with its card.

    `models add` registers it.
    """
    from openecp.border.risk.models.gbm import TreeSettings
    from openecp.border.risk.models.poison import suspects
    from openecp.border.risk.models.table import Roles, training_table
    from openecp.border.risk.models.train import TrainSettings
    from openecp.border.risk.models.train import train as learn

    if from_journal == bool(files):
        raise CommandFault("one source is needed", where="arguments", expected="FILEs, or --journal",
                           got="both" if files else "none", fix="Give one of them.")  # fmt: skip
    roles = Roles(
        label=label, day=day, id=identity, revenue=revenue, stake=stake, chance=chance, numbers=numbers or None,
        left_out=leave_out,
    )  # fmt: skip
    grown = TreeSettings(trees=trees, leaves=leaves, learning_rate=learning_rate, bagging=bagging)
    with journalled(context, data, "RiskTrainingRefused"):
        source, roles = _source(context, data, files, movement, roles)
        table = training_table(source, roles, today=_today())
        table = msgspec.structs.replace(table, flags=tuple(suspects(table, seed=seed)))
        trained = learn(table, TrainSettings(seed=seed, trees=grown))
    if table.flags:
        with model_desk(context, data) as (desk, _):
            desk.flag(table.flags, actor=SYSTEM, where=table.described)
    here: Any = installation(context).with_settings(data=data)
    card = msgspec.json.encode(trained.card)
    signature = signature_of(model_key(here), trained.model.sha256, hashlib.sha256(card).hexdigest())
    _write(out, trained.model.content, card, signature)
    _tell(card, as_json)
    for flag in table.flags:
        click.echo(f"suspect, on record: {flag}", err=True)
    if not as_json:
        click.echo(f"Written to {out}: {MODEL}, {CARD}, card.md, card.html, {SIGNATURE}")


def _source(
    context: click.Context, data: str | None, files: tuple[Path, ...], movement: str, roles: Roles
) -> tuple[TrainingSource, Roles]:
    """Return where rows come from; those of the journal have columns of their own, and so have what they mean."""
    from openecp.platform.engines.risk_files import RiskFiles

    if files:
        return RiskFiles(files), roles
    from openecp.border.risk.features.definitions import FEATURES
    from openecp.border.risk.models.live import LIVE_STAKE
    from openecp.platform.cli.risk_features import LEFT_OUT, journal_rows

    own = msgspec.structs.replace(
        roles, label="label", day="date", id="id", revenue="revenue", stake=LIVE_STAKE, chance="chance",
        numbers=tuple(name for name in FEATURES if name not in roles.left_out), parties=("importer",),
        left_out=(*(name for name in LEFT_OUT if name != "importer"), *roles.left_out),
    )  # fmt: skip
    return journal_rows(context, data, movement), own


def _write(out: Path, content: bytes, card: bytes, signature: str) -> None:
    from openecp.border.risk.models.card import ModelCard, card_html, card_markdown

    told = msgspec.json.decode(card, type=ModelCard)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / MODEL).write_bytes(content)
        (out / CARD).write_bytes(card)
        (out / "card.md").write_text(card_markdown(told), encoding="utf-8")
        (out / "card.html").write_text(card_html(told), encoding="utf-8")
        (out / SIGNATURE).write_text(signature + "\n", encoding="ascii")
    except OSError as error:
        raise CommandFault("The model cannot be written.", where=str(out), expected="a folder that can be written",
                           got=error.strerror or str(error), fix="Name another with --out.") from None  # fmt: skip


def _tell(card: bytes, as_json: bool) -> None:
    from openecp.border.risk.models.card import ModelCard, card_markdown

    click.echo(card.decode() if as_json else card_markdown(msgspec.json.decode(card, type=ModelCard)))


def read_folder(here: Any, folder: Path) -> tuple[bytes, bytes, str]:
    """Return the model, card and signature of a folder that `train` wrote.

    Raises: ModelRefused.
    """
    from openecp.border.risk.models.model import FILE_BYTES_MAX

    found: list[bytes] = []
    for name, most in ((MODEL, FILE_BYTES_MAX), (CARD, CARD_BYTES_MAX), (SIGNATURE, 1_000)):
        path = folder / name
        try:
            size = path.stat().st_size
            if size > most:
                raise ModelRefused("the file is too large", where=str(path), expected=f"at most {most} bytes",
                                   got=str(size), fix="Train the model here.", code="OECP-MODEL-FOREIGN")  # fmt: skip
            found.append(path.read_bytes())
        except OSError as error:
            raise ModelRefused("a part of the model is missing", where=str(path),
                               expected=f"{MODEL}, {CARD}, {SIGNATURE}",
                               got=error.strerror or str(error), fix="Name a folder that `openecp risk train` wrote.",
                               code="OECP-MODEL-FOREIGN") from None  # fmt: skip
    return found[0], found[1], found[2].decode("ascii", "replace").strip()


def chosen_model(context: click.Context, data: str | None, name: str) -> tuple[RiskModel, str]:
    """Return the model that is asked for, a folder or one of the registry, else the champion; and what is told of it.

    Raises: CommandFault.
    """
    from openecp.border.risk.models.model import read_model
    from openecp.border.risk.models.registry import check_signature

    here: Any = installation(context).with_settings(data=data)
    if name and Path(name).is_dir():
        with journalled(context, data, "RiskModelRefused"):
            content, card, signature = read_folder(here, Path(name))
            check_signature(model_key(here), content, card, signature, where=name)
            return read_model(content, where=name), f"model of {name}"
    with model_desk(context, data) as (desk, _):
        if name:
            return desk.read(desk.state(name)), f"model {name}"
        choice = desk.choice()
        if not choice.model:
            raise ModelRefused("no score is given", where="registry", expected="a champion of this registry",
                               got=choice.told,
                               fix="Name a model with --model, or activate one.")  # fmt: skip
        return desk.read(desk.state(choice.model)), choice.told


@click.group()
def models() -> None:
    """The registry: which models there are, which one selects, who put it to use."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one a model.")
@data_option
@click.pass_context
def list_models(context: click.Context, as_json: bool, data: str | None) -> None:
    """List the models, and say what selects today."""
    with model_desk(context, data) as (desk, _):
        found, choice = desk.models(), desk.choice()
    for state in found:
        line = (f"{state.sha256[:16]}  {state.status:<10}  learnt to {state.learnt_to}  AUC {state.auc_e6 / 1e6:.3f}  "
                f"at 5 % {state.p5_e6 / 1e4:.1f} %  by {state.author}")  # fmt: skip
        click.echo(msgspec.json.encode(state).decode() if as_json else line)
        if not as_json:
            _tell_use(state)
    if not as_json:
        click.echo(f"{len(found)} models; selection today: {_told_today(choice, found)}")


def _told_today(choice: Any, states: Sequence[ModelState]) -> str:
    """Return the sentence of what selects; a champion that cannot read declarations leaves it to rules."""
    champion = next((state for state in states if state.sha256 == choice.model and state.unknown), None)
    return choice.told if champion is None else f"rules alone: champion {champion.sha256[:16]} scores files only"


def _tell_use(state: ModelState) -> None:
    """Say of a model what keeps it from declarations, and how live traffic has moved."""
    if state.unknown:
        click.echo(f"    scores files only: {', '.join(state.unknown[:8])} are not known when a declaration is decided")
    note = state.drift
    if note is not None:
        told = f"alarms: {', '.join(note.alarms)}" if note.alarms else "no alarm"
        beyond = "; rules alone select" if note.beyond else ""
        click.echo(
            f"    drift on {note.day}: PSI of the score {note.score_e6 / 1e6:.3f}, {note.rows} rows, {told}{beyond}"
        )


@models.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_token
@data_option
@click.pass_context
def add(context: click.Context, folder: Path, token: str, data: str | None) -> None:
    """Register the model of a FOLDER that `train` wrote; one that is foreign or was changed is refused, on record."""
    here: Any = installation(context).with_settings(data=data)
    with model_desk(context, data) as (desk, store):
        actor = _officer(store, token)
        try:
            content, card, signature = read_folder(here, folder)
        except ModelRefused as refused:
            desk.refuse(refused, actor=actor)
            raise
        state = desk.add(content, card, signature, actor=actor, where=str(folder))
    click.echo(f"{state.sha256[:16]} is on record; another officer activates it")


@models.command("activate")
@click.argument("name", metavar="MODEL")
@click.option("--as", "role", type=click.Choice(["champion", "challenger"]), default="champion", show_default=True)
@_token
@data_option
@click.pass_context
def activate_model(context: click.Context, name: str, role: Any, token: str, data: str | None) -> None:
    """Put a MODEL of another officer to use."""
    with model_desk(context, data) as (desk, store):
        state = desk.activate(name, role, actor=_officer(store, token))
    click.echo(f"{state.sha256[:16]} is {state.status}")
    _tell_use(state)


@models.command("retire")
@click.argument("name", metavar="MODEL")
@click.option("--reason", required=True)
@_token
@data_option
@click.pass_context
def retire_model(context: click.Context, name: str, reason: str, token: str, data: str | None) -> None:
    """Take a MODEL out of use for good."""
    with model_desk(context, data) as (desk, store):
        state = desk.retire(name, actor=_officer(store, token), reason=reason)
        told = _told_today(desk.choice(), desk.models())
    click.echo(f"{state.sha256[:16]} is retired; selection today: {told}")


@click.command()
@click.argument("name", metavar="MODEL")
@click.option("--format", "form", type=click.Choice(["md", "html", "json"]), default="md", show_default=True)
@data_option
@click.pass_context
def card(context: click.Context, name: str, form: str, data: str | None) -> None:
    """Print the card of a MODEL of the registry, or of a folder that `train` wrote."""
    from openecp.border.risk.models.card import ModelCard, card_html

    state: ModelState | None = None
    if Path(name).is_dir():
        here: Any = installation(context).with_settings(data=data)
        with journalled(context, data, "RiskModelRefused"):
            content = read_folder(here, Path(name))[1]
    else:
        with model_desk(context, data) as (desk, _):
            state = desk.state(name)
            content = desk.card(state)
    if form == "html":
        click.echo(card_html(msgspec.json.decode(content, type=ModelCard)), nl=False)
    else:
        _tell(content, form == "json")
        if form == "md" and state is not None:
            _tell_use(state)


def _officer(store: Any, token: str) -> str:
    principal = store.principal_of_token(token)
    if principal is None or principal.kind != "person" or not may(principal, "act"):
        raise CommandFault(
            "This token is not an officer's.", where="--token", expected="a token of a person who is an officer",
            got="another one" if principal else "one that is not known",
            fix="openecp token --help says how to get one.",
        )  # fmt: skip
    actor: str = principal.actor
    return actor
