"""Opens plain and gzip-compressed files, with errors a user can act on."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from data_pipeline.sources.errors import UnreadableFileError


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading, decompressing where its suffix is .gz.

    Raises:
        UnreadableFileError: on opening or inside the block, access is denied or the compressed
            bytes are broken.
    """
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
