"""Files that are there whole or not at all, whatever happens to the process or the machine."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from serving.backlog.errors import not_writable

_TEMPORARY_SUFFIX = ".tmp"


def write_durably(path: Path, content: bytes, *, writer: str = "") -> None:
    """Writes a file that appears complete and on the disk, or not at all.

    Args:
        path: the name of the complete file.
        content: what it holds.
        writer: tells apart those who may write the same file at the same moment.

    Raises:
        OutputError: the disk is full or the file system refuses.
    """
    make_durably(path, lambda temporary: _write(temporary, content), writer=writer)


def make_durably(
    path: Path, make: Callable[[Path], object], *, beside: Path | None = None, writer: str = ""
) -> None:
    """Has a file made under another name and gives it its own when it is on the disk.

    Args:
        path: the name of the complete file.
        make: writes the file at the path that it is given.
        beside: directory of the other name, on the same file system; None for that of `path`.
        writer: tells apart those who may make the same file at the same moment.

    Raises:
        OutputError: the disk is full or the file system refuses.
    """
    temporary = (beside or path.parent) / f".{path.name}{writer}{_TEMPORARY_SUFFIX}"
    try:
        make(temporary)
        synchronize(temporary)
        temporary.replace(path)
        synchronize(path.parent)
    except OSError as error:
        raise not_writable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def move_durably(source: Path, target: Path) -> bool:
    """Gives a directory its final name, once what it holds is on the disk.

    Returns:
        Whether it has it now; False where another one has that name.

    Raises:
        OutputError: the file system refuses.
    """
    try:
        for path in (*source.iterdir(), source):
            synchronize(path)
        source.rename(target)
        synchronize(target.parent)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            return False
        raise not_writable(target, error) from error
    return True


def digest_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)


def write_through(path: Path, content: bytes) -> None:
    """Writes a file, of any name, and waits until it is on the disk."""
    _write(path, content)
    synchronize(path)


def synchronize(path: Path) -> None:
    """Waits until what a file or a directory holds is on the disk."""
    if path.is_dir() and os.name == "nt":  # a directory cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
