# SPDX-License-Identifier: Apache-2.0
"""`openecp describe`: is a description of goods enough for Customs, what to write instead, which HS code it may be."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import msgspec

from openecp.border.data_quality.describe import Described, describe
from openecp.border.data_quality.model import packed, read_model, shipped_model
from openecp.border.data_quality.score import QualityScorer
from openecp.border.data_quality.terms import TermsRefused, read_terms, shipped_terms
from openecp.border.data_quality.texts import own_words, read_checks, read_texts
from openecp.border.data_quality.train import measure, train
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.wiring import CommandFault

LARGEST_FILE, MOST_LINES, LONGEST_LINE = 200_000_000, 1_000_000, 10_000


class TextsOrCommand(click.Group):
    """A first word that is no command is a description: `openecp describe "cotton shirt"`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `score` before what is no command."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["score", *args]
        return super().parse_args(ctx, args)


@click.group("describe", cls=TextsOrCommand)
def describe_goods() -> None:
    """Score descriptions of goods (`openecp describe TEXT…`), suggest HS codes, train the model that does."""


@describe_goods.command("score")
@click.argument("texts", metavar="[TEXT]…", nargs=-1)
@click.option("--file", "file", metavar="FILE", help="One description a line, or CSV with a column description.")
@click.option("--terms", metavar="FILE", help="The administration's vague terms (CSV, or JSON lists) beside ours.")
@click.option("--model", "model_file", metavar="FILE", help="A model of your own; the shipped one if not given.")
@click.option("--hs", default="", metavar="CODE", help="The declared code: does its chapter fit?")
@click.option("--date", "on", metavar="DATE", help="Day whose terms apply; today if not given.")
@click.option("--language", type=click.Choice(("en", "fr")), default="en", help="Of what is told.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, one object a line.")
def score(
    texts: tuple[str, ...],
    file: str | None,
    terms: str | None,
    model_file: str | None,
    hs: str,
    on: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Say of each TEXT whether it is enough, what to write instead, and which HS code it may be."""
    if not texts and not file:
        raise CommandFault("nothing to score", where="TEXT", expected="a text or --file", got="none", fix="Give one.")
    try:
        rows = shipped_terms() + (read_terms(_bytes(terms), terms) if terms else ())
        scorer = QualityScorer(read_date(on) or date.today(), rows)
        model = read_model(_bytes(model_file), model_file) if model_file else shipped_model()
    except TermsRefused as refused:
        raise _fault(refused) from None
    for text in (*texts, *(_lines(file) if file else ())):
        found = describe(scorer, model, text, hs)
        if as_json:
            click.echo(msgspec.json.encode(found))
        else:
            click.echo("\n".join(told(found, language)))


def told(found: Described, language: str) -> list[str]:
    """Return what is said of one description as lines."""
    lines = [f"{found.text.strip()[:120] or '(nothing)'}: {found.verdict} ({found.score}/100)"]
    for flag in found.flags:
        said = (flag.found, flag.why, flag.write) if language == "en" else (flag.found_fr, flag.why_fr, flag.write_fr)
        lines += [f"  {flag.code}: {said[0]}", f"    {said[1]}", f"    → {said[2]}"]
    words = f" ({', '.join(found.words)})" if found.words else ""
    unsure = "not sure which HS code" if language == "en" else "code SH incertain"
    lines.append(f"  HS {found.code}, {found.confidence:.0%}{words}" if found.sure else f"  {unsure}")
    for name, level in (("chapters", found.chapters), ("headings", found.headings), ("codes", found.subheadings)):
        if level:
            lines.append(f"    {name}: {', '.join(f'{one.code} {one.confidence:.0%}' for one in level)}")
    if found.chapter_fits is False:
        lines.append("    the declared chapter is not among the first five")
    return lines


@describe_goods.command("train")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--out", required=True, metavar="FILE", help="Where the model is written.")
@click.option("--own-words/--no-own-words", default=True, help="With the everyday names of goods that ship.")
@click.option("--check", metavar="FILE", help="Texts with codes (CSV) to measure the written model on, by language.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def train_model(files: tuple[str, ...], out: str, own_words: bool, check: str | None, as_json: bool) -> None:
    """Learn HS codes from FILE… (nomenclature, tariff, search terms, past descriptions), print how good it is."""
    try:
        texts = _own() if own_words else []
        for file in files:
            texts += read_texts(Path(file))
        checks = read_checks(Path(check)) if check else {}
    except TermsRefused as refused:
        raise _fault(refused) from None
    made = train(texts, [Path(file).name for file in files])
    data = packed(made.model.header, *made.parts)
    try:
        Path(out).write_bytes(data)
    except OSError as error:
        where, got = out, error.strerror or str(error)
        fault = CommandFault("not written", where=where, expected="a file", got=got, fix="Correct the path.")
        raise fault from None
    figures = {"hidden": made.model.header.figures}
    figures |= {name: measure(made.model, one, made.model.header.calibration) for name, one in checks.items()}
    if as_json:
        click.echo(msgspec.json.encode({"model": out, "bytes": len(data), "texts": len(texts), "figures": figures}))
        return
    click.echo(f"{out}: {len(data):,} bytes, learnt from {len(texts):,} texts")
    for name, values in figures.items():
        click.echo(f"{name}: {int(values['texts'])} texts that it had not seen")
        for level in (2, 4, 6):
            if f"hs{level}_top1" in values:
                one, five, off = (values[f"hs{level}_{what}"] for what in ("top1", "top5", "ece"))
                click.echo(f"  HS{level}: first {one:.1%}, in the first five {five:.1%}, confidence off by {off:.1%}")


_own = own_words


def _bytes(path: str) -> bytes:
    try:
        if Path(path).stat().st_size > LARGEST_FILE:
            raise OSError("larger than 200 MB")
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandFault(
            f"{path}: cannot be read",
            where=path,
            expected="a file of at most 200 MB",
            got=error.strerror or str(error),
            fix="Correct the path.",
        ) from None


def _lines(path: str) -> Iterator[str]:
    raw = sys.stdin.buffer.read(LARGEST_FILE) if path == "-" else _bytes(path)
    text = raw.decode("utf-8-sig", errors="replace")
    header = next(csv.reader([text.partition("\n")[0][:LONGEST_LINE]]), [])
    column = next((name for name in header if name.strip().lower() in ("description", "text", "product_title")), None)
    if column is not None:
        found = (row.get(column) or "" for row in csv.DictReader(io.StringIO(text, newline="")))
    else:
        found = (line for line in text.splitlines())
    for number, line in enumerate(found, start=1):
        if number > MOST_LINES:
            raise CommandFault(
                f"{path}: too long", where=path, expected=f"{MOST_LINES:,} lines", got="more", fix="Split the file."
            )
        yield line[:LONGEST_LINE]


def _fault(refused: TermsRefused) -> CommandFault:
    return CommandFault(
        refused.message, where=refused.where, expected=refused.expected, got=refused.got, fix=refused.fix
    )
