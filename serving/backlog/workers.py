"""The two steps of a job as processes of a cluster do them: reading shards, and scoring them.

Every process is given the same order and keeps nothing between shards, so that one that dies is
replaced by any other. What goes wrong comes back as a value: an error would lose its words on the
way through a cluster.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from data_pipeline.errors import WhereforeError
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.engine import planned_rows
from serving.backlog.errors import (
    AnotherJobError,
    ClusterFailedError,
    FolderNotSharedError,
    ScorersDifferError,
)
from serving.backlog.formats import output_format
from serving.backlog.identity import ScorerIdentity
from serving.backlog.job import Job, ShardRecord
from serving.backlog.keeping import ShardKeeper
from serving.backlog.runs import ReadingRun
from serving.backlog.source import RowSource
from serving.backlog.texts import Explain, Finished, ReadShard, ShardScorer
from serving.scoring import ScoringService

T = TypeVar("T")

log = structlog.stdlib.get_logger("wherefore.backlog")


class ServiceLoader(Protocol):
    """Loads what scores, in whichever process it is called. It is sent to other machines."""

    def reader(self) -> ScoringService:
        """Returns what reads texts; its engine is not used."""

    def scorer(self) -> ScoringService:
        """Returns what scores."""

    def identity(self, service: ScoringService) -> ScorerIdentity:
        """Returns what tells the numbers of a scorer from another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What every process of a cluster is told of a job.

    Attributes:
        folder: the folder of the job, on a file system that all share.
        manifest_sha256: SHA-256 of its manifest, hexadecimal.
        output: the name of the output, whose suffix tells the format.
        source: the input, on a file system that all share.
        scorer: what must score.
        loader: loads it.
        explain: how much work goes into the evidence of principal reasons.
        drafts: what drafted notices have in common; None where none are made.
    """

    folder: Path
    manifest_sha256: str
    output: Path
    source: RowSource
    scorer: ScorerIdentity
    loader: ServiceLoader
    explain: Explain = "none"
    drafts: DraftTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardDone:
    """A shard that is kept.

    Attributes:
        index: which one.
        record: what is known of it.
        num_tokens: tokens of its texts.
    """

    index: int
    record: ShardRecord
    num_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error on its way from another process.

    Attributes:
        kind: its class.
        message: its words, written for the user.
    """

    kind: type[WhereforeError]
    message: str

    @classmethod
    def of(cls, error: WhereforeError) -> "Refusal":
        """Returns what is to be sent of an error."""
        return cls(kind=type(error), message=str(error))

    @classmethod
    def guard(cls, work: Callable[[], T]) -> "T | Refusal":
        """Returns what some work gives, or why it does not."""
        try:
            return work()
        except WhereforeError as error:
            return cls.of(error)
        except Exception as error:  # noqa: BLE001 - its words may be an applicant's: not sent
            log.warning("work_failed", kind=type(error).__name__)
            return cls.of(ClusterFailedError(type(error).__name__))

    def error(self) -> WhereforeError:
        """Returns the error again; it has its class and words, and no other attributes."""
        error = self.kind.__new__(self.kind)
        error.args = (self.message,)
        return error


class ShardReader:
    """Reads, masks and tokenizes the shards of a job."""

    def __init__(self, order: WorkOrder) -> None:
        """Loads nothing yet."""
        self._order = order
        self._scorer: ShardScorer | None = None

    def read(self, run: ReadingRun) -> Iterator[ReadShard | Refusal]:
        """Yields the shards of a run as they are read; a refusal ends it."""
        shards = self._read(run)
        while (found := Refusal.guard(lambda: next(shards, None))) is not None:
            yield found
            if isinstance(found, Refusal):
                return

    def _read(self, run: ReadingRun) -> Iterator[ReadShard]:
        source = self._order.source
        scorer = self._scorer or ShardScorer(self._order.loader.reader())
        self._scorer = scorer
        position = run.shards[0].start
        records = source.records_from(position)
        for shard in run.shards:
            for _ in islice(records, shard.start - position):
                pass
            taken = islice(records, shard.plan.num_rows)
            position = shard.start + shard.plan.num_rows
            yield scorer.read(shard.plan, planned_rows(shard.plan, taken, source=source))


class ShardWriter:
    """Scores shards and keeps them in the folder of the job."""

    def __init__(self, order: WorkOrder) -> None:
        """Loads nothing yet."""
        self._order = order
        output = output_format(order.output, order=order.source.order)
        self._job = Job(order.folder, output=output, writer=f".{uuid.uuid4().hex}")
        self._keeper = ShardKeeper(self._job, output=output, drafts=order.drafts)
        self._finisher = ThreadPoolExecutor(1, "finisher")
        self._scorer: ShardScorer | None = None

    def write(self, shard: ReadShard | Refusal) -> ShardDone | Refusal:
        """Scores a shard and keeps it; a refusal is passed on."""
        if isinstance(shard, Refusal):
            return shard
        return Refusal.guard(lambda: self._write(shard))

    def _write(self, shard: ReadShard) -> ShardDone:
        self._scorer = scorer = self._scorer or self._loaded()
        rows = scorer.score(shard, finisher=self._finisher, told=_nobody)
        self._require_job()
        record = self._keeper.keep(shard, rows)
        num_tokens = sum(row.tokens for row in rows if row.tokens)
        return ShardDone(index=shard.plan.index, record=record, num_tokens=num_tokens)

    def _loaded(self) -> ShardScorer:
        self._require_job()
        service = self._order.loader.scorer()
        found = self._order.loader.identity(service)
        if found != self._order.scorer:
            raise ScorersDifferError(expected=self._order.scorer.engine, found=found.engine)
        return ShardScorer(service, explain=self._order.explain)

    def _require_job(self) -> None:
        """Makes sure that the folder is there and still that of the job."""
        found = self._job.manifest_digest()
        if found is None:
            raise FolderNotSharedError(self._order.folder)
        if found != self._order.manifest_sha256:
            raise AnotherJobError(self._order.folder)


def _nobody(_: Finished) -> None:
    """Progress is told by the shard."""
