"""What queries read, written from the events in the transaction that records them."""

from dataclasses import asdict
from functools import singledispatch

import sqlalchemy as sa

from serving.adapters.sql.tables import (
    PERSONAL,
    ReasonList,
    assessment_reasons,
    assessments,
    case_states,
    decision_reasons,
    decisions,
    notice_renderings,
    notices,
    open_notices,
)
from serving.cases.decisions import Assessment
from serving.cases.events import AssessmentRecorded, DecisionRecorded, DecisionReopened, Event
from serving.cases.notice_events import (
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.worklist import WorklistEntry

_STATE_COLUMNS = tuple(c.name for c in case_states.columns)


def write_state(connection: sa.Connection, entry: WorklistEntry, *, is_new: bool) -> None:
    """Writes where a case stands, and what is still open of it."""
    row = {name: getattr(entry, name) for name in _STATE_COLUMNS}
    if is_new:
        connection.execute(case_states.insert(), row)
    else:
        same = case_states.c.case_id == entry.case_id
        connection.execute(case_states.update().where(same), row)
        connection.execute(open_notices.delete().where(open_notices.c.case_id == entry.case_id))
    rows = [
        {"case_id": entry.case_id, "position": position, **asdict(notice)}
        for position, notice in enumerate(entry.open_notices)
    ]
    if rows:
        connection.execute(open_notices.insert(), rows)


@singledispatch
def project(event: Event, connection: sa.Connection, case_id: str) -> None:
    """Writes what an event says of assessments, decisions and notices; most say nothing."""


@project.register
def _assessed(event: AssessmentRecorded, connection: sa.Connection, case_id: str) -> None:
    found = event.assessment
    connection.execute(
        assessments.insert(),
        {
            "assessment_id": found.assessment_id,
            "case_id": case_id,
            "assessed_at": event.occurred_at,
            "model_version": found.model_version,
            "taxonomy_version": found.taxonomy_version,
            "policy_version": found.policy_version,
            "text_digest": found.text_digest,
            "risk_score": found.risk_score,
        },
    )
    if reasons := _assessment_reasons(found):
        connection.execute(assessment_reasons.insert(), reasons)


def _assessment_reasons(found: Assessment) -> list[dict[str, object]]:
    lists = (
        (ReasonList.PRINCIPAL, found.principal_reasons),
        (ReasonList.REVIEW, found.review_reasons),
    )
    return [
        {
            "assessment_id": found.assessment_id,
            "list": name,
            "position": position,
            "reason": reason.reason,
            "probability": reason.probability,
        }
        for name, reasons in lists
        for position, reason in enumerate(reasons)
    ]


@project.register
def _decided(event: DecisionRecorded, connection: sa.Connection, case_id: str) -> None:
    decision = event.decision
    connection.execute(
        decisions.insert(),
        {
            "decision_id": decision.decision_id,
            "case_id": case_id,
            "decided_at": decision.decided_at,
            "decided_by": decision.decided_by,
            "outcome": decision.outcome,
            "path": decision.path,
            "assessment_id": decision.assessment_id,
            "taxonomy_version": decision.taxonomy_version,
            "policy_version": decision.policy_version,
        },
    )
    reasons = [
        {
            "decision_id": decision.decision_id,
            "position": position,
            "reason": reason.reason,
            "provenance": reason.provenance,
        }
        for position, reason in enumerate(decision.reasons)
    ]
    if reasons:
        connection.execute(decision_reasons.insert(), reasons)


@project.register
def _reopened(event: DecisionReopened, connection: sa.Connection, case_id: str) -> None:
    in_force = (decisions.c.case_id == case_id) & decisions.c.reopened_at.is_(None)
    connection.execute(decisions.update().where(in_force).values(reopened_at=event.occurred_at))


@project.register
def _drafted(event: NoticeDrafted, connection: sa.Connection, case_id: str) -> None:
    connection.execute(
        notices.insert(),
        {
            "notice_id": event.notice_id,
            "case_id": case_id,
            "consumer_id": event.consumer_id,
            "decision_id": event.decision_id,
            "purpose": event.purpose,
            "digest": event.digest,
            "template_digest": event.template_digest,
            "drafted_at": event.occurred_at,
        },
    )


@project.register
def _checked(event: NoticeChecked, connection: sa.Connection, case_id: str) -> None:
    del case_id
    if not event.blocking:
        _note(connection, event.notice_id, checked_at=event.occurred_at)


@project.register
def _released(event: NoticeReleased, connection: sa.Connection, case_id: str) -> None:
    del case_id
    _note(
        connection,
        event.notice_id,
        released_at=event.occurred_at,
        released_by=event.actor.actor_id,
    )


@project.register
def _sent(event: NoticeSent, connection: sa.Connection, case_id: str) -> None:
    del case_id
    _note(connection, event.notice_id, sent_at=event.occurred_at, channel=event.channel)


@project.register
def _discarded(event: NoticeDiscarded, connection: sa.Connection, case_id: str) -> None:
    del case_id
    _note(connection, event.notice_id, discarded_at=event.occurred_at)


def _note(connection: sa.Connection, notice_id: str, **columns: object) -> None:
    connection.execute(notices.update().where(notices.c.notice_id == notice_id), columns)


def destroy(connection: sa.Connection, case_id: str) -> None:
    """Deletes what a purge leaves nothing of; ids, digests, versions and moments stay."""
    of_case = {
        "notice_id": sa.select(notices.c.notice_id).where(notices.c.case_id == case_id),
        "decision_id": sa.select(decisions.c.decision_id).where(decisions.c.case_id == case_id),
        "assessment_id": sa.select(assessments.c.assessment_id).where(
            assessments.c.case_id == case_id
        ),
    }
    of_parent = {
        notice_renderings: "notice_id",
        decision_reasons: "decision_id",
        assessment_reasons: "assessment_id",
    }
    for table in PERSONAL:
        parent = of_parent.get(table)
        if parent is None:
            connection.execute(table.delete().where(table.c.case_id == case_id))
        else:
            connection.execute(table.delete().where(table.c[parent].in_(of_case[parent])))
    nothing = {"content": None, "consumer_id": None}
    connection.execute(notices.update().where(notices.c.case_id == case_id), nothing)
    connection.execute(
        assessments.update().where(assessments.c.case_id == case_id),
        {"risk_score": None, "text_digest": None},
    )
