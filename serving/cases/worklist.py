"""One line of the worklist per case: what a desk needs to know without opening it."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from data_pipeline.domain.application import LoanProduct
from serving.cases.calendar_days import local_date
from serving.cases.case import Case, NoticeStep, OfferState, Stage
from serving.cases.clock import Clock, ClockKind, next_deadline
from serving.cases.decisions import Outcome
from serving.cases.events import ApplicantKind, CaseKind
from serving.cases.owed import OpenNotice, open_notices
from serving.cases.retention import keep_until

MAX_PAGE = 500
"""Most entries of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistEntry:
    """A case as the worklist shows it. Nothing here is personal, so it survives a purge.

    Attributes:
        case_id: id of the case.
        kind: application or existing account.
        applicant_kind: which rules hold.
        time_zone: the creditor's, an IANA name; `due_on` is a day in it.
        opened_at: when it was received or opened, UTC.
        last_recorded_at: when the latest event was written down, UTC.
        num_events: events recorded; what `expected_events` is compared with.
        stage: how far the case is.
        outcome: of the decision in force; None without one.
        open_notices: what is still open, one per recipient, the primary applicant first.
        offer: what became of a counteroffer; None without one.
        due_on: last day of the creditor's clock that is due first; None where nothing is owed.
        due_clock: which clock that is; None where nothing is owed.
        keep_until: last day on which the record must be kept, holds aside; None while open.
        is_on_hold: whether a legal hold is in force.
        product: asked for; None where none is said.
        assigned_to: id of the person who works on it; None while nobody does.
        decided_by: id of the person who decided; None before.
    """

    case_id: str
    kind: CaseKind
    applicant_kind: ApplicantKind
    time_zone: str
    opened_at: datetime
    last_recorded_at: datetime
    num_events: int
    stage: Stage
    outcome: Outcome | None
    open_notices: tuple[OpenNotice, ...]
    offer: OfferState | None
    due_on: date | None
    due_clock: ClockKind | None
    keep_until: date | None
    is_on_hold: bool
    product: LoanProduct | None
    assigned_to: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistCursor:
    """Where a page ended: the place of its last entry in the order of the worklist."""

    due_on: date | None
    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistQuery:
    """Which cases to list. Filters left empty let everything through; given ones must all hold.

    Attributes:
        stages: any of these stages.
        outcomes: any of these outcomes.
        notice_steps: a notice in preparation is at any of these steps.
        products: any of these products.
        assigned_to: id of the person who works on it.
        decided_by: id of the person who decided.
        consumer_id: id of an applicant or guarantor.
        due_clocks: any of these clocks is due first.
        due_on_or_before: due by this day; leaves out cases that owe nothing.
        only_due: leaves out cases that owe nothing.
        is_unassigned: only cases nobody works on.
        in_queue_of: id of a person: only cases this person works on, or nobody.
        after: goes on after this place; None begins.
        limit: most entries, 1 to `MAX_PAGE`.
    """

    stages: frozenset[Stage] = frozenset()
    outcomes: frozenset[Outcome] = frozenset()
    notice_steps: frozenset[NoticeStep] = frozenset()
    products: frozenset[LoanProduct] = frozenset()
    assigned_to: str | None = None
    decided_by: str | None = None
    consumer_id: str | None = None
    due_clocks: frozenset[ClockKind] = frozenset()
    due_on_or_before: date | None = None
    only_due: bool = False
    is_unassigned: bool = False
    in_queue_of: str | None = None
    after: WorklistCursor | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistPage:
    """Entries by due day, those that owe nothing last, then by id.

    Attributes:
        entries: the entries.
        next: where the next page begins; None at the end.
    """

    entries: tuple[WorklistEntry, ...]
    next: WorklistCursor | None


def entry_of(
    case: Case,
    found: Sequence[Clock],
    *,
    num_events: int,
    product: LoanProduct | None,
    assigned_to: str | None,
) -> WorklistEntry:
    """Returns the line of a case.

    Args:
        case: the case after its latest event.
        found: its clocks.
        num_events: its events.
        product: asked for.
        assigned_to: who works on it.
    """
    due = next_deadline(found)
    decision = case.decision
    return WorklistEntry(
        case_id=case.case_id,
        kind=case.kind,
        applicant_kind=case.applicant_kind,
        time_zone=case.time_zone,
        opened_at=case.opened_at,
        last_recorded_at=case.last_recorded_at,
        num_events=num_events,
        stage=case.stage,
        outcome=decision.outcome if decision else None,
        open_notices=open_notices(case),
        offer=case.offer,
        due_on=due.due_on if due else None,
        due_clock=due.kind if due else None,
        keep_until=None if case.stage is Stage.PURGED else keep_until(case),
        is_on_hold=bool(case.holds),
        product=product,
        assigned_to=assigned_to,
        decided_by=decision.decided_by if decision else None,
    )


def days_left(entry: WorklistEntry, *, now: datetime) -> int | None:
    """Returns the days until the due day at a moment, UTC; below 0 when it is over.

    None where nothing is owed.
    """
    if entry.due_on is None:
        return None
    return (entry.due_on - local_date(now, time_zone=entry.time_zone)).days


def is_overdue(entry: WorklistEntry, *, now: datetime) -> bool:
    """Returns whether the due day is over at a moment, UTC."""
    left = days_left(entry, now=now)
    return left is not None and left < 0


def place_of(entry: WorklistEntry) -> tuple[bool, date, str]:
    """Returns what the worklist is ordered by: due day, those that owe nothing last, then id."""
    return (entry.due_on is None, entry.due_on or date.max, entry.case_id)


def is_listed(entry: WorklistEntry, query: WorklistQuery, *, consumer_ids: Container[str]) -> bool:
    """Returns whether an entry goes through the filters of a query; its place is not looked at.

    Args:
        entry: the entry.
        query: the query.
        consumer_ids: the applicants and guarantors of the case.
    """
    wanted = (
        (query.stages, entry.stage),
        (query.outcomes, entry.outcome),
        (query.products, entry.product),
        (query.due_clocks, entry.due_clock),
    )
    day = query.due_on_or_before
    return (
        all(not among or value in among for among, value in wanted)
        and _has_step(entry, query.notice_steps)
        and query.assigned_to in {None, entry.assigned_to}
        and query.decided_by in {None, entry.decided_by}
        and (query.consumer_id is None or query.consumer_id in consumer_ids)
        and (day is None or (entry.due_on is not None and entry.due_on <= day))
        and not (query.only_due and entry.due_on is None)
        and not (query.is_unassigned and entry.assigned_to is not None)
        and (query.in_queue_of is None or entry.assigned_to in {None, query.in_queue_of})
    )


def _has_step(entry: WorklistEntry, steps: frozenset[NoticeStep]) -> bool:
    return not steps or any(notice.step in steps for notice in entry.open_notices)
