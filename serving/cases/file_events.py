"""What happens to the file of a case after it came in: it is corrected or supplemented."""

from dataclasses import dataclass
from enum import StrEnum

from serving.cases.events import Event, Recipient


class FilePart(StrEnum):
    """A part of the file that can be revised."""

    APPLICANTS = "applicants"
    APPLICATION = "application"
    CREDITORS = "creditors"
    PROPERTY_ADDRESS = "property_address"
    TRANSACTION = "transaction"


FIXED_BY_DECISION = frozenset(FilePart) - {FilePart.APPLICANTS}
"""The parts that a decision was made on; people may move whatever was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRevised(Event):
    """Parts of the file were replaced; a paper of the file keeps what stood there.

    Attributes:
        parts: which parts.
        recipients: whose name or address was; None for the primary applicant.
        cause: why, written.
    """

    parts: tuple[FilePart, ...]
    cause: str
    recipients: tuple[Recipient, ...] = ()
