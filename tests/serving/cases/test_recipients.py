"""A notice per recipient: who is owed one, in which order they go, and what their clocks tell."""

from datetime import date

import pytest

from serving.cases import events as ev
from serving.cases import keeping_events as keeping_ev
from serving.cases import notice_events as notice_ev
from serving.cases.case import NoticeStep, OfferState, Stage
from serving.cases.clock import ClockKind, ClockStatus, next_deadline
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.errors import (
    DecisionRefusedError,
    EventTimeError,
    IllegalEventError,
    SecondPersonError,
)
from serving.cases.notice_events import NoticePurpose
from serving.cases.owed import OpenNotice, open_notices, to_draft

JOINT, GUARANTOR = "p-2", "p-3"
DECIDER = ev.Actor(actor_id="u-decides", role="underwriter")


def decided(story, outcome=Outcome.DENY, *, others=(JOINT,)):
    told = story().complete("2026-01-08").assess("2026-01-09")
    return told.decide("2026-01-12", outcome, other_recipients=others)


def drafted(told, *recipients, purpose=NoticePurpose.ACTION_TAKEN, at="2026-01-13", **fields):
    """Drafts to each; the notices are n-1, n-2 and so on."""
    for recipient in recipients:
        told.draft(at, purpose, consumer_id=recipient, **fields)
    return told


def mailed(told, notice_id, at):
    told.check(at, notice_id=notice_id).release(at, notice_id=notice_id)
    return told.send(at, notice_id=notice_id)


def test_a_case_is_notified_only_when_everybody_who_is_owed_a_notice_has_it(story):
    told = drafted(decided(story, others=(JOINT, GUARANTOR)), None, JOINT, GUARANTOR)
    for notice_id, state in [
        ("n-2", "decided, 1 of 3 notified, notice (action taken) drafted, notice (action taken) "),
        ("n-1", "decided, 2 of 3 notified, notice (action taken) drafted"),
    ]:
        mailed(told, notice_id, "2026-01-14")
        assert told.case.stage is Stage.DECIDED
        assert told.case.state.startswith(state)
        with pytest.raises(IllegalEventError, match="CaseRetained"):
            told.add(keeping_ev.CaseRetained, "2026-01-15")
    mailed(told, "n-3", "2026-01-15")
    assert told.case.stage is Stage.NOTIFIED
    assert told.case.told == (JOINT, None, GUARANTOR)
    told.add(keeping_ev.CaseRetained, "2026-01-16")


def test_what_is_open_is_told_per_recipient(story):
    told = decided(story)
    purpose = NoticePurpose.ACTION_TAKEN
    first, second = (
        OpenNotice(consumer_id=who, purpose=purpose, step=None) for who in (None, JOINT)
    )
    assert open_notices(told.case) == (first, second)
    drafted(told, JOINT)
    drafting = OpenNotice(consumer_id=JOINT, purpose=purpose, step=NoticeStep.DRAFTED)
    assert open_notices(told.case) == (first, drafting)
    assert to_draft(told.case) == (None,)
    mailed(told, "n-1", "2026-01-14")
    assert open_notices(told.case) == (first,)


def test_a_notice_goes_to_nobody_who_is_owed_none(story):
    told = decided(story)
    with pytest.raises(IllegalEventError, match="not owed to this recipient"):
        drafted(told, GUARANTOR)
    drafted(told, JOINT)
    with pytest.raises(IllegalEventError, match="not owed to this recipient"):
        drafted(told, JOINT)
    with pytest.raises(IllegalEventError, match="not owed to this recipient"):
        story().draft("2026-01-13", NoticePurpose.INCOMPLETENESS, consumer_id=JOINT)


def test_each_notice_has_steps_of_its_own(story):
    told = drafted(decided(story), None, JOINT).check("2026-01-13", notice_id="n-1")
    with pytest.raises(IllegalEventError, match="this notice is drafted"):
        told.release("2026-01-14", notice_id="n-2")
    with pytest.raises(IllegalEventError, match="this notice is checked"):
        told.check("2026-01-14", notice_id="n-1")
    with pytest.raises(SecondPersonError):
        told.release("2026-01-14", notice_id="n-1", actor=DECIDER)
    told.release("2026-01-14", notice_id="n-1").send("2026-01-15", notice_id="n-1")
    with pytest.raises(IllegalEventError, match="than those in preparation"):
        told.add(notice_ev.NoticeDiscarded, "2026-01-15", notice_id="n-1", cause="a wrong address")
    told.add(notice_ev.NoticeDiscarded, "2026-01-15", notice_id="n-2", cause="a wrong address")
    assert told.case.preparing == ()


