"""Every form filled in with invented people, creditors and agencies (synthetic).

They show what a notice file holds; every check passes on each of them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from data_pipeline.domain.taxonomy import DenialReason
from serving.notices.case_file import NoticeCase
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import (
    ConsumerReportingAgency,
    Counteroffer,
    Creditor,
    CreditorType,
    CreditRequest,
    Recipient,
    Term,
    Transaction,
)
from serving.notices.record import (
    Actor,
    Business,
    DecisionPath,
    DecisionRecord,
    Factor,
    FactorSource,
    MissingItem,
    ReportUsed,
    ScoreUsed,
)

DECIDED_ON = date(2026, 11, 16)
DATED_ON = date(2026, 11, 20)

CREDITOR = Creditor(
    name="Quarry Street Finance Company",
    address_lines=("400 Quarry Street, Suite 12", "Millbrook, OH 43299"),
    creditor_type=CreditorType.OTHER_CREDITOR,
    telephone="(614) 555-0130",
)
APPLICANT = Recipient(
    consumer_id="consumer-1",
    name="Dana Whitlow",
    address_lines=("18 Alder Court, Apt. 3", "Millbrook, OH 43299"),
)
GUARANTOR = Recipient(
    consumer_id="consumer-2",
    name="Robin Vance",
    address_lines=("7 Ferry Lane", "Millbrook, OH 43299"),
)
AGENCY = ConsumerReportingAgency(
    name="Northern Example Credit Bureau",
    address_lines=("P.O. Box 1150", "Granite Falls, PA 19299"),
    telephone="(800) 555-0199",
    is_nationwide=True,
)
OTHER_AGENCY = ConsumerReportingAgency(
    name="Southern Example Credit Bureau",
    address_lines=("P.O. Box 77", "Ridgeway, GA 30199"),
    telephone="(888) 555-0142",
    is_nationwide=True,
)
SCORE = ScoreUsed(
    consumer_id="consumer-1",
    score=612,
    created_on=date(2026, 11, 10),
    range_low=300,
    range_high=850,
    key_factors=(
        "Proportion of balances to limits on revolving accounts is too high",
        "Time since delinquency is too recent or unknown",
        "Too many accounts with balances",
        "Length of time accounts have been established",
        "Number of recent inquiries on consumer report",
    ),
    provided_by="Northern Example Credit Bureau",
    inquiries_factor="Number of recent inquiries on consumer report",
)
FACTORS = (
    Factor(
        factor_id="debt_to_income_ratio",
        reason_key=DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME.value,
        source=FactorSource.JUDGMENT,
        adverse_contribution=1.0,
        rank=1,
    ),
    Factor(
        factor_id="days_past_due_90",
        reason_key=DenialReason.DELINQUENT_OBLIGATIONS_WITH_OTHERS.value,
        source=FactorSource.JUDGMENT,
        adverse_contribution=1.0,
        rank=2,
    ),
    Factor(
        factor_id="years_in_job",
        reason_key=DenialReason.LENGTH_OF_EMPLOYMENT.value,
        source=FactorSource.JUDGMENT,
        adverse_contribution=-1.0,
        rank=3,
    ),
)
DENIAL = DecisionRecord(
    action=ActionKind.DENIAL,
    creditors=(CREDITOR,),
    applicants=(APPLICANT,),
    primary_consumer_id="consumer-1",
    decided_on=DECIDED_ON,
    path=DecisionPath.JUDGMENTAL,
    factors=FACTORS,
    principal_reason_keys=(FACTORS[0].reason_key, FACTORS[1].reason_key),
    reports_used=(ReportUsed(consumer_id="consumer-1", agency=AGENCY),),
    scores_used=(SCORE,),
    other_information_used=True,
    decided_by=Actor(actor_id="underwriter-7", is_person=True),
    released_by=Actor(actor_id="compliance-2", is_person=True),
)
_SMALL_BUSINESS = Business(gross_revenue_usd=Decimal(640_000), is_trade_credit_or_factoring=False)


def _scored() -> DecisionRecord:
    factors = tuple(replace(f, source=FactorSource.SCORE) for f in FACTORS)
    return replace(DENIAL, path=DecisionPath.SCORE, factors=factors)


def _counteroffer() -> DecisionRecord:
    offer = Counteroffer(
        terms=(
            Term(label="Amount", value="$12,000.00"),
            Term(label="Annual percentage rate", value="11.90 %"),
            Term(label="Term", value="48 months"),
        ),
        accept_at_lines=CREDITOR.address_lines,
        respond_by=DATED_ON + timedelta(days=20),
    )
    return replace(DENIAL, action=ActionKind.COUNTEROFFER, counteroffer=offer)


def _undecided(action: ActionKind) -> DecisionRecord:
    return replace(
        DENIAL,
        action=action,
        decided_on=None,
        path=None,
        factors=(),
        principal_reason_keys=(),
        reports_used=(),
        scores_used=(),
        other_information_used=False,
    )


def _approved() -> DecisionRecord:
    return replace(
        _undecided(ActionKind.APPROVAL), decided_on=DECIDED_ON, path=DecisionPath.JUDGMENTAL
    )


def _guaranteed() -> DecisionRecord:
    own = GUARANTOR.consumer_id
    report = ReportUsed(consumer_id=own, agency=OTHER_AGENCY)
    score = replace(
        SCORE, consumer_id=own, score=588, key_factors=SCORE.key_factors[:2], inquiries_factor=None,
        provided_by=OTHER_AGENCY.name,
    )  # fmt: skip
    return replace(
        DENIAL,
        applicants=(APPLICANT, GUARANTOR),
        guarantor_consumer_ids=(own,),
        notified_consumer_ids=(APPLICANT.consumer_id,),
        reports_used=(*DENIAL.reports_used, report),
        scores_used=(SCORE, score),
        other_information_used=False,
    )


def _incomplete() -> DecisionRecord:
    items = (
        MissingItem(name="Pay statements of the last 30 days", applicant_can_supply=True),
        MissingItem(name="Signed page 3 of the application", applicant_can_supply=True),
    )
    return replace(_undecided(ActionKind.INCOMPLETENESS), missing_items=items)


def _business() -> DecisionRecord:
    factors = (
        replace(FACTORS[0], reason_key=DenialReason.BUSINESS_EARNINGS_RECORD.value),
        replace(FACTORS[1], reason_key=DenialReason.COLLATERAL_VALUE_OR_TYPE_INSUFFICIENT.value),
    )
    return replace(
        DENIAL,
        factors=factors,
        principal_reason_keys=tuple(f.reason_key for f in factors),
        reports_used=(),
        scores_used=(),
        other_information_used=False,
        business=_SMALL_BUSINESS,
    )


def _at_application() -> DecisionRecord:
    return replace(_undecided(ActionKind.AT_APPLICATION), business=_SMALL_BUSINESS)


def sample_record(form: NoticeForm) -> DecisionRecord:
    """Returns a decision record that calls for this form."""
    make = _RECORDS.get(form)
    return make() if make else DENIAL


_RECORDS: dict[NoticeForm, Callable[[], DecisionRecord]] = {
    NoticeForm.C3: _scored,
    NoticeForm.C4: _counteroffer,
    NoticeForm.C6: _incomplete,
    NoticeForm.C7: _business,
    NoticeForm.C8: _at_application,
    NoticeForm.APPROVAL: _approved,
    NoticeForm.REPORT_USED: _guaranteed,
}


def sample_case(form: NoticeForm) -> NoticeCase:
    """Returns a form filled in from `sample_record`."""
    record = sample_record(form)
    recipient = GUARANTOR if form is NoticeForm.REPORT_USED else APPLICANT
    request = DraftRequest(
        notice_id=f"sample-{form.value.lower()}",
        form=form,
        consumer_id=recipient.consumer_id,
        dated_on=DATED_ON,
        transaction=Transaction(request=CreditRequest.LOAN, description="a home repair loan"),
        reasons_contact="our credit service manager",
        respond_by=DATED_ON + timedelta(days=21) if form is NoticeForm.C6 else None,
    )
    return NoticeCase(notice=draft_notice(record, request), record=record)
