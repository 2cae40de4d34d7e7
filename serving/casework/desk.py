"""Where commands are carried out: the stores, the model, the policy and the time, in one place."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

import structlog

from data_pipeline.sources.rows import Row
from serving.borderline import Borderline
from serving.cases.application_file import ApplicationFile
from serving.cases.audit import AuditAction
from serving.cases.audited import CASE, action_name
from serving.cases.decisions import PopulationComparison
from serving.cases.events import Actor, ActorKind, Event
from serving.cases.store import CaseStorage, NoticeContent, StoredCase
from serving.casework.errors import FactsError
from serving.errors import NotReadyError
from serving.policy import DEFAULT_POLICY, Policy
from serving.rows import OutputRow

SYSTEM = Actor(actor_id="wherefore", role="system", kind=ActorKind.SYSTEM)
"""The software itself: what it records on its own, it records as this actor."""

log = structlog.stdlib.get_logger("wherefore.cases")


class When(TypedDict):
    """The fields of every event."""

    occurred_at: datetime
    recorded_at: datetime
    actor: Actor


def now_utc() -> datetime:
    """Returns the time, UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Returns an id that nobody had before, and nobody can guess."""
    return f"{prefix}-{secrets.token_hex(10)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredApplication:
    """What the model says of an application.

    Attributes:
        row: its scores and reasons, or why there are none.
        comparisons: the applicant beside each reference population; empty where the creditor has
            measured none.
        borderline: what of the row could have been told otherwise.
    """

    row: OutputRow
    comparisons: tuple[PopulationComparison, ...] = ()
    borderline: tuple[Borderline, ...] = ()


def score_without_model(_row: Row) -> ScoredApplication:
    """Scores nothing, where no model is loaded. Raises NotReadyError."""
    raise NotReadyError


def know_anybody(_person_id: str) -> bool:
    """Takes every id for a person's, where nobody can tell."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every command needs.

    Attributes:
        storage: the cases and their audit log.
        score: scores one application; blocks until the model has answered. Without a model it
            raises NotReadyError.
        policy: the creditor's policy.
        knows: whether somebody with an id can work here; may ask a database.
        now: the time, UTC.
        new_id: makes an id with a prefix.
    """

    storage: CaseStorage
    score: Callable[[Row], ScoredApplication] = score_without_model
    policy: Policy = DEFAULT_POLICY
    knows: Callable[[str], bool] = know_anybody
    now: Callable[[], datetime] = now_utc
    new_id: Callable[[str], str] = new_id

    def when(self, by: Actor, occurred_at: datetime | None = None, *, field: str = "at") -> When:
        """Returns the fields of an event that is recorded now; None means it happened now.

        Args:
            by: who records it.
            occurred_at: when it happened.
            field: the field of the command that says so, for the error.

        Raises:
            FactsError: it is still to happen.
        """
        now = self.now()
        happened = now if occurred_at is None else occurred_at.astimezone(UTC)
        if happened > now:
            raise FactsError(
                field=field,
                found="a moment in the future",
                expected="one that is past; leave it out for now",
                clause="12 CFR 1002.9(a)(1), comment 9-3",
            )
        return When(occurred_at=happened, recorded_at=now, actor=by)

    def load(self, case_id: str) -> StoredCase:
        """Returns a case, to change it. Raises UnknownCaseError and CasePurgedError."""
        return self.storage.cases.load(case_id)

    def record(
        self,
        stored: StoredCase,
        events: Sequence[Event],
        *,
        file: ApplicationFile | None = None,
        notices: Sequence[NoticeContent] = (),
        versions: Mapping[str, str] | None = None,
    ) -> StoredCase:
        """Records what happened to a case, all or nothing, and returns the case after it.

        Args:
            stored: the case as it was read, before its file.
            events: what happened.
            file: the new file, where the events tell of its revision.
            notices: what drafted or released notices say.
            versions: further versions for the audit entries.

        Raises:
            CaseConflictError: somebody recorded something meanwhile, or changed the file.
            IllegalEventError: the case does not allow it.
        """
        after = self.storage.cases.append(
            stored.case.case_id,
            events,
            expected_events=stored.num_events,
            expected_documents=stored.num_documents,
            file=file,
            notices=notices,
            versions=versions,
        )
        for event in events:
            self.tell(event, case_id=stored.case.case_id)
        return after

    def tell(self, event: Event, *, case_id: str) -> None:
        """Logs that an event was recorded: ids and its kind, nothing of what it says."""
        log.info(action_name(event), case_id=case_id, person_id=event.actor.actor_id)

    def note_reading(
        self, action: str, *, by: Actor, object_id: str, object_kind: str = CASE
    ) -> None:
        """Records in the audit log that somebody read something personal."""
        self.storage.audit.record(
            AuditAction(
                at=self.now(),
                actor_id=by.actor_id,
                role=by.role,
                action=action,
                object_kind=object_kind,
                object_id=object_id,
            )
        )
