"""Due dates of a case, replayed from its recorded events.

One clock per kind (`clock.ClockKind`); `clocks` goes through the events in the order of recording
and notes every start, stop and restart with its reason and clause.

Source: 12 CFR 1002.9(a)(1), (a)(2)(ii), (c); 1002.12(b); comments 9-2, 9-3, 9(a)(1)-1, -3, -6 and
9(a)(3)-5.
"""

from collections.abc import Iterable
from functools import singledispatch

from serving.cases.calendar_days import days_after
from serving.cases.case import Case, Stage
from serving.cases.clock import (
    COUNTEROFFER_DAYS,
    NOTIFY_DAYS,
    Clock,
    ClockKind,
    ClockStep,
)
from serving.cases.decisions import WITH_NOTICE, Outcome
from serving.cases.events import (
    PRIMARY_APPLICANT,
    ApplicantKind,
    ApplicationCompleted,
    ApplicationReceived,
    CounterofferAccepted,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.keeping_events import CasePurged, LegalHoldLifted, LegalHoldPlaced
from serving.cases.ledger import Ledger
from serving.cases.notice_events import NoticeDrafted, NoticePurpose, NoticeSent
from serving.cases.recipient_clocks import note_disclosures, note_request, note_statement
from serving.cases.retention import REQUEST_WINDOW_DAYS, keep_until
from serving.cases.transitions import apply

_ON_ACTION = (
    ClockKind.ACTION_TAKEN,
    ClockKind.INCOMPLETE_APPLICATION,
    ClockKind.APPLICANT_RESPONSE,
    ClockKind.ADVERSE_ACTION_ON_INCOMPLETE,
    ClockKind.ACCOUNT_ADVERSE_ACTION,
)
_NO_NOTICE: dict[Outcome, tuple[str, str]] = {
    Outcome.WITHDRAWN: ("the applicant expressly withdrew the application", "comment 9-2"),
    Outcome.PRODUCT_NOT_OFFERED: (
        "the creditor does not offer this type of credit, which is no adverse action",
        "1002.2(c)(2)(v)",
    ),
    Outcome.LAW_PROHIBITS: (
        "applicable law prohibits the credit, which is no adverse action",
        "1002.2(c)(2)(iv)",
    ),
    Outcome.CLOSED_INCOMPLETE: (
        "the applicant did not supply the information by the day designated",
        "1002.9(c)(2)",
    ),
    Outcome.ACCOUNT_UNCHANGED: ("no adverse action was taken", "1002.9(a)(1)(iii)"),
}


def clocks(events: Iterable[Event]) -> tuple[Clock, ...]:
    """Returns the clocks of a case, in the order in which they first started.

    The same events give the same clocks, always: nothing but the events is read.

    Raises:
        IllegalEventError: an event does not follow from those before it.
    """
    case: Case | None = None
    ledger: Ledger | None = None
    for index, event in enumerate(events):
        case = apply(case, event)
        if ledger is None:
            ledger = Ledger(case=case, event=event)
        ledger.case, ledger.event, ledger.index = case, event, index
        _note(event, ledger)
        note_disclosures(ledger)
        _note_retention(event, ledger)
    noted = ledger.entries if ledger else {}
    return tuple(Clock(kind=kind, entries=tuple(steps)) for kind, steps in noted.items())


@singledispatch
def _note(event: Event, ledger: Ledger) -> None:
    """Notes what an event does to the clocks; most do nothing."""


@_note.register
def _received(_: ApplicationReceived, ledger: Ledger) -> None:
    ledger.start(
        ClockKind.INCOMPLETE_APPLICATION,
        due_on=days_after(ledger.today, NOTIFY_DAYS),
        reason="the application was received and is not complete yet"
        + _safe_harbour(ledger.case.applicant_kind),
        clause="1002.9(c)(1)",
    )


def _safe_harbour(kind: ApplicantKind) -> str:
    """A large business is told within a reasonable time; 30 days always are one."""
    if kind is not ApplicantKind.LARGE_BUSINESS:
        return ""
    return "; for this business 30 days are deemed a reasonable time (comment 9(a)(3)-5)"


@_note.register
def _completed(_: ApplicationCompleted, ledger: Ledger) -> None:
    asked = ledger.runs(ClockKind.APPLICANT_RESPONSE)
    late = asked and ledger.today > ledger.due_on(ClockKind.APPLICANT_RESPONSE)
    ledger.stop(
        ClockKind.APPLICANT_RESPONSE,
        reason="the applicant supplied the information"
        + (" late, and the creditor goes on without a new application" if late else ""),
        clause="1002.9(c)(2)" + (", comment 9(c)(2)-1" if late else ""),
    )
    for kind in (ClockKind.INCOMPLETE_APPLICATION, ClockKind.ADVERSE_ACTION_ON_INCOMPLETE):
        ledger.stop(
            kind,
            reason="the application is complete: the time to tell the action taken runs instead",
            clause="1002.9(a)(1)(i)",
        )
    reason = "all information normally considered was obtained: the application is complete"
    if asked:
        reason = "the information asked for completed the application: 30 days run anew"
    ledger.start(
        ClockKind.ACTION_TAKEN,
        due_on=days_after(ledger.today, NOTIFY_DAYS),
        reason=reason + _safe_harbour(ledger.case.applicant_kind),
        clause="1002.9(c)(2), (a)(1)(i)" if asked else "1002.9(a)(1)(i), comment 9(a)(1)-1",
        again=asked,
    )


@_note.register
def _decided(event: DecisionRecorded, ledger: Ledger) -> None:
    outcome = event.decision.outcome
    ledger.decided = ledger.index
    if outcome not in WITH_NOTICE:
        reason, clause = _NO_NOTICE[outcome]
        for kind in _ON_ACTION:
            ledger.stop(kind, reason=f"no notice is owed: {reason}", clause=clause)
    elif outcome is Outcome.ACCOUNT_ADVERSE_ACTION:
        _start_once(
            ledger,
            ClockKind.ACCOUNT_ADVERSE_ACTION,
            reason="adverse action was taken on an existing account",
            clause="1002.9(a)(1)(iii)",
        )
    elif not ledger.case.is_complete:
        _start_once(
            ledger,
            ClockKind.ADVERSE_ACTION_ON_INCOMPLETE,
            reason="adverse action was taken on an incomplete application",
            clause="1002.9(a)(1)(ii)",
        )


def _start_once(ledger: Ledger, kind: ClockKind, *, reason: str, clause: str) -> None:
    """Starts a clock that a decision reopened and taken again does not push back."""
    if not ledger.runs(kind):
        due_on = days_after(ledger.today, NOTIFY_DAYS)
        ledger.start(kind, due_on=due_on, reason=reason, clause=clause)


@_note.register
def _reopened(_: DecisionReopened, ledger: Ledger) -> None:
    """A decision that stopped clocks and is taken back leaves them as if they had never stopped."""
    for kind in _ON_ACTION:
        steps = ledger.entries.get(kind, [])
        if steps and steps[-1].step is ClockStep.STOP and steps[-1].event_index == ledger.decided:
            ledger.start(
                kind,
                due_on=ledger.due_on(kind),
                reason="the decision that stopped it was reopened: the first due day stands",
                clause=steps[0].clause,
            )


@_note.register
def _sent(_: NoticeSent, ledger: Ledger) -> None:
    draft = ledger.case.sent[-1].draft
    if draft.purpose is NoticePurpose.INCOMPLETENESS:
        _note_incompleteness(draft, ledger)
    elif draft.purpose is NoticePurpose.REASONS_STATEMENT:
        note_statement(ledger)
    elif draft.consumer_id != PRIMARY_APPLICANT:
        # Regulation B asks for the primary applicant's notice alone (1002.9(f)).
        pass
    elif draft.purpose is NoticePurpose.COUNTEROFFER_NOT_ACCEPTED:
        ledger.stop(
            ClockKind.COUNTEROFFER,
            reason="the applicant was notified of adverse action on the credit requested",
            clause="1002.9(a)(1)(iv)",
        )
    else:
        _note_action(draft, ledger)
    if draft.reasons_on_request:
        ledger.start(
            ClockKind.REASONS_REQUEST_WINDOW,
            due_on=days_after(ledger.today, REQUEST_WINDOW_DAYS),
            reason="the notice disclosed the right to ask for the reasons within 60 days",
            clause="1002.9(a)(2)(ii)",
        )


def _note_incompleteness(draft: NoticeDrafted, ledger: Ledger) -> None:
    if ledger.case.stage is not Stage.AWAITING_INFORMATION:
        ledger.stop_earlier(
            ClockKind.INCOMPLETE_APPLICATION,
            reason="the applicant had been notified of the incompleteness before, as recorded late",
            clause="1002.9(c)(1)(ii)",
        )
        return
    for kind in (ClockKind.INCOMPLETE_APPLICATION, ClockKind.ADVERSE_ACTION_ON_INCOMPLETE):
        ledger.stop(
            kind,
            reason="the applicant was notified of the incompleteness",
            clause="1002.9(c)(1)(ii)",
        )
    if draft.respond_by is not None:
        ledger.start(
            ClockKind.APPLICANT_RESPONSE,
            due_on=draft.respond_by,
            reason="the notice of incompleteness designated this day for the information",
            clause="1002.9(c)(2)",
        )


def _note_action(draft: NoticeDrafted, ledger: Ledger) -> None:
    combined = draft.purpose is NoticePurpose.COMBINED_COUNTEROFFER
    reason = "the applicant was notified of the action taken"
    if combined:
        reason += ", counteroffer and adverse action in one: no second notice will be owed"
    for kind in _ON_ACTION:
        ledger.stop(kind, reason=reason, clause="comment 9(a)(1)-6" if combined else "comment 9-3")
    if draft.purpose is NoticePurpose.COUNTEROFFER:
        ledger.start(
            ClockKind.COUNTEROFFER,
            due_on=days_after(ledger.today, COUNTEROFFER_DAYS),
            reason="the applicant was notified of a counteroffer without the reasons",
            clause="1002.9(a)(1)(iv)",
        )


@_note.register
def _accepted(_: CounterofferAccepted, ledger: Ledger) -> None:
    ledger.stop(
        ClockKind.COUNTEROFFER,
        reason="the applicant accepted or used the credit offered: there is no adverse action",
        clause="1002.2(c)(1)(i)",
    )


@_note.register
def _requested(event: ReasonsRequested, ledger: Ledger) -> None:
    note_request(event, ledger)


def _note_retention(event: Event, ledger: Ledger) -> None:
    """Starts, holds, resumes and ends the time the record is kept."""
    kind = ClockKind.RETENTION
    until = keep_until(ledger.case)
    if isinstance(event, CasePurged):
        ledger.stop(kind, reason="the record was purged", clause="1002.12(b)")
    elif until is None:
        reason = "the case is open again: no period runs"
        ledger.stop(kind, reason=reason, clause="1002.12(b)")
    elif ledger.case.holds:
        if isinstance(event, LegalHoldPlaced):
            reason = "a legal hold is in force: nothing is purged until its final disposition"
            ledger.stop(kind, reason=reason, clause="1002.12(b)(4)")
    elif isinstance(event, LegalHoldLifted):
        ledger.start(
            kind, due_on=until, reason="the last legal hold was lifted", clause="1002.12(b)(4)"
        )
    elif not ledger.runs(kind) or ledger.due_on(kind) != until:
        ledger.start(kind, due_on=until, reason=_retention_reason(ledger), clause="1002.12(b)")


def _retention_reason(ledger: Ledger) -> str:
    if not ledger.case.sent:
        return "no notification is required: the record is kept from the day of receipt"
    if isinstance(ledger.event, NoticeSent):
        return "the applicant was notified: the record is kept from that day"
    return "the period changed with what was asked for in time"
