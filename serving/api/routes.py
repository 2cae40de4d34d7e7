"""The HTTP routes. Thin: each reads a request, asks a service and names the answer."""

import asyncio
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Body, Query, Request, Response

from data_pipeline.domain.taxonomy import CATEGORY_INFO, CATEGORY_REASONS, REASON_INFO
from data_pipeline.domain.taxonomy import TAXONOMY_VERSION as TAXONOMY
from data_pipeline.sources import Row, RowError
from serving.adapters.prometheus import CONTENT_TYPE, ServingMetrics
from serving.api.applications import has_id, read_application
from serving.api.body import JsonRoute
from serving.api.disconnects import unless_disconnected
from serving.api.documented import NOT_PERMITTED, documented
from serving.api.explanation_answers import Explain, explanation_answer
from serving.api.guarded_route import GuardedRoute
from serving.api.limited import charge_texts
from serving.api.parts import batcher_of, explainer_of, started
from serving.api.schemas import (
    ApplicationBody,
    BatchAnswer,
    BatchRequest,
    CategoryEntry,
    CategoryList,
    Health,
    MetricsAnswer,
    ModelReport,
    PredictAnswer,
    ReadyAnswer,
    ReasonEntry,
    ServingReport,
)
from serving.api.security import KEY_DOCUMENTED, find_principal
from serving.errors import BatchTooLargeError, RowRejectedError
from serving.explanations.online import ExplainedRow
from serving.limits.quota import LimitClass
from serving.ports import TextPredictor
from serving.readiness import Readiness
from serving.rows import FailedRow, OutputRow
from serving.tracing import traced

log = structlog.stdlib.get_logger("wherefore.scoring")


_DESCRIPTIONS = {
    400: "The body is not JSON, or not UTF-8.",
    401: "No valid API key.",
    413: "The text, the batch or the body is too large.",
    415: "The body is not declared as application/json.",
    422: "The application, or the request around it, is not valid.",
    503: "Overloaded or not ready: try again after the seconds in Retry-After.",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return documented(_DESCRIPTIONS, statuses)


open_router = APIRouter(route_class=GuardedRoute)
keyed_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["scoring"]
)


@open_router.get("/health", tags=["operation"])
async def health() -> Health:
    """Says that the process is alive; it needs no key."""
    return Health(version=version("wherefore"))


@open_router.get("/ready", tags=["operation"], responses=_problems(503))
async def ready(request: Request) -> ReadyAnswer:
    """Says whether the model gives its known answer to a known text; which, to whom it knows."""
    await _readiness(request).check()
    known = await find_principal(request)
    return ReadyAnswer(model_version=_predictor(request).model_version if known else None)


@open_router.get(
    "/metrics",
    tags=["operation"],
    response_class=Response,
    responses=_problems(401) | NOT_PERMITTED,
    dependencies=[KEY_DOCUMENTED],
)
async def prometheus(request: Request) -> Response:
    """Gives the live counts in the Prometheus text format, to a key or to the scrape token."""
    return Response(_metrics(request).exposition(), headers={"Content-Type": CONTENT_TYPE})


@open_router.get("/api/v1/categories", tags=["scoring"])
async def categories() -> CategoryList:
    """Lists the 12 denial categories and their reasons; it needs no key."""
    entries = [
        CategoryEntry(
            category=info.category,
            title=info.title,
            meaning=info.meaning,
            hmda_code=info.hmda_code,
            reasons=[
                ReasonEntry(
                    reason=reason,
                    notice_wording=REASON_INFO[reason].notice_wording,
                    hmda_code=REASON_INFO[reason].hmda_code,
                    source=REASON_INFO[reason].source,
                )
                for reason in CATEGORY_REASONS[info.category]
            ],
        )
        for info in CATEGORY_INFO.values()
    ]
    return CategoryList(taxonomy_version=TAXONOMY, categories=entries)


