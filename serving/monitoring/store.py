"""What is asked of applicants for monitoring, and the port of the store that keeps it.

Source: 12 CFR 1002.13(a)(1) (ethnicity, race, sex, marital status, age), (b) (obtaining),
1002.5(b) (kept apart from the decision), 1002.12(b)(1)(ii) (retention).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringRecord:
    """What one applicant told, or was noted, for monitoring. None or empty: not provided.

    Attributes:
        consumer_id: whose it is.
        ethnicity: as answered.
        race: as answered, more than one possible.
        sex: as answered.
        marital_status: as answered.
        age_years: at the application, whole years.
        by_observation: noted on the basis of visual observation or surname instead of an answer.
    """

    consumer_id: str
    ethnicity: str | None = None
    race: tuple[str, ...] = ()
    sex: str | None = None
    marital_status: str | None = None
    age_years: int | None = None
    by_observation: bool = False


class MonitoringStore(Protocol):
    """Keeps monitoring data, each case under a key of its own."""

    def put(self, case_id: str, records: tuple[MonitoringRecord, ...]) -> None:
        """Keeps the records of a case, in place of those there."""

    def records(self, case_id: str) -> tuple[MonitoringRecord, ...]:
        """Returns the records of a case; empty where none are kept."""

    def case_ids(self) -> Iterator[str]:
        """Yields the ids of the cases that have records."""

    def shred(self, case_id: str) -> None:
        """Destroys the records of a case and their key; does nothing where none are kept."""
