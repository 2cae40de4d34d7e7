"""`wherefore score`: a file scored as a job that can be broken off and gone on with."""

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from data_pipeline.sources.errors import SourceNotFoundError
from serving.backlog.advance import report_progress
from serving.backlog.durable import digest_of_file, write_durably
from serving.backlog.engine import JobEngine, Outcome
from serving.backlog.errors import BacklogError, NothingToResumeError
from serving.backlog.formats import OutputFormat, check_output, output_format
from serving.backlog.identity import JobIdentity, ScorerIdentity, require_same
from serving.backlog.job import (
    MANIFEST_SUFFIX,
    Job,
    JobManifest,
    folder_of,
    open_job,
)
from serving.backlog.plan import DEFAULT_SHARD_ROWS
from serving.backlog.scorers import EngineName, opened_scorer
from serving.backlog.source import STANDARD_STREAM, InputFile, keep_stream, plan_input
from serving.backlog.tally import summary_table
from serving.backlog.texts import Explain
from serving.errors import OutputError
from serving.policy import load_policy
from serving.settings import Settings

EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What the command line asks for.

    Attributes:
        input_format: how the columns of the input are named.
        limit: most rows; None for all.
        shard_rows: most rows of a shard, at least 1.
        resume: whether there must be a job to go on with.
        explain: how much work goes into the evidence of principal reasons.
        engine: what runs the job; it may be gone on with by another.
    """

    input_format: str = "auto"
    limit: int | None = None
    shard_rows: int = DEFAULT_SHARD_ROWS
    resume: bool = False
    explain: Explain = "none"
    engine: EngineName = "local"


def score_file(source: Path, output: Path, *, settings: Settings, options: ScoreOptions) -> None:
    """Scores a file and prints a summary; goes on where an earlier run was broken off.

    Raises:
        DataError: the input is missing, unreadable or of unknown form.
        OutputError: the output cannot be written.
        BacklogError: the job cannot go on: another process has it, or it is another job.
        MissingExtraError: Ray is asked for and not installed.
        ArtifactError: the model directory is not a whole, unchanged model.
    """
    policy = load_policy(settings.policy_file)
    with _output_file(output, options=options) as path:
        check_output(path, source=source)
        if source != STANDARD_STREAM and not source.is_file():
            raise SourceNotFoundError(source)
        chosen = output_format(path)
        with open_job(folder_of(path), output=chosen) as job:
            begun = job.manifest()
            if options.resume and begun is None:
                raise NothingToResumeError(job.folder)
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            # torch takes seconds to import: what can be refused without it is refused before.
            with (
                _input_file(source, job=job, options=options) as given,
                opened_scorer(options.engine, settings=settings, policy=policy) as scorer,
            ):
                identity = identify(given, scorer=scorer.identity, options=options, output=chosen)
                if begun is not None:
                    require_same(job.folder, begun.identity, identity)
                run(
                    job,
                    path,
                    engine=scorer.engine(job, path, source=given, explain=options.explain),
                    manifest=begun or _begin(job, identity, given),
                    summary=Console(stderr=output == STANDARD_STREAM),
                    is_kept=output != STANDARD_STREAM,
                )


def run(
    job: Job,
    path: Path,
    *,
    engine: JobEngine,
    manifest: JobManifest,
    summary: Console,
    is_kept: bool = True,
) -> None:
    """Scores what is left of a job, puts the output in place, and prints a summary.

    Args:
        job: the job, its plan made.
        path: the name of the output.
        engine: scores it.
        manifest: the manifest of the job.
        summary: where the summary goes.
        is_kept: whether what is done stays when the run is interrupted.

    Raises:
        BacklogError: the job cannot go on.
        OutputError: the output cannot be written.
        typer.Exit: the run was interrupted; the shards that are done are kept.
    """
    outcome, started = Outcome(), time.perf_counter()
    try:
        with report_progress(Console(stderr=True)) as report:
            engine.run(manifest, outcome=outcome, report=report)
    except KeyboardInterrupt:
        done = f"{outcome.tally.num_rows:,} of {manifest.num_rows:,} rows"
        kept = f"{done} are kept in {job.folder}: run the same command again to go on"
        typer.echo(f"wherefore: interrupted, {kept if is_kept else 'nothing is kept'}", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    job.join(path)
    _write_manifest(path, manifest=manifest, outcome=outcome)
    job.remove()
    seconds = time.perf_counter() - started
    summary.print(summary_table(outcome.tally, seconds=seconds, resumed=outcome.resumed))


def identify(
    source: InputFile, *, scorer: ScorerIdentity, options: ScoreOptions, output: OutputFormat
) -> JobIdentity:
    """Returns whatever decides the bytes of an output."""
    return JobIdentity.of(
        source,
        scorer,
        input_format=options.input_format,
        limit=options.limit,
        shard_rows=options.shard_rows,
        output=output.suffix,
        explain=options.explain,
    )


def _begin(job: Job, identity: JobIdentity, source: InputFile) -> JobManifest:
    plan = plan_input(source, shard_rows=identity.shard_rows, folder=job.folder)
    return job.begin(identity, plan)


def _write_manifest(path: Path, *, manifest: JobManifest, outcome: Outcome) -> None:
    """Writes down what the output was made of: the same for the same output, however it ran."""
    content = {
        "output_sha256": digest_of_file(path),
        "rows": manifest.num_rows,
        "errors": dict(sorted(outcome.tally.error_codes.items())),
        **manifest.identity.model_dump(mode="json"),
    }
    target = path.with_name(path.name + MANIFEST_SUFFIX)
    write_durably(target, f"{json.dumps(content, indent=2)}\n".encode())


@contextmanager
def _input_file(source: Path, *, job: Job, options: ScoreOptions) -> Iterator[InputFile]:
    """The input; what comes by a stream is on the disk for as long as it is read."""
    kept = None
    if source == STANDARD_STREAM:
        kept = keep_stream(sys.stdin.buffer, job.folder)
    try:
        yield InputFile.open(
            kept or source,
            name="standard input" if kept else str(source),
            input_format=options.input_format,
            limit=options.limit,
        )
    finally:
        if kept:
            kept.unlink(missing_ok=True)


@contextmanager
def _output_file(output: Path, *, options: ScoreOptions) -> Iterator[Path]:
    """Where the output is put together; what goes to a stream is sent there at the end."""
    if output != STANDARD_STREAM:
        yield output
        return
    if options.resume:
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
