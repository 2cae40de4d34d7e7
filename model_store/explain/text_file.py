"""One application as a file: read as it stands, so that offsets are those of the file.

A byte order mark is not of the text and does not count.
"""

import os
import sys
from pathlib import Path

from data_pipeline.errors import CommandError


def read_text_file(path: Path) -> str:
    """Returns the content of a UTF-8 file with its line ends kept; `-` reads the standard input.

    Raises:
        CommandError: the file cannot be read, or is no UTF-8.
    """
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}; give a text file, or - for the input"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # From nothing: the error would carry the applicant's text.
        raise CommandError(f"{path} is no UTF-8 text: convert it to UTF-8 first") from None


def write_page(path: Path, page: str) -> None:
    """Writes a page that only its owner may read, since it holds the applicant's text.

    Raises:
        CommandError: the page cannot be written there.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)  # the page may have been there
            file.write(page)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}; choose another with --html"
        ) from error
