"""Other terms offered: with the reasons in one letter, or without and then denied."""

from datetime import date, timedelta
from functools import partial

import pytest

from serving.cases.case import OfferState, Stage
from serving.cases.clock import ClockKind, ClockStatus, clock_of, next_deadline
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.errors import EventTimeError, IllegalEventError, SecondPersonError
from serving.cases.notice_events import Channel, NoticeDiscarded, NoticePurpose
from serving.casework import deciding, drafting, keeping, letters, printing, telling
from serving.casework.drafting import Draft
from serving.casework.errors import FactsError, NoLetterError
from serving.casework.printing import Rendering
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import Counteroffer, Term
from serving.notices.record import Business

LESS = (Term(label="Amount", value="$12,000.00"), Term(label="Term", value="48 months"))


@pytest.fixture
def countered(people):
    """Decides a request as a counteroffer."""

    def decide(office, **fields):
        case_id = office.assessed(**fields)
        command = office.denial(case_id, outcome=Outcome.COUNTEROFFER)
        deciding.decide(office.desk, case_id, command, by=people[0])
        return case_id

    return decide


@pytest.fixture
def offered(countered, people):
    """Offers less without the reasons."""

    def tell(office, channel=Channel.ORAL, **fields):
        case_id = countered(office, **fields)
        telling.tell_offer(office.desk, case_id, terms=LESS, channel=channel, by=people[1])
        return case_id

    return tell


def to_the_post(office, notice_id, people):
    assert letters.check(office.desk, notice_id, causes={}, by=people[0]).blocked_by == ()
    letters.release(office.desk, notice_id, by=people[1])
    return letters.mark_sent(office.desk, notice_id, channel=Channel.MAILED, by=people[1])


def test_after_offer_and_reasons_in_one_letter_nothing_more_is_owed(any_office, countered, people):
    case_id = countered(any_office)
    offer = Counteroffer(
        terms=LESS, accept_at_lines=(), respond_by=date(2026, 11, 20) + timedelta(days=30)
    )
    _, notice_id = drafting.draft(any_office.desk, case_id, Draft(counteroffer=offer), by=people[0])
    stored = to_the_post(any_office, notice_id, people)
    found = clocks(stored.events)
    today = any_office.clock.at.date()
    assert clock_of(found, ClockKind.ACTION_TAKEN).status(on=today) is ClockStatus.MET
    assert clock_of(found, ClockKind.COUNTEROFFER) is None
    stored = keeping.answer_counteroffer(any_office.desk, case_id, accepted=False, by=people[0])
    assert next_deadline(clocks(stored.events)) is None
    keeping.retain(any_office.desk, case_id, by=people[1])


def test_an_offer_told_without_reasons_is_followed_by_the_denial_within_90_days(
    any_office, offered, people
):
    case_id = offered(any_office)
    stored = any_office.desk.load(case_id)
    assert stored.case.offer is OfferState.OPEN
    due = next_deadline(clocks(stored.events))
    assert (due.kind, due.due_on) == (ClockKind.COUNTEROFFER, date(2027, 2, 18))
    keeping.answer_counteroffer(any_office.desk, case_id, accepted=False, by=people[0])
    [notice_id] = drafting.draft_all(any_office.desk, case_id, Draft(), by=people[0])[1]
    letter = letters.letter_file(any_office.desk, notice_id)
    assert letter.notice.form is NoticeForm.C1
    assert letter.notice.action.kind is letter.record.action is ActionKind.DENIAL
    assert letter.notice.counteroffer is None
    assert letter.notice.reasons
    stored = to_the_post(any_office, notice_id, people)
    assert stored.case.sent[-1].draft.purpose is NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    clock = clock_of(clocks(stored.events), ClockKind.COUNTEROFFER)
    assert clock.status(on=any_office.clock.at.date()) is ClockStatus.MET
    keeping.retain(any_office.desk, case_id, by=people[1])


def test_an_offer_that_nobody_answers_is_denied_too_and_reported_as_a_denial(
    office, offered, people, make_facts
):
    case_id = offered(office, facts=make_facts(is_hmda_reportable=True))
    office.clock.go_to("2027-02-18")
    _, notice_id = drafting.draft(office.desk, case_id, Draft(form=NoticeForm.C2), by=people[0])
    assert letters.letter_file(office.desk, notice_id).record.hmda.action_taken == 3
    to_the_post(office, notice_id, people)


