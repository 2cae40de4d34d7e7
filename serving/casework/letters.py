"""A drafted notice is looked at, checked, released by a second person, sent, and made again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from serving.cases.application_file import ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.case import NoticeInPreparation
from serving.cases.errors import IllegalEventError
from serving.cases.events import Actor
from serving.cases.expected import expected_events
from serving.cases.notice_events import (
    AnsweredWarning,
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.notice_events import Channel as SentBy
from serving.cases.store import NoticeContent, StoredCase, StoredNotice
from serving.cases.transitions import apply
from serving.casework.desk import Desk
from serving.casework.errors import (
    FactsError,
    NoticeBlockedError,
)
from serving.casework.facts import consents_of
from serving.casework.notice_record import consents_in
from serving.casework.periods import check_periods
from serving.casework.printing import Rendering, is_letter, letter_of, render
from serving.casework.recipients import consumer_of
from serving.notices import record as facts
from serving.notices.case_file import NoticeCase
from serving.notices.checks.every_check import blocking, check_notice
from serving.notices.checks.verdict import Severity, Verdict
from serving.notices.notice import AdverseActionNotice, Channel

RELEASE_FIELD = "record.released_by"
"""The field that only a release fills in: until then its check fails, and nothing is wrong."""
_CHANNELS = {
    Channel.POSTAL: SentBy.MAILED,
    Channel.IN_PERSON: SentBy.DELIVERED,
    Channel.ELECTRONIC: SentBy.ELECTRONIC,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check of a notice found.

    Attributes:
        verdicts: every verdict, in the order of the checks.
        blocked_by: ids of the checks that keep the notice from being ready for release.
        stored: the case after the check was recorded.
    """

    verdicts: tuple[Verdict, ...]
    blocked_by: tuple[str, ...]
    stored: StoredCase


def letter_file(desk: Desk, notice_id: str) -> NoticeCase:
    """Returns a notice and its facts as `wherefore notice check` takes them, as they are now.

    Raises:
        UnknownNoticeError: there is no such notice.
        CasePurgedError: its case was purged.
        NoLetterError: it records an approval.
    """
    kept = desk.storage.cases.notice(notice_id)
    return _as_it_is_now(desk, kept, desk.load(kept.case_id))


def case_of_notice(desk: Desk, notice_id: str) -> StoredCase:
    """Returns the case of a notice. Raises UnknownNoticeError and CasePurgedError."""
    return desk.load(desk.storage.cases.notice(notice_id).case_id)


def verdicts_of(case: NoticeCase) -> list[Verdict]:
    """Returns the verdict of every check: the one list that the API and the command print."""
    if case.record is None:
        raise FactsError(
            field="record",
            found="none",
            expected="the decision record",
            clause="comment 9(b)(2)-2",
        )
    return check_notice(case.notice, case.record)


def check(desk: Desk, notice_id: str, *, causes: Mapping[str, str], by: Actor) -> CheckResult:
    """Checks a drafted notice clause by clause and records the result.

    Args:
        desk: where.
        notice_id: the notice.
        causes: why the notice may go out all the same, by the id of a check that warns.
        by: who asked for the check.

    Raises:
        UnknownNoticeError: there is no such notice.
        IllegalEventError: the notice is not a draft any more.
    """
    kept = desk.storage.cases.notice(notice_id)
    stored = desk.load(kept.case_id)
    draft = draft_in_preparation(stored, notice_id)
    verdicts = verdicts_of(_as_it_is_now(desk, kept, stored))
    failed = [v for v in verdicts if not v.passed and v.field != RELEASE_FIELD]
    warned = [v.check_id for v in failed if v.severity is Severity.WARNS]
    unanswered = [check_id for check_id in warned if check_id not in causes]
    blocked = tuple(v.check_id for v in blocking(failed)) + tuple(unanswered)
    event = NoticeChecked(
        **desk.when(by),
        notice_id=notice_id,
        digest=draft.draft.digest,
        blocking=blocked,
        warnings=tuple(
            AnsweredWarning(check_id=check_id, cause=causes[check_id])
            for check_id in warned
            if check_id in causes
        ),
    )
    after = desk.record(stored, [event])
    return CheckResult(verdicts=tuple(verdicts), blocked_by=blocked, stored=after)


def release(desk: Desk, notice_id: str, *, by: Actor) -> StoredCase:
    """Releases a checked notice, as a second person, and keeps what will be sent.

    Raises:
        SecondPersonError: the same person decided or drafted.
        NoticeBlockedError: a check fails that passed before, such as a consent withdrawn since.
        FactsError: sent today, it would leave its recipient too little time.
        IllegalEventError: the notice has not passed its checks, or was released before.
    """
    kept = desk.storage.cases.notice(notice_id)
    stored = desk.load(kept.case_id)
    draft = draft_in_preparation(stored, notice_id)
    event = NoticeReleased(**desk.when(by), notice_id=notice_id, digest=draft.draft.digest)
    apply(stored.case, event)
    letter = _as_it_is_now(desk, kept, stored)
    assert letter.record is not None  # noqa: S101  a drafted letter has its record
    releaser = facts.Actor(actor_id=by.actor_id, is_person=True)
    failed = blocking(check_notice(letter.notice, replace(letter.record, released_by=releaser)))
    if failed:
        raise NoticeBlockedError(
            check_ids=[v.check_id for v in failed], messages=[v.message for v in failed]
        )
    check_periods(letter.notice, on=_day_of(event, stored))
    released = NoticeContent(
        notice_id=notice_id,
        content=kept.content.content,
        renderings={kind.value: render(letter.notice, kind) for kind in Rendering},
    )
    return desk.record(stored, [event], notices=[released])


