import copy
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from serving.cases import events as ev
from serving.cases import keeping_events as keeping_ev
from serving.cases import notice_events as notice_ev
from serving.cases.case import OfferState, Stage
from serving.cases.clock import ClockKind, ClockStatus
from serving.cases.decisions import Outcome
from serving.cases.errors import (
    CaseError,
    DecisionRefusedError,
    EventTimeError,
    EventValueError,
    IllegalEventError,
    RetentionError,
    SecondPersonError,
)
from serving.cases.expected import expected_events
from serving.cases.transitions import apply, replay

CAUSE = "the template had an old address"
PROGRAM = ev.Actor(actor_id="program", role="system", kind=ev.ActorKind.SYSTEM)


@contextmanager
def refused(told, kind=IllegalEventError, match=None):
    """Expects a refusal that leaves the case as it was."""
    before, num_events = copy.deepcopy(told.case), len(told.events)
    with pytest.raises(kind, match=match) as caught:
        yield caught
    assert told.case == before
    assert len(told.events) == num_events


def test_a_denial_goes_from_receipt_to_purge(denied):
    told = denied()
    assert told.case.state == "decided"
    told.draft("2026-01-13").check("2026-01-13").release("2026-01-14").send("2026-01-15")
    assert told.case.stage is Stage.NOTIFIED
    told.add(keeping_ev.CaseRetained, "2026-01-16").add(keeping_ev.CasePurged, "2028-02-16")
    assert told.case.stage is Stage.PURGED
    assert expected_events(told.case) == ()
    assert replay(told.events) == told.case


def test_the_first_event_opens_the_case(story):
    told = story()
    with pytest.raises(IllegalEventError, match=r"not open .* ApplicationReceived"):
        apply(None, ev.ApplicationCompleted(**when("2026-01-05T12:00Z")))
    with refused(told, match="refuses ApplicationReceived"):
        told.take(told.events[0])


def test_no_events_make_no_case():
    with pytest.raises(IllegalEventError, match="there is no event"):
        replay([])


def when(text):
    at = datetime.fromisoformat(text)
    return {"occurred_at": at, "recorded_at": at, "actor": PROGRAM}


def test_a_refusal_says_state_reason_and_what_is_possible(denied):
    told = denied()
    with refused(told) as caught:
        told.add(keeping_ev.CaseRetained, "2026-01-13")
    error = caught.value
    assert error.state == "decided"
    assert error.event == "CaseRetained"
    possible = ("FileRevised", "DecisionReopened", "NoticeDrafted", "LegalHoldPlaced")
    assert error.expected == possible
    assert str(error).startswith("the case is decided and refuses CaseRetained: ")
    assert str(error).endswith(f"(possible now: {', '.join(possible)})")


@pytest.mark.parametrize("field", ["occurred_at", "recorded_at"])
@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 5), datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=-5)))],  # noqa: DTZ001
)
def test_a_time_that_is_not_in_utc_is_refused(field, moment):
    now = datetime(2026, 1, 5, tzinfo=UTC)
    fields = {"occurred_at": now, "recorded_at": now, "actor": PROGRAM} | {field: moment}
    with pytest.raises(EventValueError, match=f"{field}: .* UTC"):
        keeping_ev.CaseRetained(**fields)


def test_an_event_cannot_be_recorded_before_it_happens():
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    with pytest.raises(EventValueError, match="occurred_at"):
        keeping_ev.CaseRetained(occurred_at=late, recorded_at=early, actor=PROGRAM)


def test_events_are_recorded_in_order(story):
    told = story("2026-01-05")
    event = ev.ApplicationCompleted(**when("2026-01-04T12:00Z"))
    with refused(told, EventTimeError, "recorded before"):
        told.take(event)


@pytest.mark.parametrize(
    ("tell", "at"),
    [
        (lambda told, at: told.complete(at), "2026-01-04"),
        (lambda told, at: told.complete("2026-01-08").assess(at), "2026-01-07"),
    ],
)
def test_nothing_happens_before_what_it_follows(story, tell, at):
    with pytest.raises(EventTimeError, match="before what it follows"):
        tell(story("2026-01-05"), at)


def test_a_notice_cannot_be_mailed_before_it_was_released(denied):
    told = denied().draft("2026-01-13").check("2026-01-14").release("2026-01-15")
    with refused(told, EventTimeError):
        told.send("2026-01-14")


