"""Random cases: whatever is tried, no case gets where the law does not let it.

The rules are told here a second time, over the accepted events alone and without the state machine:
`broken_rules` shares no code with it.
"""

import hashlib
import itertools
import json
import random
import sys
import time
from collections import Counter
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from serving.cases import events as ev
from serving.cases import every_event as every_ev
from serving.cases import notice_events as notice_ev
from serving.cases.audit import AuditAction, AuditLog
from serving.cases.audit_stores import MemoryAuditStore
from serving.cases.case import Stage
from serving.cases.clock import CREDITOR_CLOCKS, ClockKind, ClockStep
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.errors import IllegalEventError
from serving.cases.expected import expected_events
from serving.cases.owed import to_draft
from serving.cases.simulation import Simulator
from serving.cases.transitions import apply, replay

NUM_QUICK, NUM_SOME, NUM_FULL, NUM_TRIED = 200, 3_000, 10_000, 40
NUM_BEATEN = 10  # one purged case in so many is tried on to the end
NO_NOTICE = {"product_not_offered", "law_prohibits", "withdrawn", "closed_incomplete"}
NO_NOTICE |= {"account_unchanged"}
OFFERS = {"counteroffer", "combined_counteroffer"}
STEPS = (notice_ev.NoticeReleased, notice_ev.NoticeSent)


class Letter:
    """One notice on its way to one recipient."""

    def __init__(self, draft):
        self.draft, self.checked, self.releaser = draft, False, None
        self.stepped = draft.occurred_at


