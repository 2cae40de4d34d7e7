"""Finding ids that were given twice, among any number of rows, in bounded memory.

The ids go as digests of 128 bits into a hundred files or so by their first byte. Of each file in
turn the ids that differ are in memory, and what is found goes to the disk again. No id itself is
written.
"""

import hashlib
import heapq
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.backlog.errors import not_writable

_NUM_FILES = 128
_BUFFERED_IDS = 65_536
_BLOCK_ENTRIES = 262_144
_BLOCK_PAIRS = 1024
_ENTRY = np.dtype([("id", "S16"), ("position", "<u8"), ("number", "<u8")])
"""An id's digest, where its row stands (from 0) and the number its row is known by.

numpy's byte strings drop zeros at their end: the digest is made without any."""

_REPEATED = np.dtype([("position", "<u8"), ("first", "<u8")])
"""Where a row stands whose id was given before, and the number of the row that had it first."""


class IdLedger:
    """Takes the ids of rows and says which were given before."""

    def __init__(self, folder: Path) -> None:
        """Takes an empty folder for its files."""
        self._folder = folder
        self._key = secrets.token_bytes(16)  # nobody can choose ids that all fall into one file
        self._waiting: list[tuple[bytes, int, int]] = []

    def add(self, identifier: str, *, position: int, number: int) -> None:
        """Takes the id of a row.

        Args:
            identifier: the id.
            position: where the row stands in the order of scoring, from 0; above those before it.
            number: the number that the row alone is known by; the lowest had the id first.

        Raises:
            OutputError: the disk is full.
        """
        content = identifier.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(content, digest_size=16, key=self._key).digest()
        self._waiting.append((digest.replace(b"\0", b"\1"), position, number))
        if len(self._waiting) >= _BUFFERED_IDS:
            self._flush()

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Yields the positions of rows whose id was given before, in order, and the first's number.

        It is asked once, after all ids.

        Raises:
            OutputError: the disk is full.
        """
        self._flush()
        found = [_keep_repeated(path) for path in sorted(self._folder.glob("*.ids"))]
        return heapq.merge(*map(_pairs, found))

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


def _keep_repeated(path: Path) -> Path:
    """Puts what is found among the entries of a file in its place, and returns where that is."""
    firsts, kept = _firsts(path), path.with_suffix(".repeated")
    try:
        with kept.open("wb") as file:
            for entries in _blocks(path, _ENTRY, most=_BLOCK_ENTRIES):
                first = firsts["number"][np.searchsorted(firsts["id"], entries["id"])]
                is_repeated = entries["number"] != first
                pairs = np.empty(np.count_nonzero(is_repeated), _REPEATED)
                pairs["position"] = entries["position"][is_repeated]
                pairs["first"] = first[is_repeated]
                file.write(pairs.tobytes())
        path.unlink()
    except OSError as error:
        raise not_writable(kept, error) from error
    return kept


def _firsts(path: Path) -> NDArray[Any]:
    """Returns of each id in a file the entry with the lowest number, sorted by id."""
    firsts = np.empty(0, _ENTRY)
    for entries in _blocks(path, _ENTRY, most=_BLOCK_ENTRIES):
        found = np.concatenate([firsts, entries])
        found = found[np.lexsort((found["number"], found["id"]))]
        firsts = found[np.append(True, found["id"][1:] != found["id"][:-1])]
    return firsts


def _pairs(path: Path) -> Iterator[tuple[int, int]]:
    for pairs in _blocks(path, _REPEATED, most=_BLOCK_PAIRS):
        yield from pairs.tolist()


def _blocks(path: Path, kind: np.dtype[Any], *, most: int) -> Iterator[NDArray[Any]]:
    """Yields what a file holds, some entries at a time."""
    with path.open("rb") as file:
        while content := file.read(most * kind.itemsize):
            yield np.frombuffer(content, kind)
