"""Errors of `serving.cases`.

::

    ServingError
    ├── CaseError                   a case cannot be handled as asked
    │   ├── EventValueError         an event that cannot be, whatever the case
    │   └── IllegalEventError       an event that the case does not allow now
    │       ├── EventTimeError      ... because of when it happened or was recorded
    │       ├── SecondPersonError   ... because a second person has to do it
    │       ├── DecisionRefusedError ... because the decision record is not whole
    │       └── RetentionError      ... because the record must still be kept
    ├── AuditError                  the audit log cannot be used as asked
    │   ├── AuditFieldError         a value that has no place in the log
    │   ├── AnchorError             the anchor file holds no head to compare with
    │   ├── AnchorFileError         the anchor file or its hash tree cannot be written
    │   ├── AuditTornError          the log ends in a half-written entry
    │   └── AuditBrokenError        the log is not what was written
    ├── StorageError                a store cannot do as asked (`store_errors`)
    └── PackageError                an exam package is not what was exported (`exam_package`)
"""

from serving.errors import ServingError


class CaseError(ServingError):
    """A case cannot be handled as asked."""


class EventValueError(CaseError):
    """An event that cannot be, whatever the case.

    Attributes:
        field: name of the field at fault.
    """

    def __init__(self, *, field: str, found: str, expected: str) -> None:
        """Takes what was found in words, never the value of a free text."""
        super().__init__(f"{field}: found {found}, expected {expected}: correct the event")
        self.field = field


class IllegalEventError(CaseError):
    """An event that the case does not allow now; the case is unchanged.

    Attributes:
        state: the state the case is in, in words.
        event: name of the event's class.
        expected: names of the event classes the case allows now.
        reason: why the event is refused, and what to do.
    """

    def __init__(self, *, state: str, event: str, expected: tuple[str, ...], reason: str) -> None:
        """Keeps all four."""
        super().__init__(
            f"the case is {state} and refuses {event}: {reason} (possible now: "
            f"{', '.join(expected) or 'nothing, the case has ended'})"
        )
        self.state = state
        self.event = event
        self.expected = expected
        self.reason = reason


class EventTimeError(IllegalEventError):
    """The event happened or was recorded before what it follows."""


class SecondPersonError(IllegalEventError):
    """The event needs a person, or a person other than the one who acted before."""


class DecisionRefusedError(IllegalEventError):
    """The decision record is not whole, or contradicts the assessment or the application."""


class RetentionError(IllegalEventError):
    """The record must still be kept."""


class AuditError(ServingError):
    """The audit log cannot be used as asked."""


class AuditFieldError(AuditError):
    """A value that has no place in the audit log.

    Attributes:
        field: name of the field.
    """

    def __init__(self, *, field: str, expected: str) -> None:
        """Takes the field; its value is not repeated, as it may be personal."""
        super().__init__(
            f"audit field {field} does not have the expected form: expected {expected}, and "
            "nothing personal; record an id or a digest instead"
        )
        self.field = field


class AnchorError(AuditError):
    """The anchor file holds no head to compare with."""

    def __init__(self) -> None:
        """Takes nothing: what stands in the file is not repeated."""
        super().__init__(
            "the last line of the anchor file is not a whole anchor: keep the file as it is, find "
            "out who changed it, and verify the log against a copy"
        )


class AnchorFileError(AuditError):
    """The anchor file, or the hash tree that belongs to it, cannot be written."""

    def __init__(self, *, reason: str) -> None:
        """Takes what the operating system said."""
        super().__init__(
            "the anchor file, or the hash tree in the state directory, cannot be written "
            f"({reason}): expected files this user may append to, correct "
            "WHEREFORE_AUDIT_ANCHOR_FILE, WHEREFORE_STATE_DIR or their permissions"
        )


class AuditTornError(AuditError):
    """The log ends in an entry that was not written to its end."""

    def __init__(self, *, num_bytes: int) -> None:
        """Takes the length of what stands after the last whole entry."""
        super().__init__(
            f"the audit log ends in {num_bytes} bytes without an end of line, expected whole "
            "entries: a write was cut off, run its recovery before anything is recorded"
        )


class AuditBrokenError(AuditError):
    """The log is not what was written.

    Attributes:
        sequence: number of the first broken entry, from 1.
        reason: what does not fit.
    """

    def __init__(self, *, sequence: int, reason: str) -> None:
        """Keeps both."""
        super().__init__(
            f"audit entry {sequence} is broken: {reason}; expected an unbroken chain, keep the "
            "file as it is and compare it with a copy"
        )
        self.sequence = sequence
        self.reason = reason
