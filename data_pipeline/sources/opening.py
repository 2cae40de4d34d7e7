"""Opens plain, gzip- and zstd-compressed files, with errors a user can act on."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from data_pipeline.sources.errors import UnreadableFileError


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading, decompressing where its suffix is .gz or .zst.

    Raises:
        UnreadableFileError: on opening or inside the block, access is denied or the compressed
            bytes are broken.
    """
    if path.suffix.lower() == ".zst":
        with _readable_zstandard(path), _zstandard(path) as stream:
            yield stream
        return
    with readable(path), (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        yield file  # type: ignore[misc]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what the operating system or gzip say about a file into an `UnreadableFileError`."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        problem = "the compressed data is broken or cut short"
        raise UnreadableFileError(path, problem=problem, advice="write it again") from error
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise UnreadableFileError(path, problem=problem, advice="check its permissions") from error


def _zstandard(path: Path) -> BinaryIO:
    with path.open("rb"):  # what the system has against it, it says here
        pass
    return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd"))


@contextmanager
def _readable_zstandard(path: Path) -> Iterator[None]:
    """Like `readable`, for what Arrow says, which has no number of the system where data is bad."""
    with readable(path):
        try:
            yield
        except OSError as error:
            if error.errno is None:
                raise EOFError from error
            raise
