"""A state directory whose disk can be filled, and emptied again.

As root, and where the system lets mount, it is a small file system of its own (tmpfs): a full disk
is a full disk (ENOSPC). Elsewhere the server's process is not let write to any file any more
(RLIMIT_FSIZE, EFBIG), which it must bear alike; what other processes write still goes through.
"""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

SIZE_BYTES = 128 * 1024 * 1024
_FILLER = "filler"


class Disk(Protocol):
    """Where the state directory lies.

    Attributes:
        kind: how it is filled, for the report.
        path: the folder.
    """

    kind: str
    path: Path

    def fill(self, pid: int) -> None:
        """Lets a server's process write no more; again and again, for what was freed meanwhile."""

    def empty(self, pid: int) -> None:
        """Lets it write again."""


class SmallDisk:
    """A file system in memory."""

    kind = "a full file system (tmpfs of 128 MiB)"

    def __init__(self, path: Path) -> None:
        """Takes where it is mounted."""
        self.path = path

    def fill(self, pid: int) -> None:
        """Writes until nothing more fits."""
        del pid
        block = bytes(64 * 1024)
        with (self.path / _FILLER).open("ab", buffering=0) as file, suppress(OSError):
            while file.write(block):
                pass

    def empty(self, pid: int) -> None:
        """Removes what was written."""
        del pid
        (self.path / _FILLER).unlink(missing_ok=True)


class LimitedProcess:
    """A folder of the common disk, into which one process may write or not."""

    kind = "no file may grow (RLIMIT_FSIZE)"

    def __init__(self, path: Path) -> None:
        """Takes the folder."""
        self.path = path

    def fill(self, pid: int) -> None:
        """Sets the limit."""
        self._limit(pid, 0)

    def empty(self, pid: int) -> None:
        """Lifts it."""
        self._limit(pid, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(pid: int, most: int) -> None:
        process = psutil.Process(pid)
        _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (most, hard))


@contextmanager
def open_disk(path: Path, *, may_mount: bool = True) -> Iterator[Disk]:
    """Gives an empty disk at a path until the block ends."""
    path.mkdir(mode=0o700)
    if not may_mount or os.geteuid() != 0 or not _is_mounted(path):
        yield LimitedProcess(path)
        return
    try:
        yield SmallDisk(path)
    finally:
        # Whatever still holds a file there must not keep the folder.
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _is_mounted(path: Path) -> bool:
    options = f"size={SIZE_BYTES},mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "wherefore-soak", str(path)]
    with suppress(OSError):
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    return False
