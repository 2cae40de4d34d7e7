from datetime import date

import pytest

from serving.cases.clock import ClockKind, ClockStatus, ClockStep, next_deadline
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.errors import EventValueError
from serving.cases.events import (
    ApplicantKind,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionReopened,
    ReasonsRequested,
)
from serving.cases.keeping_events import (
    CasePurged,
    CaseRetained,
    LegalHoldLifted,
    LegalHoldPlaced,
    RetentionRequested,
)
from serving.cases.notice_events import NoticePurpose

CAUSE = "the letter came after all"


def steps(clock):
    return [(entry.step, entry.on.isoformat()) for entry in clock.entries]


def test_an_application_with_nothing_sent_is_overdue_after_thirty_days(story):
    clock = story("2026-01-31").clock(ClockKind.INCOMPLETE_APPLICATION)
    assert clock.status(on=date(2026, 3, 2)) is ClockStatus.RUNNING
    assert clock.status(on=date(2026, 3, 3)) is ClockStatus.PAST


def test_completeness_stops_the_clock_of_incompleteness_and_starts_that_of_action(story):
    told = story("2026-01-05").complete("2026-01-20")
    assert steps(told.clock(ClockKind.INCOMPLETE_APPLICATION)) == [
        (ClockStep.START, "2026-01-05"),
        (ClockStep.STOP, "2026-01-20"),
    ]
    assert steps(told.clock(ClockKind.ACTION_TAKEN)) == [(ClockStep.START, "2026-01-20")]


