"""Events that were stored before each recipient had a notice of their own."""

import json
from dataclasses import replace

import pytest

from serving.adapters.event_json import event_from_json, event_to_json
from serving.cases import events as ev
from serving.cases import notice_events as notice_ev
from serving.cases.decisions import DecisionPath, DecisionRecord, Outcome


def older(event, *names):
    """The text of an event without the fields that older programs did not know."""
    plain = json.loads(event_to_json(event))
    for name in names:
        holder = plain["event"]
        *path, last = name.split(".")
        for step in path:
            holder = holder[step]
        del holder[last]
    return json.dumps(plain).encode()


@pytest.fixture
def when(made):
    actor = made.underwriter
    return {"occurred_at": made.start, "recorded_at": made.start, "actor": actor}


def test_an_older_notice_and_request_are_the_primary_applicants(when):
    draft = notice_ev.NoticeDrafted(
        **when,
        notice_id="n-1",
        consumer_id="p-2",
        purpose=notice_ev.NoticePurpose.ACTION_TAKEN,
        digest="d" * 64,
        template_digest="e" * 64,
    )
    asked = ev.ReasonsRequested(**when, consumer_id="p-2")
    for event in (draft, asked):
        found = event_from_json(older(event, "consumer_id"))
        assert found == replace(event, consumer_id=ev.PRIMARY_APPLICANT)
        assert event_from_json(event_to_json(event)) == event


def test_an_older_decision_has_no_other_recipients(when):
    decision = DecisionRecord(
        decision_id="d-1",
        outcome=Outcome.DENY,
        decided_by="u-decides",
        decided_at=when["occurred_at"],
        path=DecisionPath.JUDGMENTAL,
        taxonomy_version="t-1",
        policy_version="p-1",
        other_recipients=("p-2",),
    )
    event = ev.DecisionRecorded(**when, decision=decision)
    found = event_from_json(older(event, "decision.other_recipients"))
    assert found.decision == replace(decision, other_recipients=())
    assert event_from_json(event_to_json(event)) == event
