"""The port of the store that keeps monitoring data, apart from everything that decides.

Source: 12 CFR 1002.13(b) (obtaining), 1002.5(b) (not asked for otherwise), 1002.12(b)(1)(ii)
(retention).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from serving.monitoring.record import MonitoringRecord


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


class OpensMonitoring(Protocol):
    """Opens the store, and closes it at the end of the block."""

    def __call__(self) -> AbstractContextManager[MonitoringStore]:
        """Returns the store for the length of a block."""