def test_an_answer_in_time_restarts_the_thirty_days_at_completion(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.complete("2026-02-04")
    assert told.clock(ClockKind.APPLICANT_RESPONSE).status(on=date(2026, 3, 1)) is ClockStatus.MET
    action = told.clock(ClockKind.ACTION_TAKEN)
    assert steps(action) == [(ClockStep.RESTART, "2026-02-04")]
    assert action.due_on == date(2026, 3, 6)
    assert "asked for" in action.entries[0].reason
    assert "1002.9(c)(2)" in action.entries[0].clause


def test_an_answer_found_in_the_post_later_counts_from_the_day_it_came(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.complete("2026-02-03", recorded="2026-02-09")
    assert told.clock(ClockKind.ACTION_TAKEN).due_on == date(2026, 3, 5)
    assert told.clock(ClockKind.APPLICANT_RESPONSE).status(on=date(2026, 3, 1)) is ClockStatus.MET


def test_a_late_answer_may_be_taken_and_is_told_to_be_late(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.complete("2026-02-05")
    response = told.clock(ClockKind.APPLICANT_RESPONSE)
    assert response.status(on=date(2026, 3, 1)) is ClockStatus.LATE
    assert "comment 9(c)(2)-1" in response.entries[-1].clause


def test_an_unanswered_notice_of_incompleteness_ends_with_nothing_owed(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.decide("2026-02-05", Outcome.CLOSED_INCOMPLETE)
    assert next_deadline(clocks(told.events)) is None
    assert told.clock(ClockKind.RETENTION).due_on == date(2028, 2, 15)


def test_a_second_notice_of_incompleteness_restarts_the_applicant_s_time(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.ask_for_items("2026-02-06", respond_by="2026-02-20")
    clock = told.clock(ClockKind.APPLICANT_RESPONSE)
    assert clock.due_on == date(2026, 2, 20)
    assert clock.entries[-1].step is ClockStep.RESTART


def test_the_clock_stops_when_the_notice_is_mailed_and_at_no_step_before(denied):
    told = denied()
    for step in (told.draft, told.check, told.release):
        step("2026-01-20")
        assert told.clock(ClockKind.ACTION_TAKEN).stopped_on is None
    told.send("2026-01-22", recorded="2026-02-20")
    action = told.clock(ClockKind.ACTION_TAKEN)
    assert action.stopped_on == date(2026, 1, 22)
    assert action.entries[-1].clause == "comment 9-3"


@pytest.mark.parametrize(
    ("mailed", "status"),
    [("2026-02-08T04:59:59Z", ClockStatus.MET), ("2026-02-08T05:00:00Z", ClockStatus.LATE)],
)
def test_the_last_second_of_the_due_day_is_in_time_and_the_next_is_not(denied, mailed, status):
    told = denied().notify(mailed)
    action = told.clock(ClockKind.ACTION_TAKEN)
    assert action.due_on == date(2026, 2, 7)
    assert action.status(on=date(2026, 6, 1)) is status


def test_a_counteroffer_not_accepted_owes_a_denial_within_ninety_days(story):
    told = story("2026-01-05").complete("2026-01-08").assess("2026-01-09")
    told.decide("2026-01-12", Outcome.COUNTEROFFER)
    told.notify("2026-01-31", NoticePurpose.COUNTEROFFER)
    deadline = next_deadline(clocks(told.events))
    assert (deadline.kind, deadline.due_on) == (ClockKind.COUNTEROFFER, date(2026, 5, 1))
    told.add(CounterofferDeclined, "2026-02-10")
    assert next_deadline(clocks(told.events)) == deadline
    told.notify("2026-03-01", NoticePurpose.COUNTEROFFER_NOT_ACCEPTED)
    assert told.clock(ClockKind.COUNTEROFFER).stopped_on == date(2026, 3, 1)
    assert next_deadline(clocks(told.events)) is None


def test_a_combined_counteroffer_owes_no_second_notice(story):
    told = story("2026-01-05").complete("2026-01-08").assess("2026-01-09")
    told.decide("2026-01-12", Outcome.COUNTEROFFER)
    told.notify("2026-01-31", NoticePurpose.COMBINED_COUNTEROFFER)
    assert told.clock(ClockKind.COUNTEROFFER) is None
    assert told.clock(ClockKind.ACTION_TAKEN).entries[-1].clause == "comment 9(a)(1)-6"
    assert next_deadline(clocks(told.events)) is None


def test_an_accepted_counteroffer_is_no_adverse_action(story):
    told = story("2026-01-05").complete("2026-01-08").assess("2026-01-09")
    told.decide("2026-01-12", Outcome.COUNTEROFFER)
    told.notify("2026-01-31", NoticePurpose.COUNTEROFFER).add(CounterofferAccepted, "2026-02-15")
    assert told.clock(ClockKind.COUNTEROFFER).entries[-1].clause == "1002.2(c)(1)(i)"
    assert next_deadline(clocks(told.events)) is None


@pytest.mark.parametrize(
    ("outcome", "clause"),
    [
        (Outcome.WITHDRAWN, "comment 9-2"),
        (Outcome.PRODUCT_NOT_OFFERED, "1002.2(c)(2)(v)"),
        (Outcome.LAW_PROHIBITS, "1002.2(c)(2)(iv)"),
    ],
)
def test_where_no_notice_is_owed_the_clock_stops_and_the_record_is_kept(story, outcome, clause):
    told = story("2026-01-05").complete("2026-01-08").decide("2026-01-12", outcome)
    assert told.clock(ClockKind.ACTION_TAKEN).entries[-1].clause == clause
    assert told.clock(ClockKind.RETENTION).due_on == date(2028, 2, 5)


def test_a_withdrawal_taken_back_leaves_the_first_due_day(story):
    told = story("2026-01-05").complete("2026-01-08").decide("2026-01-12", Outcome.WITHDRAWN)
    told.add(DecisionReopened, "2026-01-20", cause=CAUSE)
    action = told.clock(ClockKind.ACTION_TAKEN)
    assert [entry.step for entry in action.entries] == [
        ClockStep.START,
        ClockStep.STOP,
        ClockStep.RESTART,
    ]
    assert action.due_on == date(2026, 2, 7)
    assert told.clock(ClockKind.RETENTION).stopped_on is not None


def test_a_denial_of_an_incomplete_application_taken_again_gains_no_time(story):
    told = story("2026-01-05").assess("2026-01-09").decide("2026-01-10", Outcome.DENY)
    told.add(DecisionReopened, "2026-01-20", cause=CAUSE).decide("2026-01-25", Outcome.DENY)
    assert told.clock(ClockKind.ADVERSE_ACTION_ON_INCOMPLETE).due_on == date(2026, 2, 9)
    assert next_deadline(clocks(told.events)).kind is ClockKind.INCOMPLETE_APPLICATION


def test_reasons_asked_for_on_the_sixtieth_day_are_owed_within_thirty(denied):
    told = denied().notify("2026-01-31", reasons_on_request=True)
    told.add(ReasonsRequested, "2026-04-02T03:59:59Z")  # 1 April, 23:59:59 in New York
    assert told.clock(ClockKind.REASONS_STATEMENT).due_on == date(2026, 5, 1)
    told.notify("2026-04-20", NoticePurpose.REASONS_STATEMENT)
    assert told.clock(ClockKind.REASONS_STATEMENT).stopped_on == date(2026, 4, 20)


def test_reasons_asked_for_on_the_sixty_first_day_are_not_owed(denied):
    told = denied().notify("2026-01-31", reasons_on_request=True)
    told.add(ReasonsRequested, "2026-04-02T04:00:00Z")
    assert told.clock(ClockKind.REASONS_STATEMENT) is None
    window = told.clock(ClockKind.REASONS_REQUEST_WINDOW)
    assert window.status(on=date(2026, 4, 2)) is ClockStatus.PAST


def test_a_large_business_is_kept_twelve_months_once_it_asks_for_reasons(denied):
    told = denied(applicant=ApplicantKind.LARGE_BUSINESS)
    told.notify("2026-01-31", reasons_on_request=True)
    assert told.clock(ClockKind.RETENTION).due_on == date(2026, 4, 1)
    told.add(ReasonsRequested, "2026-02-15")
    assert told.clock(ClockKind.RETENTION).due_on == date(2027, 1, 31)


def test_a_request_for_information_starts_no_60_days_of_a_large_business(story):
    told = story("2026-01-05", applicant=ApplicantKind.LARGE_BUSINESS)
    told.ask_for_items("2026-01-12", respond_by="2026-02-01")
    assert told.clock(ClockKind.RETENTION).due_on == date(2027, 1, 12)
    told.decide("2026-03-20", Outcome.WITHDRAWN)
    assert told.clock(ClockKind.RETENTION).due_on == date(2027, 1, 12)
    told = story("2026-01-05", applicant=ApplicantKind.LARGE_BUSINESS)
    told.ask_for_items("2026-01-12", respond_by="2026-02-01").complete("2026-01-20")
    told.assess("2026-01-21").decide("2026-01-22", Outcome.DENY).notify("2026-01-31")
    assert told.clock(ClockKind.RETENTION).due_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("2026-01-14", "2027-03-31"), ("2026-05-30", "2027-03-31"), ("2026-05-31", "2026-05-30")],
)
def test_retention_is_asked_for_within_60_days_of_the_action_taken(story, asked, kept):
    told = story("2026-01-05", applicant=ApplicantKind.LARGE_BUSINESS)
    told.ask_for_items("2026-01-12", respond_by="2026-02-01")
    if asked < "2026-03":
        told.add(RetentionRequested, asked)
    told.complete("2026-03-10").assess("2026-03-11").decide("2026-03-12", Outcome.DENY)
    told.notify("2026-03-31")
    if asked > "2026-03":
        told.add(RetentionRequested, asked)
    assert told.clock(ClockKind.RETENTION).due_on == date.fromisoformat(kept)


def test_each_notice_moves_the_end_of_retention(denied):
    told = denied().notify("2026-01-31", reasons_on_request=True)
    told.add(ReasonsRequested, "2026-02-15").notify("2026-02-20", NoticePurpose.REASONS_STATEMENT)
    assert [entry.due_on for entry in told.clock(ClockKind.RETENTION).entries] == [
        date(2028, 2, 29),
        date(2028, 3, 20),
    ]


def test_a_legal_hold_stops_retention_until_the_last_one_is_lifted(denied):
    told = denied().notify("2026-01-31").add(CaseRetained, "2026-02-01")
    told.add(LegalHoldPlaced, "2027-01-01", hold_id="h-1")
    told.add(LegalHoldPlaced, "2027-02-01", hold_id="h-2")
    told.add(LegalHoldLifted, "2029-01-01", hold_id="h-1")
    assert told.clock(ClockKind.RETENTION).entries[-1].clause == "1002.12(b)(4)"
    assert told.clock(ClockKind.RETENTION).stopped_on == date(2027, 1, 1)
    told.add(LegalHoldLifted, "2029-03-01", hold_id="h-2")
    assert told.clock(ClockKind.RETENTION).due_on == date(2028, 2, 29)
    told.add(CasePurged, "2029-03-02")
    assert told.clock(ClockKind.RETENTION).stopped_on == date(2029, 3, 2)


def test_every_step_of_every_clock_has_a_reason_and_a_clause(denied):
    told = denied(applicant=ApplicantKind.LARGE_BUSINESS).notify("2026-01-31")
    entries = [entry for clock in clocks(told.events) for entry in clock.entries]
    assert all(entry.reason and entry.clause for entry in entries)
    assert any("comment 9(a)(3)-5" in entry.reason for entry in entries)


def test_an_empty_record_has_no_clocks():
    assert clocks(()) == ()


def test_a_time_zone_nobody_knows_is_refused_when_the_case_opens(story):
    with pytest.raises(EventValueError, match=r"time_zone: .* America/New_York"):
        story(zone="America/Gotham")
