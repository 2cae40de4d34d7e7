"""Cases as one principal sees them: what is not theirs is not there.

Every way to a case goes through the store, by whatever id a request names it, so access is checked
here and nowhere above. A case of somebody else is answered as one that does not exist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from data_pipeline.domain.application import LoanApplication
from serving.cases.anchors import LogProof
from serving.cases.application_file import ApplicationFile, Document
from serving.cases.audit import AuditEntry, AuditHead
from serving.cases.events import Actor, Event
from serving.cases.store import (
    AuditTrail,
    CaseStorage,
    CaseStore,
    NoticeContent,
    StoredCase,
    StoredNotice,
)
from serving.cases.store_errors import UnknownCaseError, UnknownDecisionError, UnknownNoticeError
from serving.cases.worklist import WorklistEntry, WorklistPage, WorklistQuery
from serving.identity.principal import Principal
from serving.identity.scopes import Scope


def storage_for(principal: Principal, storage: CaseStorage) -> CaseStorage:
    """Returns the stores of a deployment as a principal may see them: whole, or the own queue."""
    if principal.may(Scope.READ_CASES) and principal.may(Scope.SEE_ALL_CASES):
        return storage
    return OwnStorage(storage, principal)


class OwnQueue:
    """A store of cases that holds nothing but the queue of one principal."""

    def __init__(self, cases: CaseStore, principal: Principal) -> None:
        """Takes all cases, and who asks for them."""
        self._cases, self._principal = cases, principal

    def open_case(
        self,
        opening: Event,
        file: ApplicationFile,
        *,
        versions: Mapping[str, str] | None = None,
        assigned_to: str | None = None,
    ) -> StoredCase:
        """Opens a case, in the queue of who opens it."""
        del assigned_to
        own = self._principal.principal_id
        return self._cases.open_case(opening, file, versions=versions, assigned_to=own)

    def append(
        self,
        case_id: str,
        events: Sequence[Event],
        *,
        expected_events: int,
        expected_documents: int | None = None,
        file: ApplicationFile | None = None,
        notices: Sequence[NoticeContent] = (),
        versions: Mapping[str, str] | None = None,
    ) -> StoredCase:
        """Records further events of an own case."""
        self._check(case_id)
        return self._cases.append(
            case_id,
            events,
            expected_events=expected_events,
            expected_documents=expected_documents,
            file=file,
            notices=notices,
            versions=versions,
        )

    def load(self, case_id: str) -> StoredCase:
        """Returns an own case."""
        self._check(case_id)
        return self._cases.load(case_id)

    def event_texts(self, case_id: str) -> tuple[bytes, ...]:
        """Returns the events of an own case as stored."""
        self._check(case_id)
        return self._cases.event_texts(case_id)

    def file(self, case_id: str) -> ApplicationFile:
        """Returns the file of an own case."""
        self._check(case_id)
        return self._cases.file(case_id)

    def revise_file(
        self,
        case_id: str,
        file: ApplicationFile,
        *,
        expected_events: int,
        expected_documents: int,
        by: Actor,
        at: datetime,
    ) -> None:
        """Replaces the file of an own case."""
        self._check(case_id)
        self._cases.revise_file(
            case_id,
            file,
            expected_events=expected_events,
            expected_documents=expected_documents,
            by=by,
            at=at,
        )

    def submissions(self, case_id: str) -> tuple[LoanApplication, ...]:
        """Returns the application of an own case as submitted."""
        self._check(case_id)
        return self._cases.submissions(case_id)

    def add_document(self, case_id: str, document: Document, *, by: Actor) -> None:
        """Adds a paper to the file of an own case."""
        self._check(case_id)
        self._cases.add_document(case_id, document, by=by)

    def assign(
        self,
        case_id: str,
        person_id: str | None,
        *,
        expected: str | None,
        by: Actor,
        at: datetime,
    ) -> None:
        """Gives an own case away, or takes one that nobody works on."""
        self._check(case_id)
        self._cases.assign(case_id, person_id, expected=expected, by=by, at=at)

    def notice(self, notice_id: str) -> StoredNotice:
        """Returns what a notice of an own case says."""
        found = self._cases.notice(notice_id)
        if not self._sees(found.case_id):
            raise UnknownNoticeError
        return found

    def case_of_decision(self, decision_id: str) -> str:
        """Returns the id of the own case that has a decision."""
        case_id = self._cases.case_of_decision(decision_id)
        if not self._sees(case_id):
            raise UnknownDecisionError
        return case_id

    def entry(self, case_id: str) -> WorklistEntry:
        """Returns the line of an own case."""
        found = self._cases.entry(case_id)
        if not self._principal.sees_case_of(found.assigned_to):
            raise UnknownCaseError
        return found

    def worklist(self, query: WorklistQuery) -> WorklistPage:
        """Returns the own cases that a query asks for."""
        own = self._principal.principal_id
        return self._cases.worklist(replace(query, in_queue_of=own))

    def purgeable(self, *, on: date, limit: int = 100) -> tuple[str, ...]:
        """Returns ids of own cases whose time is over."""
        return tuple(filter(self._sees, self._cases.purgeable(on=on, limit=limit)))

    def _check(self, case_id: str) -> None:
        self.entry(case_id)

    def _sees(self, case_id: str) -> bool:
        return self._principal.sees_case_of(self._cases.entry(case_id).assigned_to)


class OwnStorage:
    """The stores of a deployment with the queue of one principal for its cases.

    Attributes:
        cases: the queue.
    """

    def __init__(self, storage: CaseStorage, principal: Principal) -> None:
        """Takes the whole stores, and who asks."""
        self._storage = storage
        self.cases: CaseStore = OwnQueue(storage.cases, principal)

    @property
    def audit(self) -> AuditTrail:
        """The audit log, to record in."""
        return self._storage.audit

    def anchor(self) -> AuditHead:
        """Anchors the audit log."""
        return self._storage.anchor()

    def anchor_new_entries(self) -> AuditHead:
        """Anchors the new end of the audit log."""
        return self._storage.anchor_new_entries()

    def prove(self, entries: Sequence[AuditEntry]) -> LogProof:
        """Proves that entries stand in the audit log."""
        return self._storage.prove(entries)
