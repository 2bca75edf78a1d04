# SPDX-License-Identifier: Apache-2.0
"""`openecp risk`: watchlists, models, profiles and lanes. All of it is for officers alone."""

from __future__ import annotations

import click

from openecp.platform.cli.risk_audit import audit
from openecp.platform.cli.risk_compliance import compliance
from openecp.platform.cli.risk_features import features, results
from openecp.platform.cli.risk_lanes import draw, lanes
from openecp.platform.cli.risk_models import card, models, train
from openecp.platform.cli.risk_profile_acts import profile_group
from openecp.platform.cli.risk_score import score
from openecp.platform.cli.risk_templates import templates
from openecp.platform.cli.risk_watch import watchlist
from openecp.platform.cli.risk_workload import workload
from openecp.platform.cli.risk_world import world


@click.group()
def risk() -> None:
    """Risk management: lists, models, profiles, lanes. For officers alone."""


risk.add_command(watchlist)
risk.add_command(profile_group)
profile_group.add_command(templates)
for command in (train, score, models, card, world, lanes, draw):
    risk.add_command(command)
for command in (features, results, compliance, audit, workload):
    risk.add_command(command)
