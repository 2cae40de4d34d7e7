"""From the application to the purge, on each store."""

import pytest

from serving.cases.case import Stage
from serving.cases.clock import ClockKind, ClockStatus, clock_of
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.errors import IllegalEventError, RetentionError, SecondPersonError
from serving.cases.notice_events import Channel
from serving.cases.store_errors import CasePurgedError
from serving.casework import deciding, keeping, letters, printing, telling
from serving.casework.printing import Rendering


def test_a_denied_application_becomes_a_letter_that_two_people_stand_behind(any_office, people):
    office, (underwriter, compliance) = any_office, people
    case_id, notice_id = office.sent()
    stored = office.desk.load(case_id)
    assert stored.case.stage is Stage.NOTIFIED
    told = clock_of(clocks(stored.events), ClockKind.ACTION_TAKEN)
    assert told.status(on=office.clock.at.date()) is ClockStatus.MET
    keeping.retain(office.desk, case_id, by=compliance)
    with pytest.raises(RetentionError, match="2028-12-20"):
        keeping.purge(office.desk, case_id, by=compliance)
    office.clock.go_to("2028-12-21")
    keeping.purge(office.desk, case_id, by=compliance)
    assert office.cases.entry(case_id).stage is Stage.PURGED
    with pytest.raises(CasePurgedError):
        printing.preview(office.desk, notice_id, Rendering.TEXT)
    actors = {
        entry.action.action: entry.action.actor_id
        for entry in office.desk.storage.audit.entries(object_kind="case", object_id=case_id)
    }
    assert actors["decision_recorded"] == underwriter.actor_id
    assert actors["notice_released"] == compliance.actor_id
    assert actors["case_purged"] == compliance.actor_id
    office.desk.storage.audit.verify()


@pytest.mark.parametrize("kind", Rendering)
def test_a_released_letter_is_made_again_byte_for_byte(any_office, kind):
    _, notice_id = any_office.sent()
    stored = printing.preview(any_office.desk, notice_id, kind)
    assert printing.regenerate(any_office.desk, notice_id, kind) == stored


def test_neither_who_decided_nor_who_drafted_releases(any_office, people):
    underwriter, compliance = people
    _, notice_id = any_office.checked(by=compliance)
    for person in (underwriter, compliance):
        with pytest.raises(SecondPersonError, match="second person must release"):
            letters.release(any_office.desk, notice_id, by=person)
    third = type(underwriter)(actor_id="compliance-3", role="compliance")
    letters.release(any_office.desk, notice_id, by=third)


def test_nothing_is_sent_that_was_not_released(any_office, people):
    _, notice_id = any_office.checked()
    with pytest.raises(IllegalEventError):
        letters.mark_sent(any_office.desk, notice_id, channel=Channel.MAILED, by=people[1])


def test_a_hold_keeps_a_case_whose_time_is_over(any_office, people):
    case_id, _ = any_office.sent()
    compliance = people[1]
    keeping.retain(any_office.desk, case_id, by=compliance)
    keeping.place_hold(any_office.desk, case_id, "suit-7", by=compliance)
    any_office.clock.go_to("2029-06-01")
    assert keeping.purge_due(any_office.desk, by=compliance) == []
    with pytest.raises(RetentionError, match="legal hold"):
        keeping.purge(any_office.desk, case_id, by=compliance)
    keeping.lift_hold(any_office.desk, case_id, "suit-7", by=compliance)
    assert keeping.purge_due(any_office.desk, by=compliance) == [case_id]
    assert keeping.purge_due(any_office.desk, by=compliance) == []


def test_an_approval_is_told_without_a_letter_and_by_somebody_else(any_office, people):
    underwriter, compliance = people
    case_id = any_office.assessed(text="Nurse, nine years, no card balances.")
    approve = any_office.denial(case_id, outcome=Outcome.APPROVE, reasons=())
    deciding.decide(any_office.desk, case_id, approve, by=underwriter)
    with pytest.raises(SecondPersonError):
        telling.tell_approval(any_office.desk, case_id, channel=Channel.ORAL, by=underwriter)
    stored = telling.tell_approval(any_office.desk, case_id, channel=Channel.ORAL, by=compliance)
    assert stored.case.stage is Stage.NOTIFIED