class History:
    """What the accepted events say, read one by one, and the rules they break."""

    def __init__(self, opening):
        self.opening, self.zone = opening, ZoneInfo(opening.time_zone)
        self.broken, self.told, self.holds = [], [], set()
        self.decision = self.decider = self.asked = self.completed = None
        self.accepted = self.purged = self.retained = False
        self.letters, self.requested, self.days_told = {}, {}, {}
        self.overtaken, self.days_overtaken = {}, {}
        self.recorded = opening.recorded_at

    def rule(self, holds, words):
        if not holds:
            self.broken.append(words)

    def day(self, at):
        return pd.Timestamp(at.astimezone(self.zone).date())

    def read(self, event):
        self.rule(not self.purged, "something happened after the purge")
        self.rule(event.recorded_at >= self.recorded, "recorded in another order")
        self.recorded = event.recorded_at
        self.rule(event.occurred_at >= self.opening.occurred_at, "happened before the case")
        if isinstance(event, STEPS) and event.notice_id in self.letters | self.overtaken:
            letter = (self.letters | self.overtaken)[event.notice_id]
            self.rule(event.occurred_at >= letter.stepped, "a step before the one before")
            letter.stepped = event.occurred_at
        getattr(self, f"on_{type(event).__name__}", lambda _: None)(event)
        return self

    def on_ApplicationReceived(self, _):
        self.rule(False, "opened twice")

    on_AccountReviewOpened = on_ApplicationReceived

    def on_FileRevised(self, event):
        moved = set(event.recipients)
        written_to = {letter.draft.consumer_id for letter in self.letters.values()}
        if set(event.parts) == {"applicants"}:
            self.rule(not moved & written_to, "9-3: a letter to where nobody lives any more")
            return
        self.rule(self.decision is None, "9(b)(2)-2: what was decided on changed afterwards")
        self.rule(not written_to, "a letter that rests on what was replaced")

    def on_ApplicationCompleted(self, event):
        self.rule(self.completed is None and not self.decision, "completed twice or too late")
        self.completed = event.occurred_at
        self.overtake(event)

    def overtake(self, event, purposes=tuple(notice_ev.NoticePurpose)):
        """What was released of these may have gone out before; anything else of them is gone."""
        outdated = {k: v for k, v in self.letters.items() if v.draft.purpose in purposes}
        released = {key: letter for key, letter in outdated.items() if letter.releaser}
        self.overtaken |= released
        self.days_overtaken |= dict.fromkeys(released, event.occurred_at)
        self.letters = {k: v for k, v in self.letters.items() if k not in outdated}

    def on_DecisionRecorded(self, event):
        account = isinstance(self.opening, ev.AccountReviewOpened)
        outcome = event.decision.outcome
        self.rule(self.decision is None, "decided twice")
        self.rule(event.actor.kind is ev.ActorKind.PERSON, "A1: not decided by a person")
        self.rule(account == outcome.startswith("account"), "an outcome of another kind of case")
        if outcome in {"approve", "counteroffer"}:
            self.rule(self.completed, "granted or offered on an incomplete application")
        if outcome == "closed_incomplete":
            self.rule(self.asked is not None and not self.completed, "T3: closed without a notice")
            late = self.asked is not None and self.day(event.occurred_at) > pd.Timestamp(self.asked)
            self.rule(late, "T3: closed before the applicant's time was over")
        if outcome in {"deny", "counteroffer", "account_adverse_action"}:
            self.rule(event.decision.reasons, "9(b)(2): adverse action without reasons")
            self.rule(
                len(set(self.everybody(event.decision))) == len(self.everybody(event.decision)),
                "somebody is told twice",
            )
        else:
            self.rule(
                not event.decision.other_recipients, "615(a): disclosed without adverse action"
            )
        self.decision, self.decider = event.decision, event.actor.actor_id
        self.overtake(event)

    def everybody(self, decision):
        return [None, *decision.other_recipients]

    def purposes(self, recipient):
        return {n.purpose for n in self.told if n.consumer_id == recipient} - {"incompleteness"}

    def on_DecisionReopened(self, _):
        told = {notice.purpose for notice in self.told} - {"incompleteness"}
        self.rule(self.decision and not told and not self.retained, "reopened after notice")
        self.decision, self.letters = None, {}

    def on_NoticeDrafted(self, event):
        busy = {letter.draft.consumer_id for letter in self.letters.values()}
        self.rule(event.consumer_id not in busy, "two notices at once to one recipient")
        known = self.everybody(self.decision) if self.decision else [None]
        self.rule(event.consumer_id in known, "9(f), 615(a): a notice to somebody who is owed none")
        self.letters[event.notice_id] = Letter(event)

    def on_NoticeDiscarded(self, event):
        letter = self.letters.pop(event.notice_id, None)
        overtaken = self.overtaken.pop(event.notice_id, None)
        self.rule(letter or overtaken, "nothing to discard")

    def on_NoticeChecked(self, event):
        letter = self.letters.get(event.notice_id)
        self.rule(letter and letter.draft.digest == event.digest, "checked something else")
        letter.checked = not event.blocking

    def on_NoticeReleased(self, event):
        letter = self.letters.get(event.notice_id)
        self.rule(letter and letter.draft.digest == event.digest, "released something else")
        self.rule(letter.checked, "released unchecked")
        letter.releaser = event.actor

    def on_NoticeSent(self, event):
        late = self.overtaken.pop(event.notice_id, None)
        letter = self.letters.pop(event.notice_id, late)
        same = letter and letter.draft.digest == event.digest
        self.rule(same, "sent something else than was drafted")
        if not same:
            return
        draft, releaser = letter.draft, letter.releaser
        self.rule(letter.checked and releaser, "sent unchecked or unreleased")
        if not releaser:
            return
        self.rule(releaser.kind is ev.ActorKind.PERSON, "A1: not released by a person")
        self.rule(releaser.actor_id != draft.actor.actor_id, "A1: released by its author")
        purposes = self.purposes(draft.consumer_id)
        if late:
            self.rule(event.occurred_at < self.days_overtaken[event.notice_id], "sent too late")
        if draft.purpose == "incompleteness":
            in_time = late or (not self.decision and not self.completed)
            self.rule(in_time, "asked for items too late")
            self.rule(draft.consumer_id is None, "9(f): somebody else was asked for items")
            self.asked = draft.respond_by
        else:
            self.rule(self.decision, "A2: a notice without a recorded decision")
            self.rule(releaser.actor_id != self.decider, "A1: released by the decider")
            outcome = self.decision.outcome if self.decision else None
            self.rule(outcome not in NO_NOTICE, "X1: a notice that is not owed")
            self.rule(draft.purpose not in purposes, "the same notice twice to one recipient")
            ways = {notice.purpose for notice in self.told} & OFFERS
            if draft.purpose in OFFERS:
                self.rule(ways <= {draft.purpose}, "one offer made in two ways")
                self.rule(late or not self.accepted, "X2: offered again after acceptance")
        if draft.purpose == "counteroffer":
            self.rule(draft.consumer_id is None, "a disclosure before there is adverse action")
        if draft.purpose == "counteroffer_not_accepted":
            self.rule(late or not self.accepted, "X2: denied after acceptance")
            self.rule("counteroffer" in self.purposes(None), "T4: denied without a counteroffer")
            self.rule("combined_counteroffer" not in purposes, "T4: a second notice")
        if draft.purpose == "reasons_statement":
            asked = self.requested.get(draft.consumer_id)
            self.rule(asked, "T6: reasons that nobody asked for")
        self.told.append(draft)
        if draft.reasons_on_request:
            self.days_told[draft.consumer_id] = self.day(event.occurred_at)
        self.last_told = max(event.occurred_at, getattr(self, "last_told", event.occurred_at))

    def on_CounterofferAccepted(self, event):
        purposes = self.purposes(None)
        self.rule(OFFERS & purposes and not self.accepted, "accepted what was not offered")
        self.rule("counteroffer_not_accepted" not in purposes, "accepted after the denial")
        self.accepted = True
        self.overtake(event, {*OFFERS, "counteroffer_not_accepted"})

    def on_ReasonsRequested(self, event):
        offered = [n for n in self.told if n.reasons_on_request]
        self.rule(event.consumer_id in {n.consumer_id for n in offered}, "T6: not offered")
        self.rule(event.consumer_id not in self.requested, "T6: asked twice, and in time")
        since = self.days_told[event.consumer_id]
        if self.day(event.occurred_at) <= since + pd.Timedelta(days=60):
            self.requested[event.consumer_id] = True

    def on_LegalHoldPlaced(self, event):
        self.holds.add(event.hold_id)

    def on_LegalHoldLifted(self, event):
        self.holds.discard(event.hold_id)

    def owed(self):
        """Who of those to be told was not: an accepted offer leaves nothing owed."""
        if self.decision is None or self.decision.outcome in NO_NOTICE or self.accepted:
            return []
        plain = "counteroffer" in self.purposes(None)
        last = {"counteroffer_not_accepted"} if plain else {"action_taken", "combined_counteroffer"}
        return [r for r in self.everybody(self.decision) if not last & self.purposes(r)]

    def on_CaseRetained(self, _):
        waiting = [r for r in self.requested if "reasons_statement" not in self.purposes(r)]
        ready = self.decision and not self.owed() and not self.letters and not waiting
        self.rule(ready, "retained with a notice owed to somebody")
        self.retained = True

    def on_CasePurged(self, event):
        self.rule(self.retained and not self.holds, "R2: purged under a legal hold")
        since = self.day(getattr(self, "last_told", self.opening.occurred_at))
        kind = self.opening.applicant_kind
        if kind == "large_business" and {n.purpose for n in self.told} - {"incompleteness"}:
            until = since + pd.Timedelta(days=60)
        else:
            until = since + pd.DateOffset(months=25 if kind == "consumer" else 12)
        self.rule(self.day(event.occurred_at) > until, "R1: purged too early")
        self.purged = True


