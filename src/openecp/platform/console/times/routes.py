# SPDX-License-Identifier: Apache-2.0
"""Every address of the pages of release times, in one place."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.times import cases, explore, live, studies


def times_routes() -> list[Any]:
    """Return the handlers of the pages of release times."""
    return [
        live.show_live,
        explore.show_explorer,
        explore.explorer_csv,
        cases.show_cases,
        cases.show_consignment,
        studies.show_studies,
        studies.show_study,
        studies.study_file,
        studies.read_report,
        studies.study_tables,
    ]
