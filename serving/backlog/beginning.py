"""Beginning a job, or going on with one: its rows in their order, and its plan."""

from collections.abc import Callable

from serving.backlog.arranged import ARRANGED_NAME, ArrangedFile
from serving.backlog.errors import JobDamagedError
from serving.backlog.identity import JobIdentity, require_same
from serving.backlog.job import Job, JobManifest
from serving.backlog.planning import plan_input
from serving.backlog.source import InputFile, RowSource


def prepared(
    job: Job,
    given: InputFile,
    identity: JobIdentity,
    *,
    after_shard: Callable[[], None] = lambda: None,
) -> tuple[RowSource, JobManifest]:
    """Returns the rows of a job in the order of scoring, and its manifest.

    Args:
        job: the folder of the job.
        given: the input.
        identity: what the job is, or was, begun with.
        after_shard: is called again and again while the plan is made, and may raise to break it
            off.

    Raises:
        JobMismatchError: the job was begun with something else.
        JobDamagedError: what it keeps on disk is not what it wrote.
        SourceError: the input breaks off.
        ColumnsMissingError: rows are to be ordered by due date, and none has one.
        InputChangedError: the input changed meanwhile.
        OutputError: the disk is full.
    """
    begun = job.manifest()
    if begun is not None:
        require_same(job.folder, begun.identity, identity)
    source: RowSource = given
    if given.beside.order == "due-date":
        arranged = ArrangedFile(original=given, path=job.folder / ARRANGED_NAME)
        if begun is None:
            arranged.write(after_shard)
        elif not arranged.path.exists():
            raise JobDamagedError(arranged.path)
        source = arranged
    if begun is not None:
        return source, begun
    plan = plan_input(
        source, shard_rows=identity.shard_rows, folder=job.folder, after_shard=after_shard
    )
    return source, job.begin(identity, plan)