def check_clocks(case, events):
    """The clocks that must run do, no other does, and each is told in order."""
    found = {clock.kind: clock for clock in clocks(events)}
    running = {kind for kind, clock in found.items() if clock.stopped_on is None}
    for clock in found.values():
        steps = [entry.step for entry in clock.entries]
        assert steps[0] is not ClockStep.STOP
        assert ClockStep.START not in steps[1:]
        for one, other in itertools.pairwise(clock.entries):
            stops = one.step is other.step is ClockStep.STOP
            assert not stops or other.at < one.at, "stopped twice, not as it turned out earlier"
    told = {n.draft.purpose for n in case.sent_to(None)} - {notice_ev.NoticePurpose.INCOMPLETENESS}
    silent = case.decision is not None and case.decision.outcome in NO_NOTICE
    if case.stage in {Stage.RETAINED, Stage.PURGED}:
        assert running & CREDITOR_CLOCKS <= {ClockKind.REASONS_STATEMENT}
        return
    owed = case.completed_at is not None and not told and not silent
    assert (ClockKind.ACTION_TAKEN in running) == owed
    if owed:
        completed = case.completed_at.astimezone(ZoneInfo(case.time_zone)).date()
        due = pd.Timestamp(completed) + pd.Timedelta(days=30)
        assert found[ClockKind.ACTION_TAKEN].due_on == due.date()
    first = case.kind is ev.CaseKind.APPLICATION and case.stage is Stage.RECEIVED
    assert (ClockKind.INCOMPLETE_APPLICATION in running) >= first
    check_disclosures(case, events, running)


