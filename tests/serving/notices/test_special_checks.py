from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from serving.notices.checks.special import business_path_of
from serving.notices.forms import ActionKind, BusinessPath, NoticeForm
from serving.notices.notice import StatedReason
from serving.notices.reasons import derive_hmda_codes, derive_hmda_text, failed_hmda_edits
from serving.notices.record import Actor, Business, HmdaReport
from serving.notices.samples import DATED_ON, sample_case, sample_record

OFFER = sample_case(NoticeForm.C4).notice.counteroffer
REQUEST = sample_case(NoticeForm.C6).notice.incompleteness
SMALL, LARGE = BusinessPath.BUSINESS_TO_ONE_MILLION, BusinessPath.BUSINESS_ABOVE_OR_TRADE


@pytest.mark.parametrize(
    ("revenue", "is_trade", "expected"),
    [
        (None, False, SMALL),
        (Decimal(0), False, SMALL),
        (Decimal("1000000.00"), False, SMALL),
        (Decimal("1000000.01"), False, LARGE),
        (Decimal(40_000), True, LARGE),
        (None, True, LARGE),
    ],
)
def test_b1_revenue_and_trade_credit_choose_the_path(revenue, is_trade, expected):
    business = Business(gross_revenue_usd=revenue, is_trade_credit_or_factoring=is_trade)
    record = replace(sample_record(NoticeForm.C7), business=business)
    assert business_path_of(record) is expected


@pytest.mark.parametrize("form", [NoticeForm.C7, NoticeForm.C8])
@pytest.mark.parametrize("path", BusinessPath)
def test_b1_forms_and_paths_fit(form, path, changed, failed):
    lawful = {(NoticeForm.C7, SMALL), (NoticeForm.C8, SMALL)}
    assert ("B1" not in failed(changed(form, business_path=path))) is ((form, path) in lawful)


def test_b1_a_consumer_gets_no_business_form(changed, failed):
    assert "B1" in failed(changed(NoticeForm.C7, record_business=None))
    assert "B1" in failed(changed(NoticeForm.C8, record_business=None))
    assert "B1" in failed(changed(business_path=SMALL))


def test_b1_a_business_may_be_treated_as_a_consumer(changed, failed):
    business = Business(gross_revenue_usd=Decimal(5_000_000), is_trade_credit_or_factoring=False)
    assert failed(changed(record_business=business)) == set()


@pytest.mark.parametrize(
    "offer",
    [
        None,
        replace(OFFER, terms=()),
        replace(OFFER, terms=(replace(OFFER.terms[0], value=" "),)),
        replace(OFFER, accept_at_lines=()),
        replace(OFFER, respond_by=None),
        replace(OFFER, respond_by=DATED_ON),
        replace(OFFER, respond_by=OFFER.respond_by + timedelta(days=1)),
    ],
)
def test_k1_a_counteroffer_has_terms_a_route_and_a_deadline(offer, changed, failed):
    assert failed(changed(NoticeForm.C4, counteroffer=offer)) == {"K1"}


def test_k1_no_offer_that_was_not_decided(changed, failed):
    assert failed(changed(counteroffer=OFFER)) == {"K1"}


@pytest.mark.parametrize(
    "request_",
    [
        None,
        replace(REQUEST, items=()),
        replace(REQUEST, items=REQUEST.items[:1]),
        replace(REQUEST, items=(*REQUEST.items, "Tax return")),
        replace(REQUEST, respond_by=None),
        replace(REQUEST, respond_by=DATED_ON),
        replace(REQUEST, statement=REQUEST.statement.split(". ")[0]),
        replace(REQUEST, respond_by=REQUEST.respond_by + timedelta(days=1)),
    ],
)
def test_n1_a_request_has_items_a_date_and_the_consequence(request_, changed, failed):
    assert failed(changed(NoticeForm.C6, incompleteness=request_)) == {"N1"}


def test_n1_no_request_on_a_denial(changed, failed):
    assert failed(changed(incompleteness=REQUEST)) == {"N1"}


