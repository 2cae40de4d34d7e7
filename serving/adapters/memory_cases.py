"""Cases and their audit log in memory, for tests and for trying out.

It accepts, refuses and answers as the store in a database does; a test runs the same suite over
both. Nothing is encrypted, because nothing is kept.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from data_pipeline.domain.application import LoanApplication
from serving.adapters.event_json import digest_of
from serving.adapters.memory_audit import MemoryAuditTrail
from serving.adapters.memory_records import (
    KeptCase,
    digests_of,
    ids_of,
    page_of,
    purgeable_of,
    written,
)
from serving.adapters.plain_files import plain_file
from serving.cases.anchors import LogProof, proof_of
from serving.cases.application_file import ApplicationFile, Document
from serving.cases.audit import AuditEntry, AuditHead, verify
from serving.cases.audited import (
    FILE_DIGEST,
    assigned_action,
    file_action,
    noting,
    renderings_digest,
)
from serving.cases.case import Stage
from serving.cases.events import Actor, Event
from serving.cases.file_events import FileRevised
from serving.cases.file_record import digest_of_file
from serving.cases.file_rules import check_document, check_file, check_ids, check_person
from serving.cases.hash_tree import HashTree, MemoryNodes
from serving.cases.notice_events import NoticeDrafted, NoticeReleased
from serving.cases.recording import (
    after,
    case_opened_by,
    check_assignee,
    check_count,
    check_documents,
    check_notices,
    check_open,
)
from serving.cases.store import NoticeContent, StoredCase, StoredNotice
from serving.cases.store_errors import (
    CaseExistsError,
    CasePurgedError,
    IdTakenError,
    UnknownCaseError,
    UnknownDecisionError,
    UnknownNoticeError,
)
from serving.cases.worklist import WorklistEntry, WorklistPage, WorklistQuery


class MemoryCaseStore:
    """Cases in memory."""

    def __init__(self, audit: MemoryAuditTrail) -> None:
        """Starts empty; every event also goes to the audit log."""
        self._audit = audit
        self._lock = threading.RLock()
        self._kept: dict[str, KeptCase] = {}
        self._notices: dict[str, StoredNotice | None] = {}
        self._taken: dict[tuple[str, str], str] = {}

    def open_case(
        self,
        opening: Event,
        file: ApplicationFile,
        *,
        versions: Mapping[str, str] | None = None,
        assigned_to: str | None = None,
    ) -> StoredCase:
        """Records the event that opens a case, with its file."""
        case = case_opened_by(opening)
        check_file(file)
        check_person(assigned_to)
        with self._lock:
            if case.case_id in self._kept:
                raise CaseExistsError
            texts, actions = written([opening], case.case_id, versions)
            self._take(case.case_id, [("document", d.document_id) for d in file.documents])
            given = [file.application] if file.application else []
            stored = StoredCase(
                case=case,
                events=(opening,),
                digests=digests_of(texts),
                num_documents=len(file.documents),
            )
            kept = KeptCase(
                stored=stored,
                texts=texts,
                file=file,
                submissions=given,
                assigned_to=assigned_to,
            )
            for action in actions:
                self._audit.record(noting(action, _file_digest(kept, file)))
            self._kept[case.case_id] = kept
            return stored

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
        """Records further events of a case, all or none."""
        if file is not None:
            check_file(file)
        with self._lock:
            kept = self._open(case_id)
            before = kept.stored
            _check_seen(before, expected_events, expected_documents)
            case = after(before.case, events)
            contents = check_notices(events, notices)
            check_ids(events)
            texts, actions = written(events, case_id, versions)
            self._take(case_id, [*ids_of(events), *_new_papers(kept, file)])
            if file is not None:
                kept.put(file)
            for notice_id, content in contents.items():
                self._keep(case_id, notice_id, content)
            for action, event in zip(actions, events, strict=True):
                self._audit.record(noting(action, self._digests(kept, event)))
            kept.texts += texts
            kept.stored = replace(
                kept.stored,
                case=case,
                events=(*before.events, *events),
                digests=before.digests + digests_of(texts),
            )
            if case.stage is Stage.PURGED:
                self._purge(kept)
            return kept.stored

    def load(self, case_id: str) -> StoredCase:
        """Returns a case."""
        with self._lock:
            return self._open(case_id).stored

    def event_texts(self, case_id: str) -> tuple[bytes, ...]:
        """Returns the events of a case as stored."""
        with self._lock:
            return self._open(case_id).texts

    def file(self, case_id: str) -> ApplicationFile:
        """Returns the file of a case."""
        with self._lock:
            return self._open(case_id).file

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
        """Replaces the file of a case."""
        check_file(file)
        with self._lock:
            kept = self._open(case_id)
            _check_seen(kept.stored, expected_events, expected_documents)
            self._take(case_id, _new_papers(kept, file))
            digests = _file_digest(kept, file)
            action = file_action("file_revised", case_id=case_id, by=by, at=at, digests=digests)
            self._audit.record(action)
            kept.put(file)

    def submissions(self, case_id: str) -> tuple[LoanApplication, ...]:
        """Returns the application as first submitted and as revised since."""
        with self._lock:
            return tuple(self._open(case_id).submissions)

    def add_document(self, case_id: str, document: Document, *, by: Actor) -> None:
        """Adds a paper to a file."""
        check_document(document)
        with self._lock:
            kept = self._open(case_id)
            self._take(case_id, [("document", document.document_id)])
            file = replace(kept.file, documents=(*kept.file.documents, document))
            at, digests = document.received_at, _file_digest(kept, file)
            action = file_action("document_added", case_id=case_id, by=by, at=at, digests=digests)
            self._audit.record(action)
            kept.put(file)

    def assign(
        self,
        case_id: str,
        person_id: str | None,
        *,
        expected: str | None,
        by: Actor,
        at: datetime,
    ) -> None:
        """Notes who works on a case."""
        check_person(person_id)
        with self._lock:
            kept = self._open(case_id)
            check_assignee(expected=expected, found=kept.assigned_to)
            action = assigned_action(case_id=case_id, person_id=person_id, by=by, at=at)
            self._audit.record(action)
            kept.assigned_to = person_id

    def notice(self, notice_id: str) -> StoredNotice:
        """Returns what a notice says."""
        with self._lock:
            if notice_id not in self._notices:
                raise UnknownNoticeError
            found = self._notices[notice_id]
            if found is None:
                raise CasePurgedError
            return found

    def case_of_decision(self, decision_id: str) -> str:
        """Returns the id of the case that has a decision."""
        with self._lock:
            if ("decision", decision_id) not in self._taken:
                raise UnknownDecisionError
            return self._taken["decision", decision_id]

    def entry(self, case_id: str) -> WorklistEntry:
        """Returns a case's line in the worklist."""
        with self._lock:
            return self._found(case_id).entry

    def worklist(self, query: WorklistQuery) -> WorklistPage:
        """Returns the cases that a query asks for."""
        with self._lock:
            return page_of(self._kept.values(), query)

    def purgeable(self, *, on: date, limit: int = 100) -> tuple[str, ...]:
        """Returns ids of retained cases whose time is over."""
        with self._lock:
            return purgeable_of(self._kept.values(), on=on, limit=limit)

    def _found(self, case_id: str) -> KeptCase:
        if case_id not in self._kept:
            raise UnknownCaseError
        return self._kept[case_id]

    def _open(self, case_id: str) -> KeptCase:
        kept = self._found(case_id)
        check_open(kept.stored.case.stage)
        return kept

    def _take(self, case_id: str, ids: Sequence[tuple[str, str]]) -> None:
        for number, (kind, name) in enumerate(ids):
            if (kind, name) in self._taken or (kind, name) in ids[:number]:
                raise IdTakenError(kind=kind)
        self._taken.update(dict.fromkeys(ids, case_id))

    def _keep(self, case_id: str, notice_id: str, content: NoticeContent) -> None:
        before = self._notices.get(notice_id)
        kept = before.content.renderings if before else {}
        merged = replace(content, renderings={**content.renderings, **kept})
        self._notices[notice_id] = StoredNotice(case_id=case_id, content=merged)

    def _digests(self, kept: KeptCase, event: Event) -> dict[str, str]:
        """Digests of what an event changed and does not hold itself."""
        if isinstance(event, FileRevised):
            return _file_digest(kept, kept.file)
        if not isinstance(event, NoticeDrafted | NoticeReleased):
            return {}
        found = self._notices[event.notice_id]
        renderings = found.content.renderings if found else {}
        return renderings_digest({kind: digest_of(text) for kind, text in renderings.items()})

    def _purge(self, kept: KeptCase) -> None:
        case_id = kept.stored.case.case_id
        kept.file, kept.texts = ApplicationFile(), ()
        kept.submissions.clear()
        for notice_id, notice in self._notices.items():
            if notice is not None and notice.case_id == case_id:
                self._notices[notice_id] = None


