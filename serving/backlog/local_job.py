"""`wherefore score`: a file scored as a job that can be broken off and gone on with."""

import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer
from rich.console import Console

from data_pipeline.sources.errors import SourceNotFoundError
from serving.backlog.advance import report_progress
from serving.backlog.beginning import prepared
from serving.backlog.beside import BesideColumns
from serving.backlog.draft_folder import check_draft_folder, put_drafts
from serving.backlog.draft_terms import creditor_of, date_of_drafts, draft_terms
from serving.backlog.due import Order
from serving.backlog.durable import digest_of_file, write_durably
from serving.backlog.engine import JobEngine, Outcome
from serving.backlog.errors import BacklogError, NothingToResumeError
from serving.backlog.formats import OutputFormat, check_output, output_format
from serving.backlog.identity import JobIdentity, ScorerIdentity
from serving.backlog.job import MANIFEST_SUFFIX, Job, JobManifest, folder_of, open_job
from serving.backlog.plan import DEFAULT_SHARD_ROWS
from serving.backlog.scorers import EngineName, JobScorer, opened_scorer
from serving.backlog.source import STANDARD_STREAM, InputFile
from serving.backlog.streams import input_path, output_path
from serving.backlog.tally import summary_table
from serving.backlog.texts import Explain
from serving.policy import Policy, load_policy
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
        order: in which order rows are scored, and stand in the output.
        draft_notices: folder of the drafted notices; None drafts none.
        notices_dated: date of the drafts; None takes the day on which the job was begun.
    """

    input_format: str = "auto"
    limit: int | None = None
    shard_rows: int = DEFAULT_SHARD_ROWS
    resume: bool = False
    explain: Explain = "none"
    engine: EngineName = "local"
    order: Order = "input"
    draft_notices: Path | None = None
    notices_dated: date | None = None

    def beside(self, policy: Policy) -> BesideColumns:
        """Returns what is read of rows beside their applications."""
        return BesideColumns(
            order=self.order,
            time_zone=policy.creditor.time_zone if policy.creditor else None,
            has_drafts=self.draft_notices is not None,
        )


def score_file(source: Path, output: Path, *, settings: Settings, options: ScoreOptions) -> None:
    """Scores a file and prints a summary; goes on where an earlier run was broken off.

    Raises:
        DataError: the input is missing, unreadable or of unknown form.
        OutputError: the output or the drafts cannot be written.
        BacklogError: the job cannot go on: another process has it, or it is another job.
        FactsError, NoticeDataError: no notice can be drafted for the creditor of the policy.
        MissingExtraError: Ray is asked for and not installed.
        ArtifactError: the model directory is not a whole, unchanged model.
    """
    policy = load_policy(settings.policy_file)
    with output_path(output, resume=options.resume) as path:
        check_output(path, source=source)
        if source != STANDARD_STREAM and not source.is_file():
            raise SourceNotFoundError(source)
        chosen = output_format(path, order=options.order)
        with open_job(folder_of(path), output=chosen) as job:
            is_begun = job.manifest() is not None
            if options.resume and not is_begun:
                raise NothingToResumeError(job.folder)
            _check_drafts(options, policy=policy, output=path, is_begun=is_begun)
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            # torch takes seconds to import: what can be refused without it is refused before.
            with input_path(source, job=job) as given_at:
                given = InputFile.open(
                    given_at,
                    name="standard input" if source == STANDARD_STREAM else str(source),
                    input_format=options.input_format,
                    limit=options.limit,
                    beside=options.beside(policy),
                )
                with opened_scorer(options.engine, settings=settings, policy=policy) as scorer:
                    score_job(
                        job,
                        path,
                        source=given,
                        scorer=scorer,
                        options=options,
                        policy=policy,
                        summary=Console(stderr=output == STANDARD_STREAM),
                        is_kept=output != STANDARD_STREAM,
                    )


def score_job(
    job: Job,
    path: Path,
    *,
    source: InputFile,
    scorer: JobScorer,
    options: ScoreOptions,
    policy: Policy,
    summary: Console,
    is_kept: bool = True,
    after_plan: Callable[[], None] = lambda: None,
) -> None:
    """Begins a job or goes on with it, to its end, and prints a summary.

    Args:
        job: the folder of the job.
        path: the name of the output.
        source: the input.
        scorer: what scores.
        options: what is asked for.
        policy: the creditor's policy.
        summary: where the summary goes.
        is_kept: whether what is done stays when the run is interrupted.
        after_plan: is called when the plan is made and nothing is scored yet.

    Raises:
        BacklogError: the job cannot go on.
        SourceError: the input breaks off.
        OutputError: the output or the drafts cannot be written.
        typer.Exit: the run was interrupted; the shards that are done are kept.
    """
    dated_on = None
    if options.draft_notices is not None:
        dated_on = date_of_drafts(job.manifest(), policy=policy, asked=options.notices_dated)
    identity = identify(
        source,
        scorer=scorer.identity,
        options=options,
        output=output_format(path),
        notices_dated_on=dated_on,
    )
    rows, manifest = prepared(job, source, identity)
    after_plan()
    engine = scorer.engine(
        job,
        path,
        source=rows,
        explain=options.explain,
        drafts=draft_terms(policy, identity),
    )
    outcome, started = Outcome(), time.perf_counter()
    _run(job, engine=engine, manifest=manifest, outcome=outcome, is_kept=is_kept)
    drafts = {}
    if options.draft_notices is not None:
        drafts = {"drafts_sha256": put_drafts(job, options.draft_notices)}
    job.join(path)
    _write_manifest(path, manifest=manifest, outcome=outcome, drafts=drafts)
    job.remove()
    seconds = time.perf_counter() - started
    summary.print(summary_table(outcome.tally, seconds=seconds, resumed=outcome.resumed))


def identify(
    source: InputFile,
    *,
    scorer: ScorerIdentity,
    options: ScoreOptions,
    output: OutputFormat,
    notices_dated_on: date | None = None,
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
        notices_dated_on=notices_dated_on,
    )


def _run(
    job: Job, *, engine: JobEngine, manifest: JobManifest, outcome: Outcome, is_kept: bool
) -> None:
    """Scores what is left of a job; raises typer.Exit where the run was interrupted."""
    try:
        with report_progress(Console(stderr=True)) as report:
            engine.run(manifest, outcome=outcome, report=report)
    except KeyboardInterrupt:
        done = f"{outcome.tally.num_rows:,} of {manifest.num_rows:,} rows"
        kept = f"{done} are kept in {job.folder}: run the same command again to go on"
        typer.echo(f"wherefore: interrupted, {kept if is_kept else 'nothing is kept'}", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _check_drafts(options: ScoreOptions, *, policy: Policy, output: Path, is_begun: bool) -> None:
    """Refuses drafts that could not be made before any work is done."""
    if options.draft_notices is not None:
        creditor_of(policy)
        check_draft_folder(options.draft_notices, output=output, is_begun=is_begun)
    elif options.notices_dated is not None:
        raise BacklogError(
            "--notices-dated was given and no notices are drafted: expected --draft-notices FOLDER "
            "with it, give both or neither"
        )


def _write_manifest(
    path: Path, *, manifest: JobManifest, outcome: Outcome, drafts: Mapping[str, str]
) -> None:
    """Writes down what the output was made of: the same for the same output, however it ran."""
    content = {
        "output_sha256": digest_of_file(path),
        **drafts,
        "rows": manifest.num_rows,
        "errors": dict(sorted(outcome.tally.error_codes.items())),
        **manifest.identity.model_dump(mode="json"),
    }
    target = path.with_name(path.name + MANIFEST_SUFFIX)
    write_durably(target, f"{json.dumps(content, indent=2)}\n".encode())
