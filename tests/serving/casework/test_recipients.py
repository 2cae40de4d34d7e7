"""Letters per recipient: whose bureau, score and key factors each holds; and approvals."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.application_file import ApplicantRole
from serving.cases.case import Stage
from serving.cases.decisions import DecisionPath, Outcome, Provenance
from serving.cases.errors import IllegalEventError, SecondPersonError
from serving.cases.events import CaseKind
from serving.cases.notice_events import Channel
from serving.cases.store_errors import IdTakenError, UnknownNoticeError
from serving.casework import assessing, deciding, drafting, intake, keeping, letters, printing
from serving.casework.drafting import Draft
from serving.casework.errors import FactsError
from serving.casework.facts import InformationUsed
from serving.casework.printing import Rendering
from serving.notices import samples
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import Counteroffer, Term
from serving.notices.record import ReportUsed

AGENCY, OTHER_AGENCY = samples.AGENCY, samples.OTHER_AGENCY
OWN = samples.SCORE
OTHER = replace(
    OWN,
    consumer_id="consumer-2",
    score=588,
    key_factors=("Too few accounts currently paid as agreed",),
    inquiries_factor=None,
    provided_by=OTHER_AGENCY.name,
)
REPORTS = (
    *samples.DENIAL.reports_used,
    ReportUsed(consumer_id="consumer-2", agency=OTHER_AGENCY),
)
ADDRESS = ("7 Ferry Lane", "Millbrook, OH 43299")
OFFER = Counteroffer(
    terms=(Term(label="Amount", value="$12,000.00"),),
    accept_at_lines=(),
    respond_by=date(2026, 11, 20) + timedelta(days=20),
)


@pytest.fixture
def two(make_applicant, people):
    """Assesses a request of two people, each with a report and a score of their own."""

    def receive(office, role=ApplicantRole.JOINT, text=None, **used):
        other = replace(make_applicant(2, role), name="Robin Vance", address_lines=ADDRESS)
        fields = {"text": text} if text else {}
        case_id = office.receive(applicants=(make_applicant(), other), **fields)
        found = InformationUsed(**({"reports": REPORTS, "scores": (OWN, OTHER)} | used))
        intake.add_information(office.desk, case_id, found, by=people[0])
        assessing.assess(office.desk, case_id, by=people[0])
        return case_id

    return receive


@pytest.fixture
def denied(two, people):
    """Denies such a request."""

    def deny(office, *arguments, **fields):
        case_id = two(office, *arguments, **fields)
        deciding.decide(office.desk, case_id, office.denial(case_id), by=people[0])
        return case_id

    return deny


def draft_all(office, case_id, by, **fields):
    return drafting.draft_all(office.desk, case_id, Draft(**fields), by=by)[1]


def to_the_post(office, notice_id, people):
    found = letters.check(office.desk, notice_id, causes={}, by=people[0])
    assert found.blocked_by == ()
    letters.release(office.desk, notice_id, by=people[1])
    return letters.mark_sent(office.desk, notice_id, channel=Channel.MAILED, by=people[1])


def text_of(office, notice_id):
    return " ".join(printing.preview(office.desk, notice_id, Rendering.TEXT).decode().split())


def test_each_of_two_applicants_gets_their_own_credit_data_and_nobody_elses(
    any_office, denied, people
):
    case_id = denied(any_office)
    first, second = draft_all(any_office, case_id, people[0])
    texts = text_of(any_office, first), text_of(any_office, second)
    for text, name, agency, score in zip(
        texts, ("Dana Whitlow", "Robin Vance"), (AGENCY, OTHER_AGENCY), (OWN, OTHER), strict=True
    ):
        data = (name, agency.name, agency.telephone, f"credit score: {score.score}")
        scores = {f"credit score: {known.score}" for known in (OWN, OTHER)}
        others = {"Dana Whitlow", "Robin Vance", AGENCY.name, OTHER_AGENCY.name, *scores}
        assert all(word in text for word in (*data, *score.key_factors))
        mine = {word for word in others if any(word in known for known in data)}
        assert not [word for word in others - mine if word in text]
    assert not set(OTHER.key_factors) & {f for f in OWN.key_factors if f in texts[1]}
    stored = to_the_post(any_office, first, people)
    assert stored.case.stage is Stage.DECIDED
    with pytest.raises(IllegalEventError, match="CaseRetained"):
        keeping.retain(any_office.desk, case_id, by=people[1])
    assert to_the_post(any_office, second, people).case.stage is Stage.NOTIFIED
    for notice_id in (first, second):
        for kind in Rendering:
            made = printing.regenerate(any_office.desk, notice_id, kind)
            assert made == printing.preview(any_office.desk, notice_id, kind)


def test_only_whose_report_was_used_gets_a_letter_beside_the_primary_applicant(
    office, denied, people
):
    case_id = denied(office, reports=REPORTS[:1], scores=(OWN,))
    with pytest.raises(IllegalEventError, match="not owed to this recipient"):
        drafting.draft(office.desk, case_id, Draft(consumer_id="consumer-2"), by=people[0])
    assert len(draft_all(office, case_id, people[0])) == 1


def test_who_was_told_through_the_primary_applicant_asks_for_the_reasons_in_that_ones_name(
    any_office, denied, people
):
    case_id = denied(any_office, reports=REPORTS[:1], scores=(OWN,))
    [notice_id] = draft_all(any_office, case_id, people[0], form=NoticeForm.C5)
    to_the_post(any_office, notice_id, people)
    asked = keeping.request_reasons(
        any_office.desk, case_id, by=people[0], consumer_id="consumer-2"
    )
    assert [a.consumer_id for a in asked.case.asked] == [None]
    [statement] = draft_all(any_office, case_id, people[0])
    assert "Dana Whitlow" in text_of(any_office, statement)
    to_the_post(any_office, statement, people)
    for who in ("consumer-1", "consumer-2"):
        with pytest.raises(IllegalEventError):
            keeping.request_reasons(any_office.desk, case_id, by=people[0], consumer_id=who)


def test_a_guarantor_is_given_no_reasons_on_request(office, denied, people):
    case_id = denied(office, ApplicantRole.GUARANTOR, reports=REPORTS[:1], scores=(OWN,))
    [notice_id] = draft_all(office, case_id, people[0], form=NoticeForm.C5)
    to_the_post(office, notice_id, people)
    with pytest.raises(IllegalEventError, match="offers this applicant"):
        keeping.request_reasons(office.desk, case_id, by=people[0], consumer_id="consumer-2")


def test_a_guarantor_is_told_of_the_report_and_not_of_the_applicants_reasons(
    any_office, denied, people
):
    case_id = denied(any_office, ApplicantRole.GUARANTOR)
    first, second = draft_all(any_office, case_id, people[0], form=NoticeForm.C2)
    forms = [letters.letter_file(any_office.desk, n).notice.form for n in (first, second)]
    assert forms == [NoticeForm.C2, NoticeForm.REPORT_USED]
    text = text_of(any_office, second)
    assert OTHER_AGENCY.name in text
    assert "588" in text
    for word in ("Bankruptcy", "Excessive obligations", "Dana Whitlow", AGENCY.name):
        assert word not in text
    for notice_id in (second, first):
        to_the_post(any_office, notice_id, people)
    assert any_office.desk.load(case_id).case.stage is Stage.NOTIFIED


def test_the_applicants_form_is_not_given_to_a_guarantor(office, denied, people):
    case_id = denied(office, ApplicantRole.GUARANTOR)
    command = Draft(consumer_id="consumer-2", form=NoticeForm.C1)
    _, notice_id = drafting.draft(office.desk, case_id, command, by=people[0])
    assert letters.letter_file(office.desk, notice_id).notice.form is NoticeForm.REPORT_USED


def test_a_letter_to_another_waits_for_the_primary_applicants(office, denied, people):
    case_id = denied(office)
    command = Draft(consumer_id="consumer-2")
    _, second = drafting.draft(office.desk, case_id, command, by=people[0])
    found = letters.check(office.desk, second, causes={}, by=people[0])
    assert found.blocked_by == ("C19",)
    _, first = drafting.draft(office.desk, case_id, Draft(), by=people[0])
    assert letters.check(office.desk, second, causes={}, by=people[0]).blocked_by == ()
    to_the_post(office, first, people)
    letters.release(office.desk, second, by=people[1])


def test_all_letters_are_drafted_or_none(any_office, denied, people):
    case_id = denied(any_office)
    before = any_office.desk.load(case_id)
    same = replace(any_office.desk, new_id=lambda prefix: f"{prefix}-1")
    with pytest.raises(IdTakenError):
        drafting.draft_all(same, case_id, Draft(), by=people[0])
    assert any_office.desk.load(case_id) == before
    with pytest.raises(UnknownNoticeError):
        any_office.cases.notice("n-1")


def test_drafting_all_goes_on_with_who_has_no_draft(office, denied, people):
    case_id = denied(office)
    _, first = drafting.draft(office.desk, case_id, Draft(), by=people[0])
    [second] = draft_all(office, case_id, people[0])
    assert first != second
    with pytest.raises(IllegalEventError, match="not drafted yet"):
        draft_all(office, case_id, people[0])


def test_the_offer_goes_to_both_applicants_with_each_ones_own_data(any_office, two, people):
    case_id = two(any_office)
    decision = any_office.denial(case_id, outcome=Outcome.COUNTEROFFER)
    deciding.decide(any_office.desk, case_id, decision, by=people[0])
    for notice_id in draft_all(any_office, case_id, people[0], counteroffer=OFFER):
        to_the_post(any_office, notice_id, people)
    assert any_office.desk.load(case_id).case.stage is Stage.NOTIFIED


def test_letters_of_one_decision_offer_the_same_terms(any_office, two, people):
    case_id = two(any_office)
    decision = any_office.denial(case_id, outcome=Outcome.COUNTEROFFER)
    deciding.decide(any_office.desk, case_id, decision, by=people[0])
    more = replace(OFFER, terms=(Term(label="Amount", value="$99,000.00"),))
    _, first = drafting.draft(any_office.desk, case_id, Draft(counteroffer=more), by=people[0])
    letters.discard(any_office.desk, first, cause="another amount was decided", by=people[0])
    _, first = drafting.draft(any_office.desk, case_id, Draft(counteroffer=OFFER), by=people[0])
    to_the_post(any_office, first, people)
    other = Draft(consumer_id="consumer-2", counteroffer=more)
    with pytest.raises(FactsError, match=r"counteroffer\.terms: .*9\(a\)\(1\)-6"):
        drafting.draft(any_office.desk, case_id, other, by=people[0])
    command = Draft(consumer_id="consumer-2")
    _, second = drafting.draft(any_office.desk, case_id, command, by=people[0])
    offers = [letters.letter_file(any_office.desk, n).notice.counteroffer for n in (first, second)]
    assert offers[0] == offers[1]
    to_the_post(any_office, second, people)


@pytest.fixture
def closed(make_applicant, people):
    """Takes action on the account of a person and somebody else, whose report was used."""

    def close(office, role):
        case_id = office.receive(
            applicants=(make_applicant(), make_applicant(2, role)),
            kind=CaseKind.EXISTING_ACCOUNT,
            application=None,
            is_complete=False,
        )
        used = InformationUsed(reports=REPORTS[1:])
        intake.add_information(office.desk, case_id, used, by=people[0])
        assessing.assess_by_hand(office.desk, case_id, by=people[0])
        reason = deciding.GivenReason(
            reason=DenialReason.POOR_CREDIT_PERFORMANCE_WITH_US,
            provenance=Provenance.PERSON,
            basis="three returned payments",
        )
        decision = deciding.Decide(
            outcome=Outcome.ACCOUNT_ADVERSE_ACTION,
            path=DecisionPath.JUDGMENTAL,
            reasons=(reason,),
        )
        deciding.decide(office.desk, case_id, decision, by=people[0])
        return case_id

    return close


@pytest.mark.parametrize("role", [ApplicantRole.JOINT, ApplicantRole.GUARANTOR])
def test_letters_of_one_decision_tell_the_same_action(office, closed, people, role):
    case_id = closed(office, role)
    _, first = office.drafted(case_id=case_id, account_action=ActionKind.UNFAVORABLE_CHANGE)
    other = Draft(consumer_id="consumer-2", account_action=ActionKind.TERMINATION)
    with pytest.raises(FactsError, match=r"account_action: .*1002\.9\(a\)\(2\)"):
        drafting.draft(office.desk, case_id, other, by=people[0])
    _, second = office.drafted(case_id=case_id, consumer_id="consumer-2")
    notices = [letters.letter_file(office.desk, n).notice for n in (first, second)]
    assert {n.action.kind for n in notices} == {ActionKind.UNFAVORABLE_CHANGE}
    for notice_id in (first, second):
        to_the_post(office, notice_id, people)


def test_letters_of_one_decision_tell_it_in_the_same_words(office, closed, people):
    case_id = closed(office, ApplicantRole.GUARANTOR)
    suspended = {
        "account_action": ActionKind.TERMINATION,
        "action_description": "Account suspended",
    }
    with pytest.raises(FactsError, match=r"action_description: .*Credit limit lowered.*1002\.9"):
        office.drafted(
            case_id=case_id, **(suspended | {"account_action": ActionKind.UNFAVORABLE_CHANGE})
        )
    _, first = office.drafted(case_id=case_id, **suspended)
    other = Draft(consumer_id="consumer-2", action_description="Account closed")
    with pytest.raises(FactsError, match=r"action_description: .*'Account suspended'"):
        drafting.draft(office.desk, case_id, other, by=people[0])
    _, second = office.drafted(case_id=case_id, consumer_id="consumer-2")
    assert "Account suspended" in text_of(office, first)
    assert "We have suspended the account." in text_of(office, second)
    for notice_id in (first, second):
        to_the_post(office, notice_id, people)


def test_a_higher_limit_that_is_denied_is_told_as_such(office, denied, people):
    case_id = denied(office)
    words = "Request for a higher credit limit denied"
    for notice_id in draft_all(office, case_id, people[0], action_description=words):
        assert words in text_of(office, notice_id)
        to_the_post(office, notice_id, people)


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (ActionKind.TERMINATION, "We have closed the account."),
        (ActionKind.UNFAVORABLE_CHANGE, "We have changed the terms of the account."),
    ],
)
def test_a_guarantor_of_an_account_is_told_what_was_done_to_it(
    office, closed, people, action, told
):
    case_id = closed(office, ApplicantRole.GUARANTOR)
    _, second = draft_all(office, case_id, people[0], account_action=action)
    assert f"You guarantee a personal loan. {told}" in text_of(office, second)


def test_reasons_are_stated_to_the_applicant_who_asked(any_office, denied, people):
    case_id = denied(any_office)
    for notice_id in draft_all(any_office, case_id, people[0], form=NoticeForm.C5):
        to_the_post(any_office, notice_id, people)
    keeping.request_reasons(any_office.desk, case_id, by=people[0], consumer_id="consumer-2")
    [notice_id] = draft_all(any_office, case_id, people[0])
    assert "Robin Vance" in text_of(any_office, notice_id)
    assert "Bankruptcy" in text_of(any_office, notice_id)
    to_the_post(any_office, notice_id, people)


def test_an_approval_has_a_letter_that_a_second_person_releases(any_office, two, people):
    case_id = two(any_office, text="Nurse, nine years, no card balances.")
    approve = any_office.denial(case_id, outcome=Outcome.APPROVE, reasons=())
    deciding.decide(any_office.desk, case_id, approve, by=people[0])
    [notice_id] = draft_all(any_office, case_id, people[0])
    notice = letters.letter_file(any_office.desk, notice_id).notice
    assert (notice.form, notice.report_block, notice.reasons) == (NoticeForm.APPROVAL, None, ())
    found = letters.check(any_office.desk, notice_id, causes={}, by=people[0])
    assert [v.check_id for v in found.verdicts if not v.passed] == ["A1"]
    with pytest.raises(SecondPersonError):
        letters.release(any_office.desk, notice_id, by=people[0])
    letters.release(any_office.desk, notice_id, by=people[1])
    stored = letters.mark_sent(any_office.desk, notice_id, channel=Channel.MAILED, by=people[1])
    assert stored.case.stage is Stage.NOTIFIED
    assert "we have approved your request" in text_of(any_office, notice_id)
    printing.regenerate(any_office.desk, notice_id, Rendering.PDF)


def test_an_approval_is_told_on_no_form_of_a_denial(office, two, people):
    case_id = two(office, text="Nurse, nine years, no card balances.")
    approve = office.denial(case_id, outcome=Outcome.APPROVE, reasons=())
    deciding.decide(office.desk, case_id, approve, by=people[0])
    command = Draft(form=NoticeForm.C5)
    with pytest.raises(IllegalEventError, match="cannot leave its reasons"):
        drafting.draft(office.desk, case_id, command, by=people[0])
