"""The worklist, and what is due to be purged, as queries."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from serving.adapters.sql.tables import (
    applicants,
    applications,
    case_states,
    open_notices,
    product_terms,
)
from serving.cases.application_file import TermsKind
from serving.cases.case import Stage
from serving.cases.owed import OpenNotice
from serving.cases.store_errors import UnknownCaseError
from serving.cases.worklist import MAX_PAGE, WorklistCursor, WorklistEntry, WorklistPage
from serving.cases.worklist import WorklistQuery as Query

_REQUESTED = (product_terms.c.case_id == applications.c.case_id) & (
    product_terms.c.kind == TermsKind.REQUESTED
)
_ENTRIES = (
    sa.select(
        applications.c.case_id,
        applications.c.kind,
        applications.c.applicant_kind,
        applications.c.time_zone,
        applications.c.opened_at,
        applications.c.assigned_to,
        *(c for c in case_states.columns if c.name != "case_id"),
        product_terms.c.product,
    )
    .join(case_states, case_states.c.case_id == applications.c.case_id)
    .outerjoin(product_terms, _REQUESTED)
)


def entry(connection: sa.Connection, case_id: str) -> WorklistEntry:
    """Returns the line of a case. Raises UnknownCaseError."""
    row = connection.execute(_ENTRIES.where(applications.c.case_id == case_id)).one_or_none()
    if row is None:
        raise UnknownCaseError
    [found] = _entries(connection, [row])
    return found


def _entries(
    connection: sa.Connection, rows: Iterable[sa.Row[*tuple[Any, ...]]]
) -> tuple[WorklistEntry, ...]:
    """Returns rows of `_ENTRIES` with what is still open of each."""
    found = [dict(row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it
    open_of = _open_notices(connection, [row["case_id"] for row in found])
    return tuple(WorklistEntry(**row, open_notices=tuple(open_of[row["case_id"]])) for row in found)


def _open_notices(connection: sa.Connection, case_ids: list[str]) -> dict[str, list[OpenNotice]]:
    wanted = sa.select(open_notices).where(open_notices.c.case_id.in_(case_ids))
    found = defaultdict(list)
    for row in connection.execute(wanted.order_by(open_notices.c.case_id, open_notices.c.position)):
        notice = OpenNotice(consumer_id=row.consumer_id, purpose=row.purpose, step=row.step)
        found[row.case_id].append(notice)
    return found


def worklist(connection: sa.Connection, query: Query) -> WorklistPage:
    """Returns a page of the worklist."""
    states = case_states.c
    limit = max(1, min(query.limit, MAX_PAGE))
    wanted = _ENTRIES.where(*_filters(query))
    if query.after is not None:
        wanted = wanted.where(_behind(query.after))
    wanted = wanted.order_by(states.due_on.is_(None), states.due_on, states.case_id)
    rows = connection.execute(wanted.limit(limit + 1)).all()
    entries = _entries(connection, rows[:limit])
    if len(rows) <= limit:
        return WorklistPage(entries=entries, next=None)
    last = entries[-1]
    return WorklistPage(
        entries=entries, next=WorklistCursor(due_on=last.due_on, case_id=last.case_id)
    )


def _filters(query: Query) -> list[sa.ColumnElement[bool]]:
    states = case_states.c
    among: list[tuple[sa.Column[object], frozenset[object]]] = [
        (states.stage, query.stages),
        (states.outcome, query.outcomes),
        (states.due_clock, query.due_clocks),
        (product_terms.c.product, query.products),
    ]
    found: list[sa.ColumnElement[bool]] = [
        column.in_(sorted(map(str, values))) for column, values in among if values
    ]
    if query.assigned_to is not None:
        found.append(applications.c.assigned_to == query.assigned_to)
    if query.is_unassigned:
        found.append(applications.c.assigned_to.is_(None))
    if query.in_queue_of is not None:
        worker = applications.c.assigned_to
        found.append(worker.is_(None) | (worker == query.in_queue_of))
    if query.decided_by is not None:
        found.append(states.decided_by == query.decided_by)
    if query.due_on_or_before is not None:
        found.append(states.due_on <= query.due_on_or_before)
    if query.only_due:
        found.append(states.due_on.is_not(None))
    if query.notice_steps:
        steps = sorted(map(str, query.notice_steps))
        at_step = sa.select(open_notices.c.case_id).where(open_notices.c.step.in_(steps))
        found.append(applications.c.case_id.in_(at_step))
    if query.consumer_id is not None:
        of_consumer = sa.select(applicants.c.case_id).where(
            applicants.c.consumer_id == query.consumer_id
        )
        found.append(applications.c.case_id.in_(of_consumer))
    return found


def _behind(cursor: WorklistCursor) -> sa.ColumnElement[bool]:
    due_on, case_id = case_states.c.due_on, case_states.c.case_id
    if cursor.due_on is None:
        return due_on.is_(None) & (case_id > cursor.case_id)
    same_day = (due_on == cursor.due_on) & (case_id > cursor.case_id)
    return due_on.is_(None) | (due_on > cursor.due_on) | same_day


def purgeable(connection: sa.Connection, *, on: date, limit: int) -> tuple[str, ...]:
    """Returns ids of retained cases whose time is over on a day and that no hold keeps."""
    states = case_states.c
    over = (
        sa.select(states.case_id)
        .where(states.stage == Stage.RETAINED, states.keep_until < on, ~states.is_on_hold)
        .order_by(states.keep_until, states.case_id)
    )
    return tuple(connection.scalars(over.limit(limit)))
