# SPDX-License-Identifier: Apache-2.0
"""Every address of the pages of records, in one place."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.records import editions, listing, record, surveys


def record_routes() -> list[Any]:
    """Return the handlers of the pages of records."""
    return [
        listing.show_records,
        listing.show_moderation,
        listing.show_standards,
        record.choose_type,
        record.show_new,
        record.add,
        record.show_record,
        record.show_edit,
        record.revise,
        record.do_act,
        editions.show_edition,
        surveys.do_survey,
        surveys.show_results,
        surveys.results_csv,
        surveys.show_survey,
        surveys.answer_survey,
    ]