def check_disclosures(case, events, running):
    """The clock of disclosures runs exactly while somebody beside the primary applicant waits."""
    history = History(events[0])
    for event in events[1:]:
        history.read(event)
    others = [recipient for recipient in history.owed() if recipient is not None]
    drafted = {letter.draft.purpose for letter in history.letters.values()}
    plain = "counteroffer" in drafted
    assert (ClockKind.REPORT_DISCLOSURES in running) == (bool(others) and not plain)
    busy = {letter.draft.consumer_id for letter in history.letters.values()}
    left = {recipient for recipient in history.owed() if not plain or recipient is None} - busy
    assert {*to_draft(case)} >= left, "somebody is owed what nobody can draft"
    sent = {*case.told} >= {*case.recipients}
    if case.recipients and case.stage is Stage.NOTIFIED and not (history.accepted or plain):
        assert sent or "counteroffer" in history.purposes(None)
    if case.stage is Stage.DECIDED and case.recipients:
        assert not sent


def attempt(case, event):
    """Returns the case after the event and None, or the case as it was and the refusal."""
    try:
        return apply(case, event), None
    except IllegalEventError as refusal:
        return case, refusal


def live(seed, *, carelessness, counts, log=None):
    """Lives one case through and checks every accepted and every refused event."""
    simulator = Simulator(random.Random(seed), carelessness=carelessness)
    events = [simulator.opening()]
    case, history = apply(None, events[0]), History(events[0])
    for _ in range(NUM_TRIED):
        if case.stage is Stage.PURGED and seed % NUM_BEATEN:
            break
        event = simulator.next_event(case)
        counts["tried", "events"] += 1
        expected = expected_events(case)
        name = type(event).__name__
        after, refusal = attempt(case, event)
        if refusal is not None:
            assert (refusal.state, refusal.event) == (case.state, name)
            assert refusal.expected == tuple(kind.__name__ for kind in expected)
            counts["refused", type(refusal).__name__] += 1
            continue
        assert type(event) in expected
        case = after
        events.append(event)
        assert history.read(event).broken == [], (seed, name)
        counts["accepted", name] += 1
        if isinstance(event, ev.DecisionRecorded):
            counts["decided", str(event.decision.outcome)] += 1
        if log is not None:
            digest = hashlib.sha256(repr(case).encode()).hexdigest()
            log.record(
                AuditAction(
                    at=event.recorded_at,
                    actor_id=event.actor.actor_id,
                    role=event.actor.role,
                    action="".join(f"_{c.lower()}" if c.isupper() else c for c in name)[1:],
                    object_kind="case",
                    object_id=f"{case.case_id}-{seed}",
                    digests={"after": digest},
                )
            )
    assert replay(events) == case
    check_clocks(case, events)
    counts["ended", str(case.stage)] += 1


