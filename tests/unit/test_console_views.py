# SPDX-License-Identifier: Apache-2.0
"""What the declaration page is made from: views by audience, the declared tree, acts offered, filters, cookies."""

from __future__ import annotations

import pytest
from console_world import ANNA, SECRET_REASON, TOM, busy_world, declaration_of
from hypothesis import given
from hypothesis import strategies as st

from openecp.border.lodgement.case import case_of
from openecp.kernel.assessment.reasons import Reason
from openecp.platform.console.acts import faults_of, offers
from openecp.platform.console.opened import open_case
from openecp.platform.console.pages import own_address, with_parameter
from openecp.platform.console.session import SignInBrake, form_token, token_fits
from openecp.platform.console.tree import declared_tree
from openecp.platform.console.views import faults_of_item, may_have_receipt
from openecp.platform.console.worklist import FORMULA_STARTS, harmless


def test_view_is_cut_to_its_audience() -> None:
    """An officer's view holds channel, reasons and bodies; a trader's holds none of them."""
    world = busy_world()
    case_id = world.cases["LRN-CONTROL-01"]
    officer = open_case(world.store, case_id, ANNA)
    trader = open_case(world.store, case_id, TOM)
    assert officer
    assert trader
    full, cut = officer.view(ANNA), trader.view(TOM)
    assert full.channel == "red"
    assert [r.message for r in full.channel_reasons] == [SECRET_REASON]
    assert cut.channel is None
    assert cut.channel_reasons == ()
    assert SECRET_REASON not in repr(cut)
    assert all(entry.body == "" and entry.details == () and entry.actor_id == "" for entry in cut.timeline)
    assert [item.taxes for item in full.items] == [item.taxes for item in cut.items]
    assert full.payable_minor == 67_500
    assert {r.code for r in full.items[0].reasons} == {"XB-V01", "XB-T10"}


def test_audit_is_not_in_a_traders_timeline() -> None:
    """An audited case has the events of one that is not; only officers read that it is."""
    world = busy_world()
    opened = open_case(world.store, world.cases["LRN-AUDITED-01"], TOM)
    assert opened
    assert opened.folded
    assert opened.folded.audit
    assert not opened.folded.for_audience("trader").audit
    assert not [e.kind for e in opened.events if may_have_receipt(e) and "officer" in e.body]


def test_damaged_state() -> None:
    """A state that cannot be read shows a page without amounts, not an error."""
    import msgspec

    world = busy_world()
    case_id = world.cases["LRN-CONTROL-01"]
    world.store.rows[case_id] = msgspec.structs.replace(world.store.rows[case_id], state=b"{")
    opened = open_case(world.store, case_id, ANNA)
    assert opened
    view = opened.view(ANNA)
    assert view.assessment is None
    assert [item.number for item in view.items] == [1, 2, 3]


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("42A/67A/68A[2]/23A/21A[1].145", "42A/67A/68A[2]/23A/21A[1].145"),
        ("42A[1]/67A[1]/68A[2]/23A[1]/65A[1].128", "42A/67A/68A[2]/23A/65A.128"),
        ("42A/67A/68A[2]/92A[7].063", "42A/67A/68A[2]"),
        ("42A/67A/68A[9].006", "42A/67A"),
        ("42A/56A.G005", "42A"),
        ("42A/67A/68A", "42A/67A/68A[1]"),
        ("nonsense", None),
        ("", None),
    ],
)
def test_fault_finds_its_place(pointer: str, place: str | None) -> None:
    """A fault stands at its element, or at the nearest declared one above it."""
    fault = Reason(code="X", layer="relation", rule="x", message="x", pointer=pointer)
    tree = declared_tree(declaration_of("L"), (fault,))
    with_fault = [node.pointer for node in tree.places.values() if node.faults]
    assert with_fault == ([place] if place else [])


