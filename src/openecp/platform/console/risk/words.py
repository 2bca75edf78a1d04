# SPDX-License-Identifier: Apache-2.0
"""Words of the risk desk: statuses, parts of a score, evidence, what happened."""

from __future__ import annotations

from openecp.platform.console.language import N_

TABS = {
    "hits": N_("Watchlist hits"),
    "lists": N_("Lists"),
    "profiles": N_("Profiles"),
    "lanes": N_("Lanes"),
    "rates": N_("Hit rates"),
    "compliance": N_("Compliance"),
    "models": N_("Risk models"),
}
PROFILE_STATES = {
    "active": N_("active"),
    "waiting": N_("waits for a second officer"),
    "suspended": N_("suspended"),
    "expired": N_("expired"),
    "retired": N_("retired"),
}
PROFILE_TONES = {"active": "good", "waiting": "trader", "suspended": "bad", "expired": "closed", "retired": "closed"}
LANES = {"green": N_("green"), "blue": N_("blue"), "yellow": N_("yellow"), "red": N_("red")}
GROUNDS = {
    "none": N_("nothing"),
    "mandatory": N_("a criterion that always selects"),
    "criteria": N_("a criterion with a percentage"),
    "hits": N_("more criteria than may let it through"),
    "random": N_("the random draw"),
    "topup": N_("top-up to the expected rate"),
    "override": N_("an officer's override"),
    "timeout": N_("waiting too long"),
}
JOB_STATES = {
    "waiting": N_("waits for another back-test"),
    "running": N_("is running"),
    "done": N_("done"),
    "refused": N_("not possible"),
    "stopped": N_("stopped: the server was stopped meanwhile"),
}
JOB_TONES = {"waiting": "open", "running": "trader", "done": "good", "refused": "bad", "stopped": "bad"}
STATUSES = {"open": N_("undecided"), "proposed": N_("proposed"), "match": N_("match"), "cleared": N_("cleared pair")}
STATUS_TONES = {"open": "customs", "proposed": "trader", "match": "bad", "cleared": "good"}
VERDICTS = {"match": N_("It is a match"), "cleared": N_("It is another one: clear it")}
KINDS = {
    "Person": N_("Person"),
    "Company": N_("Company"),
    "Organization": N_("Organisation"),
    "LegalEntity": N_("Person or firm"),
    "Vessel": N_("Vessel"),
    "Address": N_("Address"),
}
PARTS = {
    "intercept": N_("where every comparison begins"),
    "worst_word": N_("the word that fits worst"),
    "longer_covered": N_("share of the longer name that has its counterpart"),
    "whole_set": N_("likeness of the two sets of words"),
    "run_together": N_("likeness of the names without blanks"),
    "words_apart": N_("words without counterpart"),
    "one_of_many": N_("a single word against a name of several"),
    "legal_form_differs": N_("two different legal forms"),
    "letters_missing": N_("letters of the shorter name without counterpart"),
    "letters_apart": N_("letters without counterpart on both sides"),
    "firm": N_("the names are not of people"),
    "same": N_("the same words"),
    "date_agrees": N_("the date agrees"),
    "year_agrees": N_("the year agrees"),
    "date_near": N_("the date is off by a year or two"),
    "date_contradicts": N_("the date contradicts"),
    "country_agrees": N_("a country agrees"),
    "country_contradicts": N_("the countries contradict"),
    "identifier_agrees": N_("a number agrees"),
    "identifier_contradicts": N_("the numbers contradict"),
    "address_agrees": N_("the address agrees"),
}
HOWS = {
    "equal": N_("equal"),
    "sound": N_("same sound"),
    "short name": N_("short form"),
    "initial": N_("initial"),
    "typing": N_("typing error"),
    "joined": N_("joined or parted"),
}
EVENTS = {
    "WatchlistHitFound": N_("Found"),
    "WatchlistHitProposed": N_("Proposed"),
    "WatchlistHitConfirmed": N_("Confirmed as a match"),
    "WatchlistHitCleared": N_("Cleared"),
    "WatchlistHitDeclined": N_("Proposal declined"),
    "WatchlistHitReopened": N_("Open again"),
    "RiskProfileProposed": N_("Proposed"),
    "RiskProfileBacktested": N_("Back-test put beside it"),
    "RiskProfileActivated": N_("Activated"),
    "RiskProfileSuspended": N_("Suspended"),
    "RiskProfileExpired": N_("Expired"),
    "RiskProfileRetired": N_("Retired"),
    "RiskModelRegistered": N_("Registered"),
    "RiskModelActivated": N_("Put to use"),
    "RiskModelRetired": N_("Retired"),
}
WHYS = {"entry_changed": N_("the entry has changed"), "expired": N_("the clearance is over")}
MODEL_STATUSES = {
    "candidate": N_("waits"),
    "champion": N_("champion"),
    "challenger": N_("challenger"),
    "retired": N_("retired"),
}
MODEL_TONES = {"candidate": "open", "champion": "good", "challenger": "trader", "retired": "closed", "stale": "bad"}
USES = {"training": N_("training"), "calibration": N_("calibration"), "test": N_("test")}
KNOBS = {
    "p": N_("by probability"),
    "p_stake": N_("by probability × revenue"),
    "p_log_stake": N_("by probability × log of revenue"),
}
MEASURES = {"psi": N_("shares of the column"), "emd": N_("distance of the score")}
CALIBRATIONS = {"isotonic": N_("isotonic"), "platt": N_("sigmoid")}
ROLES = {
    "importer": N_("Importer"),
    "exporter": N_("Exporter"),
    "declarant": N_("Declarant"),
    "consignee": N_("Consignee"),
    "seller": N_("Seller"),
    "buyer": N_("Buyer"),
    "consignor": N_("Consignor"),
    "agent": N_("Agent"),
}
LANE_CHANGES = {
    "LaneOverrideAsked": N_("An officer asked for another lane"),
    "LaneOverridden": N_("An officer changed the lane"),
    "LaneMoved": N_("It waited too long: the clock moved it"),
}
REFUSALS = {
    "form": N_("This page was open too long or was not sent from the console. Please try again."),
    "changed": N_("Somebody has acted since you opened this page. Read what is new in the history, then decide again."),
    "same": N_("You made this proposal yourself. A second officer has to decide about it."),
    "reason": N_("Give a reason."),
    "reason_long": N_("Shorten the reason to 1,000 characters."),
    "verdict": N_("Choose what the hit is."),
    "until": N_("Choose a day after today and within two years."),
    "backtest": N_("This back-test is not there any more. Run it again."),
    "own_model": N_("You registered this model yourself. A second officer has to put it to use."),
}
ACTORS = {"system:command-line": N_("command line")}
