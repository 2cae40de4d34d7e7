"""What an event must say to be accepted: the rules beside the order of events.

`guard` raises when an event of a kind that the case allows is refused for what it says.
"""

from datetime import datetime
from functools import singledispatch

from serving.cases.calendar_days import local_date
from serving.cases.case import Case, NoticeInPreparation, Stage
from serving.cases.decision_rules import refusal_of
from serving.cases.decisions import (
    ACCOUNT_OUTCOMES,
    WITH_REASONS,
    DecisionRecord,
    Outcome,
    denies_as_incomplete,
    is_written_cause,
)
from serving.cases.errors import (
    DecisionRefusedError,
    EventTimeError,
    RetentionError,
    SecondPersonError,
)
from serving.cases.events import (
    ActorKind,
    ApplicantKind,
    CaseKind,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.expected import STEPS_BEFORE, UNDECIDED
from serving.cases.file_events import FIXED_BY_DECISION, FileRevised
from serving.cases.keeping_events import CasePurged, LegalHoldLifted
from serving.cases.notice_events import (
    Channel,
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.outdated import outdated_by
from serving.cases.owed import draftable, may_ask
from serving.cases.refusals import AboutNotice, notice_of, refuse
from serving.cases.retention import purge_refusal

_NEEDS_COMPLETE = frozenset({Outcome.APPROVE, Outcome.COUNTEROFFER})
_MAY_DEFER_REASONS = frozenset(
    {
        NoticePurpose.ACTION_TAKEN,
        NoticePurpose.COMBINED_COUNTEROFFER,
        NoticePurpose.COUNTEROFFER_NOT_ACCEPTED,
    }
)


@singledispatch
def guard(event: Event, case: Case) -> None:
    """Refuses an event for what it says.

    Raises:
        IllegalEventError: the event contradicts the case; the subclass tells which rule.
    """


@guard.register
def _revised(event: FileRevised, case: Case) -> None:
    if not is_written_cause(event.cause):
        refuse(case, event, "no cause is written: write one in three words at least")
    if case.stage not in UNDECIDED and FIXED_BY_DECISION & set(event.parts):
        refuse(
            case,
            event,
            "only names and addresses may change once it is decided: take the decision back first, "
            "if nobody was told of it (comment 9(b)(2)-2)",
        )
    if outdated_by(event, case):
        reason = "a letter that is not sent yet rests on what would change"
        refuse(case, event, f"{reason}: send or discard it first (comment 9-3)")


@guard.register
def _decided(event: DecisionRecorded, case: Case) -> None:
    decision = event.decision
    if event.actor.kind is not ActorKind.PERSON:
        refuse(case, event, "a model or rule cannot decide: a person must", SecondPersonError)
    if (decision.decided_by, decision.decided_at) != (event.actor.actor_id, event.occurred_at):
        refuse(case, event, "its person or moment is not the event's", DecisionRefusedError)
    reason = _contradiction(case, decision) or refusal_of(decision, case.assessment)
    if reason is not None:
        refuse(case, event, reason, DecisionRefusedError)


def _contradiction(case: Case, decision: DecisionRecord) -> str | None:
    """Returns how a decision contradicts the kind or completeness of the case, or None."""
    outcome = decision.outcome
    if (outcome in ACCOUNT_OUTCOMES) != (case.kind is CaseKind.EXISTING_ACCOUNT):
        return f"{outcome} is no outcome of a case of the kind {case.kind}: choose another"
    if outcome in _NEEDS_COMPLETE and not case.is_complete:
        return f"{outcome} needs a complete application: obtain what is missing"
    if outcome is Outcome.CLOSED_INCOMPLETE and case.stage is not Stage.AWAITING_INFORMATION:
        return "no notice of incompleteness is unanswered: send one, or deny"
    if denies_as_incomplete(decision) and (outcome is not Outcome.DENY or case.is_complete):
        return "incompleteness is no reason here: the application is complete, or not denied"
    awaits = case.stage is Stage.AWAITING_INFORMATION and case.respond_by is not None
    closes = outcome is Outcome.CLOSED_INCOMPLETE or denies_as_incomplete(decision)
    if awaits and closes and not _is_past_response(case, decision.decided_at):
        return f"the applicant may answer through {case.respond_by}: wait until that day is over"
    return None


def _is_past_response(case: Case, at: datetime) -> bool:
    return case.respond_by is not None and (
        local_date(at, time_zone=case.time_zone) > case.respond_by
    )


@guard.register
def _reopened(event: DecisionReopened, case: Case) -> None:
    if not is_written_cause(event.cause):
        refuse(case, event, "no cause is written: write one in three words at least")


@guard.register
def _drafted(event: NoticeDrafted, case: Case) -> None:
    owed = draftable(case, event.consumer_id)
    if event.purpose not in owed:
        advice = f"draft {', '.join(owed)}" if owed else "draft one to somebody who is owed it"
        refuse(case, event, f"a notice of {event.purpose} is not owed to this recipient: {advice}")
    decided_on = case.decision.decision_id if case.decision else None
    if event.decision_id != decided_on:
        refuse(case, event, "it names another decision than the one in force: draft it anew")
    if event.reasons_on_request and not _may_defer_reasons(case, event):
        refuse(case, event, "it cannot leave its reasons to a request: state what is owed")
    _guard_items(case, event)


def _may_defer_reasons(case: Case, event: NoticeDrafted) -> bool:
    adverse = case.decision is not None and case.decision.outcome in WITH_REASONS
    return adverse and event.purpose in _MAY_DEFER_REASONS


def _guard_items(case: Case, event: NoticeDrafted) -> None:
    asks = event.purpose is NoticePurpose.INCOMPLETENESS
    if asks != bool(event.missing_items) or asks != (event.respond_by is not None):
        refuse(
            case,
            event,
            "missing items and a last day to supply them belong to a notice of incompleteness, "
            "and both to every one: correct the draft (12 CFR 1002.9(c)(2))",
        )
    _guard_response_time(case, event, event)


def _guard_response_time(case: Case, event: Event, draft: NoticeDrafted) -> None:
    today = local_date(event.occurred_at, time_zone=case.time_zone)
    if draft.respond_by is not None and draft.respond_by <= today:
        refuse(
            case,
            event,
            f"{draft.respond_by} leaves the applicant no time to answer: draft it with a later day",
            EventTimeError,
        )


def _guard_step(case: Case, event: AboutNotice) -> NoticeInPreparation:
    found = notice_of(case, event)
    if found.step not in STEPS_BEFORE[type(event)]:
        refuse(case, event, f"this notice is {found.step}: record what comes before it")
    return found


def _guard_same(case: Case, event: NoticeChecked | NoticeReleased | NoticeSent) -> NoticeDrafted:
    """Returns the draft of the notice an event is about."""
    draft = _guard_step(case, event).draft
    if event.digest != draft.digest:
        refuse(case, event, "it is about another content than was drafted: name what was drafted")
    return draft


@guard.register
def _checked(event: NoticeChecked, case: Case) -> None:
    _guard_same(case, event)
    for warning in event.warnings:
        if not is_written_cause(warning.cause):
            refuse(case, event, f"warning {warning.check_id} has no written cause: write one")


@guard.register
def _released(event: NoticeReleased, case: Case) -> None:
    draft = _guard_same(case, event)
    if event.actor.kind is not ActorKind.PERSON:
        refuse(case, event, "a person must release a notice", SecondPersonError)
    decided_by = case.decision.decided_by if case.decision else None
    if event.actor.actor_id in {decided_by, draft.actor.actor_id}:
        reason = "the same person decided or drafted: a second person must release it"
        refuse(case, event, reason, SecondPersonError)


@guard.register
def _sent(event: NoticeSent, case: Case) -> None:
    draft = _guard_same(case, event)
    overtaken_at = case.overtaken_at(event.notice_id)
    if overtaken_at is not None and event.occurred_at >= overtaken_at:
        reason = "what happened since overtook it: give it up, or say that it went out before"
        refuse(case, event, reason, EventTimeError)
    if (event.channel is Channel.ELECTRONIC) != (event.consent_id is not None):
        refuse(
            case,
            event,
            "electronic delivery, and no other, names the applicant's consent: mail it, or name "
            "the consent (12 CFR 1002.4(d)(2))",
        )
    if event.channel is Channel.ORAL and not _may_be_oral(case, draft):
        refuse(case, event, "this notice must be in writing: mail or deliver it")
    if event.channel is Channel.CREDIT_EXTENDED and not _is_approval(case, draft):
        refuse(case, event, "only an approval is told by giving the credit: mail or deliver it")
    _guard_response_time(case, event, draft)


def _may_be_oral(case: Case, draft: NoticeDrafted) -> bool:
    """Approvals and offers to anyone, adverse action to a business (12 CFR 1002.9(a)(3))."""
    if draft.purpose in {NoticePurpose.INCOMPLETENESS, NoticePurpose.REASONS_STATEMENT}:
        return False
    offers = draft.purpose is NoticePurpose.COUNTEROFFER
    business = case.applicant_kind is not ApplicantKind.CONSUMER
    return business or offers or _is_approval(case, draft)


def _is_approval(case: Case, draft: NoticeDrafted) -> bool:
    approved = case.decision is not None and case.decision.outcome is Outcome.APPROVE
    return approved and draft.purpose is NoticePurpose.ACTION_TAKEN


@guard.register
def _discarded(event: NoticeDiscarded, case: Case) -> None:
    _guard_step(case, event)
    if not is_written_cause(event.cause):
        refuse(case, event, "no cause is written: write one in three words at least")


@guard.register
def _reasons_requested(event: ReasonsRequested, case: Case) -> None:
    if event.consumer_id not in may_ask(case):
        refuse(case, event, "no notice offers this applicant reasons to ask for, or they asked")


@guard.register
def _lifted(event: LegalHoldLifted, case: Case) -> None:
    if event.hold_id not in case.holds:
        refuse(case, event, "no such legal hold is in force: name one that is")


@guard.register
def _purged(event: CasePurged, case: Case) -> None:
    today = local_date(event.occurred_at, time_zone=case.time_zone)
    reason = purge_refusal(case, on=today)
    if reason is not None:
        refuse(case, event, reason, RetentionError)
