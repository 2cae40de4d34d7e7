"""What the HTTP routes take and give, beyond the output row of `serving.rows`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from data_pipeline.domain.taxonomy import DenialCategory, DenialReason
from serving.api.application_schema import EXAMPLE_APPLICATION, application_schema
from serving.api.explanation_answers import PredictionExplanation
from serving.borderline import Borderline
from serving.rows import Assessment, FailedRow, ScoredRow

ApplicationBody = Annotated[Any, WithJsonSchema(application_schema())]
"""An application as sent; `data_pipeline.sources` validates it, here as in files."""

Milliseconds = Annotated[
    float,
    Field(
        ge=0,
        description="From the arrival of the request to the answer, queueing included.",
        examples=[38.2],
    ),
]

Degraded = Annotated[
    list[str],
    Field(
        description="What did not work as set up, though the answer is whole: `cache_unavailable` "
        "(Redis does not answer, everything is computed); `explanation_overloaded`, "
        "`explanation_timeout`, `explanation_too_large` or `explanation_failed` (the explanation "
        "was left out)."
    ),
]


class BatchRequest(BaseModel):
    """Applications to score in one request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"applications": [EXAMPLE_APPLICATION, {"text": "Renter, laid off in May."}]}
            ]
        }
    )

    applications: list[ApplicationBody] = Field(
        min_length=1, description="At most WHEREFORE_MAX_BATCH_SIZE (256 unless configured)."
    )


class PredictAnswer(Assessment):
    """The assessment of one application."""

    explanation: PredictionExplanation | None = Field(
        description="Null unless `explain` asked for it; null too where `degraded` says that it "
        "was left out. With it, the evidence of `principal_reasons` is the same."
    )
    milliseconds: Milliseconds
    degraded: Degraded
    borderline: list[Borderline] = Field(
        description="Categories, or `risk_band`, so near a threshold that the same text, computed "
        "among others, might have been told otherwise: look at them twice.",
        examples=[["excessive_obligations"]],
    )


class BatchAnswer(BaseModel):
    """One row per application, in the order sent."""

    rows: list[ScoredRow | FailedRow] = Field(
        description="A row with `error` set was not scored; it never fails the others."
    )
    milliseconds: Milliseconds
    degraded: Degraded


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"
    version: str = Field(description="Version of the software.", examples=["0.1.0"])


class ReadyAnswer(BaseModel):
    """The model gives its known answer."""

    model_config = ConfigDict(protected_namespaces=())

    status: Literal["ready"] = "ready"
    model_version: str | None = Field(
        description="The model that answers; null without credentials."
    )


class ReasonEntry(BaseModel):
    """A reason below a category."""

    reason: DenialReason
    notice_wording: str = Field(description="How form C-1 states the reason.")
    hmda_code: int = Field(description="Denial reason code under Regulation C, 1 to 9.")
    source: str = Field(description="Where the wording stands.")


class CategoryEntry(BaseModel):
    """A denial category."""

    category: DenialCategory
    title: str = Field(description="A short name for people.")
    meaning: str = Field(description="What the category covers.")
    hmda_code: int = Field(description="Denial reason code under Regulation C, 1 to 9.")
    reasons: list[ReasonEntry] = Field(description="In label order; never empty.")


class CategoryList(BaseModel):
    """The denial taxonomy."""

    taxonomy_version: str = Field(description="Digest of the labels and their order.")
    categories: list[CategoryEntry] = Field(description="All 12, in label order.")


class ModelReport(BaseModel):
    """What is known of the model."""

    model_config = ConfigDict(protected_namespaces=())

    model_version: str
    evaluation: dict[str, Any] = Field(
        description="What was measured when the model was stored, by metric name."
    )


class ServingReport(BaseModel):
    """What this process has done since it started."""

    uptime_seconds: float = Field(ge=0)
    requests_by_status: dict[str, int] = Field(description="Requests answered, by HTTP status.")
    applications_scored_by_risk_band: dict[str, int]
    applications_failed_by_code: dict[str, int] = Field(description="Rows of batches too.")
    applications_queued: int = Field(ge=0, description="Waiting or being scored now.")
    tokens_queued: int = Field(ge=0, description="Tokens of theirs that the model has not read.")
    tokens_per_second: float = Field(gt=0, description="Speed of the model lately.")


class MetricsAnswer(BaseModel):
    """The model's stored evaluation and the live counts of this process."""

    model: ModelReport
    serving: ServingReport
