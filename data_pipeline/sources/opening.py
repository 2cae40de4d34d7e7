"""Opens plain, gzip- and zstd-compressed files, with errors a user can act on."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from data_pipeline.sources.errors import UnreadableFileError

_CODECS = {".gz": "gzip", ".zst": "zstd"}
_BUFFER_BYTES = 64 * 1024


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading, decompressing where its suffix is .gz or .zst.

    What is not asked for is not unpacked, and memory does not grow with the file: a frame of zstd
    that asks for a window of more than 128 MiB is refused.

    Raises:
        UnreadableFileError: on opening or inside the block, access is denied or the compressed
            bytes are broken.
    """
    codec = _CODECS.get(path.suffix.lower())
    if codec is None:
        with readable(path), path.open("rb") as file:
            yield file
        return
    with _unpackable(path), _unpacked(path, codec) as stream:
        yield stream


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a file into an `UnreadableFileError`."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise UnreadableFileError(path, problem=problem, advice="check its permissions") from error


def _unpacked(path: Path, codec: str) -> BinaryIO:
    with path.open("rb"):  # what the system has against it, it says here
        pass
    packed = pa.CompressedInputStream(pa.OSFile(str(path), "rb"), codec)
    return io.BufferedReader(packed, _BUFFER_BYTES)


@contextmanager
def _unpackable(path: Path) -> Iterator[None]:
    """Like `readable`, for what Arrow says, which has no number of the system where data is bad."""
    with readable(path):
        try:
            yield
        except OSError as error:
            if error.errno is not None:
                raise
            problem = "the compressed data is broken or cut short"
            raise UnreadableFileError(path, problem=problem, advice="write it again") from error
