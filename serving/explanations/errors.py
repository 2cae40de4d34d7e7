"""Errors of `serving.explanations`.

::

    ServingError
    └── ExplanationError                   an explanation cannot be given
        ├── ExplanationTooLargeError       it would take more of the engine than is allowed
        ├── ExplanationExtraError          the packages of its method are not installed
        └── UnknownExplanationError        nobody asked for it, or it was dropped since
    RetryLaterError
    └── ExplanationsFullError              as many jobs wait as may
"""

from data_pipeline.errors import install_advice
from serving.errors import RetryLaterError, ServingError


class ExplanationError(ServingError):
    """An explanation cannot be given."""


class ExplanationTooLargeError(ExplanationError):
    """The explanation would take more of the engine than one is allowed."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the text is too long to be explained this way: found more tokens to compute than one "
            "explanation may take, expected a shorter text; ask with explain=fast, or without"
        )


class ExplanationExtraError(ExplanationError):
    """The packages that a method of attribution needs are not installed.

    Attributes:
        method: the method asked for.
    """

    def __init__(self, *, method: str, package: str) -> None:
        """Takes the method and the package that is missing."""
        super().__init__(
            f"the method {method} cannot be used on this server: the package {package} was not "
            f"found, expected the extra `explain`; its operator is to {install_advice('explain')}"
        )
        self.method = method


class UnknownExplanationError(ExplanationError):
    """No job has this id: it never did, or its result was dropped."""

    def __init__(self) -> None:
        """Takes nothing: the id is the client's text."""
        super().__init__(
            "no explanation has this id: found none for this key, expected the id that a POST to "
            "/api/v1/explanations gave lately; ask for the explanation again"
        )


class ExplanationsFullError(RetryLaterError):
    """As many jobs wait as may."""

    def __init__(self, *, limit: int, retry_after_seconds: int) -> None:
        """Takes the limit and when to come back."""
        super().__init__(
            f"{limit:,} explanations are already waiting, the most that may: try again in "
            f"{retry_after_seconds} s",
            retry_after_seconds=retry_after_seconds,
        )
