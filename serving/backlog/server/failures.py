"""Why a backlog failed, in words for whoever asked for it."""

from data_pipeline.errors import DataError
from serving.backlog.errors import (
    BacklogError,
    ColumnsMissingError,
    EngineFailedError,
    InputChangedError,
    JobMismatchError,
)
from serving.backlog.server.errors import BacklogInputError
from serving.backlog.server.records import Failure
from serving.errors import OutputError

_FAILURES: tuple[tuple[type[Exception], str, str], ...] = (
    (
        JobMismatchError,
        "begun_with_another",
        "the {what} changed since the backlog began: expected the same to the end, post it again",
    ),
    (
        InputChangedError,
        "input_changed",
        "the file changed while it was read: expected it unchanged, post it when it is complete",
    ),
    (
        ColumnsMissingError,
        "due_dates_missing",
        "no row gives completed_at or received_at: expected one for this order, post the dates",
    ),
    (
        BacklogInputError,
        "input_missing",
        "the file is not there any more: expected it until the end, put it back and resume",
    ),
    (
        DataError,
        "input_unreadable",
        "the file cannot be read to its end: expected a whole one, write it again and post it",
    ),
    (
        OutputError,
        "storage_full",
        "the server's disk is full or cannot be written: make room, then resume",
    ),
    (
        EngineFailedError,
        "engine_failed",
        "the model fails at every text: look at the server's log, then resume",
    ),
    (
        BacklogError,
        "work_damaged",
        "what was kept of the work is not what was written: post the file again",
    ),
)
"""What is told of an error, by its first kind here."""


def failure_of(error: Exception) -> Failure:
    """Returns what to tell of an error: no path of the server, nothing of an applicant."""
    for kind, code, message in _FAILURES:
        if isinstance(error, kind):
            what = error.what if isinstance(error, JobMismatchError) else ""
            return Failure(code=code, message=message.format(what=what))
    return Failure(
        code="internal_error",
        message="the server failed: report the backlog's id, and resume to try again",
    )
