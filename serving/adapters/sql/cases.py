"""Cases in a database; see `serving.cases.store` for what each call promises."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa

from data_pipeline.domain.application import LoanApplication
from serving.adapters.encryption.sealing import DataKey
from serving.adapters.event_json import digest_of, event_to_json
from serving.adapters.sql import audit, queries
from serving.adapters.sql.engine import (
    Repeats,
    forget_deleted,
    reading,
    refused,
    repeated,
    writing,
)
from serving.adapters.sql.event_rows import load_case, read_texts, write_events
from serving.adapters.sql.files import CaseFile, count_documents
from serving.adapters.sql.keys import DataKeys
from serving.adapters.sql.notice_rows import read_notice, rendering_digests, write_notice
from serving.adapters.sql.projections import destroy, write_state
from serving.adapters.sql.retries import retried
from serving.adapters.sql.tables import applications, case_states, decisions, notices
from serving.cases.application_file import ApplicationFile, Document
from serving.cases.audit import AuditAction
from serving.cases.audited import (
    action_of,
    assigned_action,
    file_action,
    noting,
    renderings_digest,
)
from serving.cases.case import Case, Stage
from serving.cases.clocks import clocks
from serving.cases.events import Actor, Event
from serving.cases.file_events import FileRevised
from serving.cases.file_rules import check_document, check_file, check_ids, check_person
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
from serving.cases.worklist import WorklistEntry, WorklistPage, WorklistQuery, entry_of

# Their keys are ids that callers give; whatever else is refused is no matter of an id.
_KIND_OF_TABLE = {
    "notices": "notice",
    "decisions": "decision",
    "assessments": "assessment",
    "documents": "document",
}


class SqlCaseStore:
    """Cases in SQLite or PostgreSQL."""

    def __init__(
        self,
        engine: sa.Engine,
        keys: DataKeys,
        *,
        on_purged: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Takes the database, upgraded, its data keys, and what else a purge has to destroy."""
        self._engine, self._keys, self._on_purged = engine, keys, on_purged

    @retried
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
        num_documents = len(file.documents)
        nothing = StoredCase(case=case, events=(), digests=(), num_documents=num_documents)
        stored, contents = _after(nothing, case, [opening])
        actions = _actions(stored, num_new=1, versions=versions)
        with self._writing() as connection:
            row = {
                "case_id": case.case_id,
                "kind": case.kind,
                "applicant_kind": case.applicant_kind,
                "time_zone": case.time_zone,
                "opened_at": case.opened_at,
                "assigned_to": assigned_to,
            }
            connection.execute(applications.insert(), row)
            key = self._keys.make(connection, case.case_id)
            kept = CaseFile(connection, case.case_id, key)
            kept.write(file)
            write_events(connection, key, stored, contents)
            _write_state(connection, stored, file=file)
            audit.append(connection, [noting(action, kept.digests()) for action in actions])
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
        stored = self._record(
            case_id,
            events,
            expected_events=expected_events,
            expected_documents=expected_documents,
            file=file,
            notices=notices,
            versions=versions,
        )
        if stored.case.stage is Stage.PURGED:
            forget_deleted(self._engine)
            self._on_purged(case_id)
        return stored

    @retried
    def _record(
        self,
        case_id: str,
        events: Sequence[Event],
        *,
        expected_events: int,
        expected_documents: int | None,
        file: ApplicationFile | None,
        notices: Sequence[NoticeContent],
        versions: Mapping[str, str] | None,
    ) -> StoredCase:
        if file is not None:
            check_file(file)
        with self._writing() as connection:
            self._lock(
                connection,
                case_id,
                expected_events=expected_events,
                expected_documents=expected_documents,
            )
            key = self._keys.open(connection, case_id)
            before = load_case(connection, key, case_id)
            case = after(before.case, events)
            given = check_notices(events, notices)
            check_ids(events)
            stored, contents = _after(before, case, events)
            actions = _actions(stored, num_new=len(events), versions=versions)
            kept = CaseFile(connection, case_id, key)
            if file is not None:
                _replace_file(kept, file)
                stored = replace(stored, num_documents=len(file.documents))
            write_events(connection, key, stored, contents)
            for content in given.values():
                write_notice(connection, key, content)
            actions = [
                noting(a, _digests(connection, kept, e))
                for a, e in zip(actions, events, strict=True)
            ]
            if case.stage is Stage.PURGED:
                destroy(connection, case_id)
                self._keys.shred(connection, case_id)
            _write_state(connection, stored)
            audit.append(connection, actions)
        return stored

    def load(self, case_id: str) -> StoredCase:
        """Returns a case."""
        with self._opened(case_id) as (connection, key):
            return load_case(connection, key, case_id)

    def event_texts(self, case_id: str) -> tuple[bytes, ...]:
        """Returns the events of a case as stored."""
        with self._opened(case_id) as (connection, key):
            return tuple(text for text, _ in read_texts(connection, key, case_id))

    def file(self, case_id: str) -> ApplicationFile:
        """Returns the file of a case."""
        with self._opened(case_id) as (connection, key):
            return CaseFile(connection, case_id, key).read()

    @retried
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
        with self._writing() as connection:
            self._lock(
                connection,
                case_id,
                expected_events=expected_events,
                expected_documents=expected_documents,
            )
            kept = CaseFile(connection, case_id, self._keys.open(connection, case_id))
            _replace_file(kept, file)
            digests = kept.digests()
            action = file_action("file_revised", case_id=case_id, by=by, at=at, digests=digests)
            audit.append(connection, [action])

    def submissions(self, case_id: str) -> tuple[LoanApplication, ...]:
        """Returns the application as first submitted and as revised since."""
        with self._opened(case_id) as (connection, key):
            return CaseFile(connection, case_id, key).submissions()

    @retried
    def add_document(self, case_id: str, document: Document, *, by: Actor) -> None:
        """Adds a paper to a file."""
        check_document(document)
        with self._writing() as connection:
            self._lock(connection, case_id)
            key = self._keys.open(connection, case_id)
            kept = CaseFile(connection, case_id, key)
            kept.add_document(document)
            at, digests = document.received_at, kept.digests()
            action = file_action("document_added", case_id=case_id, by=by, at=at, digests=digests)
            audit.append(connection, [action])

    @retried
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
        same = applications.c.case_id == case_id
        with self._writing() as connection:
            self._lock(connection, case_id)
            found = connection.scalar(sa.select(applications.c.assigned_to).where(same))
            check_assignee(expected=expected, found=found)
            connection.execute(applications.update().where(same), {"assigned_to": person_id})
            action = assigned_action(case_id=case_id, person_id=person_id, by=by, at=at)
            audit.append(connection, [action])

    def notice(self, notice_id: str) -> StoredNotice:
        """Returns what a notice says."""
        with reading(self._engine) as connection:
            wanted = sa.select(notices).where(notices.c.notice_id == notice_id)
            row = connection.execute(wanted).one_or_none()
            if row is None:
                raise UnknownNoticeError
            if row.content is None:
                raise CasePurgedError
            key = self._keys.open(connection, row.case_id)
            content = read_notice(connection, key, notice_id, sealed=row.content)
            return StoredNotice(case_id=row.case_id, content=content)

    def case_of_decision(self, decision_id: str) -> str:
        """Returns the id of the case that has a decision."""
        wanted = sa.select(decisions.c.case_id).where(decisions.c.decision_id == decision_id)
        with reading(self._engine) as connection:
            found = connection.scalar(wanted)
        if found is None:
            raise UnknownDecisionError
        return str(found)

    def entry(self, case_id: str) -> WorklistEntry:
        """Returns a case's line in the worklist."""
        with reading(self._engine) as connection:
            return queries.entry(connection, case_id)

    def worklist(self, query: WorklistQuery) -> WorklistPage:
        """Returns the cases that a query asks for."""
        with reading(self._engine) as connection:
            return queries.worklist(connection, query)

    def purgeable(self, *, on: date, limit: int = 100) -> tuple[str, ...]:
        """Returns ids of retained cases whose time is over."""
        with reading(self._engine) as connection:
            return queries.purgeable(connection, on=on, limit=limit)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with writing(self._engine) as connection:
                yield connection
        except sa.exc.IntegrityError as error:
            what, table = repeated(error)
            if what is Repeats.KEY and table == applications.name:
                raise CaseExistsError from None
            if what is Repeats.KEY and table in _KIND_OF_TABLE:
                raise IdTakenError(kind=_KIND_OF_TABLE[table]) from None
            raise refused(error) from None

    @contextmanager
    def _opened(self, case_id: str) -> Iterator[tuple[sa.Connection, DataKey]]:
        with reading(self._engine) as connection:
            _check_there(connection, case_id)
            yield connection, self._keys.open(connection, case_id)

    def _lock(
        self,
        connection: sa.Connection,
        case_id: str,
        *,
        expected_events: int | None = None,
        expected_documents: int | None = None,
    ) -> None:
        """Keeps other writers from the case until the transaction ends."""
        state = _check_there(connection, case_id, for_update=True)
        check_open(state.stage)
        check_count(expected=expected_events, found=state.num_events, of="events")
        if expected_documents is not None:
            found = count_documents(connection, case_id)
            check_count(expected=expected_documents, found=found, of="papers on file")


