# SPDX-License-Identifier: Apache-2.0
"""`openecp records`: practices, events, surveys, partners, publications, compendia and the standards register."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.platform.cli.desk import read_file, told
from openecp.platform.cli.record_desk import ALL, FILE_BYTES_MAX, read_values, record_desk
from openecp.platform.cli.record_editions import edition, publish_site
from openecp.platform.cli.record_standards import standards
from openecp.platform.cli.record_survey import members, survey
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.platform.core.recordbook import RecordFilter
from openecp.platform.core.recordview import table_of
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    PublishRecord,
    RecordAct,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.record import STATUSES
from openecp.programme.compendia.templates import shipped_templates

LANGUAGE = click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
VALUES = click.option(
    "--values", type=click.Path(dir_okay=False, path_type=Path), help="Values by field, in a JSON or TOML file."
)
SET = click.option("--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="One value; FIELD.fr=… for French.")


@click.group()
def records() -> None:
    """Keep the records of what is done for the plans, and publish them."""


@records.command()
@click.argument("name", metavar="[TYPE]", default="")
@LANGUAGE
def types(name: str, lang: str) -> None:
    """List the record types, or the fields of one TYPE."""
    if not name:
        table = Table("Type", "Name", "About", title="Record types")
        for template in shipped_templates().values():
            table.add_row(template.type, template.label.in_language(lang), template.about.in_language(lang))
        console().print(table)
        return
    found = shipped_templates().get(name)
    if found is None:
        raise CommandFault(
            f"{name}: no such record type",
            where="TYPE",
            expected=", ".join(shipped_templates()),
            got=name,
            fix="Choose one of them.",
        )
    table = Table("Field", "Name", "Kind", "Required", "Values", title=found.label.in_language(lang))
    for field in found.fields:
        kind = field.kind + (", by language" if field.translated else "")
        values = ", ".join(c.code for c in field.choices) or ", ".join(column.name for column in field.columns)
        table.add_row(field.name, field.label.in_language(lang), kind, "yes" if field.required else "", values)
    console().print(table)


@records.command("list")
@click.option("--type", "kind", default="", help="Record type.")
@click.option("--status", multiple=True, type=click.Choice(STATUSES))
@click.option("--action", default="", help="Linked action, such as ECP-IV-29.")
@click.option("--body", default="", help="Linked body, by code.")
@click.option("--topic", default="", help="Topic, by code.")
@click.option("--text", default="", help="Words of a title, in any language.")
@LANGUAGE
@JSON
@data_option
@click.pass_context
def list_records(
    context: click.Context,
    kind: str,
    status: tuple[str, ...],
    action: str,
    body: str,
    topic: str,
    text: str,
    lang: str,
    as_json: bool,
    data: str | None,
) -> None:
    """List records, those that a plan names and nobody has filled among them."""
    wanted = RecordFilter(type=kind, status=status, action=action, body=body, topic=topic, text=text)
    with record_desk(context, data) as desk:
        found = desk.book.records(ALL, wanted)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    table = Table("Record", "Title", "Status", "Owner", "Date", "Actions", title="Records")
    for face in found:
        status_text = "named in a plan, empty" if face.origin == "plan" else face.status.replace("_", " ")
        title = face.titles.get(lang) or face.titles.get(face.language, "")
        table.add_row(face.id, title, status_text, face.owner, face.date, ", ".join(face.actions))
    console().print(table)
    empty = sum(face.origin == "plan" for face in found)
    click.echo(f"{len(found)} records, {empty} of them named in a plan and empty")


@records.command()
@click.argument("record")
@LANGUAGE
@JSON
@data_option
@click.pass_context
def show(context: click.Context, record: str, lang: str, as_json: bool, data: str | None) -> None:
    """Show a RECORD with its working copy, evidence, editions and history."""
    with record_desk(context, data) as desk:
        state = desk.book.record(record, ALL)
        history = desk.book.history(record)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(state), indent=2))
        return
    out = console()
    status = "named in a plan, empty" if state.origin == "plan" else state.status.replace("_", " ")
    out.print(f"[bold]{state.title(lang)}[/bold]  {state.id}", highlight=False)
    out.print(f"{status}, owner {state.owner}, written in {state.language}, published {state.published} times")
    template = shipped_templates().get(state.type)
    table = Table("Field", "Value", title="Fields")
    for field in template.fields if template is not None else ():
        label = field.label.in_language(lang)
        for language, text in sorted(state.texts.get(field.name, {}).items()):
            late = " (translation outdated)" if f"{field.name}.{language}" in state.outdated() else ""
            table.add_row(f"{label} [{language}]".replace("[", r"\["), text.text + late)
        if field.name in state.values:
            value = state.values[field.name]
            if field.kind == "table":
                _, rows = table_of(field.columns, value, lang, {})
                table.add_row(label, "\n".join(" | ".join(row) for row in rows))
            else:
                table.add_row(label, ", ".join(value) if isinstance(value, list) else str(value))
        if field.name in state.contacts:
            table.add_row(label, "kept apart")
    out.print(table)
    for item in state.evidence:
        out.print(f"evidence {item.id}: {item.ref} {item.title} {item.sha256 or ''}", highlight=False)
    table = Table("Seq", "When (UTC)", "Event", "Actor", title="History")
    for event in history:
        table.add_row(str(event.seq), event.occurred_at[:19], event.kind, event.actor)
    out.print(table)


@records.command()
@click.argument("record")
@click.option("--owner", default="SEC", show_default=True, help="Body or Member that owns it, by code.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Of its texts.")
@click.option("--action", "actions", multiple=True, help="Linked action.")
@click.option("--body", "bodies", multiple=True, help="Linked body.")
@VALUES
@SET
@data_option
@click.pass_context
def add(
    context: click.Context,
    record: str,
    owner: str,
    language: str,
    actions: tuple[str, ...],
    bodies: tuple[str, ...],
    values: Path | None,
    pairs: tuple[str, ...],
    data: str | None,
) -> None:
    """Add a RECORD, named by its type and a name of its own: practice-corridor."""
    given = _given(values, pairs, language)
    act = AddRecord(
        record=record,
        owner=owner,
        language="fr" if language == "fr" else "en",
        values=given,
        actions=actions,
        bodies=bodies,
    )
    _do(context, data, act)


@records.command()
@click.argument("record")
@click.option("--owner", help="New owner, by code.")
@click.option("--action", "actions", multiple=True, help="Linked action; all of them.")
@click.option("--body", "bodies", multiple=True, help="Linked body; all of them.")
@click.option("--still-right", multiple=True, metavar="FIELD.fr", help="An outdated translation that fits as it is.")
@click.option("--reason", default="", help="Why it is changed.")
@VALUES
@SET
@data_option
@click.pass_context
def revise(
    context: click.Context,
    record: str,
    owner: str | None,
    actions: tuple[str, ...],
    bodies: tuple[str, ...],
    still_right: tuple[str, ...],
    reason: str,
    values: Path | None,
    pairs: tuple[str, ...],
    data: str | None,
) -> None:
    """Change fields of a RECORD; what is published stays so until it is published again."""
    act = ReviseRecord(
        record=record,
        values=_given(values, pairs, None),
        still_right=still_right,
        owner=owner,
        actions=actions or None,
        bodies=bodies or None,
        reason=reason,
    )
    _do(context, data, act)


def _given(file: Path | None, pairs: tuple[str, ...], language: str | None) -> dict[str, Any]:
    """Return the values of a file with those of `--set` over them; a contact is `Name <mail@example>`."""
    found = read_values(file) if file is not None else {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise CommandFault(
                f"{pair}: cannot be used", where="--set", expected="FIELD=VALUE", got=pair, fix="Write the field first."
            )
        name, _, code = name.partition(".")
        kind = next((f.kind for t in shipped_templates().values() for f in t.fields if f.name == name), "text")
        if code:
            old = found.get(name)
            texts = dict(old) if isinstance(old, dict) else ({language or "en": old} if old else {})
            found[name] = texts | {code: text}
        elif kind in ("choices", "members"):
            found[name] = [part.strip() for part in text.split(",") if part.strip()]
        elif kind == "contact":
            person, _, mail = text.partition("<")
            found[name] = {"name": person.strip(), "email": mail.rstrip("> ").strip()}
        elif isinstance(found.get(name), dict):
            found[name] |= {language or "en": text}
        else:
            found[name] = text
    return found


def _do(context: click.Context, data: str | None, act: RecordAct) -> None:
    with record_desk(context, data) as desk:
        click.echo(told(desk.do(act)))


@records.command()
@click.argument("record")
@data_option
@click.pass_context
def submit(context: click.Context, record: str, data: str | None) -> None:
    """Submit a RECORD for moderation."""
    _do(context, data, SubmitRecord(record=record))


@records.command()
@click.argument("record")
@data_option
@click.pass_context
def review(context: click.Context, record: str, data: str | None) -> None:
    """Take a submitted RECORD into review."""
    _do(context, data, ReviewRecord(record=record))


@records.command()
@click.argument("record")
@data_option
@click.pass_context
def publish(context: click.Context, record: str, data: str | None) -> None:
    """Publish a RECORD that was submitted."""
    _do(context, data, PublishRecord(record=record))


@records.command("return")
@click.argument("record")
@click.option("--reason", required=True)
@data_option
@click.pass_context
def return_(context: click.Context, record: str, reason: str, data: str | None) -> None:
    """Give a RECORD back with a reason: to its owner, or from publication into review."""
    _do(context, data, ReturnRecord(record=record, reason=reason))


@records.command()
@click.argument("record")
@click.option("--reason", required=True)
@data_option
@click.pass_context
def retire(context: click.Context, record: str, reason: str, data: str | None) -> None:
    """Take a RECORD out of use; editions that hold it keep it."""
    _do(context, data, RetireRecord(record=record, reason=reason))


@records.command()
@click.argument("record")
@click.argument("ref")
@click.option("--title", default="")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="The document, to take its SHA-256.")
@click.option("--sha256", help="The SHA-256 of the document.")
@data_option
@click.pass_context
def evidence(
    context: click.Context, record: str, ref: str, title: str, file: Path | None, sha256: str | None, data: str | None
) -> None:
    """Name REF, a document symbol or address, as evidence of a RECORD."""
    if file is not None:
        sha256 = hashlib.sha256(read_file(file, "the document", bytes_max=FILE_BYTES_MAX)).hexdigest()
    _do(context, data, AddRecordEvidence(record=record, ref=ref, title=title, sha256=sha256))


for command in (edition, publish_site, survey, members, standards):
    records.add_command(command)
