"""Changing a file that other processes change too: one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keeps others from changing a file: what they wrote since it was read would be lost.

    Whoever comes second waits. The lock is a file beside it, `.NAME.lock`, which stays.

    Args:
        path: the file; it need not be there, its directory must.

    Raises:
        OSError: the lock cannot be made there.
    """
    with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600):
        yield
