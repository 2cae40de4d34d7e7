"""What cases need of a database, as protocols.

A case is its recorded events; a store appends to them, and keeps beside them what the worklist and
the notices need. Whatever a call of `CaseStore` writes becomes visible as a whole or not at all:
the events, one audit entry for each, and what queries read.

Calls block (disk, network): call them off the event loop. All of them are safe from several
threads, and from several processes on one database.

`serving.adapters.memory_cases` holds a store in memory for tests, `serving.adapters.sql` the real
one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from data_pipeline.domain.application import LoanApplication
from serving.cases.anchors import LogProof
from serving.cases.application_file import ApplicationFile, Document
from serving.cases.audit import AuditAction, AuditEntry, AuditHead
from serving.cases.case import Case
from serving.cases.events import Actor, Event
from serving.cases.worklist import WorklistEntry, WorklistPage, WorklistQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as stored.

    Attributes:
        case: the fold of its events.
        events: all of them, in the order of recording.
        digests: one per event: sha256 of the event as stored, hexadecimal, as the audit log has it.
        num_documents: number of papers of its file, which every change of the file raises, for
            `expected_documents` of the next call.
    """

    case: Case
    events: tuple[Event, ...]
    digests: tuple[str, ...]
    num_documents: int

    @property
    def num_events(self) -> int:
        """Number of events, for `expected_events` of the next append."""
        return len(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContent:
    """What a notice says and prints; goes with the `NoticeDrafted` of the same id.

    Attributes:
        notice_id: id of the notice, unique over all cases.
        content: the notice and its decision record as JSON (`notices.case_file.dump_case`); its
            sha256 is the `digest` of the `NoticeDrafted`. Personal.
        renderings: the bytes that are sent, by media type such as application/pdf; they go with
            `NoticeDrafted` or with `NoticeReleased`. Personal.
    """

    notice_id: str
    content: bytes
    renderings: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """A notice as kept.

    Attributes:
        case_id: the case it belongs to.
        content: what it says and prints.
    """

    case_id: str
    content: NoticeContent


class CaseStore(Protocol):
    """Keeps cases.

    Every call may raise StoreUnavailableError (the database does not answer; nothing was written)
    and EncryptionKeyError (no key, or another one).
    """

    def open_case(
        self,
        opening: Event,
        file: ApplicationFile,
        *,
        versions: Mapping[str, str] | None = None,
        assigned_to: str | None = None,
    ) -> StoredCase:
        """Records the event that opens a case, with its file.

        Args:
            opening: an ApplicationReceived or AccountReviewOpened; names the case.
            file: what came in.
            versions: further versions for the audit entry.
            assigned_to: id of the person who works on it; None for nobody yet.

        Raises:
            CaseExistsError: the case id is taken.
            IdTakenError: the id of a document is taken.
            RecordFieldError: a field of the file is not of its form.
            IllegalEventError: the event opens no case.
        """

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
        """Records further events of a case, all or none, and returns the case after them.

        `CasePurged` destroys the key of the case with everything that it encrypts; the events can
        then no longer be read.

        Args:
            case_id: the case.
            events: in the order of recording.
            expected_events: how many events the caller has seen.
            expected_documents: how many papers of the file the caller has seen; None where nothing
                of what is recorded rests on the file.
            file: the whole new file, where the events tell of its revision; as for `revise_file`.
            notices: what each drafted notice says; further renderings of a released one.
            versions: further versions for the audit entries.

        Raises:
            UnknownCaseError: there is no such case.
            CasePurgedError: the case was purged.
            CaseConflictError: somebody worked on the case meanwhile; load, look and try again.
            IllegalEventError: the case does not allow an event; nothing is recorded.
            NoticeContentError: a drafted notice has no content, or another one than its digest.
            IdTakenError: the id of a notice, decision, assessment or document is taken, or a
                document that is there was changed or left out.
            RecordFieldError: such an id, or a field of the file, is not of its form.
        """

    def load(self, case_id: str) -> StoredCase:
        """Returns a case. Raises UnknownCaseError and CasePurgedError as `append`."""

    def event_texts(self, case_id: str) -> tuple[bytes, ...]:
        """Returns the events of a case as stored, each the JSON text that its digest is of.

        Raises as `load`.
        """

    def file(self, case_id: str) -> ApplicationFile:
        """Returns the file of a case as it is now. Raises as `load`."""

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
        """Replaces the file of a case; the application as submitted before is kept beside it.

        Documents can only be added: those there must all be in the new file, unchanged, and one
        more that tells of the revision. So their number tells whether a file was changed.

        Args:
            case_id: the case.
            file: the whole new file.
            expected_events: how many events the caller has seen.
            expected_documents: how many papers of the file the caller has seen.
            by: who changes it, for the audit entry.
            at: now, UTC.

        Raises:
            UnknownCaseError, CasePurgedError, CaseConflictError: as `append`.
            IdTakenError: the id of a document is taken, or one there was changed or left out.
            RecordFieldError: a field of the file is not of its form, or no document is added.
        """

    def submissions(self, case_id: str) -> tuple[LoanApplication, ...]:
        """Returns the application as first submitted and as revised since. Raises as `load`."""

    def add_document(self, case_id: str, document: Document, *, by: Actor) -> None:
        """Adds a paper to a file.

        Raises:
            UnknownCaseError, CasePurgedError: as `append`.
            IdTakenError: the id is taken.
            RecordFieldError: a field is not of its form.
        """

    def assign(
        self,
        case_id: str,
        person_id: str | None,
        *,
        expected: str | None,
        by: Actor,
        at: datetime,
    ) -> None:
        """Notes who works on a case; None for nobody.

        Args:
            case_id: the case.
            person_id: who is to work on it; the audit entry names them.
            expected: who works on it as far as the caller has seen.
            by: who assigns it, for the audit entry.
            at: now, UTC.

        Raises:
            UnknownCaseError, CasePurgedError: as `append`.
            CaseConflictError: somebody else works on it meanwhile.
            RecordFieldError: the person's id is not of its form.
        """

    def notice(self, notice_id: str) -> StoredNotice:
        """Returns what a notice says. Raises UnknownNoticeError and CasePurgedError."""

    def case_of_decision(self, decision_id: str) -> str:
        """Returns the id of the case that has a decision. Raises UnknownDecisionError."""

    def entry(self, case_id: str) -> WorklistEntry:
        """Returns a case's line in the worklist, also of a purged one. Raises UnknownCaseError."""

    def worklist(self, query: WorklistQuery) -> WorklistPage:
        """Returns the cases that a query asks for, by due day, those that owe nothing last."""

    def purgeable(self, *, on: date, limit: int = 100) -> tuple[str, ...]:
        """Returns ids of retained cases whose time is over on a day and that no hold keeps.

        The day is compared with each case's last day of keeping; whether the purge is lawful is
        decided when `CasePurged` is recorded.
        """


class AuditTrail(Protocol):
    """The audit log as a service has it: it records, and proves."""

    @property
    def head(self) -> AuditHead:
        """Where the chain ends now."""

    def record(self, action: AuditAction) -> AuditEntry:
        """Records a call that changes nothing, such as the reading of a case.

        What `CaseStore` writes has its entries already.

        Raises:
            AuditFieldError: a field holds something else than its kind of id, word or digest.
        """

    def entries(self, *, object_kind: str, object_id: str) -> tuple[AuditEntry, ...]:
        """Returns the entries about one object, in order."""

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Yields the stored lines whose number is above `after`, in order."""

    def verify(self, *, anchor: AuditHead | None = None) -> AuditHead:
        """Reads the whole log and returns its head.

        Raises:
            AuditBrokenError: it is not what was written, or does not continue the anchor.
        """


class CaseStorage(Protocol):
    """The stores of one deployment.

    Attributes:
        cases: the cases.
        audit: their audit log.
    """

    @property
    def cases(self) -> CaseStore:
        """The cases."""

    @property
    def audit(self) -> AuditTrail:
        """Their audit log."""

    def anchor(self) -> AuditHead:
        """Verifies the whole audit log against its last anchor, then anchors its head elsewhere.

        Raises:
            AnchorError: the anchor file does not end in a whole anchor.
            AuditBrokenError: the log is broken, or does not continue what was anchored.
        """

    def anchor_new_entries(self) -> AuditHead:
        """Verifies the audit log from its last anchor on, then anchors its head as `anchor`."""

    def prove(self, entries: Sequence[AuditEntry]) -> LogProof:
        """Anchors the head as `anchor_new_entries` does, and proves that entries stand before it.

        Raises:
            AnchorError, AuditBrokenError: as `anchor`, or an entry is not the one anchored.
        """


class OpensStorage(Protocol):
    """Opens the stores, and closes them at the end of the block."""

    def __call__(self) -> AbstractContextManager[CaseStorage]:
        """Returns the stores for the length of a block."""
