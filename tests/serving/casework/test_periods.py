"""What a letter leaves its recipient is measured from the day on which it goes out."""

from datetime import date, timedelta

import pytest

from serving.cases.decisions import Outcome
from serving.cases.notice_events import Channel
from serving.casework import deciding, letters
from serving.casework.errors import FactsError
from serving.notices.forms import NoticeForm
from serving.notices.notice import Counteroffer, Term

TODAY = date(2026, 11, 20)
DATED_ON = r"dated_on: .*1002\.9\(a\)\(2\)\(ii\) and \(c\)\(2\), comment 9-3"
REQUEST = r"respond_by: .*1002\.9\(c\)\(2\)"
OFFER = r"counteroffer\.respond_by: .*form C-4"


def days_on(office, num_days):
    office.clock.go_to((TODAY + timedelta(days=num_days)).isoformat())


def fields_of(office, people, form, *, num_days):
    """What is drafted on a form whose period ends so many days from today."""
    respond_by = TODAY + timedelta(days=num_days)
    if form is NoticeForm.C6:
        return {
            "case_id": office.receive(is_complete=False),
            "missing_items": ("Pay statements of the last 30 days",),
            "respond_by": respond_by,
        }
    case_id = office.assessed()
    outcome = Outcome.COUNTEROFFER if form is NoticeForm.C4 else Outcome.DENY
    deciding.decide(office.desk, case_id, office.denial(case_id, outcome=outcome), by=people[0])
    terms = (Term(label="Amount", value="$12,000.00"),)
    offer = Counteroffer(terms=terms, accept_at_lines=(), respond_by=respond_by)
    offered = {"counteroffer": offer} if form is NoticeForm.C4 else {}
    return {"case_id": case_id, "form": form, **offered}


def post(office, notice_id, people):
    return letters.mark_sent(office.desk, notice_id, channel=Channel.MAILED, by=people[1])


@pytest.mark.parametrize("form", [NoticeForm.C4, NoticeForm.C5, NoticeForm.C6])
def test_a_letter_whose_period_runs_from_its_date_goes_out_within_two_days(office, people, form):
    fields = fields_of(office, people, form, num_days=30)
    with pytest.raises(FactsError, match=DATED_ON):
        office.drafted(**fields, dated_on=TODAY - timedelta(days=3))
    _, notice_id = office.checked(**fields)
    days_on(office, 3)
    with pytest.raises(FactsError, match=DATED_ON):
        letters.release(office.desk, notice_id, by=people[1])
    days_on(office, 1)
    letters.release(office.desk, notice_id, by=people[1])
    days_on(office, 3)
    with pytest.raises(FactsError, match=DATED_ON):
        post(office, notice_id, people)
    days_on(office, 2)
    post(office, notice_id, people)


def test_a_letter_without_a_period_may_be_older(office, people):
    _, notice_id = office.released(dated_on=TODAY)
    days_on(office, 9)
    post(office, notice_id, people)


@pytest.mark.parametrize(
    ("form", "num_days", "refused"),
    [(NoticeForm.C6, 11, REQUEST), (NoticeForm.C4, 1, OFFER)],
)
def test_the_last_day_to_answer_is_counted_from_the_day_of_sending(
    office, people, form, num_days, refused
):
    fields = fields_of(office, people, form, num_days=num_days)
    _, notice_id = office.checked(**fields)
    days_on(office, 2)
    with pytest.raises(FactsError, match=refused):
        letters.release(office.desk, notice_id, by=people[1])
    office.clock.go_to(TODAY.isoformat())
    letters.release(office.desk, notice_id, by=people[1])
    days_on(office, 2)
    with pytest.raises(FactsError, match=refused):
        post(office, notice_id, people)
