"""Checks B1, K1, N1, H1 and A1: business credit, offers, incompleteness, register, four eyes."""

from datetime import timedelta
from decimal import Decimal

from serving.notices.checks.content import has_address
from serving.notices.checks.verdict import Fault, check
from serving.notices.compose import compose_incompleteness
from serving.notices.errors import ReasonsError
from serving.notices.forms import FORMS, ActionKind, BusinessPath, NoticeForm
from serving.notices.notice import AdverseActionNotice, Counteroffer, IncompletenessRequest
from serving.notices.reasons import (
    HMDA_EXEMPT,
    derive_hmda_codes,
    derive_hmda_text,
    failed_hmda_edits,
    select_principal_reasons,
)
from serving.notices.record import Business, DecisionRecord
from serving.notices.substance import is_settled, is_written, names_an_item, states_a_cause
from serving.notices.wording import normalised

SMALL_BUSINESS_REVENUE_USD = Decimal(1_000_000)
SHORTEST_PERIOD = timedelta(days=10)
"""Our floor for a "reasonable period of time": five days of mail each way; the law has no number.

Source: 12 CFR 1002.9(c)(2).
"""


def business_path_of(record: DecisionRecord) -> BusinessPath:
    """Returns the rules that the facts of a record call for."""
    return path_of_business(record.business)


def path_of_business(business: Business | None) -> BusinessPath:
    """Returns the rules that the facts of an applicant call for; None is a consumer.

    A business that starts counts as small. Source: 12 CFR 1002.9(a)(3); comment 9(a)(3)-1.
    """
    if business is None:
        return BusinessPath.CONSUMER
    revenue = business.gross_revenue_usd or Decimal(0)
    if business.is_trade_credit_or_factoring or revenue > SMALL_BUSINESS_REVENUE_USD:
        return BusinessPath.BUSINESS_ABOVE_OR_TRADE
    return BusinessPath.BUSINESS_TO_ONE_MILLION


_LAWFUL_PATHS = {
    BusinessPath.CONSUMER: {BusinessPath.CONSUMER},
    BusinessPath.BUSINESS_TO_ONE_MILLION: {
        BusinessPath.BUSINESS_TO_ONE_MILLION,
        BusinessPath.CONSUMER,
    },
    BusinessPath.BUSINESS_ABOVE_OR_TRADE: set(BusinessPath),
}