def _check_there(
    connection: sa.Connection, case_id: str, *, for_update: bool = False
) -> sa.Row[int, Stage]:
    wanted = sa.select(case_states.c.num_events, case_states.c.stage)
    wanted = wanted.where(case_states.c.case_id == case_id)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise UnknownCaseError
    return row


def _replace_file(kept: CaseFile, file: ApplicationFile) -> None:
    before = kept.read()
    check_documents(before, file)
    kept.write(file, before=before)


def _after(before: StoredCase, case: Case, new: Sequence[Event]) -> tuple[StoredCase, list[bytes]]:
    contents = [event_to_json(event) for event in new]
    digests = tuple(map(digest_of, contents))
    stored = replace(
        before, case=case, events=(*before.events, *new), digests=(*before.digests, *digests)
    )
    return stored, contents


def _actions(
    stored: StoredCase, *, num_new: int, versions: Mapping[str, str] | None
) -> list[AuditAction]:
    case_id, first = stored.case.case_id, stored.num_events - num_new
    new = zip(stored.events[first:], stored.digests[first:], strict=True)
    return [action_of(e, case_id=case_id, digest=d, versions=versions) for e, d in new]


def _digests(connection: sa.Connection, kept: CaseFile, event: Event) -> dict[str, str]:
    """Digests of what an event changed and does not hold itself."""
    if isinstance(event, FileRevised):
        return kept.digests()
    if isinstance(event, NoticeDrafted | NoticeReleased):
        return renderings_digest(rendering_digests(connection, event.notice_id))
    return {}


def _write_state(
    connection: sa.Connection, stored: StoredCase, *, file: ApplicationFile | None = None
) -> None:
    entry = entry_of(
        stored.case,
        clocks(stored.events),
        num_events=stored.num_events,
        product=file.product if file else None,
        assigned_to=None,
    )
    write_state(connection, entry, is_new=stored.num_events == 1)