def _file_digest(kept: KeptCase, file: ApplicationFile) -> dict[str, str]:
    """Returns the digest of a file that is put in place of the one that is kept."""
    return {FILE_DIGEST: digest_of_file(plain_file(file, kept.submissions_with(file)))}


def _new_papers(kept: KeptCase, file: ApplicationFile | None) -> list[tuple[str, str]]:
    """Returns the ids of what a new file adds, after checking that it loses nothing."""
    if file is None:
        return []
    check_documents(kept.file, file)
    return [("document", d.document_id) for d in file.documents[len(kept.file.documents) :]]


def _check_seen(stored: StoredCase, expected_events: int, expected_documents: int | None) -> None:
    check_count(expected=expected_events, found=stored.num_events, of="events")
    check_count(expected=expected_documents, found=stored.num_documents, of="papers on file")


class MemoryStorage:
    """Both stores, together.

    Attributes:
        audit: the audit log.
        cases: the cases.
    """

    def __init__(self) -> None:
        """Starts empty."""
        self.audit = MemoryAuditTrail()
        self.cases = MemoryCaseStore(self.audit)
        self._anchored: AuditHead | None = None

    def anchor(self) -> AuditHead:
        """Verifies the audit log against its last anchor, and keeps its head as the next."""
        self._anchored = self.audit.verify(anchor=self._anchored)
        return self._anchored

    def anchor_new_entries(self) -> AuditHead:
        """Does the same."""
        return self.anchor()

    def prove(self, entries: Sequence[AuditEntry]) -> LogProof:
        """Proves that entries stand in the log, from a tree made for it."""
        tree = HashTree(MemoryNodes())
        self._anchored = verify(tree.grown(self.audit.lines()), anchor=self._anchored)
        return proof_of(tree, entries, head=self._anchored)