@check("B1", clause="12 CFR 1002.9(a)(3); comment 9(a)(3)-4")
def follows_the_business_path(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The rules fit revenue and kind of credit; stricter rules than needed may be followed."""
    needed = business_path_of(record)
    if notice.business_path not in _LAWFUL_PATHS[needed]:
        return Fault(
            field="notice.business_path",
            found=f"is {notice.business_path.value!r} but the record calls for {needed.value!r}",
            advice="follow the rules for this revenue and kind of credit",
        )
    if notice.business_path not in FORMS[notice.form].paths:
        return Fault(
            field="notice.form",
            found=f"form {notice.form.value} is not for the path {notice.business_path.value!r}",
            advice="choose a form for this path",
        )
    return None


@check("K1", clause="12 CFR 1002, Appendix C, form C-4; 12 CFR 1002.9(a)(1)(iv)")
def completes_the_counteroffer(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """A counteroffer lists the recorded terms, how to accept them and until when."""
    is_offer = (
        record.action is ActionKind.COUNTEROFFER and notice.form is not NoticeForm.REPORT_USED
    )
    offer = notice.counteroffer
    field = "notice.counteroffer"
    if (offer is not None) != is_offer:
        found = "is missing" if is_offer else "is made though the record holds none"
        return Fault(field=field, found=found, advice="offer exactly what was decided")
    if offer is None:
        return None
    if fault := _offer_fault(notice, offer):
        return fault
    if offer != record.counteroffer:
        return Fault(
            field=field, found="differs from the record", advice="offer exactly what was decided"
        )
    return None


def _offer_fault(notice: AdverseActionNotice, offer: Counteroffer) -> Fault | None:
    field = "notice.counteroffer"
    if not offer.terms or not all(is_written(t.label) and is_settled(t.value) for t in offer.terms):
        return Fault(
            field=f"{field}.terms", found="are incomplete or left open", advice="settle each term"
        )
    if not has_address(offer.accept_at_lines):
        return Fault(
            field=f"{field}.accept_at_lines",
            found="gives no address for the acceptance",
            advice="say where to accept the offer",
        )
    if offer.respond_by is None or offer.respond_by <= notice.dated_on:
        return Fault(
            field=f"{field}.respond_by",
            found="is missing or not after the date of the notice",
            advice="give the day until which the offer can be accepted",
        )
    return None


@check("N1", clause="12 CFR 1002.9(c)(2)")
def completes_the_request_for_information(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """A notice of incompleteness lists the items, the date and the consequence."""
    request, field = notice.incompleteness, "notice.incompleteness"
    is_request = notice.form is NoticeForm.C6 or record.action is ActionKind.INCOMPLETENESS
    if (request is not None) != is_request:
        found = "is missing" if is_request else "stands on a notice of another action"
        return Fault(field=field, found=found, advice="use form C-6 to ask for information")
    if request is None:
        return None
    needed = tuple(item.name for item in record.missing_items if item.applicant_can_supply)
    return _items_fault(request, needed) or _answer_fault(notice, request)


def _items_fault(request: IncompletenessRequest, needed: tuple[str, ...]) -> Fault | None:
    field = "notice.incompleteness.items"
    if not needed or set(request.items) != set(needed) or len(request.items) != len(needed):
        return Fault(
            field=field,
            found="are not the items that the record misses and the applicant can supply",
            advice="list each of them once",
        )
    if not all(map(names_an_item, request.items)):
        return Fault(
            field=field,
            found="do not all specify the information needed",
            advice="name each document or fact",
        )
    return None


def _answer_fault(notice: AdverseActionNotice, request: IncompletenessRequest) -> Fault | None:
    field = "notice.incompleteness"
    if request.respond_by is None or request.respond_by < notice.dated_on + SHORTEST_PERIOD:
        return Fault(
            field=f"{field}.respond_by",
            found="is missing or too soon after the date of the notice",
            advice=f"give a reasonable period of time, {SHORTEST_PERIOD.days} days at least",
        )
    prescribed = compose_incompleteness(request.items, request.respond_by).statement
    if normalised(request.statement) != normalised(prescribed):
        return Fault(
            field=f"{field}.statement",
            found="differs from the prescribed date and consequence",
            advice="use the two sentences of form C-6 word for word",
        )
    return None


@check("H1", clause="12 CFR 1003.4(a)(16); edits V669 to V671")
def reports_the_issued_reasons(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The register's codes follow from the issued reasons and pass the edits."""
    report, field = record.hmda, "record.hmda"
    if report is None:
        return None
    if failed := failed_hmda_edits(report):
        return Fault(
            field=f"{field}.denial_reasons",
            found=f"fails edit {failed[0]}",
            advice="derive the codes from the reasons of the notice",
        )
    if report.denial_reasons == (HMDA_EXEMPT,):
        return None
    if record.action is ActionKind.DENIAL:
        try:
            reasons = notice.reasons or select_principal_reasons(record)
        except ReasonsError:
            reasons = ()
        expected = derive_hmda_codes(reasons), derive_hmda_text(reasons)
        if (report.denial_reasons, report.other_text) != expected:
            return Fault(
                field=f"{field}.denial_reasons",
                found="differs from the reasons of the notice",
                advice="derive codes and text from the reasons of the notice",
            )
    return None


@check("A1", clause="four-eyes policy; 12 CFR 1002.9(b)(2)")
def is_decided_and_released_by_two_people(
    _notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """A person decided, an override has a written reason, another person released."""
    if record.decided_by is None or not record.decided_by.is_person:
        return Fault(
            field="record.decided_by",
            found="is no person",
            advice="have a person record the decision",
        )
    if record.is_override and not states_a_cause(record.override_cause):
        return Fault(
            field="record.override_cause",
            found="states no cause though the advice was overridden",
            advice="write down why",
        )
    if record.released_by is None or not record.released_by.is_person:
        return Fault(
            field="record.released_by", found="is no person", advice="have a second person release"
        )
    ids = [normalised(a.actor_id) for a in (record.decided_by, record.released_by)]
    if ids[0] == ids[1] or not all(ids):
        return Fault(
            field="record.released_by",
            found="is the person who decided, or has no id",
            advice="have a second person release",
        )
    return None
