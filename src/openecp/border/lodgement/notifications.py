# SPDX-License-Identifier: Apache-2.0
"""What Customs tells the trader, as WCO responses: one function for each function code.

A notification says what is decided and what is due, never how goods were chosen: reasons for officers do not enter
it, whatever they are called. Texts of a trader's own request are given back in 07.

Source: WCO Data Model 3.6, RES-DMS:2 customisation; shapes as published notifications of that customisation have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from openecp.kernel.assessment.reasons import Reason, TaxLine
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import AdditionalInformation, Amendment, Pointer
from openecp.kernel.datamodel.item import Commodity, DutyTaxFee, GovernmentAgencyGoodsItem, Payment
from openecp.kernel.datamodel.pointers import PointerError, normalise, to_structs
from openecp.kernel.datamodel.response import Bank, Error, Response, ResponseDeclaration, Status
from openecp.kernel.datamodel.transport import ObligationGuarantee
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity

LIMIT_ERRORS = 999  # errors told in one notification

NAMES: dict[str, tuple[str, str]] = {
    "01": ("ACC", "Declaration accepted"),
    "02": ("RCV", "Declaration or request registered"),
    "03": ("REJ", "Declaration or request rejected"),
    "05": ("CTL", "Goods selected for control"),
    "06": ("DOC", "Documents required"),
    "07": ("RES", "Result: what changed in the declaration"),
    "08": ("ROG", "Goods released"),
    "09": ("CLE", "Declaration cleared"),
    "10": ("INV", "Declaration invalidated"),
    "11": ("REQ", "Answer to a request"),
    "13": ("TAX", "Duties and taxes"),
    "14": ("CPI", "Balance insufficient"),
    "15": ("CPR", "Reminder: balance insufficient"),
    "16": ("EOG", "Goods have exited"),
    "18": ("GER", "Result of exit awaited"),
}

TAX_INDICATIVE, TAX_FINAL, TAX_SECURED = "67", "4", "115"
GRANTED, REFUSED = "39", "41"
CHECKED, NOT_CHECKED = "A1", "A2"  # satisfactory after a check; considered satisfactory without one
INVALIDATED = "3"


def notification_name(code: str) -> str:
    """Return a notification's code and short name, `01 ACC`."""
    return f"{code} {NAMES[code][0]}"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What every notification says of itself: which declaration and version, when, under which number of its own."""

    lrn: str
    mrn: str | None
    version: int
    now: str  # UTC, ISO 8601
    reference: str  # 32 hexadecimal digits


def date_time(now: str) -> DateTime:
    """Return a UTC time of the journal in format 304 (CCYYMMDDhhmmss and zone)."""
    text = f"{now[:4]}{now[5:7]}{now[8:10]}{now[11:13]}{now[14:16]}{now[17:19]}Z"
    return DateTime(value=text, format_code="304")


def amount(minor: int, currency: str, exponent: int = 2) -> Amount:
    """Return minor units as the amount of a message, `20.00` of GBP."""
    return Amount(value=_decimal(minor, exponent), currency_id=currency)


def _decimal(minor: int, exponent: int) -> str:
    if exponent == 2 and minor >= 0:  # nearly all amounts there are
        return f"{minor // 100}.{minor % 100:02d}"
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"


def _rate(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def _response(code: str, subject: Subject, about: ResponseDeclaration | None = None, **parts: object) -> Response:
    declaration = about or ResponseDeclaration(
        functional_reference_id=subject.lrn, id=subject.mrn, version_id=str(subject.version)
    )
    return Response(
        function_code=code,
        functional_reference_id=subject.reference,
        issue_date_time=date_time(subject.now),
        declaration=declaration,
        **parts,  # type: ignore[arg-type]
    )


def accepted(subject: Subject, *, acceptance: DateTime, warnings: Iterable[Reason] = ()) -> Response:
    """01: the declaration is accepted; warnings may go with it."""
    about = ResponseDeclaration(
        acceptance_date_time=acceptance,
        functional_reference_id=subject.lrn,
        id=subject.mrn,
        version_id=str(subject.version),
    )
    errors, statements = _warnings(warnings)
    return _response("01", subject, about, additional_information=statements, error=errors)


def registered(subject: Subject, *, warnings: Iterable[Reason] = ()) -> Response:
    """02: a pre-lodged declaration, or a request, is registered."""
    errors, statements = _warnings(warnings)
    return _response("02", subject, additional_information=statements, error=errors)


def rejected(subject: Subject, reasons: Iterable[Reason]) -> Response:
    """03: the declaration or request is rejected; one Error for each place that a reason points at."""
    about = ResponseDeclaration(
        functional_reference_id=subject.lrn,
        id=subject.mrn,
        rejection_date_time=date_time(subject.now),
        version_id=str(subject.version),
    )
    return _response("03", subject, about, error=errors_of(reasons))


def control(subject: Subject) -> Response:
    """05: the goods will be examined; no detail is given."""
    return _response("05", subject)


def documents(subject: Subject, *, limit: str) -> Response:
    """06: documents are wanted, until `limit`."""
    statement = AdditionalInformation(statement_code="ACA", limit_date_time=date_time(limit), statement_type_code="ACA")
    return _response("06", subject, additional_information=(statement,))


def result(
    subject: Subject,
    *,
    changes: Sequence[tuple[str, str]],
    texts: Sequence[str | None] = (),
    values: Declaration | None = None,
) -> Response:
    """07: what changed (reason and pointer of each), with the declarant's own texts, and the new values."""
    amendments = tuple(
        Amendment(change_reason_code=reason or None, pointer=pointers_of(pointer)) for reason, pointer in changes
    )
    statements = tuple(
        AdditionalInformation(
            statement_description=text,
            statement_type_code="AES",
            pointer=(
                Pointer(sequence_numeric="1", document_section_code="07B"),
                Pointer(sequence_numeric=str(number), document_section_code="06A"),
            ),
        )
        for number, text in enumerate(texts, 1)
        if text
    )
    return _response("07", subject, additional_information=statements, amendment=amendments, amended_declaration=values)


