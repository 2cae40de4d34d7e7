"""Errors of `serving`.

Nothing here knows HTTP: `serving.api.problems` holds the one table from error to status and code.

::

    ServingError
    ├── SettingsError                 the environment does not make valid settings
    ├── PolicyError                   the policy file is not a valid policy
    ├── KeyFileError                  the state directory cannot hold or give API keys
    ├── CacheSecretError              the state directory cannot hold or give the cache's secret
    ├── AddressError                  the address to listen on cannot be had
    ├── CertificateError              HTTPS cannot be served with the certificate and key
    ├── OutputError                   an output file cannot be written as asked
    └── RequestError                  a request cannot be answered as asked
        ├── UnauthorizedError         no key, or a key nobody gave out
        ├── NotPermittedError         credentials that do not bring what this needs
        ├── UnsupportedMediaTypeError the body is not declared as JSON
        ├── BodyTooLargeError         the body has more bytes than accepted
        ├── BodyEncodingError         the body is not UTF-8
        ├── MalformedBodyError        the body is not JSON
        ├── InvalidRequestError       the body is JSON of another shape
        ├── BatchTooLargeError        more applications than one request may hold
        ├── RowRejectedError          an application that cannot be scored
        ├── MalformedRequestError     what came is no HTTP
        ├── HeadTooLargeError         the head of the request has more bytes than accepted
        ├── RequestTimeoutError       the request does not come, or comes too slowly
        ├── ClientGoneError           whoever asked has closed the connection
        └── RetryLaterError           the same request may succeed a little later
            ├── TooManyRequestsError  the client asked for more than its quota
            ├── OverloadedError       the queue is full
            ├── ScoringTimeoutError   no answer within the time allowed
            ├── AnswerTimeoutError    likewise, whatever was asked for
            ├── NotReadyError         the model is not loaded, or the server is stopping
            └── EngineError           the server that computes gave no answer to trust
                ├── EngineUnreachableError   ... it cannot be reached, or lost the request
                ├── EngineBusyError          ... it has no worker or no room, or took too long
                ├── EngineLostError          ... its GPU has failed
                ├── EngineKeyError           ... it does not accept our key
                ├── EngineAnswerError        ... its answer is not what was agreed on
                └── EngineModelError         ... it answered with another model
"""

import math

from data_pipeline.errors import WhereforeError


class ServingError(WhereforeError):
    """The server failed; its log has the cause beside the `request_id`."""


class SettingsError(ServingError):
    """The environment does not make valid settings."""


class PolicyError(ServingError):
    """The policy file is not a valid policy."""


class KeyFileError(ServingError):
    """The state directory cannot hold or give API keys."""


class CacheSecretError(ServingError):
    """The state directory cannot hold or give the secret of the cache."""


class AddressError(ServingError):
    """The address to listen on cannot be had."""


class CertificateError(ServingError):
    """HTTPS cannot be served with the certificate and key that are set."""


class OutputError(ServingError):
    """An output file cannot be written as asked."""


class RequestError(ServingError):
    """A request cannot be answered as asked."""


class UnauthorizedError(RequestError):
    """No key, or a key that nobody gave out."""

    def __init__(self) -> None:
        """Takes nothing: whether a key was absent or wrong is not told."""
        super().__init__(
            "no valid API key or token was found: send the key that `wherefore serve` printed at "
            "first start in the header X-API-Key, or as Authorization: Bearer KEY; a program sends "
            "a token of POST /api/v1/token as Authorization: Bearer TOKEN"
        )


class NotPermittedError(RequestError):
    """Valid credentials that do not bring what was asked for.

    Attributes:
        scope: what they would need.
    """

    def __init__(self, *, scope: str) -> None:
        """Keeps the scope."""
        super().__init__(
            f"these credentials may not do that: found none with the scope {scope}, expected those "
            "of a role that brings it; serving/SECURITY.md lists what each role may do, and "
            "`wherefore keys add PERSON --role ROLE` makes a key"
        )
        self.scope = scope


class UnsupportedMediaTypeError(RequestError):
    """The body is not declared as JSON."""

    def __init__(self) -> None:
        """Takes nothing: the header is the client's text and is not repeated."""
        super().__init__(
            "the body is not declared as JSON: send it with the header "
            "Content-Type: application/json"
        )


class BodyTooLargeError(RequestError):
    """The body has more bytes than accepted.

    Attributes:
        limit_bytes: largest body accepted, bytes.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        """Keeps the limit."""
        super().__init__(
            f"the body is larger than {limit_bytes:,} bytes, the most accepted: send fewer "
            "applications per request, or raise WHEREFORE_MAX_BODY_BYTES"
        )
        self.limit_bytes = limit_bytes


class BodyEncodingError(RequestError):
    """The body is not UTF-8.

    Attributes:
        position: 0-based position of the first byte that does not fit.
    """

    def __init__(self, *, position: int) -> None:
        """Keeps the position."""
        super().__init__(
            f"the body is not UTF-8 at byte {position}: expected JSON in UTF-8, save or send it "
            "in that encoding"
        )
        self.position = position


class MalformedBodyError(RequestError):
    """The body is not JSON."""

    def __init__(self, *, found: str) -> None:
        """Takes what was found instead, in words without any of the body."""
        super().__init__(f"the body is not JSON: found {found}, expected one JSON object")


class InvalidRequestError(RequestError):
    """The body is JSON of another shape than expected."""

    def __init__(self, *, found: str) -> None:
        """Takes what was found, in words without any of the body's values."""
        super().__init__(
            f"the request does not have the expected shape: {found}; see /docs for an example"
        )


