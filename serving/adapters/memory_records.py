"""What the store in memory keeps of a case, and how it answers the queries over all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from data_pipeline.domain.application import LoanApplication
from serving.adapters.event_json import digest_of, event_to_json
from serving.cases.application_file import ApplicationFile
from serving.cases.audit import AuditAction
from serving.cases.audited import action_of
from serving.cases.case import Stage
from serving.cases.clocks import clocks
from serving.cases.events import AssessmentRecorded, DecisionRecorded, Event
from serving.cases.notice_events import NoticeDrafted
from serving.cases.store import StoredCase
from serving.cases.worklist import (
    WorklistCursor,
    WorklistEntry,
    WorklistPage,
    WorklistQuery,
    entry_of,
    is_listed,
    place_of,
)


@dataclass(slots=True, kw_only=True)
class KeptCase:
    """A case as it is kept.

    Attributes:
        stored: the case.
        texts: its events as JSON.
        file: its file.
        submissions: the application as first submitted and as revised since.
        assigned_to: who works on it.
    """

    stored: StoredCase
    texts: tuple[bytes, ...]
    file: ApplicationFile
    submissions: list[LoanApplication] = field(default_factory=list)
    assigned_to: str | None = None

    def submissions_with(self, file: ApplicationFile) -> list[LoanApplication]:
        """Returns the submissions as they are once a file is put in place."""
        new = file.application if file.application != self.file.application else None
        return [*self.submissions, new] if new else list(self.submissions)

    def put(self, file: ApplicationFile) -> None:
        """Puts a file in place of the one before, whose application stays a submission."""
        self.submissions = self.submissions_with(file)
        self.file = file
        self.stored = replace(self.stored, num_documents=len(file.documents))

    @property
    def entry(self) -> WorklistEntry:
        """Its line in the worklist."""
        stored = self.stored
        return entry_of(
            stored.case,
            clocks(stored.events),
            num_events=stored.num_events,
            product=self.file.product,
            assigned_to=self.assigned_to,
        )


def page_of(cases: Iterable[KeptCase], query: WorklistQuery) -> WorklistPage:
    """Returns a page of the worklist over all cases."""
    entries = sorted((kept.entry for kept in cases if _asks(kept, query)), key=place_of)
    if query.after is not None:
        day, case_id = query.after.due_on, query.after.case_id
        begin = (day is None, day or date.max, case_id)
        entries = [entry for entry in entries if place_of(entry) > begin]
    page = entries[: query.limit]
    more = len(entries) > query.limit
    last = WorklistCursor(due_on=page[-1].due_on, case_id=page[-1].case_id) if more else None
    return WorklistPage(entries=tuple(page), next=last)


def purgeable_of(cases: Iterable[KeptCase], *, on: date, limit: int) -> tuple[str, ...]:
    """Returns ids of retained cases whose time is over on a day."""
    over = [
        (e.keep_until, e.case_id)
        for e in (kept.entry for kept in cases)
        if e.stage is Stage.RETAINED and e.keep_until and e.keep_until < on and not e.is_on_hold
    ]
    return tuple(case_id for _, case_id in sorted(over)[:limit])


def written(
    events: Sequence[Event], case_id: str, versions: Mapping[str, str] | None
) -> tuple[tuple[bytes, ...], list[AuditAction]]:
    """Returns events as JSON texts, and the entries of the audit log for them."""
    texts = tuple(map(event_to_json, events))
    pairs = zip(events, digests_of(texts), strict=True)
    actions = [action_of(e, case_id=case_id, digest=d, versions=versions) for e, d in pairs]
    return texts, actions


def digests_of(texts: Sequence[bytes]) -> tuple[str, ...]:
    """Returns the digest of each text."""
    return tuple(map(digest_of, texts))


def _asks(kept: KeptCase, query: WorklistQuery) -> bool:
    consumers = {applicant.consumer_id for applicant in kept.file.applicants}
    return is_listed(kept.entry, query, consumer_ids=consumers)


def ids_of(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Returns the ids that events give, with their kinds; each may be given once."""
    found: list[tuple[str, str]] = []
    for event in events:
        if isinstance(event, AssessmentRecorded):
            found.append(("assessment", event.assessment.assessment_id))
        elif isinstance(event, DecisionRecorded):
            found.append(("decision", event.decision.decision_id))
        elif isinstance(event, NoticeDrafted):
            found.append(("notice", event.notice_id))
    return found
