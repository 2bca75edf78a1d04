# SPDX-License-Identifier: Apache-2.0
"""Words for the codes of release times."""

from __future__ import annotations

from openecp.platform.console.language import N_

TABS: dict[str, str] = {"live": N_("Live"), "explore": N_("Explorer"), "studies": N_("Studies")}
OWNERS: dict[str, str] = {
    "CARRIER": N_("carrier"),
    "TERMINAL": N_("terminal"),
    "TRADER": N_("trader"),
    "BANK": N_("bank"),
    "CUSTOMS": N_("Customs"),
    "AGENCY": N_("other agency"),
    "LABORATORY": N_("laboratory"),
    "UNKNOWN": N_("not known"),
    "PRE_ARRIVAL": N_("before arrival"),
}
SEGMENTS: dict[str, str] = {
    "office": N_("office"),
    "channel": N_("channel"),
    "direction": N_("direction"),
    "data_set": N_("data set"),
    "agency": N_("agency"),
    "means": N_("means of transport"),
    "operator": N_("operator (pseudonym)"),
    "aeo": N_("AEO"),
    "mode": N_("mode of transport"),
    "pre_arrival": N_("lodged before arrival"),
    "origin": N_("origin"),
    "regime": N_("procedure"),
}
DIRECTIONS: dict[str, str] = {"import": N_("import"), "export": N_("export"), "transit": N_("transit")}
CHANNELS: dict[str, str] = {
    "green": N_("green"),
    "yellow": N_("yellow"),
    "orange": N_("orange"),
    "red": N_("red"),
    "blue": N_("blue"),
}
AGES: dict[str, str] = {
    "under_4h": N_("under 4 hours"),
    "under_1d": N_("4 to 24 hours"),
    "under_3d": N_("1 to 3 days"),
    "under_7d": N_("3 to 7 days"),
    "over_7d": N_("over 7 days"),
}
PHASES: dict[str, str] = {
    "preparation": N_("Preparation"),
    "collection": N_("Collection"),
    "verification": N_("Verification"),
    "analysis": N_("Analysis"),
    "report": N_("Report"),
    "monitoring": N_("Monitoring"),
}
PHASE_STATES: dict[str, str] = {
    "planned": N_("planned"),
    "under_way": N_("under way"),
    "done": N_("done"),
}
STATISTICS: dict[str, str] = {
    "mean": N_("mean"),
    "median": N_("median"),
    "p90": N_("90th percentile"),
    "std": N_("standard deviation"),
}
KINDS: dict[str, str] = {"html": N_("read"), "pdf": "PDF", "docx": "Word"}
STATES: dict[str, str] = {"draft": N_("draft"), "frozen": N_("frozen")}
PRECISIONS: dict[str, str] = {"second": N_("to the second"), "minute": N_("to the minute"), "day": N_("day only")}
