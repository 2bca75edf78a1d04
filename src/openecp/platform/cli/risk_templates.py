# SPDX-License-Identifier: Apache-2.0
"""`openecp risk profile templates` and `propose --template`: typologies of low-value trade as profiles to be tuned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
import msgspec

from openecp.platform.cli.wiring import CommandFault

if TYPE_CHECKING:
    from openecp.border.risk.profiles.profile import RiskProfile

DAYS = 365


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
def templates(as_json: bool) -> None:
    """List templates of profiles: what each looks for, and the thresholds that you set."""
    from openecp.border.risk.typologies.templates import TEMPLATES

    for one in TEMPLATES.values():
        if as_json:
            click.echo(msgspec.json.encode(one).decode())
            continue
        click.echo(f"{one.name} ({one.lane}): {one.purpose}\n  {one.predicate}")
        for each in one.thresholds:
            click.echo(f"    --set {each.name}={each.default}  {each.meaning} ({each.least} to {each.most})")


def templated(
    name: str, settings: Sequence[str], *, profile_id: str, legal_basis: str, days: int, percentage: str
) -> RiskProfile:  # fmt: skip
    """Return the profile that a template makes with these settings (`name=number`). Raises: CommandFault."""
    from openecp.border.risk.typologies.templates import profile_of, template_of

    values = {}
    for text in settings:
        key, _, number = text.partition("=")
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise CommandFault("The threshold cannot be read.", where="--set", expected="name=number, as gifts=20",
                               got=text[:60], fix="`openecp risk profile templates` lists them.")  # fmt: skip
        values[key] = int(number)
    today = datetime.now(UTC).date()
    return profile_of(
        template_of(name), values, valid_from=today, expires_on=today + timedelta(days=days),
        legal_basis=legal_basis, id=profile_id, percentage=percentage,
    )  # fmt: skip
