"""What the routes on backlogs take and give."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from serving.api.case_requests import Command
from serving.backlog.due import Order
from serving.backlog.server.backlogs import BacklogView
from serving.backlog.server.intake import BacklogOptions
from serving.backlog.server.records import BacklogStatus, Failure, WebhookStep
from serving.backlog.texts import Explain

MAX_LIMIT = 1_000_000_000_000
"""Most rows that a limit can name: more than any file has."""

Output = Literal["jsonl", "jsonl.gz", "jsonl.zst", "csv", "csv.gz", "csv.zst", "parquet"]


class BacklogQuery(Command):
    """What may be asked for beside the file."""

    format: Literal["auto", "text", "hmda", "lendingclub"] = Field(
        "auto", description="How the columns of the file are named; auto looks at them."
    )
    limit: int | None = Field(None, ge=1, le=MAX_LIMIT, description="Score only the first rows.")
    output: Output = Field("jsonl", description="What kind of file the result is.")
    explain: Explain = Field(
        "none",
        description="How much work goes into the evidence of each principal reason, as with "
        "POST /api/v1/predict; none gives what the model itself points at.",
    )
    order: Order = Field(
        "input",
        description="In which order rows are scored, and stand in the result: as in the file, or "
        "those first whose notice falls due first, by `completed_at` or `received_at`. The result "
        "then has the columns `row`, `due_on` and `due_note`, too.",
    )
    webhook_url: str | None = Field(
        None,
        max_length=2000,
        description="Is told of the end, signed after Standard Webhooks; a host of "
        "WHEREFORE_WEBHOOK_HOSTS.",
    )

    def options(self) -> BacklogOptions:
        """Returns the same for the backlog."""
        return BacklogOptions(
            input_format=self.format,
            limit=self.limit,
            output=f".{self.output}",
            webhook_url=self.webhook_url,
            explain=self.explain,
            order=self.order,
        )


class FileReference(Command):
    """A file that the server has already."""

    file: str = Field(
        min_length=1,
        max_length=1000,
        description="Its name in the folder of WHEREFORE_BACKLOG_INPUT_DIR, relative to it.",
        examples=["2026-11/applications.parquet"],
    )


class BacklogAnswer(BaseModel):
    """A backlog as it is now."""

    backlog_id: str = Field(examples=["5f0c5d4c9d6a4e0cb0a4b8a7b0f3c1d2"])
    status: BacklogStatus = Field(
        description="queued, running, paused, completed, failed or cancelled."
    )
    created_at: datetime
    changed_at: datetime = Field(description="Since when the status is what it is.")
    file: str | None = Field(description="The file referred to; null for an upload.")
    output: str = Field(description="What kind of file the result is.", examples=["jsonl"])
    rows: int = Field(description="Rows that have their verdict.", examples=[12_800])
    rows_total: int | None = Field(
        description="Rows of the file that are scored; null until they are counted.",
        examples=[50_000],
    )
    errors: int = Field(description="Rows among them that could not be scored.")
    rows_per_second: float | None = Field(description="Speed of the run under way, or null.")
    tokens_left: int | None = Field(
        description="About how many tokens are left, by the characters left and the tokens so "
        "far; null where that is not known."
    )
    seconds_left: float | None = Field(
        description="How long these take at the speed so far; null likewise."
    )
    failure: Failure | None = Field(description="Why it failed; null where it did not.")
    webhook: WebhookStep | None = Field(
        description="How far the message about its end is; null before it, and without a webhook."
    )


class BacklogList(BaseModel):
    """Backlogs, the newest first."""

    backlogs: list[BacklogAnswer]


def backlog_answer(view: BacklogView) -> BacklogAnswer:
    """Returns a backlog as the routes show it."""
    request, state = view.request, view.state
    return BacklogAnswer(
        backlog_id=request.backlog_id,
        status=state.status,
        created_at=request.created_at,
        changed_at=state.changed_at,
        file=request.source,
        output=request.output.removeprefix("."),
        rows=state.num_rows,
        rows_total=state.total_rows,
        errors=state.num_errors,
        rows_per_second=_rounded(view.rows_per_second),
        tokens_left=view.tokens_left,
        seconds_left=_rounded(view.seconds_left),
        failure=state.failure,
        webhook=state.webhook.step if state.webhook else None,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