def test_tree_keeps_order_and_everything() -> None:
    """Every declared value is in the tree once, with its WCO id."""
    tree = declared_tree(declaration_of("L", items=3))
    values = [(n.wco_id, n.value) for n in tree.places.values() if n.value is not None]
    assert ("D026", "L") in values
    assert ("145", "85076000") in values
    assert len(tree.places) > 60
    assert not tree.cut


def test_faults_of_item() -> None:
    """Item 1 does not get item 11's faults; a reason that names the item counts too."""
    pointers = ("42A/67A/68A[1]", "42A/67A/68A[11].006", "42A/67A/68A/23A.137", "42A.D026")
    faults = [Reason(code=p, layer="relation", rule="x", message="x", pointer=p) for p in pointers]
    faults.append(Reason(code="named", layer="relation", rule="x", message="x", item=1))
    assert [f.code for f in faults_of_item(faults, 1)] == ["42A/67A/68A[1]", "42A/67A/68A/23A.137", "named"]


def test_acts_follow_the_life_cycle() -> None:
    """Only acts that the table has for the state and whose conditions hold are offered."""
    world = busy_world()

    def offered(lrn: str) -> list[str]:
        row, _ = world.store.case(world.cases[lrn]) or pytest.fail("no case")
        return [offer.act for offer in offers(row.status, case_of(row.state))]

    assert offered("LRN-CONTROL-01")[0] == "control_result"
    assert "release" in offered("LRN-DOCS-01")
    assert "documents_checked" in offered("LRN-DOCS-01")
    assert offered("LRN-REJECTED-1") == []
    for lrn in world.cases:
        assert not {"lift_hold", "grant_request", "refuse_request", "confirm_exit"} & set(offered(lrn))
    assert offers("no such state", None) == ()


def test_act_faults() -> None:
    """A result and a reason are needed."""
    offer = next(o for o in offers("under_control", None) if o.act == "control_result")
    assert faults_of(offer, "conform", "seen") is None
    both = faults_of(offer, "", "")
    assert both
    assert both.fields == ("result", "reason")


@given(st.text(max_size=60))
def test_addresses_stay_in_the_console(text: str) -> None:
    """Whatever is asked for, the way back leads to a page of ours."""
    for candidate in (text, "/console" + text, "/console/" + text, "//" + text):
        back = own_address(candidate)
        assert back == "/console" or back.startswith(("/console/", "/console?"))
        assert "\\" not in back
        assert "\n" not in back


@given(st.text(max_size=30))
def test_cells_are_harmless(text: str) -> None:
    """No cell begins like a formula, and nothing is lost."""
    cell = harmless(text)
    assert not cell.startswith(FORMULA_STARTS)
    assert cell.endswith(text)


def test_parameter() -> None:
    """One parameter is set, the others stay, however odd."""
    assert with_parameter("/console?a=1&lang=en&b=%26", "lang", "fr") == "/console?a=1&b=%26&lang=fr"


def test_tokens() -> None:
    """A token fits its secret alone, and no secret means no token."""
    assert token_fits("s", form_token("s"))
    assert not token_fits("t", form_token("s"))
    assert not token_fits("", form_token(""))


def test_brake() -> None:
    """A name waits at its address, an address waits, a name waits everywhere only after many; the memory is bounded."""
    now = [0.0]
    brake = SignInBrake(lambda: now[0], names_max=10)
    for _ in range(5):
        assert brake.wait_s("Anna", "1.1.1.1") == 0
        brake.failed("Anna", "1.1.1.1")
    assert brake.wait_s(" anna ", "1.1.1.1") > 800
    assert brake.wait_s("anna", "2.2.2.2") == 0
    for n in range(30):
        brake.failed(f"name {n}", "3.3.3.3")
    assert brake.wait_s("somebody new", "3.3.3.3") > 0
    now[0] = 901.0
    assert brake.wait_s("anna", "1.1.1.1") == 0
    for n in range(1000):
        brake.failed(f"name {n}", f"4.4.{n % 250}.4")
    assert len(brake._failures) <= 30
