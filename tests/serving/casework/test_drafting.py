"""Which notice is drafted, and what is refused with field and clause."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.clock import ClockKind, clock_of
from serving.cases.clocks import clocks
from serving.cases.decisions import DecisionPath, Outcome, Provenance
from serving.cases.errors import IllegalEventError
from serving.cases.events import CaseKind
from serving.cases.notice_events import Channel, NoticePurpose
from serving.casework import assessing, deciding, drafting, intake, keeping, letters
from serving.casework.errors import FactsError
from serving.casework.facts import InformationUsed
from serving.notices import samples
from serving.notices.errors import LanguageError, NoticeDataError
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import Counteroffer, Language, Term
from serving.notices.record import Business

TODAY = date(2026, 11, 20)
LATER = TODAY + timedelta(days=20)
REVIEWED = deciding.GivenReason(
    reason=DenialReason.LENGTH_OF_EMPLOYMENT, provenance=Provenance.PERSON, basis="the pay stubs"
)


def draft(office, case_id, by, **fields):
    return drafting.draft(office.desk, case_id, drafting.Draft(**fields), by=by)[1]


def notice_of(office, notice_id):
    return letters.letter_file(office.desk, notice_id).notice


def test_a_consumers_denial_is_told_on_form_c1_with_the_credit_blocks(office, people):
    _, notice_id = office.drafted()
    notice = notice_of(office, notice_id)
    assert notice.form is NoticeForm.C1
    assert notice.report_block is not None
    assert notice.score_block is not None


def test_a_business_is_told_on_form_c7(office, people, make_facts):
    business = Business(gross_revenue_usd=None, is_trade_credit_or_factoring=False)
    _, notice_id = office.drafted(case_id=office.denied(facts=make_facts(business=business)))
    assert notice_of(office, notice_id).form is NoticeForm.C7


def test_an_account_of_a_business_that_is_closed_is_told_on_form_c1(office, people, make_facts):
    business = Business(gross_revenue_usd=None, is_trade_credit_or_factoring=False)
    case_id = office.receive(
        facts=make_facts(business=business),
        kind=CaseKind.EXISTING_ACCOUNT,
        application=None,
        is_complete=False,
    )
    assessing.assess_by_hand(office.desk, case_id, by=people[0])
    decision = deciding.Decide(
        outcome=Outcome.ACCOUNT_ADVERSE_ACTION,
        path=DecisionPath.JUDGMENTAL,
        reasons=(REVIEWED,),
    )
    deciding.decide(office.desk, case_id, decision, by=people[0])
    _, notice_id = office.checked(case_id=case_id, account_action=ActionKind.TERMINATION)
    assert notice_of(office, notice_id).form is NoticeForm.C1


def test_form_c3_is_not_drafted_where_no_score_decided(office, people):
    case_id = office.receive()
    assessing.assess_by_hand(office.desk, case_id, by=people[0])
    decision = deciding.Decide(
        outcome=Outcome.DENY, path=DecisionPath.JUDGMENTAL, reasons=(REVIEWED,)
    )
    deciding.decide(office.desk, case_id, decision, by=people[0])
    with pytest.raises(FactsError, match=r"form: found C-3, .*9\(b\)\(2\)-6 and -7"):
        draft(office, case_id, people[0], form=NoticeForm.C3)
    office.checked(case_id=case_id)


def test_an_agency_that_gave_two_reports_is_named_once(office, people):
    case_id = office.receive()
    used = InformationUsed(reports=samples.DENIAL.reports_used * 2)
    intake.add_information(office.desk, case_id, used, by=people[0])
    assessing.assess(office.desk, case_id, by=people[0])
    deciding.decide(office.desk, case_id, office.denial(case_id), by=people[0])
    _, notice_id = office.checked(case_id=case_id)
    assert notice_of(office, notice_id).report_block.agencies == (samples.AGENCY,)


def test_a_denial_as_incomplete_after_an_assessment_is_no_override(office, people):
    case_id = office.receive(is_complete=False)
    assessing.assess(office.desk, case_id, by=people[0])
    reason = replace(REVIEWED, reason=DenialReason.CREDIT_APPLICATION_INCOMPLETE)
    decision = deciding.Decide(
        outcome=Outcome.DENY,
        path=DecisionPath.JUDGMENTAL,
        reasons=(reason,),
        missing_items=("Pay statements of the last 30 days",),
    )
    deciding.decide(office.desk, case_id, decision, by=people[0])
    _, notice_id = office.checked(case_id=case_id)
    letters.release(office.desk, notice_id, by=people[1])


@pytest.mark.parametrize("form", ["C-1", "C-2", "C-3", "C-5"])
def test_each_form_of_a_denial_passes_every_check_before_the_release(office, form):
    office.checked(form=NoticeForm(form))


def test_what_is_missing_is_asked_for_on_form_c6(any_office, people):
    underwriter, compliance = people
    case_id = any_office.receive(is_complete=False)
    notice_id = draft(
        any_office,
        case_id,
        underwriter,
        missing_items=("Pay statements of the last 30 days",),
        respond_by=LATER,
    )
    assert letters.check(any_office.desk, notice_id, causes={}, by=underwriter).blocked_by == ()
    letters.release(any_office.desk, notice_id, by=compliance)
    stored = letters.mark_sent(any_office.desk, notice_id, channel=Channel.MAILED, by=compliance)
    assert stored.case.respond_by == LATER
    completed = intake.complete(any_office.desk, case_id, by=underwriter)
    assert clock_of(clocks(completed.events), ClockKind.ACTION_TAKEN) is not None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"respond_by": LATER}, "missing_items"),
        ({"missing_items": (" ",), "respond_by": LATER}, "missing_items"),
        ({"missing_items": ("Pay stub",)}, "respond_by"),
        ({"missing_items": ("Pay stub",), "respond_by": TODAY}, "respond_by"),
        ({"missing_items": ("Pay stub",), "respond_by": date(2020, 1, 1)}, "respond_by"),
    ],
)
def test_a_request_without_items_or_with_a_day_that_is_over_is_refused(
    office, people, fields, field
):
    case_id = office.receive(is_complete=False)
    with pytest.raises(FactsError, match=r"12 CFR 1002\.9\(c\)\(2\)") as caught:
        draft(office, case_id, people[0], **fields)
    assert caught.value.field == field


def test_a_counteroffer_and_its_reasons_go_on_form_c4(any_office, people):
    underwriter, compliance = people
    case_id = any_office.assessed()
    decision = any_office.denial(case_id, outcome=Outcome.COUNTEROFFER)
    deciding.decide(any_office.desk, case_id, decision, by=underwriter)
    offer = Counteroffer(
        terms=(Term(label="Amount", value="$12,000.00"),), accept_at_lines=(), respond_by=LATER
    )
    notice_id = draft(any_office, case_id, underwriter, counteroffer=offer)
    notice = notice_of(any_office, notice_id)
    assert notice.form is NoticeForm.C4
    assert notice.counteroffer.accept_at_lines == notice.creditors[0].address_lines
    assert letters.check(any_office.desk, notice_id, causes={}, by=underwriter).blocked_by == ()
    letters.release(any_office.desk, notice_id, by=compliance)
    letters.mark_sent(any_office.desk, notice_id, channel=Channel.MAILED, by=compliance)
    stored = keeping.answer_counteroffer(any_office.desk, case_id, accepted=False, by=underwriter)
    assert clock_of(clocks(stored.events), ClockKind.COUNTEROFFER) is None


def test_an_offer_without_terms_or_with_a_day_that_is_over_is_refused(office, people):
    case_id = office.assessed()
    decision = office.denial(case_id, outcome=Outcome.COUNTEROFFER)
    deciding.decide(office.desk, case_id, decision, by=people[0])
    with pytest.raises(FactsError, match=r"counteroffer: .*form C-4"):
        draft(office, case_id, people[0])
    over = Counteroffer(terms=(), accept_at_lines=(), respond_by=TODAY)
    with pytest.raises(FactsError, match=r"counteroffer\.respond_by"):
        draft(office, case_id, people[0], counteroffer=over)


def test_reasons_left_to_a_request_are_stated_when_it_comes(any_office, people):
    underwriter, compliance = people
    case_id, _ = any_office.sent(form=NoticeForm.C5)
    keeping.request_reasons(any_office.desk, case_id, by=underwriter)
    notice_id = draft(any_office, case_id, underwriter)
    stored = any_office.desk.load(case_id)
    assert stored.case.notice(notice_id).draft.purpose is NoticePurpose.REASONS_STATEMENT
    assert {r.key for r in notice_of(any_office, notice_id).reasons} == {
        DenialReason.BANKRUPTCY,
        DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME,
    }
    letters.check(any_office.desk, notice_id, causes={}, by=underwriter)
    letters.release(any_office.desk, notice_id, by=compliance)


def test_an_existing_account_says_what_was_done_to_it(any_office, people):
    case_id = any_office.receive(
        kind=CaseKind.EXISTING_ACCOUNT, application=None, is_complete=False
    )
    assessing.assess_by_hand(any_office.desk, case_id, by=people[0])
    reason = deciding.GivenReason(
        reason=DenialReason.POOR_CREDIT_PERFORMANCE_WITH_US,
        provenance=deciding.Provenance.PERSON,
        basis="three returned payments",
    )
    decision = deciding.Decide(
        outcome=Outcome.ACCOUNT_ADVERSE_ACTION,
        path=deciding.DecisionPath.JUDGMENTAL,
        reasons=(reason,),
    )
    deciding.decide(any_office.desk, case_id, decision, by=people[0])
    with pytest.raises(FactsError, match=r"account_action: .*1002\.2\(c\)\(1\)"):
        draft(any_office, case_id, people[0])
    notice_id = draft(any_office, case_id, people[0], account_action=ActionKind.TERMINATION)
    assert letters.check(any_office.desk, notice_id, causes={}, by=people[0]).blocked_by == ()


def test_a_language_without_approved_texts_is_blocked(office, people):
    with pytest.raises(LanguageError, match=r"language: .*1002\.4\(e\)"):
        draft(office, office.denied(), people[0], language=Language.SPANISH)


def test_what_is_not_owed_is_not_drafted(office, people):
    case_id, _ = office.sent()
    with pytest.raises(IllegalEventError):
        draft(office, case_id, people[0])
    with pytest.raises(IllegalEventError):
        draft(office, office.assessed(), people[0], missing_items=("Pay stub",), respond_by=LATER)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"form": NoticeForm.C8}, FactsError),
        ({"dated_on": LATER}, FactsError),
        ({"form": NoticeForm.C5, "dated_on": TODAY - timedelta(days=3)}, FactsError),
        ({"missing_items": ("Pay stub",), "respond_by": LATER}, FactsError),
        ({"consumer_id": "consumer-9"}, NoticeDataError),
    ],
)
def test_a_draft_that_cannot_be_is_refused_and_leaves_nothing(office, people, fields, error):
    case_id = office.denied()
    before = office.desk.load(case_id)
    with pytest.raises(error):
        draft(office, case_id, people[0], **fields)
    assert office.desk.load(case_id) == before
