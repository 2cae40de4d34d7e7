"""Scoring one backlog: the local engine on the files of the shelf."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from data_pipeline.sources.files import open_table
from data_pipeline.sources.rows import RowValueError
from model_store.engine.outputs import Engine
from serving.backlog.advance import Advance
from serving.backlog.beginning import prepared
from serving.backlog.beside import BesideColumns
from serving.backlog.columns import json_text
from serving.backlog.durable import make_durably
from serving.backlog.engine import LocalEngine, Outcome
from serving.backlog.formats import output_format
from serving.backlog.identity import JobIdentity, ScorerIdentity
from serving.backlog.job import JobManifest, folder_of, open_job
from serving.backlog.server.errors import BacklogStoppedError
from serving.backlog.server.queued_engine import QueuedPredictor
from serving.backlog.server.records import BacklogRequest
from serving.backlog.source import InputFile, RowSource
from serving.backlog.tally import Tally
from serving.cache.codec import engine_identity
from serving.policy import Policy
from serving.scoring import ScoringService

SHARD_ROWS = 256
"""Rows of a shard: fewer than on the command line, since every pause and restart costs one."""


@dataclass(slots=True, kw_only=True)
class Work:
    """A backlog while it is worked on.

    Attributes:
        backlog_id: which one.
        stop: is set to break the work off.
        advance: how far it is; None before its rows are counted.
        started: when this run began to score, seconds of `time.monotonic`.
        on_advance: hears how far it is.
        on_complete: hears the counts when result and errors are in place, before any other process
            can take the backlog up.
        may_go_on: tells whether the backlog still is to be worked on.
    """

    backlog_id: str
    stop: Event = field(default_factory=Event)
    advance: Advance | None = None
    started: float = field(default_factory=time.monotonic)
    on_advance: Callable[[Advance], None] = lambda _: None
    on_complete: Callable[[Tally], None] = lambda _: None
    may_go_on: Callable[[], bool] = lambda: True

    @property
    def seconds(self) -> float:
        """How long this run has scored, seconds."""
        return time.monotonic() - self.started

    def begin(self, manifest: JobManifest) -> None:
        """Notes that the rows are counted and scoring begins."""
        self.started = time.monotonic()
        self.advance = Advance(
            total_rows=manifest.num_rows, total_characters=manifest.num_characters
        )

    def update(self, advance: Advance) -> None:
        """Notes how far it is."""
        self.advance = advance
        self.on_advance(advance)

    def check(self) -> None:
        """Breaks the work off if it is to be.

        Raises:
            BacklogStoppedError: it is.
        """
        if self.stop.is_set() or not self.may_go_on():
            raise BacklogStoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a backlog.

    Attributes:
        source: the input.
        result: where its rows go.
        errors: where the errors among them go.
    """

    source: Path
    result: Path
    errors: Path


def score_backlog(
    work: Work,
    request: BacklogRequest,
    files: Files,
    *,
    service: ScoringService,
    engine: Engine,
) -> None:
    """Scores what is left of a backlog and puts result and errors in place.

    The shards stay: whoever hears of the completion removes them.

    Args:
        work: is told how far it is and of the completion, and may break it off.
        request: what was asked for.
        files: where everything is.
        service: what reads texts and makes rows.
        engine: what computes, in place of the service's own.

    Raises:
        BacklogStoppedError: the work was broken off; what is done is kept.
        JobBusyError: another process works on it.
        SourceError: the input cannot be read, or not to its end.
        BacklogError: the input or the model is not what the backlog was begun with.
        OutputError: the disk is full or the file system refuses.
    """
    chosen, outcome = output_format(files.result, order=request.order), Outcome()
    queued = replace(service, predictor=QueuedPredictor(service.predictor, engine))
    with open_job(folder_of(files.result), output=chosen) as job:
        work.check()
        given = InputFile.open(
            files.source,
            name=request.source or "the upload",
            input_format=request.input_format,
            limit=request.limit,
            beside=_beside(request, service.policy),
        )
        identity = _identity(given, request, service=service)
        rows, manifest = prepared(job, given, identity, after_shard=work.check)
        work.begin(manifest)
        scorer = LocalEngine(
            job, source=rows, service=queued, output=chosen, explain=request.explain
        )
        scorer.run(manifest, outcome=outcome, report=work)
        work.check()
        job.join(files.result)
        make_durably(files.errors, lambda path: _write_errors(path, files.result, rows))
        rows.require_unchanged()
        work.on_complete(outcome.tally)


def _beside(request: BacklogRequest, policy: Policy) -> BesideColumns:
    creditor = policy.creditor
    return BesideColumns(order=request.order, time_zone=creditor.time_zone if creditor else None)


def _identity(given: InputFile, request: BacklogRequest, *, service: ScoringService) -> JobIdentity:
    engine = f"{engine_identity(service.predictor.engine)} behind a queue"
    return JobIdentity.of(
        given,
        ScorerIdentity.of(service, engine=engine),
        input_format=request.input_format,
        limit=request.limit,
        shard_rows=SHARD_ROWS,
        output=request.output,
        explain=request.explain,
    )


def _write_errors(path: Path, result: Path, rows: RowSource) -> None:
    """Writes the errors of a result: number and id of the row as the input has them, what it is."""
    results = open_table(result).records(("error",))
    with path.open("w", encoding="utf-8") as file:
        for record, (_, cells) in zip(rows.records(), results, strict=False):
            if isinstance(cells, RowValueError) or not (error := cells.get("error")):
                continue
            row = rows.input_row(record).row
            told = json.loads(error) if isinstance(error, str) else error
            file.write(f"{json_text({'row': row.number, 'id': row.id, 'error': told})}\n")
