"""Monitoring data in memory: the fake of `serving.monitoring.store`, for tests."""

from collections.abc import Iterator

from serving.monitoring.record import MonitoringRecord


class MemoryMonitoringStore:
    """Keeps monitoring data as long as the process lives."""

    def __init__(self) -> None:
        """Starts empty."""
        self._records: dict[str, tuple[MonitoringRecord, ...]] = {}

    def put(self, case_id: str, records: tuple[MonitoringRecord, ...]) -> None:
        """Keeps the records of a case, in place of those there."""
        self._records[case_id] = records

    def records(self, case_id: str) -> tuple[MonitoringRecord, ...]:
        """Returns the records of a case."""
        return self._records.get(case_id, ())

    def case_ids(self) -> Iterator[str]:
        """Yields the ids of the cases that have records."""
        yield from sorted(self._records)

    def shred(self, case_id: str) -> None:
        """Forgets the records of a case."""
        self._records.pop(case_id, None)