def test_the_denial_after_an_offer_to_a_business_is_told_on_its_form(
    office, offered, people, make_facts
):
    business = Business(gross_revenue_usd=None, is_trade_credit_or_factoring=False)
    case_id = offered(office, facts=make_facts(business=business))
    _, notice_id = drafting.draft(office.desk, case_id, Draft(), by=people[0])
    assert letters.letter_file(office.desk, notice_id).notice.form is NoticeForm.C7


def test_reasons_left_to_a_request_after_an_offer_are_stated_as_those_of_the_denial(
    office, offered, people
):
    case_id = offered(office)
    command = Draft(form=NoticeForm.C5)
    to_the_post(office, drafting.draft(office.desk, case_id, command, by=people[0])[1], people)
    keeping.request_reasons(office.desk, case_id, by=people[0])
    _, statement = drafting.draft(office.desk, case_id, Draft(), by=people[0])
    assert letters.letter_file(office.desk, statement).notice.action.kind is ActionKind.DENIAL
    to_the_post(office, statement, people)


def test_an_offer_that_is_accepted_ends_in_no_notice(any_office, offered, people):
    case_id = offered(any_office, Channel.MAILED)
    stored = keeping.answer_counteroffer(any_office.desk, case_id, accepted=True, by=people[0])
    assert next_deadline(clocks(stored.events)) is None
    with pytest.raises(IllegalEventError):
        drafting.draft_all(any_office.desk, case_id, Draft(), by=people[0])
    assert keeping.retain(any_office.desk, case_id, by=people[1]).case.stage is Stage.RETAINED


def test_a_denial_posted_before_the_offer_was_accepted_is_recorded_after_it(
    any_office, offered, people
):
    case_id, notice_id = any_office.released(case_id=offered(any_office))
    posted_at = any_office.clock()
    keeping.answer_counteroffer(any_office.desk, case_id, accepted=True, by=people[0])
    post = partial(letters.mark_sent, any_office.desk, notice_id, channel=Channel.MAILED)
    with pytest.raises(EventTimeError, match="overtook it"):
        post(by=people[1])
    case = post(by=people[1], sent_at=posted_at).case
    assert case.sent[-1].draft.purpose is NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    assert case.offer is OfferState.ACCEPTED
    keeping.retain(any_office.desk, case_id, by=people[1])


def test_a_draft_that_nobody_is_owed_once_the_offer_is_accepted_is_given_up(
    any_office, offered, people
):
    case_id, notice_id = any_office.checked(case_id=offered(any_office))
    stored = keeping.answer_counteroffer(any_office.desk, case_id, accepted=True, by=people[0])
    assert stored.case.unsent == ()
    *_, given_up, _ = stored.events
    assert isinstance(given_up, NoticeDiscarded)
    assert given_up.notice_id == notice_id


def test_what_was_offered_is_kept_and_is_no_letter(any_office, offered, people):
    case_id = offered(any_office)
    [told] = any_office.desk.load(case_id).case.sent
    kept = any_office.cases.notice(told.draft.notice_id)
    assert b'["Amount", "$12,000.00"]' in kept.content.content
    with pytest.raises(NoLetterError):
        printing.preview(any_office.desk, told.draft.notice_id, Rendering.TEXT)


def test_who_decided_does_not_tell_the_offer(office, countered, people):
    with pytest.raises(SecondPersonError):
        telling.tell_offer(
            office.desk, countered(office), terms=LESS, channel=Channel.ORAL, by=people[0]
        )


@pytest.mark.parametrize(
    ("offer", "field"),
    [
        (((), Channel.ORAL), "terms"),
        (((Term(label="Amount", value="to be agreed"),), Channel.ORAL), "terms"),
        (((Term(label=" ", value="$12,000.00"),), Channel.ORAL), "terms"),
        ((LESS, Channel.ELECTRONIC), "channel"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_and_leaves_nothing(
    office, countered, people, offer, field
):
    case_id = countered(office)
    (terms, channel), before = offer, office.desk.load(case_id)
    with pytest.raises(FactsError) as caught:
        telling.tell_offer(office.desk, case_id, terms=terms, channel=channel, by=people[1])
    assert caught.value.field == field
    assert office.desk.load(case_id) == before


def test_only_a_counteroffer_is_told_as_one(office, people):
    with pytest.raises(FactsError, match="outcome is not counteroffer"):
        telling.tell_offer(
            office.desk, office.denied(), terms=LESS, channel=Channel.ORAL, by=people[1]
        )