@keyed_router.post("/predict", responses=_problems(400, 401, 413, 415, 422, 503))
async def predict(
    request: Request,
    application: Annotated[ApplicationBody, Body()],
    explain: Annotated[
        Explain, Query(description="Whether quotes are weighed by leaving words out.")
    ] = "none",
) -> PredictAnswer:
    """Scores one application: its risk, the principal reasons of a denial, and their evidence.

    Send `text`, fields, or both. Offsets count Unicode code points of the scored text: `text` as
    submitted, followed, where fields were given, by a blank line and one "Label: value" line per
    field. The answer advises; a person decides.

    With `explain=fast` or `exact` the quotes of each principal reason are those that count: left
    out of the text, the reason loses by them. That takes some three readings of the text (`exact`
    some forty), which wait until nobody waits for a prediction; what cannot be had in time is left
    out, never late.
    """
    row = read_application(application, number=1)
    if isinstance(row, RowError):
        _metrics(request).count_failure(row.code)
        raise RowRejectedError(code=row.code, message=row.message)
    await charge_texts(request, LimitClass.PREDICT, [row], paid=1)
    explained = await _score_explained(request, row, explain)
    scored = explained.row
    if isinstance(scored, FailedRow):
        raise RowRejectedError(code=scored.error.code, message=scored.error.message)
    answer = scored.model_dump(exclude={"id", "error"})
    return PredictAnswer(
        **answer,
        id=scored.id if has_id(application) else None,
        explanation=None if explain == "none" else explanation_answer(explained, method=explain),
        milliseconds=_milliseconds(request),
        degraded=batcher_of(request).degraded
        + ([explained.left_out] if explained.left_out else []),
        borderline=list(request.app.state.service.borderline(scored)),
    )


@keyed_router.post(
    "/batch-predict",
    responses=_problems(400, 401, 413, 415, 422, 503),
    response_model=BatchAnswer,
)
async def batch_predict(request: Request, batch: BatchRequest) -> Response:
    """Scores up to 256 applications (unless configured otherwise): one row each, in order.

    An application that cannot be scored gets a row with `error`; the others are scored.
    """
    limit = request.app.state.settings.max_batch_size
    if len(batch.applications) > limit:
        raise BatchTooLargeError(found=len(batch.applications), limit=limit)
    # Hundreds of applications are read and written in threads, not on the event loop.
    rows = await asyncio.to_thread(_read_applications, batch.applications)
    await charge_texts(request, LimitClass.BATCH, rows)
    answer = BatchAnswer.model_construct(
        rows=await _score(request, rows),
        milliseconds=_milliseconds(request),
        degraded=batcher_of(request).degraded,
    )
    content = await asyncio.to_thread(answer.model_dump_json)
    return Response(content, media_type="application/json")


@keyed_router.get("/metrics", responses=_problems(401, 503))
async def model_metrics(request: Request) -> MetricsAnswer:
    """Gives the model's stored evaluation and the live counts of this process."""
    batcher, metrics, predictor = batcher_of(request), _metrics(request), _predictor(request)
    return MetricsAnswer(
        model=ModelReport(
            model_version=predictor.model_version, evaluation=dict(predictor.evaluation)
        ),
        serving=ServingReport(
            uptime_seconds=round(metrics.uptime_seconds, 1),
            requests_by_status=metrics.requests_by_status(),
            applications_scored_by_risk_band=metrics.scored_by_band(),
            applications_failed_by_code=metrics.failed_by_code(),
            applications_queued=batcher.num_queued,
            tokens_queued=batcher.num_queued_tokens,
            tokens_per_second=round(batcher.tokens_per_second, 1),
        ),
    )


async def _score_explained(request: Request, row: Row, explain: Explain) -> ExplainedRow:
    if explain == "none":
        [scored] = await _score(request, [row])
        return ExplainedRow(row=scored)
    work = explainer_of(request).explain(row, method=explain)
    explained = await unless_disconnected(request, work)
    _record(request, [explained.row])
    return explained


async def _score(request: Request, rows: Sequence[Row | RowError]) -> list[OutputRow]:
    with traced(
        request.app.state.tracing,
        "score",
        applications=len(rows),
        model_version=_predictor(request).model_version,
    ):
        scored = await unless_disconnected(request, batcher_of(request).score(rows))
    _record(request, scored)
    return scored


def _record(request: Request, scored: Sequence[OutputRow]) -> None:
    _metrics(request).count_rows(scored)
    log.info(
        "scored",
        model_version=_predictor(request).model_version,
        applications=len(scored),
        failed=sum(isinstance(row, FailedRow) for row in scored),
        milliseconds=_milliseconds(request),
    )


def _read_applications(applications: Sequence[object]) -> list[Row | RowError]:
    return [read_application(item, number=i) for i, item in enumerate(applications, start=1)]


def _readiness(request: Request) -> Readiness:
    readiness: Readiness | None = request.app.state.readiness
    return started(readiness)


def _metrics(request: Request) -> ServingMetrics:
    metrics: ServingMetrics = request.app.state.metrics
    return metrics


def _predictor(request: Request) -> TextPredictor:
    predictor: TextPredictor = request.app.state.predictor
    return predictor


def _milliseconds(request: Request) -> float:
    started: float = request.state.started
    return round((time.perf_counter() - started) * 1000, 1)
