"""What is written down of a backlog: what was asked for, and how far it is."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from serving.backlog.due import Order
from serving.backlog.texts import Explain


class BacklogStatus(StrEnum):
    """How far a backlog is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({BacklogStatus.QUEUED, BacklogStatus.RUNNING})
"""To be worked on, also after a restart."""

ENDED = frozenset({BacklogStatus.COMPLETED, BacklogStatus.FAILED, BacklogStatus.CANCELLED})
"""Nothing happens any more unless somebody asks for it."""


class WebhookStep(StrEnum):
    """How far the message about the end of a backlog is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class BacklogRequest(BaseModel):
    """What was asked for; never changed.

    Attributes:
        backlog_id: the id of the backlog.
        created_at: when it was taken.
        person_id: whose key asked for it.
        fingerprint: SHA-256 over whatever was asked for, hexadecimal.
        source: the file's name in the folder of the settings; None for an upload.
        upload: the upload's name in the folder of the backlog; None for a reference.
        input_format: how the columns of the input are named.
        limit: most rows; None for all.
        output: suffix of the result.
        webhook_url: who is told of the end; None for nobody.
        explain: how much work goes into the evidence of principal reasons.
        order: in which order rows are scored, and stand in the result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backlog_id: str
    created_at: AwareDatetime
    person_id: str
    fingerprint: str
    source: str | None
    upload: str | None
    input_format: str
    limit: int | None
    output: str
    webhook_url: str | None
    explain: Explain = "none"
    order: Order = "input"


class Failure(BaseModel):
    """Why a backlog failed.

    Attributes:
        code: stable and machine-readable.
        message: what was found, what was expected, what to do; nothing of an applicant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str


class WebhookState(BaseModel):
    """The message about the end of a backlog.

    Attributes:
        step: how far it is.
        num_attempts: how often it was sent.
        due_at: when it is sent next, while it is pending.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: WebhookStep
    num_attempts: int
    due_at: AwareDatetime


class BacklogState(BaseModel):
    """How far a backlog is; while it runs, the process knows more.

    Attributes:
        status: how far.
        changed_at: since when.
        total_rows: rows of the input that are scored; None where they were not counted yet.
        num_rows: rows that had their verdict at that time.
        num_errors: those of them that failed.
        failure: why it failed; None where it did not.
        webhook: the message about its end; None before it, and where nobody is told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: BacklogStatus
    changed_at: AwareDatetime
    total_rows: int | None = None
    num_rows: int = 0
    num_errors: int = 0
    failure: Failure | None = None
    webhook: WebhookState | None = None

    def now(self, status: BacklogStatus, at: datetime, **changes: object) -> "BacklogState":
        """Returns the same backlog with another status."""
        return self.model_copy(update={"status": status, "changed_at": at, **changes})
