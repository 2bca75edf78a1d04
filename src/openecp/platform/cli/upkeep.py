# SPDX-License-Identifier: Apache-2.0
"""What an operator does: tokens, backup and restore, erasure of a person's data."""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path
from typing import Any, get_args

import click
import msgspec

from openecp.kernel.parties.entity_key import entity_keys
from openecp.kernel.parties.model import Organisation, Principal, Role
from openecp.platform.cli.wiring import CommandFault, data_option, installation

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--organisation", required=True, help="Organisation that it belongs to; made where it is new.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(get_args(Role)))
@click.option("--identifier", "identifiers", multiple=True, help="Number of the organisation in declarations.")
@click.option("--office", help="Office of an officer.")
@click.option("--body", "bodies", multiple=True, help="Body of a delegate, by code; of a partner what it is: bank …")
@click.option("--person", is_flag=True, help="A person, who gets a one-time password for the console too.")
@click.option("--webhook", help="Address that the organisation's notifications are sent to.")
@click.option("--revoke", is_flag=True, help="End its token, password and sessions.")
@data_option
@click.pass_context
def token(
    context: click.Context,
    name: str,
    organisation: str,
    roles: tuple[Role, ...],
    identifiers: tuple[str, ...],
    office: str | None,
    bodies: tuple[str, ...],
    person: bool,
    webhook: str | None,
    revoke: bool,
    data: str | None,
) -> None:
    """Give a person or system NAME of an organisation a token; it is shown once and kept only as a hash."""
    for what, text in (("NAME", name), ("--organisation", organisation)):
        if not _NAME.fullmatch(text):
            raise CommandFault(
                f"{what} {text}: cannot be used",
                where=what,
                expected="1 to 64 letters, digits, dots, dashes or underscores",
                got=text,
                fix="Choose another name.",
            )
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        register: Any = here.register(store)
        if revoke:
            register.revoke(name)
            click.echo(f"{name}: token, password and sessions have ended")
            return
        known = register.organisation(organisation)
        wanted = known or Organisation(organisation_id=organisation, name=organisation)
        wanted = msgspec.structs.replace(
            wanted,
            identifiers=tuple(dict.fromkeys((*wanted.identifiers, *identifiers))),
            webhook_url=webhook or wanted.webhook_url,
        )
        if wanted != known:
            register.add_organisation(wanted)
        principal = Principal(
            principal_id=name,
            kind="person" if person else "system",
            organisation=organisation,
            name=name,
            roles=roles,
            office=office,
            bodies=bodies,
        )
        secret, password = new_token(), new_password() if person else None
        register.add_principal(principal, token=secret, password=password)
    finally:
        store.close()
    click.echo(f"token: {secret}")
    if password is not None:
        click.echo(f"password: {password}")


def new_token() -> str:
    """Return a new bearer token."""
    return "oecp_" + secrets.token_urlsafe(32)


def new_password() -> str:
    """Return a one-time password that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@click.pass_context
def backup(context: click.Context, file: Path, data: str | None) -> None:
    """Write the store into one FILE; the server may go on running."""
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        if file.exists():
            raise CommandFault(
                f"{file} is there already",
                where=str(file),
                expected="a new file",
                got="one that is there",
                fix="Name another file: a backup is never overwritten.",
            )
        manifest = store.backup(file)
    finally:
        store.close()
    click.echo(f"{file}: {manifest.journal_size} events")


@click.command()
@click.argument("file", type=click.Path(exists=False, dir_okay=False, path_type=Path))
@data_option
@click.pass_context
def restore(context: click.Context, file: Path, data: str | None) -> None:
    """Restore a store from a backup FILE into an empty data folder or database."""
    from openecp.platform.store import restore_store

    if not file.is_file():
        raise CommandFault(
            f"{file}: cannot be read",
            where=str(file),
            expected="a backup file",
            got="nothing there",
            fix="Correct the path.",
        )
    here = installation(context).with_settings(data=data)
    report = restore_store(file, here.settings.store_address)
    for finding in report.findings:
        click.echo(str(finding))
    click.echo(f"{file}: {report.events} events restored, journal {'sound' if report.ok else 'NOT SOUND'}")
    sys.exit(0 if report.ok else 1)


@click.command()
@click.argument("person", metavar="PERSON")
@click.option("--name", help="Name as on the person's parcels, to find those too.")
@click.option("--address", help="Address as on the person's parcels.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
@click.pass_context
def erase(
    context: click.Context, person: str, name: str | None, address: str | None, yes: bool, data: str | None
) -> None:
    """Erase the stored messages about a PERSON (their key or identifier); the journal stays verifiable."""
    if not yes:
        click.confirm(f"Erase everything stored about {person}? This cannot be undone.", abort=True)
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        keys = entity_keys([None, name], [None, address], [person, None])
        hashes = [found for found in store.person_hashes(keys) if found is not None]
        done = store.erase(person, actor="system:command-line", parcel_persons=hashes)
    finally:
        store.close()
    click.echo(
        f"erased: {done.documents} documents, {done.parties} entries of the register, {done.answers} answers "
        f"(event {done.seq}); keep this salt to prove whom it was about: {done.salt.hex()}"
    )