def mark_sent(
    desk: Desk,
    notice_id: str,
    *,
    channel: SentBy,
    by: Actor,
    sent_at: datetime | None = None,
    consent_id: str | None = None,
) -> StoredCase:
    """Records that a released notice was mailed, delivered or sent; None means now.

    A time given to the minute, in the minute of the release, is taken as that of the release.

    Raises:
        FactsError: it went another way than it was drafted for, without a consent in force, or too
            late to leave its recipient the time it has to.
        IllegalEventError: it is not released.
    """
    kept = desk.storage.cases.notice(notice_id)
    stored = desk.load(kept.case_id)
    draft = draft_in_preparation(stored, notice_id)
    when = desk.when(by, _in_minute_of(draft.stepped_at, sent_at), field="sent_at")
    event = NoticeSent(
        **when,
        notice_id=notice_id,
        digest=draft.draft.digest,
        channel=channel,
        consent_id=consent_id,
    )
    apply(stored.case, event)
    if is_letter(kept):
        notice = letter_of(kept).notice
        _check_channel(desk, stored, notice, event)
        check_periods(notice, on=_day_of(event, stored))
    return desk.record(stored, [event])


def _in_minute_of(stepped_at: datetime, given: datetime | None) -> datetime | None:
    minute = stepped_at.replace(second=0, microsecond=0)
    return stepped_at if given == minute else given


def discard(desk: Desk, notice_id: str, *, cause: str, by: Actor) -> StoredCase:
    """Gives up a notice that was not sent.

    Raises:
        IllegalEventError: it is not in preparation, or no cause is written.
    """
    stored = case_of_notice(desk, notice_id)
    event = NoticeDiscarded(**desk.when(by), notice_id=notice_id, cause=cause)
    return desk.record(stored, [event])


def draft_in_preparation(stored: StoredCase, notice_id: str) -> NoticeInPreparation:
    """Returns a notice in preparation.

    Raises:
        IllegalEventError: the notice is not in preparation.
    """
    found = stored.case.notice(notice_id)
    if found is None:
        raise IllegalEventError(
            state=stored.case.state,
            event="a step of this notice",
            expected=tuple(kind.__name__ for kind in expected_events(stored.case)),
            reason="the notice is not in preparation, it was sent or given up: draft another",
        )
    return found


def _as_it_is_now(desk: Desk, kept: StoredNotice, stored: StoredCase) -> NoticeCase:
    """The letter as drafted, its facts with today's consents, who is notified and who released."""
    drafted = letter_of(kept)
    if drafted.record is None:
        return drafted
    file = desk.storage.cases.file(kept.case_id)
    record = replace(
        drafted.record,
        consents=consents_in(file),
        notified_consumer_ids=_notified(stored, file),
        released_by=_releaser(stored, kept.content.notice_id),
        decided_by=drafted.record.decided_by or _drafter(stored, kept.content.notice_id),
    )
    return NoticeCase(notice=drafted.notice, record=record)


def _notified(stored: StoredCase, file: ApplicationFile) -> tuple[str, ...]:
    """Who was told of the decision in force, or whose notice is in preparation."""
    case = stored.case
    recipients = (*case.told, *(notice.draft.consumer_id for notice in case.preparing))
    return tuple(consumer_of(file, recipient) for recipient in dict.fromkeys(recipients))


def _releaser(stored: StoredCase, notice_id: str) -> facts.Actor | None:
    for event in reversed(stored.events):
        if isinstance(event, NoticeReleased) and event.notice_id == notice_id:
            return facts.Actor(actor_id=event.actor.actor_id, is_person=True)
    return None


def _drafter(stored: StoredCase, notice_id: str) -> facts.Actor | None:
    """Who asked for what is missing: of an undecided case, the first of the two people."""
    for event in reversed(stored.events):
        if isinstance(event, NoticeDrafted) and event.notice_id == notice_id:
            return facts.Actor(actor_id=event.actor.actor_id, is_person=True)
    return None


def _check_channel(
    desk: Desk, stored: StoredCase, notice: AdverseActionNotice, event: NoticeSent
) -> None:
    planned = _CHANNELS[notice.delivery.channel]
    if event.channel is not planned:
        raise FactsError(
            field="channel",
            found=f"{event.channel} for a notice drafted to be {planned}",
            expected=f"{planned}, or another draft",
            clause="12 CFR 1002.4(d)",
        )
    if event.consent_id is None:
        return
    on = _day_of(event, stored)
    consents = consents_of(desk.storage.cases.file(stored.case.case_id))
    if not consents.in_force(event.consent_id, consumer_id=notice.recipient.consumer_id, on=on):
        raise FactsError(
            field="consent_id",
            found="no consent of the recipient in force on that day",
            expected="one that is on file, or another channel",
            clause="12 CFR 1002.4(d)(2)",
        )


def _day_of(event: NoticeReleased | NoticeSent, stored: StoredCase) -> date:
    """The day of an event where the creditor is."""
    return local_date(event.occurred_at, time_zone=stored.case.time_zone)
