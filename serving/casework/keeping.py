"""What happens after a decision was told: answers of the applicant, holds, keeping and purging."""

from datetime import date, datetime

from serving.cases.calendar_days import local_date
from serving.cases.errors import IllegalEventError
from serving.cases.events import Actor, CounterofferAccepted, CounterofferDeclined, ReasonsRequested
from serving.cases.keeping_events import (
    CasePurged,
    CaseRetained,
    LegalHoldLifted,
    LegalHoldPlaced,
    RetentionRequested,
)
from serving.cases.outdated import outdated_by_acceptance
from serving.cases.store import StoredCase
from serving.cases.store_errors import CaseConflictError, CasePurgedError
from serving.casework.desk import Desk
from serving.casework.giving_up import give_up
from serving.casework.recipients import asker_of

_ALL = 2**31 - 1
"""A limit that no deployment's cases reach."""


def answer_counteroffer(
    desk: Desk, case_id: str, *, accepted: bool, by: Actor, answered_at: datetime | None = None
) -> StoredCase:
    """Records that the applicant accepted or declined what was offered; None means now.

    Drafts that nobody is owed once it is accepted are given up.
    """
    stored = desk.load(case_id)
    if not accepted:
        return desk.record(stored, [CounterofferDeclined(**desk.when(by, answered_at))])
    given_up = give_up(
        outdated_by_acceptance(stored.case), desk.when(by), cause="accepted before its release"
    )
    return desk.record(stored, [*given_up, CounterofferAccepted(**desk.when(by, answered_at))])


def request_reasons(
    desk: Desk,
    case_id: str,
    *,
    by: Actor,
    consumer_id: str | None = None,
    requested_at: datetime | None = None,
) -> StoredCase:
    """Records that an applicant asked for the reasons; None is the primary applicant, and now.

    Who was told through the primary applicant asks in that one's name.

    Raises:
        IllegalEventError: no notice offered this applicant reasons to ask for, or they have asked.
    """
    stored = desk.load(case_id)
    who = asker_of(desk.storage.cases.file(case_id), stored.case, consumer_id)
    event = ReasonsRequested(**desk.when(by, requested_at), consumer_id=who)
    return desk.record(stored, [event])


def request_retention(
    desk: Desk, case_id: str, *, by: Actor, requested_at: datetime | None = None
) -> StoredCase:
    """Records that a large business asked that its record be kept; None means now."""
    event = RetentionRequested(**desk.when(by, requested_at))
    return desk.record(desk.load(case_id), [event])


def place_hold(desk: Desk, case_id: str, hold_id: str, *, by: Actor) -> StoredCase:
    """Puts a legal hold on a case: nothing is purged until it is lifted."""
    event = LegalHoldPlaced(**desk.when(by), hold_id=hold_id)
    return desk.record(desk.load(case_id), [event])


def lift_hold(desk: Desk, case_id: str, hold_id: str, *, by: Actor) -> StoredCase:
    """Lifts a legal hold whose matter has its final disposition."""
    event = LegalHoldLifted(**desk.when(by), hold_id=hold_id)
    return desk.record(desk.load(case_id), [event])


def retain(desk: Desk, case_id: str, *, by: Actor) -> StoredCase:
    """Records that nothing more is owed: the record is only kept."""
    return desk.record(desk.load(case_id), [CaseRetained(**desk.when(by))])


def purge(desk: Desk, case_id: str, *, by: Actor) -> None:
    """Destroys the record of a case whose time of keeping is over.

    Raises:
        RetentionError: the record must still be kept.
        IllegalEventError: the case is not retained, or something is still owed.
    """
    desk.record(desk.load(case_id), [CasePurged(**desk.when(by))])


def due(desk: Desk) -> tuple[str, ...]:
    """Returns the cases whose time is over today, UTC, those due first before the others."""
    return desk.storage.cases.purgeable(on=_today(desk), limit=_ALL)


def purge_due(desk: Desk, *, by: Actor, on: date | None = None, limit: int = 100) -> list[str]:
    """Purges the cases whose time is over and returns their ids.

    A case that turns out to be kept after all, by another time zone or a hold placed meanwhile, is
    left alone, as is one that somebody else changes or purges at that moment.

    Args:
        desk: where.
        by: who asks for it.
        on: the day; None means today, UTC.
        limit: most cases.
    """
    purged = []
    for case_id in desk.storage.cases.purgeable(on=on or _today(desk), limit=limit):
        try:
            purge(desk, case_id, by=by)
        except (IllegalEventError, CaseConflictError, CasePurgedError):
            continue
        purged.append(case_id)
    return purged


def _today(desk: Desk) -> date:
    return local_date(desk.now(), time_zone="UTC")
