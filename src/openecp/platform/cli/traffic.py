# SPDX-License-Identifier: Apache-2.0
"""`openecp traffic`: synthetic declarations of the demo administration, as many as one likes, the same for one seed.

Goods, parties, offices and documents come from the profile `demo`, so that what is not spoilt on purpose is accepted.
What does not change from one declaration to the next is made once: some ten thousand a second come out as JSON.

Limits: 10,000,000 declarations of up to 999 items.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import click
from rich.progress import track

from openecp.kernel.datamodel.binding import encode_json, message_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.cli.traffic_faults import spoil
from openecp.platform.cli.traffic_goods import Catalogue, catalogue
from openecp.platform.cli.traffic_parts import Shaper
from openecp.platform.cli.traffic_shapes import KINDS
from openecp.platform.cli.wiring import CommandFault, console
from openecp.platform.wire import write

MAX_DECLARATIONS = 10_000_000
MAX_ITEMS = 999
Kind = Literal["import", "parcel", "export", "prelodged", "simplified", "clearance"]
# How often each kind occurs among a hundred declarations.
MIX: tuple[tuple[Kind, int], ...] = (
    ("import", 52),
    ("parcel", 24),
    ("export", 12),
    ("prelodged", 6),
    ("simplified", 4),
    ("clearance", 2),
)


class Lodgement(NamedTuple):
    """A declaration, who sends it, and the fault that was put into it (None: it is to be accepted)."""

    declaration: Declaration
    sender: str
    kind: Kind
    fault: str | None


def lodgements(
    n: int,
    seed: int = 1,
    *,
    items: int | None = None,
    fault_share: float = 0.0,
    kinds: Sequence[Kind] | None = None,
    prefix: str = "T",
    goods: Catalogue | None = None,
) -> Iterator[Lodgement]:
    """Yield `n` declarations with sender, kind and fault; the same for the same arguments.

    `items`: so many in each (else 1 to 20, mostly few); `kinds`: only these, equally often; `prefix` begins each LRN,
    which is `<prefix><seed>-<number>` in base 36, so that two runs of different seeds never share a reference.
    """
    if not 0 <= n <= MAX_DECLARATIONS or (items is not None and not 1 <= items <= MAX_ITEMS):
        raise ValueError(
            f"traffic: expected up to {MAX_DECLARATIONS} declarations of 1 to {MAX_ITEMS} items, got {n} of {items};"
            " ask for fewer"
        )
    draw = random.Random(seed)  # noqa: S311 - test data, nothing secret
    shaper = Shaper(goods or catalogue(), draw)
    names: list[Kind] = list(kinds) if kinds else [name for name, _ in MIX]
    weights = [1] * len(names) if kinds else [weight for _, weight in MIX]
    drawn: list[Kind] = []
    for number in range(n):
        if not drawn:
            drawn = draw.choices(names, weights, k=4096)
        kind = drawn.pop()
        size = items or _size(draw)
        declaration, sender = KINDS[kind](shaper, f"{prefix}{_base36(seed)}-{_base36(number)}", size)
        fault = None
        if fault_share and draw.random() < fault_share:
            declaration, fault = spoil(declaration, draw)
        yield Lodgement(declaration, sender, kind, fault)


def generate(
    n: int,
    seed: int = 1,
    *,
    items: int | None = None,
    fault_share: float = 0.0,
    kinds: Sequence[Kind] | None = None,
    prefix: str = "T",
) -> Iterator[Declaration]:
    """Yield `n` declarations; see `lodgements`."""
    for one in lodgements(n, seed, items=items, fault_share=fault_share, kinds=kinds, prefix=prefix):
        yield one.declaration


def as_json(declaration: Declaration) -> bytes:
    """Return a declaration as a JSON message."""
    return encode_json(message_of(declaration))


def as_xml(declaration: Declaration) -> bytes:
    """Return a declaration as an XML message."""
    return write(declaration)


_WRITERS: dict[str, Callable[[Declaration], bytes]] = {"json": as_json, "xml": as_xml}


def _size(draw: random.Random) -> int:
    """Return a number of items: 1 in six of ten declarations, up to 20 in few."""
    return 1 if draw.random() < 0.6 else min(20, 1 + int(draw.expovariate(0.35)))


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
        if not number:
            return digits


@click.command()
@click.pass_context
@click.argument("count", type=click.IntRange(1, MAX_DECLARATIONS))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for one file a declaration; else lines of JSON.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another day.")
@click.option("--items", type=click.IntRange(1, MAX_ITEMS), help="Items in each declaration; else 1 to 20.")
@click.option("--faults", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Share with a fault.")
@click.option("--media", type=click.Choice(["json", "xml"]), default="json", show_default=True)
@click.option("--kind", "kinds", multiple=True, type=click.Choice([name for name, _ in MIX]), help="Only this kind.")
@click.option("--flows", type=click.Path(dir_okay=False, path_type=Path), help="A year of events instead (Parquet).")
@click.option("--prefix", default="T", show_default=True, help="First characters of each LRN.")
def traffic(
    context: click.Context, count: int, out: Path | None, seed: int, items: int | None, faults: float, media: str,
    kinds: tuple[Kind, ...], flows: Path | None, prefix: str,
) -> None:  # fmt: skip
    """Write COUNT synthetic declarations of the demo administration, or a year's events of COUNT consignments."""
    if flows is not None:
        from openecp.platform.cli.trs_simulate import flows as year

        context.invoke(year, out=flows, cases=min(count, 1_000_000), seed=seed)
        return
    if out is None and media == "xml":
        raise CommandFault(
            "XML goes into files", where="--media xml", expected="--out FOLDER", got="no folder", fix="Name a folder."
        )
    if len(prefix) > 8 or not prefix.isalnum():
        raise CommandFault(
            f"--prefix {prefix}: no beginning of a reference", where="--prefix", expected="1 to 8 letters or digits",
            got=prefix, fix="Choose another prefix.",
        )  # fmt: skip
    write_one = _WRITERS[media]
    made = generate(count, seed, items=items, fault_share=faults, kinds=kinds or None, prefix=prefix)
    if out is None:
        for declaration in made:
            sys.stdout.buffer.write(write_one(declaration) + b"\n")
        sys.stdout.buffer.flush()
        return
    out.mkdir(parents=True, exist_ok=True)
    for declaration in track(made, total=count, description="Writing", console=console(err=True), transient=True):
        (out / f"{declaration.functional_reference_id}.{media}").write_bytes(write_one(declaration))
    click.echo(f"{count} declarations in {out}", err=True)