def released(subject: Subject, *, checked: bool) -> Response:
    """08: the goods are released; the clearance follows."""
    return _response("08", subject, additional_information=(_verdict(checked),))


def cleared(subject: Subject, *, checked: bool) -> Response:
    """09: the declaration is cleared, and the goods with it."""
    return _response("09", subject, additional_information=(_verdict(checked),))


def _verdict(checked: bool) -> AdditionalInformation:
    return AdditionalInformation(statement_code=CHECKED if checked else NOT_CHECKED, statement_type_code="AFB")


def invalidated(subject: Subject, *, text: str | None = None) -> Response:
    """10: the declaration is invalidated, at request or because a time limit has passed."""
    about = ResponseDeclaration(
        cancellation_date_time=date_time(subject.now),
        functional_reference_id=subject.lrn,
        id=subject.mrn,
        version_id=str(subject.version),
    )
    statement = AdditionalInformation(
        statement_code=None if text else INVALIDATED, statement_description=text, statement_type_code="AFB"
    )
    return _response("10", subject, about, additional_information=(statement,))


def request_answered(
    subject: Subject, *, granted: bool, text: str | None = None, reasons: Iterable[Reason] = ()
) -> Response:
    """11: a request is granted (39) or refused (41); a refusal says why."""
    statement = AdditionalInformation(statement_description=text, statement_type_code="AFB")
    return _response(
        "11",
        subject,
        additional_information=(statement,),
        error=errors_of(reasons),
        status=(Status(name_code=GRANTED if granted else REFUSED),),
    )


def taxes(
    subject: Subject, *, status: str, lines: Sequence[TaxLine], bank: Bank | None = None, exponent: int = 2
) -> Response:
    """13: duties and taxes by item: indicative (67), secured (115) or final (4)."""
    return taxes_of(subject, status=status, shipment=tax_shipment(lines, exponent), bank=bank)


def tax_shipment(lines: Sequence[TaxLine], exponent: int = 2) -> GoodsShipment:
    """Return tax lines by item, as 13 shows them; the same for every status of one version."""
    by_item: dict[int, list[DutyTaxFee]] = {}
    for line in lines:
        by_item.setdefault(line.item, []).append(tax_line(line, exponent))
    items = tuple(
        GovernmentAgencyGoodsItem(sequence_numeric=str(item), commodity=Commodity(duty_tax_fee=tuple(by_item[item])))
        for item in sorted(by_item)
    )
    return GoodsShipment(government_agency_goods_item=items)


def taxes_of(subject: Subject, *, status: str, shipment: GoodsShipment, bank: Bank | None = None) -> Response:
    """13, with tax lines that are already written by item."""
    about = ResponseDeclaration(
        functional_reference_id=subject.lrn,
        id=subject.mrn,
        version_id=str(subject.version),
        goods_shipment=shipment,
    )
    return _response("13", subject, about, bank=bank, status=(Status(name_code=status),))


