"""What the audit log says of an event: its kind, its digests and its versions, nothing of its text.

Every event has one entry, written with it: `decision_recorded` of the case `c-17`, and so on.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from serving.cases.audit import AuditAction, AuditEntry, canonical_json, check_fields
from serving.cases.decisions import Assessment, DecisionRecord
from serving.cases.events import Actor, AssessmentRecorded, DecisionRecorded, Event
from serving.cases.file_events import FileRevised
from serving.cases.notice_events import NoticeChecked, NoticeDrafted, NoticeReleased, NoticeSent

CASE = "case"
"""The object kind of every entry about a case."""
EVENT_DIGEST = "event"
"""Name of the digest of the event as stored."""
NOTICE_DIGEST = "notice"
"""Name of the digest of a notice's content."""
RENDERINGS_DIGEST = "renderings"
"""Name of the digest of all that a notice prints, in the entries of its draft and its release."""
FILE_DIGEST = "file"
"""Name of the digest of the whole file, in the entry of its opening and of each change."""
FILE_CHANGES = frozenset(
    {"application_received", "account_review_opened", "file_revised", "document_added"}
)
"""The actions after which the file of a case is another one."""


def action_name(event: Event) -> str:
    """Returns the event's kind as the log writes it, such as decision_recorded."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()


def action_of(
    event: Event, *, case_id: str, digest: str, versions: Mapping[str, str] | None = None
) -> AuditAction:
    """Returns the audit action of an event, checked as the log will check it.

    Args:
        event: the event.
        case_id: its case.
        digest: sha256 of the event as stored, hexadecimal.
        versions: further versions, by name.

    Raises:
        AuditFieldError: an id, role, digest or version is not of its form.
    """
    action = AuditAction(
        at=event.recorded_at,
        actor_id=event.actor.actor_id,
        role=event.actor.role,
        action=action_name(event),
        object_kind=CASE,
        object_id=case_id,
        digests={EVENT_DIGEST: digest} | _digests(event),
        versions=_versions(event) | dict(versions or {}),
    )
    check_fields(action)
    return action


def _digests(event: Event) -> dict[str, str]:
    if isinstance(event, NoticeDrafted):
        return {NOTICE_DIGEST: event.digest, "template": event.template_digest}
    if isinstance(event, NoticeChecked | NoticeReleased | NoticeSent):
        return {NOTICE_DIGEST: event.digest}
    return {}


def _versions(event: Event) -> dict[str, str]:
    found: Assessment | DecisionRecord
    if isinstance(event, FileRevised):
        return {"parts": "/".join(event.parts)}
    if isinstance(event, AssessmentRecorded):
        found = event.assessment
    elif isinstance(event, DecisionRecorded):
        found = event.decision
    else:
        return {}
    versions = {"taxonomy": found.taxonomy_version, "policy": found.policy_version}
    return versions | ({"model": found.model_version} if found.model_version else {})


def entries_of_events(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Returns those entries of a case that are about its events, one for each, in order."""
    return [entry for entry in entries if EVENT_DIGEST in entry.action.digests]


def last_change_of_file(entries: Sequence[AuditEntry]) -> AuditEntry:
    """Returns the entry of a case after which its file is as it is now."""
    return [entry for entry in entries if entry.action.action in FILE_CHANGES][-1]


def noting(action: AuditAction, digests: Mapping[str, str]) -> AuditAction:
    """Returns an action with further digests, by name."""
    return replace(action, digests={**action.digests, **digests})


def renderings_digest(digests: Mapping[str, str]) -> dict[str, str]:
    """Returns the one digest of the renderings of a notice, by its name.

    Args:
        digests: sha256 of each rendering by its media type, hexadecimal.
    """
    return {RENDERINGS_DIGEST: hashlib.sha256(canonical_json(digests)).hexdigest()}


def assigned_action(*, case_id: str, person_id: str | None, by: Actor, at: datetime) -> AuditAction:
    """Returns the audit action of handing a case to somebody, whom it names; None is nobody."""
    action = file_action("case_assigned", case_id=case_id, by=by, at=at)
    return replace(action, versions={"assigned_to": person_id} if person_id else {})


def file_action(
    action: str,
    *,
    case_id: str,
    by: Actor,
    at: datetime,
    digests: Mapping[str, str] | None = None,
) -> AuditAction:
    """Returns the audit action of a change to a case that is no event, such as file_revised."""
    return AuditAction(
        at=at,
        actor_id=by.actor_id,
        role=by.role,
        action=action,
        object_kind=CASE,
        object_id=case_id,
        digests=dict(digests or {}),
    )
