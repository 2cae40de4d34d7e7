"""The HTTP routes on slow explanations: asked for with a POST, fetched with a GET."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import DenialCategory, DenialReason
from data_pipeline.sources import RowError
from serving.api.application_schema import EXAMPLE_APPLICATION
from serving.api.applications import read_application
from serving.api.body import JsonRoute
from serving.api.documented import documented
from serving.api.limited import charge_texts
from serving.api.parts import started
from serving.api.schemas import ApplicationBody
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.errors import RowRejectedError
from serving.explanations.jobs import ExplanationJobs, Job, JobRequest, Method, Status
from serving.limits.quota import LimitClass
from serving.rows import EvidenceSpan

explanation_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["explanations"]
)

JobId = Annotated[str, Path(description="Id of the explanation.", max_length=64)]
Target = DenialCategory | DenialReason | Literal["risk"]

_NOTES: dict[Method, str] = {
    Method.INTEGRATED_GRADIENTS: "Words are compared with masked words in their places. The gap is "
    "what the values miss of the difference: read it as an error bar.",
    Method.SHAP: "Shapley values over a tree of words; where fewer readings were allowed than the "
    "tree needs, words of a branch share its value.",
    Method.ROLLOUT: "A view of where the encoder looks. It is no evidence of what an answer rests "
    "on and explains no category, reason or risk.",
}
_DESCRIPTIONS = {
    400: "The body is not JSON, or not UTF-8.",
    401: "No valid API key.",
    404: "This key has no explanation with this id, or it was dropped.",
    413: "The text or the body is too large.",
    415: "The body is not declared as application/json.",
    422: "The application, or the request around it, is not valid.",
    501: "The extra `explain` is not installed on the server.",
    503: "As many wait as may, or not ready: try again after the seconds in Retry-After.",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return documented(_DESCRIPTIONS, statuses)


class ExplanationRequest(BaseModel):
    """An application to explain by a slow method."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"application": EXAMPLE_APPLICATION, "method": "rollout"}]},
    )

    application: ApplicationBody
    method: Method = Field(
        description="`integrated_gradients` (Captum), `shap` (partition explainer), or `rollout` "
        "of attention, which is a view and no evidence."
    )
    targets: list[Target] = Field(
        default=[],
        max_length=8,
        description="What to explain: categories, reasons, `risk`; none means the stated "
        "categories and the risk. A rollout is of none.",
    )
    unit: Literal["word", "clause"] = Field("word", description="What values are given for.")
    steps: int = Field(
        20, ge=2, le=200, description="Points on the path of integrated gradients at first; up "
        "to 80 they are doubled while the gap is over 5 %."
    )  # fmt: skip
    evaluations: int = Field(
        500, ge=10, le=5000, description="Readings that SHAP may take; more tell words apart."
    )


class ExplainedTarget(BaseModel):
    """What the values of a column add up to."""

    target: str = Field(description="A category, a reason, `risk`, or the view of a rollout.")
    full: float = Field(description="Logit of the whole text; the sum of shares in a rollout.")
    baseline: float | None = Field(
        description="Logit of the text that it is compared with; null where there is none."
    )
    gap: float | None = Field(
        description="Sum of the values minus (full - baseline): an error bar; null where the "
        "method promises no such sum."
    )


class ExplainedUnit(EvidenceSpan):
    """A word or clause and what it adds."""

    field: str | None = Field(description="The application field of its line; null in free text.")
    values: list[float] = Field(description="What it adds to each target, in their order, logits.")


class SlowExplanation(BaseModel):
    """What a slow method says."""

    is_evidence: bool = Field(
        description="False for a view that says nothing on what an answer rests on."
    )
    targets: list[ExplainedTarget]
    units: list[ExplainedUnit] = Field(description="In the order of the text.")


class ExplanationAnswer(BaseModel):
    """An explanation that was asked for."""

    id: str
    status: Status
    method: Method
    is_evidence: bool = Field(description="False for a rollout: it is a view.")
    note: str = Field(description="How to read it.")
    result: SlowExplanation | None = Field(description="Null until it is `done`.")
    failure: str | None = Field(
        description="Why it `failed`: `explanation_timeout`, `explanation_failed`, or "
        "`explanation_model_differs`."
    )


@explanation_router.post(
    "/explanations",
    status_code=status.HTTP_202_ACCEPTED,
    responses=_problems(400, 401, 413, 415, 422, 501, 503),
)
async def ask_explanation(
    request: Request, response: Response, body: Annotated[ExplanationRequest, Body()]
) -> ExplanationAnswer:
    """Asks for a slow explanation; fetch it at the address in `Location`.

    It is computed in a process of its own, at the lowest priority, after those asked for before.
    Only the key that asked can fetch it, until its time is over.
    """
    row = read_application(body.application, number=1)
    if isinstance(row, RowError):
        raise RowRejectedError(code=row.code, message=row.message)
    await charge_texts(request, LimitClass.PREDICT, [row], paid=1)
    wanted = JobRequest(
        text=render_text(row.application),
        method=body.method,
        targets=tuple(map(str, body.targets)),
        unit=body.unit,
        num_steps=body.steps,
        max_evaluations=body.evaluations,
    )
    job = _jobs(request).submit(wanted, owner=actor_of(request).actor_id)
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{job.job_id}"
    return _answer(job)


@explanation_router.get("/explanations/{explanation_id}", responses=_problems(401, 404, 422, 503))
async def read_explanation(request: Request, explanation_id: JobId) -> ExplanationAnswer:
    """Gives an explanation, or how far it is."""
    return _answer(_jobs(request).get(explanation_id, owner=actor_of(request).actor_id))


@explanation_router.delete(
    "/explanations/{explanation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_problems(401, 404, 422, 503),
)
async def drop_explanation(request: Request, explanation_id: JobId) -> None:
    """Forgets an explanation, and stops it where it is under way."""
    _jobs(request).drop(explanation_id, owner=actor_of(request).actor_id)


def _answer(job: Job) -> ExplanationAnswer:
    result = None if job.result is None else SlowExplanation(**json.loads(job.result))
    return ExplanationAnswer(
        id=job.job_id,
        status=job.status,
        method=job.method,
        is_evidence=job.method is not Method.ROLLOUT,
        note=_NOTES[job.method],
        result=result,
        failure=job.failure,
    )


def _jobs(request: Request) -> ExplanationJobs:
    jobs: ExplanationJobs | None = request.app.state.explanations
    return started(jobs)
