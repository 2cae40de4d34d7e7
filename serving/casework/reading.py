"""What people read of a case beside its record: the worklist, a risk summary, advice."""

import base64
import binascii
import json
from dataclasses import replace
from datetime import date, timedelta

from serving.cases.calendar_days import local_date
from serving.cases.case import Case
from serving.cases.decisions import WITH_REASONS
from serving.cases.events import Actor
from serving.cases.worklist import WorklistCursor, WorklistPage, WorklistQuery, is_overdue
from serving.casework.assessing import application_of
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.notice_record import action_of, record_of
from serving.notices.forms import ActionKind
from serving.notices.reasons import select_principal_reasons
from serving.recommendations.advice import Recommendations, recommend
from serving.recommendations.risk_summary import RiskSummary, summarise

_FIRST_ZONE = "Pacific/Kiritimati"
"""Where each day begins first: UTC+14."""


def risk_summary(desk: Desk, case_id: str, *, by: Actor) -> RiskSummary:
    """Returns what is known of an application, in fixed sentences; the reading is recorded.

    Raises:
        FactsError: nobody has assessed the case, or it has no application.
    """
    stored = desk.load(case_id)
    found = stored.case.assessment
    if found is None:
        raise FactsError(
            field="case_id", found="a case nobody has assessed", expected="an assessed one"
        )
    application = application_of(desk.storage.cases.file(case_id))
    desk.note_reading("summary_read", by=by, object_id=case_id)
    band = None if found.risk_score is None else desk.policy.band_of(found.risk_score).value
    today = local_date(desk.now(), time_zone=stored.case.time_zone)
    overdue = desk.policy.overdue_since(today)
    return summarise(application, found, band=band, overdue_since=overdue)


def recommendations(desk: Desk, case_id: str, *, by: Actor) -> Recommendations:
    """Returns advice on the reasons of the decision in force; the reading is recorded.

    Raises:
        FactsError: the decision in force states no reasons, or there is none.
        ReasonsError: its reasons cannot be stated.
    """
    stored = desk.load(case_id)
    _require_reasons(stored.case)
    assert stored.case.decision is not None  # noqa: S101  checked above
    action = action_of(stored.case.decision.outcome) or ActionKind.TERMINATION
    record = record_of(stored.case, desk.storage.cases.file(case_id), action=action)
    desk.note_reading("recommendations_read", by=by, object_id=case_id)
    return recommend(select_principal_reasons(record))


def _require_reasons(case: Case) -> None:
    if case.decision is None or case.decision.outcome not in WITH_REASONS:
        raise FactsError(
            field="case_id",
            found="a case without a decision that states reasons",
            expected="one that was denied, or countered with other terms",
        )


def overdue_worklist(desk: Desk, query: WorklistQuery) -> WorklistPage:
    """Returns the cases of a query whose due day is over where their creditor is.

    A page may hold fewer than asked for; `next` alone tells that it is the last.
    """
    now = desk.now()
    latest = local_date(now, time_zone=_FIRST_ZONE) - timedelta(days=1)
    day = min(latest, query.due_on_or_before or latest)
    page = desk.storage.cases.worklist(replace(query, due_on_or_before=day))
    return replace(page, entries=tuple(e for e in page.entries if is_overdue(e, now=now)))


def cursor_text(cursor: WorklistCursor | None) -> str | None:
    """Returns a place in the worklist as a client sends it back; None at the end."""
    if cursor is None:
        return None
    day = cursor.due_on.isoformat() if cursor.due_on else None
    return base64.urlsafe_b64encode(json.dumps([day, cursor.case_id]).encode()).decode()


def cursor_of(text: str) -> WorklistCursor:
    """Returns the place that a client sent back.

    Raises:
        FactsError: the text is none that we gave out.
    """
    try:
        day, case_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        due_on = None if day is None else date.fromisoformat(day)
        return WorklistCursor(due_on=due_on, case_id=_storable(str(case_id)))
    except (ValueError, TypeError, RecursionError, binascii.Error, UnicodeError):
        raise FactsError(
            field="after", found="no place in the list", expected="`next` of the page before"
        ) from None


def _storable(text: str) -> str:
    # A lone surrogate is text to Python and to no database, NUL to none but SQLite.
    if "\0" in text:
        raise ValueError("NUL")
    return text.encode().decode()
