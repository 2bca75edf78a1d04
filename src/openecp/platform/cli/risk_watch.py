# SPDX-License-Identifier: Apache-2.0
"""`openecp watchlist`: compare names with a list, load lists, have hits decided by two officers. For officers alone."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.risk.watchlist.hits import HitRefused
from openecp.border.risk.watchlist.imports import BYTES_MAX, ListFault, ListRefused, read_list
from openecp.border.risk.watchlist.match import ListHit, Matcher, Watchlist, list_hits
from openecp.border.risk.watchlist.names_file import read_parties
from openecp.border.risk.watchlist.party import KINDS, Party, party_of, shown
from openecp.border.risk.watchlist.score import Scorer, read_weights, shipped_weights
from openecp.platform.cli.risk_watch_hits import confirm, decline, hit, hits, propose, told_hit, watch_desk
from openecp.platform.cli.wiring import CommandFault, data_option

_FAULTS_SHOWN = 20
_kind = click.option("--schema", "kind", type=click.Choice([one for one in KINDS if one]), help="Of rows without one.")
_json = click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")


@click.group()
def watchlist() -> None:
    """Compare parties with lists that the administration loads; decide hits, two officers each."""


def read_bytes(path: str) -> bytes:
    """Return a file's bytes, unpacked where it is gzip; `-` is the standard input. Raises: CommandFault."""
    try:
        raw = sys.stdin.buffer.read(BYTES_MAX + 1) if path == "-" else _limited(Path(path))
        if raw[:2] == b"\x1f\x8b":
            unpacking = zlib.decompressobj(wbits=31)
            raw = unpacking.decompress(raw, BYTES_MAX + 1)
    except (OSError, zlib.error, gzip.BadGzipFile) as error:
        got = getattr(error, "strerror", None) or str(error)
        raise CommandFault(f"{path}: cannot be read", where=path, expected="a file", got=got, fix="Correct the path.") \
            from None  # fmt: skip
    return raw


def _limited(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)


def refused(error: ListRefused | HitRefused) -> CommandFault:
    """Return a refusal as the command line tells it."""
    return CommandFault(
        "This cannot be done.", where=error.where, expected=error.expected, got=error.got, fix=error.fix
    )


def tell_faults(faults: tuple[ListFault, ...] | list[ListFault], total: int) -> None:
    """Say on the error stream what is wrong with rows."""
    for fault in faults[:_FAULTS_SHOWN]:
        loaded = "loaded without it" if fault.loaded else "left out"
        click.echo(f"{fault.where}: expected {fault.expected}, got {fault.got!r}; {fault.fix} ({loaded})", err=True)
    if total > _FAULTS_SHOWN:
        click.echo(f"… and {total - _FAULTS_SHOWN} faults more", err=True)


def _list_of(path: str, name: str, kind: str | None) -> Watchlist:
    try:
        file = read_list(read_bytes(path), Path(path).name, kind=kind or "")  # type: ignore[arg-type]
    except ListRefused as error:
        raise refused(error) from None
    tell_faults(file.faults, file.faults_total)
    return Watchlist(list_id=name, version=1, entries=file.entries)


def _scorer(path: str | None, threshold: float | None) -> Scorer:
    try:
        weights = read_weights(read_bytes(path).decode("utf-8", errors="replace")) if path else shipped_weights()
    except ValueError as error:
        fault = CommandFault("These weights cannot be used.", where=str(path), expected="a table of weights",
                             got=str(error)[:200], fix="Make it with openecp watchlist fit.")  # fmt: skip
        raise fault from None
    return Scorer(msgspec.structs.replace(weights, threshold=threshold) if threshold else weights)


def _parties(names: str, kind: str | None) -> list[tuple[int, Party]]:
    try:
        found, faults = read_parties(read_bytes(names), Path(names).name, kind=kind or "")  # type: ignore[arg-type]
    except ListRefused as error:
        raise refused(error) from None
    tell_faults(faults, len(faults))
    return [(one.line, one.party) for one in found]


