"""The local engine: one process that scores a job shard by shard, and can be killed at any moment.

While the engine computes a shard, the next one is read and the rows of what was computed are made.
A shard is computed only when the one before it is on the disk, so that a kill costs one at most.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from data_pipeline.sources.records import Record
from serving.backlog.advance import Advance, ProgressReport
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.errors import InputChangedError
from serving.backlog.formats import OutputFormat
from serving.backlog.job import Job, JobManifest, ShardRecord
from serving.backlog.keeping import ShardKeeper
from serving.backlog.plan import InputRow, PlannedShard, rows_digest
from serving.backlog.source import RowSource
from serving.backlog.tally import Tally
from serving.backlog.texts import Explain, Finished, ReadShard, ShardScorer
from serving.rows import FailedRow
from serving.scoring import ScoringService


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a run so far.

    Attributes:
        tally: counts of the shards that are done.
        resumed: counts of those that an earlier run had scored.
    """

    tally: Tally = field(default_factory=Tally)
    resumed: Tally = field(default_factory=Tally)


class JobEngine(Protocol):
    """Scores what is left of a job, on this machine or on others."""

    def run(self, manifest: JobManifest, *, outcome: Outcome, report: ProgressReport) -> None:
        """Scores the shards that are not done; see `LocalEngine.run`."""


class LocalEngine:
    """Scores what is left of a job."""

    def __init__(
        self,
        job: Job,
        *,
        source: RowSource,
        service: ScoringService,
        output: OutputFormat,
        explain: Explain = "none",
        drafts: DraftTerms | None = None,
    ) -> None:
        """Takes a job that has its plan.

        Args:
            job: where the shards are kept.
            source: the input.
            service: what scores.
            output: the format of the shards.
            explain: how much work goes into the evidence of principal reasons.
            drafts: what drafted notices have in common; None where none are made.
        """
        self._job = job
        self._source = source
        self._scorer = ShardScorer(service, explain=explain)
        self._keeper = ShardKeeper(job, output=output, drafts=drafts)

    def run(self, manifest: JobManifest, *, outcome: Outcome, report: ProgressReport) -> None:
        """Scores the shards that are not done, in order.

        Args:
            manifest: the manifest of the job.
            outcome: is kept up to date, for whoever interrupts this.
            report: is told how far it is.

        Raises:
            InputChangedError: the input is not what was planned.
            EngineFailedError: the engine fails at any text.
            OutputError: the disk is full or the file system refuses.
        """
        advance = Advance(total_rows=manifest.num_rows, total_characters=manifest.num_characters)
        with ThreadPoolExecutor(1, "finisher") as finisher:
            for part in _one_ahead(self._parts()):
                if isinstance(part, ShardRecord):
                    resume_shard(part, outcome=outcome, advance=advance)
                    continue
                told = _teller(part, advance=advance, report=report)
                rows = self._scorer.score(part, finisher=finisher, told=told)
                outcome.tally.merge(self._keeper.keep(part, rows).tally())
        self._source.require_unchanged()

    def _parts(self) -> Iterator[ShardRecord | ReadShard]:
        records = self._source.records()
        for plan in self._job.plan():
            taken = islice(records, plan.num_rows)
            record = self._job.done(plan)
            if record:
                deque(taken, maxlen=0)  # passed over
                yield record
            else:
                yield self._scorer.read(plan, planned_rows(plan, taken, source=self._source))


def _one_ahead(
    parts: Iterator[ShardRecord | ReadShard],
) -> Iterator[ShardRecord | ReadShard]:
    """Yields the same parts, each made on a thread while the one before it is worked on."""
    with ThreadPoolExecutor(1, "reader") as reader:
        ahead = reader.submit(next, parts, None)
        while (part := ahead.result()) is not None:
            ahead = reader.submit(next, parts, None)
            yield part


def planned_rows(
    plan: PlannedShard, records: Iterable[Record], *, source: RowSource
) -> list[InputRow]:
    """Returns the rows of a shard.

    Raises:
        InputChangedError: they are not what was planned.
    """
    rows = [source.input_row(record) for record in records]
    if rows_digest(rows) != plan.digest:
        raise InputChangedError(source.name)
    return rows


def resume_shard(record: ShardRecord, *, outcome: Outcome, advance: Advance) -> None:
    """Counts a shard that an earlier run had scored."""
    tally = record.tally()
    outcome.tally.merge(tally)
    outcome.resumed.merge(tally)
    advance.resumed_rows += record.num_rows
    advance.resumed_characters += record.num_characters
    advance.num_rows += record.num_rows
    advance.num_characters += record.num_characters
    advance.num_errors += tally.num_errors


def _teller(
    shard: ReadShard, *, advance: Advance, report: ProgressReport
) -> Callable[[Finished], None]:
    def tell(finished: Finished) -> None:
        advance.num_rows += len(finished.rows)
        advance.num_characters += sum(shard.lengths[i] for i in finished.positions)
        advance.num_errors += sum(isinstance(row, FailedRow) for row in finished.rows)
        advance.num_tokens += sum(row.tokens for row in finished.rows if row.tokens)
        report.update(advance)

    return tell
