"""The HTTP routes on what-if: other values of lawful fields, and the smallest that help."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, Request

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.api.applications import read_application
from serving.api.body import JsonRoute
from serving.api.case_access import WRITING, at_desk
from serving.api.disconnects import unless_disconnected
from serving.api.limited import charge_texts
from serving.api.parts import batcher_of, explainer_of
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.api.what_if_schemas import (
    RecourseAnswer,
    RecourseRequest,
    WhatIfAnswer,
    WhatIfRequest,
    recourse_answer,
    what_if_answer,
)
from serving.errors import InvalidRequestError, RowRejectedError
from serving.limits.quota import LimitClass
from serving.rows import ScoredRow
from serving.what_if.changes import changed, names_of
from serving.what_if.queued_score import QueuedScore
from serving.what_if.recording import application_of_case, record_what_if
from serving.what_if.recourse import Recourse, find_recourse

T = TypeVar("T")

what_if_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["explanations"]
)


@what_if_router.post("/what-if", responses=WRITING)
async def what_if(request: Request, body: Annotated[WhatIfRequest, Body()]) -> WhatIfAnswer:
    """Scores an application again with fields changed or clauses of its text left out.

    Only fields that an applicant can act on may be changed, within the bounds of a versioned table;
    what states a prohibited basis is refused by name, with the clause. Fields that follow from
    others move along, and figures that the text repeats are written anew. For a case it is recorded
    in the audit log. Nothing of it is part of a notice.
    """
    application = await _application(request, body)
    await _charge(request, application)
    strike = [(stretch.start, stretch.end) for stretch in body.strike]
    made = changed(application, body.changes, strike=strike)
    score = QueuedScore(batcher_of(request))

    async def both() -> list[ScoredRow]:
        return await _searched(request, score, lambda: score([application, made.application]))

    before, after = await unless_disconnected(request, both())
    await at_desk(
        request,
        record_what_if,
        "what_if_tried",
        case_id=body.case_id,
        by=actor_of(request),
        before=application,
        after=[made.application],
        fields=names_of(made.changes),
        model_version=after.model_version,
    )
    return what_if_answer(
        before, after, made, text=application.text, milliseconds=_milliseconds(request)
    )


@what_if_router.post("/what-if/recourse", responses=WRITING)
async def recourse(request: Request, body: Annotated[RecourseRequest, Body()]) -> RecourseAnswer:
    """Searches for the smallest lawful changes that remove a principal reason.

    Every suggestion was scored: with it the reason is not stated, and no other is that was not.
    """
    application = await _application(request, body)
    await _charge(request, application)
    score = QueuedScore(batcher_of(request))

    def search() -> tuple[ScoredRow, Recourse]:
        [row] = score([application])
        return row, find_recourse(application, row, body.reason, score=score)

    async def searched() -> tuple[ScoredRow, Recourse]:
        return await _searched(request, score, search)

    before, found = await unless_disconnected(request, searched())
    await at_desk(
        request,
        record_what_if,
        "recourse_sought",
        case_id=body.case_id,
        by=actor_of(request),
        before=application,
        after=[suggestion.changed.application for suggestion in found.suggestions],
        fields=sorted({n for s in found.suggestions for n in names_of(s.changed.changes)}),
        model_version=before.model_version,
    )
    return recourse_answer(
        found, before, text=application.text, milliseconds=_milliseconds(request)
    )


async def _charge(request: Request, application: LoanApplication) -> None:
    row = Row(number=1, id="", application=application)
    await charge_texts(request, LimitClass.PREDICT, [row], paid=1)


async def _application(request: Request, body: WhatIfRequest | RecourseRequest) -> LoanApplication:
    if (body.application is None) == (body.case_id is None):
        raise InvalidRequestError(found="expected either `application` or `case_id`")
    if body.case_id is not None:
        by = actor_of(request)
        return await at_desk(request, application_of_case, body.case_id, by=by)
    row = read_application(body.application, number=1)
    if isinstance(row, RowError):
        raise RowRejectedError(code=row.code, message=row.message)
    return row.application


async def _searched(request: Request, score: QueuedScore, work: Callable[[], T]) -> T:
    """Runs a search on a thread; when nobody waits for it any more, it ends."""
    explainer = explainer_of(request)
    try:
        return await explainer.search(work)
    finally:
        score.cancel()


def _milliseconds(request: Request) -> float:
    started: float = request.state.started
    return round((time.perf_counter() - started) * 1000, 1)
