# SPDX-License-Identifier: Apache-2.0
"""The published scenarios, driven through `decide` with stub assessments: the same notifications, in causal order.

Whether tax is due, which channel was drawn and whether money was short is read off the replies; what is tested is
which notifications follow, with which status and version, and that none comes before its cause.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.corpus import corpus_path
from tests.lifecycle_office import TABLES, Office, assessed, fault, line, refused, request

from openecp.border.lodgement.notifications import NAMES, notification_name, tax_line
from openecp.kernel.assessment.reasons import Assessment, TaxLine
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.item import DutyTaxFee
from openecp.kernel.datamodel.values import Amount
from openecp.kernel.ledger.settlement import Funds
from openecp.platform.wire import Unreadable, read, read_response

BECOMES = {"D": "A", "E": "B", "F": "C", "K": "J"}


def scenario_names() -> list[str]:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "wco-dm" / "scenarios"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ["(absent)"]


class Published:
    """One folder: what was sent, and what was replied."""

    def __init__(self, folder: Path) -> None:
        self.sent: list[Declaration] = []
        self.replies: list[tuple[str, str]] = []
        for path in sorted(folder.rglob("*.xml")):
            if "DIS_Report" in path.name:
                continue
            data = path.read_bytes()
            try:
                self.sent.append(read(data).declaration)
                continue
            except Unreadable:
                pass
            try:
                responses = read_response(data).responses
            except Unreadable:
                continue
            for response in responses:
                code = response.function_code or ""
                status = f"/{response.status[0].name_code}" if response.status and code in ("11", "13") else ""
                version = response.declaration.version_id if response.declaration is not None else None
                self.replies.append((code + status, version or ""))
        names = {code for code, _ in self.replies}
        if "01" in names and "03" in names:  # another run's rejection lies in the folder
            self.replies = [(code, version) for code, version in self.replies if code != "03"]
        self.names = {code for code, _ in self.replies}
        self.codes = {code.partition("/")[0] for code in self.names}


def stub(published: Published, movement: str) -> Assessment:
    if "03" in published.codes:
        return refused(fault())
    channel = "red" if "05" in published.codes else "green"
    lines = [line(), line(type="B00", payable=20400)] if "13" in published.codes else []
    secured = 500 if {"13/115", "14"} & published.names else 0
    provisional = secured if "13/115" in published.names else 0
    return assessed(*lines, channel=channel, movement=movement, security_minor=secured, provisional_minor=provisional)


def drive(published: Published) -> Office:
    """Lodge what was sent and do what the replies show to have been done outside of messages."""
    original = next((sent for sent in published.sent if sent.function_code == "9"), None)
    if original is None:
        pytest.skip("the declaration of this folder is not well-formed")
    kind = original.type_code or ""
    movement = "export" if kind.startswith("EX") else "import"
    assessment = stub(published, movement)
    TABLES["type_codes"] = [
        {
            "type_code": kind,
            "movement": movement,
            "prelodged": "yes" if kind[2:] in BECOMES else "no",
            "becomes": kind[:2] + BECOMES.get(kind[2:], kind[2:]),
        }
    ]
    funds = {}
    if "14" in published.codes:
        for guarantee in original.obligation_guarantee:
            funds[guarantee.reference_id or guarantee.id or ""] = Funds(account="g", available_minor=0)
    everywhere = ["registered", "assessed", "documents_required", "under_control", "payment_pending", "cleared"]
    office = Office(
        funds=funds,
        requests={"amend_automatically_in": everywhere, "invalidate_automatically_in": everywhere},
        clocks={"release_wait_s": 8 * 60},
    )
    mrn = office.lodge(original, assessment).mrn or ""
    rank = {"COR": 1, "GPR": 2, "INV": 3}
    requests = sorted((s for s in published.sent if s.function_code == "13"), key=lambda s: rank[s.type_code or ""])
    for sent in requests:
        if sent.type_code == "INV":
            pass_time(office)
        office.lodge(with_mrn(sent, mrn), assessment)
    if office.case().status == "registered" and "01" in published.codes:
        if movement == "export":
            office.act("confirm_arrival", "XBAUNORTHPORT", assessment)
        else:
            office.lodge(request(mrn, "GPR"), assessment)
    if office.case().status == "under_control" and "09" in published.codes:
        office.pass_days(0.02)
        office.act("control_result", "conform")
    pass_time(office)
    if office.case().status == "released":
        office.act("release", assessment=assessed(line(payable=1), channel="green"))
    if "16" in published.codes:
        office.act("confirm_exit")
    return office


def pass_time(office: Office) -> None:
    if "release" in office.case().clocks:
        office.pass_days(0.01)
        office.clock("release")


def with_mrn(sent: Declaration, mrn: str) -> Declaration:
    return msgspec.structs.replace(sent, id=mrn)


# Of one version, the left never comes after the right. 01 and 13/67 may come in either order.
BEFORE = [
    *[("01", "05"), ("01", "06"), ("01", "07"), ("01", "13/4"), ("01", "09")],
    *[("13/4", "09"), ("07", "09"), ("13/67", "13/115"), ("13/115", "08"), ("08", "13/4"), ("13/67", "13/4")],
    *[("02", "11/39"), ("11/39", "10"), ("09", "16")],
]


def out_of_order(told: list[tuple[str, str]]) -> list[str]:
    """Return the constraints that a sequence breaks."""
    found = []
    for first, then in BEFORE:
        for version in {v for _, v in told}:
            of_version = [code for code, v in told if v == version]
            if first in of_version and then in of_version:
                last_first = max(i for i, code in enumerate(of_version) if code == first)
                if first == "02":  # each request has its own 02
                    last_first = of_version.index(first)
                if last_first > max(i for i, code in enumerate(of_version) if code == then):
                    found.append(f"{first} after {then} in version {version}")
    return found


# What the stub cannot know, with the reason.
DIFFERS: dict[str, tuple[set[str], set[str], str]] = {
    "TT_IM026a": ({"13/4"}, set(), "the folder holds no final tax notice although duty is payable"),
    "TT_IM134a": ({"01", "02", "09", "13/67"}, set(), "the folder holds one reply only, the final tax notice"),
}


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_is_told_as_published(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "type_codes", [])
    published = Published(corpus_path(f"wco-dm/scenarios/{name}"))
    office = drive(published)
    assert out_of_order(office.told) == []
    if not published.replies:  # nothing to compare with: the messages are taken, and that is all that can be said
        assert office.told
        return
    names = {code for code, _ in office.told}
    more, less, _ = DIFFERS.get(name, (set(), set(), ""))
    assert names - published.names == more
    assert published.names - names == less


@pytest.mark.parametrize("name", scenario_names())
def test_versions_are_those_of_the_replies(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "type_codes", [])
    published = Published(corpus_path(f"wco-dm/scenarios/{name}"))
    told = set(drive(published).told)
    wanted = {(code, version) for code, version in published.replies if version}
    assert wanted - told == set()


def test_every_published_function_code_has_a_name() -> None:
    folder = corpus_path("wco-dm/notifications-annotated")
    found = {r.function_code or "" for path in folder.glob("*.xml") for r in read_response(path.read_bytes()).responses}
    assert found == set(NAMES)
    for path in folder.glob("*.xml"):
        [response] = read_response(path.read_bytes()).responses
        assert notification_name(response.function_code or "").split()[1] in path.name or "GER" in path.name


def published_taxes() -> list[DutyTaxFee]:
    folder = corpus_path("wco-dm/scenarios")
    found: list[DutyTaxFee] = []
    for path in sorted(folder.rglob("*.xml")):
        try:
            responses = read_response(path.read_bytes()).responses
        except Unreadable:
            continue
        for response in responses:
            shipment = response.declaration.goods_shipment if response.declaration is not None else None
            for item in shipment.government_agency_goods_item if shipment is not None else ():
                found += item.commodity.duty_tax_fee if item.commodity is not None else ()
    return found


def minor(amount: Amount | None) -> int | None:
    return None if amount is None else int(amount.value.replace(".", ""))


def test_a_tax_line_is_written_as_it_was_published() -> None:
    fees = published_taxes()
    assert len(fees) > 50
    for fee in fees:
        payment = fee.payment
        assert payment is not None
        override = fee.specific_tax_base_quantity
        base = minor(fee.ad_valorem_tax_base_amount)
        if override is not None:
            base = int(override.value.partition(".")[0]) * 100
        line_of = TaxLine(
            item=1,
            type=fee.type_code or "",
            base_minor=base,
            rate=fee.tax_rate_numeric,
            assessed_minor=minor(payment.tax_assessed_amount),
            payable_minor=minor(payment.payment_amount),
            currency="GBP",
            deducted_minor=minor(fee.deduct_amount) or 0,
            charge=payment.payment_amount is not None,
            preference=fee.duty_regime_code,
            duty="declared" if override is not None else None,
        )
        assert tax_line(line_of) == fee