def test_the_person_who_decided_cannot_release(denied):
    told = denied().draft("2026-01-13").check("2026-01-13")
    decider = ev.Actor(actor_id="u-decides", role="compliance")
    with refused(told, SecondPersonError, "second person"):
        told.release("2026-01-14", actor=decider)


def test_a_program_cannot_release_and_cannot_decide(denied, story):
    told = denied().draft("2026-01-13").check("2026-01-13")
    with refused(told, SecondPersonError):
        told.release("2026-01-14", actor=PROGRAM)
    told = story().complete("2026-01-08").assess("2026-01-09")
    with refused(told, SecondPersonError, "a person must"):
        told.decide("2026-01-12", Outcome.DENY, actor=PROGRAM, decided_by="program")


def test_a_model_s_output_alone_makes_no_notice(story):
    told = story().complete("2026-01-08").assess("2026-01-09")
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-01-10")


def test_who_drafted_a_denial_does_not_release_it_either(denied):
    drafter = ev.Actor(actor_id="u-drafts", role="processor")
    told = denied().draft("2026-01-13", actor=drafter).check("2026-01-13")
    with refused(told, SecondPersonError, "decided or drafted"):
        told.release("2026-01-14", actor=drafter)
    told.release("2026-01-14").send("2026-01-15")


def test_who_drafted_a_notice_of_incompleteness_does_not_release_it(story):
    purpose = notice_ev.NoticePurpose.INCOMPLETENESS
    drafter = ev.Actor(actor_id="u-drafts", role="processor")
    told = story().draft("2026-01-10", purpose, actor=drafter).check("2026-01-10")
    with refused(told, SecondPersonError):
        told.release("2026-01-11", actor=drafter)
    told.release("2026-01-11").send("2026-01-11")
    assert told.case.stage is Stage.AWAITING_INFORMATION


def test_a_blocked_notice_stays_a_draft(denied):
    told = denied().draft("2026-01-13").check("2026-01-13", blocking=("C2", "C5"))
    assert told.case.state == "decided, notice (action taken) drafted"
    with refused(told):
        told.release("2026-01-14")
    told.add(notice_ev.NoticeDiscarded, "2026-01-14", notice_id="n-1", cause=CAUSE)
    told.notify("2026-01-15")
    assert [notice.draft.notice_id for notice in told.case.sent] == ["n-2"]


def test_a_warning_without_a_written_cause_stops_the_notice(denied):
    told = denied().draft("2026-01-13")
    with refused(told, match="C6 has no written cause"):
        told.check("2026-01-13", warnings=(notice_ev.AnsweredWarning(check_id="C6", cause="fine"),))
    told.check("2026-01-13", warnings=(notice_ev.AnsweredWarning(check_id="C6", cause=CAUSE),))


@pytest.mark.parametrize("step", ["check", "release", "send"])
@pytest.mark.parametrize("field", [{"notice_id": "n-9"}, {"digest": "e" * 64}])
def test_what_is_checked_released_and_sent_is_what_was_drafted(denied, step, field):
    told = denied().draft("2026-01-13")
    for earlier in ["check", "release", "send"]:
        if earlier == step:
            with refused(told, match="another"):
                getattr(told, step)("2026-01-14", **field)
            return
        getattr(told, earlier)("2026-01-14")


def test_a_notice_of_another_decision_is_refused(denied):
    with pytest.raises(IllegalEventError, match="another decision"):
        denied().draft("2026-01-13", decision_id="d-0")


def test_electronic_delivery_needs_consent_and_no_other_names_it(denied):
    told = denied().draft("2026-01-13").check("2026-01-13").release("2026-01-13")
    with refused(told, match=r"1002\.4\(d\)\(2\)"):
        told.send("2026-01-14", channel=notice_ev.Channel.ELECTRONIC)
    with refused(told, match="consent"):
        told.send("2026-01-14", consent_id="k-1")
    told.send("2026-01-14", channel=notice_ev.Channel.ELECTRONIC, consent_id="k-1")


