"""Errors of monitoring.

::

    ServingError
    └── MonitoringError               monitoring data cannot be taken as given
        ├── NotAskedForError          no rule has the creditor ask this of this application
        └── MonitoringAnswerError     an answer is missing, or cannot be one

No message repeats an answer, or tells what was answered.
"""

from serving.errors import ServingError


class MonitoringError(ServingError):
    """Monitoring data cannot be taken as given; nothing was kept."""


class NotAskedForError(MonitoringError):
    """No rule has the creditor ask this of this application, so it may not be kept either.

    Attributes:
        field: what about the application, or about who is named.
        clause: the provision.
    """

    def __init__(self, *, field: str, found: str, expected: str, clause: str) -> None:
        """Keeps field and clause."""
        super().__init__(f"{field}: found {found}, expected {expected} ({clause}); keep none of it")
        self.field = field
        self.clause = clause


class MonitoringAnswerError(MonitoringError):
    """An answer is missing, or cannot be one.

    Attributes:
        field: which question, by applicant from 0.
        clause: the provision.
    """

    def __init__(self, *, field: str, expected: str, clause: str) -> None:
        """Keeps field and clause; what was found is not repeated."""
        super().__init__(f"{field}: expected {expected} ({clause}); correct it and send it again")
        self.field = field
        self.clause = clause