class BatchTooLargeError(RequestError):
    """More applications than one request may hold.

    Attributes:
        found: number of applications sent.
        limit: most applications accepted.
    """

    def __init__(self, *, found: int, limit: int) -> None:
        """Keeps both numbers."""
        super().__init__(
            f"the batch has {found:,} applications, the most accepted is {limit:,}: send them in "
            "several requests, or use `wherefore score`"
        )
        self.found = found
        self.limit = limit


class RowRejectedError(RequestError):
    """An application that cannot be scored as given.

    Attributes:
        code: the row's stable error code, the same as in a batch or a file.
    """

    def __init__(self, *, code: str, message: str) -> None:
        """Keeps the code."""
        super().__init__(message)
        self.code = code


class MalformedRequestError(RequestError):
    """What came over a connection is no HTTP."""

    def __init__(self) -> None:
        """Takes nothing: what came is not repeated."""
        super().__init__("what was sent is no HTTP/1.1 request: expected one, correct the client")


class HeadTooLargeError(RequestError):
    """The head of a request has more bytes than accepted."""

    def __init__(self, *, limit_bytes: int) -> None:
        """Takes the limit."""
        super().__init__(
            f"the address and the header fields have more than {limit_bytes:,} bytes, the most "
            "accepted: send fewer or shorter ones"
        )


class RequestTimeoutError(RequestError):
    """A request does not come, or comes too slowly."""

    def __init__(self, *, what: str) -> None:
        """Takes which part: head or body."""
        super().__init__(
            f"the {what} of the request did not come in time: send it at once and without pauses"
        )


class ClientGoneError(RequestError):
    """Whoever asked has closed the connection: nobody reads the answer."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__("the client closed the connection before the answer")


class RetryLaterError(RequestError):
    """The same request may succeed a little later.

    Attributes:
        retry_after_seconds: when, whole seconds, at least 1.
    """

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        """Keeps the delay."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooManyRequestsError(RetryLaterError):
    """The client asked for more than its quota.

    Attributes:
        limit: which quota.
    """

    def __init__(self, *, limit: str, retry_after_seconds: float) -> None:
        """Takes the quota's name and when as much will be there, seconds."""
        seconds = max(1, math.ceil(retry_after_seconds))
        super().__init__(
            f"this client has used up its quota of the kind {limit}: try again in {seconds} s, "
            f"send fewer at a time, or have WHEREFORE_LIMIT_{limit.upper()} raised",
            retry_after_seconds=seconds,
        )
        self.limit = limit


class OverloadedError(RetryLaterError):
    """The queue is full."""

    def __init__(self, *, num_queued_tokens: int, retry_after_seconds: int) -> None:
        """Takes the tokens that wait and the time they need."""
        super().__init__(
            f"{num_queued_tokens:,} tokens are already waiting, the queue is full: try again in "
            f"{retry_after_seconds} s",
            retry_after_seconds=retry_after_seconds,
        )


class ScoringTimeoutError(RetryLaterError):
    """No answer within the time allowed."""

    def __init__(self, *, limit_seconds: float, retry_after_seconds: int) -> None:
        """Takes the limit and the time the queue still needs."""
        super().__init__(
            f"the applications were not scored within {limit_seconds:g} s: try again in "
            f"{retry_after_seconds} s, or send fewer per request",
            retry_after_seconds=retry_after_seconds,
        )


class AnswerTimeoutError(RetryLaterError):
    """No answer within the time allowed, whatever was asked for."""

    def __init__(self, *, limit_seconds: float) -> None:
        """Takes the limit."""
        super().__init__(
            f"the request was not answered within {limit_seconds:g} s: whether it was carried out "
            "is not known, look before sending it again",
            retry_after_seconds=5,
        )


class NotReadyError(RetryLaterError):
    """The model is not loaded, or the server is stopping."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the server is starting or stopping and cannot score now: try again in 5 s",
            retry_after_seconds=5,
        )


class EngineError(RetryLaterError):
    """The server that computes gave no answer to trust; nothing is answered in its place."""


class EngineUnreachableError(EngineError):
    """The server that computes cannot be reached, or lost the request on the way."""

    def __init__(self) -> None:
        """Takes nothing: addresses are for the log."""
        super().__init__(
            "the server that computes cannot be reached: try again in 5 s", retry_after_seconds=5
        )


class EngineBusyError(EngineError):
    """The server that computes has no worker or no room, or took too long."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the server that computes has no room for the request now: try again in 5 s",
            retry_after_seconds=5,
        )


class EngineLostError(EngineError):
    """The GPU of this server has failed; the server stops, to be started again."""

    def __init__(self) -> None:
        """Takes nothing: what the device said is for the log."""
        super().__init__(
            "the GPU of this server failed, and the server stops: try again in 30 s",
            retry_after_seconds=30,
        )


class EngineKeyError(EngineError):
    """The server that computes does not accept our key, or there is none to send."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the server that computes does not accept this server's key: try again in 10 s",
            retry_after_seconds=10,
        )


class EngineAnswerError(EngineError):
    """What the server that computes answered is not what was agreed on."""

    def __init__(self) -> None:
        """Takes nothing: what was found is for the log."""
        super().__init__(
            "the server that computes gave an answer that cannot be used: try again in 30 s",
            retry_after_seconds=30,
        )


def is_engine_away(error: Exception) -> bool:
    """Tells whether an engine's error says nothing of what it was asked: it may answer later.

    An answer that cannot be used may be the fault of the windows asked for.
    """
    return isinstance(error, RetryLaterError) and not isinstance(error, EngineAnswerError)


class EngineModelError(EngineError):
    """The server that computes answered with another model than the one expected."""

    def __init__(self) -> None:
        """Takes nothing: digests are for the log."""
        super().__init__(
            "the server that computes holds another model than this server: try again in 30 s",
            retry_after_seconds=30,
        )