def test_a_consumer_is_not_denied_by_word_of_mouth_but_a_business_may_be(denied):
    told = denied().draft("2026-01-13").check("2026-01-13").release("2026-01-13")
    with refused(told, match="in writing"):
        told.send("2026-01-14", channel=notice_ev.Channel.ORAL)
    with refused(told, match="only an approval"):
        told.send("2026-01-14", channel=notice_ev.Channel.CREDIT_EXTENDED)
    told = denied(applicant=ev.ApplicantKind.BUSINESS)
    told.draft("2026-01-13").check("2026-01-13").release("2026-01-13")
    assert told.send("2026-01-14", channel=notice_ev.Channel.ORAL).case.stage is Stage.NOTIFIED


def test_giving_the_credit_tells_an_approval(story):
    told = story().complete("2026-01-08").assess("2026-01-09").decide("2026-01-12", Outcome.APPROVE)
    told.draft("2026-01-13").check("2026-01-13").release("2026-01-13")
    told.send("2026-01-14", channel=notice_ev.Channel.CREDIT_EXTENDED)
    assert told.case.stage is Stage.NOTIFIED


def test_an_incomplete_application_is_neither_granted_nor_offered_other_terms(story):
    told = story().assess("2026-01-09")
    for outcome in (Outcome.APPROVE, Outcome.COUNTEROFFER):
        with refused(told, DecisionRefusedError, "complete application"):
            told.decide("2026-01-12", outcome)


def test_a_case_is_closed_as_incomplete_only_after_the_last_day_to_answer(story):
    told = story("2026-01-05")
    with refused(told, DecisionRefusedError, "no notice of incompleteness"):
        told.decide("2026-01-12", Outcome.CLOSED_INCOMPLETE)
    told.ask_for_items("2026-01-15", respond_by="2026-02-04")
    with refused(told, DecisionRefusedError, "through 2026-02-04"):
        told.decide("2026-02-05T04:59:59Z", Outcome.CLOSED_INCOMPLETE)
    told.decide("2026-02-05T05:00:00Z", Outcome.CLOSED_INCOMPLETE)
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-02-06")
    assert told.add(keeping_ev.CaseRetained, "2026-02-06").case.stage is Stage.RETAINED


def test_a_case_closed_by_mistake_goes_on_when_the_answer_had_come(story):
    told = story("2026-01-05").ask_for_items("2026-01-15", respond_by="2026-02-04")
    told.decide("2026-02-05", Outcome.CLOSED_INCOMPLETE)
    told.add(ev.DecisionReopened, "2026-02-06", cause="the answer lay in the post room")
    told.complete("2026-02-03", recorded="2026-02-07")
    assert told.case.stage is Stage.COMPLETE


def test_a_notice_of_incompleteness_leaves_time_to_answer(story):
    purpose = notice_ev.NoticePurpose.INCOMPLETENESS
    day = datetime(2026, 1, 12, tzinfo=UTC).date()
    with pytest.raises(EventTimeError, match="no time"):
        story().draft("2026-01-12", purpose, respond_by=day)
    told = story().draft("2026-01-10", purpose, respond_by=day)
    told.check("2026-01-10").release("2026-01-10")
    with refused(told, EventTimeError, "no time"):
        told.send("2026-01-12")


def test_items_and_a_last_day_belong_to_notices_of_incompleteness_alone(story, denied):
    with pytest.raises(IllegalEventError, match=r"1002\.9\(c\)\(2\)"):
        story().draft("2026-01-12", notice_ev.NoticePurpose.INCOMPLETENESS, missing_items=())
    with pytest.raises(IllegalEventError, match=r"1002\.9\(c\)\(2\)"):
        denied().draft("2026-01-13", missing_items=("pay_stub",))


def test_completion_overtakes_a_notice_of_incompleteness_in_preparation(story):
    told = (
        story().draft("2026-01-10", notice_ev.NoticePurpose.INCOMPLETENESS).complete("2026-01-11")
    )
    assert told.case.preparing == ()
    assert told.case.stage is Stage.COMPLETE


def test_what_was_assessed_before_completion_is_assessed_again(story):
    told = story().assess("2026-01-06").complete("2026-01-08")
    with refused(told, DecisionRefusedError, "assessed"):
        told.decide("2026-01-09", Outcome.DENY)


