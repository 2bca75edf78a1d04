# SPDX-License-Identifier: Apache-2.0
"""The table of a case is checked when it is built, and what it does not list is refused with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lifecycle_office import declaration

from openecp.border.lodgement.fold import fold
from openecp.border.lodgement.lifecycle import CLOCKS, EVENT_KINDS, GUARDS, MACHINE, transition_table
from openecp.kernel.casework.machine import Guard, IllegalTransition, Machine, MachineFault, State, Transition
from openecp.kernel.journal.model import NewEvent

OPEN = State(name="open", title_en="Open", title_fr="Ouvert")
DONE = State(name="done", title_en="Done", title_fr="Fini", final=True)
START = Transition(states=(), event="Opened", next="open")
END = Transition(states=("open",), event="Ended", next="done")


def test_a_sound_table_leads_from_state_to_state() -> None:
    machine = Machine("m", (OPEN, DONE), (START, END))
    assert machine.next_state("", "Opened") == "open"
    assert machine.next_state("open", "Ended") == "done"
    assert machine.allowed("open") == ("Ended",)
    assert machine.allowed("done") == ()


@pytest.mark.parametrize(
    ("states", "transitions", "says"),
    [
        ((OPEN, DONE), (START,), "nothing reaches: done"),
        ((OPEN,), (START,), "nothing leads out of"),
        ((OPEN, DONE, OPEN), (START, END), "listed twice"),
        ((OPEN, DONE), (START, END, END), "twice"),
        ((OPEN, DONE), (START, Transition(states=("open",), event="Ended", next="gone")), "unknown state gone"),
        ((OPEN, DONE), (START, END, Transition(states=("gone",), event="X", next="done")), "unknown state gone"),
        ((OPEN, DONE), (START, END, Transition(states=("done",), event="Again", next="open")), "out of final state"),
        (
            (OPEN, DONE),
            (START, END, Transition(states=("done",), event="X", next=None, guards=("g",))),
            "unknown guard",
        ),
        ((OPEN, DONE), (Transition(states=(), event="Opened", next=None), END), "must name its state"),
    ],
)
def test_a_wrong_table_is_found_when_it_is_built(
    states: tuple[State, ...], transitions: tuple[Transition, ...], says: str
) -> None:
    with pytest.raises(MachineFault, match=says):
        Machine("m", states, transitions)


def test_a_guard_that_no_row_uses_is_found() -> None:
    guard = Guard(sentence="Never.", fix="Nothing.", test=lambda case: False)
    with pytest.raises(MachineFault, match="no row uses: g"):
        Machine("m", (OPEN, DONE), (START, END), {"g": guard})


def test_an_illegal_transition_says_from_asked_allowed_and_what_to_do() -> None:
    with pytest.raises(IllegalTransition) as caught:
        MACHINE.row("registered", "GoodsReleased")
    error = caught.value.error
    assert error["from"] == "registered"
    assert error["asked"] == "GoodsReleased"
    assert "GoodsPresented" in error["allowed"]
    assert "assessed" in error["what_to_do"]


def test_a_closed_case_says_so() -> None:
    with pytest.raises(IllegalTransition, match="The case is closed"):
        MACHINE.row("invalidated", "DeclarationHeld")


def test_every_state_and_every_clock_of_the_table_is_known() -> None:
    named = {word[1:] for row in MACHINE.transitions for word in row.clock}
    assert named - {"release", "lane"} == set(CLOCKS)  # in seconds; by the plan of selection
    assert len(MACHINE.states) == 17
    assert all(guard.sentence.endswith(".") and guard.fix.endswith(".") for guard in GUARDS.values())


def test_events_are_past_tense_names() -> None:
    assert all(kind[0].isupper() and kind.isalpha() for kind in EVENT_KINDS)


def test_the_printed_table_is_current() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    table = page.split("<!-- table -->\n", 1)[1].split("<!-- end of table -->", 1)[0]
    assert table.strip() == transition_table().strip(), "run: python -m openecp.border.lodgement.lifecycle"


def test_a_stream_that_does_not_begin_with_a_submission_is_broken() -> None:
    event = NewEvent(kind="DeclarationCleared", occurred_at="2026-05-04T08:00:00.000000Z", actor="customs", body={})
    with pytest.raises(IllegalTransition):
        fold([event])
    assert declaration().type_code == "IMA"
