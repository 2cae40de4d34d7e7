"""Standard input as a file of the job, and a file sent to standard output at the end."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.backlog.errors import BacklogError
from serving.backlog.job import Job
from serving.backlog.source import STANDARD_STREAM, keep_stream
from serving.errors import OutputError


@contextmanager
def input_path(source: Path, *, job: Job) -> Iterator[Path]:
    """Gives where the input is; what comes by a stream is on the disk for as long as it is read.

    Raises:
        OutputError: the disk is full.
        SourceError: the stream is compressed and broken.
    """
    if source != STANDARD_STREAM:
        yield source
        return
    kept = keep_stream(sys.stdin.buffer, job.folder)
    try:
        yield kept
    finally:
        kept.unlink(missing_ok=True)


@contextmanager
def output_path(output: Path, *, resume: bool) -> Iterator[Path]:
    """Gives where the output is put together; what goes to a stream is sent there at the end.

    Args:
        output: the file asked for, or the standard stream.
        resume: whether there must be a job to go on with.

    Raises:
        BacklogError: a job whose output goes to a stream is to be gone on with.
        OutputError: nobody reads the stream, or what it leads to is full.
    """
    if output != STANDARD_STREAM:
        yield output
        return
    if resume:
        raise BacklogError(
            "--resume was given with the output -: expected the name of a file, since what goes to "
            "standard output is not kept"
        )
    with tempfile.TemporaryDirectory(prefix="wherefore-") as folder:
        path = Path(folder) / "rows.jsonl"
        yield path
        _send(path)


def _send(path: Path) -> None:
    """Copies a file to standard output, on a handle of its own: a failure shows here, not at exit.

    Raises:
        OutputError: nobody reads it, or what it leads to is full.
    """
    try:
        with path.open("rb") as file, open(sys.stdout.fileno(), "wb", closefd=False) as stream:
            shutil.copyfileobj(file, stream)
    except OSError as error:
        raise OutputError(
            f"standard output cannot be written ({error.strerror}): expected somebody who reads it "
            "to its end, run the same command again or name a file"
        ) from error
