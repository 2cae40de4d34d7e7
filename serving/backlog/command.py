"""`wherefore score`: a file of applications in, a file of output rows out."""

import itertools
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console

from data_pipeline.sources import Row, RowError, count_rows, read_rows
from serving.backlog.progress import ProgressReport, report_progress
from serving.backlog.tally import Tally, summary_table
from serving.backlog.writers import OutputFile, check_output
from serving.policy import load_policy
from serving.scoring import ScoringService
from serving.settings import Settings

CHUNK_ROWS = 512
"""Rows read, scored and written at a time: large enough for batches of like length."""

EXIT_INTERRUPTED = 130

Chunk = Sequence[Row | RowError]


def score_file(
    source: Path, output: Path, *, settings: Settings, input_format: str, limit: int | None
) -> None:
    """Scores a file and prints a summary.

    Everything that can be refused is refused before the model is loaded.

    Raises:
        DataError: the input is missing, unreadable or of unknown form.
        OutputError: the output cannot be written.
        ArtifactError: the model directory is not a whole, unchanged model.
    """
    check_output(output, source=source)
    policy = load_policy(settings.policy_file)
    chunks = _opened(_chunks(itertools.islice(read_rows(source, format=input_format), limit)))
    # torch takes seconds to import: what can be refused without it is refused before.
    from serving.adapters.in_process import load_predictor  # noqa: PLC0415

    service = ScoringService(predictor=load_predictor(settings), policy=policy)
    total = count_rows(source)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run(chunks, output, service=service, total=min(total, limit) if limit and total else total)


def run(
    chunks: Iterable[Chunk], output: Path, *, service: ScoringService, total: int | None
) -> None:
    """Scores chunks of rows into a file and prints a summary.

    Raises:
        OutputError: the output cannot be written.
        typer.Exit: the run was interrupted; the rows so far are in OUTPUT.partial.
    """
    tally, file, started = Tally(), OutputFile(output), time.perf_counter()
    console = Console(stderr=True)
    try:
        with file, report_progress(console, total=total) as report:
            write_scored(chunks, file, service=service, tally=tally, report=report)
    except KeyboardInterrupt:
        typer.echo(
            f"wherefore: interrupted, {tally.num_rows:,} rows are in {file.partial_path}", err=True
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    Console().print(summary_table(tally, seconds=time.perf_counter() - started))


def write_scored(
    chunks: Iterable[Chunk],
    file: OutputFile,
    *,
    service: ScoringService,
    tally: Tally,
    report: ProgressReport,
) -> None:
    """Scores chunk after chunk, writes it and reports."""
    for chunk in chunks:
        rows = service.score(chunk)
        file.write(rows)
        tally.add(rows)
        report.update(tally)


def _chunks(rows: Iterable[Row | RowError]) -> Iterator[Chunk]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, CHUNK_ROWS)):
        yield chunk


def _opened(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Returns the same chunks with the first already read, so that a bad input fails here."""
    first = next(chunks, None)
    return iter(()) if first is None else itertools.chain([first], chunks)
