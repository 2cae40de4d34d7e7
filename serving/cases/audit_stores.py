"""Where an audit log lies: in memory, or in a file of one line per entry."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from serving.cases.errors import AuditTornError


class AuditStore(Protocol):
    """Keeps lines in the order in which they came."""

    def append(self, line: bytes) -> None:
        """Keeps a line for good before it returns; the line has no end of line in it."""

    def lines(self) -> Iterator[bytes]:
        """Yields every line kept, in order, without ends of line."""


class MemoryAuditStore:
    """Lines in memory, for tests and for trying out."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Keeps a line."""
        self._lines.append(line)

    def lines(self) -> Iterator[bytes]:
        """Yields every line kept."""
        yield from self._lines


class FileAuditStore:
    """Lines in a .jsonl file that is only ever appended to, each on disk before `append` returns.

    One process writes at a time.
    """

    def __init__(self, path: Path) -> None:
        """Takes the file; it is made, readable by its owner only, with the first entry."""
        self.path = path

    def append(self, line: bytes) -> None:
        """Writes a line and its end to the disk.

        Raises:
            AuditTornError: an earlier write was cut off; nothing is written.
            OSError: the file cannot be written; what was written of the line is taken back.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            self._check_end(descriptor, size)
            try:
                _write_all(descriptor, line + b"\n")
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if size == 0:
            _sync_directory(self.path.parent)

    def lines(self) -> Iterator[bytes]:
        """Yields every line kept; none where there is no file yet.

        Raises:
            AuditTornError: the file does not end in a whole line.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    raise AuditTornError(num_bytes=len(line))
                yield line[:-1]

    def recover(self) -> int:
        """Moves what a cut-off write left after the last whole line to a file beside this one.

        The write was never confirmed, so nothing recorded is lost; the bytes are kept in
        NAME.torn. Whether an entry that had been confirmed lost its end instead is told by an
        anchor. Returns the number of bytes moved, 0 where the file was whole.
        """
        if not self.path.exists():
            return 0
        content = self.path.read_bytes()
        tail = content[content.rfind(b"\n") + 1 :]
        if tail:
            with self.path.with_name(f"{self.path.name}.torn").open("ab") as kept:
                kept.write(tail + b"\n")
                kept.flush()
                os.fsync(kept.fileno())
            with self.path.open("r+b") as file:
                file.truncate(len(content) - len(tail))
                os.fsync(file.fileno())
        return len(tail)

    def _check_end(self, descriptor: int, size: int) -> None:
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            content = self.path.read_bytes()
            raise AuditTornError(num_bytes=size - content.rfind(b"\n") - 1)


def _write_all(descriptor: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.write(descriptor, content[written:])


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
