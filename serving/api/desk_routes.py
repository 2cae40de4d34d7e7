"""The HTTP routes on decisions, and the worklist."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from pydantic import Field

from data_pipeline.domain.application import LoanProduct
from serving.api import case_requests as rq
from serving.api.body import JsonRoute
from serving.api.case_access import READING, WRITING, at_desk, desk_of
from serving.api.case_answers import CaseAnswer, DecisionAnswer, case_answer
from serving.api.case_commands import decide_command
from serving.api.decision_requests import CauseRequest, DecideRequest
from serving.api.notice_answers import WorklistAnswer, worklist_line
from serving.api.path_ids import DecisionId
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.cases.case import Stage
from serving.cases.events import Actor
from serving.cases.store import StoredCase
from serving.cases.store_errors import UnknownDecisionError
from serving.cases.worklist import MAX_PAGE, WorklistPage, WorklistQuery
from serving.casework import deciding, reading
from serving.casework.desk import Desk

desk_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["cases"]
)


class WorklistFilters(rq.Command):
    """Which cases to list; filters left out let everything through."""

    stage: list[Stage] = Field(default=[], description="Any of these stages.")
    product: list[LoanProduct] = Field(default=[], description="Any of these products.")
    due_before: date | None = Field(None, description="Due before this day.")
    overdue: bool = Field(default=False, description="Only what is over its due day.")
    assigned_to: rq.Id | None = Field(None, description="Id of the person who works on it.")
    unassigned: bool = Field(default=False, description="Only what nobody works on.")
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Most entries.")
    after: str | None = Field(None, max_length=400, description="`next` of the page before.")


@desk_router.post("/decisions", status_code=status.HTTP_201_CREATED, responses=WRITING)
async def decide(request: Request, body: DecideRequest) -> DecisionAnswer:
    """Records what a person decides, on the latest assessment.

    Every review reason is accepted or dismissed; who departs from the assessment writes why.
    """
    stored = await at_desk(
        request, deciding.decide, body.case_id, decide_command(body), by=actor_of(request)
    )
    return _decision(stored)


@desk_router.get("/decisions/{decision_id}", responses=READING)
async def read_decision(request: Request, decision_id: DecisionId) -> DecisionAnswer:
    """Gives a decision in force; the reading is recorded in the audit log."""

    def read(desk: Desk) -> DecisionAnswer:
        stored = desk.load(desk.storage.cases.case_of_decision(decision_id))
        if stored.case.decision is None or stored.case.decision.decision_id != decision_id:
            raise UnknownDecisionError
        by = actor_of(request)
        desk.note_reading("decision_read", by=by, object_id=stored.case.case_id)
        return _decision(stored)

    return await at_desk(request, read)


@desk_router.post("/decisions/{decision_id}/reopen", responses=WRITING)
async def reopen(request: Request, decision_id: DecisionId, body: CauseRequest) -> CaseAnswer:
    """Takes back a decision of which nobody was notified yet."""
    stored = await at_desk(
        request, deciding.reopen, decision_id, cause=body.cause, by=actor_of(request)
    )
    return case_answer(stored, now=desk_of(request).now())


def _decision(stored: StoredCase) -> DecisionAnswer:
    decision = stored.case.decision
    if decision is None:
        raise UnknownDecisionError
    return DecisionAnswer(case_id=stored.case.case_id, decision=decision)


@desk_router.get("/worklist", responses=READING)
async def worklist(request: Request, asked: Annotated[WorklistFilters, Query()]) -> WorklistAnswer:
    """Lists cases by due day, those that owe nothing last; nothing in it is personal."""
    page = await at_desk(request, _find, asked, by=actor_of(request))
    now = desk_of(request).now()
    return WorklistAnswer(
        entries=[worklist_line(entry, now=now) for entry in page.entries],
        next=reading.cursor_text(page.next),
    )


def _find(desk: Desk, asked: WorklistFilters, *, by: Actor) -> WorklistPage:
    query = WorklistQuery(
        stages=frozenset(asked.stage),
        products=frozenset(asked.product),
        assigned_to=asked.assigned_to,
        is_unassigned=asked.unassigned,
        due_on_or_before=_day_before(asked.due_before) if asked.due_before else None,
        after=reading.cursor_of(asked.after) if asked.after else None,
        limit=asked.limit,
    )
    cases = desk.storage.cases
    page = reading.overdue_worklist(desk, query) if asked.overdue else cases.worklist(query)
    desk.note_reading("worklist_read", by=by, object_id="worklist", object_kind="worklist")
    return page


def _day_before(day: date) -> date:
    """The first day there is has none before it, and stays."""
    return date.fromordinal(max(1, day.toordinal() - 1))