def test_a_step_follows_the_step_of_the_same_notice(story):
    told = drafted(decided(story), None, at="2026-01-13")
    drafted(told, JOINT, at="2026-01-20")
    told.check("2026-01-15", notice_id="n-1")
    with pytest.raises(EventTimeError):
        told.check("2026-01-16", notice_id="n-2")
    told.check("2026-01-20", notice_id="n-2").release("2026-01-15", notice_id="n-1")


def test_who_is_left_can_be_written_to_after_the_others_were(story):
    told = mailed(drafted(decided(story, others=(JOINT, GUARANTOR)), None), "n-1", "2026-01-14")
    assert to_draft(told.case) == (JOINT, GUARANTOR)
    mailed(drafted(told, GUARANTOR, at="2026-01-15"), "n-2", "2026-01-15")
    mailed(drafted(told, JOINT, at="2026-01-16"), "n-3", "2026-01-16")
    assert told.case.stage is Stage.NOTIFIED


def test_a_decision_of_which_one_was_told_is_not_taken_back(story):
    told = mailed(drafted(decided(story), JOINT), "n-1", "2026-01-14")
    with pytest.raises(IllegalEventError, match="DecisionReopened"):
        told.add(ev.DecisionReopened, "2026-01-15", cause="a pay stub came in")


@pytest.mark.parametrize(
    ("outcome", "others", "match"),
    [
        (Outcome.APPROVE, (JOINT,), "owes nobody else"),
        (Outcome.WITHDRAWN, (JOINT,), "owes nobody else"),
        (Outcome.DENY, (JOINT, JOINT), "named twice"),
    ],
)
def test_others_are_told_of_adverse_action_and_once(story, outcome, others, match):
    with pytest.raises(DecisionRefusedError, match=match):
        decided(story, outcome, others=others)


def test_the_primary_applicants_notice_stops_the_clock_and_the_disclosures_have_their_own(story):
    told = drafted(decided(story), None, JOINT)
    own = told.clock(ClockKind.REPORT_DISCLOSURES)
    assert own.due_on == told.clock(ClockKind.ACTION_TAKEN).due_on == date(2026, 2, 7)
    mailed(told, "n-1", "2026-01-20")
    assert told.clock(ClockKind.ACTION_TAKEN).stopped_on == date(2026, 1, 20)
    left = next_deadline(clocks(told.events))
    assert (left.kind, left.due_on) == (ClockKind.REPORT_DISCLOSURES, date(2026, 2, 7))
    mailed(told, "n-2", "2026-02-09")
    assert told.clock(ClockKind.ACTION_TAKEN).status(on=date(2026, 3, 1)) is ClockStatus.MET
    own = told.clock(ClockKind.REPORT_DISCLOSURES)
    assert own.status(on=date(2026, 3, 1)) is ClockStatus.LATE
    assert next_deadline(clocks(told.events)) is None
    assert told.clock(ClockKind.RETENTION).due_on == date(2028, 3, 9)


def test_a_notice_to_another_leaves_the_primary_applicants_clock_running(story):
    told = mailed(drafted(decided(story), JOINT), "n-1", "2026-01-20")
    assert told.clock(ClockKind.ACTION_TAKEN).stopped_on is None
    assert told.clock(ClockKind.REPORT_DISCLOSURES).stopped_on == date(2026, 1, 20)


