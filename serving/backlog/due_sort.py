"""Sorting any number of lines by a rank, in bounded memory.

Lines are gathered into runs that memory holds, each sorted and written, and the runs are merged.
"""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from serving.backlog.errors import not_writable

RUN_BYTES = 32 * 1024 * 1024
"""Bytes of lines that memory holds at once."""

MOST_OPEN = 64
"""Most runs that are merged at once, each an open file."""

_RANK_DIGITS = 7


class DueSort:
    """Takes lines and gives them back by rank, those of one rank in the order of coming."""

    def __init__(
        self, folder: Path, *, run_bytes: int = RUN_BYTES, most_open: int = MOST_OPEN
    ) -> None:
        """Takes an empty folder for its files.

        Args:
            folder: where there is room for all lines, twice while many runs are merged.
            run_bytes: bytes of lines held in memory.
            most_open: most files open at once, at least 2.
        """
        self._folder, self._run_bytes, self._most_open = folder, run_bytes, most_open
        self._waiting: list[bytes] = []
        self._num_bytes = 0
        self._runs: list[Path] = []
        self._names = (folder / f"{number}.run" for number in count())

    def add(self, line: bytes, *, rank: int) -> None:
        """Takes a line, which holds no line break.

        Args:
            line: the line.
            rank: from 0 and below 10 million.

        Raises:
            OutputError: the disk is full.
        """
        self._waiting.append(b"%0*d%b\n" % (_RANK_DIGITS, rank, line))
        self._num_bytes += len(line)
        if self._num_bytes >= self._run_bytes:
            self._flush()

    def sorted(self) -> Iterator[bytes]:
        """Yields the lines.

        Raises:
            OutputError: the disk is full.
        """
        self._flush()
        while len(self._runs) > self._most_open:
            groups = range(0, len(self._runs), self._most_open)
            self._runs = [self._merged(self._runs[i : i + self._most_open]) for i in groups]
        with ExitStack() as opened:
            for line in _merge(self._runs, opened):
                yield line[_RANK_DIGITS:-1]

    def _flush(self) -> None:
        if self._waiting:
            self._waiting.sort(key=_rank)
            self._runs.append(self._written(self._waiting))
            self._waiting, self._num_bytes = [], 0

    def _merged(self, runs: list[Path]) -> Path:
        with ExitStack() as opened:
            merged = self._written(_merge(runs, opened))
        for run in runs:
            run.unlink()
        return merged

    def _written(self, lines: Iterable[bytes]) -> Path:
        path = next(self._names)
        try:
            with path.open("wb") as file:
                file.writelines(lines)
        except OSError as error:
            raise not_writable(path, error) from error
        return path


def _merge(runs: list[Path], opened: ExitStack) -> Iterator[bytes]:
    return heapq.merge(*(opened.enter_context(run.open("rb")) for run in runs), key=_rank)


def _rank(line: bytes) -> bytes:
    return line[:_RANK_DIGITS]
