"""Errors of the stores of cases.

::

    ServingError
    └── StorageError                  a store cannot do as asked
        ├── StoreUnavailableError     the database does not answer, or refuses
        │   └── StoreBusyError        ... it has no connection or lock to give just now
        │       └── TransactionLostError  ... it undid a transaction because of another one
        ├── RecordRefusedError        a constraint of the database refuses what is to be written
        ├── DatabaseVersionError      the database has other tables than this program needs
        ├── DowngradeError            older tables cannot hold what the database has
        ├── EncryptionKeyError        a key is missing, or another one than the data needs
        ├── SealedValueError          an encrypted value was changed, or moved to another place
        └── StoredCaseError           a case is not as the call needs it
            ├── NotStoredError        nothing has this id
            │   ├── UnknownCaseError
            │   ├── UnknownNoticeError
            │   └── UnknownDecisionError
            ├── CasePurgedError       the case was purged, its record is gone
            ├── CaseExistsError       the id of a new case is taken
            ├── IdTakenError          another id is taken
            ├── CaseConflictError     somebody worked on the case meanwhile
            ├── RecordFieldError      a field of the file, or an id, is not of its form
            └── NoticeContentError    a notice without its content, or with another one
"""

from collections.abc import Mapping

from serving.errors import ServingError


class StorageError(ServingError):
    """A store cannot do as asked."""


class StoreUnavailableError(StorageError):
    """The database does not answer, or refuses; nothing was written.

    Attributes:
        retry_after_seconds: when to try again, whole seconds.
    """

    retry_after_seconds = 5

    def __init__(self, *, found: str) -> None:
        """Takes what was found in words, without any value of a statement."""
        super().__init__(self._message(found))

    def _message(self, found: str) -> str:
        return (
            f"the database cannot be used: found {found}, expected it to answer; check "
            "WHEREFORE_DATABASE_URL and the database, nothing was written"
        )


class StoreBusyError(StoreUnavailableError):
    """The database has no connection or no lock to give just now; nothing was written."""

    retry_after_seconds = 2

    def _message(self, found: str) -> str:
        return (
            f"the database is busy: found {found}, expected a free connection and no lock of "
            "somebody else within WHEREFORE_DATABASE_WAIT_SECONDS; try again in "
            f"{self.retry_after_seconds} s, nothing was written (if it recurs, raise "
            "WHEREFORE_DATABASE_POOL_SIZE)"
        )


class TransactionLostError(StoreBusyError):
    """The database undid a transaction because of another one; nothing was written."""


class RecordRefusedError(StorageError):
    """A constraint of the database refuses what is to be written; nothing was written."""

    def __init__(self, *, found: str) -> None:
        """Takes what was found in words, without any value of a statement."""
        super().__init__(
            f"the database refuses a record: found {found}, expected tables as this program makes "
            "them and nobody else to change them; compare them with wherefore database check, and "
            "report it if they are the same; nothing was written"
        )


class DatabaseVersionError(StorageError):
    """The database has other tables than this program needs.

    Attributes:
        found: the version found; None for a database without our tables.
        expected: the version needed.
    """

    def __init__(self, *, found: str | None, expected: str, advice: str) -> None:
        """Keeps both versions."""
        super().__init__(
            f"the database has {f'version {found}' if found else 'none'} of the tables, expected "
            f"version {expected}: {advice}"
        )
        self.found = found
        self.expected = expected


class DowngradeError(StorageError):
    """Older tables cannot hold what the database has; nothing was changed.

    Attributes:
        version: the version that cannot hold it.
        lost: how many rows the tables have of which some would be lost, by table.
    """

    def __init__(self, *, version: str, lost: Mapping[str, int]) -> None:
        """Keeps both; no row is repeated."""
        tables = ", ".join(f"{name} ({number} rows)" for name, number in lost.items())
        super().__init__(
            f"the tables of version {version} cannot hold all there is: found rows that would be "
            f"lost or changed in {tables}, expected none; make a backup with wherefore database "
            "backup, then allow it with --discard; nothing was changed"
        )
        self.version = version
        self.lost = dict(lost)


class EncryptionKeyError(StorageError):
    """A key is missing, or another one than the data needs."""


class SealedValueError(StorageError):
    """An encrypted value was changed, or moved to another place, since it was written.

    Attributes:
        table: where it stands.
        column: where it stands.
    """

    def __init__(self, *, table: str, column: str) -> None:
        """Keeps the place; neither the value nor the row's id is repeated."""
        super().__init__(
            f"a value of {table}.{column} does not open: found bytes that were changed or moved "
            "since they were written, expected them as written; restore them from a backup"
        )
        self.table = table
        self.column = column


class StoredCaseError(StorageError):
    """A case is not as the call needs it."""


class NotStoredError(StoredCaseError):
    """Nothing has this id."""


class UnknownCaseError(NotStoredError):
    """No case has this id."""

    def __init__(self) -> None:
        """Takes nothing: what was asked for is not repeated."""
        super().__init__("no case has this id: expected that of an opened case, look it up")


class UnknownNoticeError(NotStoredError):
    """No notice has this id."""

    def __init__(self) -> None:
        """Takes nothing: what was asked for is not repeated."""
        super().__init__("no notice has this id: expected that of a drafted notice, look it up")


class UnknownDecisionError(NotStoredError):
    """No decision has this id."""

    def __init__(self) -> None:
        """Takes nothing: what was asked for is not repeated."""
        super().__init__("no decision has this id: expected that of a recorded one, look it up")


class CasePurgedError(StoredCaseError):
    """The case was purged."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the case was purged after its time of keeping: found ids and digests, its record is "
            "gone; nothing can be read or added"
        )


class CaseExistsError(StoredCaseError):
    """The id of a new case is taken."""

    def __init__(self) -> None:
        """Takes nothing: the id is not repeated."""
        super().__init__("a case with this id is open already: expected a new id, choose another")


class IdTakenError(StoredCaseError):
    """An id that must be new is taken, or something kept under it would be lost.

    Attributes:
        kind: what it is the id of.
    """

    def __init__(self, *, kind: str) -> None:
        """Keeps the kind; the id is not repeated."""
        super().__init__(
            f"the id of a {kind} is taken: found another {kind} under it, expected a new id (what "
            "is kept is never replaced); choose another"
        )
        self.kind = kind


class CaseConflictError(StoredCaseError):
    """Somebody worked on the case meanwhile.

    Attributes:
        expected: what the caller had seen of it, in words.
        found: what it has.
    """

    def __init__(self, *, expected: str, found: str) -> None:
        """Keeps both; no person is named."""
        super().__init__(
            f"the case has {found}, expected {expected}: somebody worked on it meanwhile; load it, "
            "look at what changed and try again"
        )
        self.expected = expected
        self.found = found


class RecordFieldError(StoredCaseError):
    """A field of the file, or an id, is not of its form.

    Attributes:
        field: name of the field.
    """

    def __init__(self, *, field: str, expected: str) -> None:
        """Takes the field; its value is not repeated, as it may be personal."""
        super().__init__(
            f"{field}: found another form than expected ({expected}): correct it and send it again"
        )
        self.field = field


class NoticeContentError(StoredCaseError):
    """A notice without its content, or with another one than its digest says."""

    def __init__(self, *, found: str) -> None:
        """Takes what was found in words."""
        super().__init__(
            f"the content of a notice does not go with its draft: found {found}, expected the "
            "bytes whose sha256 is the draft's digest; give them with the draft"
        )
