# SPDX-License-Identifier: Apache-2.0
"""From the form to the item event: CN23, Data Model, charges by the shipped regimes, answer to the post, journal.

The worked case of two T-shirts and a pair of shoes into the EU (EUR 48, IOSS) stands on both sides of 1 July 2026.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.e2e.api_doubles import World
from tests.unit.postal_world import OFFICER, POST, PostalWorld, item, s10

from openecp.bootstrap_post import postal_rules
from openecp.border.low_value.basket import Rates
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.quote import Quoter
from openecp.border.postal.acts import AdviseItems, DecideItem, PieceRevision, RecordItemStep, ReviseItem
from openecp.border.postal.binding import write_items_json
from openecp.border.postal.declaration import PostalTerms, declaration_of, item_of_declaration
from openecp.border.postal.item import PostalParty
from openecp.border.postal.response import PostalResponse
from openecp.border.postal.s10 import item_key
from openecp.border.postal.state import item_stream
from openecp.border.postal.table import write_items_csv
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.ledger.accounts import balances
from openecp.kernel.profile import load_profile
from openecp.platform.cli import desk, post_desk
from openecp.platform.cli.main import openecp
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.postbook import PostalBook, read_item_file, write_responses
from openecp.platform.core.postcharges import LowValueCharges
from openecp.platform.core.postwork import PostalCasework, PostalRules, rules_of
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.settings import Settings
from openecp.platform.engines.rows import RowEngine
from openecp.platform.wire import read, write


@pytest.fixture(scope="module")
def charges() -> LowValueCharges:
    """The shipped regimes, and a rate of VAT."""
    return LowValueCharges(lambda: Quoter(load_regimes(), RowEngine()), "EU", rates=Rates(vat="0.20"))


BUYER = PostalParty(name="Jan Vermeer", street="Gracht 2", postcode="1011", city="Amsterdam", country="NL")
PARCEL = item(
    s10=s10(7, "CE", "CN"), origin_post="CNCANA", destination_post="NLAMSA", seller_scheme="IOSS", postage=None,
    seller_scheme_id="IM1234567890", addressee=BUYER,
)  # fmt: skip


def by_the_data_model(one: object) -> object:
    """Send an item through a declaration of the WCO Data Model, as XML."""
    assert isinstance(one, type(PARCEL))
    message = write(declaration_of(one, PostalTerms(declarant="XBPOST", declaration_office="XB000100")))
    declaration = read(message).declaration
    assert (declaration.functional_reference_id, declaration.issue_date_time.value) == (
        one.s10,
        one.posted_on.replace("-", ""),
    )
    back = item_of_declaration(declaration)
    return msgspec.structs.replace(back, total_value=None, seller_scheme=one.seller_scheme)


@pytest.mark.parametrize(("day", "duty", "tax"), [("2026-06-30", 0, 960), ("2026-07-01", 600, 1080)])
def test_from_the_form_to_the_answer(charges: LowValueCharges, day: str, duty: int, tax: int) -> None:
    """What a shop was quoted is what the post is told, to the cent, and what the ledger holds."""
    world = PostalWorld(day=day, assessor=charges)
    one = by_the_data_model(msgspec.structs.replace(PARCEL, posted_on=day))
    assert one == msgspec.structs.replace(PARCEL, posted_on=day)
    key = item_key(PARCEL.s10, day)
    for act, who in (
        (AdviseItems(items=(one,)), POST),  # type: ignore[arg-type]
        (RecordItemStep(items=(key,), step="presented"), POST),
        (DecideItem(item=key), OFFICER),
        (RecordItemStep(items=(key,), step="handed_back"), POST),
        (RecordItemStep(items=(key,), step="delivered"), POST),
    ):
        assert world.do(act, who).error is None  # type: ignore[arg-type]
    told = PostalBook(world.store).responses("x-post")[0].response  # type: ignore[arg-type]
    assert (told.decision, told.post_code) == (("release_with_charges", "R2") if duty else ("release", "R1"))
    assert (told.duty, told.tax) == (f"{duty // 100}.00", f"{tax // 100}.{tax % 100:02d}")
    assert sum(world.store.entries[name].amount_minor for name in world.store.entries) == duty + tax
    sums = balances(world.store.entries.values())
    assert sums["collector:seller:IM1234567890:EUR"] == tax
    assert sums.get("collector:post:x-post:EUR", 0) == duty
    assert world.kinds(item_stream(key))[-3:] == ["PostalItemDecided", "PostalItemHandedBack", "PostalItemDelivered"]
    amounts = world.body(item_stream(key), "PostalItemDecided")["amounts"]
    assert sum(amount["minor"] for amount in amounts) == duty + tax


def test_found_in_the_parcel_and_the_next_year(charges: LowValueCharges) -> None:
    """Found to be worth more than EUR 150, the postal way is shut; the same identifier a year later is another item."""
    world = PostalWorld(day="2026-07-02", assessor=charges)
    world.do(AdviseItems(items=(PARCEL,)))
    key = item_key(PARCEL.s10, PARCEL.posted_on)
    world.do(ReviseItem(item=key, pieces=(PieceRevision(piece=2, value="400"),), reason="Invoice inside."), OFFICER)
    told = world.body(item_stream(key), "PostalItemRevised")["assessed"]
    assert (told["declared"]["outcome"], told["revised"]["outcome"]) == ("release_with_charges", "hold_for_documents")
    assert world.do(DecideItem(item=key), OFFICER).status == "held"
    again = msgspec.structs.replace(PARCEL, posted_on="2027-07-01")
    assert world.do(AdviseItems(items=(again,))).error is None
    other = item_stream(item_key(again.s10, again.posted_on))
    assert world.kinds(other) == ["PostalItemPosted"]
    assert "reused" not in world.body(other, "PostalItemPosted")
    assert world.store.rows[item_stream(key)].status == "held"


def test_answers_in_three_bindings(charges: LowValueCharges) -> None:
    """JSON, XML and CSV say the same."""
    world = PostalWorld(day="2026-07-02", assessor=charges)
    world.do(AdviseItems(items=(PARCEL,)))
    world.do(DecideItem(item=item_key(PARCEL.s10, PARCEL.posted_on)), OFFICER)
    told = [each.response for each in PostalBook(world.store).responses("x-post")]  # type: ignore[arg-type]
    assert msgspec.json.decode(write_responses(told, "json"), type=dict[str, list[PostalResponse]])["responses"] == told
    xml, table = write_responses(told, "xml").decode(), write_responses(told, "csv").decode().splitlines()
    assert xml.count("<Charge>") == len(told[0].charges) == len(table) - 1 == 4
    assert "<Tax>10.80</Tax>" in xml
    assert table[1].split(",")[:4] == [PARCEL.s10, "2026-07-01", "release_with_charges", "R2"]


class Installed:
    """An installation whose store lies in memory."""

    def __init__(self) -> None:
        self.kept = MemoryStore()
        self.settings = Settings()
        self.profile = load_profile("demo")

    def with_settings(self, **changes: object) -> Installed:
        """Return the installation."""
        return self

    def post_rules(self) -> PostalRules:
        """Return the rules."""
        return rules_of(self.profile)

    def open_store(self) -> Installed:
        """Return what can be closed."""
        return self

    def close(self) -> None:
        """Close nothing."""


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """The command line over a store in memory."""
    here = Installed()

    def core(store: object) -> object:
        post = PostalCasework(here.kept, rules=lambda: rules_of(here.profile))
        programme = ProgrammeCasework(here.kept, others=(post,))
        nothing = NoClearance()
        return InProcessCore(
            Desk(assessor=nothing, casework=nothing, reader=here.kept, writer=here.kept, programme=programme)
        )

    class Register:
        """Knows everyone."""

        def organisation(self, name: str) -> str:
            """Return it."""
            return name

    here.programme_core = core  # type: ignore[attr-defined]
    here.register = lambda store: Register()  # type: ignore[attr-defined]
    monkeypatch.setattr(desk, "serves", lambda path: False)
    monkeypatch.setattr(post_desk, "PostalBook", lambda store: PostalBook(here.kept))  # type: ignore[arg-type]
    return here


def run(here: Installed, *arguments: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(openecp, ["post", *arguments], obj=here)


def test_the_commands(installed: Installed, tmp_path: Path) -> None:
    """Check, advise, arrive, step, revise, decide, show, scorecard, response: on files and in the store."""
    local = msgspec.structs.replace(item(), addressee=PostalParty(name="Ib", street="A 1", city="Bal", country="XB"))
    other = msgspec.structs.replace(local, s10=s10(2), pieces=(msgspec.structs.replace(local.pieces[0], hs=None),))
    file = tmp_path / "items.csv"
    file.write_bytes(write_items_csv([local, other]))
    checked = run(installed, "check", str(file), "--json")
    first, second = (json.loads(line) for line in checked.output.splitlines())
    assert checked.exit_code == 1
    assert (first["form"]["form"], first["compliant"], second["compliant"]) == ("CN22", True, False)
    assert "CN22" in run(installed, "check", str(file)).output
    bad = msgspec.structs.replace(local, s10="RB123456786US")
    (tmp_path / "mixed.json").write_bytes(write_items_json([local, bad, other]))
    told = run(installed, "advise", str(tmp_path / "mixed.json"))
    assert told.exit_code == 1
    assert "2 of 3 items taken" in told.output
    key = item_key(local.s10, local.posted_on)
    advice = {"dispatch": {"dispatch_id": "D1", "origin_post": "DEFRAA", "destination_post": "XBBALA",
                           "receptacles": [{"receptacle_id": "B1", "items": [key]}]}}  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps(advice))
    assert "D1: recorded" in run(installed, "advise", str(tmp_path / "d.json")).output
    again = f"""<DispatchAdvice xmlns="urn:openecp:postal:1"><Dispatch><DispatchId>D1</DispatchId>