@pytest.mark.parametrize(
    "outcome", [Outcome.WITHDRAWN, Outcome.PRODUCT_NOT_OFFERED, Outcome.LAW_PROHIBITS]
)
def test_where_no_notice_is_owed_none_can_be_drafted_and_the_record_is_kept(story, outcome):
    told = story().decide("2026-01-12", outcome)
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-01-13")
    told.add(keeping_ev.CaseRetained, "2026-01-13")
    with refused(told, RetentionError, "through 2028-02-05"):
        told.add(keeping_ev.CasePurged, "2028-02-05")
    told.add(keeping_ev.CasePurged, "2028-02-06")


def offered(story, purpose):
    told = story().complete("2026-01-08").assess("2026-01-09")
    return told.decide("2026-01-12", Outcome.COUNTEROFFER).notify("2026-01-15", purpose)


def test_an_accepted_counteroffer_owes_no_denial_even_when_one_was_drafted(story):
    told = offered(story, notice_ev.NoticePurpose.COUNTEROFFER)
    told.draft("2026-02-01", notice_ev.NoticePurpose.COUNTEROFFER_NOT_ACCEPTED)
    told.add(ev.CounterofferAccepted, "2026-02-02")
    assert told.case.preparing == ()
    assert told.case.offer is OfferState.ACCEPTED
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-02-03", notice_ev.NoticePurpose.COUNTEROFFER_NOT_ACCEPTED)
    told.add(keeping_ev.CaseRetained, "2026-02-03")


def test_an_open_counteroffer_is_not_filed_away(story):
    told = offered(story, notice_ev.NoticePurpose.COUNTEROFFER)
    with refused(told, match="CaseRetained"):
        told.add(keeping_ev.CaseRetained, "2026-06-01")
    told.notify("2026-06-02", notice_ev.NoticePurpose.COUNTEROFFER_NOT_ACCEPTED)
    with refused(told, match="CounterofferAccepted"):
        told.add(ev.CounterofferAccepted, "2026-06-03")
    told.add(keeping_ev.CaseRetained, "2026-06-03")


def test_a_combined_counteroffer_leaves_nothing_to_send(story):
    told = offered(story, notice_ev.NoticePurpose.COMBINED_COUNTEROFFER)
    told.add(ev.CounterofferDeclined, "2026-02-01")
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-02-02", notice_ev.NoticePurpose.COUNTEROFFER_NOT_ACCEPTED)
    told.add(keeping_ev.CaseRetained, "2026-02-02")


def test_reasons_may_be_deferred_only_on_a_notice_of_adverse_action(story):
    told = story().complete("2026-01-08").assess("2026-01-09").decide("2026-01-12", Outcome.APPROVE)
    with refused(told, match="cannot leave its reasons"):
        told.draft("2026-01-13", reasons_on_request=True)


def test_reasons_can_be_asked_for_after_the_case_was_filed_away(denied):
    told = denied().notify("2026-01-15", reasons_on_request=True)
    told.add(keeping_ev.CaseRetained, "2026-01-16").add(ev.ReasonsRequested, "2026-02-01")
    assert keeping_ev.CasePurged not in expected_events(told.case)
    told.notify("2026-02-10", notice_ev.NoticePurpose.REASONS_STATEMENT)
    assert told.case.stage is Stage.RETAINED
    with refused(told, match="NoticeDrafted"):
        told.draft("2026-02-11", notice_ev.NoticePurpose.REASONS_STATEMENT)


def test_reasons_that_were_stated_cannot_be_asked_for(denied):
    told = denied().notify("2026-01-15")
    with refused(told, match="ReasonsRequested"):
        told.add(ev.ReasonsRequested, "2026-01-20")


def test_an_existing_account_has_outcomes_of_its_own(story):
    told = story(account=True).assess("2026-01-06")
    with refused(told, DecisionRefusedError, "existing_account"):
        told.decide("2026-01-07", Outcome.DENY)
    told.decide("2026-01-07", Outcome.ACCOUNT_ADVERSE_ACTION).notify("2026-01-08")
    told = story().complete("2026-01-06").assess("2026-01-06")
    with refused(told, DecisionRefusedError, "application"):
        told.decide("2026-01-07", Outcome.ACCOUNT_ADVERSE_ACTION)


