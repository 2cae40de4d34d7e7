"""Ray Data: the machines that read and score a job (`serving.backlog.cluster.Cluster`).

Two pools of actors, each fed by what the one before it gives: readers mask and tokenize, scorers
compute and keep. A block is one shard, so that scoring begins with the first that is read. Ray
starts an actor that died anew and gives its shard to another; shards are the same whoever makes
them, so that nothing is lost and nothing is there twice.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import structlog
from tenacity import Retrying, stop_after_attempt

from data_pipeline.cli import needs_extra
from model_store.engine.processor import available_cores
from serving.backlog.errors import ClusterFailedError, NoClusterError
from serving.backlog.identity import ScorerIdentity
from serving.backlog.runs import ReadingRun
from serving.backlog.workers import (
    Refusal,
    ServiceLoader,
    ShardDone,
    ShardReader,
    ShardWriter,
    WorkOrder,
)

ADDRESS_VARIABLE = "RAY_ADDRESS"
"""Names the cluster, as everywhere in Ray; without it one is started on this machine alone."""

LOCAL_OBJECT_BYTES = 512 * 1024 * 1024
"""Shared memory for shards on their way, on a cluster that is started here."""

_START_ATTEMPTS = 4
"""How often a cluster is started here: Ray gives up after 30 s, which a busy machine may need."""

_SHARDS_AHEAD = 2
"""Shards that wait at a scorer while it computes one: enough never to wait, few to hold."""

log = structlog.stdlib.get_logger("wherefore.ray")


@contextmanager
def ray_cluster(*, num_cores: int) -> Iterator["RayCluster"]:
    """Connects to the cluster that `RAY_ADDRESS` names, or starts one on this machine.

    Args:
        num_cores: CPU cores of one scorer where there are no GPUs.

    Raises:
        MissingExtraError: Ray is not installed.
        NoClusterError: there is no such cluster, or it cannot be started.
    """
    # Before the import: what is asked of Ray's makers about its use is never sent.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with needs_extra("ray"):
        import ray  # noqa: PLC0415
        import ray.data  # noqa: PLC0415
    try:
        _connect(ray)
    except Exception as error:
        raise NoClusterError(str(error).partition("\n")[0].rstrip(".")) from error
    try:
        yield RayCluster(ray, num_cores=num_cores)
    finally:
        ray.shutdown()


class RayCluster:
    """A cluster that this process is connected to."""

    def __init__(self, ray: Any, *, num_cores: int) -> None:
        """Counts what the cluster has; `ray_cluster` connects to it."""
        self._ray = ray
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self.num_gpus = sum(int(node.get("GPU", 0)) for node in nodes)
        num_cpus = [int(node.get("CPU", 0)) for node in nodes]
        if self.num_gpus:
            self.num_scorers = self.num_gpus
            self.num_readers = max(sum(num_cpus) - self.num_gpus, 1)
            self._scorer: dict[str, float] = {"num_gpus": 1, "num_cpus": 1}
            self._reader: dict[str, float] = {"num_cpus": 1}
        else:
            # A scorer takes its cores for computing; a reader goes between, as the local
            # engine's does, and must not wait for a core that nobody will give back.
            self.num_scorers = max(sum(cores // num_cores for cores in num_cpus), 1)
            self.num_readers = self.num_scorers
            self._scorer = {"num_cpus": min(num_cores, max(num_cpus))}
            self._reader = {"num_cpus": 0}

    def identity(self, loader: ServiceLoader) -> ScorerIdentity:
        """Returns what scores on a machine like those that will.

        Raises:
            WhereforeError: it cannot be loaded there.
            ClusterFailedError: the cluster failed.
        """
        ask = self._ray.remote(**self._scorer, max_retries=0)(_identity)
        try:
            found: ScorerIdentity | Refusal = self._ray.get(ask.remote(loader))
        except Exception as error:  # noqa: BLE001 - Ray's own, which may quote anything
            raise _failed(error) from None
        if isinstance(found, Refusal):
            raise found.error()
        return found

    def score(self, order: WorkOrder, runs: Sequence[ReadingRun]) -> Iterator[ShardDone | Refusal]:
        """Yields what becomes of each shard; closing it ends the work.

        Raises:
            ClusterFailedError: the cluster failed.
        """
        blocks = self._blocks(order, runs)
        with closing(blocks):
            try:
                for block in blocks:
                    yield from block["done"]
            except Exception as error:  # noqa: BLE001 - see above
                raise _failed(error) from None

    def _blocks(self, order: WorkOrder, runs: Sequence[ReadingRun]) -> Any:
        data = self._ray.data
        context = data.DataContext.get_current()
        context.target_max_block_size = 1  # a block is a shard, however small
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        rows = [{"run": run} for run in runs]
        read = data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Reading,
            fn_constructor_args=(order,),
            batch_size=1,
            batch_format="numpy",
            compute=data.ActorPoolStrategy(size=min(self.num_readers, len(rows))),
            **self._reader,
        )
        num_shards = sum(len(run.shards) for run in runs)
        done = read.map_batches(
            _Scoring,
            fn_constructor_args=(order,),
            batch_size=1,
            batch_format="numpy",
            compute=data.ActorPoolStrategy(
                size=min(self.num_scorers, num_shards), max_tasks_in_flight_per_actor=_SHARDS_AHEAD
            ),
            **self._scorer,
        )
        return _batches(done)


def _batches(dataset: Any) -> Iterator[Any]:
    yield from dataset.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0)


class _Reading:
    """A reader as an actor of Ray Data."""

    def __init__(self, order: WorkOrder) -> None:
        self._reader = ShardReader(order)

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for run in batch["run"]:
            for shard in self._reader.read(run):
                yield {"shard": _column(shard)}


class _Scoring:
    """A scorer as an actor of Ray Data."""

    def __init__(self, order: WorkOrder) -> None:
        self._writer = ShardWriter(order)

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for shard in batch["shard"]:
            yield {"done": _column(self._writer.write(shard))}


def _identity(loader: ServiceLoader) -> ScorerIdentity | Refusal:
    return Refusal.guard(lambda: loader.identity(loader.scorer()))


def _column(value: object) -> Any:
    """A column of one cell that holds an object of ours."""
    import numpy as np  # noqa: PLC0415

    column = np.empty(1, dtype=object)
    column[0] = value
    return column


def _connect(ray: Any) -> None:
    """Connects; handlers of signals stay as they were, and nothing is printed."""
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not os.environ.get(ADDRESS_VARIABLE):
        options |= {
            "address": "local",
            "num_cpus": available_cores(),
            "include_dashboard": False,
            "object_store_memory": LOCAL_OBJECT_BYTES,
        }
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    attempts = _START_ATTEMPTS if options.get("address") == "local" else 1
    for attempt in Retrying(stop=stop_after_attempt(attempts), reraise=True):
        with attempt:
            ray.shutdown()  # what the attempt before left
            ray.init(**options)
    if is_main:
        signal.signal(signal.SIGTERM, before)
    data_log = logging.getLogger("ray.data")
    data_log.handlers = [h for h in data_log.handlers if "Session" in type(h).__name__]


def _failed(error: Exception) -> ClusterFailedError:
    """The failure by its kind: what Ray says of it may quote what was computed."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    log.warning("ray_failed", kind=type(error).__name__, cause=type(cause).__name__)
    return ClusterFailedError(type(cause).__name__)
