"""Keeping a shard that was scored: its rows, its drafts and its counts."""

from collections.abc import Sequence

from serving.backlog.draft_terms import DraftTerms
from serving.backlog.formats import OutputFormat
from serving.backlog.job import Job, ShardRecord
from serving.backlog.tally import Tally
from serving.backlog.texts import ReadShard
from serving.rows import OutputRow


class ShardKeeper:
    """Puts shards into the folder of a job, each whole or not at all."""

    def __init__(self, job: Job, *, output: OutputFormat, drafts: DraftTerms | None) -> None:
        """Takes the folder.

        Args:
            job: where shards are kept.
            output: the format of the rows.
            drafts: what drafts have in common; None where none are made.
        """
        self._job, self._output, self._drafts = job, output, drafts

    def keep(self, shard: ReadShard, rows: Sequence[OutputRow]) -> ShardRecord:
        """Keeps a shard and returns what is known of it.

        Args:
            shard: the shard.
            rows: its output rows.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        tally = Tally()
        tally.add(rows)
        tally.add_due_notes(shard.beside)
        drafts = None
        if self._drafts is not None:
            from serving.backlog.drafts import draft_shard  # noqa: PLC0415 - not needed without

            drafts, outcomes = draft_shard(self._drafts, shard.beside, rows)
            tally.drafts.update(outcomes)
        content = self._output.encode(rows, shard.beside)
        return self._job.keep(shard.plan, content, tally, drafts=drafts)