@pytest.mark.parametrize("carelessness", [0.0, 0.1, 0.5])
def test_no_random_case_gets_where_it_may_not(carelessness):
    counts = Counter()
    for seed in range(NUM_QUICK):
        live(seed, carelessness=carelessness, counts=counts)
    assert counts["accepted", "NoticeSent"] > 0
    assert counts["refused", "IllegalEventError"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("num_cases", [NUM_SOME, pytest.param(NUM_FULL, marks=pytest.mark.minutes)])
def test_thousands_of_random_cases_keep_every_rule_and_one_audit_chain(num_cases):
    counts, log, started = Counter(), AuditLog(MemoryAuditStore()), time.perf_counter()
    for seed in range(num_cases):
        live(seed, carelessness=(0.0, 0.02, 0.1, 0.3)[seed % 4], counts=counts, log=log)
    head = log.verify()
    assert head.sequence == sum(n for (kind, _), n in counts.items() if kind == "accepted")
    seen = {name for kind, name in counts if kind == "accepted"}
    assert seen == {kind.__name__ for kind in every_ev.EVENTS if kind not in every_ev.OPENING}
    assert {name for kind, name in counts if kind == "decided"} == {str(o) for o in Outcome}
    card = {f"{kind} {name}": n for (kind, name), n in sorted(counts.items())}
    seconds = round(time.perf_counter() - started, 1)
    card = {"cases": num_cases, "seconds": seconds} | card
    sys.stdout.write(json.dumps(card) + "\n")


class CaseMachine(RuleBasedStateMachine):
    """Hypothesis looks for a way around the rules, and shrinks it if it finds one."""

    def __init__(self):
        super().__init__()
        self.simulator = Simulator(random.Random(1))
        self.events = [self.simulator.opening()]
        self.case, self.history = apply(None, self.events[0]), History(self.events[0])

    def try_out(self, event):
        expected = expected_events(self.case)
        self.case, refusal = attempt(self.case, event)
        if refusal is None:
            assert type(event) in expected
            self.events.append(event)
            self.history.read(event)

    @rule(seed=st.integers(0, 2**16), carelessness=st.sampled_from([0.0, 0.0, 0.3]))
    def something_likely(self, seed, carelessness):
        self.simulator.chance.random.seed(seed)
        self.simulator.chance.carelessness = carelessness
        self.try_out(self.simulator.next_event(self.case))

    @rule(kind=st.sampled_from(every_ev.EVENTS), seed=st.integers(0, 2**16))
    def anything(self, kind, seed):
        self.simulator.chance.random.seed(seed)
        self.simulator.chance.carelessness = 0.0
        self.try_out(self.simulator.event(kind, self.case))

    @rule(days=st.integers(0, 800))
    def nothing_for_a_while(self, days):
        self.simulator.chance.pass_time(days=days)

    @invariant()
    def no_rule_is_broken(self):
        assert self.history.broken == []

    @invariant()
    def the_clocks_tell_what_is_owed(self):
        check_clocks(self.case, self.events)

    @invariant()
    def the_case_is_the_fold_of_its_events(self):
        assert replay(self.events) == self.case

    @invariant()
    def a_case_that_has_not_ended_can_go_on(self):
        assert (self.case.stage is Stage.PURGED) == (expected_events(self.case) == ())


def test_no_sequence_of_events_leads_around_the_rules():
    run_state_machine_as_test(
        CaseMachine, settings=settings(max_examples=60, stateful_step_count=40)
    )
