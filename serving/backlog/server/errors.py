"""Errors of the backlogs that a server takes.

::

    RequestError
    ├── UnknownBacklogError           no backlog has this id
    ├── BacklogStateError             the backlog is too far for what was asked
    ├── IdempotencyKeyReusedError     the key came with something else before
    ├── BacklogInputError             the file cannot be had, or is none that can be scored
    ├── UploadTypeError               the upload is not declared as a file of rows
    ├── UploadTooLargeError           the upload has more bytes than accepted
    ├── UploadUnpacksTooLargeError    more would come out of the upload than is accepted
    ├── WebhookRefusedError           the server may not send anything there
    └── RetryLaterError
        ├── BacklogStorageError       the server's disk does not take it
        └── BacklogStoppedError       the server stops, or somebody paused or cancelled the work
"""

from collections.abc import Iterable

from serving.errors import RequestError, RetryLaterError


class UnknownBacklogError(RequestError):
    """No backlog has this id."""

    def __init__(self) -> None:
        """Takes nothing: what was asked for is the client's text."""
        super().__init__(
            "no backlog has this id: expected one that POST /api/v1/backlogs answered with, and "
            "that was not removed since its time was over"
        )


class BacklogStateError(RequestError):
    """The backlog is too far for what was asked, or not far enough."""

    def __init__(self, *, status: str, expected: Iterable[str]) -> None:
        """Names the status found and those expected."""
        super().__init__(
            f"found a backlog that is {status}: expected one that is {' or '.join(expected)}"
        )


class IdempotencyKeyReusedError(RequestError):
    """The key came with something else before."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the Idempotency-Key came before with another file or other options: expected the "
            "same again, send a new key for a new backlog"
        )


class BacklogInputError(RequestError):
    """The file cannot be had, or is none that can be scored."""


class UploadTypeError(RequestError):
    """The upload is not declared as a file of rows."""

    def __init__(self, *, known: Iterable[str]) -> None:
        """Names the types that are taken."""
        super().__init__(
            f"the Content-Type is not one of {', '.join(known)}: send the file itself under one "
            "of these, or a reference to it as application/json"
        )


class UploadTooLargeError(RequestError):
    """The upload has more bytes than accepted."""

    def __init__(self, *, limit_bytes: int) -> None:
        """Names the limit."""
        super().__init__(
            f"the upload is larger than {limit_bytes:,} bytes, the most accepted: compress it, put "
            "it into the folder of WHEREFORE_BACKLOG_INPUT_DIR, or raise WHEREFORE_MAX_UPLOAD_BYTES"
        )


class UploadUnpacksTooLargeError(RequestError):
    """More would come out of the upload than is accepted: bytes, rows, or a page of Parquet."""

    def __init__(self, *, found: str, expected: str) -> None:
        """Takes what the upload holds and what is accepted, in words."""
        super().__init__(
            f"the upload has {found}: expected {expected}; cut it into several, put it into the "
            "folder of WHEREFORE_BACKLOG_INPUT_DIR, or raise WHEREFORE_MAX_UNPACKED_BYTES or "
            "WHEREFORE_MAX_UPLOAD_ROWS"
        )


class WebhookRefusedError(RequestError):
    """The server may not send anything there."""

    def __init__(self, *, found: str) -> None:
        """Takes what was found, in words without the address."""
        super().__init__(
            f"the webhook_url is refused: found {found}, expected http or https to a host of "
            "WHEREFORE_WEBHOOK_HOSTS, signed with WHEREFORE_WEBHOOK_SECRET"
        )


class BacklogStorageError(RetryLaterError):
    """The server's disk does not take it."""

    def __init__(self) -> None:
        """Takes nothing: paths are for the log."""
        super().__init__(
            "the server's disk is full or cannot be written: try again in 60 s, and tell whoever "
            "runs the server if it recurs",
            retry_after_seconds=60,
        )


class BacklogStoppedError(RetryLaterError):
    """The server stops, or somebody paused or cancelled the backlog; what is done is kept."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__("the work on the backlog was stopped", retry_after_seconds=5)
