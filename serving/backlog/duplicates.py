"""Finding ids that were given twice, among any number of rows, in bounded memory.

The ids go as digests of 128 bits into a hundred files or so by their first byte; each file is then
small enough to be sorted. No id itself is written.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.backlog.errors import not_writable

_NUM_FILES = 128
_BUFFERED_IDS = 65_536
_ENTRY = np.dtype([("id", "S16"), ("position", "<u8"), ("number", "<u8")])
"""An id's digest, where its row stands (from 0) and the number its row is known by.

numpy's byte strings drop zeros at their end: the digest is made without any."""


class IdLedger:
    """Takes the ids of rows and says which were given before."""

    def __init__(self, folder: Path) -> None:
        """Takes an empty folder for its files."""
        self._folder = folder
        self._waiting: list[tuple[bytes, int, int]] = []

    def add(self, identifier: str, *, position: int, number: int) -> None:
        """Takes the id of a row.

        Args:
            identifier: the id.
            position: where the row stands in the order of scoring, from 0.
            number: the number that the row is known by; the lowest had the id first.

        Raises:
            OutputError: the disk is full.
        """
        content = identifier.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(content, digest_size=16).digest().replace(b"\0", b"\1")
        self._waiting.append((digest, position, number))
        if len(self._waiting) >= _BUFFERED_IDS:
            self._flush()

    def repeated(self) -> dict[int, int]:
        """Returns, by the position of a row whose id was given before, the first row's number.

        Raises:
            OutputError: the disk is full.
        """
        self._flush()
        return {position: first for part in self._files() for position, first in _repeated(part)}

    def _flush(self) -> None:
        if not self._waiting:
            return
        entries = np.array(self._waiting, dtype=_ENTRY)
        first_byte = np.array([digest[0] for digest, _, _ in self._waiting])
        self._waiting = []
        for bucket in np.unique(first_byte % _NUM_FILES):
            path = self._folder / f"{bucket}.ids"
            try:
                with path.open("ab") as file:
                    file.write(entries[first_byte % _NUM_FILES == bucket].tobytes())
            except OSError as error:
                raise not_writable(path, error) from error

    def _files(self) -> Iterator[NDArray[Any]]:
        for path in sorted(self._folder.glob("*.ids")):
            yield np.fromfile(path, dtype=_ENTRY)


def _repeated(entries: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yields the position of every entry but the first of its id, and the number of that first."""
    entries = entries[np.lexsort((entries["number"], entries["id"]))]
    is_first = np.append(True, entries["id"][1:] != entries["id"][:-1])
    first = np.maximum.accumulate(np.where(is_first, np.arange(len(entries)), 0))
    for entry in np.flatnonzero(~is_first):
        yield int(entries["position"][entry]), int(entries["number"][first[entry]])