@pytest.mark.parametrize(
    ("action", "codes", "text", "expected"),
    [
        (3, (1, 3), None, ()),
        (7, (9,), "Length of residence", ()),
        (1, (10,), None, ()),
        (3, (1111,), None, ()),
        (3, (), None, ("V669-1", "V670-1")),
        (3, (12,), None, ("V669-1", "V670-1")),
        (3, (1, 10), None, ("V669-2",)),
        (3, (1, 2, 3, 4, 5), None, ("V669-2",)),
        (3, (3, 3), None, ("V669-3",)),
        (1, (10, 3), None, ("V669-4",)),
        (3, (10,), None, ("V670-1", "V670-4")),
        (1, (3,), None, ("V670-2", "V670-3")),
        (3, (9,), None, ("V671-1",)),
        (3, (9,), "  ", ("V671-1",)),
        (3, (1,), "Length of residence", ("V671-2",)),
    ],
)
def test_h1_the_edits_of_the_register(action, codes, text, expected):
    report = HmdaReport(action_taken=action, denial_reasons=codes, other_text=text)
    assert failed_hmda_edits(report) == expected


def test_h1_the_codes_follow_from_the_issued_reasons(changed, failed):
    right = HmdaReport(action_taken=3, denial_reasons=(1, 3))
    assert failed(changed(record_hmda=right)) == set()
    for codes in [(3, 1), (1,), (1, 4), (1, 3, 2)]:
        assert failed(changed(record_hmda=replace(right, denial_reasons=codes))) == {"H1"}
    assert failed(changed(record_hmda=replace(right, denial_reasons=(1111,)))) == set()


def test_h1_a_notice_of_the_right_to_reasons_reports_the_confirmed_ones(changed, failed):
    right = HmdaReport(action_taken=3, denial_reasons=(1, 3))
    assert failed(changed(NoticeForm.C5, record_hmda=right)) == set()
    none = changed(NoticeForm.C5, record_hmda=right, record_principal_reason_keys=())
    assert failed(none) == {"H1"}


def test_h1_codes_are_told_once_and_mortgage_insurance_has_its_own():
    keys = ["mortgage_insurance_denied", "length_of_residence", "temporary_residence", "other:x"]
    assert derive_hmda_codes([StatedReason(key=k, text="t") for k in keys]) == (8, 9)


def test_h1_mortgage_insurance_denied_in_specific_words_keeps_its_code():
    text = "Mortgage insurance denied by Example MI Company"
    told = [StatedReason(key="other:mortgage_insurance_denied", text=text)]
    assert (derive_hmda_codes(told), derive_hmda_text(told)) == ((8,), None)
    beside = [*told, StatedReason(key="other:x", text="Age of automobile offered")]
    assert derive_hmda_codes(beside) == (8, 9)
    assert derive_hmda_text(beside) == "Age of automobile offered"


@pytest.mark.parametrize(
    "change",
    [
        {"record_decided_by": None},
        {"record_decided_by": Actor(actor_id="model-3", is_person=False)},
        {"record_released_by": None},
        {"record_released_by": Actor(actor_id="job-1", is_person=False)},
        {"record_released_by": Actor(actor_id=" Underwriter-7", is_person=True)},
        {"record_is_override": True},
        {"record_is_override": True, "record_override_cause": "  "},
    ],
)
def test_a1_two_people_and_a_written_cause(change, changed, failed):
    assert failed(changed(**change)) == {"A1"}


def test_a1_an_override_with_its_cause_passes(changed, failed):
    case = changed(record_is_override=True, record_override_cause="documents seen in person")
    assert failed(case) == set()


def test_an_account_that_is_closed_is_told_on_form_c1(changed, failed):
    notice = sample_case(NoticeForm.C1).notice
    action = replace(notice.action, kind=ActionKind.TERMINATION, description="Account closed")
    assert failed(changed(action=action, record_action=ActionKind.TERMINATION)) == set()