def test_an_offer_without_reasons_owes_others_nothing_until_it_is_not_accepted(story):
    told = decided(story, Outcome.COUNTEROFFER)
    drafted(told, None, purpose=NoticePurpose.COUNTEROFFER)
    assert to_draft(told.case) == ()
    mailed(told, "n-1", "2026-01-31")
    assert told.case.stage is Stage.NOTIFIED
    assert told.clock(ClockKind.REPORT_DISCLOSURES).due_on == date(2026, 5, 1)
    told.add(ev.CounterofferDeclined, "2026-02-10")
    denial = NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    drafted(told, JOINT, None, purpose=denial, at="2026-02-11")
    mailed(told, "n-2", "2026-02-12")
    assert told.case.offer is OfferState.DECLINED
    with pytest.raises(IllegalEventError, match="CaseRetained"):
        told.add(keeping_ev.CaseRetained, "2026-02-13")
    assert told.clock(ClockKind.COUNTEROFFER).stopped_on is None
    mailed(told, "n-3", "2026-02-14")
    assert told.case.offer is OfferState.DENIED
    with pytest.raises(IllegalEventError, match="CounterofferAccepted"):
        told.add(ev.CounterofferAccepted, "2026-02-15")
    told.add(keeping_ev.CaseRetained, "2026-02-15")
    assert told.clock(ClockKind.COUNTEROFFER).stopped_on == date(2026, 2, 14)


def test_a_letter_to_somebody_else_leaves_the_primary_applicants_offer_open(story):
    told = decided(story, Outcome.COUNTEROFFER)
    mailed(drafted(told, None, purpose=NoticePurpose.COUNTEROFFER), "n-1", "2026-01-31")
    drafted(told, JOINT, purpose=NoticePurpose.COUNTEROFFER_NOT_ACCEPTED, at="2026-02-01")
    mailed(told, "n-2", "2026-02-02")
    assert told.case.offer is OfferState.OPEN
    told.add(ev.CounterofferAccepted, "2026-02-03")
    assert told.case.offer is OfferState.ACCEPTED


def test_an_accepted_offer_drops_the_disclosures_that_were_not_sent(story):
    combined = NoticePurpose.COMBINED_COUNTEROFFER
    told = decided(story, Outcome.COUNTEROFFER)
    drafted(told, None, JOINT, purpose=combined)
    mailed(told, "n-1", "2026-01-20")
    assert told.case.stage is Stage.DECIDED
    told.add(ev.CounterofferAccepted, "2026-01-25")
    assert told.case.stage is Stage.NOTIFIED
    assert (told.case.preparing, open_notices(told.case)) == ((), ())
    assert next_deadline(clocks(told.events)) is None
    told.add(keeping_ev.CaseRetained, "2026-01-26")


def test_an_offer_is_made_in_one_way(story):
    told = decided(story, Outcome.COUNTEROFFER)
    drafted(told, JOINT, purpose=NoticePurpose.COMBINED_COUNTEROFFER)
    with pytest.raises(IllegalEventError, match="draft combined_counteroffer"):
        drafted(told, None, purpose=NoticePurpose.COUNTEROFFER)


def test_each_who_was_not_told_the_reasons_may_ask_for_them(story):
    told = drafted(decided(story), None, JOINT, reasons_on_request=True)
    mailed(mailed(told, "n-1", "2026-01-14"), "n-2", "2026-01-20")
    with pytest.raises(IllegalEventError, match="offers this applicant"):
        told.add(ev.ReasonsRequested, "2026-02-01", consumer_id=GUARANTOR)
    told.add(ev.ReasonsRequested, "2026-02-01", consumer_id=JOINT)
    assert to_draft(told.case) == (JOINT,)
    assert told.clock(ClockKind.REASONS_REQUEST_WINDOW).stopped_on is None
    told.add(ev.ReasonsRequested, "2026-02-10")
    assert told.clock(ClockKind.REASONS_REQUEST_WINDOW).stopped_on == date(2026, 2, 10)
    statement = told.clock(ClockKind.REASONS_STATEMENT)
    assert statement.due_on == date(2026, 3, 3)
    purpose = NoticePurpose.REASONS_STATEMENT
    drafted(told, JOINT, None, purpose=purpose, at="2026-02-11")
    mailed(told, "n-3", "2026-02-12")
    statement = told.clock(ClockKind.REASONS_STATEMENT)
    assert (statement.stopped_on, statement.due_on) == (None, date(2026, 3, 12))
    mailed(told, "n-4", "2026-02-13")
    assert told.clock(ClockKind.REASONS_STATEMENT).stopped_on == date(2026, 2, 13)


def test_events_without_a_recipient_are_the_primary_applicants(denied):
    told = denied().notify("2026-01-15")
    assert [notice.draft.consumer_id for notice in told.case.sent] == [None]
    assert told.case.stage is Stage.NOTIFIED
