"""The engine on a cluster: this process plans, hands out shards and counts; others read and score.

Shards follow from the input alone and each is scored in its own company, so what becomes of them
depends neither on who scores them nor in which order they are done. This process keeps the lock of
the job.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from serving.backlog.advance import Advance, ProgressReport
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.engine import Outcome, resume_shard
from serving.backlog.errors import ShardsMissingError
from serving.backlog.identity import ScorerIdentity
from serving.backlog.job import Job, JobManifest
from serving.backlog.runs import PlacedShard, ReadingRun, placed, reading_runs
from serving.backlog.source import RowSource
from serving.backlog.texts import Explain
from serving.backlog.workers import Refusal, ServiceLoader, ShardDone, WorkOrder


class Cluster(Protocol):
    """Machines that read and score for this process."""

    def identity(self, loader: ServiceLoader) -> ScorerIdentity:
        """Returns what scores there."""

    def score(self, order: WorkOrder, runs: Sequence[ReadingRun]) -> Iterator[ShardDone | Refusal]:
        """Yields what becomes of each shard, in whatever order; closing it ends the work."""


class ClusterEngine:
    """Scores what is left of a job on a cluster."""

    def __init__(
        self,
        cluster: Cluster,
        job: Job,
        *,
        source: RowSource,
        output: Path,
        loader: ServiceLoader,
        scorer: ScorerIdentity,
        explain: Explain = "none",
        drafts: DraftTerms | None = None,
    ) -> None:
        """Takes a job that has its plan.

        Args:
            cluster: reads and scores.
            job: where the shards are kept; all machines see its folder under the same path.
            source: the input; likewise.
            output: the name of the output.
            loader: loads what scores.
            scorer: what must score.
            explain: how much work goes into the evidence of principal reasons.
            drafts: what drafted notices have in common; None where none are made.
        """
        self._cluster, self._job, self._source = cluster, job, source
        self._output, self._loader, self._identity = output, loader, scorer
        self._explain, self._drafts = explain, drafts

    def run(self, manifest: JobManifest, *, outcome: Outcome, report: ProgressReport) -> None:
        """Scores the shards that are not done; see `LocalEngine.run`.

        Raises:
            WhereforeError: whatever a process of the cluster refused, first of all an input that
                is not what was planned.
            ShardsMissingError: the cluster ended before everything was done.
        """
        advance = Advance(total_rows=manifest.num_rows, total_characters=manifest.num_characters)
        missing = list(self._missing(outcome=outcome, advance=advance))
        if missing:
            self._score(missing, outcome=outcome, advance=advance, report=report)
        self._source.require_unchanged()

    def _missing(self, *, outcome: Outcome, advance: Advance) -> Iterator[PlacedShard]:
        for shard in placed(self._job.plan()):
            record = self._job.done(shard.plan)
            if record is None:
                yield shard
            else:
                resume_shard(record, outcome=outcome, advance=advance)

    def _score(
        self,
        missing: Sequence[PlacedShard],
        *,
        outcome: Outcome,
        advance: Advance,
        report: ProgressReport,
    ) -> None:
        runs = list(reading_runs(missing, part_starts=self._source.part_starts()))
        left = {shard.plan.index for shard in missing}
        for done in self._cluster.score(self._order(), runs):
            if isinstance(done, Refusal):
                raise done.error()
            if done.index not in left:  # told twice, where the first word of it was thought lost
                continue
            left.remove(done.index)
            outcome.tally.merge(done.record.tally())
            _count(done, advance=advance)
            report.update(advance)
        if left:
            raise ShardsMissingError(num_shards=len(left))

    def _order(self) -> WorkOrder:
        return WorkOrder(
            folder=self._job.folder.resolve(),
            manifest_sha256=self._job.manifest_digest() or "",
            output=self._output,
            source=self._source.resolved(),
            scorer=self._identity,
            loader=self._loader,
            explain=self._explain,
            drafts=self._drafts,
        )


def _count(done: ShardDone, *, advance: Advance) -> None:
    advance.num_rows += done.record.num_rows
    advance.num_characters += done.record.num_characters
    advance.num_errors += sum(done.record.error_codes.values())
    advance.num_tokens += done.num_tokens