@watchlist.command()
@click.argument("names")
@click.option("--list", "lists", metavar="FILE", multiple=True, required=True, help="CSV or FollowTheMoney JSON.")
@click.option("--weights", metavar="FILE", help="A table of weights of your own.")
@click.option("--threshold", type=click.FloatRange(0.01, 0.99), help="Score from which it is a hit.")
@click.option("--all", "everything", is_flag=True, help="Tell names without hits too (JSON always does).")
@_kind
@_json
def screen(
    names: str, lists: tuple[str, ...], weights: str | None, threshold: float | None, everything: bool,
    kind: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Compare NAMES (a name a line, or CSV) with the lists of files; nothing is stored."""
    listed = [_list_of(path, Path(path).name.partition(".")[0][:40] or "list", kind) for path in lists]
    _compared(_parties(names, kind), Matcher(listed, _scorer(weights, threshold)), everything, as_json)


@watchlist.command()
@click.argument("names")
@click.option("--record", is_flag=True, help="Record new hits, so that officers decide them.")
@click.option("--all", "everything", is_flag=True, help="Tell names without hits too (JSON always does).")
@_kind
@_json
@data_option
@click.pass_context
def match(
    context: click.Context, names: str, record: bool, everything: bool, kind: str | None, as_json: bool,
    data: str | None,
) -> None:  # fmt: skip
    """Compare NAMES with the lists that are loaded."""
    parties = _parties(names, kind)
    with watch_desk(context, data) as (desk, _):
        if not record:
            _compared(parties, desk.matcher(), everything, as_json)
            return
        done = desk.screen([party for _, party in parties], actor="system:command-line")
    if as_json:
        click.echo(msgspec.json.encode(done).decode())
        return
    click.echo(f"{len(done.new)} new hits, {len(done.reopened)} open again, {done.waiting} wait, "
               f"{done.cleared} cleared before, {done.matches} confirmed before")  # fmt: skip


def _compared(parties: list[tuple[int, Party]], matcher: Matcher, everything: bool, as_json: bool) -> None:
    with_hits = 0
    for line, party in parties:
        found = matcher.match(party)
        with_hits += bool(found)
        if as_json:
            click.echo(
                msgspec.json.encode({"line": line, "name": party.name, "hits": [_as_told(one) for one in found]})
            )
        elif found or everything:
            click.echo(f"line {line}: {shown(party.name)}: {len(found)} hits")
            for one in found:
                click.echo("\n".join(told_hit(one)))
    if not as_json:
        click.echo(f"{len(parties)} names, {with_hits} with hits")


def _as_told(one: ListHit) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one)
    told["parts"] = [part for part in told["parts"] if part["points"]]
    return told


@watchlist.command("import")
@click.argument("file")
@click.option("--list", "list_id", metavar="NAME", required=True, help="Which list this is a version of.")
@_kind
@_json
@data_option
@click.pass_context
def import_list(
    context: click.Context, file: str, list_id: str, kind: str | None, as_json: bool, data: str | None
) -> None:
    """Load FILE (CSV or FollowTheMoney JSON) as the new version of a list; bad rows are told, the rest is loaded."""
    content, actor = read_bytes(file), "system:command-line"
    with watch_desk(context, data) as (desk, _):
        try:
            read = read_list(content, Path(file).name, kind=kind or "")  # type: ignore[arg-type]
            loaded = desk.load(list_id, read, actor=actor)
        except (ListRefused, HitRefused) as error:
            desk.refuse(error, list_id, content, actor=actor)
            raise refused(error) from None
    tell_faults(read.faults, read.faults_total)
    if as_json:
        click.echo(msgspec.json.encode({"list": loaded, "faults": read.faults, "left_out": read.left_out}).decode())
        return
    click.echo(f"{loaded.list_id}, version {loaded.version}: {loaded.entries} entries, {read.left_out} rows left out")


@watchlist.command()
@click.argument("list_id", metavar="[LIST]", required=False)
@_json
@data_option
@click.pass_context
def show(context: click.Context, list_id: str | None, as_json: bool, data: str | None) -> None:
    """Say which lists are loaded, or what stands in one LIST."""
    with watch_desk(context, data) as (desk, _):
        lists = [one for one in desk.lists() if list_id in (None, one.list_id)]
        if list_id is not None and not lists:
            raise refused(HitRefused(where="LIST", expected="a list that is loaded", got=shown(list_id),
                                     fix="openecp watchlist show lists them")) from None  # fmt: skip
        entries = desk.entries(lists[0]) if list_id is not None else ()
    for one in lists:
        click.echo(msgspec.json.encode(one).decode() if as_json else
                   f"{one.list_id}, version {one.version} of {one.loaded_at[:10]}: {one.entries} entries")  # fmt: skip
    for entry in entries:
        click.echo(msgspec.json.encode(entry).decode() if as_json else
                   f"  {entry.entry_id} {entry.kind} {'; '.join(map(shown, entry.names))}")  # fmt: skip


@watchlist.command()
@click.argument("file")
@click.option("--out", metavar="FILE", required=True, help="The same rows with list_hits, list_score_e6, list_refs.")
@click.option("--set", "given", multiple=True, metavar="FIELD=COLUMN", help="name=importer_name, birth_date=…, kind=….")
@data_option
@click.pass_context
def columns(context: click.Context, file: str, out: str, given: tuple[str, ...], data: str | None) -> None:
    """Put the hits of the loaded lists beside the rows of a Parquet FILE; each party is compared once."""
    from openecp.platform.engines.list_columns import add_list_columns

    told = dict(pair.partition("=")[::2] for pair in given) or {"name": "name"}
    fields = {"name", "kind", "birth_date", "address"}
    if "name" not in told or not set(told) <= fields:
        raise CommandFault("These columns cannot be used.", where="--set", expected=f"name=…, of {sorted(fields)}",
                           got=" ".join(given)[:80], fix="Name the column of the names.")  # fmt: skip
    try:
        with watch_desk(context, data) as (desk, _):
            matcher = desk.matcher()
            rows, parties = add_list_columns(
                Path(file), Path(out), told,
                lambda found: list_hits([party_of(one) for one in found], matcher, cleared=desk.cleared),
            )  # fmt: skip
    except (ValueError, OSError) as error:
        raise CommandFault("The file cannot be used.", where=file, expected="Parquet with these columns",
                           got=str(error)[:300], fix="Correct file and columns.") from None  # fmt: skip
    click.echo(f"{rows} rows, {parties} distinct parties")


@watchlist.command()
@click.argument("pairs")
@click.option("--out", metavar="FILE", required=True, help="Where the table is written.")
@click.option("--threshold", type=click.FloatRange(0.05, 0.95), default=0.5, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the folds.")
@_json
def fit(pairs: str, out: str, threshold: float, seed: int, as_json: bool) -> None:
    """Fit the table of weights to labelled PAIRS (CSV: schema, name1, name2, is_match)."""
    from openecp.border.risk.watchlist.fit import fit as fitted
    from openecp.border.risk.watchlist.fit import read_pairs, weights_text

    try:
        found = fitted(
            read_pairs(read_bytes(pairs).decode("utf-8-sig", errors="replace"), Path(pairs).name),
            threshold=threshold, seed=seed,
        )  # fmt: skip
        Path(out).write_text(weights_text(found.weights), encoding="utf-8")
    except (ValueError, OSError) as error:
        fault = CommandFault("The table was not made.", where=pairs, expected="labelled pairs, a file to write",
                             got=str(error)[:200], fix="Correct it.")  # fmt: skip
        raise fault from None
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(f"{found.pairs} pairs in {found.groups} groups, {found.background} pairs of different groups beside")
    click.echo(f"F1 {found.f1_unseen:.3f} on unseen pairs (precision {found.precision_unseen:.3f}, recall "
               f"{found.recall_unseen:.3f}), {found.f1_seen:.3f} on those it was fitted to")  # fmt: skip


_more: tuple[Callable[..., Any], ...] = (hits, hit, propose, confirm, decline)
for _command in _more:
    watchlist.add_command(_command)  # type: ignore[arg-type]