def test_a_decision_is_taken_back_with_a_cause_and_only_before_notice(denied):
    told = denied().draft("2026-01-13")
    with refused(told, match="three words"):
        told.add(ev.DecisionReopened, "2026-01-13", cause="  oops ")
    told.add(ev.DecisionReopened, "2026-01-13", cause=CAUSE)
    assert told.case.stage is Stage.ASSESSED
    assert told.case.preparing == ()
    told.decide("2026-01-14", Outcome.APPROVE).notify("2026-01-15")
    with refused(told, match="DecisionReopened"):
        told.add(ev.DecisionReopened, "2026-01-16", cause=CAUSE)


def test_records_in_which_a_decision_with_a_released_letter_was_taken_back_are_read(denied):
    told = denied().draft("2026-01-13").check("2026-01-13").release("2026-01-14")
    told.add(ev.DecisionReopened, "2026-01-15", cause=CAUSE)
    assert replay(told.events) == told.case
    assert told.case.unsent == ()


def test_a_record_is_kept_for_the_whole_of_its_last_day(denied):
    told = denied().notify("2026-01-31").add(keeping_ev.CaseRetained, "2026-02-01")
    with refused(told, RetentionError, "through 2028-02-29"):
        told.add(keeping_ev.CasePurged, "2028-03-01T04:59:59Z")
    told.add(keeping_ev.CasePurged, "2028-03-01T05:00:00Z")


def test_a_legal_hold_wins_over_the_end_of_retention(denied):
    told = denied().notify("2026-01-31").add(keeping_ev.CaseRetained, "2026-02-01")
    told.add(keeping_ev.LegalHoldPlaced, "2028-01-01", hold_id="h-1")
    with refused(told, RetentionError, "legal holds"):
        told.add(keeping_ev.CasePurged, "2030-01-01")
    with refused(told, match="no such legal hold"):
        told.add(keeping_ev.LegalHoldLifted, "2030-01-01", hold_id="h-2")
    told.add(keeping_ev.LegalHoldLifted, "2030-01-01", hold_id="h-1").add(
        keeping_ev.CasePurged, "2030-01-02"
    )


def test_a_message_repeats_nothing_that_is_written_by_hand(denied):
    told = denied()
    with refused(told, CaseError) as caught:
        told.add(ev.DecisionReopened, "2026-01-13", cause="SecretName wrote")
    assert "SecretName" not in str(caught.value)


def released_request(story):
    told = story("2026-01-05").draft("2026-01-28", notice_ev.NoticePurpose.INCOMPLETENESS)
    return told.check("2026-01-28").release("2026-01-29")


def test_a_request_that_went_out_before_completion_is_recorded_after_it(story):
    told = released_request(story).complete("2026-02-10")
    assert told.case.preparing == ()
    with refused(told, EventTimeError, "overtook it"):
        told.send("2026-02-10")
    told.send("2026-01-30", recorded="2026-02-11")
    assert told.case.stage is Stage.COMPLETE
    assert told.case.overtaken == ()
    clock = told.clock(ClockKind.INCOMPLETE_APPLICATION)
    assert (clock.stopped_on, clock.status(on=date(2026, 2, 11))) == (
        date(2026, 1, 30),
        ClockStatus.MET,
    )
    assert told.clock(ClockKind.APPLICANT_RESPONSE) is None
    assert told.clock(ClockKind.ACTION_TAKEN).due_on == date(2026, 3, 12)
    told.assess("2026-02-12").decide("2026-02-13", Outcome.DENY).notify("2026-02-14")
    told.add(keeping_ev.CaseRetained, "2026-02-15")


def test_a_request_that_a_decision_overtook_hinders_nothing_and_can_be_given_up(story):
    told = released_request(story).assess("2026-02-01").decide("2026-02-02", Outcome.DENY)
    first = {"notice_id": "n-1", "digest": "d" * 64}
    told.notify("2026-02-03").add(keeping_ev.CaseRetained, "2026-02-04")
    told.send("2026-01-30", recorded="2026-02-05", **first)
    assert told.case.stage is Stage.RETAINED
    told = released_request(story).assess("2026-02-01").decide("2026-02-02", Outcome.DENY)
    with refused(told, match="refuses NoticeChecked"):
        told.check("2026-02-03", **first)
    told.add(notice_ev.NoticeDiscarded, "2026-02-03", notice_id="n-1", cause=CAUSE)
    assert told.case.overtaken == ()
