"""What happens to the record of a case: asked to be kept, held, retained, purged."""

from dataclasses import dataclass

from serving.cases.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRequested(Event):
    """A business with revenues above $1 million asked that records be retained (12(b)(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldPlaced(Event):
    """An investigation, enforcement proceeding or suit is known: nothing may be purged.

    Attributes:
        hold_id: id of the hold.
    """

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldLifted(Event):
    """The matter behind a legal hold has its final disposition.

    Attributes:
        hold_id: id of the hold.
    """

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRetained(Event):
    """Nothing more is owed: the record is only kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePurged(Event):
    """The record was destroyed; ids and digests remain."""