<OriginPost>DEFRAA</OriginPost><DestinationPost>XBBALA</DestinationPost><Receptacle><ReceptacleId>B1</ReceptacleId>
<Item>{key}</Item></Receptacle></Dispatch></DispatchAdvice>"""
    (tmp_path / "d.xml").write_text(again)
    assert "on record already" in run(installed, "advise", str(tmp_path / "d.xml")).output
    xml = f"""<ReceptacleArrival><DispatchId>D1</DispatchId><Receptacle><ReceptacleId>B1</ReceptacleId>
<Opened>true</Opened><Item>{other.s10}</Item></Receptacle><Complete>true</Complete></ReceptacleArrival>"""
    (tmp_path / "a.xml").write_text(xml)
    arrived = run(installed, "arrive", str(tmp_path / "a.xml"))
    assert "items: 0 arrived, 1 missing, 1 without preadvice, 0 other receptacle" in arrived.output
    assert run(installed, "step", "presented", key).exit_code == 0
    assert run(installed, "revise", key, "--piece", "1", "--set", "value=99", "--reason", "Looked.").exit_code == 0
    assert run(installed, "decide", key, "--decision", "examine", "--reason", "Please wait.").exit_code == 0
    shown = json.loads(run(installed, "show", key, "--json").output)
    assert shown["found"]["pieces"][0]["value"] == "99"
    assert "99" in run(installed, "show", key).output
    (row,) = (json.loads(line) for line in run(installed, "scorecard", "--json").output.splitlines())
    assert (row["origin_post"], row["items"], row["compliant"]) == ("DEFRAA", 2, 1)
    assert "DEFRAA" in run(installed, "scorecard", "--since", "2026-07-01", "--origin", "DE").output
    codes = tmp_path / "codes.csv"
    codes.write_text("decision,post_code\nexamine,EX\n")
    answer = run(installed, "response", "--format", "csv", "--codes", str(codes))
    assert f"{local.s10},2026-07-01,examine,EX" in answer.output
    assert run(installed, "show", "RB1/x").exit_code != 0
    assert run(installed, "check", str(tmp_path / "none.csv")).exit_code != 0


def test_the_routes() -> None:
    """A post sends items in each binding, reads its own answers, and gets everything that is wrong at once."""
    world = World()
    csv, xml = {"content-type": "text/csv"}, {"content-type": "application/xml"}
    taken = world.call("POST", "/post/items", content=write_items_csv([item(), item(2, s10="RB1")]), headers=csv).json()
    assert taken["taken"] == [item_key(s10(1), "2026-07-01")]
    assert taken["left_out"][0]["faults"][0]["code"] == "OECP-S10-LENGTH"
    again = world.call("POST", "/post/items", content=write_items_csv([item(posted_on="2026-08-01")]), headers=csv)
    assert again.json()["warnings"][0]["code"] == "OECP-S10-REUSED"
    bad = world.call("POST", "/post/items", content=b"<!DOCTYPE a><PostalItem/>", headers=xml)
    assert (bad.status_code, bad.json()["code"]) == (400, "OECP-XML-DOCTYPE")
    assert world.call("POST", "/post/items", content=b"<PostalItem/>", headers=xml).status_code == 422
    js = {"content-type": "application/json"}
    key = f"/post/items/{s10(1)}:2026-07-01"
    revision = {"pieces": [{"piece": 1, "value": "99"}], "reason": "The list of last week."}
    officer = "officer-customs"
    assert world.call("POST", f"{key}/revision", token=officer, json=revision, headers=js).status_code == 200
    decision = {"decision": "hold_for_documents", "note": "The list of last week."}
    assert world.call("POST", f"{key}/decision", token=officer, json=decision, headers=js).status_code == 200
    assert "last week" in world.call("GET", key, token=officer).text
    own = world.call("GET", key)
    assert (own.status_code, "last week" in own.text) == (200, False)
    assert own.json()["found"]["pieces"][0]["value"] == "99"
    assert world.call("GET", key, token="trader-b").status_code == 404
    page = world.call("GET", "/post/responses").json()
    assert [each["response"]["decision"] for each in page["responses"]] == ["hold_for_documents"]
    assert world.call("GET", "/post/responses", token="trader-b").json()["responses"] == []
    assert "hold_for_documents" in world.call("GET", "/post/responses?format=csv").text
    assert world.call("GET", "/post/responses?format=pdf").status_code == 400
    assert [row["items"] for row in world.call("GET", "/post/scorecard").json()["rows"]] == [1, 1]
    assert world.call("GET", "/post/scorecard", token="trader-b").json()["rows"] == []
    assert read_item_file(write_items_csv([item()])).items == (item(),)
    assert PostalRules().codes_of("x").missing


def test_formula_cells_of_answers_are_safe() -> None:
    """What an officer writes cannot run in the post's spreadsheet."""
    cell = PostalResponse(
        s10=s10(1), posted_on="2026-07-01", decision="examine", decided_on="2026-07-02", regime="=1+1"
    )
    assert ",'=1+1," in write_responses([cell], "csv").decode()


def test_the_demo_profile_is_wired() -> None:
    """Its invented tables are read; descriptions are judged as those of parcels are."""
    rules = postal_rules(load_profile("demo"))
    assert rules.is_vague("gift")
    assert not rules.is_vague("leather shoes, size 42")
    assert rules.codes_of("any-post").missing == ("no_decision",)
    assert rules.rates.rate("XBM", date(2026, 7, 1)).rate == Decimal("1.52")
    assert {rule.element for rule in rules.requirements} >= {"hs6", "addressee_contact"}
