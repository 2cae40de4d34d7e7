"""Checking, releasing, sending and making again."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.case import NoticeStep, Stage
from serving.cases.decisions import DecisionPath, Outcome
from serving.cases.errors import EventTimeError, IllegalEventError
from serving.cases.notice_events import Channel, NoticeDiscarded
from serving.casework import deciding, intake, letters, printing
from serving.casework.errors import (
    FactsError,
    NoLetterError,
    NoticeBlockedError,
    RegenerationError,
)
from serving.casework.facts import Consent, Consents
from serving.casework.printing import APPROVAL, Rendering
from serving.notices.case_file import parse_case
from serving.notices.checks.every_check import check_notice
from serving.notices.notice import Channel as Planned

FIVE = (
    DenialReason.LENGTH_OF_EMPLOYMENT,
    DenialReason.LIMITED_CREDIT_EXPERIENCE,
    DenialReason.LENGTH_OF_RESIDENCE,
    DenialReason.UNABLE_TO_VERIFY_INCOME,
    DenialReason.COLLECTION_OR_JUDGMENT,
)
CONSENT = Consent(consent_id="e-1", consumer_id="consumer-1", given_on=date(2026, 11, 1))


def consent(office, person, *given):
    def add(case_id):
        intake.add_consents(office.desk, case_id, Consents(consents=given), by=person)

    return add


def test_only_the_second_person_is_missing_before_the_release(office, people):
    _, notice_id = office.drafted()
    found = letters.check(office.desk, notice_id, causes={}, by=people[0])
    assert [v.check_id for v in found.verdicts if not v.passed] == ["A1"]
    assert found.stored.case.notice(notice_id).step is NoticeStep.CHECKED


def test_the_check_of_a_stored_notice_is_the_check_of_its_file(any_office, people):
    _, notice_id = any_office.drafted()
    case = parse_case(printing.letter_json(letters.letter_file(any_office.desk, notice_id)))
    found = letters.check(any_office.desk, notice_id, causes={}, by=people[0])
    assert list(found.verdicts) == check_notice(case.notice, case.record)


def test_the_file_of_a_released_notice_passes_every_check(any_office):
    _, notice_id = any_office.released()
    verdicts = letters.verdicts_of(letters.letter_file(any_office.desk, notice_id))
    assert all(verdict.passed for verdict in verdicts)


def test_more_than_four_reasons_need_a_written_cause(any_office, people):
    case_id = any_office.assessed()
    reasons = tuple(
        deciding.GivenReason(reason=reason, provenance=deciding.Provenance.PERSON, basis="the file")
        for reason in FIVE
    )
    decision = any_office.denial(
        case_id,
        path=DecisionPath.JUDGMENTAL,
        reasons=reasons,
        override_cause="other facts decided, see the memo",
    )
    deciding.decide(any_office.desk, case_id, decision, by=people[0])
    _, notice_id = any_office.drafted(case_id=case_id)
    found = letters.check(any_office.desk, notice_id, causes={}, by=people[0])
    assert found.blocked_by == ("C6",)
    assert found.stored.case.notice(notice_id).step is NoticeStep.DRAFTED
    with pytest.raises(IllegalEventError):
        letters.release(any_office.desk, notice_id, by=people[1])
    with pytest.raises(IllegalEventError, match="no written cause"):
        letters.check(any_office.desk, notice_id, causes={"C6": "ok"}, by=people[0])
    causes = {"C6": "all five were principal reasons"}
    found = letters.check(any_office.desk, notice_id, causes=causes, by=people[0])
    assert found.blocked_by == ()
    letters.release(any_office.desk, notice_id, by=people[1])


def test_a_consent_withdrawn_after_the_check_blocks_the_release(any_office, people):
    case_id = any_office.denied()
    consent(any_office, people[0], CONSENT)(case_id)
    _, notice_id = any_office.checked(case_id=case_id, channel=Planned.ELECTRONIC)
    withdrawn = replace(CONSENT, withdrawn_on=date(2026, 11, 2))
    consent(any_office, people[0], withdrawn)(case_id)
    with pytest.raises(NoticeBlockedError, match="1 checks that block failed: C17") as caught:
        letters.release(any_office.desk, notice_id, by=people[1])
    assert caught.value.check_ids == ("C17",)


def test_without_a_consent_nothing_goes_out_electronically(office, people):
    _, notice_id = office.drafted(channel=Planned.ELECTRONIC)
    found = letters.check(office.desk, notice_id, causes={}, by=people[0])
    assert found.blocked_by == ("C17",)


def test_an_electronic_notice_names_a_consent_in_force(office, people):
    case_id = office.denied()
    consent(office, people[0], CONSENT)(case_id)
    _, notice_id = office.released(case_id=case_id, channel=Planned.ELECTRONIC)

    def send(consent_id):
        return letters.mark_sent(
            office.desk,
            notice_id,
            channel=Channel.ELECTRONIC,
            by=people[1],
            consent_id=consent_id,
        )

    with pytest.raises(FactsError, match=r"consent_id: .*1002\.4\(d\)\(2\)"):
        send("e-2")
    with pytest.raises(IllegalEventError, match="consent"):
        send(None)
    assert send("e-1").case.sent[0].channel is Channel.ELECTRONIC


def test_a_notice_goes_the_way_it_was_drafted_for(office, people):
    _, notice_id = office.released()
    with pytest.raises(FactsError, match="channel: found delivered"):
        letters.mark_sent(office.desk, notice_id, channel=Channel.DELIVERED, by=people[1])


def test_a_notice_may_be_posted_in_the_minute_of_its_release(any_office, people):
    case_id, notice_id = any_office.released()
    released_at = any_office.desk.load(case_id).case.notice(notice_id).stepped_at
    minute = released_at.replace(second=0)
    assert minute < released_at
    post = partial(letters.mark_sent, any_office.desk, notice_id, channel=Channel.MAILED)
    with pytest.raises(EventTimeError):
        post(by=people[1], sent_at=minute - timedelta(minutes=1))
    with pytest.raises(EventTimeError):
        post(by=people[1], sent_at=minute + timedelta(seconds=1))
    assert post(by=people[1], sent_at=minute).case.sent[-1].notified_at == released_at


def test_a_notice_given_up_can_be_drafted_again(any_office, people):
    case_id, notice_id = any_office.drafted()
    letters.discard(any_office.desk, notice_id, cause="the address has changed", by=people[0])
    with pytest.raises(IllegalEventError, match="not in preparation"):
        letters.check(any_office.desk, notice_id, causes={}, by=people[0])
    _, again = any_office.checked(case_id=case_id)
    assert again != notice_id


def test_a_decision_taken_back_drops_the_notice_and_needs_a_cause(any_office, people):
    case_id, notice_id = any_office.checked()
    decision_id = any_office.desk.load(case_id).case.decision.decision_id
    with pytest.raises(IllegalEventError, match="cause"):
        deciding.reopen(any_office.desk, decision_id, cause="ok", by=people[0])
    deciding.reopen(any_office.desk, decision_id, cause="a pay stub came in", by=people[0])
    with pytest.raises(FactsError, match="decision_id"):
        deciding.reopen(any_office.desk, decision_id, cause="a pay stub came in", by=people[0])
    with pytest.raises(IllegalEventError):
        letters.release(any_office.desk, notice_id, by=people[1])
    *_, given_up, _ = any_office.desk.load(case_id).events
    assert isinstance(given_up, NoticeDiscarded)
    assert given_up.notice_id == notice_id


def test_a_decision_is_not_taken_back_while_its_letter_is_released(any_office, people):
    case_id, notice_id = any_office.released()
    decision_id = any_office.desk.load(case_id).case.decision.decision_id
    with pytest.raises(IllegalEventError, match="discard it first"):
        deciding.reopen(any_office.desk, decision_id, cause="a pay stub came in", by=people[0])
    letters.discard(any_office.desk, notice_id, cause="it was not posted", by=people[1])
    deciding.reopen(any_office.desk, decision_id, cause="a pay stub came in", by=people[0])


def test_a_preview_before_the_release_is_what_will_be_released(office, people):
    _, notice_id = office.checked()
    seen = {kind: printing.preview(office.desk, notice_id, kind) for kind in Rendering}
    letters.release(office.desk, notice_id, by=people[1])
    assert seen == {kind: printing.preview(office.desk, notice_id, kind) for kind in Rendering}


def test_what_was_not_released_or_is_no_letter_is_not_made_again(office, people):
    _, notice_id = office.checked()
    with pytest.raises(RegenerationError, match="not released"):
        printing.regenerate(office.desk, notice_id, Rendering.PDF)
    kept = office.cases.notice(notice_id)
    approval = replace(kept, content=replace(kept.content, content=APPROVAL + b'"d-1"}'))
    assert json.loads(approval.content.content) == {"approval": "d-1"}
    with pytest.raises(NoLetterError):
        printing.letter_of(approval)


def test_the_check_of_a_file_without_its_record_is_refused(office):
    _, notice_id = office.drafted()
    alone = replace(letters.letter_file(office.desk, notice_id), record=None)
    with pytest.raises(FactsError, match=r"record: .*comment 9\(b\)\(2\)-2"):
        letters.verdicts_of(alone)


def test_a_request_posted_before_the_completion_can_still_be_recorded(any_office, people):
    any_office.clock.go_to("2026-11-02")
    case_id = any_office.receive(is_complete=False)
    _, notice_id = any_office.released(
        case_id=case_id,
        missing_items=("Pay statements of the last 30 days",),
        respond_by=date(2026, 11, 20),
    )
    posted = any_office.clock.at
    any_office.clock.go_to("2026-11-10")
    intake.complete(any_office.desk, case_id, by=people[0])
    stored = letters.mark_sent(
        any_office.desk, notice_id, channel=Channel.MAILED, by=people[1], sent_at=posted
    )
    assert stored.case.stage is Stage.COMPLETE
    assert [n.notified_at for n in stored.case.sent] == [posted]


def test_a_draft_that_completion_or_decision_overtakes_is_given_up_with_its_cause(office, people):
    for overtake in (intake.complete, withdrawn):
        case_id, notice_id = office.checked(
            case_id=office.receive(is_complete=False),
            missing_items=("Pay statements of the last 30 days",),
            respond_by=date(2026, 12, 20),
        )
        stored = overtake(office.desk, case_id, by=people[0])
        [given_up] = [e for e in stored.events if isinstance(e, NoticeDiscarded)]
        assert (given_up.notice_id, stored.case.preparing) == (notice_id, ())


def withdrawn(desk, case_id, *, by):
    decision = deciding.Decide(outcome=Outcome.WITHDRAWN)
    return deciding.decide(desk, case_id, decision, by=by)