def tax_line(line: TaxLine, exponent: int = 2) -> DutyTaxFee:
    """Return one tax line of 13: a line that only informs has no amount to pay, a specific one no base and no rate."""

    def money(minor: int | None) -> Amount | None:
        return None if minor is None else amount(minor, line.currency, exponent)

    if not line.charge:
        return DutyTaxFee(type_code=line.type, payment=Payment(tax_assessed_amount=money(line.assessed_minor)))
    declared = line.duty == DECLARED  # an override is echoed: its base is shown as a quantity in currency
    ad_valorem = line.rate is not None and not declared
    base_quantity = None
    if declared and line.base_minor is not None:
        base_quantity = Quantity(value=_decimal(line.base_minor, exponent) + "0000", unit_code=line.currency)
    return DutyTaxFee(
        ad_valorem_tax_base_amount=money(line.base_minor) if ad_valorem else None,
        deduct_amount=None if declared else money(line.deducted_minor),
        duty_regime_code=line.preference,
        specific_tax_base_quantity=base_quantity,
        tax_rate_numeric=_rate(line.rate) if ad_valorem and line.rate is not None else None,
        type_code=line.type,
        payment=Payment(
            tax_assessed_amount=money(line.assessed_minor),
            payment_amount=money(line.payable_minor),
        ),
    )


DECLARED = "declared"  # TaxLine.duty of a line whose amount the declarant has declared by override


def insufficient(
    subject: Subject,
    *,
    due_minor: int,
    currency: str,
    account: str | None,
    reminder: bool = False,
    bank: Bank | None = None,
    exponent: int = 2,
) -> Response:
    """14: an account does not cover what is due; 15 reminds of it. `account` is the number as declared."""
    guarantee = (ObligationGuarantee(reference_id=account),) if account else ()
    payment = Payment(payment_amount=amount(due_minor, currency, exponent), obligation_guarantee=guarantee)
    about = ResponseDeclaration(
        functional_reference_id=subject.lrn,
        id=subject.mrn,
        version_id=str(subject.version),
        duty_tax_fee=(DutyTaxFee(payment=payment),),
    )
    return _response("15" if reminder else "14", subject, about, bank=bank)


def exited(subject: Subject, *, office: str | None, effective: str) -> Response:
    """16: the goods have left the customs territory, at `office`."""
    statement = AdditionalInformation(statement_description=office, statement_type_code="CEX")
    status = Status(effective_date_time=date_time(effective), name_code="A1")
    return _response("16", subject, additional_information=(statement,), status=(status,))


def exit_awaited(subject: Subject, *, limit: str) -> Response:
    """18: the result of the exit is awaited, until `limit`."""
    statement = AdditionalInformation(limit_date_time=date_time(limit), statement_type_code="CEX")
    return _response("18", subject, additional_information=(statement,))


def errors_of(reasons: Iterable[Reason]) -> tuple[Error, ...]:
    """Return one Error for each place of each reason that the trader may read; the same code and place once."""
    found: dict[tuple[str, str], Error] = {}
    for reason in reasons:
        if reason.audience != "trader":
            continue
        for pointer in (reason.pointer, *reason.related_pointers) if reason.pointer else (None,):
            key = (reason.code, pointer or "")
            if key not in found and len(found) < LIMIT_ERRORS:
                found[key] = Error(
                    description=reason.message[:512] or None,
                    validation_code=reason.code,
                    pointer=pointers_of(pointer) if pointer else (),
                )
    return tuple(found.values())


def _warnings(reasons: Iterable[Reason]) -> tuple[tuple[Error, ...], tuple[AdditionalInformation, ...]]:
    errors = errors_of(reason for reason in reasons if reason.severity == "warn")
    statements = tuple(
        AdditionalInformation(
            statement_code="smartErrorMsg",
            statement_description=error.description,
            statement_type_code="1",
            pointer=(
                Pointer(sequence_numeric="1", document_section_code="07B"),
                Pointer(sequence_numeric=str(number), document_section_code="53A"),
            ),
        )
        for number, error in enumerate(errors, 1)
    )
    return errors, statements


def pointers_of(pointer: str) -> tuple[Pointer, ...]:
    """Return a pointer text as the steps of a message, or nothing where it is no pointer."""
    try:
        return to_structs(normalise(pointer))
    except PointerError:
        return ()
